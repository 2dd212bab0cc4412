"""The main track's lane: ABR's rung for each segment, abandonment, and another rung where one cannot be had."""

from __future__ import annotations

from collections.abc import Callable

from abr.model import Phase
from drm_client.errors import DrmError
from player.clock import Clock
from player.errors import MatineeError, MediaError
from player.events import ErrorRaised, Note, Observer, RungDecided, SegmentAbandoned
from player.loader import LoadProgress, LoadVerdict
from player.manifest.model import Segment
from player.selection import rendition_of
from player.stream.buffered import MAIN, Buffered, Playhead
from player.stream.fetching import Order, Outcome, SegmentFetcher
from player.stream.lanes import POLL_S, Go, Lane, Wait
from player.stream.rate import Moment, RateControl
from player.stream.sources import Sources
from player.stream.store import Entry, SegmentStore
from player.stream.timeline import LogicalTrack, Slot, segment_for

_HORIZON = 6  # coming segments whose sizes ABR is told
_DAMAGED_TRIES = 3
_FIRST_GUESS_S = 4.0  # a segment's duration before any is known


class MainTrack:
    """One per playback; see the module. ``done`` and ``failed`` are told how each order ended."""

    def __init__(
        self,
        track: LogicalTrack,
        sources: Sources,
        fetcher: SegmentFetcher,
        store: SegmentStore,
        buffered: Buffered,
        rate: RateControl,
        playhead: Playhead,
        clock: Clock,
        observe: Observer,
        done: Callable[[Order, Outcome], None],
        failed: Callable[[Order, MatineeError | DrmError], None],
    ) -> None:
        self._track = track
        self._sources = sources
        self._fetcher = fetcher
        self._store = store
        self._buffered = buffered
        self._rate = rate
        self._playhead = playhead
        self._clock = clock
        self._observe = observe
        self._tell_done = done
        self._tell_failed = failed
        self._abandon: dict[int, tuple[int, str]] = {}  # by position: the rung to take instead, and why
        self._damaged_from: dict[int, frozenset[str]] = {}  # by position: the CDNs that gave it damaged
        self._failed_at: int | None = None
        self.lane = Lane(MAIN, store, self._admit, self._fetch)

    def first_rung(self) -> int:
        """The rung to begin with, asked before any segment is known."""
        moment = Moment(self._clock.monotonic(), 0.0, _FIRST_GUESS_S, None, 0.0, playing=False, speed=1.0)
        decision = self._rate.decide(moment)
        return decision.rung if decision.rung is not None else 0

    def must_release(self) -> bool:
        """Whether samples go to libmpv while they arrive: only when it would otherwise have nothing to show, since
        what is shown cannot be fetched at another rung any more."""
        return self._rate.phase is not Phase.STEADY or self._playhead.starving

    def frontier_s(self) -> float:
        """End of the media whose fetch has begun."""
        begun = self.lane.next_missing()
        timeline = self._buffered.timeline
        return timeline.end_s if begun is None else timeline[begun].start_s

    def set_manual(self, rung: int | None) -> None:
        """Fix the rung, or None for Auto. What libmpv has not read yet is fetched anew, so that it is soon seen."""
        self._rate.manual = rung
        if rung is not None:
            self._store.discard_unread(MAIN, self.lane.head)
        self.lane.poke()

    def sought(self, position: int) -> None:
        """The viewer jumped to ``position``."""
        entry = self._store.peek(MAIN, position)
        if entry is None or not entry.buffer.is_complete:
            self._rate.sought()

    def take_damaged(self, position: int, error: MediaError) -> bool:
        """A segment cannot be demuxed: take it out, so that it is fetched again, elsewhere if possible. False when
        that has been tried. Called on libmpv's demuxer thread."""
        entry = self._store.peek(MAIN, position)
        seen = self._damaged_from.get(position, frozenset())
        if entry is None or len(seen) >= _DAMAGED_TRIES or entry.pathway in seen:
            return False
        self._damaged_from[position] = seen | {entry.pathway}
        self._store.discard(entry)
        self._note("damaged", "A damaged segment is fetched again.", error)
        return True

    # --- what the lane asks

    def _admit(self, position: int) -> Go | Wait:
        slot = self._buffered.timeline[position]
        if self._failed_at is not None and position > self._failed_at:
            return Wait(POLL_S)
        if slot.start_s - self._playhead.position_s >= self._rate.buffer_max_s:
            return Wait(POLL_S)
        pinned = self._store.pinned_rung(MAIN, position)
        if pinned is not None:
            return Go(pinned)
        decision = self._rate.decide(self._moment(position))
        if decision.rung is None:
            return Wait(min(POLL_S, decision.wait_s) if decision.wait_s else POLL_S)
        self._observe(RungDecided(self._clock.monotonic(), position, slot.start_s, decision))
        return Go(decision.rung)

    async def _fetch(self, position: int, rung: int) -> None:
        slot = self._buffered.timeline[position]
        tried: set[int] = set()
        while True:
            try:
                order = await self._order(slot, rung, others=len(self._rate.rungs) - 1 - len(tried))
            except (MatineeError, DrmError) as error:  # this rung's own playlist or index cannot be had
                order, problem = self._unknown(slot, rung), error
            else:
                self._rate.chosen(rung)
                outcome = await self._fetcher.fetch(order, self._watch)
                if outcome.result is not None:
                    self._rate.finished()
                    self._failed_at = None
                    self._tell_done(order, outcome)
                    return
                if outcome.error is None:
                    rung = self._after_abandoning(position, rung, outcome)
                    continue
                problem = outcome.error
            tried.add(rung)
            other = None if isinstance(problem, DrmError) else self._other_rung(rung, tried)
            if other is None:
                self._give_up(order, slot, problem)
                return
            self._note(
                "other_rung", f"At {slot.start_s:.1f} s another quality is used, this one cannot be had.", problem
            )
            rung = other

    async def _order(self, slot: Slot, rung: int, *, others: int) -> Order:
        rendition = rendition_of(self._track, rung, slot.period)
        segment = segment_for(await self._sources.index(rendition), slot)
        return Order(
            MAIN,
            slot.number,
            rung,
            rendition,
            segment,
            release=self.must_release(),
            rungs_left=others,
            avoid=self._damaged_from.get(slot.number, frozenset()),
        )

    def _unknown(self, slot: Slot, rung: int) -> Order:
        """An order for a segment whose address could not even be found out."""
        segment = Segment(slot.number, slot.start_s, slot.duration_s, url="")
        return Order(MAIN, slot.number, rung, rendition_of(self._track, rung, slot.period), segment, release=True)

    def _watch(self, entry: Entry, progress: LoadProgress) -> LoadVerdict:
        replaceable = not entry.buffer.is_released and self._store.pinned_rung(MAIN, entry.position) is None
        first_byte_s = progress.elapsed_s if progress.first_byte_s is None else progress.first_byte_s
        verdict = self._rate.on_progress(
            self._moment(entry.position),
            entry.rung,
            received=progress.received,
            size=progress.total,
            elapsed_s=progress.elapsed_s,
            since_first_byte_s=progress.elapsed_s - first_byte_s,
            recent_bps=progress.rate_bps,
            recent_window_s=min(2.0, progress.elapsed_s - first_byte_s),
            replaceable=replaceable,
        )
        if replaceable and verdict.abandon_to is not None and verdict.abandon_to != entry.rung:
            self._abandon[entry.position] = (verdict.abandon_to, verdict.sentence)
            return LoadVerdict.ABANDON
        if self.must_release() and self.lane.head == entry.position:
            entry.buffer.release()
        return LoadVerdict.GO_ON

    def _after_abandoning(self, position: int, rung: int, outcome: Outcome) -> int:
        to_rung, sentence = self._abandon.pop(position)
        self._rate.abandoned()
        wasted = outcome.entry.buffer.received
        self._observe(SegmentAbandoned(self._clock.monotonic(), position, rung, to_rung, wasted, sentence))
        return to_rung

    def _other_rung(self, rung: int, tried: set[int]) -> int | None:
        """The next lower rung that has not been tried, else the lowest of the higher ones."""
        free = [other for other in range(len(self._rate.rungs)) if other not in tried]
        lower = [other for other in free if other < rung]
        return max(lower) if lower else min(free, default=None)

    def _give_up(self, order: Order, slot: Slot, error: MatineeError | DrmError) -> None:
        self._failed_at = slot.number
        self._observe(ErrorRaised(self._clock.monotonic(), str(error.code), error.sentence, fatal=True))
        self._tell_failed(order, error)

    def _note(self, kind: str, sentence: str, error: MatineeError | DrmError) -> None:
        self._observe(Note(self._clock.monotonic(), kind, sentence, track=MAIN, code=str(error.code)))

    # --- what ABR is told

    def _moment(self, position: int) -> Moment:
        timeline = self._buffered.timeline
        slot = timeline[position]
        return Moment(
            now_s=self._clock.monotonic(),
            buffer_s=self._buffered.ahead_s(),
            segment_s=slot.duration_s,
            remaining_s=timeline.end_s - slot.start_s,
            in_flight_s=sum(timeline[running].duration_s for running in self.lane.running),
            playing=self._playhead.playing,
            speed=self._playhead.speed,
            next_sizes=self._next_sizes(position),
        )

    def _next_sizes(self, position: int) -> tuple[tuple[int | None, ...], ...]:
        """Sizes of the coming segments in bytes, by segment and rung, where the manifest or an index says them."""
        timeline = self._buffered.timeline
        rows = []
        for number in range(position, min(position + _HORIZON, len(timeline))):
            row = tuple(self._size(timeline[number], rung) for rung in range(len(self._rate.rungs)))
            if all(size is None for size in row):
                return ()
            rows.append(row)
        return tuple(rows)

    def _size(self, slot: Slot, rung: int) -> int | None:
        index = self._sources.index_if_known(rendition_of(self._track, rung, slot.period))
        return None if index is None else segment_for(index, slot).size_bytes
