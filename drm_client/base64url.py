"""Base64url without padding (RFC 7515 2), in which keys, signatures and digests are written."""

from __future__ import annotations

import base64
import hashlib


def encode_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def sha256_base64url(text: str) -> str:
    """The SHA-256 digest of a text in UTF-8."""
    return encode_base64url(hashlib.sha256(text.encode()).digest())
