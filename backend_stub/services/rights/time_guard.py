"""A service that is wrong about the time notices it itself: it signs nothing, and nobody's sign-in or plan ends.

Each machine keeps its last good time in the database, with the reading of a clock that nobody sets (since boot).
Within that boot the two must go on together, whatever other machines say. A machine that begins must agree with those
that are at work. Where none is, the time may not go back, nor far ahead. Only good times are kept, so that a wrong
hour leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import sys
import time
import uuid
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database, put
from backend_stub.db.models import ClockMark, IssuedLicence
from backend_stub.problems import ProblemError

STEP_S = 300.0
DRIFT = 5e-4
"""A clock that is corrected slowly (adjtime, a smeared leap second) gains or loses no more."""
OFF_S = 400 * 86_400.0
"""So long a service may have been off without asking its operator whether the time is right."""
EARLIEST_S = 1_704_067_200.0
"""No clock before 2024 is right."""

AT_WORK_S = 180.0
"""Who has kept its time so lately is at work."""

_PROCESS = f"process-{uuid.uuid4()}"
_TIME_ERROR = 5  # ntp_gettime(3): the clock is not synchronised
_FIRST_TIME_NAMESPACE = 0xEFFFFFFA  # PROC_TIME_INIT_INO of include/linux/proc_ns.h
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BootClock:
    """``boottime_s`` seconds since the boot ``boot_id``; ``synchronised`` by NTP, as far as the kernel knows."""

    boot_id: str
    boottime_s: float
    synchronised: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A time that was good. ``age_s`` ago by the database's own clock, which only measures; None: not known."""

    at: float
    boot: BootClock
    age_s: float | None = None


def is_good(now: float, boot: BootClock, mark: Mark | None, newest_licence_at: float) -> bool:
    """Whether the clock can be right. ``newest_licence_at`` counts only where there is no mark yet."""
    if now < EARLIEST_S:
        return False
    if mark is None:
        return now >= newest_licence_at - STEP_S
    if boot.boot_id != mark.boot.boot_id:
        return mark.at - STEP_S <= now <= mark.at + OFF_S
    passed_s = boot.boottime_s - mark.boot.boottime_s
    if abs(now - mark.at - passed_s) <= STEP_S + DRIFT * abs(passed_s):
        return True
    # NTP has set a clock right that had been wrong since the boot.
    return boot.synchronised and not mark.boot.synchronised and now >= mark.at - STEP_S - OFF_S


def agrees(now: float, boot: BootClock, marks: Sequence[Mark], newest_licence_at: float) -> bool:
    """Whether the clock of a machine can be right by the marks of all. One that NTP has set right need not agree with
    one that it has not."""
    own = [mark for mark in marks if mark.boot.boot_id == boot.boot_id]
    if own:
        return is_good(now, boot, own[0], newest_licence_at)
    others = [mark for mark in marks if mark.boot.synchronised or not boot.synchronised]
    said = [mark.at + mark.age_s for mark in others if mark.age_s is not None and 0.0 <= mark.age_s <= AT_WORK_S]
    if said:
        return 2 * sum(abs(now - at) <= STEP_S for at in said) > len(said)
    return is_good(now, boot, max(others, key=lambda mark: mark.at, default=None), newest_licence_at)


class TimeGuard:
    """Judges the clock before each signature. ``read`` gives the boot's clock, None for a clock that a test steps."""

    def __init__(self, database: Database, clock: Clock, read: Callable[[], BootClock] | None) -> None:
        self._database = database
        self._clock = clock
        self._read = read
        self._marks: list[Mark] = []
        self._looked = False
        self._newest = 0.0

    def is_sure(self) -> bool:
        """Whether the clock can be right."""
        read = self._read
        if read is None or self._good(read):
            return True
        self._look()  # another process, or the operator, may have settled it
        return self._good(read)

    def check(self) -> None:
        """Raises :class:`ProblemError` 503 ``clock_unsure``."""
        if self.is_sure():
            return
        _logger.warning("this machine's clock contradicts itself: nothing is signed (matinee serve --confirm-clock)")
        raise ProblemError(
            503, "clock_unsure", "The service is not sure of the time; licences wait until its clock is right."
        )

    def when_sure(self, task: Callable[[], object]) -> Callable[[], None]:
        """The task, which now does nothing while the clock may be wrong: it ends or deletes what is over."""

        def run() -> None:
            if self.is_sure():
                task()

        return run

    def mark(self) -> None:
        """Keep the time where it is good. To be called every minute or so."""
        if self._read is not None and self._good(self._read):
            self._keep(self._read())

    def confirm(self) -> None:
        """The operator says that the clock is right: what other machines said counts no more."""
        if self._read is not None:
            with self._database.write() as session:
                session.execute(delete(ClockMark))
            self._keep(self._read())

    def _good(self, read: Callable[[], BootClock]) -> bool:
        if not self._looked:
            self._look()
        return agrees(self._clock.now(), read(), self._marks, self._newest)

    def _look(self) -> None:
        with self._database.read() as session:
            said_s = self._database_s(session)
            self._marks = [_mark_of(row, said_s) for row in session.scalars(select(ClockMark))]
            self._newest = 0.0 if self._marks else session.scalar(select(func.max(IssuedLicence.issued_at))) or 0.0
        self._looked = True

    def _keep(self, boot: BootClock) -> None:
        mark = Mark(self._clock.now(), boot)
        with self._database.write() as session:
            said_s = self._database_s(session)
            name = f"{boot.boot_id} {'ntp' if boot.synchronised else '-'} {said_s:.0f}"
            if not any(known.boot.boot_id == boot.boot_id for known in self._marks):
                for row in session.scalars(select(ClockMark)):
                    age_s = _mark_of(row, said_s).age_s
                    if age_s is None or not 0.0 <= age_s <= AT_WORK_S:
                        session.delete(row)  # of machines that went, and of boots that are over
                session.flush()
            number = zlib.crc32(boot.boot_id.encode()) >> 1
            put(session, ClockMark(one=number, at=mark.at, boot_id=name, boottime_s=boot.boottime_s))
        self._marks = [known for known in self._marks if known.boot.boot_id != boot.boot_id] + [mark]
        self._looked = True

    def _database_s(self, session: Session) -> float:
        """The clock that all machines have in common; a database that is a file is on this machine."""
        if session.get_bind().dialect.name == "postgresql":
            return float(session.scalar(select(func.extract("epoch", func.clock_timestamp()))) or 0.0)
        return self._clock.now()


def _mark_of(row: ClockMark, database_s: float) -> Mark:
    boot_id, _, rest = row.boot_id.partition(" ")
    synchronised, _, kept_s = rest.partition(" ")  # without the last one before machines had marks of their own
    boot = BootClock(boot_id, row.boottime_s, synchronised == "ntp")
    return Mark(row.at, boot, database_s - float(kept_s) if kept_s else None)


def read_boot_clock() -> BootClock:
    """The machine's clock since boot; where there is none, this process counts as a boot. In a time namespace, where
    that clock is another one (time_namespaces(7)), each namespace does."""
    boot_id, now_s = _PROCESS, time.monotonic()
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:48]
            now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
            namespace = Path("/proc/self/ns/time").stat().st_ino
            if namespace != _FIRST_TIME_NAMESPACE:
                boot_id = f"{boot_id[:36]}.{namespace}"
    return BootClock(boot_id, now_s, _is_synchronised())


def _is_synchronised() -> bool:
    with contextlib.suppress(OSError, AttributeError):
        state: int = ctypes.CDLL(None).ntp_gettime(ctypes.create_string_buffer(256))
        return 0 <= state < _TIME_ERROR
    return False
