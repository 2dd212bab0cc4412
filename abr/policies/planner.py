"""Our policy: plan ahead under the uncertainty that this session has shown.

At each segment :mod:`abr.planning` weighs every rung with the sizes of the coming segments, the buffer, the rest of
the title and the error scale that the estimator has learned. A running download is judged by the same plan: what
letting it run is worth, against giving it up, after the recent rate has shifted the expectation as far as its
duration deserves. It is given up only for a clear gain, never twice in a row, and the aborted transfer does not
feed the estimator.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from itertools import pairwise

import numpy as np

from abr.core import KEEP, Choice, segment_bits
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.planning import HORIZON, Floats, Problem, Running, rung_values
from abr.regime import part
from abr.startup import first_rung, starting
from abr.words import label, rate, seconds

SPREAD_SCALE = 0.85  # of the measured error: a plan that can react later needs less caution than one that cannot
MIN_SPREAD = 0.25
GAIN_SCALE = 0.6  # part of a surprise is noise that the next transfers take back
OPTIMISM = 0.1  # of the spread: the mean of logarithms lies below the mean
# On a link that usually carries the lowest rung many times over, a few segments of that rung fill the buffer again,
# whatever goes wrong. With such headroom a plan may count on better outcomes than the mean, and leave the rarest out.
HEADROOM_LOG = 2.5  # the usual rate over the lowest rung, as a logarithm: where headroom begins ...
HEADROOM_SPAN_LOG = 0.5  # ... and so much further on it is a whole one
HEADROOM_GAIN = 0.1  # where a transfer tells less than this of the next one, no rate is usual ...
HEADROOM_GAIN_SPAN = 0.2
HEADROOM_OPTIMISM = 0.8  # of the spread, in a whole one
BUFFER_VALUE = 0.92  # of the quality that the buffer at the horizon could buy, on an unsteady link ...
STEADY_DISCOUNT = 0.15  # ... and less by so much on one that keeps its rate, where a deep buffer is seldom needed
CHANGEABLE = 0.5  # share of changes from which on a link counts as unsteady throughout
# A change costs a little more than its size: later steps of a plan believe that they can take it back for less.
CHANGE_COST = 1.1
# The objective counts segments. Its stalls and changes are weighed for segments of about this length: of shorter
# ones a second holds more, and would outweigh any stall.
UNIT_S = 3.0
COLLAPSE = 0.01  # the chance that a transfer comes far slower than any before
GRID_SPREAD = 0.25  # the expectations that a plan tells apart reach at least so far
# Expected seconds of stall by starvation (see abr.planning) if an unsteady link carries just the lowest rung, and the
# seconds to add if it has fallen below that in this session.
STARVATION_S = 3.5
SLUMP_S = 10.0
SLUMP_FROM_LOG, SLUMP_SPAN_LOG = -0.3, 0.6  # how far below the lowest rung, as a logarithm
UNKNOWN_END = 10_000

# A steady link gives what it gave: hardly any spread, no collapse or starvation. So a plan may look a long way ahead,
# and knows which stalls it chooses: it chooses none. What is in the buffer beyond a reserve is there to be used.
STEADY_SPREAD = 0.02
STEADY_STALLS = 10.0  # times what a stall costs
STEADY_BLOCK = 4.0  # segments in a far step of the plan, where the link has been steady for long:
LONG_STEADY, NOT_LONG = 0.1, 0.2  # ... the share of changes up to which it has, and from which on it has not
STEADY_CHANGES = 4.0  # times what a change costs: one that gains hardly anything is not worth it ...
STEADY_CHANGES_S = 20.0  # ... but no more than so many seconds of its size: of long segments few follow
RESERVE_S = 14.0
RESERVE_VALUE = 0.93  # of the quality that a second of the reserve buys

UNSTEADY_LOG = 0.2  # a link whose rate changes this much from one transfer to the next, as a logarithm, is unsteady
FEW_CHANGES = 3  # fewer do not tell

WATCH_S = 4.0  # of body before a download is judged, and the window of its recent rate
LATEST_S = 2.0  # of them, the part that a replacement has to fit
JUDGE_EVERY_S = 0.25
TRUST = 2.0  # a rate seen for a window is expected to last this many windows more
CONVINCED_S = 3.0  # a low rate that lasts this long moves the expectation as much as a finished transfer
CLEAR_GAIN = 1.5  # of the top rung's quality


class PlannerCore:
    """Finite-horizon planning over buffer, last rung and expected rate."""

    name = "planner"

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque(maxlen=512)  # (seconds since the first byte, bytes)
        self._judged_s = -math.inf

    def choose(self, view: Snapshot) -> Choice:
        """The rung with the best expected value; before the first measurement the start logic answers."""
        if starting(view) or view.estimate.mean_bps is None:
            return first_rung(view)
        self._forget_download()
        values = rung_values(problem_of(view, view.estimate.mean_bps))
        rung = int(np.argmax(values))
        estimate = view.estimate
        held = rung == view.current
        sentence = (
            f"{'Stay at' if held else 'Fetch'} {label(view.rungs[rung])}: the best plan with {seconds(view.buffer_s)}"
            f" buffered and {rate(estimate.mean_bps)} expected, give or take {_percent(estimate.rel_error)}."
        )
        return Choice(rung, Reason.HOLD if held else Reason.OPTIMUM_PLAN, sentence, _votes(view, values, rung))

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:
        """Compare letting the download run with every lower rung, once it has been slow for some seconds."""
        view = progress.snapshot
        bps = self._recent_bps(progress)
        if bps is None or progress.abandoned_before or view.estimate.mean_bps is None:
            return KEEP
        total = progress.size * 8.0 if progress.size is not None else segment_bits(view, 0, progress.rung)
        left = total - progress.received * 8.0
        needs_s = left / bps
        in_danger = needs_s > view.buffer_s - view.segment_s
        if left <= 0 or not in_danger or bps >= view.estimate.mean_bps:
            return KEEP
        if progress.since_first_byte_s - self._judged_s < JUDGE_EVERY_S:
            return KEEP
        self._judged_s = progress.since_first_byte_s
        values = rung_values(_problem_of_running(progress, left, bps))
        top = _quality(view)[-1]
        lower = values[: progress.rung]
        to = _best_that_fits(view, lower, min(bps, self._latest_bps()))
        if lower[to] <= values[progress.rung] + CLEAR_GAIN * top:
            return KEEP
        self._forget_download()
        sentence = (
            f"Give up {label(view.rungs[progress.rung])} for {label(view.rungs[to])}: at {rate(bps)} the rest needs"
            f" {seconds(needs_s)} and {seconds(view.buffer_s)} are buffered."
        )
        votes = (
            Vote("keep", progress.rung, f"value {values[progress.rung]:.1f}, {seconds(needs_s)} to go"),
            Vote("replace", to, f"value {lower[to]:.1f}"),
        )
        return AbandonmentVerdict(abandon_to=to, reason=Reason.ABANDONED, sentence=sentence, votes=votes)

    def _recent_bps(self, progress: TransferProgress) -> float | None:
        """The rate of the last ``WATCH_S`` seconds of the running download; None before it has lasted that long."""
        now_s, received = progress.since_first_byte_s, progress.received
        if self._marks and (now_s < self._marks[-1][0] or received < self._marks[-1][1]):
            self._forget_download()
        if now_s <= 0:
            return None
        if not self._marks:
            self._marks.append((0.0, 0))
        self._marks.append((now_s, received))
        while len(self._marks) > 2 and self._marks[1][0] <= now_s - WATCH_S:
            self._marks.popleft()
        if now_s < WATCH_S:
            return None
        since_s, bytes_then = self._marks[0]
        return max((received - bytes_then) * 8.0 / (now_s - since_s), 1e4)

    def _latest_bps(self) -> float:
        """The rate of the last ``LATEST_S`` seconds: the first seconds of the window may be from before a collapse,
        and a replacement is not given up again."""
        now_s, received = self._marks[-1]
        since_s, bytes_then = next(mark for mark in reversed(self._marks) if mark[0] <= now_s - LATEST_S)
        return max((received - bytes_then) * 8.0 / (now_s - since_s), 1e4)

    def _forget_download(self) -> None:
        self._marks.clear()
        self._judged_s = -math.inf


def _best_that_fits(view: Snapshot, values: Floats, bps: float) -> int:
    """The best rung whose segment leaves a segment in the buffer if the rate stays as it is, else the lowest."""
    room_s = view.buffer_s - view.segment_s
    fitting = [r for r in range(len(values)) if view.estimate.ttfb_s + segment_bits(view, 0, r) / bps <= room_s]
    return max(fitting, key=lambda rung: values[rung], default=0)


def _quality(view: Snapshot) -> Floats:
    """What a segment at each rung is worth: its bitrate in Mbit/s. Where the service rates all rungs (VMAF, SSIM),
    each one better than the one below, it is that share of the top rung's Mbit/s."""
    top = view.rungs[-1].bitrate_bps / 1e6
    rated = [rung.quality for rung in view.rungs if rung.quality is not None]
    rises = all(0 < lower < higher for lower, higher in pairwise(rated))
    if len(rated) == len(view.rungs) > 1 and rises:
        return np.array(rated) / rated[-1] * top
    return np.array([rung.bitrate_bps for rung in view.rungs]) / 1e6


