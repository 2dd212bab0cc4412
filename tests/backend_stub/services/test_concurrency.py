"""Calls at the same moment, on SQLite and on PostgreSQL, where that is installed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import event, func, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from backend_stub.config import Settings
from backend_stub.context import ServiceContext, open_context
from backend_stub.db import patience
from backend_stub.db.database import Database, hold_name
from backend_stub.db.models import Job, ProgressEvent, Quality, RecommendationRun, Revocation, Title, WatchedPosition
from backend_stub.jobs import states, store
from backend_stub.jobs.model import Claim, NewTask
from backend_stub.jobs.states import JobState, TaskRecord, TaskState
from backend_stub.problems import ProblemError
from backend_stub.recommending import suggestions
from backend_stub.recommending.factors import Suggested
from backend_stub.recommending.feedback import Viewer
from backend_stub.recommending.suggestions import picks_for, similar_to
from backend_stub.services.editing import Words
from backend_stub.services.entitlement import Viewing
from backend_stub.services.progress import ProgressReport
from backend_stub.services.telemetry import PlayerEvent
from tests.kit.backend import publish_noise
from tests.kit.jobs import a_job
from tests.kit.postgres import Cluster
from tests.kit.waiting import PATIENCE_S, until

WORKERS = 8
# SQLite has one transaction at a time that writes, and what one reads is of one moment: there is nothing to try.
POSTGRES_ALONE = pytest.mark.parametrize("context", ["postgresql"], indirect=True)
T = TypeVar("T")


@pytest.fixture(params=["sqlite", "postgresql"])
def context(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServiceContext]:
    url = request.getfixturevalue("postgres").database_for(tmp_path) if request.param == "postgresql" else ""
    opened = open_context(Settings(tmp_path, database_url=url))
    yield opened
    opened.close()


def at_once(call: Callable[[int], T]) -> list[T | ProblemError]:
    def caught(number: int) -> T | ProblemError:
        try:
            return call(number)
        except ProblemError as problem:
            return problem

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(caught, range(WORKERS)))


def test_of_one_refresh_token_one_heir_is_left(context: ServiceContext) -> None:
    account = context.accounts.ensure_demo_viewer()
    token = context.tokens.issue(account, "x").refresh_token
    heirs = [each for each in at_once(lambda _: context.tokens.rotate(token)) if not isinstance(each, ProblemError)]
    assert len(heirs) == WORKERS
    assert sum(context.tokens.standing(each.refresh_token, 60.0) is not None for each in heirs) == 1


def test_one_event_counts_once(context: ServiceContext) -> None:
    publish_noise(context.settings)
    account = context.accounts.ensure_demo_viewer()

    def report(number: int) -> list[str]:
        item = ProgressReport("e", "noise", float(number), 12.0, float(number), "d")
        other = ProgressReport(f"e{number}", "noise", float(number), 12.0, float(number), "d")
        return context.progress.report(account.id, [item, other])

    assert at_once(report) == [["e", f"e{number}"] for number in range(WORKERS)]
    with context.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ProgressEvent)) == WORKERS + 1
        assert session.get_one(WatchedPosition, (account.id, "", "noise")).watched_at == WORKERS - 1


def test_telemetry_that_comes_many_times_at_once_counts_once(context: ServiceContext) -> None:
    account = context.accounts.ensure_demo_viewer()
    now = context.clock.now()

    def event(number: int) -> PlayerEvent:
        beat = ("s", "beat", now, "film", "tv", "edge-a", "1.0", None, 10.0, 0.0, 0, 1e6, None)
        return PlayerEvent(f"e{number}", *beat)  # type: ignore[arg-type]

    at_once(lambda number: context.telemetry.take(account.id, [event(0), event(number), event(1)]))
    (quality,) = context.quality.of(now - 60)
    assert (quality.playbacks, quality.played_s) == (1, 10.0 * WORKERS)
    (played,) = context.insight.sessions()
    assert len(context.insight.session(account.id, played.session_id)[1]) == WORKERS
    assert [one.quality.playbacks for one in context.insight.over_time(1, 2)] == [0, 1]


def test_no_report_makes_a_sum_larger_than_its_column(context: ServiceContext) -> None:
    """Neither those of a session nor those of all sessions of an hour."""
    account = context.accounts.ensure_demo_viewer()
    now = context.clock.now()

    def error(number: int, session_id: str) -> PlayerEvent:
        rest = ("error", now, "film", "tv", "edge-a", "1.0", None, 0.0, 0.0, 2**30, 0.0, "x")
        return PlayerEvent(f"{session_id}{number}", session_id, *rest)  # type: ignore[arg-type]

    for session_id in "ab":
        context.telemetry.take(account.id, [error(0, session_id)])
        with context.database.write() as session:
            session.execute(update(Quality).where(Quality.session_id == session_id).values(errors=2**31 - 2))
        context.telemetry.take(account.id, [error(number, session_id) for number in range(1, 4)])
    assert [(one.stalls, one.errors) for one in context.insight.sessions()] == [(2**31 - 1, 2**31 - 1)] * 2
    (quality,) = context.quality.of(now - 60)
    assert (quality.playbacks, quality.errors) == (2, 2**31 - 1)


def test_commands_to_a_device_on_either_database(context: ServiceContext) -> None:
    account = context.accounts.ensure_demo_viewer()
    jwk = {str(name): value for name, value in ECKey.generate_key("P-256").as_dict(private=False).items()}
    device = context.devices.register(account.id, "x", jwk)
    commands = context.device_commands

    def issue(number: int) -> str:
        return commands.issue(device.id, "restart", by=None, playlist="", expires_in_s=60.0 + number).id

    issued = {one for one in at_once(issue) if isinstance(one, str)}
    assert {one.id for one in commands.of_device(device.id)} == issued
    assert [(one.device.id, one.told_at, one.waiting) for one in commands.devices(10)] == [(device.id, None, WORKERS)]


def test_one_device_registers_once(context: ServiceContext) -> None:
    account = context.accounts.ensure_demo_viewer()
    jwk = {str(name): value for name, value in ECKey.generate_key("P-256").as_dict(private=False).items()}

    def register(number: int) -> str:
        return context.devices.register(account.id, f"d{number}", jwk).id

    assert len(set(at_once(register))) == 1


def test_publishing_at_once_gives_every_title_an_id(context: ServiceContext) -> None:
    ids = at_once(lambda number: publish_noise(context.settings, f"Film {number}"))
    assert sorted(map(str, ids)) == [f"film-{number}" for number in range(WORKERS)]


TASKS = [NewTask("left", "work"), NewTask("right", "work"), NewTask("end", "pack", needs=["left", "right"])]


def met(meeting: threading.Barrier) -> None:
    """Wait for the other transaction; where one waits for the end of the other they do not meet."""
    with suppress(threading.BrokenBarrierError):
        meeting.wait(1.0)


def test_tasks_that_end_at_once_let_the_next_begin(context: ServiceContext, monkeypatch: pytest.MonkeyPatch) -> None:
    context.jobs.submit(a_job(), TASKS)
    claims = [context.jobs.claim(owner) for owner in ("a", "b")]
    meeting, advance = threading.Barrier(2), store._advance

    def together(session: Session, job: Job, now: float) -> int:
        begun = advance(session, job, now)
        met(meeting)
        return begun

    monkeypatch.setattr(store, "_advance", together)
    with ThreadPoolExecutor(2) as pool:
        begun = list(pool.map(lambda claim: context.jobs.finish(claim, {}), claims))
    assert sorted(begun) == [0, 1]
    last = context.jobs.claim("c")
    assert last is not None
    assert last.name == "end"


def test_a_job_that_is_cancelled_while_it_begins_stays_so(
    context: ServiceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = context.jobs.submit(a_job(), TASKS)
    begun, cancelled, claim = threading.Event(), threading.Event(), states.claim

    def slowly(*task: Any) -> TaskRecord:
        begun.set()
        cancelled.wait(1.0)  # it has to wait for this claim
        return claim(*task)

    def cancel() -> None:
        begun.wait()
        context.jobs.cancel(job_id)
        cancelled.set()

    monkeypatch.setattr(states, "claim", slowly)
    with ThreadPoolExecutor(1) as pool:
        cancelling = pool.submit(cancel)
        context.jobs.claim("a")
        cancelling.result()
    job = context.jobs.get(job_id)
    assert job.state is JobState.CANCELLED
    assert {task.state for task in job.tasks} == {TaskState.CANCELLED}


def test_of_one_task_at_once_one_worker_gets_it(context: ServiceContext) -> None:
    context.jobs.submit(a_job(), TASKS)
    claims = at_once(lambda number: context.jobs.claim(f"w{number}"))
    assert sorted(one.name for one in claims if isinstance(one, Claim)) == ["left", "right"]


def test_what_is_asked_for_many_times_at_once_is_one_job(context: ServiceContext) -> None:
    assert len(set(at_once(lambda _: context.jobs.submit(a_job(), TASKS)))) == 1


class TestPostgresThatIsHeldUp:
    def test_what_is_held_for_long_is_not_waited_for(
        self, postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = postgres.database_for(tmp_path)
        monkeypatch.setattr(patience, "_LOCK_WAIT", "100ms")
        with closing(Database(url)) as here, closing(Database(url)) as there, there.write() as holding:
            hold_name(holding, "x")
            with pytest.raises(OperationalError), here.write() as session:
                hold_name(session, "x")

    def test_a_process_that_stands_still_lets_others_go_on(
        self, postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = postgres.database_for(tmp_path)

        def stand_still(there: Database, here: Database) -> None:
            with here.write() as session:
                session.execute(select(1))  # it is connected, and keeps what it was told then
                monkeypatch.setattr(patience, "_IDLE", "100ms")
                with there.write() as standing_still:
                    hold_name(standing_still, "x")
                    hold_name(session, "x")

        with (
            closing(Database(url)) as here,
            closing(Database(url)) as there,
            pytest.raises(DBAPIError, match="idle-in-transaction"),
        ):
            stand_still(there, here)


def test_whoever_has_read_the_revocations_up_to_one_misses_none_below(context: ServiceContext) -> None:
    """The second waits until the first is there, which took the lower number."""
    database, told = context.database, context.rights.revocations
    began, done = threading.Event(), threading.Event()

    def forbid_another() -> None:
        began.set()
        with database.write() as session:
            session.add(Revocation(kind="device", subject="b", at=1.0, reason=""))
        done.set()

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            session.add(Revocation(kind="device", subject="a", at=0.0, reason=""))
            session.flush()
            other = pool.submit(forbid_another)
            assert began.wait(PATIENCE_S)
            until(lambda: done.is_set() or _waits_for_a_name(database))
            assert told.version(0) == "0-0"
        other.result(PATIENCE_S)
    with database.read() as session:
        assert session.scalars(select(Revocation.subject).order_by(Revocation.serial)).all() == ["a", "b"]


def test_of_two_runs_of_suggestions_the_one_that_began_later_stands(
    context: ServiceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finishes while the first is still being written, and takes away what that has written."""
    account = context.accounts.ensure_demo_viewer()
    with context.database.write() as session:
        session.add_all(film(f"film-{number}") for number in range(4))
    monkeypatch.setattr(suggestions, "_BATCH", 1)
    made = context.titles.suggestions
    later = Suggested({Viewer(account.id, ""): ["film-0"]}, {"film-0": ["film-1"]})
    add_similar = made._add_similar

    def finish_the_later_first(run_id: int, suggested: Suggested) -> None:
        monkeypatch.setattr(made, "_add_similar", add_similar)
        made._keep(later, "factors", 2.0)
        add_similar(run_id, suggested)

    monkeypatch.setattr(made, "_add_similar", finish_the_later_first)
    earlier = Suggested({Viewer(account.id, ""): ["film-3"]}, {f"film-{number}": ["film-3"] for number in range(4)})
    made._keep(earlier, "factors", 1.0)
    with context.database.read() as session:
        assert picks_for(session, Viewer(account.id, "")) == ["film-0"]
        assert similar_to(session, "film-0") == ["film-1"]
        assert session.scalars(select(RecommendationRun.started_at)).all() == [2.0]


