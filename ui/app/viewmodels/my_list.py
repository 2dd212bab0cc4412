"""The viewer's own list: its page, and whether the title that is shown is on it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import Title
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.pending_request import SIGNED_OUT, PendingRequest
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.titles import PosterModel, keep_posters


class MyListState(StrEnum):
    """What the page as a whole shows."""

    LOADING = "loading"
    READY = "ready"
    EMPTY = "empty"
    ERROR = "error"


class MyListViewModel(QObject):
    """A change shows at once and is taken back when the service does not take it. ``signInNeeded(why)`` follows when
    the service takes the viewer for signed out."""

    changed = Signal()
    signInNeeded = Signal(str)
    refused = Signal(str)  # a change was not taken: why

    def __init__(self, client: ClientPort, tasks: Tasks, posters: PosterCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._question = PendingRequest(tasks, self._arrived, self._failed, self.signInNeeded.emit)
        self._cards: tuple[Title, ...] = ()
        self._titles = PosterModel(posters, self)
        self._state = MyListState.LOADING
        self._message = ""

    state = shown(str, "_state", changed)
    message = shown(str, "_message", changed)

    @Property(QObject, constant=True)
    def titles(self) -> PosterModel:
        return self._titles

    def holds(self, title_id: str) -> bool:
        """Whether a title is on the list, as far as is known."""
        return any(card.id == title_id for card in self._cards)

    def card_of(self, title_id: str) -> Title | None:
        return next((card for card in self._cards if card.id == title_id), None)

    @Slot()
    def refresh(self) -> None:
        """Ask the service."""
        if not self._question.waiting:
            self._question.ask(self._client.my_list())

    def toggle(self, card: Title) -> None:
        """Put a title on the list, or take it off."""
        before = self._cards
        listed = not self.holds(card.id)
        rest = tuple(one for one in before if one.id != card.id)
        self._question.stop()  # what is on its way knows nothing of this
        self._show((card, *rest) if listed else rest)
        self._tasks.run(
            self._client.put_listed(card.id, listed=listed),
            lambda _stands: self.refresh(),
            lambda failure: self._not_taken(failure, before),
        )

    def clear(self) -> None:
        """Forget everything, for another viewer."""
        self._question.stop()
        self._show((), state=MyListState.LOADING)

    def _arrived(self, cards: Sequence[Title]) -> None:
        self._show(tuple(cards))

    def _not_taken(self, failure: PlaybackFailure, before: tuple[Title, ...]) -> None:
        if failure.code in SIGNED_OUT:
            self.signInNeeded.emit(failure.sentence)
            return
        self._show(before, failure.sentence)
        self.refused.emit(failure.sentence)

    def _failed(self, failure: PlaybackFailure) -> None:
        self._show(self._cards, failure.sentence, None if self._cards else MyListState.ERROR)

    def _show(self, cards: tuple[Title, ...], message: str = "", state: MyListState | None = None) -> None:
        self._cards, self._message = cards, message
        self._state = state or (MyListState.READY if cards else MyListState.EMPTY)
        self._titles.replace(keep_posters(self._titles.records, cards))
        self.changed.emit()