def problem_of(view: Snapshot, mean_bps: float) -> Problem:
    """The planning problem of a view, with the expectation ``mean_bps``."""
    estimate, quality, steady = view.estimate, _quality(view), view.estimate.steady
    left = UNKNOWN_END
    if view.remaining_s is not None:
        left = max(1, round(view.remaining_s / view.segment_s))
    spread = max(estimate.rel_error, MIN_SPREAD) * SPREAD_SCALE
    spread = _blend(steady, spread, min(spread, STEADY_SPREAD))
    headroom, shorter = _headroom(view), max(1.0, UNIT_S / view.segment_s)
    steady_changes = min(STEADY_CHANGES * shorter, STEADY_CHANGES_S / view.segment_s)
    rate_bps = mean_bps * math.exp((_blend(steady, OPTIMISM, 0.0) + HEADROOM_OPTIMISM * headroom) * spread)
    buffer_value = BUFFER_VALUE - STEADY_DISCOUNT * max(0.0, 1 - estimate.unsteady / CHANGEABLE)
    return Problem(
        quality=quality,
        stall_cost=float(quality[-1]) * _blend(steady, 1.0, STEADY_STALLS) * shorter,
        sizes=_sizes(view, min(HORIZON, left)),
        segments_left=left,
        segment_s=view.segment_s,
        buffer_s=view.buffer_s,
        buffer_max_s=max(view.buffer_max_s, 2 * view.segment_s),
        last=view.current,
        rate_bps=rate_bps,
        spread=spread,
        gain=estimate.gain * GAIN_SCALE,
        ttfb_s=estimate.ttfb_s,
        buffer_value=_blend(steady, buffer_value, 0.0),
        reserve_value=_blend(steady, 0.0, RESERVE_VALUE),
        reserve_s=RESERVE_S,
        block=_blend(steady * _for_long(view), 1.0, STEADY_BLOCK),
        change_cost=_blend(steady, CHANGE_COST * shorter, max(steady_changes, CHANGE_COST)),
        grid_spread=_blend(steady, GRID_SPREAD, STEADY_SPREAD),
        collapse_chance=COLLAPSE * (1 - headroom) * (1 - steady),
        outage_chance=estimate.outage_chance,
        starvation_s=STARVATION_S * (_unsteady(view) * (1 - steady)) ** 2,
        slump_s=SLUMP_S * _slump(view) * (_unsteady(view) * (1 - steady)) ** 2,
    )


