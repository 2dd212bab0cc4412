"""The tools of the player: one menu that leads to all that can be adjusted, and the same by keys.

A key and a line of the menu do the same thing: both call :meth:`ToolsViewModel.perform` or :meth:`choose`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import Property, QObject, QStandardPaths, QTimer, Signal, Slot

from player.mpv.adjustments import ASPECTS, CROPS, ROTATIONS, Adjustments, bounded_delay
from player.reporting.state import PlaybackState, TrackChoice
from ui.app.ports.playback import SessionPort
from ui.app.system.links import chosen_file
from ui.app.viewmodels.binding import part, shown
from ui.app.viewmodels.browsing import FileBrowser
from ui.app.viewmodels.files import FilesViewModel
from ui.app.viewmodels.menus import OFF, Option, OptionModel
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import clock_time, decimal, tr
from ui.app.viewmodels.tracks import track_names
from ui.app.viewmodels.wanted import Wanted

if TYPE_CHECKING:
    from player.mpv.outputs import AudioDevice
    from player.text.subtitle_files import SubtitleLine

T = TypeVar("T")
_SAID_MS = 2500
_LETTER_MS = 60  # as people read
SLEEP_MINUTES = (0, 15, 30, 45, 60, 90)
_TONES = ("", "bt.2390", "hable", "mobius", "clip")
_DELAY_STEP_S = 0.1
_VOLUME_STEP = 5
_MOST_FOUND = 200
_MOST_MARKS = 100
_LONGEST_NAME = 120  # bytes of a file's name, of which file systems take 255
_SPEED_STEPS = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 3.0, 4.0)


class ToolsViewModel(QObject):
    """``seekWanted(seconds)``, ``speedWanted(speed)``, ``volumeWanted(per cent)`` and ``muteWanted`` ask the player
    for what is its own. ``textWanted(what)`` asks the page for a text: "time" or "line"; or to show what was "found",
    or all "keys". ``sleepOver`` says that the sleep timer has run out."""

    changed = Signal()
    menuChanged = Signal()
    seekWanted = Signal(float)
    speedWanted = Signal(float)
    volumeWanted = Signal(int)
    muteWanted = Signal()
    textWanted = Signal(str)
    sleepOver = Signal()
    deviceChosen = Signal(str)  # libmpv's name; empty for the system's default

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._session: SessionPort | None = None
        self._state = PlaybackState()
        self._files: FilesViewModel | None = None
        self._adjusted = Adjustments()
        self.speed: Wanted[float] = Wanted()
        self.audio: Wanted[str] = Wanted()  # ids of tracks
        self.text: Wanted[str | None] = Wanted()
        self.place_s: Callable[[], float] = lambda: self._state.position_s  # where the viewer wants to be
        self.send_steps: Callable[[], None] = lambda: None  # now, not once they pause
        self._volume, self._muted = 100, False
        self._tone = ""  # as in the settings
        self.draws_in_memory = False  # by the processor, where libmpv has one way to show HDR
        self.usual_tone: Callable[[], str] = lambda: "auto"  # what the settings say
        self._loop: tuple[float | None, float | None] = (None, None)
        self._found: Sequence[SubtitleLine] = ()
        self._nearest = 0  # of those found, to the position
        self._devices: Sequence[AudioDevice] = ()
        self.device = ""  # as deviceChosen
        self._row = 0  # of the queue, whose lines are shown
        self._mark = 0.0  # the bookmark, whose lines are shown
        self._options = OptionModel(self)
        self._browser = FileBrowser(is_subtitle, self, heading=tr("Add subtitles"))
        self._browser.chosen.connect(self._add_subtitles)
        self._browser.changed.connect(self._refresh)
        self._path: list[str] = []
        self._left = ""  # the line that led to the level which the viewer has come back from
        self._heading = ""
        self._said = ""
        self._announced = ""
        self._said_timer = QTimer(self, singleShot=True, interval=_SAID_MS)
        self._said_timer.timeout.connect(lambda: self._say(""))
        self._sleep = QTimer(self, singleShot=True)
        self._sleep.timeout.connect(self._sleep_now)
        self.screenshots = Path(
            QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation) or "."
        )

    options = part("_options")
    heading = shown(str, "_heading", menuChanged)
    said = shown(str, "_said", changed)  # what the last key has changed

    # --- what the player page tells

    def use_queue(self, files: FilesViewModel) -> None:
        """The queue that the menu shows."""
        self._files = files
        files.changed.connect(self._refresh)
        files.passedOver.connect(self._announce)

    def begin(self, session: SessionPort | None) -> None:
        """Another playback: what concerns one title is as it was, what concerns the ears stays."""
        self._session = session
        before = self._adjusted
        self._adjusted = Adjustments(night=before.night, normalise=before.normalise, downmix=before.downmix)
        self._loop, self._found, self._tone = (None, None), (), ""
        for choice in (self.speed, self.audio, self.text):
            choice.forget()
        while _OF_ONE_TITLE.intersection(self._path):
            self._path.pop()
        if session is not None and self._adjusted != Adjustments():
            session.adjust(self._adjusted)
        self._say(self._announced if session is not None else "")
        if session is not None:
            self._announced = ""
        self._refresh()

    def _announce(self, name: str) -> None:
        """What is said as soon as the next playback has started."""
        self._announced = tr("{file} could not be played to its end.").format(file=name)

    def show(self, state: PlaybackState) -> None:
        """The newest state of the playback."""
        self._state = state
        self.speed.settle(state.speed)
        self.audio.settle(_selected(state.audio_tracks) or "")
        self.text.settle(_selected(state.text_tracks))

    def show_volume(self, volume: int, *, muted: bool) -> None:
        """The volume in per cent, which was changed."""
        self._volume, self._muted = volume, muted
        self._say(tr("Sound off") if muted else tr("Volume {volume} %").format(volume=volume))
        self._refresh()

    # --- the menu

    @Slot()
    def open(self) -> None:
        """Show the first level."""
        self._path, self._left = [], ""
        self._refresh()

    @Slot(str, result=bool)
    def choose(self, key: str) -> bool:
        """Carry out a line, or go a level deeper; whether the menu stays."""
        self._left = ""
        level = self._path[-1] if self._path else ""
        if level == "browse":
            stays = self._browser.choose(key)
            self._refresh()
            return stays
        if not level or key in _LEVELS:
            if key in _LEVELS:
                self._path.append(key)
                if key == "browse":
                    self._browser.start()
                elif key == "devices":
                    self._ask_devices()
                self._refresh()
                return True
            return self.perform(key)
        stays = _CHOOSERS[level](self, key) if level in _CHOOSERS else self.perform(key)
        self._refresh()
        return stays

    @Property(int, notify=menuChanged)
    def startRow(self) -> int:
        """Where the lines begin: at the one that the viewer comes back to, the chosen one, or the first."""
        rows = enumerate(self._options.records)
        return next((row for row, line in rows if self._left and line.key == self._left), self._options.chosenRow())

    @Property(bool, notify=menuChanged)
    def ordered(self) -> bool:
        """Whether the lines can be put into another order."""
        return self._path[-1:] == ["queue_list"]

    @Property(bool, notify=menuChanged)
    def offers(self) -> bool:
        """Whether there is more that can be done with a line."""
        return self._path[-1:] in (["queue_list"], ["bookmarks"])

    @Slot(str, result=bool)
    def more(self, key: str) -> bool:
        """Show what can be done with a line of the queue or a bookmark; False where there is nothing more."""
        if not self.property("offers"):
            return False
        self._left = ""
        if self.property("ordered"):
            self._row = int(key)
            self._path.append("queue_file")
        else:
            self._mark = float(key)
            self._path.append("bookmark_line")
        self._refresh()
        return True

    @Slot(int, int)
    def moveLine(self, row: int, to: int) -> None:
        """List a file of the queue elsewhere."""
        if self._files is not None and self.property("ordered"):
            self._files.move(row, to)

    @Slot(result=bool)
    def back(self) -> bool:
        """Go a level up; False at the first one."""
        if not self._path:
            return False
        if self._path[-1] == "browse" and self._browser.back():
            self._left = self._browser.left
            self._refresh()
            return True
        left = self._path.pop()
        self._left = {"queue_file": str(self._row), "bookmark_line": str(self._mark)}.get(left, left)
        self._refresh()
        return True

    @Slot(str, result=bool)
    def perform(self, action: str) -> bool:
        """Carry out an action of the table of keys; whether an open menu stays. Unknown ones do nothing."""
        if action not in TOOL_ACTIONS:
            return False
        stays = _DEEDS[action](self)
        self._refresh()
        return stays is True

    # --- texts

    @Slot(str, result=bool)
    def goToTime(self, text: str) -> bool:
        """Go to "1:02:03", "62:03" or seconds; False for anything else."""
        match = re.fullmatch(r"\s*(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6}(?:[.,]\d{1,3})?)\s*", text)
        if match is None:
            self._say(tr("Write a time such as 1:02:03."))
            return False
        hours, minutes, seconds = match.groups()
        into_s = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds.replace(",", "."))
        self.seekWanted.emit(self._state.start_s + into_s)
        return True

    @Slot(str)
    def find(self, query: str) -> None:
        """Look for a line in the subtitles; the menu shows where it is said."""
        session = self._session
        if session is None:
            return
        self._say(tr("Looking…"))
        self._after(session.subtitle_lines(), lambda found: self._show_found(session, query, found))

    def _after(self, asked: Future[T], done: Callable[[T], None]) -> None:
        """Go on with the answer of a playback."""

        async def answer() -> T:
            import asyncio

            return await asyncio.wrap_future(asked)

        self._tasks.run(answer(), done, lambda failure: self._say(failure.sentence))

    def _show_found(self, session: SessionPort, query: str, lines: Sequence[SubtitleLine]) -> None:
        if session is not self._session:
            return  # another film plays by now
        wanted = query.casefold().strip()
        self._show_nearest([line for line in lines if wanted and wanted in line.text.casefold()])
        if not lines:
            self._say(tr("The subtitles that are shown cannot be searched."))
        elif not self._found:
            self._say(tr("No line was found."))
        else:
            self._say("")
            self._path = ["found"]
            self._refresh()
            self.textWanted.emit("found")

    def _show_nearest(self, found: Sequence[SubtitleLine]) -> None:
        """Keep the lines around the position, and mark the one that is nearest to it."""
        here_s = self._state.position_s - self._adjusted.subtitle_delay_s
        rows = range(len(found))
        nearest = min(rows, key=lambda row: _distance_s(found[row], here_s), default=0)
        first = max(0, min(nearest - _MOST_FOUND // 2, len(found) - _MOST_FOUND))
        self._found, self._nearest = found[first : first + _MOST_FOUND], nearest - first

    # --- deeds

    def _adjust(self, **changes: Any) -> None:  # noqa: ANN401  (fields of Adjustments)
        self._adjusted = replace(self._adjusted, **changes)
        if self._session is not None:
            self._session.adjust(self._adjusted)

    def _set(self, words: str, **changes: Any) -> bool:  # noqa: ANN401
        self._adjust(**changes)
        self._say(words)
        return True

    def _audio_delay(self, step: float) -> bool:
        delay_s = round(bounded_delay(self._adjusted.audio_delay_s + step), 2)
        return self._set(tr("Sound {delay} s later").format(delay=decimal(delay_s, 1)), audio_delay_s=delay_s)

    def _subtitle_delay(self, step: float) -> bool:
        delay_s = round(bounded_delay(self._adjusted.subtitle_delay_s + step), 2)
        return self._set(tr("Subtitles {delay} s later").format(delay=decimal(delay_s, 1)), subtitle_delay_s=delay_s)

    def _subtitle_size(self, step: int) -> bool:
        size = max(50, min(300, self._adjusted.subtitle_size + step))
        return self._set(tr("Subtitles {size} %").format(size=size), subtitle_size=size)

    def _subtitle_lift(self, step: int) -> bool:
        lift = max(0, min(90, self._adjusted.subtitle_lift + step))
        return self._set(tr("Subtitles {lift} % higher").format(lift=lift), subtitle_lift=lift)

    def _zoom(self, step: int) -> bool:
        zoom = 100 if step == 0 else max(100, min(400, self._adjusted.zoom + step))
        return self._set(tr("Zoom {zoom} %").format(zoom=zoom), zoom=zoom)

    def _toggle(self, field: str, name: str) -> bool:
        on = not getattr(self._adjusted, field)
        return self._set(f"{name}: {tr('on') if on else tr('off')}", **{field: on})

    def _next_of(self, field: str, values: Sequence[Any], words: Callable[[Any], str]) -> bool:
        now = getattr(self._adjusted, field)
        after = values[(values.index(now) + 1) % len(values)] if now in values else values[0]
        return self._set(words(after), **{field: after})

    def _speed(self, direction: int) -> bool:
        now = self.speed.over(self._state.speed)
        if direction == 0:
            after = 1.0
        elif direction > 0:
            after = next((one for one in _SPEED_STEPS if one > now + 0.01), _SPEED_STEPS[-1])
        else:
            after = next((one for one in reversed(_SPEED_STEPS) if one < now - 0.01), _SPEED_STEPS[0])
        self.speedWanted.emit(after)
        self._say(tr("Speed {speed}").format(speed=f"{after:g}×"))
        return True

    def _louder(self, step: int) -> bool:
        self.volumeWanted.emit(self._volume + step)
        return True

    def _mute(self) -> bool:
        self.muteWanted.emit()
        return True

    def _next_tone(self) -> bool:
        if self.draws_in_memory:
            self._say(tr("Without a graphics card there is one way to show HDR."))
            return True
        self._tone = _TONES[(_TONES.index(self._tone) + 1) % len(_TONES)]
        words = f"{tr('HDR on this screen')}: {self._tone_words()}"
        return self._set(words, tone_mapping=self._tone or self.usual_tone())

    def _frame(self, direction: int) -> bool:
        self.send_steps()
        if self._session is not None:
            self._session.step_frame(direction)
        return True

    def _loop_here(self) -> bool:
        """First press: the start; second: the end; third: none any more."""
        session = self._session
        self.send_steps()
        if session is not None:
            self._after(session.exact_position(), lambda now_s: self._loop_at(session, now_s))
        return False

    def _loop_at(self, session: SessionPort, now_s: float) -> None:
        begin_s, end_s = self._loop
        if session is not self._session:
            return
        if begin_s is None:
            self._loop, words = (now_s, None), tr("Repeats from here")
        elif end_s is None and now_s > begin_s:
            self._loop, words = (begin_s, now_s), tr("Repeats up to here")
        else:
            self._loop, words = (None, None), tr("Repeat is off")
        session.set_loop(*self._loop)
        if self._loop[1] is not None:
            self.seekWanted.emit(begin_s)  # libmpv repeats a part only once playback comes to its end
        self._say(words)
        self._refresh()

    def _screenshot(self) -> bool:
        if self._session is None:
            return False
        title = re.sub(r"[^\w .-]", "_", self._state.title).encode()[:_LONGEST_NAME]
        name = title.decode(errors="ignore").strip() or "Matinee"
        stamp = time.strftime("%Y-%m-%d %H.%M.%S")
        at_s = self._state.position_s
        frame = f"{self._clock(at_s).replace(':', '.')}.{int(at_s * 1000) % 1000:03}"  # a second has many
        path = self.screenshots / f"{name} {frame} {stamp}.png"
        self._after(self._session.screenshot(path), lambda ok: self._say(_screenshot_words(path, ok=ok)))
        return False

    def _bookmark(self) -> bool:
        session = self._session
        self.send_steps()
        if session is not None:
            self._after(session.exact_position(), lambda now_s: self._bookmark_at(session, round(now_s, 1)))
        return False

    def _bookmark_at(self, session: SessionPort, at_s: float) -> None:
        if session is self._session:
            marks = sorted({*self._state.bookmarks, at_s})[:_MOST_MARKS]
            session.keep_bookmarks(marks)
            self._state = replace(self._state, bookmarks=tuple(marks))  # the next may come before the state does
            self._say(tr("Bookmark at {time}").format(time=self._clock(at_s)))

    def _chapter(self, direction: int) -> bool:
        starts = [chapter.start_s for chapter in self._state.chapters]
        now_s = self.place_s()
        if direction > 0:
            target = next((one for one in starts if one > now_s + 0.5), None)
        else:
            target = next((one for one in reversed(starts) if one < now_s - 2.0), 0.0 if starts else None)
        if target is not None:
            self.seekWanted.emit(target)
        return True

    def _next_text(self) -> bool:
        tracks = [track for track in self._state.text_tracks if not track.unsupported]
        now = self.text.over(_selected(tracks))
        at = next((row for row, track in enumerate(tracks) if track.id == now), -1)
        chosen = tracks[at + 1] if at + 1 < len(tracks) else None
        if self._session is not None and tracks:
            self.text.ask(None if chosen is None else chosen.id)
            self._session.select_text(None if chosen is None else chosen.id)
            self._say(track_names(tracks)[at + 1] if chosen else tr("No subtitles"))
        return True

    def _next_audio(self) -> bool:
        tracks = [track for track in self._state.audio_tracks if not track.unsupported]
        now = self.audio.over(_selected(tracks) or "")
        at = next((row for row, track in enumerate(tracks) if track.id == now), -1)
        if self._session is not None and len(tracks) > 1:
            row = (at + 1) % len(tracks)
            self.audio.ask(tracks[row].id)
            self._session.select_audio(tracks[row].id)
            self._say(track_names(tracks)[row])
        return True

    def _ask(self, what: str) -> bool:
        self.textWanted.emit(what)
        return False

    def _queue_step(self, direction: int) -> bool:
        if self._files is None or not self._files.step(direction):
            self._say(tr("Nothing follows in the queue."))
        return False

    def _shuffle(self) -> bool:
        if self._files is not None:
            self._files.toggleShuffle()
            self._say(tr("Shuffle") if self._files.property("shuffled") else tr("In order"))
        return True

    def _repeat(self) -> bool:
        if self._files is not None:
            self._files.cycleRepeat()
            self._say(_repeat_words(str(self._files.property("repeat"))))
        return True

    # --- choices of a level

    def _choose_sleep(self, key: str) -> bool:
        minutes = int(key)
        self._sleep.stop()
        if minutes:
            self._sleep.start(minutes * 60_000)
            self._say(tr("Pauses in {minutes} minutes").format(minutes=minutes))
        else:
            self._say(tr("No sleep timer"))
        return False

    def _choose_mark(self, key: str) -> bool:
        self.seekWanted.emit(float(key))
        return False

    def _choose_of_mark(self, key: str) -> bool:
        """One of what can be done with a bookmark."""
        if key == "play":
            self.seekWanted.emit(self._mark)
            return False
        left = [mark for mark in self._state.bookmarks if mark != self._mark]
        if self._session is not None:
            self._session.keep_bookmarks(left)
        self._state = replace(self._state, bookmarks=tuple(left))
        self._say(tr("Bookmark removed: {time}").format(time=self._clock(self._mark)))
        self._path.pop()
        if not left:
            self._path.pop()
        return True

    def _choose_second(self, key: str) -> bool:
        if self._session is not None:
            self._session.select_second_text(None if key == OFF else key)
        return False

    def _choose_queue(self, key: str) -> bool:
        if self._files is not None:
            self._files.playRow(int(key))
        return False

    def _choose_of_file(self, key: str) -> bool:
        """One of what can be done with a file of the queue."""
        if self._files is None:
            return False
        last = len(self._files.queue_lines) - 1
        if key == "play":
            self._files.playRow(self._row)
            return False
        if key == "remove":
            self._files.remove(self._row)
            self._path.pop()
        elif key in ("up", "down"):
            to = max(0, min(last, self._row + (1 if key == "down" else -1)))
            self._files.move(self._row, to)
            self._row = to
        return True

    def _choose_device(self, key: str) -> bool:
        name = "" if key == "auto" else key
        self.device = name
        self.deviceChosen.emit(name)
        if self._session is not None:
            self._session.set_audio_device(key)
        return True

    def _ask_devices(self) -> None:
        self._devices = ()
        if self._session is not None:
            self._after(self._session.audio_devices(), self._show_devices)

    def _show_devices(self, devices: Sequence[AudioDevice]) -> None:
        self._devices = devices
        self._refresh()

    def _sleep_now(self) -> None:
        self._say(tr("Good night"))
        self.sleepOver.emit()

    def _add_subtitles(self, place: str) -> None:
        path = chosen_file(place)
        if self._session is not None and path is not None:
            self.text.forget()
            self._session.add_subtitles(path)

    # --- what the menu shows

    def _clock(self, time_s: float) -> str:
        """A time of the title as the player shows it: since its start."""
        return clock_time(time_s - self._state.start_s)

    def tell(self, words: str) -> None:
        """Say something for a moment, as after a key."""
        self._say(words)

    def _say(self, words: str) -> None:
        self._said = words
        if words:
            self._said_timer.start(max(_SAID_MS, _LETTER_MS * len(words)))
        self.changed.emit()

    def _refresh(self) -> None:
        level = self._path[-1] if self._path else ""
        if level == "browse":
            self._heading = str(self._browser.property("heading"))
            self._options.replace(self._browser.lines)
        else:
            self._heading = _level_names().get(level, tr("Tools")).format(time=self._clock(self._mark))
            self._options.replace(_LINES[level](self))
        self.menuChanged.emit()

    def _top(self) -> list[Option]:
        names = _level_names()
        return [
            Option(key, names[key])
            for key in ("playback", "picture", "sound", "subtitles", "queue")
            if self._fits(key)
        ] + [Option("keys", tr("Keys…"))]

    def _fits(self, key: str) -> bool:
        return key != "queue" or (self._files is not None and int(self._files.property("count")) > 0)

    def _playback_lines(self) -> list[Option]:
        begin_s, end_s = self._loop
        loop = tr("from {time}").format(time=self._clock(begin_s)) if begin_s is not None else ""
        if end_s is not None and begin_s is not None:
            loop = f"{self._clock(begin_s)} – {self._clock(end_s)}"
        left = f"{round(self._sleep.remainingTime() / 60_000)} min" if self._sleep.isActive() else tr("off")
        return [
            Option("go_to_time", tr("Go to a time…")),
            Option("bookmark", tr("Set a bookmark here")),
            Option(
                "bookmarks", tr("Bookmarks"), str(len(self._state.bookmarks)), available=bool(self._state.bookmarks)
            ),
            Option("chapter_next", tr("Next chapter"), available=bool(self._state.chapters)),
            Option("chapter_previous", tr("Previous chapter"), available=bool(self._state.chapters)),
            Option("loop", tr("Repeat a part (A-B)"), loop),
            Option("frame_forward", tr("Next frame")),
            Option("frame_back", tr("Previous frame")),
            Option("slower", tr("Slower"), f"{self.speed.over(self._state.speed):g}×"),
            Option("faster", tr("Faster")),
            Option("normal_speed", tr("Normal speed")),
            Option("sleep", tr("Sleep timer"), left),
        ]

    def _picture_lines(self) -> list[Option]:
        now = self._adjusted
        return [
            Option("screenshot", tr("Save this frame"), str(self.screenshots)),
            Option("zoom_in", tr("Larger"), f"{now.zoom} %"),
            Option("zoom_out", tr("Smaller")),
            Option("zoom_reset", tr("Original zoom")),
            Option("crop", tr("Crop"), _crop_words(now.crop)),
            Option("aspect", tr("Aspect ratio"), now.aspect or tr("as it is")),
            Option("rotate", tr("Rotate"), f"{now.rotation}°"),
            Option("deinterlace", tr("Deinterlace"), tr("on") if now.deinterlace else tr("off")),
            Option("tone_mapping", tr("HDR on this screen"), self._tone_words(), available=not self.draws_in_memory),
        ]

    def _tone_words(self) -> str:
        return tr("needs a graphics card") if self.draws_in_memory else self._tone or tr("as in the settings")

    def _sound_lines(self) -> list[Option]:
        now = self._adjusted
        return [
            Option("louder", tr("Louder"), tr("off") if self._muted else f"{self._volume} %"),
            Option("quieter", tr("Quieter")),
            Option("mute", tr("Sound off or on")),
            Option("audio_later", tr("Sound later"), f"{decimal(now.audio_delay_s, 1)} s"),
            Option("audio_earlier", tr("Sound earlier")),
            Option("night", tr("Night mode"), tr("on") if now.night else tr("off")),
            Option("normalise", tr("Even volume"), tr("on") if now.normalise else tr("off")),
            Option("downmix", tr("Mix down to stereo"), tr("on") if now.downmix else tr("off")),
            Option("next_audio", tr("Next audio track")),
            Option("devices", tr("Output device")),
        ]

    def _subtitle_lines(self) -> list[Option]:
        now = self._adjusted
        return [
            Option("next_subtitles", tr("Next subtitles")),
            Option("browse", tr("Add a file…")),
            Option("second", tr("Second subtitles"), available=len(self._second_lines()) > 1),
            Option("find_line", tr("Find a line…")),
            Option("subtitles_later", tr("Later"), f"{decimal(now.subtitle_delay_s, 1)} s"),
            Option("subtitles_earlier", tr("Earlier")),
            Option("subtitles_larger", tr("Larger"), f"{now.subtitle_size} %"),
            Option("subtitles_smaller", tr("Smaller")),
            Option("subtitles_higher", tr("Higher"), f"{now.subtitle_lift} %"),
            Option("subtitles_lower", tr("Lower")),
            Option("subtitle_style", tr("Style"), tr("its own") if now.own_style else tr("as in the settings")),
        ]

    def _queue_lines(self) -> list[Option]:
        if self._files is None:
            return []
        lines = self._files.queue_lines
        return [
            Option("queue_next", tr("Next file")),
            Option("queue_previous", tr("Previous file")),
            Option("shuffle", tr("Shuffle"), tr("on") if self._files.property("shuffled") else tr("off")),
            Option("repeat", tr("Repeat"), _repeat_words(str(self._files.property("repeat")))),
            Option("queue_list", tr("Files of the queue"), str(len(lines))),
        ]

    def _list_lines(self) -> list[Option]:
        lines = [] if self._files is None else self._files.queue_lines
        return [Option(str(row), line.name, chosen=line.playing) for row, line in enumerate(lines)]

    def _of_file_lines(self) -> list[Option]:
        lines = [] if self._files is None else self._files.queue_lines
        playing = self._row < len(lines) and lines[self._row].playing
        return [
            Option("play", tr("Play now")),
            Option("up", tr("Earlier in the queue"), available=self._row > 0),
            Option("down", tr("Later in the queue"), available=self._row < len(lines) - 1),
            Option("remove", tr("Take out of the queue"), available=not playing),
        ]

    def _device_lines(self) -> list[Option]:
        if not self._devices:
            return [Option("", tr("Looking…"), available=False)]
        chosen = self.device or "auto"
        if all(device.name != chosen for device in self._devices):
            chosen = "auto"
        return [Option(device.name, _device_words(device), chosen=device.name == chosen) for device in self._devices]

    def _mark_lines(self) -> list[Option]:
        return [Option(str(mark), self._clock(mark)) for mark in self._state.bookmarks]

    def _of_mark_lines(self) -> list[Option]:
        return [Option("play", tr("Go there")), Option("remove", tr("Remove the bookmark"))]

    def _found_lines(self) -> list[Option]:
        """At the times at which they are shown: delayed as the subtitles are."""
        shown = ((max(0.0, line.start_s + self._adjusted.subtitle_delay_s), line.text) for line in self._found)
        return [
            Option(str(at_s), text[:80], self._clock(at_s), chosen=row == self._nearest)
            for row, (at_s, text) in enumerate(shown)
        ]

    def _sleep_lines(self) -> list[Option]:
        now = self._sleep.interval() // 60_000 if self._sleep.isActive() else 0
        return [Option(str(one), f"{one} min" if one else tr("Off"), chosen=one == now) for one in SLEEP_MINUTES]

    def _can_be_second(self, track: TrackChoice) -> bool:
        """Of a stream the viewer's own files can."""
        from player.playback.own_subtitles import is_own

        return self._state.media is not None or is_own(track.id)

    def _second_lines(self) -> list[Option]:
        tracks = [track for track in self._state.text_tracks if not track.unsupported and self._can_be_second(track)]
        none = Option(OFF, tr("Off"), chosen=not self._state.second_text)
        names = track_names(tracks)
        return [
            none,
            *(
                Option(
                    track.id,
                    name,
                    tr("shown already") if track.selected else "",
                    chosen=track.id == self._state.second_text,
                    available=not track.selected,
                )
                for track, name in zip(tracks, names, strict=True)
            ),
        ]


