"""What the service itself counts of a playback (``docs/protocol.md``, TelemetryEvent): begin, progress, end."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass

from player.base.clock import Clock
from player.reporting.events import BufferSampled, ErrorRaised, Event, PhaseReached, StatusChanged
from player.reporting.qoe import Qoe, QoeMeter
from player.reporting.state import NOT_PLAYING, PlaybackState
from player.reporting.telemetry.queue import line_of

BEAT_S = 30.0
_LONGEST_NAME = 64  # of a CDN, which a manifest may call as it likes


@dataclass(frozen=True, slots=True)
class QualityEvent:
    """One event as the service takes it. What was played, stalled and received counts since the last event."""

    event_id: str
    session_id: str
    kind: str
    at: float
    title_id: str
    device_id: str
    pathway: str
    app_version: str
    startup_s: float | None = None
    played_s: float = 0.0
    stalled_s: float = 0.0
    stalls: int = 0
    bits: float = 0.0
    error: str | None = None
    height: int | None = None  # of the picture at that moment
    buffer_s: float | None = None  # media in hand at that moment

    @property
    def id(self) -> str:
        """Unique for ever: the service counts each event once."""
        return self.event_id

    def as_json(self) -> str:
        """The event as it is stored and sent."""
        return line_of(asdict(self))


class QualityEvents:
    """Turns the events of one playback of a title into those that the service counts."""

    def __init__(
        self,
        add: Callable[[QualityEvent], None],
        clock: Clock,
        title_id: str,
        app_version: str,
        device_id: Callable[[], str | None],
        state: Callable[[], PlaybackState],
    ) -> None:
        self._add = add
        self._clock = clock
        self._title_id = title_id
        self._app_version = app_version
        self._device_id = device_id
        self._state = state
        self._session = str(uuid.uuid4())
        self._meter = QoeMeter()
        self._told = Qoe()
        self._told_s = 0.0
        self._begun = False
        self._over = False

    def __call__(self, event: Event) -> None:
        self._meter(event)
        match event:
            case PhaseReached(phase="first_frame") if not self._begun:
                self._begun, self._told_s = True, event.at_s
                self._tell("start", startup_s=self._meter.summary(()).startup_s)
            case ErrorRaised():
                self._tell("error", error=event.code)
            case BufferSampled() if self._begun and not self._over and event.at_s - self._told_s >= BEAT_S:
                self._told_s = event.at_s
                self._progress("beat")
            case StatusChanged() if self._begun and not self._over and event.status in NOT_PLAYING:
                self._over = True
                self._progress("end")

    def _progress(self, kind: str) -> None:
        now, told = self._meter.summary(()), self._told
        self._told = now
        self._tell(
            kind,
            played_s=round(now.played_s - told.played_s, 3),
            stalled_s=round(now.stalled_s - told.stalled_s, 3),
            stalls=now.stalls - told.stalls,
            bits=float(8 * (now.bytes - told.bytes)),
        )

    def _tell(
        self,
        kind: str,
        *,
        startup_s: float | None = None,
        played_s: float = 0.0,
        stalled_s: float = 0.0,
        stalls: int = 0,
        bits: float = 0.0,
        error: str | None = None,
    ) -> None:
        device_id = self._device_id()
        if device_id is None:
            return  # never registered: the service would not know whose playback it was
        state = self._state()
        self._add(
            QualityEvent(
                str(uuid.uuid4()),
                self._session,
                kind,
                self._clock.wall(),
                self._title_id,
                device_id,
                state.pathway[:_LONGEST_NAME],
                self._app_version,
                startup_s,
                played_s,
                stalled_s,
                stalls,
                bits,
                error,
                _height(state),
                _ahead_s(state),
            )
        )


def _height(state: PlaybackState) -> int | None:
    return next((rung.height for rung in state.rungs if rung.index == state.rung_playing), None)


def _ahead_s(state: PlaybackState) -> float | None:
    """What can be played without the network from where playback stands."""
    position_s = state.position_s
    ahead = [end - position_s for begin, end in state.buffered if begin <= position_s <= end]
    return round(max(ahead), 3) if ahead else None
