"""The order of the files that ``matinee decrypt`` is given, and the names of what becomes of them.

A shell lists files by their letters: ``10.m4s`` before ``2.m4s``, and an init segment wherever its name puts it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

_DIGITS = re.compile(r"(\d+)")
MediaFile = tuple[Path, bytearray]


def files_of(path: Path) -> list[Path]:
    """A folder stands for the files in it, as a shell would list them; anything else for itself."""
    if not path.is_dir():
        return [path]
    return sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))


def begins_presentation(data: bytearray) -> bool:
    """Whether a file is whole or an init segment: media segments have no file type box or EBML header."""
    return data[4:8] == b"ftyp" or data[:4] == b"\x1a\x45\xdf\xa3"


def in_order(files: Sequence[MediaFile]) -> list[MediaFile]:
    """Init segments before the media segments that they belong to: those whose paths have the most in common with
    theirs. The rest stays as it was given, or is put by its numbers where a shell has put it by its letters."""
    numbered = _by_number(files)
    starts = [file for file in numbered if begins_presentation(file[1])]
    if not starts:
        return numbered
    groups: list[list[MediaFile]] = [[start] for start in starts]
    given = {path: place for place, (path, _) in enumerate(files)}
    for file in numbered:
        if not begins_presentation(file[1]):
            groups[_init_of(file[0], [start for start, _ in starts], given)].append(file)
    return [file for group in groups for file in group]


def output_names(paths: Sequence[Path]) -> list[Path]:
    """A name for each file in one folder; with the folders that they lie in where two have the same name."""
    if len({path.name for path in paths}) == len(paths):
        return [Path(path.name) for path in paths]
    resolved = [path.resolve() for path in paths]
    common = os.path.commonpath([path.parent for path in resolved])
    return [path.relative_to(common) for path in resolved]


def _by_number(files: Sequence[MediaFile]) -> list[MediaFile]:
    names = [str(path) for path, _ in files]
    if names != sorted(names):
        return list(files)
    return sorted(files, key=lambda file: _parts(str(file[0])))


def _parts(name: str) -> list[tuple[int, str]]:
    """A name's letters and numbers, to be compared as what they are."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name)]


def _init_of(segment: Path, starts: Sequence[Path], given: dict[Path, int]) -> int:
    """Which of ``starts`` a segment belongs to; of equals, the last that was given before it."""

    def rank(number: int) -> tuple[int, bool, int]:
        shared = _shared(str(segment), str(starts[number]))
        before = given[starts[number]] < given[segment]
        return shared, before, given[starts[number]] if before else -given[starts[number]]

    return max(range(len(starts)), key=rank)


def _shared(one: str, other: str) -> int:
    """How many letters two texts begin alike with."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
