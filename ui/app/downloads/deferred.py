"""The downloads before there is an engine: what they rest on is loaded with it, after the window shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from player.service.model import Title
from ui.app.ports.downloads import Places, Shelf

if TYPE_CHECKING:
    from downloads.settings import DownloadSettings
    from player.title.opening import PlaybackSource
    from ui.app.downloads.titles import KeptTitles


class LateDownloads:
    """A :class:`ui.app.ports.downloads.DownloadsPort` in front of another, which ``make`` makes at first use."""

    def __init__(self, make: Callable[[], KeptTitles]) -> None:
        self._make = make
        self._made: KeptTitles | None = None

    @property
    def made(self) -> KeptTitles:
        """The downloads themselves. The engine's thread asks for them first, before its loop runs any work."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def use(self, settings: DownloadSettings, place: Path | None) -> None:
        """Let these settings count from now on, and keep what comes from now on in ``place``."""
        if self._made is not None:
            self._made.settings, self._made.place = settings, place

    async def shelf(self) -> Shelf:
        return await self.made.shelf()

    async def sizes(self, card: Title) -> Mapping[int, int]:
        return await self.made.sizes(card)

    async def add(self, card: Title, height: int | None) -> None:
        await self.made.add(card, height)

    async def add_episodes(self, card: Title, following: int | None, height: int | None) -> int:
        return await self.made.add_episodes(card, following, height)

    async def places(self) -> Places | None:
        return await self.made.places()

    async def keep_up(self) -> None:
        await self.made.keep_up()

    async def pause(self, download_id: str) -> None:
        await self.made.pause(download_id)

    async def resume(self, download_id: str) -> None:
        await self.made.resume(download_id)

    async def remove(self, download_id: str) -> None:
        await self.made.remove(download_id)

    async def verify(self, download_id: str) -> int:
        return await self.made.verify(download_id)

    async def repair(self, download_id: str) -> int:
        return await self.made.repair(download_id)

    async def renew(self, download_id: str) -> None:
        await self.made.renew(download_id)

    async def source(self, download_id: str) -> PlaybackSource:
        return await self.made.source(download_id)
