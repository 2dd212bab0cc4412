"""Finding out by trial what nothing tells of a segment: the method, the key and the IV of one that is encrypted as a
whole, the key of SAMPLE-AES."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from drm_client.errors import DrmError
from drm_client.files import FileDecryptor, FileKind, SegmentKey, file_kind
from drm_client.hls_aes import decrypt_segment, segment_decryptor
from drm_client.keys import KeyRing
from drm_client.ts_packets import starts_soundly

_GCM = "AES-256-GCM"
_METHODS = {16: ("AES-128",), 32: (_GCM, "AES-256", "AES-256-CTR")}
_DIGITS = re.compile(r"\d+")
_TRIED_BYTES = 1024
_TRIED_PACKETS = 100
_SAMPLE_AES = "SAMPLE-AES"


def find_segment_key(
    data: bytes | bytearray, values: Sequence[bytes], ivs: Sequence[bytes], method: str | None = None
) -> SegmentKey | None:
    """The first method, key and IV that turn the segment into media; None where none does.

    ``values`` are keys, ``ivs`` what the IV may be; ``method`` is tried alone where it is known. GCM has its IV in
    the segment, and its tag tells for certain.
    """
    for value in dict.fromkeys(values):
        for chosen in _METHODS.get(len(value), ()) if method is None else (method,):
            for iv in (None,) if chosen == _GCM else ivs:
                key = SegmentKey(chosen, value, iv)
                if _fits(key, data):
                    return key
    return None


def find_sample_key(data: bytes | bytearray, values: Sequence[bytes], iv: bytes) -> SegmentKey | None:
    """The key of SAMPLE-AES with which far fewer pictures and frames of the segment fail to decode than with any
    other; None where none stands out. Of a clear segment none fails whatever the key is: then it is the first."""
    keys = [SegmentKey(_SAMPLE_AES, value, iv) for value in dict.fromkeys(values) if len(value) == len(iv) == 16]
    ranked = sorted(((_undecodable(data, key), key) for key in keys), key=lambda each: each[0])
    if not ranked or (len(ranked) > 1 and 2 * ranked[0][0] > ranked[1][0]):
        return None
    return ranked[0][1]


def likely_ivs(path: Path, kids: Sequence[bytes]) -> list[bytes]:
    """Without a manifest, the IV is often the segment's number (as in its name), zero or the key ID."""
    numbers = [int(digits) for digits in reversed(_DIGITS.findall(path.stem))]
    return [*(number.to_bytes(16, "big") for number in numbers if number >> 128 == 0), bytes(16), *kids]


def _fits(key: SegmentKey, data: bytes | bytearray) -> bool:
    try:
        if key.method == _GCM:
            decrypt_segment(key.method, key.key, key.iv, data)
            return True
        return _looks_right(segment_decryptor(key.method, key.key, key.iv).feed(bytes(data[:_TRIED_BYTES])))
    except DrmError:
        return False


def _undecodable(data: bytes | bytearray, key: SegmentKey) -> int:
    """How many of the first packets do not decode."""
    import av  # slow to load, and seldom needed

    failures = 0
    try:
        clear = FileDecryptor(KeyRing()).decrypt(bytearray(data), key)
        with av.open(io.BytesIO(clear), "r") as container:
            for stream in container.streams:
                stream.codec_context.options = {"err_detect": "explode"}
            for packet in itertools.islice(container.demux(), _TRIED_PACKETS):
                try:
                    packet.decode()
                except av.FFmpegError:
                    failures += 1
    except (DrmError, av.FFmpegError):
        return _TRIED_PACKETS
    return failures


def _looks_right(start: bytes) -> bool:
    """Whether the first bytes of a segment are those of media; the IV changes only the first 16 of them."""
    kind = file_kind(start)
    return kind is not FileKind.UNKNOWN and (kind is not FileKind.TRANSPORT_STREAM or starts_soundly(start))
