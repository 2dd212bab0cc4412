"""What the media says of itself, where a manifest names no codecs or the wrong ones. Pure: it reads init segments,
and the first bytes of what has none.

A player that must know whether it can decode something asks :func:`wanted` for an init segment of each track, loads
it, and puts what :func:`facts_of` found into the presentation by :func:`with_facts`.
"""

from __future__ import annotations

from dataclasses import replace

from player.base.errors import ErrorCode, MediaError
from player.manifest.codecs import codec_family, codec_type, of_type
from player.manifest.edit import as_picture, as_sound, iter_renditions, map_renditions
from player.manifest.model import (
    Container,
    InitFacts,
    ManifestWarning,
    Presentation,
    Rendition,
    Segment,
    SegmentIndex,
    Track,
    TrackType,
)
from player.media import aac, fmp4, ts, webm
from player.media.model import Codec, StreamConfig, StreamKind
from player.media.sample_entry import SampleEntry
from player.media.sniff import SNIFF_BYTES, sniff

_TELLING = (Container.TS, Container.PACKED_AUDIO, Container.UNKNOWN)
_EBML = b"\x1a\x45\xdf\xa3"
_TYPES = {StreamKind.VIDEO: TrackType.VIDEO, StreamKind.AUDIO: TrackType.AUDIO, StreamKind.TEXT: TrackType.TEXT}
_WEBM_NAMES = {Codec.VP9: "vp09", Codec.VP8: "vp08", Codec.AV1: "av01", Codec.OPUS: "opus"}


def facts_of(data: bytes) -> InitFacts:
    """What an init segment (MP4 or WebM) holds. A codec that is not known here is named by its sample entry.

    Raises MediaError for bytes that are no init segment.
    """
    try:
        if data[:4] == _EBML:
            configs = [track.config for track in webm.parse_init(data).tracks.values()]
            return _facts(configs, [_WEBM_NAMES.get(item.codec, str(item.codec)) for item in configs], None)
        tracks = fmp4.parse_init(data).tracks.values()
    except MediaError as error:
        format_ = error.fields.get("format")
        if error.code is ErrorCode.MEDIA_UNSUPPORTED and format_:
            return InitFacts(codecs=(str(format_),))
        raise
    entries = [track.entries[0] for track in tracks]
    scheme = next((entry.encryption.scheme for entry in entries if entry.encryption is not None), None)
    return _facts([entry.config for entry in entries], [_codec_string(entry) for entry in entries], scheme)


def _facts(configs: list[StreamConfig], codecs: list[str], scheme: str | None) -> InitFacts:
    video = next((item for item in configs if item.kind is StreamKind.VIDEO), None)
    audio = next((item for item in configs if item.kind is StreamKind.AUDIO), None)
    return InitFacts(
        codecs=tuple(codecs),
        width=video.width or None if video else None,
        height=video.height or None if video else None,
        sample_rate=audio.sample_rate or None if audio else None,
        channels=audio.channels or None if audio else None,
        scheme=scheme,
    )


def _codec_string(entry: SampleEntry) -> str:
    """RFC 6381, as far as the decoder's configuration is known here: the profile for H.264 and AAC."""
    config = entry.config
    if config.codec is Codec.AAC and config.private:
        asc = aac.parse_asc(config.private)
        return f"mp4a.40.{aac.OBJECT_SBR if asc.sbr and asc.object_type == aac.OBJECT_LC else asc.object_type}"
    if config.codec is Codec.MP3:
        return "mp4a.6B"
    if config.codec is Codec.H264 and entry.nal is not None:
        units = entry.nal.parameter_sets.split(b"\0\0\1")
        profile = next((unit[1:4] for unit in units if unit and unit[0] & 31 == 7), b"")
        return f"{entry.format}.{profile.hex().upper()}" if profile else entry.format
    return entry.format


# -- in a presentation ---------------------------------------------------------------------------------------------


