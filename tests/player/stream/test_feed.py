"""Samples on the presentation's timeline: offsets, sound cut to slots, silence for what is lost."""

from __future__ import annotations

import math

import pytest

from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import ErrorCode, NetError
from player.manifest.model import ListedIndex, Segment
from player.media.model import Interrupted, Sample, StreamKind
from player.stream.buffer import Superseded
from player.stream.feed import AudioFeed, MainFeed, Offsets
from player.stream.store import StoredSegment
from player.stream.timeline import Slot, build_timeline
from player.stream.waiting import Waiting
from tests.kit.presentations import AAC, DAMAGE, entry, record, records, segments

AUDIO, VIDEO = StreamKind.AUDIO, StreamKind.VIDEO
STEP_S = 0.5


class Shelf:
    """A library of ready-made audio entries; a list gives them one after another."""

    def __init__(self, *entries: StoredSegment | list[StoredSegment]) -> None:
        self.entries = [[item] if isinstance(item, StoredSegment) else item for item in entries]
        self.asked: list[int] = []

    def main_entry(self, slot: Slot) -> StoredSegment:
        raise AssertionError("not asked for here")

    def audio_segments(self, track: str, slot: Slot, until_s: float) -> list[tuple[int, Segment]]:
        return [(position, copies[0].segment) for position, copies in enumerate(self.entries)]

    def audio_entry(self, track: str, position: int) -> StoredSegment:
        self.asked.append(position)
        copies = self.entries[position]
        return copies.pop(0) if len(copies) > 1 else copies[0]

    def has_audio(self, track: str, position: int) -> bool:
        return True

    def wait_ready(self, wanted: StoredSegment) -> None:
        if wanted.buffer.failure is not None and wanted.failure is None:
            raise wanted.buffer.failure

    def shown(self, shown: StoredSegment) -> None:
        raise AssertionError("sound is not pinned")


def slot(number: int = 0) -> Slot:
    return build_timeline([ListedIndex(segments(3))])[number]


def sound(position: int, data: bytes | None = None, **options) -> StoredSegment:
    """The audio segment of a position, 4 s of half-second samples unless ``data`` says otherwise."""
    start_s = 4.0 * position
    own = records(AUDIO, start_s, start_s + 4.0, STEP_S) if data is None else data
    return entry(own, track="audio-0", position=position, segment=segments(3, name="a")[position], **options)


def times(feed: AudioFeed, start_s: float, stop_s: float) -> list[float]:
    return [sample.dts_s for sample in feed.between(slot(), start_s, stop_s)]


def feed_of(*entries: StoredSegment | list[StoredSegment]) -> AudioFeed:
    return AudioFeed("audio-0", AAC, Shelf(*entries), Offsets())


def test_dash_says_the_offset_itself() -> None:
    offsets = Offsets()
    moved = entry(segment=segments(1, media_offset_s=-7.0)[0])
    assert offsets.of(slot(), moved) == -7.0
    assert offsets.known((0, 0)) is None


def test_hls_learns_the_offset_from_the_first_sample_of_a_group() -> None:
    offsets = Offsets()
    plain = segments(3, media_offset_s=None)
    middle = entry(segment=plain[1])
    assert offsets.of(slot(1), middle) is None
    first = Sample(VIDEO, 14.0, 14.0, 0.04, True, b"")
    assert offsets.from_sample(slot(1), middle, first) == pytest.approx(-10.0)
    later = Sample(VIDEO, 11.0, 11.0, 0.04, True, b"")
    assert offsets.from_sample(slot(0), entry(segment=plain[0]), later) == pytest.approx(-10.0)
    assert offsets.known((0, 0)) == pytest.approx(-10.0)


def test_a_muxed_segment_is_split_and_the_picture_sets_the_clock() -> None:
    data = (
        record(AUDIO, 9.9, 0.1, b"a0") + record(VIDEO, 10.0, 1.0, b"v0", key=True) + record(AUDIO, 10.1, 0.1, b"a1")
    )
    parts = MainFeed(slot(), entry(data, segment=segments(1, media_offset_s=None)[0]), Offsets()).split()
    assert [sample.pts_s for sample in parts[VIDEO]] == [0.0]
    assert [sample.pts_s for sample in parts[AUDIO]] == pytest.approx([-0.1, 0.1])


def test_one_kind_of_a_segment() -> None:
    data = record(AUDIO, 0.0, 0.1, b"a0") + record(VIDEO, 0.0, 1.0, b"v0", key=True)
    found = list(MainFeed(slot(), entry(data), Offsets()).of(VIDEO))
    assert [bytes(sample.data) for sample in found] == [b"v0"]


def test_sound_is_cut_to_the_stretch_that_is_asked_for() -> None:
    feed = feed_of(sound(0), sound(1))
    assert times(feed, 0.0, 1.0) == [0.0, 0.5]
    assert times(feed, 1.0, 4.0) == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert times(feed, 3.5, 4.5) == [3.5, 4.0]
    assert times(feed, -math.inf, math.inf) == [STEP_S * n for n in range(16)]


def test_sound_that_has_not_arrived_is_only_waited_for_as_far_as_needed() -> None:
    waiting = Waiting()
    waiting.end()  # any wait would raise
    arriving = sound(0, records(AUDIO, 0.0, 2.0, STEP_S), waiting=waiting, complete=False)
    arriving.buffer.release()
    feed = feed_of(arriving)
    assert times(feed, 0.0, 1.5) == [0.0, 0.5, 1.0]
    with pytest.raises(Interrupted):
        times(feed, 1.5, 3.0)


