"""The home page: the catalogue, what the viewer has begun, and one featured title."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import Property, QModelIndex, QObject, QPersistentModelIndex, QTimer, Signal, Slot

from player.errors import ErrorCode
from player.state import Failure
from ui.ports import CatalogPage, ClientPort, TitleCard
from ui.viewmodels.backoff import BackOff
from ui.viewmodels.binding import RecordModel, shown
from ui.viewmodels.posters import PosterCache
from ui.viewmodels.tasks import Task, Tasks
from ui.viewmodels.text import duration_words, tr

_NO_PARENT = QModelIndex()
_WATCHED_SHARE = 0.95  # a title seen this far counts as finished
_BEGUN_SHARE = 0.01
_MAX_CONTINUE = 20
_NO_NETWORK = frozenset(
    {
        ErrorCode.NET_DNS,
        ErrorCode.NET_REFUSED,
        ErrorCode.NET_TIMEOUT,
        ErrorCode.NET_STALLED,
        ErrorCode.NET_CUT,
        ErrorCode.NET_UNREACHABLE,
    }
)

# The service wants a new sign-in.
SIGNED_OUT = frozenset({ErrorCode.SERVICE_EXPIRED, ErrorCode.SERVICE_SIGN_IN})


class HomeState(StrEnum):
    """What the page as a whole shows."""

    LOADING = "loading"
    READY = "ready"
    EMPTY = "empty"
    OFFLINE = "offline"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Poster:
    """A title as a delegate shows it."""

    title_id: str
    name: str
    facts: str  # year, length, quality
    synopsis: str
    progress: float  # 0..1
    remaining: str
    poster: str = ""  # file: address, empty until it is there
    poster_url: str = ""


class PosterModel(RecordModel[Poster]):
    """Titles in a row or grid. A poster is fetched when a delegate first asks for it, and ``wanted_more`` is called
    when the view comes near the end."""

    record = Poster

    def __init__(self, posters: PosterCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posters = posters
        self.more_wanted: Callable[[], None] | None = None
        self._poster_role = next(role for role, name in self._fields.items() if name == "poster")

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        if role == self._poster_role:
            self._load_poster(index.row())
        return super().data(index, role)

    def canFetchMore(self, parent: QModelIndex | QPersistentModelIndex) -> bool:
        return not parent.isValid() and self.more_wanted is not None

    def fetchMore(self, parent: QModelIndex | QPersistentModelIndex) -> None:
        if self.more_wanted is not None and not parent.isValid():
            self.more_wanted()

    def _load_poster(self, row: int) -> None:
        record = self.records[row]
        if record.poster or not record.poster_url:
            return
        address = self._posters.get(
            record.poster_url, lambda address: self._show_poster(row, record.title_id, address)
        )
        if address:
            self.records[row] = replace(record, poster=address)

    def _show_poster(self, row: int, title_id: str, address: str) -> None:
        if row >= len(self.records) or self.records[row].title_id != title_id:
            row = next((i for i, record in enumerate(self.records) if record.title_id == title_id), -1)
        if row >= 0:
            self.put(row, replace(self.records[row], poster=address))


class HomeViewModel(QObject):
    """Loads the catalogue page by page. What is already shown stays while it is loaded anew. After a failure it is
    loaded again by itself, in growing intervals and only while the page is ``set_visible``.

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
        back_off: BackOff | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self.posters = posters
        self._task: Task[CatalogPage] | None = None
        self._back_off = back_off or BackOff()
        self._retry = QTimer(self, singleShot=True)
        self._retry.timeout.connect(self._load)
        self._visible = False
        self._failing = False
        self._state = HomeState.LOADING
        self._message = ""
        self._notice = ""
        self._cursor: str | None = None
        self._cards: list[TitleCard] = []
        self._titles = PosterModel(posters, self)
        self._continue = PosterModel(posters, self)
        self._featured = PosterModel(posters, self)

    state = shown(str, "_state", changed)
    message = shown(str, "_message", changed)
    notice = shown(str, "_notice", changed)

    @Property(QObject, constant=True)
    def titles(self) -> PosterModel:
        return self._titles

    @Property(QObject, constant=True)
    def continueWatching(self) -> PosterModel:
        return self._continue

    @Property(QObject, constant=True)
    def featured(self) -> PosterModel:
        """One title, or none."""
        return self._featured

    @Slot()
    def refresh(self) -> None:
        """Load the catalogue from its beginning, because the viewer wants to see it now."""
        if not self._cards:
            self._state = HomeState.LOADING
        self.changed.emit()
        self._back_off.reset()
        self._load()

    def set_visible(self, *, visible: bool) -> None:
        """Whether a viewer sees the page: out of sight nothing is tried again, and back in sight at once."""
        if visible == self._visible:
            return
        self._visible = visible
        self._retry.stop()
        if visible and self._failing and self._task is None:
            self._back_off.reset()
            self._load()

    @Slot()
    def clear(self) -> None:
        """Forget everything, for another viewer."""
        self._stop()
        self._failing = False
        self._cards = []
        self._state, self._message, self._notice = HomeState.LOADING, "", ""
        self._publish()

    def title_of(self, title_id: str) -> TitleCard | None:
        return next((card for card in self._cards if card.id == title_id), None)

    def _load(self) -> None:
        self._stop()
        self._task = self._tasks.run(self._client.catalog(None), self._first_page, self._failed)

    def _stop(self) -> None:
        self._retry.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _first_page(self, page: CatalogPage) -> None:
        self._cards = list(page.titles)
        self._state = HomeState.READY if self._cards else HomeState.EMPTY
        self._message = self._notice = ""
        self._accept(page)
        self._publish()

    def _more(self) -> None:
        if self._task is None and self._cursor is not None:
            self._task = self._tasks.run(self._client.catalog(self._cursor), self._next_page, self._failed)

    def _next_page(self, page: CatalogPage) -> None:
        known = {card.id for card in self._cards}
        new = [card for card in page.titles if card.id not in known]
        self._cards.extend(new)
        self._accept(page)
        if any(is_begun(card) for card in new):
            self._publish()
        else:  # however many there are already, only these are work
            self._titles.append([poster_of(card) for card in new])
            self.changed.emit()

    def _accept(self, page: CatalogPage) -> None:
        self._task = None
        self._failing = False
        self._retry.stop()
        self._back_off.reset()
        self._cursor = page.next_cursor
        self._titles.more_wanted = self._more if self._cursor is not None else None

    def _failed(self, failure: Failure) -> None:
        self._task = None
        if failure.code in SIGNED_OUT:
            self.signInNeeded.emit(failure.sentence)
            return
        offline = failure.code in _NO_NETWORK
        if self._cards:
            self._notice = tr("You are offline. This is what was here before.") if offline else failure.sentence
        else:
            self._state = HomeState.OFFLINE if offline else HomeState.ERROR
            self._message = failure.sentence
        self._titles.more_wanted = None
        self._failing = True
        if self._visible:
            self._retry.start(round(1000 * self._back_off.next_s()))
        self.changed.emit()

    def _publish(self) -> None:
        begun = sorted((card for card in self._cards if is_begun(card)), key=lambda c: c.watched_at, reverse=True)
        self._titles.replace(keep_posters(self._titles.records, self._cards))
        self._continue.replace(keep_posters(self._continue.records, begun[:_MAX_CONTINUE]))
        self._featured.replace(keep_posters(self._featured.records, (begun or self._cards)[:1]))
        self.changed.emit()


