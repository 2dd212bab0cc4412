"""The buffer and the playhead of a simulated session. Times are seconds."""

from __future__ import annotations


class Playback:
    """What is buffered, and whether it is played. ``startup_s`` and ``resume_s`` are the media that playback begins
    and goes on with."""

    def __init__(self, segment_s: float, startup_s: float, resume_s: float) -> None:
        self.buffer_s = 0.0
        self.waited_s = 0.0  # for the start
        self.stalls: list[tuple[float, float]] = []  # (begin, length)
        self.started = self.stalled = False
        self._early = False  # the segment that is on its way is being played already
        self._segment_s = segment_s
        self._startup_s, self._resume_s = startup_s, resume_s

    @property
    def playing(self) -> bool:
        return self.started and not self.stalled

    def left_s(self, seconds: float) -> float:
        """What will be buffered in so many seconds, if nothing comes."""
        return max(self.buffer_s - seconds, 0.0) if self.playing else self.buffer_s

    def advance(self, now_s: float, seconds: float) -> None:
        """Time passes from ``now_s`` on."""
        if not self.started:
            self.waited_s += seconds
        elif self.stalled:
            start, length = self.stalls[-1]
            self.stalls[-1] = (start, length + seconds)
        elif seconds <= self.buffer_s:
            self.buffer_s -= seconds
        else:
            missing = seconds - self.buffer_s
            if missing > 1e-9:
                self.stalled = True
                self.stalls.append((now_s + self.buffer_s, missing))
            self.buffer_s = 0.0

    def play_arriving(self) -> None:
        """The segment that is on its way is played as it comes: it counts as if it were there."""
        self.buffer_s += self._segment_s
        self.started, self.stalled, self._early = True, False, True

    def add_segment(self, *, last: bool) -> None:
        """A segment is whole."""
        early, self._early = self._early, False
        if not early:
            self.buffer_s += self._segment_s
        self.started = self.started or last or self.buffer_s >= self._startup_s - 1e-9
        self.stalled = self.stalled and not (early or last or self.buffer_s >= self._resume_s - 1e-9)

    def play_anyway(self) -> None:
        """The buffer is full: nothing more to wait for."""
        self.started, self.stalled = True, False