def is_subtitle(name: str) -> bool:
    """Whether a file is called as subtitle files are."""
    from player.text.subtitle_files import is_subtitle_name

    return is_subtitle_name(name)


def _selected(tracks: Sequence[TrackChoice]) -> str | None:
    """The id of the track that is shown or heard."""
    return next((track.id for track in tracks if track.selected), None)


def _distance_s(line: SubtitleLine, at_s: float) -> float:
    """How far a line is from a time; 0 while it is shown."""
    return max(line.start_s - at_s, at_s - line.end_s, 0.0)


def _screenshot_words(path: Path, *, ok: bool) -> str:
    if ok:
        return tr("Saved: {file}").format(file=path.name)
    return tr("This frame cannot be saved: the title is protected, or the disk is full or must not be written to.")


def _device_words(device: AudioDevice) -> str:
    return tr("System default") if device.name == "auto" else device.description


def _crop_words(crop: str) -> str:
    return {"": tr("nothing"), "fill": tr("fill the window")}.get(crop, crop)


def _aspect_words(aspect: str) -> str:
    return tr("Aspect ratio: {shape}").format(shape=aspect or tr("as it is"))


def _repeat_words(repeat: str) -> str:
    return {"off": tr("Repeat nothing"), "all": tr("Repeat all"), "one": tr("Repeat this one")}[repeat]


