"""HLS identity keys (RFC 8216bis 4.4.4.4, KEYFORMAT ``identity``): the bare key at its URI."""

from __future__ import annotations

from drm_client.errors import DrmError, DrmErrorCode

AES_128_BYTES = 16
AES_256_BYTES = 32
_LONG_METHODS = frozenset({"AES-256", "AES-256-CTR", "AES-256-GCM"})


def key_length(method: str) -> int:
    """Bytes of a key for an EXT-X-KEY METHOD."""
    return AES_256_BYTES if method in _LONG_METHODS else AES_128_BYTES


def read_key(method: str, body: bytes) -> bytes:
    """The key in a response. Raises :class:`DrmError` ``drm.licence_malformed`` for a wrong length."""
    if len(body) != key_length(method):
        raise DrmError(
            DrmErrorCode.LICENCE_MALFORMED,
            f"The key server sent {len(body)} bytes where a key of {key_length(method)} bytes should be.",
            key_bytes=len(body),
        )
    return bytes(body)
