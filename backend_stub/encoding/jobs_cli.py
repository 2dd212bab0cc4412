"""What ``matinee jobs`` and ``matinee worker`` do in a terminal."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from backend_stub.config import START_WAIT_S, Settings
from backend_stub.encoding.worker import WorkerOptions, run_worker
from backend_stub.jobs.model import JobView
from backend_stub.jobs.opening import open_jobs
from backend_stub.jobs.states import ACTIVE
from backend_stub.jobs.store import JobNotFoundError, Jobs

GOOD, FAILED, BAD_INPUT = 0, 1, 2
_BAR_CELLS = 20


def worker_command(settings: Settings, slots: int, *, leave_after_s: float = 0.0, err: TextIO | None = None) -> int:
    """Work until Ctrl-C or a polite kill, or until there was nothing to do for ``leave_after_s`` seconds (0: for
    ever); an exit code."""
    err = err or sys.stderr
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}

    def announce(name: str) -> None:
        place = "files of a bucket" if settings.store_url else settings.data_dir
        err.write(f"{name} works on {place}.\n")
        err.flush()

    settings = replace(settings, database_wait_s=START_WAIT_S)
    try:
        run_worker(settings, WorkerOptions(slots, leave_after_s=leave_after_s), stop, announce=announce)
    except ValueError as error:
        err.write(f"{error}\n")
        return BAD_INPUT
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return GOOD


def list_command(data_dir: Path, limit: int, *, out: TextIO | None = None) -> int:
    """One line for each of the newest jobs."""
    out = out or sys.stdout
    with open_jobs(Settings(data_dir)) as jobs:
        for job in jobs.page(limit=limit):
            out.write(f"{line(job)}\n")
    return GOOD


def show_command(data_dir: Path, job_id: str, *, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """A job and its tasks, with the logs of those that failed."""
    out = out or sys.stdout

    def show(jobs: Jobs) -> None:
        job = jobs.get(job_id)
        out.write(f"{line(job)}\n")
        for task in job.tasks:
            out.write(f"  {task.state:9} {task.done:4.0%} {task.name}{f'  by {task.owner}' if task.owner else ''}\n")
            out.writelines(f"    {text}\n" for text in task.log.splitlines())
        out.writelines(f"  {text}\n" for text in job.result.get("findings", []))

    return _on_job(data_dir, job_id, show, err)


def follow_command(data_dir: Path, job_id: str, *, err: TextIO | None = None, every_s: float = 0.5) -> int:
    """A progress line until the job is over; 1 when it is parked or cancelled."""
    out = err or sys.stderr
    last = ""
    with open_jobs(Settings(data_dir)) as jobs:
        try:
            while True:
                job = jobs.get(job_id)
                text = line(job)
                if text != last:
                    out.write(f"\r{text.ljust(len(last))}" if out.isatty() else f"{text}\n")
                    out.flush()
                    last = text
                if job.state not in ACTIVE:
                    out.write("\n" if out.isatty() else "")
                    return GOOD if job.state == "done" else FAILED
                time.sleep(every_s)
        except JobNotFoundError:
            return _unknown(job_id, err)


def cancel_command(data_dir: Path, job_id: str, *, err: TextIO | None = None) -> int:
    return _on_job(data_dir, job_id, lambda jobs: jobs.cancel(job_id), err)


def retry_command(data_dir: Path, job_id: str, *, err: TextIO | None = None) -> int:
    """Let parked tasks begin again."""
    return _on_job(data_dir, job_id, lambda jobs: jobs.retry(job_id), err)


def priority_command(data_dir: Path, job_id: str, priority: int, *, err: TextIO | None = None) -> int:
    return _on_job(data_dir, job_id, lambda jobs: jobs.set_priority(job_id, priority), err)


def line(job: JobView) -> str:
    """A job in one line: id, bar, state, what it does or why it stands still."""
    filled = round(job.done * _BAR_CELLS)
    bar = f"[{'#' * filled}{'.' * (_BAR_CELLS - filled)}] {job.done:4.0%}"
    words: Sequence[str] = [job.id, bar, f"{job.state:9}", job.name]
    told = job.trouble or (job.stage if job.state in ACTIVE else str(job.result.get("title_id", "")))
    return "  ".join([*words, told]).rstrip()


def _on_job(data_dir: Path, job_id: str, act: Callable[[Jobs], object], err: TextIO | None) -> int:
    with open_jobs(Settings(data_dir)) as jobs:
        try:
            act(jobs)
        except JobNotFoundError:
            return _unknown(job_id, err)
    return GOOD


def _unknown(job_id: str, err: TextIO | None) -> int:
    (err or sys.stderr).write(f"There is no job {job_id}.\n")
    return BAD_INPUT
