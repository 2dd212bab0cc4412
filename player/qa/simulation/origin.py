"""The bytes of real servers for a playback in virtual time: fetched whole, in no time, on a thread of their own."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from player.base.clock import SystemClock
from player.base.errors import ErrorCode, NetError
from player.net.gate import Gate
from player.net.model import Body, Request, RequestKind, Response, Transport
from player.net.redact import host_of
from player.qa.simulation.loop import VirtualLoop

_KEPT_KINDS = frozenset({RequestKind.SEGMENT, RequestKind.INIT, RequestKind.INDEX})
_KEPT_BYTES = 256 * 1024 * 1024
_PIECE = 65536
_PATIENCE_S = 60.0
_TRIES = 3
_LEAVE_S = 3.0
_SLOW = frozenset({ErrorCode.NET_TIMEOUT, ErrorCode.NET_STALLED})
_Key = tuple[str, int, int | None]


class OriginThread:
    """A thread with a gate to the network. Media files are kept, so that a repeat does not ask again."""

    def __init__(self, transport: Transport) -> None:
        self._loop = asyncio.new_event_loop()
        self._gate = Gate(transport, SystemClock())
        self._kept: dict[_Key, Response] = {}
        self._kept_bytes = 0
        self._thread = threading.Thread(target=self._run, name="qa-origin", daemon=True)
        self._thread.start()

    async def fetch(self, request: Request, loop: VirtualLoop) -> Response:
        """The whole answer, whatever its status. Raises NetError."""
        start = 0 if request.byte_range is None else request.byte_range.start
        length = None if request.byte_range is None else request.byte_range.length
        key = (request.url, start if request.byte_range is not None else -1, length)
        response = await loop.outside(self._ask(request, self._kept.get(key)))
        wanted = request.method == "GET" and request.kind in _KEPT_KINDS and response.status < 300
        if wanted and self._kept_bytes + len(response.body) <= _KEPT_BYTES:
            self._kept[key] = response
            self._kept_bytes += len(response.body)
        return response

    def _ask(self, request: Request, known: Response | None) -> concurrent.futures.Future[Response]:
        """What is kept takes the same way as what is not, so that the order of things is the same."""
        if known is None:
            return asyncio.run_coroutine_threadsafe(self._fetch(request), self._loop)
        done: concurrent.futures.Future[Response] = concurrent.futures.Future()
        done.set_result(known)
        return done

    async def _fetch(self, request: Request) -> Response:
        """The answer, however long it takes: a server or a machine that is busy is none of a run's affairs."""
        patient = replace(request, deadline_s=_PATIENCE_S, first_byte_s=_PATIENCE_S)
        for _ in range(_TRIES - 1):
            try:
                return await self._gate.fetch(patient, check_status=False)
            except NetError as error:
                if error.code not in _SLOW:
                    raise
        return await self._gate.fetch(patient, check_status=False)

    def close(self) -> None:
        """Close all connections and end the thread."""
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result(10.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)
        if not self._thread.is_alive():
            self._loop.close()

    async def _finish(self) -> None:
        """What a playback that was stopped still waited for may come, or is ended."""
        running = asyncio.all_tasks() - {asyncio.current_task()}
        if running:
            _, running = await asyncio.wait(running, timeout=_LEAVE_S)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._gate.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


class OriginTransport:
    """A :class:`player.net.model.Transport` for one playback over an :class:`OriginThread`.

    Which exchange makes a new connection is computed: one does where its host has none that is idle.
    """

    def __init__(self, origin: OriginThread, loop: VirtualLoop) -> None:
        self._origin = origin
        self._loop = loop
        self._idle: Counter[str] = Counter()

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The answer, which is there at once. Raises NetError."""
        host = host_of(request.url)
        new = not self._idle[host]
        if not new:
            self._idle[host] -= 1
        try:
            response = await self._origin.fetch(request, self._loop)
            yield _as_body(response, request, new)
        finally:
            self._idle[host] += 1

    async def close(self) -> None:
        """The origin outlives a playback."""


@dataclass(slots=True)
class _FetchedBody:
    """A body that is there already."""

    status: int
    headers: Mapping[str, str]
    url: str = field(repr=False)
    content: bytes = field(repr=False)
    http_version: str
    new_connection: bool

    @property
    def total(self) -> int | None:
        return len(self.content)

    @property
    def connection(self) -> None:
        return None

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        for start in range(0, len(self.content), _PIECE):
            yield self.content[start : start + _PIECE]


def _as_body(response: Response, request: Request, new: bool) -> Body:
    """The origin's gate has already decoded the body and cut it to the range that was asked for."""
    status, wanted = response.status, request.byte_range
    headers = {name: value for name, value in response.headers.items() if name != "content-encoding"}
    if status == 200 and wanted is not None:
        status = 206
        headers["content-range"] = f"bytes {wanted.start}-{wanted.start + len(response.body) - 1}/*"
    return _FetchedBody(status, headers, response.url, response.body, response.transfer.http_version, new)
