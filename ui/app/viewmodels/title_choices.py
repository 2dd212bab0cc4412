"""What can be done with a title from its card: a menu of its own, and the thumbs of its page."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import Title, WatchProgress
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.pending_request import SIGNED_OUT, PendingRequest
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr
from ui.app.viewmodels.titles import is_begun, is_seen

UP, DOWN = "up", "down"


class TitleChoices(QObject):
    """``ask`` makes the menu of a title, ``choose`` does one of its lines. What leads to another page is asked for by
    ``playWanted`` and ``detailsWanted``; ``done(title_id)`` follows each change that the service has taken.

    ``expected(card)``: how the title will be; called again with the old state if the service refuses."""

    changed = Signal()
    playWanted = Signal(str)
    detailsWanted = Signal(str)
    done = Signal(str)
    expected = Signal(object)
    signInNeeded = Signal(str)

    def __init__(
        self,
        client: ClientPort,
        tasks: Tasks,
        holds: Callable[[str], bool],
        toggle: Callable[[Title], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._client, self._tasks = client, tasks
        self._holds, self._toggle = holds, toggle
        self._question = PendingRequest(tasks, self._arrived, lambda _failure: None, self.signInNeeded.emit)
        self._card: Title | None = None
        self._going_on = False  # it was asked for where one goes on
        self._notice = ""
        self._options = OptionModel(self)

    notice = shown(str, "_notice", changed)

    @Property(QObject, constant=True)
    def options(self) -> OptionModel:
        return self._options

    @Property(str, notify=changed)
    def heading(self) -> str:
        return self._card.title if self._card else ""

    def ask(self, card: Title, *, going_on: bool = False) -> None:
        """Offer what can be done with this title; ``going_on``: it stands among those to go on with."""
        self._card, self._going_on, self._notice = card, going_on, ""
        self._publish()
        if card.kind != "channel":
            self._question.ask(self._client.title(card.id))

    @Slot(str)
    def choose(self, key: str) -> None:
        """Do what stands on this line of the menu."""
        if self._card is not None:
            self._do(key, self._card)

    def rate(self, card: Title, thumb: str) -> None:
        """Give a thumb, or take the same one back."""
        wanted = "" if card.thumb == thumb else thumb
        self._run(self._client.rate(card.id, wanted), card, replace(card, thumb=wanted))

    def mark(self, card: Title) -> None:
        """Take a title for seen, or for not begun where it was."""
        if is_seen(card):
            self._forget(card)
        else:
            seen = replace(card.progress, position_s=card.duration_s)
            self._run(self._client.mark_seen(card.id, card.duration_s), card, replace(card, progress=seen))

    def _do(self, key: str, card: Title) -> None:
        deeds: dict[str, Callable[[], None]] = {
            "play": lambda: self.playWanted.emit(card.id),
            "details": lambda: self.detailsWanted.emit(card.id),
            "list": lambda: self._toggle(card),
            UP: lambda: self.rate(card, UP),
            DOWN: lambda: self.rate(card, DOWN),
            "seen": lambda: self.mark(card),
            "putAway": lambda: self._run(self._client.put_away(card.id), card, card),
            "forget": lambda: self._forget(card),
        }
        if key in deeds:
            deeds[key]()

    def _forget(self, card: Title) -> None:
        self._run(self._client.forget_history(card.id), card, replace(card, progress=WatchProgress()))

    def say(self, notice: str) -> None:
        """Show a sentence for a moment."""
        self._notice = notice
        self.changed.emit()

    @Slot()
    def noticeSeen(self) -> None:
        self.say("")

    def _run(self, work: Coroutine[Any, Any, None], card: Title, then: Title) -> None:
        self.say("")
        self.expected.emit(then)
        self._tasks.run(work, lambda _none: self._succeeded(then), lambda failure: self._failed(failure, card))

    def _succeeded(self, card: Title) -> None:
        self._notice = ""
        if self._card is not None and self._card.id == card.id:
            self._card = card
            self._publish()
        self.done.emit(card.id)

    def _failed(self, failure: PlaybackFailure, card: Title) -> None:
        self.expected.emit(card)
        if failure.code in SIGNED_OUT:
            self.signInNeeded.emit(failure.sentence)
            return
        self.say(failure.sentence)

    def _arrived(self, card: Title) -> None:
        if self._card is not None and self._card.id == card.id:
            self._card = replace(card, episode=self._card.episode)
            self._publish()

    def _publish(self) -> None:
        self._options.replace(self._lines(self._card) if self._card else [])
        self.changed.emit()

    def _lines(self, card: Title) -> list[Option]:
        series = card.kind == "series"
        begun, seen = is_begun(card), is_seen(card)
        lines = [Option("details", tr("Details"))]
        if not series:
            lines.insert(0, Option("play", tr("Resume") if begun else tr("Play")))
        listed = self._holds(card.id)
        if card.episode is None:
            lines.append(Option("list", tr("Remove from my list") if listed else tr("Add to my list")))
        lines.append(Option(UP, tr("I like this"), chosen=card.thumb == UP))
        lines.append(Option(DOWN, tr("Not for me"), chosen=card.thumb == DOWN))
        if not series and card.duration_s > 0:
            lines.append(Option("seen", tr("Mark as not watched") if seen else tr("Mark as watched")))
        if self._going_on:
            lines.append(Option("putAway", tr("Remove from “Continue watching”")))
        if card.progress.watched_at and not series:
            lines.append(Option("forget", tr("Delete from the history")))
        return lines