def is_begun(card: TitleCard) -> bool:
    """Whether a title has been watched in part."""
    return _BEGUN_SHARE < _share(card) < _WATCHED_SHARE


def _share(card: TitleCard) -> float:
    return min(1.0, card.progress_s / card.duration_s) if card.duration_s > 0 else 0.0


def keep_posters(old: Sequence[Poster], cards: Sequence[TitleCard]) -> list[Poster]:
    """The titles as delegates show them, with the pictures that ``old`` has already."""
    pictures = {(poster.title_id, poster.poster_url): poster.poster for poster in old}
    return [poster_of(card, pictures.get((card.id, card.poster_url), "")) for card in cards]


def poster_of(card: TitleCard, picture: str = "") -> Poster:
    """A title as delegates show it; ``picture`` is its poster where that is there already."""
    facts = [str(card.year) if card.year else "", duration_words(card.duration_s)]
    facts.append(f"{card.height}p" if card.height else "")
    begun = is_begun(card)
    left = duration_words(card.duration_s - card.progress_s)
    return Poster(
        title_id=card.id,
        name=card.name,
        facts="  ·  ".join(fact for fact in facts if fact),
        synopsis=card.synopsis,
        progress=_share(card) if begun else 0.0,
        remaining=tr("{time} left").format(time=left) if begun else "",
        poster=picture,
        poster_url=card.poster_url,
    )
