"""The keys that a viewer has given to actions, kept in ``keys.json`` of the profile. Pure but for that file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from ui.app.profile.storage import JsonFile

MOST_KEYS = 8
"""So many keys an action may have."""
_MOST_ACTIONS = 200
_LONGEST = 60  # characters of a name or a key

Bindings = Mapping[str, tuple[str, ...]]
"""Keys by the action's id, only of actions that differ from the default."""


class KeyBindings:
    """``changed`` are the viewer's own keys. Without a folder they last for this run only."""

    def __init__(self, folder: Path | None) -> None:
        self._file = (
            None if folder is None else JsonFile(folder / "keys.json", read_bindings, write_bindings, newest=1)
        )
        loaded = None if self._file is None else self._file.load()[0]
        self.changed: dict[str, tuple[str, ...]] = dict(loaded or {})

    def keep(self, changed: Bindings) -> bool:
        """Use these from now on; False where they cannot be written."""
        self.changed = dict(changed)
        return self._file is None or self._file.save(self.changed)


def with_key(defaults: Bindings, changed: Bindings, action: str, key: str) -> dict[str, tuple[str, ...]]:
    """The changed keys after ``key`` was given to ``action``: every other action loses it."""
    now = {**defaults, **changed}
    moved = {name: tuple(one for one in keys if one != key) for name, keys in now.items()}
    moved[action] = (*moved.get(action, ()), key)[-MOST_KEYS:]
    return {name: keys for name, keys in moved.items() if keys != defaults.get(name)}


def without_keys(defaults: Bindings, changed: Bindings, action: str) -> dict[str, tuple[str, ...]]:
    """The changed keys after ``action`` has lost all of its keys."""
    return {name: keys for name, keys in {**changed, action: ()}.items() if keys != defaults.get(name)}


def adopted(defaults: Bindings, fixed: Collection[str], wanted: Bindings) -> dict[str, tuple[str, ...]]:
    """The changed keys that give each action those of an import. Unknown and ``fixed`` actions are left out.
    A key goes to the first action that names it. What the import does not name keeps those of its
    default keys that are free."""
    taken = {key for action in fixed for key in defaults[action]}
    found: dict[str, tuple[str, ...]] = {}
    free = [action for action in defaults if action not in fixed]
    for action in sorted(free, key=lambda action: action not in wanted):
        keys = tuple(key for key in wanted.get(action, defaults[action]) if key not in taken)
        taken.update(keys)
        if keys != defaults[action]:
            found[action] = keys
    return found


def read_bindings(members: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """Bindings out of a file or an import. Raises ValueError or TypeError."""
    found = members.get("keys")
    if not isinstance(found, dict) or len(found) > _MOST_ACTIONS:
        raise TypeError("no keys")
    return {_text(name): _keys(keys) for name, keys in found.items()}


def write_bindings(bindings: Bindings) -> Mapping[str, object]:
    """The members of the file."""
    return {"format": 1, "keys": {name: list(keys) for name, keys in bindings.items()}}


def _keys(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 2 * MOST_KEYS:
        raise TypeError("no list of keys")
    return tuple(dict.fromkeys(_text(one) for one in value))


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
        raise ValueError("no key")
    return value
