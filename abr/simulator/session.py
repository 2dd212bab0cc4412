"""One simulated session, with the scheduling of the player: one segment after the other, a request only when the
buffer has room, playback from the first whole segment, and again after a stall.

The policy, the estimator and the values between them are the player's own.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from abr.abandonment import last_guard
from abr.early import SHORT_S, ArrivalRate, Arriving, cautious_bps, in_time
from abr.economy import economy
from abr.estimator import ThroughputEstimator
from abr.model import (
    LOOKAHEAD,
    AbandonmentVerdict,
    Caps,
    Decision,
    Estimate,
    NetworkMemory,
    Phase,
    Policy,
    Snapshot,
    TransferProgress,
    TransferSample,
)
from abr.replacing import READ_AHEAD_S, Held, best_replacement, goes_on
from abr.simulator.formats import Ladder, Trace
from abr.simulator.playback import Playback
from abr.startup import trusted_bps, while_low

PROGRESS_STEP_S = 0.25
EARLY_STEP_S = 0.05  # bytes come to the player in small pieces
PLAYER_WINDOW_STEPS = 8  # the player looks at the rate of the last two seconds
MAX_REQUESTS_PER_SEGMENT = 50
LONGEST_TRANSFER_S = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Options:
    """How a session is run. ``startup_s`` and ``resume_s`` are the media buffered before playback starts or resumes;
    None is one segment. ``start_s`` is where in the trace the session begins. Without ``sizes_known`` the policy does
    not get the sizes of the coming segments, as with many manifests. ``audio_bps`` is audio's bitrate, for a ladder
    whose sizes include audio. ``replace_buffered``: see :mod:`abr.replacing`.

    ``as_player`` adds what the player does around every policy. It takes lower rungs while hardly anything is
    buffered, and buffers more on a slow link. It gives up a download that is sure to end in a stall if a lower rung
    is not. It plays a segment that is still arriving if nothing else is left and the rest will come in time. A
    running download is judged by its rate over two seconds instead of the last quarter.
    """

    buffer_max_s: float = 30.0
    startup_s: float | None = None
    resume_s: float | None = None
    start_s: float = 0.0
    caps: Caps = field(default_factory=Caps)
    memory: NetworkMemory | None = None
    as_player: bool = False
    sizes_known: bool = True
    audio_bps: int = 0
    replace_buffered: bool = False
    record: bool = False  # keep decisions and the timeline


@dataclass(frozen=True, slots=True)
class SimulatedRequest:
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
class SimulatedSession:
    """What happened. ``stalls`` are (start, length) after the start of playback; times are seconds of the session.
    ``wasted_bytes`` were fetched and not played; those of segments that were replaced, and of replacements that were
    given up, are ``replacing_wasted_bytes`` of them."""

    policy: str
    trace: str
    ladder: str
    rungs: list[int] = field(default_factory=list)
    startup_s: float = 0.0
    stalls: list[tuple[float, float]] = field(default_factory=list)
    idle_s: float = 0.0
    wasted_bytes: int = 0
    replaced: int = 0
    replacing_wasted_bytes: int = 0
    requests: list[SimulatedRequest] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    verdicts: list[AbandonmentVerdict] = field(default_factory=list)

    @property
    def stalled_s(self) -> float:
        return sum(length for _, length in self.stalls)


@dataclass(frozen=True, slots=True)
class _Transfer:
    """A request that has been sent: when it was, when its first byte comes and when its last one does."""

    segment: int
    rung: int
    size: int
    start_s: float
    first_byte_s: float
    end_s: float
    buffer_s: float


class Simulation:
    """Runs one session; use :func:`simulate`."""

    def __init__(self, policy: Policy, ladder: Ladder, trace: Trace, options: Options) -> None:
        self._policy, self._ladder, self._trace, self._options = policy, ladder, trace, options
        self._estimator = ThroughputEstimator(options.memory)
        self.result = SimulatedSession(policy.name, trace.name, ladder.name)
        one_s = ladder.segment_s
        self._playback = Playback(
            one_s,
            one_s if options.startup_s is None else options.startup_s,
            one_s if options.resume_s is None else options.resume_s,
        )
        self._now_s = 0.0
        self._segment = 0
        self._in_a_row = 0
        self._since_switch = 0
        self._slow_link = False
        self._not_again: set[int] = set()  # segments whose replacement was given up
        self._resting_at: int | None = None  # the next one goes first then: the link is not what it was taken for

    def run(self) -> SimulatedSession:
        """Play the title to its end. Raises ValueError when the policy never fetches a segment, and where one would
        take hours."""
        while self._segment < self._ladder.segments:
            rung = self._decide()
            for _ in range(MAX_REQUESTS_PER_SEGMENT):
                instead = self._fetch(rung)
                if instead is None:
                    break
                rung = instead
            else:
                raise ValueError(f"policy {self._policy.name!r} gave up one segment too often")
        self.result.startup_s, self.result.stalls = self._playback.waited_s, self._playback.stalls
        return self.result

    def _decide(self) -> int:
        for _ in range(100_000):
            while self._options.replace_buffered and self._replace():
                continue
            decision = self._policy.decide(self._snapshot(self._now_s, self._playback.buffer_s))
            if self._options.as_player:
                decision = while_low(decision)
            self._record(decision)
            if decision.rung is not None:
                return decision.rung
            buffer_max_s = decision.snapshot.buffer_max_s
            if decision.wait_s > 0 and self._playback.buffer_s + self._ladder.segment_s > buffer_max_s:
                self._playback.play_anyway()
            wait_s = max(decision.wait_s, 1e-3)
            self.result.idle_s += wait_s
            self._advance_to(self._now_s + wait_s)
        raise ValueError(f"policy {self._policy.name!r} waits for ever")

    def _record(self, decision: Decision) -> None:
        if self._options.record:
            self.result.decisions.append(decision)

    def _advance_to(self, at_s: float) -> None:
        self._playback.advance(self._now_s, at_s - self._now_s)
        self._now_s = at_s

    def _send(self, segment: int, rung: int) -> _Transfer:
        size, start, offset = self._ladder.sizes[segment][rung], self._now_s, self._options.start_s
        first_byte = start + self._trace.latency_s(start + offset)
        end = self._trace.finish_s(first_byte + offset, size * 8.0) - offset
        if end - start > LONGEST_TRANSFER_S:
            raise ValueError(
                f"trace {self._trace.name!r} is too slow: a segment would take {(end - start) / 3600:.0f} h"
            )
        return _Transfer(segment, rung, size, start, first_byte, end, self._playback.buffer_s)

    def _received(self, transfer: _Transfer, at_s: float) -> int:
        offset = self._options.start_s
        return min(int(self._trace.bits(transfer.first_byte_s + offset, at_s + offset) / 8), transfer.size)

    def _fetch(self, rung: int) -> int | None:
        """One request. Returns the rung to try instead when it was given up, None when the segment is there."""
        running = self._send(self._segment, rung)
        early_s = self._early_s(running)
        given_up = self._watch(running, min(running.end_s, early_s))
        if given_up is not None:
            at_s, instead = given_up
            self.result.wasted_bytes += self._ended(running, at_s)
            self._in_a_row += 1
            return instead
        if early_s < running.end_s:
            self._advance_to(early_s)
            self._playback.play_arriving()
        self._advance_to(running.end_s)
        self._playback.add_segment(last=self._segment == self._ladder.segments - 1)
        self._ended(running)
        self._since_switch = self._since_switch + 1 if self.result.rungs and self.result.rungs[-1] == rung else 0
        self.result.rungs.append(rung)
        self._segment += 1
        self._in_a_row = 0
        return None

    def _ended(self, transfer: _Transfer, aborted_s: float | None = None) -> int:
        """Note a request that is over, or was aborted at a time; its bytes."""
        size, end_s = transfer.size, transfer.end_s
        if aborted_s is not None:
            size, end_s = self._received(transfer, aborted_s), aborted_s
            self._advance_to(aborted_s)
        request = SimulatedRequest(
            transfer.segment,
            transfer.rung,
            transfer.start_s,
            transfer.first_byte_s,
            end_s,
            size,
            transfer.buffer_s,
            self._playback.buffer_s,
            aborted=aborted_s is not None,
        )
        self.result.requests.append(request)
        self._estimator.observe(
            TransferSample(request.start_s, request.first_byte_s, end_s, size, aborted=request.aborted)
        )
        return size

    def _early_s(self, running: _Transfer) -> float:
        """When the player plays what has come of a segment; the end where it waits for all of it."""
        if not self._options.as_player:
            return running.end_s
        trusted, seen, before = trusted_bps(self._estimator.estimate(self._now_s)), ArrivalRate(), 0
        at_s = running.first_byte_s + EARLY_STEP_S
        while at_s < running.end_s:
            received = self._received(running, at_s)
            seen.add(at_s, received - before)
            left_s, before = self._playback.left_s(at_s - running.start_s), received
            bps = cautious_bps(seen.bps(at_s), trusted)
            rest = Arriving((running.size - received) * 8.0, left_s + self._ladder.segment_s)
            if left_s < SHORT_S and bps is not None and in_time([rest], bps):
                return at_s
            at_s += EARLY_STEP_S
        return running.end_s

    def _watch(self, running: _Transfer, until_s: float) -> tuple[float, int] | None:
        """Ask the policy about the running download; (when, rung instead) if it gives up."""
        steps = PLAYER_WINDOW_STEPS if self._options.as_player else 1
        for at_s, progress in self._progress(running, until_s, steps):
            verdict = self._policy.on_progress(progress)
            if self._options.as_player:
                verdict = last_guard(progress, verdict)
            if verdict.abandon_to is not None:
                self.result.verdicts.append(verdict)
                return at_s, verdict.abandon_to
        return None

    def _progress(self, running: _Transfer, until_s: float, steps: int) -> Iterator[tuple[float, TransferProgress]]:
        """The running download as it is looked at, four times a second, with its rate over so many looks."""
        seen = deque([0], steps)
        at_s = running.first_byte_s + PROGRESS_STEP_S
        while at_s < until_s:
            received = self._received(running, at_s)
            progress = TransferProgress(
                rung=running.rung,
                received=received,
                size=running.size,
                elapsed_s=at_s - running.start_s,
                since_first_byte_s=at_s - running.first_byte_s,
                recent_bps=(received - seen[0]) * 8 / (len(seen) * PROGRESS_STEP_S),
                recent_window_s=len(seen) * PROGRESS_STEP_S,
                replaceable=True,
                snapshot=self._snapshot(at_s, self._playback.left_s(at_s - running.start_s)),
                abandoned_before=self._in_a_row,
            )
            yield at_s, progress
            at_s += PROGRESS_STEP_S
            seen.append(received)

    def _replace(self) -> bool:
        """Fetch a buffered segment again if that is worth it. Return whether it was tried."""
        if self._segment == self._resting_at:
            return False
        first, held = self._held()
        before = self.result.rungs[first - 1] if 0 < first < self._segment else None
        found = best_replacement(self._snapshot(self._now_s, self._playback.buffer_s), held, before)
        if found is None or found.decision.rung is None:
            return False
        self._record(found.decision)
        wanted_s = self._now_s + next(each.wanted_in_s for each in held if each.position == found.position)
        running = self._send(found.position, found.decision.rung)
        looks = self._progress(running, running.end_s, PLAYER_WINDOW_STEPS)
        late = (at_s for at_s, progress in looks if not goes_on(progress, wanted_s - at_s))
        given_up_s = next(late, None if running.end_s <= wanted_s else wanted_s)
        if given_up_s is not None:
            lost = self._ended(running, given_up_s)
            self._not_again.add(found.position)
            self._resting_at = self._segment
        else:
            self._advance_to(running.end_s)
            self._ended(running)
            self.result.rungs[found.position] = running.rung
            self.result.replaced += 1
            lost = self._ladder.sizes[found.position][found.instead_of]
        self.result.wasted_bytes += lost
        self.result.replacing_wasted_bytes += lost
        return True

    def _held(self) -> tuple[int, list[Held]]:
        """The first segment that the decoder has not been given, and all from there on that are buffered."""
        one_s = self._ladder.segment_s
        played_s = self._segment * one_s - self._playback.buffer_s + READ_AHEAD_S
        first = min(math.ceil(played_s / one_s), self._segment)
        sizes = self._ladder.sizes if self._options.sizes_known else ()
        return first, [
            Held(
                number,
                self.result.rungs[number],
                0.0 if number in self._not_again else number * one_s - played_s,
                sizes[number] if sizes else (),
            )
            for number in range(first, self._segment)
        ]

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
            audio_bps=self._options.audio_bps,
            next_sizes=ladder.sizes[segment : segment + LOOKAHEAD] if self._options.sizes_known else (),
            remaining_s=(ladder.segments - segment) * ladder.segment_s,
            playing=self._playback.playing,
            caps=self._options.caps,
            segments_fetched=segment,
            since_switch=self._since_switch,
        )


def simulate(policy: Policy, ladder: Ladder, trace: Trace, options: Options | None = None) -> SimulatedSession:
    """Play ``ladder`` to its end over ``trace`` with a fresh policy. Deterministic."""
    return Simulation(policy, ladder, trace, options or Options()).run()
