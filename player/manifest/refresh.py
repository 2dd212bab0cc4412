"""Live refresh as a pure function: the old presentation and a new text make the new presentation and what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from player.base.errors import ErrorCode, ManifestError
from player.manifest.changes import BrokenRule, Changes
from player.manifest.edit import iter_renditions, map_renditions
from player.manifest.model import (
    ManifestProtocol,
    PlaylistRef,
    Presentation,
    Rendition,
)
from player.manifest.sniff import decode, sniff


def refresh(
    old: Presentation,
    text: str | bytes,
    url: str,
    now_s: float | None = None,
    remotes: Mapping[str, bytes | None] | None = None,
) -> tuple[Presentation, Changes]:
    """The presentation after its manifest was loaded again from ``url``, and the difference.

    Segments keep their numbers and their place in time. An HLS delta update is completed from ``old``, an MPD patch
    applied to it. Media playlists of a multivariant presentation that were loaded stay; they are refreshed by
    :func:`refresh_playlist`. ``remotes`` is as in :func:`player.manifest.parse`; without it what ``old`` was
    read with counts. Raises :class:`ManifestError`.
    """
    body = decode(text)
    protocol = sniff(body)
    if protocol is not old.protocol:
        raise ManifestError(ErrorCode.MANIFEST_SYNTAX, "The manifest changed its protocol between two refreshes.")
    if protocol is ManifestProtocol.DASH:
        return _refresh_mpd(old if remotes is None else replace(old, remotes=remotes), body, url, now_s)
    if old.kind == "media":
        return refresh_playlist(old, old.periods[0].tracks[0].renditions[0], body, url)
    from player.manifest.hls.build import parse_hls

    return _keep_playlists(old, parse_hls(body, url))


def refresh_playlist(
    old: Presentation, rendition: str | Rendition, text: str | bytes, url: str
) -> tuple[Presentation, Changes]:
    """As :func:`refresh` for the media playlist of one rendition of an HLS presentation."""
    from player.manifest.hls.build import attach_merged

    identity = rendition if isinstance(rendition, str) else rendition.id
    return attach_merged(old, identity, decode(text), url)


def at_time(presentation: Presentation, now_s: float) -> Presentation:
    """A live DASH presentation with the segments that its MPD gives at ``now_s`` by the server's clock, without
    loading it again. Raises :class:`ManifestError`."""
    from player.manifest.dash.merge import carried
    from player.manifest.dash.mpd import parse_mpd

    again = parse_mpd(presentation.source, presentation.url, now_s=now_s, remotes=presentation.remotes)
    return carried(presentation, again)


def _refresh_mpd(old: Presentation, body: str, url: str, now_s: float | None) -> tuple[Presentation, Changes]:
    from player.manifest.dash.merge import merge
    from player.manifest.dash.mpd import parse_mpd, patch_mpd

    new = (
        patch_mpd(old, body, now_s=now_s)
        if _is_patch(body)
        else parse_mpd(body, url, now_s=now_s, remotes=old.remotes)
    )
    return merge(old, new)


def _is_patch(body: str) -> bool:
    from player.manifest.dash.xml import local, parse_xml

    return local(parse_xml(body)[0]) == "Patch" if "Patch" in body[:4096] else False


def _keep_playlists(old: Presentation, new: Presentation) -> tuple[Presentation, Changes]:
    """A multivariant playlist that was loaded again; what was loaded below it is still true where the URL is."""
    before = {rendition.id: rendition for _, _, rendition in iter_renditions(old)}
    after = [rendition.id for _, _, rendition in iter_renditions(new)]

    def keep(rendition: Rendition) -> Rendition:
        earlier = before.get(rendition.id)
        if earlier is None or earlier.playlist is None or not isinstance(rendition.segments, PlaylistRef):
            return rendition
        return replace(
            rendition,
            segments=earlier.segments,
            playlist=earlier.playlist,
            container=earlier.container,
            target_duration_s=earlier.target_duration_s,
            media_sequence=earlier.media_sequence,
            discontinuity_sequence=earlier.discontinuity_sequence,
        )

    merged = replace(
        map_renditions(new, keep),
        live=old.live,
        duration_s=old.duration_s,
        live_info=old.live_info,
        date_ranges=old.date_ranges,
    )
    return merged, Changes(
        renditions_added=tuple(identity for identity in after if identity not in before),
        renditions_removed=tuple(identity for identity in before if identity not in after),
    )


def compare(old: Presentation, new: Presentation) -> Changes:
    """The difference of two presentations that were read on their own, such as two saved refreshes."""
    if old.protocol is not new.protocol or old.kind != new.kind:
        rule = BrokenRule("manifest_kind_changed", "The two are different kinds of manifest.", "")
        return Changes(reset=True, broken=(rule,))
    if old.protocol is ManifestProtocol.DASH:
        from player.manifest.dash.merge import merge

        return merge(old, new)[1]
    from player.manifest.hls.build import compare_playlists

    return compare_playlists(old, new)
