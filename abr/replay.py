"""Counterfactual: another policy over the network that a recorded run met.

The link is rebuilt from the run's video transfers: their bytes over their seconds, overlapping ones together, without
audio's share. Between transfers nothing was measured, and the rate is assumed to continue. A policy that asks for
more than was fetched therefore meets an estimate. The share of measured seconds is reported, and the real run stands
beside the estimate to show how far to trust it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any

from abr.explain import Recorded, recorded_decisions
from abr.model import Estimate, NetworkMemory
from abr.simulator.compare import run
from abr.simulator.formats import Ladder, Trace
from abr.simulator.metrics import Score, score
from abr.simulator.session import Options, SimulatedSession

MIN_TRANSFER_S = 0.002
MAX_REQUESTS = 500_000
MAIN_TRACK = "main"
_MOST = 1e12  # of a recorded number of seconds or bytes


@dataclass(frozen=True, slots=True)
class RecordedTransfer:
    """A transfer of the run: when its body began and ended, its bytes and its time to first byte."""

    start_s: float
    end_s: float
    size: int
    ttfb_s: float


@dataclass(frozen=True, slots=True)
class Replay:
    """The recorded policy and another one on the same rebuilt link. ``measured`` is the share of it that
    transfers cover, ``actual`` how the run itself went, None where its report does not tell.
    """

    recorded_policy: str
    other_policy: str
    actual: Score | None
    recorded: Score
    other: Score
    measured: float
    trace: Trace
    ladder: Ladder


def transfers_of(report: Mapping[str, Any]) -> list[RecordedTransfer]:
    """The transfers of a report's ``requests`` that carried a body, of the main track where tracks are told apart.

    Raises ValueError when there are none.
    """
    entries = report.get("requests")
    if not isinstance(entries, list) or len(entries) > MAX_REQUESTS:
        raise ValueError("the report records no requests")
    rows = [entry for entry in entries if isinstance(entry, Mapping)]
    of_main = [entry for entry in rows if entry.get("track") == MAIN_TRACK]
    found = [transfer for entry in of_main or rows if (transfer := _transfer(entry)) is not None]
    if not found:
        raise ValueError("the report records no transfer that was long enough to measure")
    return sorted(found, key=lambda each: each.start_s)


def _transfer(entry: Mapping[str, Any]) -> RecordedTransfer | None:
    at_s, first_byte_s, whole_s, size = (_number(entry, key) for key in ("at_s", "first_byte_s", "seconds", "bytes"))
    if at_s is None or first_byte_s is None or whole_s is None or not size:
        return None
    if whole_s - first_byte_s < MIN_TRANSFER_S:
        return None
    return RecordedTransfer(at_s + first_byte_s, at_s + whole_s, int(size), first_byte_s)


def _number(entry: object, key: str) -> float | None:
    """A recorded number that can be one of seconds or bytes."""
    value = entry.get(key) if isinstance(entry, Mapping) else None
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _MOST
    return float(value) if good and value is not None else None


def rebuilt_trace(transfers: Sequence[RecordedTransfer], name: str = "recorded") -> tuple[Trace, float]:
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
    """What was fetched of the title, as the decisions saw it: the ladder, and the sizes of the segments where known.

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
    numbers = sorted({number if each.position is None else each.position for number, each in enumerate(fetched)})
    complete = [rows[number] for number in numbers if len(rows[number]) == len(last.rungs)]
    return Ladder(name, last.segment_s, last.rungs, tuple(complete))


def replay(report: Mapping[str, Any], policy: str) -> Replay:
    """Run the recorded policy and ``policy`` (a name, with options, or ``optimum``) over the rebuilt link, both in
    the simulator as the player would, so that they compare fairly.

    Raises ValueError for a report without decisions or transfers, or a policy that is unknown.
    """
    recorded = recorded_decisions(report)
    trace, measured = rebuilt_trace(transfers_of(report))
    ladder = rebuilt_ladder(recorded)
    first = recorded[0].decision.snapshot
    options = Options(
        buffer_max_s=max(min(each.decision.snapshot.buffer_max_s for each in recorded), 2 * ladder.segment_s),
        caps=first.caps,
        memory=_memory(first.estimate),
        as_player=True,
        sizes_known=any(each.decision.snapshot.next_sizes for each in recorded),
    )
    own = recorded[0].decision.policy if first.manual is None else f"fixed:rung={first.manual}"
    return Replay(
        recorded_policy=own,
        other_policy=policy,
        actual=_as_it_was(report, ladder),
        recorded=score(run(own, ladder, trace, options), ladder),
        other=score(run(policy, ladder, trace, options), ladder),
        measured=measured,
        trace=trace,
        ladder=ladder,
    )


def _memory(estimate: Estimate) -> NetworkMemory | None:
    if not estimate.remembered or estimate.mean_bps is None:
        return None
    return NetworkMemory(estimate.mean_bps, estimate.rel_error, estimate.ttfb_s, estimate.age_s)


def _as_it_was(report: Mapping[str, Any], ladder: Ladder) -> Score | None:
    """The score of the run itself, counted from its first segment's request on as those of simulations are."""
    segments = _rows(report, "segments")
    rungs = {
        each["position"]: each["rung"]
        for each in segments
        if each.get("track") == MAIN_TRACK
        and isinstance(each.get("position"), int)
        and each.get("rung") in _rungs(ladder)
    }
    asked = [_number(each, "at_s") for each in _rows(report, "requests") if each.get("kind") == "segment"]
    began_s = min((at_s for at_s in asked if at_s is not None), default=None)
    shown_s, wasted = _number(report.get("startup"), "first_frame_s"), _number(report.get("summary"), "wasted_bytes")
    if not rungs or began_s is None or shown_s is None:
        return None
    session = SimulatedSession(
        policy="",
        trace="",
        ladder=ladder.name,
        rungs=[rung for _, rung in sorted(rungs.items())],
        startup_s=max(shown_s - began_s, 0.0),
        stalls=[
            (_number(each, "at_s") or 0.0, _number(each, "duration_s") or 0.0) for each in _rows(report, "stalls")
        ],
        wasted_bytes=int(wasted or 0),
        replaced=len(_rows(report, "replaced")),
    )
    return replace(score(session, ladder), abandoned=len(_rows(report, "abandoned")))


def _rungs(ladder: Ladder) -> range:
    return range(len(ladder.rungs))


def _rows(report: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = report.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
