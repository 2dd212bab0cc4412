"""View counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from backend_stub.clock import DAY_S, day_of
from backend_stub.context import open_context
from backend_stub.db.database import Database
from backend_stub.db.models import PlaySession, ViewDay
from backend_stub.services.views import BATCH, RANKED_S, WAIT_S
from tests.kit.rights import START, Service, SigningDevice, publish_ladder, service

TODAY = day_of(START)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        yield made


@pytest.fixture
def device(running: Service) -> SigningDevice:
    return running.device(running.account("anna"))


def written(running: Service) -> dict[tuple[str, int], int]:
    """The views that are written, by title and day, once those that are due were."""
    running.context.titles.views.rank()
    with running.context.database.read() as session:
        return {(one.title_id, one.day): one.views for one in session.scalars(select(ViewDay))}


def counted(running: Service) -> dict[tuple[str, int], int]:
    """The views, those that waited too."""
    assert running.context.titles.views.write()
    return written(running)


def beat(device: SigningDevice, session_id: str, state: str = "playing") -> None:
    body = {"position_s": 1.0, "state": state}
    assert device.post(f"/play/{session_id}/heartbeat", body).status_code == 200


def seen_by(running: Service, account_id: str, title_id: str = "film") -> None:
    play = PlaySession(account_id=account_id, title_id=title_id, created_at=running.clock.now() - 60)
    running.context.titles.views.playing(play, None)


class TestWhatCounts:
    def test_a_play_counts_when_it_went_on_for_a_minute(self, running: Service, device: SigningDevice) -> None:
        session_id = device.play(variant="clear").json()["session_id"]
        running.clock.step(59)
        beat(device, session_id)
        assert counted(running) == {}
        running.clock.step(1)
        beat(device, session_id, "paused")
        assert counted(running) == {}
        beat(device, session_id)
        assert counted(running) == {("film", TODAY): 1}

    def test_once_for_each_profile_and_day(self, running: Service, device: SigningDevice) -> None:
        def watch() -> None:
            session_id = device.play(variant="clear").json()["session_id"]
            running.clock.step(60)
            beat(device, session_id)
            beat(device, session_id)
            assert running.context.titles.views.write()

        watch()
        watch()
        assert counted(running) == {("film", TODAY): 1}
        profile = device.post("/profiles", {"name": "Bea", "maturity": 18, "pin": None}).json()["id"]
        token = device.post(f"/profiles/{profile}/selection", {"pin": None}).json()["access_token"]
        device.client.headers["Authorization"] = f"Bearer {token}"
        watch()
        assert counted(running) == {("film", TODAY): 2}
        running.clock.step(DAY_S)
        watch()
        assert counted(running) == {("film", TODAY): 2, ("film", TODAY + 1): 1}

    def test_what_another_process_wrote_counts_once(self, running: Service) -> None:
        account = running.account("anna")
        other = open_context(running.context.settings, clock=running.clock)
        play = PlaySession(account_id=account, title_id="film", created_at=START - 60)
        other.titles.views.playing(play, None)
        other.close()
        seen_by(running, account)
        assert counted(running) == {("film", TODAY): 1}

    def test_titles_and_accounts_that_are_gone_do_no_harm(self, running: Service) -> None:
        seen_by(running, running.account("anna"))
        seen_by(running, "0" * 32)
        seen_by(running, running.account("bert"), "none")
        assert counted(running) == {("film", TODAY): 1}


class TestBatches:
    def test_views_wait_for_others_or_for_a_while(self, running: Service) -> None:
        account = running.account("anna")
        seen_by(running, account)
        assert written(running) == {}
        running.clock.step(WAIT_S)
        assert written(running) == {("film", TODAY): 1}

    def test_a_full_batch_is_written_at_once(self, running: Service) -> None:
        account = running.account("anna")
        for number in range(BATCH):
            play = PlaySession(account_id=account, title_id="film", created_at=START - 60)
            running.context.titles.views.playing(play, f"p{number}")
        assert written(running) == {("film", TODAY): BATCH}

    def test_an_orderly_stop_loses_nothing(self, tmp_path: Path) -> None:
        with service(tmp_path) as running:
            publish_ladder(running.context.settings, "other")
            seen_by(running, running.account("anna"))
            seen_by(running, running.account("bert"), "other")
            assert written(running) == {}
            settings = running.context.settings
        reopened = open_context(settings)
        with reopened.database.read() as session:
            assert {one.title_id: one.views for one in session.scalars(select(ViewDay))} == {"film": 1, "other": 1}
        reopened.close()

    def test_a_database_that_refuses_loses_nothing(self, running: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_self: Database) -> None:
            raise OperationalError("x", {}, Exception("locked"))

        seen_by(running, running.account("anna"))
        with monkeypatch.context() as patched:
            patched.setattr(Database, "write", refuse)
            assert not running.context.titles.views.write()
        assert counted(running) == {("film", TODAY): 1}


class TestTrending:
    def watched(self, running: Service, *views: tuple[str, int, int]) -> Sequence[str]:
        """What is watched most after so many views of a title so many days ago."""
        with running.context.database.write() as session:
            session.execute(delete(ViewDay))
            session.add_all(ViewDay(title_id=title, day=TODAY - age, views=count) for title, age, count in views)
        return running.context.titles.views.rank()

    def test_views_halve_in_weight_every_three_days(self, running: Service) -> None:
        for title in ("new", "old"):
            publish_ladder(running.context.settings, title)
        assert self.watched(running, ("old", 9, 8), ("new", 0, 2)) == ["new", "old"]  # 1 to 2
        assert self.watched(running, ("old", 9, 24), ("new", 0, 2)) == ["old", "new"]  # 3 to 2
        assert self.watched(running, ("old", 9, 8), ("old", 3, 3), ("new", 0, 2)) == ["old", "new"]  # 2.5 to 2
        assert self.watched(running, ("old", 3, 4), ("new", 0, 2)) == ["new", "old"]  # equals by id
        assert self.watched(running, ("old", 31, 1000), ("new", 0, 1)) == ["new"]
        assert self.watched(running) == []

    def test_who_asks_while_another_looks_again_has_what_was_found_before(self, running: Service) -> None:
        views = running.context.titles.views
        assert self.watched(running, ("film", 0, 1)) == ["film"]
        with running.context.database.write() as session:
            session.execute(delete(ViewDay))
        running.clock.step(RANKED_S)
        with views._ranking:
            assert views.ranked() == ["film"]
        assert views.ranked() == []
