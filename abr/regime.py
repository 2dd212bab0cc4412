"""What kind of link it has been of late, from its last transfers: one that gives the same each time, or not.

On a steady link the rate is known: a plan needs no caution for what has not been seen there, and may look far ahead.
The degree is continuous, so that no threshold makes a plan jump.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from abr.model import TransferRate

TRANSFERS = 6  # the last ones, that have to be alike
ALIKE_LOG = 0.03  # the fastest over the slowest of them as a logarithm, on a link that is steady ...
UNLIKE_LOG = 0.12  # ... and on one that is not


def steadiness(recent: Sequence[TransferRate]) -> float:
    """1 where the last six transfers were alike, 0 where they were not or there are fewer, in between in part."""
    if len(recent) < TRANSFERS:
        return 0.0
    rates = [each.size / each.body_s for each in recent[-TRANSFERS:]]
    span = math.log(max(rates) / min(rates))
    return 1.0 - part(span, ALIKE_LOG, UNLIKE_LOG - ALIKE_LOG)


def part(value: float, begin: float, span: float) -> float:
    """0 up to ``begin``, 1 from ``begin + span`` on."""
    return min(max((value - begin) / span, 0.0), 1.0)
