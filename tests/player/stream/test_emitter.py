"""Slots as pieces at fixed offsets: each sample once, in order, the picture where it always is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.base.errors import ErrorCode, MediaError, NetError
from player.manifest.model import ListedIndex, Segment
from player.media.matroska import sample_cluster
from player.media.model import Codec, Interrupted, StreamKind
from player.stream.buffer import Superseded
from player.stream.emitter import FIRST_AUDIO_TRACK, VIDEO_TRACK, Emitter, Piece
from player.stream.feed import AudioFeed
from player.stream.layout import CHUNK, CUE_LEAD, TRACK, VIDEO
from player.stream.segment_line import LinePart, SegmentLine
from player.stream.store import SegmentStore, StoredSegment
from player.stream.stored_segments import StoreLibrary
from player.stream.timeline import Timeline, build_timeline
from player.stream.waiting import Waiting
from tests.kit.presentations import AAC, entry, record, records, rendition
from tests.kit.waiting import PATIENCE_S

V_S, A_S = 0.04, 0.02


class Title:
    """Video slots and audio segments of the given durations in a store, and the emitter over it."""

    def __init__(
        self,
        slots: Sequence[float],
        audio: Sequence[float] = (),
        *,
        muxed: bool = False,
        picture: Callable[[Segment], bytes] | None = None,
        rate: float = 1.0,
    ) -> None:
        """In the media's own time everything is ``rate`` times as late as the manifest says."""
        self.waiting = Waiting()
        self.store = SegmentStore(1 << 30)
        index = list(_segments(slots))
        self.timeline: Timeline = build_timeline([ListedIndex(index)])
        for position, segment in enumerate(index):
            data = records(StreamKind.VIDEO, segment.start_s * rate, segment.end_s * rate, V_S)
            if muxed:
                data += records(StreamKind.AUDIO, segment.start_s, segment.end_s, A_S)
            if picture is not None:
                data = picture(segment)
            self.store.put(entry(data, position=position, segment=segment, waiting=self.waiting))
        parts = [LinePart(0, rendition("a"), segment) for segment in _segments(audio)]
        self.line = SegmentLine("audio-0", parts)
        for position, part in enumerate(parts):
            data = records(StreamKind.AUDIO, part.segment.start_s * rate, part.segment.end_s * rate, A_S)
            self.store.put(
                entry(data, track="audio-0", position=position, segment=part.segment, waiting=self.waiting)
            )
        self.wanted: list[tuple[str, int]] = []
        self.library_lines = {"audio-0": self.line}
        self.library = library = StoreLibrary(
            "main",
            self.store,
            self.waiting,
            lambda *want: self.wanted.append(want),
            self.library_lines,
            lambda: self.timeline.end_s,
        )
        self.emitter = Emitter(library, StreamKind.VIDEO, muxed)
        self.feed = AudioFeed("audio-0", AAC, library, self.emitter.offsets)
        if audio:
            self.emitter.select({0: self.feed})

    def pieces(self, number: int = 0) -> list[Piece]:
        return list(self.emitter.pieces(self.timeline[number]))

    def everything(self) -> list[Piece]:
        return [piece for number in range(len(self.timeline)) for piece in self.pieces(number)]


def _segments(durations: Sequence[float]) -> list[Segment]:
    found, time_s = [], 0.0
    for number, duration_s in enumerate(durations):
        found.append(Segment(number, time_s, duration_s, f"s{number}", media_offset_s=0.0))
        time_s += duration_s
    return found


def joined(piece: Piece) -> bytes:
    return b"".join(bytes(part) for part in piece.data)


def marks(pieces: Sequence[Piece], letter: str) -> list[str]:
    """The names of the samples of one kind, in the order of the file."""
    text = b"".join(joined(piece) for piece in pieces)
    found = []
    for part in text.split(letter.encode())[1:]:
        name, separator, _ = part.partition(b";")
        if separator and len(name) < 12 and name.replace(b".", b"").isdigit():
            found.append(name.decode())
    return found


