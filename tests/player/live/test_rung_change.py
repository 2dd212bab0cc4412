"""A change of rung in the middle of a segment: at the first part of the other rung that can be decoded by itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import pytest

from player.manifest.model import PartialSegment, PreloadHint, Segment
from player.media.model import Sample, StreamKind
from player.reporting.events import Note
from player.stream.buffer import SegmentBuffer
from player.stream.part_loader import PartLoader
from player.stream.sources import Growing, PartsProgress, Sources
from player.stream.store import Onward, StoredSegment
from player.stream.waiting import Waiting
from player.transfer.loader import LoadOutcome, LoadVerdict
from tests.kit.broadcast import SEGMENT_S, Broadcast, Viewing, open_demuxer
from tests.kit.clock import FakeClock
from tests.kit.sink import CheckedDemuxer, checked_segment
from tests.player.live.test_low_latency import Loads, _Addresses, _Order

# --- what is loaded


class Lists:
    """What the playlists of two rungs list, one state after another."""

    def __init__(self, *states: tuple[PartsProgress, PartsProgress]) -> None:
        self.states = list(states)

    def progress(self, rendition: str, _number: int) -> PartsProgress:
        return self.states[0][rendition == "other"]

    async def changed(self, _limit_s: float) -> None:
        await asyncio.sleep(0)
        if len(self.states) > 1:
            self.states.pop(0)


@dataclass
class Change:
    """``ready``: the other rung can be begun with."""

    order: Any
    ready: bool = True
    made: bool = False

    def make(self) -> bool:
        self.made = self.ready
        return self.ready


def parts(name: str, *marks: bool, length_s: float = 0.5) -> tuple[PartialSegment, ...]:
    return tuple(PartialSegment(f"{name}{number}", length_s, independent=mark) for number, mark in enumerate(marks))


def loaded(*states: tuple[PartsProgress, PartsProgress], ready: bool = True) -> tuple[list[str], Change]:
    """The parts that are asked for, and the change."""
    files = {f"{name}{number}": b"x" for name in "ab" for number in range(8)}
    loads, segment = Loads(files), Segment(8, 2.0, 2.0, "")
    loader = PartLoader(cast(Any, loads), cast(Sources, _Addresses()), cast(Growing, Lists(*states)))
    change = Change(_Order(segment, rendition="other"), ready)
    order = cast(Any, _Order(segment, rendition="own"))
    result = asyncio.run(loader.load(order, SegmentBuffer(Waiting()), lambda _seen: LoadVerdict.GO_ON, change))
    assert result.outcome is LoadOutcome.DONE
    return [url for url, _, _ in loads.asked], change


def whole(*marks: bool) -> PartsProgress:
    return PartsProgress(parts("a", *marks), whole=True)


OWN = whole(True, False, False, False)


def test_it_goes_over_at_the_first_part_that_can_be_decoded_by_itself() -> None:
    asked, change = loaded((OWN, PartsProgress(parts("b", False, False, True, False), whole=True)))
    assert asked == ["a0", "a1", "b2", "b3"]
    assert change.made


def test_it_goes_over_at_the_begin_where_that_can_be() -> None:
    assert loaded((OWN, PartsProgress(parts("b", True, False, False, False), whole=True)))[0] == [
        "b0", "b1", "b2", "b3",
    ]  # fmt: skip


def test_a_rung_without_such_a_part_is_not_gone_over_to() -> None:
    asked, change = loaded((OWN, PartsProgress(parts("b", False, False, False, False), whole=True)))
    assert asked == ["a0", "a1", "a2", "a3"]
    assert not change.made


def test_what_cannot_be_begun_with_is_not_gone_over_to() -> None:
    assert loaded((OWN, PartsProgress(parts("b", True, True, True, True), whole=True)), ready=False)[0][-1] == "a3"


def test_parts_that_begin_elsewhere_are_left() -> None:
    """A rung with longer parts: the second one begins where the third of ours does."""
    other = PartsProgress(parts("b", False, True, length_s=1.0), whole=True)
    assert loaded((OWN, other))[0] == ["a0", "a1", "b1"]


def test_nothing_announced_is_asked_for_before_the_change() -> None:
    """And the other list, which comes a moment later, is waited for."""
    first = PartsProgress(parts("a", True), PreloadHint("PART", "a1"))
    second = PartsProgress(parts("a", True, False), PreloadHint("PART", "a2"))
    asked, _ = loaded(
        (first, PartsProgress(parts("b", False), PreloadHint("PART", "b1"))),
        (second, PartsProgress(parts("b", False), PreloadHint("PART", "b1"))),
        (second, PartsProgress(parts("b", False, True), PreloadHint("PART", "b2"))),
        (whole(True, False, False), PartsProgress(parts("b", False, True, False), whole=True)),
    )
    assert asked == ["a0", "b1", "b2"]


# --- what is read


def read(entry: StoredSegment) -> list[Sample]:
    return list(entry.samples(fallback_start_s=0.0))


def entry_of(buffer: SegmentBuffer) -> StoredSegment:
    made = StoredSegment("main", 0, 0, cast(Any, None), Segment(0, 0.0, 2.0, ""), buffer, may_go_over=True)
    made.demuxer = CheckedDemuxer(None)
    return made


def test_both_sections_are_read_one_after_another() -> None:
    buffer = SegmentBuffer(Waiting())
    entry = entry_of(buffer)
    buffer.write(checked_segment(StreamKind.VIDEO, 0.0, 1.0, 0, 900))
    entry.onward = Onward(1, CheckedDemuxer(None))
    buffer.go_over()
    buffer.write(checked_segment(StreamKind.VIDEO, 1.0, 2.0, 1, 900))
    buffer.complete()
    assert [(sample.pts_s, bytes(sample.data[:3])) for sample in read(entry)] == [
        (0.0, b"<0@"), (0.5, b"<0@"), (1.0, b"<1@"), (1.5, b"<1@"),
    ]  # fmt: skip
    assert (entry.rung, entry.last_rung) == (0, 1)


def test_one_that_never_went_over_is_read_as_it_is() -> None:
    buffer = SegmentBuffer(Waiting())
    entry = entry_of(buffer)
    buffer.write(checked_segment(StreamKind.VIDEO, 0.0, 2.0, 0, 900))
    buffer.complete()
    assert [sample.pts_s for sample in read(entry)] == [0.0, 0.5, 1.0, 1.5]
    assert entry.last_rung == 0


class _LateKey(CheckedDemuxer):
    """The second sample is the first that can be decoded by itself."""

    def samples(self, source: Any, *, fallback_start_s: float = 0.0) -> Any:
        for number, sample in enumerate(super().samples(source, fallback_start_s=fallback_start_s)):
            yield sample._replace(key=number == 1)


def test_what_cannot_be_decoded_by_itself_is_left_out() -> None:
    """INDEPENDENT says that a part holds such a frame, not that it begins with it (RFC 8216bis 4.4.4.9)."""
    buffer = SegmentBuffer(Waiting())
    entry = entry_of(buffer)
    entry.onward = Onward(1, _LateKey(None))
    buffer.go_over()
    buffer.write(checked_segment(StreamKind.VIDEO, 0.0, 1.5, 1, 900))
    buffer.complete()
    assert [sample.pts_s for sample in read(entry)] == [0.5, 1.0]


# --- a whole playback

PART_S = 1.0


class InParts(Broadcast):
    """An HLS programme at low latency in segments of four parts. The upper rung can be decoded from part ``alone`` of
    each segment on, the lower one from each segment's begin."""

    def __init__(self, alone: int) -> None:
        super().__init__(FakeClock(), "hls")
        self.alone = alone
        self.head = f"#EXT-X-PART-INF:PART-TARGET={PART_S:g}\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3,HOLD-BACK=12"

    def _playlist(self, track: str) -> str:
        text = super()._playlist(track)
        for number in self._listed()[-3:]:
            line = f"#EXTINF:4,\n{track}-a-{number}\n"
            text = text.replace(line, self._parts(track, number, 4) + line)
        made = int((self.clock.monotonic() - self.begun_s - self.whole * SEGMENT_S) // PART_S)
        return text + self._parts(track, self.whole, made)

    def _parts(self, track: str, number: int, count: int) -> str:
        alone = {"v1": self.alone, "v0": 0}.get(track)
        marks = [",INDEPENDENT=YES" if alone in (None, part) else "" for part in range(count)]
        return "".join(
            f'#EXT-X-PART:DURATION={PART_S:g},URI="{track}-p{part}-{number}"{mark}\n'
            for part, mark in enumerate(marks)
        )

    def _segment(self, name: str) -> bytes | None:
        track, part, number = name.split("-")
        if not part.startswith("p"):
            return super()._segment(name)
        start_s = int(number) * SEGMENT_S + int(part[1:]) * PART_S
        if self.clock.monotonic() - self.begun_s < start_s + PART_S:
            return None
        kind = StreamKind.AUDIO if track == "en" else StreamKind.VIDEO
        return checked_segment(kind, start_s, start_s + PART_S, int(track[-1]) if track[-1].isdigit() else 0, 2_000)


@pytest.mark.parametrize("alone", [1, 2, 3])
@pytest.mark.parametrize("begun_s", [10.0, 11.3, 12.9])
async def test_a_playback_goes_over_in_the_middle_of_a_segment(
    monkeypatch: pytest.MonkeyPatch, alone: int, begun_s: float
) -> None:
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    viewing = Viewing(InParts(alone))
    await viewing.clock.run(viewing.begin())
    await viewing.run(begun_s)
    viewing.wishes.rung = 1
    await viewing.run(30.0)
    await viewing.close()
    assert viewing.live.low_latency
    assert not viewing.failures
    times = sorted(viewing.sink.shown)
    assert not [each for each in viewing.sink.stalls if each[0] > times[0] + 5.0], "but where it begins at the edge"
    assert {after - before for before, after in pairwise(times)} == {0.5}
    first_s = min(time_s for time_s, rung in viewing.sink.shown.items() if rung == 1)
    assert first_s % SEGMENT_S == alone * PART_S
    assert all(rung == (time_s >= first_s) for time_s, rung in viewing.sink.shown.items())
    assert [each.kind for each in viewing.events if isinstance(each, Note)] == ["rung_kept"]
