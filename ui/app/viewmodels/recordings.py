"""The programmes that a viewer records: a row under the guide, and what is said of a programme."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Property, QDateTime, QLocale, QObject, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import Recording, Title
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.pending_request import SIGNED_OUT, PendingRequest
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr
from ui.app.viewmodels.titles import PosterModel, keep_posters

_SAME_S = 0.5
_CHANGING = frozenset({"planned", "recording"})


class RecordingsViewModel(QObject):
    """``notice`` is why the service refused the last wish. A service without recordings has none."""

    changed = Signal()
    signInNeeded = Signal(str)

    def __init__(self, client: ClientPort, tasks: Tasks, posters: PosterCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client, self._tasks = client, tasks
        self._question = PendingRequest(tasks, self._arrived, lambda _failure: None, self.signInNeeded.emit)
        self._items: Sequence[Recording] = ()
        self._titles = PosterModel(posters, self)
        self._notice = ""

    notice = shown(str, "_notice", changed)

    @Property(QObject, constant=True)
    def titles(self) -> PosterModel:
        return self._titles

    @property
    def changing(self) -> bool:
        """Whether one of them is to be recorded still."""
        return any(one.state in _CHANGING for one in self._items)

    def refresh(self) -> None:
        """Ask the service."""
        if not self._question.waiting:
            self._question.ask(self._client.recordings())

    def clear(self) -> None:
        """Forget everything, for another viewer."""
        self._question.stop()
        self._notice = ""
        self._arrived(())

    def words(self, channel_id: str, starts_at: float) -> str:
        """What became of a programme, which starts then by the service's clock; empty where it is not recorded."""
        found = self._of(channel_id, starts_at)
        return "" if found is None else state_words(found)

    def playable(self, title_id: str) -> Title | None:
        """The title of a recording that can be watched."""
        return next((one.title for one in self._items if one.title.id == title_id and one.state == "recorded"), None)

    def toggle(self, channel_id: str, starts_at: float) -> None:
        """Record a programme, or record it no more. What is recorded already stays."""
        found = self._of(channel_id, starts_at)
        if found is None:
            self._run(self._client.record(channel_id, starts_at))
        elif found.state != "recorded":
            self.remove(found.title.id)

    @Slot(str)
    def remove(self, title_id: str) -> None:
        """Delete a recording."""
        self._run(self._client.remove_recording(title_id))

    def _of(self, channel_id: str, starts_at: float) -> Recording | None:
        same = (one for one in self._items if one.channel_id == channel_id)
        return next((one for one in same if abs(one.starts_at - starts_at) < _SAME_S), None)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.run(work, lambda _none: self._done(), self._refused)

    def _done(self) -> None:
        self._notice = ""
        self._question.stop()  # what is on its way knows nothing of this
        self.refresh()

    def _refused(self, failure: PlaybackFailure) -> None:
        if failure.code in SIGNED_OUT:
            self.signInNeeded.emit(failure.sentence)
            return
        self._notice = failure.sentence
        self.changed.emit()

    def _arrived(self, items: Sequence[Recording]) -> None:
        self._items = items
        posters = keep_posters(self._titles.records, [one.title for one in items])
        self._titles.replace(
            [
                replace(poster, facts=f"{one.channel}  ·  {_when(one.starts_at)}", badge=state_words(one))
                for poster, one in zip(posters, items, strict=True)
            ]
        )
        self.changed.emit()


def state_words(one: Recording) -> str:
    """What became of it so far."""
    if one.state == "failed":
        reasons = {
            "disk_full": tr("Not recorded: the service had no space"),
            "off_air": tr("Not recorded: nothing was broadcast"),
            "forbidden": tr("Not recorded: it is not allowed any more"),
        }
        return reasons.get(one.reason, tr("Not recorded"))
    if one.state == "recorded":
        return tr("Recorded in part") if one.reason else tr("Recorded")
    return tr("Recording") if one.state == "recording" else tr("Will be recorded")


def _when(at: float) -> str:
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(round(at)), QLocale.FormatType.ShortFormat)
