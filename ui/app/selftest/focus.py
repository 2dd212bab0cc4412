"""Walks the pages of the real app by keys alone: everything that can be pressed is reached by arrows, the focus is
never lost, and Back leads back. Runs inside the app's own event loop (``on_window`` of
:class:`ui.app.composition.AppOptions`)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtQuick import QQuickItem, QQuickWindow
from shiboken6 import getCppPointer

from ui.app.viewmodels.application import ApplicationViewModel

_KEY = Qt.Key
# Right before Left: a slider that is full at the beginning lets Right through only while it is full.
ARROWS = (_KEY.Key_Up, _KEY.Key_Down, _KEY.Key_Right, _KEY.Key_Left)
_WAYS = (_KEY.Key_Back, _KEY.Key_Escape)  # off a page
_Opening = Callable[[ApplicationViewModel], None]
_PLACES: Mapping[str, _Opening] = {
    "settings": ApplicationViewModel.showSettings,
    "downloads": ApplicationViewModel.showDownloads,
}
_FOR_VIEWERS: Mapping[str, _Opening] = {
    "search": ApplicationViewModel.showSearch,
    "live": ApplicationViewModel.showChannels,
    "my list": ApplicationViewModel.showMyList,
    "all titles": ApplicationViewModel.showCatalogue,
    "history": ApplicationViewModel.showHistory,
    "account": ApplicationViewModel.showAccount,
    "title": lambda app: app.showTitle(_first_title(app)),
}
_MOST_KEYS = 600
_MOST_BACKS = 4  # out of a list or a menu, then off the page
_STEP_MS = 5
_SETTLE_MS = 600
_AT_THE_LATEST_MS = 5000
_DWELL_MS = 6000  # the controls of the player stay for 5 s on a television
_MOST_WAITS = 50  # for a title to begin or to end
_NEARLY_OVER = 0.97
_NO_STREAM = "http://127.0.0.1:9/none.m3u8"  # the port that discards


@dataclass(slots=True)
class PageWalk:
    """One page: how many stops it has, how many keys it took, and what is wrong with it."""

    name: str
    stops: int = 0
    keys: int = 0
    wrong: list[str] = field(default_factory=list)


class FocusWalk(QObject):
    """Begins by itself once the window is there; ``pages`` holds the result when ``done`` is called."""

    def __init__(self, app: ApplicationViewModel, window: QQuickWindow, done: Callable[[], None]) -> None:
        super().__init__(window)
        self._app, self._window, self._done = app, window, done
        self.pages: list[PageWalk] = []
        self._steps = self._walk()
        QTimer.singleShot(_SETTLE_MS, self, self._step)

    def _step(self) -> None:
        wait_ms = next(self._steps, None)
        if wait_ms is None:
            self._done()
        else:
            QTimer.singleShot(wait_ms, self, self._step)

    def _walk(self) -> Iterator[int]:
        """Each value is how long to let the app go on, in milliseconds."""
        yield from self._wait_for(lambda: self._page() != "starting")
        yield from self._settle()
        if self._page() == "profiles":  # the first one watches
            self._press(_KEY.Key_Return)
            yield from self._settle()
        if self._page() == "home":
            yield from self._wait_for(lambda: bool(_first_title(self._app)))
            yield from self._settle()
        first = self._page()
        page = PageWalk("first page")
        self.pages.append(page)
        yield from self._explore(page)
        yield from self._dwell(page)
        signed_in = first == "home" and bool(_first_title(self._app))
        for name, opened in ({**_PLACES, **_FOR_VIEWERS} if signed_in else _PLACES).items():
            yield from self._visit(name, opened, first)
        yield from self._play_and_leave(first)
        if signed_in:
            yield from self._watch_and_leave(first)

    def _visit(self, name: str, opened: _Opening, first: str) -> Iterator[int]:
        """Walk a page, and leave it in each way."""
        page = PageWalk(name)
        self.pages.append(page)
        for way in _WAYS:
            opened(self._app)
            yield from self._settle()
            if self._page() == first:
                page.wrong.append("it does not open")
                return
            if not page.keys:
                yield from self._explore(page)
            yield from self._leave(page, way, first)

    def _leave(self, page: PageWalk, way: Qt.Key, first: str) -> Iterator[int]:
        """Press a key until the first page is there again; then keys must work, also after a while."""
        for _ in range(_MOST_BACKS):
            if self._page() != first:
                self._press(way)
                page.keys += 1
                yield _SETTLE_MS
        if self._page() != first:
            page.wrong.append(f"{_word(way)} leads to {self._page()}, not to {first}")
        yield from self._dwell(page)

    def _play_and_leave(self, first: str) -> Iterator[int]:
        """Open a stream that is not there, and go back from the player."""
        page = PageWalk("player")
        self.pages.append(page)
        for way in _WAYS:
            self._app.open_address(_NO_STREAM)
            yield from self._wait_for(lambda: self._page() == "player")
            page.stops = max(page.stops, len(stops(self._window)))
            yield from self._leave(page, way, first)

    def _watch_and_leave(self, first: str) -> Iterator[int]:
        """Play a title and leave it by each key, and by its end."""
        page = PageWalk("a title that plays")
        self.pages.append(page)
        player = self._app.property("player")
        for way in (*_WAYS, None):
            self._app.openTitleFromStart(_playable(self._app))
            yield from self._wait_for(lambda: player.property("status") == "playing")
            if player.property("status") != "playing":
                page.wrong.append(f"it does not play: {player.property('failure') or player.property('status')}")
            page.stops = max(page.stops, len(stops(self._window)))
            if way is None:
                player.seekTo(_NEARLY_OVER)
                yield from self._wait_for(lambda: self._page() == first)
                if self._page() != first:
                    page.wrong.append(f"its end leads to {self._page()}, not to {first}")
            yield from self._leave(page, way or _KEY.Key_Back, first)

    def _wait_for(self, condition: Callable[[], bool]) -> Iterator[int]:
        for _ in range(_MOST_WAITS):
            yield _SETTLE_MS
            if condition():
                return

    def _dwell(self, page: PageWalk) -> Iterator[int]:
        """Do nothing for longer than any timer of the app; then keys must still work."""
        yield _DWELL_MS
        item = self._window.activeFocusItem()
        if item is None or not item.isVisible() or not item.isEnabled():
            page.wrong.append("the focus is lost after a while")
            return
        for arrow in ARROWS:
            self._press(arrow)
            page.keys += 1
            yield _STEP_MS
            if self._window.activeFocusItem() is not item:
                return
        page.wrong.append("no arrow does anything after a while")

    def _settle(self) -> Iterator[int]:
        """Wait until something has the focus, and as much can be pressed as a moment before."""
        before = -1
        for _ in range(_AT_THE_LATEST_MS // _SETTLE_MS):
            yield _SETTLE_MS
            now = len(stops(self._window))
            if self._page() != "starting" and self._window.activeFocusItem() is not None and now == before:
                return
            before = now

    def _explore(self, page: PageWalk) -> Iterator[int]:
        """Press arrows until each has been tried at each stop, or all stops that were in sight at first are known:
        rows go on and on."""
        expected = {identity(item) for item in stops(self._window)}
        page.stops = len(expected)
        graph = Graph()
        while page.keys < _MOST_KEYS:
            item = self._window.activeFocusItem()
            if item is None or not item.isVisible() or not item.isEnabled():
                page.wrong.append("the focus is lost")
                return
            graph.stand_at(identity(item))
            arrow = graph.next_arrow()
            if arrow is None:
                break
            self._press(arrow)
            page.keys += 1
            yield _STEP_MS
        missed = sorted(words for node, words in self._named().items() if node in expected - graph.nodes)
        page.wrong += [f"arrows do not reach {words}" for words in missed]

    def _named(self) -> dict[tuple[int, str], str]:
        return {identity(item): name_of(item) for item in stops(self._window)}

    def _page(self) -> str:
        return str(self._app.property("page"))

    def _press(self, key: Qt.Key) -> None:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QCoreApplication.sendEvent(self._window, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier))


def _first_title(app: ApplicationViewModel) -> str:
    """One of the catalogue; empty where there is none."""
    records = app.property("home").property("titles").records
    return str(records[0].title_id) if records else ""


def _playable(app: ApplicationViewModel) -> str:
    """A title that is no series, where there is one."""
    titles = app.property("home").suggestions()
    return next((card.id for card in titles if card.kind == "film" and card.duration_s), _first_title(app))


def _word(key: Qt.Key) -> str:
    return key.name.removeprefix("Key_")


class Graph:
    """What the arrows do, as far as it has been tried. An arrow may lead elsewhere the next time: rows remember.

    Stops are told apart by whatever hashable value the walker gives them.
    """

    def __init__(self, arrows: Sequence[Qt.Key] = ARROWS) -> None:
        self._arrows = arrows
        self._tried: dict[Hashable, dict[Qt.Key, Hashable]] = {}
        self._here: Hashable = None
        self._pressed: Qt.Key | None = None

    @property
    def nodes(self) -> set[Hashable]:
        """Every stop that was reached."""
        return set(self._tried)

    def stand_at(self, node: Hashable) -> None:
        """Where the last arrow has led."""
        if self._pressed is not None:
            self._tried[self._here][self._pressed] = node
        self._here = node
        self._tried.setdefault(node, {})

    def next_arrow(self) -> Qt.Key | None:
        """One that has not been tried here, else the start of the shortest way to one; None when all have been."""
        self._pressed = self._untried(self._here)
        if self._pressed is None:
            self._pressed = self._way()
        return self._pressed

    def _untried(self, node: Hashable) -> Qt.Key | None:
        return next((arrow for arrow in self._arrows if arrow not in self._tried.get(node, {})), None)

    def _way(self) -> Qt.Key | None:
        seen = {self._here}
        waiting = deque((there, arrow) for arrow, there in self._tried[self._here].items())
        while waiting:
            node, first = waiting.popleft()
            if self._untried(node) is not None:
                return first
            if node not in seen:
                seen.add(node)
                waiting.extend((there, first) for there in self._tried[node].values())
        return None


def stops(window: QQuickWindow) -> list[QQuickItem]:
    """All visible items that take part in keyboard navigation."""
    found: list[QQuickItem] = []
    waiting = [window.contentItem()]
    while waiting:
        item = waiting.pop()
        if item.isVisible() and item.isEnabled():
            if item.activeFocusOnTab():
                found.append(item)
            waiting.extend(item.childItems())
    return found


def identity(item: QQuickItem) -> tuple[int, str]:
    """The same for the same item, however it was come by. With its name, since the address of an item that went
    away may be another's by now."""
    return int(getCppPointer(item)[0]), name_of(item)


def name_of(item: QQuickItem) -> str:
    """The nearest name at or above the item."""
    current: QQuickItem | None = item
    while current is not None:
        if current.objectName():
            return str(current.objectName())
        current = current.parentItem()
    return "something without a name"
