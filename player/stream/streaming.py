"""One playback's streaming: lanes that fetch, a store in the middle, and the virtual file that libmpv reads.

Runs on the engine's loop, except what libmpv's demuxer thread calls through :class:`StoreLibrary` and
:class:`VirtualStream`. It decides nothing itself: rungs come from ABR, addresses and retries from the loader.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from abr.model import Decision, Phase
from drm_client.errors import DrmError
from player.clock import Clock
from player.errors import MatineeError, MediaError
from player.events import ErrorRaised, Note, Observer, PhaseReached, RungDecided, SegmentAbandoned, SegmentDone
from player.loader import LoadProgress, LoadVerdict
from player.media.model import StreamKind
from player.selection import Selection, audio_rendition, rendition_of
from player.stream.emitter import Emitter
from player.stream.feed import AudioFeed
from player.stream.fetching import Order, Outcome, SegmentFetcher
from player.stream.header import HeaderBuilder
from player.stream.lanes import Go, Lane, Wait
from player.stream.library import StoreLibrary
from player.stream.line import LinePart, SegmentLine
from player.stream.rate import Moment, RateControl
from player.stream.sources import Sources
from player.stream.store import Entry, SegmentStore
from player.stream.timeline import Slot, Timeline, build_timeline, segment_for
from player.stream.virtual import VirtualStream
from player.stream.waiting import Waiting

_log = logging.getLogger(__name__)

MAIN = "main"
_POLL_S = 0.25
_BEHIND_S = 15.0  # complete segments this far behind the playhead are not dropped from memory
_HORIZON = 6
_DAMAGED_TRIES = 3


@dataclass
class Playhead:
    """Where playback is; the session writes it, everything here reads it."""

    position_s: float = 0.0
    playing: bool = False
    speed: float = 1.0
    starving: bool = True  # nothing to show: before the first picture, and in a stall


class Streaming:
    """See the module. ``on_failure`` gets the error that a read of libmpv's ended with, on the demuxer thread."""

    def __init__(
        self,
        selection: Selection,
        sources: Sources,
        fetcher: SegmentFetcher,
        store: SegmentStore,
        waiting: Waiting,
        rate: RateControl,
        playhead: Playhead,
        clock: Clock,
        observe: Observer,
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._selection = selection
        self._sources = sources
        self._fetcher = fetcher
        self._store = store
        self._waiting = waiting
        self._rate = rate
        self._playhead = playhead
        self._clock = clock
        self._observe = observe
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._main_lane = Lane(MAIN, store, self._admit_main, self._fetch_main)
        self._audio_lane: Lane | None = None
        self._lines: dict[str, SegmentLine] = {}
        self._audio = selection.default_audio
        self._decisions: dict[int, Decision] = {}
        self._damaged_at: dict[int, frozenset[str]] = {}
        self._pending_abandon: dict[int, tuple[int, str]] = {}
        self.timeline = Timeline(())
        main_kind = StreamKind.VIDEO if selection.video is not None else StreamKind.AUDIO
        self._library = StoreLibrary(MAIN, store, waiting, self._want_threadsafe, self._lines)
        self._emitter = Emitter(self._library, main_kind, selection.muxed_audio)
        self._firsts: dict[str, asyncio.Future[Entry]] = {}
        self._header = HeaderBuilder(
            selection, sources, lambda: self._first(MAIN), lambda: self._first(self._audio_key(self._audio))
        )
        self._header_bytes = b""
        self._first_slot = 0

    # --- start and end

    async def prepare(self, start_s: float) -> None:
        """Find the segments, begin to fetch those at ``start_s``, and make the file's header.

        Raises NetError, MediaError, ManifestError or DrmError.
        """
        rung = self._first_rung()
        periods = range(len(self._selection.main.per_period))
        renditions = [rendition_of(self._selection.main, rung, period) for period in periods]
        wanted = [asyncio.ensure_future(self._sources.index(rendition)) for rendition in renditions]
        line = asyncio.ensure_future(self._audio_line(self._audio)) if self._has_separate_audio else None
        self.timeline = build_timeline(await asyncio.gather(*wanted))
        first = self.timeline.at(start_s)
        self._first_slot = first.number
        self._playhead.position_s = max(start_s, first.start_s)
        self._main_lane.start(first.number, len(self.timeline))
        if line is not None:
            self._start_audio_lane(await line, first.start_s)
        self._header_bytes = await self._header.build(self.timeline, rung, first, self._audio)
        if self._has_separate_audio:
            self._emitter.select({self._audio: self._audio_feed(self._audio)})
        self._observe(PhaseReached(self._clock.monotonic(), "header"))

    def open(self) -> VirtualStream:
        """The file, for libmpv to read."""
        return VirtualStream(
            self._header_bytes,
            self._first_slot,
            self.timeline,
            self._emitter,
            self._waiting,
            on_seek=self._sought_threadsafe,
            on_failure=self._on_failure,
            on_damage=self._damaged_threadsafe,
        )

    async def close(self) -> None:
        """Stop fetching and let every reader go."""
        self._waiting.end()
        await self._main_lane.close()
        if self._audio_lane is not None:
            await self._audio_lane.close()
        await self._sources.close()
        self._store.clear()

    # --- what the session asks and tells

    @property
    def audio_selected(self) -> int:
        return self._audio

    def buffered_until(self) -> float:
        """End of the media that is complete from the playhead on, in seconds on the timeline."""
        position_s = self._playhead.position_s
        end = self._complete_until(MAIN, self.timeline.at(position_s).number, len(self.timeline))
        main_end = self.timeline[end - 1].end_s if end > self.timeline.at(position_s).number else position_s
        line = self._lines.get(self._audio_key(self._audio)) if self._has_separate_audio else None
        if line is None or not len(line):
            return max(position_s, main_end)
        begin = line.at(position_s)
        stop = self._complete_until(line.key, begin, len(line))
        audio_end = line[stop - 1].segment.end_s if stop > begin else position_s
        if stop == len(line):
            audio_end = max(audio_end, main_end)
        return max(position_s, min(main_end, audio_end))

    def poke(self) -> None:
        """The playhead moved: something may be fetched now."""
        self._main_lane.poke()
        if self._audio_lane is not None:
            self._audio_lane.poke()

    def cached(self, ranges: Sequence[tuple[float, float]]) -> None:
        """libmpv's own cache holds these times: only there must a segment keep its rung."""
        held = {slot.number for slot in self.timeline.slots if any(_overlap(slot, *r) for r in ranges)}
        self._store.unpin_all_but(MAIN, held)

    def set_manual(self, rung: int | None) -> None:
        """Fix the rung, or None for Auto. Segments already fetched are played as they are."""
        self._rate.manual = rung
        self.poke()

    async def select_audio(self, index: int) -> None:
        """Fetch and write another audio track. libmpv must be told (``aid``) when this has returned."""
        if not self._has_separate_audio or index == self._audio:
            return
        line = await self._audio_line(index)
        if self._audio_lane is not None:
            await self._audio_lane.close()
        self._audio = index
        await self._header.audio_config(index)
        self._start_audio_lane(line, self._playhead.position_s)
        self._emitter.select({index: self._audio_feed(index)})

    # --- the main lane

    def _admit_main(self, position: int) -> Go | Wait:
        slot = self.timeline[position]
        moment = self._moment(position)
        ahead = slot.start_s - self._playhead.position_s
        if ahead >= self._rate.buffer_max_s:
            return Wait(_POLL_S)
        pinned = self._store.pinned_rung(MAIN, position)
        if pinned is not None:
            return Go(pinned)
        decision = self._rate.decide(moment)
        if decision.rung is None:
            return Wait(min(_POLL_S, decision.wait_s) if decision.wait_s else _POLL_S)
        self._decisions[position] = decision
        self._observe(RungDecided(self._clock.monotonic(), position, slot.start_s, decision))
        return Go(decision.rung)

    async def _fetch_main(self, position: int, rung: int) -> None:
        slot = self.timeline[position]
        tried: set[int] = set()
        while True:
            outcome, order = await self._try_main(slot, rung, len(self._rate.rungs) - 1 - len(tried))
            if outcome.result is not None:
                self._rate.finished()
                self._done(order, outcome)
                return
            if outcome.abandoned:
                to_rung, sentence = self._pending_abandon.pop(position)
                self._rate.abandoned()
                wasted = outcome.entry.buffer.received
                self._observe(SegmentAbandoned(self._now(), position, rung, to_rung, wasted, sentence))
                rung = to_rung
                continue
            assert outcome.error is not None
            tried.add(rung)
            other = self._other_rung(rung, tried)
            if isinstance(outcome.error, DrmError) or other is None:
                self._give_up(order, outcome.error)
                return
            self._observe(
                Note(
                    self._now(),
                    "other_rung",
                    f"The segment at {slot.start_s:.1f} s could not be had at this quality; another one is used.",
                    code=str(outcome.error.code),
                )
            )
            rung = other

    async def _try_main(self, slot: Slot, rung: int, rungs_left: int) -> tuple[Outcome, Order]:
        rendition = rendition_of(self._selection.main, rung, slot.period)
        index = await self._sources.index(rendition)
        segment = segment_for(index, slot)
        order = Order(
            MAIN,
            slot.number,
            rung,
            rendition,
            segment,
            release=self._must_release(),
            rungs_left=rungs_left,
            avoid=self._damaged_at.get(slot.number, frozenset()),
        )
        self._rate.chosen(rung)
        return await self._fetcher.fetch(order, self._watch), order

    def _must_release(self) -> bool:
        """Whether samples go to libmpv while they arrive: only when it would otherwise have nothing to show."""
        return self._rate.phase is not Phase.STEADY or self._playhead.starving

    def _watch(self, entry: Entry, progress: LoadProgress) -> LoadVerdict:
        moment = self._moment(entry.position)
        first_byte_s = progress.elapsed_s if progress.first_byte_s is None else progress.first_byte_s
        verdict = self._rate.on_progress(
            moment,
            entry.rung,
            received=progress.received,
            size=progress.total,
            elapsed_s=progress.elapsed_s,
            since_first_byte_s=progress.elapsed_s - first_byte_s,
            recent_bps=progress.rate_bps,
            recent_window_s=min(2.0, progress.elapsed_s - first_byte_s),
            replaceable=not entry.buffer.is_released and self._store.pinned_rung(MAIN, entry.position) is None,
        )
        if verdict.abandon_to is not None and verdict.abandon_to != entry.rung and not entry.buffer.is_released:
            self._pending_abandon[entry.position] = (verdict.abandon_to, verdict.sentence)
            return LoadVerdict.ABANDON
        if self._must_release() and self._main_lane.head == entry.position:
            entry.buffer.release()
        return LoadVerdict.GO_ON

    def _other_rung(self, rung: int, tried: set[int]) -> int | None:
        free = [other for other in range(len(self._rate.rungs)) if other not in tried]
        lower = [other for other in free if other < rung]
        return max(lower) if lower else (min(free) if free else None)

    def _give_up(self, order: Order, error: MatineeError | DrmError) -> None:
        self._observe(ErrorRaised(self._now(), str(error.code), error.sentence, fatal=True))
        self._fetcher.leave_failed(order, error)
        first = self._first_future(MAIN)
        if not first.done():
            first.set_exception(error)
            first.exception()  # it is told to readers too: nobody has to have asked here

    def _done(self, order: Order, outcome: Outcome) -> None:
        assert outcome.result is not None
        first = self._first_future(order.track)
        if not first.done():
            first.set_result(outcome.entry)
        self._observe(
            SegmentDone(
                self._now(),
                order.track,
                order.position,
                order.segment.start_s,
                order.segment.duration_s,
                order.rung,
                outcome.entry.buffer.received,
                outcome.result.pathway,
            )
        )
        self._trim()
        self.poke()

    # --- the audio lane

    @property
    def _has_separate_audio(self) -> bool:
        return self._selection.video is not None and bool(self._selection.audio)

    @staticmethod
    def _audio_key(index: int) -> str:
        return f"audio-{index}"

    async def _audio_line(self, index: int) -> SegmentLine:
        key = self._audio_key(index)
        if key not in self._lines:
            parts = []
            for period, track in enumerate(self._selection.audio[index].per_period):
                if track is None:
                    continue
                rendition = audio_rendition(track)
                parts += [LinePart(period, rendition, segment) for segment in await self._sources.index(rendition)]
            self._lines[key] = SegmentLine(key, parts)
        return self._lines[key]

    def _audio_feed(self, index: int) -> AudioFeed:
        return AudioFeed(self._audio_key(index), self._header.audio[index], self._library, self._emitter.offsets)

    def _start_audio_lane(self, line: SegmentLine, start_s: float) -> None:
        self._audio_lane = Lane(
            line.key,
            self._store,
            lambda position: self._admit_audio(line, position),
            lambda position, _rung: self._fetch_audio(line, position),
            parallel=2,
        )
        self._audio_lane.start(line.at(start_s), len(line))

    def _admit_audio(self, line: SegmentLine, position: int) -> Go | Wait:
        """Audio goes along with the video: never ahead of what is being fetched of it."""
        begun = self._main_lane.next_missing()
        frontier_s = self.timeline.end_s if begun is None else self.timeline[begun].start_s
        start_s = line[position].segment.start_s
        near = start_s < frontier_s - 0.01 and start_s - self._playhead.position_s < self._rate.buffer_max_s
        return Go(0) if near else Wait(_POLL_S)

    async def _fetch_audio(self, line: SegmentLine, position: int) -> None:
        part = line[position]
        order = Order(line.key, position, 0, part.rendition, part.segment, release=self._must_release())
        outcome = await self._fetcher.fetch(order, self._watch_audio)
        if outcome.result is not None:
            self._done(order, outcome)
            return
        if outcome.error is not None:
            fatal = isinstance(outcome.error, DrmError)
            self._observe(ErrorRaised(self._now(), str(outcome.error.code), outcome.error.sentence, fatal=fatal))
            self._fetcher.leave_failed(order, outcome.error)

    def _watch_audio(self, entry: Entry, _progress: LoadProgress) -> LoadVerdict:
        if self._must_release():
            entry.buffer.release()
        return LoadVerdict.GO_ON

    # --- from libmpv's demuxer thread

    def _want_threadsafe(self, track: str, position: int) -> None:
        self._call_soon(self._want, track, position)

    def _sought_threadsafe(self, segment: int) -> None:
        self._call_soon(self._sought, segment)

    def _damaged_threadsafe(self, segment: int, error: MediaError) -> bool:
        """A segment cannot be demuxed: fetch it again, from another CDN if there is one. False when it was the second."""
        entry = self._store.peek(MAIN, segment)
        seen = self._damaged_at.get(segment, frozenset())
        if entry is None or len(seen) >= _DAMAGED_TRIES or entry.pathway in seen:
            return False
        self._damaged_at[segment] = seen | {entry.pathway}
        self._store.discard(entry)
        self._call_soon(self._damaged, segment, error)
        return True

    def _call_soon(self, function: Callable[..., None], *values: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *values)

    def _want(self, track: str, position: int) -> None:
        if track == MAIN:
            if self._main_lane.head != position:
                self._main_lane.want(position, lambda running: self._keep(position, running, len(self.timeline)))
        elif self._audio_lane is not None and self._audio_lane.key == track:
            lane, length = self._audio_lane, len(self._lines[track])
            if lane.head > position or position not in lane.running:
                lane.want(position, lambda running: self._keep(position, running, length))

    def _sought(self, segment: int) -> None:
        """libmpv seeks to a segment: fetch there first."""
        if segment >= len(self.timeline):
            return
        entry = self._store.peek(MAIN, segment)
        if entry is None or not entry.buffer.is_complete:
            self._rate.sought()
        self._want(MAIN, segment)
        if self._audio_lane is not None:
            line = self._lines[self._audio_lane.key]
            self._want(line.key, line.at(self.timeline[segment].start_s))

    def _damaged(self, segment: int, error: MediaError) -> None:
        self._observe(Note(self._now(), "damaged", "A damaged segment is fetched again.", code=str(error.code)))
        self._main_lane.want(segment, lambda running: running != segment)

    @staticmethod
    def _keep(position: int, running: int, _length: int) -> bool:
        return position <= running <= position + _HORIZON

    # --- values of the moment

    def _now(self) -> float:
        return self._clock.monotonic()

    def _first_rung(self) -> int:
        """The rung to begin with, asked before any segment is known."""
        decision = self._rate.decide(Moment(self._now(), 0.0, 4.0, None, 0.0, playing=False, speed=1.0))
        return decision.rung if decision.rung is not None else 0

    def _moment(self, position: int) -> Moment:
        slot = self.timeline[position]
        in_flight = sum(self.timeline[running].duration_s for running in self._main_lane.running)
        return Moment(
            now_s=self._now(),
            buffer_s=self.buffered_until() - self._playhead.position_s,
            segment_s=slot.duration_s,
            remaining_s=self.timeline.end_s - slot.start_s,
            in_flight_s=in_flight,
            playing=self._playhead.playing,
            speed=self._playhead.speed,
            next_sizes=self._next_sizes(position),
        )

    def _next_sizes(self, position: int) -> tuple[tuple[int | None, ...], ...]:
        rows = []
        for number in range(position, min(position + _HORIZON, len(self.timeline))):
            slot = self.timeline[number]
            row: list[int | None] = []
            for rung in range(len(self._rate.rungs)):
                index = self._sources.index_if_known(rendition_of(self._selection.main, rung, slot.period))
                row.append(None if index is None else segment_for(index, slot).size_bytes)
            if all(size is None for size in row):
                return ()
            rows.append(tuple(row))
        return tuple(rows)

    def _complete_until(self, track: str, begin: int, length: int) -> int:
        position = begin
        while position < length:
            entry = self._store.peek(track, position)
            if entry is None or not entry.buffer.is_complete:
                break
            position += 1
        return position

    def _trim(self) -> None:
        oldest = self._playhead.position_s - _BEHIND_S
        first = self.timeline.at(oldest).number
        keep = {(MAIN, number) for number in range(first, len(self.timeline))}
        for line in self._lines.values():
            keep |= {(line.key, position) for position in range(line.at(oldest), len(line))}
        self._store.trim(keep)

    async def _first(self, track: str) -> Entry:
        """The first segment of a track that is complete. Raises the error with which its fetch ended."""
        return await self._first_future(track)

    def _first_future(self, track: str) -> asyncio.Future[Entry]:
        return self._firsts.setdefault(track, self._loop.create_future())


def _overlap(slot: Slot, start_s: float, end_s: float) -> bool:
    return slot.start_s < end_s and slot.end_s > start_s
