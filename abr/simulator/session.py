"""One simulated session, with the scheduling of the player: one segment after the other, a request only when the
buffer has room, playback from the first whole segment, and again after a stall.

The policy, the estimator and the values between them are the player's own.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from abr.abandonment import last_guard
from abr.economy import economy
from abr.estimator import ThroughputEstimator
from abr.model import (
    Caps,
    Decision,
    Estimate,
    NetworkMemory,
    Phase,
    Policy,
    Progress,
    Snapshot,
    TransferSample,
    Verdict,
)
from abr.simulator.formats import Ladder, Trace
from abr.startup import while_low

LOOKAHEAD = 10  # segments whose sizes a policy is shown
PROGRESS_STEP_S = 0.25
PLAYER_WINDOW_STEPS = 8  # the player looks at the rate of the last two seconds
MAX_REQUESTS_PER_SEGMENT = 50


@dataclass(frozen=True, slots=True)
class Options:
    """How a session is run. ``startup_s`` and ``resume_s`` are the media buffered before playback starts or
    resumes; None is one segment. ``start_s`` is where in the trace the session begins. ``as_player`` adds what the
    player puts around every policy: lower rungs while hardly anything is buffered, a deeper buffer on a slow link,
    no download is kept that is sure to end in a stall where a lower rung is not; and a running download is judged by
    its rate over two seconds instead of the last quarter. Without ``sizes_known`` the policy is not told the sizes of
    the coming segments: many manifests do not tell.
    """

    buffer_max_s: float = 30.0
    startup_s: float | None = None
    resume_s: float | None = None
    start_s: float = 0.0
    caps: Caps = field(default_factory=Caps)
    memory: NetworkMemory | None = None
    as_player: bool = False
    sizes_known: bool = True
    record: bool = False  # keep decisions and the timeline


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the session; ``aborted`` ones delivered ``size`` bytes in vain."""

    segment: int
    rung: int
    start_s: float
    first_byte_s: float
    end_s: float
    size: int
    buffer_before_s: float
    buffer_after_s: float
    aborted: bool = False


@dataclass(slots=True)
class Session:
    """What happened. ``stalls`` are (start, length) after the start of playback; times are seconds of the session."""

    policy: str
    trace: str
    ladder: str
    rungs: list[int] = field(default_factory=list)
    startup_s: float = 0.0
    stalls: list[tuple[float, float]] = field(default_factory=list)
    idle_s: float = 0.0
    wasted_bytes: int = 0
    requests: list[Request] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def stalled_s(self) -> float:
        return sum(length for _, length in self.stalls)


class _Playback:
    """The buffer and the playhead."""

    def __init__(self, result: Session, segment_s: float, options: Options) -> None:
        self.result = result
        self.buffer_s = 0.0
        self.started = self.stalled = False
        self._segment_s = segment_s
        self._startup_s = segment_s if options.startup_s is None else options.startup_s
        self._resume_s = segment_s if options.resume_s is None else options.resume_s

    @property
    def playing(self) -> bool:
        return self.started and not self.stalled

    def advance(self, now_s: float, seconds: float) -> None:
        """Time passes from ``now_s`` on."""
        if not self.started:
            self.result.startup_s += seconds
        elif self.stalled:
            start, length = self.result.stalls[-1]
            self.result.stalls[-1] = (start, length + seconds)
        elif seconds <= self.buffer_s:
            self.buffer_s -= seconds
        else:
            missing = seconds - self.buffer_s
            if missing > 1e-9:
                self.stalled = True
                self.result.stalls.append((now_s + self.buffer_s, missing))
            self.buffer_s = 0.0

    def add_segment(self, *, last: bool) -> None:
        """A segment is whole."""
        self.buffer_s += self._segment_s
        self.started = self.started or last or self.buffer_s >= self._startup_s - 1e-9
        self.stalled = self.stalled and not (last or self.buffer_s >= self._resume_s - 1e-9)

    def play_anyway(self) -> None:
        """The buffer is full: nothing more to wait for."""
        self.started, self.stalled = True, False


