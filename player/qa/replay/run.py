"""Plays a recorded session again in virtual time, on any machine: the same answers at the same pace, and the same
decisions.

The recorded link holds only for the recorded requests, so each decision is replayed as recorded, at its recorded
time. The policy also decides again from the recorded inputs. A difference shows that the policy has changed since.

A free replay lets a policy decide over the recorded network. The first request that is not in the recording ends it,
as the network's answer is unknown.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

from abr import registry
from abr.ledger import decision_from_dict, memory_from_dict
from abr.model import AbandonmentVerdict, Decision, NetworkMemory, Policy, Reason, Snapshot, TransferProgress
from abr.startup import while_low
from player.base.clock import Clock
from player.base.errors import ErrorCode, InputError
from player.playback.settings import PlaybackSettings
from player.qa.recording.archive import Recording
from player.qa.replay.answers import RecordedTimes, ReplayTransport
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.script import Do, ScriptStep
from player.qa.simulation.loop import VirtualLoop
from player.qa.simulation.run import Past, run_virtual
from player.title.opening import PlaybackSource
from player.tracks.capabilities import DecodeLimits

_SPARE_S = 60.0
_TICK_S = 0.1  # how often a download is looked at
_END_S = 0.5
_TOLERANCE_S = 1e-3  # times in reports are rounded


@dataclass(frozen=True, slots=True)
class Replayed:
    """``report`` is None where the media, or their keys, are not there. ``taken_again`` counts the decisions (of
    ``decisions``) that came out as they were, ``compared`` those that a replay took too, ``differences`` says what
    came out otherwise. ``left_s`` is when a free replay asked for something that was not recorded."""

    report: dict[str, Any] | None
    decisions: int
    taken_again: int
    differences: tuple[str, ...]
    left_s: float | None = None
    compared: int | None = None

    @property
    def same(self) -> bool:
        """Whether nothing came out otherwise. Where there was nothing to compare, nobody knows."""
        return not self.differences and self.decisions > 0 and self.compared != 0


def replay(recording: Recording, profile: Path) -> Replayed:
    """Play a recording again. Raises InputError for one that is damaged."""
    recorded = _recorded(recording)
    again, differences = _take_again(recording, recorded)
    report, compared = None, None
    if recording.playable:
        before = recording.report
        asked = [
            (float(before["decisions"][number]["at_s"]), each)
            for number, each in enumerate(recorded)
            if not _is_look_back(number, before)
        ]
        pinned = _Pinned(asked, before["abandoned"], VirtualLoop.BEGIN_S)
        report, _ = _play(recording, profile, lambda _name: pinned)
        pairs = _pairs(_asked(before), _asked(report), _certain_s(before))
        compared, differences = _both(pairs), differences + _differences(pairs)
    return Replayed(report, len(recorded), again, tuple(differences), compared=compared)


def replay_freely(recording: Recording, profile: Path, policy: str = "") -> Replayed:
    """Let ``policy`` (default: the one of then) decide again in the recorded session. Raises InputError for a damaged
    one, and one without media."""
    if not recording.playable:
        raise InputError(
            ErrorCode.INPUT_USAGE,
            "This recording has no media, or not their keys: nothing can be decided again in it.",
        )
    before = _asked(recording.report)
    name = policy or _policy_name(recording)
    report, left_s = _play(recording, profile, lambda _name: _Paced(registry.create(name), before), policy=name)
    until_s = math.inf if left_s is None else left_s
    report["decisions"] = [each for each in report["decisions"] if each["at_s"] <= until_s + _TOLERANCE_S]
    after = _asked(report)
    certain_s = _certain_s(recording.report) if left_s is None else -math.inf
    pairs = _pairs(before, after, certain_s)
    same = sum(_place(was) == _place(now) for was, now in pairs)
    return Replayed(report, len(before), same, tuple(_differences(pairs)), left_s, _both(pairs))


def _recorded(recording: Recording) -> list[Decision]:
    try:
        return [decision_from_dict(each) for each in recording.report["decisions"]]
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(ErrorCode.INPUT_FILE, "The decisions in this recording cannot be read.") from error


def _take_again(recording: Recording, recorded: list[Decision]) -> tuple[int, list[str]]:
    """How many decisions the policy takes in the same way, and what is different of the others."""
    policy = registry.create(_policy_name(recording))
    differences = []
    for number, decision in enumerate(recorded):
        if decision.reason is Reason.REPLACED:  # of the rule beside every policy
            continue
        again = while_low(policy.decide(decision.snapshot))
        if again.rung != decision.rung:
            differences.append(f"Decision {number + 1} was rung {decision.rung}, and is rung {again.rung} now.")
    return len(recorded) - len(differences), differences


_Pair = tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]


def _pairs(before: list[dict[str, Any]], after: list[dict[str, Any]], certain_s: float) -> list[_Pair]:
    """Each decision of then beside that of now. One that has no counterpart is left out where that may be so: behind
    ``certain_s``."""
    pairs: list[_Pair] = list(zip_longest(before, after))
    return [each for each in pairs if all(each) or next(one for one in each if one)["at_s"] < certain_s]


def _both(pairs: list[_Pair]) -> int:
    return sum(all(each) for each in pairs)


def _differences(pairs: list[_Pair]) -> list[str]:
    """What came out otherwise."""
    return [
        f"Decision {number} was {_shown(was)}, and was {_shown(now)} in the replay."
        for number, (was, now) in enumerate(pairs, 1)
        if _place(was) != _place(now)
    ]


def _asked(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The decisions of a report without those that only libmpv asks for."""
    return [each for number, each in enumerate(report["decisions"]) if not _is_look_back(number, report)]


