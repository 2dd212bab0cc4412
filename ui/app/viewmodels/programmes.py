"""The programmes of the channel that plays: what is on at a time, and where on the timeline each of them began."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from player.manifest.chapters import Chapter
from player.reporting.state import LiveView, PlaybackState
from player.service.model import Channel
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.pending_request import PendingRequest
from ui.app.viewmodels.tasks import Tasks

if TYPE_CHECKING:
    from player.title.opening import PlaybackSource

_AGAIN_MS = 60_000
_ROUNDING_S = 0.05


@dataclass(frozen=True, slots=True)
class PlacedProgramme:
    """A programme on the timeline of a playback; ``whole``: one can still go back to where it began. ``starts_at`` is
    its date by the service's clock, None where it may not be recorded."""

    title: str
    start_s: float
    end_s: float
    whole: bool
    starts_at: float | None = field(default=None, compare=False)


def placed(channel: Channel, view: LiveView) -> list[PlacedProgramme]:
    """The programmes of which there is something in the window, in their order. Pure."""
    found: list[PlacedProgramme] = []
    for one in channel.programmes:
        start_s = view.dates.time_of(one.starts_at - channel.ahead_s)
        end_s = view.dates.time_of(one.ends_at - channel.ahead_s)
        if start_s is None or end_s is None or end_s <= view.start_s or start_s >= view.edge_s:
            continue
        whole = start_s >= view.start_s - _ROUNDING_S
        date = one.starts_at - channel.ahead_s if one.recordable else None
        found.append(PlacedProgramme(one.title, max(start_s, view.start_s), end_s, whole, date))
    return found


def programme_at(programmes: Sequence[PlacedProgramme], time_s: float) -> PlacedProgramme | None:
    """What is on at a time of the timeline. Pure."""
    return next((one for one in programmes if one.start_s - _ROUNDING_S <= time_s < one.end_s - _ROUNDING_S), None)


class PlayingProgrammes(QObject):
    """Asks the service for the guide as long as a channel of it plays. ``arrived`` follows when something new is
    known. Where the service does not answer, there are no programmes."""

    arrived = Signal()

    def __init__(
        self,
        client: ClientPort,
        tasks: Tasks,
        parent: QObject | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(parent)
        self._client, self._now = client, now
        self._question: PendingRequest[Sequence[Channel]] = PendingRequest(
            tasks, self._answered, lambda _failure: None, lambda _sentence: None
        )
        self._title_id = ""
        self._channel: Channel | None = None
        self._placed: Sequence[PlacedProgramme] = ()
        self._again = QTimer(self, interval=_AGAIN_MS)
        self._again.timeout.connect(self._ask)

    def follow(self, source: PlaybackSource | None) -> None:
        """This plays from now on."""
        self._question.stop()
        self._again.stop()
        self._title_id = "" if source is None else source.title_id
        self._channel, self._placed = None, ()

    def marked(self, state: PlaybackState) -> PlaybackState:
        """The state with a chapter for each programme, where it is one of a channel."""
        view = state.live_view
        if view is not None and self._title_id and not self._again.isActive():
            self._again.start()
            self._ask()
        if self._channel is None or view is None:
            self._placed = ()
            return state
        self._placed = placed(self._channel, view)
        chapters = tuple(Chapter(round(one.start_s, 3), one.title) for one in self._placed)
        return replace(state, chapters=chapters)

    def at(self, time_s: float) -> tuple[str, float | None]:
        """The name of what is on at a time, empty where that is not known, and where it began if that is there."""
        one = programme_at(self._placed, time_s)
        return ("", None) if one is None else (one.title, one.start_s if one.whole else None)

    def recordable_at(self, time_s: float) -> tuple[str, float] | None:
        """The channel and the date of the start of what is on at a time, where it may be recorded."""
        one = programme_at(self._placed, time_s)
        return None if one is None or one.starts_at is None else (self._title_id, one.starts_at)

    def _ask(self) -> None:
        known = None if self._channel is None else self._channel.programmes
        if known and known[-1].ends_at > self._now() + 2 * _AGAIN_MS / 1000:
            return
        if not self._question.waiting:
            self._question.ask(self._client.channels())

    def _answered(self, channels: Sequence[Channel]) -> None:
        self._channel = next((one for one in channels if one.title.id == self._title_id), None)
        self.arrived.emit()
