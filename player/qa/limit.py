"""Whether a run came to its end or only to its time limit, and what of its plan never took place. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from player.base.languages import speaks
from player.qa.run_spec import RunSpec
from player.qa.script import Do, ScriptStep
from player.reporting.state import PlaybackStatus

_ENDING_S = 0.25  # the end of a playback ends its stall as well: that is no going on
_STANDS = frozenset({PlaybackStatus.LOADING, PlaybackStatus.BUFFERING, PlaybackStatus.SEEKING})


def is_unfinished(report: Mapping[str, Any], spec: RunSpec) -> bool:
    """Whether the limit ended a run that had the time to end by itself, or that stood still then.

    A long title, or a live programme, may be cut off by the limit while it plays.
    """
    if report["result"]["status"] != PlaybackStatus.IDLE or any(step.do is Do.STOP for step in spec.script):
        return False
    if stood_s(report) > 0.0:
        return True
    wanted_s = _wanted_s(report, spec)
    return not spec.script and wanted_s is not None and wanted_s <= spec.limit_s


def stood_s(report: Mapping[str, Any]) -> float:
    """How long a playback that was ended had stood still then, in seconds; infinite where it had not begun."""
    over_s = max((each["at_s"] for each in report["statuses"] if each["status"] == PlaybackStatus.IDLE), default=0.0)
    since_s: float | None = math.inf
    for each in report["statuses"]:
        if each["status"] == PlaybackStatus.IDLE or each["at_s"] >= over_s - _ENDING_S:
            continue
        if each["status"] not in _STANDS:
            since_s = None
        elif since_s is None or math.isinf(since_s):
            since_s = each["at_s"]
    return 0.0 if since_s is None else math.inf if math.isinf(since_s) else over_s - since_s


def _wanted_s(report: Mapping[str, Any], spec: RunSpec) -> float | None:
    """How much media was to be played; None where the programme has no end."""
    if spec.settings.play_for_s is not None:
        return spec.settings.play_for_s
    duration_s = report["result"]["duration_s"]
    if duration_s is None or report["live"] is not None:
        return None
    return float(duration_s) - (spec.settings.start_s or 0.0)


def note_untried(report: dict[str, Any], spec: RunSpec, tried: Collection[int], done: Sequence[ScriptStep]) -> None:
    """Write down which fault rules met a request (numbers from 0), how many steps of the script were left, and which
    languages were asked for and did not play."""
    if spec.faults is not None:
        report["result"]["tried_faults"] = sorted(tried)
    if spec.script:
        report["result"]["steps_left"] = len(spec.script) - len(done)
    wanted = {"audio": spec.settings.audio_language, "subtitles": spec.settings.text_language}
    if any(wanted.values()):
        report["result"]["unmet_languages"] = [
            f"{medium} {language}"
            for medium, language in wanted.items()
            if language and not _plays(report["tracks"][medium], language)
        ]


def _plays(tracks: Sequence[Mapping[str, Any]], language: str) -> bool:
    """Whether the chosen one of these tracks speaks the language, also where others stand in for it. Forced subtitles
    are not what was asked for: they have only what the sound's listeners do not understand."""
    chosen = next((each for each in tracks if each["chosen"] and not each["forced"]), None)
    return chosen is not None and all(speaks(own, language) for own in (chosen["language"], *chosen["stand_ins"]))
