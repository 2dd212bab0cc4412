"""Codes that go out by mail: to set a new password, and to show that an address is its account's.

A request only leaves a row, the same for addresses of accounts and for others, so that neither the answer nor its
time tells which there are. A task of the upkeep makes the code, keeps its HMAC, and sends it: no code is ever stored.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, MailCode
from backend_stub.mail import Mail, Mailer, MailError
from backend_stub.problems import ProblemError
from backend_stub.services.device_grants import new_code, normalise_code, shown_code

Purpose = Literal["reset", "verification"]
LIFETIMES_S: dict[Purpose, float] = {"reset": 15 * 60.0, "verification": 86400.0}
_MOST_TRIES = 5  # wrong codes, then none counts any more
_NOT_AGAIN_S = 60.0  # one that was sent just now stays good when another is asked for
_FIRST_AGAIN_S, _MOST_SENDS = 30.0, 6
_AT_ONCE = 100
_logger = logging.getLogger(__name__)
_RESET = """Somebody asked for a new password for your account.

    {code}

This code is good for 15 minutes. If it was not you, do nothing: your password stays as it is.
"""
_VERIFICATION = """This address was named for an account.

    {code}

This code is good for a day. If it was not you, do nothing.
"""
_WORDS: dict[Purpose, tuple[str, str]] = {
    "reset": ("Your code for a new password", _RESET),
    "verification": ("Your code to confirm this address", _VERIFICATION),
}


class MailCodes:
    def __init__(self, database: Database, clock: Clock, mailer: Mailer, secret: bytes) -> None:
        self._database = database
        self._clock = clock
        self._mailer = mailer
        self._secret = hmac.digest(secret, b"matinee mail codes", "sha256")

    def request(self, email: str, purpose: Purpose) -> None:
        """Have a code sent soon, if there is such an account; ``email`` is normalised."""
        now = self._clock.now()
        with self._database.write() as session:
            row = session.get(MailCode, (email, purpose), with_for_update=True)
            if row is None:
                session.add(MailCode(email=email, purpose=purpose, asked_at=now, due_at=now, tries=0, sends=0))
            elif now - row.asked_at >= _NOT_AGAIN_S:
                row.asked_at = row.due_at = now
                row.sends = 0

    def send_due(self) -> int:
        """Send what waits and return how many mails went; what is refused goes again later, six times in all."""
        sent = 0
        for _ in range(_AT_ONCE):
            made = self._next()
            if made is None:
                break
            mail, digest, purpose = made
            if mail is None:
                continue
            try:
                self._mailer.send(mail)
            except MailError as error:
                _logger.warning("a mail could not be sent: %s", error)
                break
            sent += 1
            with self._database.write() as session:
                row = session.get(MailCode, (mail.to, purpose), with_for_update=True)
                if row is not None and row.code_hash == digest:
                    row.due_at = None
        return sent

    def take(self, session: Session, email: str, purpose: Purpose, code: str) -> bool:
        """Whether this is the code, which then is good no more; a wrong one counts. In the caller's transaction,
        which must commit either way."""
        row = session.get(MailCode, (email, purpose), with_for_update=True)
        if row is None or row.code_hash is None or row.tries >= _MOST_TRIES:
            return False
        if (row.expires_at or 0.0) <= self._clock.now():
            return False
        if not hmac.compare_digest(row.code_hash, self._digest(email, purpose, code)):
            row.tries += 1
            return False
        session.delete(row)
        return True

    def _next(self) -> tuple[Mail | None, str, Purpose] | None:
        """The mail that is due, its code written down as an HMAC; no mail where nobody is to have one."""
        now = self._clock.now()
        with self._database.write() as session:
            due = select(MailCode).where(MailCode.due_at <= now).order_by(MailCode.due_at).limit(1)
            row = session.scalar(due.with_for_update(skip_locked=True))
            if row is None:
                return None
            account = session.scalar(select(Account).where(Account.email == row.email))
            purpose: Purpose = row.purpose
            if account is None or not account.active or (purpose == "verification" and account.verified_at):
                session.delete(row)
                return None, "", purpose
            code = new_code()
            row.code_hash = self._digest(row.email, purpose, code)
            row.expires_at = now + LIFETIMES_S[purpose]
            row.tries = 0
            row.sends += 1
            row.due_at = now + _FIRST_AGAIN_S * 2**row.sends if row.sends < _MOST_SENDS else None
            subject, text = _WORDS[purpose]
            return Mail(row.email, subject, text.format(code=shown_code(code))), row.code_hash, purpose

    def _digest(self, email: str, purpose: Purpose, code: str) -> str:
        text = f"{purpose}\n{email}\n{normalise_code(code)}".encode("utf-8", "replace")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()


def wrong_code() -> ProblemError:
    return ProblemError(404, "code_not_found", "This code is wrong, was used already, or has expired.")
