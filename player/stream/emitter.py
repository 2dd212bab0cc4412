"""Writes one slot as pieces of Matroska at fixed virtual offsets. Runs on libmpv's demuxer thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import TrackType
from player.media.matroska import VOID_BYTES, sample_cluster
from player.media.model import Codec, StreamConfig, StreamKind
from player.media.ts import leads_to
from player.reporting.events import MAIN
from player.stream.beside import MUXED, Beside, Look, name_of
from player.stream.buffer import Superseded
from player.stream.continuity import (
    APART_S,
    AUDIO_SLACK_S,
    TAIL_SLACK_S,
    VIDEO_SLACK_S,
    Break,
    BreakKind,
    Continuity,
    Coverage,
    joined,
)
from player.stream.feed import AudioFeed, Library, MainFeed, Offsets, TimedSample
from player.stream.layout import chunk_count, chunk_of, track_offset, video_offset
from player.stream.placement import Placement
from player.stream.setup import SDR, AnotherSetup, Setup
from player.stream.store import StoredSegment
from player.stream.timeline import Slot
from player.tracks.selection import codec_family


class Piece(NamedTuple):
    """Bytes that stand at ``offset`` from the segment's position."""

    offset: int
    data: Sequence[bytes | bytearray | memoryview]
    length: int


VIDEO_TRACK = 1
FIRST_AUDIO_TRACK = 2
_DRIFT_S = 0.25  # so far beside its slot a segment's media may begin without meaning that the manifest's clock drifts
_MOST_ENDS = 256
_TITLE_START_S = 0.0  # nothing is shown that stands before it
LAST_PERIOD = -1  # the title's, also where it is empty
_LONGER_S = 2.0  # so much longer than its video the audio of a title may be, and what its manifest states
_CHUNK_S = 1.0  # the longest chunk, but at low latency
_SOUND_AHEAD_S = 0.05  # at low latency the sound of a chunk ends so much before its picture, for it is cut elsewhere


class _Behind(NamedTuple):
    """The picture that was written last: its slot, what its segment counts (see ``Sample``), and until when the next
    picture may come if nothing is missing between them."""

    slot: int
    counters: tuple[int, int] | None
    until_s: float


class OneSetup:
    """The emitter as one file sees it: with tracks declared as ``declared``. What has fitted is not asked again."""

    def __init__(self, emitter: Emitter, declared: Setup) -> None:
        self._emitter = emitter
        self._declared = declared
        self._fits: set[tuple[object, ...]] = set()

    def pieces(self, slot: Slot) -> Iterator[Piece]:
        """See :meth:`Emitter.pieces`."""
        what = (slot.group, *self._emitter.selected)
        yield from self._emitter.pieces(slot, None if what in self._fits else self._declared)
        self._fits.add(what)


