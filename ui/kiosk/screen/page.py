"""Ties the program of a kiosk to a playback: it opens what is due, looks whether the picture moves, and tells."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QTimer

from player.reporting.state import PlaybackFailure, PlaybackState, PlaybackStatus
from player.title.opening import PlaybackSource
from ui.app.ports.client import ClientPort
from ui.app.ports.playback import PlayerPort, SessionPort
from ui.app.video.output import VideoOutput
from ui.app.viewmodels.relay import StateRelay
from ui.app.viewmodels.tasks import ClientTask, Tasks
from ui.kiosk.program import Play, Program, Stop
from ui.kiosk.provisioning import PlaylistEntry, Provisioning
from ui.kiosk.schedule import next_entry
from ui.kiosk.screen.view_model import KioskViewModel
from ui.kiosk.trusted_date import SystemDate
from ui.kiosk.watchdog import Beat

_log = logging.getLogger(__name__)
_LOOK_MS = 500
_OVER = (PlaybackStatus.ENDED, PlaybackStatus.FAILED)


class ScreenDeeds(Protocol):
    """What the screen asks of the parts around it."""

    @property
    def sound_is_dead(self) -> bool:
        """Whether the output of the audio has gone."""
        ...

    def choose(self, entry: PlaylistEntry) -> None:
        """Take note of an entry before it is opened."""
        ...

    async def source(self, entry: PlaylistEntry) -> PlaybackSource:
        """What to play for an entry, asked on the client's loop."""
        ...


class Frames(Protocol):
    """A video item that counts what it has drawn."""

    frames: int


class KioskScreen(QObject):
    """See the module. ``tell`` takes the beats."""

    def __init__(
        self,
        provisioning: Provisioning,
        begin_with: int,
        client: ClientPort,
        tasks: Tasks,
        output: VideoOutput,
        view: KioskViewModel,
        deeds: ScreenDeeds,
        tell: Callable[[Beat], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._provisioning = provisioning
        self._program = Program(provisioning.entries, provisioning.screen_on, begin_with)
        self._client, self._tasks, self._output, self._view = client, tasks, output, view
        self._deeds, self._tell = deeds, tell
        self._date = SystemDate()
        self._surface: Frames | None = None
        self._frames = 0
        self._state = PlaybackState()
        self._relay: StateRelay | None = None
        self._session: SessionPort | None = None
        self._task: ClientTask[SessionPort] | None = None
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self, surface: Frames) -> None:
        """Begin to play."""
        self._surface = surface
        self._timer.start()
        self.look()

    def close(self) -> None:
        """Play nothing any more."""
        self._timer.stop()
        self._end()

    def _facts(self) -> list[str]:
        """What an operator asks for first."""
        playing = self._program.playing
        name = "–" if playing is None else self._provisioning.entries[playing].name
        state = self._state
        position = f"{name}: {state.status}, {state.position_s:.0f} s"
        trouble = [state.failure.sentence] if state.failure else [state.notice] if state.notice else []
        moment = self._date.now()
        clock = "The clock is not set." if moment is None else f"{moment:%Y-%m-%d %H:%M}"
        return [position, *trouble, clock]

    def look(self) -> None:
        """What is due now, and how it is."""
        now = time.monotonic()
        if self._has_moved():
            self._program.moved(now)
        self._do(self._program.tick(now, self._date.now()))
        self._view.show("picture" if self._is_seen() else "waiting" if self._program.is_on else "dark")
        self._view.tell(self._facts())
        self._tell(self._beat())

    def _beat(self) -> Beat:
        program, state = self._program, self._state
        entries = self._provisioning.entries
        due = (
            program.is_on
            and self._session is not None
            and state.status is PlaybackStatus.PLAYING
            and bool(state.rungs)
        )
        return Beat(
            frames=self._frames,
            due=due,
            wanted=program.is_on and next_entry(entries, -1, self._date.now()) is not None,
            silent=due and bool(state.audio_tracks) and self._deeds.sound_is_dead,
            entry=-1 if program.playing is None else program.playing,
            name="" if program.playing is None else entries[program.playing].name,
            status=str(state.status),
            position_s=state.position_s,
        )

    def _has_moved(self) -> bool:
        """Since the last look: another picture; for sound alone, another second."""
        if self._surface is None or self._session is None:
            return False
        seen = (
            self._surface.frames
            if self._state.rungs
            else self._frames + (self._state.status is PlaybackStatus.PLAYING)
        )
        moved, self._frames = seen > self._frames, max(seen, self._frames)
        return moved

    def _is_seen(self) -> bool:
        """Whether there is a picture to look at, moving or about to go on."""
        return self._session is not None and self._state.status in (
            PlaybackStatus.PLAYING,
            PlaybackStatus.BUFFERING,
            PlaybackStatus.SEEKING,
        )

    # --- the playback

    def _do(self, action: Play | Stop | None) -> None:
        if isinstance(action, Stop):
            self._end()
        elif isinstance(action, Play):
            self._end()
            self._open(self._provisioning.entries[action.index])

    def _open(self, entry: PlaylistEntry) -> None:
        self._relay = relay = StateRelay(self)
        relay.arrived.connect(self._arrived)

        def ready(player: PlayerPort) -> None:
            if self._relay is relay:
                self._task = self._tasks.run(self._begin(entry, player, relay), self._opened, self._failed)

        self._output.when_ready(ready, self._failed)

    async def _begin(self, entry: PlaylistEntry, player: PlayerPort, relay: StateRelay) -> SessionPort:
        source = await self._deeds.source(entry)
        self._deeds.choose(entry)
        return await self._client.open(source, player, relay.push, 0.0)

    def _opened(self, session: SessionPort) -> None:
        self._session = session
        session.set_volume(self._provisioning.volume)

    def _failed(self, failure: PlaybackFailure) -> None:
        _log.warning("%s cannot be played: %s", self._playing_name(), failure.code)
        self._after(self._program.failed(time.monotonic(), self._date.now()))

    def _arrived(self, state: PlaybackState) -> None:
        if self.sender() is not self._relay:
            return
        self._state = state
        if state.status not in _OVER:
            return
        now = time.monotonic()
        if state.status is PlaybackStatus.ENDED:
            self._after(self._program.ended(now, self._date.now()))
        else:
            code = state.failure.code if state.failure else ""
            _log.warning("%s failed: %s", self._playing_name(), code)
            self._after(self._program.failed(now, self._date.now()))

    def _after(self, action: Play | Stop | None) -> None:
        """Not within a call of the playback that has just ended, and only what is still due by then."""

        def do() -> None:
            if self._program.playing == (action.index if isinstance(action, Play) else None):
                self._do(action)

        if self._timer.isActive():
            QTimer.singleShot(0, self, do)

    def _end(self) -> None:
        if self._relay is not None:
            self._relay.close()
            self._relay.deleteLater()
            self._relay = None
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._session is not None:
            self._session.stop()
            self._session = None
        self._state = PlaybackState()

    def _playing_name(self) -> str:
        playing = self._program.playing
        return "an entry" if playing is None else self._provisioning.entries[playing].name
