"""Plays a live channel on the real libmpv and notes how far behind its edge it is."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from player.playback.session import Session
from player.reporting.events import ErrorRaised, Event, LatencySampled, StallBegan
from player.reporting.state import PlaybackState
from player.title.opening import PlaybackSource
from tests.kit.playback import engine, null_player
from tests.kit.waiting import PATIENCE_S, until

_SAMPLES = 10  # in five seconds


@dataclass
class Watched:
    """A playback that runs. ``behind`` are (date, date less position): it grows when playback falls behind."""

    session: Session
    samples: list[LatencySampled] = field(default_factory=list)
    stalls: list[StallBegan] = field(default_factory=list)
    errors: list[ErrorRaised] = field(default_factory=list)
    behind: list[tuple[float, float]] = field(default_factory=list)

    @property
    def state(self) -> PlaybackState:
        return self.session.state

    def wait_until(self, what: Callable[[PlaybackState], bool], limit_s: float = 30.0) -> None:
        """Until the state is so; fails when it does not become so."""

        def is_so() -> bool:
            so = what(self.state)
            assert so or self.state.failure is None, self.state.failure
            return so

        until(is_so, patience_s=limit_s)

    def buffered_until_s(self) -> float:
        """The end of what is in memory."""
        return max((end_s for _, end_s in self.state.buffered), default=0.0)

    def off_target_s(self, from_s: float) -> float:
        """The greatest distance from the target latency since ``from_s`` seconds after the first sample: of the
        medians of five seconds, since one sample more or less late is no drift."""
        begin_s = self.samples[0].at_s + from_s
        off = [each.latency_s - each.target_s for each in self.samples if each.at_s >= begin_s]
        return max(map(abs, _medians(off)))

    def wandered_s(self, from_s: float) -> float:
        """Half the width in which the date less the position stayed since then, measured likewise. For a timeline
        that is the date's."""
        begin_s = self.behind[0][0] + from_s
        later = _medians([behind_s for date_s, behind_s in self.behind if date_s >= begin_s])
        return (max(later) - min(later)) / 2


def _medians(values: list[float]) -> list[float]:
    """Of each five seconds."""
    return [statistics.median(values[begin : begin + _SAMPLES]) for begin in range(len(values) - _SAMPLES + 1)]


@contextmanager
def watching(url: str, profile: Path) -> Iterator[Watched]:
    """Play a live manifest until the block ends."""
    ready = threading.Event()
    watched: Watched | None = None

    def on_event(event: Event) -> None:
        ready.wait(PATIENCE_S)
        if watched is None:
            return
        if isinstance(event, LatencySampled):
            watched.samples.append(event)
            watched.behind.append((time.time(), time.time() - watched.state.position_s))
        elif isinstance(event, StallBegan):
            watched.stalls.append(event)
        elif isinstance(event, ErrorRaised):
            watched.errors.append(event)

    with engine(profile) as made, null_player() as player:
        session = made.open(PlaybackSource(url=url), player, lambda _state: None, on_event=on_event)
        watched = Watched(session)
        ready.set()
        try:
            yield watched
        finally:
            session.stop()
            assert made.wait(session, PATIENCE_S)