def _blend(steady: float, varying: float, still: float) -> float:
    """What holds for a link that is steady to this degree."""
    return varying + steady * (still - varying)


def _for_long(view: Snapshot) -> float:
    """How sure it is that the link keeps its rate for minutes, 0 to 1."""
    return 1 - part(view.estimate.unsteady, LONG_STEADY, NOT_LONG - LONG_STEADY)


def _slump(view: Snapshot) -> float:
    """How far the link has been below the lowest rung in this session, 0 to 1."""
    if view.estimate.slump_bps is None:
        return 0.0
    below = math.log(view.rungs[0].bitrate_bps / view.estimate.slump_bps)
    return part(below, SLUMP_FROM_LOG, SLUMP_SPAN_LOG)


def _headroom(view: Snapshot) -> float:
    """How sure it is that the lowest rung fills the buffer again at once, 0 to 1; a link that changes little from one
    transfer to the next needs no boldness."""
    estimate = view.estimate
    if estimate.usual_bps is None:
        return 0.0
    times = math.log(estimate.usual_bps / view.rungs[0].bitrate_bps)
    telling = part(estimate.gain, HEADROOM_GAIN, HEADROOM_GAIN_SPAN)
    return telling * part(times, HEADROOM_LOG, HEADROOM_SPAN_LOG) * _unsteady(view) * (1 - estimate.steady)


