"""From the tags of a multivariant playlist to tracks: codec families, groups, redundant variants.

Variants that differ in nothing but where they are served (redundant variants and pathways, RFC 8216bis 4.4.6.2 and 7)
become one rendition with several locations, and the renditions of their groups are folded with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from player.manifest.codecs import codec_family, container_of_url, of_type, split_codecs
from player.manifest.hls.entries import Multivariant, MultivariantEntry
from player.manifest.hls.lexer import integer, is_yes, number, resolution
from player.manifest.hls.pathways import BACKUP_PREFIX, DEFAULT_PATHWAY
from player.manifest.model import (
    Container,
    ListedIndex,
    Location,
    PlaylistRef,
    Rendition,
    SourcePosition,
    Track,
    TrackType,
)
from player.manifest.urls import folder_of

_MEDIA_TYPES = {
    "AUDIO": TrackType.AUDIO,
    "VIDEO": TrackType.VIDEO,
    "SUBTITLES": TrackType.TEXT,
    "CLOSED-CAPTIONS": TrackType.TEXT,
}
_GROUP_ATTRIBUTES = ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS")
_SAME_STREAM = (
    "BANDWIDTH",
    "AVERAGE-BANDWIDTH",
    "CODECS",
    "SUPPLEMENTAL-CODECS",
    "RESOLUTION",
    "FRAME-RATE",
    "VIDEO-RANGE",
    "HDCP-LEVEL",
    "ALLOWED-CPC",
    "REQ-VIDEO-LAYOUT",
    "SCORE",
    "NAME",
    "PROGRAM-ID",
)
_SAME_MEDIA = ("TYPE", "NAME", "LANGUAGE", "ASSOC-LANGUAGE", "CHANNELS", "CHARACTERISTICS", "FORCED", "INSTREAM-ID")

GroupKey = tuple[str, str]  # (TYPE, GROUP-ID)


def build_tracks(source: Multivariant) -> tuple[Track, ...]:
    """All tracks of a multivariant playlist: variants, alternative renditions, I-frame and image playlists."""
    media = _media_by_group(source.media)
    folded = _fold(source.variants, media)
    restricted = _restricted(source, folded)
    names = _UniqueNames()
    tracks = _variant_tracks(folded, media, names, restricted)
    tracks += _media_tracks(source, media, folded, names)
    tracks += _extra_tracks(source.iframes, TrackType.TRICK, "iframes", names)
    tracks += _extra_tracks(source.images, TrackType.IMAGE, "images", names)
    return tuple(tracks)


class _UniqueNames:
    """Gives each rendition an id of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def __call__(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self._taken:
            count += 1
            name = f"{wanted}-{count}"
        self._taken.add(name)
        return name


def _media_by_group(entries: Iterable[MultivariantEntry]) -> dict[GroupKey, list[MultivariantEntry]]:
    groups: dict[GroupKey, list[MultivariantEntry]] = defaultdict(list)
    for entry in entries:
        groups[entry.attributes.get("TYPE", ""), entry.attributes.get("GROUP-ID", "")].append(entry)
    return groups


# -- redundant variants ------------------------------------------------------------------------------------------


def _fold(
    variants: Sequence[MultivariantEntry], media: dict[GroupKey, list[MultivariantEntry]]
) -> list[list[MultivariantEntry]]:
    """Variants grouped so that each list holds the redundant copies of one stream, the first one leading."""
    folded: dict[tuple[object, ...], list[MultivariantEntry]] = {}
    alone: list[list[MultivariantEntry]] = []
    order: list[list[MultivariantEntry]] = []
    for variant in variants:
        key = _stream_key(variant, media)
        copies = folded.get(key)
        if copies is None:
            copies = folded[key] = [variant]
            order.append(copies)
        elif any(copy.url == variant.url for copy in copies):
            alone.append([variant])  # one playlist with other groups: not a second place to get it from
            order.append(alone[-1])
        else:
            copies.append(variant)
    return order


def _stream_key(variant: MultivariantEntry, media: dict[GroupKey, list[MultivariantEntry]]) -> tuple[object, ...]:
    own = tuple(variant.attributes.get(name) for name in _SAME_STREAM)
    groups = tuple(_group_key(kind, variant.attributes.get(kind), media) for kind in _GROUP_ATTRIBUTES)
    return own + groups


def _group_key(kind: str, group: str | None, media: dict[GroupKey, list[MultivariantEntry]]) -> object:
    if group is None:
        return None
    members = media.get((kind, group))
    if not members:
        return group
    return tuple(sorted(_member_key(member) for member in members))


def _member_key(member: MultivariantEntry) -> tuple[str, ...]:
    return (*(member.attributes.get(name, "") for name in _SAME_MEDIA), "uri" if member.url else "")


def _backup_groups(
    folded: Sequence[Sequence[MultivariantEntry]], kind: str, media: dict[GroupKey, list[MultivariantEntry]]
) -> dict[str, list[tuple[str, str]]]:
    """For each group of leading variants, the groups that stand for it on other pathways: ``(group, pathway)``.

    Only a group whose members all have playlists of their own elsewhere can stand for another one.
    """
    leading = {copies[0].attributes.get(kind) for copies in folded}
    backups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for copies in folded:
        first = copies[0].attributes.get(kind)
        for position, copy in enumerate(copies[1:], 1):
            other = copy.attributes.get(kind)
            if first is None or other is None or other in leading:
                continue
            here = {member.url for member in media.get((kind, first), ())} | {""}
            if any(member.url in here for member in media.get((kind, other), ())):
                continue
            pair = (other, _pathway(copy, position))
            if pair not in backups[first]:
                backups[first].append(pair)
    return backups


def _pathway(entry: MultivariantEntry, position: int) -> str:
    named = entry.attributes.get("PATHWAY-ID")
    if named:
        return named
    return DEFAULT_PATHWAY if position == 0 else f"{BACKUP_PREFIX}{position}"


# -- variants ----------------------------------------------------------------------------------------------------


_FLAT = frozenset({"CH-MONO", "PROJ-RECT"})


def _restriction(variant: MultivariantEntry) -> str | None:
    """Return why a variant is not for a player like this one (4.4.6.2), or None.

    Reasons are a layout other than flat video, and a content protection configuration that a program cannot
    guarantee.
    """
    layout = variant.attributes.get("REQ-VIDEO-LAYOUT", "")
    specifiers = {word.strip().upper() for entry in layout.split(",") for word in entry.split("/") if word.strip()}
    if not specifiers <= _FLAT:
        return f"REQ-VIDEO-LAYOUT {layout[:80]}"
    allowed = variant.attributes.get("ALLOWED-CPC")
    return None if allowed is None else f"ALLOWED-CPC {allowed[:80]}"


def _restricted(source: Multivariant, folded: Sequence[Sequence[MultivariantEntry]]) -> dict[int, str]:
    """The variants to be passed over, by line, with the reason. Where that would be all, none is: other players play
    them, and a licence server has the last word."""
    found = {copies[0].line: reason for copies in folded if (reason := _restriction(copies[0])) is not None}
    if not found:
        return {}
    line, reason = next(iter(found.items()))
    if len(found) < len(folded):
        source.notes.warn("hls.restricted", f"{len(found)} variants are passed over ({reason}).", line=line)
        return found
    source.notes.warn("hls.all_restricted", f"No variant is meant for players like this one ({reason}).", line=line)
    return {}


def _variant_tracks(
    folded: Sequence[Sequence[MultivariantEntry]],
    media: dict[GroupKey, list[MultivariantEntry]],
    names: _UniqueNames,
    restricted: Mapping[int, str],
) -> list[Track]:
    families = {_family(copies[0]) for copies in folded} - {("", "SDR"), ("audio", "SDR")}
    only = next(iter(families)) if len(families) == 1 else None
    by_family: dict[tuple[str, str], list[Rendition]] = {}
    for position, copies in enumerate(folded):
        family = _family(copies[0])
        if family[0] == "" and only is not None:
            family = only
        rendition = _variant(copies, position, media, names)
        by_family.setdefault(family, []).append(replace(rendition, unusable=restricted.get(copies[0].line)))
    tracks = []
    for (family_name, video_range), renditions in by_family.items():
        audio_only = family_name == "audio"
        ident = "audio-only" if audio_only else "-".join(filter(None, ("video", family_name, video_range.lower())))
        tracks.append(
            Track(
                id=ident,
                type=TrackType.AUDIO if audio_only else TrackType.VIDEO,
                renditions=tuple(sorted(renditions, key=lambda rendition: rendition.bandwidth_bps)),
                place=renditions[0].place,
            )
        )
    return tracks


def _family(variant: MultivariantEntry) -> tuple[str, str]:
    """``(codec family, video range)``; ``audio`` for a variant without pictures, empty where nothing is said."""
    codecs = split_codecs(variant.attributes.get("CODECS"))
    video = of_type(codecs, TrackType.VIDEO)
    video_range = variant.attributes.get("VIDEO-RANGE", "SDR") or "SDR"
    if video:
        return codec_family(video[0]), video_range
    pictures = any(name in variant.attributes for name in ("RESOLUTION", "FRAME-RATE", "VIDEO"))
    if not pictures and (of_type(codecs, TrackType.AUDIO) or (not codecs and _is_sound_file(variant.url))):
        return "audio", "SDR"
    return "", video_range


def _is_sound_file(url: str) -> bool:
    """Whether a variant is no playlist but a file of sound (``radio.mp3``), as radio stations have it."""
    return bool(url) and container_of_url(url) is Container.PACKED_AUDIO


def _variant(
    copies: Sequence[MultivariantEntry],
    position: int,
    media: dict[GroupKey, list[MultivariantEntry]],
    names: _UniqueNames,
) -> Rendition:
    first = copies[0]
    attributes = first.attributes
    codecs = split_codecs(attributes.get("CODECS"))
    width, height = resolution(attributes.get("RESOLUTION"))
    audio_group = attributes.get("AUDIO")
    return Rendition(
        id=names(attributes.get("STABLE-VARIANT-ID") or f"variant-{position}"),
        bandwidth_bps=_bits(attributes.get("BANDWIDTH")) or _bits(attributes.get("AVERAGE-BANDWIDTH")),
        average_bandwidth_bps=integer(attributes.get("AVERAGE-BANDWIDTH")),
        segments=PlaylistRef(first.url),
        codecs=codecs,
        supplemental_codecs=split_codecs(attributes.get("SUPPLEMENTAL-CODECS")),
        width=width,
        height=height,
        frame_rate=number(attributes.get("FRAME-RATE")),
        video_range=attributes.get("VIDEO-RANGE"),
        hdcp_level=attributes.get("HDCP-LEVEL"),
        score=number(attributes.get("SCORE")),
        stable_id=attributes.get("STABLE-VARIANT-ID"),
        audio_group=audio_group,
        subtitle_group=attributes.get("SUBTITLES"),
        muxed_audio=_carries_audio(first, codecs, media),
        locations=tuple(_location(copy, number_) for number_, copy in enumerate(copies)),
        attributes=attributes,
        place=SourcePosition(first.line),
    )


def _bits(text: str | None) -> int:
    return max(integer(text) or 0, 0)


def _carries_audio(
    variant: MultivariantEntry, codecs: Sequence[str], media: dict[GroupKey, list[MultivariantEntry]]
) -> bool:
    """Whether the variant's own segments hold its audio: no group, or a member of it without URI (4.4.6.2.1)."""
    if _family(variant)[0] == "audio":
        return False
    group = variant.attributes.get("AUDIO")
    members = media.get(("AUDIO", group), []) if group is not None else []
    if members and all(member.url for member in members):
        return False
    return not codecs or bool(of_type(codecs, TrackType.AUDIO))


def _location(entry: MultivariantEntry, position: int) -> Location:
    return Location(
        pathway=_pathway(entry, position),
        base_url=folder_of(entry.url),
        priority=position + 1,
        segments=None if position == 0 else PlaylistRef(entry.url),
        audio_group=entry.attributes.get("AUDIO"),
        subtitle_group=entry.attributes.get("SUBTITLES"),
        attributes=entry.attributes,
        place=SourcePosition(entry.line),
    )


# -- alternative renditions --------------------------------------------------------------------------------------


def _media_tracks(
    source: Multivariant,
    media: dict[GroupKey, list[MultivariantEntry]],
    folded: Sequence[Sequence[MultivariantEntry]],
    names: _UniqueNames,
) -> list[Track]:
    backups = {kind: _backup_groups(folded, kind, media) for kind in _GROUP_ATTRIBUTES}
    standing_in = {(kind, group) for kind in backups for pairs in backups[kind].values() for group, _ in pairs}
    codecs = _group_codecs(source.variants)
    tracks = []
    for entry in source.media:
        kind, group = entry.attributes.get("TYPE", ""), entry.attributes.get("GROUP-ID", "")
        if (kind, group) in standing_in:
            continue
        if kind not in _MEDIA_TYPES:
            source.notes.warn("hls.media_type", f"EXT-X-MEDIA has an unknown TYPE “{kind}”.", line=entry.line)
            continue
        copies = [
            (copy, pathway)
            for other, pathway in backups[kind].get(group, ())
            for copy in media.get((kind, other), ())
            if _member_key(copy) == _member_key(entry) and copy.url not in ("", entry.url)
        ]
        leader = next((c[0] for c in folded if c[0].attributes.get(kind) == group), None)
        home = DEFAULT_PATHWAY if leader is None else _pathway(leader, 0)
        tracks.append(_media_track(entry, home, copies, codecs.get((kind, group), ()), names))
    return tracks


def _group_codecs(variants: Iterable[MultivariantEntry]) -> dict[GroupKey, tuple[str, ...]]:
    """The codecs of the audio and subtitle groups, which only the variants that use them say."""
    result: dict[GroupKey, tuple[str, ...]] = {}
    for variant in variants:
        codecs = split_codecs(variant.attributes.get("CODECS"))
        for kind, type_ in (("AUDIO", TrackType.AUDIO), ("SUBTITLES", TrackType.TEXT)):
            group = variant.attributes.get(kind)
            if group is not None:
                known = result.get((kind, group), ())
                result[kind, group] = known + tuple(c for c in of_type(codecs, type_) if c not in known)
    return result


def _media_track(
    entry: MultivariantEntry,
    home: str,
    copies: Sequence[tuple[MultivariantEntry, str]],
    codecs: tuple[str, ...],
    names: _UniqueNames,
) -> Track:
    attributes = entry.attributes
    type_ = _MEDIA_TYPES[attributes.get("TYPE", "")]
    name = attributes.get("NAME", "")
    ident = names(attributes.get("STABLE-RENDITION-ID") or f"{type_}/{attributes.get('GROUP-ID', '')}/{name}")
    locations: tuple[Location, ...] = ()
    if entry.url:
        locations = (
            Location(home, folder_of(entry.url), attributes=attributes, place=SourcePosition(entry.line)),
            *(
                Location(
                    pathway,
                    folder_of(copy.url),
                    priority=position,
                    segments=PlaylistRef(copy.url),
                    attributes=copy.attributes,
                    place=SourcePosition(copy.line),
                )
                for position, (copy, pathway) in enumerate(copies, 2)
            ),
        )
    rendition = Rendition(
        id=ident,
        bandwidth_bps=_bits(attributes.get("BANDWIDTH")),
        segments=PlaylistRef(entry.url) if entry.url else ListedIndex(()),
        codecs=codecs,
        sample_rate=integer(attributes.get("SAMPLE-RATE")),
        channels=attributes.get("CHANNELS"),
        stable_id=attributes.get("STABLE-RENDITION-ID"),
        embedded=not entry.url,
        locations=locations,
        attributes=attributes,
        place=SourcePosition(entry.line),
    )
    return Track(
        id=ident,
        type=type_,
        renditions=(rendition,),
        language=attributes.get("LANGUAGE"),
        name=name,
        group=attributes.get("GROUP-ID"),
        characteristics=tuple(filter(None, map(str.strip, attributes.get("CHARACTERISTICS", "").split(",")))),
        default=is_yes(attributes.get("DEFAULT")),
        autoselect=is_yes(attributes.get("AUTOSELECT")),
        forced=is_yes(attributes.get("FORCED")),
        instream_id=attributes.get("INSTREAM-ID"),
        place=SourcePosition(entry.line),
    )


# -- I-frame and image playlists -----------------------------------------------------------------------------------


def _extra_tracks(
    entries: Sequence[MultivariantEntry], type_: TrackType, ident: str, names: _UniqueNames
) -> list[Track]:
    renditions = []
    for position, entry in enumerate(entries):
        attributes = entry.attributes
        width, height = resolution(attributes.get("RESOLUTION"))
        renditions.append(
            Rendition(
                id=names(attributes.get("STABLE-VARIANT-ID") or f"{ident}-{position}"),
                bandwidth_bps=_bits(attributes.get("BANDWIDTH")),
                average_bandwidth_bps=integer(attributes.get("AVERAGE-BANDWIDTH")),
                segments=PlaylistRef(entry.url),
                codecs=split_codecs(attributes.get("CODECS")),
                supplemental_codecs=split_codecs(attributes.get("SUPPLEMENTAL-CODECS")),
                width=width,
                height=height,
                video_range=attributes.get("VIDEO-RANGE"),
                hdcp_level=attributes.get("HDCP-LEVEL"),
                score=number(attributes.get("SCORE")),
                stable_id=attributes.get("STABLE-VARIANT-ID"),
                locations=(Location(_pathway(entry, 0), folder_of(entry.url)),),
                attributes=attributes,
                place=SourcePosition(entry.line),
            )
        )
    if not renditions:
        return []
    ordered = tuple(sorted(renditions, key=lambda rendition: rendition.bandwidth_bps))
    return [Track(id=ident, type=type_, renditions=ordered, place=renditions[0].place)]
