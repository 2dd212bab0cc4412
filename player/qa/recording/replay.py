"""Plays a recorded session again in virtual time, on any machine: the same answers at the same pace, and the same
decisions.

The link of a recording is what it was only as long as the same is asked for, so each decision is the recorded one,
and is taken when it was taken then. Beside that every decision is taken anew by the policy from its recorded inputs:
where that gives something else, the policy has changed since.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abr import registry
from abr.ledger import decision_from_dict
from abr.model import Decision, Progress, Reason, Snapshot, Verdict
from abr.startup import while_low
from player.clock import Clock
from player.errors import ErrorCode, InputError, NetError
from player.net.local import MemoryBody
from player.net.model import Body, Request
from player.opening import Source
from player.qa.recording.archive import Exchange, Recording
from player.qa.recording.scrub import place_of
from player.qa.script import Do, Step
from player.qa.simulation.loop import VirtualLoop
from player.qa.simulation.run import run_virtual
from player.qa.spec import Bench, Labels, RunSpec
from player.settings import PlaybackSettings

_SPARE_S = 60.0
_TICK_S = 0.1  # how often a download is looked at
_TOLERANCE_S = 1e-3  # times in reports are rounded
_Key = tuple[str, str, tuple[int, int | None] | None]


@dataclass(frozen=True, slots=True)
class Replayed:
    """``report`` is None where the media were not recorded. ``taken_again`` counts the decisions that the policy
    takes again from their inputs, ``differences`` says what came out otherwise."""

    report: dict[str, Any] | None
    decisions: int
    taken_again: int
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.differences


def replay(recording: Recording, profile: Path) -> Replayed:
    """Play a recording again. Raises InputError for one that is damaged."""
    try:
        recorded = [decision_from_dict(each) for each in recording.report["decisions"]]
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(ErrorCode.INPUT_FILE, "The decisions in this recording cannot be read.") from error
    again, differences = _take_again(recording, recorded)
    report = _play(recording, recorded, profile) if recording.with_media else None
    if report is not None:
        differences += _differences(recording.report["decisions"], report["decisions"])
    return Replayed(report, len(recorded), again, tuple(differences))


def _take_again(recording: Recording, recorded: list[Decision]) -> tuple[int, list[str]]:
    """How many decisions the policy takes in the same way, and what is different of the others."""
    policy = registry.create(_policy_name(recording))
    differences = []
    for number, decision in enumerate(recorded):
        again = while_low(policy.decide(decision.snapshot))
        if again.rung != decision.rung:
            differences.append(f"Decision {number + 1} was rung {decision.rung}, and is rung {again.rung} now.")
    return len(recorded) - len(differences), differences


def _differences(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    told = []
    for number in range(max(len(before), len(after))):
        was, now = (
            (each[number]["position"], each[number]["rung"]) if number < len(each) else None
            for each in (before, after)
        )
        if was != now:
            told.append(f"Decision {number + 1} was {_shown(was)}, and was {_shown(now)} in the replay.")
    return told


def _shown(decision: tuple[int, int] | None) -> str:
    return "not taken" if decision is None else f"rung {decision[1]} for segment {decision[0] + 1}"


def _play(recording: Recording, recorded: list[Decision], profile: Path) -> dict[str, Any]:
    facts, report = recording.facts, recording.report
    try:
        wanted = dict(facts["settings"])
        settings = PlaybackSettings(
            **wanted,
            start_s=facts["start_s"] or 0.0,
            make_policy=lambda _name: _Pinned(report, recorded, VirtualLoop.BEGIN_S),
        )
        keys = tuple((bytes.fromhex(kid), bytes(16)) for kid in facts["kids"])
        source = Source(name=str(report["title"]), manifests=dict(facts["manifests"]), keys=keys)
        length_s = max((each["at_s"] for each in report["statuses"]), default=0.0)
        spec = RunSpec(Labels("replay"), source, settings, None, None, _script(report), length_s + _SPARE_S)
        wall_s = float(facts["wall_s"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(ErrorCode.INPUT_FILE, "What this recording says of its playback cannot be read.") from error
    return run_virtual(spec, Bench(profile), lambda _loop, clock: ReplayTransport(recording, clock), wall_s)


def _policy_name(recording: Recording) -> str:
    name = str(recording.report.get("policy", ""))
    return name if name in registry.names() else registry.DEFAULT


def _script(report: Mapping[str, Any]) -> tuple[Step, ...]:
    """What the viewer did."""
    steps = [Step(each["at_s"], Do.SEEK, each["to_s"]) for each in report["seeks"]]
    before = ""
    for each in report["statuses"]:
        if each["status"] == "paused":
            steps.append(Step(each["at_s"], Do.PAUSE))
        elif before == "paused":
            steps.append(Step(each["at_s"], Do.PLAY))
        before = each["status"]
    if report["result"]["status"] == "idle" and report["statuses"]:
        steps.append(Step(report["statuses"][-1]["at_s"], Do.STOP))
    return tuple(steps)


class _Pinned:
    """A policy that decides what was decided, and not sooner; downloads that were given up then are given up again.
    Its first answer (which init segment to begin with) is no decision on a segment yet."""

    name = "recorded"

    def __init__(self, report: Mapping[str, Any], recorded: list[Decision], begin_s: float) -> None:
        self._left = deque(
            (float(row["at_s"]), each) for row, each in zip(report["decisions"], recorded, strict=True)
        )
        self._abandoned = deque(report["abandoned"])
        self._begin_s = begin_s
        self._begun = False

    def decide(self, snapshot: Snapshot) -> Decision:
        if not self._left:
            return Decision(None, Reason.HOLD, "Nothing more was fetched.", snapshot, wait_s=1.0)
        at_s, decision = self._left[0]
        if not self._begun:
            self._begun = True
            return decision
        wait_s = self._begin_s + at_s - snapshot.now_s
        if wait_s > _TOLERANCE_S:
            return Decision(None, Reason.HOLD, "It was decided later.", snapshot, wait_s=wait_s)
        self._left.popleft()
        return decision

    def on_progress(self, progress: Progress) -> Verdict:
        given_up = self._abandoned[0] if self._abandoned else None
        now_s = progress.snapshot.now_s - self._begin_s + _TICK_S
        if given_up is None or given_up["rung"] != progress.rung or now_s < given_up["at_s"]:
            return Verdict(None, Reason.HOLD, "")
        self._abandoned.popleft()
        return Verdict(given_up["to_rung"], Reason.ABANDONED, given_up["sentence"])


class ReplayTransport:
    """Answers as the recorded servers did, at the pace of then.

    The answers to the same question come in the order in which they came; another CDN's answer is taken where the one
    asked has none.
    """

    def __init__(self, recording: Recording, clock: Clock) -> None:
        self._recording = recording
        self._clock = clock
        self._exact: defaultdict[_Key, list[Exchange]] = defaultdict(list)
        self._anywhere: defaultdict[_Key, list[Exchange]] = defaultdict(list)
        for each in recording.exchanges:
            self._exact[each.method, each.url, each.range].append(each)
            self._anywhere[each.method, place_of(each.url), each.range].append(each)
        self._asked: Counter[_Key] = Counter()

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The recorded answer. Raises the recorded NetError."""
        found = self._find(request)
        if found is None:
            yield MemoryBody(request.url, 404, b"", None)
            return
        await self._clock.sleep(found.first_byte_s if found.first_byte_s is not None else found.seconds)
        if found.status is None:
            if not found.error or found.hung:
                await asyncio.get_running_loop().create_future()  # given up while nothing had come
            raise _error(found)
        yield _RecordedBody(found, request.url, self._recording.body(found), self._clock)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _find(self, request: Request) -> Exchange | None:
        wanted = None if request.byte_range is None else (request.byte_range.start, request.byte_range.length)
        for table, place in ((self._exact, request.url), (self._anywhere, place_of(request.url))):
            key = (request.method, place, wanted)
            if key in table:
                number, self._asked[key] = self._asked[key], self._asked[key] + 1
                return table[key][min(number, len(table[key]) - 1)]
        return None


