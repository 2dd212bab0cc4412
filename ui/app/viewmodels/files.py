"""The viewer's own files: opening them, the queue that they play in, and those that were opened last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from player.base.apart import apart
from player.base.errors import ErrorCode, InputError
from player.resume.files import OpenedFile
from ui.app.ports.client import ClientPort
from ui.app.system import links
from ui.app.viewmodels.binding import RecordModel, part, shown
from ui.app.viewmodels.browsing import FileBrowser
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.queue import PlayQueue, Repeat
from ui.app.viewmodels.sentences import sentence_of
from ui.app.viewmodels.tasks import ClientTask, Tasks
from ui.app.viewmodels.text import clock_time, tr
from ui.app.viewmodels.titles import Poster

if TYPE_CHECKING:
    from player.reporting.state import PlaybackFailure
    from player.title.opening import PlaybackSource

_MOST = 20_000
_NOTICED_MS = 10_000
_LATE_MS = 4000  # a disk that was asleep has answered by then, mostly
_MOST_PASSED = 20  # then the disk is gone rather than a file
_MOST_RECENT = 12


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One file of the queue."""

    name: str
    playing: bool = False


@dataclass(frozen=True, slots=True)
class _OpenedPlaces:
    """Files that are played, and subtitles of other names that came with a single one of them."""

    places: list[str]
    subtitles: tuple[Path, ...] = ()


class QueueModel(RecordModel[QueueLine]):
    record = QueueLine


class RecentModel(RecordModel[Poster]):
    record = Poster


