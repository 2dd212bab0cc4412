"""The page that stands in the player's place when a playback has failed."""

from __future__ import annotations

from PySide6.QtCore import Property, QObject, Signal

from player.reporting.state import PlaybackFailure
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.trouble import PlaybackTrouble, help_words, trouble_of, trouble_sentence

_NONE = PlaybackTrouble("", "", "", again=False)


class TroubleViewModel(QObject):
    """Empty words while nothing has failed. ``help`` is a place of :class:`ui.app.viewmodels.trouble.Help`."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.failure: PlaybackFailure | None = None
        self._trouble = _NONE
        self._sentence = self._playing = self._code = ""

    sentence = shown(str, "_sentence", changed)
    playing = shown(str, "_playing", changed)
    code = shown(str, "_code", changed)

    @Property(str, notify=changed)
    def icon(self) -> str:
        return self._trouble.icon

    @Property(str, notify=changed)
    def heading(self) -> str:
        return self._trouble.heading

    @Property(str, notify=changed)
    def done(self) -> str:
        """What the player has tried, and what the viewer can do."""
        return self._trouble.done

    @Property(bool, notify=changed)
    def again(self) -> bool:
        """Whether trying again may help."""
        return self._trouble.again

    @Property(bool, notify=changed)
    def fromStart(self) -> bool:
        """Whether it can only be tried again from the start: here it would end in the same way."""
        return self._trouble.from_start

    @Property(str, notify=changed)
    def help(self) -> str:
        return str(self._trouble.help)

    @Property(str, notify=changed)
    def helpWords(self) -> str:
        return help_words(self._trouble.help)

    def show(self, failure: PlaybackFailure | None, *, of_file: bool = False) -> None:
        """What has ended the playback of a title, or of a file of the viewer's; None while nothing has."""
        if failure == self.failure:
            return
        self.failure = failure
        self._trouble = _NONE if failure is None else trouble_of(failure, of_file=of_file)
        sentence = "" if failure is None else trouble_sentence(failure)
        self._sentence = "" if sentence == f"{self._trouble.heading}." else sentence
        self._code, self._playing = ("", "") if failure is None else (failure.code, failure.playing)
        self.changed.emit()
