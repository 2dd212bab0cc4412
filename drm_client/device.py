"""The device's identities: an EC P-256 key pair for each service, made at first use; licences are encrypted to the
public half.

No service gets what was signed for another: it could pass a challenge on, and be this device there. A profile of
version 0.1.0 had one key for all; that one goes on until a service takes the device away, which then gets another.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any, Protocol

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
"""The one key of a profile of version 0.1.0; ``device-key-`` and a hash of its address is that of one service."""
_VAULT_ENTRY = "vault-device"
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
    def load_or_create(cls, store: KeyStore, entry: str = ENTRY) -> DeviceIdentity:
        """The identity kept in ``store``, made and kept at first use.

        Raises :class:`DrmError` ``drm.device_identity`` for a damaged entry, ``drm.key_store`` from the store.
        """
        found = cls.load(store, entry)
        if found is None:
            with store.alone():
                found = cls.load(store, entry) or cls._create(store, entry)
        return found

    @classmethod
    def _create(cls, store: KeyStore, entry: str) -> DeviceIdentity:
        private_key = ec.generate_private_key(ec.SECP256R1())
        store.put(entry, _der(private_key))
        return cls(private_key)

    @classmethod
    def load(cls, store: KeyStore, entry: str = ENTRY) -> DeviceIdentity | None:
        """The identity kept in ``store``, None where there is none. Raises as :meth:`load_or_create`."""
        kept = store.get(entry)
        if kept is None:
            return None
        try:
            key = load_der_private_key(kept, None)
        except (ValueError, TypeError) as error:
            raise DrmError(DrmErrorCode.DEVICE_IDENTITY, "This device's identity is damaged.") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise DrmError(DrmErrorCode.DEVICE_IDENTITY, "This device's identity is damaged.")
        return cls(key)

    def of(self, _service: str) -> DeviceIdentity:
        """The same for every service."""
        return self

    def find(self, _service: str) -> DeviceIdentity | None:
        """The same for every service."""
        return self

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


class Identities(Protocol):
    """What is needed of :class:`DeviceIdentities`; a :class:`DeviceIdentity` is the same for every service."""

    def of(self, service: str) -> DeviceIdentity: ...

    def find(self, service: str) -> DeviceIdentity | None: ...


class DeviceIdentities:
    """The identities of this device that ``store`` keeps. Methods raise :class:`DrmError` ``drm.device_identity`` for
    a damaged one, ``drm.key_store`` from the store."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._loaded: dict[str, DeviceIdentity] = {}

    def of(self, service: str) -> DeviceIdentity:
        """This device for the service at an address (empty: for none, and kept nowhere), made at first use."""
        if not service:
            return DeviceIdentity.create()
        found = self.find(service)
        if found is None:
            found = self._loaded[service] = DeviceIdentity.load_or_create(self._store, _entry(service))
        return found

    def find(self, service: str) -> DeviceIdentity | None:
        """This device for the service at an address, None where it has none yet."""
        found = self._loaded.get(service)
        if found is None and service:
            found = DeviceIdentity.load(self._store, _entry(service)) or DeviceIdentity.load(self._store)
            if found is not None:
                self._loaded[service] = found
        return found

    def replace(self, service: str) -> None:
        """The service has taken this device away for good: at the next start it is another one there, and the same as
        before for every other service."""
        private_key = ec.generate_private_key(ec.SECP256R1())
        self._store.put(_entry(service), _der(private_key))

    def vault_id(self) -> str:
        """The ID that what is kept on this device is bound to, whatever becomes of its identities."""
        kept = self._store.get(_VAULT_ENTRY)
        if kept is None:
            with self._store.alone():
                kept = self._store.get(_VAULT_ENTRY) or self._make_vault_id()
        return kept.decode("ascii", "replace")

    def _make_vault_id(self) -> bytes:
        first = DeviceIdentity.load(self._store)  # that of version 0.1.0
        made = encode_base64url(secrets.token_bytes(32)) if first is None else first.device_id
        self._store.put(_VAULT_ENTRY, made.encode("ascii"))
        return made.encode("ascii")


def _entry(service: str) -> str:
    return f"{ENTRY}-{hashlib.sha256(service.encode()).hexdigest()[:16]}"


def _der(private_key: ec.EllipticCurvePrivateKey) -> bytes:
    return private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _coordinate(value: int) -> str:
    return encode_base64url(value.to_bytes(32, "big"))