def _certain_s(report: Mapping[str, Any]) -> float:
    """Until when each decision must have been taken in a replay, too. A replay may miss the very end of a session
    that was ended early by a moment, and that of a live one by a segment."""
    if report["result"].get("played_to_end", True) or not report["statuses"]:
        return math.inf
    return float(report["statuses"][-1]["at_s"]) - max(_END_S, _live_wait_s(report))


def _live_wait_s(report: Mapping[str, Any]) -> float:
    """How much later than then the next segment of a live programme may be heard of. A busy machine reloads late; a
    replay does not, finds nothing new, and waits for about a segment until it reloads again."""
    if not report.get("live"):
        return 0.0
    starts_s = sorted({float(each["media_s"]) for each in report["decisions"]})
    return min((later - earlier for earlier, later in pairwise(starts_s)), default=0.0)


def _is_look_back(number: int, report: Mapping[str, Any]) -> bool:
    """Whether libmpv went back by itself, as it may where a live programme begins: nobody had jumped. Or a buffered
    segment was replaced: that follows from the rest."""
    rows, seeks = report["decisions"], report["seeks"]
    if rows[number]["reason"] == Reason.REPLACED:
        return True
    if number == 0 or rows[number]["position"] >= rows[number - 1]["position"]:
        return False
    return not any(rows[number - 1]["at_s"] <= each["at_s"] <= rows[number]["at_s"] for each in seeks)


def _place(decision: Mapping[str, Any] | None) -> tuple[float, int | None] | None:
    """The segment by its time: of a window that slides the same one may have another number."""
    return None if decision is None else (round(decision["media_s"], 2), decision["rung"])


def _shown(decision: Mapping[str, Any] | None) -> str:
    if decision is None:
        return "not taken"
    return f"rung {decision['rung']} for segment {decision['position'] + 1} ({decision['sentence'].rstrip('.')})"


