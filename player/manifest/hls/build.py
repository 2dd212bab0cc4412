"""Presentations from HLS playlists, and media playlists put into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from player.base.errors import ErrorCode, ManifestError
from player.manifest.changes import BrokenRule, Changes, RenditionChange
from player.manifest.codecs import TEXT_CONTAINERS, codec_type, container_of_url
from player.manifest.edit import as_sound, iter_renditions, map_renditions
from player.manifest.hls.grown import Grown, grown
from player.manifest.hls.media import MediaPlaylist, parse_media
from player.manifest.hls.merge import Merged, in_place, merge, merge_grown
from player.manifest.hls.multivariant import parse_multivariant
from player.manifest.hls.pathways import DEFAULT_PATHWAY
from player.manifest.hls.tags import MEDIA_MARKS, MULTIVARIANT_MARKS
from player.manifest.hls.tracks import build_tracks
from player.manifest.limits import MAX_SEGMENTS
from player.manifest.model import (
    Container,
    ListedIndex,
    LiveInfo,
    Location,
    ManifestProtocol,
    Period,
    Presentation,
    Rendition,
    Segment,
    TimedEvent,
    Track,
    TrackType,
)
from player.manifest.urls import folder_of

MEDIA_RENDITION_ID = "media"
_VARIANTS = ("#EXT-X-STREAM-INF", "#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-MEDIA")
T = TypeVar("T")


def parse_hls(text: str, url: str, *, imported: Mapping[str, str] | None = None) -> Presentation:
    """A presentation from a multivariant or a media playlist."""
    kind = _kind(text)
    if kind == "multivariant":
        return _from_multivariant(text, url)
    if kind == "media":
        return _from_media(parse_media(text, url, imported=imported), url)
    raise ManifestError(
        ErrorCode.MANIFEST_SYNTAX,
        "The playlist has no tag that says whether it is a multivariant or a media playlist.",
    )


def _kind(text: str) -> str | None:
    """Which kind of playlist it is. Variants with segments beside them are neither (RFC 8216bis 4.1: parsing fails);
    a lesser tag of the other kind is only reported by the readers."""
    names = {line.partition(":")[0].strip() for line in map(str.strip, text.splitlines()) if line.startswith("#EXT")}
    variants, segments = not names.isdisjoint(_VARIANTS), "#EXTINF" in names
    if variants and segments:
        raise ManifestError(
            ErrorCode.MANIFEST_SYNTAX,
            "The playlist has variants or renditions and segments; it can only have the one or the other.",
        )
    if segments:
        return "media"
    if variants or not names.isdisjoint(MULTIVARIANT_MARKS):
        return "multivariant"
    return "media" if not names.isdisjoint(MEDIA_MARKS) else None


def parse_child(presentation: Presentation, rendition_id: str, text: str, url: str) -> MediaPlaylist:
    """The media playlist of a rendition. Raises :class:`ManifestError` also where it is a multivariant one: what a
    variant names is a media playlist (RFC 8216bis 4.4.6.2)."""
    if "#EXTINF" not in text and "#EXT-X-STREAM-INF" in text:
        raise ManifestError(
            ErrorCode.MANIFEST_SYNTAX, "This is a multivariant playlist where a media playlist is expected."
        )
    if presentation.kind != "multivariant":
        return parse_media(text, url)
    playlist = parse_media(text, url, imported=presentation.variables)
    return replace(playlist, warnings=tuple(replace(item, rendition=rendition_id) for item in playlist.warnings))


def _from_multivariant(text: str, url: str) -> Presentation:
    source = parse_multivariant(text, url)
    tracks = build_tracks(source)
    return Presentation(
        protocol=ManifestProtocol.HLS,
        kind="multivariant",
        url=url,
        periods=(Period("0", 0.0, None, tracks),),
        version=None if source.version is None else str(source.version),
        start_offset_s=source.start_offset_s,
        start_precise=source.start_precise,
        independent_segments=source.independent_segments,
        steering=source.steering,
        session_keys=tuple(source.session_keys),
        session_data=tuple(source.session_data),
        variables=source.variables,
        unused=source.notes.unused_names,
        warnings=source.notes.warnings,
    )


def _from_media(playlist: MediaPlaylist, url: str) -> Presentation:
    info = playlist.info
    rendition = with_playlist(
        Rendition(
            id=MEDIA_RENDITION_ID,
            bandwidth_bps=0,
            segments=ListedIndex(()),
            locations=(Location(DEFAULT_PATHWAY, folder_of(url)),),
        ),
        playlist,
    )
    type_ = _media_type(playlist, rendition.container)
    rendition = replace(rendition, muxed_audio=type_ is TrackType.VIDEO)
    track = Track(id=MEDIA_RENDITION_ID, type=type_, renditions=(rendition,))
    presentation = Presentation(
        protocol=ManifestProtocol.HLS,
        kind="media",
        url=url,
        periods=(Period("0", 0.0, None, (track,)),),
        version=None if info.version is None else str(info.version),
        start_offset_s=info.start_offset_s,
        start_precise=info.start_precise,
        playlist_type=info.playlist_type,
        independent_segments=info.independent_segments,
        variables=info.variables,
    )
    return with_totals(presentation, playlist)


def _media_type(playlist: MediaPlaylist, container: Container) -> TrackType:
    if playlist.images_only or container is Container.IMAGE:
        return TrackType.IMAGE
    if playlist.info.iframes_only:
        return TrackType.TRICK
    if container is Container.PACKED_AUDIO:
        return TrackType.AUDIO
    if container in TEXT_CONTAINERS:
        return TrackType.TEXT
    return TrackType.VIDEO


def with_playlist(rendition: Rendition, playlist: MediaPlaylist) -> Rendition:
    """``rendition`` with the segments of its media playlist."""
    info, tiles = playlist.info, playlist.tiles
    container = rendition.container
    if playlist.segments:
        first = playlist.segments[0]
        container = container_of_url(first.url)
        if first.init is not None and container is Container.UNKNOWN:
            container = Container.FMP4
    elif info.trailing_parts and container is Container.UNKNOWN:
        container = container_of_url(info.trailing_parts[0].url)
    return replace(
        rendition,
        segments=ListedIndex(playlist.segments),
        container=container,
        target_duration_s=info.target_duration_s,
        media_sequence=info.media_sequence,
        discontinuity_sequence=info.discontinuity_sequence,
        playlist=info,
        tiles=(tiles.columns, tiles.rows) if tiles else rendition.tiles,
        tile_duration_s=tiles.duration_s if tiles else rendition.tile_duration_s,
        width=rendition.width or (tiles.width if tiles else None),
        height=rendition.height or (tiles.height if tiles else None),
    )


def with_totals(
    presentation: Presentation, playlist: MediaPlaylist, *, dates_are_complete: bool = False
) -> Presentation:
    """``presentation`` with what a newly loaded playlist says of the whole: end, live window, dates, warnings.

    ``dates_are_complete``: its date ranges are all there are; else they are added to those of other playlists.
    """
    loaded = [
        rendition
        for period in presentation.periods
        for track in period.tracks
        if track.type in (TrackType.VIDEO, TrackType.AUDIO)
        for rendition in track.renditions
        if rendition.playlist is not None
    ] or [r for p in presentation.periods for t in p.tracks for r in t.renditions if r.playlist is not None]
    live = any(not r.playlist.ended and r.playlist.playlist_type != "VOD" for r in loaded if r.playlist is not None)
    end = max((index_end(rendition) for rendition in loaded), default=0.0)
    duration = None if live else end
    info = playlist.info
    known = {event.id for event in playlist.date_ranges}
    others = () if dates_are_complete else presentation.date_ranges
    kept = tuple(event for event in others if event.id not in known)
    return replace(
        presentation,
        periods=tuple(replace(period, duration_s=duration) for period in presentation.periods),
        live=live,
        duration_s=duration,
        playlist_type=presentation.playlist_type or info.playlist_type,
        live_info=_live_info(playlist) if live else None,
        date_ranges=kept + playlist.date_ranges,
        cues=_placed(presentation.cues, playlist),
        unused=_union(presentation.unused, playlist.unused),
        warnings=_union(presentation.warnings, playlist.warnings),
    )


def _placed(known: tuple[TimedEvent, ...], playlist: MediaPlaylist) -> tuple[TimedEvent, ...]:
    """The cues so far, and those of ``playlist`` where its segments are; renditions repeat them, as refreshes do."""
    starts = {segment.number: segment.start_s for segment in playlist.segments} if playlist.cues else {}
    end_s = playlist.segments[-1].end_s if playlist.segments else 0.0
    seen = {(event.scheme, round(event.start_s or 0.0, 3)) for event in known}
    found = list(known)
    for cue in playlist.cues:
        start_s = starts.get(cue.number, end_s)
        if (cue.tag, round(start_s, 3)) in seen or len(found) >= MAX_SEGMENTS:
            continue
        seen.add((cue.tag, round(start_s, 3)))
        attributes = dict(cue.attributes) | ({"CUE-DATA": cue.data} if cue.data else {})
        if cue.elapsed_s is not None:
            attributes["ELAPSED"] = f"{cue.elapsed_s:g}"
        name = cue.attributes.get("ID") or cue.attributes.get("BREAKID") or str(cue.number)
        event = TimedEvent(name, cue.tag, start_s, cue.duration_s, attributes=attributes, place=cue.place)
        found.append(event)
    return tuple(found)


def index_end(rendition: Rendition) -> float:
    """Where the last segment that is known ends, in seconds."""
    segments = rendition.segments
    if isinstance(segments, ListedIndex) and segments.segments:
        return segments.segments[-1].end_s
    return 0.0


def _union(first: tuple[T, ...], second: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _live_info(playlist: MediaPlaylist) -> LiveInfo:
    """RFC 8216bis 4.4.3.8 gives the defaults: HOLD-BACK is three target durations."""
    info = playlist.info
    target = info.target_duration_s or 0.0
    return LiveInfo(
        minimum_update_s=target or None,
        window_depth_s=sum(segment.duration_s for segment in playlist.segments),
        hold_back_s=info.hold_back_s if info.hold_back_s is not None else 3 * target,
        part_target_s=info.part_target_s,
        part_hold_back_s=info.part_hold_back_s,
        can_block_reload=info.can_block_reload,
        can_skip_until_s=info.can_skip_until_s,
    )


def attach(
    presentation: Presentation, rendition_id: str, text: str, url: str, *, pathway: str | None = None
) -> Presentation:
    """See :func:`player.manifest.attach_playlist`."""
    if pathway is None:
        return attach_merged(presentation, rendition_id, text, url)[0]
    playlist = parse_child(presentation, rendition_id, text, url)
    changed = map_renditions(
        presentation, lambda item: _with_location(item, playlist, pathway) if item.id == rendition_id else item
    )
    return with_totals(changed, playlist)


def attach_merged(presentation: Presentation, rendition_id: str, text: str, url: str) -> tuple[Presentation, Changes]:
    """``presentation`` with a media playlist, merged into the one that it had; and what changed."""
    rendition = next((item for _, _, item in iter_renditions(presentation) if item.id == rendition_id), None)
    if rendition is None:
        raise KeyError(rendition_id)
    more = None if rendition.playlist is None else grown(_listed(rendition), rendition.playlist, text, url)
    playlist = parse_child(presentation, rendition_id, text, url) if more is None else more.playlist
    if more is not None and rendition.playlist is not None:
        merged = merge_grown(rendition_id, rendition.playlist, _warned_for(presentation, rendition_id, more))
    elif rendition.playlist is None:
        playlist = _aligned(presentation, playlist)
        merged = Merged(playlist, _first_change(rendition_id, playlist), (), reset=False)
    else:
        merged = merge(rendition_id, _listed(rendition), rendition.playlist, presentation.date_ranges, playlist)
    playlist, change = merged.playlist, merged.change
    changed = map_renditions(
        presentation, lambda item: with_playlist(item, playlist) if item.id == rendition_id else item
    )
    changed = _with_audio_only(changed, rendition_id)
    ended = rendition.playlist is not None and not rendition.playlist.ended and playlist.info.ended
    changes = Changes(renditions=(change,) if change else (), ended=ended, reset=merged.reset, broken=merged.broken)
    if presentation.kind == "media":
        info = playlist.info
        changed = replace(changed, playlist_type=info.playlist_type, variables=info.variables)
    return with_totals(changed, playlist, dates_are_complete=rendition.playlist is not None), changes


def _warned_for(presentation: Presentation, rendition_id: str, more: Grown) -> Grown:
    """``more`` with its warnings as those of a rendition, where the presentation has several."""
    if presentation.kind != "multivariant":
        return more
    warnings = tuple(replace(item, rendition=rendition_id) for item in more.playlist.warnings)
    return replace(more, playlist=replace(more.playlist, warnings=warnings))


def _with_audio_only(presentation: Presentation, rendition_id: str) -> Presentation:
    """A variant that declares no codec we know and whose segments are called packed audio is no video: it gets an
    audio track, unless its media has been seen."""
    return as_sound(presentation, lambda _, rendition: rendition.id == rendition_id and _is_packed_audio(rendition))


def _is_packed_audio(rendition: Rendition) -> bool:
    undeclared = all(codec_type(codec) is None for codec in rendition.codecs)
    named = rendition.container is Container.PACKED_AUDIO and rendition.media is None
    return named and undeclared and rendition.width is None


def _listed(rendition: Rendition) -> tuple[Segment, ...]:
    return tuple(rendition.segments.segments) if isinstance(rendition.segments, ListedIndex) else ()


def _first_change(rendition_id: str, playlist: MediaPlaylist) -> RenditionChange:
    return RenditionChange(rendition_id, added=tuple(segment.number for segment in playlist.segments))


def _aligned(presentation: Presentation, playlist: MediaPlaylist) -> MediaPlaylist:
    """A live playlist put where the renditions that are loaded already are: by date, else by media sequence number
    (RFC 8216bis 6.2.4 asks for dates or for equal numbers)."""
    if not playlist.live or not playlist.segments:
        return playlist
    first = playlist.segments[0]
    for _, _, other in iter_renditions(presentation):
        segments = _listed(other)
        if other.playlist is None or not segments or other.playlist.ended:
            continue
        if first.program_date_time_s is not None and segments[0].program_date_time_s is not None:
            start_s = segments[0].start_s + first.program_date_time_s - segments[0].program_date_time_s
        else:
            known = {segment.number: segment.start_s for segment in segments}
            same = next((item for item in playlist.segments if item.number in known), None)
            if same is None:
                continue
            start_s = known[same.number] - same.start_s
        moved = tuple(item._replace(start_s=item.start_s + start_s) for item in playlist.segments)
        return replace(playlist, segments=moved, date_ranges=in_place(playlist.date_ranges, (), moved))
    return playlist


def _with_location(rendition: Rendition, playlist: MediaPlaylist, pathway: str) -> Rendition:
    """The playlist of a redundant variant, kept beside the leading one's."""
    locations = tuple(
        replace(location, segments=ListedIndex(playlist.segments), playlist=playlist.info)
        if location.pathway == pathway
        else location
        for location in rendition.locations
    )
    return replace(rendition, locations=locations)


def compare_playlists(old: Presentation, new: Presentation) -> Changes:
    """The difference of two HLS presentations that were read on their own."""
    before = {rendition.id: rendition for _, _, rendition in iter_renditions(old)}
    after = {rendition.id: rendition for _, _, rendition in iter_renditions(new)}
    changes: list[RenditionChange] = []
    broken: list[BrokenRule] = []
    reset = ended = False
    for identity, rendition in after.items():
        earlier = before.get(identity)
        if earlier is None or earlier.playlist is None or rendition.playlist is None:
            continue
        newer = MediaPlaylist(rendition.playlist, _listed(rendition), new.date_ranges, None, False, (), ())
        merged = merge(identity, _listed(earlier), earlier.playlist, old.date_ranges, newer)
        changes.append(merged.change)
        broken += [rule for rule in merged.broken if rule not in broken]
        reset = reset or merged.reset
        ended = ended or (rendition.playlist.ended and not earlier.playlist.ended)
    return Changes(
        renditions=tuple(filter(None, changes)),
        renditions_added=tuple(identity for identity in after if identity not in before),
        renditions_removed=tuple(identity for identity in before if identity not in after),
        ended=ended,
        reset=reset,
        broken=tuple(broken),
    )
