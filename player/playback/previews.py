"""What a title has besides picture, sound and words: small pictures for scrubbing, and chapters. For the engine's
loop."""

from __future__ import annotations

import asyncio
import logging

from player.base.errors import ANY_ERROR
from player.manifest.chapters import document_of, read_chapters
from player.manifest.model import Presentation
from player.net.model import RequestKind
from player.playback.monitor import Monitor
from player.stream.sources import Sources
from player.thumbnails import Picture, Thumbnails
from player.tracks.preferences import TrackPreferences
from player.transfer.loader import Loader
from player.transfer.model import Resource

_log = logging.getLogger(__name__)


class Previews:
    """Those of one playback. ``pathway`` is the CDN that the manifest came from."""

    def __init__(
        self,
        presentation: Presentation,
        sources: Sources,
        loader: Loader,
        pathway: str,
        monitor: Monitor,
        preferences: TrackPreferences,
    ) -> None:
        self._chapters = document_of(presentation)
        self._thumbnails = Thumbnails(presentation, sources)
        self._loader = loader
        self._pathway = pathway
        self._monitor = monitor
        self._preferences = preferences
        self._chapters_loaded = False
        monitor.update(thumbnails=self._thumbnails.available)

    async def load_chapters(self) -> None:
        """Load what is not needed for the first picture, once. Where it is not available, playback goes on
        without."""
        if self._chapters_loaded or self._chapters is None:
            return
        self._chapters_loaded = True
        try:
            resource = Resource(RequestKind.TEXT, {self._pathway: self._chapters}, track="chapters")
            data = await self._loader.load_bytes(resource)
        except ANY_ERROR as error:
            _log.info("the chapters of this title are not available: %s", error.code)
            return
        languages = (*self._preferences.text_languages, *self._preferences.audio_languages)
        self._monitor.update(chapters=await asyncio.to_thread(read_chapters, data, languages))

    async def thumbnail(self, time_s: float) -> Picture | None:
        """The small picture of a time, see :class:`player.thumbnails.Thumbnails`."""
        return await self._thumbnails.at(time_s)
