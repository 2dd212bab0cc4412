"""Access tokens (short-lived JWT, RFC 7519) and rotating refresh tokens with reuse detection (RFC 9700, 4.14.2)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import String, bindparam, exists, select, update
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Profile, RefreshToken
from backend_stub.problems import ProblemError
from backend_stub.services import audit

_ALGORITHM = "HS256"
_ISSUER = "matinee"
_UNAUTHENTICATED = {"WWW-Authenticate": "Bearer"}
_SPEAKS_FOR = (
    select(Account, Profile)
    .outerjoin(Profile, Profile.id == bindparam("profile_id", type_=String))
    .where(Account.id == bindparam("account_id", type_=String))
    .where(
        exists().where(RefreshToken.family == bindparam("family", type_=String), RefreshToken.revoked_at.is_(None))
    )
)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in gives; ``expires_in_s`` is about the access token."""

    account: Account
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: float
    profile_id: str | None = None  # the one that is selected


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whom an access token speaks for: the account, its sign-in (``family``) and the profile selected there."""

    account: Account
    family: str
    profile: Profile | None


class TokenIssuer:
    """``check`` raises :class:`ProblemError` where the time is in doubt: no sign-in starts or ends then."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        signing_key: bytes,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._check = check
        self._database = database
        self._clock = clock
        self._settings = settings
        self._key = OctKey.import_key(signing_key)

    def issue(self, account: Account, device_name: str) -> TokenPair:
        """The first pair of a new family, at sign-in."""
        self._check()
        family = secrets.token_hex(16)
        now = self._clock.now()
        with self._database.write() as session:
            refresh, row = self._new_refresh(account.id, family, device_name, now)
            session.add(row)
            audit.record(session, now, "session.signed_in", account_id=account.id, subject=family)
        return self._pair(account, row, refresh, now)

    def rotate(self, refresh_token: str) -> TokenPair:
        """Exchange a refresh token for a new pair.

        A used token is accepted again until its successor has been used: then the answer was lost on the way, and
        that successor is void from now on. Otherwise a second use betrays a copy, and the whole family is revoked.
        Raises :class:`ProblemError` 401 ``refresh_invalid`` or ``refresh_reused``, 403 ``account_closed``, 503
        ``clock_unsure``.
        """
        self._check()
        now = self._clock.now()
        with self._database.write() as session:
            # Locked, so that of two calls with one token the later sees that it was used.
            row = session.get(RefreshToken, _digest(refresh_token), with_for_update=True)
            if (
                row is None
                or row.expires_at <= now
                or (row.revoked_at is not None and not _family_lives(session, row))
            ):
                raise _expired_session("refresh_invalid")
            reused = row.revoked_at is not None or (
                row.used_at is not None and not _withdraw_unused(session, row, now)
            )
            if reused:
                session.execute(
                    update(RefreshToken).where(RefreshToken.family == row.family).values(revoked_at=now),
                )
                audit.record(session, now, "session.refresh_reused", account_id=row.account_id, subject=row.family)
            else:
                row.used_at = now
                account = session.get_one(Account, row.account_id)
                refresh, successor = self._new_refresh(account.id, row.family, row.device_name, now)
                successor.profile_id, successor.parent_hash = row.profile_id, row.token_hash
                session.add(successor)
        # Raised outside, so that the revocation is committed.
        if reused:
            raise _expired_session("refresh_reused")
        if not account.active:
            raise ProblemError(403, "account_closed", "This account is closed.")
        return self._pair(account, successor, refresh, now)

    def standing(self, refresh_token: str, max_age_s: float) -> Account | None:
        """The active account of a sign-in that is not older than this, and neither used up, ended nor expired."""
        now = self._clock.now()
        with self._database.read() as session:
            row = session.get(RefreshToken, _digest(refresh_token))
            if row is None or row.used_at is not None or row.revoked_at is not None:
                return None
            if now >= min(row.expires_at, row.issued_at + max_age_s):
                return None
            account = session.get(Account, row.account_id)
        return account if account is not None and account.active else None

    def revoke(self, refresh_token: str) -> None:
        """Sign out: the family of this token is good for nothing any more. An unknown token is no error."""
        now = self._clock.now()
        with self._database.write() as session:
            row = session.get(RefreshToken, _digest(refresh_token))
            if row is None:
                return
            session.execute(update(RefreshToken).where(RefreshToken.family == row.family).values(revoked_at=now))
            audit.record(session, now, "session.signed_out", account_id=row.account_id, subject=row.family)

    def sign_out_everywhere(self, account_id: str, by: str | None = None) -> None:
        """End every sign-in of the account, access tokens included; ``by`` is who asked for it if not itself."""
        now = self._clock.now()
        with self._database.write() as session:
            end_sign_ins(session, account_id, now)
            audit.record(session, now, "session.signed_out_everywhere", account_id=account_id, subject=by or "")

    def select_profile(self, signed_in: SignedIn, profile: Profile) -> tuple[str, float]:
        """An access token for this profile and its lifetime in seconds; refreshed tokens are for it too."""
        self._check()
        now = self._clock.now()
        with self._database.write() as session:
            session.execute(
                update(RefreshToken).where(RefreshToken.family == signed_in.family).values(profile_id=profile.id)
            )
            audit.record(session, now, "profile.selected", account_id=profile.account_id, subject=profile.id)
        return self._access(signed_in.account.id, signed_in.family, profile.id, now), self._settings.access_token_s

    def signed_in(self, access_token: str) -> SignedIn:
        """The active account an access token speaks for.

        Raises :class:`ProblemError` 401 ``token_invalid`` or ``token_expired``, 403 ``account_closed``.
        """
        try:
            claims = jwt.decode(access_token, self._key, algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError) as error:
            raise _unauthorised("token_invalid", "The access token is not valid.") from error
        if claims.get("iss") != _ISSUER:
            raise _unauthorised("token_invalid", "The access token is not valid.")
        if claims["exp"] <= self._clock.now():
            raise _unauthorised("token_expired", "The access token has expired.")
        with self._database.read() as session:
            profile_id = claims.get("prf")
            values = {"account_id": claims["sub"], "profile_id": profile_id, "family": claims.get("fam")}
            account, profile = session.execute(_SPEAKS_FOR, values).first() or (None, None)
        if (
            account is None
            or claims.get("iat", 0.0) < account.tokens_after
            or (profile_id is not None and profile is None)
        ):
            raise _unauthorised("token_invalid", "The access token is not valid.")
        if not account.active:
            raise ProblemError(403, "account_closed", "This account is closed.")
        return SignedIn(account, str(claims.get("fam", "")), profile)

    def _new_refresh(self, account_id: str, family: str, device_name: str, now: float) -> tuple[str, RefreshToken]:
        token = secrets.token_urlsafe(32)
        return token, RefreshToken(
            token_hash=_digest(token),
            family=family,
            account_id=account_id,
            device_name=device_name,
            issued_at=now,
            expires_at=now + self._settings.refresh_token_s,
        )

    def _pair(self, account: Account, row: RefreshToken, refresh_token: str, now: float) -> TokenPair:
        return TokenPair(
            account=account,
            access_token=self._access(account.id, row.family, row.profile_id, now),
            refresh_token=refresh_token,
            expires_in_s=self._settings.access_token_s,
            profile_id=row.profile_id,
        )

    def _access(self, account_id: str, family: str, profile_id: str | None, now: float) -> str:
        claims = {
            "iss": _ISSUER,
            "sub": account_id,
            "fam": family,
            "iat": now,
            "exp": now + self._settings.access_token_s,
            "jti": secrets.token_hex(8),
        }
        if profile_id is not None:
            claims["prf"] = profile_id
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key)


