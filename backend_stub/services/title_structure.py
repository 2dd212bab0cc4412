"""How titles belong together: episodes to series, trailers to what they advertise; and where intro and credits are.

Lookups for other services, inside a transaction of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ScalarSelect, and_, bindparam, func, or_, select, tuple_
from sqlalchemy.orm import QueryableAttribute, Session, aliased

from backend_stub.db.models import Episode, Title, TitleMarkers, Trailer
from backend_stub.services.entitlement import Viewing, is_offered, offer_values
from backend_stub.titles import EPISODE, SERIES


@dataclass(frozen=True, slots=True)
class SeriesPlace:
    """Where in which series an episode stands."""

    series_id: str
    series_title: str
    season: int
    number: int


@dataclass(frozen=True, slots=True)
class Markers:
    """Seconds in a title. ``intro`` is its start and its end; None where it is not known."""

    intro: tuple[float, float] | None = None
    credits_s: float | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What belongs to one title; ``trailer_id`` is its newest published trailer, for an episode without one that of
    its series."""

    place: SeriesPlace | None
    markers: Markers
    trailer_id: str | None


def _newest_trailer(advertised: QueryableAttribute[str]) -> ScalarSelect[str]:
    """The newest published trailer of what a query over titles and their places is about."""
    trailer = aliased(Title)
    return (
        select(trailer.id)
        .join(Trailer, Trailer.title_id == trailer.id)
        .where(Trailer.of_id == advertised, trailer.published_at.is_not(None))
        .order_by(trailer.published_at.desc(), trailer.id)
        .limit(1)
        .correlate(Title, Episode)
        .scalar_subquery()
    )


_series = aliased(Title)
_AROUND = (
    select(
        Episode,
        _series.title,
        TitleMarkers,
        func.coalesce(_newest_trailer(Title.id), _newest_trailer(Episode.series_id)),
    )
    .select_from(Title)
    .outerjoin(Episode, Episode.title_id == Title.id)
    .outerjoin(_series, _series.id == Episode.series_id)
    .outerjoin(TitleMarkers, TitleMarkers.title_id == Title.id)
    .where(Title.id == bindparam("title_id"))
)
_PLACES = (
    select(Title.id, Episode, _series.title, TitleMarkers)
    .outerjoin(Episode, Episode.title_id == Title.id)
    .outerjoin(_series, _series.id == Episode.series_id)
    .outerjoin(TitleMarkers, TitleMarkers.title_id == Title.id)
    .where(Title.id.in_(bindparam("title_ids", expanding=True)))
    .where(or_(Episode.title_id.is_not(None), TitleMarkers.title_id.is_not(None)))
)


def places_and_markers(session: Session, title_ids: Sequence[str]) -> dict[str, tuple[SeriesPlace | None, Markers]]:
    """Of those of the titles that are episodes, or have markers."""
    found = session.execute(_PLACES, {"title_ids": title_ids})
    return {title_id: (_place(place, name), _markers(row)) for title_id, place, name, row in found}


def markers_of(session: Session, title_id: str) -> Markers:
    return _markers(session.get(TitleMarkers, title_id))


def episodes_on_offer(
    session: Session, viewing: Viewing, series_id: str, now: float, after: tuple[int, int], limit: int
) -> Sequence[tuple[Title, Episode]]:
    """The episodes of a series that this viewer may see, in their order, behind a season and a number."""
    query = (
        select(Title, Episode)
        .join(Episode, Episode.title_id == Title.id)
        .where(Episode.series_id == series_id, is_offered((EPISODE,)))
        .where(tuple_(Episode.season, Episode.number) > after)
        .order_by(Episode.season, Episode.number)
        .limit(limit)
    )
    return [(title, place) for title, place in session.execute(query, offer_values(viewing, now))]


def next_episode(session: Session, viewing: Viewing, title_id: str, now: float) -> Title | None:
    """The episode that this viewer may see next, in this season or a later one; None for a title without one."""
    here = session.get(Episode, title_id)
    if here is None:
        return None
    later = or_(Episode.season > here.season, and_(Episode.season == here.season, Episode.number > here.number))
    query = (
        select(Title)
        .join(Episode, Episode.title_id == Title.id)
        .where(Episode.series_id == here.series_id, later, is_offered((EPISODE,)))
        .order_by(Episode.season, Episode.number)
        .limit(1)
    )
    return session.scalar(query, offer_values(viewing, now))


def surroundings_of(session: Session, title_id: str) -> Surroundings:
    """What there is around one title."""
    place, series_title, markers, trailer_id = session.execute(_AROUND, {"title_id": title_id}).one()
    return Surroundings(_place(place, series_title), _markers(markers), trailer_id)


def with_episodes(session: Session, title_id: str) -> list[str]:
    """The title, and all its episodes where it is a series: what is decided for a series holds for each of them."""
    title = session.get(Title, title_id)
    if title is None or title.kind != SERIES:
        return [title_id]
    return [title_id, *session.scalars(select(Episode.title_id).where(Episode.series_id == title_id))]


def _place(place: Episode | None, series_title: str) -> SeriesPlace | None:
    return None if place is None else SeriesPlace(place.series_id, series_title, place.season, place.number)


def _markers(row: TitleMarkers | None) -> Markers:
    if row is None:
        return Markers()
    known = row.intro_start_s is not None and row.intro_end_s is not None
    return Markers((row.intro_start_s or 0.0, row.intro_end_s or 0.0) if known else None, row.credits_s)
