"""Low latency: what decides, and the parts of a segment that is still being made."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from player.live.guide import LiveGuide, LiveObservation
from player.live.latency import Latency, latency_of
from player.live.programme import made_until_s, may_be_whole, with_open
from player.manifest import parse
from player.manifest.model import ByteRange, PartialSegment, PreloadHint, Rendition, Segment
from player.net.gate import _Bursts
from player.net.model import RequestKind, Transfer
from player.net.ranges import parse_content_range
from player.playback.translation import sample_of
from player.stream.buffer import SegmentBuffer
from player.stream.part_loader import PartLoader
from player.stream.sources import Growing, PartsProgress, Sources
from player.stream.waiting import Waiting
from player.transfer.loader import LoadOutcome, LoadProgress, LoadResult, LoadVerdict, Resource, Sink

BASE = "https://a.test/live/"
HEAD = (
    "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART-INF:PART-TARGET=0.34\n"
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.1,HOLD-BACK=6\n"
    '#EXT-X-MAP:URI="init"\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:2,\n7.m4s\n'
)
PARTS = '#EXT-X-PART:DURATION=0.33,URI="8.0",INDEPENDENT=YES\n#EXT-X-PART:DURATION=0.33,URI="8.1"\n'
HINT = '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="8.2"\n'
MPD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z">'
    '<ServiceDescription><Latency target="1500" max="4000"/><PlaybackRate min="0.97" max="1.03"/>'
    "</ServiceDescription>"
    '<Period id="0" start="PT0S"><AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="1" duration="2" '
    'media="$Number$" {}/><Representation id="v" bandwidth="1"/></AdaptationSet></Period></MPD>'
)


def rendition_of(text: str) -> Rendition:
    return parse(text, BASE + "v.m3u8").periods[0].tracks[0].renditions[0]


# --- what is aimed at


def test_hls_is_played_where_part_hold_back_says() -> None:
    found = latency_of(parse(HEAD + PARTS, BASE + "v.m3u8"), 2.0, 20.0)
    assert found.target_s == 1.1
    assert found.part_s == pytest.approx(0.34)
    assert found.low


def test_dash_is_played_where_its_service_description_says() -> None:
    text = MPD.format('availabilityTimeOffset="1.5" availabilityTimeComplete="false"')
    found = latency_of(parse(text, BASE, now_s=100.0), 2.0, 20.0)
    assert (found.target_s, found.max_s, found.part_s) == (1.5, 4.0, 0.5)
    assert (found.min_rate, found.max_rate) == (0.97, 1.03)
    assert found.low


def test_chunks_are_as_long_as_the_mpd_says_where_their_segments_are_available_earlier_still() -> None:
    text = MPD.format('availabilityTimeOffset="1.9" availabilityTimeComplete="false"')
    text = text.replace("<Representation ", '<Resync type="0" dT="0.4"/><Representation ')
    assert latency_of(parse(text, BASE, now_s=100.0), 2.0, 20.0).part_s == pytest.approx(0.4)


def test_a_source_that_publishes_whole_segments_is_not_played_nearer_than_they_allow() -> None:
    found = latency_of(parse(MPD.format(""), BASE, now_s=100.0), 2.0, 20.0)
    assert found.part_s is None
    assert not found.low
    assert found.target_s == 2.5


@pytest.mark.parametrize(("update_s", "target_s"), [(2, 4.5), (0, 3.0), (4, 6.5)])
def test_a_list_that_is_loaded_now_and_then_is_played_as_far_behind_as_that_takes(
    update_s: int, target_s: float
) -> None:
    """FFmpeg asks for a delay of one segment, and updates a list of its segments as often as there is one."""
    timeline = '<SegmentTimeline><S t="80" d="2" r="9"/></SegmentTimeline></SegmentTemplate>'
    text = MPD.format("").replace(' duration="2"', "").replace("/><Repr", f">{timeline}<Repr")
    text = text.replace('"dynamic"', f'"dynamic" minimumUpdatePeriod="PT{update_s}S"')
    assert latency_of(parse(text, BASE, now_s=100.0), 2.0, 20.0).target_s == pytest.approx(target_s)


def moment(behind_s: float, buffer_s: float) -> LiveObservation:
    return LiveObservation(
        position_s=100.0 - behind_s,
        buffer_s=buffer_s,
        playing=True,
        paused=False,
        seeking=False,
        window_start_s=0.0,
        published_s=100.0,
        edge_s=100.0,
    )


def low_guide() -> LiveGuide:
    return LiveGuide(Latency(target_s=1.0, part_s=0.33))


def test_latency_is_won_back_by_speed_with_half_a_second_in_hand() -> None:
    assert (low_guide().look(moment(1.6, 0.5)).speed or 1.0) > 1.0


def test_no_latency_is_won_back_at_the_price_of_a_stall() -> None:
    assert (low_guide().look(moment(1.6, 0.1)).speed or 1.0) == 1.0


def test_who_is_seconds_behind_jumps() -> None:
    assert low_guide().look(moment(4.9, 0.5)).seek_s is None
    assert low_guide().look(moment(5.1, 0.5)).seek_s == pytest.approx(99.0)


def test_what_speed_would_take_long_to_win_back_is_jumped_over_where_it_is_in_hand() -> None:
    assert low_guide().look(moment(1.9, 1.2)).seek_s == pytest.approx(99.0)
    assert low_guide().look(moment(1.5, 1.2)).seek_s is None, "speed does it in time"
    assert low_guide().look(moment(1.9, 1.0)).seek_s is None, "one would stand at once"
    assert low_guide().look(replace(moment(1.9, 1.2), paused=True)).seek_s is None


def test_a_service_that_says_how_late_one_may_be_is_believed() -> None:
    guide = LiveGuide(Latency(target_s=1.0, max_s=3.0, part_s=0.33))
    assert guide.look(moment(2.9, 2.2)).seek_s is None
    assert guide.look(moment(3.1, 2.2)).seek_s == pytest.approx(99.0)


@dataclass
class Outage:
    """A viewer of a programme at low latency whose link is away for ``gap_s`` every 15 s; in steps of 50 ms.

    What was made meanwhile comes within half a second afterwards. A jump takes 0.2 s.
    """

    gap_s: float
    arrives_s: float = 0.2  # from when it is made to when it is in hand
    latencies: list[float] = field(default_factory=list)
    stood_s: float = 0.0
    jumps: int = 0

    def run(self, seconds: float) -> None:
        guide = LiveGuide(Latency(target_s=1.2, part_s=0.33))
        position_s, arrived_s, speed, busy_s = 98.8, 99.8, 1.0, 0.0
        for step in range(round(seconds * 20)):
            now_s = step * 0.05
            edge_s = 100.0 + now_s
            if now_s % 15.0 < 15.0 - self.gap_s:
                arrived_s = min(edge_s - self.arrives_s, arrived_s + 0.05 * (1 + self.gap_s / 0.5))
            in_hand_s = max(0.0, arrived_s - position_s)
            if busy_s > 0.0:
                busy_s -= 0.05
            elif in_hand_s < 0.05:
                self.stood_s += 0.05
            else:
                position_s += 0.05 * speed
            self.latencies.append(edge_s - position_s)
            if step % 10:
                continue
            advice = guide.look(
                LiveObservation(
                    position_s=position_s,
                    buffer_s=in_hand_s,
                    playing=in_hand_s >= 0.05,
                    paused=False,
                    seeking=busy_s > 0.0,
                    window_start_s=0.0,
                    published_s=edge_s,
                    edge_s=edge_s,
                )
            )
            speed = advice.speed or speed
            if advice.seek_s is not None:
                position_s, busy_s, self.jumps = advice.seek_s, 0.2, self.jumps + 1


@pytest.mark.parametrize(("gap_s", "jumps"), [(0.7, 0), (1.0, 0), (1.5, 0), (2.0, 1), (3.0, 1)])
def test_after_an_outage_the_viewer_is_soon_where_they_were(gap_s: float, jumps: int) -> None:
    """And no time is won at the price of another stop: what is in hand at the target is what an outage costs less."""
    outage = Outage(gap_s)
    outage.run(62.0)
    assert statistics.median(outage.latencies) < 1.2 + 0.3
    assert outage.stood_s <= 4 * max(0.0, gap_s - 1.0 + 0.35)
    assert outage.jumps == 4 * jumps


def test_the_begin_makes_up_for_the_time_that_it_takes() -> None:
    """But it is never so near that nothing is in hand."""
    assert low_guide().begin_s(moment(0.0, 0.0), None) == pytest.approx(99.3)
    near = LiveGuide(Latency(target_s=0.3, part_s=0.1)).begin_s(moment(0.0, 0.0), None)
    assert near == pytest.approx(100.0 - 0.25 * 0.3)


# --- the segment that is being made


def test_parts_make_a_segment_before_it_is_listed() -> None:
    rendition = rendition_of(HEAD + PARTS + HINT)
    segments = list(with_open(rendition))
    assert [segment.number for segment in segments] == [7, 8]
    assert (segments[1].start_s, segments[1].duration_s) == (2.0, 2.0)
    assert segments[1].init == segments[0].init
    assert made_until_s(rendition) == pytest.approx(2.66)


def test_an_announced_part_makes_one_too() -> None:
    segments = list(with_open(rendition_of(HEAD + HINT)))
    assert [(segment.number, segment.url) for segment in segments] == [(7, BASE + "7.m4s"), (8, "")]
    assert segments[1].init == segments[0].init


@pytest.mark.parametrize(("number", "whole"), [(4, False), (6, True)])
def test_a_segment_may_be_whole_when_its_parts_are_as_long_as_others(number: int, *, whole: bool) -> None:
    listed = "".join(f'#EXT-X-PART:DURATION=0.33,URI="8.{part}"\n' for part in range(number))
    assert may_be_whole(rendition_of(HEAD + listed + HINT)) == whole


def test_an_ended_playlist_has_no_such_segment() -> None:
    assert len(with_open(rendition_of(HEAD + HINT + "#EXT-X-ENDLIST\n"))) == 1


@dataclass
class Listing:
    """What lists the parts, one state after another: each look that finds nothing new goes on to the next, when what
    is being loaded has come."""

    states: list[PartsProgress]

    def progress(self, _rendition: Rendition, _number: int) -> PartsProgress:
        return self.states[0]

    async def changed(self, _limit_s: float) -> None:
        for _ in range(4):
            await asyncio.sleep(0)
        self.states.pop(0)


@dataclass
class Loads:
    """Serves bytes by address and range; an address that is not there fails. ``late`` is answered long after
    the others."""

    files: dict[str, bytes]
    late: str = ""
    asked: list[tuple[str, ByteRange | None, bool]] = field(default_factory=list)

    async def load(
        self, resource: Resource, sink: Sink, _watch: Callable[[LoadProgress], LoadVerdict], **_more: object
    ) -> LoadResult:
        (url,) = resource.urls.values()
        self.asked.append((url, resource.byte_range, resource.first_byte_s is not None))
        assert resource.kind is RequestKind.PART
        assert resource.paced
        for _ in range(100 if url == self.late else 0):
            await asyncio.sleep(0)
        body = self.files.get(url)
        if body is None:
            return LoadResult(LoadOutcome.FAILED, "a", 0, 0.0, 1)
        wanted = resource.byte_range or ByteRange(0)
        sink.write(body[wanted.start : wanted.end])
        return LoadResult(LoadOutcome.DONE, "a", len(body), 0.1, 1)


class _Addresses:
    def urls(self, _rendition: Rendition, url: str, _segment: Segment) -> dict[str, str]:
        return {"a": url}


@dataclass
class _Order:
    segment: Segment
    rendition: Any = None
    track: str = "main"
    avoid: frozenset[str] = frozenset()


def load(
    files: dict[str, bytes], *states: PartsProgress, track: str = "main", late: str = ""
) -> tuple[LoadResult, bytes, Loads]:
    loads, buffer = Loads(files, late=late), SegmentBuffer(Waiting())
    loader = PartLoader(cast(Any, loads), cast(Sources, _Addresses()), cast(Growing, Listing(list(states))))
    order = _Order(Segment(8, 2.0, 2.0, ""), track=track)
    result = asyncio.run(loader.load(cast(Any, order), buffer, lambda _progress: LoadVerdict.GO_ON))
    return result, bytes(buffer.view(0, len(buffer))), loads


def parts(*names: str) -> tuple[PartialSegment, ...]:
    return tuple(PartialSegment(name, 0.33) for name in names)


FILES = {"a": b"AA", "b": b"BBB", "c": b"C"}


def test_parts_are_loaded_as_they_are_listed() -> None:
    result, body, loads = load(
        FILES,
        PartsProgress(parts("a")),
        PartsProgress(parts("a", "b")),
        PartsProgress(parts("a", "b", "c"), whole=True),
    )
    assert result.outcome is LoadOutcome.DONE
    assert body == b"AABBBC"
    assert loads.asked == [("a", None, False), ("b", None, False), ("c", None, False)]


def test_an_announced_part_is_asked_for_before_it_is_listed_and_once() -> None:
    _, body, loads = load(
        FILES, PartsProgress(parts("a"), PreloadHint("PART", "b")), PartsProgress(parts("a", "b", "c"), whole=True)
    )
    assert body == b"AABBBC"
    assert loads.asked == [("a", None, False), ("b", None, True), ("c", None, False)]


def test_an_announced_part_that_does_not_come_is_left_to_the_list() -> None:
    result, body, loads = load(
        FILES, PartsProgress(parts("a"), PreloadHint("PART", "gone")), PartsProgress(parts("a", "b"), whole=True)
    )
    assert result.outcome is LoadOutcome.DONE
    assert body == b"AABBB"
    assert [url for url, _, _ in loads.asked] == ["a", "gone", "b"]


def test_an_announced_range_without_an_end_brings_all_the_rest() -> None:
    ranges = tuple(PartialSegment("s", 0.33, ByteRange(start, 2)) for start in (0, 2, 4))
    _, body, loads = load(
        {"s": b"AABBCC"},
        PartsProgress(ranges[:1], PreloadHint("PART", "s", ByteRange(2))),
        PartsProgress(ranges, whole=True),
    )
    assert body == b"AABBCC"
    assert loads.asked == [("s", ByteRange(0, 2), False), ("s", ByteRange(2), True)]


@pytest.mark.parametrize("byte_range", [None, ByteRange(2)])
def test_an_announced_part_that_is_empty_is_asked_for_once(byte_range: ByteRange | None) -> None:
    """A server that answers at once with nothing is not asked again and again."""
    announced = PartsProgress((), PreloadHint("PART", "s", byte_range))
    _, body, loads = load({"s": b"", "a": b"AA"}, announced, announced, PartsProgress(parts("a"), whole=True))
    assert body == b"AA"
    assert [url for url, _, _ in loads.asked].count("s") == 1


def test_what_is_announced_of_the_next_segment_is_not_waited_for() -> None:
    """The server announces it before it lists the end of this one, and answers long after that."""
    whole = PartsProgress(parts("a", "b"), whole=True)
    announced = PartsProgress(parts("a", "b"), PreloadHint("PART", "c"))
    result, body, _ = load(FILES, announced, *[whole] * 30, late="c")
    assert result.outcome is LoadOutcome.DONE
    assert body == b"AABBB"


def test_what_is_announced_of_the_next_segment_is_not_taken_into_this_one() -> None:
    """It comes before the list says where this one ends."""
    hint = PreloadHint("PART", "c")
    _, body, loads = load(
        FILES, PartsProgress(parts("a", "b"), hint, full=True), PartsProgress(parts("a", "b"), whole=True)
    )
    assert body == b"AABBB"
    assert [url for url, _, _ in loads.asked] == ["a", "b", "c"]


def test_a_segment_may_be_longer_than_others() -> None:
    _, body, loads = load(
        {**FILES, "d": b"DD"},
        PartsProgress(parts("a", "b"), PreloadHint("PART", "c"), full=True),
        PartsProgress(parts("a", "b", "c"), PreloadHint("PART", "d"), full=True),
        PartsProgress(parts("a", "b", "c"), PreloadHint("PART", "d"), full=True),
        PartsProgress(parts("a", "b", "c", "d"), whole=True),
    )
    assert body == b"AABBBCDD"
    assert [url for url, _, _ in loads.asked] == ["a", "b", "c", "d"]


def test_an_announced_range_of_another_file_is_the_next_segments() -> None:
    listed = (PartialSegment("s", 0.33, ByteRange(0, 2)), PartialSegment("s", 0.33, ByteRange(2, 2)))
    _, body, _ = load(
        {"s": b"AABB", "t": b"CCDD"},
        PartsProgress(listed, PreloadHint("PART", "t", ByteRange(0))),
        PartsProgress(listed, whole=True),
    )
    assert body == b"AABB"


GAP = PartialSegment("b", 0.33, gap=True)


def test_behind_a_gap_video_goes_on_with_a_part_that_can_be_decoded_by_itself() -> None:
    independent = PartialSegment("d", 0.33, independent=True)
    _, body, loads = load(
        {**FILES, "d": b"DD", "e": b"E"},
        PartsProgress((*parts("a"), GAP), PreloadHint("PART", "c")),
        PartsProgress((*parts("a"), GAP, *parts("c"), independent), PreloadHint("PART", "e")),
        PartsProgress((*parts("a"), GAP, *parts("c"), independent, *parts("e")), whole=True),
    )
    assert body == b"AADDE"
    assert [url for url, _, _ in loads.asked] == ["a", "d", "e"]


def test_behind_a_gap_audio_goes_on_with_the_next_part() -> None:
    assert load(FILES, PartsProgress((*parts("a"), GAP, *parts("c")), whole=True), track="audio-0")[1] == b"AAC"
    assert load(FILES, PartsProgress((*parts("a"), GAP, *parts("c")), whole=True))[1] == b"AA"


def test_a_part_that_cannot_be_had_is_told() -> None:
    result, _, _ = load({}, PartsProgress(parts("a"), whole=True))
    assert result.outcome is LoadOutcome.FAILED


# --- what the link gives


def test_the_time_before_a_chunk_is_the_encoders() -> None:
    """Two chunks of 30 kB, a third of a second apart, each of which takes 20 ms on the link."""
    bursts, moof = _Bursts(), b"\0\0\0\x10moof" + b"." * 9_992
    for begin_s in (1.0, 1.33):
        for number, piece in enumerate((moof, b"." * 10_000, b"." * 10_000)):
            bursts.took(piece, begin_s + 0.01 * number)
    assert bursts.size == 40_000
    assert bursts.seconds == pytest.approx(0.04)


@pytest.mark.parametrize(("size", "known"), [(40_000, True), (4_000, False)])
def test_a_paced_transfer_is_rated_by_its_bursts(size: int, *, known: bool) -> None:
    transfer = Transfer(
        1, RequestKind.SEGMENT, "u", "a", "main", 0.0, 0.1, 2.0, 200, 60_000, paced=True, busy_s=0.04, busy_bytes=size
    )
    sample = sample_of(transfer)
    assert (sample is not None) == known
    if sample is not None:
        assert sample.size * 8 / (sample.end_s - sample.first_byte_s) == pytest.approx(8e6)


def test_an_answer_whose_end_is_not_known_has_no_length() -> None:
    """RFC 8673 2.2.1."""
    growing, fixed = parse_content_range("bytes 100-9007199254740991/*"), parse_content_range("bytes 100-199/*")
    assert growing is not None
    assert fixed is not None
    assert growing.open
    assert not fixed.open
