"""BOLA-E: Lyapunov optimisation of utility against buffer, with a virtual buffer that the network fills.

K. Spiteri, R. Urgaonkar, R. K. Sitaraman, "BOLA: Near-Optimal Bitrate Adaptation for Online Videos", INFOCOM 2016,
and K. Spiteri, R. Sitaraman, D. Sparacio, "From Theory to Practice: Improving Bitrate Adaptation in the DASH
Reference Player", MMSys 2018 (section 4: placeholder buffer, insufficient buffer rule, upswitches limited by
throughput).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from abr.core import KEEP, Choice, cautious_bps, current_or_lowest
from abr.model import AbandonmentVerdict, Phase, Reason, Rung, Snapshot, TransferProgress, Vote
from abr.startup import first_rung, starting
from abr.words import label, rate, seconds

MIN_BUFFER_S = 10.0
BUFFER_PER_RUNG_S = 2.0
START_SAFETY = 0.9
MIN_SAFETY = 0.5


@dataclass(frozen=True, slots=True)
class BolaMap:
    """BOLA's parameters for one ladder: utilities ``ln(bitrate / lowest) + 1``, ``gp`` and ``V`` of the papers.

    ``enter_s[r]`` is the least buffer at which rung r scores best, ``leave_s[r]`` the one where its score turns
    negative.
    """

    bitrates: tuple[int, ...]
    utilities: tuple[float, ...]
    gp: float
    v: float
    enter_s: tuple[float, ...]
    leave_s: tuple[float, ...]

    @classmethod
    def of(cls, rungs: tuple[Rung, ...], buffer_max_s: float) -> BolaMap:
        """Derive the parameters so that the lowest rung is chosen below 10 s and the top one near the target."""
        bitrates = tuple(rung.bitrate_bps for rung in rungs)
        utilities = tuple(math.log(bps / bitrates[0]) + 1 for bps in bitrates)
        target = max(buffer_max_s, MIN_BUFFER_S + BUFFER_PER_RUNG_S * len(rungs))
        gp = max(utilities[-1] - 1, 1e-3) / (target / MIN_BUFFER_S - 1)
        v = MIN_BUFFER_S / gp
        enter = []
        for rung, bps in enumerate(bitrates):
            crossings = (
                v * (gp + (bps * utilities[lower] - bitrates[lower] * utilities[rung]) / (bps - bitrates[lower]))
                for lower in range(rung)
                if bitrates[lower] < bps
            )
            enter.append(max(crossings, default=0.0))
        leave = tuple(v * (utility + gp) for utility in utilities)
        return cls(bitrates, utilities, gp, v, tuple(max(each, 0.0) for each in enter), leave)

    def best(self, buffer_s: float) -> int:
        """The rung with the highest ``(V (utility + gp) - buffer) / bitrate``."""
        scores = [(leave - buffer_s) / bps for leave, bps in zip(self.leave_s, self.bitrates, strict=True)]
        return scores.index(max(scores))


def sustainable(view: Snapshot, bps: float) -> int:
    """The highest rung whose segments arrive at least as fast as they play, latency included."""
    for rung in range(len(view.rungs) - 1, 0, -1):
        if view.estimate.ttfb_s + view.segment_s * view.rungs[rung].bitrate_bps / bps <= view.segment_s:
            return rung
    return 0


class InsufficientBufferRule:
    """Never fetch what the buffer cannot wait for: a safety share of buffer times throughput (MMSys 2018,
    section 4.3).
    """

    def __init__(self) -> None:
        self._safety = START_SAFETY

    def limit(self, view: Snapshot, mean_bps: float) -> int:
        """The highest rung whose segment fits; the rule grows stricter with each use down to one half."""
        usable = self._safety * max(view.buffer_s - view.estimate.ttfb_s, 0.0) * mean_bps
        self._safety = max(MIN_SAFETY, self._safety * START_SAFETY)
        fitting = 0
        for rung in range(1, len(view.rungs)):
            if view.rungs[rung].bitrate_bps * view.segment_s > usable:
                break
            fitting = rung
        return fitting


class BolaCore:
    """BOLA-E."""

    name = "bola"

    def __init__(self) -> None:
        self._map: BolaMap | None = None
        self._buffer_max_s = 0.0
        self._placeholder_s = 0.0
        self._steady = False
        self._insufficient = InsufficientBufferRule()
        self._seen_at_s: float | None = None

    def choose(self, view: Snapshot) -> Choice:
        mean = cautious_bps(view)
        if starting(view) or mean is None:
            return first_rung(view)
        self.observe(view)
        bola = self._parameters(view)
        reach = sustainable(view, mean)
        if not self._steady:
            self._steady = True
            self._placeholder_s = max(0.0, bola.enter_s[reach] - view.buffer_s)
            sentence = f"Fetch {label(view.rungs[reach])}: the start is led by {rate(mean)} of throughput."
            votes = (Vote("start", reach, rate(mean)),)
            return Choice(reach, Reason.THROUGHPUT_RULE, sentence, votes)
        return self._steady_choice(view, bola, mean, reach)

    def _steady_choice(self, view: Snapshot, bola: BolaMap, mean: float, reach: int) -> Choice:
        current = current_or_lowest(view)
        level = view.buffer_s + self._placeholder_s
        wanted = bola.best(level)
        detail = f"{seconds(view.buffer_s)} buffered and {seconds(self._placeholder_s)} virtual"
        votes = [Vote("bola", wanted, detail)]
        rung = wanted
        if wanted > current and wanted > reach:
            rung = min(max(current, reach) + 1, wanted)
            votes.append(Vote("throughput", reach, f"{rate(mean)} carries this rung: at most one above"))
        wait = self._wait(bola, level, rung)
        fitting = self._insufficient.limit(view, mean)
        if fitting < rung:
            rung, wait = fitting, 0.0
            self._placeholder_s = min(self._placeholder_s, max(0.0, bola.enter_s[rung] - view.buffer_s))
            votes.append(Vote("insufficient buffer", fitting, f"{seconds(view.buffer_s)} at {rate(mean)}"))
        if wait > 0:
            sentence = f"Wait {seconds(wait)}: with {seconds(view.buffer_s)} buffered BOLA lets the buffer fall."
            return Choice(None, Reason.BUFFER_RULE, sentence, tuple(votes), wait_s=wait)
        sentence = (
            f"Fetch {label(view.rungs[rung])}: the best utility for {seconds(level)} of buffer, virtual included."
        )
        return Choice(rung, Reason.BUFFER_RULE, sentence, tuple(votes))

    def _wait(self, bola: BolaMap, level: float, rung: int) -> float:
        """A negative score means to wait; the virtual part of the buffer is given up first."""
        excess = level - bola.leave_s[rung]
        if excess <= 0 or rung == len(bola.bitrates) - 1:
            return 0.0
        given_up = min(excess, self._placeholder_s)
        self._placeholder_s -= given_up
        return excess - given_up if excess - given_up > 1e-3 else 0.0

    def _parameters(self, view: Snapshot) -> BolaMap:
        bitrates = tuple(rung.bitrate_bps for rung in view.rungs)
        if self._map is None or self._map.bitrates != bitrates or self._buffer_max_s != view.buffer_max_s:
            self._map, self._buffer_max_s = BolaMap.of(view.rungs, view.buffer_max_s), view.buffer_max_s
            self._steady = False
        return self._map

    def observe(self, view: Snapshot) -> None:
        """Take in what happened since the last view: idle time grows the virtual buffer, a new segment bounds it."""
        bola = self._parameters(view)
        if view.phase is Phase.AFTER_SEEK:
            self._steady = False
        if self._seen_at_s is not None and view.estimate.recent:
            last = view.estimate.recent[-1]
            busy = last.body_s + last.ttfb_s
            before = view.buffer_s + busy
            rung = current_or_lowest(view)
            idle = max(view.now_s - self._seen_at_s - busy, 0.0)
            self._placeholder_s = min(self._placeholder_s + idle, max(0.0, bola.leave_s[rung] - before))
            self._placeholder_s = max(self._placeholder_s, bola.enter_s[rung] - before, 0.0)
        self._seen_at_s = view.now_s

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:  # noqa: ARG002 - BOLA-E's own abandonment is DYNAMIC's here
        return KEEP
