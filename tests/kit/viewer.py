"""libmpv's part in a playback, on a clock that is stepped: it reads as far as it may, shows what it has, runs dry.

Bytes and media time of a segment are taken as proportional. As in the virtual file, a second of picture comes after
the sound of that whole second.
"""

from __future__ import annotations

import math

from player.reporting.events import MAIN
from player.stream.store import StoredSegment
from tests.kit.streaming import StreamingBench

STEP_S = 0.05
READ_AHEAD_S = 4.0
RESUME_S = 0.5  # so much it wants to have after it has run dry (cache-pause-wait)
SOUND_AHEAD_S = 1.0


class Viewer:
    """Watches what a bench streams. ``stalls`` are (position, seconds), ``started_s`` how long the start took."""

    def __init__(self, bench: StreamingBench) -> None:
        self._bench = bench
        self._streaming = bench.streaming
        self._reading = {MAIN: 0, "audio-0": 0}
        self.stalls: list[tuple[float, float]] = []
        self.started_s: float | None = None

    async def watch(self, until_s: float, limit_s: float = 600.0) -> None:
        """Play up to a time of the title. AssertionError when that takes too long."""
        bench, playhead = self._bench, self._bench.playhead
        began = bench.clock.monotonic()
        while playhead.position_s < until_s:
            await bench.clock.advance(STEP_S)
            passed = bench.clock.monotonic() - began
            assert passed < limit_s, f"{playhead.position_s:.1f} s were played in {passed:.0f} s: {self.stalls}"
            reached_s = min(self._read(MAIN), self._heard_s(self._read("audio-0")))
            self._show(reached_s, passed)
            self._streaming.cached(((playhead.position_s, reached_s),))
            self._streaming.poke()

    def _show(self, reached_s: float, passed_s: float) -> None:
        playhead = self._bench.playhead
        ahead_s = reached_s - playhead.position_s
        at_end = reached_s >= self._streaming.timeline.end_s
        if playhead.playing:
            playhead.position_s += min(STEP_S, ahead_s) if at_end else STEP_S
            if not at_end and ahead_s <= 2 * STEP_S:
                playhead.playing, playhead.starving = False, True
                self.stalls.append((round(playhead.position_s, 2), 0.0))
        elif ahead_s >= (RESUME_S if playhead.started else STEP_S) or at_end:
            if not playhead.started:
                self.started_s = passed_s
            playhead.playing, playhead.starving, playhead.started = True, False, True
        elif self.stalls:
            position_s, seconds = self.stalls[-1]
            self.stalls[-1] = position_s, round(seconds + STEP_S, 2)

    def _read(self, track: str) -> float:
        """Read on as far as there is room for; the time up to which the track has been read."""
        starts, end_s = self._starts(track), self._streaming.timeline.end_s
        while True:
            position = self._reading[track]
            if position >= len(starts):
                return end_s
            if starts[position] > self._bench.playhead.position_s + READ_AHEAD_S:
                return starts[position]
            self._streaming._library._want(track, position)
            entry = self._bench.store.peek(track, position)
            share = 0.0 if entry is None else _share(entry)
            if share < 1.0:
                stop_s = starts[position + 1] if position + 1 < len(starts) else end_s
                return starts[position] + share * (stop_s - starts[position])
            self._reading[track] += 1

    def _starts(self, track: str) -> list[float]:
        if track == MAIN:
            return [slot.start_s for slot in self._streaming.timeline.slots]
        line = self._bench.streaming._audio._lines[track]
        return [part.segment.start_s for part in line.parts]

    def _heard_s(self, sound_s: float) -> float:
        """The time of the picture that this much sound lets through."""
        whole = sound_s >= self._streaming.timeline.end_s
        return math.inf if whole else math.floor(sound_s / SOUND_AHEAD_S) * SOUND_AHEAD_S


def _share(entry: StoredSegment) -> float:
    """How much of a segment may be read."""
    buffer = entry.buffer
    if buffer.is_complete:
        return 1.0
    return buffer.received / buffer.total if buffer.is_released and buffer.total else 0.0
