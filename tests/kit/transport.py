"""A transport that plays a script, and the contract that every transport keeps."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from player.base.clock import Clock
from player.base.errors import ErrorCode, NetError
from player.manifest.model import ByteRange
from player.net.failures import failure
from player.net.model import Body, Request, RequestKind, Transport


@dataclass(frozen=True)
class Act:
    """How one request is answered. ``error`` is raised in place of an answer, ``cut`` after so many bytes."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None  # None: the served file
    first_byte_s: float = 0.0
    rate_bps: float | None = None
    chunk: int = 16384
    error: NetError | None = None
    cut: tuple[int, NetError] | None = None
    stall_after: int | None = None
    ignore_range: bool = False
    hide_length: bool = False
    truncate: int | None = None


class ScriptedBody:
    def __init__(self, act: Act, request: Request, content: bytes, clock: Clock, new_connection: bool) -> None:
        self._act = act
        self._clock = clock
        self.url = request.url
        self.http_version = "HTTP/1.1"
        self.new_connection = new_connection
        self.connection = None
        self.status = act.status
        headers = dict(act.headers)
        if act.status == 200 and request.byte_range is not None and not act.ignore_range:
            start, size = request.byte_range.start, len(content)
            content = content[start : request.byte_range.end]
            if content:
                self.status = 206
                headers["content-range"] = f"bytes {start}-{start + len(content) - 1}/{size}"
            else:
                self.status = 416
        if act.truncate is not None:
            content = content[: act.truncate]
        self._content = content
        self.total = None if act.hide_length else len(content)
        if not act.hide_length:
            headers["content-length"] = str(len(content))
        self.headers: Mapping[str, str] = headers

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        act, sent = self._act, 0
        while sent < len(self._content):
            size = min(act.chunk, len(self._content) - sent)
            for limit in (act.stall_after, act.cut[0] if act.cut else None):
                if limit is not None:
                    size = min(size, limit - sent)
            if size:
                if act.rate_bps is not None:
                    await self._clock.sleep(size * 8 / act.rate_bps)
                yield self._content[sent : sent + size]
                sent += size
            if sent == act.stall_after:
                await asyncio.get_running_loop().create_future()
            if act.cut is not None and sent == act.cut[0]:
                raise act.cut[1]


class ScriptedTransport:
    """Serves ``files`` (URL to bytes). Planned acts answer the requests to a URL in turn, then all goes well."""

    def __init__(self, clock: Clock, files: Mapping[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.requests: list[Request] = []
        self.open_now = 0
        self.most_open = 0
        self.closed = False
        self._clock = clock
        self._plans: dict[str, deque[Act]] = defaultdict(deque)
        self._always: dict[str, Act] = {}

    def plan(self, url: str, *acts: Act) -> None:
        self._plans[url].extend(acts)

    def always(self, prefix: str, act: Act) -> None:
        """Answer every request whose URL begins with ``prefix`` so, after the planned acts."""
        self._always[prefix] = act

    def forget(self, prefix: str) -> None:
        """No longer answer as :meth:`always` said."""
        self._always.pop(prefix)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        if not request.url.startswith(("http://", "https://", "ntp://")):
            raise failure(ErrorCode.NET_FORBIDDEN_URL, "not of the web", request.url, recoverable=False)
        act = self._act(request.url)
        self.requests.append(request)
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            if act.first_byte_s:
                await self._clock.sleep(act.first_byte_s)
            if act.error is not None:
                raise act.error
            content = act.body if act.body is not None else self.files.get(request.url)
            if content is None:
                act, content = Act(status=404 if act.status == 200 else act.status), b"not here"
            yield ScriptedBody(act, request, content, self._clock, new_connection=len(self.requests) == 1)
        finally:
            self.open_now -= 1

    async def close(self) -> None:
        self.closed = True

    def _act(self, url: str) -> Act:
        if planned := self._plans.get(url):  # an address of which nothing is planned leaves no trace
            return planned.popleft()
        return next((act for prefix, act in self._always.items() if url.startswith(prefix)), Act())


async def check_transport(transport: Transport, url: str, content: bytes, missing_url: str) -> None:
    """What every transport promises. ``url`` gives ``content`` (at least 100 bytes), ``missing_url`` nothing."""
    await _check_whole(transport, url, content)
    await _check_range(transport, url, content)
    await _check_left_early(transport, url, content)
    await _check_missing(transport, missing_url)
    await _check_whole(transport, url, content)


async def _check_whole(transport: Transport, url: str, content: bytes) -> None:
    async with transport.open(Request(RequestKind.SEGMENT, url)) as body:
        assert body.status == 200
        assert body.total in (None, len(content))
        assert all(name == name.lower() for name in body.headers)
        assert isinstance(body.http_version, str)
        assert isinstance(body.new_connection, bool)
        assert body.url
        parts = [chunk async for chunk in body.chunks()]
    assert all(parts), "no empty chunks"
    assert b"".join(parts) == content


async def _check_range(transport: Transport, url: str, content: bytes) -> None:
    for wanted in (ByteRange(10, 50), ByteRange(len(content) - 7)):
        async with transport.open(Request(RequestKind.SEGMENT, url, byte_range=wanted)) as body:
            got = b"".join([chunk async for chunk in body.chunks()])
            expected = content[wanted.start : wanted.end]
            assert (body.status, got) in ((206, expected), (200, content))
            if body.status == 206:
                last = wanted.start + len(expected) - 1
                assert body.headers["content-range"] == f"bytes {wanted.start}-{last}/{len(content)}"
                assert body.total in (None, len(expected))


async def _check_left_early(transport: Transport, url: str, content: bytes) -> None:
    async with transport.open(Request(RequestKind.SEGMENT, url)) as body, aclosing(body.chunks()) as chunks:
        assert content.startswith(await anext(chunks))
    async with transport.open(Request(RequestKind.SEGMENT, url)) as body:
        assert body.status == 200  # and the body is not even looked at


async def _check_missing(transport: Transport, url: str) -> None:
    async with transport.open(Request(RequestKind.SEGMENT, url)) as body:
        assert body.status == 404
    with pytest.raises(NetError):
        async with transport.open(Request(RequestKind.SEGMENT, "gopher://x/y")):
            pass
