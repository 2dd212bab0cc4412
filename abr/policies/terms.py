"""The terms that shape a plan of :mod:`abr.policies.planner`, each with what it did to one decision.

For every term that counts at that moment the plan is solved again without it. The result is how far the term moved
the choice ahead of its nearest rival, in Mbit/s of the objective, and the rung without it. Only explanations do this;
no decision pays for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from abr.constraints import restrict
from abr.model import Estimate, Snapshot, Vote
from abr.planning import Floats, Problem, rung_values
from abr.policies.planner import problem_of
from abr.startup import starting

_LEAST = 0.005  # Mbit/s: smaller sizes and shares are none


def terms(snapshot: Snapshot) -> Iterator[Vote]:
    """One vote for each term that counts: its name, the rung without it, and its size in words. None where the plan
    was not asked: at the start, with one rung, or with a quality that the viewer fixed."""
    whole = restrict(snapshot)
    view = whole.snapshot
    mean_bps = view.estimate.mean_bps
    if snapshot.manual is not None or mean_bps is None or starting(view) or len(view.rungs) < 2:
        return
    problem = problem_of(view, mean_bps)
    values = rung_values(problem)
    chosen = int(np.argmax(values))
    rival = next(int(rung) for rung in np.argsort(-values) if rung != chosen)
    for name, detail, other in _without(view, problem):
        found = rung_values(other)
        moved = float(_lead(values, chosen, rival) - _lead(found, chosen, rival))
        rung = int(np.argmax(found))
        if abs(moved) >= _LEAST or rung != chosen:
            size = f"{detail}; {moved:+.2f} Mbit/s for this choice against the next best"
            yield Vote(name, whole.indices[rung], size)


def _lead(values: Floats, chosen: int, rival: int) -> float:
    return float(values[chosen] - values[rival])


def _without(view: Snapshot, problem: Problem) -> Iterator[tuple[str, str, Problem]]:
    """Each term's name and what it says, and the problem without it."""
    estimate, mean_bps = view.estimate, view.estimate.mean_bps or problem.rate_bps

    def solved_with(change: Callable[[Estimate], Estimate]) -> Problem:
        return problem_of(replace(view, estimate=change(estimate)), mean_bps)

    if estimate.steady > 0:
        detail = f"the last transfers were alike, {estimate.steady:.0%} of a steady link"
        yield "steady link", detail, solved_with(lambda known: replace(known, steady=0.0))
    cautious = solved_with(lambda known: replace(known, usual_bps=None))
    if problem.rate_bps / cautious.rate_bps > 1 + _LEAST:
        more = problem.rate_bps / cautious.rate_bps - 1
        yield "headroom", f"{more:.0%} more counted on, since low segments fill the buffer again at once", cautious
    if problem.outage_chance > 0:
        detail = f"{problem.outage_chance:.0%} of the transfers meet an outage"
        yield "outages", detail, replace(problem, outage_chance=0.0)
    feared_s = problem.starvation_s + problem.slump_s
    if feared_s > 0:
        detail = f"{feared_s:.1f} s of stall feared where the link carries just the lowest rung"
        yield "starvation", detail, replace(problem, starvation_s=0.0, slump_s=0.0)
    if problem.buffer_value > 0 or problem.reserve_value > 0:
        part = max(problem.buffer_value, problem.reserve_value)
        detail = f"a second in the buffer is worth up to {part:.0%} of what it buys"
        yield "buffer left", detail, replace(problem, buffer_value=0.0, reserve_value=0.0)
    if problem.last is not None:
        detail = f"a change costs {problem.change_cost:.2f} of its size"
        yield "change", detail, replace(problem, change_cost=0.0)
