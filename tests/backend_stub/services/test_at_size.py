"""What is asked of many rows is answered from few: sums, pages, and what was worked out before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session
from starlette.requests import Request

from backend_stub.clock import DAY_S, day_of
from backend_stub.config import Settings
from backend_stub.context import open_context
from backend_stub.db.models import (
    AuditEntry,
    DailyView,
    Device,
    PlaySession,
    ProgressEvent,
    Quality,
    QualityHour,
    RefreshToken,
    Title,
    TitleGenre,
    ViewDay,
)
from backend_stub.services import quality
from backend_stub.services.entitlement import Viewing
from backend_stub.services.newest_titles import KEPT_S, MOST, NewestTitles
from backend_stub.services.quality import NAMES_OF_AN_ACCOUNT, Group, aggregate
from backend_stub.services.retention import Retention
from backend_stub.services.views import RANKED_S, Seen
from tests.bench.fill import Sizes, fill
from tests.kit.postgres import Cluster
from tests.kit.rights import START, Service, service


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        yield made


@contextmanager
def statements(running: Service) -> Iterator[list[str]]:
    """Those that the database is asked meanwhile."""
    asked: list[str] = []
    engine = running.context.database.engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def a_title(number: int) -> Title:
    return Title(
        id=f"t{number}",
        title=f"Title {number:05}",
        synopsis="",
        year=2020,
        duration_s=1.0,
        heights=[480],
        variants=["encrypted"],
        open_licence=False,
        published_at=START - 1e6 + number,
    )


def playback(account_id: str, number: int, at: float) -> Quality:
    return Quality(
        account_id=account_id,
        session_id=f"s{number}",
        pathway=f"edge-{number % 3}",
        title_id=f"t{number % 7}",
        device_id=f"d{number % 5}",
        app_version="1",
        started_at=at,
        changed_at=at,
        startup_s=number / 10 if number % 4 else None,
        played_s=float(number),
        stalled_s=number % 3 / 2,
        stalls=number % 3,
        bits=number * 1e6,
        errors=number % 11 == 0,
    )


def add(running: Service, rows: list[object]) -> None:
    with running.context.database.write() as session:
        session.add_all(rows)


class TestQuality:
    def test_the_sums_are_what_the_playbacks_come_to(self, running: Service) -> None:
        account_id = running.account("a")
        rows = [playback(account_id, number, START - number * 300) for number in range(150)]
        add(running, list(rows))
        running.context.quality.sum_up()
        (whole,) = running.context.quality.of(START - DAY_S)
        assert whole == aggregate("", rows)
        for one in running.context.quality.of(START - DAY_S, "pathway"):
            assert one == aggregate(one.name, [row for row in rows if row.pathway == one.name])

    def test_a_playback_that_goes_on_changes_them_and_a_second_summing_up_nothing(self, running: Service) -> None:
        account_id = running.account("a")
        add(running, [playback(account_id, 10, START - 60)])
        assert running.context.quality.of(START - DAY_S)[0].played_s == 10.0
        running.clock.step(600)
        with running.context.database.write() as session:
            row = session.scalars(select(Quality)).one()
            row.played_s, row.changed_at = 70.0, running.clock.now()
        for _ in range(2):
            assert running.context.quality.of(START - DAY_S)[0].played_s == 70.0

    @pytest.mark.parametrize("part", ["title_id", "device_id", "pathway", "app_version"])
    def test_names_that_an_account_makes_up_are_few(self, running: Service, part: Group) -> None:
        """One with many screens is told apart by its devices all the same."""
        anna, liar = running.account("anna"), running.account("liar")
        rows = [playback(liar, number, START - 1 - number) for number in range(100)]
        for number, row in enumerate(rows):
            setattr(row, part, f"made up {number}")
        honest = playback(anna, 500, START - 1)
        setattr(honest, part, "honest")
        add(running, [*rows, honest])
        running.context.quality.sum_up()
        found = {one.name: one.playbacks for one in running.context.quality.of(START - DAY_S, part)}
        assert len(found) == NAMES_OF_AN_ACCOUNT + 2
        assert (found["other"], found["honest"]) == (100 - NAMES_OF_AN_ACCOUNT, 1)
        assert running.context.quality.of(START - DAY_S)[0].playbacks == 101

    def test_what_the_service_knows_is_told_apart_however_much_it_is(self, running: Service) -> None:
        account_id = running.account("a")
        add(running, [a_title(number) for number in range(40)])
        add(
            running,
            [Device(account_id=account_id, id=f"d{n}", name="", public_key={}, created_at=0.0) for n in range(40)],
        )
        rows = [playback(account_id, number, START - 1 - number) for number in range(40)]
        for number, row in enumerate(rows):
            row.title_id, row.device_id = f"t{number}", f"d{number}"
        add(running, list(rows))
        running.context.quality.sum_up()
        for part in ("title_id", "device_id"):
            assert len(running.context.quality.of(START - DAY_S, part)) == 40

    def test_asking_reads_no_playback(self, running: Service) -> None:
        account_id = running.account("a")
        add(running, [playback(account_id, number, START - number * 60) for number in range(100)])
        running.clock.step(600)
        running.context.quality.sum_up()
        with statements(running) as asked:
            running.context.quality.of(START - DAY_S, "title_id")
        assert not [one for one in asked if "quality.played_s" in one]

    def test_nobody_waits_for_all_hours(self, running: Service) -> None:
        account_id = running.account("a")
        add(running, [playback(account_id, number, START - number * 3600) for number in range(1, 50)])
        running.context.quality.of(START - DAY_S)
        with running.context.database.read() as session:
            assert session.scalar(select(func.count(func.distinct(QualityHour.hour)))) < 5
        running.context.quality.sum_up()
        with running.context.database.read() as session:
            assert session.scalar(select(func.count(func.distinct(QualityHour.hour)))) == 49

    def test_an_hour_is_summed_up_once_for_all_who_ask(self, running: Service) -> None:
        account_id = running.account("a")
        add(running, [playback(account_id, number, START - 1) for number in range(5)])

        def sums() -> int:
            with statements(running) as asked:
                running.context.quality.of(START - DAY_S)
            return len([one for one in asked if "quality.played_s" in one])

        assert [sums(), sums()] == [1, 0]
        add(running, [playback(account_id, 5, START - 1)])
        assert [sums(), sums()] == [1, 0]
        assert running.context.quality.of(START - DAY_S)[0].playbacks == 6

    def test_nobody_waits_for_an_hour_of_many_playbacks(
        self, running: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quality, "_SMALL", 5)
        account_id = running.account("a")
        add(running, [playback(account_id, number, START - 1) for number in range(6)])
        assert running.context.quality.of(START - DAY_S)[0].playbacks == 0
        running.context.quality.sum_up()
        assert running.context.quality.of(START - DAY_S)[0].playbacks == 6

    @pytest.mark.parametrize("path", ["/console", "/console/sessions", "/console/titles", "/console/devices"])
    def test_a_page_asks_as_much_of_many_as_of_few(self, running: Service, path: str) -> None:
        account_id = running.account("chief", role="admin")
        account = running.context.accounts.get(account_id)
        assert account is not None
        client = running.client(None)
        client.headers["Cookie"] = f"matinee_console={running.context.tokens.issue(account, 'x').refresh_token}"
        asked, sizes = [], []
        for low, high in ((0, 60), (60, 400)):
            rows: list[object] = [a_title(number) for number in range(low, high)]
            add(running, [*rows, *(playback(account_id, number, START - number) for number in range(low, high))])
            running.context.quality.sum_up()
            with statements(running) as counted:
                answer = client.call("GET", f"http://testserver{path}")
            assert answer.status_code == 200
            asked.append(len(counted))
            sizes.append(len(answer.content))
        assert asked[1] <= asked[0] + 2
        assert sizes[1] < 1.5 * sizes[0]


def test_titles_come_in_pages(running: Service) -> None:
    add(running, [a_title(number) for number in range(120)])
    insight, after, seen = running.context.insight, None, []
    while found := insight.titles(after=after, limit=50):
        seen += [key for key, _ in found]
        after = found[-1]
    assert sorted(seen) == sorted(["film", *(f"t{number}" for number in range(120))])
    assert [key for key, _ in insight.titles(text="00117")] == ["t117"]


class TestViews:
    def watch(self, running: Service, *seen: Seen) -> None:
        views = running.context.titles.views
        views._waiting |= set(seen)
        assert views.write()

    def test_a_days_sum_is_written_with_its_views(self, running: Service) -> None:
        add(running, [a_title(number) for number in range(3)])
        accounts = [running.account(f"v{number}") for number in range(4)]
        today = day_of(START)
        for again in range(2):  # each counts once
            for number in range(3):
                self.watch(running, *(Seen(today - again, f"t{number}", one, "") for one in accounts[number:]))
                self.watch(running, *(Seen(today - again, f"t{number}", one, "") for one in accounts[number:]))
        with running.context.database.read() as session:
            counted = session.execute(
                select(DailyView.day, DailyView.title_id, func.count()).group_by(DailyView.day, DailyView.title_id)
            )
            summed = session.execute(select(ViewDay.day, ViewDay.title_id, ViewDay.views))
            assert sorted(map(tuple, counted)) == sorted(map(tuple, summed))
        assert running.context.titles.views.rank()[0] == "t0"

    def test_what_is_watched_most_is_looked_for_now_and_then(self, running: Service) -> None:
        views = running.context.titles.views
        views.ranked()
        with statements(running) as asked:
            views.ranked()
        assert asked == []
        running.clock.step(RANKED_S)
        with statements(running) as asked:
            views.ranked()
        assert any("view_days" in one for one in asked)


def test_rows_of_many_genres_ask_as_much_as_the_row_of_one(running: Service) -> None:
    viewing = Viewing(running.account("a"))
    (genres,) = [maker.make for maker in running.context.titles.rows._makers if maker.name == "genre"]
    asked = []
    for count, name in enumerate(("drama", "comedy", "thriller"), 1):
        add(running, [a_title(10 * count + number) for number in range(3)])
        add(running, [TitleGenre(title_id=f"t{10 * count + number}", genre=name) for number in range(3)])
        running.clock.step(KEPT_S)
        with statements(running) as counted:
            shown = genres(viewing)
        assert isinstance(shown, list)
        assert len(shown) == count
        assert {len(one.titles) for one in shown} == {3}
        asked.append(len(counted))
    assert len(set(asked)) == 1


def test_what_has_genres_is_looked_for_among_the_newest_titles(running: Service) -> None:
    fill(running.context.database, Sizes(1200, 1, 0, 0, 0))
    with running.context.database.read() as session:
        found = NewestTitles(running.clock).of(session, Viewing(running.account("a")))
    assert len(found) == MOST
    assert min(int(title_id[1:]) for title_id in found if title_id != "film") > 1200 - MOST


def test_the_genres_of_the_newest_titles_are_looked_at_now_and_then(running: Service) -> None:
    """By several rows of each first screen: a thousand titles are most of what such a row costs."""
    fill(running.context.database, Sizes(30, 1, 0, 0, 0))
    newest, anyone = NewestTitles(running.clock), Viewing("a")
    with running.context.database.read() as session:
        before = newest.of(session, anyone)
    add(running, [a_title(40)])
    add(running, [TitleGenre(title_id="t40", genre=genre) for genre in ("Drama", "Crime")])
    with running.context.database.read() as session, statements(running) as asked:
        assert newest.of(session, Viewing("another", profile_id="p")) == before
        assert asked == []
        assert "t40" in newest.of(session, Viewing("child", maturity=18))  # another offer
        running.clock.step(KEPT_S)
        assert newest.of(session, anyone)["t40"] == ["Crime", "Drama"]


def test_addresses_are_made_and_not_looked_for(running: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    url_for = Request.url_for

    def counted(request: Request, name: str, **members: object) -> object:
        asked.append(name)
        return url_for(request, name, **members)

    monkeypatch.setattr(Request, "url_for", counted)
    title = running.client(running.account("a")).get("/rows").json()["items"][0]["titles"][0]
    assert title["poster_url"] == "http://testserver/api/v1/posters/film.jpg"
    assert asked == []


@pytest.mark.skipif("MATINEE_TEST_DATABASE" in os.environ, reason="it asks SQLite how it searches")
@pytest.mark.parametrize("hours", [24, 2160])
def test_the_most_played_are_found_in_an_index(running: Service, hours: int) -> None:
    fill(running.context.database, Sizes(50, 20, 0, 200, 0))
    running.context.quality.sum_up()
    with statements(running) as asked:
        running.context.quality.most(START - hours * 3600, "title_id", 10)
    (statement,) = [one for one in asked if "GROUP BY quality_hours" in one]
    with running.context.database.read() as session:
        values = ("title_id", int(START / 3600) - hours, 10, 0)
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert any("COVERING INDEX" in row[3] for row in plan)


@pytest.mark.skipif("MATINEE_TEST_DATABASE" in os.environ, reason="it asks SQLite how it searches")
def test_what_an_account_watched_is_found_in_an_index(running: Service) -> None:
    asked = select(DailyView.title_id).where(DailyView.account_id == "a").order_by(DailyView.day.desc())
    with running.context.database.read() as session:
        statement = f"EXPLAIN QUERY PLAN {asked.compile(session.get_bind())}"
        plan = session.connection().exec_driver_sql(statement, ("a",)).all()
    assert [row[3] for row in plan] == ["SEARCH views USING INDEX ix_views_account_id (account_id=?)"]


def test_a_search_waits_for_no_great_load(running: Service) -> None:
    search = running.context.titles.search

    def hits(text: str) -> int:
        return len(running.client(running.account(text)).get(f"/search?q={text}").json()["items"])

    assert hits("film") == 1
    running.clock.step(60)
    add(running, [a_title(number) for number in range(600)])
    with running.context.database.write() as session:
        for title in session.scalars(select(Title).where(Title.id != "film")):
            title.published_at = running.clock.now()
    assert hits("title") == 0
    assert hits("film.") == 1
    search.keep_in_step()
    assert hits("titles") == 20  # a page


def test_what_is_old_is_let_go(running: Service) -> None:
    device = running.device(running.account("a"))
    device.play()
    account_id = running.account("b")

    def rows(session: Session) -> list[int]:
        kinds = (PlaySession, RefreshToken, ProgressEvent, AuditEntry, Quality, QualityHour)
        return [session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds]

    add(
        running,
        [playback(account_id, 1, START), ProgressEvent(account_id=account_id, event_id="e", received_at=START)],
    )
    running.context.quality.sum_up()
    retention = Retention(running.context.database, running.clock)
    count: Callable[[], list[int]] = lambda: rows_of(running, rows)  # noqa: E731
    before = count()
    assert all(before)
    retention.let_go()
    assert count() == before
    running.clock.step(89 * DAY_S)
    retention.let_go()
    after = count()
    assert (after[0], after[1], after[2]) == (0, 0, 0)
    assert after[3:] == before[3:]
    running.clock.step(300 * DAY_S)
    retention.let_go()
    assert count() == [0] * 6


def test_the_sums_of_ninety_days_are_kept_to_the_hour(running: Service) -> None:
    account_id = running.account("a")
    hours = [89 * 24, 90 * 24, 90 * 24 + 1]
    add(running, [playback(account_id, number, START - ago * 3600) for number, ago in enumerate(hours)])
    running.context.quality.sum_up()
    asked = lambda: sum(one.playbacks for one in running.context.quality.of(0.0))  # noqa: E731
    assert asked() == 3
    with running.context.database.write() as session:
        session.execute(update(Quality).values(changed_at=0.0))  # nothing is summed up again
    Retention(running.context.database, running.clock).let_go()
    assert asked() == 2, "the oldest hour that an operator may ask for is whole"


def rows_of(running: Service, count: Callable[[Session], list[int]]) -> list[int]:
    with running.context.database.read() as session:
        return count(session)


def test_postgresql_reads_the_newest_titles_and_sorts_no_others(postgres: Cluster, tmp_path: Path) -> None:
    context = open_context(Settings(tmp_path, database_url=postgres.database_for(tmp_path)))
    fill(context.database, Sizes(titles=5000, accounts=0, views=0, playbacks=0, events=0))
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(context.database.engine, "before_cursor_execute", note)
    context.titles.catalog.page(Viewing("somebody"), None, 20)
    event.remove(context.database.engine, "before_cursor_execute", note)
    statement, parameters = next(one for one in asked if "FROM titles" in one[0])
    with context.database.engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN {statement}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
        assert connection.exec_driver_sql("SHOW jit").scalar() == "off"
    assert "using ix_titles_published_at" in plan, plan
    context.close()
