"""Figures of runs, and conditions on them: ``startup_s p95 <= 2.5``, ``errors.net.timeout == 0``. Pure.

A condition is METRIC [STATISTIC] OPERATOR VALUE. Without a statistic every run must fulfil it by itself; ``mean``,
``min``, ``max``, ``sum``, ``p50``, ``p90``, ``p95`` and ``p99`` are taken over all runs of a plan. A value may end
with k or M (thousands, millions) or % (hundredths).
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from drm_client.errors import DrmErrorCode
from player.base.errors import ErrorCode
from player.qa.picture.figures import FIGURES as MEDIA_FIGURES
from player.qa.picture.figures import NOTHING_OF as MEDIA_NOTHING_OF
from player.reporting.continuity import MEDIA, at_once_s
from player.reporting.events import LIVE_MOVED
from player.reporting.startup import PART_BUDGETS_S
from player.reporting.state import PlaybackStatus

Metrics = Mapping[str, float | None]
STANDS = "stands_s"
DECODE_ERRORS = "decode_errors"

PLAIN = {
    "startup_s": "seconds from the request to the first picture",
    "played_s": "seconds of media that were shown",
    "stalls": "stalls after the first picture",
    "stalled_s": "seconds in them",
    "rebuffer_ratio": "stalled / (stalled + played)",
    "mean_bitrate_bps": "bitrate of the video, weighted by time",
    "switches": "changes of quality",
    "errors": "errors that the viewer was told of",
    "failed_requests": "requests that brought an error, those that were got over among them",
    "failed": "1 where the playback ended with an error",
    "unused_faults": "rules of the run's faults that met no request in any run of the plan",
    "unused_steps": "steps of the script that did not take place",
    "unmet_languages": "those of play.audio and play.subtitles that did not play",
    "ended": "1 where it was played to its end, or for as long as the run was to last",
    "unfinished": "1 where the time limit ended it though it should have ended by itself, or while it stood still",
    "dropped_frames": "pictures that came too late",
    "bytes": "received",
    "wasted_bytes": "received and thrown away",
    "requests": "made",
    "path_switches": "changes of CDN",
    "skipped": "segments of the video that playback went on without",
    "lost_s": "seconds in which video, audio or subtitles did not reach the decoder",
    "repeated_s": "seconds in which one of them reached it twice",
    "stands_s": "seconds in which pictures stood though others should follow (play: stills: allowed lets them)",
    "cut_playlists": "playlists of recordings that came without their end, or end before the title",
    "corrupt_bytes": "bytes of the segments that came damaged, also where another copy was played",
    "decode_errors": "complaints of the decoders about what they were given",
    "live_jumps": "times that a channel went on elsewhere, since what was to be played had left its list (live)",
    "latency_s": "behind the live edge, on average (live)",
    "latency_drift_s": "the most that latency was off its target while it was kept (live)",
    "mean_quality": "of the segments, where the service states that of its rungs (VMAF)",
    "memory_mb": "the most that the process held (real mode)",
    "delivery_findings": "answers of servers that say what cannot be true (docs/report.md, delivery)",
    **MEDIA_FIGURES,
}
FAMILIES = {
    "errors": "errors.CODE: errors and failed requests of that code",
    "lost_s": "lost_s.video, lost_s.audio, lost_s.subtitles",
    "repeated_s": "repeated_s.video, repeated_s.audio, repeated_s.subtitles",
    "start": "start.api, start.cdn, start.manifest, start.licence, start.segment: seconds of the parts of the start",
    "cdn": "cdn.NAME.share (of the bytes of media, 0 to 1), cdn.NAME.requests, cdn.NAME.errors",
}
_OF_A_CDN = ("share", "requests", "errors")
_MEMBERS = {
    "errors": (*ErrorCode, *DrmErrorCode),
    "lost_s": MEDIA,
    "repeated_s": MEDIA,
    "start": tuple(PART_BUDGETS_S),
}
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_OPPOSITES = {"<=": ">", ">=": "<", "==": "!=", "!=": "==", "<": ">=", ">": "<="}
_STATISTICS = ("mean", "min", "max", "sum", "p50", "p90", "p95", "p99")
_SHAPE = re.compile(
    r"\s*(?P<metric>[A-Za-z_][\w.:-]*)\s*(?P<statistic>[a-z][a-z0-9]*)?\s*(?P<operator><=|>=|==|!=|<|>)\s*"
    r"(?P<value>-?\d+(?:\.\d+)?)(?P<unit>[kM%]?)\s*"
)
_NOTHING_OF = (
    "unused_faults",
    "unused_steps",
    "unmet_languages",
    "live_jumps",
    "lost_s",
    "repeated_s",
    STANDS,
    "cut_playlists",
    DECODE_ERRORS,
    *MEDIA_NOTHING_OF,
)
_MOST_CHARACTERS = 200  # so that the search stays short
_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "%": 0.01}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it was written, and what it says. ``statistic`` is empty where each run is judged by itself."""

    text: str
    metric: str
    statistic: str
    operator: str
    value: float

    def holds(self, value: float | None) -> bool:
        """Whether a figure fulfils the condition; one that is not there does not."""
        return value is not None and _OPERATORS[self.operator](value, self.value)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A condition on the runs: the figure that decided, and one sentence with the numbers."""

    condition: Condition
    holds: bool
    value: float | None
    sentence: str


def parse(text: str, known: Mapping[str, str] | None = None) -> Condition:
    """The condition in a text. ``known`` are the figures that there are (default: those of runs). Raises ValueError
    with a sentence."""
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"a condition has more than {_MOST_CHARACTERS} characters")
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not METRIC [STATISTIC] OPERATOR VALUE, such as startup_s p95 <= 2.5")
    metric, statistic = found["metric"], found["statistic"] or ""
    if metric not in (known or PLAIN) and (known or not _is_in_a_family(metric)):
        names = known or _members_of(metric.partition(".")[0]) or [*PLAIN, *(f"{family}.…" for family in FAMILIES)]
        raise ValueError(f"no figure is called {metric!r}; there are {', '.join(names)}")
    if statistic and statistic not in _STATISTICS:
        raise ValueError(f"no statistic is called {statistic!r}; there are {', '.join(_STATISTICS)}")
    value = float(found["value"]) * _UNITS[found["unit"]]
    return Condition(text.strip(), metric, statistic, found["operator"], value)


def _is_in_a_family(metric: str) -> bool:
    """Whether there can be such a figure: one that cannot is 0 in every run, and a condition on it would hold."""
    family, _, member = metric.partition(".")
    if family == "cdn":
        name, _, what = member.rpartition(".")
        return bool(name) and what in _OF_A_CDN
    return member in _MEMBERS.get(family, ())


def _members_of(family: str) -> list[str]:
    if family == "cdn":
        return [f"cdn.NAME.{what}" for what in _OF_A_CDN]
    return [f"{family}.{member}" for member in _MEMBERS.get(family, ())]


def fails_on(text: str, known: Mapping[str, str] | None = None) -> Condition:
    """The opposite of the condition in a text: what must hold where one wants to fail on it. Raises ValueError."""
    told = parse(text, known)
    return Condition(f"not {told.text}", told.metric, told.statistic, _OPPOSITES[told.operator], told.value)


def implied(conditions: Sequence[Condition], runs: Sequence[Metrics], *, stills: bool = False) -> list[Condition]:
    """Return the implied conditions: a run finishes, nothing is lost, no decoder complains, and no frame stands still
    unless ``stills`` are allowed. A condition on the loss of one of video, audio and subtitles does not replace those
    on the others."""
    named = {condition.metric for condition in conditions} | ({STANDS} if stills else set())
    names = _NOTHING_OF if "ended" in named else ("unfinished", *_NOTHING_OF)
    known = [name for name in names if not runs or any(run.get(name) is not None for run in runs)]
    figures = (figure for name in known if name not in named for figure in _unnamed(name, named))
    return [parse(f"{figure} == 0") for figure in figures]


def _unnamed(name: str, named: AbstractSet[str]) -> Sequence[str]:
    """The figure, or those of its media that are not named where one is."""
    parts = [f"{name}.{medium}" for medium in _MEMBERS.get(name, ())]
    left = [part for part in parts if part not in named]
    return [name] if len(left) == len(parts) else left


def metrics_of(report: Mapping[str, Any], memory_bytes: int = 0) -> dict[str, float | None]:
    """The figures of one run, out of its report."""
    summary, result = report["summary"], report["result"]
    found: dict[str, float | None] = {
        name: None if summary[name] is None else float(summary[name]) for name in PLAIN if name in summary
    }
    found["ended"] = float(result["status"] == PlaybackStatus.ENDED)
    left = result.get("steps_left")
    found["unused_faults"] = None  # of the whole plan
    found["unused_steps"] = None if left is None else float(left)
    unmet = result.get("unmet_languages")
    found["unmet_languages"] = None if unmet is None else float(len(unmet))
    found["unfinished"] = float(result.get("unfinished", False))
    found["failed_requests"] = float(sum(1 for request in report["requests"] if request["error"]))
    found["path_switches"] = float(len(report["path_switches"]))
    found["skipped"] = float(sum(1 for note in report["recoveries"] if note["kind"] == "skipped"))
    found["live_jumps"] = float(sum(note["kind"] == LIVE_MOVED for note in report["recoveries"]))
    for kind in ("lost", "repeated"):
        name = f"{kind}_s"
        by_media = report["continuity"][name]
        found[name] = at_once_s(report["continuity"], kind)
        found |= {f"{name}.{media}": float(seconds) for media, seconds in by_media.items()}
    for media in report["continuity"].get("unjudged", ()):
        found |= {"lost_s": None, f"lost_s.{media}": None}
    stands_s = report["continuity"].get(STANDS)
    found[STANDS] = None if stands_s is None else float(stands_s)
    cut = report["continuity"].get("cut_playlists")
    found["cut_playlists"] = None if cut is None else float(cut)
    damaged = report["continuity"].get("corrupt_bytes")
    found["corrupt_bytes"] = None if damaged is None else float(sum(damaged.values()))
    decoder = report["continuity"].get("decode_errors")
    found["decode_errors"] = None if decoder is None else float(decoder)
    figures = (report.get("media") or {}).get("figures", {})
    found |= {name: figures.get(name) for name in MEDIA_FIGURES}
    found["delivery_findings"] = float(sum(each["count"] for each in report.get("delivery", ())))
    found |= {f"start.{part['part']}": float(part["seconds"]) for part in report["startup"].get("parts", ())}
    live = report.get("live") or {}
    found["latency_s"], found["latency_drift_s"] = live.get("mean_s"), live.get("off_target_max_s")
    found["mean_quality"] = _mean_quality(report)
    found["memory_mb"] = memory_bytes / 2**20 if memory_bytes else None
    codes = [error["code"] for error in report["errors"]]
    codes += [request["error"] for request in report["requests"] if request["error"]]
    for code in codes:
        found[f"errors.{code}"] = (found.get(f"errors.{code}") or 0.0) + 1.0
    media_bytes: dict[str, float] = {}
    for segment in report["segments"]:
        media_bytes[segment["pathway"]] = media_bytes.get(segment["pathway"], 0.0) + segment["bytes"]
    total = sum(media_bytes.values())
    for name, path in report["paths"].items():
        found[f"cdn.{name}.requests"] = float(path["requests"])
        found[f"cdn.{name}.errors"] = float(sum(path["errors"].values()))
        found[f"cdn.{name}.share"] = media_bytes.get(name, 0.0) / total if total else 0.0
    return found


def _mean_quality(report: Mapping[str, Any]) -> float | None:
    """The mean of what the rungs are worth, over all segments that were decided on."""
    worth = []
    for decision in report["decisions"]:
        rungs, rung = decision.get("inputs", {}).get("rungs", ()), decision["rung"]
        if rung is not None and rung < len(rungs) and rungs[rung].get("quality") is not None:
            worth.append(float(rungs[rung]["quality"]))
    return math.fsum(worth) / len(worth) if worth else None


def figure(metrics: Metrics, name: str) -> float | None:
    """One figure of a run; of a code that never came up it is 0. A CDN that nobody asked had 0
    requests; its share and errors are not known, for its name may be mistyped."""
    if name in PLAIN or (cdn_of(name) and not name.endswith(".requests")):
        return metrics.get(name)
    return metrics.get(name, 0.0)


def cdn_of(name: str) -> str:
    """The CDN that a figure is about; empty for other figures."""
    return name.removeprefix("cdn.").rpartition(".")[0] if name.startswith("cdn.") else ""


def judge(condition: Condition, runs: Sequence[tuple[str, Metrics]]) -> Judgement:
    """Whether the runs, each with its name, fulfil a condition."""
    if not runs:
        return Judgement(condition, False, None, f"{condition.text} is not known: no run was finished.")
    values = [(name, figure(metrics, condition.metric)) for name, metrics in runs]
    if condition.statistic:
        known = [value for _, value in values if value is not None]
        value = statistic(condition.statistic, known) if known and len(known) == len(values) else None
        holds = condition.holds(value)
        what = f"{condition.metric} {condition.statistic} over {_runs(len(values))} is {shown(value)}"
        return Judgement(condition, holds, value, f"{what}; wanted: {condition.text}.")
    failing = [(name, value) for name, value in values if not condition.holds(value)]
    if not failing:
        return Judgement(condition, True, None, f"{condition.text} holds in {_all(len(values))}.")
    name, value = failing[0]
    if len(values) == 1:
        return Judgement(condition, False, value, f"{condition.metric} is {shown(value)}; wanted: {condition.text}.")
    sentence = f"{condition.metric} is {shown(value)} in {len(failing)} of {_runs(len(values))}, first in {name}"
    return Judgement(condition, False, value, f"{sentence}; wanted: {condition.text}.")


def _runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"


def _all(count: int) -> str:
    return "the only run" if count == 1 else f"all {count} runs"


def statistic(name: str, values: Sequence[float]) -> float:
    """``mean``, ``min``, ``max``, ``sum``, or a percentile by the nearest rank. Raises ValueError for no values."""
    if not values:
        raise ValueError("a statistic needs a value")
    if name == "mean":
        return math.fsum(values) / len(values)
    if name == "sum":
        return math.fsum(values)
    if name in ("min", "max"):
        return min(values) if name == "min" else max(values)
    rank = math.ceil(int(name.removeprefix("p")) / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def shown(value: float | None) -> str:
    """A figure for people."""
    if value is None:
        return "not known"
    if not math.isfinite(value):
        return "endless"
    return f"{value:.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
