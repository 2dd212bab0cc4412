"""Subtitles: loaded when they are chosen, from where playback is on, turned into ASS by us and given to libmpv beside
the stream."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec

from player.base.errors import ANY_ERROR, ErrorCode, MatineeError, MediaError
from player.manifest.codecs import TEXT_CONTAINERS, codec_family
from player.manifest.model import Container, Rendition, Segment, Track
from player.mpv.control import MpvControl
from player.mpv.model import MediaPlayer
from player.net.model import RequestKind
from player.reporting.state import TrackChoice
from player.stream.sources import Sources
from player.text.ass import to_ass
from player.text.cues import Cue
from player.text.segments import REFUSED, file_cues, fragment_cues, of_another_time
from player.text.subtitle_files import SubtitleLine
from player.tracks.logical import LogicalTrack
from player.tracks.menus import track_choice
from player.tracks.preferences import TrackPreferences, choose_text
from player.tracks.selection import Selection

_log = logging.getLogger(__name__)

_MAX_SEGMENTS = 20_000
_AT_ONCE = 6
_FIRST = 30  # segments that are loaded before any words are shown; the others come behind them ...
_MORE = 90  # ... so many at a time
_TRIES = 3
_LONG_BYTES = 32 * 1024
_SHORTER_S = 2.0  # so much sooner than its video the list of subtitles may end
_KEPT_BEHIND_S = 60.0  # of a live title, words that have left the list
_CAPTIONS, _FIRST_CHANNEL = "eia_608", "CC1"

_P = ParamSpec("_P")

MediaOffset = Callable[[int, Segment], float | None]
"""What is added to the media timestamps of a segment in a period to reach the presentation timeline; None while no
media of its group has been read."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One segment of a text track."""

    period: int
    rendition: Rendition
    segment: Segment

    @property
    def name(self) -> tuple[int, str, int]:
        return self.period, self.rendition.id, self.segment.number


_Found = dict[tuple[int, str, int], tuple[_Part, Sequence[Cue]]]
"""By the name of a part: itself, and its cues."""


@dataclass(slots=True)
class _Reading:
    """What has been read of one track. ``floating``: parts whose place was not known for good when they were read."""

    track_id: str
    found: _Found = field(default_factory=dict)
    tries: Counter[tuple[int, str, int]] = field(default_factory=Counter)
    floating: set[tuple[int, str, int]] = field(default_factory=set)

    def has_all(self, parts: Sequence[_Part]) -> bool:
        return all(part.name in self.found for part in parts)


