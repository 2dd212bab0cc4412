"""Decisions, and what is remembered of networks, as plain dictionaries, and back again without loss.

A dictionary is complete: the decision can be explained, and taken again by any policy, from it alone. Fields that
hold their default are left out. Version 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

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

# What the numbers of a snapshot may say, lowest and highest; the others are within _FAR on both sides of 0.
_FAR = 1e13
_BOUNDS: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(
        ("mean_bps", "low_bps", "fast_bps", "slow_bps", "usual_bps", "slump_bps", "shown_bps"), (1e-3, _FAR)
    ),
    "bitrate_bps": (0, _FAR),  # nothing says the rate of a media playlist that is opened by itself
    **dict.fromkeys(("buffer_s", "in_flight_s", "ttfb_s", "recent_window_s", "wait_s"), (0.0, 1e6)),
    **dict.fromkeys(("rel_error", "playback_rate"), (0.0, 100.0)),
    **dict.fromkeys(("gain", "outage_chance", "unsteady", "steady"), (0.0, 1.0)),
    "segment_s": (1e-3, 1e5),
    "buffer_max_s": (0.0, 1e6),
    "body_s": (1e-9, 1e6),
    "size": (1, _FAR),
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
        snapshot = snapshot_from_dict(data["inputs"])
        count = len(snapshot.rungs)
        votes = (Vote(str(rule), _rung(rung, count), str(detail)) for rule, rung, detail in data["votes"])
        return Decision(
            rung=_rung(data["rung"], count),
            reason=Reason(data["reason"]),
            sentence=str(data["sentence"]),
            snapshot=snapshot,
            wait_s=_number("wait_s", data.get("wait_s", 0.0)),
            votes=tuple(votes),
            policy=str(data["policy"]),
        )
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
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
        if snapshot.caps.unexpected:
            data["caps"]["unexpected"] = sorted(snapshot.caps.unexpected)
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
        if len(values["rungs"]) > 1 and not all(rung.bitrate_bps for rung in values["rungs"]):
            raise ValueError("a ladder of several rungs has their bitrates")
        estimate = dict(values["estimate"])
        estimate.pop("later_bps", None)  # of recordings from before the planner stopped using it
        estimate["recent"] = tuple(
            _build(TransferRate, {"size": size, "body_s": body_s, "ttfb_s": ttfb_s})
            for size, body_s, ttfb_s in estimate.get("recent", ())
        )
        values["estimate"] = _build(Estimate, estimate)
        values["next_sizes"] = tuple(_sizes(row, len(values["rungs"])) for row in values.get("next_sizes", ()))
        for name in ("current", "manual"):
            values[name] = _rung(values.get(name), len(values["rungs"]))
        if "caps" in values:
            caps = dict(values["caps"])
            for name in ("excluded", "unexpected"):
                caps[name] = frozenset(int(_number(name, each)) for each in caps.get(name, ()))
            values["caps"] = _build(Caps, caps)
        if values.get("live") is not None:
            values["live"] = _build(LiveState, values["live"])
        return _build(Snapshot, values)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
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


def _rung(value: object, count: int) -> int | None:
    """The number of one of ``count`` rungs, or None."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < count):
        raise ValueError("a recorded rung is not on the ladder")
    return value


def _sizes(row: Any, count: int) -> tuple[int | None, ...]:  # noqa: ANN401 - any JSON value
    if len(row) != count:
        raise ValueError("the sizes do not fit the ladder")
    return tuple(None if size is None else int(_number("size", size)) for size in row)


def _number(name: str, value: object) -> float:
    """A recorded number that is within its bounds."""
    least, most = _BOUNDS.get(name, (-_FAR, _FAR))
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise ValueError(f"{name} of a recorded decision is out of range")  # what is not a number is neither
    return float(value)


def _changed(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any of our dataclasses
    """The fields of a dataclass that differ from their default."""
    changed = {}
    for each in fields(value):
        current = getattr(value, each.name)
        if each.default is MISSING or current != each.default:
            changed[each.name] = current
    return changed


def _build(kind: type[_T], data: Mapping[str, Any]) -> _T:
    """A dataclass of recorded values; texts, numbers and truth values are checked, the rest was built before."""
    for name, value in data.items():
        wanted = _TYPES[kind].get(name, ())
        if value is None and type(None) in wanted:
            continue
        if int in wanted or float in wanted:
            _number(name, value)
        if (str in wanted or bool in wanted) and not isinstance(value, wanted):
            raise ValueError(f"{name} of a recorded decision is of another type")
    return kind(**data)


def _plain_types(kind: type) -> dict[str, tuple[type, ...]]:
    """The types that the fields of a dataclass may have."""
    hints = get_type_hints(kind).items()
    return {name: get_args(hint) if isinstance(hint, UnionType) else (hint,) for name, hint in hints}


_TYPES: Mapping[type, dict[str, tuple[type, ...]]] = {
    kind: _plain_types(kind) for kind in (Snapshot, Estimate, TransferRate, Rung, Caps, LiveState)
}