class Emitter:
    """Turns slots into pieces, chunk by chunk, the audio of a chunk before its video.

    libmpv shows the first picture when it has sound as well, and audio is small: sent first it is never what the
    picture waits for. The main track's samples go out as they arrive. ``on_break(track, slot, found)`` is told where
    a track does not go on as it should. ``listed_until_s(track)`` is where the manifest lists the last segment of an
    audio track, and ``listed_from_s(track, period)`` the first one of a period. ``stated_until_s(period)`` is where
    it says that a period ends. ``moved_s(track, period)`` is how much later than the period before it puts an audio
    track against the video. ``look`` makes it judge the audio beside the video that is not played, and sees it.
    """

    def __init__(
        self,
        library: Library,
        main_kind: StreamKind,
        muxed_audio: bool,
        on_break: Callable[[str, int, Break], None] = lambda _track, _slot, _found: None,
        listed_until_s: Callable[[str], float] = lambda _track: -math.inf,
        stated_until_s: Callable[[int], float] = lambda _period: -math.inf,
        listed_from_s: Callable[[str, int], float] = lambda _track, _period: -math.inf,
        moved_s: Callable[[str, int], float] = lambda _track, _period: 0.0,
        look: Look | None = None,
    ) -> None:
        self._moved_s = moved_s
        self._listed_from_s = listed_from_s
        self._library = library
        self._on_break = on_break
        self._listed_until_s = listed_until_s
        self._stated_until_s = stated_until_s
        self._coverage = Coverage()  # of the video
        self._behind: _Behind | None = None
        self._joined = False  # nothing is missing before the first picture of the slot
        self._starts: dict[str, float] = {}  # of each track, in the slot that was written first
        self._sound_inside = False  # there is audio in the segments of the video, or should be
        self._followed: dict[str, Continuity] = {}
        self._last_slot = -2  # that was written
        self._first_slot = -2  # that was written since playback started or jumped
        self._main_kind = main_kind
        self._muxed_audio = muxed_audio
        self._offsets = Offsets()
        self._beside: Beside | None = None
        if look is not None and main_kind is StreamKind.VIDEO:
            self._beside = Beside(int(muxed_audio), self._offsets, look)  # with muxed audio the first one is played
        self._unplayed: set[str] = set()  # the tracks of it in the slot that was written last
        self._placement = Placement()
        self._feeds: Mapping[int, AudioFeed] = {}
        self.growing = False  # the title is still being made; set before any piece
        self._moved: set[int] = set()  # the periods whose audio has been told to be moved
        self.part_s: float | None = None  # at low latency, how long what arrives at once is; set before any piece
        self.written_s = -math.inf  # up to where the main track has been handed out since the last slot was begun
        self._sound_until: dict[int, float] = {}  # by slot: where its sound was cut off, and the next one's begins

    @property
    def offsets(self) -> Offsets:
        return self._offsets

    def chunk_start_s(self, slot: Slot, time_s: float) -> float:
        """Where the chunk of a slot begins that holds a time; the slot's end where it lies behind that."""
        if time_s >= slot.end_s:
            return slot.end_s
        chunks = chunk_count(slot.duration_s, self.part_s or _CHUNK_S)
        return slot.start_s + chunk_of(time_s, slot.start_s, slot.duration_s, chunks) * slot.duration_s / chunks

    def accept(self, number: int) -> None:
        """Write the main track's segment ``number`` also where it holds another time of the title."""
        self._placement.accept(number)

    @property
    def selected(self) -> tuple[int, ...]:
        """The separate audio tracks that are written, by their index in the file."""
        return tuple(self._feeds)

    def select(self, feeds: Mapping[int, AudioFeed]) -> None:
        """The separate audio tracks that are written from the next slot on, by their index in the file (0, 1,
        ...)."""
        self._feeds = dict(feeds)

    def pieces(self, slot: Slot, declared: Setup | None = None) -> Iterator[Piece]:
        """The slot's bytes in ascending offsets. May block; raises ``Interrupted`` or the error of a failed load, and
        :class:`AnotherSetup` before any byte where the file is ``declared`` as something else."""
        feeds = dict(self._feeds)
        self.written_s = slot.start_s
        while True:
            entry = self._library.main_entry(slot)
            try:
                main, muxed = self._main_samples(slot, entry)
                break
            except Superseded:  # it is being fetched again at another rung; nothing of it had been shown
                continue
        self._library.shown(entry)
        if declared is not None:
            found = self._found(slot, entry, feeds)
            if not declared.takes(found):
                raise AnotherSetup(slot, found)
        yield from _in_order(self._chunks(slot, entry, main, muxed, feeds))

    def _bounds(self, slot: Slot, entry: StoredSegment, drift_s: float) -> list[float]:
        """The times between which the chunks of a slot lie; the slots of a group leave nothing out between them."""
        chunks = chunk_count(slot.duration_s, self.part_s or _CHUNK_S)
        ahead_s = 0.0 if self.part_s is None else _SOUND_AHEAD_S
        length_s = slot.duration_s / chunks
        inner = [min(slot.start_s + chunk * length_s - ahead_s, slot.until_s) for chunk in range(1, chunks)]
        begin_s = -math.inf
        if not slot.first_of_group:
            begin_s = self._sound_until.get(slot.number - 1, slot.start_s + drift_s)
        elif slot.goes_on:
            begin_s = slot.start_s + drift_s
        elif slot.period and entry.segment.media_offset_s is not None:
            border_s = self._stated_until_s(slot.period - 1)
            begin_s = border_s if abs(border_s - slot.start_s) <= _DRIFT_S else begin_s
        if len(self._sound_until) >= _MOST_ENDS:
            self._sound_until.clear()
        self._sound_until[slot.number] = slot.until_s + drift_s
        ends = [time_s + drift_s for time_s in (*inner, slot.until_s)]
        period_end_s = self._stated_until_s(slot.period)
        if entry.segment.media_offset_s is not None and not slot.last and slot.end_s <= period_end_s + _DRIFT_S:
            # What a segment holds beyond its period is not presented (ISO/IEC 23009-1): the next period has it too.
            ends = [min(each, period_end_s) for each in ends]
        return [begin_s, *(max(begin_s, each) for each in ends)]

    def _found(self, slot: Slot, entry: StoredSegment, feeds: Mapping[int, AudioFeed]) -> Setup:
        """What the media of a slot is; the start of each track has been read or is waited for here."""
        configs = {} if entry.demuxer is None else entry.demuxer.configs
        sound = configs.get(StreamKind.AUDIO)
        if self._main_kind is StreamKind.AUDIO:
            return Setup(audio={} if sound is None else {0: sound})
        audio: dict[int, StreamConfig] = {0: sound} if self._muxed_audio and sound is not None else {}
        for number, feed in feeds.items():
            config = feed.found_at(slot)
            if config is not None:
                audio[number] = config
        return Setup(configs.get(StreamKind.VIDEO), entry.rendition.video_range or SDR, audio)

    def _main_samples(self, slot: Slot, entry: StoredSegment) -> tuple[_Peekable, list[TimedSample]]:
        """The main track's samples, and with muxed audio its audio samples. Returns when the first one is there."""
        self._library.wait_ready(entry)
        if entry.failure is not None:
            raise entry.failure
        if entry.gap:
            return _Peekable(iter(())), []
        reader = MainFeed(slot, entry, self._offsets)
        if self._muxed_audio:
            parts = reader.split()
            self._check_place(slot, entry, next(iter(parts[StreamKind.VIDEO]), None))
            return _Peekable(iter(parts[StreamKind.VIDEO])), parts[StreamKind.AUDIO]
        main = _Peekable(reader.of(self._main_kind))
        if main.peek() is None:  # the first sample may also set the clock of the group, before any audio is cut
            raise MediaError(ErrorCode.MEDIA_DAMAGED, "A segment of this title holds no media.")
        self._check_place(slot, entry, main.peek())
        return main, []

    def _check_place(self, slot: Slot, entry: StoredSegment, first: TimedSample | None) -> None:
        """Raise MediaError where the segment holds another time of the title."""
        if first is not None:
            exact = entry.segment.media_offset_s is not None
            late_s, follows = first.pts_s - slot.start_s, self._is_next(slot, first)
            self._placement.check(slot.number, late_s, slot.duration_s, exact=exact, follows=follows)

    def _is_next(self, slot: Slot, first: TimedSample) -> bool:
        """Whether the main track's samples go on with ``first`` where they ended in the slot before."""
        if slot.first_of_group or self._behind is None or self._behind.slot != slot.number - 1:
            return False
        return abs(first.dts_s - self._continuity(MAIN).end_s) <= AUDIO_SLACK_S

    def _chunks(
        self,
        slot: Slot,
        entry: StoredSegment,
        main: _Peekable,
        muxed: list[TimedSample],
        feeds: Mapping[int, AudioFeed],
    ) -> Iterator[Piece]:
        self._follow(slot, entry)
        drift_s = _drift(slot, main.peek())
        bounds = self._bounds(slot, entry, drift_s)
        chunks = len(bounds) - 1
        sound = None if entry.demuxer is None else entry.demuxer.configs.get(StreamKind.AUDIO)
        codec = None if sound is None else sound.codec

        def chunk_of_sample(sample: TimedSample) -> int:
            return chunk_of(sample.dts_s - drift_s, slot.start_s, slot.duration_s, chunks)

        for chunk, (start_s, stop_s) in enumerate(pairwise(bounds)):
            ending = slot.last and chunk + 1 == chunks
            if self._muxed_audio:
                audio = [sample for sample in muxed if chunk_of_sample(sample) == chunk]
                self._judge(MUXED, slot, audio)
                audio = _ended(audio, codec) if ending else audio
                yield from _together(track_offset(chunk, 0), FIRST_AUDIO_TRACK, audio)
            for index, feed in sorted(feeds.items()):
                samples = feed.between(slot, start_s, stop_s, drift_s)
                self._judge(feed.track, slot, samples)
                samples = _ended(samples, feed.codec) if ending else samples
                yield from _together(track_offset(chunk, index), FIRST_AUDIO_TRACK + index, samples)
            number = VIDEO_TRACK if self._main_kind is StreamKind.VIDEO else FIRST_AUDIO_TRACK
            own = self._judged(slot, drift_s, main.while_in(chunk_of_sample, chunk))
            if ending and self._main_kind is StreamKind.AUDIO:
                own = iter(_ended(list(own), codec))
            own = self._written(own)
            if entry.buffer.is_complete:
                yield from _together(video_offset(chunk), number, list(own))
            else:
                yield from _as_they_arrive(video_offset(chunk), number, own)
        self._judge_whole(slot, entry)
        if slot.last:
            self._judge_end(slot, slot.end_s + min(drift_s, 0.0))

    # --- whether each track goes on

    def _follow(self, slot: Slot, entry: StoredSegment) -> None:
        """A slot is written: behind the one before it, or after a jump."""
        if slot.number != self._last_slot + 1:
            for each in self._followed.values():
                each.start_over()
            self._coverage.start_over()
            self._behind = None
            self._starts = {}
            self._first_slot = slot.number
        self._last_slot = slot.number
        self._joined = False
        in_media = entry.demuxer is not None and entry.demuxer.audio_tracks
        self._sound_inside |= bool(in_media or codec_family(entry.rendition.codecs, TrackType.AUDIO))
        if entry.gap:
            for track in (MAIN, MUXED) if self._muxed_audio else (MAIN,):
                self._lose(track, slot)
        elif self._muxed_audio and entry.demuxer is not None and StreamKind.AUDIO in entry.demuxer.unsupported:
            self._lose(MUXED, slot)

    def _lose(self, track: str, slot: Slot) -> None:
        self._on_break(track, slot.number, self._continuity(track).lose(slot.start_s, slot.end_s))

    def _judge_unplayed(self, beside: Beside, slot: Slot, entry: StoredSegment) -> None:
        """A slot is written: whether the audio in its segment that is not played goes on as well."""
        numbers = beside.numbers(entry)
        names = {name_of(number) for number in numbers}
        for track in self._unplayed - names:  # another rendition has fewer
            self._continuity(track).start_over()
        self._unplayed = names
        for number in numbers:
            samples = None if entry.gap else beside.samples(number, slot, entry)
            if samples is None:
                self._lose(name_of(number), slot)
            else:
                self._judge(name_of(number), slot, samples)

    def _continuity(self, track: str) -> Continuity:
        if track not in self._followed:
            video = track == MAIN and self._main_kind is StreamKind.VIDEO
            self._followed[track] = Continuity(VIDEO_SLACK_S if video else AUDIO_SLACK_S, adds_up=not video)
        return self._followed[track]

    def _judge(self, track: str, slot: Slot, samples: Iterable[TimedSample]) -> None:
        for found in joined(self._breaks(track, samples, spliced=slot.first_of_group)):
            self._on_break(track, slot.number, found)

    def _breaks(self, track: str, samples: Iterable[TimedSample], *, spliced: bool) -> Iterator[Break]:
        continuity = self._continuity(track)
        for sample in samples:
            self._starts.setdefault(track, sample.pts_s)
            found = (
                continuity.lose(sample.dts_s, sample.dts_s + sample.duration_s)
                if sample.filler
                else continuity.take(sample.dts_s, sample.duration_s, spliced=spliced)
            )
            spliced = False
            if found is not None:
                yield found

    def _judged(self, slot: Slot, drift_s: float, samples: Iterable[TimedSample]) -> Iterator[TimedSample]:
        """The main track's samples, followed as they go out."""
        continuity, spliced = self._continuity(MAIN), slot.first_of_group
        for sample in samples:
            unbroken = self._goes_on(slot, drift_s, sample)
            self._starts[MAIN] = min(sample.pts_s, self._starts.get(MAIN, math.inf))
            self._coverage.take(sample.pts_s, sample.duration_s, sample.dts_s)
            found = continuity.take(sample.dts_s, sample.duration_s, spliced=spliced, unbroken=unbroken)
            spliced = False
            if found is not None:
                self._coverage.note(found)
                self._on_break(MAIN, slot.number, found)
            yield sample

    def _goes_on(self, slot: Slot, drift_s: float, sample: TimedSample) -> bool:
        """Return whether container and manifest prove that the frame before ``sample`` lasts until it. No packet may
        be missing, also between segments, and ``sample`` must start before the other frame's segment ends."""
        behind, self._behind = self._behind, _Behind(slot.number, sample.counters, slot.end_s + drift_s)
        if behind is None or behind.counters is None or sample.counters is None:
            return False
        unbroken = sample.dts_s <= behind.until_s + VIDEO_SLACK_S
        if slot.number != behind.slot:
            counted = leads_to(behind.counters, sample.counters)
            unbroken = self._joined = unbroken and counted and slot.number == behind.slot + 1
        return unbroken

    def _judge_whole(self, slot: Slot, entry: StoredSegment) -> None:
        """A slot is written: whether its frames cover it, and of the first one whether all tracks start together."""
        if self._beside is not None:
            self._judge_unplayed(self._beside, slot, entry)
        if self._main_kind is StreamKind.VIDEO:
            stated = entry.demuxer is not None and entry.demuxer.states_durations
            found_in = self._coverage.close(
                spliced=slot.first_of_group,
                stated=stated,
                unbroken=self._joined,
                stream=(slot.group, entry.rendition.id),
            )
            for found in found_in:
                self._on_break(MAIN, slot.number, found)
        if slot.period and (slot.first_of_group or slot.number == self._first_slot):
            self._judge_border(slot, entry)
        elif slot.number == self._first_slot and not self.growing and slot.period not in self._moved:
            self._moved.add(slot.period)
            for track in (feed.track for feed in self._feeds.values()):
                moved_s = abs(self._moved_s(track, slot.period))
                if moved_s > APART_S:
                    self._on_break(track, slot.number, Break(BreakKind.LOST, slot.start_s, slot.start_s + moved_s))
        if slot.number == self._first_slot and self.part_s is None:
            earliest_s = max(_TITLE_START_S, min(self._starts.values(), default=slot.start_s))
            from_begin = not slot.number and not self.growing
            for track, start_s in self._starts.items():
                slack_s = APART_S if from_begin and track != MAIN else TAIL_SLACK_S
                if start_s - earliest_s > slack_s:
                    self._on_break(track, slot.number, Break(BreakKind.LOST, earliest_s, start_s))
                if _TITLE_START_S - start_s > TAIL_SLACK_S:
                    self._on_break(track, slot.number, Break(BreakKind.EARLY, start_s, _TITLE_START_S))
            for track in self._sounds() - self._starts.keys():
                if slot.duration_s > TAIL_SLACK_S and not self.growing:
                    self._continuity(track).expect(earliest_s)

    def _sounds(self) -> set[str]:
        """The tracks of audio beside video."""
        feeds = (feed.track for feed in self._feeds.values())
        return {*((MUXED,) if self._muxed_audio else ()), *feeds, *self._unplayed}

    def _judge_border(self, slot: Slot, entry: StoredSegment) -> None:
        """A period begins, or playback in it: whether its own segments cover its beginning, and audio goes with
        video. What the one before holds beyond its end may hide that they begin later (a wrong
        presentationTimeOffset)."""
        border_s = self._stated_until_s(slot.period - 1)
        if entry.segment.media_offset_s is None or not math.isfinite(border_s):
            return
        begins = {feed.track: self._listed_from_s(feed.track, slot.period) for feed in self._feeds.values()}
        missing = {track: max(start_s - border_s, 0.0) for track, start_s in begins.items()}
        missing[MAIN] = 0.0 if slot.goes_on else slot.start_s - border_s
        if slot.number == self._first_slot:
            missing = dict.fromkeys(missing, 0.0)
        for track, missing_s in missing.items():
            known = track == MAIN or slot.period in self._moved
            moved_s = 0.0 if known else abs(self._moved_s(track, slot.period))
            if missing_s > TAIL_SLACK_S or moved_s > APART_S:
                from_s = max(border_s, slot.start_s) if missing_s <= TAIL_SLACK_S else border_s
                found = Break(BreakKind.LOST, from_s, from_s + max(missing_s, moved_s))
                self._on_break(track, slot.number, found)
        self._moved.add(slot.period)

    def _judge_end(self, slot: Slot, end_s: float) -> None:
        """The title ends with this slot, whose media ends at ``end_s`` if it is as long as declared."""
        written = {MAIN, *self._sounds()} - (set() if self._sound_inside else {MUXED})
        inside_s = self._followed[MUXED].end_s if MUXED in written & self._followed.keys() else -math.inf
        for track in written & self._followed.keys():
            found = self._followed[track].end_at(end_s, self.written_s if track == MAIN else -math.inf)
            if found is not None:
                self._on_break(track, slot.number, found)
        listed_s = (self._listed_until_s(feed.track) for feed in self._feeds.values())
        until_s = max((self._stated_until_s(LAST_PERIOD), *listed_s))
        video_s = max(slot.end_s, self.written_s)
        if until_s - video_s > _LONGER_S:
            self._on_break(MAIN, slot.number, Break(BreakKind.LOST, video_s, until_s))
        if inside_s - video_s > _LONGER_S:
            self._on_break(MAIN, slot.number, Break(BreakKind.STANDS, video_s, inside_s))

    def _written(self, samples: Iterator[TimedSample]) -> Iterator[TimedSample]:
        """``samples``, noting how far they reach."""
        for sample in samples:
            self.written_s = max(self.written_s, sample.pts_s + sample.duration_s)
            yield sample


