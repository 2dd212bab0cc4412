"""Subtitles: loaded as a whole when they are chosen, turned into ASS by us and given to libmpv beside the stream."""

from __future__ import annotations

from player.loader import Loader, Resource
from player.manifest.model import Container
from player.media.text import parse_webvtt, to_ass
from player.mpv.control import MpvControl
from player.net.model import RequestKind
from player.selection import Selection
from player.state import TrackChoice
from player.stream.sources import Sources

_MAX_SEGMENTS = 5000


class Subtitles:
    """The text tracks of one playback."""

    def __init__(self, selection: Selection, sources: Sources, loader: Loader) -> None:
        self._tracks = selection.text
        self._sources = sources
        self._loader = loader
        self._documents: dict[str, str] = {}
        self._shown = False

    def choices(self, selected: str | None) -> tuple[TrackChoice, ...]:
        """The menu; tracks in a form we cannot read are listed with the reason."""
        return tuple(
            TrackChoice(
                track.id,
                track.label,
                track.language,
                selected=track.id == selected,
                unsupported=self._unsupported(track.id),
            )
            for track in self._tracks
        )

    async def show(self, track_id: str | None, control: MpvControl) -> None:
        """Show a track's subtitles, or none. Raises NetError or MediaError."""
        if self._shown:
            await control.run(control.player.command, "sub-remove")
            self._shown = False
        if track_id is None or self._unsupported(track_id) is not None:
            return
        document = self._documents.get(track_id)
        if document is None:
            document = self._documents[track_id] = await self._load(track_id)
        self._shown = await control.run(control.player.command, "sub-add", f"memory://{document}", "select")

    def _unsupported(self, track_id: str) -> str | None:
        rendition = next(track for track in self._tracks if track.id == track_id).first.renditions[0]
        if rendition.container in (Container.WEBVTT, Container.UNKNOWN):
            return None
        return "This form of subtitles cannot be shown yet."

    async def _load(self, track_id: str) -> str:
        track = next(track for track in self._tracks if track.id == track_id)
        cues = []
        for part in track.per_period:
            if part is None:
                continue
            rendition = part.renditions[0]
            index = await self._sources.index(rendition)
            for segment in list(index)[:_MAX_SEGMENTS]:
                resource = Resource(
                    RequestKind.TEXT, self._sources.urls(rendition, segment.url, segment), segment.byte_range
                )
                text = (await self._loader.load_bytes(resource)).decode("utf-8-sig", "replace")
                cues += parse_webvtt(text)
        return to_ass(cues)
