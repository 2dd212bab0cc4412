"""Reading small JSON documents that people write: what is wrong in them is said with its name and place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import overload

from player.base.errors import ErrorCode, InputError

_MAX_BYTES = 64 * 1024 * 1024


def read_json(path: Path, what: str) -> object:
    """The JSON document in a file. Raises InputError with a sentence that begins with ``what``."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise refuse(f"{what} {path.name} is too large.")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise refuse(f"{what} {path.name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise refuse(f"{what} {path.name} is not a JSON document.") from error


def refuse(sentence: str) -> InputError:
    """An InputError about the content of a document."""
    return InputError(ErrorCode.INPUT_FILE, sentence)


class JsonFields:
    """The members of one JSON object, each taken once. ``place`` names the object in messages.

    Every method raises InputError that names the member; :meth:`end` does so for members that nobody took.
    """

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, Mapping):
            raise refuse(f"{place} must be an object.")
        self._left: dict[str, object] = dict(value)
        self.place = place

    def take(self, name: str) -> object:
        """The member as it stands; None when it is absent."""
        return self._left.pop(name, None)

    @overload
    def number(self, name: str, default: float, *, above: float | None = None) -> float: ...

    @overload
    def number(self, name: str, default: None = None, *, above: float | None = None) -> float | None: ...

    def number(self, name: str, default: float | None = None, *, above: float | None = None) -> float | None:
        """A number of at least 0 (or more than ``above``)."""
        value = self._left.pop(name, None)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
            raise refuse(f'"{name}" in {self.place} must be a number, 0 or more.')
        if above is not None and value <= above:
            raise refuse(f'"{name}" in {self.place} must be more than {above:g}.')
        return float(value)

    def required(self, name: str, *, above: float | None = None) -> float:
        """As :meth:`number`, for a member that must be there."""
        value = self.number(name, above=above)
        if value is None:
            raise refuse(f'{self.place} needs "{name}".')
        return value

    def whole(self, name: str, default: int | None = None) -> int | None:
        """A whole number of at least 0."""
        value = self.number(name)
        if value is None:
            return default
        if value != int(value):
            raise refuse(f'"{name}" in {self.place} must be a whole number.')
        return int(value)

    def text(self, name: str) -> str | None:
        """A string."""
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise refuse(f'"{name}" in {self.place} must be text.')
        return value

    def end(self) -> None:
        """No other member may stand in the object."""
        if self._left:
            raise refuse(f'{self.place} has an unknown member "{next(iter(self._left))}".')
