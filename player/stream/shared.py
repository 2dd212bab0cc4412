"""What the parts of one playback's streaming share, and how they tell each other of what they fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from drm_client.errors import DrmError
from player.base.clock import Clock
from player.base.errors import MatineeError
from player.reporting.events import Observer
from player.stream.beside import Look
from player.stream.buffered import Playhead
from player.stream.fetching import DoneFetch, Order, SegmentFetcher
from player.stream.rate import RateControl
from player.stream.sources import Sources
from player.stream.store import SegmentStore
from player.stream.waiting import Waiting


@dataclass(frozen=True, slots=True)
class StreamingParts:
    """What each track's streaming works with: one of each for a playback."""

    sources: Sources
    fetcher: SegmentFetcher
    store: SegmentStore
    waiting: Waiting
    rate: RateControl
    playhead: Playhead
    clock: Clock
    observe: Observer
    look: Look | None = None  # at audio in the segments of a video that is not played; see player.stream.beside


class OrderListener(Protocol):
    """Is told on the engine's loop how each order ended."""

    def order_done(self, order: Order, fetched: DoneFetch) -> None: ...

    def order_failed(self, order: Order, error: MatineeError | DrmError) -> None: ...

    def order_skipped(self, order: Order) -> None:
        """No CDN and no rung has it: playback goes on without it."""
        ...

    def sound_missing(self, until_s: float) -> bool:
        """Whether sound that begins before this time is still to come."""
        ...
