"""Latency from glass to glass: a frame's number is drawn when it is made and read when it is shown.

FFmpeg makes parts of 333 ms in segments of 2 s, for the bundled service and for an origin of the tests that has fewer
parts of its own; either answers after 40 ms. Every frame that libmpv draws counts
from the fifth second on. Median and 99th percentile in seconds, stalls, and the time from "play" to the first frame.
For each sixth of the time: what the player had asked for, the memory of this process (player, edges, and what was
read of each picture), and the median of the latency.

Run: ``python -m tests.bench.bench_live [SECONDS [CASE...]]``. "idle" is the share of the processors that nobody used,
or that work of the lowest priority did (``nice``).
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import psutil

from player.playback.settings import PlaybackSettings
from player.reporting.events import Event, StallEnded, TransferDone
from player.title.opening import PlaybackSource
from tests.kit.lowlatency import Broadcast
from tests.kit.on_air import HUNDREDTHS, on_air
from tests.kit.playback import engine
from tests.kit.screen import Screen, Shown

MEDIAN_S, WORST_S = 1.5, 2.0
DELAY_S = 0.04
SETTLED_S = 5.0
PARTS = 6  # of the time
STORE_BYTES = 8 * 2**20  # for loaded media: full after some minutes, so that memory can be seen to stay
CASES = (("LL-DASH", "dash", False), ("LL-HLS", "hls", False), ("LL-HLS, byte ranges", "hls", True))


@dataclass(frozen=True, slots=True)
class Part:
    """A sixth of the time: transfers that ended in it, memory at its end, and the median of its latency."""

    transfers: int
    memory_mb: float
    median_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What one playback showed. Times are seconds."""

    join_s: float
    median_s: float
    worst_s: float  # 99th percentile
    stalls: tuple[tuple[float, float], ...]  # since the start, and how long
    pictures: int  # that were read
    failed: str
    freezes: int  # more than a tenth of a second between two frames
    parts: tuple[Part, ...]

    @property
    def good(self) -> bool:
        return self.median_s <= MEDIAN_S and self.worst_s <= WORST_S and not self.stalls and not self.failed


def measure(form: str, seconds: float, *, ranges: bool) -> Measured:
    """Watch a broadcast of the kit for so long."""
    with Broadcast(target_s=1.2, delay_s=DELAY_S, ranges=ranges) as broadcast:
        broadcast.wait_for_segments(3)
        url = broadcast.dash if form == "dash" else broadcast.hls
        return _watch(url, seconds, lambda each: each.at_s - broadcast.made_s(each.mark.frame, each.at_s))


def measure_bundled(form: str, seconds: float) -> Measured:
    """Watch a broadcast of the bundled service: its pictures say when they were drawn."""
    with tempfile.TemporaryDirectory() as data, on_air(Path(data), rungs="180", delay_s=DELAY_S) as made:
        offset_s = time.time() - time.monotonic()

        def behind_s(each: Shown) -> float:
            return ((each.at_s + offset_s) * 100 - each.mark.frame) % HUNDREDTHS / 100

        return _watch(made.dash if form == "dash" else made.hls, seconds, behind_s)


def _watch(url: str, seconds: float, behind_s: Callable[[Shown], float]) -> Measured:
    stalls: list[StallEnded] = []
    transfers = 0

    def note(event: Event) -> None:
        nonlocal transfers
        transfers += isinstance(event, TransferDone)
        if isinstance(event, StallEnded):
            stalls.append(event)

    ends: list[tuple[int, int, float]] = []  # of each part: transfers, pictures, memory
    with Screen() as screen, tempfile.TemporaryDirectory() as profile, engine(Path(profile)) as made:
        begun_s = time.monotonic()
        source, settings = PlaybackSource(url=url), PlaybackSettings(memory_bytes=STORE_BYTES)
        session = made.open(source, screen.player, lambda _state: None, settings, note)
        for _ in range(PARTS):
            time.sleep(seconds / PARTS)
            ends.append((transfers, len(screen.shown), psutil.Process().memory_info().rss / 1e6))
        failure = session.state.failure
        session.stop()
        made.wait(session, 10.0)
        shown = list(screen.shown)
    settled = [each for each in shown if each.at_s - begun_s > SETTLED_S]
    behind = [behind_s(each) for each in settled]
    return Measured(
        shown[0].at_s - begun_s,
        statistics.median(behind),
        statistics.quantiles(behind, n=100)[98],
        tuple((event.at_s - begun_s - event.duration_s, event.duration_s) for event in stalls),
        len(settled),
        "" if failure is None else failure.sentence,
        sum(after.at_s - before.at_s > 0.1 for before, after in pairwise(settled)),
        tuple(
            Part(after[0] - before[0], after[2], statistics.median(map(behind_s, shown[before[1] : after[1]])))
            for before, after in pairwise([(0, 0, 0.0), *ends])
        ),
    )


def main(arguments: list[str]) -> int:
    seconds = float(arguments[0]) if arguments else 60.0
    wanted = arguments[1:]
    print(f"{seconds:g} s each, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    bad = 0
    cases: list[tuple[str, Callable[[], Measured]]] = [
        ("bundled LL-DASH", partial(measure_bundled, "dash", seconds)),
        ("bundled LL-HLS", partial(measure_bundled, "hls", seconds)),
        *((name, partial(measure, form, seconds, ranges=ranges)) for name, form, ranges in CASES),
    ]
    if unknown := set(wanted) - {name for name, _ in cases}:
        print(f"no case is named {', '.join(unknown)}", file=sys.stderr)
        return 2
    for name, run in cases:
        if wanted and name not in wanted:
            continue
        psutil.cpu_times_percent()
        found = run()
        used = psutil.cpu_times_percent()
        idle = used.idle + used.nice
        bad += not found.good
        print(
            f"{name:22} first frame {found.join_s:.2f}  median {found.median_s:.2f}  99th {found.worst_s:.2f}"
            f"  stalls {len(found.stalls)}  freezes {found.freezes}  idle {idle:.0f} %"
            f"  pictures {found.pictures}  load {os.getloadavg()[0]:.1f}"
            f"  {'' if found.good else 'missed'} {found.failed}",
            flush=True,
        )
        for at_s, lasted_s in found.stalls:
            print(f"  stood after {at_s:.1f} s for {lasted_s:.2f} s", flush=True)
        for part in found.parts:
            print(
                f"  transfers {part.transfers}  memory {part.memory_mb:.0f} MB  median {part.median_s:.2f}",
                flush=True,
            )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
