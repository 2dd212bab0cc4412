"""View counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from backend_stub.clock import DAY_S, day_of
from backend_stub.context import open_context
from backend_stub.db.database import Database
from backend_stub.db.models import PlaySession
from backend_stub.services.views import BATCH, WAIT_S, DayCount, trending
from tests.kit.rights import START, Service, SigningDevice, publish_ladder, service

TODAY = day_of(START)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        yield made


@pytest.fixture
def device(running: Service) -> SigningDevice:
    return running.device(running.account("anna"))


def counted(running: Service) -> list[DayCount]:
    """The views, those that waited too."""
    assert running.context.titles.views.write()
    return list(running.context.titles.views.counts(0))


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
        assert counted(running) == []
        running.clock.step(1)
        beat(device, session_id, "paused")
        assert counted(running) == []
        beat(device, session_id)
        assert counted(running) == [DayCount("film", TODAY, 1)]

    def test_once_for_each_profile_and_day(self, running: Service, device: SigningDevice) -> None:
        def watch() -> None:
            session_id = device.play(variant="clear").json()["session_id"]
            running.clock.step(60)
            beat(device, session_id)
            beat(device, session_id)
            assert running.context.titles.views.write()

        watch()
        watch()
        assert counted(running) == [DayCount("film", TODAY, 1)]
        profile = device.post("/profiles", {"name": "Bea", "maturity": 18, "pin": None}).json()["id"]
        token = device.post(f"/profiles/{profile}/selection", {"pin": None}).json()["access_token"]
        device.client.headers["Authorization"] = f"Bearer {token}"
        watch()
        assert counted(running) == [DayCount("film", TODAY, 2)]
        running.clock.step(DAY_S)
        watch()
        assert sorted(counted(running), key=lambda count: count.day) == [
            DayCount("film", TODAY, 2),
            DayCount("film", TODAY + 1, 1),
        ]

    def test_what_another_process_wrote_counts_once(self, running: Service) -> None:
        account = running.account("anna")
        other = open_context(running.context.settings, clock=running.clock)
        play = PlaySession(account_id=account, title_id="film", created_at=START - 60)
        other.titles.views.playing(play, None)
        other.close()
        seen_by(running, account)
        assert counted(running) == [DayCount("film", TODAY, 1)]

    def test_titles_and_accounts_that_are_gone_do_no_harm(self, running: Service) -> None:
        seen_by(running, running.account("anna"))
        seen_by(running, "0" * 32)
        seen_by(running, running.account("bert"), "none")
        assert counted(running) == [DayCount("film", TODAY, 1)]


class TestBatches:
    def test_views_wait_for_others_or_for_a_while(self, running: Service) -> None:
        account = running.account("anna")
        seen_by(running, account)
        assert running.context.titles.views.counts(0) == []
        running.clock.step(WAIT_S)
        assert running.context.titles.views.counts(0) == [DayCount("film", TODAY, 1)]

    def test_a_full_batch_is_written_at_once(self, running: Service) -> None:
        account = running.account("anna")
        for number in range(BATCH):
            play = PlaySession(account_id=account, title_id="film", created_at=START - 60)
            running.context.titles.views.playing(play, f"p{number}")
        assert running.context.titles.views.counts(0) == [DayCount("film", TODAY, BATCH)]

    def test_an_orderly_stop_loses_nothing(self, tmp_path: Path) -> None:
        with service(tmp_path) as running:
            publish_ladder(running.context.settings, "other")
            seen_by(running, running.account("anna"))
            seen_by(running, running.account("bert"), "other")
            assert running.context.titles.views.counts(0) == []
            settings = running.context.settings
        reopened = open_context(settings)
        assert {count.title_id: count.views for count in reopened.titles.views.counts(0)} == {"film": 1, "other": 1}
        reopened.close()

    def test_a_database_that_refuses_loses_nothing(self, running: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_self: Database) -> None:
            raise OperationalError("x", {}, Exception("locked"))

        seen_by(running, running.account("anna"))
        with monkeypatch.context() as patched:
            patched.setattr(Database, "write", refuse)
            assert not running.context.titles.views.write()
        assert counted(running) == [DayCount("film", TODAY, 1)]


class TestTrending:
    def test_views_halve_in_weight(self) -> None:
        old, new = DayCount("old", 0, 9), DayCount("new", 10, 2)
        assert trending([old, new], today=10, half_life_days=10) == ["old", "new"]  # 4.5 to 2
        assert trending([old, new], today=10, half_life_days=4) == ["new", "old"]  # 1.6 to 2
        assert trending([DayCount("b", 3, 1), DayCount("a", 3, 1)], today=3, half_life_days=1) == ["a", "b"]
        assert trending([], today=3, half_life_days=1) == []

    @given(
        st.lists(st.builds(DayCount, st.sampled_from("abc"), st.integers(0, 30), st.integers(1, 1000)), max_size=20),
    )
    def test_every_title_once_and_more_views_never_harm(self, counts: list[DayCount]) -> None:
        order = trending(counts, today=30, half_life_days=3)
        assert sorted(order) == sorted({count.title_id for count in counts})
        more = trending([*counts, DayCount("a", 30, 5)], today=30, half_life_days=3)
        if "a" in order:
            assert more.index("a") <= order.index("a")
