"""One playback's streaming: tracks that fetch, a store in the middle, and the virtual file that libmpv reads.

Runs on the engine's loop, except what libmpv's demuxer thread calls through :class:`StoreLibrary` and
:class:`VirtualStream`. It decides nothing itself: rungs come from ABR, addresses and retries from the loader.
"""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from abr.dropping import is_steady
from abr.model import LiveState
from drm_client.errors import DrmError
from player.base.errors import ErrorCode, MatineeError, MediaError
from player.manifest.model import ListedIndex, Rendition, Segment
from player.media.model import ByteSource, StreamKind
from player.media.whole_segment import WholeSource
from player.net.model import RequestKind
from player.reporting.events import MAIN, MediaBroken, MediaDamaged, Note, PhaseReached, SegmentDone
from player.stream.audio_tracks import AudioTracks, audio_key
from player.stream.beside import is_inside, number_of
from player.stream.buffered import Buffered
from player.stream.continuity import Break
from player.stream.early_reading import EarlyReading
from player.stream.emitter import Emitter
from player.stream.feed import AudioFeed
from player.stream.fetching import DoneFetch, Order
from player.stream.files import Files, Following
from player.stream.first_segments import FirstSegments
from player.stream.header import HeaderBuilder
from player.stream.inband import InbandEvents
from player.stream.lanes import Lane
from player.stream.main_track import MainTrack
from player.stream.segment_line import SegmentLine
from player.stream.shared import StreamingParts
from player.stream.sources import Growing
from player.stream.stored_segments import UNEVEN_S, StoreLibrary
from player.stream.timeline import Timeline, build_timeline
from player.stream.virtual import VirtualStream
from player.stream.whole_index import whole_indexes
from player.tracks.selection import Selection, rendition_of

_BEFORE_END_S = 0.05  # a jump to the end shows the last picture
_REFRESH_S = 1.0  # so far before the position libmpv begins to read again for another sound track
_DRAWING_S = 0.03  # so long before a picture is on the screen libmpv may say that it is there
_MOST_REFUSED = 10_000  # copies of segments that are remembered for the report
_KEEP_AHEAD = 6  # a fetch so many segments ahead goes on after a jump; one that comes next always does


@dataclass(frozen=True, slots=True)
class _Refused:
    """A copy of a segment that was of no use: the error, the CDN that gave it, and the SHA-256 of its bytes."""

    code: str
    pathway: str
    sha256: str


