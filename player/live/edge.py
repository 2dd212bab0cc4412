"""Where a live programme is at this moment, on the presentation's timeline. Pure: the monotonic time comes in.

A segment is published when it is whole, so the end of what is listed moves in steps. The *edge* moves with the clock,
and all latencies are measured from it.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple, Protocol

_WINDOW_S = 60.0  # so long what was seen counts
_SLEW = 0.002  # so fast the edge follows an encoder whose clock runs beside ours, in seconds a second
_CATCHES_UP = 0.02  # so fast an encoder that fell behind may be nearer to its clock again, in seconds a second
_DRIFT = 2e-4  # so fast two clocks may run apart, in seconds a second
_LOST_S = 2.0  # a difference as great as this is no clock that drifts: the edge goes there at once
_MOST_SAMPLES = 16
_COARSE_S = 0.5  # half of what a Date header is cut to


class LiveEdge(Protocol):
    """Tells where the programme is."""

    def at(self, now_s: float) -> float:
        """The edge in seconds on the timeline, at the monotonic time ``now_s``."""
        ...


class ObservedEdge:
    """The edge of a source that names no clock (HLS): the end of the first playlist, moving on from then.

    Where the segments are dated (EXT-X-PROGRAM-DATE-TIME), the dates tell how the timeline moves against the clock.
    Else only the playlists do: what is published can be seen up to a segment late, never early, and how late differs
    from load to load. So less than a segment moves nothing. If the quickest observations of a minute have moved
    further against those of the first one, the encoder's clock drifts against ours, or the encoder stood still for a
    while. The edge then follows slowly.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()  # monotonic time, and the end that was seen less that time
        self._first_s = 0.0
        self._reference_s: float | None = None
        self._start_s = 0.0  # the end that was seen first, less its time
        self._offset_s = 0.0
        self._moved_s = 0.0  # when the offset was looked at last
        self._segment_s = 0.0
        self._dated: tuple[float, float] | None = None  # timeline less date, at first and now

    def published(self, end_s: float, now_s: float, *, segment_s: float = 0.0, date_s: float | None = None) -> None:
        """Something new was seen at ``now_s``: what is published ends at ``end_s``, with a segment of ``segment_s``
        and at the date ``date_s`` (seconds since 1970, where the source says it)."""
        if not self._seen:
            self._first_s = self._moved_s = now_s
            self._start_s = self._offset_s = end_s - now_s
        self._segment_s = segment_s
        if date_s is not None:
            first_s = end_s - date_s if self._dated is None else self._dated[0]
            self._dated = (first_s, end_s - date_s)
        self._follow(now_s)
        self._seen.append((now_s, end_s - now_s))
        while self._seen[0][0] < now_s - _WINDOW_S:
            self._seen.popleft()
        if self._reference_s is None and now_s - self._first_s >= _WINDOW_S:
            self._reference_s = self._quickest()

    def start_over(self) -> None:
        """The source restarted: what was seen of it before says nothing."""
        self._seen.clear()
        self._reference_s = self._dated = None

    def slept(self, seconds: float) -> None:
        """The programme went on for so long while the monotonic clock stood still."""
        self._seen = deque((at_s, ahead_s + seconds) for at_s, ahead_s in self._seen)
        self._start_s += seconds
        self._offset_s += seconds
        if self._reference_s is not None:
            self._reference_s += seconds

    def at(self, now_s: float) -> float:
        self._follow(now_s)
        return now_s + self._offset_s

    def _quickest(self) -> float:
        return max(ahead for _, ahead in self._seen)

    def _follow(self, now_s: float) -> None:
        """Bring the offset nearer to where the last two minutes say that it should be."""
        passed_s, self._moved_s = max(0.0, now_s - self._moved_s), max(now_s, self._moved_s)
        if not self._seen:
            return
        if self._dated is not None:
            self._offset_s = self._start_s + self._dated[1] - self._dated[0]
            return
        quickest_s = self._quickest()
        reference_s = max(self._start_s, quickest_s) if self._reference_s is None else self._reference_s
        wrong_s = self._start_s + quickest_s - reference_s - self._offset_s
        wrong_s -= math.copysign(min(abs(wrong_s), self._segment_s), wrong_s)
        step_s = _SLEW * passed_s
        self._offset_s += wrong_s if abs(wrong_s) > _LOST_S else min(max(wrong_s, -step_s), step_s)


