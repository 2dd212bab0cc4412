"""Throughput estimation: what the next transfer is likely to get, and how far off that expectation usually is.

Times are seconds, sizes bytes, rates bit/s. The estimator is a fold over transfer samples; it reads no clock.

What it takes care of:

* The time to first byte is kept apart from the rate of the body: small segments on a slow round trip would otherwise
  look like a slow link.
* A transfer weighs by its bytes. Both averages are a decayed sum of bytes over a decayed sum of seconds.
* Transfers that overlap (audio beside video, HTTP/2 streams) share the link. Each one is rated with all bytes that
  arrived during its seconds and weighs only with its own, so that no byte and no second counts twice.
* Answers from a cache and aborted transfers say nothing about the link and are left out. (An aborted transfer is a
  sample picked because it was slow.)
* Every transfer is compared with what had been expected of it; the spread of ``log(actual / expected)`` is the error
  scale that planning uses.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from abr.model import Estimate, NetworkMemory, TransferRate, TransferSample

FAST_HALF_LIFE_S = 3.0
SLOW_HALF_LIFE_S = 9.0
TTFB_HALF_LIFE_SAMPLES = 4.0
PRIOR_REL_ERROR = 0.5
PRIOR_ERROR_WEIGHT = 3.0
ERROR_HALF_LIFE_SAMPLES = 15.0
LOW_QUANTILE_Z = 1.2816  # the 10th percentile of a normal distribution
MEMORY_HALF_LIFE_S = 6 * 3600.0
MEMORY_WEIGHT_S = 3.0  # seconds of transfer that a fresh memory counts for
RECENT = 8
MIN_BODY_S = 1e-3  # a shorter body came out of a socket buffer: its rate is not the link's
MIN_BYTES = 1000


@dataclass(slots=True)
class _Average:
    """A mean of rates weighted by bytes that forgets with the seconds of transfer."""

    half_life_s: float
    bits: float = 0.0
    seconds: float = 0.0

    def add(self, bits: float, body_s: float, weight: float) -> None:
        keep = 0.5 ** (body_s * weight / self.half_life_s)
        # A long transfer replaces old evidence; its own seconds saturate in the same way.
        gain = self.half_life_s / math.log(2) * (1 - keep)
        self.bits = self.bits * keep + bits / body_s * gain
        self.seconds = self.seconds * keep + gain

    @property
    def bps(self) -> float | None:
        return self.bits / self.seconds if self.seconds > 0 else None


@dataclass(slots=True)
class _Counted:
    start_s: float
    end_s: float
    size: int


class ThroughputEstimator:
    """The estimator of the player and of the simulator (see :class:`abr.model.Estimator`).

    ``memory`` is what an earlier session on the same network (and, for a per-CDN estimator, the same path) learned.
    It serves as the estimate until the first transfer and as a prior of a few seconds after that, less with its
    age.
    """

    def __init__(self, memory: NetworkMemory | None = None) -> None:
        self._fast = _Average(FAST_HALF_LIFE_S)
        self._slow = _Average(SLOW_HALF_LIFE_S)
        self._memory = memory
        self._ttfb: float | None = None
        self._error_weight = PRIOR_ERROR_WEIGHT
        self._error_sum = PRIOR_ERROR_WEIGHT * PRIOR_REL_ERROR**2
        self._samples = 0
        self._recent: deque[TransferRate] = deque(maxlen=RECENT)
        self._counted: deque[_Counted] = deque(maxlen=RECENT)
        if memory is not None:
            self._take_memory(memory)

    def _take_memory(self, memory: NetworkMemory) -> None:
        trust = 0.5 ** (memory.age_s / MEMORY_HALF_LIFE_S)
        seconds = MEMORY_WEIGHT_S * trust
        if memory.mean_bps > 0 and seconds > 0:
            for average in (self._fast, self._slow):
                average.bits, average.seconds = memory.mean_bps * seconds, seconds
        error = math.hypot(memory.rel_error, PRIOR_REL_ERROR * (1 - trust))
        self._error_sum = self._error_weight * error**2

    def observe(self, sample: TransferSample) -> None:
        """Take a finished transfer into account. Cached, aborted and nearly empty ones are ignored."""
        if sample.cached or sample.aborted or sample.size < MIN_BYTES:
            return
        body_s = max(sample.end_s - sample.first_byte_s, MIN_BODY_S)
        shared = sum(_overlap_bytes(other, sample.first_byte_s, sample.end_s) for other in self._counted)
        self._counted.append(_Counted(sample.first_byte_s, sample.end_s, sample.size))
        bits = (sample.size + shared) * 8.0
        weight = sample.size / (sample.size + shared)
        expected = self._expected()
        if expected is not None:
            self._learn_error(math.log(bits / body_s / expected), weight)
        self._fast.add(bits, body_s, weight)
        self._slow.add(bits, body_s, weight)
        ttfb = max(sample.first_byte_s - sample.start_s, 0.0)
        if not sample.connection_setup or self._ttfb is None:
            self._learn_ttfb(ttfb)
        self._samples += 1
        self._recent.append(TransferRate(int(sample.size + shared), body_s, ttfb))

    def _learn_error(self, log_error: float, weight: float) -> None:
        keep = 0.5 ** (weight / ERROR_HALF_LIFE_SAMPLES)
        self._error_sum = self._error_sum * keep + weight * log_error**2
        self._error_weight = self._error_weight * keep + weight

    def _learn_ttfb(self, ttfb: float) -> None:
        keep = 0.5 ** (1 / TTFB_HALF_LIFE_SAMPLES) if self._ttfb is not None else 0.0
        self._ttfb = keep * (self._ttfb or 0.0) + (1 - keep) * ttfb

    def _expected(self) -> float | None:
        fast, slow = self._fast.bps, self._slow.bps
        return None if fast is None or slow is None else min(fast, slow)

    def estimate(self, now_s: float) -> Estimate:  # noqa: ARG002 - time is part of the interface
        """The expectation for a transfer that would start at ``now_s``."""
        mean = self._expected()
        if mean is None:
            return Estimate()
        error = math.sqrt(self._error_sum / self._error_weight)
        remembered = self._samples == 0 and self._memory is not None
        ttfb = self._ttfb
        if ttfb is None:
            ttfb = self._memory.ttfb_s if self._memory else 0.0
        return Estimate(
            mean_bps=mean,
            low_bps=mean * math.exp(-LOW_QUANTILE_Z * error),
            fast_bps=self._fast.bps,
            slow_bps=self._slow.bps,
            rel_error=error,
            ttfb_s=ttfb,
            samples=self._samples,
            remembered=remembered,
            age_s=self._memory.age_s if remembered and self._memory else 0.0,
            recent=tuple(self._recent),
        )

    def memory(self, now_s: float) -> NetworkMemory | None:
        """What is worth remembering of this network; None when nothing was measured in this session."""
        estimate = self.estimate(now_s)
        if not self._samples or estimate.slow_bps is None:
            return None
        return NetworkMemory(mean_bps=estimate.slow_bps, rel_error=estimate.rel_error, ttfb_s=estimate.ttfb_s)


def _overlap_bytes(other: _Counted, start_s: float, end_s: float) -> float:
    """Bytes of ``other`` that arrived between ``start_s`` and ``end_s``, its rate taken as constant."""
    shared = min(other.end_s, end_s) - max(other.start_s, start_s)
    duration = other.end_s - other.start_s
    return other.size * shared / duration if shared > 0 and duration > 0 else 0.0
