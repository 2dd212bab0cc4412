"""Where titles belong, as publishers say: into a series, to the title that they advertise; and their markers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Episode, Title, TitleMarkers, Trailer
from backend_stub.services import audit
from backend_stub.services.artwork import artwork_path, store_artwork
from backend_stub.services.title_credits import Credits, Person, credits_of, store_credits
from backend_stub.services.title_rights import inherit
from backend_stub.services.title_structure import Markers, markers_of, with_episodes
from backend_stub.titles import CHANNEL, EPISODE, FILM, SERIES, TRAILER, slug

POSTER = "poster.jpg"
MAX_NUMBER = 10_000


class BelongingError(Exception):
    """Titles cannot belong together so; ``code`` names why, the message is one sentence for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class EpisodeOf:
    """A place in a series; both numbers from 0."""

    series_id: str
    season: int
    number: int


@dataclass(frozen=True, slots=True)
class Belonging:
    """What is said of a title when it is published, besides its media. ``series`` is the name of a series, which is
    made where there is none of that name; ``trailer_of`` the id of the title that this one advertises. A ``channel``
    stands in the guide and in no list of titles."""

    series: str | None = None
    season: int = 1
    number: int = 1
    trailer_of: str | None = None
    markers: Markers = field(default_factory=Markers)
    credits: Credits | None = None
    channel: bool = False


def read_belonging(document: Mapping[str, Any]) -> Belonging:
    """What ``asdict`` made of one, also when it has been JSON since."""
    members, markers = dict(document), document["markers"]
    intro = None if markers["intro"] is None else (markers["intro"][0], markers["intro"][1])
    members["markers"] = Markers(intro, markers["credits_s"])
    if members["credits"] is not None:
        people = [Person(person["name"], person["job"]) for person in members["credits"]["people"]]
        members["credits"] = Credits(members["credits"]["genres"], people)
    return Belonging(**members)


class TitleBelongings:
    """What publishers change of published titles."""

    def __init__(self, database: Database, clock: Clock, media_dir: Path) -> None:
        self._database = database
        self._clock = clock
        self._media_dir = media_dir

    def make_series(self, name: str, synopsis: str, year: int, by: str | None) -> Title:
        """A new series, seen once it has an episode. Raises :class:`BelongingError` ``name_taken``."""
        with self._database.write() as session:
            if series_named(session, name) is not None:
                raise BelongingError("name_taken", f"There is a series {name} already.")
            series = new_series(session, name, synopsis, year)
            audit.record(session, self._clock.now(), "series.made", account_id=by, subject=series.id)
        return series

    def set_place(self, title_id: str, place: EpisodeOf | None, by: str | None) -> None:
        """Make a title an episode, or a film again. Raises LookupError for an unknown title, and as
        :func:`put_into_series`."""
        with self._changed(title_id, "title.place_set", by) as (session, title):
            if title.kind not in (FILM, EPISODE):
                raise BelongingError("wrong_kind", f"A {title.kind} cannot be an episode.")
            if place is None:
                take_out_of_series(session, title)
            else:
                put_into_series(session, title, place)
                give_poster(self._media_dir, place.series_id, title_id)

    def set_trailer_of(self, title_id: str, advertised: str | None, by: str | None) -> None:
        """Make a title the trailer of another, or a film again. Raises LookupError, and as :func:`advertise`."""
        with self._changed(title_id, "title.trailer_set", by) as (session, title):
            if title.kind not in (FILM, TRAILER):
                raise BelongingError("wrong_kind", f"A {title.kind} cannot be a trailer.")
            row = session.get(Trailer, title_id)
            if row is not None:
                session.delete(row)
                session.flush()
            title.kind = FILM
            if advertised is not None:
                advertise(session, title, advertised)

    def set_markers(self, title_id: str, markers: Markers, by: str | None) -> Markers:
        """Raises LookupError for an unknown title, and as :func:`store_markers`."""
        with self._changed(title_id, "title.markers_set", by) as (session, title):
            store_markers(session, title, markers)
            return markers_of(session, title_id)

    @contextmanager
    def _changed(self, title_id: str, action: str, by: str | None) -> Iterator[tuple[Session, Title]]:
        with self._database.write() as session:
            title = session.get(Title, title_id, with_for_update=True)
            if title is None:
                raise LookupError(title_id)
            yield session, title
            audit.record(session, self._clock.now(), action, account_id=by, subject=title_id)


def settle(session: Session, title: Title, belonging: Belonging) -> str | None:
    """Say of a title that is being published where it belongs; the id of its series.

    Raises :class:`BelongingError`.
    """
    place = session.get(Episode, title.id)
    series = session.get_one(Title, place.series_id) if place is not None else None
    if belonging.series is not None:
        series = series_named(session, belonging.series) or new_series(session, belonging.series)
        put_into_series(session, title, EpisodeOf(series.id, belonging.season, belonging.number))
    elif belonging.trailer_of is not None:
        advertise(session, title, belonging.trailer_of)
    elif belonging.channel:
        title.kind = CHANNEL
    if belonging.markers != Markers():
        store_markers(session, title, belonging.markers)
    if belonging.credits is not None:
        store_credits(session, title.id, belonging.credits)
    if series is not None:
        follow_episodes(session, series.id)
        _describe(session, series, title, belonging.credits)
    return series.id if series is not None else None


def _describe(session: Session, series: Title, episode: Title, told: Credits | None) -> None:
    """A series of which nothing is known yet has the year, the genres and the people of its episode."""
    if not series.year:
        series.year = episode.year
    known = credits_of(session, series.id)
    if told is not None and not known.genres and not known.people:
        store_credits(session, series.id, told)


