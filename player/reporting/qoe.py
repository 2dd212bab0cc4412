"""The quality of experience of one playback in a few figures: the same for report, service and overlay. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, replace

from player.reporting.events import (
    MAIN,
    BufferSampled,
    ErrorRaised,
    Event,
    PhaseReached,
    SegmentAbandoned,
    SegmentDone,
    SegmentReplaced,
    Sought,
    StallBegan,
    StallEnded,
    TransferDone,
)

_REPLACEABLE = 4096  # segments, hours; those before stay in the sums


@dataclass(frozen=True, slots=True)
class Qoe:
    """Times in seconds, rates in bit/s. ``startup_s`` is from the request to the first picture (None: there was
    none); ``rebuffer_ratio`` is stalled / (stalled + played); ``mean_bitrate_bps`` is weighted by time,
    ``segment_bitrate_bps`` the plain mean over segments, both of what was fetched to be shown."""

    startup_s: float | None = None
    played_s: float = 0.0
    stalls: int = 0
    stalled_s: float = 0.0
    rebuffer_ratio: float = 0.0
    mean_bitrate_bps: int = 0
    segment_bitrate_bps: int = 0
    switches: int = 0
    errors: int = 0
    failed: bool = False
    dropped_frames: int = 0
    bytes: int = 0
    wasted_bytes: int = 0
    requests: int = 0

    def as_dict(self) -> dict[str, int | float | bool | None]:
        """As it stands in documents; figures rounded."""
        startup_s = None if self.startup_s is None else round(self.startup_s, 3)
        rounded = replace(
            self,
            startup_s=startup_s,
            played_s=round(self.played_s, 3),
            stalled_s=round(self.stalled_s, 3),
            rebuffer_ratio=round(self.rebuffer_ratio, 5),
        )
        return asdict(rounded)


class _FetchedSegment:
    """What was fetched to be shown; of a segment that was fetched twice the last rung counts.

    Bounded for a channel that plays for weeks: the latest segments are known each, those before as sums."""

    def __init__(self) -> None:
        self.switches = 0
        self.segments: Counter[int] = Counter()  # by rung
        self.seconds: defaultdict[int, float] = defaultdict(float)  # by rung
        self._known: dict[int, tuple[int, float]] = {}  # by position: rung and duration (s)
        self._order: list[int] = []  # the positions of those

    def add(self, position: int, rung: int, duration_s: float) -> None:
        """A segment has arrived, for the first time or again."""
        at = bisect_left(self._order, position)
        before = self._known.get(position)
        if before is None:
            self.switches -= self._changes(at - 1, at)
            self._order.insert(at, position)
        else:
            self.switches -= self._changes(at - 1, at) + self._changes(at, at + 1)
            self._count(*before, -1)
        self._known[position] = rung, duration_s
        self.switches += self._changes(at - 1, at) + self._changes(at, at + 1)
        self._count(rung, duration_s, 1)
        if len(self._order) > _REPLACEABLE:
            del self._known[self._order.pop(0)]

    def _count(self, rung: int, duration_s: float, times: int) -> None:
        self.segments[rung] += times
        self.seconds[rung] += times * duration_s

    def _changes(self, first: int, second: int) -> int:
        """1 where two neighbours of the order are of different rungs."""
        if first < 0 or second >= len(self._order):
            return 0
        return int(self._known[self._order[first]][0] != self._known[self._order[second]][0])


class QoeMeter:
    """Folds the events of one playback; :meth:`summary` may be asked at any time."""

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._first_frame_s: float | None = None
        self._stalls = 0
        self._stalled_s = 0.0
        self._stall_since: float | None = None
        self._last_s = 0.0
        self._shown = _FetchedSegment()
        self._played_s = 0.0
        self._position_s: float | None = None  # the last that was heard of
        self._errors = 0
        self._failed = False
        self._bytes = 0
        self._wasted = 0
        self._requests = 0

    def __call__(self, event: Event) -> None:
        self._began_s = event.at_s if self._began_s is None else self._began_s
        self._last_s = event.at_s
        match event:
            case PhaseReached(phase="first_frame") if self._first_frame_s is None:
                self._first_frame_s = event.at_s
            case StallBegan():
                self._moved_to(event.position_s)
                self._stalls += 1
                self._stall_since = event.at_s
            case StallEnded():
                self._stalled_s += event.duration_s
                self._stall_since = None
            case SegmentDone(track=track) if track == MAIN:
                self._shown.add(event.position, event.rung, event.duration_s)
            case BufferSampled():
                self._moved_to(event.position_s)
            case Sought():
                self._moved_to(event.from_s)
                self._position_s = event.to_s
            case ErrorRaised():
                self._errors += 1
                self._failed = self._failed or event.fatal
            case TransferDone():
                self._requests += 1
                self._bytes += event.transfer.received
            case SegmentAbandoned() | SegmentReplaced():
                self._wasted += event.wasted_bytes

    def summary(self, bitrates_bps: tuple[int, ...], dropped_frames: int = 0) -> Qoe:
        """The figures so far. ``bitrates_bps`` are those of the rungs, by index."""
        shown, rated = self._shown, range(len(bitrates_bps))
        segments = sum(shown.segments[rung] for rung in rated)
        media_s = sum(shown.seconds[rung] for rung in rated)
        bits = sum(bitrates_bps[rung] * shown.seconds[rung] for rung in rated)
        of_segments = sum(bitrates_bps[rung] * shown.segments[rung] for rung in rated)
        stalled_s = self._stalled_s + (0.0 if self._stall_since is None else self._last_s - self._stall_since)
        total_s = stalled_s + self._played_s
        return Qoe(
            startup_s=None
            if self._first_frame_s is None or self._began_s is None
            else self._first_frame_s - self._began_s,
            played_s=self._played_s,
            stalls=self._stalls,
            stalled_s=stalled_s,
            rebuffer_ratio=stalled_s / total_s if total_s else 0.0,
            mean_bitrate_bps=round(bits / media_s) if media_s else 0,
            segment_bitrate_bps=round(of_segments / segments) if segments else 0,
            switches=shown.switches,
            errors=self._errors,
            failed=self._failed,
            dropped_frames=dropped_frames,
            bytes=self._bytes,
            wasted_bytes=self._wasted,
            requests=self._requests,
        )

    def _moved_to(self, position_s: float) -> None:
        """Between two places without a jump in between lies what was played."""
        if self._position_s is not None:
            self._played_s += max(0.0, position_s - self._position_s)
        self._position_s = position_s