def _level_names() -> dict[str, str]:
    return {
        "playback": tr("Playback"),
        "picture": tr("Picture"),
        "sound": tr("Sound"),
        "subtitles": tr("Subtitles"),
        "queue": tr("Queue"),
        "queue_list": tr("Files of the queue"),
        "bookmarks": tr("Bookmarks"),
        "found": tr("Found"),
        "sleep": tr("Sleep timer"),
        "second": tr("Second subtitles"),
        "browse": tr("Add subtitles"),
        "devices": tr("Output device"),
        "queue_file": tr("File of the queue"),
        "bookmark_line": tr("Bookmark at {time}"),
    }


_Deed = Callable[[ToolsViewModel], bool]
_T = ToolsViewModel
_LINES: dict[str, Callable[[ToolsViewModel], list[Option]]] = {
    "": _T._top,
    "playback": _T._playback_lines,
    "picture": _T._picture_lines,
    "sound": _T._sound_lines,
    "subtitles": _T._subtitle_lines,
    "queue": _T._queue_lines,
    "queue_list": _T._list_lines,
    "bookmarks": _T._mark_lines,
    "found": _T._found_lines,
    "sleep": _T._sleep_lines,
    "second": _T._second_lines,
    "devices": _T._device_lines,
    "queue_file": _T._of_file_lines,
    "bookmark_line": _T._of_mark_lines,
}
_LEVELS = frozenset({*_LINES, "browse"} - {""})
_OF_ONE_TITLE = frozenset({"bookmarks", "bookmark_line", "found", "second", "browse"})
"""Levels that are left once another title plays."""
_CHOOSERS: dict[str, Callable[[ToolsViewModel, str], bool]] = {
    "sleep": _T._choose_sleep,
    "bookmarks": _T._choose_mark,
    "found": _T._choose_mark,
    "second": _T._choose_second,
    "queue_list": _T._choose_queue,
    "devices": _T._choose_device,
    "queue_file": _T._choose_of_file,
    "bookmark_line": _T._choose_of_mark,
}
_DEEDS: dict[str, _Deed] = {
    "audio_later": lambda t: t._audio_delay(_DELAY_STEP_S),
    "audio_earlier": lambda t: t._audio_delay(-_DELAY_STEP_S),
    "louder": lambda t: t._louder(_VOLUME_STEP),
    "quieter": lambda t: t._louder(-_VOLUME_STEP),
    "mute": _T._mute,
    "night": lambda t: t._toggle("night", tr("Night mode")),
    "normalise": lambda t: t._toggle("normalise", tr("Even volume")),
    "downmix": lambda t: t._toggle("downmix", tr("Mix down to stereo")),
    "next_audio": _T._next_audio,
    "next_subtitles": _T._next_text,
    "subtitles_later": lambda t: t._subtitle_delay(_DELAY_STEP_S),
    "subtitles_earlier": lambda t: t._subtitle_delay(-_DELAY_STEP_S),
    "subtitles_larger": lambda t: t._subtitle_size(10),
    "subtitles_smaller": lambda t: t._subtitle_size(-10),
    "subtitles_higher": lambda t: t._subtitle_lift(5),
    "subtitles_lower": lambda t: t._subtitle_lift(-5),
    "subtitle_style": lambda t: t._toggle("own_style", tr("Subtitles in their own style")),
    "find_line": lambda t: t._ask("line"),
    "keys": lambda t: t._ask("keys"),
    "screenshot": _T._screenshot,
    "zoom_in": lambda t: t._zoom(10),
    "zoom_out": lambda t: t._zoom(-10),
    "zoom_reset": lambda t: t._zoom(0),
    "crop": lambda t: t._next_of("crop", CROPS, lambda crop: tr("Crop: {crop}").format(crop=_crop_words(crop))),
    "aspect": lambda t: t._next_of("aspect", ASPECTS, _aspect_words),
    "rotate": lambda t: t._next_of("rotation", ROTATIONS, lambda angle: f"{tr('Rotate')}: {angle}°"),
    "deinterlace": lambda t: t._toggle("deinterlace", tr("Deinterlace")),
    "tone_mapping": _T._next_tone,
    "go_to_time": lambda t: t._ask("time"),
    "bookmark": _T._bookmark,
    "loop": _T._loop_here,
    "frame_forward": lambda t: t._frame(1),
    "frame_back": lambda t: t._frame(-1),
    "slower": lambda t: t._speed(-1),
    "faster": lambda t: t._speed(1),
    "normal_speed": lambda t: t._speed(0),
    "chapter_next": lambda t: t._chapter(1),
    "chapter_previous": lambda t: t._chapter(-1),
    "queue_next": lambda t: t._queue_step(1),
    "queue_previous": lambda t: t._queue_step(-1),
    "shuffle": _T._shuffle,
    "repeat": _T._repeat,
}
TOOL_ACTIONS = frozenset(_DEEDS)
"""Actions of the table of keys that are carried out here."""
