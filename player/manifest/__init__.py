"""Manifests: HLS playlists and DASH MPDs as one immutable :class:`~player.manifest.model.Presentation`.

Everything here is pure: text or bytes, a URL and the time in; a model or a
:class:`~player.base.errors.ManifestError` out. Who loads what, and when, is the caller's business.
"""

from __future__ import annotations

from collections.abc import Mapping

from player.base.errors import ErrorCode, ManifestError
from player.manifest.edit import with_keys
from player.manifest.index.attach import attach_index, index_ranges
from player.manifest.limits import MAX_REMOTE_LINKS
from player.manifest.locations import home_of, located_segment, moved_url, segment_url, with_mirrors
from player.manifest.model import ManifestProtocol, Presentation, Rendition
from player.manifest.refresh import at_time as at_time
from player.manifest.refresh import compare, refresh, refresh_playlist
from player.manifest.sniff import decode, sniff
from player.manifest.urls import strip_userinfo

__all__ = [
    "attach_index",
    "attach_playlist",
    "compare",
    "home_of",
    "index_ranges",
    "located_segment",
    "moved_url",
    "parse",
    "refresh",
    "refresh_playlist",
    "remote_links",
    "segment_url",
    "with_mirrors",
]


def parse(
    text: str | bytes,
    url: str,
    *,
    now_s: float | None = None,
    content_type: str | None = None,
    remotes: Mapping[str, bytes | None] | None = None,
) -> Presentation:
    """A presentation from the body of a manifest that was read from ``url`` (after redirects).

    ``now_s`` is the server's clock in seconds since 1970; only a live MPD needs it. ``remotes`` are the contents of
    the addresses in ``Presentation.remote_links`` of an earlier reading, None for what could not be loaded; see
    :func:`remote_links`. Raises :class:`ManifestError`.
    """
    body = decode(text)
    url = strip_userinfo(url)
    if sniff(body, content_type) is ManifestProtocol.HLS:
        from player.manifest.hls.build import parse_hls

        return with_keys(parse_hls(body, url))
    from player.manifest.dash.mpd import parse_mpd

    return with_keys(parse_mpd(body, url, now_s=now_s, remotes=remotes or {}))


def remote_links(presentation: Presentation, loaded: Mapping[str, bytes | None]) -> tuple[str, ...]:
    """Return the remote elements of an MPD (xlink:href) to load before it is parsed again. Empty if none is left, or
    beyond the limit of their number."""
    wanted = [url for url in presentation.remote_links if url not in loaded]
    return tuple(wanted[: max(MAX_REMOTE_LINKS - len(loaded), 0)])


def attach_playlist(
    presentation: Presentation,
    rendition: str | Rendition,
    text: str | bytes,
    url: str,
    *,
    pathway: str | None = None,
) -> Presentation:
    """``presentation`` with the media playlist of one rendition (named by itself or by its id) put in.

    ``pathway`` names the location whose playlist this is, where it is not the leading one. Raises
    :class:`ManifestError` for a bad playlist and :class:`KeyError` for a rendition that is not there.
    """
    from player.manifest.hls.build import attach

    body = decode(text)
    if sniff(body) is not ManifestProtocol.HLS:
        raise ManifestError(ErrorCode.MANIFEST_SYNTAX, "This is no HLS playlist, which a rendition needs.", line=1)
    identity = rendition if isinstance(rendition, str) else rendition.id
    return attach(presentation, identity, body, strip_userinfo(url), pathway=pathway)
