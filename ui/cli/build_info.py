"""Which build of the program this is: packages carry it in a file of their own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

VERSION = "0.2.0"
BUILD_FILE = Path(__file__).parent.parent / "app" / "assets" / "build.txt"
FROM_SOURCE = "from source"
_MAX_LETTERS = 64


@cache
def build() -> str:
    """The commit that a package was built from, shortened; ``from source`` where the program was not packaged."""
    try:
        with BUILD_FILE.open(encoding="utf-8") as file:
            return file.read(_MAX_LETTERS).strip() or FROM_SOURCE
    except (OSError, UnicodeDecodeError):
        return FROM_SOURCE


def program() -> str:
    """The program and its version, as reports name it."""
    return f"matinee {VERSION} (build {build()})"
