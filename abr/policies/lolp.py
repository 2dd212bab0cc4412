"""LoL+: a self-organising map for short buffers, as low-latency live streaming has them.

Source: Bentaleb, Akcay, Lim, Begen, Zimmermann, "Catching the Moment with LoL+ in Twitch-Like Low-Latency Live
Streaming Platforms", IEEE Transactions on Multimedia, 2022. Each rung is a neuron with a state: throughput, latency,
stall, change. What the last segment brought moves the neuron of its rung and, less, those near it. The policy fetches
the rung whose neuron is nearest to the ideal: the throughput measured, and nothing of the rest. The parts of the
distance weigh what a greedy look one segment ahead finds best. The control of the playback speed is left out.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from abr.core import KEEP, Choice, cautious_bps, current_or_lowest
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.startup import first_rung, starting
from abr.words import label, rate

LEARNING = 0.01  # of the way to what was seen
NEIGHBOURHOOD = 0.1  # standard deviation of the distance at which a neuron learns with another
LATENCY_SCALE_S = 100.0
LEAST_BUFFER_S = 0.5  # that a choice should leave

Floats = npt.NDArray[np.float64]
_WEIGHTS = np.array(list(product((0.2, 0.4, 0.6, 0.8, 1.0), repeat=4)))  # of throughput, latency, stall, change


class LolPlusCore:
    """LoL+ with the parameters of the paper."""

    name = "lolp"

    def __init__(self) -> None:
        self._states: Floats = np.zeros((0, 4))

    def choose(self, view: Snapshot) -> Choice:
        bps = cautious_bps(view)
        if starting(view) or bps is None:
            return first_rung(view)
        current = current_or_lowest(view)
        mbps = np.array([rung.bitrate_bps for rung in view.rungs]) / 1e6
        unit = float(np.linalg.norm(mbps))
        if len(self._states) != len(mbps):  # the first time, or other rungs may be chosen
            self._states = np.column_stack([mbps / unit, np.zeros((len(mbps), 3))])
        late_s = 0.0 if view.live is None else view.live.latency_s
        seen = min(bps / 1e6 / unit, float(self._states[:, 0].max()))
        needs_s = mbps * 1e6 * view.segment_s / bps
        stalls_s = np.maximum(needs_s - view.buffer_s, 0.0)
        self._learn(current, np.array([seen, late_s / LATENCY_SCALE_S, stalls_s[current], 0.0]))
        states = self._states.copy()
        states[:, 3] = np.abs(mbps - mbps[current]) / unit
        safe = (needs_s <= view.buffer_s - LEAST_BUFFER_S) & (mbps * 1e6 <= bps)
        safe[0] = True
        weights = _weights(mbps, states, stalls_s, safe, view.segment_s)
        distance = np.sqrt((weights * (states - np.array([seen, 0.0, 0.0, 0.0])) ** 2).sum(axis=1))
        rung = int(np.argmin(np.where(safe, distance, np.inf)))
        votes = (Vote("map", rung, f"{distance[rung]:.2f} from the ideal of {rate(bps)}"),)
        return Choice(rung, Reason.THROUGHPUT_RULE, f"Fetch {label(view.rungs[rung])}: nearest to the ideal.", votes)

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:  # noqa: ARG002 - the paper has no abandonment
        return KEEP

    def _learn(self, rung: int, seen: Floats) -> None:
        distance = np.linalg.norm(self._states - self._states[rung], axis=1)
        near = np.exp(-(distance**2) / (2 * NEIGHBOURHOOD**2))
        self._states += LEARNING * near[:, None] * (seen - self._states)


def _weights(mbps: Floats, states: Floats, stalls_s: Floats, safe: npt.NDArray[np.bool_], segment_s: float) -> Floats:
    """The weights with which the best rung one segment ahead is worth the most."""
    lost = _WEIGHTS[:, 2:3] * mbps[-1] * stalls_s + _WEIGHTS[:, 1:2] * mbps[-1] * states[:, 1]
    worth = np.where(safe, mbps * segment_s - lost - mbps[-1] * states[:, 3] * _WEIGHTS[:, 3:4], -np.inf)
    best: Floats = _WEIGHTS[int(np.argmax(worth.max(axis=1)))]
    return best
