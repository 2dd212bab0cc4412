"""Asks the ABR policy: gathers the snapshot of the moment and keeps what the viewer fixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from abr.abandonment import last_guard
from abr.dropping import DropWatch, Look
from abr.economy import Economy, economy
from abr.model import (
    AbandonmentVerdict,
    Caps,
    Decision,
    Estimate,
    LiveState,
    Phase,
    Policy,
    Rung,
    Snapshot,
    TransferProgress,
)
from abr.replacing import Held, Replacement, best_replacement
from abr.startup import trusted_bps, while_low
from player.transfer.model import LoadProgress

RATE_WINDOW_S = 2.0  # of the rate of a running download


@dataclass(frozen=True, slots=True)
class RungRequest:
    """What the streaming knows when it asks for a rung; seconds and bytes."""

    now_s: float
    buffer_s: float
    segment_s: float
    remaining_s: float | None
    in_flight_s: float
    playing: bool
    speed: float
    next_sizes: tuple[tuple[int | None, ...], ...] = ()


class RateControl:
    """One per playback. ``estimate(now_s)`` is the estimator's view at that moment."""

    def __init__(
        self,
        policy: Policy,
        estimate: Callable[[float], Estimate],
        rungs: Sequence[Rung],
        *,
        buffer_max_s: float,
        audio_bps: int,
        caps: Caps | None = None,
        replaces: bool = False,
    ) -> None:
        self._policy = policy
        self._estimate = estimate
        self.rungs = tuple(rungs)
        self._buffer_max_s = buffer_max_s
        self._slow_link = False
        self._audio_bps = audio_bps
        self.caps = caps or Caps()
        self.replaces = replaces  # buffered segments of low rungs, where that is worth it
        self.manual: int | None = None
        self.live: LiveState | None = None  # of a live title: no more than the latency can be buffered
        self.phase = Phase.STARTUP
        self.current: int | None = None
        self._fetched = 0
        self._since_switch = 0
        self._abandoned_in_a_row = 0
        self._drops = DropWatch()

    def decide(self, moment: RungRequest) -> Decision:
        """The policy's answer for the next segment, or a lower rung while hardly anything is buffered."""
        decision = while_low(self._policy.decide(self._snapshot(moment)))
        return decision if decision.policy else replace(decision, policy=self._policy.name)

    def on_progress(self, progress: TransferProgress) -> AbandonmentVerdict:
        """The policy's answer on a running download."""
        return last_guard(progress, self._policy.on_progress(progress))

    def progress(self, moment: RungRequest, rung: int, load: LoadProgress, *, replaceable: bool) -> TransferProgress:
        """A running download as ABR is told of it."""
        first_byte_s = load.elapsed_s if load.first_byte_s is None else load.first_byte_s
        since_first_byte_s = load.elapsed_s - first_byte_s
        return TransferProgress(
            rung=rung,
            received=load.received,
            size=load.total,
            elapsed_s=load.elapsed_s,
            since_first_byte_s=since_first_byte_s,
            recent_bps=load.rate_bps,
            recent_window_s=min(RATE_WINDOW_S, since_first_byte_s),
            replaceable=replaceable,
            snapshot=self._snapshot(moment),
            abandoned_before=self._abandoned_in_a_row,
        )

    def replacement(self, moment: RungRequest, held: Sequence[Held], before: int | None) -> Replacement | None:
        """What is to be fetched again of the buffer before the next segment; see :func:`abr.replacing`."""
        found = best_replacement(self._snapshot(moment), held, before)
        return None if found is None else replace(found, decision=replace(found.decision, policy=self._policy.name))

    def economy(self, now_s: float) -> Economy:
        """How much to buffer on this link, and whether the sound goes first."""
        found = economy(self._estimate(now_s), self._buffer_max_s, was_low=self._slow_link)
        self._slow_link = found.low
        return found

    @property
    def starting(self) -> bool:
        """Whether nothing has arrived whole yet, since the start or since a jump."""
        return self.phase is not Phase.STEADY

    def trusted_bps(self, now_s: float) -> float | None:
        """What the link is sure to give, in bit/s; None while too little is known of it."""
        return trusted_bps(self._estimate(now_s))

    def carries(self, rung: int, now_s: float) -> bool:
        """Whether the link is sure to give what a rung and the sound need."""
        bps = self.trusted_bps(now_s)
        return bps is not None and bps >= self.rungs[rung].bitrate_bps + self._audio_bps

    def chosen(self, rung: int) -> None:
        """A fetch at this rung begins."""
        self._since_switch = 0 if rung != self.current else self._since_switch + 1
        self.current = rung

    def finished(self) -> None:
        """A segment has arrived whole."""
        self._fetched += 1
        self._abandoned_in_a_row = 0
        self.phase = Phase.STEADY

    def abandoned(self) -> None:
        self._abandoned_in_a_row += 1

    def sought(self) -> None:
        """The viewer jumped to where nothing is buffered."""
        if self.phase is Phase.STEADY:
            self.phase = Phase.AFTER_SEEK

    def exclude(self, rung: int) -> None:
        """This rung is not available (missing on every CDN, undecodable); Auto leaves it out from now on."""
        self.caps = replace(self.caps, excluded=self.caps.excluded | {rung})

    def shown(self, now_s: float, rung: int | None, dropped: int, *, steady: bool) -> str:
        """What is on the screen now, and how many pictures have been dropped since the start: Auto leaves out a rung
        that this machine does not show in time. A sentence where that has changed, else nothing."""
        frame_rate = None if rung is None else self.rungs[rung].frame_rate
        sentence = self._drops.look(Look(now_s, rung, dropped, steady, frame_rate), len(self.rungs) - 1)
        if sentence:
            self.caps = replace(self.caps, max_decodable_rung=self._drops.limit)
        return sentence

    def _snapshot(self, moment: RungRequest) -> Snapshot:
        return Snapshot(
            now_s=moment.now_s,
            phase=self.phase,
            rungs=self.rungs,
            current=self.current,
            buffer_s=moment.buffer_s,
            buffer_max_s=self.economy(moment.now_s).buffer_max_s,
            segment_s=moment.segment_s,
            estimate=self._estimate(moment.now_s),
            next_sizes=moment.next_sizes,
            remaining_s=moment.remaining_s,
            in_flight_s=moment.in_flight_s,
            audio_bps=self._audio_bps,
            playback_rate=moment.speed,
            playing=moment.playing,
            manual=self.manual,
            caps=self.caps,
            live=self.live,
            segments_fetched=self._fetched,
            since_switch=self._since_switch,
        )
