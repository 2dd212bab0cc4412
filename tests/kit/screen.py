"""A screen for tests: the real libmpv draws into memory, and the barcode of every shown picture is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from player.mpv.player import MpvPlayer, OutputOptions
from tests.kit import barcode
from ui.app.video.render import SoftwareRenderContext

WIDTH, HEIGHT = 320, 180
PATIENCE_S = 0.15  # libmpv waits 0.2 s for a picture to be drawn, and then lets it go without a word


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture: when it was shown (monotonic seconds), what libmpv said the time was, and its barcode."""

    at_s: float
    position_s: float | None
    mark: barcode.Mark


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A picture without a barcode: how many had been shown before it, the time that libmpv told, its brightest
    value."""

    after: int
    position_s: float | None
    brightest: int

    @property
    def is_black(self) -> bool:
        """Nothing was there to be drawn: each picture of the test media has a white cell."""
        return self.brightest == 0


class Screen:
    """A player whose pictures are read. Use as a context manager."""

    def __init__(self, **options: object) -> None:
        self.player = MpvPlayer(OutputOptions(video="libmpv", audio="null", each_picture=True, extra=options))
        self._wake = threading.Event()
        self._told_s: float | None = None  # since when something is to be drawn
        self._context = SoftwareRenderContext(self.player.handle, self._tell)
        self._picture = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        self._ended = False
        self._news = threading.Condition()
        self.shown: list[Shown] = []
        self.unmarked: list[Unmarked] = []
        self.held_up = False  # a picture was drawn so late that libmpv may have given it up
        self._thread = threading.Thread(target=self._draw, name="screen", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended = True
        self._wake.set()
        self._thread.join(PATIENCE_S)
        self._context.free()
        self.player.terminate()

    @property
    def picture(self) -> np.ndarray:
        """What was drawn last: rows of blue, green, red and an unused byte."""
        return self._picture

    @property
    def frames(self) -> list[int]:
        """Frame numbers in the order shown, repeats of one picture left out."""
        numbers: list[int] = []
        for shown in self.shown:
            if not numbers or shown.mark.frame != numbers[-1]:
                numbers.append(shown.mark.frame)
        return numbers

    def rung_of_frame(self) -> dict[int, int]:
        """The rung in which each frame was last shown."""
        return {shown.mark.frame: shown.mark.rung for shown in self.shown}

    def wait_for(self, frame: int, since: int, timeout_s: float, tolerance: int = 0) -> Shown | None:
        """The first picture after index ``since`` whose number is ``frame`` (give or take ``tolerance``)."""
        return self._wait(lambda mark: abs(mark.frame - frame) <= tolerance, since, timeout_s)

    def wait_for_rung(self, rung: int, since: int, timeout_s: float) -> Shown | None:
        """The first picture of a rung after index ``since``."""
        return self._wait(lambda mark: mark.rung == rung, since, timeout_s)

    def _wait(self, wanted: Callable[[barcode.Mark], bool], since: int, timeout_s: float) -> Shown | None:
        seen = since

        def find() -> Shown | None:
            nonlocal seen
            begin, seen = seen, len(self.shown)
            return next((shown for shown in self.shown[begin:seen] if wanted(shown.mark)), None)

        with self._news:
            return self._news.wait_for(find, timeout_s)

    def _tell(self) -> None:
        """Called in a thread of libmpv's when there is something to draw."""
        if self._told_s is None:
            self._told_s = time.monotonic()
        self._wake.set()

    def _draw(self) -> None:
        while not self._ended:
            if not self._wake.wait(0.2):
                continue
            self._wake.clear()
            told_s, self._told_s = self._told_s, None
            if self._ended or not self._context.has_new_frame():
                continue
            picture = np.empty((HEIGHT, WIDTH, 4), np.uint8)  # nobody sees it before it is whole
            self._context.render(picture.ctypes.data, WIDTH, HEIGHT, WIDTH * 4)
            self._picture = picture
            self.held_up |= told_s is not None and time.monotonic() - told_s > PATIENCE_S
            mark = barcode.decode(picture)
            if mark is None:
                brightest = int(picture[:, :, :3].max())
                self.unmarked.append(Unmarked(len(self.shown), self.player.latest("time-pos"), brightest))
            else:
                shown = Shown(time.monotonic(), self.player.latest("time-pos"), mark)
                with self._news:
                    self.shown.append(shown)
                    self._news.notify_all()
