"""Live MPDs whose segments come with the clock, and those that never change again."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from player.manifest import parse
from player.manifest.model import SegmentIndex
from player.reporting.events import LatencySampled
from tests.kit.broadcast import BASE, SEGMENT_S, Broadcast, Viewing, open_demuxer
from tests.kit.clock import FakeClock
from tests.kit.slices import slice_of
from tests.kit.time_server import packet

Follow = Callable[[Broadcast], Awaitable[Viewing]]


@pytest.fixture
async def follow(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Follow]:
    """Begins to view a broadcast."""
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    made: list[Viewing] = []

    async def begin(broadcast: Broadcast) -> Viewing:
        made.append(Viewing(broadcast))
        await broadcast.clock.run(made[-1].begin())
        return made[-1]

    yield begin
    for viewing in made:
        await viewing.close()


class Counted(Broadcast):
    """A DASH programme that is loaded again every ``update_s`` seconds, or never (None). ``open_timeline``: its
    segments stand in a SegmentTimeline with an open end instead of under @duration."""

    def __init__(self, clock: FakeClock, update_s: float | None, *, open_timeline: bool = False) -> None:
        super().__init__(clock, "dash")
        self.update_s = update_s
        self.open_timeline = open_timeline

    def _mpd(self) -> str:
        update = "" if self.update_s is None else f'minimumUpdatePeriod="PT{self.update_s:g}S"'
        text = super()._mpd().replace('minimumUpdatePeriod="PT2S"', update)
        if not self.open_timeline:
            return text
        timeline = '<SegmentTimeline><S t="0" d="4" r="-1"/></SegmentTimeline>'
        return re.sub(r' duration="4"([^>]*)/>', rf"\1>{timeline}</SegmentTemplate>", text)


@pytest.mark.parametrize("open_timeline", [False, True])
@pytest.mark.parametrize("update_s", [10, 30, 500, None])
async def test_segments_come_with_the_clock_from_the_first_second_on(
    follow: Follow, update_s: float | None, open_timeline: bool
) -> None:
    """FFmpeg writes PT500S: nothing may wait for the first reload, nor the latency grow by that wait."""
    viewing = await follow(Counted(FakeClock(), update_s, open_timeline=open_timeline))
    await viewing.run(60.0)
    assert not viewing.sink.stalls
    assert not viewing.failures
    times = sorted(viewing.sink.shown)
    assert times[-1] - times[0] > 55
    samples = [event for event in viewing.events if isinstance(event, LatencySampled)]
    assert {sample.target_s for sample in samples} == {12.0}


async def test_a_segment_is_known_as_soon_as_it_can_be_had(follow: Follow) -> None:
    """Not at the next look of some period: what is published in the middle of it would be late by half of it."""
    broadcast = Counted(FakeClock(), 500)
    viewing = await follow(broadcast)
    late: list[float] = []

    def look() -> None:
        behind_s = broadcast.clock.monotonic() - broadcast.begun_s - viewing.streaming.timeline.end_s
        late.append(behind_s - SEGMENT_S)

    await viewing.run(40.0, look)
    assert max(late) <= 0.1 + 1e-6


# --- what has run for years


def channel(years: float, depth: str, template: str) -> tuple[SegmentIndex, float]:
    """The segments of a channel that began so long ago, and the date."""
    now_s = years * 366 * 86_400.0
    text = (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z"'
        f' minimumUpdatePeriod="PT500S" {depth}><Period id="0" start="PT0S"><AdaptationSet mimeType="video/mp4">'
        f'{template}<Representation id="v" bandwidth="1"/></AdaptationSet></Period></MPD>'
    )
    segments = parse(text, BASE, now_s=now_s).periods[0].tracks[0].renditions[0].segments
    assert isinstance(segments, SegmentIndex)
    return segments, now_s


OPEN = (
    '<SegmentTemplate timescale="1" startNumber="0" media="{}"><SegmentTimeline><S t="0" d="2" r="-1"/>'
    "</SegmentTimeline></SegmentTemplate>"
)
LONG = OPEN.replace('r="-1"', 'r="{}"')


@pytest.mark.parametrize("name", ["$Number$", "$Time$", "$Number$-$SubNumber$"])
@pytest.mark.parametrize("years", [0.02, 10, 50])
def test_a_channel_of_years_has_the_window_that_it_lists(name: str, years: float) -> None:
    template = OPEN.format(name)
    if "Sub" in name:
        template = template.replace('d="2"', 'd="2" k="4"')
    segments, now_s = channel(years, 'timeShiftBufferDepth="PT60S"', template)
    assert segments[0].start_s <= now_s - 60 < segments[0].end_s + 1e-6
    assert now_s - 2 < segments[len(segments) - 1].end_s <= now_s
    assert segments[len(segments) - 1].number > years * 366 * 43_200 - 2


@pytest.mark.parametrize("depth", ['timeShiftBufferDepth="PT60S"', ""])
@pytest.mark.parametrize("years", [0.02, 10])
def test_a_channel_of_years_with_a_pattern(years: float, depth: str) -> None:
    """Two of 2 s, one of 4 s, for ever."""
    template = OPEN.format("$Number$").replace(
        '<S t="0" d="2"', '<Pattern id="1"><P d="2" r="1"/><P d="4"/></Pattern><S t="0" d="8" p="1"'
    )
    segments, now_s = channel(years, depth, template)
    assert 0 <= now_s - segments[len(segments) - 1].end_s < 4
    assert len(segments) <= 50_003
    assert {segment.duration_s for segment in segments} == {2.0, 4.0}
    assert segments[0].start_s <= now_s - 60
    assert all(a.end_s == b.start_s for a, b in pairwise(segments))
    round_, place = divmod(segments[0].number, 3)
    assert segments[0].start_s == round_ * 8 + place * 2


def test_a_channel_of_years_that_counts_its_segments_out() -> None:
    count = 10 * 366 * 43_200
    segments, now_s = channel(10, 'timeShiftBufferDepth="PT60S"', LONG.format("$Number$", count - 1))
    assert len(segments) == 30
    assert segments[29].end_s == now_s


def test_a_channel_of_years_without_a_window_lists_its_latest_day() -> None:
    segments, now_s = channel(10, "", OPEN.format("$Number$"))
    assert len(segments) == 50_000
    assert segments[49_999].end_s == now_s


# --- what never changes


class Listed(Counted):
    """A DASH programme whose MPD lists its segments one by one, and stays as it was after ``still_s`` seconds."""

    def __init__(self, clock: FakeClock, update_s: float | None, still_s: float = math.inf) -> None:
        super().__init__(clock, update_s)
        self.still_s = clock.monotonic() + still_s
        self._last = ""

    def _mpd(self) -> str:
        if self.clock.monotonic() < self.still_s or not self._last:
            listed = self._listed()
            lines = "".join(f'<S t="{number * 4}" d="4"/>' for number in listed)
            self._last = re.sub(
                r' duration="4" startNumber="0"([^>]*)/>',
                rf' startNumber="{listed[0]}"\1><SegmentTimeline>{lines}</SegmentTimeline></SegmentTemplate>',
                super()._mpd(),
            )
        return self._last


async def test_an_mpd_that_does_not_say_when_it_changes_is_loaded_again(follow: Follow) -> None:
    """A list that is dynamic and has no @minimumUpdatePeriod cannot grow by the standard; in the wild it does."""
    viewing = await follow(Listed(FakeClock(), None))
    await viewing.run(120.0)
    assert not viewing.failures
    assert max(viewing.sink.shown) - min(viewing.sink.shown) > 110
    assert not viewing.sink.stalls


@pytest.mark.parametrize("update_s", [None, 2])
async def test_a_programme_that_sends_nothing_new_says_so_and_ends(follow: Follow, update_s: float | None) -> None:
    viewing = await follow(Listed(FakeClock(), update_s, still_s=0.0))
    seen: list[str] = []
    await viewing.run(60.0, lambda: seen.append(viewing.monitor.state.notice))
    assert not viewing.failures
    assert any("nothing new" in notice for notice in seen)
    await viewing.run(300.0)
    assert viewing.failures


async def test_the_word_goes_when_the_programme_goes_on(follow: Follow) -> None:
    broadcast = Listed(FakeClock(), 2, still_s=0.0)
    viewing = await follow(broadcast)
    await viewing.run(26.0)
    assert "nothing new" in viewing.monitor.state.notice
    broadcast.still_s = math.inf
    await viewing.run(20.0)
    assert "nothing new" not in viewing.monitor.state.notice
    assert viewing.sink.playing


# --- the source's clock


class Timed(Counted):
    """A DASH programme that names where its clock is asked: ``value``, which may be relative. ``drift`` is how much
    faster its clock runs than ours."""

    def __init__(self, clock: FakeClock, value: str, drift: float = 0.0) -> None:
        super().__init__(clock, 500)
        self.value = value
        self.drift = drift
        self.since_s = clock.monotonic()

    @property
    def ahead_s(self) -> float:
        """Its clock less ours."""
        return self.drift * (self.clock.monotonic() - self.since_s)

    def get(self, url: str) -> bytes | None:
        if url == "ntp://time.sntp":
            return packet(bytes(8), self.clock.wall() + self.ahead_s)
        if url.endswith("time.ntp"):
            return round((self.clock.wall() + self.ahead_s + 2_208_988_800) * 2**32).to_bytes(8)
        if url.endswith("time.txt"):
            return datetime.fromtimestamp(self.clock.wall() + self.ahead_s, UTC).isoformat().encode()
        return None if url.endswith(".txt") else super().get(url)

    def _mpd(self) -> str:
        kind = {".ntp": "http-ntp", "sntp": "sntp"}.get(self.value[-4:], "http-xsdate")
        timing = f'<UTCTiming schemeIdUri="urn:mpeg:dash:utc:{kind}:2014" value="{self.value}"/>'
        return super()._mpd().replace("</Period>", f"</Period>{timing}")


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("time.txt", "http://a.test/live/time.txt"),
        ("/clock/time.txt", "http://a.test/clock/time.txt"),
        ("../time.txt", "http://a.test/time.txt"),
        ("http://a.test/other/time.txt", "http://a.test/other/time.txt"),
        ("missing.txt time.txt", "http://a.test/live/time.txt"),
    ],
)
async def test_a_clock_at_a_relative_address(follow: Follow, value: str, asked: str) -> None:
    viewing = await follow(Timed(FakeClock(), value))
    assert asked in [request.url for request in viewing.transport.requests]


@pytest.mark.parametrize("name", slice_of(zip(("time.txt", "time.ntp", "time.sntp")), 1))
async def test_a_clock_that_runs_beside_ours_is_followed(follow: Follow, name: str) -> None:
    """By 200 parts in a million: in two hours that is a second and a half."""
    broadcast = Timed(FakeClock(), name, drift=200e-6)
    viewing = await follow(broadcast)
    server = viewing.live._server
    off: list[float] = []

    def look() -> None:
        clock = broadcast.clock
        off.append(abs(server.at(clock.monotonic()) - clock.wall() - broadcast.ahead_s))

    for _ in range(120):
        await viewing.clock.advance(60.0)
        look()
    assert max(off) < 0.2
    asked = [request for request in viewing.transport.requests if request.url.endswith(name)]
    assert 10 <= len(asked) <= 14
