"""What a title has besides picture, sound and words: small pictures for scrubbing, and chapters. For the engine's
loop."""

from __future__ import annotations

import asyncio
import logging

from player.chapters import document_of, read_chapters
from player.errors import ANY_ERROR
from player.loader import Loader
from player.loads import Resource
from player.manifest.model import Presentation
from player.monitor import Monitor
from player.net.model import RequestKind
from player.stream.sources import Sources
from player.thumbnails import Picture, Thumbnails
from player.wishes import TrackWishes

_log = logging.getLogger(__name__)


class Extras:
    """Those of one playback. ``pathway`` is the CDN that the manifest came from."""

    def __init__(
        self,
        presentation: Presentation,
        sources: Sources,
        loader: Loader,
        pathway: str,
        monitor: Monitor,
        wishes: TrackWishes,
    ) -> None:
        self._chapters = document_of(presentation)
        self._thumbnails = Thumbnails(presentation, sources)
        self._loader = loader
        self._pathway = pathway
        self._monitor = monitor
        self._wishes = wishes
        self._begun = False
        monitor.update(thumbnails=self._thumbnails.available)

    async def begin(self) -> None:
        """Load what is not needed for the first picture, once. Where it cannot be had, playback goes on without."""
        if self._begun or self._chapters is None:
            return
        self._begun = True
        try:
            resource = Resource(RequestKind.TEXT, {self._pathway: self._chapters}, track="chapters")
            data = await self._loader.load_bytes(resource)
        except ANY_ERROR as error:
            _log.info("the chapters of this title cannot be had: %s", error.code)
            return
        languages = (*self._wishes.text_languages, *self._wishes.audio_languages)
        self._monitor.update(chapters=await asyncio.to_thread(read_chapters, data, languages))

    async def thumbnail(self, time_s: float) -> Picture | None:
        """The small picture of a time, see :class:`player.thumbnails.Thumbnails`."""
        return await self._thumbnails.at(time_s)
