"""Counterfactual: another policy over the network that a recorded run met.

The link is rebuilt from the run's transfers: their bytes over their seconds, all that overlap together. Between
transfers nothing was measured, and the rate is taken to go on; a policy that asks for more than was fetched
therefore meets an estimate, not a measurement, and the share of seconds that were measured is reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from abr import registry
from abr.explain import Recorded, recorded_decisions
from abr.model import Policy
from abr.simulator.formats import Ladder, Trace
from abr.simulator.metrics import Score, score
from abr.simulator.session import Options, simulate

MIN_TRANSFER_S = 0.002
MAX_REQUESTS = 500_000


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer of the run: when its body began and ended, its bytes and its time to first byte."""

    start_s: float
    end_s: float
    size: int
    ttfb_s: float


@dataclass(frozen=True, slots=True)
class Replay:
    """The recorded policy and another one on the same rebuilt link. ``measured`` is the share of it that
    transfers cover.
    """

    recorded_policy: str
    other_policy: str
    recorded: Score
    other: Score
    measured: float
    trace: Trace
    ladder: Ladder


def transfers_of(report: Mapping[str, Any]) -> list[Transfer]:
    """The transfers of a report's ``requests`` that carried a body. Raises ValueError when there are none."""
    entries = report.get("requests")
    if not isinstance(entries, list) or len(entries) > MAX_REQUESTS:
        raise ValueError("the report records no requests")
    found = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            continue
        values = [entry.get(key) for key in ("at_s", "first_byte_s", "seconds", "bytes")]
        numbers = [float(value) for value in values if isinstance(value, (int, float))]
        if len(numbers) != len(values):
            continue
        at_s, first_byte_s, whole_s, size = numbers
        if size > 0 and whole_s - first_byte_s >= MIN_TRANSFER_S:
            found.append(Transfer(at_s + first_byte_s, at_s + whole_s, int(size), max(first_byte_s, 0.0)))
    if not found:
        raise ValueError("the report records no transfer that was long enough to measure")
    return sorted(found, key=lambda each: each.start_s)


def rebuilt_trace(transfers: Sequence[Transfer], name: str = "recorded") -> tuple[Trace, float]:
    """The link that the transfers met, and the share of its seconds that they cover."""
    edges = sorted({edge for each in transfers for edge in (each.start_s, each.end_s)})
    changes: dict[float, float] = dict.fromkeys(edges, 0.0)
    for each in transfers:
        bps = each.size * 8 / (each.end_s - each.start_s)
        changes[each.start_s] += bps
        changes[each.end_s] -= bps
    running: dict[float, int] = dict.fromkeys(edges, 0)
    for each in transfers:
        running[each.start_s] += 1
        running[each.end_s] -= 1
    latency = median(each.ttfb_s for each in transfers)
    periods: list[tuple[float, float, float]] = []
    bps, active, last_bps, covered = 0.0, 0, 0.0, 0.0
    for begin, end in pairwise(edges):
        bps, active = bps + changes[begin], active + running[begin]
        if active:
            covered, last_bps = covered + end - begin, bps
        periods.append((end - begin, max(last_bps, 1.0), latency))
    total = edges[-1] - edges[0]
    return Trace(name, periods), covered / total if total > 0 else 1.0


def rebuilt_ladder(recorded: Sequence[Recorded], name: str = "recorded") -> Ladder:
    """The title as the decisions saw it: its ladder, and the sizes of the coming segments where they were known.

    Raises ValueError when no segment was decided.
    """
    fetched = [each for each in recorded if each.decision.rung is not None]
    if not fetched:
        raise ValueError("the report records no fetched segment")
    last = fetched[-1].decision.snapshot
    rows: dict[int, tuple[int, ...]] = {}
    for number, each in enumerate(fetched):
        snapshot = each.decision.snapshot
        position = number if each.position is None else each.position
        nominal = tuple(max(round(rung.bitrate_bps * snapshot.segment_s / 8), 1) for rung in snapshot.rungs)
        rows.setdefault(position, nominal)
        for ahead, sizes in enumerate(snapshot.next_sizes):
            if all(sizes):
                rows[position + ahead] = tuple(size or 1 for size in sizes)
    numbers = sorted(rows)
    complete = [rows[number] for number in numbers if len(rows[number]) == len(last.rungs)]
    return Ladder(name, last.segment_s, last.rungs, tuple(complete))


def replay(report: Mapping[str, Any], policy: Policy) -> Replay:
    """Run the recorded policy and ``policy`` over the rebuilt link, both in the simulator, so that they compare
    fairly.

    Raises ValueError for a report without decisions or transfers, or whose policy is unknown.
    """
    recorded = recorded_decisions(report)
    trace, measured = rebuilt_trace(transfers_of(report))
    ladder = rebuilt_ladder(recorded)
    first = recorded[0].decision
    options = Options(buffer_max_s=max(first.snapshot.buffer_max_s, 2 * ladder.segment_s), caps=first.snapshot.caps)
    own = registry.create(first.policy)
    return Replay(
        recorded_policy=first.policy,
        other_policy=policy.name,
        recorded=score(simulate(own, ladder, trace, options), ladder),
        other=score(simulate(policy, ladder, trace, options), ladder),
        measured=measured,
        trace=trace,
        ladder=ladder,
    )
