"""The stretches in which nothing of the picture is fetched on purpose, for the report: one event for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from player.base.clock import Clock
from player.reporting.events import FetchHeld, Observer
from player.stream.lanes import Go, Hold, LaneWait

LEAST_S = 0.5
"""Shorter stretches are not told."""

_SENTENCES: Mapping[Hold, str] = {
    Hold.BUFFER_FULL: "As much is buffered as is to be.",
    Hold.SOUND_FIRST: "On this slow link the sound goes first.",
    Hold.FIRST_PICTURE: "The first picture is being made ready.",
    Hold.POLICY: "The policy waits.",
    Hold.FAILED: "What comes next is not available.",
}


class HoldRecorder:
    """Folds the answers of one lane's admission. ``ahead_s`` tells the media time in hand."""

    def __init__(self, clock: Clock, observe: Observer, ahead_s: Callable[[float], float]) -> None:
        self._clock = clock
        self._observe = observe
        self._ahead_s = ahead_s
        self._since: tuple[float, LaneWait, float] | None = None  # when, the answer, and what was buffered then

    def took(self, answer: Go | LaneWait) -> None:
        """The admission has answered."""
        wait = answer if isinstance(answer, LaneWait) and answer.why is not None else None
        if self._since is not None and wait is not None and self._since[1].why is wait.why:
            return
        self.end()
        if wait is not None:
            now_s = self._clock.monotonic()
            self._since = now_s, wait, self._ahead_s(now_s)

    def end(self) -> None:
        """The stretch that runs is over, if one does."""
        since, self._since = self._since, None
        if since is None:
            return
        begin_s, wait, buffer_s = since
        now_s = self._clock.monotonic()
        if wait.why is not None and now_s - begin_s >= LEAST_S:
            sentence = wait.sentence or _SENTENCES[wait.why]
            self._observe(FetchHeld(begin_s, now_s, str(wait.why), sentence, buffer_s))
