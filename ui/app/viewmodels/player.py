"""The player page: what is playing, and what the viewer does to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from player.mpv.adjustments import MOST_VOLUME
from player.reporting.state import NextEpisode, PlaybackFailure, PlaybackState, PlaybackStatus
from ui.app.ports.client import ClientPort
from ui.app.ports.playback import PlayerPort, SessionPort
from ui.app.system.links import chosen_file
from ui.app.video.output import VideoOutput
from ui.app.viewmodels.binding import part, shown
from ui.app.viewmodels.chapters import chapter_marks, chapter_name
from ui.app.viewmodels.menus import (
    AUTO,
    OFF,
    OptionModel,
    audio_options,
    quality_options,
    speed_options,
    text_options,
)
from ui.app.viewmodels.preview import PreviewViewModel
from ui.app.viewmodels.programmes import PlayingProgrammes
from ui.app.viewmodels.recordings import RecordingsViewModel
from ui.app.viewmodels.redraw import all_but_time, on_bar
from ui.app.viewmodels.relay import StateRelay
from ui.app.viewmodels.rights import rights_words
from ui.app.viewmodels.seeking import SeekIntent, SeekRange, known_end_s, stretch_of
from ui.app.viewmodels.sentences import notice_words, sentence_of
from ui.app.viewmodels.statistics import StatisticsViewModel
from ui.app.viewmodels.still_watching import STILL_WATCHING_MS, StillWatching
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr
from ui.app.viewmodels.titles import place_words
from ui.app.viewmodels.tools import ToolsViewModel, is_subtitle
from ui.app.viewmodels.trouble import remedy_words, waiting_words
from ui.app.viewmodels.trouble_page import TroubleViewModel
from ui.app.viewmodels.up_next import UpNext

if TYPE_CHECKING:
    from player.title.opening import PlaybackSource

_NO_NETWORK = "wait_for_network"  # a remedy
_BUSY = (PlaybackStatus.IDLE, PlaybackStatus.LOADING, PlaybackStatus.BUFFERING, PlaybackStatus.SEEKING)
_OVER = (PlaybackStatus.ENDED, PlaybackStatus.FAILED)


class PlayerViewModel(QObject):
    """One playback at a time. ``ended`` follows when it came to its end by itself and no episode goes on from it,
    ``failed`` when an error ended it."""

    stateChanged = Signal()
    timeChanged = Signal()
    bufferedChanged = Signal()
    volumeChanged = Signal()
    opened = Signal()  # another playback
    ended = Signal()
    failed = Signal()
    sought = Signal(float)  # where the viewer jumps to, in seconds
    keptWanted = Signal(str)  # the title that goes on from a kept one is kept too

    def __init__(
        self,
        client: ClientPort,
        tasks: Tasks,
        output: VideoOutput,
        parent: QObject | None = None,
        *,
        up_next: UpNext | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._output = output
        self._source: PlaybackSource | None = None
        self._start_s: float | None = None
        self._session: SessionPort | None = None
        self._relay: StateRelay | None = None
        self._state = PlaybackState()
        self._intent = SeekIntent()
        self._known_s = 0.0  # the furthest place that this playback has come to, or has read
        self._hovered_s: float | None = None
        self._behind_at: float | None = None  # the date of what is shown, where it is not the live programme
        self._programme_name = ""  # what is on at the position of a channel
        self._begins_s: float | None = None  # where it began, if that is still there
        self._recordable: tuple[str, float] | None = None  # the channel, and when that programme starts
        self._recordings: RecordingsViewModel | None = None
        self._preview = PreviewViewModel(tasks, self)
        self._programmes = PlayingProgrammes(client, tasks, self)
        self._programmes.arrived.connect(lambda: self._show(self._state))
        self._volume, self._muted = 100, False
        self._seek_timer = QTimer(self, singleShot=True, interval=180)
        self._seek_timer.timeout.connect(self._commit_seek)
        self.presence = StillWatching(self)
        self.presence.late.connect(self._ask_presence)
        self._asks_presence = False
        self._nobody_ms: int | None = None  # left until somebody has to show, from one episode to the next
        self._up_next = up_next or UpNext(parent=self)
        self._up_next.wanted.connect(self._play_next)
        self._qualities, self._audios = OptionModel(self), OptionModel(self)
        self._texts, self._speeds = OptionModel(self), OptionModel(self)
        self._statistics = StatisticsViewModel(self)
        self._controls_share = 0.0  # of the window's height, at its bottom
        self._trouble = TroubleViewModel(self)
        self._tools = ToolsViewModel(tasks, self)
        self._tools.seekWanted.connect(self._go_to)
        self._tools.speedWanted.connect(lambda speed: self.chooseSpeed(f"{speed:g}"))
        self._tools.place_s = self._time_s
        self._tools.send_steps = self._send_steps
        self._tools.volumeWanted.connect(self.setVolume)
        self._tools.muteWanted.connect(self.toggleMuted)
        self._tools.sleepOver.connect(self._sleep)
        self._asleep = False  # what is on its way begins paused

    # What is shown

    volume = shown(int, "_volume", volumeChanged)
    muted = shown(bool, "_muted", volumeChanged)
    asksPresence = shown(bool, "_asks_presence", stateChanged)
    qualities, audioTracks = part("_qualities"), part("_audios")
    textTracks, speeds = part("_texts"), part("_speeds")
    statistics = part("_statistics")
    preview = part("_preview")  # what is to be seen at the time that is sought or pointed at
    upNext = part("_up_next")  # skipping the intro, and the next episode
    tools = part("_tools")  # what can be adjusted
    trouble = part("_trouble")  # what ended the playback

    @property
    def tools_menu(self) -> ToolsViewModel:
        """What can be adjusted, for those who keep it."""
        return self._tools

    @Property(str, notify=stateChanged)
    def title(self) -> str:
        """Of an episode with its series and its place there."""
        name = self._state.title or (self._source.shown_name if self._source else "")
        facts = self._state.facts
        above = [facts.series, place_words(facts.place) if facts.place else ""]
        return "  ·  ".join(words for words in (*above, name, self._programme_name) if words)

    @Property(bool, notify=stateChanged)
    def soundOnly(self) -> bool:
        """Whether there is no picture, not even a cover."""
        form, media = self._state.form, self._state.media
        return form.sound and not form.pictures and not (media is not None and media.video)

    @Property(str, notify=stateChanged)
    def performer(self) -> str:
        """Who made what is heard, and the album that it is of."""
        media = self._state.media
        return "" if media is None else "  ·  ".join(words for words in (media.artist, media.album) if words)

    @Property(str, notify=stateChanged)
    def status(self) -> str:
        return str(self._state.status)

    @Property(bool, notify=stateChanged)
    def busy(self) -> bool:
        """Nothing moves because something is awaited."""
        return self._state.status in _BUSY

    @Property(str, notify=stateChanged)
    def busyWords(self) -> str:
        """What is awaited, and in a stall why."""
        return waiting_words(self._state)

    @Property(str, notify=stateChanged)
    def busyDetail(self) -> str:
        """What is being done about it."""
        return remedy_words(self._state)

    @Property(bool, notify=stateChanged)
    def paused(self) -> bool:
        return self._state.paused

    @Property(bool, notify=stateChanged)
    def canStartOver(self) -> bool:
        """Whether a viewer can still go back to where the programme began that is shown."""
        return self._begins_s is not None

    def use_recordings(self, recordings: RecordingsViewModel) -> None:
        """Where programmes are recorded."""
        self._recordings = recordings
        recordings.changed.connect(self.stateChanged)

    @Property(bool, notify=stateChanged)
    def canRecord(self) -> bool:
        """Whether the programme that is shown may be recorded."""
        return self._recordings is not None and self._recordable is not None

    @Property(str, notify=stateChanged)
    def recorded(self) -> str:
        """What becomes of the recording of the programme that is shown."""
        if self._recordings is None or self._recordable is None:
            return ""
        return str(self._recordings.property("notice")) or self._recordings.words(*self._recordable)

    @Property(float, notify=stateChanged)
    def speed(self) -> float:
        return self._state.speed

    @property
    def following(self) -> NextEpisode | None:
        """The next episode, where there is one."""
        return self._state.facts.next_episode

    @property
    def poster_url(self) -> str:
        """Of the title, where the service has one."""
        return self._state.facts.poster_url

    @Slot()
    def playFollowing(self) -> None:
        """Go on with the next episode now."""
        if self.following is not None:
            self._play_next(self.following, chosen=True)

    @Property(bool, notify=stateChanged)
    def live(self) -> bool:
        return self._state.live

    @Property(str, notify=stateChanged)
    def rung(self) -> str:
        """The rung on the screen."""
        return next((rung.label for rung in self._state.rungs if rung.index == self._state.rung_playing), "")

    @Property(str, notify=stateChanged)
    def fixedRung(self) -> str:
        """The rung the viewer fixed, which may come to the screen a little later; empty in Auto."""
        return next((rung.label for rung in self._state.rungs if rung.index == self._state.rung_manual), "")

    @Property(str, notify=stateChanged)
    def pathway(self) -> str:
        return self._state.pathway

    @Property(str, notify=stateChanged)
    def notice(self) -> str:
        """A trouble while the picture moves, and what is being done about it."""
        if self._state.remedy == _NO_NETWORK:
            return "" if self.property("busy") else remedy_words(self._state)
        return notice_words(self._state.notice)

    @Property(str, notify=stateChanged)
    def rights(self) -> str:
        """How long a kept title may still be watched; empty where nothing limits it."""
        return rights_words(self._state)

    @Property(str, notify=stateChanged)
    def failure(self) -> str:
        """The sentence of the error that ended the playback, or empty."""
        return sentence_of(self._state.failure) if self._state.failure else ""

    @Property(str, notify=stateChanged)
    def failureCode(self) -> str:
        return self._state.failure.code if self._state.failure else ""

    @Property(float, notify=timeChanged)
    def fraction(self) -> float:
        """Position on the seek bar, 0..1: where the viewer wants to be, else where the playback is."""
        return self._bar.fraction(self._time_s())

    @Property(float, notify=timeChanged)
    def positionS(self) -> float:
        """Seconds."""
        return self._time_s()

    @Property(float, notify=timeChanged)
    def durationS(self) -> float:
        """Seconds; 0 while it is not known."""
        return self._state.duration_s or 0.0

    @Property(str, notify=timeChanged)
    def positionText(self) -> str:
        """The time on the title's clock; of a live programme how far behind it is shown."""
        return self._bar.words(self._time_s())

    @Property(bool, notify=timeChanged)
    def atLive(self) -> bool:
        """Whether a live programme is shown as live as it can be."""
        view = self._state.live_view
        return view is not None and view.following and self._intent.target_s is None

    @Property(str, notify=timeChanged)
    def durationText(self) -> str:
        """The length. Of a film that tells none, what is known of it: "1:02:03+"."""
        bar = self._bar
        if bar.open_ended:
            return f"{bar.words(bar.end_s)}+" if bar else ""
        return bar.words(self._state.duration_s) if self._state.duration_s else ""

    @Property(list, notify=bufferedChanged)
    def buffered(self) -> list[float]:
        """Ranges on the seek bar as a flat list: begin, end, begin, end... in 0..1."""
        bar = self._bar
        return [bar.fraction(edge) for span in self._state.buffered for edge in span] if bar else []

    @Property(list, notify=bufferedChanged)
    def chapters(self) -> list[float]:
        """Where chapters begin on the seek bar, 0..1."""
        return chapter_marks(self._state.chapters, self._bar)

    @Property(str, notify=timeChanged)
    def chapter(self) -> str:
        """The chapter of ``positionText``; empty where the title has none."""
        return chapter_name(self._state.chapters, self._time_s())

    # What the viewer does

    def open(self, source: PlaybackSource, start_s: float | None = None) -> None:
        """Stop what is playing and begin this as soon as the video item can show it; at ``start_s`` seconds, or where
        the viewer stopped."""
        asleep = self._asleep
        self.close()
        self._source, self._start_s, self._asleep = source, start_s, asleep
        self._behind_at = source.begin_at
        self.opened.emit()
        self._programmes.follow(source)
        self.presence.begin(self._nobody_ms or STILL_WATCHING_MS)
        self._nobody_ms = None
        self._show(self._idle(PlaybackStatus.LOADING, source.shown_name))
        relay = StateRelay(self)
        relay.arrived.connect(self._show)
        self._relay = relay
        self._output.when_ready(lambda player: self._start(source, relay, player), self._fail)

    def expect(self, name: str) -> None:
        """Show that what is called so is about to be opened."""
        self.close()
        self._show(self._idle(PlaybackStatus.LOADING, name))

    @Slot()
    def close(self) -> None:
        """Stop the playback and forget it."""
        if self._relay is not None:
            self._relay.close()
            self._relay.deleteLater()
            self._relay = None
        if self._session is not None:
            self._session.stop()
            self._session = None
        self._tools.begin(None)
        self._seek_timer.stop()
        self.presence.end()
        self._asks_presence = self._asleep = False
        self._up_next.reset()
        self._intent, self._known_s = SeekIntent(), 0.0
        self._programmes.follow(None)
        self._source = None
        self._show(self._idle())

    @property
    def interrupted(self) -> tuple[PlaybackSource, float | None] | None:
        """What plays or has failed, and where to go on with it (s; None where the viewer stopped)."""
        if self._source is None:
            return None
        return replace(self._source, begin_at=self._behind_at), self._state.position_s or self._start_s

    @Slot()
    def retry(self) -> None:
        """Begin again what failed, where it failed; at its start where it would only fail in the same place."""
        if self.interrupted is not None:
            source, at_s = self.interrupted
            self.open(source, 0.0 if self._trouble.property("fromStart") else at_s)

    @Slot()
    def toggle(self) -> None:
        if self._is_awaited:
            self._asleep = not self._asleep
        self._tell(lambda session: session.toggle())

    @Slot()
    def pause(self) -> None:
        if self._is_awaited:
            self._asleep = True
        self._tell(lambda session: session.pause())

    @Slot()
    def resume(self) -> None:
        self._asleep = False
        self._tell(lambda session: session.play())

    @Slot(int)
    def step(self, direction: int) -> None:
        """Seek by a step (-1 back, 1 forward); many steps in a row grow longer. Sent once the steps pause."""
        if self._state.duration_s is None and not self._state.live and self._state.media is None:
            return
        state = self._state
        self._intent.step(direction, state.position_s, state.duration_s, state.start_s)
        self._seek_timer.start()
        self._look()
        self.timeChanged.emit()

    @Slot(float)
    def scrub(self, fraction: float) -> None:
        """Show another position on the seek bar without going there yet."""
        if self._bar:
            self._seek_timer.stop()
            self._intent.aim(self._bar.at(fraction))
            self._look()
            self.timeChanged.emit()

    @Slot(float)
    def hover(self, fraction: float) -> None:
        """Look at a place on the seek bar; below 0, not any more."""
        self._hovered_s = self._bar.at(fraction) if self._bar and fraction >= 0 else None
        self._look()

    @Slot(float)
    def seekTo(self, fraction: float) -> None:
        """Go to a position on the seek bar."""
        self.scrub(fraction)
        self._commit_seek()

    @Slot(int)
    def seekToTenth(self, tenth: int) -> None:
        """Go to so many tenths of the title."""
        if tenth and self._bar.open_ended:
            self._tools.tell(tr("The length of this film is not known. Use “Go to a time”."))
        else:
            self.seekTo(tenth / 10)

    @Slot(float)
    def seekToTime(self, position_s: float) -> None:
        """Go to a time, in seconds; outside the title to its nearer end."""
        self.seekTo(self._bar.fraction(position_s))

    @Slot(float, result=str)
    def timeAt(self, fraction: float) -> str:
        return self._bar.words(self._bar.at(fraction))

    @Slot(float, result=str)
    def chapterAt(self, fraction: float) -> str:
        return chapter_name(self._state.chapters, self._bar.at(fraction))

    @Slot()
    def skipIntro(self) -> None:
        if self._up_next.intro_end_s is not None:
            self._seek_timer.stop()
            self._intent.aim(self._up_next.intro_end_s)
            self._commit_seek()

    @Slot()
    def startOver(self) -> None:
        """To where the programme began that is shown; nothing where that is not there any more."""
        if self._begins_s is not None:
            self._go_to(self._begins_s)

    @Slot()
    def record(self) -> None:
        """Record the programme that is shown, or record it no more."""
        if self._recordings is not None and self._recordable is not None:
            self._recordings.toggle(*self._recordable)

    @Slot()
    def goLive(self) -> None:
        """Back to where a live programme is shown live."""
        self._seek_timer.stop()
        self._intent = SeekIntent()
        self._tell(lambda session: session.go_live())

    @Slot(int)
    def setVolume(self, volume: int) -> None:
        self._volume, self._muted = min(MOST_VOLUME, max(0, volume)), False
        self.volumeChanged.emit()
        self._tell(lambda session: session.set_volume(self._volume))
        self._tell(lambda session: session.set_muted(False))
        self._tools.show_volume(self._volume, muted=False)

    @Slot()
    def toggleMuted(self) -> None:
        self._muted = not self._muted
        self.volumeChanged.emit()
        self._tell(lambda session: session.set_muted(self._muted))
        self._tools.show_volume(self._volume, muted=self._muted)

    @Slot(str)
    def chooseQuality(self, key: str) -> None:
        self._tell(lambda session: session.set_rung(None if key == AUTO else int(key)))

    @Slot(str)
    def chooseAudio(self, key: str) -> None:
        self._tools.audio.ask(key)
        self._tell(lambda session: session.select_audio(key))

    @Slot(str)
    def chooseText(self, key: str) -> None:
        chosen = None if key == OFF else key
        self._tools.text.ask(chosen)
        self._tell(lambda session: session.select_text(chosen))

    @Slot(str)
    def chooseSpeed(self, key: str) -> None:
        speed = float(key)
        self._tools.speed.ask(speed)
        self._tell(lambda session: session.set_speed(speed))

    @Slot(list, result=bool)
    def addSubtitles(self, texts: Sequence[str]) -> bool:
        """Show subtitle files that were dropped onto the picture; False where one of them is none."""
        paths = [path for path in map(chosen_file, texts) if path is not None and is_subtitle(path.name)]
        if self._session is None or len(paths) < len(texts):
            return False
        self._tools.text.forget()
        for path in paths:
            self._session.add_subtitles(path)
        return True

    @Slot(float)
    def coverBottom(self, share: float) -> None:
        """Controls cover this share of the window's height: subtitles stand above them."""
        self._controls_share = share
        self._tell(lambda session: session.set_subtitle_position(100 * (1 - share)))

    @Slot()
    def noticeViewer(self) -> None:
        """A key or the mouse: somebody is there."""
        self.presence.noticed()

    @Slot()
    def stillWatching(self) -> None:
        """The answer to ``asksPresence``."""
        self._asks_presence = False
        self.presence.begin()
        self.stateChanged.emit()
        self.resume()

    # Behind it

    def _play_next(self, following: NextEpisode, chosen: bool) -> None:
        """Go on with the next episode. One that begins by itself is no sign that somebody is there."""
        from player.title.opening import PlaybackSource

        self._nobody_ms = None if chosen else self.presence.left_ms
        if self._source is not None and self._source.kept is not None:
            self.keptWanted.emit(following.title_id)
        else:
            self.open(PlaybackSource(title_id=following.title_id, name=following.name, variant=""))

    @property
    def _is_awaited(self) -> bool:
        """Whether what is to play is on its way, and hears nothing yet."""
        return self._session is None and self._state.status is PlaybackStatus.LOADING

    def _sleep(self) -> None:
        """The sleep timer has run out. What the viewer opens once the player was left plays."""
        self._asleep = self._source is not None and (self._session is None or self._state.status in _OVER)
        self.pause()

    def _ask_presence(self) -> None:
        if self._state.paused or self._state.status not in (
            PlaybackStatus.PLAYING,
            PlaybackStatus.BUFFERING,
            PlaybackStatus.SEEKING,
        ):
            self.presence.begin()
            return
        self._asks_presence = True
        self.pause()
        self.stateChanged.emit()

    def _start(self, source: PlaybackSource, relay: StateRelay, player: PlayerPort) -> None:
        if relay is not self._relay:
            return  # the viewer has gone on to something else
        self._tasks.run(
            self._client.open(source, player, relay.push, self._start_s),
            lambda session: self._began(session, relay),
            lambda failure: self._cannot_start(failure, source, relay, player),
        )

    def _cannot_start(
        self, failure: PlaybackFailure, source: PlaybackSource, relay: StateRelay, player: PlayerPort
    ) -> None:
        if relay is not self._relay:
            return
        if player.is_lost:  # with what played before
            self._output.when_ready(lambda other: self._start(source, relay, other), self._fail)
        else:
            self._fail(failure)

    def _began(self, session: SessionPort, relay: StateRelay) -> None:
        if relay is not self._relay:
            session.stop()
            return
        self._session = session
        self._tools.begin(session)
        if self._volume != 100:
            session.set_volume(self._volume)
        if self._muted:
            session.set_muted(True)
        session.set_subtitle_position(100 * (1 - self._controls_share))
        if self._asleep:
            self._asleep = False
            session.pause()

    def _idle(self, status: PlaybackStatus = PlaybackStatus.IDLE, title: str = "") -> PlaybackState:
        return PlaybackState(status=status, title=title, volume=self._volume, muted=self._muted)

    def _fail(self, failure: PlaybackFailure) -> None:
        self._show(PlaybackState(status=PlaybackStatus.FAILED, title=self._state.title, failure=failure))

    def _tell(self, order: Callable[[SessionPort], None]) -> None:
        if self._session is not None:
            order(self._session)

    def _go_to(self, target_s: float) -> None:
        self._seek_timer.stop()
        bar = self._bar
        if bar and not bar.open_ended:
            target_s = min(bar.end_s, max(bar.start_s, target_s))
        self._intent.aim(max(0.0, target_s))
        self._commit_seek()

    def _send_steps(self) -> None:
        """What follows concerns the place that the steps lead to."""
        if self._seek_timer.isActive():
            self._seek_timer.stop()
            self._commit_seek()

    def _commit_seek(self) -> None:
        target = self._intent.commit()
        if target is not None:
            self._tell(lambda session: session.seek(target))
            self.sought.emit(target)

    @property
    def _bar(self) -> SeekRange:
        return stretch_of(self._state, self._known_s)

    def _time_s(self) -> float:
        return self._intent.target_s if self._intent.target_s is not None else self._state.position_s

    def _look(self) -> None:
        wanted_s = self._intent.target_s if self._hovered_s is None else self._hovered_s
        self._preview.look(self._session if self._state.thumbnails else None, wanted_s)

    def _show(self, state: PlaybackState) -> None:
        state = self._programmes.marked(state)
        before, self._state = self._state, state
        self._known_s = max(self._known_s, known_end_s(state))
        if (view := state.live_view) is not None:
            self._behind_at = None if view.following else view.dates.date_of(state.position_s)
        programme_before = self._programme_name, self._begins_s is not None, self._recordable
        self._programme_name, self._begins_s = self._programmes.at(self._time_s())
        self._recordable = self._programmes.recordable_at(self._time_s())
        self._intent.settle(state.position_s, seeking=state.status is PlaybackStatus.SEEKING)
        self._look()
        self._statistics.show(state)
        self._tools.show(state)
        self._up_next.show(state)
        of_file = self._source is not None and self._source.media is not None
        self._trouble.show(state.failure, of_file=of_file)
        programme = self._programme_name, self._begins_s is not None, self._recordable
        if all_but_time(before) != all_but_time(state) or programme != programme_before:
            self._qualities.replace(quality_options(state))
            self._audios.replace(audio_options(state))
            self._texts.replace(text_options(state))
            self._speeds.replace(speed_options(state))
            self.stateChanged.emit()
        self.timeChanged.emit()
        if on_bar(before) != on_bar(state):
            self.bufferedChanged.emit()
        if (
            state.status is PlaybackStatus.ENDED
            and before.status is not PlaybackStatus.ENDED
            and not self._up_next.take_over()
        ):
            self.ended.emit()
        if state.status is PlaybackStatus.FAILED and before.status is not PlaybackStatus.FAILED:
            self.failed.emit()
