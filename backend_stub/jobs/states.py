"""What may happen to a task, as a state machine over values. Pure: the time is handed in.

::

    waiting ──needs done──► ready ──claim──► running ──finish──► done
                              ▲                 │
                              ├── back-off ◄────┤ fail, or the lease ran out
                              │                 ▼
                              └───── retry ── parked          (every state but done) ──cancel──► cancelled

A lease belongs to one attempt. A worker whose lease has passed to another one is refused and changes nothing. So a
task is finished once, however many processes work on it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_LOG_CHARS = 16_000


class TaskState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    PARKED = "parked"
    CANCELLED = "cancelled"


class JobState(StrEnum):
    """``waiting`` until its first task begins; ``parked`` when a task of it is, until somebody retries it."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PARKED = "parked"
    CANCELLED = "cancelled"


ACTIVE = (JobState.WAITING, JobState.RUNNING)


class LeaseLostError(Exception):
    """The task is not, or no longer, in this holder's hands; what it made of it counts for nothing."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """A lease lasts ``lease_s`` seconds after its last heartbeat. A task is parked when ``attempts`` of it failed;
    the pause after the first failure is ``backoff_s`` and doubles up to ``longest_backoff_s``. Holders may fall
    silent ``silences`` times at least: any process takes such tasks back, also one that tries its own only once."""

    lease_s: float = 30.0
    attempts: int = 4
    silences: int = 4
    backoff_s: float = 5.0
    longest_backoff_s: float = 600.0

    def pause_s(self, attempt: int) -> float:
        """Seconds to wait after the failure of attempt number ``attempt``, counted from 1."""
        return min(self.longest_backoff_s, self.backoff_s * 2.0 ** min(attempt - 1, 30))


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """Where a task stands. ``attempts`` counts those begun; ``owner`` and ``lease_until`` are those of the
    running one. A ready task may begin at ``available_at``. Times are seconds since 1970."""

    state: TaskState = TaskState.WAITING
    attempts: int = 0
    available_at: float = 0.0
    owner: str = ""
    lease_until: float = 0.0
    log: str = ""


def make_ready(task: TaskRecord, now: float) -> TaskRecord:
    """Its needs are done."""
    return replace(task, state=TaskState.READY, available_at=now) if task.state is TaskState.WAITING else task


def claim(task: TaskRecord, owner: str, now: float, policy: RetryPolicy) -> TaskRecord:
    """``owner`` begins it. Raises :class:`LeaseLostError` when it is not available."""
    if task.state is not TaskState.READY or task.available_at > now:
        raise LeaseLostError
    return replace(
        task,
        state=TaskState.RUNNING,
        attempts=task.attempts + 1,
        owner=owner,
        lease_until=now + policy.lease_s,
    )


def beat(task: TaskRecord, owner: str, attempt: int, now: float, policy: RetryPolicy) -> TaskRecord:
    """The holder lives. Raises :class:`LeaseLostError`."""
    _check_holder(task, owner, attempt)
    return replace(task, lease_until=max(task.lease_until, now + policy.lease_s))


def finish(task: TaskRecord, owner: str, attempt: int) -> TaskRecord:
    """The holder has done it. Raises :class:`LeaseLostError`."""
    _check_holder(task, owner, attempt)
    return replace(task, state=TaskState.DONE, owner="", lease_until=0.0)


def fail(
    task: TaskRecord, owner: str, attempt: int, now: float, sentence: str, policy: RetryPolicy, *, final: bool = False
) -> TaskRecord:
    """The holder could not do it; ``final`` says that trying again is useless. Raises :class:`LeaseLostError`."""
    _check_holder(task, owner, attempt)
    over = final or task.attempts >= policy.attempts
    return _failed(task, now, sentence, over=over, pause_s=policy.pause_s(task.attempts))


def expire(task: TaskRecord, now: float, policy: RetryPolicy) -> TaskRecord:
    """Take it from a holder that fell silent; unchanged while the lease lasts."""
    if task.state is not TaskState.RUNNING or task.lease_until > now:
        return task
    over = task.attempts >= max(policy.attempts, policy.silences)
    return _failed(task, now, f"{task.owner} fell silent.", over=over)


def release(task: TaskRecord, owner: str, attempt: int, now: float) -> TaskRecord:
    """The holder puts it back unharmed, as it is asked to stop; the attempt does not count.

    Raises :class:`LeaseLostError`.
    """
    _check_holder(task, owner, attempt)
    return replace(
        task, state=TaskState.READY, attempts=task.attempts - 1, available_at=now, owner="", lease_until=0.0
    )


def cancel(task: TaskRecord) -> TaskRecord:
    if task.state is TaskState.DONE:
        return task
    return replace(task, state=TaskState.CANCELLED, owner="", lease_until=0.0)


def retry(task: TaskRecord, now: float) -> TaskRecord:
    """A parked task is as new, but for its log."""
    if task.state is not TaskState.PARKED:
        return task
    return replace(task, state=TaskState.READY, attempts=0, available_at=now)


def job_state(current: JobState, tasks: Collection[TaskState]) -> JobState:
    """The state of a job out of those of its tasks; one that is cancelled stays so."""
    if current is JobState.CANCELLED:
        return current
    if TaskState.PARKED in tasks:
        return JobState.PARKED
    if all(state is TaskState.DONE for state in tasks):
        return JobState.DONE
    begun = current is not JobState.WAITING or any(state in {TaskState.RUNNING, TaskState.DONE} for state in tasks)
    return JobState.RUNNING if begun else JobState.WAITING


def _check_holder(task: TaskRecord, owner: str, attempt: int) -> None:
    if task.state is not TaskState.RUNNING or (task.owner, task.attempts) != (owner, attempt):
        raise LeaseLostError


def _failed(task: TaskRecord, now: float, sentence: str, *, over: bool, pause_s: float = 0.0) -> TaskRecord:
    return replace(
        task,
        state=TaskState.PARKED if over else TaskState.READY,
        available_at=now + pause_s,
        owner="",
        lease_until=0.0,
        log=f"{task.log}attempt {task.attempts}: {sentence}\n"[-MAX_LOG_CHARS:],
    )
