"""URL templates (ISO/IEC 23009-1 5.3.9.4.4): ``$RepresentationID$ $Number$ $Time$ $Bandwidth$ $SubNumber$ $$``."""

from __future__ import annotations

import re

from player.manifest.limits import MAX_TEMPLATE_WIDTH
from player.manifest.urls import add_query, resolve

_IDENTIFIER = re.compile(r"\$(?:(RepresentationID|Number|Time|Bandwidth|SubNumber)(?:%0(\d+)([diuxXo]))?)?\$")
_MARKS = {"Number": "\ue000", "Time": "\ue001", "SubNumber": "\ue002"}
_SPLIT = re.compile("([\ue000\ue001\ue002])(\\d*[dxXo]?)\ue003")


class UrlTemplate:
    """A template resolved against its base once; making one segment's URL is then a few joins.

    ``problem`` is a sentence when an identifier is unknown (it is left as it stands) or too wide, else None.
    """

    __slots__ = ("_format", "_pieces", "_simple", "problem", "uses")

    def __init__(self, template: str, base: str, *, representation: str, bandwidth: int, query: str = "") -> None:
        self.uses: set[str] = set()
        self.problem: str | None = None
        marked = self._mark(template, representation, bandwidth)
        whole = resolve(base, marked)
        pieces = _SPLIT.split(add_query(whole, query) if query else whole)
        # pieces: literal, mark, format, literal, mark, format, ..., literal
        self._pieces: list[tuple[str, str, str]] = []
        for position in range(0, len(pieces) - 1, 3):
            self._pieces.append((pieces[position], pieces[position + 1], pieces[position + 2]))
        self._format = pieces[-1]
        self._simple = (
            len(self._pieces) == 1 and self._pieces[0][2] == "" and self._pieces[0][1] != _MARKS["SubNumber"]
        )

    def _mark(self, template: str, representation: str, bandwidth: int) -> str:
        """Fixed identifiers filled in, those that vary by segment replaced by marks that URL resolution ignores."""

        def fill(match: re.Match[str]) -> str:
            name, width, conversion = match.group(1), match.group(2), match.group(3)
            if name is None:
                return "$"
            self.uses.add(name)
            if name == "RepresentationID":
                return representation or match.group(0)
            if width and int(width[:4]) > MAX_TEMPLATE_WIDTH:
                self.problem = f"A width in the template is more than {MAX_TEMPLATE_WIDTH}, which is taken instead."
            places = min(int(width[:4]), MAX_TEMPLATE_WIDTH) if width else 0
            form = _python_format(places, conversion) if width else ""
            if name == "Bandwidth":
                return format(bandwidth, form)
            return f"{_MARKS[name]}{form}\ue003"

        filled = _IDENTIFIER.sub(fill, template)
        if re.search(r"\$[A-Za-z%0-9]+\$", _IDENTIFIER.sub("", template)):
            self.problem = "The template has an unknown identifier between dollar signs."
        return filled

    @property
    def varies(self) -> bool:
        """Whether two segments get two URLs."""
        return bool(self._pieces)

    @property
    def parts(self) -> tuple[str, bool, str] | None:
        """``(before, by time, after)`` where the URL has one plain number in it, for fast expansion; else None."""
        if not self._simple:
            return None
        literal, mark, _ = self._pieces[0]
        return literal, mark == _MARKS["Time"], self._format

    def url(self, number: int, time: int, sub_number: int = 0) -> str:
        """The URL of the segment with this number and time (in timescale units). ``sub_number`` is its place in a
        segment sequence, from 0 as players count."""
        result = ""
        for literal, mark, form in self._pieces:
            value = number if mark == "\ue000" else time if mark == "\ue001" else sub_number
            result += literal + (format(value, form) if form else str(value))
        return result + self._format


def _python_format(width: int, conversion: str) -> str:
    letter = conversion if conversion in "xXo" else "d"
    return f"0{width}{letter}" if width else letter
