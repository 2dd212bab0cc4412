"""Workers that a service keeps on its own machine: as many as there is work for, none while there is none."""

from __future__ import annotations

import logging
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from backend_stub.jobs.store import Jobs
from backend_stub.jobs.wake_up_signal import WakeUpSignal

_logger = logging.getLogger(__name__)
_LOOK_EVERY_S = 5.0
_AFTER_A_FAILURE_S = 60.0
_PATIENCE_S = 20.0


class LocalWorker(Protocol):
    """A process, as :class:`subprocess.Popen` is one."""

    def poll(self) -> int | None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


@dataclass(frozen=True, slots=True)
class Hiring:
    """How a worker is begun that takes one task at a time and leaves when it finds none, and how many at most."""

    command: Sequence[str]
    environment: Mapping[str, str]
    most: int

    def hire(self) -> LocalWorker:
        return subprocess.Popen(self.command, env=self.environment, stdin=subprocess.DEVNULL)


class WorkerPool:
    """Starts workers when the wake-up signal comes, and looks now and then for what it did not hear.

    Those who find nothing more to do leave by themselves; one that failed is not followed by another for a minute."""

    def __init__(
        self,
        jobs: Jobs,
        wake_up: WakeUpSignal,
        most: int,
        hire: Callable[[], LocalWorker],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._wake_up = wake_up
        self._most = most
        self._hire = hire
        self._now = now
        self._workers: list[LocalWorker] = []
        self._not_before = float("-inf")
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, name="pool", daemon=True)

    def start(self) -> None:
        self._wake_up.listen(self.look)
        self._thread.start()

    def look(self) -> int:
        """Hire for what there is to do; how many workers there are now."""
        with self._lock:
            if self._stopping.is_set():
                return len(self._workers)
            self._let_go()
            if self._now() >= self._not_before:
                try:
                    wanted = min(self._most, self._jobs.at_hand(socket.gethostname()))
                    while len(self._workers) < wanted:
                        self._workers.append(self._hire())
                except (SQLAlchemyError, OSError) as error:
                    _logger.warning("no worker can be begun: %s", type(error).__name__)
                    self._not_before = self._now() + _AFTER_A_FAILURE_S
            return len(self._workers)

    def stop(self) -> None:
        """End all of them; what they had begun is put back for others."""
        self._stopping.set()
        self._wake_up.close()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            for worker in self._workers:
                worker.terminate()
            for worker in self._workers:
                try:
                    worker.wait(_PATIENCE_S)
                except subprocess.TimeoutExpired:
                    worker.kill()
                    worker.wait()
            self._workers.clear()

    def _let_go(self) -> None:
        codes = [code for worker in self._workers if (code := worker.poll()) is not None]
        self._workers = [worker for worker in self._workers if worker.poll() is None]
        if any(codes):
            _logger.warning("a worker ended with code %s", next(filter(None, codes)))
            self._not_before = self._now() + _AFTER_A_FAILURE_S

    def _keep_looking(self) -> None:
        self.look()
        while not self._stopping.wait(_LOOK_EVERY_S):
            self.look()
