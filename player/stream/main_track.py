"""The main track's lane: ABR's rung for each segment, abandonment, and another rung where one is not available."""

from __future__ import annotations

import logging
import math
from collections.abc import Set as AbstractSet
from dataclasses import replace

from abr.model import LOOKAHEAD, Phase, Reason, Vote
from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import ErrorCode, MatineeError, MediaError, unexpected
from player.manifest.model import Rendition, Segment
from player.reporting.events import MAIN, ErrorRaised, Note, RungDecided, SegmentAbandoned
from player.stream.access import entry, may_switch_to
from player.stream.buffered import Buffered
from player.stream.early_reading import EarlyReading
from player.stream.fetching import FetchOutcome, Order
from player.stream.hold_recorder import HoldRecorder
from player.stream.lanes import LONGEST_S, POLL_S, Go, Hold, Lane, LaneWait
from player.stream.rate import RateControl, RungRequest
from player.stream.replacement import Replacing
from player.stream.shared import OrderListener, StreamingParts
from player.stream.store import StoredSegment
from player.stream.timeline import Slot, ends_before, is_aligned, segment_for
from player.tracks.logical import LogicalTrack
from player.tracks.selection import rendition_of
from player.transfer.cut_playlists import ENDS_EARLY
from player.transfer.loader import LoadProgress, LoadVerdict
from player.transfer.recovery import Action, Step

_log = logging.getLogger(__name__)

_KEPT_AFTER_JUMP = 1  # segments of lower quality behind the one that is jumped to: a buffer to begin with
DAMAGED_TRIES = 3
NEWEST = 3  # segments of a live title that may be listed before every CDN has them
SOUND_AHEAD_S = 10.0  # of the picture, on a slow link, once so much of both is buffered
_MOST_KEPT = 2  # segments in a row whose rung stays because the wished one does not begin with a frame of its own
_MOST_SKIPPED = 2  # segments in a row that playback goes on without
_FIRST_GUESS_S = 4.0  # a segment's duration before any is known


def first_rung(rate: RateControl, now_s: float) -> int:
    """The rung to begin with, asked before any segment is known."""
    moment = RungRequest(now_s, 0.0, _FIRST_GUESS_S, None, 0.0, playing=False, speed=1.0)
    decision = rate.decide(moment)
    return decision.rung if decision.rung is not None else 0


