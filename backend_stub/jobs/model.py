"""The values that go between the job table and those who use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend_stub.jobs.states import JobState, TaskState


@dataclass(frozen=True, slots=True)
class NewTask:
    """A step to be added to a job. ``weight`` is its part of the whole work, in any unit."""

    name: str
    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)
    needs: Sequence[str] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is asked for. While a job of the same ``key`` is not over, asking again finds that one.

    ``host`` is the machine that has the files it needs; empty when every worker has them. ``id`` (32 hexadecimal
    digits, never used before) is for those who must know it beforehand; one is made where it is empty.
    """

    kind: str
    name: str
    key: str
    spec: Mapping[str, Any]
    priority: int = 0
    host: str = ""
    account_id: str | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A task in somebody's hands: attempt number ``attempt``, which ``owner`` may finish. ``inputs`` are the results
    of the tasks that it needs, by name."""

    job_id: str
    name: str
    kind: str
    owner: str
    attempt: int
    params: Mapping[str, Any] = field(compare=False)
    spec: Mapping[str, Any] = field(compare=False)
    inputs: Mapping[str, Mapping[str, Any]] = field(compare=False)

    @property
    def task_id(self) -> str:
        """The same for every attempt, on every machine."""
        return f"{self.job_id}/{self.name}"


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as shown to people; ``done`` is 0 to 1, times are seconds since 1970."""

    name: str
    kind: str
    state: TaskState
    done: float
    weight: float
    attempts: int
    owner: str
    available_at: float
    started_at: float | None
    finished_at: float | None
    log: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as shown to people, with its tasks in order where they were asked for."""

    id: str
    kind: str
    name: str
    state: JobState
    priority: int
    host: str
    account_id: str | None
    created_at: float
    finished_at: float | None
    spec: Mapping[str, Any]
    result: Mapping[str, Any]
    tasks: Sequence[TaskView] = ()

    @property
    def done(self) -> float:
        """How much of the work is done, 0 to 1, as far as its steps are known."""
        if self.state is JobState.DONE:
            return 1.0
        whole = sum(task.weight for task in self.tasks)
        return min(0.999, sum(task.weight * task.done for task in self.tasks) / whole) if whole else 0.0

    @property
    def stage(self) -> str:
        """The kind of the first step that runs, else of the first that is not done; empty when all are."""
        running = [task.kind for task in self.tasks if task.state is TaskState.RUNNING]
        left = [task.kind for task in self.tasks if task.state is not TaskState.DONE]
        return next(iter([*running, *left]), "")

    @property
    def trouble(self) -> str:
        """The last line of the log of the step that is parked; empty when none is."""
        logs = (task.log for task in self.tasks if task.state is TaskState.PARKED)
        lines = next(logs, "").strip().splitlines()
        return lines[-1].partition(": ")[2] or lines[-1] if lines else ""
