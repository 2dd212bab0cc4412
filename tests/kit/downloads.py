"""Downloads for tests: a store with a key of its own, small titles of made-up bytes, and one run to its end.

``python -m tests.kit.downloads STORE KEYS ID`` runs one download in a process of its own, to be killed.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import random
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from downloads import request
from downloads.downloader import Access, Downloader
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder, SystemDisk
from downloads.item_writer import DiskFile, SystemFile
from downloads.model import DownloadChoice, DownloadOrigin, State
from downloads.settings import DownloadSettings
from downloads.store import Store
from drm_client.keystore import FileKeyStore
from player.base.clock import SystemClock
from player.base.errors import ErrorCode
from player.net.failures import failure
from player.net.gate import Gate
from player.net.model import Body, Request, Transport
from player.net.routing import RoutingTransport
from tests.kit.fileserver import FileServer

SEGMENT_BYTES = 4000


class SmallDisk(SystemDisk):
    """A disk with room for so many bytes more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def create(self, path: Path) -> DiskFile:
        return _SmallFile(self, path)


class _SmallFile(SystemFile):
    def __init__(self, disk: SmallDisk, path: Path) -> None:
        super().__init__(path)
        self._disk = disk

    def write(self, data: bytes | memoryview) -> None:
        taken = data[: max(0, self._disk.room)]
        self._disk.room -= len(taken)
        super().write(taken)
        if len(taken) < len(data):
            raise OSError(errno.ENOSPC, "no space left on device")


class CutTransport:
    """A network that is gone after so many requests."""

    def __init__(self, inner: Transport, requests: int) -> None:
        self._inner = inner
        self.left = requests

    @asynccontextmanager
    async def open(self, request_: Request) -> AsyncIterator[Body]:
        self.left -= 1
        if self.left < 0:
            raise failure(ErrorCode.NET_UNREACHABLE, "{host} cannot be reached.", request_.url)
        async with self._inner.open(request_) as body:
            yield body

    async def close(self) -> None:
        await self._inner.close()


def noise_title(folder: Path, segments: int = 12, *, seed: int = 1) -> Path:
    """An HLS title whose segments are reproducible noise; the path of its playlist."""
    noise = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:4", "#EXT-X-PLAYLIST-TYPE:VOD"]
    for number in range(segments):
        (folder / f"{number}.ts").write_bytes(noise.randbytes(SEGMENT_BYTES + noise.randrange(500)))
        lines += ["#EXTINF:4.0,", f"{number}.ts"]
    playlist = folder / "media.m3u8"
    playlist.write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
    return playlist


@dataclass
class Shelf:
    """A store with its key store beside it."""

    folder: Path
    store: Store

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    def again(self) -> Store:
        """The same store as another process sees it."""
        return Store(self.folder / "store", FileKeyStore(self.keys))

    def add(self, url: str, choice: DownloadChoice | None = None, **more: Any) -> DownloadFolder:
        folder = self.store.create("Test", **more)
        request.write(folder, request.DownloadRequest(DownloadOrigin(url=url), choice or DownloadChoice()))
        return folder


def shelf(folder: Path) -> Shelf:
    """A new, empty store in ``folder``."""
    return Shelf(folder, Store(folder / "store", FileKeyStore(folder / "keys")))


def run(
    folder: DownloadFolder, *, transport: Transport | None = None, access: Access | None = None, **settings: Any
) -> State:
    """Run a download to its end in this process. Raises what it failed with."""

    async def work() -> State:
        gate = Gate(transport or RoutingTransport(), SystemClock())
        chosen = DownloadSettings(reserve_bytes=0, **settings)
        try:
            return await Downloader(gate, SystemClock(), access or Access(), chosen).run(folder, asyncio.Event())
        finally:
            await gate.close()

    return asyncio.run(work())


@contextmanager
def noise_download(folder: Path, segments: int = 6) -> Iterator[tuple[Shelf, DownloadFolder, FileServer]]:
    """A complete download of noise, and the server it came from."""
    noise_title(folder / "title", segments)
    with FileServer(folder / "title") as server:
        made = shelf(folder)
        download = made.add(server.url("media.m3u8"))
        run(download)
        yield made, download, server


def main() -> int:
    """See the module; exit code 3 for a full disk, 1 for another failure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store", type=Path)
    parser.add_argument("keys", type=Path)
    parser.add_argument("id")
    parser.add_argument("--room", type=int, default=1 << 60)
    parser.add_argument("--requests", type=int, default=1 << 60)
    args = parser.parse_args()
    folder = Store(args.store, FileKeyStore(args.keys), disk=SmallDisk(args.room)).get(args.id)
    os.write(sys.stdout.fileno(), b"ready\n")
    try:
        run(folder, transport=CutTransport(RoutingTransport(), args.requests))
    except DownloadError as error:
        return 3 if error.code is ErrorCode.DISK_FULL else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