class MainTrack:
    """One per playback; see the module. ``track`` gets more periods while a title is live."""

    def __init__(
        self,
        track: LogicalTrack,
        parts: StreamingParts,
        buffered: Buffered,
        early: EarlyReading,
        listener: OrderListener,
    ) -> None:
        self.track = track
        self._sources = parts.sources
        self._fetcher = parts.fetcher
        self._store = parts.store
        self._buffered = buffered
        self._rate = parts.rate
        self._early = early
        self._playhead = parts.playhead
        self._clock = parts.clock
        self._observe = parts.observe
        self._listener = listener
        self._abandon: dict[int, tuple[int, str]] = {}  # by position: the rung to take instead, and why
        self._damaged_from: dict[int, frozenset[str]] = {}  # by position: the CDNs that gave it damaged
        self._left_out: set[int] = set()  # positions of segments that are damaged everywhere
        self._failed_at: int | None = None
        self._held_back_until_s: float | None = None
        self._skipped = 0  # segments in a row
        self._onward: Order | None = None  # that is gone over to in the middle of the segment that is fetched
        self._kept = 0  # segments in a row, see _MOST_KEPT
        self._checked: set[tuple[int, int]] = set()  # (period, rung) whose segments are known to fit the slots
        self._replacing = Replacing(parts, buffered, self, listener)
        self._holding = HoldRecorder(self._clock, self._observe, buffered.ahead_s)
        self.lane = Lane(MAIN, self._store, self._clock, self._admit, self._fetch, self._crashed)

    def first_rung(self) -> int:
        """The rung to begin with, asked before any segment is known."""
        return first_rung(self._rate, self._clock.monotonic())

    def onward(self) -> Rendition | None:
        """What is gone over to next: its playlist is to be followed too."""
        return None if self._onward is None else self._onward.rendition

    def frontier_s(self) -> float:
        """End of the media whose fetch has begun; infinite when that is all of it."""
        missing = self.lane.next_missing()
        return math.inf if missing is None else self._buffered.timeline[missing].start_s

    def sound_goes_first(self) -> bool:
        """Whether the picture waits for the sound: on a slow link, when that can be done without a stall."""
        now_s = self._clock.monotonic()
        low = self._rate.economy(now_s).low
        return low and self._playhead.started and self._buffered.ahead_s(now_s) >= SOUND_AHEAD_S

    def set_manual(self, rung: int | None) -> None:
        """Fix the rung, or None for Auto. What libmpv has not read yet is fetched again, so that it is soon seen."""
        self._rate.manual = rung
        if rung is not None:
            self._store.discard_unread(MAIN, self.lane.head)
        self.lane.poke()

    def sought(self, position: int) -> None:
        """The viewer jumped to ``position``.

        What is stored there of a lower quality than the link carries by now is shown for a segment or two, no longer.
        """
        rung = self._rate.current
        if self._rate.manual is None and rung is not None and self._rate.carries(rung, self._clock.monotonic()):
            self._store.discard_unread(MAIN, position + _KEPT_AFTER_JUMP, below=rung)
        entry = self._store.peek(MAIN, position)
        if entry is None or not entry.buffer.is_complete:
            self._rate.sought()
            self._early.sought()

    def take_damaged(self, position: int) -> bool:
        """A segment cannot be demuxed: take it out, so that it is fetched again, elsewhere if possible. False when
        that has been tried. Called on libmpv's demuxer thread."""
        entry = self._store.peek(MAIN, position)
        seen = self._damaged_from.get(position, frozenset())
        if entry is None or len(seen) >= DAMAGED_TRIES or entry.pathway in seen:
            return False
        self._damaged_from[position] = seen | {entry.pathway}
        self._store.discard(entry)
        return True

    def left_out(self, position: int) -> Order | None:
        """What playback goes on without: a segment that is damaged from every CDN. None where that is no longer the
        exception, or nothing has been shown yet. Called on libmpv's demuxer thread."""
        entry = self._store.peek(MAIN, position)
        before = {position - number for number in range(1, _MOST_SKIPPED + 1)}
        if entry is None or not self._playhead.started or before <= self._left_out:
            return None
        self._left_out.add(position)
        return Order(MAIN, position, entry.rung, entry.rendition, entry.segment)

    def tell_left_out(self, position: int, error: MediaError) -> None:
        """After :meth:`left_out`, on the loop."""
        start_s = self._buffered.timeline[position].start_s
        reason = "holds another time of the title" if error.code is ErrorCode.MEDIA_MISPLACED else "is damaged"
        self._note(
            "skipped", f"At {start_s:.1f} s a segment is left out, it {reason} wherever it is available.", error
        )
        self.lane.poke()

    def refetch_damaged(self, position: int, error: MediaError | DrmError) -> None:
        """After :meth:`take_damaged`, on the loop: give up a fetch that is still running, and restart."""
        wrong = "misplaced" if error.code is ErrorCode.MEDIA_MISPLACED else "damaged"
        self._note(wrong, f"A {wrong} segment is fetched again.", error)
        self.lane.again(position)

    async def close(self) -> None:
        """Stop fetching."""
        await self.lane.close()
        self._holding.end()

    # --- what the lane asks

    def _admit(self, position: int) -> Go | LaneWait:
        answer = self._answer(position)
        self._holding.took(answer)
        return answer

    def _answer(self, position: int) -> Go | LaneWait:
        slot = self._buffered.timeline[position]
        if self._failed_at is not None and self.lane.head <= self._failed_at < position:
            return LaneWait(LONGEST_S, Hold.FAILED)  # playback ends there, unless the viewer jumps on
        full_s = self._playhead.position_s + self._rate.economy(self._clock.monotonic()).buffer_max_s
        replacement = self._replacing.find(self.lane.head, position)
        if replacement is not None and replacement.decision.rung is not None:
            return Go(replacement.decision.rung, replacement.position)
        if slot.start_s >= full_s:
            return LaneWait(self._playhead.reaches_in_s(slot.start_s - full_s), Hold.BUFFER_FULL)
        if self.sound_goes_first() and self._listener.sound_missing(
            min(slot.start_s + SOUND_AHEAD_S, slot.end_s, full_s)
        ):
            return LaneWait(POLL_S, Hold.SOUND_FIRST)
        if self._may_wait_for_first_picture(position):
            return LaneWait(POLL_S, Hold.FIRST_PICTURE)
        pinned = self._store.pinned_rung(MAIN, position)
        if pinned is not None:
            return Go(pinned)
        decision = self._rate.decide(self.request_at(position))
        if decision.rung is None:
            return LaneWait(decision.wait_s or POLL_S, Hold.POLICY, decision.sentence)
        rung = self._where_allowed(slot, decision.rung)
        if rung != decision.rung:
            sentence = f"{decision.sentence} The manifest allows a change at a later segment only."
            votes = (*decision.votes, Vote("policy", decision.rung, decision.sentence))
            decision = replace(decision, rung=rung, reason=Reason.HOLD, sentence=sentence, votes=votes)
        self._observe(RungDecided(self._clock.monotonic(), position, slot.start_s, decision))
        return Go(rung)

    def _where_allowed(self, slot: Slot, rung: int) -> int:
        """``rung``, or that of the segment before, where the manifest allows no change (Switching)."""
        before = self._store.peek(MAIN, slot.number - 1)
        return rung if before is None or self._follows(before, slot, rung) else before.last_rung

    def _follows(self, before: StoredSegment, slot: Slot, rung: int) -> bool:
        if before.last_rung == rung or before.gap or before.failure is not None:
            return True
        return may_switch_to(rendition_of(self.track, rung, slot.period), slot)

    def fits(self, position: int, rung: int) -> bool:
        """Whether a segment may have this rung between those that are there (Switching)."""
        timeline = self._buffered.timeline
        before, after = (self._store.peek(MAIN, number) for number in (position - 1, position + 1))
        if before is not None and not self._follows(before, timeline[position], rung):
            return False
        if after is None or after.rung == rung:
            return True
        return may_switch_to(after.rendition, timeline[position + 1])

    def entry(self, position: int) -> int:
        """The segment with which decoding begins so that ``position`` can be shown (RandomAccess)."""
        rung = self._rate.current or 0
        return entry(self._buffered.timeline, position, lambda period: rendition_of(self.track, rung, period))

    def _may_wait_for_first_picture(self, position: int) -> bool:
        """Whether to leave the processor to the first picture: the first segment is there and it is not shown yet.

        For a moment only, counted from the first time this was asked.
        """
        if self._playhead.started or self._playhead.low_latency or self._store.peek(MAIN, position - 1) is None:
            return False
        now_s = self._clock.monotonic()
        if self._held_back_until_s is None:
            self._held_back_until_s = now_s + POLL_S
        return now_s < self._held_back_until_s

    async def _fetch(self, position: int, rung: int) -> None:
        if self._replacing.is_for(position):
            await self._replacing.fetch(position)
            return
        slot = self._buffered.timeline[position]
        tried: set[int] = set()
        while True:
            order, outcome = await self._attempt(slot, rung, tried)
            rung = order.rung
            if outcome.done is not None:
                self._rate.finished()
                self._failed_at = None
                self._skipped = 0
                self._listener.order_done(order, outcome.done)
                return
            if outcome.error is None:
                rung = self._after_abandoning(position, rung, outcome)
                continue
            tried.add(rung)
            other = self._other_rung(rung, tried) if _depends_on_rung(outcome.error) else None
            if other is None:
                self._give_up(order, slot, outcome.error, outcome.step)
                return
            self._note(
                "other_rung",
                f"At {slot.start_s:.1f} s another quality is used, this one is not available.",
                outcome.error,
            )
            rung = other

    async def _attempt(self, slot: Slot, rung: int, tried: AbstractSet[int]) -> tuple[Order, FetchOutcome]:
        """Fetch the segment of one rung; a rung that is not available at all is not offered to ABR again."""
        others = len(self._rate.rungs) - 1 - len(tried)
        try:
            order = await self._order(slot, rung, others=others)
            kept = self._rung_to_keep(order, slot)
            if kept is not None and kept not in tried:
                wished, order = order, await self._order(slot, kept, others=others)
                if order.unfinished and not order.segment.url:
                    order = replace(order, onward=wished)
        except (MatineeError, DrmError) as error:  # this rung's own playlist or index is not available
            self._rate.exclude(rung)
            return self._unknown(slot, rung), FetchOutcome(error=error)
        if order.segment.gap:
            return order, FetchOutcome(error=_missing(), step=Step(Action.SKIP, 0.0, "The source has a gap here."))
        self._rate.chosen(order.rung)
        self._onward = order.onward
        outcome = await self._fetcher.fetch(order, self._watch, self._early.took)
        self._onward = None
        if outcome.done is not None and (rung := outcome.done.entry.last_rung) != order.rung:
            self._kept = 0
            self._rate.chosen(rung)
        if isinstance(outcome.error, DrmError) and _depends_on_rung(outcome.error):
            self._rate.exclude(order.rung)
        return order, outcome

    def _rung_to_keep(self, order: Order, slot: Slot) -> int | None:
        """The rung of the segment before, where another one would begin with a part that cannot be decoded by itself
        (RFC 8216bis 4.4.4.9, INDEPENDENT). None: the change may be, or was put off long enough."""
        growing, before = self._sources.growing, self._store.peek(MAIN, slot.number - 1)
        ours = before is not None and before.last_rung != order.rung and not before.gap and before.failure is None
        if growing is None or before is None or not ours or growing.begins_alone(order.rendition, order.segment):
            self._kept = 0
            return None
        if slot.first_of_group or self._kept >= _MOST_KEPT:
            return None
        self._kept += 1
        sentence = f"At {slot.start_s:.1f} s the quality stays: the other one cannot be decoded from there on."
        self._observe(Note(self._clock.monotonic(), "rung_kept", sentence, track=MAIN))
        return before.last_rung

    async def order_at(self, position: int, rung: int) -> Order:
        """How the segment at ``position`` is fetched at another rung; raises as the load of its playlist does."""
        return await self._order(self._buffered.timeline[position], rung, others=0)

    async def _order(self, slot: Slot, rung: int, *, others: int) -> Order:
        rendition = rendition_of(self.track, rung, slot.period)
        growing, timeline = self._sources.growing, self._buffered.timeline
        if growing is None:
            segment = await self._listed(rendition, rung, slot)
        else:
            segment = await growing.segment(rendition, slot)
        return Order(
            MAIN,
            slot.number,
            rung,
            rendition,
            segment,
            rungs_left=others,
            avoid=self._damaged_from.get(slot.number, frozenset()),
            may_come=timeline.growing and slot.number >= len(timeline) - NEWEST,
            unfinished=growing is not None and growing.unfinished(rendition, segment),
        )

    async def _listed(self, rendition: Rendition, rung: int, slot: Slot) -> Segment:
        """The segment of a rung that fills a slot. Raises MediaError where the rung is cut in other places, or ends
        before."""
        index = await self._sources.index(rendition)
        if (slot.period, rung) not in self._checked and not is_aligned(index, self._buffered.timeline, slot.period):
            raise MediaError(
                ErrorCode.MEDIA_UNSUPPORTED, "One quality of this title is cut in other places than the rest."
            )
        self._checked.add((slot.period, rung))
        if len(index) and ends_before(index, slot):
            self._sources.on_cut(ENDS_EARLY)
            raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, "One quality of this title ends before the rest.")
        return segment_for(index, slot)

    def _unknown(self, slot: Slot, rung: int) -> Order:
        """An order for a segment whose address could not even be found out."""
        segment = Segment(slot.number, slot.start_s, slot.duration_s, url="")
        return Order(MAIN, slot.number, rung, rendition_of(self.track, rung, slot.period), segment)

    def _watch(self, entry: StoredSegment, progress: LoadProgress) -> LoadVerdict:
        replaceable = (
            not entry.unfinished
            and not entry.buffer.is_released
            and self._store.pinned_rung(MAIN, entry.position) is None
        )
        running = self._rate.progress(self.request_at(entry.position), entry.rung, progress, replaceable=replaceable)
        verdict = self._rate.on_progress(running)
        to_rung = verdict.abandon_to
        if replaceable and to_rung is not None and to_rung != entry.rung and self.fits(entry.position, to_rung):
            self._abandon[entry.position] = (to_rung, verdict.sentence)
            return LoadVerdict.ABANDON
        self._early.look()
        return LoadVerdict.GO_ON

    def _after_abandoning(self, position: int, rung: int, outcome: FetchOutcome) -> int:
        to_rung, sentence = self._abandon.pop(position)
        self._rate.abandoned()
        wasted = 0 if outcome.entry is None else outcome.entry.buffer.received
        self._observe(SegmentAbandoned(self._clock.monotonic(), position, rung, to_rung, wasted, sentence))
        return to_rung

    def _other_rung(self, rung: int, tried: set[int]) -> int | None:
        """The next lower rung that has not been tried, else the lowest of the higher ones."""
        free = [other for other in range(len(self._rate.rungs)) if other not in tried]
        lower = [other for other in free if other < rung]
        return max(lower) if lower else min(free, default=None)

    def _give_up(self, order: Order, slot: Slot, error: MatineeError | DrmError, step: Step | None = None) -> None:
        """No rung of this segment is available: go on without it if that is not the rule by now, else end here."""
        skippable = step is not None and step.action is Action.SKIP
        if skippable and self._rate.phase is not Phase.STARTUP and self._skipped < _MOST_SKIPPED:
            self._skipped += 1
            self._note("skipped", f"At {slot.start_s:.1f} s a segment is left out, it is not available.", error)
            self._listener.order_skipped(order)
            return
        self._failed_at = slot.number
        self._observe(ErrorRaised(self._clock.monotonic(), str(error.code), error.sentence, fatal=False))
        self._listener.order_failed(order, error)

    def _crashed(self, position: int, error: Exception) -> None:
        _log.error("fetching segment %d of the main track failed unexpectedly", position, exc_info=error)
        slot = self._buffered.timeline[position]
        self._give_up(self._unknown(slot, 0), slot, unexpected())

    def _note(self, kind: str, sentence: str, error: MatineeError | DrmError) -> None:
        self._observe(Note(self._clock.monotonic(), kind, sentence, track=MAIN, code=str(error.code)))

    # --- what ABR is told

    def request_at(self, position: int) -> RungRequest:
        timeline = self._buffered.timeline
        slot, now_s = timeline[position], self._clock.monotonic()
        return RungRequest(
            now_s=now_s,
            buffer_s=self._buffered.ahead_s(now_s),
            segment_s=slot.duration_s,
            remaining_s=None if timeline.growing else timeline.end_s - slot.start_s,
            in_flight_s=sum(timeline[running].duration_s for running in self.lane.running),
            playing=self._playhead.playing,
            speed=self._playhead.speed,
            next_sizes=self._next_sizes(position),
        )

    def _next_sizes(self, position: int) -> tuple[tuple[int | None, ...], ...]:
        """Sizes of the coming segments in bytes, by segment and rung, where the manifest or an index says them."""
        timeline = self._buffered.timeline
        rows = []
        for number in range(position, min(position + LOOKAHEAD, len(timeline))):
            row = self.sizes_at(number)
            if not row:
                return ()
            rows.append(row)
        return tuple(rows)

    def sizes_at(self, position: int) -> tuple[int | None, ...]:
        """The bytes of a segment at every rung; empty where none is known."""
        slot = self._buffered.timeline[position]
        row = tuple(self._size(slot, rung) for rung in range(len(self._rate.rungs)))
        return row if any(size is not None for size in row) else ()

    def _size(self, slot: Slot, rung: int) -> int | None:
        index = self._sources.index_if_known(rendition_of(self.track, rung, slot.period))
        return None if index is None or not len(index) else segment_for(index, slot).size_bytes


def _depends_on_rung(error: MatineeError | DrmError) -> bool:
    """Whether another rung may be available although this one cannot: qualities may have keys of their own."""
    return not isinstance(error, DrmError) or error.code is DrmErrorCode.NO_KEY


def _missing() -> MediaError:
    return MediaError(ErrorCode.MEDIA_NO_TRACKS, "A part of this title is missing at its source.")
