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
_GCM_METHODS = {"AES-256-GCM": 32, _DASH_GCM: 16}


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


class SegmentCipher:
    """One key for whole segments, of which one context is made for all of them: a context has a copy of the key.
    Belongs to one thread.

    ``method`` is an HLS METHOD or a DASH SEA cipher URN. Raises :class:`DrmError` ``drm.scheme_unsupported`` for
    another method, and ``drm.decrypt_failed`` for a key of a wrong length.
    """

    def __init__(self, method: str, key: bytes | bytearray) -> None:
        self.method = method
        self._gcm: AESGCM | None = None
        self._context: CipherContext | None = None
        if method in _GCM_METHODS:
            self._gcm = AESGCM(_checked_key(key, _GCM_METHODS[method]))
        elif method == "AES-256-CTR":
            self._context = Cipher(algorithms.AES(_checked_key(key, 32)), modes.CTR(bytes(BLOCK))).decryptor()
        elif method in _CBC_METHODS:
            known = algorithms.AES(_checked_key(key, _CBC_METHODS[method]))
            self._context = Cipher(known, modes.CBC(bytes(BLOCK))).decryptor()
        else:
            raise DrmError(
                DrmErrorCode.SCHEME_UNSUPPORTED,
                "The title is encrypted in a way that this player does not know.",
                scheme=method[:40],
            )

    def decryptor(self, iv: bytes | None) -> SegmentDecryptor:
        """A decryptor for one segment. ``iv`` is 16 bytes (for DASH GCM 12 or 16); None only where the segment
        carries its own. Raises :class:`DrmError` ``drm.decrypt_failed`` for one of a wrong length."""
        if self.method == _DASH_GCM and iv is None:
            raise _failed("Its initialisation vector is missing.")
        if self.method in _GCM_METHODS:
            return _GcmSegment(self, iv if self.method == _DASH_GCM else None)
        return (_CtrSegment if self.method == "AES-256-CTR" else _CbcSegment)(self, _checked_iv(iv))

    @property
    def context(self) -> CipherContext:
        """The one context. Raises :class:`DrmError` ``drm.decrypt_failed`` once it is closed."""
        if self._context is None:
            raise _failed("Its key was taken away.")
        return self._context

    @property
    def gcm(self) -> AESGCM:
        """The same of AES-GCM."""
        if self._gcm is None:
            raise _failed("Its key was taken away.")
        return self._gcm

    def close(self) -> None:
        """Forget the key; segments that are still being fed fail."""
        self._context = self._gcm = None


def segment_decryptor(method: str, key: bytes | bytearray, iv: bytes | None) -> SegmentDecryptor:
    """A decryptor for one segment; arguments and errors as :class:`SegmentCipher`."""
    return SegmentCipher(method, key).decryptor(iv)


def decrypt_segment(method: str, key: bytes, iv: bytes | None, data: bytes | bytearray | memoryview) -> bytes:
    """A whole segment at once; arguments and errors as :func:`segment_decryptor`."""
    decryptor = segment_decryptor(method, key, iv)
    return decryptor.feed(data) + decryptor.finish()


class _CbcSegment:
    """CBC with PKCS #7 padding. The last block is kept back until the end, for only there it is padding.

    The context is shared: the block before (first the IV), fed to it as if it were ciphertext, brings it to where
    this segment is.
    """

    def __init__(self, cipher: SegmentCipher, iv: bytes) -> None:
        self._cipher = cipher
        self._before = iv
        self._partial = b""
        self._held = b""

    def feed(self, chunk: bytes | bytearray | memoryview) -> bytes:
        data: bytes | bytearray | memoryview = b"".join((self._partial, chunk)) if self._partial else chunk
        whole = len(data) - len(data) % BLOCK
        view = memoryview(data)
        self._partial = bytes(view[whole:])
        if not whole:
            return b""
        context = self._cipher.context
        context.update(self._before)
        clear = self._held + context.update(view[:whole])
        self._before = bytes(view[whole - BLOCK : whole])
        self._held = clear[-BLOCK:]
        return clear[:-BLOCK]

    def finish(self) -> bytes:
        if self._partial or not self._held:
            raise _failed("It is cut short: its length is not a multiple of 16 bytes.")
        count = self._held[-1]
        if not 1 <= count <= BLOCK or self._held[-count:] != bytes([count]) * count:
            raise _failed("The key does not fit it, or it is damaged.")
        return self._held[:-count]


class _CtrSegment:
    """CTR without padding, whose block counter is the last 64 bits: it rolls over without a carry. The context is
    shared, and set to this segment's place each time."""

    def __init__(self, cipher: SegmentCipher, iv: bytes) -> None:
        self._cipher = cipher
        self._nonce = iv[:8]
        self._first = int.from_bytes(iv[8:], "big")
        self._position = 0

    def feed(self, chunk: bytes | bytearray | memoryview) -> bytes:
        view = memoryview(chunk)
        left = ((1 << 64) - self._first) * BLOCK - self._position
        if not 0 < left < len(view):
            return self._run(view)
        return self._run(view[:left]) + self._run(view[left:])

    def _run(self, view: memoryview) -> bytes:
        block, inside = divmod(self._position, BLOCK)
        context = self._cipher.context
        context.reset_nonce(self._nonce + ((self._first + block) % (1 << 64)).to_bytes(8, "big"))
        context.update(bytes(inside))
        self._position += len(view)
        return context.update(view)

    def finish(self) -> bytes:
        return b""


class _GcmSegment:
    """GCM: nothing is given out before the tag at the end is checked. ``iv`` None: the segment begins with it."""

    def __init__(self, cipher: SegmentCipher, iv: bytes | None) -> None:
        self._cipher = cipher
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
            return self._cipher.gcm.decrypt(iv, view[start:], None)
        except (InvalidTag, ValueError) as error:
            raise _failed("The key does not fit it, or it was altered.") from error


def _checked_key(key: bytes | bytearray, length: int) -> bytes | bytearray:
    if len(key) != length:
        raise _failed(f"Its key should be {length} bytes long.")
    return key


def _checked_iv(iv: bytes | None) -> bytes:
    if iv is None or len(iv) != BLOCK:
        raise _failed("Its initialisation vector should be 16 bytes long.")
    return iv


def _failed(detail: str) -> DrmError:
    return DrmError(DrmErrorCode.DECRYPT_FAILED, f"A segment of this title cannot be decrypted. {detail}")
