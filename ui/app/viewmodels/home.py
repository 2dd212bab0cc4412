"""The home page: rows of titles, the catalogue below them, and one featured title."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from player.base.errors import ANY_ERROR, ErrorCode
from player.reporting.state import PlaybackFailure
from player.service.model import CatalogPage, Title, TitleRow
from ui.app.ports.client import ClientPort
from ui.app.profile.home_cache import HomeCache, KeptHome
from ui.app.viewmodels.backoff import BackOff
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.pending_request import PendingRequest
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.rows import CONTINUE, RowsModel
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr
from ui.app.viewmodels.titles import PosterModel, is_begun, keep_posters, poster_of, wide_picture

_MAX_CONTINUE = 20
_MOST_FEATURED = 5
LIVE_MS = 60_000
_NO_NETWORK = frozenset(
    {
        ErrorCode.NET_DNS,
        ErrorCode.NET_REFUSED,
        ErrorCode.NET_TIMEOUT,
        ErrorCode.NET_STALLED,
        ErrorCode.NET_TRICKLE,
        ErrorCode.NET_CUT,
        ErrorCode.NET_UNREACHABLE,
    }
)


class HomeState(StrEnum):
    """What the page as a whole shows."""

    LOADING = "loading"
    READY = "ready"
    EMPTY = "empty"
    OFFLINE = "offline"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class HomeAnswer:
    """What the service answered; ``rows`` is None where it gave the catalogue only."""

    page: CatalogPage
    rows: tuple[TitleRow, ...] | None


class HomeViewModel(QObject):
    """Loads the rows, and the catalogue page by page. What is already shown stays while it is loaded again; what was
    shown in an earlier run comes from ``kept`` until the service answers. After a failure it is loaded again by
    itself, in growing intervals and only while the page is ``set_visible``.

    ``signInNeeded(why)`` follows when the service takes the viewer for signed out.
    """

    changed = Signal()
    signInNeeded = Signal(str)

    def __init__(
        self,
        client: ClientPort,
        tasks: Tasks,
        posters: PosterCache,
        parent: QObject | None = None,
        *,
        back_off: BackOff | None = None,
        kept: HomeCache | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self.posters = posters
        self._kept = kept
        self._owner = ""
        self._first = PendingRequest(tasks, self._arrived, self._failed, self.signInNeeded.emit)
        self._further = PendingRequest(tasks, self._next_page, self._failed, self.signInNeeded.emit)
        self._back_off = back_off or BackOff()
        self._retry = QTimer(self, singleShot=True)
        self._retry.timeout.connect(self._load)
        self._live = QTimer(self, interval=LIVE_MS)  # what is new comes without being asked for
        self._live.timeout.connect(self._look_again)
        self._visible = False
        self._failing = False
        self._offline = False
        self._state = HomeState.LOADING
        self._message = ""
        self._notice = ""
        self._cursor: str | None = None
        self._cards: list[Title] = []
        self._titles = PosterModel(posters, self)
        self._rows = RowsModel(posters, self)
        self._featured = PosterModel(posters, self)
        self._featured_card: Title | None = None
        self._turn = 0  # how often the featured title has changed

    state = shown(str, "_state", changed)
    message = shown(str, "_message", changed)
    notice = shown(str, "_notice", changed)
    offline = shown(bool, "_offline", changed)

    @Property(QObject, constant=True)
    def titles(self) -> PosterModel:
        return self._titles

    @Property(QObject, constant=True)
    def rows(self) -> RowsModel:
        return self._rows

    @Property(QObject, constant=True)
    def featured(self) -> PosterModel:
        """One title, or none."""
        return self._featured

    @Property(str, notify=changed)
    def featuredStill(self) -> str:
        """The picture of the featured title's card: it stands in for the wide one until that is there."""
        card = self._featured_card
        return self.posters.known(wide_picture(card)) if card is not None and card.backdrop_url else ""

    def open_for(self, owner: str, maturity: int) -> None:
        """Show the page to ``owner``, an account with a profile that may watch titles up to this age rating: what was
        there last at once, and again as soon as the service answers."""
        self._owner = owner
        kept = self._kept
        if kept is not None and not self._cards:

            def show(found: KeptHome | None) -> None:
                if found is not None and self._owner == owner and not self._cards:
                    self._show_kept(found.up_to(maturity))

            self._tasks.run(asyncio.to_thread(kept.load, owner), show, lambda _failure: None)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Load everything from its beginning, because the viewer wants to see it now."""
        if not self._cards:
            self._state = HomeState.LOADING
        self.changed.emit()
        self._back_off.reset()
        self._load()

    @Slot()
    def turnFeatured(self) -> None:
        """Feature the next title."""
        self._turn += 1
        self._feature()
        self.changed.emit()

    def _feature(self) -> None:
        found = {card.id: card for card in (*self._rows.titles(CONTINUE)[:1], *self._cards[:_MOST_FEATURED])}
        shown_ones = [card for card in found.values() if card.backdrop_url] or [*found.values()]
        card = shown_ones[self._turn % len(shown_ones)] if shown_ones else None
        self._featured_card = card
        large = [] if card is None else [replace(card, still_url=card.backdrop_url)]
        self._featured.replace(keep_posters(self._featured.records, large))

    def set_visible(self, *, visible: bool) -> None:
        """Whether a viewer sees the page: out of sight nothing is tried again, and back in sight at once."""
        if visible == self._visible:
            return
        self._visible = visible
        self._retry.stop()
        (self._live.start if visible else self._live.stop)()
        if visible and self._failing and not self._asks:
            self._back_off.reset()
            self._load()

    def _look_again(self) -> None:
        if self._owner and not self._failing and not self._asks:
            self._load()

    def clear(self) -> None:
        """Show nothing any more, for another viewer."""
        self._stop()
        self._owner = ""
        self._failing = self._offline = False
        self._cards = []
        self._state, self._message, self._notice = HomeState.LOADING, "", ""
        self._rows.show(())
        self._publish()

    def forget(self) -> None:
        """Have nothing on the disk either: the viewer has signed out."""
        self.clear()
        if self._kept is not None:
            self._tasks.run(asyncio.to_thread(self._kept.forget), lambda _none: None, lambda _failure: None)

    def suggestions(self) -> list[Title]:
        """Titles that the viewer has not begun: of the rows, then of the catalogue."""
        found = {card.id: card for card in (*self._rows.cards(), *self._cards) if not card.progress.watched_at}
        return list(found.values())

    def title_of(self, title_id: str) -> Title | None:
        shown_ones = (*self._cards, *self._rows.cards())
        return next((card for card in shown_ones if card.id == title_id), None)

    def _load(self) -> None:
        self._stop()
        self._first.ask(_first_screen(self._client))

    @property
    def _asks(self) -> bool:
        return self._first.waiting or self._further.waiting

    def _stop(self) -> None:
        self._retry.stop()
        self._first.stop()
        self._further.stop()

    def _arrived(self, screen: HomeAnswer) -> None:
        fresh = list(screen.page.items)
        same = [card.id for card in fresh] == [card.id for card in self._cards[: len(fresh)]]
        if same and len(self._cards) > len(fresh) and self._cursor is not None:
            self._cards[: len(fresh)] = fresh  # the viewer has walked on from here, and stays there
            self._accept(self._cursor)
        else:
            self._cards = fresh
            self._accept(screen.page.next_cursor)
        self._state = HomeState.READY if self._cards else HomeState.EMPTY
        self._message = self._notice = ""
        self._rows.show(self._own_rows() if screen.rows is None else screen.rows)
        self._publish()
        self._keep()

    def _own_rows(self) -> Sequence[TitleRow]:
        """Without the service's rows: those that were there, with what the catalogue knows to be begun."""
        begun = sorted(filter(is_begun, self._cards), key=lambda card: card.progress.watched_at, reverse=True)
        rest = [row for row in self._rows.rows if row.key != CONTINUE]
        return [TitleRow(CONTINUE, tuple(begun[:_MAX_CONTINUE])), *rest]

    def _keep(self) -> None:
        if self._kept is not None and self._owner:
            kept = KeptHome(self._owner, tuple(self._cards), self._rows.rows)
            self._tasks.run(asyncio.to_thread(self._kept.keep, kept), lambda _none: None, lambda _failure: None)

    def _show_kept(self, kept: KeptHome) -> None:
        if not kept.titles:
            return
        self._cards = list(kept.titles)
        self._cursor = None
        self._titles.more_wanted = None
        self._state, self._message = HomeState.READY, ""
        self._notice = _offline_words() if self._offline else ""
        self._rows.show(kept.rows)
        self._publish()

    def _more(self) -> None:
        if not self._asks and self._cursor is not None:
            self._further.ask(self._client.catalog(self._cursor))

    def _next_page(self, page: CatalogPage) -> None:
        known = {card.id for card in self._cards}
        new = [card for card in page.items if card.id not in known]
        self._cards.extend(new)
        self._accept(page.next_cursor)
        self._titles.append([poster_of(card) for card in new])  # however many there are already, only these are work
        self.changed.emit()

    def _accept(self, cursor: str | None) -> None:
        self._failing = self._offline = False
        self._retry.stop()
        self._back_off.reset()
        self._cursor = cursor
        self._titles.more_wanted = self._more if self._cursor is not None else None

    def _failed(self, failure: PlaybackFailure) -> None:
        self._offline = failure.code in _NO_NETWORK
        if self._cards:
            self._notice = _offline_words() if self._offline else failure.sentence
        else:
            self._state = HomeState.OFFLINE if self._offline else HomeState.ERROR
            self._message = failure.sentence
        self._titles.more_wanted = None
        self._failing = True
        if self._visible:
            self._retry.start(round(1000 * self._back_off.next_s()))
        self.changed.emit()

    def _publish(self) -> None:
        self._titles.replace(keep_posters(self._titles.records, self._cards))
        self._feature()
        self.changed.emit()


async def _first_screen(client: ClientPort) -> HomeAnswer:
    """Catalogue and rows at once. Without the catalogue there is no page, without the rows there is."""
    rows = asyncio.ensure_future(client.rows())
    try:
        page = await client.catalog(None)
    except BaseException:
        rows.cancel()
        raise
    try:
        return HomeAnswer(page, tuple(await rows))
    except ANY_ERROR:
        return HomeAnswer(page, None)


def _offline_words() -> str:
    return tr("You are offline. This page shows the last known state.")
