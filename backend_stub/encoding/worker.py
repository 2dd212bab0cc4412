"""``matinee worker``: a process that makes titles, one or many of them over one data folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from backend_stub.config import Settings
from backend_stub.encoding.stages import Stages, sweep
from backend_stub.jobs.model import Claim
from backend_stub.jobs.opening import open_jobs
from backend_stub.jobs.states import RetryPolicy
from backend_stub.jobs.waking import Bell
from backend_stub.jobs.worker import Hands, Worker

_SWEEP_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """``slots`` tasks at once, one for each processor when 0. ``wake_url`` is where workers are woken through; empty
    for the data folder. ``poll_s`` is how long a wake-up that was lost may delay work."""

    slots: int = 0
    wake_url: str = ""
    poll_s: float = 5.0
    policy: RetryPolicy = field(default_factory=RetryPolicy)


def run_worker(
    settings: Settings,
    options: WorkerOptions,
    stop: threading.Event,
    *,
    announce: Callable[[str], None] = lambda _name: None,
    on_begin: Callable[[Claim], None] | None = None,
) -> None:
    """Do tasks until ``stop`` is set; then those at work are put back, and others go on with them.

    ``announce`` gets the worker's name once it works. Raises ValueError for a ``wake_url`` that cannot be used.
    """
    with open_jobs(settings, options.policy) as jobs:
        bell = Bell(settings.data_dir, options.wake_url)
        hands = Hands(options.slots or os.cpu_count() or 1, options.poll_s)
        worker = Worker(jobs, Stages(settings).run, hands, ring=bell.ring, on_begin=on_begin)
        worker.start()
        try:
            bell.listen(worker.wake)
            announce(worker.name)
            sweep(settings, jobs)
            while not stop.wait(_SWEEP_EVERY_S):
                sweep(settings, jobs)
        finally:
            worker.stop()
            bell.close()
