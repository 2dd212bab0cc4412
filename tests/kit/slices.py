"""Large tables are played in slices: so many cases in each run of the suite, the rest by ``make soak``."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

_SEED = "MATINEE_TEST_SEED"


def seed() -> int:
    """The day of the year, or MATINEE_TEST_SEED. It is settled once for all processes of a run."""
    return int(os.environ.setdefault(_SEED, time.strftime("%j")))


def slice_of(cases: Iterable[Sequence[Any]], count: int, name: Callable[..., str] | None = None) -> list[Any]:
    """Each case as parameters of a test; all but ``count`` that are drawn by the seed are left to ``make soak``.
    ``name`` makes a case's name; without it that is made of its values."""
    listed = [tuple(case) for case in cases]
    drawn = set(random.Random(seed()).sample(range(len(listed)), count))
    return [
        pytest.param(
            *case,
            id=name(*case) if name else "-".join(map(str, case)),
            marks=() if number in drawn else pytest.mark.soak,
        )
        for number, case in enumerate(listed)
    ]
