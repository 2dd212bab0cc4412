"""Simple links on which a rule of thumb does well, and how far the planner is from the best on each.

A :class:`Case` is a link, a title and a buffer. On a *constant* link only the session from 30 s on counts. It is
compared with the best session without a stall that has the same buffer and rung at 30 s and the same buffer at the
end. On a link that falls, rises, drifts or flickers the whole session counts, against the best of four published
rules.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from abr import registry
from abr.simulator import synthetic
from abr.simulator.formats import Ladder, Trace
from abr.simulator.metrics import score
from abr.simulator.session import Options, SimulatedSession, simulate

Floats = npt.NDArray[np.float64]

LADDERS: dict[int, tuple[int, ...]] = {
    2: (800, 5000),
    3: (500, 2000, 8000),
    6: (500, 1000, 2000, 4000, 8000, 25000),
    10: (230, 330, 480, 690, 990, 1430, 2060, 2960, 5030, 6000),
    20: tuple(round(200 * 100 ** (step / 19)) for step in range(20)),
}
SEGMENTS_S = (1.0, 2.0, 4.0, 6.0, 10.0)
BUFFERS_S = (0.0, 12.0, 20.0, 30.0, 60.0, 120.0)  # at least three segments
SHARES = tuple(round(0.5 + 0.025 * step, 3) for step in range(25))  # of a rung's bitrate
LATENCY_S = 0.04
LENGTH_S = 240.0
FROM_S = 30.0
SPARE = 1.1  # times the lowest rung: less does not carry it, with its latency
VARIATION = 0.15
RULES = ("throughput", "bba2", "bola", "dynamic")
SHAPES = ("fall", "step", "ramp", "flicker")


@dataclass(frozen=True, slots=True)
class Case:
    """``kind`` is ``constant`` or one of :data:`SHAPES`; ``mbps`` the link's rate, and for a shape ``other_mbps`` the
    one it goes to (or flickers to). A fall or a step comes after a third of ``length_s``, a ramp takes two thirds."""

    kind: str
    rungs: int
    segment_s: float
    buffer_max_s: float
    mbps: float
    other_mbps: float = 0.0
    varies: bool = False
    guarded: bool = False
    length_s: float = LENGTH_S

    @property
    def shorter(self) -> Case:
        """The same link for a session that is judged for 40 s, or for ten segments."""
        return replace(self, length_s=FROM_S + max(40.0, 10 * self.segment_s))

    @property
    def ladder(self) -> Ladder:
        segments = math.ceil(self.length_s / self.segment_s)
        kbps = LADDERS[self.rungs]
        if not self.varies:
            return Ladder.constant(kbps, segment_s=self.segment_s, segments=segments)
        return synthetic.ladder(kbps, segment_s=self.segment_s, segments=segments, variation=VARIATION)

    @property
    def trace(self) -> Trace:
        high, low = self.mbps * 1e6, self.other_mbps * 1e6
        rates: list[tuple[float, float]]
        match self.kind:
            case "constant":
                rates = [(1000.0, high)]
            case "fall" | "step":
                rates = [(self.length_s / 3, high), (4000.0, low)]
            case "ramp":
                ramp = ((self.length_s / 60, high + (low - high) * step / 40) for step in range(40))
                rates = [(self.length_s / 12, high), *ramp, (4000.0, low)]
            case _:
                rates = [(2.0, high), (2.0, low)]
        return Trace(self.kind, [(seconds, bps, LATENCY_S) for seconds, bps in rates])

    @property
    def options(self) -> Options:
        return Options(buffer_max_s=self.buffer_max_s, as_player=self.guarded)

    @property
    def unit(self) -> float:
        """The bitrate in Mbit/s of the highest rung that the link carries at its best."""
        best = max(self.mbps, self.other_mbps)
        return max(kbps for kbps in LADDERS[self.rungs] if kbps <= max(best * 1e3, LADDERS[self.rungs][0])) / 1e3


@dataclass(frozen=True, slots=True)
class Finding:
    """``lost`` is what is missing against the best, per segment, as a share of the case's unit."""

    case: Case
    lost: float
    stalled_s: float
    changes: int


