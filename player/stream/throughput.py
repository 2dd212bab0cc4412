"""What the network gives, estimated for each CDN by itself: a fast one says nothing about the one that follows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from abr.estimator import ThroughputEstimator
from abr.first_look import FirstLook
from abr.model import Estimate, NetworkMemory, TransferSample
from abr.startup import trusted_bps

Recall = Callable[[str], NetworkMemory | None]


def _nothing(_pathway: str) -> None:
    return None


class Throughput:
    """One estimator per pathway. ``current`` tells which pathway is in use, ``recall`` what an earlier playback
    learned of one.

    Until a pathway has delivered something, the one that was in use before it stands for it, and before anything is
    delivered at all, what is remembered of it.
    """

    def __init__(self, recall: Recall | None, current: Callable[[], str | None]) -> None:
        self._recall = recall or _nothing
        self._current = current
        self._estimators: dict[str, ThroughputEstimator] = {}
        self._looks: dict[str, FirstLook] = {}
        self._last: ThroughputEstimator | None = None  # of the pathway that delivered last

    def observe(self, sample: TransferSample) -> None:
        """A transfer has ended."""
        known = self._last = self._of(sample.path)
        known.observe(sample)

    def glimpsed(self, pathway: str, size: int, body_s: float) -> None:
        """A manifest, a playlist or the like has come: it tells something of the link before any media does."""
        self._looks.setdefault(pathway, FirstLook()).add(size, body_s)

    def estimate(self, now_s: float) -> Estimate:
        """The expectation for a transfer that starts now."""
        current = self._current()
        found = self._expected(current, now_s)
        look = self._looks.get(current) if current else None
        if look is None or trusted_bps(found) is not None:
            return found
        return replace(found, shown_bps=look.bps)

    def _expected(self, current: str | None, now_s: float) -> Estimate:
        found = self._of(current).estimate(now_s) if current else Estimate()
        if found.samples or self._last is None:
            return found
        last = self._last.estimate(now_s)
        return last if last.mean_bps is not None else found

    def mean_bps(self, now_s: float) -> float | None:
        """What a transfer that starts now may expect, in bit/s; None while nothing is known."""
        return self.estimate(now_s).mean_bps

    def memory(self, now_s: float) -> dict[str, NetworkMemory]:
        """What is worth remembering, by pathway."""
        learned = {pathway: known.memory(now_s) for pathway, known in self._estimators.items() if pathway}
        return {pathway: memory for pathway, memory in learned.items() if memory is not None}

    def _of(self, pathway: str) -> ThroughputEstimator:
        known = self._estimators.get(pathway)
        if known is None:
            known = self._estimators[pathway] = ThroughputEstimator(self._recall(pathway))
        return known
