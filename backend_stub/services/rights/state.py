"""What a device keeps, held against what the service knows: an older copy of its licences is found here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Device, DeviceVault, IssuedLicence
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.entitlement import rights_of
from backend_stub.services.rights.first_plays import note_first_play, rented_since
from backend_stub.services.rights.memory import go_on_from
from backend_stub.services.rights.messages import HeldLicence, ReplayGuard, StateRequest, read_signed
from backend_stub.services.rights.signatures import (
    STATE,
    STATE_REQUEST,
    BadStatementError,
    ServiceSigner,
    claimed_key,
)


class LicenceStateAnswers:
    """Answers what became of the licences that a device keeps."""

    def __init__(self, database: Database, clock: Clock, signer: ServiceSigner) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer
        self._guard = ReplayGuard(database, signer)

    def answer(self, request: str) -> str:
        """The signed answer to a signed state request; the signature alone speaks for the device.

        Raises :class:`ProblemError` 422 ``bad_signed_request``, 403 ``device_unknown`` or ``clock_skew``, 409
        ``replayed``, 503 ``clock_unsure``.
        """
        now = self._clock.now()
        device, revoked = self._device(request)
        message = read_signed(request, STATE_REQUEST, device.public_key, StateRequest, device.id)
        self._guard.admit(device, message, now)
        with self._database.write() as session:
            vault = session.get(DeviceVault, device.id, with_for_update=True)
            known = 0 if vault is None else vault.generation
            restored = message.before < known
            if vault is None:
                vault = DeviceVault(device_id=device.id, generation=message.generation, seen_at=now, restores=0)
                session.add(vault)
            vault.generation, vault.seen_at = max(known, message.generation), now
            if restored:
                vault.restores += 1
                audit.record(
                    session,
                    now,
                    "vault.restored",
                    account_id=device.account_id,
                    subject=device.id,
                    generation=message.before,
                    known=known,
                )
            answers = [_answer(session, device.id, held, now) for held in message.licences]
            payload = {
                "device_id": device.id,
                "nonce": message.nonce,
                "issued_at": now,
                "generation": known,
                "restored": restored,
                "device": "revoked" if revoked else "in_use",
                "licences": answers,
            }
        return self._signer.sign(STATE, payload)

    def _device(self, request: str) -> tuple[Device, bool]:
        """A device by its key, whatever account it is in, and whether an account has removed it. A removed one, too:
        what it keeps is over, and is told so."""
        try:
            device_id = claimed_key(request)
        except BadStatementError as error:
            raise ProblemError(422, "bad_signed_request", str(error)) from error
        with self._database.read() as session:
            found = session.scalars(select(Device).where(Device.id == device_id)).all()
        proven = next((device for device in found if device.proven), None)
        if proven is None:
            raise ProblemError(403, "device_unknown", "No account has this device.")
        return proven, any(device.revoked_at is not None for device in found)


def _answer(session: Session, device_id: str, held: HeldLicence, now: float) -> dict[str, Any]:
    licence = session.get(IssuedLicence, held.licence_id)
    if licence is None or licence.device_id != device_id:
        return {"licence_id": held.licence_id, "state": "unknown", "sequence": 0, "first_play_at": None}
    go_on_from(licence, held.sequence)
    if held.sequence == licence.sequence:
        note_first_play(licence, held.first_play_at, now)
    state = "in_force"
    if licence.revoked_at is not None:
        state = "revoked"
    elif licence.released_at is not None:
        state = "released"
    elsewhere = rented_since(session, rights_of(session, licence.title_id), licence.title_id, licence.account_id, now)
    known = [at for at in (licence.first_play_at, elsewhere) if at is not None]
    return {
        "licence_id": licence.id,
        "state": state,
        "sequence": licence.sequence,
        "first_play_at": min(known, default=None),
    }
