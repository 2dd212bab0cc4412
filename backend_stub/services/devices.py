"""Devices of an account: an EC P-256 key each, to which licences are encrypted and which signs requests for them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.keyset import Place, page
from backend_stub.db.models import Account, Device, DeviceChallenge, Download, Revocation
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.plans import Plan, plan_at
from backend_stub.services.rights.messages import DeviceProof
from backend_stub.services.rights.revocation import (
    close_downloads,
    forbid_device,
    licences_of_device,
    revoke_licences,
)
from backend_stub.services.rights.signatures import DEVICE, BadStatementError, verify

MOST_LISTED = 500
_CHALLENGE_S = 300.0


class DeviceRegistry:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def challenge(self, account_id: str) -> tuple[str, float]:
        """What a device must sign to be registered, and until when."""
        now = self._clock.now()
        row = DeviceChallenge(
            challenge=secrets.token_urlsafe(32), account_id=account_id, expires_at=now + _CHALLENGE_S
        )
        with self._database.write() as session:
            session.execute(delete(DeviceChallenge).where(DeviceChallenge.expires_at <= now))
            session.add(row)
        return row.challenge, row.expires_at

    def register(self, account_id: str, name: str, jwk: dict[str, Any], proof: str | None = None) -> Device:
        """Register a device; its id is the key's RFC 7638 thumbprint. Registering again renames it.

        Raises :class:`ProblemError` 422 ``bad_device_key`` or ``bad_proof``, 403 ``device_revoked`` or
        ``device_limit``.
        """
        key = _public_key(jwk)
        device_id = key.thumbprint()
        now = self._clock.now()
        with self._database.write() as session:
            session.get_one(Account, account_id, with_for_update=True)  # one registration after the other
            device = session.get(Device, (account_id, device_id))
            if _forbidden(session, device_id) or (device is not None and device.revoked_at is not None):
                raise _revoked()
            if proof is not None:
                _check_proof(session, account_id, key, proof, now)
            if device is None:
                _check_limit(session, account_id, now)
                device = _new_device(account_id, name, key, now)
                session.add(device)
                audit.record(session, now, "device.registered", account_id=account_id, subject=device_id)
            device.name = name
            device.last_seen_at = now
            if proof is not None and not device.proven:
                device.proven = True
                audit.record(session, now, "device.proven", account_id=account_id, subject=device_id)
        return device

    def of_account(
        self, account_id: str, before: Place | None = None, limit: int = MOST_LISTED
    ) -> tuple[Sequence[Device], Plan]:
        """Devices that are in use, the one seen last first, from a place of that list on, and the plan that limits
        them."""
        with self._database.read() as session:
            plan, _ = plan_at(session, account_id, self._clock.now())
            return usable_devices(session, account_id, before, limit), plan

    def revoke(self, account_id: str, device_id: str) -> None:
        """Take a device and its licences out of the account. Raises LookupError for an unknown one."""
        now = self._clock.now()
        with self._database.write() as session:
            device = session.get(Device, (account_id, device_id))
            if device is None:
                raise LookupError(device_id)
            if device.revoked_at is not None:
                return
            device.revoked_at = now
            revoke_licences(session, licences_of_device(account_id, device_id), now, "device removed")
            close_downloads(session, and_(Download.account_id == account_id, Download.device_id == device_id), now)
            audit.record(session, now, "device.revoked", account_id=account_id, subject=device_id)

    def forbid(self, device_id: str, reason: str, by: str | None) -> None:
        """Refuse this key in every account from now on. Raises LookupError when no account has it."""
        now = self._clock.now()
        with self._database.write() as session:
            rows = session.scalars(select(Device).where(Device.id == device_id)).all()
            if not rows:
                raise LookupError(device_id)
            if _forbidden(session, device_id):
                return
            for row in rows:
                row.revoked_at = row.revoked_at or now
            forbid_device(session, device_id, now, reason)
            audit.record(session, now, "device.forbidden", account_id=by, subject=device_id, reason=reason)


def usable_device(session: Session, account_id: str, device_id: str) -> Device:
    """The registered, unrevoked device. Raises :class:`ProblemError` 403 ``device_unknown`` or ``device_revoked``."""
    device = session.get(Device, (account_id, device_id))
    if device is None:
        raise ProblemError(403, "device_unknown", "This device is not registered with the account.")
    if device.revoked_at is not None:
        raise _revoked()
    return device


def proven_device(session: Session, account_id: str, device_id: str) -> Device:
    """As :func:`usable_device`, and it has shown that it holds its key: else 403 ``device_unproven``."""
    device = usable_device(session, account_id, device_id)
    if not device.proven:
        raise ProblemError(
            403, "device_unproven", "This device has not proven that it holds its key; register again."
        )
    return device


def usable_devices(
    session: Session, account_id: str, before: Place | None = None, limit: int = MOST_LISTED
) -> Sequence[Device]:
    query = select(Device).where(Device.account_id == account_id, Device.revoked_at.is_(None))
    return session.scalars(page(query, Device.last_seen_at, Device.id, before, limit)).all()


def shown_devices(devices: Sequence[Device]) -> list[dict[str, object]]:
    """Devices as a refusal names them, for the viewer to choose which to give up."""
    return [
        {"device_id": one.id, "name": one.name, "last_seen_at": one.last_seen_at or one.created_at} for one in devices
    ]


def _check_limit(session: Session, account_id: str, now: float) -> None:
    limit = plan_at(session, account_id, now)[0].devices
    if limit is None:
        return
    devices = usable_devices(session, account_id)
    if len(devices) >= limit:
        raise ProblemError(
            403,
            "device_limit",
            "Your plan allows no more devices; remove one first.",
            members={"limit": limit, "devices": shown_devices(devices)},
        )


def _check_proof(session: Session, account_id: str, key: ECKey, proof: str, now: float) -> None:
    refusal = ProblemError(422, "bad_proof", "The device has not shown that it holds its key.")
    try:
        claim = DeviceProof.model_validate(verify(proof, DEVICE, _public_members(key)))
    except (BadStatementError, ValueError) as error:
        raise refusal from error
    row = session.get(DeviceChallenge, claim.challenge, with_for_update=True)
    if row is None or row.account_id != account_id or row.expires_at <= now or claim.device_id != key.thumbprint():
        raise refusal
    session.delete(row)


def _new_device(account_id: str, name: str, key: ECKey, now: float) -> Device:
    return Device(
        account_id=account_id,
        id=key.thumbprint(),
        name=name,
        public_key=_public_members(key),
        created_at=now,
        proven=False,
    )


def _public_members(key: ECKey) -> dict[str, Any]:
    return {str(member): value for member, value in key.as_dict(private=False).items()}


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


def _forbidden(session: Session, device_id: str) -> bool:
    query = select(Revocation.serial).where(Revocation.kind == "device", Revocation.subject == device_id)
    return session.scalar(query.limit(1)) is not None


def _revoked() -> ProblemError:
    return ProblemError(403, "device_revoked", "This device was removed from the account.")
