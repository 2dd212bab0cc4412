"""The channels and what is on: a line for each, with how far the programme has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import Property, QDateTime, QLocale, QObject, QTimer, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import Channel, Programme, Title
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.pending_request import PendingRequest
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr

_LOOK_MS = 15_000


class ChannelsState(StrEnum):
    """What the page as a whole shows."""

    LOADING = "loading"
    READY = "ready"
    EMPTY = "empty"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """``progress`` (0..1) is how much of what is on now is over."""

    title_id: str
    name: str
    now: str
    after: str
    progress: float
    poster: str = ""


class ChannelModel(RecordModel[ChannelLine]):
    record = ChannelLine


class ChannelsViewModel(QObject):
    """Asked for whenever the page comes into view, and again when what is on somewhere has ended. In between the
    lines go on by the clock."""

    changed = Signal()
    signInNeeded = Signal(str)

    def __init__(
        self,
        client: ClientPort,
        tasks: Tasks,
        posters: PosterCache,
        parent: QObject | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(parent)
        self._client, self._posters, self._now = client, posters, now
        self._question = PendingRequest(tasks, self._arrived, self._failed, self.signInNeeded.emit)
        self._cards: tuple[Channel, ...] = ()
        self._lines = ChannelModel(self)
        self._state = ChannelsState.LOADING
        self._message = ""
        self._clock = QTimer(self, interval=_LOOK_MS)
        self._clock.timeout.connect(self.look)

    state = shown(str, "_state", changed)
    message = shown(str, "_message", changed)

    @Property(QObject, constant=True)
    def lines(self) -> ChannelModel:
        return self._lines

    def card_of(self, title_id: str) -> Title | None:
        return next((card.title for card in self._cards if card.title.id == title_id), None)

    def set_visible(self, *, visible: bool) -> None:
        """Whether a viewer sees the page."""
        if visible:
            self.refresh()
            self._clock.start()
        else:
            self._clock.stop()

    @Slot()
    def refresh(self) -> None:
        """Ask the service."""
        if not self._question.waiting:
            self._question.ask(self._client.channels())

    def clear(self) -> None:
        """Forget everything, for another viewer."""
        self._question.stop()
        self._cards, self._message, self._state = (), "", ChannelsState.LOADING
        self._publish()

    def look(self) -> None:
        """Time has passed."""
        if any(not _left(card.programmes, self._now()) for card in self._cards):
            self.refresh()
        self._publish()

    def _arrived(self, cards: Sequence[Channel]) -> None:
        self._cards, self._message = tuple(cards), ""
        self._state = ChannelsState.READY if cards else ChannelsState.EMPTY
        self._publish()

    def _failed(self, failure: PlaybackFailure) -> None:
        self._message = failure.sentence
        if not self._cards:
            self._state = ChannelsState.ERROR
        self.changed.emit()

    def _publish(self) -> None:
        self._lines.replace([self._line(card) for card in self._cards])
        self.changed.emit()

    def _line(self, card: Channel) -> ChannelLine:
        now_s = self._now()
        left = _left(card.programmes, now_s)
        title_id = card.title.id
        line = ChannelLine(title_id, card.title.title, "", "", 0.0, self._poster(card.title))
        if not left:
            return line
        on, *later = left
        share = (now_s - on.starts_at) / max(1.0, on.ends_at - on.starts_at)
        return replace(
            line,
            now=f"{_clock(on.starts_at)} – {_clock(on.ends_at)}  {on.title}",
            after=tr("Next at {begin}: {name}").format(begin=_clock(later[0].starts_at), name=later[0].title)
            if later
            else "",
            progress=min(1.0, max(0.0, share)),
        )

    def _poster(self, card: Title) -> str:
        return self._posters.get(card.poster_url, lambda _address: self._publish())


def _left(programmes: Sequence[Programme], now_s: float) -> list[Programme]:
    """What is not over yet."""
    return [one for one in programmes if one.ends_at > now_s]


def _clock(at: float) -> str:
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(round(at)).time(), QLocale.FormatType.ShortFormat)
