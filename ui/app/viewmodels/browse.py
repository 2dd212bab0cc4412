"""A part of the catalogue on a page of its own: by genre, with a person, from A to Z; and what was watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import EVERYTHING, CatalogFilter, CatalogPage, Title
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.pending_request import PendingRequest
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import genre_words, tr
from ui.app.viewmodels.titles import PosterModel, keep_posters, poster_of


class BrowseState(StrEnum):
    """What the page as a whole shows."""

    LOADING = "loading"
    READY = "ready"
    EMPTY = "empty"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Filter:
    """A button over the titles; ``key`` is a genre, empty for all."""

    key: str
    label: str
    chosen: bool


class FilterModel(RecordModel[Filter]):
    record = Filter


class BrowseViewModel(QObject):
    """``show`` opens a part of the catalogue, ``show_history`` what was watched. ``signInNeeded(why)`` follows when
    the service takes the viewer for signed out."""

    changed = Signal()
    signInNeeded = Signal(str)

    def __init__(self, client: ClientPort, tasks: Tasks, posters: PosterCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._first = PendingRequest(tasks, self._arrived, self._failed, self.signInNeeded.emit)
        self._further = PendingRequest(tasks, self._next_page, self._failed, self.signInNeeded.emit)
        self._genres_question = PendingRequest(tasks, self._named, lambda _failure: None, self.signInNeeded.emit)
        self._history_question = PendingRequest(tasks, self._remembered, self._failed, self.signInNeeded.emit)
        self._choice = EVERYTHING
        self._history = False
        self._genres: tuple[str, ...] = ()
        self._filters = FilterModel(self)
        self._titles = PosterModel(posters, self)
        self._cards: list[Title] = []
        self._cursor: str | None = None
        self._state = BrowseState.LOADING
        self._message = ""

    state = shown(str, "_state", changed)
    message = shown(str, "_message", changed)
    isHistory = shown(bool, "_history", changed)

    @Property(QObject, constant=True)
    def titles(self) -> PosterModel:
        return self._titles

    @Property(QObject, constant=True)
    def filters(self) -> FilterModel:
        """The genres to choose from; none on the page of a person and in the history."""
        return self._filters

    @Property(str, notify=changed)
    def heading(self) -> str:
        if self._history:
            return tr("Watched lately")
        if self._choice.person:
            return self._choice.person
        return genre_words(self._choice.genre) if self._choice.genre else tr("All titles")

    @Property(bool, notify=changed)
    def byTitle(self) -> bool:
        """Whether they stand from A to Z; else the newest come first."""
        return self._choice.by_title

    def card_of(self, title_id: str) -> Title | None:
        return next((card for card in self._cards if card.id == title_id), None)

    def show(self, choice: CatalogFilter) -> None:
        """Show this part of the catalogue."""
        self._history = False
        self._choice = choice
        self._begin()

    def show_history(self) -> None:
        """Show what was watched."""
        self._history = True
        self._choice = EVERYTHING
        self._begin()

    @Slot()
    def refresh(self) -> None:
        """Ask the service; what is shown stays until it answers."""
        self._stop()
        if self._history:
            self._history_question.ask(self._client.history())
            return
        if not self._choice.person:
            self._genres_question.ask(self._client.genres())
        self._first.ask(self._client.catalog(None, self._choice))

    @Slot(str)
    def chooseGenre(self, genre: str) -> None:
        self.show(replace(self._choice, genre=genre))

    @Slot()
    def toggleOrder(self) -> None:
        """From A to Z, or the newest first."""
        self.show(replace(self._choice, by_title=not self._choice.by_title))

    def clear(self) -> None:
        """Forget everything, for another viewer."""
        self._stop()
        self._choice, self._history, self._genres = EVERYTHING, False, ()
        self._cards, self._cursor = [], None
        self._show(BrowseState.LOADING)

    def _begin(self) -> None:
        self._cards, self._cursor = [], None
        self._show(BrowseState.LOADING)
        self.refresh()

    def _stop(self) -> None:
        for question in (self._first, self._further, self._genres_question, self._history_question):
            question.stop()

    def _arrived(self, page: CatalogPage) -> None:
        self._cards, self._cursor = list(page.items), page.next_cursor
        self._show(BrowseState.READY if self._cards else BrowseState.EMPTY)

    def _remembered(self, cards: Sequence[Title]) -> None:
        self._arrived(CatalogPage(tuple(cards)))

    def _more(self) -> None:
        if self._cursor is not None and not self._further.waiting and not self._first.waiting:
            self._further.ask(self._client.catalog(self._cursor, self._choice))

    def _next_page(self, page: CatalogPage) -> None:
        known = {card.id for card in self._cards}
        new = [card for card in page.items if card.id not in known]
        self._cards.extend(new)
        self._cursor = page.next_cursor
        self._titles.more_wanted = self._more if self._cursor is not None else None
        self._titles.append([poster_of(card) for card in new])
        self.changed.emit()

    def _named(self, genres: Sequence[str]) -> None:
        self._genres = tuple(genres)
        self._publish_filters()

    def _failed(self, failure: PlaybackFailure) -> None:
        self._titles.more_wanted = None
        self._show(BrowseState.READY if self._cards else BrowseState.ERROR, failure.sentence)

    def _show(self, state: BrowseState, message: str = "") -> None:
        self._state, self._message = state, message
        self._titles.more_wanted = self._more if self._cursor is not None else None
        self._titles.replace(keep_posters(self._titles.records, self._cards))
        self._publish_filters()
        self.changed.emit()

    def _publish_filters(self) -> None:
        plain = self._history or bool(self._choice.person)
        names = [] if plain or not self._genres else ["", *self._genres]
        self._filters.replace(
            [Filter(one, genre_words(one) if one else tr("All"), one == self._choice.genre) for one in names]
        )
