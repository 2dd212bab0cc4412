"""Segments encrypted as a whole: HLS AES-128, AES-256, AES-256-CTR, AES-256-GCM, and DASH segment encryption.

AES-128 is RFC 8216bis 5.2; AES-256-GCM is its newest drafts' (a segment is its 16-byte IV, the ciphertext and the
16-byte tag); AES-256 and AES-256-CTR are the extension that hls.js and Shaka Player also read. DASH segment
encryption (ISO/IEC 23009-4) has the same ciphers under its own names.
"""

from __future__ import annotations

from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from drm_client.errors import DrmError, DrmErrorCode

BLOCK = 16
GCM_IV_BYTES = 16
TAG_BYTES = 16
_DASH_CBC = "urn:mpeg:dash:sea:aes128-cbc:2013"
_DASH_GCM = "urn:mpeg:dash:sea:aes128-gcm:2013"
_CBC_METHODS = {"AES-128": 16, "AES-256": 32, _DASH_CBC: 16}


class SegmentDecryptor(Protocol):
    """Decrypts one segment while it arrives. Both methods raise :class:`DrmError` ``drm.decrypt_failed``."""

    def feed(self, chunk: bytes | bytearray | memoryview) -> bytes:
        """The clear bytes that ``chunk`` makes known; may be empty."""
        ...

    def finish(self) -> bytes:
        """The last clear bytes, once the segment is whole."""
        ...


def media_sequence_iv(media_sequence: int) -> bytes:
    """The IV of a segment whose EXT-X-KEY has none: its media sequence number, big-endian (RFC 8216bis 5.2)."""
    return (media_sequence % (1 << 128)).to_bytes(BLOCK, "big")


def whole_segment_methods() -> frozenset[str]:
    """The methods that :func:`segment_decryptor` knows."""
    return frozenset({*_CBC_METHODS, "AES-256-CTR", "AES-256-GCM", _DASH_GCM})


def segment_decryptor(method: str, key: bytes, iv: bytes | None) -> SegmentDecryptor:
    """A decryptor for one segment.

    ``method`` is an HLS METHOD or a DASH SEA cipher URN. ``iv`` is 16 bytes (for DASH GCM 12 or 16); None only where
    the segment carries its own. Raises :class:`DrmError` ``drm.scheme_unsupported`` for another method, and
    ``drm.decrypt_failed`` for a key or IV of a wrong length.
    """
    if method == "AES-256-GCM":
        return _GcmSegment(_checked_key(key, 32), None)
    if method == _DASH_GCM:
        if iv is None:
            raise _failed("Its initialisation vector is missing.")
        return _GcmSegment(_checked_key(key, 16), iv)
    if method == "AES-256-CTR":
        return _CtrSegment(_checked_key(key, 32), _checked_iv(iv))
    if method in _CBC_METHODS:
        return _CbcSegment(_checked_key(key, _CBC_METHODS[method]), _checked_iv(iv))
    raise DrmError(
        DrmErrorCode.SCHEME_UNSUPPORTED,
        "The title is encrypted in a way that this player does not know.",
        scheme=method[:40],
    )


def decrypt_segment(method: str, key: bytes, iv: bytes | None, data: bytes | bytearray | memoryview) -> bytes:
    """A whole segment at once; arguments and errors as :func:`segment_decryptor`."""
    decryptor = segment_decryptor(method, key, iv)
    return decryptor.feed(data) + decryptor.finish()


class _CbcSegment:
    """CBC with PKCS #7 padding. The last block is kept back until the end, for only there it is padding."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        self._context = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        self._held = b""
        self._received = 0

    def feed(self, chunk: bytes | bytearray | memoryview) -> bytes:
        self._received += len(chunk)
        clear = self._held + self._context.update(chunk)
        keep = len(clear) - BLOCK if clear else 0
        self._held = clear[keep:]
        return clear[:keep]

    def finish(self) -> bytes:
        if self._received % BLOCK or not self._held:
            raise _failed("It is cut short: its length is not a multiple of 16 bytes.")
        count = self._held[-1]
        if not 1 <= count <= BLOCK or self._held[-count:] != bytes([count]) * count:
            raise _failed("The key does not fit it, or it is damaged.")
        return self._held[:-count]


class _CtrSegment:
    """CTR without padding, whose block counter is the last 64 bits: it rolls over without a carry."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        self._context: CipherContext = Cipher(algorithms.AES(key), modes.CTR(iv)).decryptor()
        self._after_rollover = iv[:8] + bytes(8)
        self._left = ((1 << 64) - int.from_bytes(iv[8:], "big")) * BLOCK

    def feed(self, chunk: bytes | bytearray | memoryview) -> bytes:
        view = memoryview(chunk)
        if len(view) <= self._left:
            self._left -= len(view)
            return self._context.update(view)
        first, rest = view[: self._left], view[self._left :]
        clear = self._context.update(first)
        self._context.reset_nonce(self._after_rollover)
        self._left = (1 << 64) * BLOCK - len(rest)
        return clear + self._context.update(rest)

    def finish(self) -> bytes:
        return b""


class _GcmSegment:
    """GCM: nothing is given out before the tag at the end is checked. ``iv`` None: the segment begins with it."""

    def __init__(self, key: bytes, iv: bytes | None) -> None:
        self._cipher = AESGCM(key)
        self._iv = iv
        self._data = bytearray()

    def feed(self, chunk: bytes | bytearray | memoryview) -> bytes:
        self._data += chunk
        return b""

    def finish(self) -> bytes:
        start = 0 if self._iv is not None else GCM_IV_BYTES
        if len(self._data) < start + TAG_BYTES:
            raise _failed("It is cut short.")
        view = memoryview(self._data)
        iv = self._iv if self._iv is not None else bytes(view[:GCM_IV_BYTES])
        try:
            return self._cipher.decrypt(iv, view[start:], None)
        except (InvalidTag, ValueError) as error:
            raise _failed("The key does not fit it, or it was altered.") from error


def _checked_key(key: bytes, length: int) -> bytes:
    if len(key) != length:
        raise _failed(f"Its key should be {length} bytes long.")
    return key


def _checked_iv(iv: bytes | None) -> bytes:
    if iv is None or len(iv) != BLOCK:
        raise _failed("Its initialisation vector should be 16 bytes long.")
    return iv


def _failed(detail: str) -> DrmError:
    return DrmError(DrmErrorCode.DECRYPT_FAILED, f"A segment of this title cannot be decrypted. {detail}")
