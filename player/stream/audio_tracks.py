"""The separate audio tracks: their segments, and the lane of the one that plays."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping

from drm_client.errors import DrmError
from player.base.errors import ErrorCode, MediaError, unexpected
from player.manifest.model import Rendition, Segment, Track
from player.reporting.events import ErrorRaised, Note
from player.stream.buffered import Buffered
from player.stream.early_reading import EarlyReading
from player.stream.fetching import Order
from player.stream.lanes import LONGEST_S, Go, Lane, LaneWait
from player.stream.main_track import DAMAGED_TRIES, NEWEST, SOUND_AHEAD_S, MainTrack
from player.stream.segment_line import LinePart, SegmentLine
from player.stream.shared import OrderListener, StreamingParts
from player.stream.store import StoredSegment
from player.tracks.selection import Selection, audio_rendition
from player.transfer.loader import LoadProgress, LoadVerdict

_log = logging.getLogger(__name__)

_EDGE_S = 0.01


def audio_key(number: int) -> str:
    """Key of a separate audio track in the store."""
    return f"audio-{number}"


class AudioTracks:
    """The viewer's choices of sound. Only the chosen one is fetched; ``lines`` holds those that have been chosen.
    ``tracks`` get more periods while a title is live."""

    def __init__(
        self,
        selection: Selection,
        lines: MutableMapping[str, SegmentLine],
        parts: StreamingParts,
        buffered: Buffered,
        main: MainTrack,
        early: EarlyReading,
        listener: OrderListener,
    ) -> None:
        self.tracks = selection.audio if selection.video is not None else ()
        self._lines = lines
        self._sources = parts.sources
        self._fetcher = parts.fetcher
        self._store = parts.store
        self._buffered = buffered
        self._main = main
        self._early = early
        self._playhead = parts.playhead
        self._rate = parts.rate
        self._clock = parts.clock
        self._observe = parts.observe
        self._listener = listener
        self.chosen = selection.default_audio
        self._damaged_from: dict[tuple[str, int], frozenset[str]] = {}  # the CDNs that gave a segment damaged
        self.lane: Lane | None = None

    def __bool__(self) -> bool:
        """Whether there is separate audio at all."""
        return bool(self.tracks)

    async def line(self, number: int) -> SegmentLine:
        """Return the segments of a track. Loads its playlists at the first call, and again for a live title, whose
        first periods may be gone."""
        key = audio_key(number)
        timeline = self._buffered.timeline
        first_period = timeline[timeline.first].period if timeline.growing else 0
        if key not in self._lines:
            self._lines[key] = SegmentLine(key, await self._parts(number, first_period), growing=timeline.growing)
        elif timeline.growing:
            self._lines[key].growing = True
            self._lines[key].grow(await self._parts(number, first_period))
        return self._lines[key]

    async def _parts(self, number: int, first_period: int) -> list[LinePart]:
        """The segments of a track from a period on."""
        parts: list[LinePart] = []
        for period, track in self._periods(number, first_period):
            rendition = audio_rendition(track)
            parts += [LinePart(period, rendition, segment) for segment in await self._sources.index(rendition)]
        return parts

    def _periods(self, number: int, first: int) -> list[tuple[int, Track]]:
        periods = enumerate(self.tracks[number].per_period[first:], first)
        return [(period, track) for period, track in periods if track is not None]

    def grow(self, first_period: int, *, growing: bool) -> None:
        """A live title was refreshed: take in what is new of the chosen track. ``first_period`` is the first one that
        may have something new."""
        line = self._buffered.audio
        if line is None or self.lane is None:
            return
        for period, track in self._periods(self.chosen, first_period):
            rendition = audio_rendition(track)
            known = self._sources.index_if_known(rendition) or ()
            line.grow(LinePart(period, rendition, segment) for segment in known)
        line.slide(self._buffered.timeline.start_s)
        line.growing = growing
        self.lane.extend(len(line))

    def rendition(self) -> Rendition | None:
        """The newest rendition of the chosen track."""
        tracks = [track for track in self.tracks[self.chosen].per_period if track is not None] if self else []
        return audio_rendition(tracks[-1]) if tracks else None

    def forget(self) -> None:
        """The segments that were listed are to be read again."""
        self._lines.clear()

    async def choose(self, number: int, at_s: float) -> None:
        """Fetch this track from a time on, and no other."""
        line = await self.line(number)
        await self.close()
        self.chosen = number
        if self._buffered.audio is not None and self._buffered.audio is not line:
            self._buffered.audio.growing = False  # nobody follows it any more
        self._buffered.audio = line
        self.lane = Lane(
            line.key,
            self._store,
            self._clock,
            lambda position: self._admit(line, position),
            lambda position, _rung: self._fetch(line, position),
            lambda position, error: self._crashed(line, position, error),
            parallel=2,
        )
        self.lane.start(line.at(at_s), len(line))

    async def close(self) -> None:
        """Stop fetching."""
        lane, self.lane = self.lane, None
        if lane is not None:
            await lane.close()

    def _admit(self, line: SegmentLine, position: int) -> Go | LaneWait:
        """Audio goes along with the picture: never ahead of what is being fetched of it, but on a slow link."""
        start_s = line[position].segment.start_s
        wanted = self.lane is not None and position <= self.lane.head
        if not (self._playhead.started or self._playhead.low_latency or wanted):
            return LaneWait(LONGEST_S)  # the first picture needs the first sound only
        full_s = self._playhead.position_s + self._rate.economy(self._clock.monotonic()).buffer_max_s
        if start_s >= full_s:
            return LaneWait(self._playhead.reaches_in_s(start_s - full_s))
        reach_s = self._main.frontier_s() + (SOUND_AHEAD_S if self._main.sound_goes_first() else 0.0)
        return Go(0) if start_s < reach_s - _EDGE_S else LaneWait(LONGEST_S)  # until a fetch of the picture begins

    def poke(self) -> None:
        """A fetch of the picture has begun: sound may be fetched so far."""
        if self.lane is not None:
            self.lane.poke()

    def wanting(self, until_s: float) -> bool:
        """Whether sound that begins before ``until_s`` has not arrived yet, and has not failed."""
        line, lane = self._buffered.audio, self.lane
        if line is None or lane is None:
            return False
        missing = lane.next_missing()
        waited_for = lane.running if missing is None else (*lane.running, missing)
        return any(line[position].segment.start_s < until_s - _EDGE_S for position in waited_for)

    async def _fetch(self, line: SegmentLine, position: int) -> None:
        part = line[position]
        order = self._order(line, position)
        if part.segment.gap:
            self._listener.order_failed(order, MediaError(ErrorCode.MEDIA_NO_TRACKS, "The sound has a gap here."))
            return
        outcome = await self._fetcher.fetch(order, self._watch, self._early.took)
        if outcome.done is not None:
            self._listener.order_done(order, outcome.done)
        elif outcome.error is not None:
            error = outcome.error
            fatal = isinstance(error, DrmError)
            self._observe(ErrorRaised(self._clock.monotonic(), str(error.code), error.sentence, fatal=fatal))
            self._listener.order_failed(order, error)

    def _order(self, line: SegmentLine, position: int) -> Order:
        part = line[position]
        avoid = self._damaged_from.get((line.key, position), frozenset())
        newest = line.growing and position >= len(line) - NEWEST
        growing, segment = self._sources.growing, self._as_listed(part)
        made = growing is None or not growing.unfinished(part.rendition, segment)
        return Order(
            line.key,
            position,
            0,
            part.rendition,
            segment,
            avoid=avoid,
            may_come=newest,
            unfinished=not made,
        )

    def _as_listed(self, part: LinePart) -> Segment:
        """A segment as it is listed now; one of which there were only parts may be whole by now."""
        if part.segment.url:
            return part.segment
        index = self._sources.index_if_known(part.rendition) or ()
        listed = (index[position] for position in range(len(index) - 1, -1, -1))
        return next((each for each in listed if each.number <= part.segment.number), part.segment)

    def take_damaged(self, key: str, position: int) -> bool:
        """A segment cannot be demuxed: take it out, so that it is fetched again, elsewhere if possible. False when
        that has been tried. Called on libmpv's demuxer thread."""
        entry = self._store.peek(key, position)
        seen = self._damaged_from.get((key, position), frozenset())
        if entry is None or entry.failure is not None or len(seen) >= DAMAGED_TRIES or entry.pathway in seen:
            return False
        self._damaged_from[key, position] = seen | {entry.pathway}
        self._store.discard(entry)
        return True

    def refetch_damaged(self, key: str, position: int, error: MediaError) -> None:
        """After :meth:`take_damaged`, on the loop: give up a fetch that is still running, and restart."""
        wrong = "misplaced" if error.code is ErrorCode.MEDIA_MISPLACED else "damaged"
        sentence = f"A {wrong} segment of the sound is fetched again."
        self._observe(Note(self._clock.monotonic(), wrong, sentence, track=key, code=str(error.code)))
        if self.lane is not None and self.lane.key == key:
            self.lane.again(position)

    def _crashed(self, line: SegmentLine, position: int, error: Exception) -> None:
        _log.error("fetching segment %d of %s failed unexpectedly", position, line.key, exc_info=error)
        self._listener.order_failed(self._order(line, position), unexpected())

    def _watch(self, _entry: StoredSegment, _progress: LoadProgress) -> LoadVerdict:
        self._early.look()
        return LoadVerdict.GO_ON
