"""What was taken back: licences, titles, and devices that no account may use any more. The list of it is signed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, event, func, select, update
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database, hold_name
from backend_stub.db.models import Download, IssuedLicence, Revocation, Title, TitleRights
from backend_stub.services import audit
from backend_stub.services.rights.signatures import REVOCATIONS, ServiceSigner
from backend_stub.services.title_rights import rights_row
from backend_stub.services.title_structure import with_episodes

MAX_ENTRIES = 1000
_NEXT_S = 3600.0


@event.listens_for(Revocation, "before_insert")
def _in_turn(_mapper: object, connection: Connection, _entry: Revocation) -> None:
    """Serials are given in the order in which entries can be seen: whoever has read up to one misses none below."""
    hold_name(connection, "revocations")


class Revocations:
    def __init__(self, database: Database, clock: Clock, signer: ServiceSigner) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer

    def signed_list(self, since: int) -> str:
        """What was revoked after the serial ``since``, as a JWS."""
        now = self._clock.now()
        query = select(Revocation).where(Revocation.serial > since).order_by(Revocation.serial).limit(MAX_ENTRIES + 1)
        with self._database.read() as session:
            found = session.scalars(query).all()
            last = session.scalar(select(func.max(Revocation.serial))) or 0
            since_at = session.scalar(select(Revocation.at).where(Revocation.serial == since))
            rows = found[:MAX_ENTRIES]
            serial = rows[-1].serial if rows else min(since, last)
            at = session.scalar(select(Revocation.at).where(Revocation.serial == serial))
        return self._signer.sign(
            REVOCATIONS,
            {
                "issued_at": now,
                "next_at": now + _NEXT_S,
                "serial": serial,
                "at": at,
                "since_at": since_at,
                "more": len(found) > MAX_ENTRIES,
                "devices": _subjects(rows, "device"),
                "licences": _subjects(rows, "licence"),
                "titles": [{"title_id": row.subject, "at": row.at} for row in rows if row.kind == "title"],
            },
        )

    def version(self, since: int) -> str:
        """What changes when :meth:`signed_list` has something new: the last entry, in words for an ``ETag``. Its time
        tells it from one that had its serial before a backup was put back."""
        with self._database.read() as session:
            last = session.execute(
                select(Revocation.serial, Revocation.at).order_by(Revocation.serial.desc()).limit(1)
            ).first()
        return f"{since}-0" if last is None else f"{since}-{last.serial}-{last.at}"

    def revoke_licence(self, licence_id: str, reason: str, by: str) -> None:
        """Raises LookupError for an unknown licence."""
        now = self._clock.now()
        with self._database.write() as session:
            if session.get(IssuedLicence, licence_id) is None:
                raise LookupError(licence_id)
            revoke_licences(session, IssuedLicence.id == licence_id, now, reason)
            audit.record(session, now, "licence.revoked", account_id=by, subject=licence_id, reason=reason)

    def revoke_title(self, title_id: str, reason: str, by: str) -> None:
        """Take a title back with all its licences, a series with its episodes. Raises LookupError."""
        now = self._clock.now()
        with self._database.write() as session:
            if session.get(Title, title_id) is None:
                raise LookupError(title_id)
            for one in with_episodes(session, title_id):
                rights = rights_row(session, one)
                if rights.revoked_at is not None:
                    continue
                rights.revoked_at = now
                _close(session, IssuedLicence.title_id == one, now)
                close_downloads(session, Download.title_id == one, now)
                session.add(Revocation(kind="title", subject=one, at=now, reason=reason))
                audit.record(session, now, "title.revoked", account_id=by, subject=one, reason=reason)

    def restore_title(self, title_id: str, by: str) -> None:
        """Give a title back, a series with its episodes: new licences may be available, the old ones stay revoked.
        Raises LookupError for an unknown one."""
        now = self._clock.now()
        with self._database.write() as session:
            if session.get(Title, title_id) is None:
                raise LookupError(title_id)
            for one in with_episodes(session, title_id):
                rights = session.get(TitleRights, one)
                if rights is not None and rights.revoked_at is not None:
                    rights.revoked_at = None
                    audit.record(session, now, "title.restored", account_id=by, subject=one)
                # The clock was wrong then: an entry of the future would name the licences that come now.
                entry = (Revocation.kind == "title", Revocation.subject == one, Revocation.at > now)
                session.execute(update(Revocation).where(*entry).values(at=now))


def licences_of_device(account_id: str, device_id: str) -> ColumnElement[bool]:
    return and_(IssuedLicence.account_id == account_id, IssuedLicence.device_id == device_id)


def revoke_licences(session: Session, which: ColumnElement[bool], now: float, reason: str) -> None:
    """Revoke those of ``which`` that are in force, and list each."""
    for licence_id in _close(session, which, now):
        session.add(Revocation(kind="licence", subject=licence_id, at=now, reason=reason))


def forbid_device(session: Session, device_id: str, now: float, reason: str) -> None:
    """Revoke every licence of this key; the list names the key alone."""
    _close(session, IssuedLicence.device_id == device_id, now)
    close_downloads(session, Download.device_id == device_id, now)
    session.add(Revocation(kind="device", subject=device_id, at=now, reason=reason))


def close_downloads(session: Session, which: ColumnElement[bool], now: float) -> None:
    """They no longer count against a plan."""
    session.execute(update(Download).where(which, Download.closed_at.is_(None)).values(closed_at=now))


def _close(session: Session, which: ColumnElement[bool], now: float) -> list[str]:
    """End the licences and the downloads they belong to; their ids."""
    in_force = (IssuedLicence.revoked_at.is_(None), IssuedLicence.released_at.is_(None))
    licences = session.scalars(select(IssuedLicence).where(which, *in_force)).all()
    for licence in licences:
        licence.revoked_at = now
    close_downloads(session, Download.id.in_([licence.session_id for licence in licences]), now)
    return [licence.id for licence in licences]


def _subjects(rows: Sequence[Revocation], kind: str) -> list[str]:
    return [row.subject for row in rows if row.kind == kind]