def expected(durations: Sequence[float], step_s: float) -> list[str]:
    return [
        f"{segment.start_s + number * step_s:.3f}"
        for segment in _segments(durations)
        for number in range(round(segment.duration_s / step_s))
    ]


STEPS = st.lists(st.integers(5, 150).map(lambda steps: steps * V_S), min_size=1, max_size=5)


@settings(deadline=None)
@given(STEPS, STEPS)
def test_every_sample_is_written_once_and_in_order(slots: list[float], audio: list[float]) -> None:
    title = Title(slots, audio)
    pieces = title.everything()
    assert marks(pieces, "v") == expected(slots, V_S)
    assert marks(pieces, "a") == [name for name, part in _named(audio) if part.start_s < title.timeline.end_s + 1.0]


@settings(deadline=None, max_examples=30)
@given(st.integers(4, 8), st.sampled_from([0.75, 0.875, 0.984375, 1.015625, 1.125, 1.25]))
def test_sound_is_whole_however_far_the_media_drifts_from_the_manifest(count: int, rate: float) -> None:
    """Where a packager rounds durations up, the media of an hour is there minutes before its time."""
    title = Title([4.0] * count, [4.0] * count, rate=rate)
    pieces = title.everything()
    named = [f"{number * 4.0 * rate + sample * A_S:.3f}" for number in range(count) for sample in range(_whole(rate))]
    assert marks(pieces, "a") == named
    for number in range(1, count):  # read again, after jumps
        assert title.pieces(number) == title.pieces(number)


def _whole(rate: float) -> int:
    return round(4.0 * rate / A_S)


def _named(durations: Sequence[float]) -> list[tuple[str, Segment]]:
    return [
        (f"{segment.start_s + number * A_S:.3f}", segment)
        for segment in _segments(durations)
        for number in range(round(segment.duration_s / A_S))
    ]


@settings(deadline=None)
@given(STEPS, STEPS)
def test_pieces_ascend_without_overlap_and_leave_room_for_a_void(slots: list[float], audio: list[float]) -> None:
    title = Title(slots, audio)
    for number in range(len(slots)):
        end = 0
        for piece in title.pieces(number):
            assert piece.length == len(joined(piece))
            assert piece.offset == end or piece.offset >= end + 9
            end = piece.offset + piece.length
        assert end < CUE_LEAD


@settings(deadline=None)
@given(STEPS)
def test_the_picture_does_not_depend_on_the_sound(slots: list[float]) -> None:
    def picture(title: Title) -> list[tuple[int, bytes]]:
        return [(piece.offset, joined(piece)) for piece in title.everything() if piece.offset % CHUNK >= VIDEO]

    assert picture(Title(slots)) == picture(Title(slots, slots)) == picture(Title(slots, [sum(slots)]))


