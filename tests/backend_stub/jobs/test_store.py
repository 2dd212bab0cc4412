"""The job table under any order of calls, with workers that die, come back late and lose answers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backend_stub.jobs.model import Claim, NewTask
from backend_stub.jobs.states import JobState, LeaseLostError, RetryPolicy, TaskState
from backend_stub.jobs.store import JobNotFoundError, Jobs
from tests.kit.jobs import HandClock, a_job, job_table

POLICY = RetryPolicy(lease_s=30, attempts=3, backoff_s=5, longest_backoff_s=12)
DIAMOND = [
    NewTask("root", "look"),
    NewTask("left", "work", needs=["root"], weight=3),
    NewTask("right", "work", needs=["root"], weight=3),
    NewTask("end", "pack", needs=["left", "right"]),
]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[tuple[Jobs, HandClock]]:
    with job_table(tmp_path, POLICY) as made:
        yield made


def take(jobs: Jobs, owner: str = "w") -> Claim:
    claim = jobs.claim(owner)
    assert claim is not None
    return claim


def test_tasks_are_done_in_order_and_hand_their_results_on(table) -> None:
    jobs, clock = table
    job_id = jobs.submit(a_job(), DIAMOND)
    assert jobs.get(job_id).state is JobState.WAITING
    root = take(jobs)
    assert (root.task_id, root.attempt, root.spec) == (f"{job_id}/root", 1, {"asked": "k"})
    assert jobs.finish(root, {"seen": 1}, add=[NewTask("extra", "work", needs=["left"])]) == 2
    left, right = take(jobs, "a"), take(jobs, "b")
    assert left.inputs == {"root": {"seen": 1}}
    assert jobs.claim("c") is None
    assert jobs.get(job_id).done == pytest.approx(1 / 9)
    jobs.beat({left: 0.5})
    assert jobs.get(job_id).done == pytest.approx(2.5 / 9)
    jobs.finish(left, {})
    jobs.finish(right, {})
    for _ in range(2):
        jobs.finish(take(jobs), {"title": "film"})
    job = jobs.get(job_id)
    assert (job.state, job.done, job.stage, job.result) == (JobState.DONE, 1.0, "", {"title": "film"})
    assert job.finished_at == clock.at


def test_the_more_urgent_job_goes_first_and_only_where_its_files_are(table) -> None:
    jobs, clock = table
    jobs.submit(a_job("old"), DIAMOND)
    clock.at += 1
    urgent = jobs.submit(a_job("new", priority=1), DIAMOND)
    jobs.submit(a_job("elsewhere", priority=9, host="studio"), DIAMOND)
    first = take(jobs, "a")
    assert first.job_id == urgent
    jobs.set_priority(urgent, -1)
    jobs.finish(first, {})
    assert take(jobs, "a").spec == {"asked": "old"}
    studio = jobs.claim("b", host="studio")
    assert studio is not None
    assert studio.spec == {"asked": "elsewhere"}


def test_asking_twice_for_the_same_finds_the_same_until_it_is_over(table) -> None:
    jobs, _ = table
    first = jobs.submit(a_job(), DIAMOND)
    assert jobs.submit(a_job(), DIAMOND) == first
    claim = take(jobs)
    assert take(jobs) == claim  # the answer was lost
    jobs.cancel(first)
    assert jobs.beat({claim: 0.1}) == [claim]
    assert jobs.submit(a_job(), DIAMOND) != first


def test_failures_are_tried_again_ever_later_then_parked_with_their_log(table) -> None:
    jobs, clock = table
    job_id = jobs.submit(a_job(), DIAMOND)
    for attempt, pause in ((1, 5), (2, 10)):
        assert jobs.fail(take(jobs), f"no {attempt}") is TaskState.READY
        clock.at += pause - 0.1
        assert jobs.claim("w") is None
        clock.at += 0.2
    assert jobs.fail(take(jobs), "no 3") is TaskState.PARKED
    job = jobs.get(job_id)
    assert (job.state, job.trouble) == (JobState.PARKED, "no 3")
    assert job.tasks[0].log == "attempt 1: no 1\nattempt 2: no 2\nattempt 3: no 3\n"
    assert jobs.claim("w") is None
    assert jobs.retry(job_id)
    assert take(jobs).attempt == 1
    assert not jobs.retry(job_id)
    assert "no 2" in jobs.get(job_id).tasks[0].log


def test_what_can_never_work_is_parked_at_once(table) -> None:
    jobs, _ = table
    jobs.submit(a_job(), DIAMOND)
    assert jobs.fail(take(jobs), "not a film", final=True) is TaskState.PARKED


def test_a_silent_worker_loses_its_task_and_its_result_counts_for_nothing(table) -> None:
    jobs, clock = table
    job_id = jobs.submit(a_job(), DIAMOND)
    lost = take(jobs, "dead")
    clock.at += 29
    assert jobs.claim("w") is None
    assert jobs.beat({lost: 0.2}) == []
    clock.at += 30.1
    second = take(jobs)
    assert (second.name, second.attempt) == ("root", 2)
    with pytest.raises(LeaseLostError):
        jobs.finish(lost, {"from": "the grave"})
    jobs.finish(second, {"from": "the living"})
    assert jobs.get(job_id).tasks[0].result == {"from": "the living"}
    assert "dead fell silent" in jobs.get(job_id).tasks[0].log


def test_whoever_tries_its_own_tasks_once_takes_those_of_silent_workers_back(tmp_path: Path) -> None:
    with job_table(tmp_path, RetryPolicy(lease_s=30, attempts=1, silences=3)) as (jobs, clock):
        job_id = jobs.submit(a_job(), DIAMOND)
        for attempt in (1, 2, 3):
            assert take(jobs, f"dead {attempt}").attempt == attempt
            clock.at += 31
        assert jobs.claim("w") is None
        assert jobs.get(job_id).state is JobState.PARKED


def test_a_task_that_is_put_back_has_lost_nothing(table) -> None:
    jobs, _ = table
    jobs.submit(a_job(), DIAMOND)
    jobs.release(take(jobs))
    assert take(jobs).attempt == 1


def test_jobs_that_are_not_there(table) -> None:
    jobs, _ = table
    for call in (jobs.get, jobs.cancel, jobs.retry):
        with pytest.raises(JobNotFoundError):
            call("no")
    jobs.delete("no")
    job_id = jobs.submit(a_job(), DIAMOND)
    assert jobs.over([job_id, "no"]) == {"no"}
    jobs.delete(job_id)
    assert jobs.page() == []


class TableMachine(RuleBasedStateMachine):
    """Three workers over two jobs: they finish, fail, die, come back late; people cancel and retry."""

    OWNERS = ("a", "b", "c")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.opened = job_table(Path(self.folder.name), POLICY)
        self.jobs, self.clock = self.opened.__enter__()
        self.ids = [self.jobs.submit(a_job(key), DIAMOND) for key in ("x", "y")]
        self.held: dict[str, Claim] = {}
        self.ghosts: list[Claim] = []
        self.finished: dict[str, int] = {}
        self.cancelled: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()

    @rule(owner=st.sampled_from(OWNERS))
    def claims(self, owner: str) -> None:
        claim = self.jobs.claim(owner)
        if claim is None:
            self.held.pop(owner, None)
            return
        before = self.held.get(owner)
        assert claim.job_id not in self.cancelled
        assert claim.task_id not in self.finished
        if before is not None and before != claim:
            self.ghosts.append(before)
        self.held[owner] = claim

    @rule(owner=st.sampled_from(OWNERS))
    def dies(self, owner: str) -> None:
        if owner in self.held:
            self.ghosts.append(self.held.pop(owner))

    @rule(owner=st.sampled_from(OWNERS), end=st.sampled_from(("finish", "fail", "final", "release", "beat")))
    def ends(self, owner: str, end: str) -> None:
        claim = self.held.get(owner)
        if claim is not None:
            self._end(claim, end)
            if end != "beat":
                del self.held[owner]

    @precondition(lambda self: bool(getattr(self, "ghosts", None)))
    @rule(end=st.sampled_from(("finish", "fail", "beat")), which=st.integers(0, 9))
    def ghost_comes_back(self, end: str, which: int) -> None:
        self._end(self.ghosts[which % len(self.ghosts)], end)

    def _end(self, claim: Claim, end: str) -> None:
        try:
            if end == "finish":
                self.jobs.finish(claim, {"attempt": claim.attempt})
                self.finished[claim.task_id] = self.finished.get(claim.task_id, 0) + 1
            elif end == "release":
                self.jobs.release(claim)
            elif end == "beat":
                self.jobs.beat({claim: 0.5})
            else:
                self.jobs.fail(claim, "failed", final=end == "final")
        except LeaseLostError:
            pass

    @rule(seconds=st.sampled_from((1, 6, 13, 31)))
    def time_passes(self, seconds: int) -> None:
        self.clock.at += seconds

    @rule(which=st.integers(0, 1))
    def somebody_retries(self, which: int) -> None:
        self.jobs.retry(self.ids[which])

    @rule(which=st.integers(0, 1), sure=st.integers(0, 9))
    def somebody_cancels(self, which: int, sure: int) -> None:
        if sure == 0:
            self.jobs.cancel(self.ids[which])
            if self.jobs.get(self.ids[which]).state is JobState.CANCELLED:
                self.cancelled.add(self.ids[which])

    @invariant()
    def the_table_is_sound(self) -> None:
        if not hasattr(self, "jobs"):
            return
        for job_id in self.ids:
            job = self.jobs.get(job_id)
            by_name = {task.name: task for task in job.tasks}
            for wanted in DIAMOND:
                task = by_name[wanted.name]
                if task.state in {TaskState.READY, TaskState.RUNNING, TaskState.DONE, TaskState.PARKED}:
                    assert all(by_name[need].state is TaskState.DONE for need in wanted.needs)
                assert (task.state is TaskState.RUNNING) == bool(task.owner)
                assert (task.state is TaskState.DONE) == (self.finished.get(f"{job_id}/{task.name}", 0) == 1)
                assert task.attempts <= POLICY.attempts
            states = {task.state for task in job.tasks}
            assert (job.state is JobState.DONE) == (states == {TaskState.DONE})
            assert (job.state is JobState.PARKED) == (TaskState.PARKED in states)
        assert all(count == 1 for count in self.finished.values())

    @rule()
    def left_alone_the_work_gets_done(self) -> None:
        """Whatever happened, one healthy worker and patience bring every job to an end."""
        self.clock.at += 31
        self.held.clear()
        for job_id in self.ids:
            self.jobs.retry(job_id)
        for _ in range(20):
            claim = self.jobs.claim("healthy")
            if claim is None:
                break
            self._end(claim, "finish")
            self.clock.at += 13
        assert all(self.jobs.get(job_id).state in {JobState.DONE, JobState.CANCELLED} for job_id in self.ids)


TestTable = TableMachine.TestCase
TestTable.settings = settings(
    max_examples=6, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