def test_a_read_that_was_interrupted_loses_nothing() -> None:
    waiting = Waiting()
    arriving = sound(0, records(AUDIO, 0.0, 2.0, STEP_S), waiting=waiting, complete=False)
    arriving.buffer.release()
    feed = feed_of(arriving)
    waiting.interrupt(waiting.generation)
    with pytest.raises(Interrupted):
        times(feed, 0.0, 4.0)
    arriving.buffer.write(records(AUDIO, 2.0, 4.0, STEP_S))
    arriving.buffer.complete()
    assert times(feed, 0.0, 4.0) == [STEP_S * n for n in range(8)]


def test_a_copy_that_was_replaced_is_read_anew() -> None:
    replaced = sound(0, complete=False)
    replaced.buffer.fail(Superseded())
    assert times(feed_of([replaced, sound(0)]), 0.0, 4.0) == [STEP_S * n for n in range(8)]


def test_lost_sound_is_silence_of_the_same_length(caplog: pytest.LogCaptureFixture) -> None:
    lost = sound(0)
    lost.failure = NetError(ErrorCode.HTTP_NOT_FOUND, "gone")
    feed = feed_of(lost)
    found = feed.between(slot(), 0.0, 2.0) + feed.between(slot(), 2.0, 4.0)
    frame_s = 1024 / 48_000
    assert len(found) == math.floor(4.0 / frame_s)
    assert [sample.dts_s for sample in found] == pytest.approx([n * frame_s for n in range(len(found))])
    assert {bytes(sample.data) for sample in found} == {bytes(found[0].data)}
    assert len(caplog.records) == 1, "one line for the segment, not for each stretch of it"


def test_a_part_that_the_source_lacks_is_silence() -> None:
    """Audio behind it stays at its time."""
    feed = feed_of(sound(0, records(AUDIO, 0.0, 1.0, STEP_S) + records(AUDIO, 2.0, 4.0, STEP_S)))
    found = feed.between(slot(), 0.0, 4.0)
    assert [sample.dts_s for sample in found if not sample.filler] == [0.0, 0.5, 2.0, 2.5, 3.0, 3.5]
    silent = [sample.dts_s for sample in found if sample.filler]
    assert silent == pytest.approx([1.0 + number * 1024 / 48_000 for number in range(math.floor(48_000 / 1024))])


def test_damage_in_the_middle_is_silence_from_there_on_each_time() -> None:
    feed = feed_of(sound(0, records(AUDIO, 0.0, 2.0, STEP_S) + DAMAGE))
    assert times(feed, 0.0, 1.0) == [0.0, 0.5]
    for start_s in (2.0, 3.0):
        silent = times(feed, start_s, start_s + 1.0)
        assert len(silent) == pytest.approx(48_000 / 1024, abs=1)


def test_a_missing_key_is_not_silence() -> None:
    locked = sound(0)
    locked.failure = DrmError(DrmErrorCode.NO_KEY, "no key")  # type: ignore[assignment]
    with pytest.raises(DrmError):
        feed_of(locked).between(slot(), 0.0, 4.0)


def test_sound_alone_sets_the_clock_where_no_picture_did() -> None:
    plain = segments(3, name="a", media_offset_s=None)
    data = records(AUDIO, 100.0, 104.0, STEP_S)
    offsets = Offsets()
    feed = AudioFeed("audio-0", AAC, Shelf(entry(data, track="audio-0", segment=plain[0])), offsets)
    assert times(feed, 0.0, 1.0) == [0.0, 0.5]
    assert offsets.known((0, 0)) == -100.0


def test_only_a_few_segments_are_held() -> None:
    entries = [sound(0, records(AUDIO, 0.0, 4.0, STEP_S)) for _ in range(9)]
    for number, item in enumerate(entries):
        item.position = number
    feed = feed_of(*entries)
    times(feed, 0.0, 4.0)
    assert len(feed._open) == 4


def test_sound_that_was_not_listed_when_its_slot_was_written_comes_with_the_next_one() -> None:
    """At the edge of a live title: its file begins a little before the slot, and came after the slot was written."""
    early = records(AUDIO, 3.95, 8.0, 0.05)
    later = entry(early, track="audio-0", position=1, segment=segments(3, name="a")[1])
    first = entry(records(AUDIO, 0.0, 3.95, 0.05), track="audio-0", position=0, segment=segments(3, name="a")[0])
    shelf = Shelf(first)
    feed = AudioFeed("audio-0", AAC, shelf, Offsets())
    given = [sample.dts_s for sample in feed.between(slot(0), 0.0, 4.0)]
    shelf.entries.append([later])
    given += [sample.dts_s for sample in feed.between(slot(1), 4.0, 8.0)]
    assert given == pytest.approx([number * 0.05 for number in range(160)])


def test_sound_up_to_a_time_waits_for_nothing_that_begins_there() -> None:
    """A part ends where the next one begins, which may not have been made yet."""
    data = records(AUDIO, 0.0, 1.0, STEP_S)
    unfinished = entry(data, complete=False)
    unfinished.buffer.release()

    class NoMore(Exception):  # noqa: N818
        """More was waited for."""

    def wait(length: int) -> int:
        if length > len(data):
            raise NoMore
        return len(data)

    unfinished.buffer.wait = wait  # type: ignore[method-assign]
    feed = feed_of(unfinished)
    assert times(feed, 0.0, 0.9) == [0.0, 0.5]
