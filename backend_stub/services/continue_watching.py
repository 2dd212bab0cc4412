"""What a viewer is at: titles that were begun, and the next episode where one was seen to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from backend_stub.db.models import Episode, Title, TitleMarkers, WatchedPosition
from backend_stub.services.catalog import WatchedTitle, watched
from backend_stub.services.entitlement import Viewing, is_offered, offer_values
from backend_stub.services.opinions import put_away_by
from backend_stub.services.resume import is_seen
from backend_stub.services.title_structure import next_episode
from backend_stub.titles import EPISODE, FILM

_LOOKED_AT = 200  # so many titles that were watched last
_GLIMPSED_SHARE = 0.01  # of a title: whoever saw less has not begun it
_BEGUN = (
    select(Title, WatchedPosition, Episode.series_id, TitleMarkers.credits_s)
    .join(WatchedPosition, WatchedPosition.title_id == Title.id)
    .outerjoin(Episode, Episode.title_id == Title.id)
    .outerjoin(TitleMarkers, TitleMarkers.title_id == Title.id)
    .where(WatchedPosition.account_id == bindparam("account_id"), WatchedPosition.position_s > 0)
    .where(WatchedPosition.profile_id == bindparam("profile_id"))
    .order_by(WatchedPosition.watched_at.desc(), Title.id)
    .limit(_LOOKED_AT)
)
_OFFERED = select(Title.id).where(Title.id.in_(bindparam("title_ids", expanding=True)), is_offered((FILM, EPISODE)))


def going_on(session: Session, viewing: Viewing, now: float, limit: int) -> Sequence[WatchedTitle]:
    """The latest first, of each series one episode: the one watched last, or that after it."""
    candidates = list(_candidates(session, viewing, now))
    values = {"title_ids": [title.id for title in candidates], **offer_values(viewing, now)}
    offered = set(session.scalars(_OFFERED, values)) if candidates else ()
    return watched(session, viewing, [title for title in candidates if title.id in offered][:limit])


def _candidates(session: Session, viewing: Viewing, now: float) -> Iterator[Title]:
    met: set[str] = set()
    away = put_away_by(session, viewing)
    values = {"account_id": viewing.account_id, "profile_id": viewing.profile_id}
    for title, progress, series_id, credits_s in session.execute(_BEGUN, values):
        if progress.position_s < _GLIMPSED_SHARE * progress.duration_s or (
            series_id is not None and series_id in met
        ):
            continue
        met.add(series_id or title.id)
        if progress.watched_at <= away.get(series_id or title.id, 0.0):
            continue
        seen = is_seen(progress, credits_s)
        going_on_with = next_episode(session, viewing, title.id, now) if seen else title
        if going_on_with is not None:
            yield going_on_with
