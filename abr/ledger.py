"""Decisions, and what is remembered of networks, as plain dictionaries, and back again without loss.

A dictionary is complete: the decision can be explained, and taken again by any policy, from it alone. Fields that
hold their default are left out. Version 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from abr.model import (
    Caps,
    Decision,
    Estimate,
    LiveState,
    NetworkMemory,
    Phase,
    Reason,
    Rung,
    Snapshot,
    TransferRate,
    Vote,
)

MAX_SIZES = 32  # coming segments kept; no policy looks further
MAX_RUNGS = 200
# What a memory may say, lowest and highest: it comes from a file that anybody may have written.
_MEMORY_BOUNDS = {
    "mean_bps": (1e3, 1e12),
    "rel_error": (0.0, 5.0),
    "ttfb_s": (0.0, 60.0),
    "outages": (0.0, 1e3),
    "transfers": (0.0, 1e3),
}

_T = TypeVar("_T")


def decision_to_dict(decision: Decision) -> dict[str, Any]:
    """The decision with its whole snapshot, JSON-ready."""
    result: dict[str, Any] = {
        "rung": decision.rung,
        "reason": str(decision.reason),
        "sentence": decision.sentence,
        "policy": decision.policy,
        "votes": [[vote.rule, vote.rung, vote.detail] for vote in decision.votes],
        "inputs": snapshot_to_dict(decision.snapshot),
    }
    if decision.wait_s:
        result["wait_s"] = decision.wait_s
    return result


def decision_from_dict(data: Mapping[str, Any]) -> Decision:
    """The decision that :func:`decision_to_dict` wrote. Raises ValueError for anything else."""
    try:
        return Decision(
            rung=None if data["rung"] is None else int(data["rung"]),
            reason=Reason(data["reason"]),
            sentence=str(data["sentence"]),
            snapshot=snapshot_from_dict(data["inputs"]),
            wait_s=float(data.get("wait_s", 0.0)),
            votes=tuple(Vote(str(rule), _rung(rung), str(detail)) for rule, rung, detail in data["votes"]),
            policy=str(data["policy"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a recorded decision: {error!r}") from error


def snapshot_to_dict(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot, JSON-ready, without the fields that hold their default."""
    data = _changed(snapshot)
    data["phase"] = str(snapshot.phase)
    data["rungs"] = [_changed(rung) for rung in snapshot.rungs]
    data["estimate"] = _changed(snapshot.estimate)
    if snapshot.estimate.recent:
        data["estimate"]["recent"] = [[each.size, each.body_s, each.ttfb_s] for each in snapshot.estimate.recent]
    if snapshot.next_sizes:
        data["next_sizes"] = [list(row) for row in snapshot.next_sizes[:MAX_SIZES]]
    if "caps" in data:
        data["caps"] = _changed(snapshot.caps)
        if snapshot.caps.excluded:
            data["caps"]["excluded"] = sorted(snapshot.caps.excluded)
    if snapshot.live is not None:
        data["live"] = _changed(snapshot.live)
    return data


def snapshot_from_dict(data: Mapping[str, Any]) -> Snapshot:
    """The snapshot that :func:`snapshot_to_dict` wrote. Raises ValueError for anything else."""
    try:
        values = dict(data)
        if not 0 < len(values["rungs"]) <= MAX_RUNGS:
            raise ValueError("a ladder has 1 to 200 rungs")
        values["phase"] = Phase(values["phase"])
        values["rungs"] = tuple(_build(Rung, rung) for rung in values["rungs"])
        estimate = dict(values["estimate"])
        estimate["recent"] = tuple(TransferRate(*each) for each in estimate.get("recent", ()))
        values["estimate"] = _build(Estimate, estimate)
        values["next_sizes"] = tuple(tuple(row) for row in values.get("next_sizes", ()))
        if any(len(row) != len(values["rungs"]) for row in values["next_sizes"]):
            raise ValueError("the sizes do not fit the ladder")
        if "caps" in values:
            caps = dict(values["caps"])
            caps["excluded"] = frozenset(caps.get("excluded", ()))
            values["caps"] = _build(Caps, caps)
        if values.get("live") is not None:
            values["live"] = _build(LiveState, values["live"])
        return _build(Snapshot, values)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a recorded snapshot: {error!r}") from error


def memory_to_dict(memory: NetworkMemory) -> dict[str, float]:
    """What was learned of a network, JSON-ready; its age is left to whoever keeps it."""
    return {name: float(getattr(memory, name)) for name in _MEMORY_BOUNDS}


def memory_from_dict(data: Mapping[str, Any], age_s: float) -> NetworkMemory:
    """The memory that :func:`memory_to_dict` wrote ``age_s`` ago. Raises ValueError for anything else."""
    try:
        values = {name: float(data[name]) for name in _MEMORY_BOUNDS}
    except (KeyError, TypeError) as error:
        raise ValueError(f"not the memory of a network: {error!r}") from error
    for name, (least, most) in _MEMORY_BOUNDS.items():
        if not least <= values[name] <= most:  # not a number is neither
            raise ValueError(f"{name} of a remembered network is out of range")
    return NetworkMemory(age_s=max(age_s, 0.0), **values)


def _rung(value: object) -> int | None:
    return None if value is None else int(str(value))


def _changed(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any of our dataclasses
    """The fields of a dataclass that differ from their default."""
    changed = {}
    for each in fields(value):
        current = getattr(value, each.name)
        if each.default is MISSING or current != each.default:
            changed[each.name] = current
    return changed


def _build(kind: type[_T], data: Mapping[str, Any]) -> _T:
    return kind(**data)