class FilesViewModel(QObject):
    """``sourceWanted(source)`` asks for a playback, ``notice`` says for a while why a file cannot be opened.
    ``passedOver(name)`` follows for one of the queue that cannot be played, if another one is played instead;
    ``nothingPlays`` where none does.
    ``recent`` are the files that were opened last, by their identity; ``choices`` are what can be done with one of
    them."""

    changed = Signal()
    sourceWanted = Signal(object)
    passedOver = Signal(str)
    nothingPlays = Signal()

    def __init__(self, client: ClientPort, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._browser = FileBrowser(_plays, self, folders=True, heading=tr("On this computer"))
        self._browser.chosen.connect(lambda place: self.open([place]))
        self._queue = PlayQueue()
        self._direction = 1  # in which the viewer goes through it
        self._passed = 0  # so many in a row
        self._unplayable: set[str] = set()  # places of it
        self._subtitles: dict[str, tuple[Path, ...]] = {}  # that were opened with a place
        self._opening: ClientTask[Any] | None = None  # what was asked for last
        self._lines = QueueModel(self)
        self._rng = Random()
        self._count = 0
        self._opened_last: dict[str, OpenedFile] = {}
        self._recent = RecentModel(self)
        self._choices = OptionModel(self)
        self._chosen = ""
        self._notice = ""
        self._noticed = QTimer(self, singleShot=True, interval=_NOTICED_MS)
        self._noticed.timeout.connect(lambda: self._say(""))
        self._awaited = ""  # the name of what is being opened
        self._late = QTimer(self, singleShot=True, interval=_LATE_MS)
        self._late.timeout.connect(self._say_late)

    queue = part("_lines")
    browser = part("_browser")  # what was opened last, and the folders of this computer
    count = shown(int, "_count", changed)
    recent = part("_recent")
    choices = part("_choices")
    notice = shown(str, "_notice", changed)

    @Property(str, notify=changed)
    def chosenName(self) -> str:
        """Whose ``choices`` these are."""
        file = self._opened_last.get(self._chosen)
        return "" if file is None else file.name

    @property
    def queue_lines(self) -> list[QueueLine]:
        """The files of the queue."""
        return self._lines.records

    @Property(bool, notify=changed)
    def shuffled(self) -> bool:
        return self._queue.shuffled

    @Property(str, notify=changed)
    def repeat(self) -> str:
        """ "off", "all" or "one"."""
        return str(self._queue.repeat)

    @Slot()
    def browse(self) -> None:
        """Show what was opened last and the folders of this computer in ``browser``."""
        self._browser.start()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Look again at what was opened last."""
        self._tasks.run(self._client.recent_files(), self._show_recent, lambda _failure: None)

    @Slot(str)
    def playRecent(self, identity: str) -> None:
        """Go on with a file that was opened."""
        if identity in self._opened_last:
            self.open([links.place_text(self._opened_last[identity].place)])

    @Slot(str)
    def offerChoices(self, identity: str) -> None:
        """Make the menu of a file that was opened."""
        self._chosen = identity
        self._choices.replace(
            [
                Option("play", tr("Play")),
                Option("remove", tr("Remove from this list")),
                Option("clear", tr("Remove all from this list")),
            ]
        )
        self.changed.emit()

    @Slot(str)
    def choose(self, key: str) -> None:
        """One of ``choices``. What is removed begins at its start when it is opened again."""
        if key == "play":
            self.playRecent(self._chosen)
        elif key in ("remove", "clear"):
            identity = self._chosen if key == "remove" else None
            self._tasks.run(self._client.forget_file(identity), lambda _none: self.refresh(), self._tell)

    def _show_recent(self, files: Sequence[OpenedFile]) -> None:
        here = [file for file in files if Path(file.place).is_absolute()][:_MOST_RECENT]
        self._opened_last = {file.identity: file for file in here}
        self._recent.replace([_card_of(file) for file in here])
        self._browser.set_recent([Option(links.place_text(one.place), one.name, _place_words(one)) for one in here])
        self.changed.emit()

    @Slot(list)
    def open(self, places: Sequence[str]) -> None:
        """Play files and folders (paths or ``file:`` addresses) and addresses of the web that the viewer chose."""
        self._give_up()
        self._await(self.name_of(places) if places else "")
        self._opening = self._tasks.run(apart(_found, list(places)), self._opened, self._refuse)

    @Slot(list)
    def add(self, places: Sequence[str]) -> None:
        """Put files and folders behind what plays; play them where nothing does."""
        if not self._queue.places:
            self.open(places)
            return
        self._tasks.run(
            apart(_found, list(places)),
            lambda found: self._now(self._queue.added(found.places)),
            self._tell,
        )

    @Slot(int)
    def playRow(self, row: int) -> None:
        """Play one of the queue."""
        self._direction, self._passed = 1, 0
        self._go(self._queue.to_row(row))

    @Slot(int, result=bool)
    def step(self, direction: int) -> bool:
        """Play the next one (1) or the one before (-1); False where there is none."""
        self._direction, self._passed = direction, 0
        return self._go(self._queue.step(direction))

    def leads(self, direction: int) -> bool:
        """Whether there is a next one (1) or one before (-1)."""
        return self._queue.step(direction) is not None

    @Slot(int, int)
    def move(self, row: int, to: int) -> None:
        """List another place in the order."""
        self._now(self._queue.moved(row, to))

    @Slot(int)
    def remove(self, row: int) -> None:
        """Take one out that does not play."""
        self._now(self._queue.removed(row))

    @Slot()
    def toggleShuffle(self) -> None:
        self._now(self._queue.shuffle(self._rng, on=not self._queue.shuffled))

    @Slot()
    def cycleRepeat(self) -> None:
        """Off, all, this one."""
        modes = list(Repeat)
        after = modes[(modes.index(self._queue.repeat) + 1) % len(modes)]
        self._now(replace(self._queue, repeat=after))

    def after_end(self) -> bool:
        """Go on by itself after the end of a file; False where nothing follows."""
        self._direction, self._passed = 1, 0
        return self._go(self._queue.after_end())

    def pass_over(self) -> bool:
        """What plays has failed: play the next one of the queue that has not, in the viewer's direction. False where
        there is none."""
        place, queue = self._queue.current, self._queue
        self._unplayable.add(place)
        self._passed += 1
        if self._passed > _MOST_PASSED:
            return False
        for _ in queue.places:
            following = queue.step(self._direction)
            if following is None:
                return False
            queue = following
            if queue.current not in self._unplayable:
                self.passedOver.emit(_shown_name(place))
                return self._go(queue)
        return False

    def leave(self) -> None:
        """The player is left, or something else plays: the queue is over."""
        self._give_up()
        self._now(PlayQueue(repeat=self._queue.repeat))

    def _opened(self, found: _OpenedPlaces) -> None:
        self._direction, self._passed, self._unplayable = 1, 0, set()
        self._subtitles = dict.fromkeys(found.places, found.subtitles)
        queue = PlayQueue.of(found.places, repeat=self._queue.repeat)
        self._go(queue.shuffle(self._rng, on=True) if self._queue.shuffled else queue)

    def _go(self, queue: PlayQueue | None) -> bool:
        if queue is None or not queue.current:
            return False
        self._now(queue)
        subtitles = self._subtitles.get(queue.current, ())
        self._give_up()
        self._await(_shown_name(queue.current))
        self._opening = self._tasks.run(apart(_source, queue.current, subtitles), self._play, self._cannot_play)
        return True

    def _play(self, source: PlaybackSource) -> None:
        self._late.stop()
        self._say("")
        self.sourceWanted.emit(source)

    def _cannot_play(self, failure: PlaybackFailure) -> None:
        self._late.stop()
        self._tell(failure)
        if not self.pass_over():
            self.nothingPlays.emit()

    def _refuse(self, failure: PlaybackFailure) -> None:
        self._late.stop()
        self._tell(failure)
        self.nothingPlays.emit()

    def _give_up(self) -> None:
        """Nothing of what was asked for before begins any more."""
        self._late.stop()
        if self._opening is not None:
            self._opening.cancel()

    def _await(self, name: str) -> None:
        self._awaited = name
        self._late.start()

    def _say_late(self) -> None:
        self._say(tr("The disk or share of {file} does not answer.").format(file=self._awaited))

    def _tell(self, failure: PlaybackFailure) -> None:
        self._say(sentence_of(failure))

    def _say(self, words: str) -> None:
        self._notice = words
        self._noticed.start()
        self.changed.emit()

    @staticmethod
    def name_of(places: Sequence[str]) -> str:
        """How the first of these places is called."""
        from player.base.file_names import readable

        path = links.chosen_file(places[0])
        return _shown_name(places[0]) if path is None else readable(path.stem)

    def _now(self, queue: PlayQueue) -> None:
        self._queue = queue
        self._count = len(queue.places)
        playing = queue.row()
        self._lines.replace([QueueLine(_shown_name(place), row == playing) for row, place in enumerate(queue.places)])
        self.changed.emit()


def _plays(name: str) -> bool:
    from player.title.media_file import is_media_name

    return is_media_name(name) or Path(name).suffix.casefold() in (".m3u8", ".mpd")


def _shown_name(place: str) -> str:
    from player.base.file_names import readable

    if links.is_web_address(place):  # without what may be secret
        parts = urlsplit(place)
        return readable(unquote(PurePosixPath(parts.path).name) or str(parts.hostname))
    return readable(Path(place).name)


def _place_words(file: OpenedFile) -> str:
    """Where a file was left."""
    length = f" / {clock_time(file.duration_s)}" if file.duration_s else ""
    return clock_time(file.resume_s) + length if file.resume_s else ""


def _card_of(file: OpenedFile) -> Poster:
    share = min(1.0, file.resume_s / file.duration_s) if file.duration_s else 0.0
    return Poster(
        title_id=file.identity,
        name=file.name,
        facts=_place_words(file) or (clock_time(file.duration_s) if file.duration_s else ""),
        synopsis="",
        progress=share,
        remaining="",
    )


def _found(places: list[str]) -> _OpenedPlaces:
    """The files at these places, those of folders by name as people count, and addresses. Raises InputError."""
    from player.text.subtitle_files import is_subtitle_name
    from player.title.media_file import media_of_folder

    found: list[str] = []
    strange = 0
    for place in places:
        path = links.chosen_file(place)
        if path is not None:
            found += map(str, media_of_folder(path, _MOST)) if path.is_dir() else [str(path)]
        elif links.is_web_address(place):
            found.append(place)
        else:
            strange += 1
    if strange and not found:
        raise InputError(
            ErrorCode.INPUT_USAGE, "Matinee plays files, folders, and addresses that begin with https://."
        )
    if not found:
        raise InputError(ErrorCode.INPUT_FILE, "There is no film and no music in this folder.")
    films = [place for place in found if not is_subtitle_name(place)]
    if len(films) != 1:
        return _OpenedPlaces((films or found)[:_MOST])  # subtitles are found beside their film
    return _OpenedPlaces(films, tuple(Path(place).resolve() for place in found if is_subtitle_name(place)))


def _source(place: str, subtitles: tuple[Path, ...] = ()) -> PlaybackSource:
    from player.title.opening import PlaybackSource

    if links.is_web_address(place):
        return PlaybackSource.of_address(place)
    source = PlaybackSource.of_file(Path(place))
    return source if source.media is None else replace(source, subtitles=subtitles)
