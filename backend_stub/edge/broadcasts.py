"""The files of broadcast channels as an edge serves them: manifests by the journal, and segments while they grow."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs

from backend_stub.broadcast import dash, hls
from backend_stub.broadcast.channel import BroadcastChannel, JournalError, Segment, Track
from backend_stub.broadcast.dates import moment
from backend_stub.broadcast.journal import JournalReader
from backend_stub.clock import Clock
from backend_stub.edge.answer import RequestConditions, ServedFile, decide
from backend_stub.edge.files import CONTENT_TYPES, IMMUTABLE
from backend_stub.edge.source import SourceReply, SourceRequest, one_piece
from backend_stub.manifests import DASH, HLS, limit_in, within
from backend_stub.problems import ProblemError
from backend_stub.titles import LIVE

_POLL_S = 0.01
_FRESH, _OVER = "no-cache", "public, max-age=10"
_PART = re.compile(r"^(\d{1,9})(?:\.p(\d{1,4}))?\.m4s$")
_INIT = re.compile(r"^init-\d{1,9}-\d{1,9}\.mp4$")
_DIRECTIVE = re.compile(r"^\d{1,9}$")
_AHEAD_S = 3.0  # a segment or a part that is about to come is waited for


class BroadcastFiles:
    """Channels below ``media_dir``. To be used in one loop."""

    def __init__(self, media_dir: Path, clock: Clock) -> None:
        self._media_dir = media_dir
        self._clock = clock
        self._followed: dict[str, _Followed] = {}

    async def reply(self, request: SourceRequest, name: str) -> SourceReply | None:
        """The answer for a file of a channel; None where the file is one on disk that does not change.

        Raises :class:`ProblemError` 404 ``file_not_found``, 400 ``bad_directive``, 503 ``not_made_in_time``.
        """
        followed = self._followed.get(request.title_id)
        if followed is None:
            followed = _Followed(self._media_dir / request.title_id / LIVE)
            self._followed[request.title_id] = followed
        found = _PART.match(PurePosixPath(name).name)
        if found is not None:
            return await self._media(request, followed, str(PurePosixPath(name).parent), found)
        suffix = PurePosixPath(name).suffix
        if _INIT.match(PurePosixPath(name).name):
            return None
        if suffix not in {".m3u8", ".mpd"} and name != dash.TIME:
            raise not_found()
        text = await self._text(followed, name, request.query)
        channel = await followed.now()
        kind = CONTENT_TYPES.get(suffix, "text/plain")
        facts = ServedFile(len(text), kind, _OVER if channel.ended_at is not None else _FRESH)
        return _of_bytes(text, facts, request)

    async def close(self) -> None:
        for followed in self._followed.values():
            await followed.close()

    async def _text(self, followed: _Followed, name: str, query: str) -> bytes:
        channel = await followed.now()
        if name == dash.TIME:
            return moment(self._clock.now()).encode()
        if not channel.watchable:
            raise not_found()
        whole, limit = limit_in(name)
        if whole == HLS:
            return within(hls.multivariant(channel), limit).encode()
        if whole == DASH:
            return within(dash.manifest(channel, self._clock.now()), limit).encode()
        folder = str(PurePosixPath(name).parent)
        if PurePosixPath(name).name != hls.PLAYLIST:
            raise not_found()
        asked = parse_qs(query)
        await self._block(followed, folder, _number(asked, "_HLS_msn"), _number(asked, "_HLS_part"))
        channel = await followed.now()
        return hls.media_playlist(channel, _track(channel, folder), skip="_HLS_skip" in asked).encode()

    async def _block(self, followed: _Followed, folder: str, sequence: int | None, part: int | None) -> None:
        """Wait for what a blocking reload asks for (section 6.2.5.2)."""
        if sequence is None:
            if part is not None:
                raise ProblemError(400, "bad_directive", "_HLS_part needs _HLS_msn.")
            return
        channel = await followed.now()
        if channel.ended_at is None and sequence > hls.newest(_track(channel, folder)).sequence + 2:
            raise ProblemError(400, "bad_directive", "_HLS_msn is too far ahead.")
        wanted = hls.Position(sequence, part or 0)

        def ready(channel: BroadcastChannel) -> bool:
            return hls.has(channel, _track(channel, folder), wanted, whole=part is None)

        if not await followed.wait(ready, 3 * channel.segment_s):
            raise ProblemError(503, "not_made_in_time", "The encoder has not made that in time.")

    async def _media(
        self, request: SourceRequest, followed: _Followed, folder: str, found: re.Match[str]
    ) -> SourceReply | None:
        number, part = int(found[1]), None if found[2] is None else int(found[2])
        channel = await followed.now()
        track = _track(channel, folder)
        if part is None and (track.segments and number < track.segments[-1].number):
            return None

        def ready(channel: BroadcastChannel) -> bool:
            segment = _segment(_track(channel, folder), number)
            if segment is None:
                newer = _track(channel, folder).segments
                return channel.ended_at is not None or (bool(newer) and newer[-1].number > number)
            return segment.whole or len(segment.chunks) > (part or 0)

        if not track.segments or not 0 <= number - track.segments[-1].number <= 1:
            segment = _segment(track, number)
        else:
            await followed.wait(ready, _AHEAD_S)
            segment = _segment(_track(await followed.now(), folder), number)
        if segment is None or len(segment.chunks) <= (part or 0):
            raise not_found()
        path = self._media_dir / request.title_id / LIVE / folder / f"{number}.m4s"
        if part is None:
            return None if segment.whole else self._growing(followed, folder, segment, path, request)
        chunk = segment.chunks[part]
        data = await asyncio.to_thread(_read, path, chunk.offset, chunk.size)
        return _of_bytes(data, ServedFile(len(data), CONTENT_TYPES[".m4s"], IMMUTABLE), request)

    def _growing(
        self, followed: _Followed, folder: str, segment: Segment, path: Path, request: SourceRequest
    ) -> SourceReply:
        """A segment that is being made, chunk by chunk as they come. Ranges of it are not served."""
        headers = [
            (b"content-type", CONTENT_TYPES[".m4s"].encode()),
            (b"cache-control", IMMUTABLE.encode()),
        ]
        pieces = one_piece(b"") if request.head else self._chunks(followed, folder, segment.number, path)
        return SourceReply(200, headers, 0 if request.head else None, pieces)

    async def _chunks(self, followed: _Followed, folder: str, number: int, path: Path) -> AsyncGenerator[bytes, None]:
        sent = 0
        while True:

            def ready(channel: BroadcastChannel, sent: int = sent) -> bool:
                segment = _segment(_track(channel, folder), number)
                return segment is None or segment.whole or segment.size > sent

            if not await followed.wait(ready, 3 * (await followed.now()).segment_s):
                return
            segment = _segment(_track(await followed.now(), folder), number)
            if segment is None or segment.size <= sent:
                return
            piece = await asyncio.to_thread(_read, path, sent, segment.size - sent)
            sent += len(piece)
            yield piece


class _Followed:
    """The journal of one channel, read on as long as somebody waits for it to grow."""

    def __init__(self, folder: Path) -> None:
        self._reader = JournalReader(folder)
        self._reading = asyncio.Lock()
        self._grown = asyncio.Condition()
        self._waiting = 0
        self._task: asyncio.Task[None] | None = None

    async def now(self) -> BroadcastChannel:
        """The channel as it is. Raises :class:`ProblemError` 404 ``file_not_found``."""
        if self._task is None:  # while somebody waits it is read all the time
            await self._read()
        if self._reader.channel is None:
            raise not_found()
        return self._reader.channel

    async def wait(self, ready: Callable[[BroadcastChannel], bool], limit_s: float) -> bool:
        """Wait until the channel is so; False when it is not after ``limit_s`` seconds."""

        def is_so() -> bool:
            channel = self._reader.channel
            return channel is not None and ready(channel)

        if self._task is None:
            await self._read()
        if is_so():
            return True
        self._waiting += 1
        if self._task is None:
            self._task = asyncio.create_task(self._follow())
        try:
            async with asyncio.timeout(limit_s), self._grown:
                await self._grown.wait_for(is_so)
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        while self._waiting:
            with suppress(ProblemError):
                await self._read()
            await asyncio.sleep(_POLL_S)
        self._task = None

    async def _read(self) -> None:
        async with self._reading:
            try:
                news = await asyncio.to_thread(self._reader.read)
                grown = self._reader.take(news)
            except (OSError, JournalError) as error:
                self._reader.channel = None
                raise not_found() from error
        if grown:
            async with self._grown:
                self._grown.notify_all()


def _track(channel: BroadcastChannel, folder: str) -> Track:
    for track in channel.tracks:
        if track.name == folder:
            return track
    raise not_found()


def _segment(track: Track, number: int) -> Segment | None:
    for segment in reversed(track.segments):
        if segment.number <= number:
            return segment if segment.number == number else None
    return None


def _number(asked: dict[str, list[str]], name: str) -> int | None:
    if name not in asked:
        return None
    if not _DIRECTIVE.match(asked[name][0]):
        raise ProblemError(400, "bad_directive", f"{name} is no number.")
    return int(asked[name][0])


def _read(path: Path, offset: int, size: int) -> bytes:
    try:
        with path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), size, offset)
    except OSError as error:
        raise not_found() from error


def _of_bytes(data: bytes, facts: ServedFile, request: SourceRequest) -> SourceReply:
    conditions = request.conditions if facts.cache_control == IMMUTABLE else RequestConditions()
    answer = decide(facts, conditions)
    part = b"" if request.head else data[answer.span.start : answer.span.start + answer.span.length]
    return SourceReply(answer.status, answer.headers, len(part), one_piece(part))


def not_found() -> ProblemError:
    return ProblemError(404, "file_not_found", "There is no such file.")