def _unsteady(view: Snapshot) -> float:
    """How unsteady the link has been of late, 0 to 1: its usual change from one transfer to the next, so that a jump
    from one steady rate to another does not count. 1 where too little is known."""
    rates = [math.log(each.size * 8 / each.body_s) for each in view.estimate.recent]
    changes = sorted(abs(later - earlier) for earlier, later in pairwise(rates))
    if len(changes) < FEW_CHANGES:
        return 1.0
    return min(1.0, changes[len(changes) // 2] / UNSTEADY_LOG)


def _problem_of_running(progress: TransferProgress, left_bits: float, bps: float) -> Problem:
    """The problem of a view whose download of ``left_bits`` more has come at ``bps`` of late."""
    # It comes slower than expected, so the link is not steady any more.
    view = replace(progress.snapshot, estimate=replace(progress.snapshot.estimate, steady=0.0))
    mean = view.estimate.mean_bps or bps
    doubt = 1 - (1 - min(view.estimate.gain * GAIN_SCALE, 0.98)) ** (progress.since_first_byte_s / CONVINCED_S)
    expected = mean * (bps / mean) ** doubt
    running = Running(progress.rung, left_bits, bps, TRUST * WATCH_S)
    return replace(problem_of(view, expected), rate_bps=expected, running=running)


def _sizes(view: Snapshot, steps: int) -> Floats:
    """Bits of the next ``steps`` segments, shape (steps, rungs); nominal where the manifest does not tell."""
    known = view.next_sizes[:steps]
    if len(known) == steps and not any(None in row for row in known):
        return np.array(known, dtype=np.float64) * 8.0
    nominal = [rung.bitrate_bps * view.segment_s for rung in view.rungs]
    rows = [[nominal[r] if size is None else size * 8.0 for r, size in enumerate(row)] for row in known]
    rows += [nominal] * (steps - len(rows))
    return np.array(rows)


def _percent(rel_error: float) -> str:
    return f"{100 * (math.exp(min(rel_error, 3.0)) - 1):.0f} %"


def _votes(view: Snapshot, values: Floats, chosen: int) -> tuple[Vote, ...]:
    """The plan's own vote, the runner-up, and what throughput alone would carry."""
    mean = view.estimate.mean_bps or 0.0
    votes = [Vote("plan", chosen, f"value {values[chosen]:.2f}")]
    if len(values) > 1:
        second = next(int(r) for r in np.argsort(-values) if r != chosen)
        lead = values[chosen] - values[second]
        votes.append(Vote("runner-up", second, f"worth {lead:.2f} Mbit/s less"))
    carried = max((r for r, rung in enumerate(view.rungs) if rung.bitrate_bps <= mean), default=0)
    votes.append(Vote("throughput", carried, f"{rate(mean)} expected, {rate(view.estimate.low_bps)} at the least"))
    return tuple(votes)
