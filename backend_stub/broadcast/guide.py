"""What is on a broadcast channel: a file beside its journal, which anybody may write, or whole hours."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PROGRAMMES = "programmes.json"
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Programme:
    """In seconds since 1970; an empty ``title`` is that of the channel. ``record``: viewers may record it."""

    starts_at: float
    ends_at: float
    title: str = ""
    record: bool = True


def write_programmes(folder: Path, programmes: Sequence[Programme]) -> None:
    """Put the guide of a channel in place of the one there was; none leaves it."""
    if programmes:
        draft = folder / f".{PROGRAMMES}"
        draft.write_text(json.dumps([asdict(one) for one in programmes]), "utf-8")
        draft.replace(folder / PROGRAMMES)


def read_programmes(text: str) -> list[Programme]:
    """The programmes in a document, in order. Raises ValueError with a sentence."""
    try:
        found = [
            Programme(
                float(one["starts_at"]),
                float(one["ends_at"]),
                str(one.get("title", "")),
                one.get("record", True) is True,
            )
            for one in json.loads(text)
        ]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            "The guide is no list of {title, starts_at, ends_at, record}, in seconds since 1970."
        ) from error
    if not all(math.isfinite(one.starts_at) and math.isfinite(one.ends_at) for one in found):
        raise ValueError("A programme of the guide has no start or no end.")
    if any(one.ends_at <= one.starts_at for one in found):
        raise ValueError("A programme of the guide ends before it starts.")
    return sorted(found, key=lambda one: one.starts_at)


def programmes_since(folder: Path, began_at: float, since: float) -> Iterator[Programme]:
    """What is on after ``since`` (seconds since 1970), without an end: by the guide, and where that has nothing, the
    hours."""
    try:
        listed = read_programmes((folder / PROGRAMMES).read_text("utf-8"))
    except (OSError, ValueError):
        listed = []
    at = max(began_at, since)
    # The hour that runs does not start again at each look.
    at = max([began_at, at // _HOUR_S * _HOUR_S, *(one.ends_at for one in listed if one.ends_at <= at)])
    for one in listed:
        if one.ends_at <= max(at, since):
            continue
        while at < one.starts_at:
            until = min((at // _HOUR_S + 1) * _HOUR_S, one.starts_at)
            if until > since:
                yield Programme(at, until)
            at = until
        yield one
        at = one.ends_at
    while True:
        until = (at // _HOUR_S + 1) * _HOUR_S
        yield Programme(at, until)
        at = until