def _play(
    recording: Recording, profile: Path, make_policy: Callable[[str], Policy], policy: str = ""
) -> tuple[dict[str, Any], float | None]:
    """The report of the recorded session with another ``make_policy``, and when it asked for what is not there."""
    facts, report = recording.facts, recording.report
    transports: list[ReplayTransport] = []

    def connect(_loop: VirtualLoop, clock: Clock) -> ReplayTransport:
        transports.append(ReplayTransport(recording, clock, strict=bool(policy)))
        return transports[0]

    try:
        wanted = dict(facts["settings"]) | ({"policy": policy} if policy else {})
        limits = DecodeLimits(**wanted.pop("limits", {}))
        settings = PlaybackSettings(
            **wanted,
            start_s=facts["start_s"],
            make_policy=make_policy,
            limits=replace(limits, codecs=tuple(limits.codecs)),
        )
        keys = tuple((bytes.fromhex(kid), bytes(16)) for kid in facts["kids"])
        source = PlaybackSource(name=str(report["title"]), manifests=dict(facts["manifests"]), keys=keys)
        length_s = max((each["at_s"] for each in report["statuses"]), default=0.0)
        spec = RunSpec(Labels("replay"), source, settings, None, None, _script(report), length_s + _SPARE_S)
        times = RecordedTimes(report["requests"])
        past = Past(
            True,
            _remembered(report).get,
            float(report["startup"]["first_frame_s"] or 0.0),
            times.of,
            lambda: transports[0].left_s is not None,
        )
        wall_s = float(facts["wall_s"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(ErrorCode.INPUT_FILE, "What this recording says of its playback cannot be read.") from error
    found = run_virtual(spec, Bench(profile), connect, wall_s, past)
    if transports[0].damage is not None:
        raise transports[0].damage
    return found, transports[0].left_s


def _remembered(report: Mapping[str, Any]) -> dict[str, NetworkMemory]:
    """What was known of each CDN before the session."""
    known = report.get("remembered", {})
    return {str(name): memory_from_dict(each, float(each["age_s"])) for name, each in known.items()}


def _policy_name(recording: Recording) -> str:
    name = str(recording.report.get("policy", ""))
    return name if name in registry.names() else registry.DEFAULT


def _script(report: Mapping[str, Any]) -> tuple[ScriptStep, ...]:
    """What the viewer did."""
    steps = [ScriptStep(each["at_s"], Do.SEEK, each["to_s"]) for each in report["seeks"]]
    before = ""
    for each in report["statuses"]:
        if each["status"] == "paused":
            steps.append(ScriptStep(each["at_s"], Do.PAUSE))
        elif before == "paused":
            steps.append(ScriptStep(each["at_s"], Do.PLAY))
        before = each["status"]
    if report["result"]["status"] == "idle" and report["statuses"]:
        steps.append(ScriptStep(report["statuses"][-1]["at_s"], Do.STOP))
    return tuple(steps)


class _Paced:
    """A policy that decides by itself, and each decision not sooner than it was taken then: what the machine needed
    between two of them is part of the session. Once it has decided otherwise nothing holds it, nor the first one:
    what is fetched beside it is asked for at the same time only where it is not kept waiting."""

    def __init__(self, policy: Policy, before: Sequence[Mapping[str, Any]]) -> None:
        self._policy = policy
        self._before = deque((float(each["at_s"]) + VirtualLoop.BEGIN_S, each["rung"]) for each in before)
        self._begun, self._is_first = False, True
        self.name = policy.name

    def decide(self, snapshot: Snapshot) -> Decision:
        if not self._begun:  # which init segment to begin with; see _Pinned
            self._begun = True
            return self._policy.decide(snapshot)
        wait_s = self._before[0][0] - snapshot.now_s if self._before else 0.0
        if wait_s > _TOLERANCE_S and not self._is_first:
            return Decision(None, Reason.HOLD, "It was decided later.", snapshot, wait_s=wait_s)
        self._is_first = False
        decision = self._policy.decide(snapshot)
        if self._before and decision.rung is not None and self._before.popleft()[1] != while_low(decision).rung:
            self._before.clear()
        return decision

    def on_progress(self, progress: TransferProgress) -> AbandonmentVerdict:
        return self._policy.on_progress(progress)


class _Pinned:
    """A policy that decides what was decided, and not sooner; downloads that were given up then are given up again.
    Its first answer (which init segment to begin with) is no decision on a segment yet."""

    name = "recorded"

    def __init__(
        self, decisions: Sequence[tuple[float, Decision]], abandoned: Sequence[Mapping[str, Any]], begin_s: float
    ) -> None:
        self._left = deque(decisions)
        self._abandoned = deque(abandoned)
        self._begin_s = begin_s
        self._begun, self._is_first = False, True

    def decide(self, snapshot: Snapshot) -> Decision:
        if not self._left:
            return Decision(None, Reason.HOLD, "Nothing more was fetched.", snapshot, wait_s=1.0)
        at_s, decision = self._left[0]
        if not self._begun:
            self._begun = True
            return decision
        wait_s = self._begin_s + at_s - snapshot.now_s
        if wait_s > _TOLERANCE_S and not self._is_first:
            return Decision(None, Reason.HOLD, "It was decided later.", snapshot, wait_s=wait_s)
        self._is_first = False
        self._left.popleft()
        return decision

    def on_progress(self, progress: TransferProgress) -> AbandonmentVerdict:
        given_up = self._abandoned[0] if self._abandoned else None
        now_s = progress.snapshot.now_s - self._begin_s + _TICK_S
        if given_up is None or given_up["rung"] != progress.rung or now_s < given_up["at_s"]:
            return AbandonmentVerdict(None, Reason.HOLD, "")
        self._abandoned.popleft()
        return AbandonmentVerdict(given_up["to_rung"], Reason.ABANDONED, given_up["sentence"])
