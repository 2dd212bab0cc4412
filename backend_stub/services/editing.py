"""What publishers change of a title's words: its name, its synopsis and its year; and the names of seasons."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Episode, SeasonName, Title
from backend_stub.services import audit
from backend_stub.services.title_credits import Credits, credits_of
from backend_stub.titles import SERIES


@dataclass(frozen=True, slots=True)
class Words:
    """What is to be changed; None stays as it is."""

    title: str | None = None
    synopsis: str | None = None
    year: int | None = None


class Editing:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def get(self, title_id: str) -> Title:
        """A title, published or not. Raises LookupError."""
        with self._database.read() as session:
            title = session.get(Title, title_id)
        if title is None:
            raise LookupError(title_id)
        return title

    def change(self, title_id: str, words: Words, by: str | None) -> Title:
        """Raises LookupError for an unknown title."""
        now = self._clock.now()
        with self._database.write() as session:
            title = session.get(Title, title_id, with_for_update=True)
            if title is None:
                raise LookupError(title_id)
            title.title = title.title if words.title is None else words.title
            title.synopsis = title.synopsis if words.synopsis is None else words.synopsis
            title.year = title.year if words.year is None else words.year
            audit.record(session, now, "title.edited", account_id=by, subject=title_id)
        return title

    def credits(self, title_id: str) -> Credits:
        """The genres and people of a title, published or not."""
        with self._database.read() as session:
            return credits_of(session, title_id)

    def season_names(self, series_id: str) -> dict[int, str]:
        """The seasons of a series that have episodes or a name, and their names; empty where there is none."""
        numbers = select(Episode.season).where(Episode.series_id == series_id).distinct()
        named = select(SeasonName).where(SeasonName.series_id == series_id)
        with self._database.read() as session:
            names = {row.season: row.name for row in session.scalars(named)}
            return {season: names.get(season, "") for season in sorted({*session.scalars(numbers), *names})}

    def name_season(self, series_id: str, season: int, name: str, by: str | None) -> None:
        """Call a season so; an empty name takes its name away. Raises LookupError for what is no series."""
        now = self._clock.now()
        with self._database.write() as session:
            series = session.get(Title, series_id, with_for_update=True)
            if series is None or series.kind != SERIES:
                raise LookupError(series_id)
            row = session.get(SeasonName, (series_id, season))
            if not name and row is not None:
                session.delete(row)
            elif name and row is None:
                session.add(SeasonName(series_id=series_id, season=season, name=name))
            elif row is not None:
                row.name = name
            audit.record(session, now, "season.named", account_id=by, subject=series_id, season=season)
