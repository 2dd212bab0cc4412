"""Suggestions by genre, made when they are asked for: for whom and for what nothing else is known."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.models import Title, TitleGenre

KEPT_S = 30.0
_MOST_GENRES = 10  # that are looked for
_LOOKED_THROUGH = 1000  # of the newest titles
_OWN = (
    select(TitleGenre.genre, func.count())
    .where(TitleGenre.title_id.in_(bindparam("title_ids", expanding=True)))
    .group_by(TitleGenre.genre)
    .order_by(func.count().desc(), TitleGenre.genre)
    .limit(_MOST_GENRES)
)
_NEWEST = (
    select(Title.id, Title.published_at)
    .where(Title.published_at.is_not(None))
    .order_by(Title.published_at.desc(), Title.id)
    .limit(_LOOKED_THROUGH)
    .subquery()
)
_GENRES = (
    select(_NEWEST.c.id, TitleGenre.genre)
    .outerjoin(TitleGenre, TitleGenre.title_id == _NEWEST.c.id)
    .order_by(_NEWEST.c.published_at.desc(), _NEWEST.c.id, TitleGenre.genre)
)


class GenresOfNewest:
    """Thread-safe. The newest titles and their genres are looked at once in :data:`KEPT_S`: several rows of each
    first screen ask about the same ones."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._newest: Sequence[tuple[str, str | None]] = ()
        self._until = -math.inf

    def alike(self, session: Session, title_ids: Sequence[str], most: int) -> Sequence[str]:
        """Titles that share genres with these, the more the better; a genre counts for as often as it is among these,
        and for as rare as it is. Among equals the newest come first; these themselves are left out, and so is all but
        the newest of a large catalogue."""
        often: dict[str, int] = {row[0]: row[1] for row in session.execute(_OWN, {"title_ids": title_ids})}
        if not often:
            return ()
        newest = self._look(session)
        everywhere, titles = Counter(genre for _, genre in newest), len({title_id for title_id, _ in newest})
        shared = {genre: count for genre, count in often.items() if everywhere[genre]}
        weights = {genre: count * math.log(1 + titles / everywhere[genre]) for genre, count in shared.items()}
        scores: dict[str, float] = {}
        for title_id, genre in newest:
            if genre in weights:
                scores[title_id] = scores.get(title_id, 0.0) + weights[genre]
        for title_id in title_ids:
            scores.pop(title_id, None)
        return sorted(scores, key=lambda title_id: -scores[title_id])[:most]

    def _look(self, session: Session) -> Sequence[tuple[str, str | None]]:
        """Each title of the newest with each of its genres, or none."""
        with self._lock:
            now = self._clock.monotonic()
            if now >= self._until:
                self._newest = [(row[0], row[1]) for row in session.execute(_GENRES)]
                self._until = now + KEPT_S
            return self._newest
