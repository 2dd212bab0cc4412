"""Issuing and renewing device-bound licences, each in one transaction with its audit row."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Device, Download, IssuedLicence
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.content_keys import KeyVault, is_encrypted, keys_of_title
from backend_stub.services.devices import proven_device
from backend_stub.services.entitlement import Entitled, Viewing, entitled_title
from backend_stub.services.key_sets import KeySet, KeySetType, base64url
from backend_stub.services.rights import policy
from backend_stub.services.rights.first_plays import note_first_play, rented_since
from backend_stub.services.rights.memory import go_on_from
from backend_stub.services.rights.messages import LicenceRequest, RenewalRequest, ReplayGuard, read_signed
from backend_stub.services.rights.pssh import BadPsshError, kids_in_pssh
from backend_stub.services.rights.signatures import (
    LICENCE,
    LICENCE_REQUEST,
    RENEWAL,
    BadStatementError,
    ServiceSigner,
    claimed_key,
)
from backend_stub.services.streams import ended, goes_on, keys_until, play_session

STREAMING = "streaming"
PERSISTENT = "persistent"


@dataclass(frozen=True, slots=True)
class SignedLicence:
    """What goes to the device: the signed licence, and its keys, which are None where it has none."""

    licence: str = field(repr=False)
    jwe: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class LicenceUrls:
    """The addresses of the calls on licences; a licence's id goes between ``base`` and the call's name."""

    base: str

    def renewal(self, licence_id: str) -> str:
        return f"{self.base}/{licence_id}/renewal"

    def release(self, licence_id: str) -> str:
        return f"{self.base}/{licence_id}/release"


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a licence is for: a play session or a download, under what limits."""

    kind: str
    session_id: str
    variant: str
    entitled: Entitled
    ends_at: float | None  # of a play session
    download: Download | None
    keys_until: float = 0.0  # of a play session