def test_the_sound_of_a_chunk_comes_before_its_picture_and_in_the_tracks_own_place() -> None:
    title = Title([4.0], [4.0])
    title.emitter.select({3: title.feed})
    pieces = title.pieces()
    assert [piece.offset // CHUNK for piece in pieces] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [piece.offset % CHUNK for piece in pieces] == [3 * TRACK, VIDEO] * 4
    first = b"".join(sample_cluster(FIRST_AUDIO_TRACK + 3, 0, True, b"a0.000;"))
    assert joined(pieces[0]).startswith(first)
    assert joined(pieces[1]).startswith(b"".join(sample_cluster(VIDEO_TRACK, 0, True, b"v0.000;")))


def test_a_segment_that_arrives_gives_the_same_bytes_as_a_whole_one() -> None:
    whole = Title([2.0])
    title = Title([2.0])
    data = records(StreamKind.VIDEO, 0.0, 2.0, V_S)
    arriving = entry(segment=_segments([2.0])[0], waiting=title.waiting, complete=False)
    arriving.buffer.release()
    title.store.put(arriving)
    arriving.buffer.write(data[:200])
    stream = title.emitter.pieces(title.timeline[0])
    got = [next(stream)]

    def deliver() -> None:
        for place in range(200, len(data), 97):
            arriving.buffer.write(data[place : place + 97])
        arriving.buffer.complete()

    thread = threading.Thread(target=deliver)
    thread.start()
    got += list(stream)
    thread.join(PATIENCE_S)
    assert _laid_out(got) == _laid_out(whole.pieces())


def _laid_out(pieces: Sequence[Piece]) -> dict[int, int]:
    return {piece.offset + place: value for piece in pieces for place, value in enumerate(joined(piece))}


def test_sound_that_goes_on_after_the_picture_is_heard_to_its_end() -> None:
    heard = marks(Title([2.0, 2.0], [2.0, 2.0, 0.5, 1.0, 1.0]).everything(), "a")
    assert heard[0] == "0.000"
    assert float(heard[-1]) > 5.4


def test_the_last_frame_of_e_ac_3_is_followed_by_one_that_libmpv_keeps() -> None:
    title = Title([2.0, 2.0], [2.0, 2.0])
    title.feed._config = replace(AAC, codec=Codec.EAC3)
    assert marks(title.everything(), "a") == [*expected([2.0, 2.0], A_S), "3.980"]


def test_muxed_sound_is_written_beside_its_picture() -> None:
    title = Title([2.0, 1.0], muxed=True)
    pieces = title.everything()
    assert marks(pieces, "v") == expected([2.0, 1.0], V_S)
    assert marks(pieces, "a") == expected([2.0, 1.0], A_S)
    assert [piece.offset % CHUNK for piece in pieces] == [0, VIDEO] * 3


def test_sound_only_titles_write_their_main_track_as_sound() -> None:
    title = Title([2.0], picture=lambda segment: records(StreamKind.AUDIO, 0.0, 2.0, A_S))
    title.emitter._main_kind = StreamKind.AUDIO
    pieces = title.pieces()
    assert marks(pieces, "a") == expected([2.0], A_S)
    assert joined(pieces[0]).startswith(b"".join(sample_cluster(FIRST_AUDIO_TRACK, 0, True, b"a0.000;")))


def test_hours_in_one_segment_still_ascend() -> None:
    big = record(StreamKind.VIDEO, 0.0, 1.0, b"x" * 70_000, key=True)

    def picture(segment: Segment) -> bytes:
        return big * 30

    title = Title([60.0], [60.0], picture=picture)
    end = 0
    for piece in title.pieces():
        assert piece.offset == end or piece.offset >= end + 9
        end = piece.offset + piece.length


def test_a_region_that_runs_over_moves_the_next_one_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.stream.layout.VIDEO", 3000)
    monkeypatch.setattr("player.stream.layout.CHUNK", 4000)
    title = Title([3.0], [3.0])
    end = 0
    pieces = title.pieces()
    for piece in pieces:
        assert piece.offset == end or piece.offset >= end + 9
        end = piece.offset + piece.length
    assert marks(pieces, "v") == expected([3.0], V_S)
    assert end > 3 * 3000


def test_a_gap_leaves_the_sound() -> None:
    title = Title([2.0], [2.0])
    hole = entry(segment=_segments([2.0])[0])
    hole.gap = True
    title.store.put(hole)
    pieces = title.pieces()
    assert marks(pieces, "v") == []
    assert marks(pieces, "a") == expected([2.0], A_S)


def test_a_segment_without_a_sample_is_damaged() -> None:
    title = Title([2.0], picture=lambda segment: b"")
    with pytest.raises(MediaError) as caught:
        title.pieces()
    assert caught.value.code is ErrorCode.MEDIA_DAMAGED


def test_a_segment_that_cannot_be_had_is_an_error() -> None:
    title = Title([2.0])
    failed = entry(segment=_segments([2.0])[0])
    failed.failure = NetError(ErrorCode.HTTP_NOT_FOUND, "gone")
    title.store.put(failed)
    with pytest.raises(NetError):
        title.pieces()


def test_a_copy_replaced_before_it_was_shown_is_not_seen() -> None:
    title = Title([2.0])
    good = title.store.get("main", 0)
    assert good is not None
    replaced = entry(records(StreamKind.VIDEO, 0.0, 1.0, V_S, "old"), complete=False, waiting=title.waiting)
    title.store.put(replaced)
    errors: list[Exception] = []
    found: list[Piece] = []
    begun = threading.Event()
    title.emitter._library._want = lambda *_: begun.set()  # type: ignore[attr-defined]

    def read() -> None:
        try:
            found.extend(title.pieces())
        except (Interrupted, Superseded, MediaError) as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert begun.wait(PATIENCE_S)
    title.store.put(good)
    replaced.buffer.fail(Superseded())
    thread.join(PATIENCE_S)
    assert errors == []
    assert marks(found, "v") == expected([2.0], V_S)
    assert title.store.pinned_rung("main", 0) == 0


def test_when_the_rest_of_a_shown_segment_is_lost_the_sound_goes_on() -> None:
    title = Title([2.0], [2.0])
    broken = entry(records(StreamKind.VIDEO, 0.0, 0.4, V_S), complete=False, waiting=title.waiting)
    broken.buffer.release()
    title.store.put(broken)
    stream = title.emitter.pieces(title.timeline[0])
    pieces = [next(stream), next(stream)]
    broken.buffer.fail(Superseded())
    pieces += list(stream)
    assert marks(pieces, "v") == expected([0.4], V_S)
    assert marks(pieces, "a") == expected([2.0], A_S)


def test_what_is_read_is_told() -> None:
    title = Title([2.0, 2.0], [2.0, 2.0])
    title.pieces(1)
    assert title.wanted[0] == ("main", 1)
    assert ("audio-0", 1) in title.wanted
    assert title.store.pinned_rung("main", 1) == 0


def test_the_other_sound_is_written_from_the_next_slot_on() -> None:
    title = Title([2.0, 2.0], [2.0, 2.0])
    stream = title.emitter.pieces(title.timeline[0])
    next(stream)
    title.emitter.select({})
    assert marks(list(stream), "a") != []
    assert marks(title.pieces(1), "a") == []


def later_listed(title: Title, kept: int) -> list[LinePart]:
    """Take from the line what is listed after its first ``kept`` parts, as if the programme still grew."""
    parts = title.line.parts
    title.line = SegmentLine("audio-0", parts[:kept], growing=True)
    title.library_lines["audio-0"] = title.line
    return parts[kept:]


def test_sound_that_is_listed_after_its_picture_is_waited_for() -> None:
    title = Title([4.0] * 3, [4.0] * 3)
    late = later_listed(title, 1)
    assert marks(title.pieces(0), "a") == expected([4.0], A_S)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(title.pieces, 1)
        with pytest.raises(TimeoutError):
            written.result(0.05)
        title.line.grow(late)
        title.waiting.wake()
        assert len(marks(written.result(PATIENCE_S), "a")) == 200


def test_a_slot_goes_out_as_far_as_its_sound_is_listed() -> None:
    """A segment of sound that is being made may be thought too short: FFmpeg makes every seventh one shorter."""
    title = Title([4.0] * 3, [4.0, 3.4, 4.0])
    title.emitter.part_s = 1.0
    late = later_listed(title, 2)
    written: list[Piece] = []
    with ThreadPoolExecutor(1) as pool:
        stream = title.emitter.pieces(title.timeline[1])
        rest = pool.submit(written.extend, stream)
        with pytest.raises(TimeoutError):
            rest.result(0.2)
        before = marks(written, "v")
        title.line.grow(late)
        title.waiting.wake()
        rest.result(PATIENCE_S)
    assert before == expected([4.0, 3.0], V_S)[100:], "the last part waits for its sound"
    assert len(marks(written, "a")) == 200


def test_a_slot_has_the_sound_behind_a_segment_that_turns_out_short() -> None:
    """It was thought to be as long as the slot, and ends before it when it is whole."""
    title = Title([4.0] * 3, [4.0, 3.0, 4.0])
    listed = title.line.parts[1]
    late = later_listed(title, 1)
    title.line.grow([replace(listed, segment=listed.segment._replace(duration_s=4.0))])
    wait_ready = title.library.wait_ready

    def whole_by_now(entry: StoredSegment) -> None:
        if (entry.track, entry.position) == ("audio-0", 1):
            title.line.grow(late)
        wait_ready(entry)

    title.pieces(0)
    title.library.wait_ready = whole_by_now  # type: ignore[method-assign]
    slot = title.timeline[1]
    assert len(title.feed.between(slot, slot.start_s, slot.end_s)) == 200, "in one read, of which it learns midway"


def test_a_slot_does_not_wait_for_the_few_frames_of_audio_that_the_next_segment_holds() -> None:
    """An audio segment ends up to a frame before its video, so the slot's last frames are in one that is not made
    yet when the slot is played at the live edge."""
    title = Title([4.0] * 3, [3.96, 4.0, 4.0])
    title.line.growing = True
    late = title.store.peek("audio-0", 1)
    assert late is not None
    title.store.discard(late)
    with ThreadPoolExecutor(1) as pool:
        try:
            first = pool.submit(title.pieces, 0).result(PATIENCE_S)
        except TimeoutError:
            title.waiting.end()
            raise
    assert marks(first, "v") == expected([4.0], V_S)
    assert marks(first, "a") == expected([3.96], A_S)
    title.store.put(late)
    heard = marks([*first, *title.pieces(1), *title.pieces(2)], "a")
    assert heard == [f"{number * A_S:.3f}" for number in range(598)]


@pytest.mark.parametrize(("first_s", "growing"), [(3.9, True), (3.96, False)])
def test_a_slot_has_all_the_audio_that_is_there_or_is_more_than_a_few_frames(first_s: float, growing: bool) -> None:
    """And all of it in a title that does not grow: nothing is gained there, and after the last slot none comes."""
    assert len(marks(Title([4.0] * 2, [3.96, 4.0]).pieces(0), "a")) == 200
    title = Title([4.0] * 2, [first_s, 4.0])
    title.line.growing = growing
    late = title.store.peek("audio-0", 1)
    assert late is not None
    title.store.discard(late)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(title.pieces, 0)
        with pytest.raises(TimeoutError):
            written.result(0.05)
        title.store.put(late)
        title.waiting.wake()
        assert len(marks(written.result(PATIENCE_S), "a")) == 200


def test_sound_that_does_not_come_any_more_is_not_waited_for() -> None:
    title = Title([4.0] * 9, [4.0] * 9)
    later_listed(title, 1)
    assert marks(title.pieces(1), "a") == [], "the picture is seven segments further"
    title.line.growing = False
    assert marks(title.pieces(8), "a") == [], "the programme is over"


def test_what_a_segment_holds_beyond_its_period_is_not_heard_twice() -> None:
    """The segment that crosses the border is at the end of one period and at the start of the next one."""
    title = Title([4.0, 4.0], [3.0, 2.0, 3.0])
    first, second = _segments([4.0, 4.0])
    title.timeline = build_timeline([ListedIndex([first]), ListedIndex([second])])
    before, crossing, after = (part.segment for part in title.line.parts)
    parts = [
        LinePart(period, rendition("a"), each)
        for period, each in ((0, before), (0, crossing), (1, crossing), (1, after))
    ]
    for position, part in enumerate(parts):
        each = part.segment
        data = records(StreamKind.AUDIO, each.start_s, each.end_s, A_S)
        title.store.put(entry(data, track="audio-0", position=position, segment=each, waiting=title.waiting))
    title.library_lines["audio-0"] = SegmentLine("audio-0", parts)
    title.emitter._stated_until_s = lambda period: (4.0, 8.0)[period]
    assert marks(title.everything(), "a") == expected([8.0], A_S)
