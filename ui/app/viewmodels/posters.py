"""Poster pictures on disk, fetched once through the network gate and bounded in number of bytes; in memory where the
disk takes none."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, QUrl

from player.reporting.state import PlaybackFailure
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.tasks import Tasks

MAX_BYTES = 64 * 1024 * 1024
MOST_HELD_BYTES = 16 * 1024 * 1024  # of pictures that the disk does not take
_AT_ONCE = 6
RETRY_MS = 5000
_LATER = ("net.", "http.server", "http.rate_limited")  # codes of what may pass
_storing = threading.Lock()  # one writer at a time, which may also remove files
_log = logging.getLogger(__name__)


class PosterCache(QObject):
    """Turns poster addresses into local ones: of files, or of the picture itself (``data:``) while a full disk takes
    none. A poster that the service does not have stays without a picture in this run; the page shows the title's
    name instead. While the service cannot be reached it is tried again."""

    def __init__(self, client: ClientPort, tasks: Tasks, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._folder = folder
        self._known: dict[str, str] = {}
        self._waiting: dict[str, list[Callable[[str], None]]] = {}
        self._queue: list[str] = []
        self._running = 0
        self._held_bytes = 0
        self._later: list[str] = []
        self._retry = QTimer(self, singleShot=True, interval=RETRY_MS)
        self._retry.timeout.connect(self._try_again)

    def get(self, url: str, arrived: Callable[[str], None]) -> str:
        """The local address of a poster, or empty; then ``arrived`` is called with it once it is there."""
        if not url or url in self._known:
            return self._known.get(url, "")
        waiting = self._waiting.get(url)
        if waiting is not None:
            waiting.append(arrived)
            return ""
        self._waiting[url] = [arrived]
        self._queue.append(url)
        self._start_some()
        return ""

    def known(self, url: str) -> str:
        """The local address of a poster that has been shown already, else empty. Asks nobody."""
        return self._known.get(url, "")

    def _start_some(self) -> None:
        while self._queue and self._running < _AT_ONCE:
            url = self._queue.pop()  # the newest first: it is the one in view
            self._running += 1
            self._tasks.run(
                _fetch(self._client, url, self._folder),
                partial(self._stored, url),
                partial(self._refused, url),
            )

    def _stored(self, url: str, picture: Path | bytes) -> None:
        if isinstance(picture, Path):
            self._arrived(url, QUrl.fromLocalFile(str(picture)).toString())
            return
        self._held_bytes += len(picture)
        held = self._held_bytes <= MOST_HELD_BYTES
        self._arrived(url, f"data:;base64,{base64.b64encode(picture).decode()}" if held else "")

    def _refused(self, url: str, failure: PlaybackFailure) -> None:
        if failure.code.startswith(_LATER):
            self._running -= 1
            self._later.append(url)
            self._retry.start()
            self._start_some()
        else:
            self._arrived(url, "")

    def _try_again(self) -> None:
        self._queue += self._later
        self._later.clear()
        self._start_some()

    def _arrived(self, url: str, address: str) -> None:
        self._running -= 1
        self._known[url] = address
        for arrived in self._waiting.pop(url):
            if address:
                arrived(address)
        self._start_some()


async def _fetch(client: ClientPort, url: str, folder: Path) -> Path | bytes:
    """The file of a picture, or the picture where it cannot be stored."""
    path = folder / hashlib.sha256(url.encode()).hexdigest()[:40]
    if await asyncio.to_thread(path.is_file):
        return path
    picture = await client.image(url)
    try:
        await asyncio.to_thread(_store, path, picture)
    except OSError as error:
        _log.info("a poster cannot be stored: %s", error.strerror)
        return picture
    return path


def _store(path: Path, picture: bytes) -> None:
    """Write whole files only, and make room by removing the oldest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _storing:
        partial = path.with_suffix(".part")
        try:
            partial.write_bytes(picture)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        _make_room(path.parent)


def _make_room(folder: Path) -> None:
    files = []
    for file in folder.iterdir():
        stat = file.stat()
        files.append((stat.st_mtime, stat.st_size, file))
    total = sum(size for _, size, _ in files)
    for _, size, file in sorted(files):
        if total <= MAX_BYTES:
            break
        total -= size
        file.unlink(missing_ok=True)
