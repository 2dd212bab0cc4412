"""The first whole segment of each track, of which the file's header is made where the manifest tells too little. Runs
on the engine's loop."""

from __future__ import annotations

import asyncio

from drm_client.errors import DrmError
from player.base.errors import MatineeError
from player.stream.store import StoredSegment


class FirstSegments:
    """By track; each is awaited before it is fetched, or after."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._by_track: dict[str, asyncio.Future[StoredSegment]] = {}

    async def of(self, track: str) -> StoredSegment:
        """The first one that was complete. Raises the error with which its fetch ended."""
        return await asyncio.shield(self._future(track))

    def came(self, track: str, entry: StoredSegment) -> None:
        """A segment is complete."""
        first = self._future(track)
        if not first.done():
            first.set_result(entry)

    def failed(self, track: str, error: MatineeError | DrmError) -> None:
        """A segment is not available."""
        first = self._future(track)
        if not first.done():
            first.set_exception(error)
            first.exception()  # readers are told too: nobody has to have asked here

    def give_back(self, track: str) -> StoredSegment | None:
        """That segment cannot be read: the next one that is complete counts. None where none had come yet, as of an
        audio track that is not fetched otherwise."""
        first = self._by_track.get(track)
        if first is None or not first.done():
            return None
        entry = first.result()
        del self._by_track[track]
        return entry

    def _future(self, track: str) -> asyncio.Future[StoredSegment]:
        return self._by_track.setdefault(track, self._loop.create_future())
