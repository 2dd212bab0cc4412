"""Tiny films, workers in processes of their own that can be killed, and what came of it."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backend_stub.config import Settings
from backend_stub.encoding import tools
from backend_stub.jobs.model import JobView
from backend_stub.jobs.opening import open_jobs
from backend_stub.jobs.states import JobState, TaskState
from tests.kit.children import ends_with_us
from tests.kit.waiting import until

ROOT = Path(__file__).parents[2]
_WORKER = """
import sys, threading
from pathlib import Path
from backend_stub.config import Settings
from backend_stub.encoding.worker import WorkerOptions, run_worker
from backend_stub.jobs.states import RetryPolicy

def tell(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()

policy = RetryPolicy(lease_s=float(sys.argv[4]), attempts=100, backoff_s=0.1)
options = WorkerOptions(slots=int(sys.argv[3]), poll_s=0.1, policy=policy)
settings = Settings(Path(sys.argv[1]), database_url=sys.argv[2])
run_worker(settings, options, threading.Event(), announce=tell, on_begin=lambda claim: tell(claim.name))
"""


def tiny_film(path: Path, seconds: float, *, size: str = "64x36", fps: int = 10, sound: bool = True) -> Path:
    """A moving test picture with a beep a second."""
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y"]
    command += ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={fps}:d={seconds}"]
    if sound:
        command += ["-f", "lavfi", "-i", f"sine=f=400:b=4:d={seconds}", "-c:a", "aac", "-b:a", "32k"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class WorkerProcess:
    """A worker over a data folder; :attr:`begun` are the names of the tasks that it has begun."""

    def __init__(self, settings: Settings, *, slots: int = 2, lease_s: float = 1.0) -> None:
        place = [str(settings.data_dir), settings.database]
        command = ends_with_us(sys.executable, "-c", _WORKER, *place, slots, lease_s, by="KILL")
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.begun: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for_tasks(self, count: int, timeout_s: float) -> None:
        """Until it has begun so many, ended, or time is up."""
        with self._news:
            self._news.wait_for(lambda: len(self.begun) > count or self.process.poll() is not None, timeout_s)

    def kill(self) -> None:
        """kill -9; FFmpeg dies with it."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.begun.append(line.strip())
                self._news.notify_all()


@dataclass
class KilledRun:
    """A job done by workers of which some were killed: what of it was finished before and done again all the same."""

    job: JobView
    kills: int = 0
    redone: list[str] = field(default_factory=list)


def run_with_kills(settings: Settings, job_id: str, kills: int, seed: int, *, timeout_s: float = 300) -> KilledRun:
    """Kill workers at ``kills`` seeded moments, each after some tasks begun and a little more; then let one finish.

    A moment that comes after the end of the job is no kill.
    """
    chance = random.Random(seed)
    deadline = time.monotonic() + timeout_s
    done: dict[str, Mapping[str, float | int | None]] = {}
    redone: list[str] = []
    count = 0
    with open_jobs(settings) as jobs:
        for _ in range(kills):
            worker = WorkerProcess(settings)
            worker.wait_for_tasks(chance.randint(1, 3), deadline - time.monotonic())
            time.sleep(chance.uniform(0.0, 0.15))
            count += jobs.get(job_id).state in {JobState.WAITING, JobState.RUNNING}
            worker.kill()
            redone += _compare(jobs.get(job_id), done)
        if jobs.get(job_id).state is not JobState.DONE:
            worker = WorkerProcess(settings)
            try:
                until(lambda: jobs.get(job_id).state is JobState.DONE, patience_s=deadline - time.monotonic())
            finally:
                worker.kill()
        job = jobs.get(job_id)
        redone += _compare(job, done)
    return KilledRun(job, count, redone)


def _compare(job: JobView, done: dict[str, Mapping[str, float | int | None]]) -> list[str]:
    """The tasks that were finished before and have been touched since; those that are finished now are remembered."""
    redone = []
    for task in job.tasks:
        facts = {"attempts": task.attempts, "finished_at": task.finished_at}
        if task.name in done and done[task.name] != facts:
            redone.append(f"{task.name}: {json.dumps([done[task.name], facts])}")
        if task.state is TaskState.DONE:
            done[task.name] = facts
    return redone
