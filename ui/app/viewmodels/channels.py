"""The guide: channels down, time across, a card for each programme, and how far what is on has come."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from PySide6.QtCore import Property, QDateTime, QLocale, QObject, QTimer, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import Channel, Programme, Title
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.pending_request import PendingRequest
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.recordings import RecordingsViewModel
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr

_LOOK_MS = 15_000
_SPANS_S = (240, 480, 900, 1800, 3600, 7200, 14400)  # that the guide may show at once
_PROGRAMMES_WIDE = 4  # of the usual length
_TICKS = 4
_MOST_CARDS = 12  # of a channel (ChannelLine.qml)
_MOST_CARDS_OVER = 4  # of what was on, beside what is
_BY_MINUTES_S = 900
_SOON_S = 60.0  # known further than the guide shows


class ChannelsState(StrEnum):
    """What the page as a whole shows."""

    LOADING = "loading"
    READY = "ready"
    EMPTY = "empty"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """A channel. Its ``programmes`` have ``name``, ``from`` and ``to`` (places in the guide, 0..1), ``begins`` (s
    since 1970), ``when``, ``left`` and ``recorded`` (words), ``on``, ``over``, ``recordable``, and ``progress``
    (0..1)."""

    title_id: str
    name: str
    synopsis: str
    programmes: Sequence[Mapping[str, object]] = field(default=())
    poster: str = ""
    backdrop: str = ""


class ChannelModel(RecordModel[ChannelLine]):
    record = ChannelLine


class ChannelsViewModel(QObject):
    """Asked for whenever the page comes into view, and again when what is on somewhere has ended or the guide would
    have gaps. In between the cards go on by the clock."""

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
        self._recordings = RecordingsViewModel(client, tasks, posters, self)
        self._recordings.signInNeeded.connect(self.signInNeeded)
        self._recordings.changed.connect(self._publish)
        self._state = ChannelsState.LOADING
        self._message = ""
        self._begin_s, self._span_s = 0.0, float(_SPANS_S[0])
        self._back = 0  # by so many steps the guide shows what was on
        self._hours: list[str] = []
        self._now_at = 0.0
        self._clock = QTimer(self, interval=_LOOK_MS)
        self._clock.timeout.connect(self.look)

    state = shown(str, "_state", changed)
    message = shown(str, "_message", changed)
    nowAt = shown(float, "_now_at", changed)  # where the present stands in the guide, 0..1

    @property
    def kept(self) -> RecordingsViewModel:
        """What the viewer records."""
        return self._recordings

    @Property(QObject, constant=True)
    def recordings(self) -> RecordingsViewModel:
        return self._recordings

    @Property(QObject, constant=True)
    def lines(self) -> ChannelModel:
        return self._lines

    @Property(list, notify=changed)
    def hours(self) -> list[str]:
        """What the time line says, at equal distances from its start."""
        return self._hours

    def card_of(self, title_id: str) -> Title | None:
        return next((card.title for card in self._cards if card.title.id == title_id), None)

    def date_of(self, title_id: str, begins: float) -> float:
        """A time of the guide by the clock of the service."""
        return begins - next((card.ahead_s for card in self._cards if card.title.id == title_id), 0.0)

    @Slot(str, float)
    def record(self, title_id: str, begins: float) -> None:
        """Record the programme that begins then, or record it no more."""
        self._recordings.toggle(title_id, self.date_of(title_id, begins))

    @Slot(str, float, int, result=float)
    def reveal(self, title_id: str, begins: float, step: int) -> float:
        """Move the guide to the programme before (-1) or after (1) the one that begins then, which is at its edge.
        Where that one begins; -1 where there is none."""
        listed = next((self._reachable(card) for card in self._cards if card.title.id == title_id), [])
        starts = [one.starts_at for one in listed]
        place = starts.index(begins) + step if begins in starts else -1
        if not 0 <= place < len(listed):
            return -1.0
        back = self._back_for(listed[place])
        if back is None:
            return -1.0
        before, self._back = self._back, back
        self._publish()
        line = next(line for line in self._lines.records if line.title_id == title_id)
        if any(one["begins"] == listed[place].starts_at for one in line.programmes):
            return listed[place].starts_at
        self._back = before  # there are more than the guide has room for
        self._publish()
        return -1.0

    @Slot()
    def present(self) -> None:
        """Show what is on now."""
        self._back = 0
        self._publish()

    def _back_for(self, one: Programme) -> int | None:
        """By how many steps the guide is moved back to show this; None where it comes later than the guide shows."""
        step_s = self._span_s / _TICKS
        present_s, begin_s = math.floor(self._now() / step_s) * step_s, self._begin_s
        if one.starts_at < begin_s:
            begin_s = math.floor(one.starts_at / step_s) * step_s
        elif one.ends_at > begin_s + self._span_s:
            begin_s = math.ceil((min(one.ends_at, one.starts_at + self._span_s) - self._span_s) / step_s) * step_s
        if begin_s > present_s and one.starts_at >= present_s + self._span_s:
            return None
        return max(0, round((present_s - begin_s) / step_s))

    def set_visible(self, *, visible: bool) -> None:
        """Whether a viewer sees the page."""
        if visible:
            self.refresh()
            self._publish()
            self._clock.start()
        else:
            self._clock.stop()

    @Slot()
    def refresh(self) -> None:
        """Ask the service."""
        if not self._question.waiting:
            self._question.ask(self._client.channels())
        self._recordings.refresh()

    def clear(self) -> None:
        """Forget everything, for another viewer."""
        self._question.stop()
        self._recordings.clear()
        self._cards, self._message, self._state = (), "", ChannelsState.LOADING
        self._publish()

    def look(self) -> None:
        """Time has passed."""
        self._publish()
        if any(self._runs_out(card) for card in self._cards):
            self.refresh()
        elif self._recordings.changing:
            self._recordings.refresh()

    def _runs_out(self, card: Channel) -> bool:
        left = _left(card.programmes, self._now())
        return not left or left[-1].ends_at < self._begin_s + self._span_s + _SOON_S

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
        now_s = self._now()
        self._span_s = _span_s(self._cards)
        step_s = self._span_s / _TICKS
        self._begin_s = (math.floor(now_s / step_s) - self._back) * step_s
        self._hours = [_clock(self._begin_s + number * step_s, self._span_s) for number in range(_TICKS)]
        self._now_at = (now_s - self._begin_s) / self._span_s
        self._lines.replace([self._line(card, now_s) for card in self._cards])
        self.changed.emit()

    def _line(self, card: Channel, now_s: float) -> ChannelLine:
        title = card.title
        end_s = self._begin_s + self._span_s
        listed = [one for one in self._reachable(card) if one.ends_at > self._begin_s and one.starts_at < end_s]
        over = [one for one in listed if one.ends_at <= now_s]
        coming = listed[len(over) :]
        over = over[-_MOST_CARDS_OVER:] if coming else over[:_MOST_CARDS]
        shown_now = [self._programme(one, card, now_s) for one in (*over, *coming)[:_MOST_CARDS]]
        return ChannelLine(
            title.id,
            title.title,
            title.synopsis,
            shown_now,
            self._picture(title.poster_url),
            self._picture(title.backdrop_url or title.poster_url),
        )

    def _reachable(self, card: Channel) -> list[Programme]:
        """What is on and comes, and before it what a viewer can still go back to."""
        return [one for one in card.programmes if one.ends_at > self._now() - card.back_s]

    def _programme(self, one: Programme, card: Channel, now_s: float) -> Mapping[str, object]:
        over = one.ends_at <= now_s
        on = one.starts_at <= now_s and not over
        whole = one.starts_at >= now_s - card.back_s
        return {
            "name": one.title,
            "from": max(0.0, (one.starts_at - self._begin_s) / self._span_s),
            "to": min(1.0, (one.ends_at - self._begin_s) / self._span_s),
            "cut": one.starts_at < self._begin_s,
            "begins": one.starts_at,
            "when": f"{_clock(one.starts_at, self._span_s)} – {_clock(one.ends_at, self._span_s)}",
            "left": _over_words(whole=whole) if over else _time_left(one.ends_at - now_s) if on else "",
            "recordable": one.recordable,
            "recorded": self._recordings.words(card.title.id, one.starts_at - card.ahead_s),
            "on": on,
            "over": over,
            "progress": min(1.0, max(0.0, (now_s - one.starts_at) / max(1.0, one.ends_at - one.starts_at))),
        }

    def _picture(self, url: str) -> str:
        return self._posters.get(url, lambda _address: self._publish())


def _left(programmes: Sequence[Programme], now_s: float) -> list[Programme]:
    """What is not over yet."""
    return [one for one in programmes if one.ends_at > now_s]


def _span_s(cards: Sequence[Channel]) -> float:
    """How much time the guide shows: some programmes of the usual length."""
    lengths = sorted(one.ends_at - one.starts_at for card in cards for one in card.programmes)
    wanted = lengths[len(lengths) // 2] * _PROGRAMMES_WIDE if lengths else 0.0
    return float(next((span for span in _SPANS_S if span >= wanted), _SPANS_S[-1]))


def _clock(at: float, span_s: float) -> str:
    """The time of day; with seconds where the guide is about minutes."""
    moment = QDateTime.fromSecsSinceEpoch(round(at)).time()
    if span_s >= _BY_MINUTES_S:
        return QLocale().toString(moment, QLocale.FormatType.ShortFormat)
    return QLocale().toString(moment, "HH:mm:ss")


def _over_words(*, whole: bool) -> str:
    return tr("Enter plays it from its start") if whole else tr("Enter plays what is left of it")


def _time_left(left_s: float) -> str:
    minutes = round(left_s / 60)
    return tr("{count} min left").format(count=minutes) if minutes >= 1 else tr("Ends in a moment")
