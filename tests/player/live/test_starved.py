"""An encoder that cannot keep up for a while: by its dates it is late then, for ever or until it has caught up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.live.edge import Lateness
from player.reporting.events import LatencySampled, Note
from tests.kit.broadcast import SEGMENT_S, Broadcast, Viewing, watched
from tests.kit.clock import FakeClock

SLOW, STOPPED = 0.6, 0.0  # seconds of media that a starved encoder makes in a second
BEGINS_S = 40.0  # after the viewer
IN_HAND_S = 12.0  # the latency that is aimed at
FORMS = ("hls", "hls, dated", "dash")


class Starved(Broadcast):
    """For ``for_s`` seconds its encoder makes ``speed`` seconds of media a second. Its dates say nothing of that, as
    FFmpeg's do not. ``catches_up``: afterwards it makes 2 s of media a second, until it is on time again."""

    def __init__(self, form: str, for_s: float, speed: float = SLOW, *, catches_up: bool = False) -> None:
        super().__init__(FakeClock(), form[:4].rstrip(","))
        self.dated = "dated" in form
        self.for_s, self.speed, self.catches_up = for_s, speed, catches_up
        self.from_s = BEGINS_S + self.clock.monotonic() - self.begun_s
        self.late = _Late(self)

    @property
    def behind_s(self) -> float:
        """How far it falls behind."""
        return self.for_s * (1 - self.speed)

    def made_at_s(self, media_s: float) -> float:
        """When the media up to a time is made; both since the programme began."""
        more_s = media_s - self.from_s
        if more_s <= self.for_s * self.speed:
            return media_s if more_s <= 0 else self.from_s + more_s / self.speed
        if self.catches_up:
            return max(media_s, self.from_s + self.for_s + (more_s - self.for_s * self.speed) / 2)
        return media_s + self.behind_s

    @property
    def whole(self) -> int:
        since_s = self.clock.monotonic() - self.begun_s
        return next(number for number in _numbers() if self.made_at_s((number + 1) * SEGMENT_S) > since_s)

    def _playlist(self, track: str) -> str:
        text = super()._playlist(track)
        begun_s = self.clock.wall() - (self.clock.monotonic() - self.begun_s)
        date = datetime.fromtimestamp(begun_s + self._listed()[0] * SEGMENT_S, UTC).isoformat()
        return text.replace("#EXTINF", f"#EXT-X-PROGRAM-DATE-TIME:{date}\n#EXTINF", 1) if self.dated else text


class _Late(dict[int, float]):
    """By segment: how much later it is there than by its dates."""

    def __init__(self, of: Starved) -> None:
        super().__init__()
        self._of = of

    def get(self, number: int, default: float = 0.0) -> float:  # type: ignore[override]
        end_s = (number + 1) * SEGMENT_S
        return self._of.made_at_s(end_s) - end_s + default


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def holes(viewing: Viewing) -> list[tuple[float, float]]:
    times = sorted(viewing.sink.shown)
    return [(before, after) for before, after in pairwise(times) if after - before > 0.6]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("speed", "for_s"), [(SLOW, 20.0), (SLOW, 60.0), (STOPPED, 40.0)])
async def test_nothing_of_an_encoder_that_falls_behind_is_lost(
    monkeypatch: pytest.MonkeyPatch, form: str, speed: float, for_s: float
) -> None:
    """It stands for what is lacking, and plays on as far behind as the encoder is; without a jump to what its dates
    promise."""
    made = Starved(form, for_s, speed)
    viewing = await watched(monkeypatch, made, BEGINS_S + for_s + 90.0)
    assert not holes(viewing)
    assert not viewing.jumps
    kinds = {each.kind for each in viewing.events if isinstance(each, Note)}
    assert not kinds & {"skipped", "other_rung", "live_moved"}
    assert ("live_silent" in kinds) == (speed == STOPPED), "who looks at a still picture is told why"
    stood_s = sum(stall[1] for stall in viewing.sink.stalls)
    assert stood_s <= max(0.0, made.behind_s - IN_HAND_S + SEGMENT_S) + 3.0
    began_s = made.clock.monotonic() - 60.0
    assert not [each for each in viewing.sink.stalls if each[0] > viewing.sink.position_s - 60.0]
    samples = [each for each in viewing.events if isinstance(each, LatencySampled) and each.at_s > began_s]
    if form != "hls":  # without dates the edge goes slowly to where the encoder is
        assert all(abs(each.latency_s - each.target_s) < 1.5 for each in samples)


async def test_who_waited_is_near_the_edge_again_when_the_encoder_is_on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Starved("dash", 40.0, catches_up=True)
    viewing = await watched(monkeypatch, made, BEGINS_S + 40.0 + 900.0)
    assert not holes(viewing)
    assert not viewing.jumps
    last = [each for each in viewing.events if isinstance(each, LatencySampled)][-1]
    assert last.latency_s == pytest.approx(IN_HAND_S, abs=0.5)


@pytest.mark.parametrize("form", ["hls", "dash"])
async def test_a_segment_that_its_successor_has_overtaken_is_lost(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """It is not waited for as that of a late encoder is."""
    made = Broadcast(FakeClock(), form)
    made.late[20] = 1e9
    viewing = await watched(monkeypatch, made, 90.0)
    assert holes(viewing) == [(20 * SEGMENT_S - 0.5, 21 * SEGMENT_S)]
    assert [each.kind for each in viewing.events if isinstance(each, Note)].count("skipped") == 1


class OneRungEnds(Broadcast):
    """Nothing of its lower rung is there any more from a segment on."""

    def _segment(self, name: str) -> bytes | None:
        return None if name.startswith("v0") and int(name.rpartition("-")[2]) >= 20 else super()._segment(name)


async def test_a_rung_that_has_ended_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    viewing = await watched(monkeypatch, OneRungEnds(FakeClock(), "dash"), 90.0)
    assert not holes(viewing)
    assert not viewing.sink.stalls
    assert max(viewing.sink.shown) > 28 * SEGMENT_S


@given(st.lists(st.tuples(st.floats(0.0, 40.0), st.floats(0.0, 60.0)), min_size=1, max_size=20))
def test_lateness_is_what_was_seen_last_and_slowly_forgotten(seen: list[tuple[float, float]]) -> None:
    lateness, now_s = Lateness(), 0.0
    for late_s, wait_s in seen:
        lateness.seen(late_s, now_s)
        at_once_s = lateness.at(now_s)
        assert at_once_s >= late_s
        now_s += wait_s
        assert at_once_s - 0.02 * wait_s - 1e-6 <= lateness.at(now_s) <= at_once_s
    assert lateness.at(now_s + 50 * 40.0 + 1.0) == 0.0