def _family_lives(session: Session, row: RefreshToken) -> bool:
    """Whether a token of the same sign-in is still good: then this one was withdrawn by itself."""
    alive = select(RefreshToken.token_hash).where(
        RefreshToken.family == row.family, RefreshToken.used_at.is_(None), RefreshToken.revoked_at.is_(None)
    )
    return session.execute(alive.limit(1)).first() is not None


def _withdraw_unused(session: Session, row: RefreshToken, now: float) -> bool:
    """Revoke what was given for this used token, if nobody has used it; whether it was so."""
    found = session.scalars(
        select(RefreshToken)
        .where(
            RefreshToken.family == row.family,
            RefreshToken.parent_hash == row.token_hash,
            RefreshToken.used_at.is_(None),
            RefreshToken.revoked_at.is_(None),
        )
        .with_for_update()
    ).all()
    for successor in found:
        successor.revoked_at = now
    return bool(found)


def end_sign_ins(session: Session, account_id: str, now: float) -> None:
    """Revoke every token of the account that was issued until ``now``."""
    family = update(RefreshToken).where(RefreshToken.account_id == account_id, RefreshToken.revoked_at.is_(None))
    session.execute(family.values(revoked_at=now))
    session.get_one(Account, account_id).tokens_after = now


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _unauthorised(code: str, title: str) -> ProblemError:
    return ProblemError(401, code, title, _UNAUTHENTICATED)


def _expired_session(code: str) -> ProblemError:
    return _unauthorised(code, "The session is over; sign in again.")
