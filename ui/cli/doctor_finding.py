"""One line of what ``matinee doctor`` has to say, and how a part that is missing is got."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

_OF_DEBIAN = Path("/usr/lib/matinee")


@dataclass(frozen=True, slots=True)
class PartFinding:
    """``needed_for`` says who misses it; ``required`` ones make the exit code 3. ``remedy`` is what to do."""

    part: str
    present: bool
    detail: str
    needed_for: str
    required: bool
    remedy: str = ""


def how_to_install(extra: str, code: Path = Path(__file__)) -> str:
    """A sentence: how an extra of the package is installed the way this program (whose ``code`` is there) was."""
    if getattr(sys, "frozen", False):
        return "Unpack the archive again, all of it."
    if code.is_relative_to(_OF_DEBIAN):
        package = "install matinee-backend" if extra == "backend" else "install --reinstall matinee"
        return f"Install it with: apt {package}."
    return f"Install it with: pip install 'matinee[{extra}]'."
