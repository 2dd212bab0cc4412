"""A viewer's evenings by keys only, in the real app at a real service: ``python -m tests.ui.journey PROFILE SERVICE
APPROVAL [--tv]``. At a desk letters are typed; across the room there are six keys.

APPROVAL is where the viewer's telephone approves the code of a television; its token comes on stdin. What happens is
printed line by line; exit code 0 when all of it went well. Between two of the evenings days pass, for the clock by
which licences are judged.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickWindow
from PySide6.QtTest import QTest

from drm_client import os_clock
from player.base.clock import Clock
from player.base.errors import ErrorCode
from player.net.failures import failure
from player.net.model import Body, Request, Transport
from tests.kit import waiting
from tests.ui.loop import run_loop
from tests.ui.stage import name_of
from ui.app.composition import AppOptions, run_app
from ui.app.viewmodels.application import ApplicationViewModel

K = Qt.Key
EMAIL, PASSWORD, PIN = "demo@matinee.local", "demo", "1234"
TITLE = "Journey"
DAY_S = 86_400.0
DAYS_S = 2 * DAY_S  # longer than the licence of the test lasts


class Switch:
    """A network that can be taken away."""

    def __init__(self) -> None:
        self.on = True
        self._inner: Transport

    def around(self, inner: Transport, clock: Clock) -> Switch:
        self._inner = inner
        return self

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        if not self.on and request.url.startswith("http"):
            raise failure(ErrorCode.NET_UNREACHABLE, "{host} cannot be reached.", request.url)
        async with self._inner.open(request) as body:
            yield body

    async def close(self) -> None:
        await self._inner.close()


class Calendar:
    """The time since this machine was started, by which kept licences are judged."""

    def __init__(self) -> None:
        self._read = os_clock._boottime_s
        self._passed_s = 0.0
        os_clock._boottime_s = lambda: self._read() + self._passed_s

    def days_pass(self) -> None:
        self._passed_s += DAYS_S


class Viewer:
    """Presses keys and looks where they led."""

    def __init__(self, app: ApplicationViewModel, window: QQuickWindow, network: Switch, calendar: Calendar) -> None:
        self.app = app
        self.window = window
        self.network = network
        self.calendar = calendar

    def press(self, *keys: Qt.Key) -> None:
        for key in keys:
            QTest.keyClick(self.window, key)
            run_loop(15)

    def type(self, text: str) -> None:
        for letter in text:
            QTest.keyClick(self.window, letter)

    def until(self, what: str, condition: Callable[[], object]) -> None:
        end = time.monotonic() + waiting.PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"{what} does not come; {self.place}"
            run_loop(20)
        print(what, flush=True)

    @property
    def place(self) -> str:
        """Where the viewer is, for a failure."""
        title = self.app.titleDownload
        said = [self.app.downloads.property("notice"), self.app.player.property("failure")]
        said += [title.property("label"), title.property("notice")]
        return f"page {self.page}, focus {self.focus}, {' '.join(said)}"

    @property
    def page(self) -> str:
        return str(self.app.property("page"))

    @property
    def focus(self) -> str:
        item = self.window.activeFocusItem()
        return "" if item is None or not item.isVisible() else name_of(item)

    def go(self, key: Qt.Key, *names: str) -> None:
        """Press one key until the focus is on one of these. Controls that have hidden meanwhile are brought back."""
        for _ in range(40):
            if self.focus in names:
                return
            self.press(K.Key_Up if self.focus == "idle" else key)
        raise AssertionError(f"{names} are not reached, the focus is on {self.focus}")

    def choose(self, key: str) -> None:
        """One of what can be done with the download whose menu is open."""
        keys = [option.key for option in self.app.downloads.options.records]
        self.press(*[K.Key_Down] * keys.index(key), K.Key_Return)

    def playing(self) -> bool:
        return self.page == "player" and self.app.player.property("status") == "playing"


def evening(viewer: Viewer, sign_in: Callable[[Viewer], None], search: Callable[[Viewer], None]) -> None:
    """The same at a desk and across the room, but for letters."""
    sign_in(viewer)
    viewer.until("who is watching", lambda: viewer.focus == "person_0")
    viewer.press(K.Key_Return)
    viewer.until("PIN", lambda: viewer.focus == "key_1")
    for steps in ((), (K.Key_Right,), (K.Key_Right,), (K.Key_Left, K.Key_Left, K.Key_Down)):
        viewer.press(*steps, K.Key_Return)
    viewer.go(K.Key_Down, "submitPin")
    viewer.press(K.Key_Return)
    viewer.until("home", lambda: viewer.focus == "playFeatured")
    viewer.go(K.Key_Up, "openSearch")
    viewer.press(K.Key_Return)
    search(viewer)
    viewer.press(K.Key_Return)
    viewer.until("details", lambda: viewer.focus == "playTitle")
    watch(viewer)
    download(viewer)
    offline(viewer)
    expired(viewer)
    renew(viewer)


def watch(viewer: Viewer) -> None:
    """Play, seek, choose another language."""
    player = viewer.app.player
    viewer.press(K.Key_Return)
    viewer.until("playing", viewer.playing)
    viewer.press(K.Key_Right)
    viewer.until("sought", lambda: viewer.playing() and player.property("positionS") > 9)
    viewer.press(K.Key_Up)
    viewer.go(K.Key_Right, "audio")
    viewer.press(K.Key_Return, K.Key_Down, K.Key_Return)
    viewer.until("another language", lambda: player.audioTracks.records[1].chosen)
    viewer.press(K.Key_Back)
    viewer.until("back at the title", lambda: viewer.page == "details" and bool(viewer.focus))


def download(viewer: Viewer) -> None:
    """Keep the title on this machine."""
    viewer.go(K.Key_Right, "downloadTitle")
    viewer.press(K.Key_Return)
    options = viewer.app.titleDownload.options
    viewer.until(
        "qualities with their sizes", lambda: options.count > 0 and options.records[0].detail not in ("", "…")
    )
    viewer.press(K.Key_Return)
    viewer.until("downloaded", lambda: viewer.app.titleDownload.property("done"))


def offline(viewer: Viewer) -> None:
    """What is kept plays without a network."""
    viewer.network.on = False
    viewer.press(K.Key_Back, K.Key_Back)
    viewer.until("home again", lambda: viewer.page == "home" and bool(viewer.focus))
    viewer.go(K.Key_Up, "openSearch")
    viewer.go(K.Key_Right, "openDownloads")
    viewer.press(K.Key_Return)
    viewer.until("downloads", lambda: viewer.focus == "download_0")
    viewer.press(K.Key_Return)
    viewer.choose("play")
    viewer.until("playing without a network", viewer.playing)


def expired(viewer: Viewer) -> None:
    """The licence runs out while the title plays; the page that says so leads to where it is renewed."""
    viewer.calendar.days_pass()
    trouble = viewer.app.player.trouble
    viewer.until("the licence has run out", lambda: trouble.property("code") == "drm.licence_expired")
    viewer.until("and where it is renewed", lambda: viewer.focus == "retryPlayback")
    viewer.go(K.Key_Right, "troubleHelp")
    viewer.press(K.Key_Return)
    viewer.until("back at the downloads", lambda: viewer.page == "downloads" and bool(viewer.focus))
    viewer.go(K.Key_Down, "download_0")
    viewer.until("it does not play", lambda: viewer.app.downloads.ready.count == 0)


def renew(viewer: Viewer) -> None:
    """With a network there is a new licence, and with that the title plays without one again."""
    viewer.network.on = True
    viewer.press(K.Key_Return)
    viewer.choose("renew")
    renewed = f"The licence of {TITLE} has been renewed."
    viewer.until("renewed", lambda: viewer.app.downloads.property("notice") == renewed)
    viewer.network.on = False
    viewer.until("it plays again", lambda: viewer.app.downloads.ready.count == 1)
    viewer.go(K.Key_Down, "download_0")
    viewer.press(K.Key_Return)
    viewer.choose("play")
    viewer.until("playing with the new licence", viewer.playing)


def sign_in_with_letters(viewer: Viewer) -> None:
    viewer.until("sign-in", lambda: viewer.focus == "email")
    viewer.type(EMAIL)
    viewer.press(K.Key_Down)
    viewer.type(PASSWORD)
    viewer.press(K.Key_Return)


def search_with_letters(viewer: Viewer) -> None:
    viewer.until("search", lambda: viewer.focus == "query")
    viewer.type("jour")
    viewer.until("found", lambda: viewer.app.search.results.count == 1)
    run_loop(50)
    viewer.go(K.Key_Down, "found_0")


def search_with_arrows(viewer: Viewer) -> None:
    """J, O: the second row's fourth, the third row's third."""
    viewer.until("search", lambda: viewer.focus == "key_a")
    viewer.press(K.Key_Down, K.Key_Right, K.Key_Right, K.Key_Right, K.Key_Return)
    viewer.press(K.Key_Down, K.Key_Left, K.Key_Return)
    viewer.until("found", lambda: viewer.app.search.results.count == 1)
    run_loop(50)
    viewer.go(K.Key_Right, "found_0")


def approver(approval: str, token: str) -> Callable[[Viewer], None]:
    """The viewer's telephone: approves the code that the screen shows."""

    def sign_in(viewer: Viewer) -> None:
        code = viewer.app.codeSignIn
        viewer.until("a code", lambda: code.property("code") != "")
        answer = httpx.post(
            approval,
            json={"user_code": code.property("code"), "approve": True},
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        )
        answer.raise_for_status()

    return sign_in


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("profile", type=Path)
    parser.add_argument("service")
    parser.add_argument("approval")
    parser.add_argument("--tv", action="store_true")
    args = parser.parse_args()
    token = sys.stdin.readline().strip()
    network, calendar = Switch(), Calendar()
    outcome: list[int] = []

    def begin(app: ApplicationViewModel, window: QQuickWindow) -> None:
        def run() -> None:
            try:
                viewer = Viewer(app, window, network, calendar)
                if args.tv:
                    evening(viewer, approver(args.approval, token), search_with_arrows)
                else:
                    evening(viewer, sign_in_with_letters, search_with_letters)
                outcome.append(0)
            except Exception:  # noqa: BLE001 - the test shows it
                traceback.print_exc()
                outcome.append(1)
            QGuiApplication.quit()

        QTimer.singleShot(0, run)

    run_app(
        AppOptions(
            profile=args.profile,
            service_url=args.service,
            key_store="file",
            tv=args.tv,
            wrap=(network.around,),
            on_window=begin,
        )
    )
    return outcome[0]


if __name__ == "__main__":
    sys.exit(main())
