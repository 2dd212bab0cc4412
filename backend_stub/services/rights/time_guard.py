"""A service that is wrong about the time notices it itself: it signs nothing, and nobody's sign-in or plan ends.

The last good time is kept in the database with the reading of a clock that nobody sets (since boot). Within that boot
the two must go on together; across boots the time may not go back, nor far ahead. Only good times are kept, so that a
wrong hour leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

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

_PROCESS = f"process-{uuid.uuid4()}"
_TIME_ERROR = 5  # ntp_gettime(3): the clock is not synchronised
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BootClock:
    """``boottime_s`` seconds since the boot ``boot_id``; ``synchronised`` by NTP, as far as the kernel knows."""

    boot_id: str
    boottime_s: float
    synchronised: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A time that was good."""

    at: float
    boot: BootClock


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


class TimeGuard:
    """Judges the clock before each signature. ``read`` gives the boot's clock, None for a clock that a test steps."""

    def __init__(self, database: Database, clock: Clock, read: Callable[[], BootClock] | None) -> None:
        self._database = database
        self._clock = clock
        self._read = read
        self._mark: Mark | None = None
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
        """The operator says that the clock is right."""
        if self._read is not None:
            self._keep(self._read())

    def _good(self, read: Callable[[], BootClock]) -> bool:
        if not self._looked:
            self._look()
        return is_good(self._clock.now(), read(), self._mark, self._newest)

    def _look(self) -> None:
        with self._database.read() as session:
            row = session.get(ClockMark, 1)
            self._newest = 0.0 if row else session.scalar(select(func.max(IssuedLicence.issued_at))) or 0.0
            self._mark = None
            if row is not None:
                boot_id, _, synchronised = row.boot_id.partition(" ")
                self._mark = Mark(row.at, BootClock(boot_id, row.boottime_s, synchronised == "ntp"))
        self._looked = True

    def _keep(self, boot: BootClock) -> None:
        mark = Mark(self._clock.now(), boot)
        name = f"{mark.boot.boot_id} {'ntp' if mark.boot.synchronised else ''}".strip()
        with self._database.write() as session:
            put(session, ClockMark(one=1, at=mark.at, boot_id=name, boottime_s=mark.boot.boottime_s))
        self._mark, self._looked = mark, True


def read_boot_clock() -> BootClock:
    """The machine's clock since boot; where there is none, this process counts as a boot."""
    boot_id, now_s = _PROCESS, time.monotonic()
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:48]
            now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    return BootClock(boot_id, now_s, _is_synchronised())


def _is_synchronised() -> bool:
    with contextlib.suppress(OSError, AttributeError):
        state: int = ctypes.CDLL(None).ntp_gettime(ctypes.create_string_buffer(256))
        return 0 <= state < _TIME_ERROR
    return False
