"""The page of one title: what it is, in which qualities, and where the viewer stopped."""

from __future__ import annotations

from PySide6.QtCore import Property, QDateTime, QLocale, QObject, Signal

from player.errors import ErrorCode
from player.state import Failure
from ui.ports import ClientPort, TitleCard
from ui.viewmodels.binding import shown
from ui.viewmodels.home import SIGNED_OUT
from ui.viewmodels.posters import PosterCache
from ui.viewmodels.tasks import Task, Tasks
from ui.viewmodels.text import clock_time, tr
from ui.viewmodels.titles import PosterModel, is_begun, poster_of


class DetailsViewModel(QObject):
    """Shows a title with what is known already, and again once the service has answered.

    ``signInNeeded(why)`` follows when the service takes the viewer for signed out.
    """

    changed = Signal()
    signInNeeded = Signal(str)

    def __init__(self, client: ClientPort, tasks: Tasks, posters: PosterCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._task: Task[TitleCard] | None = None
        self._card: TitleCard | None = None
        self._model = PosterModel(posters, self)
        self._notice = ""
        self._gone = False

    @property
    def card(self) -> TitleCard | None:
        """The title that is shown."""
        return self._card

    notice = shown(str, "_notice", changed)
    gone = shown(bool, "_gone", changed)

    @Property(QObject, constant=True)
    def title(self) -> PosterModel:
        """The one title, or none."""
        return self._model

    @Property(str, notify=changed)
    def titleId(self) -> str:
        return self._card.id if self._card else ""

    @Property(str, notify=changed)
    def name(self) -> str:
        return self._card.name if self._card else ""

    @Property(bool, notify=changed)
    def begun(self) -> bool:
        return self._card is not None and is_begun(self._card)

    @Property(str, notify=changed)
    def furthest(self) -> str:
        """The time at which another device got further than where one goes on; empty where none did."""
        furthest_s = self.furthest_s
        return "" if furthest_s is None else clock_time(furthest_s)

    @property
    def furthest_s(self) -> float | None:
        """The same in seconds; what does not lie in the title counts for nothing."""
        card = self._card
        if card is None or card.furthest_s is None or not card.progress_s < card.furthest_s < card.duration_s:
            return None
        return card.furthest_s

    @Property(str, notify=changed)
    def qualities(self) -> str:
        """All rungs, the best first."""
        heights = sorted(self._card.heights, reverse=True) if self._card else []
        return ", ".join(f"{height}p" for height in heights)

    @Property(str, notify=changed)
    def protection(self) -> str:
        variants = self._card.variants if self._card else ()
        return tr("Encrypted") if "encrypted" in variants else tr("Not encrypted") if variants else ""

    @Property(str, notify=changed)
    def rating(self) -> str:
        """From which age it may be watched."""
        return tr("from {age}").format(age=self._card.maturity) if self._card and self._card.maturity else ""

    @Property(str, notify=changed)
    def added(self) -> str:
        """The day the title was published, in the form of the viewer's language."""
        if self._card is None or not self._card.published_at:
            return ""
        day = QDateTime.fromSecsSinceEpoch(int(self._card.published_at)).date()
        return QLocale().toString(day, QLocale.FormatType.LongFormat)

    def show(self, card: TitleCard) -> None:
        """Show this title and ask the service for news of it."""
        self._notice, self._gone = "", False
        self._show(card)
        self.refresh()

    def refresh(self) -> None:
        """Ask for news: the position changes while the title is watched."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._card is not None:
            self._task = self._tasks.run(self._client.title(self._card.id), self._arrived, self._failed)

    def clear(self) -> None:
        """Forget the title."""
        self._card = None
        self._notice, self._gone = "", False
        self._model.replace([])
        self.refresh()
        self.changed.emit()

    def _arrived(self, card: TitleCard) -> None:
        self._notice, self._gone = "", False
        self._show(card)

    def _failed(self, failure: Failure) -> None:
        if failure.code in SIGNED_OUT:
            self.signInNeeded.emit(failure.sentence)
            return
        self._gone = failure.code == ErrorCode.SERVICE_NOT_FOUND
        self._notice = failure.sentence
        self.changed.emit()

    def _show(self, card: TitleCard) -> None:
        self._card = card
        old = next((poster.poster for poster in self._model.records if poster.title_id == card.id), "")
        self._model.replace([poster_of(card, old)])
        self.changed.emit()
