"""What a slow link changes apart from the rung: how much is buffered, and what goes before the picture."""

from __future__ import annotations

from dataclasses import dataclass

from abr.model import Estimate
from abr.startup import PROBE_BYTES

LOW_BPS = 1_000_000
LEAVE_FACTOR = 1.3  # the mode ends above this multiple of the limit, so that it does not flicker
DEEPER = 2.0
DEEPEST_S = 120.0


@dataclass(frozen=True, slots=True)
class Economy:
    """``buffer_max_s`` is how much media to hold. With ``low`` the sound goes before the picture, and nothing else
    may use the link (no next title is prepared)."""

    low: bool
    buffer_max_s: float


def economy(estimate: Estimate, buffer_max_s: float, *, was_low: bool = False) -> Economy:
    """The mode for an estimate. ``was_low`` is the previous answer's ``low``; a network of which nothing is known, or
    hardly anything (a little sound that came slowly), counts as fast."""
    limit = LOW_BPS * (LEAVE_FACTOR if was_low else 1.0)
    known = estimate.remembered or estimate.measured >= PROBE_BYTES
    low = known and estimate.mean_bps is not None and estimate.mean_bps < limit
    deeper_s = max(min(buffer_max_s * DEEPER, DEEPEST_S), buffer_max_s)
    return Economy(low, deeper_s if low else buffer_max_s)