def _drift(slot: Slot, first: TimedSample | None) -> float:
    """How much later than the manifest says the media of a slot begins, where that is more than its own unevenness.

    Durations that a packager has rounded, or a sloppy clock of an encoder, add up over hours.
    """
    late_s = 0.0 if first is None else first.pts_s - slot.start_s
    return late_s if abs(late_s) > _DRIFT_S else 0.0


def _ended(samples: list[TimedSample], codec: Codec | None) -> list[TimedSample]:
    """The last sound of a title. libmpv gives a frame of E-AC-3 out when it sees the next one, which may belong to
    it: so it gets the last one twice, and keeps the second."""
    if codec is not Codec.EAC3 or not samples:
        return samples
    last = samples[-1]
    return [*samples, last._replace(pts_s=last.pts_s + last.duration_s, dts_s=last.dts_s + last.duration_s)]


def _in_order(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Pieces, moved on where those before them took more room than the layout gives them (hours in one segment)."""
    end = 0
    for piece in pieces:
        offset = piece.offset if piece.offset >= end + VOID_BYTES or not end else end
        yield piece._replace(offset=offset)
        end = offset + piece.length


def _together(offset: int, track: int, samples: Sequence[TimedSample]) -> Iterator[Piece]:
    """Samples that are all there as one piece, each a small cluster of its own: every piece costs libmpv a call, and
    every part of one a step of ours."""
    data = b"".join([part for sample in samples for part in _cluster(track, sample)])
    if data:
        yield Piece(offset, (data,), len(data))


def _as_they_arrive(offset: int, track: int, samples: Iterator[TimedSample]) -> Iterator[Piece]:
    """Samples one after another, each a piece of its own."""
    for sample in samples:
        data = _cluster(track, sample)
        length = sum(len(part) for part in data)
        yield Piece(offset, data, length)
        offset += length


def _cluster(track: int, sample: TimedSample) -> Sequence[bytes | bytearray | memoryview]:
    return sample_cluster(track, round(sample.pts_s * 1000), sample.key, sample.data)


class _Peekable:
    """An iterator of samples that can be looked into."""

    def __init__(self, samples: Iterator[TimedSample]) -> None:
        self._samples = samples
        self._next: TimedSample | None = None

    def peek(self) -> TimedSample | None:
        if self._next is None:
            self._next = next(self._samples, None)
        return self._next

    def while_in(self, chunk_of_sample: Callable[[TimedSample], int], chunk: int) -> Iterator[TimedSample]:
        """The next samples, as long as they belong to the chunk.

        If the rest of a segment is lost after its start was shown, another copy cannot continue in its middle. The
        video then freezes until the next segment, and audio continues.
        """
        try:
            while (sample := self.peek()) is not None and chunk_of_sample(sample) <= chunk:
                self._next = None
                yield sample
        except Superseded:
            self._samples = iter(())
