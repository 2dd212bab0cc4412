"""HLS SAMPLE-AES elementary streams: H.264, AAC, AC-3 and E-AC-3 (Apple, "MPEG-2 Stream Encryption Format for HTTP
Live Streaming"), and packed audio files of them. Every unit restarts from the IV (RFC 8216bis 4.4.4.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from drm_client.cenc import SampleDecryptor
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KID_LENGTH, KeyRing
from drm_client.scheme import SampleProtection, Scheme

_START_CODE = re.compile(b"\0\0\1")
_SLICES = (1, 5)  # NAL unit types that are encrypted
_NAL_LEADER = 32
_NAL_CLEAR_UP_TO = 48
_PERIOD = 160  # one encrypted block of 16 bytes, nine clear ones
_AUDIO_LEADER = 16
_AC3_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_AC3_MIN = 8
_ADTS_MIN = 7
_AUDIO_DESCRIPTION = b"com.apple.streaming.audioDescription\0"
_ANY_KID = bytes(KID_LENGTH)

Frames = Callable[[bytes | bytearray], Iterator[tuple[int, int, int]]]


class SampleAes:
    """Decrypts the units of SAMPLE-AES elementary streams with one key (16 bytes) and IV (16 bytes)."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        ring = KeyRing()
        ring.add(_ANY_KID, key)
        self._decryptor = SampleDecryptor(ring)
        self._iv = iv

    def h264(self, stream: bytes | bytearray) -> bytes:
        """An Annex B byte stream of whole NAL units; the clear one is never longer.

        Encrypted slices have a second layer of emulation prevention bytes, which goes.
        """
        clear = bytearray()
        copied = 0
        starts = [match.end() for match in _START_CODE.finditer(stream)]
        for number, start in enumerate(starts):
            end = starts[number + 1] - 3 if number + 1 < len(starts) else len(stream)
            while end > start and stream[end - 1] == 0:
                end -= 1
            if end - start > _NAL_CLEAR_UP_TO and stream[start] & 31 in _SLICES:
                clear += stream[copied:start]
                clear += self._slice(stream[start:end])
                copied = end
        return bytes(clear + stream[copied:])

    def _slice(self, nal: bytes | bytearray) -> bytearray:
        unescaped = bytearray(nal.replace(b"\0\0\3", b"\0\0"))
        blocks = (len(unescaped) - _NAL_CLEAR_UP_TO + _PERIOD - 1) // _PERIOD
        if blocks > 0:
            span = 16 + _PERIOD * (blocks - 1)
            self._apply(unescaped, SampleProtection(Scheme.CBCS, _ANY_KID, self._iv, ((_NAL_LEADER, span),), 1, 9))
        return unescaped

    def audio(self, stream: bytearray, frames: Frames) -> None:
        """Decrypt, where they lie, the frames that ``frames`` finds: :func:`adts_frames` or :func:`ac3_frames`."""
        view = memoryview(stream)
        for start, header, size in frames(stream):
            leader = header + _AUDIO_LEADER
            if size - leader >= 16:
                protection = SampleProtection(Scheme.CBCS, _ANY_KID, self._iv, ((leader, size - leader),))
                self._apply(view[start : start + size], protection)

    def packed_audio(self, data: bytearray) -> bytearray:
        """A packed audio segment (RFC 8216bis 3.4): ID3 tags, then frames of one kind; ``data`` is used up.

        The ID3 frame that describes encrypted sound goes.

        Raises :class:`DrmError` ``drm.decrypt_failed`` where it has no AAC, AC-3 or E-AC-3 frames.
        """
        frames = packed_audio_frames(data)
        if frames is None:
            raise DrmError(DrmErrorCode.DECRYPT_FAILED, "The file has no AAC, AC-3 or E-AC-3 sound that is known.")
        self.audio(data, frames)
        return _without_description(data)

    def _apply(self, data: bytearray | memoryview, protection: SampleProtection) -> None:
        self._decryptor.decrypt_in_place(data, protection)


