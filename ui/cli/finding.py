"""One line of what ``matinee doctor`` has to say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``needed_for`` says who misses it; ``required`` ones make the exit code 3. ``remedy`` is what to do."""

    part: str
    present: bool
    detail: str
    needed_for: str
    required: bool
    remedy: str = ""
