"""Which series a film belongs to, by its name or by what the service says. Pure."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePath

_SEASON = re.compile(r"(?:season|staffel|saison|series|s)[ ._-]*\d{1,3}", re.IGNORECASE)
# What stands before the number of an episode is the name of the series.
_EPISODE = re.compile(
    r"(?P<name>.*?)[\s._\-\[(]*"
    r"(?:s\d{1,3}[\s._-]*e\d{1,4}|\b\d{1,2}x\d{2,3}\b|\b(?:episode|folge|part|teil|ep?)[\s._-]*\d{1,4}\b"
    r"|(?:^|(?<=[\s._\-]))\d{1,3}(?=[\s._\-\])]|$))",
    re.IGNORECASE,
)


def series_of_file(path: PurePath) -> str:
    """A key that all episodes of a series in one folder have in common, or in its folders for seasons; empty for a
    film that is called like no episode."""
    found = _EPISODE.match(path.stem)
    if found is None:
        return ""
    folder = path.parent
    if _SEASON.fullmatch(folder.name):
        folder = folder.parent
    name = re.sub(r"[\s._-]+", " ", found["name"]).strip().casefold()
    return _key(f"file\n{folder}\n{name}")


def series_of_title(series: str) -> str:
    """The key of a series of the service; empty for none."""
    return _key(f"title\n{series}") if series else ""


def _key(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]
