"""What the home page showed last, kept on disk so that the next start shows it at once, with or without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ui.app.ports.titles import CardRow, EpisodeCard, TitleCard
from ui.app.profile.storage import JsonFile

T = TypeVar("T")
_MAX_BYTES = 4 * 1024 * 1024
_MOST_TITLES, _MOST_ROWS, _MOST_CHOICES = 200, 20, 100
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class KeptHome:
    """The home page of ``owner``: the rows, and the beginning of the catalogue."""

    owner: str
    titles: tuple[TitleCard, ...] = ()
    rows: tuple[CardRow, ...] = ()

    def up_to(self, maturity: int) -> KeptHome:
        """What somebody may see who may watch titles of at most this age rating."""

        def allowed(cards: Sequence[TitleCard]) -> tuple[TitleCard, ...]:
            return tuple(card for card in cards if card.maturity <= maturity)

        rows = (replace(row, titles=allowed(row.titles)) for row in self.rows)
        return KeptHome(self.owner, allowed(self.titles), tuple(row for row in rows if row.titles))


class HomeCache:
    """Keeps one home page, in ``home.json`` of the profile folder. Every method waits for the disk."""

    def __init__(self, folder: Path) -> None:
        self._file = JsonFile(folder / "home.json", _read, _write, _MAX_BYTES, _FORMAT)

    def load(self, owner: str) -> KeptHome | None:
        """The page of this owner; None where there is none, or it is another's."""
        kept, _aside = self._file.load()
        return kept if kept is not None and kept.owner == owner else None

    def keep(self, home: KeptHome) -> None:
        """Put this in the place of what was kept, as far as it is not too much."""
        rows = tuple(replace(row, titles=tuple(row.titles)) for row in home.rows[:_MOST_ROWS])
        self._file.save(KeptHome(home.owner, home.titles[:_MOST_TITLES], rows))

    def forget(self) -> None:
        """Keep nothing any more."""
        self._file.remove()


def _read(members: Mapping[str, object]) -> KeptHome:
    if members.get("format") != _FORMAT:
        raise ValueError("of another format")
    return KeptHome(
        _typed(str, members["owner"]),
        _each(members["titles"], _card, _MOST_TITLES),
        _each(members["rows"], _row, _MOST_ROWS),
    )


def _write(home: KeptHome) -> Mapping[str, object]:
    rows = [
        {
            "kind": row.kind,
            "because": row.because,
            "genre": row.genre,
            "titles": list(map(_members_of, row.titles)),
        }
        for row in home.rows
    ]
    return {"format": _FORMAT, "owner": home.owner, "titles": list(map(_members_of, home.titles)), "rows": rows}


def _members_of(card: TitleCard) -> Mapping[str, object]:
    """What a page needs to show a title; the rest comes from the service when its own page is opened."""
    known = {name: getattr(card, name) for name in (*_KINDS, *_LISTS)}
    return {**known, "episode": None if card.episode is None else asdict(card.episode)}


def _row(value: object) -> CardRow:
    members = _members(value)
    titles = _each(members["titles"], _card, _MOST_TITLES)
    kind, because = (_typed(str, members[name]) for name in ("kind", "because"))
    return CardRow(kind, titles, because, _typed(str, members.get("genre", "")))


def _card(value: object) -> TitleCard:
    members = _members(value)
    members = {**_SINCE_0_1, **members}
    known: dict[str, Any] = {name: members[name] for name in _KINDS}
    for name, kinds in _KINDS.items():
        if type(known[name]) not in kinds:
            raise TypeError(f"{name} is of a wrong kind")
    for name, kind in _LISTS.items():
        known[name] = _each(members[name], partial(_typed, kind), _MOST_CHOICES)
    place = members["episode"]
    return TitleCard(**known, episode=None if place is None else _episode(_members(place)))


def _episode(members: Mapping[str, object]) -> EpisodeCard:
    series_id, series = (_typed(str, members[name]) for name in ("series_id", "series"))
    season, number = (_typed(int, members[name]) for name in ("season", "number"))
    return EpisodeCard(series_id, series, season, number)


_NUMBER = (int, float)
_WORDS = ("id", "name", "synopsis", "poster_url", "kind", "backdrop_url", "still_url", "logo_url")
_KINDS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(_WORDS, (str,)),
    **dict.fromkeys(("duration_s", "published_at", "progress_s", "watched_at"), _NUMBER),
    **dict.fromkeys(("year", "height"), (int, type(None))),
    "maturity": (int,),
}
_SINCE_0_1: Mapping[str, object] = dict.fromkeys(("backdrop_url", "still_url", "logo_url"), "")
"""What a page kept before did not say yet."""
_LISTS: Mapping[str, type] = {"heights": int, "variants": str}


def _members(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value


def _each(value: object, read: Callable[[object], T], most: int) -> tuple[T, ...]:
    if not isinstance(value, list) or len(value) > most:
        raise TypeError("no list of a fit length")
    return tuple(map(read, value))


def _typed(kind: type[T], value: object) -> T:
    if type(value) is not kind:
        raise TypeError(f"no {kind.__name__}")
    return value
