"""A live channel that was recorded while FFmpeg made it, and is played out again at its own pace, as often as wanted.

What FFmpeg uploads is kept with its time. :class:`Replay` sends it to another :class:`~tests.kit.lowlatency.Origin`,
with the dates of the MPD moved: so several players get the same broadcast one after another, each as if it were live.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self, cast

from tests.kit.lowlatency import FPS, Broadcast, Origin, UploadedFile
from tests.kit.waiting import until

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_PIECE_BYTES = 1400  # about a packet


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes of a file; ``at_s`` is since the first frame was made. ``data`` is empty where the file is whole; an MPD
    comes as a whole."""

    at_s: float
    name: str
    data: bytes


@dataclass
class Recording:
    """``began_s`` is the date of the first frame, in seconds since 1970."""

    began_s: float
    uploads: list[Upload] = field(default_factory=list)


class _RecordingOrigin(Origin):
    """Notes what is uploaded."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[tuple[float, str, bytes]] = []

    @property
    def lasts_s(self) -> float:
        return self.noted[-1][0] - self.noted[0][0] if self.noted else 0.0

    async def _took(self, name: str, made: UploadedFile, data: bytes) -> None:
        if not name.endswith(".mpd"):
            self.noted.append((time.monotonic(), name, data))
        await super()._took(name, made, data)

    async def _take(self, name: str, headers: dict[str, str], reader: asyncio.StreamReader) -> None:
        await super()._take(name, headers, reader)
        self.noted.append((time.monotonic(), name, bytes(self.files[name].body) if name.endswith(".mpd") else b""))


def record(seconds: float, *, target_s: float = 1.2) -> Recording:
    """Let FFmpeg make a channel for so long."""
    broadcast = Broadcast(target_s=target_s)
    origin = broadcast.origin = _RecordingOrigin()
    with broadcast:
        until(lambda: origin.lasts_s >= seconds, "FFmpeg makes nothing", patience_s=3.0 * seconds)
        began_s = broadcast.began_s
    noted = origin.noted
    made = Recording(began_s + time.time() - time.monotonic())
    made.uploads = [Upload(at_s - began_s, name, data) for at_s, name, data in noted]
    return made


@dataclass(frozen=True, slots=True)
class Link:
    """A link over and over: ``periods`` are (seconds, bit/s); ``delay_s`` is waited before each answer."""

    name: str
    periods: tuple[tuple[float, float], ...] = ()
    delay_s: float = 0.04

    def takes_s(self, size: int, at_s: float) -> float:
        """How long ``size`` bytes take from a time on."""
        if not self.periods:
            return 0.0
        left, spent_s = size * 8.0, 0.0
        for seconds, bps in self._from(at_s):
            if left <= bps * seconds:
                return spent_s + (left / bps if bps else 0.0)
            left -= bps * seconds
            spent_s += seconds
        raise AssertionError("a link goes on for ever")

    def _from(self, at_s: float) -> Iterator[tuple[float, float]]:
        place_s = at_s % sum(seconds for seconds, _ in self.periods)
        while True:
            for seconds, bps in self.periods:
                if place_s < seconds:
                    yield seconds - place_s, bps
                place_s = max(0.0, place_s - seconds)


class _Shaped:
    """A writer behind a link: what is written goes out with :meth:`drain`, as fast as the link takes it."""

    def __init__(self, writer: asyncio.StreamWriter, send: Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]):
        self._writer, self._send = writer, send
        self._held = bytearray()

    def write(self, data: bytes) -> None:
        self._held += data

    async def drain(self) -> None:
        while self._held:
            piece = bytes(self._held[:_PIECE_BYTES])
            del self._held[:_PIECE_BYTES]
            await self._send(self._writer, piece)


class Replay(Origin):
    """Plays a recording out again over a link; use as a context manager. ``pages`` are files beside it."""

    def __init__(self, recording: Recording, link: Link, pages: Mapping[str, bytes]) -> None:
        super().__init__(delay_s=link.delay_s, part_s=1 / 3)
        self._recording, self._link, self._pages = recording, link, pages
        self._one = asyncio.Lock()  # one link for all connections
        self._free_s = 0.0
        self._ended = threading.Event()
        self._began_s = 0.0  # when the first frame was made, as a date
        self._link_s = 0.0
        self._feeder = threading.Thread(target=self._feed, daemon=True)

    def __enter__(self) -> Self:
        self.start()
        self._began_s, self._link_s = time.time(), time.monotonic()
        self._feeder.start()
        until(lambda: "chunk-stream0-00004.m4s" in self.files, "nothing is played out")
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self._feeder.join(5.0)
        self.stop()

    def begin_link(self) -> None:
        """The link's first period begins now."""
        self._link_s = time.monotonic()

    def behind_s(self, frame: int, wall_s: float) -> float:
        """How long ago the frame with this number (modulo 4096) was made, at a date."""
        return (wall_s - self._began_s - frame / FPS) % (4096 / FPS)

    def _feed(self) -> None:
        moved = timedelta(seconds=self._began_s - self._recording.began_s)
        for upload in self._recording.uploads:
            if self._ended.wait(max(0.0, self._began_s + upload.at_s - time.time())):
                return
            asyncio.run_coroutine_threadsafe(self._put(upload, moved), self._loop).result(10)

    async def _put(self, upload: Upload, moved: timedelta) -> None:
        if upload.name.endswith(".mpd"):
            text = _DATE.sub(lambda found: _moved(found[0], moved), upload.data.decode())
            self.files[upload.name] = UploadedFile(bytearray(text.encode()), whole=True)
            return
        made = self.files.setdefault(upload.name, UploadedFile())
        made.whole = not upload.data
        await self._took(upload.name, made, upload.data)

    async def _answer(self, target: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        page = self._pages.get(target)
        if page is not None:
            kind = "text/html" if target.endswith(".html") else "text/javascript"
            self._send(writer, page, more=f"Content-Type: {kind}\r\n")
            return
        shaped = _Shaped(writer, self._over_link)
        await super()._answer(target, headers, cast(asyncio.StreamWriter, shaped))
        await shaped.drain()

    async def _over_link(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        async with self._one:
            begins_s = max(time.monotonic(), self._free_s)
            self._free_s = begins_s + self._link.takes_s(len(piece), begins_s - self._link_s)
            await asyncio.sleep(max(0.0, self._free_s - time.monotonic()))
            writer.write(piece)
        await writer.drain()


def _moved(text: str, by: timedelta) -> str:
    moved = datetime.fromisoformat(text) + by
    return moved.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