class Streaming:
    """See the module. ``on_failure`` is called on the demuxer thread with the error that ended a read of libmpv.
    ``on_change`` is called on the loop with the file that libmpv must read next (None: no longer needed).
    """

    def __init__(
        self,
        selection: Selection,
        parts: StreamingParts,
        on_failure: Callable[[MatineeError | DrmError], None],
        on_change: Callable[[Following | None], None] = lambda _following: None,
    ) -> None:
        self._selection = selection
        self._sources = parts.sources
        self._fetcher = parts.fetcher
        self._store = parts.store
        self._waiting = parts.waiting
        self._rate = parts.rate
        self._playhead = parts.playhead
        self._clock = parts.clock
        self._observe = parts.observe
        self._on_failure = on_failure
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._buffered = Buffered(parts.store, parts.playhead)
        early = EarlyReading(self._lanes, parts.store, self._buffered, parts.playhead, parts.rate, parts.clock)
        lines: dict[str, SegmentLine] = {}
        self._main = MainTrack(selection.main, parts, self._buffered, early, self)
        self._audio = AudioTracks(selection, lines, parts, self._buffered, self._main, early, self)
        self._main.lane.begun = self._audio.poke
        self._library = StoreLibrary(
            MAIN, parts.store, parts.waiting, self._want_threadsafe, lines, lambda: self.timeline.end_s
        )
        main_kind = StreamKind.VIDEO if selection.video is not None else StreamKind.AUDIO
        self._emitter = Emitter(
            self._library,
            main_kind,
            selection.muxed_audio,
            functools.partial(self._call_soon, self._tell_break),
            self._library.listed_until_s,
            self._sources.stated_until_s,
            self._library.listed_from_s,
            lambda track, period: self._sources.audio_moved_s(self._library.rendition_of(track, period), period),
            parts.look,
        )
        self._buffered.written_s = lambda: self._emitter.written_s
        self._firsts = FirstSegments()
        self._inband = InbandEvents(parts.clock, parts.observe)
        self._header = HeaderBuilder(
            selection, parts.sources, lambda: self._first(MAIN), self._first_of_audio, self._first_again
        )
        self._refused: dict[tuple[str, int], _Refused] = {}
        self._rung = 0  # to begin with
        self._aim_s: float | None = None
        self._drawing: asyncio.Task[None] | None = None
        self._files = Files(self._header, self._emitter, parts.waiting, self)

    # --- start and end

    async def find_segments(self) -> Timeline:
        """Load what lists the segments of the first rung and of the chosen sound.

        Raises NetError, MediaError or ManifestError.
        """
        rung = self._rung = self._main.first_rung()
        main = self._selection.main
        renditions = [rendition_of(main, rung, period) for period in range(len(main.per_period))]
        lines = [self._audio.line(self._audio.chosen)] if self._audio else []
        indexes, sound = await asyncio.gather(
            asyncio.gather(*(self._sources.index(rendition) for rendition in renditions)), asyncio.gather(*lines)
        )
        if not self._sources.may_grow:
            indexes = await whole_indexes(self._sources, main, rung, indexes, sound)
        self._buffered.timeline = build_timeline(indexes)
        return self.timeline

    def go_live(self, growing: Growing) -> None:
        """The title is still being made: from now on ``growing`` tells which segments there are.

        Raises MediaError where there are none.
        """
        self._sources.growing = growing
        self._emitter.growing = True
        self._audio.forget()
        renditions = [rendition_of(self._main.track, self._rung, n) for n in range(len(self._main.track.per_period))]
        self._buffered.timeline = build_timeline(
            [growing.known(each) or ListedIndex(()) for each in renditions], live=True
        )

    def in_parts(self, part_s: float) -> None:
        """Play at low latency: the live title is published in parts of this length."""
        self._emitter.part_s, self._playhead.low_latency = part_s, True

    def select(self, selection: Selection) -> None:
        """A live title has more periods: the same tracks with all of them."""
        self._selection, self._main.track = selection, selection.main
        if selection.video is not None:
            self._audio.tracks = selection.audio

    def grow(self, first_period: int, *, ended: bool) -> None:
        """A live title was refreshed: take in what is new. ``first_period`` is the first one that is still listed;
        ``ended``: nothing more will come."""
        per_period = self._main.track.per_period
        listed = [
            (period, segment)
            for period in range(first_period, len(per_period))
            if per_period[period] is not None
            for segment in self._sources.index_if_known(self._main_rendition(period)) or ()
        ]
        if listed:
            self.timeline.grow(listed)
            self.timeline.slide(listed[0][1].start_s)
        if ended:
            self.timeline.end()
        self._audio.grow(first_period, growing=not ended)
        self._main.lane.extend(len(self.timeline))
        self._waiting.wake()
        self.poke()

    def behind(self, latency_s: float, target_s: float) -> None:
        """How far behind the edge a live title is played, and is to be: what can be buffered at all."""
        self._rate.live = LiveState(latency_s, target_s)

    def heard_until(self, listed_s: float) -> float:
        """Up to where a live title can be played whose sound is listed until ``listed_s``: a chunk needs all of its
        sound."""
        return self._emitter.chunk_start_s(self.timeline.at(listed_s + UNEVEN_S), listed_s + UNEVEN_S)

    def renditions(self) -> tuple[Rendition, ...]:
        """What is played now, the main track's first: their playlists are the ones to follow."""
        main = self._main_rendition(len(self._main.track.per_period) - 1)
        sound = self._audio.rendition()
        return (main,) if sound is None else (main, sound)

    def onward(self) -> Rendition | None:
        """What is about to be played in the place of the main track's rendition."""
        return self._main.onward()

    def _main_rendition(self, period: int) -> Rendition:
        rung = self._rung if self._rate.current is None else self._rate.current
        return rendition_of(self._main.track, rung, period)

    async def prepare(self, start_s: float) -> None:
        """Begin to fetch the segments at ``start_s``, and make the file's header.

        Raises NetError, MediaError, ManifestError or DrmError.
        """
        timeline = self.timeline if len(self.timeline) else await self.find_segments()
        first = timeline[self._main.entry(timeline.at(start_s).number)]
        self._playhead.position_s = max(start_s, first.start_s)
        # Small and waited for by libmpv before anything else: first on the wire.
        header = asyncio.ensure_future(self._header.build(timeline, self._rung, first, self._audio.chosen))
        try:
            await asyncio.sleep(0)
            self._main.lane.start(first.number, len(timeline))
            if self._audio:
                await self._audio.choose(self._audio.chosen, first.start_s)
            self._files.begin(await header, first)
        finally:
            header.cancel()
            await asyncio.gather(header, return_exceptions=True)
        self._write_audio(self._audio.chosen)
        self._observe(PhaseReached(self._clock.monotonic(), "header"))

    def open(self) -> VirtualStream:
        """The file, for libmpv to read."""
        return self._files.open()

    async def close(self) -> None:
        """Stop fetching and let every reader go."""
        self._waiting.end()
        if self._drawing is not None:
            self._drawing.cancel()
        await self._main.close()
        await self._audio.close()
        await self._sources.close()
        self._store.clear()

    # --- what the session asks and tells

    @property
    def timeline(self) -> Timeline:
        return self._buffered.timeline

    @property
    def at_end(self) -> bool:
        """Whether libmpv has read everything up to the end of the title."""
        return self._files.at_end

    @property
    def audio_chosen(self) -> int:
        """Number of the audio track that is written, among the viewer's choices."""
        return self._audio.chosen

    @property
    def audio_can_change(self) -> bool:
        """Whether the sound is separate from the main track."""
        return bool(self._audio)

    @property
    def end_s(self) -> float:
        """Where the title ends; infinite while that is not known."""
        return math.inf if self.timeline.growing else self.timeline.end_s

    def aim(self, target_s: float) -> float:
        """The viewer jumps to ``target_s``, or as near to it as there is media: to what is returned. In a live title
        nothing else tells where libmpv's seek is to lead."""
        if self._drawing is not None:
            self._go_on()
        timeline = self.timeline
        self._aim_s = max(timeline.start_s, min(target_s, timeline.end_s - _BEFORE_END_S))
        return self._aim_s

    def arrived(self) -> None:
        """libmpv is where the viewer jumped to, or has its first picture. That one is drawn before more is fetched:
        drawing takes the processor, and the thread that draws also the interpreter."""
        self._aim_s = None
        if self._playhead.started:
            self.poke()
        elif self._drawing is None:
            self._drawing = self._loop.create_task(self._draw())

    async def _draw(self) -> None:
        await self._clock.sleep(_DRAWING_S)
        self._go_on()

    def _go_on(self) -> None:
        self._playhead.started = True
        self.poke()

    def aimed_at(self) -> int:
        """The slot that a seek of libmpv's leads to in a live title; on its demuxer thread. A seek that no viewer
        asked for is one to where playback is (another sound track): a little before it."""
        aim_s = self._aim_s
        slot = self.timeline.at(self._playhead.position_s - _REFRESH_S if aim_s is None else aim_s)
        return self._main.entry(slot.number)

    def media_offset(self, period: int, segment: Segment) -> float | None:
        """What is added to media timestamps of a segment's group; None while none of its media has been read."""
        return self._emitter.offsets.known((period, segment.discontinuity))

    @property
    def low_bandwidth(self) -> bool:
        """Whether the link is so slow that nothing else should use it."""
        return self._rate.economy(self._clock.monotonic()).low

    def buffered_until(self) -> float:
        """End of the media that is complete from the playhead on, in seconds on the timeline."""
        return self._buffered.until()

    def holds(self, start_s: float, end_s: float) -> bool:
        """Whether all of a stretch of time is there to be shown."""
        return self._buffered.holds(start_s, end_s)

    def anew(self, start_s: float) -> Following:
        """The file that libmpv plays, to be loaded again at a position."""
        return self._files.anew(start_s)

    def poke(self) -> None:
        """The playhead jumped or goes on otherwise, or something has arrived: something may be fetched now."""
        for lane in self._lanes():
            lane.poke()

    def buffered_ranges(self) -> tuple[tuple[float, float], ...]:
        """The times of which everything is in memory: a jump to there asks for nothing."""
        return self._buffered.ranges()

    def cached(self, ranges: Sequence[tuple[float, float]]) -> None:
        """libmpv's own cache holds these times: only there must a segment keep its rung.

        A range ends with its last whole group of pictures; libmpv may hold the start of the segment behind it as
        well, and reads on there when ranges meet.
        """
        held: set[int] = set()
        for start_s, end_s in ranges:
            last = self.timeline.at(end_s).number
            held.update(range(self.timeline.at(start_s).number, last + 2))
        self._store.unpin_all_but(MAIN, held | {self._main.lane.head})

    def look(self, cached: Sequence[tuple[float, float]], rung: int | None, dropped: int) -> None:
        """About twice a second: what libmpv's cache holds, the rung on the screen, and how many pictures have been
        dropped since the start."""
        self.cached(cached)
        self._watch_drops(rung, dropped)

    def _watch_drops(self, rung: int | None, dropped: int) -> None:
        now_s, playhead = self._clock.monotonic(), self._playhead
        steady = is_steady(playing=playhead.playing and not playhead.starving, speed=playhead.speed)
        sentence = self._rate.shown(now_s, rung, dropped, steady=steady)
        if sentence:
            self._observe(Note(now_s, "dropped_frames", sentence, track=MAIN))

    def set_manual(self, rung: int | None) -> None:
        """Fix the rung, or None for Auto."""
        self._main.set_manual(rung)

    async def choose_audio(self, number: int) -> None:
        """Fetch and write another audio track. libmpv must be told (``aid``) when this has returned."""
        await self._header.audio_config(number)
        await self._audio.choose(number, self._playhead.position_s)
        self._write_audio(number)

    # --- how orders ended (OrderListener)

    def order_done(self, order: Order, fetched: DoneFetch) -> None:
        self._firsts.came(order.track, fetched.entry)
        self._inband.arrived(fetched.entry)
        self._observe(
            SegmentDone(
                self._clock.monotonic(),
                order.track,
                order.position,
                order.segment.start_s,
                order.segment.duration_s,
                order.rung,
                fetched.entry.buffer.received,
                fetched.result.pathway,
            )
        )
        self._buffered.trim()
        self.poke()

    def order_failed(self, order: Order, error: MatineeError | DrmError) -> None:
        self._fetcher.leave_failed(order, error)
        self._firsts.failed(order.track, error)

    def order_skipped(self, order: Order) -> None:
        self._fetcher.leave_gap(order)
        self.poke()

    async def _first(self, track: str) -> ByteSource:
        """The first segment of a track that is complete. Raises the error with which its fetch ended."""
        return (await self._firsts.of(track)).buffer

    async def _first_of_audio(self, number: int) -> ByteSource:
        """A whole segment of an audio track: of the chosen one that which is fetched anyway."""
        if number == self._audio.chosen:
            return await self._first(audio_key(number) if self._audio else MAIN)
        part = (await self._audio.line(number))[0]
        return WholeSource(await self._sources.segment_bytes(part.rendition, part.segment, RequestKind.SEGMENT))

    def _first_again(self, number: int | None, error: MediaError) -> bool:
        """The first segment of a track cannot be read; whether another copy of it is on its way."""
        key = MAIN if number is None else audio_key(number)
        first = self._firsts.give_back(key)
        if first is None:
            return False
        position = first.position
        if self._store.peek(key, position) is None:  # it has been taken out already, so it is fetched anyway
            return True
        if number is None and self._main.take_damaged(position):
            self._main.refetch_damaged(position, error)
            return True
        return number is not None and self._audio_damaged(key, position, error)

    def sound_missing(self, until_s: float) -> bool:
        return self._audio.wanting(until_s)

    def _write_audio(self, number: int) -> None:
        if self._audio:
            key, config = audio_key(number), self._header.audio[number]
            damaged = functools.partial(self._audio_damaged, key)
            feed = AudioFeed(key, config, self._library, self._emitter.offsets, damaged)
            self._emitter.select({number: feed})

    def _tell_break(self, track: str, slot: int, found: Break) -> None:
        """A track does not go on as it should: what is known of the segment that was to be there."""
        key, position = (MAIN if is_inside(track) else track), slot
        if key != MAIN and self._buffered.audio is not None and self._buffered.audio.key == key:
            position = self._buffered.audio.at(found.start_s)
        entry = self._store.peek(key, position)
        code, pathway, digest = "", "", ""
        if entry is not None:
            code = str(getattr(entry.failure, "code", ""))
            pathway, digest = entry.pathway, "" if entry.gap else entry.buffer.digest()
        refused = self._refused.get((key, position))
        if refused is not None:
            code, pathway, digest = code or refused.code, pathway or refused.pathway, digest or refused.sha256
        media = self._media_of(track)
        now_s, kind, span = self._clock.monotonic(), str(found.kind), (found.start_s, found.end_s)
        self._observe(MediaBroken(now_s, kind, media, *span, position, pathway, code, digest, number_of(track)))

    # --- from libmpv's demuxer thread (FileOwner)

    def _want_threadsafe(self, track: str, position: int) -> None:
        self._call_soon(self._want, track, position)

    def segment_damaged(self, segment: int, error: MediaError | DrmError) -> bool:
        entry = self._store.peek(MAIN, segment)
        if entry is not None:
            self._library.wait_for_origin(entry)
        self._remember(MAIN, segment, error)
        again = self._main.take_damaged(segment)
        if again:
            self._call_soon(self._main.refetch_damaged, segment, error)
            return True
        order = self._main.left_out(segment) if isinstance(error, MediaError) else None
        if order is None and error.code == ErrorCode.MEDIA_MISPLACED:
            self._emitter.accept(segment)  # what there is of it is better than the end of the playback
            return True
        if order is None:
            return False
        self._fetcher.leave_gap(order)
        self._call_soon(self._main.tell_left_out, segment, error)
        return True

    def _audio_damaged(self, key: str, position: int, error: MediaError) -> bool:
        self._remember(key, position, error)
        again = self._audio.take_damaged(key, position)
        if again:
            self._call_soon(self._audio.refetch_damaged, key, position, error)
        return again

    def _remember(self, key: str, position: int, error: MediaError | DrmError) -> None:
        """A copy of a segment is of no use: keep whose it was and which bytes, for the report."""
        entry = self._store.peek(key, position)
        if entry is None:
            return
        if error.code == ErrorCode.MEDIA_DAMAGED and not entry.gap:
            damaged = MediaDamaged(self._clock.monotonic(), self._media_of(key), len(entry.buffer))
            self._call_soon(self._observe, damaged)
        if len(self._refused) < _MOST_REFUSED:
            self._refused[key, position] = _Refused(str(error.code), entry.pathway, entry.buffer.digest())

    def _media_of(self, track: str) -> str:
        return "video" if track == MAIN and self._selection.video is not None else "audio"

    def file_sought(self, segment: int) -> None:
        self._store.discard_failed()  # a viewer who jumps asks for another try
        self._call_soon(self._sought, segment)

    def file_follows(self, following: Following | None) -> None:
        self._call_soon(self._on_change, following)

    def read_failed(self, error: MatineeError | DrmError) -> None:
        self._on_failure(error)

    def _call_soon(self, function: Callable[..., None], *values: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *values)

    def _want(self, track: str, position: int, *, behind: int = 1) -> None:
        """libmpv reads there: fetch from there on. The last one may still be read too (sound that overlaps)."""

        def useful(lane: Lane, running: int) -> bool:
            near = running <= position + _KEEP_AHEAD or lane.leads_to(position, running)
            return near and running >= position - behind

        for lane in self._lanes():
            if lane.key == track and (lane.head != position or position not in lane.running):
                lane.want(position, functools.partial(useful, lane))

    def _sought(self, segment: int) -> None:
        """libmpv seeks to a segment: fetch there first."""
        if segment >= len(self.timeline):
            return
        self._main.sought(segment)
        self._want(MAIN, segment, behind=0)
        if self._buffered.audio is not None:
            line = self._buffered.audio
            self._want(line.key, line.at(self.timeline[segment].start_s), behind=0)

    def _lanes(self) -> tuple[Lane, ...]:
        return (self._main.lane,) if self._audio.lane is None else (self._main.lane, self._audio.lane)
