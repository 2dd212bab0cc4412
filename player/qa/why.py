"""Why things happened in a run, each in one sentence with the numbers. Pure, out of the report of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]


def why_stalls(report: Report) -> list[str]:
    """A sentence for each stall: what was being fetched, from where, and how slowly it came."""
    return [_stall(report, stall) for stall in report["stalls"]]


def why_paths(report: Report) -> list[str]:
    """A sentence for each change of CDN."""
    return [f"At {switch['at_s']:.1f} s: {switch['sentence']}" for switch in report["path_switches"]]


def why_rungs(report: Report, most: int = 50) -> list[str]:
    """A sentence for each change of quality, the first choice among them."""
    sentences: list[str] = []
    before: int | None = None
    for decision in report["decisions"]:
        rung = decision["rung"]
        if rung is None or rung == before:
            continue
        sentences.append(f"At {decision['at_s']:.1f} s {label_of(report, rung)}: {decision['sentence']}")
        before = rung
    return sentences[:most]


def why_errors(report: Report) -> list[str]:
    """What went wrong and what was done about it."""
    told = [f"At {each['at_s']:.1f} s: {each['sentence']} ({each['code']})" for each in report["errors"]]
    return told + [f"At {each['at_s']:.1f} s: {each['sentence']}" for each in report["recoveries"]]


def why(report: Report) -> list[str]:
    """Everything of note in a run: errors, stalls, changes of CDN and of quality."""
    return why_errors(report) + why_stalls(report) + why_paths(report) + why_rungs(report)


def label_of(report: Report, rung: int) -> str:
    """A rung for people: ``720p (3.0 Mbit/s)``."""
    rungs: Sequence[Mapping[str, Any]] = report["rungs"]
    if not 0 <= rung < len(rungs):
        return f"rung {rung}"
    return f"{rungs[rung]['label']} ({rungs[rung]['bitrate_bps'] / 1e6:.2f} Mbit/s)"


def _stall(report: Report, stall: Mapping[str, Any]) -> str:
    length = "to the end of the run" if stall["duration_s"] is None else f"for {stall['duration_s']:.1f} s"
    head = f"At {stall['at_s']:.1f} s playback stood still {length} ({stall['position_s']:.1f} s into the title)"
    request = _in_flight(report, stall["at_s"])
    if request is None:
        return f"{head}: nothing was being fetched."
    tail = f"{request['kind']} from {request['pathway'] or 'the server'}, asked for at {request['at_s']:.1f} s"
    seconds = request["seconds"]
    if request["error"]:
        return f"{head}: the {tail}, failed after {seconds:.1f} s ({request['error']})."
    rate = f" at {request['bytes'] * 8 / seconds / 1e6:.2f} Mbit/s" if seconds else ""
    return f"{head}: the {tail}, took {seconds:.1f} s for {request['bytes'] / 1e3:.0f} kB{rate}."


def _in_flight(report: Report, at_s: float) -> Mapping[str, Any] | None:
    """The exchange of media that had been under way the longest at a moment."""
    running = [
        each
        for each in report["requests"]
        if each["kind"] in ("segment", "init", "key", "licence")
        and each["at_s"] <= at_s <= each["at_s"] + (each["seconds"] or 0)
    ]
    return min(running, key=lambda each: each["at_s"], default=None)
