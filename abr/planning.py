"""Planning under uncertainty: what each rung of the next segment is worth, with the segments after it in mind.

A finite-horizon value iteration over three things: the buffer, the rung fetched last, and the expected rate. In
each step a rung is chosen, the transfer meets one of a few quantiles of the rate's distribution, the buffer moves,
and the expected rate follows the surprise by the estimator's gain. The objective is the linear one of X. Yin et
al., SIGCOMM 2015: the quality of each segment, less the changes of quality, less the stalls; what is left in the
buffer at the horizon is worth the quality that it can still buy.

Arrays are indexed [expected rate, outcome, rung, buffer]. Sizes are bits, rates bit/s, times seconds. What the
iteration goes over again and again is held in single precision: its time is that of the processor's caches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

HORIZON = 18  # segments planned ahead
EXACT = 3  # of them, those planned with their own sizes; the rest with their mean
FINE_POINTS = 12  # cells of a third of a segment, where a stall is near ...
COARSE_POINTS = 6  # ... and the rest of the buffer
BUFFER_POINTS = FINE_POINTS + COARSE_POINTS + 1
LAST_PLACE = np.nextafter(BUFFER_POINTS - 1, 0)  # in the last cell, hardly short of its end
CELLS_PER_SEGMENT = 3.0
FINE_SHARE = 0.6  # of the buffer at most
TAPER = 4  # how sharply a buffer loses its worth once the link carries the top rung anyway
SETTLING = 0.3  # of the change from the last rung of the plan to the quality that the link then carries for good
# A drought: the link falls below the lowest rung and stays there. In the two minutes after a moment at which an
# unsteady link carries m times the lowest rung, a buffer of b seconds falls short by DROUGHT_S / m seconds times
# exp(-b / DROUGHT_DEPTH_S) on average. Fitted to mobile traces; a link that is steady hardly knows droughts.
DROUGHT_S = 2.0
DROUGHT_DEPTH_S = 20.0
DROUGHT_SPAN_S = 120.0
DROUGHT_ON_THE_WAY = 1.5  # so much more counts one within the plan, for what it does to the quality besides
RATE_POINTS = 5
RATE_SPAN = 0.7  # the grid of expected rates reaches this many error scales up and down
MIN_SPREAD_OF_GRID = 0.25

# Five equally likely parts of the normal distribution, by their conditional means, and a rare collapse.
OUTCOMES = np.array([-1.3998, -0.5319, 0.0, 0.5319, 1.3998, -3.5])
PARTS = len(OUTCOMES) - 1
COLLAPSE = 0.01  # the chance of the last one
USUAL = 2  # the outcome without a surprise
# And an outage: next to nothing for a while, then the usual rate again. It costs every rung about as many seconds, so
# no rung is a way out of it; only what is buffered before it counts.
OUTAGE_LOG = -3.0  # of the rate, while it lasts
OUTAGE_S = 15.0


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
    follows a surprise; ``later_bps`` is what is expected after the next transfer, if that is another rate.
    ``collapse_chance`` is how often a transfer comes far slower than any before, ``outage_chance`` how often one
    meets an outage. ``unsteady`` is 0 for a link that gives the same at each transfer, 1 for one that changes much.
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
    switch_leniency: float = 1.0
    later_bps: float | None = None
    collapse_chance: float = COLLAPSE
    outage_chance: float = 0.0
    unsteady: float = 0.0
    running: Running | None = None


def rung_values(problem: Problem) -> Floats:
    """The expected value of fetching the next segment at each rung and going on as well as possible, shape
    ``(rungs,)``.

    With ``problem.running`` the value at that rung is the one of letting the download run on, and the others are
    those of giving it up.
    """
    steps = problem.sizes.shape[0]
    grid = _Grid(problem)
    value = grid.value_at_horizon(steps)
    if steps > 1:
        sizes = problem.sizes[1:EXACT]
        if steps > EXACT:
            sizes = np.concatenate([sizes, problem.sizes[EXACT:].mean(axis=0)[None, :]])
        moves = [grid.moves(each) for each in sizes]  # one by one: each is small enough for the processor's cache
        for step in range(steps - 1, 0, -1):
            value = grid.step_back(value, moves[min(step, len(moves)) - 1])
    return grid.first_step(value)


@dataclass(frozen=True, slots=True)
class _Moves:
    """Where a step takes the buffer: grid cell, the share of the one after it, and the expected cost of stalls."""

    cell: Indices
    share: Singles
    stalls: Singles


class _Grid:
    """The state space of one problem and the steps on it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.rungs = len(problem.quality)
        self.fine_s = min(problem.segment_s / CELLS_PER_SEGMENT, FINE_SHARE * problem.buffer_max_s / FINE_POINTS)
        self.zone_s = self.fine_s * FINE_POINTS
        self.coarse_s = (problem.buffer_max_s - self.zone_s) / COARSE_POINTS
        fine = np.arange(FINE_POINTS) * self.fine_s
        self.buffers = np.concatenate([fine, self.zone_s + np.arange(COARSE_POINTS + 1) * self.coarse_s])
        centre = RATE_POINTS // 2
        pitch = RATE_SPAN * max(problem.spread, MIN_SPREAD_OF_GRID) * 2 / (RATE_POINTS - 1)
        surprises = OUTCOMES * problem.spread
        self.chances = np.append(np.full(PARTS, (1 - problem.collapse_chance) / PARTS), problem.collapse_chance)
        if problem.outage_chance > 0:
            surprises = np.append(surprises, OUTAGE_LOG)
            self.chances = np.append(self.chances * (1 - problem.outage_chance), problem.outage_chance)
        outcomes = len(surprises)
        later_bps = problem.later_bps or problem.rate_bps
        self.later_per_now = later_bps / problem.rate_bps
        log_rates = math.log(later_bps) + (np.arange(RATE_POINTS) - centre) * pitch
        self.rates = np.exp(log_rates)
        self.s_per_bit = np.exp(-(log_rates[:, None] + surprises[None, :]))
        moved = np.arange(RATE_POINTS)[:, None] + problem.gain * surprises[None, :] / pitch
        moved = np.clip(moved, 0.0, RATE_POINTS - 1)
        below = np.minimum(moved.astype(np.int64), RATE_POINTS - 2)
        mix = np.zeros((RATE_POINTS, outcomes, RATE_POINTS), dtype=np.float32)
        here, outcome = np.ogrid[:RATE_POINTS, :outcomes]
        mix[here, outcome, below] = (1 - (moved - below)) * self.chances
        mix[here, outcome, below + 1] = (moved - below) * self.chances
        # [from, outcome, to]: the chance of the outcome times the share of each new expected rate
        self.mix = mix
        self.centre = centre
        # Where the rows of an array [rate, outcome, rung, buffer] begin.
        rows = np.arange(RATE_POINTS * outcomes * self.rungs) * BUFFER_POINTS
        self.rows = rows.reshape(RATE_POINTS, outcomes, self.rungs, 1)
        quality = problem.quality
        changes = -np.abs(quality[:, None] - quality[None, :])
        self.changes = changes[:, :, None, None].astype(np.float32)
        # A step is worth its rung's quality, less what a drought costs that begins then.
        on_the_way = DROUGHT_ON_THE_WAY * problem.stall_cost * problem.segment_s / DROUGHT_SPAN_S
        own_worth = quality[None, :, None] + self._droughts()[:, None, :] * on_the_way
        self.own_worth = own_worth.astype(np.float32)

    def value_at_horizon(self, steps: int) -> Singles:
        """What the state at the horizon is worth, shape [rate, rung, buffer]: the quality that the buffer buys at the
        rate of then, less the change to that quality which is still to come, less the stalls of droughts.

        Without the change a plan would put off the way up for ever, since at the horizon it costs nothing.
        """
        problem = self.problem
        left_s = max(problem.segments_left - steps, 0) * problem.segment_s
        lasting = np.minimum(self._quality_of(self.rates), problem.quality[-1])
        needed = problem.sizes[:, -1].mean() / problem.segment_s
        wanted = 1 / (1 + (self.rates / needed) ** TAPER)
        worth = problem.buffer_value * wanted * lasting / problem.segment_s
        useful = np.minimum(self.buffers, left_s)
        change = np.abs(problem.quality[None, :] - lasting[:, None]) if left_s > 0 else np.zeros((1, self.rungs))
        value = worth[:, None, None] * useful - SETTLING * change[:, :, None]
        value += (self._droughts() * min(1.0, left_s / DROUGHT_SPAN_S) * problem.stall_cost)[:, None, :]
        single: Singles = value.astype(np.float32)
        return single

    def _droughts(self) -> Floats:
        """Seconds of stall to expect within ``DROUGHT_SPAN_S``, negative, shape [rate, buffer]."""
        problem = self.problem
        lowest_bps = problem.sizes[:, 0].mean() / problem.segment_s
        missing_s = DROUGHT_S * problem.unsteady**2 * np.minimum(lowest_bps / self.rates, 1.0)
        expected: Floats = -missing_s[:, None] * np.exp(-self.buffers / DROUGHT_DEPTH_S)
        return expected

    def _quality_of(self, rates: Floats) -> Floats:
        """The quality that a lasting rate would carry, linear between the rungs' mean sizes."""
        problem = self.problem
        needed = problem.sizes.mean(axis=0) / problem.segment_s
        points = np.concatenate([[0.0], needed])
        carried: Floats = np.interp(rates, points, np.concatenate([[0.0], problem.quality]))
        return carried

    def moves(self, bits: Floats) -> _Moves:
        """Where the buffer goes in a step with a segment of ``bits[r]`` at rung r."""
        problem = self.problem
        seconds = problem.ttfb_s + bits * self.s_per_bit[:, :, None]
        if problem.outage_chance > 0:
            np.minimum(seconds[:, -1], OUTAGE_S + seconds[:, USUAL], out=seconds[:, -1])
        after = self.buffers - seconds[..., None]
        short = np.minimum(after, 0.0)
        after -= short
        after += problem.segment_s
        share = self._place(after)
        cell = share.astype(np.int64)
        share -= cell
        cell += self.rows
        by_outcome = short.reshape(RATE_POINTS, len(self.chances), self.rungs * BUFFER_POINTS)
        stalls = ((self.chances * problem.stall_cost) @ by_outcome).astype(np.float32)
        return _Moves(cell, share.astype(np.float32), stalls.reshape(RATE_POINTS, self.rungs, BUFFER_POINTS))

    def _place(self, buffer_s: Floats) -> Floats:
        """Where a buffer lies on the grid, in cells. The fine zone's slope is the steeper one, so the lower
        line counts.
        """
        place: Floats = buffer_s * (1 / self.fine_s)
        coarse = buffer_s * (1 / self.coarse_s)
        coarse += FINE_POINTS - self.zone_s / self.coarse_s
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
        chosen += moves.stalls
        chosen += self.own_worth
        # [rung, last rung, rate, buffer]: the best rung after paying for the change from the last one
        best: Singles = (chosen.transpose(1, 0, 2)[:, None] + self.changes).max(axis=0)
        return best.transpose(1, 0, 2)

    def first_step(self, value: Singles) -> Floats:
        """The value of each rung for the segment to be decided now."""
        problem = self.problem
        s_per_bit = self.s_per_bit[self.centre][:, None] * self.later_per_now
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
        place = self._place(np.maximum(after, 0.0) + problem.segment_s)
        cell = place.astype(np.int64)
        share = place - cell
        mixed = np.einsum("jx,xab->jab", self.mix[self.centre], value)
        outcome, rung = np.ogrid[: len(self.chances), : self.rungs]
        ahead = (1 - share) * mixed[outcome, rung, cell] + share * mixed[outcome, rung, cell + 1]
        result: Floats = problem.quality + ahead.sum(axis=0)
        result += problem.stall_cost * (self.chances[:, None] * np.minimum(after, 0.0)).sum(axis=0)
        if problem.last is not None:
            result -= problem.switch_leniency * np.abs(problem.quality - problem.quality[problem.last])
        return result
