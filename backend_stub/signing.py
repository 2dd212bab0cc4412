"""Signed, expiring URL prefixes: made by the play service, checked by every edge.

A token is base64url(JSON ``{exp, title, sid}``) + ``.`` + base64url(HMAC-SHA256 of the first part). It stands in the
path (``/s/<token>/...``), so relative references in manifests keep it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass

PREFIX = "/s/"
_MAX_TOKEN_CHARS = 1024


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token permits: reading the files of ``title_id`` until ``expires_at`` (seconds since 1970)."""

    title_id: str
    session_id: str
    expires_at: float


class UrlSigner:
    """Signs with the first key and accepts any: a new key goes in front, the old one stays until its URLs expired."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.use(keys)

    def use(self, keys: Sequence[bytes]) -> None:
        """Go on with these keys. Any thread may call this. Raises ValueError for none."""
        if not keys:
            raise ValueError("a signer needs at least one key")
        self._keys = tuple(keys)

    def sign(self, grant: Grant) -> str:
        claims = {"exp": round(grant.expires_at, 3), "title": grant.title_id, "sid": grant.session_id}
        payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
        return f"{payload}.{_encode(_mac(self._keys[0], payload))}"

    def verify(self, token: str, now: float) -> Grant | None:
        """The grant of ``token``, or None when it is forged, malformed or expired at ``now``."""
        if len(token) > _MAX_TOKEN_CHARS:
            return None
        payload, _, signature = token.partition(".")
        given = signature.encode()  # as text: base64 has several for the same bytes, caches know only one
        if not any(hmac.compare_digest(given, _encode(_mac(key, payload)).encode()) for key in self._keys):
            return None
        claims = json.loads(_decode(payload))  # signed by us, hence well-formed
        grant = Grant(title_id=claims["title"], session_id=claims["sid"], expires_at=claims["exp"])
        return grant if now < grant.expires_at else None


def split_signed_path(path: str) -> tuple[str | None, str]:
    """``/s/TOKEN/rest`` as (``TOKEN``, ``/rest``); any other path as (None, path)."""
    if not path.startswith(PREFIX):
        return None, path
    token, slash, rest = path[len(PREFIX) :].partition("/")
    return (token, "/" + rest) if slash else (None, path)


def _mac(key: bytes, payload: str) -> bytes:
    return hmac.new(key, payload.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
