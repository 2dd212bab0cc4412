"""Whose signature is taken: the service's keys, pinned at the first sign-in, and their rotation by endorsements."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drm_client import signed
from drm_client.base64url import sha256_base64url
from drm_client.errors import DrmError
from drm_client.signed import SignedFields, untrusted

MAX_KEYS = 64
_MEMBERS = ("crv", "kty", "x", "y")

Jwk = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ServiceTrust:
    """The trusted keys of one service, by thumbprint. Immutable: :meth:`extended` gives the one that knows more."""

    keys: Mapping[str, Jwk] = field(default_factory=dict)

    def verify(self, token: object, typ: str) -> dict[str, Any]:
        """The payload of a statement that the service signed. Raises as :func:`drm_client.signed.verify`."""
        return signed.verify(token, typ, self.keys.get)

    def extended(self, document: Mapping[str, Any]) -> ServiceTrust:
        """With the keys in an answer of ``GET /keys`` that a trusted key endorses, directly or by a chain."""
        known = dict(self.keys)
        endorsements = [one for one in SignedFields(document).items("endorsements", MAX_KEYS) if isinstance(one, str)]
        for _ in range(MAX_KEYS):  # links of a chain, in whatever order they come
            before = len(known)
            for token in reversed(endorsements):  # a service names the newest first
                jwk = _endorsed(token, known)
                if jwk is not None:
                    known.setdefault(thumbprint(jwk), jwk)
            if len(known) == before:
                break
        return ServiceTrust(dict(list(known.items())[-MAX_KEYS:]))

    def as_json(self) -> bytes:
        """For keeping."""
        return json.dumps({"v": 1, "keys": [dict(jwk) for jwk in self.keys.values()]}).encode()

    @classmethod
    def from_json(cls, text: bytes) -> ServiceTrust:
        """What :meth:`as_json` gave."""
        return cls({thumbprint(jwk): jwk for jwk in json.loads(text)["keys"]})

    @classmethod
    def pinned(cls, document: Mapping[str, Any]) -> ServiceTrust:
        """The keys in an answer of ``GET /keys`` as they are: for the first contact, over the connection's own trust.

        Raises :class:`DrmError` ``drm.licence_untrusted`` where there is no usable one.
        """
        keys = [_public_jwk(one) for one in SignedFields(document).items("keys", MAX_KEYS)]
        if not keys:
            raise untrusted("It names no key.")
        return cls({thumbprint(jwk): jwk for jwk in keys})


def thumbprint(jwk: Jwk) -> str:
    """The RFC 7638 SHA-256 thumbprint of an EC key, base64url."""
    canonical = json.dumps({name: jwk[name] for name in _MEMBERS}, separators=(",", ":"), sort_keys=True)
    return sha256_base64url(canonical)


def _endorsed(token: str, known: Mapping[str, Jwk]) -> Jwk | None:
    """The key that an endorsement names; None where no known key signed it."""
    try:
        payload = signed.verify(token, signed.KEY, known.get)
    except DrmError:
        return None  # by a key that is not known, or forged: it adds nothing, the others stand
    return _public_jwk(payload.get("jwk"))


def _public_jwk(value: object) -> Jwk:
    """Only the members that make the key, checked to be a point on P-256."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    if not isinstance(value, dict) or value.get("kty") != "EC" or value.get("crv") != "P-256" or "d" in value:
        raise untrusted("One of its keys is of another kind.")
    jwk = {name: str(value.get(name, "")) for name in _MEMBERS}
    try:
        _ = ECKey.import_key(dict(jwk)).public_key
    except (JoseError, ValueError, TypeError) as error:
        raise untrusted("One of its keys is not a key.") from error
    return jwk
