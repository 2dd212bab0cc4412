"""When a downloaded title was first played: the playback clock of a rental goes on, whatever device or download it is
played from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend_stub.db.models import Download, IssuedLicence
from backend_stub.services.entitlement import ContractTerms


def note_first_play(licence: IssuedLicence, reported: float | None, now: float) -> None:
    """The earliest first play that was ever reported counts; one from the future counts as now."""
    moments: Sequence[float] = [one for one in (licence.first_play_at, reported) if one is not None]
    if moments:
        licence.first_play_at = min(*moments, now)


def rented_since(session: Session, rights: ContractTerms, title_id: str, account_id: str, now: float) -> float | None:
    """The first play of a rental by any of the account's downloads of it, those that were given back included. One
    whose licence could not be renewed any more counts no longer: the title is then rented again."""
    if not rights.rental:
        return None
    return session.scalar(
        select(func.min(IssuedLicence.first_play_at))
        .join(Download, Download.id == IssuedLicence.session_id)
        .where(
            IssuedLicence.account_id == account_id,
            IssuedLicence.title_id == title_id,
            Download.holds_until > now,
        )
    )
