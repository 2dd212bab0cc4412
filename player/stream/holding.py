"""The stretches in which nothing of the picture is fetched on purpose, for the report: one event for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from player.clock import Clock
from player.events import FetchHeld, Observer
from player.stream.lanes import Go, Hold, Wait

LEAST_S = 0.5
"""Shorter stretches are not told."""

_SENTENCES: Mapping[Hold, str] = {
    Hold.BUFFER_FULL: "As much is buffered as is to be.",
    Hold.SOUND_FIRST: "On this slow link the sound goes first.",
    Hold.FIRST_PICTURE: "The first picture is being made ready.",
    Hold.POLICY: "The policy waits.",
    Hold.FAILED: "What comes next cannot be had.",
}


class Holding:
    """Folds the answers of one lane's admission. ``ahead_s`` tells the media time in hand."""

    def __init__(self, clock: Clock, observe: Observer, ahead_s: Callable[[float], float]) -> None:
        self._clock = clock
        self._observe = observe
        self._ahead_s = ahead_s
        self._since: tuple[float, Hold, float] | None = None  # when, why, and what was buffered then

    def took(self, answer: Go | Wait) -> None:
        """The admission has answered."""
        why = None if isinstance(answer, Go) else answer.why
        if self._since is not None and self._since[1] is why:
            return
        self.end()
        if why is not None:
            now_s = self._clock.monotonic()
            self._since = now_s, why, self._ahead_s(now_s)

    def end(self) -> None:
        """The stretch that runs is over, if one does."""
        since, self._since = self._since, None
        if since is None:
            return
        begin_s, why, buffer_s = since
        now_s = self._clock.monotonic()
        if now_s - begin_s >= LEAST_S:
            self._observe(FetchHeld(begin_s, now_s, str(why), _SENTENCES[why], buffer_s))
