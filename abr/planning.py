"""Planning under uncertainty: what each rung of the next segment is worth, with the segments after it in mind.

This is a finite-horizon value iteration over the buffer, the last rung and the expected rate. In each step a rung is
chosen and the transfer meets one of a few quantiles of the rate's distribution. Then the buffer moves, and the
expected rate follows the surprise by the estimator's gain. The objective is the linear one of X. Yin et al., SIGCOMM
2015: the quality of each segment, less the changes of quality, less the stalls. Buffer left at the horizon is worth
the quality that it can still buy.

Arrays are indexed [expected rate, outcome, rung, buffer]. Sizes are bits, rates bit/s, times seconds. What the
iteration goes over again and again is held in single precision: its time is that of the processor's caches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from abr.model import LOOKAHEAD

HORIZON = LOOKAHEAD

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

EXACT = 3  # of them, those planned with their own sizes; the rest with their mean
FINE_POINTS = 12  # cells of a third of a segment, where a stall is near ...
COARSE_POINTS = 6  # ... and the rest of the buffer
BUFFER_POINTS = FINE_POINTS + COARSE_POINTS + 1
LAST_PLACE = np.nextafter(np.float32(BUFFER_POINTS - 1), np.float32(0))  # in the last cell, hardly short of its end
CELLS_PER_SEGMENT = 3.0
FINE_SHARE = 0.6  # of the buffer at most
TAPER = 4  # how sharply a buffer loses its worth once the link carries the top rung anyway
# Starvation: the link falls below the lowest rung and stays there. In the two minutes after a moment at which it
# carries m times the lowest rung, a buffer of b seconds falls short by ``Problem.starvation_s`` / m seconds times
# exp(-b / STARVATION_DEPTH_S) on average. If it fell so far before, add ``Problem.slump_s`` / m**2 s.
STARVATION_DEPTH_S = 20.0
STARVATION_SPAN_S = 120.0
STARVATION_ON_THE_WAY = 1.5  # so much more counts one within the plan, for what it does to the quality besides
RATE_POINTS = 5
CENTRE = RATE_POINTS // 2
RATE_SPAN = 0.7  # the grid of expected rates reaches this many error scales up and down

# Five equally likely parts of the normal distribution, by their conditional means, and a rare collapse.
OUTCOMES = np.array([-1.3998, -0.5319, 0.0, 0.5319, 1.3998, -3.5])
PARTS = len(OUTCOMES) - 1
USUAL = 2  # the outcome without a surprise
# And an outage: next to nothing for a while, then the usual rate again. It costs every rung about as many seconds, so
# no rung is a way out of it; only what is buffered before it counts.
OUTAGE_LOG = -3.0  # of the rate, while it lasts
OUTAGE_S = 15.0

_CELLS, _RATES = np.arange(float(BUFFER_POINTS)), np.arange(float(RATE_POINTS))


@dataclass(frozen=True, slots=True)
class Running:
    """A download that is under way: ``left_bits`` of rung ``rung`` are missing. The link has been giving ``bps``,
    which is expected to last for ``trusted_s`` more."""

    rung: int
    left_bits: float
    bps: float
    trusted_s: float


@dataclass(frozen=True, slots=True)
class Problem:
    """What a plan starts from.

    ``quality[r]`` is what a segment at rung r is worth, ``stall_cost`` what a second of stall costs, in the same
    unit. ``sizes[h, r]`` are bits of the coming segments: ``HORIZON`` of them, or as many as are left.
    ``segments_left`` counts all that remain of the title (a large number where it is unknown). ``rate_bps`` is the
    expected rate, ``spread`` the standard deviation of ``log(actual/expected)`` and ``gain`` how far the expectation
    follows a surprise.
    ``grid_spread`` is the distance between the expectations that a plan distinguishes. ``collapse_chance`` is how
    often a transfer is far slower than any before, ``outage_chance`` how often one meets an outage. ``starvation_s``
    and ``slump_s`` are the stall to expect of starvation.

    A second in the buffer at the horizon is worth ``buffer_value`` of the quality that it buys, less the more the
    link carries the top rung anyway. Each of the first ``reserve_s`` seconds is worth ``reserve_value`` on any link.
    ``change_cost`` is what a change costs of its size, ``block`` how many segments a far step of the plan is.
    """

    quality: Floats
    stall_cost: float
    sizes: Floats
    segments_left: int
    segment_s: float
    buffer_s: float
    buffer_max_s: float
    last: int | None
    rate_bps: float
    spread: float
    gain: float
    ttfb_s: float
    buffer_value: float
    change_cost: float = 1.0
    grid_spread: float = 0.25
    collapse_chance: float = 0.0
    outage_chance: float = 0.0
    starvation_s: float = 0.0
    slump_s: float = 0.0
    reserve_value: float = 0.0
    reserve_s: float = 0.0
    block: float = 1.0
    running: Running | None = None


def rung_values(problem: Problem) -> Floats:
    """The expected value of fetching the next segment at each rung and going on as well as possible, shape
    ``(rungs,)``.

    With ``problem.running`` the value at that rung is the one of letting the download run on, and the others are
    those of giving it up.
    """
    steps = problem.sizes.shape[0]
    grid = _Grid(problem)
    block = 1.0
    if steps > EXACT:
        block = max(1.0, min(problem.block, (problem.segments_left - EXACT) / (steps - EXACT)))
    value = grid.value_at_horizon(steps + (block - 1) * (steps - EXACT))
    if steps > 1:
        moves = [
            grid.moves(each) for each in problem.sizes[1:EXACT]
        ]  # each is small enough for the processor's cache
        if steps > EXACT:
            moves.append(grid.moves(problem.sizes[EXACT:].mean(axis=0), block))
        for step in range(steps - 1, 0, -1):
            value = grid.step_back(value, moves[min(step, len(moves)) - 1])
    return grid.first_step(value)


@dataclass(frozen=True, slots=True)
class _Moves:
    """Where a step takes the buffer: grid cell and the share of the one after it, shape [rate, outcome, rung,
    buffer]. And what its segments are worth, less the stalls to expect, shape [rate, rung, buffer]."""

    cell: Indices
    share: Singles
    worth: Singles


class _Grid:
    """The state space of one problem and the steps on it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.rungs = len(problem.quality)
        self.fine_s = min(problem.segment_s / CELLS_PER_SEGMENT, FINE_SHARE * problem.buffer_max_s / FINE_POINTS)
        self.zone_s = self.fine_s * FINE_POINTS
        self.coarse_s = (problem.buffer_max_s - self.zone_s) / COARSE_POINTS
        self.most_s = problem.buffer_max_s - problem.segment_s  # the next choice is made with this much, at most
        self.buffers = _CELLS * self.fine_s
        self.buffers[FINE_POINTS:] = self.zone_s + _CELLS[: COARSE_POINTS + 1] * self.coarse_s
        pitch = RATE_SPAN * max(problem.spread, problem.grid_spread) * 2 / (RATE_POINTS - 1)
        surprises = np.full(len(OUTCOMES) + (problem.outage_chance > 0), OUTAGE_LOG)
        surprises[: len(OUTCOMES)] = OUTCOMES * problem.spread
        outcomes = len(surprises)
        self.chances = np.full(outcomes, problem.outage_chance)
        self.chances[:PARTS] = (1 - problem.outage_chance) * (1 - problem.collapse_chance) / PARTS
        self.chances[PARTS] = (1 - problem.outage_chance) * problem.collapse_chance
        log_rates = math.log(problem.rate_bps) + (_RATES - CENTRE) * pitch
        self.rates = np.exp(log_rates)
        self.s_per_bit = np.exp(-(log_rates[:, None] + surprises))
        # [from, outcome, to]: the chance of the outcome times the share of each new expected rate, which falls by
        # one for each point between it and where the outcome leads.
        moved = _RATES[:, None] + problem.gain / pitch * surprises
        moved = np.minimum(np.maximum(moved, 0.0), RATE_POINTS - 1)
        shares = np.maximum(1 - np.abs(moved[..., None] - _RATES), 0.0)
        self.mix: Singles = (shares * self.chances[:, None]).astype(np.float32)
        # Where the rows of an array [rate, outcome, rung, buffer] begin.
        rows = np.arange(0, RATE_POINTS * outcomes * self.rungs * BUFFER_POINTS, BUFFER_POINTS)
        self.rows = rows.reshape(RATE_POINTS, outcomes, self.rungs, 1)
        quality = problem.quality
        # [rung, last rung, state]: what each change costs, written out, since each step of the plan adds it
        changes = -problem.change_cost * np.abs(quality[:, None] - quality[None, :])
        self.changes: Singles = np.empty((self.rungs, self.rungs, RATE_POINTS * BUFFER_POINTS), dtype=np.float32)
        self.changes[:] = changes[:, :, None]
        self.spare: Singles = np.empty_like(self.changes)
        self.starvation = self._starvation()
        # A step is worth its rung's quality, less what starvation costs that begins then.
        on_the_way = STARVATION_ON_THE_WAY * problem.stall_cost * problem.segment_s / STARVATION_SPAN_S
        own_worth = quality[None, :, None] + (self.starvation * on_the_way)[:, None, :]
        self.own_worth = own_worth.astype(np.float32)

    def value_at_horizon(self, segments: float) -> Singles:
        """Return what the state at the horizon is worth, shape [rate, rung, buffer].

        It is the quality that the buffer buys at the rate of then, less the stalls of starvation.
        """
        problem = self.problem
        left_s = max(problem.segments_left - segments, 0) * problem.segment_s
        lasting = np.minimum(self._quality_of(self.rates), problem.quality[-1])
        needed = problem.sizes[:, -1].mean() / problem.segment_s
        wanted = 1 / (1 + (self.rates / needed) ** TAPER)
        worth = problem.buffer_value * wanted * lasting / problem.segment_s
        useful = np.minimum(self.buffers, left_s)
        value = worth[:, None] * useful
        if problem.reserve_value > 0:
            reserve = problem.reserve_value * lasting / problem.segment_s
            value += reserve[:, None] * np.minimum(useful, problem.reserve_s)
        value += self.starvation * (min(1.0, left_s / STARVATION_SPAN_S) * problem.stall_cost)
        alike: Singles = np.empty((RATE_POINTS, self.rungs, BUFFER_POINTS), dtype=np.float32)
        alike[:] = value[:, None]
        return alike

    def _starvation(self) -> Floats:
        """Seconds of stall to expect within ``STARVATION_SPAN_S``, negative, shape [rate, buffer]."""
        problem = self.problem
        lowest_bps = problem.sizes[:, 0].mean() / problem.segment_s
        thin = np.minimum(lowest_bps / self.rates, 1.0)
        missing_s = (problem.starvation_s + problem.slump_s * thin) * thin
        expected: Floats = -missing_s[:, None] * np.exp(-self.buffers / STARVATION_DEPTH_S)
        return expected

    def _quality_of(self, rates: Floats) -> Floats:
        """The quality that a lasting rate would carry, linear between the rungs' mean sizes."""
        problem = self.problem
        needed = problem.sizes.mean(axis=0) / problem.segment_s
        points = np.concatenate([[0.0], needed])
        carried: Floats = np.interp(rates, points, np.concatenate([[0.0], problem.quality]))
        return carried

    def moves(self, bits: Floats, segments: float = 1.0) -> _Moves:
        """Where the buffer goes in a step of so many segments, each of ``bits[r]`` at rung r."""
        problem = self.problem
        seconds = problem.ttfb_s + bits * self.s_per_bit[:, :, None]
        if problem.outage_chance > 0:
            np.minimum(seconds[:, -1], OUTAGE_S + seconds[:, USUAL], out=seconds[:, -1])
        seconds = seconds.astype(np.float32)
        after = self.buffers.astype(np.float32) - seconds[..., None]
        if segments > 1.0:
            later = after + ((segments - 1.0) * (problem.segment_s - seconds))[..., None]
            short = np.minimum(np.minimum(after, later), 0.0)  # at the first segment, or at the last
            after = np.maximum(later, 0.0)
        else:
            short = np.minimum(after, 0.0)
            after -= short
        after += problem.segment_s
        np.minimum(after, self.most_s, out=after)
        share = self._place(after)
        whole = np.floor(share)
        share -= whole
        cell = whole.astype(np.int64)
        cell += self.rows
        by_outcome = short.reshape(RATE_POINTS, len(self.chances), self.rungs * BUFFER_POINTS)
        stalls = (self.chances * problem.stall_cost).astype(np.float32) @ by_outcome
        worth = stalls.reshape(RATE_POINTS, self.rungs, BUFFER_POINTS)
        worth += self.own_worth * np.float32(segments)
        return _Moves(cell, share, worth)

    def _place(self, buffer_s: Singles) -> Singles:
        """Where a buffer lies on the grid, in cells. The fine zone's slope is the steeper one, so the lower
        line counts.
        """
        place: Singles = buffer_s * np.float32(1 / self.fine_s)
        coarse = buffer_s * np.float32(1 / self.coarse_s)
        coarse += np.float32(FINE_POINTS - self.zone_s / self.coarse_s)
        np.minimum(place, coarse, out=place)
        return np.minimum(place, LAST_PLACE, out=place)

    def step_back(self, value: Singles, moves: _Moves) -> Singles:
        """One step of value iteration. ``value`` and the result are indexed [rate, last rung, buffer]."""
        mixed = (self.mix.reshape(-1, RATE_POINTS) @ value.reshape(RATE_POINTS, -1)).reshape(-1)
        low = mixed.take(moves.cell)
        high = mixed[1:].take(moves.cell)
        high -= low
        high *= moves.share
        high += low
        chosen = high.sum(axis=1)
        chosen += moves.worth
        # [rung, last rung, state]: the best rung after paying for the change from the last one
        np.add(chosen.transpose(1, 0, 2).reshape(self.rungs, 1, -1), self.changes, out=self.spare)
        best: Singles = self.spare.max(axis=0).reshape(self.rungs, RATE_POINTS, BUFFER_POINTS)
        return best.transpose(1, 0, 2)

    def first_step(self, value: Singles) -> Floats:
        """The value of each rung for the segment to be decided now."""
        problem = self.problem
        s_per_bit = self.s_per_bit[CENTRE][:, None]
        running = problem.running
        if running is None:
            seconds = problem.ttfb_s + problem.sizes[0][None, :] * s_per_bit
        else:
            bits = problem.sizes[0].copy()
            bits[running.rung] = running.left_bits
            soon = np.minimum(bits, running.bps * running.trusted_s)
            seconds = soon / running.bps + (bits - soon)[None, :] * s_per_bit
            seconds += np.where(np.arange(self.rungs) == running.rung, 0.0, problem.ttfb_s)
        if problem.outage_chance > 0:
            seconds[-1] = np.minimum(seconds[-1], OUTAGE_S + seconds[USUAL])
        after = problem.buffer_s - seconds
        place = self._place(np.minimum(np.maximum(after, 0.0) + problem.segment_s, self.most_s))
        whole = np.floor(place)
        share = place - whole
        mixed = (self.mix[CENTRE] @ value.reshape(RATE_POINTS, -1)).reshape(-1)
        cell = whole.astype(np.int64) + self.rows[0, :, :, 0]
        ahead = (1 - share) * mixed.take(cell) + share * mixed.take(cell + 1)
        result: Floats = problem.quality + ahead.sum(axis=0)
        result += problem.stall_cost * (self.chances @ np.minimum(after, 0.0))
        if problem.last is not None:
            result -= problem.change_cost * np.abs(problem.quality - problem.quality[problem.last])
        return result
