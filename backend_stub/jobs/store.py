"""The table of jobs and tasks: every change of it is one transaction, and the state machine's.

Processes on several machines share it. A call that is killed has changed everything or nothing. Changing a task's
state locks its job. Without the lock, two tasks that end at the same moment would each see the other as running, and
the task that waits for both would never start.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db import keyset
from backend_stub.db.database import Database, hold_name
from backend_stub.db.keyset import Place
from backend_stub.db.models import Job, JobTask
from backend_stub.jobs import graph, states
from backend_stub.jobs.model import Claim, JobView, NewJob, NewTask, TaskView
from backend_stub.jobs.states import ACTIVE, JobState, LeaseLostError, RetryPolicy, TaskRecord, TaskState
from backend_stub.services import audit

_MACHINE = tuple(asdict(TaskRecord()))  # the columns that the state machine rules
_ACTIVE = [str(state) for state in ACTIVE]
_OVER = (JobState.DONE, JobState.CANCELLED)
_URGENCY = (Job.priority.desc(), Job.created_at, Job.id, JobTask.position)


class JobNotFoundError(LookupError):
    """There is no such job."""


class Jobs:
    """Jobs and their tasks; all methods may be called by any thread and process."""

    def __init__(self, database: Database, clock: Clock, policy: RetryPolicy | None = None) -> None:
        self._database = database
        self._clock = clock
        self.policy = policy or RetryPolicy()

    # -- asking for work ------------------------------------------------------------------------------------------

    def submit(self, new: NewJob, tasks: Sequence[NewTask]) -> str:
        """Add a job, or find the one with the same key that is not over; its id. Raises :class:`GraphError`."""
        graph.needs_of((task.name, task.needs) for task in tasks)
        now = self._clock.now()
        with self._database.write() as session:
            hold_name(session, f"job:{new.key}")
            found = session.scalars(_going_on(new.key).with_for_update()).first()
            if found is not None:
                self._retry(session, found, now)
                return found.id
            job = Job(
                id=new.id or secrets.token_hex(16),
                kind=new.kind,
                key=new.key,
                name=new.name[:300],
                state=str(JobState.WAITING),
                priority=new.priority,
                host=new.host,
                account_id=new.account_id,
                created_at=now,
                finished_at=None,
                spec=dict(new.spec),
                result={},
            )
            session.add(job)
            session.flush()
            _add_tasks(session, job.id, tasks)
            _advance(session, job, now)
            audit.record(session, now, "job.submitted", account_id=new.account_id, subject=job.id)
            return job.id

    def find(self, key: str) -> str | None:
        """The id of the job with this key that is not over."""
        with self._database.read() as session:
            return session.scalar(_going_on(key).with_only_columns(Job.id).limit(1))

    # -- doing work -----------------------------------------------------------------------------------------------

    def claim(
        self, owner: str, *, host: str = "", job_id: str | None = None, kinds: Collection[str] | None = None
    ) -> Claim | None:
        """The most urgent task that can begin now, leased to ``owner``; None when there is none.

        An owner has one task at a time: asking again before it is finished gives the same one, so that an answer
        that was lost costs nothing. ``host`` is where the owner runs; ``job_id`` narrows to one job, ``kinds``
        to tasks of these kinds.
        """
        now = self._clock.now()
        self._expire(now)
        wanted = _tasks_of_active_jobs(host, job_id)
        if kinds is not None:
            wanted = wanted.where(JobTask.kind.in_(kinds))
        held = wanted.where(JobTask.state == str(TaskState.RUNNING), JobTask.owner == owner)
        free = wanted.where(JobTask.state == str(TaskState.READY), JobTask.available_at <= now).order_by(*_URGENCY)
        while True:
            with self._database.write() as session, suppress(JobNotFoundError):
                found = _first_job(session, held) or _first_job(session, free)
                if found is None:
                    return None
                job = _held_job(session, found)
                if (task := _first_of(session, held, job)) is not None:
                    _apply(task, states.beat(_machine(task), owner, task.attempts, now, self.policy))
                    return _claim_of(job, task, _tasks(session, job.id))
                if (task := _first_of(session, free, job)) is not None:  # else another was quicker
                    _apply(task, states.claim(_machine(task), owner, now, self.policy))
                    task.started_at, task.done = now, 0.0
                    job.state = str(JobState.RUNNING)
                    return _claim_of(job, task, _tasks(session, job.id))

    def at_hand(self, host: str = "") -> int:
        """How many tasks are at work or could begin now on ``host``."""
        now = self._clock.now()
        begun = JobTask.state == str(TaskState.RUNNING)
        free = and_(JobTask.state == str(TaskState.READY), JobTask.available_at <= now)
        tasks = _tasks_of_active_jobs(host, None).where(or_(begun, free)).subquery()
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(tasks)) or 0

    def beat(self, claims: Mapping[Claim, float]) -> list[Claim]:
        """The holders of ``claims`` live and have done so much of each (0 to 1); those that are no longer theirs."""
        if not claims:
            return []
        now = self._clock.now()
        lost = []
        with self._database.write() as session:
            for claim, done in claims.items():
                task = session.get(JobTask, (claim.job_id, claim.name))
                try:
                    if task is None:
                        raise LeaseLostError
                    _apply(task, states.beat(_machine(task), claim.owner, claim.attempt, now, self.policy))
                    task.done = max(task.done, min(1.0, done))
                except LeaseLostError:
                    lost.append(claim)
        return lost

    def finish(self, claim: Claim, result: Mapping[str, Any], add: Sequence[NewTask] = ()) -> int:
        """The task is done, and the tasks ``add`` belong to the job from now on; how many tasks can begin by that.

        Raises :class:`LeaseLostError` when it was no longer the owner's: nothing is changed then.
        """
        now = self._clock.now()
        with self._database.write() as session:
            job, task = _held(session, claim)
            _apply(task, states.finish(_machine(task), claim.owner, claim.attempt))
            task.done, task.finished_at, task.result = 1.0, now, dict(result)
            _add_tasks(session, claim.job_id, add)
            begun = _advance(session, job, now)
            if job.state == JobState.DONE:
                job.finished_at, job.result = now, dict(result)
            return begun

    def fail(self, claim: Claim, sentence: str, *, final: bool = False) -> TaskState:
        """The task failed; it is tried again after a pause or, when ``final`` or tried too often, parked.

        Raises :class:`LeaseLostError`.
        """
        now = self._clock.now()
        with self._database.write() as session:
            job, task = _held(session, claim)
            machine = _machine(task)
            _apply(task, states.fail(machine, claim.owner, claim.attempt, now, sentence, self.policy, final=final))
            _advance(session, job, now)
            return TaskState(task.state)

    def release(self, claim: Claim) -> None:
        """The holder stops for reasons of its own; the task is as before. Raises :class:`LeaseLostError`."""
        now = self._clock.now()
        with self._database.write() as session:
            _, task = _held(session, claim)
            _apply(task, states.release(_machine(task), claim.owner, claim.attempt, now))

    # -- looking and steering -------------------------------------------------------------------------------------

    def get(self, job_id: str) -> JobView:
        """A job with its tasks. Raises :class:`JobNotFoundError`."""
        with self._database.read() as session:
            return _view(_job(session, job_id), _tasks(session, job_id))

    def page(
        self, *, state: JobState | None = None, limit: int = 50, before: Place | None = None, name: str = ""
    ) -> list[JobView]:
        """The newest jobs with their tasks, from a place of that list on, with ``name`` in theirs."""
        query = select(Job)
        if state is not None:
            query = query.where(Job.state == str(state))
        if name:
            query = query.where(Job.name.icontains(name, autoescape=True))
        query = keyset.page(query, Job.created_at, Job.id, before, limit)
        with self._database.read() as session:
            return [_view(job, _tasks(session, job.id)) for job in session.scalars(query)]

    def cancel(self, job_id: str, *, by: str | None = None) -> None:
        """Stop a job for good; whoever works for it learns it at its next heartbeat. Raises JobNotFoundError."""
        now = self._clock.now()
        with self._database.write() as session:
            job = _held_job(session, job_id)
            if job.state == JobState.DONE:
                return
            for task in _tasks(session, job_id):
                _apply(task, states.cancel(_machine(task)))
            job.state, job.finished_at = str(JobState.CANCELLED), now
            audit.record(session, now, "job.cancelled", account_id=by, subject=job_id)

    def retry(self, job_id: str, *, by: str | None = None) -> bool:
        """Let parked tasks begin again; whether there were any. Raises JobNotFoundError."""
        now = self._clock.now()
        with self._database.write() as session:
            again = self._retry(session, _held_job(session, job_id), now)
            if again:
                audit.record(session, now, "job.retried", account_id=by, subject=job_id)
            return again

    def set_priority(self, job_id: str, priority: int, *, by: str | None = None) -> None:
        """Higher ones first. Raises JobNotFoundError."""
        now = self._clock.now()
        with self._database.write() as session:
            _held_job(session, job_id).priority = priority
            audit.record(session, now, "job.priority", account_id=by, subject=job_id, priority=priority)

    def delete(self, job_id: str) -> None:
        """Forget a job; one that does not exist is forgotten already."""
        with self._database.write() as session:
            job = session.get(Job, job_id)
            if job is not None:
                session.delete(job)

    def over(self, job_ids: Iterable[str]) -> set[str]:
        """Those that are done, cancelled or unknown: nobody needs their files."""
        asked = set(job_ids)
        with self._database.read() as session:
            rows = session.execute(select(Job.id, Job.state).where(Job.id.in_(asked)))
            states_of = {row.id: row.state for row in rows}
        return {job_id for job_id in asked if states_of.get(job_id, JobState.DONE) in _OVER}

    def _retry(self, session: Session, job: Job, now: float) -> bool:
        parked = [task for task in _tasks(session, job.id) if task.state == TaskState.PARKED]
        for task in parked:
            _apply(task, states.retry(_machine(task), now))
        if parked:
            job.state = str(JobState.RUNNING)
            _advance(session, job, now)
        return bool(parked)

    def _expire(self, now: float) -> None:
        silent = select(JobTask).where(JobTask.state == str(TaskState.RUNNING), JobTask.lease_until <= now)
        with self._database.read() as session:
            job_ids = set(session.scalars(silent.with_only_columns(JobTask.job_id)))
        for job_id in sorted(job_ids):
            with self._database.write() as session, suppress(JobNotFoundError):
                job = _held_job(session, job_id)
                for task in session.scalars(silent.where(JobTask.job_id == job_id)).all():
                    _apply(task, states.expire(_machine(task), now, self.policy))
                session.flush()
                _advance(session, job, now)


def _going_on(key: str) -> Select[Job]:
    return select(Job).where(Job.key == key, Job.state.not_in([str(state) for state in _OVER]))


def _tasks_of_active_jobs(host: str, job_id: str | None) -> Select[JobTask]:
    query = select(JobTask).join(Job, Job.id == JobTask.job_id).where(Job.state.in_(_ACTIVE))
    query = query.where(or_(Job.host == "", Job.host == host))
    return query if job_id is None else query.where(Job.id == job_id)


def _machine(task: JobTask) -> TaskRecord:
    values = {name: getattr(task, name) for name in _MACHINE}
    return TaskRecord(**{**values, "state": TaskState(task.state)})


def _apply(task: JobTask, after: TaskRecord) -> None:
    for name in _MACHINE:
        value = getattr(after, name)
        setattr(task, name, str(value) if name == "state" else value)


def _first_job(session: Session, tasks: Select[JobTask]) -> str | None:
    return session.scalar(tasks.with_only_columns(JobTask.job_id).limit(1))


def _first_of(session: Session, tasks: Select[JobTask], job: Job) -> JobTask | None:
    return session.scalars(tasks.where(JobTask.job_id == job.id).limit(1)).first()


def _held_job(session: Session, job_id: str) -> Job:
    """The job, which no other transaction changes until this one ends. Raises :class:`JobNotFoundError`."""
    job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise JobNotFoundError(job_id)
    return job


def _held(session: Session, claim: Claim) -> tuple[Job, JobTask]:
    """The job of a claim, held, and the task. Raises :class:`LeaseLostError` where they are gone."""
    try:
        return _held_job(session, claim.job_id), session.get_one(JobTask, (claim.job_id, claim.name))
    except (JobNotFoundError, NoResultFound) as error:
        raise LeaseLostError from error


def _claim_of(job: Job, task: JobTask, tasks: Sequence[JobTask]) -> Claim:
    return Claim(
        job_id=task.job_id,
        name=task.name,
        kind=task.kind,
        owner=task.owner,
        attempt=task.attempts,
        params=task.params,
        spec=job.spec,
        inputs={one.name: one.result for one in tasks if one.name in task.needs},
    )


def _job(session: Session, job_id: str) -> Job:
    job = session.get(Job, job_id)
    if job is None:
        raise JobNotFoundError(job_id)
    return job


def _tasks(session: Session, job_id: str) -> Sequence[JobTask]:
    return session.scalars(select(JobTask).where(JobTask.job_id == job_id).order_by(JobTask.position)).all()


def _add_tasks(session: Session, job_id: str, tasks: Sequence[NewTask]) -> None:
    """Those that the job has already are left as they are. Raises :class:`GraphError`."""
    known = {task.name: task.needs for task in _tasks(session, job_id)}
    fresh = [task for task in tasks if task.name not in known]
    graph.needs_of([*known.items(), *((task.name, task.needs) for task in fresh)])
    for position, task in enumerate(fresh, len(known)):
        session.add(
            JobTask(
                job_id=job_id,
                name=task.name,
                kind=task.kind,
                position=position,
                params=dict(task.params),
                needs=list(task.needs),
                weight=task.weight,
                done=0.0,
                state=str(TaskState.WAITING),
                attempts=0,
                available_at=0.0,
                owner="",
                lease_until=0.0,
                started_at=None,
                finished_at=None,
                log="",
                result={},
            )
        )
    session.flush()


def _advance(session: Session, job: Job, now: float) -> int:
    """Let tasks begin whose needs are done, and bring the job's state up to date; how many began."""
    tasks = _tasks(session, job.id)
    needs = {task.name: task.needs for task in tasks}
    done = {task.name for task in tasks if task.state == TaskState.DONE}
    begun = 0
    free = set(graph.ready(needs, done))
    for task in tasks:
        if task.name in free and task.state == TaskState.WAITING:
            _apply(task, states.make_ready(_machine(task), now))
            begun += 1
    job.state = str(states.job_state(JobState(job.state), [TaskState(task.state) for task in tasks]))
    return begun


def _view(job: Job, tasks: Sequence[JobTask]) -> JobView:
    return JobView(
        id=job.id,
        kind=job.kind,
        name=job.name,
        state=JobState(job.state),
        priority=job.priority,
        host=job.host,
        account_id=job.account_id,
        created_at=job.created_at,
        finished_at=job.finished_at,
        spec=job.spec,
        result=job.result,
        tasks=[
            TaskView(
                name=task.name,
                kind=task.kind,
                state=TaskState(task.state),
                done=task.done,
                weight=task.weight,
                attempts=task.attempts,
                owner=task.owner,
                available_at=task.available_at,
                started_at=task.started_at,
                finished_at=task.finished_at,
                log=task.log,
                result=task.result,
            )
            for task in tasks
        ],
    )
