"""The downloads page, and what of it is shown at home while there is no network."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import Title
from ui.app.ports.downloads import DownloadsPort, KeptTitle, Places, Shelf
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.profiles import ADULT
from ui.app.viewmodels.rights import kept_rights_words
from ui.app.viewmodels.sentences import service_sentence
from ui.app.viewmodels.tasks import ClientTask, Tasks
from ui.app.viewmodels.text import bitrate, byte_words, duration_words, tr
from ui.app.viewmodels.titles import Poster, PosterModel

_LOOK_MS = 1000
_RATE_OVER_S = 30.0


@dataclass(frozen=True, slots=True)
class DownloadLine:
    """One download as its line shows it."""

    download_id: str
    title: str
    status: str
    facts: str
    rights: str
    fraction: float
    trouble: bool
    done: bool


class DownloadModel(RecordModel[DownloadLine]):
    record = DownloadLine


class Speed:
    """Bytes per second of one download in the last half minute, from how far it was at each look. Parts count when
    they are whole, so on a slow network several come at once and then none for a while: time is taken from arrival to
    arrival."""

    def __init__(self) -> None:
        self._arrivals: deque[tuple[float, int]] = deque()
        self.bytes_per_s = 0.0

    def see(self, now_s: float, fetched: int) -> None:
        """``fetched`` bytes were there at ``now_s``."""
        seen = self._arrivals
        if seen and fetched < seen[-1][1]:
            seen.clear()  # something was damaged, and is fetched again
        if not seen or fetched > seen[-1][1]:
            seen.append((now_s, fetched))
        while len(seen) > 2 and seen[0][0] < now_s - _RATE_OVER_S:
            seen.popleft()
        (first_s, first), (last_s, last) = seen[0], seen[-1]
        usual_s = max((after[0] - before[0] for before, after in pairwise(seen)), default=0.0)
        until_s = last_s if now_s - last_s <= usual_s else now_s
        self.bytes_per_s = (last - first) / (until_s - first_s) if until_s > first_s else 0.0


class DownloadsViewModel(QObject):
    """The queue, the titles that can be watched now, and the actions of each download. It is read every second while
    something changes or the page is visible (``set_visible``)."""

    changed = Signal()
    looked = Signal()

    def __init__(
        self,
        port: DownloadsPort | None,
        tasks: Tasks,
        posters: PosterCache,
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self.port = port
        self._tasks = tasks
        self._clock = clock
        self._shelf = Shelf()
        self._known = False
        self._look: ClientTask[Shelf] | None = None
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.refresh)
        self._speeds: dict[str, Speed] = {}
        self._lines = DownloadModel(self)
        self._ready = PosterModel(posters, self)
        self._options = OptionModel(self)
        self._notice = ""
        self._visible = False
        self._places: Places | None = None
        self._maturity = ADULT

    notice = shown(str, "_notice", changed)
    known = shown(bool, "_known", changed)

    @Property(QObject, constant=True)
    def lines(self) -> DownloadModel:
        return self._lines

    @Property(QObject, constant=True)
    def ready(self) -> PosterModel:
        """What can be watched now, without a network; ``titleId`` is the download's id."""
        return self._ready

    @Property(QObject, constant=True)
    def options(self) -> OptionModel:
        """What can be done with the download that :meth:`offer` was asked for."""
        return self._options

    @Property(bool, constant=True)
    def available(self) -> bool:
        return self.port is not None

    @Property(str, notify=changed)
    def storage(self) -> str:
        limit = self._shelf.limit
        if limit is not None:
            return tr("{used} of {limit} for downloads").format(
                used=byte_words(self._shelf.used), limit=byte_words(limit)
            )
        return tr("{used} of downloads, {free} free").format(
            used=byte_words(self._shelf.used), free=byte_words(self._shelf.free)
        )

    @Property(float, notify=changed)
    def storageShare(self) -> float:
        """Of the room that downloads have or could have, the part that is taken, 0..1."""
        room = self._shelf.used + self._shelf.free
        if self._shelf.limit is not None:
            room = min(room, self._shelf.limit)
        return min(1.0, self._shelf.used / room) if room else 0.0

    @Property(str, notify=changed)
    def places(self) -> str:
        """On how many of the account's devices there are downloads, as its plan counts them; empty while unknown."""
        found = self._places
        if found is None or found.device_limit is None:
            return ""
        return tr("Downloads on {count} of {limit} devices").format(count=found.devices, limit=found.device_limit)

    def add_episodes(self, card: Title, following: int | None, height: int | None) -> None:
        """Download the season of an episode, or the next ones of its series."""
        if self.port is not None:
            self._tasks.run(self.port.add_episodes(card, following, height), self._added_episodes, self._not_done)

    def _added_episodes(self, count: int) -> None:
        words = tr("{count} episodes are downloaded.") if count else tr("These episodes are here already.")
        self._tell(words.format(count=count))
        self._again()

    def _take_places(self, found: Places | None) -> None:
        self._places = found
        self.changed.emit()

    def keep_up(self) -> None:
        """Let smart downloads take their next step; what does not work out now does the next time."""
        if self.port is not None:
            self._tasks.run(self.port.keep_up(), lambda _none: self.refresh(), lambda _failure: None)

    @Slot()
    def refresh(self) -> None:
        """Look at the queue now."""
        if self.port is not None and self._look is None:
            self._look = self._tasks.run(self.port.shelf(), self._arrived, self._failed)

    def set_visible(self, *, visible: bool) -> None:
        """Whether a viewer sees the page."""
        self._visible = visible
        if visible:
            self._notice = ""
            self.changed.emit()
            if self.port is not None:
                self._tasks.run(self.port.places(), self._take_places, lambda _failure: None)
            self.refresh()
        self._set_timer()

    def set_maturity(self, maturity: int) -> None:
        """The highest age rating that may be watched now; what is above it does not show."""
        self._maturity = maturity
        self._publish()

    def of_title(self, title_id: str) -> KeptTitle | None:
        """The download of a title of the service."""
        return next((one for one in self._allowed() if one.title_id == title_id), None)

    def kept(self, download_id: str) -> KeptTitle | None:
        return next((one for one in self._allowed() if one.id == download_id), None)

    def options_for(self, one: KeptTitle) -> list[Option]:
        """What can be done with a download as it stands."""
        found = [Option("play", tr("Play"))] if one.playable else []
        if one.state == "queued":
            found.append(Option("pause", tr("Pause")))
        elif one.state != "complete" and not one.code.startswith("download."):
            found.append(Option("resume", tr("Go on") if one.state == "paused" else tr("Try again")))
        if one.state == "complete":
            found.append(Option("verify", tr("Check for damage")))
        if one.state in ("complete", "failed"):
            found.append(Option("repair", tr("Repair")))
        if one.renewable:
            found.append(Option("renew", tr("Renew the licence")))
        words = tr("Remove") if one.state == "complete" else tr("Cancel and remove")
        return [*found, Option("remove", words, byte_words(one.fetched))]

    @Slot(str)
    def offer(self, download_id: str) -> None:
        one = self.kept(download_id)
        self._options.replace([] if one is None else self.options_for(one))

    @Slot(str, str)
    def act(self, download_id: str, action: str) -> None:
        """Carry out one of ``options``, except to play."""
        port, one = self.port, self.kept(download_id)
        if port is None or one is None:
            return
        works: dict[str, Callable[[str], Coroutine[Any, Any, int | None]]] = {
            "pause": port.pause,
            "resume": port.resume,
            "verify": port.verify,
            "repair": port.repair,
            "renew": port.renew,
            "remove": port.remove,
        }
        begun = {"verify": tr("Checking {name}…"), "repair": tr("Repairing {name}…"), "renew": tr("Renewing…")}
        self._tell(begun.get(action, "").format(name=one.name))
        self._tasks.run(works[action](download_id), lambda found: self._done(action, one.name, found), self._not_done)

    def add(self, card: Title, height: int | None) -> None:
        """Download a title."""
        if self.port is not None:
            self._tasks.run(self.port.add(card, height), lambda _none: self._again(), self._not_done)

    def tell(self, failure: PlaybackFailure) -> None:
        """Something with a download went wrong."""
        self._tell(failure.sentence)

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()
        if self._look is not None:
            self._look.cancel()

    def _done(self, action: str, name: str, found: int | None) -> None:
        words = {
            "verify": tr("{name}: nothing is damaged.") if not found else tr("{name}: {count} parts are damaged."),
            "repair": tr("{name}: nothing is damaged.")
            if not found
            else tr("{name}: {count} parts are fetched again."),
            "renew": tr("The licence of {name} has been renewed."),
        }
        self._tell(words.get(action, "").format(name=name, count=found))
        self._again()

    def _not_done(self, failure: PlaybackFailure) -> None:
        self._tell(failure.sentence)
        self._again()

    def _tell(self, words: str) -> None:
        self._notice = words
        self.changed.emit()

    def _again(self) -> None:
        """Look again, past a look that may have begun before."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
        self.refresh()

    def _arrived(self, shelf: Shelf) -> None:
        self._look = None
        self._shelf, self._known = shelf, True
        now_s = self._clock()
        self._speeds = {one.id: self._speeds.get(one.id) or Speed() for one in shelf.titles if one.running}
        for one in shelf.titles:
            if one.id in self._speeds:
                self._speeds[one.id].see(now_s, one.fetched)
        self._set_timer()
        self._publish()
        self.looked.emit()

    def _allowed(self) -> list[KeptTitle]:
        return [one for one in self._shelf.titles if one.maturity <= self._maturity]

    def _publish(self) -> None:
        titles = self._allowed()
        self._lines.replace([self._line(one) for one in titles])
        old = {poster.title_id: poster.poster for poster in self._ready.records}
        self._ready.replace([_poster(one, old.get(one.id, "")) for one in titles if one.playable])
        self.changed.emit()

    def _failed(self, failure: PlaybackFailure) -> None:
        """The next look may find what this one did not."""
        self._look = None
        self._known = True
        self._tell(failure.sentence)

    def _set_timer(self) -> None:
        moving = any(one.state == "queued" for one in self._shelf.titles)
        wanted = self.port is not None and (self._visible or moving)
        if wanted != self._timer.isActive():
            self._timer.start() if wanted else self._timer.stop()

    def _line(self, one: KeptTitle) -> DownloadLine:
        speed = self._speeds[one.id].bytes_per_s if one.id in self._speeds else 0.0
        return DownloadLine(
            download_id=one.id,
            title=one.name,
            status=status_words(one),
            facts=_facts(one, speed),
            rights=kept_rights_words(one),
            fraction=one.fraction,
            trouble=one.state == "failed" or bool(one.code),
            done=one.state == "complete",
        )


def status_words(one: KeptTitle) -> str:
    """What a download is doing, or why it does nothing."""
    if one.code:
        return service_sentence(PlaybackFailure(one.code, one.sentence))
    if one.state == "queued":
        return tr("Downloading") if one.running else _waiting_words().get(one.waits, tr("Waiting"))
    words = {"paused": tr("Paused"), "complete": tr("Downloaded"), "failed": tr("Failed")}
    return words.get(one.state, "")


def _waiting_words() -> dict[str, str]:
    return {
        "window": tr("Waits for the time of the day"),
        "metered": tr("Waits for a network that is not metered"),
        "playback": tr("Waits until nothing is playing"),
        "turn": tr("Waits for its turn"),
        "retry": tr("Will be tried again soon"),
        "elsewhere": tr("Another program works on it"),
    }


def _facts(one: KeptTitle, speed: float) -> str:
    """Size, speed and remaining time, as far as they are known."""
    if one.state == "complete":
        parts: Sequence[str] = (byte_words(one.fetched), duration_words(one.duration_s))
    else:
        size = f"{byte_words(one.fetched)} / {byte_words(one.size)}" if one.size else ""
        left = duration_words((one.size - one.fetched) / speed) if speed > 0 and one.size > one.fetched else ""
        parts = (
            size,
            bitrate(8 * speed) if speed > 0 else "",
            tr("{time} left").format(time=left) if left else "",
        )
    return "  ·  ".join(part for part in parts if part)


def _poster(one: KeptTitle, picture: str) -> Poster:
    """On a card there is room for one line: how long the title may be watched, before how long and large it is."""
    size = "  ·  ".join(part for part in (duration_words(one.duration_s), byte_words(one.fetched)) if part)
    return Poster(
        title_id=one.id,
        name=one.name,
        facts=kept_rights_words(one) or size,
        synopsis="",
        progress=0.0,
        remaining="",
        poster=picture,
        poster_url=one.poster_url,
    )
