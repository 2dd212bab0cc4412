"""Signing a television in by a code that is typed elsewhere (RFC 8628)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, DeviceGrant
from backend_stub.problems import ProblemError
from backend_stub.services import audit

LIFETIME_S = 600.0
INTERVAL_S = 5.0
# No vowels, so that no words come about (RFC 8628, section 6.1).
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LENGTH = 8


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the television keeps and what it shows; ``user_code`` comes without its hyphen."""

    device_code: str = field(repr=False)
    user_code: str
    expires_in_s: float
    interval_s: float


class DeviceGrants:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, device_name: str) -> DeviceCode:
        now = self._clock.now()
        device_code = secrets.token_urlsafe(32)
        user_code = new_code()
        with self._database.write() as session:
            session.execute(delete(DeviceGrant).where(DeviceGrant.expires_at <= now - LIFETIME_S))
            session.add(
                DeviceGrant(
                    code_hash=_digest(device_code),
                    user_code=user_code,
                    device_name=device_name,
                    denied=False,
                    expires_at=now + LIFETIME_S,
                    polled_at=now - INTERVAL_S,
                    interval_s=INTERVAL_S,
                )
            )
        return DeviceCode(device_code, user_code, LIFETIME_S, INTERVAL_S)

    def decide(self, account_id: str, user_code: str, *, approve: bool) -> str:
        """Approve or deny the television that shows ``user_code``, and return its name.

        Raises :class:`ProblemError` 404 ``code_not_found``, also for a code that was decided already.
        """
        now = self._clock.now()
        with self._database.write() as session:
            query = select(DeviceGrant).where(DeviceGrant.user_code == normalise_code(user_code)).with_for_update()
            grant = session.scalar(query)
            if grant is None or grant.expires_at <= now or grant.account_id is not None or grant.denied:
                raise ProblemError(404, "code_not_found", "No television waits with this code.")
            if approve:
                grant.account_id = account_id
            else:
                grant.denied = True
            action = "device_grant.approved" if approve else "device_grant.denied"
            audit.record(session, now, action, account_id=account_id, subject=grant.device_name[:128])
        return grant.device_name

    def redeem(self, device_code: str) -> tuple[Account, str]:
        """The account that approved, and the television's name; the code is good no more then.

        Raises :class:`ProblemError` 400 ``authorization_pending``, ``slow_down``, ``access_denied`` or
        ``expired_token``, 403 ``account_closed``.
        """
        now = self._clock.now()
        with self._database.write() as session:
            grant = session.get(DeviceGrant, _digest(device_code), with_for_update=True)
            found = _state(session, grant, now)
        # Raised outside, so that a slower interval and a spent code are committed.
        if isinstance(found, ProblemError):
            raise found
        return found


def new_code() -> str:
    """A code for people to type, without its hyphen."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))


def normalise_code(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter in _LETTERS)


def shown_code(user_code: str) -> str:
    return f"{user_code[:4]}-{user_code[4:]}"


def _state(session: Session, grant: DeviceGrant | None, now: float) -> ProblemError | tuple[Account, str]:
    if grant is None or grant.expires_at <= now:
        return ProblemError(400, "expired_token", "The code has expired; begin again.")
    if grant.denied:
        session.delete(grant)
        return ProblemError(400, "access_denied", "The sign-in was denied.")
    early = now < grant.polled_at + grant.interval_s
    grant.polled_at = now
    if early:
        grant.interval_s += INTERVAL_S
        return ProblemError(400, "slow_down", "Ask less often.")
    if grant.account_id is None:
        return ProblemError(400, "authorization_pending", "Nobody has approved yet.")
    account = session.get_one(Account, grant.account_id)
    if not account.active:
        return ProblemError(403, "account_closed", "This account is closed.")
    session.delete(grant)
    return account, grant.device_name


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
