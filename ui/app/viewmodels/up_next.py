"""What the player offers by the time of the title: to skip its intro, and the next episode once its credits run."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from player.reporting.state import NO_FACTS, NextEpisode, PlaybackState, PlaybackStatus, TitleFacts
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.titles import place_words

COUNTDOWN_S = 10
TAIL_S = 15.0  # a title whose credits are not marked offers the next one so long before its end
_INTRO_LEFT_S = 1.0  # less of an intro is not worth a button
_RUNNING = frozenset({PlaybackStatus.PLAYING, PlaybackStatus.ENDED})


class UpNext(QObject):
    """Is shown every state of a playback. ``wanted`` names the next episode when it is to be played: because the
    viewer says so, or after a countdown where ``auto`` does. The countdown waits while the playback does."""

    changed = Signal()
    coming = Signal(object)  # NextEpisode, when it is offered
    wanted = Signal(object, bool)  # NextEpisode; whether the viewer chose it

    def __init__(
        self,
        auto: Callable[[], bool] = lambda: True,
        posters: PosterCache | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._auto = auto
        self._posters = posters
        self._poster = ""
        self._facts: TitleFacts = NO_FACTS
        self._in_intro = False
        self._offered = False
        self._dismissed = False
        self._running = False
        self._left = COUNTDOWN_S
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self._tick)

    poster = shown(str, "_poster", changed)
    introShown = shown(bool, "_in_intro", changed)
    offered = shown(bool, "_offered", changed)

    @Property(int, notify=changed)
    def secondsLeft(self) -> int:
        """Until the next episode begins by itself; 0 where it does not."""
        return self._left if self._offered and self._auto() else 0

    @Property(str, notify=changed)
    def name(self) -> str:
        following = self._facts.next_episode
        return following.name if following else ""

    @Property(str, notify=changed)
    def place(self) -> str:
        following = self._facts.next_episode
        return place_words(following.place) if following else ""

    @property
    def intro_end_s(self) -> float | None:
        return self._facts.intro[1] if self._facts.intro else None

    @Slot()
    def playNow(self) -> None:
        """The viewer does not want to wait."""
        self._begin(chosen=True)

    @Slot()
    def dismiss(self) -> None:
        """The viewer wants to see the credits."""
        self._dismissed = True
        self._offer(offered=False)

    def reset(self) -> None:
        """Another playback begins, or none."""
        self._facts, self._dismissed = NO_FACTS, False
        self._in_intro = False
        self._offer(offered=False)

    def show(self, state: PlaybackState) -> None:
        """The playback came this far."""
        before = (self._facts, self._in_intro)
        self._facts = state.facts
        if self._facts.next_episode != before[0].next_episode:
            self._fetch_poster(self._facts.next_episode)
        self._in_intro = _in_intro(state)
        due = _credits_run(state)
        if not due:
            self._dismissed = False  # the viewer went back: it is offered again
        self._running = state.status in _RUNNING and not state.paused
        self._offer(offered=due and not self._dismissed)
        if (self._facts, self._in_intro) != before:
            self.changed.emit()

    def take_over(self) -> bool:
        """The title is over: whether the next one goes on from here."""
        if not self._offered or not self._auto():
            return False
        self._begin(chosen=False)
        return True

    def _fetch_poster(self, following: NextEpisode | None) -> None:
        def show(address: str) -> None:
            if self._facts.next_episode == following:
                self._poster = address
                self.changed.emit()

        wanted = following.poster_url if following is not None else ""
        self._poster = self._posters.get(wanted, show) if wanted and self._posters is not None else ""

    def _offer(self, *, offered: bool) -> None:
        if offered and not self._offered:
            self._left = COUNTDOWN_S
        changed, self._offered = offered != self._offered, offered
        if offered and self._auto() and not self._timer.isActive():
            self._timer.start()
        elif not offered:
            self._timer.stop()
        if changed:
            self.changed.emit()
            if offered:
                self.coming.emit(self._facts.next_episode)

    def _tick(self) -> None:
        if not (self._offered and self._running):
            return
        self._left -= 1
        if self._left <= 0:
            self._begin(chosen=False)
        else:
            self.changed.emit()

    def _begin(self, *, chosen: bool) -> None:
        following = self._facts.next_episode
        self._dismissed = True  # once
        self._offer(offered=False)
        if following is not None:
            self.wanted.emit(following, chosen)


def _in_intro(state: PlaybackState) -> bool:
    intro = state.facts.intro
    if (
        intro is None
        or state.live
        or state.status in (PlaybackStatus.IDLE, PlaybackStatus.LOADING, PlaybackStatus.ENDED, PlaybackStatus.FAILED)
    ):
        return False
    return intro[0] <= state.position_s < intro[1] - _INTRO_LEFT_S


def _credits_run(state: PlaybackState) -> bool:
    """Whether it is time to offer the next episode."""
    following: NextEpisode | None = state.facts.next_episode
    if (
        following is None
        or state.live
        or state.status in (PlaybackStatus.IDLE, PlaybackStatus.LOADING, PlaybackStatus.FAILED)
    ):
        return False
    if state.status is PlaybackStatus.ENDED:
        return True
    if state.facts.credits_s is not None:
        return state.position_s >= state.facts.credits_s
    return state.duration_s is not None and state.position_s >= state.duration_s - TAIL_S
