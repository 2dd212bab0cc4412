"""Playlists of recordings that were cut off: a whole one of another CDN is played, else what there is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from player.base.errors import ANY_ERROR, ErrorCode, ManifestError
from player.transfer.loader import Loader, LoadResult, Resource

KIND = "cut_playlist"
"""Of the note about one that is played as it is."""
CUT_OFF = "The playlist of a recording was cut off: it has no EXT-X-ENDLIST."
UNPLAYED = "The manifest lists {seconds:.1f} s of media behind its own end, which nobody plays."
ENDS_EARLY = "The list of one quality ends before the title does; the rest is played in another."

_T = TypeVar("_T")


async def load_uncut(
    loader: Loader,
    resource: Resource,
    read: Callable[[bytes, LoadResult], Awaitable[_T]],
    is_cut_off: Callable[[_T], bool],
    on_cut: Callable[[str], None],
) -> _T:
    """What ``read`` makes of a playlist. One that is cut off is loaded elsewhere; where there is none better,
    ``on_cut`` gets a sentence. Raises as :meth:`Loader.load_and_read` does."""
    cut: list[_T] = []

    async def checked(body: bytes, result: LoadResult) -> _T:
        found = await read(body, result)
        if is_cut_off(found):
            cut.append(found)
            if len(cut) < len(resource.urls):
                raise ManifestError(ErrorCode.MANIFEST_SYNTAX, CUT_OFF)
        return found

    try:
        found = await loader.load_and_read(resource, checked)
    except ANY_ERROR:
        if not cut:
            raise
        found = cut[0]
    if is_cut_off(found):
        on_cut(CUT_OFF)
    return found
