"""What viewers showed without being asked: what they watched, how far, and what they put on their list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend_stub.clock import day_of
from backend_stub.db.models import DailyView, ListEntry, Opinion, WatchedPosition

HORIZON_DAYS = 365
_HALF_LIFE_DAYS = 90.0  # tastes change more slowly than what is in fashion
_LISTED = 0.5  # of a view: a wish is less than a deed
_LIKED = 2.0  # of a view: a thumb up is meant; what has a thumb down counts for nothing
_SEEN = 1.0  # of a view, by the share that was watched


@dataclass(frozen=True, slots=True, order=True)
class Viewer:
    """A profile, or with an empty ``profile_id`` the account without one."""

    account_id: str
    profile_id: str


Feedback = Mapping[Viewer, Mapping[str, float]]


def read_feedback(session: Session, now: float) -> Feedback:
    """How much each viewer showed for each title, by title id; days halve it every 90. What a
    profile did counts for the account as well."""
    weights: dict[Viewer, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    today = day_of(now)
    views = select(DailyView.account_id, DailyView.profile_id, DailyView.title_id, DailyView.day).where(
        DailyView.day >= today - HORIZON_DAYS
    )
    for account_id, profile_id, title_id, day in session.execute(views):
        weight = _faded(today - day)
        for viewer in {Viewer(account_id, profile_id), Viewer(account_id, "")}:
            weights[viewer][title_id] += weight
    progress = select(WatchedPosition).where(WatchedPosition.position_s > 0)
    for row in session.scalars(progress):
        share = min(1.0, row.position_s / row.duration_s) if row.duration_s > 0 else 0.0
        weight = _SEEN * share * _faded(today - day_of(row.watched_at))
        for viewer in {Viewer(row.account_id, row.profile_id), Viewer(row.account_id, "")}:
            weights[viewer][row.title_id] += weight
    lists = select(ListEntry.account_id, ListEntry.profile_id, ListEntry.title_id).where(ListEntry.listed)
    for account_id, profile_id, title_id in session.execute(lists):
        for viewer in {Viewer(account_id, profile_id), Viewer(account_id, "")}:
            weights[viewer][title_id] += _LISTED
    thumbs = select(Opinion).where(Opinion.thumb != 0)
    for opinion in session.scalars(thumbs):
        for viewer in {Viewer(opinion.account_id, opinion.profile_id), Viewer(opinion.account_id, "")}:
            if opinion.thumb > 0:
                weights[viewer][opinion.title_id] += _LIKED
            elif viewer.profile_id == opinion.profile_id:
                weights[viewer].pop(opinion.title_id, None)
    return weights


def _faded(days: int) -> float:
    return float(0.5 ** (max(0, days) / _HALF_LIFE_DAYS))
