"""The device's identity: an EC P-256 key pair made at first use; licences are encrypted to its public half."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from drm_client import signed
from drm_client.base64url import encode_base64url
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import KeyStore
from drm_client.trust import thumbprint

ENTRY = "device-key"
JWE_ALGORITHMS = ("ECDH-ES+A256KW", "A256GCM")


class DeviceIdentity:
    """A device key pair. The private key never leaves this object and never shows in a repr."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(private_key.curve, ec.SECP256R1):
            raise DrmError(DrmErrorCode.DEVICE_IDENTITY, "This device's identity is damaged.")
        self._private_key = private_key
        numbers = private_key.public_key().public_numbers()
        self._public_jwk = {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
        self.device_id = thumbprint(self._public_jwk)
        """The RFC 7638 SHA-256 thumbprint of the public key, base64url."""

    @classmethod
    def create(cls) -> DeviceIdentity:
        """A new identity that is not kept anywhere."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load_or_create(cls, store: KeyStore) -> DeviceIdentity:
        """The identity kept in ``store``, made and kept at first use.

        Raises :class:`DrmError` ``drm.device_identity`` for a damaged entry, ``drm.key_store`` from the store.
        """
        kept = store.get(ENTRY)
        if kept is None:
            private_key = ec.generate_private_key(ec.SECP256R1())
            store.put(ENTRY, private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
            return cls(private_key)
        try:
            key = load_der_private_key(kept, None)
        except (ValueError, TypeError) as error:
            raise DrmError(DrmErrorCode.DEVICE_IDENTITY, "This device's identity is damaged.") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise DrmError(DrmErrorCode.DEVICE_IDENTITY, "This device's identity is damaged.")
        return cls(key)

    def public_jwk(self) -> dict[str, str]:
        """The public key as a JWK (RFC 7517), for registering the device."""
        return dict(self._public_jwk)

    def decrypt_jwe(self, compact: str) -> tuple[dict[str, Any], bytes]:
        """Protected header and plaintext of a compact JWE for this device; ECDH-ES+A256KW with A256GCM alone.

        Raises :class:`DrmError` ``drm.licence_malformed`` when it is for another device, altered, or of other
        algorithms.
        """
        from joserfc import jwe
        from joserfc.errors import JoseError
        from joserfc.jwk import ECKey
        from joserfc.registry import HeaderParameter

        registry = jwe.JWERegistry(
            header_registry={"sid": HeaderParameter("Play session", "str")}, algorithms=list(JWE_ALGORITHMS)
        )
        try:
            opened = jwe.decrypt_compact(compact, ECKey.import_key(self._pem()), registry=registry)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise DrmError(
                DrmErrorCode.LICENCE_MALFORMED, "The licence is not for this device, or it was altered on its way."
            ) from error
        return dict(opened.protected), opened.plaintext or b""

    def sign(self, typ: str, payload: Mapping[str, object]) -> str:
        """A compact JWS (ES256) of a statement of the kind ``typ``, which names this device as its signer."""
        from joserfc import jws
        from joserfc.jwk import ECKey

        header = {"alg": signed.ALGORITHM, "typ": typ, "kid": self.device_id}
        text = json.dumps({"v": signed.VERSION, **payload}, separators=(",", ":"))
        return jws.serialize_compact(header, text, ECKey.import_key(self._pem()), algorithms=[signed.ALGORITHM])

    def _pem(self) -> bytes:
        return self._private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def __repr__(self) -> str:
        return f"DeviceIdentity(device_id={self.device_id!r})"


def _coordinate(value: int) -> str:
    return encode_base64url(value.to_bytes(32, "big"))
