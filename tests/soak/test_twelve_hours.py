"""Twelve hours of playback on the real libmpv, as fast as it decodes: memory, handles, threads and tasks stay as they
were after the first hour. Once one title of twelve hours, once some hundred titles one after another.

``SOAK_HOURS`` says how many hours of media (12), ``SOAK_OUT`` in what folder the curves are written.
"""

from __future__ import annotations

import asyncio
import faulthandler
import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from player.engine import Engine
from player.mpv.player import MpvPlayer
from player.playback.settings import PlaybackSettings
from player.qa.soak import trend
from player.qa.usage import usage
from player.reporting.state import PlaybackState, PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.media import TestMedia
from tests.kit.playback import engine, null_player

HOURS = float(os.environ.get("SOAK_HOURS", "12"))
HOUR_S = 3600.0
EVERY_S = 1.0
FEATURE_S = 600
GROWTH_MB = 8.0  # from the first quarter after the first hour to the last
pytestmark = [pytest.mark.soak, pytest.mark.realtime]


@dataclass(frozen=True)
class Point:
    """``media_s`` of media have been played in ``wall_s``."""

    media_s: float
    wall_s: float
    memory_mb: float
    handles: int
    threads: int
    tasks: int


class Curve:
    """Looks at this process every second while it plays."""

    def __init__(self, made: Engine) -> None:
        self.points: list[Point] = []
        self._engine = made
        self._begin_s = time.monotonic()
        self._before_s = 0.0
        self._position_s = 0.0
        self._over = threading.Event()

    def see(self, state: PlaybackState) -> None:
        """The newest state of what plays."""
        self._position_s = state.position_s

    def next(self) -> None:
        """One title is over."""
        self._before_s, self._position_s = self.media_s, 0.0

    @property
    def media_s(self) -> float:
        return self._before_s + self._position_s

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """Look until the block is left."""
        thread = threading.Thread(target=self._draw, name="curve")
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _draw(self) -> None:
        while not self._over.wait(EVERY_S):
            tasks = self._engine.submit(_tasks()).result(60)
            held = usage()
            memory_mb = round(held.memory_bytes / 2**20, 1)
            wall_s = round(time.monotonic() - self._begin_s, 1)
            self.points.append(
                Point(round(self.media_s, 1), wall_s, memory_mb, held.handles or 0, held.threads, tasks)
            )


async def _tasks() -> int:
    return len(asyncio.all_tasks())


@contextmanager
def long_title(seconds: int) -> Iterator[str]:
    """The address of a title of so many seconds, from a server in a process of its own."""
    rounds = str(seconds // media.SECONDS)
    words = [sys.executable, "-m", "tests.kit.looping", rounds]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def watch(made: Engine, player: MpvPlayer, source: PlaybackSource, curve: Curve) -> None:
    """Play to the end."""
    session = made.open(source, player, curve.see, PlaybackSettings(max_height=360))
    assert made.wait(session, HOURS * HOUR_S)
    assert session.state.status is PlaybackStatus.ENDED, session.state.failure
    curve.next()


def judged(name: str, curve: Curve) -> None:
    """Nothing has grown since the first hour."""
    out = os.environ.get("SOAK_OUT")
    if out:
        Path(out, f"{name}.json").write_text(json.dumps([asdict(each) for each in curve.points]), encoding="utf-8")
    later = [each for each in curve.points if each.media_s >= min(HOUR_S, curve.media_s / 4)]
    span_s = (later[-1].media_s - later[0].media_s) / 4
    first = [each for each in later if each.media_s <= later[0].media_s + span_s]
    last = [each for each in later if each.media_s >= later[-1].media_s - span_s]
    found = trend([(each.media_s, each.memory_mb) for each in later])
    print(f"{name}: {curve.media_s / HOUR_S:.1f} h of media in {curve.points[-1].wall_s / 60:.1f} min")
    if found is not None:
        slopes = [f"{each * HOUR_S:.2f}" for each in (found.slope, found.low, found.high)]
        print(f"  MB per hour: {slopes[0]} ({slopes[1]} to {slopes[2]})")
    for kind in ("memory_mb", "handles", "threads", "tasks"):
        print(f"  {kind}: {_middle(first, kind)}, then {_middle(last, kind)}")
    assert _middle(last, "memory_mb") - _middle(first, "memory_mb") < GROWTH_MB
    assert _middle(last, "handles") <= _middle(first, "handles") + 1
    assert _middle(last, "threads") <= _middle(first, "threads") + 1
    assert _middle(last, "tasks") <= _middle(first, "tasks") + 1


def _middle(points: list[Point], kind: str) -> float:
    return statistics.median(float(getattr(each, kind)) for each in points)


def test_one_title(tmp_path: Path) -> None:
    faulthandler.cancel_dump_traceback_later()  # it takes longer than a test may
    with (
        long_title(round(HOURS * HOUR_S)) as url,
        engine(tmp_path) as made,
        null_player(untimed=True) as player,
    ):
        curve = Curve(made)
        with curve.drawn():
            watch(made, player, PlaybackSource(url=url), curve)
        judged("one-title", curve)


def test_one_title_after_another(tmp_path: Path) -> None:
    """A feature, then three short titles in other forms, again and again."""
    faulthandler.cancel_dump_traceback_later()
    transport_stream, encrypted = media.ffmpeg_hls_ts(), media.packager_cbcs()
    with (
        long_title(FEATURE_S) as feature,
        FileServer(transport_stream.folder) as plain,
        FileServer(encrypted.folder) as locked,
        engine(tmp_path) as made,
        null_player(untimed=True) as player,
    ):
        sources = (
            PlaybackSource(url=feature),
            PlaybackSource(url=plain.url(str(transport_stream.hls))),
            PlaybackSource(url=locked.url(str(encrypted.dash)), keys=_keys(encrypted)),
            PlaybackSource(url=locked.url(str(encrypted.hls)), keys=_keys(encrypted)),
        )
        curve = Curve(made)
        with curve.drawn():
            for source in itertools.cycle(sources):
                watch(made, player, source, curve)
                if curve.media_s >= HOURS * HOUR_S:
                    break
        judged("titles", curve)


def _keys(title: TestMedia) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((bytes.fromhex(kid), bytes.fromhex(key)) for kid, key in title.keys.values())
