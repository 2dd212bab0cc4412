"""Throughput estimation: what the next transfer is likely to get, and how far off that expectation usually is.

Times are seconds, sizes bytes, rates bit/s. The estimator is a fold over transfer samples; it reads no clock.

What it takes care of:

* The time to first byte is kept apart from the rate of the body: small segments on a slow round trip would otherwise
  look like a slow link.
* Networks differ in how much one transfer says about the next: a Wi-Fi link flickers around a steady mean, a mobile
  one drifts, a shared one jumps and stays. So several averages of the logarithm of the rate run side by side, from
  slow to fast. Each is scored by how well it foretold the mean of the next two transfers, and the expectation is
  their mixture by score. The mixture's own speed is the estimate's ``gain``.
* The published policies want plain averages with half-lives of 3 and 8 s, weighted by bytes: ``fast_bps``,
  ``slow_bps``.
* Transfers that overlap (audio beside video, HTTP/2 streams) share the link. Each one is rated with all bytes that
  arrived during its seconds and weighs only with its own, so that no byte and no second counts twice. The player
  counts those bytes; without its counts the other transfers are assumed to have an even rate. A small transfer within
  a larger one (audio during video) adds no information and is left out.
* Answers from a cache and aborted transfers say nothing about the link and are left out. (An aborted transfer is a
  sample picked because it was slow.) Tiny ones weigh little.
* A transfer that stands still for a while, on a link that then is as before, met an outage: a tunnel, a lift. How
  often that happens in the session is a chance of its own, beside the error of the expectation.
* Every transfer is compared with what had been expected of it; the spread of ``log(actual / expected)`` is the error
  scale that planning uses.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace

from abr.model import Estimate, NetworkMemory, TransferRate, TransferSample
from abr.regime import steadiness

FAST_HALF_LIFE_S = 3.0
SLOW_HALF_LIFE_S = 8.0
TTFB_HALF_LIFE_SAMPLES = 4.0

GAINS = (0.04, 0.08, 0.15, 0.3, 0.55, 0.9)  # share of a surprise that each of the averages follows
FIRST_WEIGHT = 0.3  # of a session's first transfer: it is small, and begins with the slow start of its connection
SCORE_SPAN = 2  # transfers whose mean an average has to foretell
SCORE_KEEP = 0.98  # of the past score, at each transfer
SCORE_SHARPNESS = 2.0  # how strongly a better score is preferred

PRIOR_REL_ERROR = 0.35
PRIOR_ERROR_WEIGHT = 4.0  # transfers that the prior counts for
ERROR_KEEP = 0.95
MAX_LOG_ERROR = 1.0  # a larger surprise counts as this much: one outage must not frighten for minutes

OUTAGE_DELAY_S = 8.0  # a transfer this much later than expected may have met an outage ...
OUTAGE_BACK_LOG = 0.3  # ... and did, when the next one comes at nearly the rate from before
OUTAGE_WEIGHT = 1.5  # where there was one there are likely more
PRIOR_OUTAGE_TRANSFERS = 40.0  # without an outage, taken to precede the session
MAX_OUTAGE_CHANCE = 0.5

LASTING_S = 3.0  # a body that takes this long tells how far the link falls
SLUMP_FADES = 0.01  # of the rate of a slump, up, with each transfer after it

LOW_QUANTILE_Z = 1.2816  # the 10th percentile of a normal distribution
MEMORY_HALF_LIFE_S = 6 * 3600.0
MEMORY_TRANSFERS = 200.0  # the share of outages is remembered of so many transfers at most
MEMORY_WEIGHT_S = 3.0  # seconds of transfer that a fresh memory counts for
RECENT = 8
CHANGE_LOG = 0.2  # a rate this far from the last one's, as a logarithm, has changed
CHANGE_KEEP = 0.97
PRIOR_CHANGES = 4.0  # so many changes, in as many transfers, are taken to precede the session
TELLING_WEIGHT = 0.3  # a transfer that weighs less (a little sound that came at once) does not tell by itself
MAX_PENDING = 6  # transfers counted provisionally: some sound may come and go while a segment of the picture runs
MIN_BODY_S = 1e-3  # a shorter body came out of a socket buffer: its rate is not the link's
MIN_BYTES = 1000
COVERED = 0.5  # of a transfer's seconds, in which larger ones ran beside it: those tell of the link, it does not
FULL_WEIGHT_S = 0.5  # a body that lasts this long ...
FULL_WEIGHT_BYTES = 250_000  # ... or is this large counts fully


@dataclass(slots=True)
class _Average:
    """A mean of rates weighted by bytes that forgets with the seconds of transfer."""

    half_life_s: float
    bits: float = 0.0
    seconds: float = 0.0

    def add(self, bps: float, body_s: float) -> None:
        keep = 0.5 ** (body_s / self.half_life_s)
        # A long transfer replaces the old evidence; its own seconds saturate in the same way.
        gain = self.half_life_s / math.log(2) * (1 - keep)
        self.bits = self.bits * keep + bps * gain
        self.seconds = self.seconds * keep + gain

    @property
    def bps(self) -> float | None:
        return self.bits / self.seconds if self.seconds > 0 else None


class _Scores:
    """How well averages foretold the mean of the next ``span`` transfers."""

    def __init__(self, span: int, averages: int) -> None:
        self._span = span
        self._misses = [0.0] * averages
        self._past: deque[tuple[float, list[float]]] = deque(maxlen=span)  # (log rate, levels before it)

    def copy(self) -> _Scores:
        """One that goes on by itself."""
        made = copy(self)
        made._misses, made._past = list(self._misses), self._past.copy()  # noqa: SLF001
        return made

    def add(self, log_rate: float, weight: float, levels: Sequence[float]) -> None:
        """A transfer of ``log_rate``, before which the averages stood at ``levels``."""
        self._past.append((log_rate, list(levels)))
        if len(self._past) < self._span:
            return
        mean = sum(rate for rate, _ in self._past) / self._span
        for index, level in enumerate(self._past[0][1]):
            miss = min(abs(mean - level), MAX_LOG_ERROR) * weight
            self._misses[index] = self._misses[index] * SCORE_KEEP**weight + miss

    def shares(self) -> list[float]:
        """What each of the averages counts for in a mixture; 1 together."""
        best = min(self._misses)
        weights = [math.exp(SCORE_SHARPNESS * (best - miss)) for miss in self._misses]
        total = sum(weights)
        return [weight / total for weight in weights]


class _Mixture:
    """Averages of ``log(rate)`` of several speeds, mixed by how well they foretold the last transfers.

    ``level`` is for the next transfer and ``usual`` the slowest average, both logarithms; ``gain`` is the mixture's
    own speed. No average follows more slowly than the mean of all transfers would: else the slow ones would stay
    where the first transfer happened to put them.
    """

    def __init__(self, gains: Sequence[float] = GAINS) -> None:
        self._gains = tuple(gains)
        self._levels: list[float] = []
        self._seen = 0.0  # transfers that the levels rest on, by weight
        self._next = _Scores(SCORE_SPAN, len(self._gains))
        self.level = self.usual = 0.0
        self.gain = 0.5

    def copy(self) -> _Mixture:
        """One that goes on by itself."""
        made = copy(self)
        made._levels = list(self._levels)  # noqa: SLF001
        made._next = self._next.copy()  # noqa: SLF001
        return made

    @property
    def empty(self) -> bool:
        return not self._levels

    def begin(self, log_rate: float, weight: float) -> None:
        """The first knowledge: every average starts there. It counts for ``weight`` transfers."""
        self._levels = [log_rate] * len(self._gains)
        self._seen = weight
        self.level = self.usual = log_rate

    def add(self, log_rate: float, weight: float) -> None:
        """Follow a transfer; ``weight`` 1 is a full one."""
        self._next.add(log_rate, weight, self._levels)
        self._seen += weight
        share = weight / self._seen  # of the mean of all
        for index, gain in enumerate(self._gains):
            self._levels[index] += max(1 - (1 - gain) ** weight, share) * (log_rate - self._levels[index])
        shares = self._next.shares()
        self.level = _weighted(shares, self._levels)
        self.gain = _weighted(shares, [max(gain, 1 / (self._seen + 1)) for gain in self._gains])
        self.usual = self._levels[0]


def _weighted(shares: Sequence[float], values: Sequence[float]) -> float:
    return sum(share * value for share, value in zip(shares, values, strict=True))


@dataclass(slots=True)
class _Little:
    """Transfers that tell too little of the link's rate each, since the last one that told."""

    weight: float = 0.0
    count: int = 0
    size: int = 0
    body_s: float = 0.0
    ttfb_s: float = 0.0

    def add(self, transfer: TransferRate, weight: float) -> None:
        self.weight, self.count = self.weight + weight, self.count + 1
        self.size += transfer.size
        self.body_s += transfer.body_s
        self.ttfb_s += transfer.ttfb_s

    def mean(self) -> TransferRate:
        """One in place of all."""
        return TransferRate(self.size // self.count, self.body_s / self.count, self.ttfb_s / self.count)


@dataclass(slots=True)
class _Learned:
    """What the transfers counted so far have taught."""

    fast: _Average
    slow: _Average
    mixture: _Mixture
    error_weight: float
    error_sum: float
    ttfb_s: float | None = None
    samples: int = 0
    measured: int = 0
    recent: tuple[TransferRate, ...] = ()
    little: _Little = field(default_factory=_Little)
    changes: float = PRIOR_CHANGES
    changeable: float = PRIOR_CHANGES  # transfers that could have been changes
    outages: float = 0.0
    outage_transfers: float = PRIOR_OUTAGE_TRANSFERS
    slump: float | None = None  # the lowest log(rate) of a transfer that lasted; it fades
    before_delay: float | None = None  # the expected log(rate) before a transfer that came far too late

    @classmethod
    def nothing(cls) -> _Learned:
        fast, slow = _Average(FAST_HALF_LIFE_S), _Average(SLOW_HALF_LIFE_S)
        return cls(fast, slow, _Mixture(), PRIOR_ERROR_WEIGHT, PRIOR_ERROR_WEIGHT * PRIOR_REL_ERROR**2)

    def copy(self) -> _Learned:
        """One that learns on by itself."""
        return replace(
            self,
            fast=replace(self.fast),
            slow=replace(self.slow),
            mixture=self.mixture.copy(),
            little=replace(self.little),
        )

    @property
    def rel_error(self) -> float:
        return math.sqrt(self.error_sum / self.error_weight)

    def remember(self, memory: NetworkMemory) -> None:
        """Begin with what an earlier session learned."""
        trust = 0.5 ** (memory.age_s / MEMORY_HALF_LIFE_S)
        for average in (self.fast, self.slow):
            average.seconds = max(MEMORY_WEIGHT_S * trust, 1e-6)
            average.bits = memory.mean_bps * average.seconds
        self.mixture.begin(math.log(memory.mean_bps), trust / min(GAINS))
        error = math.hypot(memory.rel_error, PRIOR_REL_ERROR * (1 - trust))
        self.error_sum = self.error_weight * error**2
        self.outages = memory.outages * trust
        self.outage_transfers += memory.transfers * trust

    def count(self, sample: TransferSample, shared: float) -> None:
        """Learn from a transfer during which other transfers received ``shared`` bytes."""
        body_s = max(sample.end_s - sample.first_byte_s, MIN_BODY_S)
        total = sample.size + shared
        bps = total * 8.0 / body_s
        own = sample.size / total
        weight = own * min(1.0, max(body_s / FULL_WEIGHT_S, sample.size / FULL_WEIGHT_BYTES))
        self._watch_outage(math.log(bps), weight, body_s)
        self._watch_slump(math.log(bps), weight, body_s)
        self._follow(math.log(bps), weight)
        self.fast.add(bps, body_s * own)
        self.slow.add(bps, body_s * own)
        ttfb = max(sample.first_byte_s - sample.start_s, 0.0)
        if not sample.connection_setup or self.ttfb_s is None:
            keep = 0.0 if self.ttfb_s is None else 0.5 ** (1 / TTFB_HALF_LIFE_SAMPLES)
            self.ttfb_s = keep * (self.ttfb_s or 0.0) + (1 - keep) * ttfb
        self.samples += 1
        self.measured += int(total)
        self._tell(TransferRate(int(total), body_s, ttfb), weight)

    def _tell(self, transfer: TransferRate, weight: float) -> None:
        """Add a transfer to the recent rates if it is long enough to show the link's rate.

        Shorter ones are collected and added as one. Otherwise the lowest rung would never show that a link is fast.
        """
        if weight < TELLING_WEIGHT:
            self.little.add(transfer, weight)
            if self.little.weight < TELLING_WEIGHT:
                return
            transfer = self.little.mean()
        self.little = _Little()
        self._watch_changes(transfer.size * 8.0 / transfer.body_s)
        self.recent = (*self.recent, transfer)[-RECENT:]

    def _watch_changes(self, bps: float) -> None:
        """Count how often the rate is another than just before: on a flickering link nearly always, on one that keeps
        a rate for minutes and then jumps hardly ever."""
        if not self.recent:
            return
        last = self.recent[-1]
        changed = abs(math.log(bps * last.body_s / (last.size * 8.0))) > CHANGE_LOG
        self.changes = self.changes * CHANGE_KEEP + changed
        self.changeable = self.changeable * CHANGE_KEEP + 1

    def _watch_outage(self, log_rate: float, weight: float, body_s: float) -> None:
        """Count transfers that stood still for a while on a link that then was as before. (One that is slow and stays
        slow met a new regime, which the averages follow.)"""
        if self.mixture.empty:
            return
        self.outage_transfers += weight
        if self.before_delay is not None and log_rate > self.before_delay - OUTAGE_BACK_LOG:
            self.outages += OUTAGE_WEIGHT
        delay_s = body_s * (1 - math.exp(min(log_rate - self.mixture.level, 0.0)))
        self.before_delay = self.mixture.level if delay_s > OUTAGE_DELAY_S else None

    def _watch_slump(self, log_rate: float, weight: float, body_s: float) -> None:
        """Remember how far the link has fallen for a while."""
        if self.slump is not None:
            self.slump += SLUMP_FADES * weight
        if body_s >= LASTING_S and (self.slump is None or log_rate < self.slump):
            self.slump = log_rate

    def _follow(self, log_rate: float, weight: float) -> None:
        if self.mixture.empty:
            self.mixture.begin(log_rate, FIRST_WEIGHT * weight)
            return
        error = min(abs(log_rate - self.mixture.level), MAX_LOG_ERROR)
        keep = ERROR_KEEP**weight
        self.error_sum = self.error_sum * keep + weight * error**2
        self.error_weight = self.error_weight * keep + weight
        self.mixture.add(log_rate, weight)


class ThroughputEstimator:
    """The estimator of the player and of the simulator (see :class:`abr.model.Estimator`).

    ``memory`` is what an earlier session on the same network (and, for a per-CDN estimator, the same path) learned.
    It serves as the estimate until the first transfer and as a prior of a few seconds after that, less with its
    age.

    A transfer that ends while another is still running looks slower than the link where the bytes of the other were
    not counted. The last few are therefore counted provisionally, and finally only when what overlapped them has most
    likely ended too.
    """

    def __init__(self, memory: NetworkMemory | None = None) -> None:
        self._memory = memory if memory is not None and memory.mean_bps > 0 else None
        self._settled = _Learned.nothing()
        if self._memory is not None:
            self._settled.remember(self._memory)
        self._pending: list[TransferSample] = []
        self._before: deque[TransferSample] = deque(maxlen=MAX_PENDING)  # the last settled ones: they may overlap too
        self._provisional: _Learned | None = None
        self._estimate: Estimate | None = None  # what follows from it

    def observe(self, sample: TransferSample) -> None:
        """Take a finished transfer into account. Cached, aborted and nearly empty ones are ignored."""
        if sample.cached or sample.aborted or sample.size < MIN_BYTES:
            return
        self._provisional = self._estimate = None
        if len(self._pending) >= MAX_PENDING:
            oldest = self._pending.pop(0)
            self._count(self._settled, oldest, [*self._pending, sample])
            self._before.append(oldest)
        self._pending.append(sample)

    def _count(self, learned: _Learned, sample: TransferSample, later: Sequence[TransferSample]) -> None:
        others = [other for other in (*self._before, *later) if other is not sample]
        if _covered(sample, [other for other in others if other.size > sample.size]) >= COVERED:
            return
        shared: float | None = sample.beside
        if shared is None:
            shared = sum(_overlap_bytes(other, sample.first_byte_s, sample.end_s) for other in others)
        learned.count(sample, shared)

    def _now(self) -> _Learned:
        """The settled knowledge with the pending transfers on top."""
        if self._provisional is None:
            self._provisional = self._settled.copy()
            for sample in self._pending:
                self._count(self._provisional, sample, self._pending)
        return self._provisional

    def estimate(self, now_s: float) -> Estimate:  # noqa: ARG002 - time is part of the interface
        """The expectation for a transfer that would start at ``now_s``."""
        if self._estimate is None:
            self._estimate = self._estimated(self._now())
        return self._estimate

    def _estimated(self, learned: _Learned) -> Estimate:
        if learned.mixture.empty:
            return Estimate()
        mean, error, steady = math.exp(learned.mixture.level), learned.rel_error, steadiness(learned.recent)
        remembered = learned.samples == 0 and self._memory is not None
        ttfb = learned.ttfb_s
        if ttfb is None:
            ttfb = self._memory.ttfb_s if self._memory else 0.0
        return Estimate(
            mean_bps=mean,
            usual_bps=math.exp(learned.mixture.usual),
            slump_bps=None if learned.slump is None else math.exp(learned.slump),
            low_bps=mean * math.exp(-LOW_QUANTILE_Z * error * (1 - steady)),
            fast_bps=learned.fast.bps,
            slow_bps=learned.slow.bps,
            rel_error=error,
            ttfb_s=ttfb,
            gain=learned.mixture.gain,
            samples=learned.samples,
            remembered=remembered,
            age_s=self._memory.age_s if remembered and self._memory else 0.0,
            outage_chance=min(learned.outages / learned.outage_transfers, MAX_OUTAGE_CHANCE),
            measured=learned.measured,
            recent=learned.recent,
            unsteady=learned.changes / learned.changeable,
            steady=steady,
        )

    def memory(self, now_s: float) -> NetworkMemory | None:
        """What is worth remembering of this network; None when nothing was measured in this session."""
        estimate, learned = self.estimate(now_s), self._now()
        if not estimate.samples or estimate.mean_bps is None:
            return None
        transfers = learned.outage_transfers - PRIOR_OUTAGE_TRANSFERS
        kept = min(1.0, MEMORY_TRANSFERS / max(transfers, 1.0))  # what was long ago fades
        return NetworkMemory(
            mean_bps=estimate.mean_bps,
            rel_error=estimate.rel_error,
            ttfb_s=estimate.ttfb_s,
            outages=learned.outages * kept,
            transfers=transfers * kept,
        )


def _covered(sample: TransferSample, others: Sequence[TransferSample]) -> float:
    """The share of the seconds of a transfer's body in which one of ``others`` was arriving, too."""
    body_s = sample.end_s - sample.first_byte_s
    if body_s <= 0:
        return float(any(other.first_byte_s <= sample.end_s <= other.end_s for other in others))
    covered_s, until_s = 0.0, sample.first_byte_s
    for other in sorted(others, key=lambda each: each.first_byte_s):
        begin_s, end_s = max(other.first_byte_s, until_s), min(other.end_s, sample.end_s)
        if end_s > begin_s:
            covered_s, until_s = covered_s + end_s - begin_s, end_s
    return covered_s / body_s


def _overlap_bytes(other: TransferSample, start_s: float, end_s: float) -> float:
    """Bytes of ``other`` that arrived between ``start_s`` and ``end_s``, its rate taken as constant."""
    shared = min(other.end_s, end_s) - max(other.first_byte_s, start_s)
    duration = other.end_s - other.first_byte_s
    return other.size * shared / duration if shared > 0 and duration > 0 else 0.0
