"""A day of a live channel in virtual time: ``python -m tests.soak.live_day [HOURS] [FORM...]``.

One line for each hour of HLS and of DASH: resident memory, objects, requests, how far playback was from its target at
most, and its stalls. Exit code 1 where something grew after the first two hours, or playback stalled or drifted.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from dataclasses import dataclass
from typing import Any, cast

from player.qa.usage import usage
from player.reporting.events import LatencySampled
from player.stream import sources
from tests.kit.broadcast import Broadcast, Viewing, open_demuxer
from tests.kit.clock import FakeClock

HOUR_S = 3600.0
SETTLED = 2  # hours, after which every list has reached its limit
STORE_BYTES = 1 << 22  # what is kept of the media: full after a quarter of an hour
CACHED_S = 30.0  # that libmpv keeps behind the position
GROWTH_MB, GROWTH_OBJECTS, GROWTH_REQUESTS = 4.0, 0.02, 0.01
DRIFT_S = 0.2


@dataclass(frozen=True, slots=True)
class Hour:
    """What one hour took; ``drift_s`` is the greatest distance from the target latency."""

    memory_mb: float
    objects: int
    requests: int
    drift_s: float
    stalls: int


async def watch(form: str, hours: int) -> list[Hour]:
    """Play a channel for so many hours."""
    clock = FakeClock()
    viewing = Viewing(Broadcast(clock, form), store_bytes=STORE_BYTES)
    await clock.run(viewing.begin())
    await viewing.run(60.0)
    found: list[Hour] = []
    try:
        for number in range(hours):
            _forget(viewing)
            await viewing.run(HOUR_S, lambda: _each_tick(viewing), tick_s=0.5)
            found.append(_hour(viewing))
            print(f"{form} {number + 1:3} {_line(found[-1])}", flush=True)
        assert not viewing.failures, viewing.failures
    finally:
        await viewing.close()
    return found


def _hour(viewing: Viewing) -> Hour:
    samples = [each for each in viewing.events if isinstance(each, LatencySampled)]
    gc.collect()
    return Hour(
        usage().memory_bytes / 2**20,
        len(gc.get_objects()),
        len(viewing.transport.requests),
        max(abs(each.latency_s - each.target_s) for each in samples),
        len(viewing.sink.stalls),
    )


def _forget(viewing: Viewing) -> None:
    """What the kit keeps of a playback, so that only the player's own memory is seen."""
    viewing.events.clear()
    viewing.transport.requests.clear()
    viewing.sink.shown.clear()
    viewing.sink.stalls.clear()


def _each_tick(viewing: Viewing) -> None:
    """Forget what was decided, and tell what libmpv's cache holds, as a playback does."""
    viewing.wishes.snapshots.clear()
    viewing.wishes.progress.clear()
    shown_s = viewing.sink.position_s
    viewing.streaming.cached([(max(0.0, shown_s - CACHED_S), viewing.sink.read_until_s)])


def _line(hour: Hour) -> str:
    return (
        f"{hour.memory_mb:6.1f} MB  {hour.objects} objects  {hour.requests} requests"
        f"  drift {hour.drift_s:.3f} s  stalls {hour.stalls}"
    )


def is_flat(hours: list[Hour]) -> bool:
    """Whether the last hour is as the first ones were."""
    first, last = hours[min(SETTLED, len(hours)) - 1], hours[-1]
    return (
        last.memory_mb - first.memory_mb < GROWTH_MB
        and last.objects < first.objects * (1 + GROWTH_OBJECTS)
        and abs(last.requests - first.requests) <= first.requests * GROWTH_REQUESTS
        and all(each.drift_s < DRIFT_S and not each.stalls for each in hours)
    )


def main() -> int:
    """See the module."""
    hours = int((*sys.argv[1:2], "24")[0])
    sources.open_demuxer = cast(Any, open_demuxer)
    good = True
    for form in sys.argv[2:] or ["hls", "dash"]:
        good &= is_flat(asyncio.run(watch(form, hours)))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