def id3_length(data: bytes | bytearray) -> int:
    """Bytes of the ID3 tags that ``data`` begins with."""
    position = 0
    while data[position : position + 3] == b"ID3" and position + 10 <= len(data):
        footer = 10 if data[position + 5] & 0x10 else 0
        position += 10 + _synchsafe(data[position + 6 : position + 10]) + footer
    return min(position, len(data))


def is_described_as_encrypted(data: bytes | bytearray) -> bool:
    """Whether a packed audio segment says that it is encrypted: its ID3 tag then describes the sound."""
    return _AUDIO_DESCRIPTION in data[: id3_length(data)]


def _without_description(data: bytearray) -> bytearray:
    """``data`` without the private frames of its first ID3 tag that say how the sound is encrypted."""
    tag = data[: id3_length(data)]
    end = 10 + _synchsafe(tag[6:10])
    if tag[:3] != b"ID3" or end > len(tag) or tag[5]:
        return data
    kept = bytearray()
    position = 10
    while position + 10 <= end and tag[position]:
        following = position + 10 + _synchsafe(tag[position + 4 : position + 8])
        if not tag[position + 10 : following].startswith(_AUDIO_DESCRIPTION):
            kept += tag[position:following]
        position = following
    kept += tag[position:end]
    size = bytes(len(kept) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return tag[:6] + size + kept + data[end:]


def _synchsafe(number: bytes | bytearray) -> int:
    """A number of ID3: seven bits in each byte."""
    value = 0
    for byte in number:
        value = value << 7 | byte & 0x7F
    return value


def packed_audio_frames(data: bytes | bytearray) -> Frames | None:
    """The finder for the kind of frames in a packed audio segment, or None where there are none."""
    start = id3_length(data)
    if data[start : start + 2] == b"\x0b\x77":
        return lambda stream: _after(stream, start, ac3_frames)
    if len(data) >= start + 2 and data[start] == 0xFF and data[start + 1] & 0xF6 == 0xF0:
        return lambda stream: _after(stream, start, adts_frames)
    return None


def _after(stream: bytes | bytearray, start: int, frames: Frames) -> Iterator[tuple[int, int, int]]:
    return ((start + at, header, size) for at, header, size in frames(stream[start:]))


def adts_frames(stream: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """(start, header length, length) of each whole ADTS frame (ISO/IEC 14496-3, 1.A.2)."""
    position = 0
    while position + _ADTS_MIN <= len(stream):
        if stream[position] != 0xFF or stream[position + 1] & 0xF6 != 0xF0:
            position = _next(stream, b"\xff", position)
            continue
        header = 7 if stream[position + 1] & 1 else 9
        size = (stream[position + 3] & 3) << 11 | stream[position + 4] << 3 | stream[position + 5] >> 5
        if size < header:
            position = _next(stream, b"\xff", position)
            continue
        if position + size > len(stream):
            return
        yield position, header, size
        position += size


def ac3_frames(stream: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """(start, 0, length) of each whole AC-3 or E-AC-3 syncframe (ETSI TS 102 366, 4.4.1 and E.2.3.1)."""
    position = 0
    while position + _AC3_MIN <= len(stream):
        size = _ac3_size(stream, position) if stream[position : position + 2] == b"\x0b\x77" else 0
        if not size:
            position = _next(stream, b"\x0b\x77", position)
            continue
        if position + size > len(stream):
            return
        yield position, 0, size
        position += size


def _ac3_size(stream: bytes | bytearray, position: int) -> int:
    """Bytes of the syncframe at ``position``, or 0 where its header is impossible."""
    if stream[position + 5] >> 3 > 10:
        return 2 * (((stream[position + 2] & 7) << 8 | stream[position + 3]) + 1)
    rate, code = stream[position + 4] >> 6, stream[position + 4] & 63
    if rate == 3 or code >= 2 * len(_AC3_KBITS):
        return 0
    kbits = _AC3_KBITS[code // 2]
    return 2 * (2 * kbits, 320 * kbits // 147 + (code & 1), 3 * kbits)[rate]


def _next(stream: bytes | bytearray, sync: bytes, position: int) -> int:
    found = stream.find(sync, position + 1)
    return found if found >= 0 else len(stream)
