"""Why things happened in a run, each in one sentence with the numbers. Pure, out of the report of a run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from player.reporting.events import MAIN

Report = Mapping[str, Any]


_RECENT_S = 10.0
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_FEW, _LONG = 3, 10_000
_ONE_STRETCH_S = 1.5  # complaints that are no further apart are about the same thing
_DECODED_AHEAD_S = 0.5  # of what is shown
_MEDIA = ("segment", "part", "init", "index", "key", "licence")
_PHASES = {
    "licence": "licence",
    "manifest": "manifest",
    "first_media_byte": "first byte of media",
    "header": "header for the decoder",
    "first_frame": "first picture",
}


def why_start(report: Report) -> list[str]:
    """How long the start took and with what, and which of its parts took longer than they may."""
    startup = report["startup"]
    took = [
        f"{_PHASES[each['phase']]} at {each['at_s']:.2f} s" for each in startup["phases"] if each["phase"] in _PHASES
    ]
    if startup["first_frame_s"] is None:
        return [f"No picture was shown: {', '.join(took) or 'nothing arrived'}."]
    over = [
        f"{each['part']} took {each['seconds']:.2f} s of {each['budget_s']:.2f} s"
        for each in startup.get("parts", ())
        if each["over"]
    ]
    told = [f"Over their budgets in the start: {', '.join(over)}."] if over else []
    return [f"The first picture was there after {startup['first_frame_s']:.2f} s: {', '.join(took)}.", *told]


def why_stalls(report: Report) -> list[str]:
    """A sentence for each stall: what was being fetched, from where, with how much in hand, and how slowly."""
    return [_stall(report, stall) for stall in report["stalls"]]


def why_paths(report: Report, *, each: bool = True) -> list[str]:
    """Which CDN playback began on, a sentence for each change, and, where ``each`` wants it, what each CDN did."""
    told = []
    first = next((segment["pathway"] for segment in report["segments"]), "")
    if len(report["paths"].keys() - {"service"}) > 1 and first:
        told.append(f"At 0.0 s {first}: it was the first in the order that was given, and it answered.")
    told += [f"At {switch['at_s']:.1f} s: {switch['sentence']}" for switch in report["path_switches"]]
    return told + [_path(report, name) for name in report["paths"] if each and name != "service"]


def _path(report: Report, name: str) -> str:
    """What a CDN did, in numbers."""
    path = report["paths"][name]
    total = sum(each["bytes"] for each in report["segments"])
    own = sum(each["bytes"] for each in report["segments"] if each["pathway"] == name)
    seconds = sum(
        each["seconds"] or 0.0
        for each in report["requests"]
        if each["pathway"] == name and each["kind"] == "segment" and not each["error"]
    )
    share = f"{own / total:.0%} of the media" if total else "no media"
    rate = f", a request at a time at {own * 8 / seconds / 1e6:.2f} Mbit/s" if own and seconds else ""
    failed = sum(path["errors"].values())
    errors = ", ".join(f"{count} x {code}" for code, count in path["errors"].items())
    trouble = f"; {failed} of them failed ({errors})" if failed else "; none failed"
    return f"{name} gave {share}{rate}, in {path['requests']} requests{trouble}."


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
    return [*_unfinished(report), *_unmet(report), *_errors(report)]


def _unfinished(report: Report) -> list[str]:
    result = report["result"]
    if not result.get("unfinished"):
        return []
    whole = f" of {result['duration_s']:.1f}" if result["duration_s"] else ""
    return [f"The time limit of the run came before its end: it was at {result['position_s']:.1f}{whole} s then."]


def _unmet(report: Report) -> list[str]:
    """The languages that did not play, and what there was."""
    unmet = report["result"].get("unmet_languages", ())
    if not unmet:
        return []
    there = (
        f"{medium} in {', '.join(each['language'] or 'no stated language' for each in tracks)}"
        for medium, tracks in report["tracks"].items()
        if tracks
    )
    told = "; ".join(there) or "neither"
    return [f"Not played in the language that was asked for: {', '.join(unmet)}. There is {told}."]


def _errors(report: Report) -> list[str]:
    told = [(each["at_s"], f"{each['sentence']} ({each['code']})") for each in report["errors"]]
    return [*_folded(told), *_folded([(each["at_s"], each["sentence"]) for each in report["recoveries"]])]


def _folded(told: Sequence[tuple[float, str]]) -> list[str]:
    """A line for each sentence; those that differ only in their figures are one, with how often and when."""
    alike: dict[str, list[tuple[float, str]]] = {}
    for at_s, sentence in told:
        alike.setdefault(_FIGURE.sub("#", sentence), []).append((at_s, sentence))
    lines = []
    for same in alike.values():
        if len(same) <= _FEW:
            lines += [(at_s, f"At {at_s:.1f} s: {sentence}") for at_s, sentence in same]
        else:
            first_s, sentence = same[0]
            lines.append((first_s, f"{len(same)} times between {first_s:.1f} and {same[-1][0]:.1f} s: {sentence}"))
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


def why_lost(report: Report) -> list[str]:
    """A sentence for each stretch of media that did not reach the decoder, or reached it twice."""
    breaks = (report.get("continuity") or {}).get("breaks", ())
    return _folded([(each["at_s"], _break(each)) for each in breaks]) + _complaints(report) + why_media(report)


def _complaints(report: Report) -> list[str]:
    """A sentence for each stretch in which the decoders complained, with the segments that they were given there."""
    spans: list[tuple[float, float, int]] = []
    for row in (report.get("continuity") or {}).get("complaints", ()):
        start_s, end_s, count = row["start_s"], row["end_s"], row["count"]
        if spans and 0.0 <= start_s - spans[-1][1] <= _ONE_STRETCH_S:
            start_s, count = spans[-1][0], spans[-1][2] + count
            del spans[-1]
        spans.append((start_s, end_s, count))
    lines = [_complaint(report, *span) for span in spans[:_FEW]]
    left = spans[_FEW:]
    return lines + ([f"They complained {sum(each[2] for each in left)} times more after that."] if left else [])


def _complaint(report: Report, start_s: float, end_s: float, count: int) -> str:
    end_s += _DECODED_AHEAD_S
    given = dict.fromkeys(
        f"segment {each['position']} of {'rung ' + str(each['rung']) if each['track'] == MAIN else 'the audio'}"
        + (f" from {each['pathway']}" if each["pathway"] else "")
        for each in report["segments"]
        if each["media_s"] < end_s and each["media_s"] + each["duration_s"] > start_s
    )
    times = "once" if count == 1 else f"{count} times"
    where = f"between {start_s:.1f} and {end_s:.1f} s of the title"
    return (
        f"The decoders complained {times} about what they were given {where} ({'; '.join(given) or 'no segments'})."
    )


def why_media(report: Report) -> list[str]:
    """A sentence for each finding in picture and sound, with the file of its stretch where one was kept."""
    findings = (report.get("media") or {}).get("findings", ())
    return [each["sentence"] + (f" (see {each['clip']})" if each["clip"] else "") for each in findings]


_WHAT_BROKE = {
    "lost": "was lost",
    "repeated": "came twice",
    "stands": "has no new picture, or fewer than usual, and nothing in the stream shows that any is missing "
    "(slides are allowed by stills)",
    "early": "stands before the first picture, and is not played",
}


def _break(row: Mapping[str, Any]) -> str:
    what = _WHAT_BROKE[row["kind"]]
    source = f" from {row['pathway']}" if row["pathway"] else ""
    reason = f" ({row['code']})" if row["code"] else ""
    span = f"from {row['start_s']:.1f} to {row['end_s']:.1f} s"
    track = f"audio track {row['unplayed']}, which was not played," if row.get("unplayed") else row["media"]
    return f"The {track} {span} of the title {what}: segment {row['segment']}{source}{reason}."


def why_delivery(report: Report) -> list[str]:
    """What servers said that cannot be true, or that others stumble over."""
    return [each["sentence"] for each in report.get("delivery", ())]


def why(report: Report) -> list[str]:
    """Everything of note in a run: what was lost first, errors, stalls, the start, changes of CDN and of quality."""
    found = why_lost(report) + why_errors(report) + why_stalls(report) + why_delivery(report)
    return found + why_start(report) + why_paths(report) + why_rungs(report)


def why_in_short(report: Report) -> list[str]:
    """For people who read a summary: each stall, the CDN and its last changes, the last changes of quality."""
    return (
        why_lost(report)
        + why_stalls(report)
        + _in_short(why_paths(report, each=False))
        + _in_short(why_rungs(report, _LONG))
    )


def _in_short(sentences: Sequence[str]) -> list[str]:
    """The last few, and how many were before."""
    left_out = len(sentences) - _FEW
    if left_out <= 0:
        return list(sentences)
    return [f"({left_out} earlier: --report FILE has them all)", *sentences[-_FEW:]]


def label_of(report: Report, rung: int) -> str:
    """A rung for people: ``720p (3.0 Mbit/s)``; without its bitrate where nobody tells that."""
    rungs: Sequence[Mapping[str, Any]] = report["rungs"]
    if not 0 <= rung < len(rungs):
        return f"rung {rung}"
    bitrate_bps = rungs[rung]["bitrate_bps"]
    return f"{rungs[rung]['label']} ({bitrate_bps / 1e6:.2f} Mbit/s)" if bitrate_bps else str(rungs[rung]["label"])


_NOT_FETCHING = {
    "decoder": "media was there, and the decoder gave no pictures of it",
    "licence": "media was there, and its licence was not",
    "machine": "this machine was busy with other things",
    "file": "the disk or share of the file delivered nothing, or too slowly",
}
"""By cause: stalls for which no request is to blame."""


_UNSENT = "the programme had not sent what comes next"


def _stall(report: Report, stall: Mapping[str, Any]) -> str:
    length = "to the end of the run" if stall["duration_s"] is None else f"for {stall['duration_s']:.1f} s"
    head = f"At {stall['at_s']:.1f} s playback stood still {length} ({stall['position_s']:.1f} s into the title)"
    if stall.get("cause") in _NOT_FETCHING:
        return f"{head}: {_NOT_FETCHING[stall['cause']]}."
    request = _in_flight(report, stall["at_s"])
    if request is None:
        unsent = report.get("live") is not None and stall.get("cause") == "source"
        doing = _answered(report, stall) or (_UNSENT if unsent else "nothing was being fetched")
        return f"{head}: {doing}{_after_trouble(report, stall['at_s'])}."
    what = f"{request['kind']} from {request['pathway'] or 'the server'}"
    asked = f"asked for at {request['at_s']:.1f} s{_in_hand(report, request['at_s'])}"
    seconds = request["seconds"]
    if request["error"]:
        return f"{head}: the {what}, {asked}, failed after {seconds:.1f} s ({request['error']})."
    rate = f" at {request['bytes'] * 8 / seconds / 1e6:.2f} Mbit/s" if seconds else ""
    return (
        f"{head}: the {what}, {asked}, took {seconds:.1f} s for {request['bytes'] / 1e3:.0f} kB{rate}"
        f"{_wanted(report, request['at_s'])}."
    )


def _answered(report: Report, stall: Mapping[str, Any]) -> str:
    """What servers did with the requests for media in the time of a stall; empty where none was made."""
    until_s = stall["at_s"] + (stall["duration_s"] or 1e9)
    asked = [
        each
        for each in report["requests"]
        if each["kind"] in _MEDIA and stall["at_s"] - _RECENT_S <= each["at_s"] <= until_s and each["error"]
    ]
    if not asked:
        return ""
    codes = ", ".join(f"{count} x {code}" for code, count in Counter(each["error"] for each in asked).items())
    return f"{len(asked)} requests for media failed ({codes})"


def _in_hand(report: Report, at_s: float) -> str:
    """How much was buffered when something was asked for."""
    before = [each["buffer_s"] for each in report["buffer"] if each["at_s"] <= at_s]
    return f" with {before[-1]:.1f} s in hand" if before else ""


def _wanted(report: Report, at_s: float) -> str:
    """The quality that was being fetched then, and what it needs."""
    before = [
        each["rung"] for each in report["decisions"] if each["rung"] is not None and each["at_s"] <= at_s + 0.01
    ]
    return f", and {label_of(report, before[-1])} was being fetched" if before else ""


def _after_trouble(report: Report, at_s: float) -> str:
    """The last thing that had gone wrong before, if it was not long ago."""
    before = [each for each in report["recoveries"] if at_s - _RECENT_S <= each["at_s"] <= at_s]
    return f", after this at {before[-1]['at_s']:.1f} s: {before[-1]['sentence'].rstrip('.')}" if before else ""


def _in_flight(report: Report, at_s: float) -> Mapping[str, Any] | None:
    """The exchange of media that had been under way the longest at a moment."""
    running = [
        each
        for each in report["requests"]
        if each["kind"] in _MEDIA and each["at_s"] <= at_s <= each["at_s"] + (each["seconds"] or 0)
    ]
    return min(running, key=lambda each: each["at_s"], default=None)