class _Exchange(NamedTuple):
    """One answer of the source's clock: how long it took, when it came, and its time less ours. In seconds."""

    took_s: float
    at_s: float
    offset_s: float

    def doubt_s(self, now_s: float) -> float:
        """By how much the offset may be wrong by now."""
        return self.took_s / 2 + _DRIFT * (now_s - self.at_s)


class ServerClock:
    """The source's clock as an offset from our monotonic one; all in seconds.

    ``wall_s`` is the machine's own date at the monotonic time ``now_s``: it counts until the source has said better.
    """

    def __init__(self, wall_s: float, now_s: float) -> None:
        self._offset_s = wall_s - now_s
        self._samples: deque[_Exchange] = deque(maxlen=_MOST_SAMPLES)

    def told(self, server_s: float, sent_s: float, received_s: float) -> None:
        """The source's time was ``server_s`` somewhere between two monotonic times. The shortest of the last
        exchanges tells best, unless it was so long ago that the two clocks have run apart since."""
        self._samples.append(_Exchange(received_s - sent_s, received_s, server_s - (sent_s + received_s) / 2))
        self._offset_s = min(self._samples, key=lambda each: each.doubt_s(received_s)).offset_s

    def told_coarsely(self, server_s: float, sent_s: float, received_s: float) -> None:
        """As :meth:`told`, from a Date header, which has whole seconds. It counts only if our own clock is certainly
        wrong, and only until a better source answers."""
        offset_s = server_s + _COARSE_S - (sent_s + received_s) / 2
        doubt_s = 4 * _COARSE_S + (received_s - sent_s) / 2
        if not self._samples and abs(offset_s - self._offset_s) > doubt_s:
            self._offset_s = offset_s

    def slept(self, seconds: float) -> None:
        """The source's time went on for so long while ours stood still."""
        self._offset_s += seconds
        told = [each._replace(offset_s=each.offset_s + seconds) for each in self._samples]
        self._samples = deque(told, maxlen=_MOST_SAMPLES)

    def at(self, now_s: float) -> float:
        """Seconds since 1970 by the source's clock."""
        return now_s + self._offset_s


class Lateness:
    """How much later than its own clock says a source has its segments; in seconds.

    An encoder that could not keep up is late for ever, or catches up. What was seen last counts a little less as time
    goes on, until a segment is not there in time again.
    """

    def __init__(self) -> None:
        self._late_s = 0.0
        self._seen_s = 0.0

    def seen(self, late_s: float, now_s: float) -> None:
        """A segment was there so much later than it was due, at the monotonic time ``now_s``."""
        self._late_s, self._seen_s = max(late_s, self.at(now_s)), now_s

    def at(self, now_s: float) -> float:
        """How late the source is to be thought at a monotonic time."""
        return max(0.0, self._late_s - _CATCHES_UP * (now_s - self._seen_s))


class DatedEdge:
    """The edge of a source that ties its timeline to the date (DASH: MPD@availabilityStartTime)."""

    def __init__(self, clock: ServerClock, availability_start_s: float) -> None:
        self._clock = clock
        self.availability_start_s = availability_start_s

    def at(self, now_s: float) -> float:
        return self._clock.at(now_s) - self.availability_start_s


class Lag:
    """How far what is published stays behind the edge, at the worst of late: nobody can play nearer than that."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def seen(self, lag_s: float, now_s: float) -> None:
        """What is published ended ``lag_s`` before the edge, just before something new came."""
        self._seen.append((now_s, lag_s))
        while self._seen[0][0] < now_s - 2 * _WINDOW_S:
            self._seen.popleft()

    @property
    def worst_s(self) -> float:
        """0 while nothing has been seen."""
        return max((lag_s for _, lag_s in self._seen), default=0.0)