class Simulation:
    """Runs one session; use :func:`simulate`."""

    def __init__(self, policy: Policy, ladder: Ladder, trace: Trace, options: Options) -> None:
        self._policy, self._ladder, self._trace, self._options = policy, ladder, trace, options
        self._estimator = ThroughputEstimator(options.memory)
        self.result = Session(policy.name, trace.name, ladder.name)
        self._playback = _Playback(self.result, ladder.segment_s, options)
        self._now_s = 0.0
        self._segment = 0
        self._in_a_row = 0
        self._since_switch = 0
        self._slow_link = False

    def run(self) -> Session:
        """Play the title to its end. Raises ValueError when the policy never fetches a segment."""
        while self._segment < self._ladder.segments:
            rung: int | None = self._decide()
            for _ in range(MAX_REQUESTS_PER_SEGMENT):
                rung = self._fetch(rung)
                if rung is None:
                    break
            else:
                raise ValueError(f"policy {self._policy.name!r} gave up one segment too often")
        return self.result

    def _decide(self) -> int:
        for _ in range(100_000):
            decision = self._policy.decide(self._snapshot(self._now_s, self._playback.buffer_s))
            if self._options.as_player:
                decision = while_low(decision)
            if self._options.record:
                self.result.decisions.append(decision)
            if decision.rung is not None:
                return decision.rung
            buffer_max_s = decision.snapshot.buffer_max_s
            if decision.wait_s > 0 and self._playback.buffer_s + self._ladder.segment_s > buffer_max_s:
                self._playback.play_anyway()
            self._pass(max(decision.wait_s, 1e-3))
        raise ValueError(f"policy {self._policy.name!r} waits for ever")

    def _pass(self, seconds: float) -> None:
        self._playback.advance(self._now_s, seconds)
        self._now_s += seconds
        self.result.idle_s += seconds

    def _fetch(self, rung: int | None) -> int | None:
        """One request. Returns the rung to try instead when it was given up, None when the segment is there."""
        assert rung is not None
        size = self._ladder.sizes[self._segment][rung]
        offset, start, before = self._options.start_s, self._now_s, self._playback.buffer_s
        first_byte = start + self._trace.latency_s(start + offset)
        end = self._trace.finish_s(first_byte + offset, size * 8.0) - offset
        given_up = self._watch(rung, size, first_byte, end)
        if given_up is not None:
            at_s, instead, received = given_up
            self._playback.advance(start, at_s - start)
            self._now_s = at_s
            self._note(
                Request(
                    self._segment,
                    rung,
                    start,
                    first_byte,
                    at_s,
                    received,
                    before,
                    self._playback.buffer_s,
                    aborted=True,
                )
            )
            self.result.wasted_bytes += received
            self._in_a_row += 1
            return instead
        self._playback.advance(start, end - start)
        self._now_s = end
        self._playback.add_segment(last=self._segment == self._ladder.segments - 1)
        self._note(Request(self._segment, rung, start, first_byte, end, size, before, self._playback.buffer_s))
        self._since_switch = self._since_switch + 1 if self.result.rungs and self.result.rungs[-1] == rung else 0
        self.result.rungs.append(rung)
        self._segment += 1
        self._in_a_row = 0
        return None

    def _watch(self, rung: int, size: int, first_byte: float, end: float) -> tuple[float, int, int] | None:
        """Ask the policy about the running download; (when, rung instead, bytes so far) if it gives up."""
        offset, start, before = self._options.start_s, self._now_s, self._playback.buffer_s
        at_s, seen = first_byte + PROGRESS_STEP_S, deque([0], PLAYER_WINDOW_STEPS if self._options.as_player else 1)
        while at_s < end:
            received = min(int(self._trace.bits(first_byte + offset, at_s + offset) / 8), size)
            left_s = max(before - (at_s - start), 0.0) if self._playback.playing else before
            progress = Progress(
                rung=rung,
                received=received,
                size=size,
                elapsed_s=at_s - start,
                since_first_byte_s=at_s - first_byte,
                recent_bps=(received - seen[0]) * 8 / (len(seen) * PROGRESS_STEP_S),
                recent_window_s=len(seen) * PROGRESS_STEP_S,
                replaceable=True,
                snapshot=self._snapshot(at_s, left_s),
                abandoned_before=self._in_a_row,
            )
            verdict = self._policy.on_progress(progress)
            if self._options.as_player:
                verdict = last_guard(progress, verdict)
            if verdict.abandon_to is not None:
                self.result.verdicts.append(verdict)
                return at_s, verdict.abandon_to, received
            at_s += PROGRESS_STEP_S
            seen.append(received)
        return None

    def _note(self, request: Request) -> None:
        self.result.requests.append(request)
        self._estimator.observe(
            TransferSample(
                request.start_s, request.first_byte_s, request.end_s, request.size, aborted=request.aborted
            )
        )

    def _buffer_max_s(self, estimate: Estimate) -> float:
        if not self._options.as_player:
            return self._options.buffer_max_s
        found = economy(estimate, self._options.buffer_max_s, was_low=self._slow_link)
        self._slow_link = found.low
        return found.buffer_max_s

    def _snapshot(self, now_s: float, buffer_s: float) -> Snapshot:
        segment, ladder, estimate = self._segment, self._ladder, self._estimator.estimate(now_s)
        return Snapshot(
            now_s=now_s,
            phase=Phase.STEADY if segment else Phase.STARTUP,
            rungs=ladder.rungs,
            current=self.result.rungs[-1] if self.result.rungs else None,
            buffer_s=buffer_s,
            buffer_max_s=self._buffer_max_s(estimate),
            segment_s=ladder.segment_s,
            estimate=estimate,
            next_sizes=ladder.sizes[segment : segment + LOOKAHEAD] if self._options.sizes_known else (),
            remaining_s=(ladder.segments - segment) * ladder.segment_s,
            playing=self._playback.playing,
            caps=self._options.caps,
            segments_fetched=segment,
            since_switch=self._since_switch,
        )


def simulate(policy: Policy, ladder: Ladder, trace: Trace, options: Options | None = None) -> Session:
    """Play ``ladder`` to its end over ``trace`` with a fresh policy. Deterministic."""
    return Simulation(policy, ladder, trace, options or Options()).run()
