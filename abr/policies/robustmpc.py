"""RobustMPC: exhaustive search over the next five segments at a rate lowered by the worst recent error.

Source: Yin, Jindal, Sekar, Sinopoli, "A Control-Theoretic Approach for Dynamic Adaptive Video Streaming over HTTP",
SIGCOMM 2015, sections 4.2 (MPC) and 5.1 (robust MPC). The rate is the harmonic mean of the last five, over 1 + the
largest relative error of the last five predictions. The objective is bitrate less switches less stalls, each second
at the top bitrate.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from abr.core import KEEP, Choice, segment_bits
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, TransferRate, Vote
from abr.startup import first_rung, starting
from abr.words import label, rate

HORIZON = 5
HISTORY = 5


def observed_bps(transfer: TransferRate) -> float:
    """The rate as the paper counts it: the latency is part of the download time."""
    return transfer.size * 8.0 / (transfer.body_s + transfer.ttfb_s)


def harmonic_mean_bps(recent: tuple[TransferRate, ...]) -> float:
    """The harmonic mean of the last five observed rates."""
    rates = [observed_bps(each) for each in recent[-HISTORY:]]
    return len(rates) / sum(1 / each for each in rates)


def best_plan(view: Snapshot, bps: float, horizon: int = HORIZON) -> tuple[int, float]:
    """The first rung of the best plan of ``horizon`` segments at a constant rate, and the plan's value in Mbit/s.

    The search is exhaustive in effect: of all plans that end in the same rung with at least as much buffer, only
    the ones that no other dominates in value are followed further.
    """
    quality = np.array([rung.bitrate_bps / 1e6 for rung in view.rungs])
    stall_cost, cap = float(quality[-1]), view.buffer_max_s - view.segment_s
    count = len(quality)
    if view.remaining_s is not None:
        horizon = max(1, min(horizon, round(view.remaining_s / view.segment_s)))
    value, buffers = np.zeros(1), np.array([view.buffer_s])
    first = np.full(1, -1)
    last = np.array([view.current if view.current is not None else 0])
    charged = view.current is not None
    for step in range(horizon):
        seconds = np.array([segment_bits(view, step, rung) for rung in range(count)]) / bps
        after = np.minimum(buffers, cap)[:, None] - seconds[None, :]
        gain = quality[None, :] - stall_cost * np.maximum(-after, 0.0)
        if step or charged:
            gain = gain - np.abs(quality[None, :] - quality[last][:, None])
        value = (value[:, None] + gain).ravel()
        buffers = (np.maximum(after, 0.0) + view.segment_s).ravel()
        first = np.repeat(first, count) if step else np.arange(count)
        last = np.tile(np.arange(count), len(last))
        keep = _undominated(value, buffers, last)
        value, buffers, first, last = value[keep], buffers[keep], first[keep], last[keep]
    best = int(np.argmax(value))
    return int(first[best]), float(value[best])


def _undominated(
    value: np.ndarray[tuple[int], np.dtype[np.float64]],
    buffers: np.ndarray[tuple[int], np.dtype[np.float64]],
    last: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Indices of the plans that are not matched in both value and buffer by another with the same last rung."""
    order = np.lexsort((-buffers, -value, last))
    # Within a rung, by falling value, only those with more buffer than all before them count. The offset keeps the
    # running maximum of one rung below every buffer of the next.
    ranked = buffers[order] + last[order] * (float(buffers.max()) + 1.0)
    most = np.maximum.accumulate(ranked)
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = ranked[1:] > most[:-1]
    kept: np.ndarray[tuple[int], np.dtype[np.int64]] = order[fresh]
    return kept


class RobustMpcCore:
    """RobustMPC with a horizon of five segments."""

    name = "robustmpc"

    def __init__(self) -> None:
        self._predicted: float | None = None
        self._errors: deque[float] = deque(maxlen=HISTORY)
        self._seen = 0

    def choose(self, view: Snapshot) -> Choice:
        recent = view.estimate.recent
        if starting(view) or not recent:
            return first_rung(view)
        if self._predicted is not None and view.estimate.samples != self._seen:
            actual = observed_bps(recent[-1])
            self._errors.append(abs(self._predicted - actual) / actual)
        self._seen = view.estimate.samples
        self._predicted = harmonic_mean_bps(recent)
        worst = max(self._errors, default=0.0)
        safe = self._predicted / (1 + worst)
        rung, value = best_plan(view, safe)
        votes = (
            Vote("mpc", rung, f"value {value:.2f} over {HORIZON} segments at {rate(safe)}"),
            Vote("harmonic mean", None, f"{rate(self._predicted)}, largest recent error {worst:.0%}"),
        )
        sentence = f"Fetch {label(view.rungs[rung])}: the best plan for the next segments at {rate(safe)}."
        return Choice(rung, Reason.OPTIMUM_PLAN, sentence, votes)

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:  # noqa: ARG002 - the paper has no abandonment
        return KEEP
