"""An MPD that lists each segment, by a packager that is late: what is loaded sooner, and what is learnt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise, takewhile

import pytest

from player.live.schedule import is_late
from player.reporting.events import LatencySampled
from tests.kit.broadcast import SEGMENT_S, Broadcast, watched
from tests.kit.clock import FakeClock

DELAY_S = 10.0
"""That the MPD asks for: a segment of 4 s, an update period of 4 s, and 2 s for what lies between."""


class Listed(Broadcast):
    """A DASH programme with a closed SegmentTimeline for each track. ``late_s`` tells how long after its end a
    segment of a kind of media is listed; ``looks`` are when the MPD was asked for, since the programme began."""

    def __init__(self, late_s: Mapping[str, Callable[[int], float]]) -> None:
        super().__init__(FakeClock(), "dash")
        self.minimum_update_s = 4.0
        self.late_s = late_s
        self.looks: list[float] = []

    def get(self, url: str) -> bytes | None:
        if url.endswith(".mpd"):
            self.looks.append(self.clock.monotonic() - self.begun_s)
        return super().get(url)

    def _mpd(self) -> str:
        text = super()._mpd().replace('Delay="PT12S"', f'Delay="PT{DELAY_S:g}S"')
        for kind in ("video", "audio"):
            text = re.sub(
                rf'(contentType="{kind}".*?) duration="4" startNumber="0"([^>]*)/>', self._timeline(kind), text
            )
        return text

    def _timeline(self, kind: str) -> str:
        since_s = self.clock.monotonic() - self.begun_s
        last = [*takewhile(lambda number: self._is_listed(kind, number, since_s), range(self.whole))][-1]
        first = max(0, last - 9)
        line = f'<SegmentTimeline><S t="{4 * first}" d="4" r="{last - first}"/></SegmentTimeline>'
        return rf'\1 startNumber="{first}"\2>{line}</SegmentTemplate>'

    def _is_listed(self, kind: str, number: int, since_s: float) -> bool:
        return (number + 1) * SEGMENT_S + self.late_s[kind](number) <= since_s


def on_time(_number: int) -> float:
    return 0.1


async def test_what_was_due_and_not_listed_is_asked_for_again_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who loads each time just before the packager writes would see each segment of sound a period late."""
    made = Listed({"video": on_time, "audio": lambda number: 0.9 if number < 12 else 1.2})
    viewing = await watched(monkeypatch, made, 60.0)
    assert not viewing.sink.stalls
    waits = [round(after_s - before_s, 1) for before_s, after_s in pairwise(made.looks)]
    assert waits.count(1.0) == 1, "and once: from then on it is loaded after the packager wrote"
    assert set(waits) == {1.0, 4.0}


async def test_a_source_that_is_on_time_is_asked_no_oftener(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Listed({"video": on_time, "audio": on_time})
    await watched(monkeypatch, made, 60.0)
    assert len(made.looks) <= 17


@pytest.mark.parametrize("kind", ["video", "audio"])
async def test_lateness_of_any_track_is_learnt_at_its_first_stall(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Each sixth segment is listed much later than the MPD allows for."""
    late = {"video": on_time, "audio": on_time}
    made = Listed(late | {kind: lambda number: 8.0 if number % 6 == 0 else 0.1})
    viewing = await watched(monkeypatch, made, 180.0)
    samples = [event for event in viewing.events if isinstance(event, LatencySampled)]
    assert len(viewing.sink.stalls) <= 1
    assert samples[-1].target_s >= SEGMENT_S + 8.0


@pytest.mark.parametrize(
    ("before_s", "end_s", "edge_s", "late"),
    [
        (96.0, 96.0, 100.0, True),
        (96.0, 96.0, 116.0, False),
        (96.0, 96.0, 99.9, False),
        (92.0, 96.0, 101.0, False),
        (96.0, 92.0, 101.0, True),
    ],
)
def test_late_is_what_could_be_whole_and_is_not_listed(
    before_s: float, end_s: float, edge_s: float, late: bool
) -> None:
    assert is_late(before_s, end_s, SEGMENT_S, edge_s) is late