class RightsService:
    """Licences of version 2."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, vault: KeyVault, signer: ServiceSigner
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._vault = vault
        self._signer = signer
        self._guard = ReplayGuard(database, signer)

    def acquire(self, viewing: Viewing, request: str, urls: LicenceUrls) -> SignedLicence:
        """Answer a signed licence request. A second one for the same session or download goes on with its licence.

        Raises :class:`ProblemError` with the codes that ``docs/protocol.md`` names for it.
        """
        now = self._clock.now()
        device = self._signing_device(viewing, request)
        message = read_signed(request, LICENCE_REQUEST, device.public_key, LicenceRequest, device.id)
        self._guard.admit(device, message, now)
        with self._database.write() as session:
            session.get_one(Account, viewing.account_id, with_for_update=True)
            device = proven_device(session, viewing.account_id, device.id)
            subject = self._subject(session, viewing, message.type, message.session_id, device, now)
            _check_pssh(session, message.pssh, subject)
            licence = session.scalar(
                select(IssuedLicence).where(
                    IssuedLicence.session_id == message.session_id, IssuedLicence.account_id == viewing.account_id
                )
            )
            if licence is None:
                licence = _first(viewing.account_id, device, subject, now)
                session.add(licence)
            else:
                _check_in_force(licence)
            return self._issue(session, licence, subject, device, message, urls, now)

    def renew(self, viewing: Viewing, licence_id: str, request: str, urls: LicenceUrls) -> SignedLicence:
        """Answer a signed renewal request. Raises :class:`ProblemError` as :meth:`acquire`."""
        now = self._clock.now()
        device = self._signing_device(viewing, request)
        message = read_signed(request, RENEWAL, device.public_key, RenewalRequest, device.id)
        if message.licence_id != licence_id:
            raise ProblemError(422, "bad_signed_request", "The signed licence is not the one of the address.")
        self._guard.admit(device, message, now)
        with self._database.write() as session:
            session.get_one(Account, viewing.account_id, with_for_update=True)
            device = proven_device(session, viewing.account_id, device.id)
            licence = session.get(IssuedLicence, licence_id)
            if licence is None or (licence.account_id, licence.device_id) != (viewing.account_id, device.id):
                raise ProblemError(404, "licence_not_found", "There is no such licence.")
            _check_in_force(licence)
            if not go_on_from(licence, message.sequence):
                raise ProblemError(422, "bad_signed_request", "There is no such version of this licence.")
            _check_sequence(licence, message.sequence)
            if licence.renew_until is None or now >= licence.renew_until:
                raise _closed()
            note_first_play(licence, message.first_play_at, now)
            subject = self._subject(session, viewing, licence.kind, licence.session_id, device, now)
            return self._issue(session, licence, subject, device, message, urls, now)

    def _signing_device(self, viewing: Viewing, request: str) -> Device:
        """The device that a request claims to be signed by. Raises :class:`ProblemError` 403 or 422."""
        try:
            device_id = claimed_key(request)
        except BadStatementError as error:
            raise ProblemError(422, "bad_signed_request", str(error)) from error
        with self._database.read() as session:
            return proven_device(session, viewing.account_id, device_id)

    def _subject(
        self, session: Session, viewing: Viewing, kind: str, session_id: str, device: Device, now: float
    ) -> _Subject:
        if kind == PERSISTENT:
            download = session.get(Download, session_id)
            if download is None or download.account_id != viewing.account_id:
                raise ProblemError(404, "session_not_found", "There is no such download.")
            _check_device(download.device_id, device)
            if download.closed_at is not None or now >= download.holds_until:
                raise _closed()
            entitled = entitled_title(session, viewing, download.title_id, now, download.variant)
            return _Subject(kind, session_id, download.variant, entitled, None, download)
        play = play_session(session, viewing.account_id, session_id)
        _check_device(play.device_id, device)
        if play.ended_at is not None and not goes_on(session, play, now):
            raise ended()
        until = keys_until(play, now, self._settings.streaming_licence_s)
        if min(play.expires_at, until) <= now:
            raise ProblemError(403, "session_expired", "The play session has expired, or has lost its place.")
        entitled = entitled_title(session, viewing, play.title_id, now, play.variant)
        return _Subject(kind, session_id, play.variant, entitled, play.expires_at, None, until)

    def _terms(self, session: Session, subject: _Subject, licence: IssuedLicence, now: float) -> policy.Terms:
        if subject.ends_at is not None:
            return policy.streaming_terms(subject.entitled, now, subject.ends_at, subject.keys_until)
        rights = subject.entitled.rights
        known = (licence.first_play_at, rented_since(session, rights, licence.title_id, licence.account_id, now))
        first_play_at = min((one for one in known if one is not None), default=None)
        terms = policy.download_terms(subject.entitled, now, first_play_at)
        first, length = terms.first_play_at, terms.play_s
        if first is not None and length is not None and now >= first + length:
            raise ProblemError(
                403, "rental_over", "This title was watched, here or on another device; its time to watch is over."
            )
        return terms

    def _issue(
        self,
        session: Session,
        licence: IssuedLicence,
        subject: _Subject,
        device: Device,
        message: LicenceRequest | RenewalRequest,
        urls: LicenceUrls,
        now: float,
    ) -> SignedLicence:
        """Write the licence's next version down and sign it."""
        entitled = subject.entitled
        rows = keys_of_title(session, entitled.title.id) if is_encrypted(entitled.title, subject.variant) else []
        selection = policy.select_keys(entitled, rows, message.kids, message.info.hdcp)
        terms = self._terms(session, subject, licence, now)
        licence.sequence += 1
        licence.issued_at, licence.expires_at = now, terms.expires_at
        licence.renew_until, licence.first_play_at = terms.renew_until, terms.first_play_at
        licence.kids = [row.kid for row in selection.given]
        if subject.download is not None:
            subject.download.holds_until = terms.holds_until
        device.last_seen_at = now
        jwe = self._sealed_keys(session, subject, selection, device)
        audit.record(
            session,
            now,
            "licence.issued" if licence.sequence == 1 else "licence.renewed",
            account_id=licence.account_id,
            subject=licence.id,
            title=licence.title_id,
            device=device.id,
            keys=len(selection.given),
            kind=licence.kind,
        )
        payload = _payload(licence, subject, terms, selection, message.nonce, jwe, urls)
        return SignedLicence(licence=self._signer.sign(LICENCE, payload), jwe=jwe)

    def _sealed_keys(
        self, session: Session, subject: _Subject, selection: policy.KeySelection, device: Device
    ) -> str | None:
        if not selection.given:
            return None
        keys = self._vault.of_title(session, subject.entitled.title.id, [row.kid for row in selection.given])
        kind: KeySetType = "persistent-license" if subject.kind == PERSISTENT else "temporary"
        return KeySet(keys, kind).sealed_for(device, subject.session_id)


