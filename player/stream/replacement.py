"""Fetches buffered segments of a low rung again, where ABR's rule says so. Runs on the engine's loop.

Only segments that libmpv has not read can be replaced, as a position of the file always holds the same byte. A
segment stays until its new copy is complete. The store takes the copy only if the old one has not been read
meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from abr.replacing import READ_AHEAD_S, Held, Replacement, goes_on
from player.manifest.model import Segment
from player.reporting.events import MAIN, RungDecided, SegmentReplaced
from player.stream.buffered import Buffered
from player.stream.fetching import FetchOutcome, Order
from player.stream.rate import RungRequest
from player.stream.shared import OrderListener, StreamingParts
from player.stream.store import StoredSegment
from player.transfer.loader import LoadProgress, LoadVerdict

Sizes = tuple[int | None, ...]


class ReplacedTrack(Protocol):
    """The track whose segments are replaced: see :class:`player.stream.main_track.MainTrack`."""

    def request_at(self, position: int) -> RungRequest:
        """What ABR is told before the segment at ``position`` is fetched."""
        ...

    async def order_at(self, position: int, rung: int) -> Order:
        """How the segment at ``position`` is fetched at another rung."""
        ...

    def sizes_at(self, position: int) -> Sizes:
        """The bytes of the segment at ``position`` at every rung; empty where none is known."""
        ...

    def fits(self, position: int, rung: int) -> bool:
        """Whether the manifest allows this rung between the segments beside ``position``."""
        ...


class Replacing:
    """One per playback; ``listener`` is told of a new copy."""

    def __init__(
        self, parts: StreamingParts, buffered: Buffered, track: ReplacedTrack, listener: OrderListener
    ) -> None:
        self._store = parts.store
        self._buffered = buffered
        self._fetcher = parts.fetcher
        self._rate = parts.rate
        self._playhead = parts.playhead
        self._clock = parts.clock
        self._observe = parts.observe
        self._track = track
        self._listener = listener
        self._running: dict[int, Replacement] = {}  # by position
        self._not_again: set[int] = set()  # positions whose replacement was given up
        self._received = 0  # of the running one
        self._asked_at = -1  # the next segment when a replacement was begun last
        self._resting_at = -1  # after one was given up the next segment goes first

    def find(self, head: int, missing: int) -> Replacement | None:
        """What to fetch again before ``missing``, the next segment; libmpv reads at ``head``."""
        if not self._rate.replaces or missing == self._resting_at:
            return None
        held = self._held(head, missing)
        before = self._store.peek(MAIN, held[0].position - 1) if held else None
        found = self._rate.replacement(self._track.request_at(missing), held, None if before is None else before.rung)
        rung = None if found is None else found.decision.rung
        if found is None or (rung is not None and not self._track.fits(found.position, rung)):
            return None
        self._running[found.position] = found
        self._asked_at = missing
        slot = self._buffered.timeline[found.position]
        self._observe(RungDecided(self._clock.monotonic(), found.position, slot.start_s, found.decision))
        return found

    def is_for(self, position: int) -> bool:
        """Whether the fetch that begins there is a replacement."""
        return position in self._running

    async def fetch(self, position: int) -> None:
        """Carry a replacement out. Whatever happens, what is buffered stays or is replaced as a whole."""
        found, self._received = self._running[position], 0
        old = self._store.peek(MAIN, position)
        rung = found.decision.rung
        if old is None or rung is None:
            del self._running[position]
            return
        outcome = FetchOutcome()
        order: Order | None = None
        try:
            order = replace(await self._track.order_at(position, rung), replaces=old)
            outcome = await self._fetcher.fetch(order, self._watch)
        finally:
            del self._running[position]
            self._tell(found, rung, old, outcome)
        if outcome.done is not None:
            self._listener.order_done(order, outcome.done)

    def _tell(self, found: Replacement, rung: int, old: StoredSegment, outcome: FetchOutcome) -> None:
        done = outcome.done is not None
        lost = old.buffer.received if done else self._received
        if not done:
            self._not_again.add(found.position)
            self._resting_at = self._asked_at
        sentence = found.decision.sentence if done else "The new copy would have come too late: the old one is shown."
        self._observe(
            SegmentReplaced(
                self._clock.monotonic(), found.position, found.instead_of, rung, lost, sentence, given_up=not done
            )
        )

    def _watch(self, entry: StoredSegment, progress: LoadProgress) -> LoadVerdict:
        self._received = progress.received
        unread = self._store.pinned_rung(MAIN, entry.position) is None
        running = self._rate.progress(
            self._track.request_at(entry.position), entry.rung, progress, replaceable=unread
        )
        in_time = goes_on(running, self._wanted_in_s(entry.segment))
        return LoadVerdict.GO_ON if in_time else LoadVerdict.ABANDON

    def _wanted_in_s(self, segment: Segment) -> float:
        return segment.start_s - self._playhead.position_s - READ_AHEAD_S

    def _held(self, head: int, missing: int) -> list[Held]:
        """What is whole and unread from ``head`` on, up to the next segment, without a hole."""
        held: list[Held] = []
        for position in range(head + 1, missing):
            entry = self._store.peek(MAIN, position)
            if entry is None or not _is_whole(entry) or self._store.pinned_rung(MAIN, position) is not None:
                held.clear()
                continue
            wanted_in_s = 0.0 if position in self._not_again else self._wanted_in_s(entry.segment)
            held.append(Held(position, entry.rung, wanted_in_s, self._track.sizes_at(position)))
        return held


def _is_whole(entry: StoredSegment | None) -> bool:
    return entry is not None and entry.buffer.is_complete and entry.failure is None and not entry.gap
