"""How much of a playback is in memory: questions about the store that several ask. Runs on the engine's loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from player.manifest.model import Segment
from player.reporting.events import MAIN
from player.stream.segment_line import SegmentLine
from player.stream.store import SegmentStore
from player.stream.timeline import Timeline

_HOLE_S = 0.1
_SLOWEST = 0.1  # playback speed
_BEHIND_S = 15.0  # complete segments this far behind the playhead are not dropped from memory

_UNSEEN_S = 0.6  # at most so long after a look comes the next one

_ROUNDING_S = 0.001


def _nothing() -> float:
    return -math.inf


Times = tuple[float, float]
"""Begin and end, in seconds."""


@dataclass
class Playhead:
    """Where playback is; the session writes it, the streaming reads it."""

    position_s: float = 0.0
    playing: bool = False
    speed: float = 1.0
    starving: bool = True  # nothing to show: before the first picture, in a stall, in a seek
    low_latency: bool = False  # near the edge of a live title: nothing waits for anything
    started: bool = False  # a picture has been shown, and had time to be drawn
    seen_at_s: float = math.inf  # when it was where it is said to be, on the clock of the engine

    def by_now_s(self, now_s: float) -> float:
        """Where it is by now: it is looked at now and then only, and has gone on since."""
        if not self.playing or self.starving:
            return self.position_s
        return self.position_s + self.speed * min(max(0.0, now_s - self.seen_at_s), _UNSEEN_S)

    def reaches_in_s(self, distance_s: float) -> float:
        """Seconds until playback has gone on so far; infinite while it stands."""
        return distance_s / max(self.speed, _SLOWEST) if self.playing else math.inf


class Buffered:
    """Looks at the store along the timeline and, where the audio is separate, along its line."""

    def __init__(self, store: SegmentStore, playhead: Playhead) -> None:
        self._store = store
        self._playhead = playhead
        self.timeline = Timeline(())
        self.audio: SegmentLine | None = None
        self.written_s: Callable[[], float] = _nothing  # up to where libmpv has been given the main track

    def ahead_s(self, now_s: float) -> float:
        """Media time between the playhead and the end of what is complete of every track that plays."""
        return max(0.0, self.until() - self._playhead.by_now_s(now_s))

    def until(self) -> float:
        """End of the media that can be played from the playhead on, in seconds on the timeline: what is complete, and
        of a segment that is still being made what libmpv has got."""
        whole_s = self._whole_until()
        if not len(self.timeline):
            return whole_s
        slot = self.timeline.at(max(whole_s, self._playhead.position_s) + _ROUNDING_S)
        entry = self._store.peek(MAIN, slot.number)
        if entry is None or not entry.unfinished or entry.failure is not None:
            return whole_s
        return max(whole_s, min(self.written_s(), slot.end_s))

    def _whole_until(self) -> float:
        position_s = self._playhead.position_s
        if not len(self.timeline):
            return position_s
        begin = self.timeline.at(position_s).number
        stop = self._store.complete_until(MAIN, begin, len(self.timeline))
        main_s = self.timeline[stop - 1].end_s if stop > begin else position_s
        if self.audio is None or not len(self.audio):
            return max(position_s, main_s)
        begin = self.audio.at(position_s)
        stop = self._store.complete_until(self.audio.key, begin, len(self.audio))
        audio_s = self.audio[stop - 1].segment.end_s if stop > begin else position_s
        if stop == len(self.audio) and not self.audio.growing:
            audio_s = max(audio_s, main_s)  # sound may end a little before the picture
        return max(position_s, min(main_s, audio_s))

    def holds(self, start_s: float, end_s: float) -> bool:
        """Whether all of a stretch of time is there to be shown: complete, readable, and without a hole in it."""
        if not len(self.timeline) or self.until() < end_s:
            return False
        first, last = self.timeline.at(start_s).number, self.timeline.at(end_s).number
        shown_s = start_s
        for number in range(first, last + 1):
            entry, slot = self._store.peek(MAIN, number), self.timeline[number]
            if entry is None or entry.gap or entry.demuxer is None or entry.failure is not None:
                return False
            if slot.start_s - shown_s > _HOLE_S:
                return False
            shown_s = slot.end_s
        return end_s - shown_s <= _HOLE_S

    def ranges(self) -> tuple[tuple[float, float], ...]:
        """The stretches of time of which every track that plays is complete."""
        # What has left the window of a live playback cannot be gone back to.
        main = self._stretches(MAIN, range(self.timeline.first, len(self.timeline)), self._slot_times)
        line = self.audio
        if line is None or not len(line):
            return tuple(main)
        first = line.at(self.timeline.start_s)
        audio = self._stretches(line.key, range(first, len(line)), lambda position: _times(line[position].segment))
        if audio and not line.growing and audio[-1][1] >= line[len(line) - 1].segment.end_s:
            audio[-1] = (audio[-1][0], math.inf)  # sound may end a little before the picture
        common = ((max(a[0], b[0]), min(a[1], b[1])) for a in main for b in audio)
        return tuple((start_s, end_s) for start_s, end_s in common if start_s < end_s)

    def _slot_times(self, position: int) -> Times:
        slot = self.timeline[position]
        return slot.start_s, slot.end_s

    def _stretches(self, track: str, within: range, times: Callable[[int], Times]) -> list[Times]:
        """The times of a track's complete segments, those that follow each other made one."""
        runs: list[list[int]] = []  # the first and the last position of each
        for position in self._store.complete(track):
            if position not in within:
                continue
            if runs and runs[-1][1] == position - 1:
                runs[-1][1] = position
            else:
                runs.append([position, position])
        return [(times(first)[0], times(last)[1]) for first, last in runs]

    def trim(self) -> None:
        """Drop what lies well behind the playhead, as far as the store's bound asks for it."""
        oldest_s = self._playhead.position_s - _BEHIND_S
        oldest = {MAIN: self.timeline.at(oldest_s).number}
        if self.audio is not None:
            oldest[self.audio.key] = self.audio.at(oldest_s)
        self._store.trim(lambda track, position: track in oldest and position >= oldest[track])


def _times(segment: Segment) -> Times:
    return segment.start_s, segment.end_s
