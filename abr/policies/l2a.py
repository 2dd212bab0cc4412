"""L2A: online convex optimisation for short buffers, as low-latency live streaming has them.

Source: Karagkioules, Mekuria, Griffioen, Wagenaar, "Online learning for low-latency adaptive streaming", MMSys 2020.
The policy keeps a probability for each rung. After each segment it takes a step along the gradient of what the
rungs would have added to the buffer's shortage, and projects the result onto the simplex. It fetches the rung nearest
to the mean bitrate of the distribution. A multiplier stands for the shortage so far. The paper's parameters are for
a horizon of four segments. The policy climbs one rung at a time, and only to one that the last segment's rate
carries.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from abr.core import KEEP, Choice, current_or_lowest
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.startup import first_rung, starting
from abr.words import label, rate

HORIZON = 4.0  # segments
CAUTION = HORIZON**0.99
STEP = max(HORIZON, CAUTION * math.sqrt(HORIZON))
REACTION = 2.0  # times the multiplier, where the chosen rung is above the last segment's rate

Floats = npt.NDArray[np.float64]


def onto_simplex(values: Floats) -> Floats:
    """The nearest point whose parts are not negative and sum to 1 (Duchi et al., ICML 2008)."""
    falling = np.sort(values)[::-1]
    surplus = (np.cumsum(falling) - 1) / np.arange(1, len(values) + 1)
    last = int(np.flatnonzero(falling > surplus)[-1])
    projected: Floats = np.maximum(values - surplus[last], 0.0)
    return projected


class L2aCore:
    """L2A with the horizon of the paper."""

    name = "l2a"

    def __init__(self) -> None:
        self._chances: Floats = np.zeros(0)
        self._multiplier = CAUTION

    def choose(self, view: Snapshot) -> Choice:
        recent = view.estimate.recent
        if starting(view) or not recent:
            return first_rung(view)
        current = current_or_lowest(view)
        mbps = np.array([rung.bitrate_bps for rung in view.rungs]) / 1e6
        last = recent[-1]
        seen = last.size * 8e-6 / (last.body_s + last.ttfb_s)
        before = self._chances
        if len(before) != len(mbps):  # the first time, or other rungs may be chosen
            before, self._multiplier = np.zeros(len(mbps)), CAUTION
            before[current] = 1.0
        direction = np.where(mbps > seen, -1.0, 1.0)
        pull = direction * view.segment_s / (2 * STEP) * (self._multiplier + CAUTION) * mbps / seen
        self._chances = onto_simplex(before + pull)
        mean = float(self._chances @ mbps)
        self._multiplier = max(0.0, self._multiplier - view.segment_s + view.segment_s * mean / seen)
        rung = int(np.argmin(np.abs(mbps - mean)))
        if rung > current:
            rung = current + 1 if mbps[current + 1] <= seen else current
        if mbps[rung] >= seen:
            self._multiplier = REACTION * max(CAUTION, self._multiplier)
        votes = (Vote("distribution", rung, f"{rate(mean * 1e6)} in the mean, multiplier {self._multiplier:.1f}"),)
        sentence = f"Fetch {label(view.rungs[rung])}: the last segment came at {rate(seen * 1e6)}."
        return Choice(rung, Reason.THROUGHPUT_RULE, sentence, votes)

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:  # noqa: ARG002 - the paper has no abandonment
        return KEEP
