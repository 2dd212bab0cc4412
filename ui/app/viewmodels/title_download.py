"""The download button of a title's page: what it says, and the qualities with their sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import Title
from ui.app.viewmodels.binding import shown
from ui.app.viewmodels.downloads import DownloadsViewModel
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.rights import kept_rights_words
from ui.app.viewmodels.tasks import ClientTask, Tasks
from ui.app.viewmodels.text import byte_words, tr

_BEST = "best"
_SEASON, _NEXT = "season", "next"
_AHEAD = 3


class TitleDownload(QObject):
    """Offers qualities while the title is not downloaded, and what can be done with it once it is. ``preferred`` is
    the height that the menu begins with, 0 for the best."""

    changed = Signal()
    playWanted = Signal(str)

    def __init__(
        self,
        downloads: DownloadsViewModel,
        tasks: Tasks,
        parent: QObject | None = None,
        preferred: Callable[[], int] = lambda: 0,
    ) -> None:
        super().__init__(parent)
        self._preferred = preferred
        self._downloads = downloads
        self._tasks = tasks
        self._card: Title | None = None
        self._asking: ClientTask[Mapping[int, int]] | None = None
        self._options = OptionModel(self)
        self._notice = ""
        downloads.looked.connect(self.changed)
        downloads.changed.connect(self.changed)

    notice = shown(str, "_notice", changed)

    @Property(bool, notify=changed)
    def possible(self) -> bool:
        return self._downloads.port is not None and self._card is not None

    @Property(str, notify=changed)
    def label(self) -> str:
        one = self._downloads.of_title(self._card.id) if self._card else None
        if one is None:
            return tr("Download")
        if one.state == "complete":
            return tr("Downloaded")
        if one.state == "failed":
            return tr("Download failed")
        return f"{tr('Paused') if one.state == 'paused' else tr('Downloading')} {one.fraction:.0%}"

    @Property(bool, notify=changed)
    def done(self) -> bool:
        one = self._downloads.of_title(self._card.id) if self._card else None
        return one is not None and one.state == "complete"

    @Property(str, notify=changed)
    def rights(self) -> str:
        """How long the downloaded title may still be watched; empty where nothing limits it."""
        one = self._downloads.of_title(self._card.id) if self._card else None
        return "" if one is None else kept_rights_words(one)

    @Property(QObject, constant=True)
    def options(self) -> OptionModel:
        return self._options

    def show(self, card: Title | None) -> None:
        """The title that the page shows now."""
        if self._card is None or card is None or card.id != self._card.id:
            self._stop()
            self._notice = ""
            self._downloads.refresh()
        self._card = card
        self.changed.emit()

    @Slot()
    def noticeSeen(self) -> None:
        self._notice = ""
        self.changed.emit()

    @Slot()
    def offer(self) -> None:
        """Fill ``options``; sizes follow when they are known."""
        card, port = self._card, self._downloads.port
        if card is None or port is None:
            return
        self.noticeSeen()
        one = self._downloads.of_title(card.id)
        if one is not None:
            self._options.replace([*self._downloads.options_for(one), *self._episodes()])
            return
        self._offer_qualities({})
        self._stop()
        self._asking = self._tasks.run(port.sizes(card), self._offer_qualities, self._no_sizes)

    @Slot(str)
    def choose(self, key: str) -> None:
        """One of ``options``."""
        if self._card is None:
            return
        one = self._downloads.of_title(self._card.id)
        if key in (_SEASON, _NEXT):
            following = _AHEAD if key == _NEXT else None
            self._downloads.add_episodes(self._card, following, self._preferred() or None)
        elif one is None:
            self._downloads.add(self._card, None if key == _BEST else int(key))
        elif key == "play":
            self.playWanted.emit(one.id)
        else:
            self._downloads.act(one.id, key)

    def _offer_qualities(self, sizes: Mapping[int, int]) -> None:
        heights = sorted(self._card.heights, reverse=True) if self._card else []
        limit = self._preferred()
        wanted = next((height for height in heights if height <= limit), None)  # the menu begins there
        options = [
            Option(
                str(height),
                f"{height}p",
                tr("about {size}").format(size=byte_words(sizes[height])) if sizes else "…",
                chosen=height == wanted,
            )
            for height in heights
        ]
        self._options.replace([*(options or [Option(_BEST, tr("Best quality"))]), *self._episodes()])

    def _episodes(self) -> list[Option]:
        """What an episode is offered with."""
        if self._card is None or self._card.episode is None:
            return []
        return [
            Option(_SEASON, tr("The whole season")),
            Option(_NEXT, tr("The next {count} episodes").format(count=_AHEAD)),
        ]

    def _no_sizes(self, failure: PlaybackFailure) -> None:
        """The menu shows no sizes; why a download is not possible is said beside it."""
        self._asking = None
        self._notice = failure.sentence
        self._options.replace([replace(option, detail="") for option in self._options.records])
        self.changed.emit()

    def _stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