def series_named(session: Session, name: str) -> Title | None:
    return session.scalar(select(Title).where(Title.kind == SERIES, Title.title == name).order_by(Title.id).limit(1))


def new_series(session: Session, name: str, synopsis: str = "", year: int = 0) -> Title:
    series = Title(
        id=free_id(session, slug(name)),
        kind=SERIES,
        title=name,
        synopsis=synopsis,
        year=year,
        duration_s=0.0,
        heights=[],
        variants=[],
        open_licence=False,
        maturity=0,
        published_at=None,
    )
    session.add(series)
    session.flush()
    return series


def put_into_series(session: Session, title: Title, place: EpisodeOf) -> None:
    """Make a title an episode. A place held by a title that is not published any more is free.

    Raises :class:`BelongingError` ``no_series``, ``no_place`` or ``place_taken``.
    """
    series = session.get(Title, place.series_id, with_for_update=True)  # one place is given after the other
    if series is None or series.kind != SERIES:
        raise BelongingError("no_series", f"There is no series {place.series_id}.")
    if not (0 <= place.season <= MAX_NUMBER and 0 <= place.number <= MAX_NUMBER):
        raise BelongingError("no_place", f"Seasons and episodes have numbers from 0 to {MAX_NUMBER}.")
    held = select(Episode).where(
        Episode.series_id == series.id, Episode.season == place.season, Episode.number == place.number
    )
    holder = session.scalar(held)
    if holder is not None and holder.title_id != title.id:
        other = session.get_one(Title, holder.title_id)
        if other.published_at is not None:
            raise BelongingError(
                "place_taken", f"{other.title} is season {place.season}, episode {place.number} already."
            )
        take_out_of_series(session, other)
    take_out_of_series(session, title)
    title.kind = EPISODE
    session.add(Episode(title_id=title.id, series_id=series.id, season=place.season, number=place.number))
    session.flush()
    inherit(session, title, series.id)
    follow_episodes(session, series.id)


def give_pictures(media_dir: Path, series: Title, episode: Title) -> None:
    """Give a series those of an episode's wide pictures that it has none of."""
    for kind in ("backdrop", "still"):
        name = episode.artwork.get(kind)
        if name is None or kind in (series.artwork or {}):
            continue
        store_artwork(media_dir, series.id, name, artwork_path(media_dir, episode.id, name).read_bytes())
        series.artwork = {**(series.artwork or {}), kind: name}
        if kind == "backdrop":
            series.focal = episode.focal


def give_poster(media_dir: Path, series_id: str, episode_id: str) -> None:
    """Give a series the poster of an episode where it has none."""
    poster, own = media_dir / series_id / POSTER, media_dir / episode_id / POSTER
    if own.is_file() and not poster.exists():
        poster.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(own, poster)


def take_out_of_series(session: Session, title: Title) -> None:
    """Make an episode a film; another kind of title stays as it is."""
    row = session.get(Episode, title.id)
    if row is None:
        return
    session.delete(row)
    title.kind = FILM
    session.flush()
    follow_episodes(session, row.series_id)


def follow_episodes(session: Session, series_id: str) -> None:
    """A series is published while one of its episodes is, since the newest of them was."""
    newest = select(func.max(Title.published_at)).join(Episode, Episode.title_id == Title.id)
    session.flush()
    session.get_one(Title, series_id).published_at = session.scalar(newest.where(Episode.series_id == series_id))


def follow_series_of(session: Session, title_id: str) -> None:
    """Have the series of a title that came or went follow it; nothing for a title that is no episode."""
    place = session.get(Episode, title_id)
    if place is not None:
        follow_episodes(session, place.series_id)


def withdraw(session: Session, title_id: str) -> list[str]:
    """Let viewers have a title no more, a series with its episodes; the ids of all that went."""
    gone = with_episodes(session, title_id)
    for one in gone:
        session.get_one(Title, one).published_at = None
    follow_series_of(session, title_id)
    return gone


def advertise(session: Session, title: Title, advertised: str) -> None:
    """Make a title the trailer of another. Raises :class:`BelongingError` ``no_title``."""
    other = session.get(Title, advertised)
    if other is None or other.kind == TRAILER or other.id == title.id:
        raise BelongingError("no_title", f"There is no title {advertised} that could have a trailer.")
    title.kind = TRAILER
    session.merge(Trailer(title_id=title.id, of_id=advertised))
    session.flush()


def store_markers(session: Session, title: Title, markers: Markers) -> None:
    """Raises :class:`BelongingError` ``bad_markers`` for such as do not lie in the title."""
    start_s, end_s = markers.intro or (0.0, title.duration_s)
    credits_s = title.duration_s if markers.credits_s is None else markers.credits_s
    if not (0 <= start_s < end_s <= title.duration_s and 0 < credits_s <= title.duration_s):
        raise BelongingError("bad_markers", "The intro and the credits must lie in the title.")
    row = session.get(TitleMarkers, title.id)
    if row is None:
        row = TitleMarkers(title_id=title.id)
        session.add(row)
    row.intro_start_s, row.intro_end_s = markers.intro or (None, None)
    row.credits_s = markers.credits_s
    session.flush()


def free_id(session: Session, base: str) -> str:
    """An id that no title has: ``base``, else with a number."""
    for number in count(1):
        candidate = base if number == 1 else f"{base}-{number}"
        if session.get(Title, candidate) is None:
            return candidate
    raise AssertionError("numbers do not end")
