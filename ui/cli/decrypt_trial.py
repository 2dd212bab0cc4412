"""Finding out by trial what nothing tells of a segment that is encrypted as a whole: the method, the key, the IV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from drm_client.errors import DrmError
from drm_client.files import FileKind, SegmentKey, file_kind
from drm_client.hls_aes import decrypt_segment, segment_decryptor
from drm_client.ts_packets import starts_soundly

_GCM = "AES-256-GCM"
_METHODS = {16: ("AES-128",), 32: (_GCM, "AES-256", "AES-256-CTR")}
_DIGITS = re.compile(r"\d+")
_TRIED_BYTES = 1024


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


def _looks_right(start: bytes) -> bool:
    """Whether the first bytes of a segment are those of media; the IV changes only the first 16 of them."""
    kind = file_kind(start)
    return kind is not FileKind.UNKNOWN and (kind is not FileKind.TRANSPORT_STREAM or starts_soundly(start))
