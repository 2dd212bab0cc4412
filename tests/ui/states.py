"""Every page and state of the app, each made from a scripted client; tests walk over all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtQuick import QQuickItem

from player.base.errors import ErrorCode, NetError, ServiceError
from player.manifest.timeline_dates import TimelineDates
from player.reporting.state import LiveView
from player.service.billing import Payment, Subscription
from player.service.model import Credits, Profile, Programme, TitleRow
from player.title.opening import LIVE, PlaybackSource
from tests.kit.fake_client import NOW, cards, channels, playing, seasons, series_card, watched
from tests.kit.fake_downloads import queue
from tests.ui.player_states import PLAYER_STATES, Setup
from tests.ui.stage import Stage
from ui.app.ports.household import Household
from ui.app.profile.home_cache import HomeCache, KeptHome

K = Qt.Key


def _sign_in(stage: Stage, tv: bool) -> None:
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "signIn")
    stage.app.signInByCode(False)


def _sign_in_refused(stage: Stage, tv: bool) -> None:
    _sign_in(stage, tv)
    stage.app.signIn.submit("ada@tv.test", "wrong")
    stage.until(lambda: stage.app.signIn.property("error") != "")


def _services_nearby(stage: Stage, tv: bool) -> None:
    stage.client.service_name = ""
    stage.client.nearby = ["https://films.example", "http://tv.lan:8400"]
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "signIn" and len(stage.app.signIn.nearby.records) == 2)


def _forgotten(stage: Stage, tv: bool) -> None:
    _sign_in(stage, tv)
    stage.app.signIn.goTo("forgotten")


def _reset(stage: Stage, tv: bool) -> None:
    _forgotten(stage, tv)
    stage.app.signIn.sendCode("ada@tv.test")
    stage.until(lambda: stage.app.signIn.property("step") == "reset")


def _account_unconfirmed(stage: Stage, tv: bool) -> None:
    stage.client.verified = False
    _account(stage, tv)
    stage.item("codeDialog").open()
    stage.until(lambda: stage.focus_name == "firstField")


def _by_code(stage: Stage, tv: bool) -> None:
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "signIn")
    stage.app.signInByCode(True)
    stage.until(lambda: stage.app.codeSignIn.property("code") != "")


def _no_code(stage: Stage, tv: bool) -> None:
    stage.client.failure = NetError(ErrorCode.NET_DNS, "tv.test cannot be found.")
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "signIn")
    stage.app.signInByCode(True)
    stage.until(lambda: stage.app.codeSignIn.property("error") != "")


def _household(stage: Stage) -> None:
    stage.client.people = [Profile("p1", "Ada", 18, has_pin=True), Profile("p2", "Ben", 6), Profile("p3", "Cleo", 12)]
    stage.client.viewer = "Ada"


def _profiles(stage: Stage, tv: bool) -> None:
    _household(stage)
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "profiles" and stage.focus_name == "person_0")


def _pin(stage: Stage, tv: bool) -> None:
    _profiles(stage, tv)
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "key_1")
    stage.key(K.Key_4, K.Key_2)


def _no_profiles(stage: Stage, tv: bool) -> None:
    stage.client.viewer = "Ada"
    stage.client.household = _unreachable
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "profiles" and stage.focus_name == "retryProfiles")


async def _unreachable() -> Household:
    raise NetError(ErrorCode.NET_DNS, "tv.test cannot be found.")


def _no_service(stage: Stage, tv: bool) -> None:
    stage.client.service_name = ""
    stage.start(tv=tv)


def _home(stage: Stage, tv: bool, *, titles: int = 6, begun: int = 2) -> None:
    stage.client.titles = cards(titles, begun=begun)
    stage.client.viewer = "Ada"
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "home" and stage.app.home.property("state") != "loading")


def _home_rows(stage: Stage, tv: bool) -> None:
    titles = cards(8, begun=2)
    stage.client.screen = [
        TitleRow("continue", titles[:2]),
        TitleRow("list", titles[4:7]),
        TitleRow("because", titles[3:6], titles[1].title),
        TitleRow("trending", titles[2:]),
        TitleRow("new", titles[::-1]),
    ]
    _home(stage, tv, titles=8)
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.key(*[K.Key_Down] * 4)
    stage.until(lambda: stage.focus_name == "trending_0")


def _home_kept(stage: Stage, tv: bool) -> None:
    """The service is not there; what it showed last time is."""
    titles = tuple(cards(6, begun=2))
    HomeCache(stage.folder).keep(KeptHome("Ada\np1", titles, (TitleRow("continue", titles[:2]),)))
    stage.memory.keep_person("Ada", Profile("p1", "Ada"))
    stage.client.viewer = "Ada"
    unreachable = NetError(ErrorCode.NET_DNS, "tv.test cannot be found.")
    stage.client.restore = _always("Ada")
    stage.client.failure = unreachable
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "home" and stage.app.home.property("notice") != "")
    stage.until(lambda: stage.focus_name == "playFeatured")


def _home_kept_with_downloads(stage: Stage, tv: bool) -> None:
    stage.downloads.titles = queue()
    _home_kept(stage, tv)
    stage.until(lambda: stage.item("row_here").isVisible())


def _always(name: str) -> Callable[[], Coroutine[Any, Any, str]]:
    async def restore() -> str:
        return name

    return restore


def _home_offline(stage: Stage, tv: bool) -> None:
    _home(stage, tv, titles=0, begun=0)
    stage.client.failure = NetError(ErrorCode.NET_DNS, "No such host.")
    stage.app.home.refresh()
    stage.until(lambda: stage.app.home.property("state") == "offline")


def _home_stale(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.client.failure = ServiceError(ErrorCode.SERVICE_REPLY, "Not understood.")
    stage.app.home.refresh()
    stage.until(lambda: stage.app.home.property("notice") != "")


def _details(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.app.showTitle("title-1")
    stage.until(lambda: stage.page == "details")


def _details_two_devices(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    card = stage.client.titles[1]
    stage.client.titles[1] = watched(card, furthest_s=card.progress.position_s * 1.6)
    stage.app.showTitle(card.id)
    stage.until(lambda: stage.item("playFromFurthest").isVisible())


def _series(stage: Stage, tv: bool) -> None:
    stage.client.series["mill"] = seasons()
    _home(stage, tv)
    stage.client.titles.append(series_card())
    stage.app.showTitle("mill")
    stage.until(lambda: stage.page == "details" and stage.item("episodesPanel").isVisible())
    stage.wait(20)


def _seasons(stage: Stage, tv: bool) -> None:
    _series(stage, tv)
    stage.item("chooseSeason").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: is_within(stage.focus, "seasonMenu"))


def _episode(stage: Stage, tv: bool) -> None:
    _series(stage, tv)
    stage.app.showTitle("mill-1-2")
    stage.until(lambda: not stage.item("episodesPanel").isVisible())


def _details_gone(stage: Stage, tv: bool) -> None:
    _details(stage, tv)
    stage.client.titles = []
    stage.app.details.refresh()
    stage.until(lambda: bool(stage.app.details.property("gone")))


def _title_menu(stage: Stage, tv: bool) -> None:
    _details(stage, tv)
    stage.until(lambda: stage.item("downloadTitle").isVisible())
    stage.key(K.Key_Right, K.Key_Right, K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.app.titleDownload.options.records[0].detail != "…")


def _downloads(stage: Stage, tv: bool) -> None:
    stage.downloads.titles = queue()
    _home(stage, tv)
    stage.app.showDownloads()
    stage.until(lambda: stage.app.downloads.lines.count == 5)


def _no_downloads(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.app.showDownloads()
    stage.until(lambda: stage.item("noDownloads").isVisible())


def _download_menu(stage: Stage, tv: bool) -> None:
    _downloads(stage, tv)
    stage.key(K.Key_Down, K.Key_Down, K.Key_Down, K.Key_Return)
    stage.until(lambda: is_within(stage.focus, "downloadMenu"))


def _home_offline_with_downloads(stage: Stage, tv: bool) -> None:
    stage.downloads.titles = queue()
    _home_offline(stage, tv)
    stage.until(lambda: stage.item("keptTitles").isVisible())


def _search(query: str, *, recent: bool = False) -> Setup:
    def show(stage: Stage, tv: bool) -> None:
        _home(stage, tv, titles=14)
        if recent:
            stage.app.search._memory.keep_search("lighthouse")
            stage.app.search._memory.keep_search("rivers")
            stage.app.search.changed.emit()
        stage.app.showSearch()
        stage.until(lambda: stage.page == "search")
        stage.app.search.again(query)
        stage.until(lambda: stage.app.search.property("state") in ("found", "nothing", "idle"))
        stage.wait(20)

    return show


def _my_list(stage: Stage, tv: bool, *, listed: int = 3) -> None:
    stage.client.listed = [f"title-{n}" for n in range(listed)]
    _home(stage, tv)
    stage.app.showMyList()
    stage.until(lambda: stage.page == "myList" and stage.app.myList.property("state") != "loading")
    stage.wait(20)


def _browse(stage: Stage, tv: bool) -> None:
    stage.client.credits_by_title = {f"title-{n}": Credits(("drama", "nature")[: 1 + n % 2]) for n in range(6)}
    _home(stage, tv)
    stage.app.showCatalogue()
    stage.until(lambda: stage.focus_name == "browsed_0" and stage.item("browseFilters").isVisible())


def _history(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.app.showHistory()
    stage.until(lambda: stage.focus_name == "browsed_0")


def _card_menu(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.until(lambda: stage.find("continue_0") is not None)
    stage.item("continue_0").forceActiveFocus()
    stage.key(K.Key_Menu)
    stage.until(lambda: is_within(stage.focus, "cardMenu"))


def _edit_profile(stage: Stage, tv: bool) -> None:
    _profiles(stage, tv)
    stage.app.profiles.add()
    stage.until(lambda: stage.focus_name == "profileName")
    stage.app.profiles.edit.setName("Kim")
    stage.wait(50)


def _young_home(stage: Stage, tv: bool) -> None:
    stage.client.people = [Profile("p1", "Kim", 6, avatar="owl", kids=True)]
    stage.client.current = "p1"
    _home(stage, tv)
    stage.until(lambda: bool(stage.app.profiles.property("kids")))


def _channels(stage: Stage, tv: bool) -> None:
    stage.client.on_air = channels(cards(7), time.time())
    _home(stage, tv)
    stage.app.showChannels()
    stage.until(lambda: stage.page == "channels" and stage.focus_name == "channel_0_0")


def _past_channels(stage: Stage, tv: bool) -> None:
    now_s = time.time()
    past = [Programme(f"Part {n}", now_s - 300 - 600 * n, now_s + 300 - 600 * n) for n in range(6, 0, -1)]
    stage.client.on_air = [
        replace(one, programmes=(*past, *one.programmes), back_s=1800.0) for one in channels(cards(3), now_s)
    ]
    _home(stage, tv)
    stage.app.showChannels()
    stage.until(lambda: stage.page == "channels" and stage.focus_name.startswith("channel_0"))
    stage.key(K.Key_Left, K.Key_Left)
    stage.until(lambda: stage.item("guideName").property("text") == "Part 2")


def _live_programmes(stage: Stage, tv: bool) -> None:
    now_s = time.time()
    on_air = channels(cards(1), now_s)[0]
    before = Programme("The one before", now_s - 900, on_air.programmes[0].starts_at)
    stage.client.on_air = [replace(on_air, programmes=(before, *on_air.programmes), back_s=900.0)]
    stage.start(tv=tv, source=PlaybackSource(title_id="title-0", name="Channel", variant=LIVE))
    stage.until(lambda: bool(stage.client.sessions))
    dates = TimelineDates(((0.0, now_s - 900),))
    view = LiveView(0.0, 888.0, edge_s=900.0, latency_s=100.0, target_s=12.0, following=False, dates=dates)
    stage.client.sessions[-1].publish(playing(live=True, duration_s=None, position_s=800.0, live_view=view))
    stage.until(lambda: bool(stage.app.player.property("canStartOver")))
    stage.key(K.Key_Up)


def _no_channels(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.app.showChannels()
    stage.until(lambda: stage.focus_name == "retryChannels")


def _account(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.app.showAccount()
    stage.until(lambda: stage.page == "account" and stage.focus_name == "plan_basic")


def _account_with_plan(stage: Stage, tv: bool) -> None:
    stage.client.subscription = Subscription(
        "standard", "active", NOW + 3e6, NOW + 2.6e6, "standard", 999, "EUR", "4242"
    )
    paid = [Payment(f"p{n}", "renewal", "standard", 999, "EUR", "paid", NOW - 2.6e6 * n) for n in range(3)]
    stage.client.payments = [*paid, Payment("p", "subscribe", "basic", 499, "EUR", "refunded", NOW - 1e7)]
    _account(stage, tv)


def _account_order(stage: Stage, tv: bool) -> None:
    _account_with_plan(stage, tv)
    stage.key(K.Key_Right, K.Key_Right, K.Key_Return)
    stage.until(lambda: is_within(stage.focus, "accountMenu"))


def _account_password(stage: Stage, tv: bool) -> None:
    _account(stage, tv)
    stage.item("passwordDialog").open()
    stage.until(lambda: stage.focus_name == "firstField")


def _keys(before: Setup) -> Setup:
    """The keyboard on the screen, for the field that has the focus."""

    def show(stage: Stage, tv: bool) -> None:
        before(stage, tv)
        stage.focus.parentItem().openKeys()  # type: ignore[attr-defined]  # of Field.qml
        stage.until(lambda: is_within(stage.focus, "keyboardPanel"))

    return show


def _account_card(stage: Stage, tv: bool) -> None:
    _account(stage, tv)
    stage.key(K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.focus_name == "firstField")


def _account_offline(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.client.failure = NetError(ErrorCode.NET_DNS, "tv.test cannot be found.")
    stage.app.showAccount()
    stage.until(lambda: stage.focus_name == "retryAccount")


def _settings(section: str) -> Setup:
    def show(stage: Stage, tv: bool) -> None:
        _home(stage, tv)
        stage.app.showSettings()
        stage.until(lambda: stage.page == "settings")
        while stage.app.settings.property("section") != section:
            stage.key(K.Key_Down)
        stage.wait(20)

    return show


def _data_use(stage: Stage, tv: bool) -> None:
    stage.meter.fill()
    _settings("data")(stage, tv)
    stage.app.settings.choose("month_limit_gb", "50")
    stage.wait(20)


def _devices(stage: Stage, tv: bool) -> None:
    _settings("devices")(stage, tv)
    stage.until(lambda: stage.item("deviceLines").property("count") == 2)


def _device_menu(stage: Stage, tv: bool) -> None:
    _devices(stage, tv)
    stage.key(K.Key_Right, K.Key_Down, K.Key_Down, K.Key_Return)
    stage.until(lambda: stage.focus_name == "settingMenu")


def _setting_menu(stage: Stage, tv: bool) -> None:
    _settings("playback")(stage, tv)
    stage.key(K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.focus_name == "settingMenu")


def _dialog(stage: Stage, tv: bool) -> None:
    _home(stage, tv)
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.item("openStream").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "address")


STATES: dict[str, Setup] = {
    "sign-in": _sign_in,
    "sign-in refused": _sign_in_refused,
    "welcome, services nearby": _services_nearby,
    "password, forgotten": _forgotten,
    "password, mailed code": _reset,
    "sign-in by code": _by_code,
    "sign-in by code, offline": _no_code,
    "no service": _no_service,
    "profiles": _profiles,
    "profiles, PIN": _pin,
    "profiles, offline": _no_profiles,
    "home": _home,
    "home, nothing begun": lambda stage, tv: _home(stage, tv, begun=0),
    "home, empty": lambda stage, tv: _home(stage, tv, titles=0, begun=0),
    "home, offline": _home_offline,
    "home, not up to date": _home_stale,
    "home, rows": _home_rows,
    "home, kept": _home_kept,
    "home, kept with downloads": _home_kept_with_downloads,
    "details": _details,
    "details, two devices": _details_two_devices,
    "details, series": _series,
    "details, seasons": _seasons,
    "details, episode": _episode,
    "details, gone": _details_gone,
    "home, offline with downloads": _home_offline_with_downloads,
    "details, download": _title_menu,
    "downloads": _downloads,
    "downloads, none": _no_downloads,
    "downloads, choices": _download_menu,
    "search": _search("", recent=True),
    "search, found": _search("ti"),
    "search, nothing": _search("xyz"),
    "live": _channels,
    "live, nothing on": _no_channels,
    "live, what was on": _past_channels,
    "player, programmes": _live_programmes,
    "my list": _my_list,
    "browse": _browse,
    "history": _history,
    "home, choices": _card_menu,
    "profiles, new one": _edit_profile,
    "home, for a child": _young_home,
    "my list, empty": lambda stage, tv: _my_list(stage, tv, listed=0),
    "settings, appearance": _settings("appearance"),
    "settings, playback": _settings("playback"),
    "settings, subtitles": _settings("subtitles"),
    "settings, audio": _settings("audio"),
    "settings, data use": _data_use,
    "settings, downloads": _settings("downloads"),
    "settings, privacy": _settings("privacy"),
    "settings, devices": _devices,
    "settings, device": _device_menu,
    "settings, keys": _settings("keys"),
    "settings, about": _settings("about"),
    "settings, choices": _setting_menu,
    "account": _account,
    "account, plan": _account_with_plan,
    "account, order": _account_order,
    "account, password": _account_password,
    "account, confirm address": _account_unconfirmed,
    "account, card number": _keys(_account_card),
    "account, offline": _account_offline,
    "open stream": _dialog,
    "open stream, keys": _keys(_dialog),
    **PLAYER_STATES,
}


def is_within(item: QQuickItem, name: str) -> bool:
    """Whether ``item`` is, or lies in, the item of that name."""
    current: QQuickItem | None = item
    while current is not None and current.objectName() != name:
        current = current.parentItem()
    return current is not None
