"""The downloads page, the download button of a title, and home without a network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from player.base.errors import ErrorCode, NetError, ServiceError
from player.service.model import EpisodePlace, Profile
from tests.kit.fake_client import cards
from tests.kit.fake_downloads import GIGA, queue
from ui.app.ports.downloads import KeptTitle
from ui.app.viewmodels.downloads import Speed, status_words
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.title_download import TitleDownload

K = Qt.Key


def show(stage) -> None:
    stage.downloads.titles = queue()
    stage.client.titles = cards(6)
    stage.sign_in()
    stage.app.showDownloads()
    stage.until(lambda: stage.focus_name == "download_0")


def lines(stage) -> dict[str, str]:
    return {line.title: line.status for line in stage.app.downloads.lines.records}


def choose(stage, row: int, words: str) -> None:
    """Open the menu of a line and choose by keys."""
    stage.key(*[K.Key_Down] * row, K.Key_Return)
    labels = [option.label for option in stage.app.downloads.options.records]
    stage.key(*[K.Key_Down] * labels.index(words), K.Key_Return)


def test_each_download_says_what_it_does(stage):
    show(stage)
    assert lines(stage) == {
        "Harbour": "Downloading",
        "The Long Tide": "Waits for its turn",
        "Northern Line": "Paused",
        "Glass Gardens": "Downloaded",
        "Small Hours": "The disk is full.",
    }
    assert stage.app.downloads.lines.records[3].rights == "You have 2 days left to watch this."
    assert stage.app.downloads.property("storage") == "3.5 GB of downloads, 40.0 GB free"


@pytest.mark.parametrize(
    ("row", "words", "order"),
    [
        (0, "Pause", ("pause", "d0")),
        (2, "Go on", ("resume", "d2")),
        (3, "Check for damage", ("verify", "d3")),
        (3, "Repair", ("repair", "d3")),
        (3, "Renew the licence", ("renew", "d3")),
        (4, "Try again", ("resume", "d4")),
        (1, "Cancel and remove", ("remove", "d1")),
    ],
)
def test_what_is_chosen_is_carried_out_and_the_focus_stays_in_the_list(stage, row, words, order):
    show(stage)
    choose(stage, row, words)
    stage.until(lambda: order in stage.downloads.orders)
    stage.until(lambda: stage.focus_name.startswith("download_"))


def test_the_list_shows_what_an_order_changed(stage):
    show(stage)
    choose(stage, 0, "Pause")
    stage.until(lambda: lines(stage)["Harbour"] == "Paused")


def test_a_check_tells_its_result(stage):
    show(stage)
    stage.downloads.damaged = 3
    choose(stage, 3, "Check for damage")
    stage.until(lambda: stage.app.downloads.property("notice") == "Glass Gardens: 3 parts are damaged.")


def test_what_fails_says_why(stage):
    show(stage)
    stage.downloads.failure = NetError(ErrorCode.NET_REFUSED, "tv.test does not answer.")
    choose(stage, 3, "Renew the licence")
    stage.until(lambda: stage.app.downloads.property("notice") == "The server cannot be reached at the moment.")
    assert stage.focus_name == "download_3"


def test_after_a_look_that_failed_the_list_is_looked_at_again(stage):
    show(stage)
    stage.app.downloads._timer.setInterval(10)
    stage.downloads.failure = ServiceError(ErrorCode.SERVICE_REPLY, "The list cannot be read.")
    stage.until(lambda: stage.app.downloads.property("notice") == "The list cannot be read.")
    stage.downloads.failure = None
    stage.downloads._change("d0", "complete")
    stage.until(lambda: lines(stage)["Harbour"] == "Downloaded")


def test_a_download_plays_and_back_leads_to_the_list(stage):
    show(stage)
    choose(stage, 3, "Play")
    stage.until(lambda: stage.page == "player" and bool(stage.client.sessions))
    assert stage.client.sessions[0].source.name == "d3"
    stage.key(K.Key_Escape)
    assert stage.page == "downloads"
    assert stage.focus_name == "download_3"


@pytest.mark.parametrize(("offline", "title", "plays_kept"), [(True, 3, True), (True, 2, False), (False, 3, False)])
def test_without_a_network_a_title_plays_from_this_machine_where_it_is_there(stage, offline, title, plays_kept):
    stage.downloads.titles = queue()
    stage.client.titles = cards(4)
    stage.sign_in()
    stage.until(lambda: stage.app.downloads.of_title("title-3") is not None)
    if offline:
        stage.client.failure = NetError(ErrorCode.NET_DNS, "No such host.")
        stage.app.home.refresh()
        stage.until(lambda: stage.app.home.property("offline"))
        stage.client.failure = None  # for the playback: of a kept one nobody is asked
    stage.app.openTitleFromStart(f"title-{title}")
    stage.until(lambda: bool(stage.client.sessions))
    session = stage.client.sessions[0]
    assert session.start_s == 0.0
    assert (session.source.name == f"d{title}") is plays_kept


def test_removing_the_last_one_leaves_a_focus(stage):
    stage.downloads.titles = queue()[:1]
    stage.client.titles = cards(1)
    stage.sign_in()
    stage.app.showDownloads()
    stage.until(lambda: stage.focus_name == "download_0")
    choose(stage, 0, "Cancel and remove")
    stage.until(lambda: stage.item("noDownloads").isVisible())
    stage.until(lambda: stage.focus_name == "leaveDownloads")


def details(stage) -> None:
    stage.client.titles = cards(3)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.app.showTitle("title-0")
    stage.key(K.Key_Right, K.Key_Right)
    assert stage.focus_name == "downloadTitle"


def test_a_title_is_downloaded_in_the_quality_that_was_chosen(stage):
    details(stage)
    stage.key(K.Key_Return)
    offered = stage.app.titleDownload.options
    stage.until(lambda: offered.records[0].detail == "about 1.1 GB")
    assert [option.label for option in offered.records] == ["1080p", "720p", "480p", "240p"]
    stage.key(K.Key_Down, K.Key_Return)
    stage.until(lambda: ("add", "title-0", 720) in stage.downloads.orders)
    stage.until(lambda: stage.app.titleDownload.property("label") == "Downloading 0%")
    assert stage.focus_name == "downloadTitle"
    stage.key(K.Key_Return)
    assert [option.key for option in offered.records] == ["pause", "remove"]
    button = stage.item("downloadTitle")
    width = button.width()
    button.setProperty("text", "Downloaded")
    stage.until(lambda: button.property("implicitWidth") < width)
    assert button.width() == width, "what stands beside it stays under the pointer"


def test_the_page_of_a_downloaded_title_says_how_long_it_may_be_watched(stage):
    stage.downloads.titles = [replace(queue()[3], title_id="title-0")]
    details(stage)
    line = stage.item("detailsRights")
    stage.until(line.isVisible)
    assert line.property("text") == "You have 2 days left to watch this."
    stage.app.showTitle("title-1")
    stage.until(lambda: not stage.item("detailsRights").isVisible())


def test_why_a_title_cannot_be_downloaded_is_said(stage):
    details(stage)
    stage.downloads.failure = ServiceError(ErrorCode.SERVICE_NOT_ENTITLED, "Your plan does not include downloads.")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.item("detailsNotice").property("text") == "Your plan does not include downloads.")


def test_without_a_network_home_offers_what_is_on_this_machine(stage):
    stage.downloads.titles = queue()
    stage.client.viewer = "Ada"
    stage.client.failure = NetError(ErrorCode.NET_DNS, "No such host.")
    stage.client.restore = _signed_in
    stage.memory.keep_person("Ada", Profile("", ""))
    stage.start()
    stage.until(lambda: stage.page == "home" and stage.item("keptTitles").isVisible())
    (kept,) = stage.app.downloads.ready.records
    assert (kept.name, kept.facts) == ("Glass Gardens", "You have 2 days left to watch this.")
    stage.until(lambda: stage.focus_name == "kept_0")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "player")
    assert ("source", "d3") in stage.downloads.orders


async def _signed_in() -> str:
    return "Ada"


def test_the_speed_of_a_slow_download_is_that_of_the_network_between_its_parts_too():
    """At 2 Mbit/s four parts of a megabyte come at once every sixteen seconds."""
    speed, told = Speed(), []
    for second in range(100):
        speed.see(float(second), second // 16 * 4_000_000)
        told.append(8 * speed.bytes_per_s)
    assert told[:16] == [0.0] * 16, "nothing is known yet"
    assert set(told[17:]) == {2e6}


def test_the_speed_falls_when_nothing_comes_and_follows_a_network_that_changes():
    speed = Speed()
    for second in range(60):
        speed.see(float(second), second * 1000)
    assert speed.bytes_per_s == 1000
    for second in range(60, 100):
        speed.see(float(second), 59_000 + (second - 59) * 5000)
    assert speed.bytes_per_s == 5000
    speed.see(129.0, 259_000)
    assert speed.bytes_per_s < 3000
    speed.see(130.0, 0)
    assert speed.bytes_per_s == 0, "never negative"


def test_the_remaining_time_follows_from_the_speed(stage):
    show(stage)
    clock = [100.0]
    model = stage.app.downloads
    model._clock = lambda: clock[0]
    model._speeds.clear()
    model.refresh()
    stage.until(lambda: model._look is None)
    clock[0] += 1
    stage.downloads.titles[0] = KeptTitle(
        "d0", "Harbour", running=True, size=2 * GIGA, fetched=GIGA + 10_000_000, fraction=0.5
    )
    model.refresh()
    stage.until(lambda: "80.0 Mbit/s" in model.lines.records[0].facts)
    assert "1 min left" in model.lines.records[0].facts


def test_words_for_every_state():
    assert status_words(KeptTitle("x", "X", waits="metered")) == "Waits for a network that is not metered"
    assert status_words(KeptTitle("x", "X", code="download.damaged", sentence="It is damaged.")) == "It is damaged."
    refused = KeptTitle("x", "X", code="net.refused", sentence="The server 127.0.0.1:8400 refuses the connection.")
    assert status_words(refused) == "The server cannot be reached at the moment.", "no host and no port"


def test_a_limit_is_the_gauges_end_and_the_devices_are_counted(stage):
    stage.downloads.limit = 10 * GIGA
    show(stage)
    page = stage.app.downloads
    assert page.property("storage") == "3.5 GB of 10.0 GB for downloads"
    assert page.property("storageShare") == pytest.approx(0.35)
    stage.until(lambda: page.property("places") == "Downloads on 2 of 5 devices")
    stage.downloads.on_devices = None
    page.set_visible(visible=True)
    stage.until(lambda: page.property("places") == "")


def test_an_episode_is_offered_with_its_season_and_the_next_ones(stage):
    show(stage)
    episode = replace(cards(1)[0], id="mill-1", episode=EpisodePlace("mill", "The Mill", 1, 1))
    button = TitleDownload(stage.app.downloads, Tasks(stage.client), None, lambda: 720)
    button.show(episode)
    button.offer()
    labels = [option.label for option in button.options.records]
    assert labels[-2:] == ["The whole season", "The next 3 episodes"]
    button.choose("season")
    button.choose("next")
    wanted = [("add_episodes", "mill-1", None, 720), ("add_episodes", "mill-1", 3, 720)]
    stage.until(lambda: stage.downloads.orders[-2:] == wanted)
    button.show(replace(episode, episode=None))
    button.offer()
    assert "The whole season" not in [option.label for option in button.options.records]
