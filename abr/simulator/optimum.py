"""The clairvoyant optimum: the best that any policy could have done on a trace known in full.

Forward dynamic programming over exactly simulated partial sessions. A label is (time, waiting so far, objective so
far, last rung); buffer and future follow from it. Labels are pruned within a time bin per rung, keeping the best
ones for three prices of time. So the result is achievable, and at most the width of a bin below the true optimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from abr.core import KEEP, Choice
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.simulator.formats import Ladder, Trace
from abr.words import label

BIN_S = 0.25
PRICES = (0.0, 0.5, 1.0)  # of time, in units of the stall cost

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class _Link:
    """A trace's arithmetic over whole arrays."""

    def __init__(self, trace: Trace) -> None:
        self.round_s, self.round_bits = trace.duration_s, trace.sums[-1]
        self.starts, self.sums = np.array(trace.starts_s), np.array(trace.sums)
        self.rates = np.array([bps for _, bps, _ in trace.periods])
        self.latencies = np.array([latency for _, _, latency in trace.periods])

    def _index(self, inside: Floats) -> Integers:
        return np.clip(np.searchsorted(self.starts, inside, side="right") - 1, 0, len(self.rates) - 1)

    def first_byte_s(self, at: Floats) -> Floats:
        inside = at - np.floor(at / self.round_s) * self.round_s
        first: Floats = at + self.latencies[self._index(inside)]
        return first

    def finish_s(self, at: Floats, bits: Floats) -> Floats:
        rounds = np.floor(at / self.round_s)
        inside = at - rounds * self.round_s
        index = self._index(inside)
        target = (
            rounds * self.round_bits + self.sums[index] + self.rates[index] * (inside - self.starts[index]) + bits
        )
        rounds = np.floor(target / self.round_bits)
        rest = target - rounds * self.round_bits
        seam = rest <= 0
        rounds, rest = rounds - seam, np.where(seam, self.round_bits, rest)
        index = np.maximum(np.searchsorted(self.sums, rest, side="left") - 1, 0)
        finish: Floats = rounds * self.round_s + self.starts[index] + (rest - self.sums[index]) / self.rates[index]
        return finish


@dataclass(slots=True)
class _Labels:
    """Partial sessions after the same number of segments, as columns."""

    time: Floats
    waited: Floats
    value: Floats
    rung: Integers
    parent: Integers


def optimum_rungs(ladder: Ladder, trace: Trace, buffer_max_s: float = 30.0, *, bin_s: float = BIN_S) -> list[int]:
    """The rungs of the best session on ``trace`` (linear QoE, start-up charged as a stall)."""
    quality, segment_s = np.array(ladder.mbps), ladder.segment_s
    sizes = np.array(ladder.sizes, dtype=float) * 8
    link, cap, cost = _Link(trace), buffer_max_s - segment_s, float(quality[-1])
    count = len(quality)
    start = link.first_byte_s(np.zeros(count))
    time = link.finish_s(start, sizes[0])
    labels = _Labels(time, time.copy(), quality - cost * time, np.arange(count), np.full(count, -1))
    history = [(labels.rung, labels.parent)]
    for segment in range(1, ladder.segments):
        # buffer = segment * T + waited - time, and a request waits until it is at most the cap
        begin = np.maximum(labels.time, segment * segment_s + labels.waited - cap)
        ends = link.finish_s(np.repeat(link.first_byte_s(begin), count), np.tile(sizes[segment], len(begin)))
        waited = np.maximum(np.repeat(labels.waited, count), ends - segment * segment_s)
        rung = np.tile(np.arange(count), len(begin))
        before = np.repeat(labels.rung, count)
        value = (
            np.repeat(labels.value, count)
            + quality[rung]
            - np.abs(quality[rung] - quality[before])
            - cost * (waited - np.repeat(labels.waited, count))
        )
        grown = _Labels(ends, waited, value, rung, np.repeat(np.arange(len(begin)), count))
        labels = _prune(grown, cost, bin_s, (buffer_max_s + 2 * segment_s) * 2)
        history.append((labels.rung, labels.parent))
    best = int(np.argmax(labels.value))
    rungs = []
    for rungs_then, parents in reversed(history):
        rungs.append(int(rungs_then[best]))
        best = int(parents[best])
    return rungs[::-1]


def _prune(labels: _Labels, cost: float, bin_s: float, slack_s: float) -> _Labels:
    """The labels that are best in their bin for one of the prices; those far behind the earliest cannot recover."""
    earliest = labels.time.min()
    bins = ((labels.time - earliest) / bin_s).astype(np.int64)
    keys = labels.rung * 1_000_000 + bins
    near = np.flatnonzero(labels.time <= earliest + slack_s)
    kept = []
    for price in PRICES:
        worth = (labels.value + price * cost * labels.waited)[near]
        order = near[np.lexsort((-worth, keys[near]))]
        first = np.ones(len(order), dtype=bool)
        first[1:] = keys[order][1:] != keys[order][:-1]
        kept.append(order[first])
    keep = np.unique(np.concatenate(kept))
    return _Labels(labels.time[keep], labels.waited[keep], labels.value[keep], labels.rung[keep], labels.parent[keep])


class ScriptedCore:
    """Fetches given rungs one after the other: how the optimum, or a recorded session, is played in the simulator."""

    def __init__(self, rungs: list[int], name: str = "optimum") -> None:
        self.name = name
        self._rungs = rungs

    def choose(self, view: Snapshot) -> Choice:
        rung = min(self._rungs[min(view.segments_fetched, len(self._rungs) - 1)], len(view.rungs) - 1)
        sentence = f"Fetch {label(view.rungs[rung])}, as the script says."
        return Choice(
            rung, Reason.OPTIMUM_PLAN, sentence, (Vote("script", rung, f"segment {view.segments_fetched}"),)
        )

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:  # noqa: ARG002 - a script is never given up
        return KEEP
