"""Compact JWS (RFC 7515) by ES256, each with a ``typ`` of its own, so that none can stand for another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

VERSION = 2
MAX_KEYS = 64
"""A client reads no more of them; older ones vouch for nothing any more."""
_ALGORITHM = "ES256"
_CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

DEVICE = "matinee-device+jws"
LICENCE_REQUEST = "matinee-licence-request+jws"
RENEWAL = "matinee-renewal+jws"
RELEASE = "matinee-release+jws"
LICENCE = "matinee-licence+jws"
TIME = "matinee-time+jws"
REVOCATIONS = "matinee-revocations+jws"
KEY = "matinee-key+jws"
STATE_REQUEST = "matinee-state-request+jws"
STATE = "matinee-state+jws"
COMMANDS_ASKED = "matinee-commands+jws"
COMMAND_ANSWER = "matinee-command-answer+jws"


class BadStatementError(ValueError):
    """Not a JWS of this type by this key; the message is one sentence for people."""


class ServiceSigner:
    """Signs as the service. ``secrets`` are 32 random bytes each, the newest first; older ones vouch for newer.
    ``check`` raises where nothing may be signed now."""

    def __init__(
        self,
        secrets: Sequence[bytes],
        check: Callable[[], None] = lambda: None,
        changed: Callable[[], Sequence[bytes] | None] = lambda: None,
    ) -> None:
        """``changed`` is asked before each use: it gives other secrets to go on with, or None."""
        self.check = check
        self._changed = changed
        self.use(secrets)

    def use(self, secrets: Sequence[bytes]) -> None:
        """Go on with these. Any thread may call this."""
        self._keys = [_key_from(secret) for secret in secrets[:MAX_KEYS]]

    def sign(self, typ: str, payload: Mapping[str, object]) -> str:
        """Raises what ``check`` raises: then nothing is signed."""
        self.check()
        return _sign(self._keys_now()[0], typ, payload)

    def public_keys(self) -> list[dict[str, str]]:
        """The JWKs, the one that signs now first."""
        return [_published(key) for key in self._keys_now()]

    def endorsements(self, now: float) -> list[str]:
        """For each key but the oldest, a statement by the one before it."""
        keys = self._keys_now()
        return [_sign(older, KEY, {"jwk": _published(newer), "issued_at": now}) for newer, older in pairwise(keys)]

    def _keys_now(self) -> list[ECKey]:
        if secrets := self._changed():
            self.use(secrets)
        return self._keys


def claimed_key(compact: str) -> str:
    """The key id that a JWS claims to be signed by, unverified: it tells which key to verify with.

    Raises :class:`BadStatementError`.
    """
    try:
        kid = jws.extract_compact(compact.encode()).headers().get("kid")
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise BadStatementError("This is no signed document.") from error
    if not isinstance(kid, str):
        raise BadStatementError("The signed document names no key.")
    return kid


def verify(compact: str, typ: str, jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a JWS of this type by this key. Raises :class:`BadStatementError`."""
    key = ECKey.import_key(dict(jwk))
    try:
        opened = jws.deserialize_compact(compact, key, algorithms=[_ALGORITHM])
        payload = json.loads(opened.payload)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise BadStatementError("The signature does not hold.") from error
    header = opened.protected
    if header.get("typ") != typ or header.get("kid") != key.thumbprint():
        raise BadStatementError(f"This is no {typ} by this key.")
    if not isinstance(payload, dict) or payload.get("v") != VERSION:
        raise BadStatementError("The signed document is not of version 2.")
    return payload


def _sign(key: ECKey, typ: str, payload: Mapping[str, object]) -> str:
    header = {"alg": _ALGORITHM, "typ": typ, "kid": key.thumbprint()}
    document = json.dumps({"v": VERSION, **payload}, separators=(",", ":"))
    return jws.serialize_compact(header, document.encode(), key, algorithms=[_ALGORITHM])


def _key_from(secret: bytes) -> ECKey:
    """The same P-256 key for the same secret (FIPS 186-5, A.2.1: hashed far beyond the order, then reduced)."""
    wide = int.from_bytes(hashlib.shake_256(b"matinee licence signing\n" + secret).digest(48), "big")
    private = ec.derive_private_key(wide % (_CURVE_ORDER - 1) + 1, ec.SECP256R1())
    return ECKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _published(key: ECKey) -> dict[str, str]:
    public = {str(member): str(value) for member, value in key.as_dict(private=False).items()}
    members = {member: public[member] for member in ("kty", "crv", "x", "y")}
    return {**members, "kid": key.thumbprint(), "use": "sig", "alg": _ALGORITHM}
