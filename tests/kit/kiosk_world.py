"""A kiosk in fast time: the real watchdog and the real program, over a screen, a network and a clock that a seed
troubles. A step is a quarter of a second."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

from ui.kiosk.disk import BoundedLog
from ui.kiosk.program import Play, Program, Stop
from ui.kiosk.provisioning import PlaylistEntry
from ui.kiosk.schedule import Hours, PlayTime, next_entry
from ui.kiosk.trusted_date import ScreenDate
from ui.kiosk.watchdog import Beat, ScreenOrder, ScreenPhase, ScreenWatchdog

STEP_S = 0.25
FULL = "/dev/full"  # every write to it finds no room (full(4))
BEGIN_WALL_S = 1_795_000_000.0
TROUBLES = ("kill", "freeze", "stick", "cut", "clock", "poison", "fill")
QUIET_S = 75.0  # between two troubles
BACK_WITHIN_S = 15.0
ENTRIES = (
    PlaylistEntry("Film", url="https://a.test/1", loops=2),
    PlaylistEntry("Live", url="https://a.test/2", play_s=300.0),
    PlaylistEntry("Morning", url="https://a.test/3", slot=PlayTime(hours=Hours.parse("06:00", "12:00"))),
    PlaylistEntry("Weekend", url="https://a.test/4", slot=PlayTime(days=frozenset({"sat", "sun"}))),
)
LENGTHS_S = (600.0, float("inf"), 90.0, 45.0)


@dataclass
class Screen:
    """The process that draws: it takes a while to begin, loads, and then moves as long as it is let."""

    program: Program
    ready_at: float
    stopped: bool = False
    stuck: bool = False
    frames: int = 0
    loaded_at: float = float("inf")
    ends_at: float = float("inf")
    beat_at: float = 0.0


@dataclass
class World:
    """Runs for some hours; ``late`` are the troubles after which the picture was not back in time."""

    seed: int
    screen_on: Hours | None = None
    entries: Sequence[PlaylistEntry] = ENTRIES
    now: float = 0.0
    wall_offset_s: float = BEGIN_WALL_S
    screen: Screen | None = None
    network_from: float = 0.0
    date: ScreenDate = field(default_factory=ScreenDate)
    log: BoundedLog | None = None
    full_until: float = 0.0
    poisoned: int | None = None
    seen: Counter[str] = field(default_factory=Counter)
    late: list[str] = field(default_factory=list)
    longest_s: float = 0.0
    _moved_at: float = 0.0
    _troubled: str = ""
    _due_from: float = 0.0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.watchdog = ScreenWatchdog(self.now)
        self._next_trouble = self.random.uniform(QUIET_S, 2 * QUIET_S)

    @property
    def moment(self) -> datetime | None:
        return self.date.at(self.now + self.wall_offset_s, self.now, synchronised=False)

    def run(self, hours: float) -> None:
        end = self.now + hours * 3600
        while self.now < end:
            self.step()

    def step(self) -> None:
        self.now += STEP_S
        if self.now >= self._next_trouble:
            self._trouble(self.random.choice(TROUBLES))
        for order in self.watchdog.tick(self.now):
            self._obey(order)
        if self.screen is not None:
            self._draw(self.screen)
        self._judge()

    # --- what the seed does

    def _trouble(self, kind: str) -> None:
        self.seen[kind] += 1
        self._troubled = f"{kind} at {self.now:.0f} s"
        self._next_trouble = self.now + self.random.uniform(QUIET_S, 4 * QUIET_S)
        self._due_from = self.now
        self.poisoned = None
        match kind:
            case "kill":
                self._die()
            case "freeze" if self.screen is not None:
                self.screen.stopped = True
            case "stick" if self.screen is not None:
                self.screen.stuck = True
            case "cut":
                self.network_from = self._due_from = self.now + self.random.uniform(5, 60)
                if self.screen is not None:
                    self.screen.loaded_at = max(self.screen.loaded_at, self.network_from)
                self._next_trouble += 60
            case "clock":
                jump_s = self.random.choice((-BEGIN_WALL_S, 0.0, 7200.0, -7200.0, 5 * 86_400.0, 1e9))
                self.wall_offset_s = BEGIN_WALL_S + jump_s
            case "fill":
                self.full_until = self.now + self.random.uniform(10, 60)
                self._die()  # the log is written to, and everything begins while nothing can be
                self._write("the disk is full")
            case "poison" if self.screen is not None:
                self.poisoned = self.screen.program.playing
                self._next_trouble += 60

    def _die(self) -> None:
        if self.screen is not None:
            self.screen = None
            self.watchdog.exited(self.now)

    def _write(self, text: str) -> None:
        """As the kiosk does of what happens; on a full disk each line is an error of the system."""
        if self.log is None:
            return
        is_full = self.now < self.full_until
        if is_full != (self.log.stream.name == FULL):
            with contextlib.suppress(OSError):  # what found no room finds none at the end either
                self.log.stream.close()
            self.log.stream = Path(FULL if is_full else self.log.baseFilename).open("a", encoding="utf-8")  # noqa: SIM115
        self.log.handle(logging.makeLogRecord({"msg": text, "levelno": logging.INFO}))

    # --- what the kiosk does

    def _obey(self, order: ScreenOrder) -> None:
        self._write(f"{order} (failures in a row: {self.watchdog.failures})")
        match order:
            case ScreenOrder.START:
                assert self.screen is None, "one is begun while another runs"
                begin_with = self.watchdog.begin_with % len(self.entries)
                program = Program(self.entries, self.screen_on, begin_with)
                self.screen = Screen(program, self.now + self.random.uniform(1.0, 4.0))
            case ScreenOrder.END | ScreenOrder.KILL:
                assert self.screen is not None, "one is ended that does not run"
                self._die()
            case _:
                pass

    def _draw(self, screen: Screen) -> None:
        if screen.stopped or self.now < screen.ready_at:
            return
        program = screen.program
        playing = program.playing
        if playing is not None and playing == self.poisoned and self.now >= screen.loaded_at:
            self._die()
            return
        moves = playing is not None and self.now >= screen.loaded_at and not screen.stuck
        if moves:
            screen.frames += 1
            self._moved_at = self.now
            program.moved(self.now)
        action = program.tick(self.now, self.moment)
        if action is None and playing is not None and self.now >= screen.ends_at:
            action = program.ended(self.now, self.moment)
        if isinstance(action, Play):
            screen.loaded_at = max(self.now + self.random.uniform(0.2, 1.5), self.network_from)
            screen.ends_at = screen.loaded_at + LENGTHS_S[action.index]
        elif isinstance(action, Stop):
            screen.loaded_at = screen.ends_at = float("inf")
        if self.now - screen.beat_at >= 0.5:
            screen.beat_at = self.now
            self._beat(screen)

    def _beat(self, screen: Screen) -> None:
        program = screen.program
        playing = program.playing
        beat = Beat(
            screen.frames,
            due=playing is not None and self.now >= screen.loaded_at,
            wanted=program.is_on and next_entry(self.entries, -1, self.moment) is not None,
            entry=-1 if playing is None else playing,
        )
        for order in self.watchdog.beat(self.now, beat):
            self._obey(order)

    # --- what a passer-by sees

    def _judge(self) -> None:
        is_on = self.screen_on is None or self.moment is None or self.screen_on.covers(self.moment)
        if not is_on:
            self._due_from = self.now
            return
        gap_s = self.now - max(self._moved_at, self._due_from)
        self.longest_s = max(self.longest_s, gap_s)
        if gap_s > BACK_WITHIN_S and (not self.late or self.late[-1] != self._troubled):
            assert self.watchdog.phase in ScreenPhase
            self.late.append(self._troubled)