class SubtitleTracks:
    """The text tracks of one playback.

    ``position_s`` returns the playback position, ``period_end_s`` the end of a period. ``on_lost`` is called once for
    each segment that is missing or belongs to another time, with the reason, after the last retry. It is also called
    if the list of a recording ends before its period.
    """

    def __init__(
        self,
        selection: Selection,
        sources: Sources,
        media_offset: MediaOffset,
        position_s: Callable[[], float] = lambda: 0.0,
        on_lost: Callable[[Segment, MatineeError], None] = lambda _segment, _error: None,
        period_end_s: Callable[[int], float] = lambda _period: 0.0,
    ) -> None:
        self._on_lost = on_lost
        self._period_end_s = period_end_s
        self._last: dict[str, dict[int, Segment]] = {}  # by track and period: the last segment
        self._misses: Counter[tuple[int, str, int]] = Counter()
        self._missing: dict[tuple[int, str, int], tuple[_Part, MatineeError]] = {}  # and nobody was told
        self._tracks = {track.id: track for track in selection.text}
        self._sources = sources
        self._media_offset = media_offset
        self._position_s = position_s
        self._documents: dict[str, str] = {}  # of tracks that have been read to their end
        self._reading: _Reading | None = None  # of the chosen track, while there is more of it
        self._selected: str | None = None
        self._known: dict[str, tuple[Cue, ...]] = {}  # for searching, by track

    def select(self, selection: Selection) -> None:
        """A live title has more periods: the same tracks with all of them."""
        self._tracks.update({track.id: track for track in selection.text})

    @property
    def selected(self) -> str | None:
        """The track that is shown."""
        return self._selected

    def wanted(self, spoken: str | None, preferences: TrackPreferences) -> str | None:
        """The track to begin with beside sound in the language ``spoken``; None for none."""
        tracks = tuple(self._tracks.values())
        refused = {track.id for track in tracks if unsupported(track.first) is not None}
        return choose_text(tracks, spoken, preferences, refused)

    def choices(self) -> tuple[TrackChoice, ...]:
        """The menu; tracks in a form we cannot read are listed with the reason."""
        return tuple(
            track_choice(track, selected=track.id == self._selected, unsupported=unsupported(track.first))
            for track in self._tracks.values()
        )

    async def show(self, track_id: str | None, control: MpvControl) -> None:
        """Show a track's subtitles, or none. Raises NetError or MediaError; then none are shown."""
        if self._selected is not None:
            await self._hide(self._tracks[self._selected], control)
            self._selected = None
        track = None if track_id is None else self._tracks.get(track_id)
        if track is None or unsupported(track.first) is not None:
            return
        if is_caption(track.first):
            number = await control.run(_caption_track, control.player)
            if number is not None:
                await control.run(control.player.set, "sid", number)
                self._selected = track.id
            return
        document = self._documents.get(track.id)
        if document is None:
            reading = self._reading
            if reading is None or reading.track_id != track.id:
                reading = _Reading(track.id)
            reading.tries.clear()
            parts = await self._parts(track)
            try:
                await self._read(reading, parts, _FIRST)
            except ANY_ERROR:
                self._give_up(part.name for part in parts)
                raise
            self._reading = reading
            document = self._document(reading, parts)
        if await control.run(control.player.command, "sub-add", f"memory://{document}", "select"):
            self._selected = track.id

    def lines(self) -> tuple[SubtitleLine, ...]:
        """What is said in the chosen track, as far as it is loaded."""
        cues = self._known.get(self._selected or "", ())
        return tuple(SubtitleLine(cue.start_s, cue.end_s, " ".join(cue.text.split())) for cue in cues)

    async def _hide(self, track: LogicalTrack, control: MpvControl) -> None:
        if is_caption(track.first):
            await control.run(control.player.set, "sid", "no")
        else:
            await control.run(control.player.command, "sub-remove")

    def end(self) -> None:
        """Playback is over: what was due by now and has not come is lost."""
        position_s = self._position_s()
        ends = {} if self._sources.growing is not None else self._last.get(self._selected or "", {})
        for period, last in ends.items():
            end_s = min(self._period_end_s(period), position_s)
            if end_s - last.end_s > _SHORTER_S:
                rest = last._replace(number=last.number + 1, start_s=last.end_s, duration_s=end_s - last.end_s)
                self._on_lost(rest, MediaError(ErrorCode.MEDIA_NO_TRACKS, "The list of subtitles ends too soon."))
        self._give_up(name for name, (part, _) in self._missing.items() if part.segment.start_s < position_s)

    async def follow(self, control: MpvControl, changes: asyncio.Lock) -> None:
        """Load more of the chosen subtitles, where there is more or has come since, and show it too. Raises as
        ``show``. What is shown is changed under ``changes`` alone: a slow network must not hold a choice back."""
        track, reading = self._tracks.get(self._selected or ""), self._reading
        if track is None or reading is None or reading.track_id != track.id:
            return
        parts = await self._parts(track)
        found = await self._read(reading, parts, _MORE)
        async with changes:
            if not found or self._reading is not reading or self._selected != track.id:
                return  # there may have been another choice meanwhile
            document = self._document(reading, parts)
            if any(cues for _, cues in found.values()):
                await control.run(_exchange, control.player, document)

    async def _read(self, reading: _Reading, parts: Sequence[_Part], most: int) -> _Found:
        """Load those of ``parts`` that are still missing, the nearest ones, and say what has come. Raises as
        ``show``."""
        growing = self._sources.growing is not None
        missing = [part for part in parts if self._is_missing(reading, part)]
        chosen = sorted(missing, key=self._farness)[:most]
        if not chosen:
            return {}
        if not growing:  # what is new may well come yet
            reading.tries.update(part.name for part in chosen)
        floating = {part.name for part in chosen if self._offset(part.period, part.segment) is None}
        found = await self._load(chosen)
        oldest_s = parts[0].segment.start_s - _KEPT_BEHIND_S
        kept = {name: own for name, own in reading.found.items() if own[0].segment.start_s >= oldest_s}
        reading.found = dict(sorted({**kept, **found}.items(), key=lambda item: item[1][0].segment.start_s))
        reading.floating = (reading.floating - found.keys() | floating) & reading.found.keys()
        return found

    def _is_missing(self, reading: _Reading, part: _Part) -> bool:
        """Whether a part is to be read: it has not been, or its place is known by now."""
        if reading.tries[part.name] >= _TRIES:
            return False
        if part.name in reading.floating:
            return self._offset(part.period, part.segment) is not None
        return part.name not in reading.found

    def _farness(self, part: _Part) -> tuple[bool, float]:
        """The less, the sooner it is needed: what comes before what is over."""
        position_s = self._position_s()
        return part.segment.end_s < position_s, abs(part.segment.start_s - position_s)

    def _document(self, reading: _Reading, parts: Sequence[_Part]) -> str:
        """What has been read; when that is all for good, it is kept."""
        cues = tuple(_all_cues(reading.found))
        self._known[reading.track_id] = cues
        document = to_ass(cues)
        if self._sources.growing is None and not reading.floating and reading.has_all(parts):
            self._documents[reading.track_id] = document
            self._reading = None
        return document

    async def _parts(self, track: LogicalTrack) -> list[_Part]:
        parts: list[_Part] = []
        for period, rendition in track.per_period_renditions():
            try:
                index = await self._sources.index(rendition)
            except MediaError:
                if self._sources.growing is None:
                    raise
                continue  # a period of a live title that is not there any more
            parts += [_Part(period, rendition, segment) for segment in index]
        self._last[track.id] = {part.period: part.segment for part in parts}
        return parts[:_MAX_SEGMENTS]

    async def _load(self, parts: Sequence[_Part]) -> _Found:
        """The cues of each part. A lost segment loses its cues only."""
        free = asyncio.Semaphore(_AT_ONCE)
        results = await asyncio.gather(*(self._cues(part, free) for part in parts), return_exceptions=True)
        found: _Found = {}
        lost: list[MatineeError] = []
        for part, result in zip(parts, results, strict=True):
            if isinstance(result, MatineeError):
                lost.append(result)
                self._misses[part.name] += 1
                if self._misses[part.name] <= _TRIES:
                    self._missing[part.name] = part, result
                if self._misses[part.name] == _TRIES:
                    self._give_up([part.name])
            elif isinstance(result, BaseException):
                raise result
            else:
                found[part.name] = part, result
                self._missing.pop(part.name, None)
                if self._is_elsewhere(part, result):
                    self._missing[part.name] = part, _misplaced(part.segment)
                    self._give_up([part.name])
        if lost and len(lost) == len(results):
            raise lost[0]
        if lost:
            _log.warning("%d of %d subtitle segments were not available: %s", len(lost), len(results), lost[0].code)
        return found

    def _give_up(self, names: Iterable[tuple[int, str, int]]) -> None:
        for name in list(names):
            if name in self._missing:
                part, error = self._missing.pop(name)
                self._on_lost(part.segment, error)

    def _is_elsewhere(self, part: _Part, cues: Sequence[Cue]) -> bool:
        """Whether a segment has cues, and none of its time. They are shown all the same."""
        return self._offset(part.period, part.segment) is not None and of_another_time(cues, part.segment)

    async def _cues(self, part: _Part, free: asyncio.Semaphore) -> Sequence[Cue]:
        rendition, segment = part.rendition, part.segment
        async with free:
            data = await self._sources.segment_bytes(rendition, segment, RequestKind.TEXT)
            offset_s = self._offset(part.period, segment)
            if rendition.container is Container.FMP4 or segment.init is not None:
                demuxer = await self._sources.demuxer(rendition, segment)
                return await _beside(len(data), fragment_cues, demuxer, data, offset_s or 0.0)
        return await _beside(len(data), file_cues, data, segment, offset_s)

    def _offset(self, period: int, segment: Segment) -> float | None:
        return segment.media_offset_s if segment.media_offset_s is not None else self._media_offset(period, segment)


