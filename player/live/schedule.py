"""When the manifest of a live programme is requested again, and when waiting for it is given up. Pure.

What the standards say of an ordinary reload stands in :mod:`player.manifest.timing`; here is what a source that fails
or falls silent gets.
"""

from __future__ import annotations

from dataclasses import dataclass

from player.manifest.timing import Reload

SILENT_S = 300.0
"""After so long without anything new a source counts as gone, once nothing of it is left to be shown."""
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 5.0
_STOPPED_SEGMENTS = 5
_BLOCKED_LONG_S = 0.5  # a blocking server that answers at once with nothing new is asked no oftener


def is_late(before_s: float, end_s: float, segment_s: float, edge_s: float) -> bool:
    """Whether a load brought nothing of a track though a segment of it could be whole: what was listed ended at
    ``before_s``, ends at ``end_s`` now with a segment of ``segment_s``, and the edge is at ``edge_s``. What lacks
    more than a few segments is not late, it has stopped."""
    return end_s <= before_s and segment_s <= edge_s - end_s < _STOPPED_SEGMENTS * segment_s


@dataclass
class ReloadState:
    """How it goes with one manifest; times are monotonic seconds."""

    asked_s: float  # when the last load that worked was begun
    news_s: float  # when something new came last
    changed: bool = True  # whether the last load brought something
    failures: int = 0
    failed_s: float = 0.0  # when the last load failed

    def loaded(self, asked_s: float, now_s: float, *, changed: bool, fresh: bool) -> None:
        """A load that was begun at ``asked_s`` has worked. ``fresh``: there is more to play than before."""
        self.asked_s = asked_s
        self.failures = 0
        self.changed = changed
        if fresh:
            self.news_s = now_s

    def failed(self, now_s: float) -> None:
        """A load has failed, after all that the error matrix allows it."""
        self.failures += 1
        self.failed_s = now_s

    def wait_s(self, reload: Reload, now_s: float) -> float:
        """How long to wait for ``reload``, which was reckoned at ``now_s``."""
        if self.failures:
            delay_s = min(_FIRST_RETRY_S * 2.0 ** (self.failures - 1), _LONGEST_RETRY_S)
            return max(0.0, self.failed_s + delay_s - now_s)
        if reload.blocking and not self.changed:
            return max(reload.after_s - (now_s - self.asked_s), _BLOCKED_LONG_S)
        return reload.after_s

    def is_gone(self, now_s: float) -> bool:
        """Whether nothing new has come for so long that nothing will."""
        return now_s - self.news_s > SILENT_S
