"""``matinee worker``: a process that makes titles, one or many of them over one data folder."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from backend_stub.config import Settings
from backend_stub.encoding.errors import StorageError
from backend_stub.encoding.stages import LAST, Stages, sweep
from backend_stub.encoding.storage import Storage, open_storage
from backend_stub.jobs.model import Claim
from backend_stub.jobs.opening import open_jobs
from backend_stub.jobs.states import RetryPolicy
from backend_stub.jobs.store import Jobs
from backend_stub.jobs.wake_up_signal import WakeUpSignal
from backend_stub.jobs.worker import Hands, Worker
from backend_stub.master_keys import MasterKeys

_logger = logging.getLogger(__name__)
_SWEEP_EVERY_S = 60.0
_LAST_STEP_POLL_S = 2.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """``slots`` tasks at once, one for each processor when 0. ``poll_s`` is how long a lost wake-up may delay
    work. The worker ends when there was nothing to do for ``leave_after_s`` seconds; never when 0."""

    slots: int = 0
    poll_s: float = 5.0
    leave_after_s: float = 0.0
    policy: RetryPolicy = field(default_factory=RetryPolicy)


def run_worker(
    settings: Settings,
    options: WorkerOptions,
    stop: threading.Event,
    *,
    announce: Callable[[str], None] = lambda _name: None,
    on_begin: Callable[[Claim], None] | None = None,
) -> None:
    """Do tasks until ``stop`` is set; then those at work are put back, and others go on with them. Over a bucket the
    last step of a job is left to the service, whose data folder it is that viewers see.

    ``announce`` gets the worker's name once it works. Raises ValueError for an address of the wake-up signal or of
    the bucket that cannot be used, and for a bucket without the master key of the service.
    """
    if settings.store_url and not MasterKeys.given(settings.secrets_dir):
        raise ValueError("A worker over a bucket needs the service's master key in MATINEE_MASTER_KEY.")
    storage = open_storage(settings)
    with open_jobs(settings, options.policy) as jobs:
        wake_up = WakeUpSignal(settings.data_dir, settings.wake_url)
        stages = Stages(settings, storage)
        kinds = stages.kinds - {LAST} if settings.store_url else None
        hands = Hands(options.slots or os.cpu_count() or 1, options.poll_s, kinds=kinds)
        worker = Worker(jobs, stages.run, hands, ring=wake_up.ring, on_begin=on_begin)
        worker.start()
        try:
            wake_up.listen(worker.wake)
            announce(worker.name)
            while not stop.is_set():
                _sweep(storage, jobs)
                if _is_idle(worker, stop, options.leave_after_s):
                    return
        finally:
            worker.stop()
            wake_up.close()


def _is_idle(worker: Worker, stop: threading.Event, leave_after_s: float) -> bool:
    """Whether nothing was done for as long as that; False after a while, and when ``stop`` is set."""
    if not leave_after_s:
        stop.wait(_SWEEP_EVERY_S)
        return False
    begun = worker.begun
    stop.wait(leave_after_s)
    return not worker.busy and worker.begun == begun


class LastStep:
    """What the service does by itself where workers share a bucket: it takes finished titles out of it."""

    def __init__(self, settings: Settings, jobs: Jobs, poll_s: float = _LAST_STEP_POLL_S) -> None:
        stages = Stages(settings, open_storage(settings))
        self._worker = Worker(jobs, stages.run, Hands(1, poll_s, kinds=frozenset({LAST})))

    def start(self) -> None:
        self._worker.start()

    def stop(self) -> None:
        self._worker.stop()


def _sweep(storage: Storage, jobs: Jobs) -> None:
    try:
        sweep(storage, jobs)
    except (StorageError, SQLAlchemyError) as error:  # the next round finds what is left
        _logger.warning("what is left of jobs could not be removed: %s", type(error).__name__)
