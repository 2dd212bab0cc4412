"""Profiles of a household: an age limit each, and a PIN for those that others may not enter."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import (
    Account,
    DeviceProgress,
    ListEntry,
    Opinion,
    Profile,
    Recording,
    RefreshToken,
    ViewerPicks,
    WatchedPosition,
)
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.tokens import SignedIn

MAX_PROFILES = 8
ADULT = 18
_NO_WAYS: Mapping[str, str | bool] = MappingProxyType({})
_PLAIN_WAYS: Mapping[str, Any] = MappingProxyType(
    {"avatar": "", "kids": False, "audio_language": "", "text_language": "", "autoplay": True}
)
_OWN_WAYS = frozenset({"avatar", "audio_language", "text_language", "autoplay"})


class Profiles:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._hasher = PasswordHasher()

    def of_account(self, account_id: str) -> Sequence[Profile]:
        with self._database.read() as session:
            return _of_account(session, account_id)

    def make(
        self, by: SignedIn, name: str, maturity: int, pin: str | None, ways: Mapping[str, str | bool] = _NO_WAYS
    ) -> Profile:
        """Add a profile; ``ways`` are how it likes to watch, members of :class:`Profile`. Raises
        :class:`ProblemError` 403 ``profile_not_allowed``, 409 ``profile_limit``."""
        check_grown_up(by)
        profile = Profile(
            id=secrets.token_hex(16),
            account_id=by.account.id,
            name=name,
            maturity=maturity,
            pin_hash=None if pin is None else self._hasher.hash(pin),
            created_at=self._clock.now(),
            **{**_PLAIN_WAYS, **ways},
        )
        with self._database.write() as session:
            session.get_one(Account, by.account.id, with_for_update=True)  # profiles are counted
            if len(_of_account(session, by.account.id)) >= MAX_PROFILES:
                raise ProblemError(409, "profile_limit", f"An account has at most {MAX_PROFILES} profiles.")
            session.add(profile)
            audit.record(session, profile.created_at, "profile.made", account_id=by.account.id, subject=profile.id)
        return profile

    def change(self, by: SignedIn, profile_id: str, changes: Mapping[str, str | int | bool | None]) -> Profile:
        """Change members of a profile; ``pin`` None takes its PIN away. A profile may change how it watches itself,
        all else a grown-up one.

        Raises :class:`ProblemError` 403 ``profile_not_allowed``, 404 ``profile_not_found``.
        """
        itself = by.profile is not None and by.profile.id == profile_id
        if not itself or not _OWN_WAYS.issuperset(changes):
            check_grown_up(by)
        with self._database.write() as session:
            profile = _own(session, by.account.id, profile_id)
            for member, value in changes.items():
                if member == "pin":
                    profile.pin_hash = None if value is None else self._hasher.hash(str(value))
                else:
                    setattr(profile, member, value)
            audit.record(session, self._clock.now(), "profile.changed", account_id=by.account.id, subject=profile_id)
        return profile

    def remove(self, by: SignedIn, profile_id: str) -> None:
        """Delete a profile with its list and its positions; sign-ins that had selected it are over.

        Raises :class:`ProblemError` 403 ``profile_not_allowed``, 404 ``profile_not_found``.
        """
        check_grown_up(by)
        with self._database.write() as session:
            session.delete(_own(session, by.account.id, profile_id))
            for table in (ListEntry, ViewerPicks, WatchedPosition, DeviceProgress, Opinion, Recording):
                session.execute(delete(table).where(table.profile_id == profile_id))
            spent = update(RefreshToken).where(RefreshToken.profile_id == profile_id)
            session.execute(spent.values(revoked_at=self._clock.now()))
            audit.record(session, self._clock.now(), "profile.removed", account_id=by.account.id, subject=profile_id)

    def guarded(self, by: SignedIn, profile_id: str) -> tuple[Profile, str | None]:
        """The profile, and the hash of the PIN that it is entered with: its own, or that of the kids profile that is
        left. None where it takes no PIN, as for a kids profile.

        Raises :class:`ProblemError` 404 ``profile_not_found``.
        """
        with self._database.read() as session:
            profile = _own(session, by.account.id, profile_id)
        wanted = None if profile.kids else profile.pin_hash
        if wanted is None and by.profile is not None and by.profile.kids and by.profile.id != profile_id:
            wanted = by.profile.pin_hash
        return profile, wanted

    def check_pin(self, pin_hash: str, pin: str | None) -> None:
        """Raises :class:`ProblemError` 403 ``wrong_pin`` for another PIN."""
        if not self._matches(pin_hash, pin or ""):
            raise ProblemError(403, "wrong_pin", "The PIN is wrong.")

    def _matches(self, stored: str, pin: str) -> bool:
        try:
            return self._hasher.verify(stored, pin)
        except VerificationError:
            return False


def _of_account(session: Session, account_id: str) -> Sequence[Profile]:
    query = select(Profile).where(Profile.account_id == account_id)
    return session.scalars(query.order_by(Profile.created_at, Profile.id)).all()


def _own(session: Session, account_id: str, profile_id: str) -> Profile:
    profile = session.get(Profile, profile_id)
    if profile is None or profile.account_id != account_id:
        raise ProblemError(404, "profile_not_found", "The account has no such profile.")
    return profile


def check_grown_up(by: SignedIn) -> None:
    """Raises :class:`ProblemError` 403 ``profile_not_allowed`` for a profile with an age limit."""
    if by.profile is not None and by.profile.maturity < ADULT:
        raise ProblemError(403, "profile_not_allowed", "This profile cannot change the account.")
