"""What a kiosk is troubled with, and when: a seed decides. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

_FIRST_S, _GAP_S, _SPREAD_S = 40.0, 75.0, 60.0
_CUT_S = (10.0, 40.0)
_MOVES_S = (-1.6e9, -10_800.0, 10_800.0, 5.5 * 86_400.0, 1e9)  # from before the program was written to 2058


class Kind(StrEnum):
    KILL = "kill"  # the player ends without a word
    FREEZE = "freeze"  # it stands still (SIGSTOP)
    CUT = "cut"  # the network is gone for a while
    FILL = "fill"  # the disk is full for a while
    CLOCK = "clock"  # the clock is moved, and stays so


@dataclass(frozen=True, slots=True)
class StagedTrouble:
    """``at_s`` is since the start; ``lasts_s`` is 0 for what is over at once; ``moves_s`` is what the clock is moved
    by."""

    at_s: float
    kind: Kind
    lasts_s: float = 0.0
    moves_s: float = 0.0


def troubles(seed: int, seconds: float, *, can_fill: bool = False) -> list[StagedTrouble]:
    """Troubles of each kind in turn, each kind once before any comes again, with time between them to recover."""
    random = Random(seed)
    kinds = [kind for kind in Kind if can_fill or kind is not Kind.FILL]
    found: list[StagedTrouble] = []
    round_: list[Kind] = []
    at_s = _FIRST_S
    while at_s < seconds - _FIRST_S:
        if not round_:
            round_ = random.sample(kinds, len(kinds))
        kind = round_.pop()
        lasts_s = random.uniform(*_CUT_S) if kind in (Kind.CUT, Kind.FILL) else 0.0
        found.append(StagedTrouble(at_s, kind, lasts_s, random.choice(_MOVES_S) if kind is Kind.CLOCK else 0.0))
        at_s += lasts_s + _GAP_S + random.uniform(0, _SPREAD_S)
    return found
