"""The search page: what is typed is searched for by itself, once the typing pauses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import SearchPage, Title
from ui.app.ports.client import ClientPort
from ui.app.profile.last_used import Memory
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.pending_request import PendingRequest
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr
from ui.app.viewmodels.titles import PosterModel, keep_posters

PAUSE_MS = 300
_LEAST = 2  # letters; fewer find everything
_LONGEST = 200
_SUGGESTIONS = 12


class SearchState(StrEnum):
    """What the page shows beside the query."""

    IDLE = "idle"
    SEARCHING = "searching"
    FOUND = "found"
    NOTHING = "nothing"
    ERROR = "error"


class SearchViewModel(QObject):
    """``signInNeeded(why)`` follows when the service takes the viewer for signed out."""

    changed = Signal()
    signInNeeded = Signal(str)

    def __init__(
        self,
        client: ClientPort,
        tasks: Tasks,
        posters: PosterCache,
        memory: Memory | None = None,
        parent: QObject | None = None,
        *,
        suggest: Callable[[], Sequence[Title]] = tuple,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._suggest = suggest  # titles for a page without a query
        self._memory = memory or Memory(None)
        self._question = PendingRequest(tasks, self._arrived, self._failed, self.signInNeeded.emit)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.submit)
        self._query = ""
        self._state = SearchState.IDLE
        self._message = ""
        self._cards: tuple[Title, ...] = ()
        self._results = PosterModel(posters, self)

    query = shown(str, "_query", changed)
    state = shown(str, "_state", changed)
    message = shown(str, "_message", changed)

    @Property(QObject, constant=True)
    def results(self) -> PosterModel:
        return self._results

    @Property(list, notify=changed)
    def recent(self) -> list[str]:
        """The last queries that led to a title, the newest first."""
        return list(self._memory.now.searches)

    @Slot(str)
    def setQuery(self, query: str) -> None:
        """What the viewer has typed so far."""
        query = query[:_LONGEST]
        if query == self._query:
            return
        self._query = query
        self._stop()
        if len(query.strip()) < _LEAST:
            self._show(SearchState.IDLE)
        else:
            self._pause.start()
            self._show(SearchState.SEARCHING, cards=self._cards)

    @Slot(str)
    def type(self, letters: str) -> None:
        """A key of the keyboard on the screen."""
        self.setQuery(self._query + letters)

    @Slot()
    def erase(self) -> None:
        self.setQuery(self._query[:-1])

    @Slot(str)
    def again(self, query: str) -> None:
        """One of the recent queries."""
        self.setQuery(query)
        self.submit()

    @Slot()
    def submit(self) -> None:
        """Search now."""
        self._stop()
        if len(self._query.strip()) >= _LEAST:
            self._show(SearchState.SEARCHING, cards=self._cards)
            self._question.ask(self._client.search(self._query.strip()))

    def card_of(self, title_id: str) -> Title | None:
        """A title that was found; the query that led to it is remembered."""
        card = next((one for one in self._cards if one.id == title_id), None)
        if card is not None and self._query.strip():
            self._memory.keep_search(self._query.strip())
            self.changed.emit()
        return card

    def forget_recent(self) -> None:
        """Delete the recent queries."""
        self._memory.forget_searches()
        self.changed.emit()

    def clear(self) -> None:
        """Forget everything, for another viewer."""
        self._stop()
        self._query = ""
        self._show(SearchState.IDLE)

    def _stop(self) -> None:
        self._pause.stop()
        self._question.stop()

    def _arrived(self, found: SearchPage) -> None:
        cards = found.items
        other = tr("Results for “{query}”.").format(query=found.corrected) if found.corrected else ""
        self._show(SearchState.FOUND if cards else SearchState.NOTHING, other, cards)

    def _failed(self, failure: PlaybackFailure) -> None:
        self._show(SearchState.ERROR, failure.sentence)

    @Slot()
    def refresh(self) -> None:
        """The page is shown: suggest what there is now."""
        if self._state is SearchState.IDLE:
            self._show(SearchState.IDLE)

    def _show(self, state: SearchState, message: str = "", cards: tuple[Title, ...] = ()) -> None:
        if state is SearchState.IDLE and not self.property("recent"):
            cards = tuple(self._suggest())[:_SUGGESTIONS]
        self._state, self._message, self._cards = state, message, cards
        self._results.replace(keep_posters(self._results.records, cards))
        self.changed.emit()
