"""What happens in a playback, as immutable records: the one source of the report, the statistics and telemetry.

``at_s`` is on the engine's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from abr.model import Decision, NetworkMemory
from player.manifest.model import TimedEvent
from player.net.model import Transfer

MAIN = "main"
"""Name of the main track (video, or audio where there is no video) in events and stores."""
LIVE_MOVED = "live_moved"
"""The kind of a :class:`Note`: a live playback goes on elsewhere, what it was to play is not there any more."""


@dataclass(frozen=True, slots=True)
class PhaseReached:
    """A milestone of the start: ``requested``, ``manifest``, ``licence``, ``init``, ``header``, ``first_bytes``,
    ``first_frame``."""

    at_s: float
    phase: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """Earlier playbacks knew this of a CDN, and the first decisions went by it."""

    at_s: float
    pathway: str
    memory: NetworkMemory


@dataclass(frozen=True, slots=True)
class TimedEventsSeen:
    """Events on the presentation timeline that the manifest or a segment tells of; the same ones may come again."""

    at_s: float
    events: tuple[TimedEvent, ...]


@dataclass(frozen=True, slots=True)
class RungDecided:
    """ABR answered for the segment at ``position`` that starts at ``media_s``."""

    at_s: float
    position: int
    media_s: float
    decision: Decision


@dataclass(frozen=True, slots=True)
class FetchHeld:
    """From ``at_s`` until ``until_s`` nothing of the main track was fetched on purpose: ``reason`` is a value of
    :class:`player.stream.lanes.Hold`, ``buffer_s`` what was buffered when it began."""

    at_s: float
    until_s: float
    reason: str
    sentence: str
    buffer_s: float


@dataclass(frozen=True, slots=True)
class SegmentAbandoned:
    at_s: float
    position: int
    rung: int
    to_rung: int | None
    wasted_bytes: int
    sentence: str


@dataclass(frozen=True, slots=True)
class SegmentReplaced:
    """A buffered segment was fetched again at ``to_rung``, or that was ``given_up``. ``wasted_bytes`` are those of
    the copy that is not played."""

    at_s: float
    position: int
    rung: int
    to_rung: int
    wasted_bytes: int
    sentence: str
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class SegmentDone:
    at_s: float
    track: str
    position: int
    media_s: float
    duration_s: float
    rung: int
    size: int
    pathway: str


@dataclass(frozen=True, slots=True)
class TransferDone:
    at_s: float
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class Note:
    """Something the engine did about a trouble: a retry, a change of CDN, a replaced segment."""

    at_s: float
    kind: str
    sentence: str
    from_pathway: str = ""
    to_pathway: str = ""
    track: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class RightsTold:
    """How the licence of what plays stands: a sentence for the viewer, and the seconds left (None: no end)."""

    at_s: float
    sentence: str
    remaining_s: float | None


@dataclass(frozen=True, slots=True)
class StallBegan:
    at_s: float
    position_s: float


@dataclass(frozen=True, slots=True)
class StallEnded:
    """``cause`` is a :class:`player.playback.stalls.StallCause`."""

    at_s: float
    position_s: float
    duration_s: float
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Sought:
    at_s: float
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class MediaBroken:
    """Between two times of the title, in seconds, nothing of a track reached the decoder (``kind`` is ``lost``), or
    it came twice (``repeated``). ``media`` is ``video`` or ``audio``, ``segment`` the number of the segment in its
    track, ``code`` the error behind it."""

    at_s: float
    kind: str
    media: str
    start_s: float
    end_s: float
    segment: int
    pathway: str
    code: str
    sha256: str  # of the bytes that came for it, as far as they are there
    unplayed: int | None = None  # which audio track of the video's segments it is, from 0 on, if not the one played


@dataclass(frozen=True, slots=True)
class MediaDamaged:
    """A copy of a segment cannot be read: ``size`` bytes of it came. Another copy may be played in its place."""

    at_s: float
    media: str
    size: int


@dataclass(frozen=True, slots=True)
class DecoderComplained:
    """The decoders complained ``count`` times about what they were given, while playback went from ``start_s`` to
    ``end_s`` on the title's timeline: two looks at it. They work some pictures ahead of what is shown."""

    at_s: float
    start_s: float
    end_s: float
    count: int


@dataclass(frozen=True, slots=True)
class StatusChanged:
    at_s: float
    status: str


@dataclass(frozen=True, slots=True)
class BufferSampled:
    """Taken about twice a second."""

    at_s: float
    position_s: float
    buffer_s: float
    throughput_bps: float | None
    rung: int | None


@dataclass(frozen=True, slots=True)
class LatencySampled:
    """Taken about twice a second while a live programme plays; ``following``: it is kept at the target."""

    at_s: float
    latency_s: float
    target_s: float
    speed: float
    following: bool


@dataclass(frozen=True, slots=True)
class ErrorRaised:
    at_s: float
    code: str
    sentence: str
    fatal: bool


Event = (
    PhaseReached
    | Remembered
    | TimedEventsSeen
    | RungDecided
    | FetchHeld
    | SegmentAbandoned
    | SegmentReplaced
    | SegmentDone
    | TransferDone
    | Note
    | RightsTold
    | StallBegan
    | StallEnded
    | Sought
    | MediaBroken
    | MediaDamaged
    | DecoderComplained
    | StatusChanged
    | BufferSampled
    | LatencySampled
    | ErrorRaised
)
Observer = Callable[[Event], None]


class EventHub:
    """Hands each event to all observers, in the order in which they were added. For one thread."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []

    def __call__(self, event: Event) -> None:
        for observer in self._observers:
            observer(event)

    def add(self, observer: Observer) -> None:
        """Hand ``observer`` each event from now on."""
        self._observers.append(observer)


def all_of(observers: Sequence[Observer]) -> Observer:
    """One observer that tells all of them, in order."""
    if len(observers) == 1:
        return observers[0]

    def observe(event: Event) -> None:
        for each in observers:
            each(event)

    return observe
