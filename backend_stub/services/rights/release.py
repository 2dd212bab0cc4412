"""Receipts of licences that a device gave back. They may come late, and more than once."""

from __future__ import annotations

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Device, Download, IssuedLicence
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.rights.first_plays import note_first_play
from backend_stub.services.rights.messages import Release, read_signed
from backend_stub.services.rights.signatures import RELEASE


class Releases:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def release(self, licence_id: str, receipt: str) -> float:
        """Take a receipt and answer with the time of release that stands, that of the first one.

        The signature alone speaks for the device, which may be signed out or revoked by now. Raises
        :class:`ProblemError` 404 ``licence_not_found``, 422 ``bad_signed_request``.
        """
        now = self._clock.now()
        with self._database.write() as session:
            licence = session.get(IssuedLicence, licence_id, with_for_update=True)
            if licence is None:
                raise ProblemError(404, "licence_not_found", "There is no such licence.")
            device = session.get_one(Device, (licence.account_id, licence.device_id))
            message = read_signed(receipt, RELEASE, device.public_key, Release, device.id)
            if message.licence_id != licence_id:
                raise ProblemError(422, "bad_signed_request", "The signed licence is not the one of the address.")
            note_first_play(licence, message.first_play_at, now)
            if licence.released_at is None:
                licence.released_at = min(max(message.released_at, licence.issued_at), now)
                licence.release_reason = message.reason
                _close_download(session.get(Download, licence.session_id), now)
                audit.record(
                    session,
                    now,
                    "licence.released",
                    account_id=licence.account_id,
                    subject=licence.id,
                    title=licence.title_id,
                    reason=message.reason,
                )
            return licence.released_at


def _close_download(download: Download | None, now: float) -> None:
    if download is not None and download.closed_at is None:
        download.closed_at = now
