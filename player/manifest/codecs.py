"""RFC 6381 codec strings: what kind of stream they are and to which family they belong."""

from __future__ import annotations

from collections.abc import Iterable

from player.manifest.model import Container, TrackType

_VIDEO = {
    "avc1": "h264",
    "avc2": "h264",
    "avc3": "h264",
    "avc4": "h264",
    "dva1": "h264",
    "dvav": "h264",
    "hvc1": "hevc",
    "hev1": "hevc",
    "dvh1": "hevc",
    "dvhe": "hevc",
    "vvc1": "vvc",
    "vvi1": "vvc",
    "lvc1": "lcevc",
    "vp8": "vp8",
    "vp08": "vp8",
    "vp9": "vp9",
    "vp09": "vp9",
    "av01": "av1",
    "dav1": "av1",
    "mp4v": "mpeg4",
    "apv1": "apv",
    "theora": "theora",
}
_AUDIO = {
    "mp4a": "aac",
    "ac-3": "ac3",
    "ec-3": "eac3",
    "ac-4": "ac4",
    "opus": "opus",
    "fLaC": "flac",
    "flac": "flac",
    "alac": "alac",
    "vorbis": "vorbis",
    "mp3": "mp3",
    "dtsc": "dts",
    "dtse": "dts",
    "dtsh": "dts",
    "dtsl": "dts",
    "dtsx": "dtsx",
    "dtsy": "dtsx",
    "mha1": "mpegh",
    "mhm1": "mpegh",
    "mhm2": "mpegh",
    "iamf": "iamf",
    "xhe": "aac",
}
_TEXT = {
    "wvtt": "webvtt",
    "webvtt": "webvtt",
    "vtt": "webvtt",
    "stpp": "ttml",
    "ttml": "ttml",
    "c608": "cea",
    "c708": "cea",
}
_MP4A_OBJECTS = {"mp4a.40.34": "mp3", "mp4a.69": "mp3", "mp4a.6b": "mp3", "mp4a.a5": "ac3", "mp4a.a6": "eac3"}
_EXTENSIONS = {
    "ts": Container.TS,
    "m2ts": Container.TS,
    "mts": Container.TS,
    "mp4": Container.FMP4,
    "m4s": Container.FMP4,
    "m4v": Container.FMP4,
    "m4a": Container.FMP4,
    "m4f": Container.FMP4,
    "cmfv": Container.FMP4,
    "cmfa": Container.FMP4,
    "cmft": Container.FMP4,
    "mov": Container.FMP4,
    "aac": Container.PACKED_AUDIO,
    "mp3": Container.PACKED_AUDIO,
    "ac3": Container.PACKED_AUDIO,
    "ec3": Container.PACKED_AUDIO,
    "eac3": Container.PACKED_AUDIO,
    "webm": Container.WEBM,
    "vtt": Container.WEBVTT,
    "webvtt": Container.WEBVTT,
    "ttml": Container.TTML,
    "dfxp": Container.TTML,
    "jpg": Container.IMAGE,
    "jpeg": Container.IMAGE,
    "png": Container.IMAGE,
    "webp": Container.IMAGE,
}
_MIME_SUBTYPES = {
    "mp4": Container.FMP4,
    "iso.segment": Container.FMP4,
    "webm": Container.WEBM,
    "x-matroska": Container.WEBM,
    "mp2t": Container.TS,
    "vtt": Container.WEBVTT,
    "ttml+xml": Container.TTML,
    "jpeg": Container.IMAGE,
    "png": Container.IMAGE,
    "webp": Container.IMAGE,
    "aac": Container.PACKED_AUDIO,
    "mpeg": Container.PACKED_AUDIO,
}

TEXT_CONTAINERS = frozenset({Container.WEBVTT, Container.TTML})
"""Files that hold subtitles and nothing else."""


def split_codecs(text: str | None) -> tuple[str, ...]:
    """The items of a CODECS or @codecs value."""
    if not text:
        return ()
    return tuple(part for item in text.split(",") if (part := item.strip()))


def codec_type(codec: str) -> TrackType | None:
    """Video, audio or text; None for a codec that is not known."""
    head = codec.split(".", 1)[0]
    lower = head.lower()
    if head in _VIDEO or lower in _VIDEO:
        return TrackType.VIDEO
    if head in _AUDIO or lower in _AUDIO:
        return TrackType.AUDIO
    if lower in _TEXT:
        return TrackType.TEXT
    return None


def codec_family(codec: str) -> str:
    """The family within which a decoder can go on without a reload, such as ``h264``; the codec's own first
    part where it is not known."""
    head = codec.split(".", 1)[0]
    lower = head.lower()
    if lower == "mp4a":
        return _MP4A_OBJECTS.get(codec.lower(), "aac")
    return _VIDEO.get(lower) or _AUDIO.get(lower) or _AUDIO.get(head) or _TEXT.get(lower) or lower


def of_type(codecs: Iterable[str], type_: TrackType) -> tuple[str, ...]:
    """The codecs of one type."""
    return tuple(codec for codec in codecs if codec_type(codec) is type_)


def container_of_url(url: str) -> Container:
    """What the file name's extension says of a segment."""
    path = url.split("#", 1)[0].split("?", 1)[0]
    name = path.rpartition("/")[2]
    return _EXTENSIONS.get(name.rpartition(".")[2].lower(), Container.UNKNOWN) if "." in name else Container.UNKNOWN


def container_of_mime(mime_type: str) -> Container:
    """What a MIME type says of a segment."""
    return _MIME_SUBTYPES.get(mime_type.partition("/")[2].partition(";")[0].strip().lower(), Container.UNKNOWN)