@POSTGRES_ALONE
def test_suggestions_are_there_while_a_run_takes_the_place_of_another(
    context: ServiceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run finishes while somebody reads."""
    account = context.accounts.ensure_demo_viewer()
    picked = Suggested({Viewer(account.id, ""): ["film-0"]}, {})
    context.titles.suggestions._keep(picked, "factors", 1.0)
    with context.database.read() as session:
        scalar = session.scalar

        def then_another(*call: Any, **words: Any) -> Any:
            answer = scalar(*call, **words)
            context.titles.suggestions._keep(picked, "factors", 2.0)
            return answer

        monkeypatch.setattr(session, "scalar", then_another)
        assert picks_for(session, Viewer(account.id, "")) == ["film-0"]


def film(title_id: str) -> Title:
    words = {"title": title_id, "synopsis": "", "year": 2000, "duration_s": 60.0, "published_at": 1.0}
    return Title(id=title_id, **words, heights=[], variants=["clear"], open_licence=True)


def found(context: ServiceContext, word: str) -> list[str]:
    """The titles that a search for this word finds."""
    return [one.title.id for one in context.titles.search.find(Viewing("somebody"), word, 10).items]


@POSTGRES_ALONE
def test_a_title_that_is_edited_while_another_one_is_found(context: ServiceContext) -> None:
    """Its edit began before the other's, and is written after it."""
    editing = context.titles.editing
    with context.database.write() as session:
        session.add_all([film("early"), film("late")])
    with context.database.write() as session:
        session.get_one(Title, "early").title = "Overture"
        session.flush()
        editing.change("late", Words(title="Finale"), by=None)
        assert found(context, "finale") == ["late"]
        assert found(context, "overture") == []
    assert found(context, "overture") == ["early"]


def test_changes_of_titles_are_numbered_as_they_can_be_seen(context: ServiceContext) -> None:
    """The second one that ends waits for the first, which took the lower number."""
    database = context.database
    with database.write() as session:
        session.add_all([film("first"), film("second")])
    began, done = threading.Event(), threading.Event()

    def edit_the_second() -> None:
        began.set()
        context.titles.editing.change("second", Words(title="Finale"), by=None)
        done.set()

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            session.get_one(Title, "first").title = "Overture"
            event.listen(session, "before_commit", lambda _session: look_meanwhile(), once=True)

            def look_meanwhile() -> None:
                other.append(pool.submit(edit_the_second))
                assert began.wait(PATIENCE_S)
                until(lambda: done.is_set() or _waits_for_another(database), "it neither ends nor waits")
                found(context, "anything")

            other: list[Future[None]] = []
        other[0].result(PATIENCE_S)
    assert (found(context, "overture"), found(context, "finale")) == (["first"], ["second"])


def _waits_for_another(database: Database) -> bool:
    if database.engine.dialect.name != "postgresql":
        return True
    with database.read() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def _waits_for_a_name(database: Database) -> bool:
    if database.engine.dialect.name != "postgresql":
        return True  # one transaction writes at a time
    with database.read() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")))
