"""What the home page showed last, kept on disk so that the next start shows it at once, with or without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from player.service.model import EpisodePlace, Title, TitleRow, WatchProgress
from ui.app.profile.storage import JsonFile

T = TypeVar("T")
_MAX_BYTES = 4 * 1024 * 1024
_MOST_TITLES, _MOST_ROWS, _MOST_CHOICES = 200, 20, 100
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class KeptHome:
    """The home page of ``owner``: the rows, and the beginning of the catalogue."""

    owner: str
    titles: tuple[Title, ...] = ()
    rows: tuple[TitleRow, ...] = ()

    def up_to(self, maturity: int) -> KeptHome:
        """What somebody may see who may watch titles of at most this age rating."""

        def allowed(titles: Sequence[Title]) -> tuple[Title, ...]:
            return tuple(title for title in titles if title.maturity <= maturity)

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
        _each(members["titles"], _title, _MOST_TITLES),
        _each(members["rows"], _row, _MOST_ROWS),
    )


def _write(home: KeptHome) -> Mapping[str, object]:
    rows = [
        {
            "kind": row.name,
            "because": row.because,
            "genre": row.genre,
            "titles": list(map(_members_of, row.titles)),
        }
        for row in home.rows
    ]
    return {"format": _FORMAT, "owner": home.owner, "titles": list(map(_members_of, home.titles)), "rows": rows}


def _members_of(title: Title) -> Mapping[str, object]:
    """What a page needs to show a title; the rest comes from the service when its own page is opened."""
    place, progress = title.episode, title.progress
    return {
        "id": title.id,
        "name": title.title,
        **{name: text for name in _TEXTS if (text := getattr(title, name)) or name not in _ONLY_WHERE_SAID},
        "duration_s": title.duration_s,
        "published_at": title.published_at,
        "progress_s": progress.position_s,
        "watched_at": progress.watched_at,
        "year": title.year or None,
        "height": max(title.heights, default=None),  # for versions that do not take it from the heights
        "maturity": title.maturity,
        **{name: getattr(title, name) for name in _LISTS},
        "episode": place
        and {
            "series_id": place.series_id,
            "series": place.series_title,
            "season": place.season,
            "number": place.number,
        },
    }


def _row(value: object) -> TitleRow:
    members = _members(value)
    titles = _each(members["titles"], _title, _MOST_TITLES)
    kind, because = (_typed(str, members[name]) for name in ("kind", "because"))
    return TitleRow(kind, titles, because, _typed(str, members.get("genre", "")))


def _title(value: object) -> Title:
    members = {**_SINCE_0_1, **_members(value)}
    known: dict[str, Any] = {name: _typed(str, members[name]) for name in _TEXTS}
    known |= {name: _number(members[name]) for name in _NUMBERS}
    known |= {name: _each(members[name], partial(_typed, kind), _MOST_CHOICES) for name, kind in _LISTS.items()}
    position_s, watched_at = _number(members["progress_s"]), _number(members["watched_at"])
    place = members["episode"]
    return Title(
        _typed(str, members["id"]),
        _typed(str, members["name"]),
        **known,
        progress=WatchProgress(position_s, known["duration_s"], watched_at) if watched_at else WatchProgress(),
        episode=None if place is None else _episode(_members(place)),
    )


def _episode(members: Mapping[str, object]) -> EpisodePlace:
    series_id, series = (_typed(str, members[name]) for name in ("series_id", "series"))
    season, number = (_typed(int, members[name]) for name in ("season", "number"))
    return EpisodePlace(series_id, series, season, number)


_TEXTS = ("synopsis", "poster_url", "kind", "backdrop_url", "still_url", "logo_url", "clip_url")
_ONLY_WHERE_SAID = ("clip_url",)  # a page of titles without it is kept as versions before kept it
_NUMBERS = ("year", "duration_s", "published_at", "maturity")
_SINCE_0_1: Mapping[str, object] = dict.fromkeys(("backdrop_url", "still_url", "logo_url", "clip_url"), "")
"""What a page kept before did not say yet."""
_LISTS: Mapping[str, type] = {"heights": int, "variants": str}


def _number(value: object) -> float:
    """A number; None, as earlier versions kept an unknown year, is 0."""
    if value is None:
        return 0
    if type(value) not in (int, float):
        raise TypeError("no number")
    return cast("float", value)


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
