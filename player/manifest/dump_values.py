"""Plain JSON values: a part of :mod:`player.manifest.dump`."""

from __future__ import annotations

import math
from typing import Any

Json = dict[str, Any]


def number(value: float | None) -> float | int | None:
    """A JSON number without rounding noise; whole ones as integers, what JSON cannot say as null."""
    if value is None or not math.isfinite(value):
        return None
    rounded = round(value, 9)
    return int(rounded) if rounded == int(rounded) else rounded


def milliseconds(seconds: float | None) -> float | int | None:
    """Milliseconds since 1970, to the microsecond."""
    return None if seconds is None else number(round(seconds * 1000, 3))
