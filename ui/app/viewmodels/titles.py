"""Titles as the delegates of rows and grids show them, with posters that come when they are first seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex

from player.resume.merge import is_finished
from player.service.model import Title
from ui.app.viewmodels.binding import RecordModel
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.text import duration_words, tr

_BEGUN_SHARE = 0.01
_NEW_S = 14 * 86400.0


@dataclass(frozen=True, slots=True)
class Poster:
    """A title as a delegate shows it."""

    title_id: str
    name: str
    facts: str  # year, length, quality
    synopsis: str
    progress: float  # 0..1
    remaining: str
    poster: str = ""  # file: address, empty until it is there
    poster_url: str = ""
    logo: str = ""  # as the poster
    logo_url: str = ""
    badge: str = ""
    new: bool = False  # came lately and has not been watched
    across: float = 0.5
    down: float = 0.4


class PosterModel(RecordModel[Poster]):
    """Titles in a row or grid. A poster is fetched when a delegate first asks for it, and ``wanted_more`` is called
    when the view comes near the end. Titles are marked as new where most of the others here are not."""

    record = Poster
    identity = "title_id"

    def __init__(self, posters: PosterCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posters = posters
        self.more_wanted: Callable[[], None] | None = None
        self._pictures = {role: name for role, name in self._fields.items() if name in ("poster", "logo")}
        (self._badge_role,) = (role for role, name in self._fields.items() if name == "badge")
        self._tells_new = False

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        if role in self._pictures:
            self._load_picture(index.row(), self._pictures[role])
        elif role == self._badge_role:
            record = self.records[index.row()]
            return record.badge or (tr("New") if record.new and self._tells_new else "")
        return super().data(index, role)

    def replace(self, records: Sequence[Poster]) -> None:
        super().replace(records)
        self._weigh_new()

    def append(self, records: Sequence[Poster]) -> None:
        super().append(records)
        self._weigh_new()

    def _weigh_new(self) -> None:
        """What is said of most says nothing."""
        tells = 2 * sum(record.new for record in self.records) < len(self.records)
        if self.records and tells != self._tells_new:
            self._tells_new = tells
            self.dataChanged.emit(self.index(0), self.index(len(self.records) - 1), [self._badge_role])

    def canFetchMore(self, parent: QModelIndex | QPersistentModelIndex) -> bool:
        return not parent.isValid() and self.more_wanted is not None

    def fetchMore(self, parent: QModelIndex | QPersistentModelIndex) -> None:
        if self.more_wanted is not None and not parent.isValid():
            self.more_wanted()

    def _load_picture(self, row: int, kind: str) -> None:
        record = self.records[row]
        url = getattr(record, f"{kind}_url")
        if getattr(record, kind) or not url:
            return
        address = self._posters.get(url, lambda address: self._show_picture(row, record.title_id, kind, address))
        if address:
            self.records[row] = _with(record, kind, address)

    def _show_picture(self, row: int, title_id: str, kind: str, address: str) -> None:
        if row >= len(self.records) or self.records[row].title_id != title_id:
            row = next((i for i, record in enumerate(self.records) if record.title_id == title_id), -1)
        if row >= 0:
            self.put(row, _with(self.records[row], kind, address))


def is_begun(card: Title) -> bool:
    """Whether a title has been watched in part."""
    return _share(card) > _BEGUN_SHARE and not is_seen(card)


def is_seen(card: Title) -> bool:
    """Whether a title was watched to its end, or to its credits: playing it then starts at 0."""
    return is_finished(card.progress.position_s, card.duration_s, card.markers.credits_s)


def _share(card: Title) -> float:
    return min(1.0, card.progress.position_s / card.duration_s) if card.duration_s > 0 else 0.0


def keep_posters(old: Sequence[Poster], cards: Sequence[Title]) -> list[Poster]:
    """The titles as delegates show them, with the pictures that ``old`` has already."""
    pictures = {poster.poster_url: poster.poster for poster in old} | {one.logo_url: one.logo for one in old}
    return [
        replace(poster_of(card, pictures.get(wide_picture(card), "")), logo=pictures.get(card.logo_url, ""))
        for card in cards
    ]


def _with(record: Poster, kind: str, address: str) -> Poster:
    return replace(record, logo=address) if kind == "logo" else replace(record, poster=address)


def wide_picture(card: Title) -> str:
    """The address of the picture for a card of 16:9: a poster that is higher than wide would lose its head there."""
    return card.still_url or card.backdrop_url or card.poster_url


def poster_of(card: Title, picture: str = "") -> Poster:
    """A title as delegates show it, an episode under the name of its series; ``picture`` is its poster where that is
    there already."""
    episode = card.episode
    above = [place_words((episode.season, episode.number)), card.title] if episode else []
    facts = [str(card.year) if card.year else "", duration_words(card.duration_s)]
    facts.append(f"{max(card.heights)}p" if card.heights else "")
    begun = is_begun(card)
    left = tr("{time} left").format(time=duration_words(card.duration_s - card.progress.position_s)) if begun else ""
    return Poster(
        title_id=card.id,
        name=episode.series_title if episode else card.title,
        facts=_listed(above or facts),
        synopsis=card.synopsis,
        progress=_share(card) if begun else 0.0,
        remaining=_listed([*above[:1], left]),
        poster=picture,
        poster_url=wide_picture(card),
        logo_url=card.logo_url,
        new=is_new(card, time.time()),
        across=card.focal[0] if card.focal else 0.5,
        down=card.focal[1] if card.focal else 0.4,
    )


def is_new(card: Title, now: float) -> bool:
    """Whether a title came lately and has not been watched."""
    return not card.progress.watched_at and 0 <= now - card.published_at < _NEW_S


def place_words(place: tuple[int, int]) -> str:
    """A season and an episode: ``S1 E2``, or as the viewer's language has it."""
    return tr("S{season} E{number}").format(season=place[0], number=place[1])


def _listed(facts: Sequence[str]) -> str:
    return "  ·  ".join(fact for fact in facts if fact)