def constant_cases() -> list[Case]:
    """50 to 110 % of each rung in steps of 2.5 %, for every ladder; segments, buffers, kinds of title and the
    player's guard go round, so that each meets each."""
    cases: list[Case] = []
    for rungs, ladder in LADDERS.items():
        for kbps in ladder:
            for share in SHARES:
                if share * kbps < SPARE * ladder[0]:
                    continue
                for turn in range(4):
                    number = len(cases) * 7 + turn
                    segment_s = SEGMENTS_S[number % len(SEGMENTS_S)]
                    buffer_s = max(BUFFERS_S[(number // 5) % len(BUFFERS_S)], 3 * segment_s)
                    kind = turn % 2 == 1, turn >= 2
                    cases.append(Case("constant", rungs, segment_s, buffer_s, share * kbps / 1e3, 0.0, *kind))
    return cases


def changing_cases() -> list[Case]:
    """Falls from 110 % of a rung, steps up to it, ramps either way and flicker, for every ladder and rung but the
    lowest."""
    cases: list[Case] = []
    for rungs, ladder in LADDERS.items():
        for kbps in ladder[1:]:
            for shape in SHAPES:
                for share in (0.5, 0.7, 0.8, 0.9, 0.95):
                    high, low = 1.1 * kbps / 1e3, share * kbps / 1e3
                    if low * 1e3 < SPARE * ladder[0]:
                        continue
                    number = len(cases)
                    segment_s = SEGMENTS_S[number % len(SEGMENTS_S)]
                    buffer_s = max(BUFFERS_S[(number // 5) % len(BUFFERS_S)], 3 * segment_s)
                    begin, end = (low, high) if shape == "step" or (shape == "ramp" and number % 2) else (high, low)
                    cases.append(
                        Case(shape, rungs, segment_s, buffer_s, begin, end, number % 3 == 0, number % 4 == 0)
                    )
    return cases


def drawn(cases: Sequence[Case], count: int, seed: int) -> list[Case]:
    """``count`` of them, always the same ones for a seed."""
    picks = np.random.default_rng(seed).choice(len(cases), min(count, len(cases)), replace=False)
    return [cases[pick] for pick in sorted(picks.tolist())]


def judged(case: Case, policy: str = registry.DEFAULT) -> Finding:
    """Play the case and compare."""
    session = simulate(registry.create(policy), case.ladder, case.trace, case.options)
    return _on_a_constant_link(case, session) if case.kind == "constant" else _beside_rules(case, session)


def _beside_rules(case: Case, session: SimulatedSession) -> Finding:
    ladder = case.ladder
    ours = score(session, ladder)
    best = max(score(simulate(registry.create(rule), ladder, case.trace, case.options), ladder).qoe for rule in RULES)
    return Finding(case, (best - ours.qoe) / case.unit, ours.stalled_s, ours.switches)


def _on_a_constant_link(case: Case, session: SimulatedSession) -> Finding:
    kept = [request for request in session.requests if not request.aborted]
    first = next((index for index, request in enumerate(kept) if request.start_s >= FROM_S), len(kept))
    stalled_s = sum(length for begin, length in session.stalls if begin >= FROM_S)
    if first in (0, len(kept)):
        return Finding(case, 0.0, stalled_s, 0)
    quality = np.array(case.ladder.mbps)
    shown = quality[session.rungs[first - 1 :]]
    changes = np.diff(shown)
    ours = shown[1:].sum() - np.abs(changes).sum() - quality[-1] * stalled_s
    best = best_on(case, first, kept[first].buffer_before_s, session.rungs[first - 1])
    lost = (best - ours) / (len(kept) - first) / case.unit
    return Finding(case, float(lost), stalled_s, int((changes != 0).sum()))


MOST_CHANGES = 3
CELLS = 250  # of the buffer
LEAST_CELL_S = 0.1
STALL_COST = 50.0  # times the usual one: the best session has none


def best_on(case: Case, first: int, buffer_s: float, rung: int) -> float:
    """The most that the segments from ``first`` on can be worth on a constant link, from this buffer and this rung.

    There is no stall, there are three changes at most, and the buffer ends at the level at which it started. Dynamic
    programming over buffer, rung and the changes that are left, linear between the cells of the buffer.
    """
    ladder = case.ladder
    quality, cost = np.array(ladder.mbps), STALL_COST * ladder.mbps[-1]
    room_s = max(case.buffer_max_s, 2 * case.segment_s) - case.segment_s  # a request goes out at this at most
    cell_s = max(room_s / CELLS, LEAST_CELL_S)
    buffers = np.arange(math.ceil(room_s / cell_s) + 1) * cell_s
    value = np.tile(-cost * np.maximum(buffer_s - buffers, 0.0), (MOST_CHANGES + 1, len(quality), 1))
    row = np.arange(len(quality))[:, None]
    for sizes in ladder.sizes[: first - 1 : -1]:
        needed = LATENCY_S + np.array(sizes) * 8 / (case.mbps * 1e6)
        left = buffers[None, :] - needed[:, None]
        after = np.minimum(np.maximum(left, 0.0) + case.segment_s, buffers[-1]) / cell_s
        cell = np.minimum(after.astype(np.int64), len(buffers) - 2)
        share = after - cell
        chosen = quality[:, None] + cost * np.minimum(left, 0.0)
        chosen = chosen + (1 - share) * value[:, row, cell] + share * value[:, row, cell + 1]
        value = chosen.copy()
        changed = chosen[:-1]  # with one change less left
        up = np.maximum.accumulate(changed + quality[:, None], axis=1) - quality[:, None]
        down = np.maximum.accumulate((changed - quality[:, None])[:, ::-1], axis=1)[:, ::-1] + quality[:, None]
        np.maximum(value[1:], np.maximum(up, down), out=value[1:])
    return float(np.interp(buffer_s, buffers, value[-1][rung]))
