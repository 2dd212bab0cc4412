"""Decides when the process that draws the screen is started, ended, or replaced by a plain screen. Pure: it gets
events with their times and returns orders. Times are seconds of a steady clock.

The answer to any failure is a new process. After each failure the next start waits longer. From the fourth failure in
a row a plain screen is shown meanwhile. A minute of playback resets the count. An entry that crashes the screen twice
is skipped.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum

_IS_LOOP = 4  # failures in a row
_TRIES_PER_ENTRY = 2
_ABSENT_S = 3.0  # between two ticks: it was this process that stood still


class ScreenOrder(StrEnum):
    """What is to be done now."""

    START = "start"
    END = "end"  # asked to, with time to tidy up
    KILL = "kill"
    SHOW_FALLBACK = "show-fallback"
    HIDE_FALLBACK = "hide-fallback"


class ScreenPhase(StrEnum):
    WAITING = "waiting"  # for the time to begin
    STARTING = "starting"  # nothing has been heard yet
    RUNNING = "running"
    ENDING = "ending"


class RestartReason(StrEnum):
    """Why a screen ended, or was ended."""

    DIED = "died"
    NO_START = "no-start"
    SILENT = "silent"
    FROZEN = "frozen"
    NO_PICTURE = "no-picture"
    NO_SOUND = "no-sound"
    MEMORY = "memory"
    ASKED = "asked"  # by the operator, or for a new provisioning file


@dataclass(frozen=True, slots=True)
class Beat:
    """What a screen reports twice a second. ``frames`` counts the frames drawn since its start. ``due``: new frames
    are expected now, as the screen is on and playback runs. ``wanted``: new frames are expected as soon as possible,
    for example after waiting for the network. ``silent``: audio is due and has no output."""

    frames: int
    due: bool = False
    wanted: bool = False
    silent: bool = False
    entry: int = -1
    name: str = ""
    status: str = ""
    position_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a screen may be without a sign of life, in seconds. No sound is answered at most once in
    ``sound_every_s``: where there is no loudspeaker, a new screen has none either."""

    start_s: float = 20.0
    silent_s: float = 4.0
    frozen_s: float = 5.0
    picture_s: float = 900.0
    sound_s: float = 15.0
    sound_every_s: float = 3600.0
    ending_s: float = 3.0
    healthy_s: float = 60.0
    memory_bytes: int = 1_500_000_000
    delays_s: tuple[float, ...] = (0.5, 0.5, 1.0, 4.0, 10.0, 30.0, 60.0, 120.0, 300.0)  # after so many failures