def _payload(
    licence: IssuedLicence,
    subject: _Subject,
    terms: policy.Terms,
    selection: policy.KeySelection,
    nonce: str,
    jwe: str | None,
    urls: LicenceUrls,
) -> dict[str, object]:
    renewal = {"url": urls.renewal(licence.id), "from_at": terms.renew_from, "until_at": terms.renew_until}
    rights = subject.entitled.rights
    return {
        "licence_id": licence.id,
        "sequence": licence.sequence,
        "type": licence.kind,
        "session_id": licence.session_id,
        "device_id": licence.device_id,
        "nonce": nonce,
        "account_id": licence.account_id,
        "title_id": licence.title_id,
        "variant": licence.variant,
        "issued_at": terms.issued_at,
        "expires_at": terms.expires_at,
        "play_s": terms.play_s,
        "first_play_at": terms.first_play_at,
        "grace_s": terms.grace_s,
        "renewal": renewal if terms.renew_until is not None else None,
        "release_url": urls.release(licence.id),
        "rental": terms.rental,
        "keys": policy.shown_keys(rights, selection.given),
        "withheld": selection.withheld,
        "output": policy.shown_output(rights, selection.given),
        "plan": policy.shown_plan(subject.entitled.plan),
        "jwe_sha256": None if jwe is None else base64url(hashlib.sha256(jwe.encode("ascii")).digest()),
    }


def _first(account_id: str, device: Device, subject: _Subject, now: float) -> IssuedLicence:
    return IssuedLicence(
        id=secrets.token_hex(16),
        account_id=account_id,
        device_id=device.id,
        title_id=subject.entitled.title.id,
        session_id=subject.session_id,
        variant=subject.variant,
        kind=subject.kind,
        sequence=0,
        issued_at=now,
        expires_at=now,
        kids=[],
    )


def _check_pssh(session: Session, pssh: str | None, subject: _Subject) -> None:
    """What the client read in the media must be of this title: else another title's media was put in its place."""
    if pssh is None:
        return
    try:
        named = kids_in_pssh(pssh)
    except BadPsshError as error:
        raise ProblemError(422, "bad_pssh", "The PSSH boxes cannot be read.") from error
    if named - {row.kid for row in keys_of_title(session, subject.entitled.title.id)}:
        raise ProblemError(422, "bad_pssh", "The PSSH boxes name keys of another title.")


def _check_device(expected: str, device: Device) -> None:
    if expected != device.id:
        raise ProblemError(403, "device_mismatch", "The session belongs to another device.")


def _check_in_force(licence: IssuedLicence) -> None:
    if licence.revoked_at is not None:
        raise ProblemError(403, "licence_revoked", "This licence was taken back.")
    if licence.released_at is not None:
        raise ProblemError(403, "licence_released", "This licence was given back.")


def _check_sequence(licence: IssuedLicence, sequence: int) -> None:
    if sequence < licence.sequence:
        raise ProblemError(
            409, "stale_sequence", "This licence was renewed already.", members={"sequence": licence.sequence}
        )


def _closed() -> ProblemError:
    return ProblemError(403, "renewal_closed", "This licence can no longer be renewed.")
