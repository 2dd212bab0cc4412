"""Small things of the viewer that outlast a run: whose profile it is, and what was searched for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from player.service.model import Profile
from ui.app.profile.storage import JsonFile

MOST_SEARCHES = 8
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class LastUse:
    """``viewer`` is the account's name, ``person`` who watches as it: None before anybody has been chosen, one
    without an id where the household has no profiles. ``searches`` are the last ones, newest first."""

    viewer: str = ""
    person: Profile | None = None
    searches: tuple[str, ...] = ()


class Memory:
    """What is remembered, in ``viewer.json`` of the profile folder (or nowhere, for None)."""

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else JsonFile(folder / "viewer.json", _read, _write)
        loaded = None if self._file is None else self._file.load()[0]
        self.now = loaded or LastUse()

    def person_of(self, viewer: str) -> Profile | None:
        """Who watched last with this account."""
        return self.now.person if self.now.viewer == viewer else None

    def keep_person(self, viewer: str, person: Profile | None) -> None:
        """Searches belong to a person and go with the one before."""
        if (viewer, person) != (self.now.viewer, self.now.person):
            same = self.now.person is not None and person is not None and self.now.person.id == person.id
            self._keep(LastUse(viewer, person, self.now.searches if same else ()))

    def keep_search(self, query: str) -> None:
        """Put a query in front of the others."""
        query = query[:_LONGEST]
        rest = [one for one in self.now.searches if one.casefold() != query.casefold()]
        self._keep(LastUse(self.now.viewer, self.now.person, (query, *rest)[:MOST_SEARCHES]))

    def forget_searches(self) -> None:
        """Have searched for nothing."""
        self._keep(LastUse(self.now.viewer, self.now.person))

    def _keep(self, changed: LastUse) -> None:
        self.now = changed
        if self._file is not None:
            self._file.save(changed)


def _read(members: Mapping[str, Any]) -> LastUse:
    person = members.get("person")
    return LastUse(
        _text(members.get("viewer", "")),
        None if person is None else _person(person),
        tuple(_text(one) for one in _list(members.get("searches", []))[:MOST_SEARCHES]),
    )


def _person(members: Mapping[str, Any]) -> Profile:
    maturity, has_pin = members["maturity"], members["has_pin"]
    if type(maturity) is not int or not isinstance(has_pin, bool):
        raise ValueError("no profile")
    kids, autoplay = members.get("kids", False), members.get("autoplay", True)
    if not isinstance(kids, bool) or not isinstance(autoplay, bool):
        raise TypeError("no profile")
    avatar, audio, text = (_text(members.get(name, "")) for name in ("avatar", "audio_language", "text_language"))
    return Profile(
        _text(members["id"]), _text(members["name"]), maturity, has_pin, avatar, kids, audio, text, autoplay
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError("no text")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _write(value: LastUse) -> Mapping[str, object]:
    return {
        "viewer": value.viewer,
        "person": None if value.person is None else asdict(value.person),
        "searches": list(value.searches),
    }
