"""Content keys on the wire: the W3C ClearKey JWK set, plain or in a JWE for one device.

The plain form is W3C Encrypted Media Extensions, section 9.1.4. The device-bound form is a compact JWE (RFC 7516,
ECDH-ES+A256KW with A256GCM) around it, whose protected header names the session it is for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from joserfc import jwe
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from backend_stub.db.models import Device
from backend_stub.services.content_keys import PlainKey

_ALGORITHMS = ["ECDH-ES+A256KW", "A256GCM"]
_REGISTRY = jwe.JWERegistry(
    header_registry={"sid": HeaderParameter("Play session", "str")},
    algorithms=_ALGORITHMS,
)


KeySetType = Literal["temporary", "persistent-license"]  # W3C Encrypted Media Extensions, section 9.1.3


@dataclass(frozen=True, slots=True)
class KeySet:
    """A W3C ClearKey JWK set."""

    keys: Sequence[PlainKey] = field(repr=False)
    type: KeySetType = "temporary"

    def as_dict(self) -> dict[str, object]:
        members = [{"kty": "oct", "kid": base64url(one.kid), "k": base64url(one.key)} for one in self.keys]
        return {"keys": members, "type": self.type}

    def sealed_for(self, device: Device, session_id: str) -> str:
        """The set as a compact JWE that only this device opens."""
        header = {"alg": _ALGORITHMS[0], "enc": _ALGORITHMS[1], "sid": session_id}
        plaintext = json.dumps(self.as_dict(), separators=(",", ":"))
        return jwe.encrypt_compact(header, plaintext, ECKey.import_key(device.public_key), registry=_REGISTRY)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
