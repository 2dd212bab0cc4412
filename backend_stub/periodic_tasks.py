"""What the service does by itself now and then, in a thread of its own, off the loops that serve."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend_stub.clock import Clock

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UpkeepTask:
    """``run`` is called ``every_s`` seconds, at first ``first_s`` after the start; it must take being called by
    several processes at once."""

    name: str
    every_s: float
    run: Callable[[], object]
    first_s: float = 0.0


class ServiceUpkeep:
    """Runs tasks one after the other. One that fails is logged and runs again when its time comes; of an outage
    (``away``) a line is enough."""

    def __init__(self, tasks: Sequence[UpkeepTask], clock: Clock, away: tuple[type[Exception], ...] = ()) -> None:
        self._away = away
        self._clock = clock
        began = clock.monotonic()
        self._due = [(task, began + task.first_s) for task in tasks]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Wait for the task that runs, and run no other."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def run_due(self) -> float:
        """Run what is due and return the seconds until the next task is."""
        for index, (task, due) in enumerate(self._due):
            if self._stop.is_set() or self._clock.monotonic() < due:
                continue
            try:
                task.run()
            except self._away as error:
                _logger.warning("the task %s has to wait: %s", task.name, type(error).__name__)
            except Exception:  # whatever breaks a task, the others go on
                _logger.exception("the task %s failed", task.name)
            self._due[index] = (task, self._clock.monotonic() + task.every_s)
        return max(0.0, min((due for _, due in self._due), default=60.0) - self._clock.monotonic())

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(self.run_due())