class ScreenWatchdog:
    """See the module. ``restarts`` counts by reason; ``phase`` and ``failures`` say how it stands."""

    def __init__(self, now: float, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self.phase = ScreenPhase.WAITING
        self.failures = 0
        self.restarts: Counter[RestartReason] = Counter()
        self.last_beat: Beat | None = None
        self._entry, self._entry_failures = -1, 0
        self._until = now  # the next start
        self._since = now  # of the phase
        self._heard = self._moved = self._pictured = self._sounded = now
        self._healthy_from: float | None = None
        self._sound_tried = float("-inf")
        self._ticked = now
        self._reason: RestartReason | None = None
        self._fallback = False

    @property
    def begin_with(self) -> int:
        """The entry that the next screen begins with: that of the last one, or the one behind it where that keeps
        failing; 0 at first."""
        if self._entry < 0:
            return 0
        return self._entry + (1 if self._entry_failures >= _TRIES_PER_ENTRY else 0)

    def without_picture_s(self, now: float) -> float:
        """How long nothing has moved that ought to."""
        return now - self._pictured

    @property
    def shows_fallback(self) -> bool:
        """Whether the plain picture is shown."""
        return self._fallback

    @property
    def ending_for(self) -> RestartReason | None:
        """Why the screen is being ended; None while it is not."""
        return self._reason

    def tick(self, now: float) -> list[ScreenOrder]:
        """To be called a few times a second."""
        if now - self._ticked > _ABSENT_S:
            self._forgive(now - self._ticked)
        self._ticked = now
        return [*self._watch(now), *self._choose_fallback()]

    def beat(self, now: float, beat: Beat, memory_bytes: int = 0) -> list[ScreenOrder]:
        """The screen has told how it is; ``memory_bytes`` is what it occupies."""
        if self.phase is ScreenPhase.STARTING:
            self.phase, self._since = ScreenPhase.RUNNING, now
            self._moved = self._pictured = self._sounded = now
        before, self.last_beat = self.last_beat, beat
        self._heard = now
        moved = before is not None and beat.frames > before.frames
        if moved or not beat.due:
            self._moved = now
        if moved or not beat.wanted:
            self._pictured = now
        if not beat.silent:
            self._sounded = now
        if beat.entry != self._entry:
            self._entry, self._entry_failures = beat.entry, 0
        self._note_health(now, moved=moved or not beat.wanted)
        if self.phase is ScreenPhase.RUNNING and memory_bytes > self._limits.memory_bytes:
            return [self._end(now, RestartReason.MEMORY)]
        return []

    def exited(self, now: float, *, wanted: bool = False) -> None:
        """The screen's process is gone; ``wanted``: it ended because it was to be restarted."""
        reason = self._reason or (RestartReason.ASKED if wanted else RestartReason.DIED)
        self.restarts[reason] += 1
        self._reason, self.last_beat, self._healthy_from = None, None, None
        self.phase, self._since = ScreenPhase.WAITING, now
        delays = self._limits.delays_s
        if reason in (RestartReason.ASKED, RestartReason.MEMORY, RestartReason.NO_SOUND):
            self._until = now + delays[0]
            return
        self._until = now + delays[min(self.failures, len(delays) - 1)]
        self.failures += 1
        self._entry_failures += 1

    def restart(self, now: float) -> list[ScreenOrder]:
        """Restart, for an operator or a new file; at once, whatever was waited for."""
        if self.phase is ScreenPhase.WAITING:
            self.failures, self._until = 0, now
            return []
        return [] if self.phase is ScreenPhase.ENDING else [self._end(now, RestartReason.ASKED)]

    def bound_memory(self, memory_bytes: int) -> None:
        """What a screen may occupy from now on."""
        self._limits = replace(self._limits, memory_bytes=memory_bytes)

    def _watch(self, now: float) -> list[ScreenOrder]:
        limits = self._limits
        match self.phase:
            case ScreenPhase.WAITING:
                if now < self._until:
                    return []
                self.phase, self._since = ScreenPhase.STARTING, now
                return [ScreenOrder.START]
            case ScreenPhase.STARTING:
                late = now - self._since > limits.start_s
                return [self._kill(now, RestartReason.NO_START)] if late else []
            case ScreenPhase.RUNNING:
                return self._watch_running(now)
            case ScreenPhase.ENDING:
                if now - self._since <= limits.ending_s:
                    return []
                self._since = now
                return [ScreenOrder.KILL]

    def _watch_running(self, now: float) -> list[ScreenOrder]:
        limits = self._limits
        if now - self._heard > limits.silent_s:
            return [self._kill(now, RestartReason.SILENT)]
        if now - self._moved > limits.frozen_s:
            return [self._kill(now, RestartReason.FROZEN)]
        if now - self._pictured > limits.picture_s:
            return [self._end(now, RestartReason.NO_PICTURE)]
        if now - self._sounded > limits.sound_s and now - self._sound_tried > limits.sound_every_s:
            self._sound_tried = now
            return [self._end(now, RestartReason.NO_SOUND)]
        return []

    def _end(self, now: float, reason: RestartReason) -> ScreenOrder:
        self.phase, self._since, self._reason = ScreenPhase.ENDING, now, reason
        return ScreenOrder.END

    def _kill(self, now: float, reason: RestartReason) -> ScreenOrder:
        self._end(now, reason)
        return ScreenOrder.KILL

    def _choose_fallback(self) -> list[ScreenOrder]:
        wanted = self.failures >= _IS_LOOP
        if self._fallback and self.phase is ScreenPhase.RUNNING and self._healthy_from is not None:
            wanted = False  # the screen lies above it by now
        if wanted == self._fallback:
            return []
        self._fallback = wanted
        return [ScreenOrder.SHOW_FALLBACK if wanted else ScreenOrder.HIDE_FALLBACK]

    def _note_health(self, now: float, *, moved: bool) -> None:
        if not moved:
            return
        if self._healthy_from is None:
            self._healthy_from = now
        elif now - self._healthy_from >= self._limits.healthy_s:
            self.failures = self._entry_failures = 0

    def _forgive(self, absent_s: float) -> None:
        """Nobody was heard while nobody listened."""
        self._since += absent_s
        self._heard += absent_s
        self._moved += absent_s
        self._pictured += absent_s
        self._sounded += absent_s
