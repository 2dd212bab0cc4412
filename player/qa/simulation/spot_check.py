"""Whether a decoder takes what is played in virtual time: a keyframe and a frame of audio every few seconds.

Everything else is not decoded there. Yet a wrong key, the initialisation segment of another title, or other bytes
throughout a segment spoil these as well.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from player.base.errors import MediaError
from player.media.aac import parse_asc
from player.media.model import Codec
from player.media.nal import annex_b_units

EVERY_S = 1.9  # a look at most so often: segments are rarely shorter
_MOST_KNOWN = 20_000
_IDR = 5  # of H.264 (ITU-T H.264, table 7-1)
_IRAP = range(16, 22)  # of HEVC (ITU-T H.265, table 7-1)
_DECODERS = {Codec.AV1: "libdav1d"}  # FFmpeg's own needs hardware
_PLAIN_AAC = frozenset({2, 5, 29})  # audio object types: LC, and with SBR and PS
_BY_THEMSELVES = frozenset({Codec.H264, Codec.HEVC, Codec.AV1, Codec.VP9, Codec.AAC, Codec.AC3, Codec.FLAC})
_known: dict[bytes, bool] = {}  # many runs of a plan play the same


@dataclass(frozen=True, slots=True)
class Stream:
    """What a track is: its codec, and what its decoder needs before the first sample."""

    codec: Codec
    private: bytes = b""


class SpotCheck:
    """Looks at samples of a playback in the order in which they are read."""

    def __init__(self) -> None:
        self._looked_at_s: dict[int, float] = {}
        self._wrong: set[tuple[int, int]] = set()

    def errors(self, until_s: float) -> int:
        """How many of them no decoder takes, up to a time of the title in seconds; what is read again counts once."""
        return sum(at_ms <= until_s * 1000 for _, at_ms in self._wrong)

    def take(self, track: int, stream: Stream, pts_s: float, data: bytes, *, key: bool) -> None:
        """A sample of a track, at its presentation time in seconds."""
        last_s = self._looked_at_s.get(track)
        if not key or (last_s is not None and 0 <= pts_s - last_s < EVERY_S) or not _stands_alone(stream, data):
            return
        self._looked_at_s[track] = pts_s
        if not _decodes(stream, data):
            self._wrong.add((track, round(pts_s * 1000)))


def _stands_alone(stream: Stream, data: bytes) -> bool:
    """Whether a decoder needs nothing but this sample."""
    if stream.codec is Codec.H264:
        return any(unit[0] & 0x1F == _IDR for unit in annex_b_units(data) if unit)
    if stream.codec is Codec.HEVC:
        return any(unit[0] >> 1 & 0x3F in _IRAP for unit in annex_b_units(data) if unit)
    if stream.codec is Codec.AAC:
        try:
            return parse_asc(stream.private).object_type in _PLAIN_AAC
        except MediaError:
            return False
    return stream.codec in _BY_THEMSELVES


def _decodes(stream: Stream, data: bytes) -> bool:
    digest = hashlib.blake2b(b"\0".join((str(stream.codec).encode(), stream.private, data)), digest_size=16).digest()
    if digest not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[digest] = _try(stream, data)
    return _known[digest]


def _try(stream: Stream, data: bytes) -> bool:
    """Whether a decoder neither refuses a sample nor says that what it made of it is damaged. One that makes nothing
    of it alone has not refused it."""
    import av

    try:
        context = av.CodecContext.create(_DECODERS.get(stream.codec, str(stream.codec)), "r")
        context.thread_count = 1
        if stream.private:
            context.extradata = stream.private
        for packet in (av.Packet(data), None):
            frames = context.decode(packet)  # type: ignore[attr-defined]
            if any(frame.is_corrupt for frame in frames):
                return False
    except av.codec.codec.UnknownCodecError:
        return True  # this machine lacks the decoder, which says nothing about the media
    except (av.error.FFmpegError, ValueError):
        return False
    return True
