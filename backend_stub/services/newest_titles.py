"""The newest titles on offer with their genres: several rows of each first screen choose among them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.models import Title, TitleGenre
from backend_stub.services.entitlement import Viewing, is_offered, offer_values

KEPT_S = 30.0
MOST = 1000
_MOST_OFFERS = 100  # countries and ages
_OFFERED = (
    select(Title.id, Title.published_at)
    .where(is_offered())
    .order_by(Title.published_at.desc(), Title.id)
    .limit(MOST)
    .subquery()
)
_WITH_GENRES = (
    select(_OFFERED.c.id, TitleGenre.genre)
    .outerjoin(TitleGenre, TitleGenre.title_id == _OFFERED.c.id)
    .order_by(_OFFERED.c.published_at.desc(), _OFFERED.c.id, TitleGenre.genre)
)

Genres = Mapping[str, Sequence[str]]
"""The genres of titles by their ids, the newest first."""


class NewestTitles:
    """Thread-safe. The titles for a country and an age are read once in :data:`KEPT_S`. Callers check again whether a
    title is offered before they show it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str | None, int | None], tuple[float, Genres]] = OrderedDict()

    def of(self, session: Session, viewing: Viewing) -> Genres:
        """At most :data:`MOST`."""
        offer = viewing.country, viewing.maturity
        with self._lock:
            now = self._clock.monotonic()
            until, newest = self._kept.get(offer, (now, {}))
            if now >= until:
                newest = self._look(session, viewing)
                self._kept[offer] = now + KEPT_S, newest
            self._kept.move_to_end(offer)
            while len(self._kept) > _MOST_OFFERS:
                self._kept.popitem(last=False)
        return newest

    def _look(self, session: Session, viewing: Viewing) -> Genres:
        newest: dict[str, list[str]] = {}
        for title_id, genre in session.execute(_WITH_GENRES, offer_values(viewing, self._clock.now())):
            newest.setdefault(title_id, []).extend(() if genre is None else (genre,))
        return newest
