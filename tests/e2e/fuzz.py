"""Seeded random operations on a playing title, each checked in the pictures that are shown."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from player.engine import Engine
from player.net.faults import FaultPlan, FaultyTransport
from player.playback.session import Session
from player.playback.settings import PlaybackSettings
from player.reporting.events import ErrorRaised
from player.reporting.report import Recorder
from player.reporting.state import PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.playback import engine
from tests.kit.screen import Screen

_SEEK_TIMEOUT_S = 20.0
_CLOSE_TIMEOUT_S = 15.0

# Segments stall, break off, are missing for a moment, come damaged or late; whatever is requested again is there.
FAULTS = [
    {"match": {"kind": "segment"}, "probability": 0.03, "fault": {"type": "stall", "after_bytes": 5000}},
    {"match": {"kind": "segment"}, "probability": 0.05, "fault": {"type": "cut", "after_bytes": 9000}},
    {"match": {"kind": "segment"}, "probability": 0.05, "fault": {"type": "status", "status": 503}},
    {"match": {"kind": "segment"}, "probability": 0.03, "fault": {"type": "corrupt", "at_byte": 60, "length": 300}},
    {"match": {"kind": "segment"}, "probability": 0.15, "fault": {"type": "delay", "seconds": 0.3}},
]


@dataclass
class Outcome:
    """What a run of operations showed. ``wrong`` describes everything that must not be."""

    operations: int = 0
    seeks: list[float] = field(default_factory=list)  # seconds from the command to the right picture
    wrong: list[str] = field(default_factory=list)
    reopened: int = 0

    def percentile(self, share: float) -> float:
        """Of the seeks, in seconds."""
        ordered = sorted(self.seeks)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Fuzz:
    """One title under random operations, made from ``seed``."""

    def __init__(self, title: media.TestMedia, manifest: str, profile: Path, seed: int, *, faults: bool) -> None:
        self._title = title
        self._manifest = manifest
        self._profile = profile
        self._random = random.Random(seed)
        self._plan = FaultPlan.parse({"version": 1, "seed": seed, "rules": FAULTS if faults else []})
        self._recorder = Recorder()
        self.outcome = Outcome()

    def run(self, operations: int) -> Outcome:
        """Play and operate; at the end everything is closed."""

        def faulty(transport: Any, clock: Any) -> FaultyTransport:
            return FaultyTransport(transport, clock, self._plan)

        with (
            FileServer(self._title.folder, latency_ms=5) as server,
            Screen() as screen,
            engine(self._profile, wrap=(faulty,)) as made,
        ):
            session = self._open(made, server, screen)
            for _ in range(operations):
                self.outcome.operations += 1
                choice = self._random.random()
                if choice < 0.62:
                    self._seek(session, screen)
                elif choice < 0.76 and session.state.audio_tracks:
                    session.select_audio(self._random.choice(session.state.audio_tracks).id)
                elif choice < 0.88:
                    session.set_rung(self._random.choice([None, 0, 1, 2]))
                elif choice < 0.94:
                    self._pause(session)
                elif choice < 0.97:
                    session = self._reopen(made, server, screen, session)
                else:
                    time.sleep(self._random.uniform(0.1, 1.0))
                time.sleep(self._random.uniform(0.0, 0.25))
                if session.state.status is PlaybackStatus.FAILED:
                    self.outcome.wrong.append(f"failed: {session.state.failure} {self._errors()}")
                    session = self._reopen(made, server, screen, session)
            self._close(made, session)
        self._check_pictures(screen)
        return self.outcome

    def _open(self, made: Engine, server: FileServer, screen: Screen) -> Session:
        keys = tuple((bytes.fromhex(kid), bytes.fromhex(key)) for kid, key in self._title.keys.values())
        self._recorder = Recorder()
        since = len(screen.shown)
        start_s = self._random.uniform(0.0, self._title.seconds - 2.0)
        session = made.open(
            PlaybackSource(url=server.url(self._manifest), keys=keys),
            screen.player,
            self._recorder.see,
            PlaybackSettings(buffer_s=12.0, start_s=start_s, stay_at_end=True, seed=self._random.getrandbits(30)),
            self._recorder,
        )
        if screen.wait_for(round(start_s * media.FPS), since, _SEEK_TIMEOUT_S, tolerance=2) is None:
            self.outcome.wrong.append(f"did not start at {start_s:.3f} s: {session.state.status} {self._errors()}")
        return session

    def _seek(self, session: Session, screen: Screen) -> None:
        target_s = round(self._random.uniform(0.0, self._title.seconds - 0.5), 3)
        since, began = len(screen.shown), time.monotonic()
        session.seek(target_s)
        hit = screen.wait_for(round(target_s * media.FPS), since, _SEEK_TIMEOUT_S, tolerance=1)
        if hit is None:
            shown = [(each.mark.frame, round(each.at_s - began, 2)) for each in screen.shown[since:]]
            cached = screen.player.cached_ranges()
            now = f"{session.state.status}, shown {shown[:6]} ... {shown[-2:]}, cached {cached}"
            self.outcome.wrong.append(f"seek to {target_s} s is missed: {now} {self._errors()}")
        else:
            self.outcome.seeks.append(hit.at_s - began)

    def _pause(self, session: Session) -> None:
        session.pause()
        time.sleep(self._random.uniform(0.05, 0.4))
        session.play()

    def _reopen(self, made: Engine, server: FileServer, screen: Screen, session: Session) -> Session:
        self.outcome.reopened += 1
        self._close(made, session)
        return self._open(made, server, screen)

    def _close(self, made: Engine, session: Session) -> None:
        session.stop()
        if not made.wait(session, _CLOSE_TIMEOUT_S):
            self.outcome.wrong.append("does not stop")

    def _check_pictures(self, screen: Screen) -> None:
        """Each picture is that of its time, but for the moment in which libmpv's clock and picture change."""
        off = [
            shown
            for shown in screen.shown
            if shown.mark.frame >= self._title.frames or shown.mark.rung >= len(self._title.rungs)
        ]
        if off:
            self.outcome.wrong.append(f"pictures that the title does not have: {off[:3]}")
        damaged = [each for each in screen.unmarked if not each.is_black]
        if damaged:
            self.outcome.wrong.append(f"pictures are damaged: {damaged[:5]}")
        # Where a playback ends nothing is left to be drawn, and a screen that is late draws just that.
        if len(screen.unmarked) > self.outcome.reopened + 1:
            self.outcome.wrong.append(f"the screen was black: {screen.unmarked[:5]}")

    def _errors(self) -> list[str]:
        return [f"{event.code}: {event.sentence}" for event in self._recorder.of(ErrorRaised)][-3:]
