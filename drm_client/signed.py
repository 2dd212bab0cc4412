"""Signed statements between client and service: compact JWS (RFC 7515), ES256, one ``typ`` for each kind.

The payload is a JSON object with ``"v": 2`` (``docs/protocol.md``). Nothing else is taken, whatever the header says.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from drm_client.errors import DrmError, DrmErrorCode

VERSION = 2
ALGORITHM = "ES256"
MAX_CHARS = 1 << 20
MAX_THUMBPRINT_CHARS = 64

DEVICE = "matinee-device+jws"
REQUEST = "matinee-licence-request+jws"
RENEWAL = "matinee-renewal+jws"
RELEASE = "matinee-release+jws"
LICENCE = "matinee-licence+jws"
TIME = "matinee-time+jws"
REVOCATIONS = "matinee-revocations+jws"
KEY = "matinee-key+jws"
STATE_REQUEST = "matinee-state-request+jws"
STATE = "matinee-state+jws"

KeyFor = Callable[[str], Mapping[str, str] | None]


class UnknownSignerError(DrmError):
    """A statement is signed by a key that is not trusted (yet); ``signer`` is the key's thumbprint."""

    def __init__(self, signer: str) -> None:
        super().__init__(
            DrmErrorCode.LICENCE_UNTRUSTED,
            "The service signs with another key than before, and the one before does not vouch for it. "
            "If you know why: matinee doctor --trust-new-keys.",
        )
        self.signer = signer


def verify(token: object, typ: str, key_for: KeyFor) -> dict[str, Any]:
    """The payload of a statement of the kind ``typ``.

    ``key_for`` gives the public JWK of a trusted signer by its thumbprint, or None. Raises
    :class:`UnknownSignerError`, or :class:`DrmError` ``drm.licence_untrusted`` for any other flaw.
    """
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, GuestProtocol

    def key(guest: GuestProtocol) -> ECKey:
        header = guest.headers()
        signer = header.get("kid")
        if header.get("typ") != typ or not isinstance(signer, str) or len(signer) > MAX_THUMBPRINT_CHARS:
            raise untrusted("It is not the kind of statement that was asked for.")
        jwk = key_for(signer)
        if jwk is None:
            raise UnknownSignerError(signer)
        return ECKey.import_key(dict(jwk))

    if not isinstance(token, str) or len(token) > MAX_CHARS:
        raise untrusted("It is not a signed statement.")
    try:
        payload = jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise untrusted("Its signature does not hold.") from error
    return _members(payload)


def unverified(token: str) -> dict[str, Any]:
    """The payload of a statement whose signature was checked before it was kept. Raises as :func:`verify`."""
    try:
        part = token.split(".")[1].encode("ascii")
        return _members(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (IndexError, ValueError, binascii.Error) as error:
        raise untrusted("It is not a signed statement.") from error


def new_nonce() -> str:
    """A nonce for one request."""
    return secrets.token_urlsafe(24)


def untrusted(detail: str) -> DrmError:
    """The error for a statement that is not taken."""
    return DrmError(
        DrmErrorCode.LICENCE_UNTRUSTED, f"The service's answer is not trusted, so it is not used. {detail}"
    )


def _members(payload: bytes) -> dict[str, Any]:
    try:
        document = json.loads(payload, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise untrusted("It is not JSON.") from error
    if not isinstance(document, dict) or document.get("v") != VERSION:
        raise untrusted("It is of another version of the format.")
    return document


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


class SignedFields:
    """The members of a signed payload, read with their kinds checked; odd ones raise ``drm.licence_untrusted``."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    def text(self, name: str, limit: int = 4096) -> str:
        value = self._members.get(name)
        if not isinstance(value, str) or len(value) > limit:
            raise self._odd(name)
        return value

    def text_or_none(self, name: str, limit: int = 4096) -> str | None:
        return None if self._members.get(name) is None else self.text(name, limit)

    def number(self, name: str) -> float:
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            raise self._odd(name)
        return float(value)

    def number_or_none(self, name: str) -> float | None:
        return None if self._members.get(name) is None else self.number(name)

    def count(self, name: str) -> int:
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
            raise self._odd(name)
        return value

    def count_or_none(self, name: str) -> int | None:
        return None if self._members.get(name) is None else self.count(name)

    def flag(self, name: str) -> bool:
        value = self._members.get(name)
        if not isinstance(value, bool):
            raise self._odd(name)
        return value

    def inner(self, name: str) -> SignedFields | None:
        """The members of an object, None for null."""
        value = self._members.get(name)
        return None if value is None else SignedFields(self.mapping(name))

    def mapping(self, name: str, limit: int = 4096) -> Mapping[str, Any]:
        value = self._members.get(name)
        if not isinstance(value, dict) or len(value) > limit:
            raise self._odd(name)
        return value

    def items(self, name: str, limit: int = 4096) -> list[Any]:
        value = self._members.get(name)
        if not isinstance(value, list) or len(value) > limit:
            raise self._odd(name)
        return value

    @staticmethod
    def _odd(name: str) -> DrmError:
        return untrusted(f"Its member {name} is missing or odd.")
