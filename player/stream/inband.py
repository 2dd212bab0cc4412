"""Reports the events inside the segments that arrive (emsg boxes, ID3). Runs on the engine's loop."""

from __future__ import annotations

from player.base.clock import Clock
from player.media.demux import Fmp4Demuxer
from player.media.timed_metadata import events_of
from player.reporting.events import Observer, TimedEventsSeen
from player.stream.store import StoredSegment


class InbandEvents:
    """One per playback. Rungs and tracks repeat the same events: whoever keeps them joins those that are alike."""

    def __init__(self, clock: Clock, observe: Observer) -> None:
        self._clock = clock
        self._observe = observe

    def arrived(self, entry: StoredSegment) -> None:
        """A segment is there as a whole."""
        demuxer = entry.demuxer
        init = demuxer.init if isinstance(demuxer, Fmp4Demuxer) else None
        found = events_of(entry.buffer, entry.segment, init)
        if found:
            self._observe(TimedEventsSeen(self._clock.monotonic(), found))