def start_of(rendition: Rendition) -> Segment | None:
    """The segment whose first bytes tell what is in it, where there is no init segment to say it, and it is not
    encrypted as a whole."""
    segments = rendition.segments
    if not isinstance(segments, SegmentIndex) or not len(segments):
        return None
    if rendition.container not in _TELLING:
        return None
    live = rendition.playlist is not None and not rendition.playlist.ended
    segment = segments[len(segments) - 1 if live else 0]  # what is old leaves a live list
    return None if segment.init is not None or segment.keys or segment.gap else segment


def with_kind(presentation: Presentation, rendition: Rendition, head: bytes) -> Presentation:
    """``presentation`` where ``head``, the start of a segment of an undeclared ``rendition``, may show that it has
    sound and no picture: then it and its undeclared neighbours are audio. One that has a picture, and is audio by the
    names of its segments only, becomes video."""
    container = sniff(head[:SNIFF_BYTES])
    sound_only = ts.is_sound_only(head) if container is Container.TS else None
    sound = container is Container.PACKED_AUDIO or sound_only
    track = next((own for _, own, item in iter_renditions(presentation) if item is rendition), None)
    if track is None:
        return presentation
    if track.type is TrackType.AUDIO and rendition.container is Container.PACKED_AUDIO and sound_only is False:
        return as_picture(presentation, rendition)
    if not sound:
        return presentation
    return as_sound(presentation, lambda own, item: own is track and is_undeclared(own, item))


def is_undeclared(track: Track, rendition: Rendition) -> bool:
    """Whether the manifest does not say how this rendition of a video or audio track is coded."""
    if track.type not in (TrackType.VIDEO, TrackType.AUDIO) or rendition.media is not None or rendition.embedded:
        return False
    return not of_type(rendition.codecs, track.type)


def wanted(presentation: Presentation) -> tuple[Rendition, ...]:
    """One rendition of each track that has undeclared ones: the first that is not declared."""
    tracks = (track for period in presentation.periods for track in period.tracks)
    first = (next((each for each in track.renditions if is_undeclared(track, each)), None) for track in tracks)
    return tuple(rendition for rendition in first if rendition is not None)


def with_facts(presentation: Presentation, rendition: Rendition, facts: InitFacts) -> Presentation:
    """``presentation`` with what the media of ``rendition`` says.

    Its undeclared neighbours in the track are taken to be coded in the same way. Codecs that the manifest declares
    otherwise become a warning.
    """
    track = next((own for _, own, item in iter_renditions(presentation) if item is rendition), None)
    alike: tuple[Rendition, ...] = ()
    if track is not None and is_undeclared(track, rendition):
        alike = tuple(item for item in track.renditions if is_undeclared(track, item))
    shared = InitFacts(codecs=facts.codecs, scheme=facts.scheme)
    sound = any(codec_type(codec) is TrackType.AUDIO for codec in facts.codecs)

    def change(item: Rendition) -> Rendition:
        if any(item is each for each in alike):
            own = facts if item is rendition else shared
            return replace(item, media=own, muxed_audio=item.muxed_audio and sound)
        return replace(item, media=facts) if item is rendition else item

    changed = map_renditions(presentation, change)
    if alike and sound and all(codec_type(codec) is TrackType.AUDIO for codec in facts.codecs):
        changed = as_sound(changed, lambda _, item: item.media is facts or item.media is shared)
    wrong = _contradiction(rendition, facts)
    if wrong is None:
        return changed
    warning = ManifestWarning("wrong_codecs", f"Rendition {rendition.id}: {wrong}", rendition.place)
    return replace(changed, warnings=(*changed.warnings, warning))


def _contradiction(rendition: Rendition, facts: InitFacts) -> str | None:
    """How the declared codecs differ from those of the media, in families."""
    for type_ in _TYPES.values():
        declared = {codec_family(codec) for codec in of_type(rendition.codecs, type_)}
        real = {codec_family(codec) for codec in facts.codecs if codec_type(codec) is type_}
        if declared and real and declared.isdisjoint(real):
            return f"the manifest says {' and '.join(sorted(declared))}, the media are {' and '.join(sorted(real))}."
    return None
