"""How events of the local provider are signed: ``t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body", hex>``."""

from __future__ import annotations

import hashlib
import hmac
import re

TOLERANCE_S = 300.0
_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


class BadEventSignatureError(Exception):
    """The signature is not the sender's, or not of now."""


def sign(secret: bytes, body: bytes, now: float) -> str:
    at = int(now)
    return f"t={at},v1={_mac(secret, at, body)}"


def verify(secret: bytes, body: bytes, signature: str, now: float) -> str:
    """The MAC of a message that was signed within :data:`TOLERANCE_S` of ``now``. Raises
    :class:`BadEventSignatureError`."""
    found = _FORM.fullmatch(signature)
    if found is None:
        raise BadEventSignatureError("The signature has not the form of one.")
    at, mac = int(found[1]), found[2]
    if not hmac.compare_digest(mac, _mac(secret, at, body)):
        raise BadEventSignatureError("The signature is wrong.")
    if abs(now - at) > TOLERANCE_S:
        raise BadEventSignatureError("The signature is too old, or from the future.")
    return mac


def _mac(secret: bytes, at: int, body: bytes) -> str:
    return hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
