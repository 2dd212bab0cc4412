"""Genres and people of titles, and lists that are narrowed to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from sqlalchemy import ColumnElement, and_, delete, select, true
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Title, TitleGenre, TitlePerson
from backend_stub.services import audit
from backend_stub.services.entitlement import Viewing, published_title

Job = Literal["director", "writer", "actor"]


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    job: Job


@dataclass(frozen=True, slots=True)
class Credits:
    """``genres`` in alphabetical order, ``people`` as they are billed."""

    genres: Sequence[str] = ()
    people: Sequence[Person] = ()


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Only titles of this genre, with this person by exact name; None for any."""

    genre: str | None = None
    person: str | None = None

    def condition(self) -> ColumnElement[bool]:
        """For a query over titles."""
        parts: list[ColumnElement[bool]] = [true()]
        if self.genre is not None:
            parts.append(Title.id.in_(select(TitleGenre.title_id).where(TitleGenre.genre == self.genre)))
        if self.person is not None:
            parts.append(Title.id.in_(select(TitlePerson.title_id).where(TitlePerson.name == self.person)))
        return and_(*parts)


ANY = Narrowing()


class TitleCredits:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def shown(self, viewing: Viewing, title_id: str) -> Credits:
        """Those of a published title. Raises :class:`ProblemError` as :func:`published_title`."""
        with self._database.read() as session:
            published_title(session, title_id, viewing=viewing)
            return credits_of(session, title_id)

    def set(self, title_id: str, wanted: Credits, by: str | None) -> Credits:
        """Replace all credits of a title; what is named twice counts once.

        Raises LookupError for an unknown title.
        """
        with self._database.write() as session:
            if session.get(Title, title_id, with_for_update=True) is None:
                raise LookupError(title_id)
            store_credits(session, title_id, wanted)
            audit.record(session, self._clock.now(), "title.credits_set", account_id=by, subject=title_id)
            return credits_of(session, title_id)


def store_credits(session: Session, title_id: str, wanted: Credits) -> None:
    """Replace all credits of a title; what is named twice counts once."""
    for table in (TitleGenre, TitlePerson):
        session.execute(delete(table).where(table.title_id == title_id))
    session.add_all(TitleGenre(title_id=title_id, genre=genre) for genre in sorted(set(wanted.genres)))
    session.add_all(
        TitlePerson(title_id=title_id, position=position, name=person.name, job=person.job)
        for position, person in enumerate(dict.fromkeys(wanted.people))
    )
    session.flush()


def credits_of(session: Session, title_id: str) -> Credits:
    genres = select(TitleGenre.genre).where(TitleGenre.title_id == title_id)
    people = select(TitlePerson).where(TitlePerson.title_id == title_id).order_by(TitlePerson.position)
    return Credits(
        genres=sorted(session.scalars(genres)),
        people=[Person(row.name, cast("Job", row.job)) for row in session.scalars(people)],
    )
