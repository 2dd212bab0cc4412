"""Samples and track descriptions between the demuxers and the Matroska writer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:  # clear titles start without loading the ciphers
    from drm_client.scheme import SampleProtection


class Codec(StrEnum):
    """Codec families; the value is the name FFmpeg uses."""

    H264 = "h264"
    HEVC = "hevc"
    VP8 = "vp8"
    VP9 = "vp9"
    AV1 = "av1"
    AAC = "aac"
    AC3 = "ac3"
    EAC3 = "eac3"
    OPUS = "opus"
    MP3 = "mp3"
    FLAC = "flac"
    WEBVTT = "webvtt"
    TTML = "ttml"
    ASS = "ass"


class StreamKind(StrEnum):
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Colour:
    """How decoded values mean light: code points of ISO/IEC 23091-2 (primaries, transfer, matrix)."""

    primaries: int
    transfer: int
    matrix: int
    full_range: bool = False


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """What a decoder must know before the first sample of a stream.

    ``private`` is the Matroska CodecPrivate (AudioSpecificConfig for AAC, OpusHead for Opus, av1C for AV1, FLAC
    headers); empty for H.264 and HEVC, which go as Annex B with parameter sets before each keyframe.
    """

    kind: StreamKind
    codec: Codec
    private: bytes = field(default=b"", repr=False)
    width: int = 0
    height: int = 0
    sample_rate: int = 0
    channels: int = 0
    codec_delay_s: float = 0.0
    seek_preroll_s: float = 0.0
    colour: Colour | None = None


class Sample(NamedTuple):
    """One access unit, ready for the decoder (decrypted, Annex B, ADTS stripped).

    Times are seconds on the *media's own* timeline, after edit lists; the caller adds the segment's offset.
    ``counters`` are of a picture in a transport stream: the continuity counters with which its segment begins and
    ends. None where the stream itself shows that something is missing before it, and in other containers.
    """

    kind: StreamKind
    pts_s: float
    dts_s: float
    duration_s: float
    key: bool
    data: bytes | bytearray | memoryview
    counters: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class EventMessage:
    """An emsg box (ISO/IEC 23009-1, 5.10.3.3). ``time_s`` counts from the segment's first presentation time where
    ``relative``, else it is media time; ``duration_s`` None means that it is not known."""

    scheme: str
    value: str
    id: int
    time_s: float
    relative: bool
    duration_s: float | None
    payload: bytes = field(default=b"", repr=False)


class SampleDecrypt(Protocol):
    """Decrypts one sample. ``data`` is the caller's to change; the result may be the same object."""

    def __call__(self, data: bytearray, protection: SampleProtection, /) -> bytes | bytearray | memoryview: ...


class Interrupted(Exception):  # noqa: N818  (not an error: the reader was told to stop waiting)
    """A wait for bytes was ended from outside (seek, stop)."""


class ByteSource(Protocol):
    """The bytes of one segment, which may still be arriving. ``wait`` runs on the reader's thread."""

    def wait(self, length: int) -> int:
        """Block until at least ``length`` bytes are there or the segment is complete; the bytes there now.

        Raises :class:`Interrupted`, or the error with which the loading ended.
        """
        ...

    def view(self, start: int, stop: int) -> bytes | bytearray:
        """A copy of bytes that have arrived. A bytearray is the caller's own to change, which saves it a copy."""
        ...
