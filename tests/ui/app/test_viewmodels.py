"""The view models without any QML."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QModelIndex, QThread

from abr.model import Reason
from player.base.errors import ErrorCode, MatineeError, NetError
from player.reporting.state import PlaybackFailure, PlaybackState, StatSample
from player.service.model import TitleRow
from tests.kit.fake_client import FakeClient, cards, decision, playing
from ui.app.profile.home_cache import HomeCache, KeptHome
from ui.app.viewmodels.backoff import BackOff
from ui.app.viewmodels.binding import RecordModel
from ui.app.viewmodels.home import HomeViewModel
from ui.app.viewmodels.menus import Option, OptionModel, audio_options, quality_options, speed_options, text_options
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.relay import StateRelay
from ui.app.viewmodels.statistics import StatisticsViewModel
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import bitrate, clock_time, duration_words


@pytest.fixture
def client(qapp):
    made = FakeClient()
    yield made
    made.close()


@pytest.fixture
def tasks(client):
    made = Tasks(client)
    yield made
    made.close()


# --- text


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (-3, "0:00"), (123, "2:03"), (3723.9, "1:02:03")])
def test_clock_time(seconds, words):
    assert clock_time(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(0, ""), (40, "40 s"), (720, "12 min"), (5520, "1 h 32 min")])
def test_duration_words(seconds, words):
    assert duration_words(seconds) == words


def test_bitrate():
    assert bitrate(640_000) == "640 kbit/s"
    assert bitrate(2_449_999) == "2.4 Mbit/s"
    assert bitrate(1_254_000_000) == "1254 Mbit/s"


# --- list model


class LinesWithoutIdentity(RecordModel[Option]):
    record = Option


def test_replace_touches_only_what_changed(qapp, qtbot):
    model = LinesWithoutIdentity()
    model.replace([Option("a", "A"), Option("b", "B"), Option("c", "C")])
    changed, inserted, removed = [], [], []
    model.dataChanged.connect(lambda first, last, _roles: changed.append((first.row(), last.row())))
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append((first, last)))
    model.rowsRemoved.connect(lambda _parent, first, last: removed.append((first, last)))
    model.replace([Option("a", "A"), Option("b", "B", chosen=True), Option("c", "C")])
    assert (changed, inserted, removed) == ([(1, 1)], [], [])
    model.replace([Option("a", "A")])
    assert removed == [(1, 2)]
    model.replace([Option("a", "A"), Option("d", "D")])
    assert inserted == [(1, 1)]
    assert [model.data(model.index(row), role) for row in range(2) for role in (min(model.roleNames()),)] == [
        "a",
        "d",
    ]


def test_roles_are_camel_case(qapp):
    names = {bytes(name.data()).decode() for name in OptionModel().roleNames().values()}
    assert names == {"key", "label", "detail", "chosen", "available"}


# --- tasks


def test_results_come_on_the_qt_thread(client, tasks, qtbot):
    seen = []
    tasks.run(client.catalog(None), lambda page: seen.append((page, QThread.currentThread())), seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen[0][1] is QCoreApplication.instance().thread()


def test_an_error_of_the_family_keeps_its_sentence(client, tasks, qtbot):
    client.failure = MatineeError(ErrorCode.SERVICE_REPLY, "Not understood.")
    seen = []
    tasks.run(client.catalog(None), seen.append, seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [PlaybackFailure("service.reply", "Not understood.")]


def test_no_page_names_hosts(client, tasks, qtbot):
    client.failure = NetError(ErrorCode.NET_REFUSED, "The server 127.0.0.1:8400 refuses the connection.")
    seen = []
    tasks.run(client.catalog(None), seen.append, seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [PlaybackFailure("net.refused", "The server cannot be reached at the moment.")]


@pytest.mark.logs_errors
def test_a_fault_of_ours_is_not_shown_raw(client, tasks, qtbot, caplog):
    client.failure = ZeroDivisionError("secret detail")
    seen = []
    tasks.run(client.catalog(None), seen.append, seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen[0].code == "internal"
    assert "secret" not in seen[0].sentence
    assert "unexpected error" in caplog.text


def test_a_cancelled_task_says_nothing(client, tasks, qtbot):
    client.silent = True
    seen = []
    task = tasks.run(client.catalog(None), seen.append, seen.append)
    task.cancel()
    client.silent = False
    done = []
    tasks.run(client.catalog(None), done.append, done.append)
    qtbot.waitUntil(lambda: bool(done))
    assert seen == []


def test_nothing_starts_after_the_close(client, tasks, qtbot):
    tasks.close()
    task = tasks.run(client.catalog(None), pytest.fail, pytest.fail)
    QCoreApplication.processEvents()
    assert task.cancelled
    assert client.catalog_calls == 0


# --- relay


def test_many_states_from_another_thread_become_few(qapp, qtbot):
    relay = StateRelay()
    seen = []
    relay.arrived.connect(seen.append)
    last = PlaybackState(position_s=999.0)
    worker = threading.Thread(
        target=lambda: [relay.push(PlaybackState(position_s=float(n))) for n in range(999)] and relay.push(last)
    )
    worker.start()
    worker.join()
    qtbot.waitUntil(lambda: bool(seen) and seen[-1] is last)
    assert len(seen) < 10


def test_a_closed_relay_lets_nothing_through(qapp, qtbot):
    relay = StateRelay()
    seen = []
    relay.arrived.connect(seen.append)
    relay.push(PlaybackState())
    relay.close()
    relay.push(PlaybackState())
    QCoreApplication.processEvents()
    assert seen == []


# --- menus


def test_quality_menu_lists_auto_and_the_best_first():
    options = quality_options(playing())
    assert [option.label for option in options] == ["Auto", "1080p", "720p", "480p", "240p"]
    assert options[0].chosen
    assert options[0].detail == "now 1080p"
    options = quality_options(playing(rung_manual=1))
    assert [option.label for option in options if option.chosen] == ["480p"]


def test_text_menu_begins_with_off_and_explains_what_cannot_be_had():
    options = text_options(playing())
    assert options[0] == Option("off", "Off", chosen=True)
    assert not options[2].available
    assert options[2].detail == "Picture subtitles cannot be shown."
    assert text_options(playing(text_tracks=())) == []


def test_other_menus():
    assert [option.chosen for option in audio_options(playing())] == [True, False]
    assert next(option.label for option in speed_options(playing(speed=1.5)) if option.chosen) == "1.5×"


# --- statistics


def test_graphs_follow_the_history(qapp):
    statistics = StatisticsViewModel()
    state = playing()
    statistics.show(state)
    buffer, throughput, rung = statistics.property("graphs")
    assert buffer.property("value") == "28.0 s"
    assert buffer.property("top") == "30.0 s"
    points = buffer.property("points")
    assert len(points) == 2 * len(state.history)
    assert points[-2] == 1.0, "the newest sample is at the right edge"
    assert points[-1] == pytest.approx(28 / 30)
    assert throughput.property("points")[1] == -1.0, "nothing was measured yet: a gap"
    assert rung.property("value") == "5.2 Mbit/s"
    assert statistics.property("decision") == state.decisions[-1].sentence
    assert statistics.property("reason") == f"{Reason.THROUGHPUT_RULE}  ·  throughput"
    facts = {fact.name: fact.value for fact in statistics.property("facts").records}
    assert facts["CDN"] == "edge-a"
    assert facts["Playing"] == "1080p, 5.2 Mbit/s"
    assert facts["First picture"] == "0.71 of 2 s"
    parts = statistics.property("start").records
    assert [(part.name, part.value, part.bad) for part in parts] == [
        ("Service", "60 of 100 ms", False),
        ("CDN choice", "3 of 50 ms", False),
        ("Manifest", "190 of 100 ms", True),
        ("Licence", "120 of 200 ms", False),
        ("First segment", "400 of 500 ms", False),
    ]


def test_only_the_last_two_minutes_are_drawn(qapp):
    statistics = StatisticsViewModel()
    history = tuple(StatSample(float(n), float(n), 5.0, 1e6, 0, 400_000, "a") for n in range(300))
    statistics.show(PlaybackState(history=history))
    points = statistics.property("graphs")[0].property("points")
    assert len(points) == 2 * 121
    assert points[0] == 0.0


def test_statistics_redraw_only_on_news(qapp):
    statistics = StatisticsViewModel()
    state = playing()
    drawn = []
    statistics.property("graphs")[0].changed.connect(lambda: drawn.append(1))
    statistics.show(state)
    statistics.show(replace(state, position_s=81.0))
    assert len(drawn) == 1
    statistics.show(replace(state, decisions=(*state.decisions, decision("Down to 720p."))))
    assert statistics.property("decision") == "Down to 720p."


def test_statistics_of_nothing(qapp):
    statistics = StatisticsViewModel()
    statistics.show(PlaybackState())
    assert [graph.property("value") for graph in statistics.property("graphs")] == ["–", "–", "–"]


# --- home


@pytest.fixture
def home(client, tasks, tmp_path):
    return HomeViewModel(client, tasks, PosterCache(client, tasks, tmp_path / "posters"))


def state_of(home):
    return home.property("state")


def test_the_catalogue_comes_page_by_page(client, home, qtbot):
    client.titles = cards(120, begun=3)
    home.refresh()
    assert state_of(home) == "loading"
    qtbot.waitUntil(lambda: state_of(home) == "ready")
    titles = home.property("titles")
    assert titles.property("count") == 50
    begun = [poster.title_id for poster in home.property("rows").records[0].titles.records]
    assert begun == ["title-2", "title-1", "title-0"], "the last watched first"
    for expected in (100, 120):
        assert titles.canFetchMore(QModelIndex())
        titles.fetchMore(QModelIndex())
        titles.fetchMore(QModelIndex())  # a second wish while the first is on its way does not count
        qtbot.waitUntil(lambda expected=expected: titles.property("count") == expected)
    assert not titles.canFetchMore(QModelIndex())
    assert client.catalog_calls == 3


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NetError(ErrorCode.NET_REFUSED, "The server cannot be reached at the moment."), "offline"),
        (MatineeError(ErrorCode.SERVICE_REPLY, "Not understood."), "error"),
    ],
)
def test_trouble_has_a_state_and_a_sentence(client, home, qtbot, error, state):
    client.failure = error
    home.refresh()
    qtbot.waitUntil(lambda: state_of(home) == state)
    assert home.property("message") == error.sentence
    client.failure = None
    home.refresh()
    qtbot.waitUntil(lambda: state_of(home) == "empty")


def test_what_is_shown_stays_when_the_network_goes(client, home, qtbot):
    client.titles = cards(5)
    home.refresh()
    qtbot.waitUntil(lambda: state_of(home) == "ready")
    client.failure = NetError(ErrorCode.NET_UNREACHABLE, "No way.")
    home.refresh()
    qtbot.waitUntil(lambda: home.property("notice") != "")
    assert state_of(home) == "ready"
    assert home.property("offline"), "what is on this machine stands among the rows"
    assert home.property("titles").property("count") == 5


def test_the_rows_of_the_service_stand_in_its_order_and_keep_their_place(client, home, qtbot):
    client.titles = cards(6)
    client.screen = [TitleRow("list", cards(2)), TitleRow("trending", []), TitleRow("of-tomorrow", cards(3))]
    client.screen += [TitleRow("because", cards(3), "Harbour"), TitleRow("because", cards(2), "Ice")]
    home.refresh()
    qtbot.waitUntil(lambda: state_of(home) == "ready")
    rows = home.property("rows")
    assert [(row.heading, row.plays) for row in rows.records] == [
        ("My list", False),
        ("More to watch", False),
        ("Because you watched Harbour", False),
        ("Because you watched Ice", False),
    ]
    held = rows.records[0].titles
    client.screen = [TitleRow("continue", cards(1, begun=1)), *client.screen, TitleRow("list", cards(1))]
    home.refresh()
    qtbot.waitUntil(lambda: rows.property("count") == 5)
    assert [row.key for row in rows.records][:3] == ["continue", "list", "of-tomorrow"]
    assert rows.records[1].titles is held
    assert held.property("count") == 2
    assert home.property("featured").records[0].title_id == "title-0"


def test_who_has_walked_down_the_catalogue_stays_there_when_it_comes_anew(client, home, qtbot):
    client.titles = cards(120)
    home.refresh()
    titles = home.property("titles")
    qtbot.waitUntil(lambda: titles.property("count") == 50)
    titles.fetchMore(QModelIndex())
    qtbot.waitUntil(lambda: titles.property("count") == 100)
    client.titles[3] = replace(client.titles[3], title="Another name")
    home.refresh()
    qtbot.waitUntil(lambda: titles.records[3].name == "Another name")
    assert titles.property("count") == 100
    client.titles.insert(0, cards(121)[120])
    home.refresh()
    qtbot.waitUntil(lambda: titles.property("count") == 50)
    assert titles.records[0].title_id == "title-120"


def test_what_was_there_last_is_shown_at_once_and_to_the_same_viewer_only(client, tasks, tmp_path, qtbot):
    posters, kept = PosterCache(client, tasks, tmp_path / "posters"), HomeCache(tmp_path)
    titles = [replace(card, maturity=16 * (n == 1)) for n, card in enumerate(cards(3))]
    client.titles = titles
    client.screen = [TitleRow("new", titles[1:2])]
    HomeViewModel(client, tasks, posters, kept=kept).open_for("Ada p1", 18)
    qtbot.waitUntil(lambda: kept.load("Ada p1") is not None)
    assert kept.load("Ben p2") is None
    client.silent = True
    again = HomeViewModel(client, tasks, posters, kept=kept)
    again.open_for("Ada p1", 12)
    qtbot.waitUntil(lambda: state_of(again) == "ready")
    assert [poster.title_id for poster in again.property("titles").records] == ["title-0", "title-2"]
    assert again.property("rows").property("count") == 0, "its only title is for older ones"
    assert not again.property("titles").canFetchMore(QModelIndex())
    again.forget()
    qtbot.waitUntil(lambda: kept.load("Ada p1") is None)
    assert state_of(again) == "loading"


def test_a_damaged_home_page_is_set_aside(tmp_path):
    kept = HomeCache(tmp_path)
    kept.keep(KeptHome("Ada", tuple(cards(1))))
    text = (tmp_path / "home.json").read_text(encoding="utf-8")
    for damage in ('"owner"', '"titles"', '"heights"', "600.0"):
        (tmp_path / "home.json").write_text(text.replace(damage, '"x"'), encoding="utf-8")
        assert kept.load("Ada") is None, damage
    assert (tmp_path / "home.damaged.json").exists()


def test_back_off_doubles_up_to_its_bound_and_begins_again():
    waits = BackOff(first_s=2.0, longest_s=60.0)
    assert [waits.next_s() for _ in range(7)] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    waits.reset()
    assert waits.next_s() == 2.0


@pytest.fixture
def impatient(client, tasks, tmp_path):
    """A home page that tries again after a few milliseconds."""
    posters = PosterCache(client, tasks, tmp_path / "posters")
    home = HomeViewModel(client, tasks, posters, back_off=BackOff(0.005, 0.02))
    home.set_visible(visible=True)
    return home


def test_home_comes_back_by_itself_when_the_service_does(client, impatient, qtbot):
    client.titles = cards(3)
    client.failure = NetError(ErrorCode.NET_REFUSED, "No answer.")
    states = []
    impatient.changed.connect(lambda: states.append(state_of(impatient)))
    impatient.refresh()
    qtbot.waitUntil(lambda: client.catalog_calls >= 4)
    assert set(states) == {"loading", "offline"}
    assert states.count("loading") == 1, "what is tried by itself does not flicker"
    client.failure = None
    qtbot.waitUntil(lambda: state_of(impatient) == "ready")
    assert not impatient._retry.isActive(), "after a success nothing is tried again"


def test_a_notice_over_the_catalogue_goes_by_itself(client, impatient, qtbot):
    client.titles = cards(3)
    impatient.refresh()
    qtbot.waitUntil(lambda: state_of(impatient) == "ready")
    client.failure = MatineeError(ErrorCode.SERVICE_REPLY, "Not understood.")
    impatient.refresh()
    qtbot.waitUntil(lambda: impatient.property("notice") == "Not understood.")
    client.titles = cards(4)
    client.failure = None
    qtbot.waitUntil(lambda: impatient.property("notice") == "")
    assert impatient.property("titles").property("count") == 4


def test_nothing_is_tried_again_out_of_sight(client, impatient, qtbot):
    client.failure = NetError(ErrorCode.NET_REFUSED, "No answer.")
    impatient.refresh()
    qtbot.waitUntil(lambda: state_of(impatient) == "offline")
    impatient.set_visible(visible=False)
    qtbot.waitUntil(lambda: not impatient._asks)  # what was on its way has come
    assert not impatient._retry.isActive()
    client.failure = None
    impatient.set_visible(visible=True)
    qtbot.waitUntil(lambda: state_of(impatient) == "empty")


# --- posters


def test_posters_are_fetched_when_asked_for_and_kept(client, home, tasks, qtbot, tmp_path):
    client.titles = cards(3)
    client.picture = b"a picture"
    home.refresh()
    qtbot.waitUntil(lambda: state_of(home) == "ready")
    titles = home.property("titles")
    role = next(role for role, name in titles.roleNames().items() if bytes(name.data()) == b"poster")
    assert titles.data(titles.index(1), role) == ""
    qtbot.waitUntil(lambda: titles.data(titles.index(1), role).startswith("file:"))
    assert titles.records[0].poster == "", "nobody asked for that one"
    client.picture = None  # from here on nothing can be fetched: what is kept must do
    again = PosterCache(client, tasks, tmp_path / "posters")
    arrived = []
    assert again.get("http://posters.test/1.jpg", arrived.append) == ""
    qtbot.waitUntil(lambda: bool(arrived))
    assert arrived[0].startswith("file:")


def test_the_poster_folder_is_bounded(client, tasks, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("ui.app.viewmodels.posters.MAX_BYTES", 2500)
    client.picture = bytes(1000)
    posters = PosterCache(client, tasks, tmp_path)
    arrived = []
    for n in range(6):
        posters.get(f"http://posters.test/{n}.jpg", arrived.append)
    qtbot.waitUntil(lambda: len(arrived) == 6)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 2500


def test_pictures_that_the_disk_does_not_take_are_held_within_bounds(client, tasks, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("ui.app.viewmodels.posters.MOST_HELD_BYTES", 2500)
    client.picture = bytes(1000)
    (tmp_path / "posters").touch()  # no folder can be made there
    posters = PosterCache(client, tasks, tmp_path / "posters")
    for n in range(4):
        posters.get(f"http://posters.test/{n}.jpg", lambda _address: None)
    qtbot.waitUntil(lambda: len(posters._known) == 4)
    assert sum(address.startswith("data:") for address in posters._known.values()) == 2


def test_a_poster_that_cannot_be_had_is_not_asked_for_again(client, tasks, qtbot, tmp_path):
    posters = PosterCache(client, tasks, tmp_path)
    posters.get("http://posters.test/gone.jpg", pytest.fail)
    qtbot.waitUntil(lambda: posters._running == 0)
    assert posters.get("http://posters.test/gone.jpg", pytest.fail) == ""
    assert posters._running == 0


def test_a_picture_comes_once_the_service_is_back(client, tmp_path, qtbot, monkeypatch):
    monkeypatch.setattr("ui.app.viewmodels.posters.RETRY_MS", 20)
    tasks, arrived = Tasks(client), []
    cache = PosterCache(client, tasks, tmp_path)
    client.paint = lambda _url: b"picture"
    client.failure = NetError(ErrorCode.NET_REFUSED, "There is nobody.")
    assert cache.get("http://x/1.jpg", arrived.append) == ""
    qtbot.waitUntil(lambda: client.asked_images > 1)  # and again
    assert arrived == []
    client.failure = None
    qtbot.waitUntil(lambda: len(arrived) == 1)
    assert cache.get("http://x/1.jpg", arrived.append) == arrived[0]
    tasks.close()
