"""Small JSON files of the app: settings, the window's place. A file that cannot be read is set aside, never lost, and
one that a newer version wrote is left as it is."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from player.base.files import write_whole

T = TypeVar("T")
_log = logging.getLogger(__name__)
MAX_BYTES = 64 * 1024


class JsonFile(Generic[T]):
    """One value in one file of at most ``max_bytes``. ``read`` makes the value from the file's members and raises
    ValueError, TypeError or KeyError for what it does not understand; ``write`` gives the members. ``newest`` is the
    highest number that their ``format`` may be; None where any is read."""

    def __init__(
        self,
        path: Path,
        read: Callable[[Mapping[str, object]], T],
        write: Callable[[T], Mapping[str, object]],
        max_bytes: int = MAX_BYTES,
        newest: int | None = None,
    ) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._newest = newest
        self._left_alone: bool | None = None  # None before anybody has looked
        self._read = read
        self._write = write

    def load(self) -> tuple[T | None, Path | None]:
        """The value, None where there is none, and where a damaged file was set aside, if so."""
        try:
            with self._path.open("rb") as file:
                text = file.read(self._max_bytes + 1)
        except FileNotFoundError:
            return None, None
        except OSError as error:
            _log.warning("%s cannot be read: %s", self._path.name, error.strerror)
            return None, None
        try:
            if len(text) > self._max_bytes:
                raise ValueError("too long")
            members = json.loads(text)
            if not isinstance(members, dict):
                raise TypeError("not an object")
            found = members.get("format")
            self._left_alone = self._newest is not None and type(found) is int and found > self._newest
            if self._left_alone:
                self._warn()
                return None, None
            return self._read(members), None
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            _log.warning("%s cannot be understood: %s", self._path.name, error)
            return None, self._set_aside()

    def save(self, value: T) -> bool:
        """Write the whole file or leave it as it was; False where it cannot be written."""
        if self._newest is not None and self._left_alone is None:
            self.load()
        if self._left_alone:
            self._warn()
            return False
        text = json.dumps(dict(self._write(value)), indent=2) + "\n"
        try:
            write_whole(self._path, text.encode())
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path.name, error.strerror)
            return False
        return True

    def remove(self) -> None:
        """Have no such file any more."""
        self._left_alone = None
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _warn(self) -> None:
        name = self._path.name
        _log.warning("%s was written by a newer version of Matinee and is not changed; please update", name)

    def _set_aside(self) -> Path | None:
        aside = self._path.with_suffix(".damaged.json")
        try:
            self._path.replace(aside)
        except OSError:
            return None
        return aside
