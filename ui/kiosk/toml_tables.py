"""TOML tables that are read key by key, and know the line of each key for what is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_-]+)\s*\]\]?")
_KEY = re.compile(r'\s*"?([A-Za-z0-9_-]+)"?\s*=')


class TableError(ValueError):
    """What is wrong with a file, and in which line (counted from 1)."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}.")
        self.line = line


class Table:
    """One table of a file; ``start`` and ``end`` are the lines that hold it. Every key is taken once; what is left
    over is a mistake, most often of spelling."""

    def __init__(self, text: str, members: Mapping[str, Any], start: int = 1, end: int | None = None) -> None:
        self._text = text
        self._lines = text.splitlines()
        self._left = dict(members)
        self.first_line = start
        self.last_line = end if end is not None else max(1, len(self._lines))

    def line(self, key: str) -> int:
        """Where a key stands; the table's first line where it does not."""
        for number in range(self.first_line, self.last_line + 1):
            line = self._lines[number - 1] if number <= len(self._lines) else ""
            found, header = _KEY.match(line), _HEADER.match(line)
            if (found and found[1] == key) or (header and header[2] == key):
                return number
        return self.first_line

    def take(self, key: str) -> Any:  # noqa: ANN401 - whatever the file has there
        """The value of a key, None where it is not given."""
        return self._left.pop(key, None)

    def text(self, key: str, default: str, *, most: int) -> str:
        """A string of at most ``most`` characters without control characters."""
        value = self._left.pop(key, default)
        if not isinstance(value, str) or len(value) > most or not value.isprintable():
            raise TableError(self.line(key), f"{key} must be a text of at most {most} characters in quotes")
        return value

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self._left.pop(key, default)
        if type(value) is not int or not least <= value <= most:
            raise TableError(self.line(key), f"{key} must be a whole number from {least} to {most}")
        return value

    def number(self, key: str, default: float, least: float, most: float) -> float:
        """A finite number within bounds."""
        value = self._left.pop(key, default)
        # Compared first: a whole number may be too long for a float.
        if type(value) not in (int, float) or not least <= value <= most or not math.isfinite(value):
            raise TableError(self.line(key), f"{key} must be a number from {least:g} to {most:g}")
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """true or false."""
        value = self._left.pop(key, default)
        if not isinstance(value, bool):
            raise TableError(self.line(key), f"{key} must be true or false")
        return value

    def texts(self, key: str, most: int) -> list[str]:
        """A list of at most ``most`` texts; none where the key is not given."""
        value = self._left.pop(key, [])
        good = isinstance(value, list) and len(value) <= most
        if not good or any(not isinstance(each, str) or not each or not each.isprintable() for each in value):
            raise TableError(self.line(key), f"{key} must be a list of at most {most} texts in quotes")
        return [str(each) for each in value]

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """One of some words; ``default`` need not be one of them."""
        if key not in self._left:
            return default
        value = self._left.pop(key)
        if value not in choices:
            raise TableError(self.line(key), f"{key} must be one of {', '.join(choices)}")
        return str(value)

    def choices(self, key: str, choices: Sequence[str]) -> list[str]:
        """Some of some words; none where the key is not given."""
        value = self._left.pop(key, [])
        if not isinstance(value, list) or any(each not in choices for each in value):
            raise TableError(self.line(key), f"{key} must be a list of {', '.join(choices)}")
        return [str(each) for each in value]

    def table(self, key: str) -> Table:
        """The table of this name, an empty one where there is none."""
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise TableError(self.line(key), f"{key} must be a table: [{key}]")
        sections = self._sections(key)
        start, end = sections[0] if sections else (self.line(key), self.line(key))
        return Table(self._text, value, start, end)

    def tables(self, key: str, most: int) -> list[Table]:
        """The tables of this name, in order."""
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise TableError(self.line(key), f"write [[{key}]] before each of them")
        if len(value) > most:
            raise TableError(self.line(key), f"there are more than {most} of {key}")
        sections = self._sections(key)
        whole = (self.first_line, self.last_line)
        return [
            Table(self._text, each, *(sections[index] if len(sections) == len(value) else whole))
            for index, each in enumerate(value)
        ]

    def refuse_the_rest(self) -> None:
        """Raises TableError where a key has not been taken."""
        for key in self._left:
            raise TableError(self.line(key), f"{key} is not known here")

    def _sections(self, key: str) -> list[tuple[int, int]]:
        """First and last line below each header of this name."""
        headers = [
            (number, found[2])
            for number, line in enumerate(self._lines, 1)
            if (found := _HEADER.match(line)) is not None
        ]
        ends = [number - 1 for number, _ in headers[1:]] + [max(1, len(self._lines))]
        return [(number, end) for (number, name), end in zip(headers, ends, strict=False) if name == key]
