"""What the app does on the Qt thread while 10,000 titles are scrolled, and how evenly frames follow each other.

The real window over a scripted client, in software, on a platform without a screen: pages of 100 titles are loaded
while the grid runs from its start to its end. A *hold* is one call of Qt into Python of ours, from a signal, a model
or a timer. Holds and the work for a frame are counted in CPU time of the thread: a busy machine does not blame us.

Above the grid are twelve rows of twenty titles with pictures.

Run: ``python -m tests.bench.bench_ui [titles]``. Exit code 1 when a hold or the work for a frame is over its target.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

from PySide6.QtGui import QGuiApplication

from player.service.model import TitleRow
from tests.kit import pictures
from tests.kit.fake_client import cards
from tests.ui.loop import run_loop
from tests.ui.screenshots import Waiter
from tests.ui.stage import Stage
from ui.app.system.garbage import GarbageCollector
from ui.app.window.scene import after_application, choose_scene, register_types

TITLES, PAGE = 10_000, 100
ROWS, IN_A_ROW, PICTURES = 12, 20, 12
STEP_PX, STEP_MS = 500, 4
HOLD_MS, GAP_MS = 16.0, 50.0


class Holds:
    """Times every call that Qt makes into Python while :meth:`watching`."""

    def __init__(self) -> None:
        self.longest_ms: dict[str, float] = {}
        self.count = 0
        self._begun: tuple[FrameType, float] | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        sys.setprofile(self._look)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _look(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and self._begun is None:
            if frame.f_back is not None and frame.f_back.f_code is run_loop.__code__:
                self._begun = frame, time.thread_time()
        elif event == "return" and self._begun is not None and self._begun[0] is frame:
            spent_ms = 1000 * (time.thread_time() - self._begun[1])
            self._begun = None
            self.count += 1
            name = frame.f_code.co_qualname if sys.version_info >= (3, 11) else frame.f_code.co_name
            self.longest_ms[name] = max(spent_ms, self.longest_ms.get(name, 0.0))


def scroll(stage: Stage) -> tuple[list[float], list[float]]:
    """From the first title to the last; the gaps between frames, in milliseconds of the clock and of CPU time."""
    grid = stage.item("titles")
    seen: list[float] = []
    spent: list[float] = []

    def swapped() -> None:
        seen.append(time.perf_counter())
        spent.append(time.thread_time())

    stage.window.frameSwapped.connect(swapped)
    while True:
        lowest = float(grid.property("lowest"))
        there = float(grid.property("contentY"))
        if there >= lowest and stage.app.home.titles.count == len(stage.client.titles):
            break
        grid.setProperty("contentY", min(lowest, there + STEP_PX))
        stage.wait(STEP_MS)
    return _gaps_ms(seen), _gaps_ms(spent)


def _gaps_ms(times_s: list[float]) -> list[float]:
    return [1000 * (later - earlier) for earlier, later in pairwise(times_s)]


def main(titles: int) -> int:
    """See the module."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QSG_RENDER_LOOP"] = "basic"
    application = QGuiApplication(["bench"])
    application.setQuitOnLastWindowClosed(False)
    after_application()
    register_types(choose_scene())
    garbage = GarbageCollector()  # as the app has it: Qt objects in cycles go on the Qt thread only
    holds = Holds()
    painted = [pictures.poster(str(number)) for number in range(PICTURES)]
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Waiter(), Path(folder))
        stage.client.titles, stage.client.page_size = cards(titles), PAGE
        stage.client.viewer = "Ada"
        stage.client.screen = [
            TitleRow(f"row{n}", tuple(stage.client.titles[n * IN_A_ROW : (n + 1) * IN_A_ROW])) for n in range(ROWS)
        ]
        stage.client.paint = lambda url: painted[hash(url) % PICTURES]
        try:
            stage.start()
            stage.until(lambda: stage.focus_name == "playFeatured")
            with holds.watching():
                gaps, work = scroll(stage)
        finally:
            stage.close()
            garbage.close()
    worst = sorted(holds.longest_ms.items(), key=lambda item: item[1], reverse=True)[:5]
    print(f"{titles} titles, {len(gaps)} frames, {holds.count} calls into Python")
    print(f"frame gap: median {statistics.median(gaps):.1f} ms, longest {max(gaps):.1f} ms (wall clock)")
    print(f"work for one frame: median {statistics.median(work):.1f} ms, most {max(work):.1f} ms (CPU time)")
    for name, spent_ms in worst:
        print(f"hold: {spent_ms:6.2f} ms  {name}")
    return int(worst[0][1] > HOLD_MS or max(work) > GAP_MS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else TITLES))
