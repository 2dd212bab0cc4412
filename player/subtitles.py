"""Subtitles: loaded as a whole when they are chosen, turned into ASS by us and given to libmpv beside the stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from player.errors import ErrorCode, MatineeError, MediaError
from player.manifest.model import Container, Rendition, Segment
from player.media.demux import Demuxer, read_whole
from player.media.model import Codec, StreamKind
from player.media.text import parse_webvtt, parse_wvtt_sample, to_ass
from player.media.timestamps import TICKS_PER_SECOND, WRAP
from player.media.webvtt import Cue
from player.menus import track_choice
from player.mpv.control import MpvControl
from player.net.model import RequestKind
from player.selection import Selection
from player.state import TrackChoice
from player.stream.sources import Sources

_log = logging.getLogger(__name__)

_MAX_SEGMENTS = 20_000
_AT_ONCE = 6
_WRAP_S = WRAP / TICKS_PER_SECOND

MediaOffset = Callable[[int, Segment], float | None]
"""What is added to the media timestamps of a segment in a period to reach the presentation timeline; None while no
media of its group has been read."""


class Subtitles:
    """The text tracks of one playback."""

    def __init__(self, selection: Selection, sources: Sources, media_offset: MediaOffset) -> None:
        self._tracks = {track.id: track for track in selection.text}
        self._sources = sources
        self._media_offset = media_offset
        self._documents: dict[str, str] = {}
        self._selected: str | None = None

    def choices(self) -> tuple[TrackChoice, ...]:
        """The menu; tracks in a form we cannot read are listed with the reason."""
        return tuple(
            track_choice(
                track, selected=track.id == self._selected, unsupported=_unsupported(track.first.renditions[0])
            )
            for track in self._tracks.values()
        )

    async def show(self, track_id: str | None, control: MpvControl) -> None:
        """Show a track's subtitles, or none. Raises NetError or MediaError; then none are shown."""
        if self._selected is not None:
            self._selected = None
            await control.run(control.player.command, "sub-remove")
        track = None if track_id is None else self._tracks.get(track_id)
        if track is None or _unsupported(track.first.renditions[0]) is not None:
            return
        document = self._documents.get(track.id)
        if document is None:
            cues, settled = await self._load(track.per_period_renditions())
            document = to_ass(cues)
            if settled:
                self._documents[track.id] = document
        if await control.run(control.player.command, "sub-add", f"memory://{document}", "select"):
            self._selected = track.id

    async def _load(self, renditions: Sequence[tuple[int, Rendition]]) -> tuple[list[Cue], bool]:
        """All cues, and whether they stand where they belong for good. A lost segment loses its cues only."""
        parts: list[tuple[int, Rendition, Segment]] = []
        for period, rendition in renditions:
            index = await self._sources.index(rendition)
            parts += [(period, rendition, segment) for segment in index]
        free = asyncio.Semaphore(_AT_ONCE)
        results = await asyncio.gather(
            *(self._cues(period, rendition, segment, free) for period, rendition, segment in parts[:_MAX_SEGMENTS]),
            return_exceptions=True,
        )
        cues: list[Cue] = []
        lost: list[MatineeError] = []
        for result in results:
            if isinstance(result, MatineeError):
                lost.append(result)
            elif isinstance(result, BaseException):
                raise result
            else:
                cues += result
        if lost and len(lost) == len(results):
            raise lost[0]
        if lost:
            _log.warning("%d of %d subtitle segments could not be had: %s", len(lost), len(results), lost[0].code)
        settled = not lost and all(self._offset(period, segment) is not None for period, _, segment in parts)
        return cues, settled

    async def _cues(
        self, period: int, rendition: Rendition, segment: Segment, free: asyncio.Semaphore
    ) -> Sequence[Cue]:
        async with free:
            data = await self._sources.segment_bytes(rendition, segment, RequestKind.TEXT)
            offset_s = self._offset(period, segment)
            if rendition.container is Container.FMP4 or segment.init is not None:
                demuxer = await self._sources.demuxer(rendition, segment)
                return fragment_cues(demuxer, data, offset_s or 0.0)
        cues = parse_webvtt(data.decode("utf-8-sig", "replace"), media_offset_s=offset_s)
        return near(cues, segment.start_s)

    def _offset(self, period: int, segment: Segment) -> float | None:
        return segment.media_offset_s if segment.media_offset_s is not None else self._media_offset(period, segment)


def fragment_cues(demuxer: Demuxer, data: bytes, offset_s: float) -> list[Cue]:
    """The cues of a fragmented MP4 segment (ISO/IEC 14496-30). Raises MediaError for other subtitles than WebVTT."""
    config = demuxer.configs.get(StreamKind.TEXT)
    if config is None or config.codec is not Codec.WEBVTT:
        raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, "This form of subtitles cannot be shown.")
    cues: list[Cue] = []
    for sample in read_whole(demuxer, data):
        start_s = sample.pts_s + offset_s
        cues += parse_wvtt_sample(bytes(sample.data), start_s, start_s + sample.duration_s)
    return cues


def near(cues: Sequence[Cue], start_s: float) -> list[Cue]:
    """The cues of a segment that begins at ``start_s``: an X-TIMESTAMP-MAP counts modulo 26.5 hours."""
    if not cues:
        return []
    turns = round((start_s - cues[0].start_s) / _WRAP_S)
    if not turns:
        return list(cues)
    shift_s = turns * _WRAP_S
    return [Cue(cue.start_s + shift_s, cue.end_s + shift_s, cue.text, cue.settings) for cue in cues]


def _unsupported(rendition: Rendition) -> str | None:
    """Why a track cannot be shown, if so; a sentence for the menu."""
    textual = rendition.container in (Container.WEBVTT, Container.UNKNOWN)
    wvtt = rendition.container is Container.FMP4 and all(codec.startswith("wvtt") for codec in rendition.codecs)
    return None if textual or wvtt else "This form of subtitles cannot be shown."
