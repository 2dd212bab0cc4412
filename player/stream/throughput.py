"""What the network gives, estimated for each CDN by itself: a fast one says nothing about the one that follows it."""

from __future__ import annotations

from collections.abc import Callable

from abr.estimator import ThroughputEstimator
from abr.model import Estimate, NetworkMemory, TransferSample


class Throughput:
    """One estimator per pathway. ``current`` tells which pathway is in use.

    Until a pathway has delivered something, the one that was in use before it stands for it.
    """

    def __init__(self, memory: NetworkMemory | None, current: Callable[[], str | None]) -> None:
        self._memory = memory
        self._current = current
        self._estimators: dict[str, ThroughputEstimator] = {}
        self._last = ThroughputEstimator(memory)  # of the pathway that delivered last

    def observe(self, sample: TransferSample) -> None:
        """A transfer has ended."""
        known = self._estimators.get(sample.path)
        if known is None:
            # What is remembered of earlier sessions was learned over the first pathway.
            known = self._estimators[sample.path] = ThroughputEstimator(None if self._estimators else self._memory)
        known.observe(sample)
        self._last = known

    def estimate(self, now_s: float) -> Estimate:
        """The expectation for a transfer that starts now."""
        own = self._estimators.get(self._current() or "")
        found = Estimate() if own is None else own.estimate(now_s)
        return found if found.mean_bps is not None else self._last.estimate(now_s)
