"""Devices of an account: an EC P-256 public key each, to which licences are encrypted."""

from __future__ import annotations

from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Device
from backend_stub.problems import ProblemError
from backend_stub.services import audit


class Devices:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def register(self, account_id: str, name: str, jwk: dict[str, Any]) -> str:
        """Register a device and return its id, the key's RFC 7638 thumbprint. Registering again renames it.

        Raises :class:`ProblemError` 422 ``bad_device_key``, 403 ``device_revoked``.
        """
        key = _public_key(jwk)
        device_id = key.thumbprint()
        now = self._clock.now()
        with self._database.write() as session:
            session.get_one(Account, account_id, with_for_update=True)  # one registration after the other
            device = session.get(Device, (account_id, device_id))
            if device is None:
                public = {str(member): value for member, value in key.as_dict(private=False).items()}
                session.add(Device(account_id=account_id, id=device_id, name=name, public_key=public, created_at=now))
                audit.record(session, now, "device.registered", account_id=account_id, subject=device_id)
            elif device.revoked_at is not None:
                raise _revoked()
            else:
                device.name = name
        return device_id

    def revoke(self, account_id: str, device_id: str) -> None:
        """Take a device's rights away. Raises LookupError for an unknown one."""
        now = self._clock.now()
        with self._database.write() as session:
            device = session.get(Device, (account_id, device_id))
            if device is None:
                raise LookupError(device_id)
            device.revoked_at = now
            audit.record(session, now, "device.revoked", account_id=account_id, subject=device_id)


def usable_device(session: Session, account_id: str, device_id: str) -> Device:
    """The registered, unrevoked device. Raises :class:`ProblemError` 403 ``device_unknown`` or ``device_revoked``."""
    device = session.get(Device, (account_id, device_id))
    if device is None:
        raise ProblemError(403, "device_unknown", "This device is not registered with the account.")
    if device.revoked_at is not None:
        raise _revoked()
    return device


def _public_key(jwk: dict[str, Any]) -> ECKey:
    refusal = ProblemError(422, "bad_device_key", "The device key must be a public EC P-256 key in JWK form.")
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk:
        raise refusal
    try:
        # Only these members: a JWK may carry more, which neither the thumbprint nor a licence needs.
        key = ECKey.import_key({member: str(jwk[member]) for member in ("kty", "crv", "x", "y")})
        _ = key.public_key
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise refusal from error
    return key


def _revoked() -> ProblemError:
    return ProblemError(403, "device_revoked", "This device was removed from the account.")