class _RecordedBody:
    """A recorded answer, arriving."""

    def __init__(self, exchange: Exchange, url: str, content: bytes, clock: Clock) -> None:
        assert exchange.status is not None
        self._exchange = exchange
        self._content = content
        self._clock = clock
        self.url = url
        self.status = exchange.status
        self.headers: Mapping[str, str] = exchange.headers
        self.http_version = exchange.http
        self.new_connection = exchange.new_connection
        length = exchange.headers.get("content-length", "")
        encoded = exchange.headers.get("content-encoding", "identity") != "identity"
        same = len(content) == exchange.size  # a scrubbed manifest may have another length
        self.total = int(length) if length.isdigit() and not encoded and same else None

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body at the pace of then. Raises the recorded NetError, and never ends where it was given up."""
        exchange, begun_s, sent = self._exchange, self._clock.monotonic(), 0
        for at_s, size in exchange.chunks[:-1] if exchange.whole else exchange.chunks:
            await self._clock.sleep(max(0.0, begun_s + at_s - self._clock.monotonic()))
            yield self._content[sent : sent + size]
            sent += size
        if not exchange.whole:
            if not exchange.error or exchange.hung:
                await asyncio.get_running_loop().create_future()
            left_s = exchange.seconds - (exchange.first_byte_s or 0.0)
            await self._clock.sleep(max(0.0, begun_s + left_s - self._clock.monotonic()))
            raise _error(exchange)
        if exchange.chunks:
            await self._clock.sleep(max(0.0, begun_s + exchange.chunks[-1][0] - self._clock.monotonic()))
        if sent < len(self._content):
            yield self._content[sent:]


def _error(exchange: Exchange) -> NetError:
    code = ErrorCode(exchange.error) if exchange.error in set(ErrorCode) else ErrorCode.NET_CUT
    return NetError(code, exchange.error_sentence or "The connection broke.", recoverable=exchange.recoverable)
