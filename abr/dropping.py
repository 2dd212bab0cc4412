"""Which rungs this machine decodes and shows in time, learned from dropped frames.

If a rung persistently drops many frames, Auto no longer uses it or any above it. After a while without drops it is
tried again. The share is that of dash.js (DroppedFramesRule, 15 %). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_S = 5.0
WINDOWS = 3  # in a row: a rung is judged by so many
TOO_MANY = 0.15  # of the pictures of a window
FEW = 0.02
NOTHING_DRAWN = 0.9  # above this share the window is hidden; libmpv shows some however late they are
PATIENCE_S = 60.0  # without drops before the next rung is tried; twice as long after each try that failed
MOST_PATIENCE_S = 960.0
_USUAL_FRAME_RATE = 25.0
_FASTEST = 1.05  # above this speed pictures are dropped because the display cannot show so many
_LONGEST_GAP_S = 2.0  # between looks; after more the machine slept


@dataclass(frozen=True, slots=True)
class Look:
    """What is shown at a moment. ``dropped`` counts all frames since the start; ``steady``: see
    :func:`is_steady`."""

    now_s: float
    rung: int | None
    dropped: int
    steady: bool
    frame_rate: float | None = None


class DropWatch:
    """One per playback. ``limit`` is the highest rung that is shown without drops, None where none is known to be too
    much."""

    def __init__(self) -> None:
        self.limit: int | None = None
        self._last: Look | None = None
        self._seconds = 0.0
        self._frames = 0.0
        self._dropped = 0
        self._bad = 0  # windows in a row
        self._clean_s = 0.0
        self._patience_s = PATIENCE_S
        self._tried: int | None = None  # the rung that was allowed again last

    def look(self, seen: Look, top: int) -> str:
        """Take in a look, about twice a second; ``top`` is the number of the ladder's highest rung.

        Returns a sentence where ``limit`` has changed, else nothing.
        """
        last, self._last = self._last, seen
        if last is None or seen.rung is None or not self._comparable(last, seen):
            self._begin_again()
            return ""
        seconds = seen.now_s - last.now_s
        self._seconds += seconds
        self._frames += seconds * (seen.frame_rate or _USUAL_FRAME_RATE)
        self._dropped += max(0, seen.dropped - last.dropped)
        if self._seconds < WINDOW_S:
            return ""
        share, window_s = self._dropped / self._frames, self._seconds
        self._seconds, self._frames, self._dropped = 0.0, 0.0, 0
        self._bad = self._bad + 1 if TOO_MANY <= share <= NOTHING_DRAWN else 0
        if self._bad >= WINDOWS:
            return self._lower(seen.rung, share)
        return self._raise(seen.rung, share, window_s, top)

    @staticmethod
    def _comparable(last: Look, seen: Look) -> bool:
        steady = last.steady and seen.steady and last.rung == seen.rung
        return steady and 0.0 <= seen.now_s - last.now_s <= _LONGEST_GAP_S

    def _begin_again(self) -> None:
        self._seconds, self._frames, self._dropped, self._bad = 0.0, 0.0, 0, 0

    def _lower(self, rung: int, share: float) -> str:
        self._bad, self._clean_s = 0, 0.0
        if rung == 0 or (self.limit is not None and rung > self.limit):
            return ""  # there is no lower one; or what is shown was fetched before
        if self._tried == rung:
            self._patience_s = min(self._patience_s * 2, MOST_PATIENCE_S)
        self.limit = rung - 1
        return f"{share:.0%} of the pictures are dropped at rung {rung}: Auto stays below it for now."

    def _raise(self, rung: int, share: float, window_s: float, top: int) -> str:
        if self.limit is None or rung != self.limit:
            return ""
        self._clean_s = self._clean_s + window_s if share <= FEW else 0.0
        if self._clean_s < self._patience_s:
            return ""
        self._clean_s, self._tried = 0.0, self.limit + 1
        self.limit = None if self._tried >= top else self._tried
        return (
            f"For {self._patience_s:.0f} s hardly any pictures were dropped: Auto may try rung {self._tried} again."
        )


def is_steady(*, playing: bool, speed: float) -> bool:
    """Whether drops say something of the machine: while the picture moves, at about its own speed."""
    return playing and speed <= _FASTEST
