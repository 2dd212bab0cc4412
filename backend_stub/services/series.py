"""Series as a viewer sees them: seasons of episodes, each with how far it was watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.keyset import behind
from backend_stub.db.models import SeasonName
from backend_stub.problems import ProblemError
from backend_stub.services.catalog import WatchedTitle, watched
from backend_stub.services.entitlement import Viewing, published_title
from backend_stub.services.title_structure import episodes_on_offer
from backend_stub.titles import SERIES

MOST_EPISODES = 1000  # in one answer
FIRST = (-1, -1)  # the place before all episodes


@dataclass(frozen=True, slots=True)
class Season:
    """``name`` is empty where it has none of its own."""

    number: int
    episodes: Sequence[WatchedTitle]
    name: str = ""


class SeriesCatalog:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def seasons(
        self, viewing: Viewing, series_id: str, after: tuple[int, int] = FIRST, limit: int = MOST_EPISODES
    ) -> tuple[Sequence[Season], tuple[int, int] | None]:
        """Those of which an episode is offered to this viewer, and where the next page goes on. They have ``limit``
        episodes in all, behind the one ``after`` (season and number).

        Raises :class:`ProblemError` as :func:`published_title`, 404 ``title_not_found`` for what is no series.
        """
        with self._database.read() as session:
            if published_title(session, series_id, viewing=viewing).kind != SERIES:
                raise ProblemError(404, "title_not_found", "There is no such series.")
            found = episodes_on_offer(session, viewing, series_id, self._clock.now(), after, limit)
            shown = watched(session, viewing, [title for title, _ in found])
            named = select(SeasonName.season, SeasonName.name).where(SeasonName.series_id == series_id)
            names = {row.season: row.name for row in session.execute(named)}
        numbered = zip((place.season for _, place in found), shown, strict=True)
        seasons = [
            Season(number, [episode for _, episode in episodes], names.get(number, ""))
            for number, episodes in groupby(numbered, key=lambda pair: pair[0])
        ]
        return seasons, behind(found, limit, lambda one: (one[1].season, one[1].number))