def _misplaced(segment: Segment) -> MediaError:
    sentence = f"The subtitles of segment {segment.number} are those of another time."
    return MediaError(ErrorCode.MEDIA_MISPLACED, sentence)


def _all_cues(found: _Found) -> Iterator[Cue]:
    return (cue for _, cues in found.values() for cue in cues)


def _exchange(player: MediaPlayer, document: str) -> None:
    """Another document in place of the one that is shown."""
    before = player.read("sid")
    player.command("sub-add", f"memory://{document}", "select")
    player.command("sub-remove", str(before))


async def _beside(size: int, work: Callable[_P, list[Cue]], *values: _P.args, **named: _P.kwargs) -> list[Cue]:
    """Parse, in a thread where the text is so long that playback would notice."""
    if size < _LONG_BYTES:
        return work(*values, **named)
    return await asyncio.to_thread(work, *values, **named)


def is_caption(track: Track) -> bool:
    """Whether the words are inside the pictures (CEA-608, CEA-708), where libmpv finds them."""
    return track.instream_id is not None


def _caption_track(player: MediaPlayer) -> int | None:
    """libmpv's number for the captions inside the pictures."""
    listed = player.read("track-list") or ()
    return next((int(track["id"]) for track in listed if track.get("codec") == _CAPTIONS), None)


def unsupported(track: Track) -> str | None:
    """Why a track cannot be shown, if so; a sentence for the menu."""
    if is_caption(track):
        return None if track.instream_id == _FIRST_CHANNEL else "Only the first channel of captions can be shown."
    rendition = track.renditions[0]
    if any(_is_pictures(codec) for codec in rendition.codecs):
        return "These subtitles are pictures, which cannot be shown."
    if rendition.container in TEXT_CONTAINERS or rendition.container is Container.UNKNOWN:
        return None
    families = {codec_family(codec) for codec in rendition.codecs}
    return None if rendition.container is Container.FMP4 and families <= {"webvtt", "ttml"} else REFUSED


def _is_pictures(codec: str) -> bool:
    """The image profiles of IMSC (W3C TTML media type registry: im1i, im2i)."""
    return codec.startswith("stpp") and codec.rpartition(".")[2] in ("im1i", "im2i", "im3i")
