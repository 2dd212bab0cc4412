"""Suggestions by genre, made when they are asked for: for whom and for what nothing else is known."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from backend_stub.db.models import Title, TitleGenre

_MOST_GENRES = 10  # that are looked for


def of_same_genres(session: Session, title_ids: Sequence[str], most: int) -> Sequence[str]:
    """Titles that share genres with these, the more the better; a genre counts for as often as it is among these, and
    for as rare as it is in the catalogue. Among equals the newest come first; these themselves are left out."""
    weights = _weights(session, title_ids)
    if not weights:
        return ()
    score = func.sum(case(weights, value=TitleGenre.genre, else_=0.0))
    query = (
        select(TitleGenre.title_id)
        .join(Title, Title.id == TitleGenre.title_id)
        .where(TitleGenre.genre.in_(weights), Title.published_at.is_not(None), Title.id.not_in(title_ids))
        .group_by(TitleGenre.title_id, Title.published_at)
        .order_by(score.desc(), Title.published_at.desc(), TitleGenre.title_id)
        .limit(most)
    )
    return session.scalars(query).all()


def _weights(session: Session, title_ids: Sequence[str]) -> dict[str, float]:
    counted = select(TitleGenre.genre, func.count()).group_by(TitleGenre.genre)
    own = counted.where(TitleGenre.title_id.in_(title_ids))
    found = session.execute(own.order_by(func.count().desc()).limit(_MOST_GENRES))
    often: dict[str, int] = {row[0]: row[1] for row in found}
    everywhere = session.execute(counted.where(TitleGenre.genre.in_(often)))
    titles = session.scalar(select(func.count()).select_from(Title)) or 1
    return {genre: often[genre] * math.log(1 + titles / count) for genre, count in everywhere}
