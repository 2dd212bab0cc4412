"""The proxy itself: what another player asks for is fetched through the faults and the link, and written down."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import h11

from player.base.clock import Clock, SystemClock
from player.base.errors import InputError, NetError
from player.manifest.model import ByteRange
from player.net.faults import FaultPlan, FaultyTransport
from player.net.model import Body, Request, RequestKind, Transport
from player.net.redact import host_of
from player.net.shaping import LinkTrace, ShapedTransport
from player.net.watchdog import current_task
from player.qa.har import har
from player.qa.proxy.control import NO_REPORT, page
from player.qa.proxy.rewrite import Origins, is_manifest
from player.qa.recording.archive import Exchange
from player.qa.recording.recorder import SessionRecorder

_MOST_MANIFEST = 64 * 1024 * 1024
_MOST_REQUEST = 1024 * 1024
_MOST_KEPT = 50_000
_IDLE_S = 60.0
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "upgrade"),
        *("transfer-encoding", "content-length", "content-encoding", "host", "accept-encoding", "range"),
    }
)
_KINDS = (
    ((".mpd", ".m3u8", ".m3u"), RequestKind.MANIFEST),
    ((".vtt", ".ttml", ".dfxp", ".srt"), RequestKind.TEXT),
    ((".key",), RequestKind.KEY),
    ((".jpg", ".jpeg", ".png", ".webp"), RequestKind.IMAGE),
)
_CONTROL = "/-/"


class Proxy:
    """See the module. ``files`` are served at ``/files/NAME`` (the page and libraries of browser players)."""

    def __init__(
        self,
        origin: str,
        transport: Transport,
        *,
        faults: FaultPlan | None = None,
        trace: LinkTrace | None = None,
        files: Mapping[str, Path | bytes] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.origins = Origins(origin)
        self.recorder = SessionRecorder(None, media=False)
        self.faults = faults or FaultPlan()
        self.tried: set[int] = set()  # the rules that met a request, numbers from 0
        self._clock = clock or SystemClock()
        self._inner = transport
        self._trace = trace
        self._files = dict(files or {})
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}
        self._address = ""
        self._began_s = self._clock.monotonic()
        self._transport = self._outer()
        self.on_exchange: Callable[[Exchange], None] | None = None

    def _outer(self) -> Transport:
        """The same order as in ``matinee play``: faults over the shaped link, and what is seen is written down."""
        link = self._inner if self._trace is None else ShapedTransport(self._inner, self._clock, self._trace)
        return self.recorder.wrap(FaultyTransport(link, self._clock, self.faults, self.tried), self._clock)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen; the address at which a player finds the origin's manifest. Raises OSError."""
        self._server = await asyncio.start_server(self._connection, host, port)
        self._address = "http://{}:{}".format(*self._server.sockets[0].getsockname()[:2])
        return self._address + self.origins.path

    @property
    def address(self) -> str:
        """Where the proxy listens, without a path."""
        return self._address

    async def close(self) -> None:
        """Stop listening, and close what is open."""
        if self._server is not None:
            self._server.close()
        for writer in self._open.values():
            writer.transport.abort()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._inner.close()

    def set_faults(self, plan: FaultPlan) -> None:
        """Other faults from now on; their clock starts now."""
        self.faults, self.tried = plan, set()
        self._transport = self._outer()

    def log(self) -> dict[str, Any]:
        """What came through, as HAR 1.2."""
        return har(self.recorder.exchanges, NO_REPORT, self._clock.wall() - self._clock.monotonic(), "0.1")

    def state(self) -> dict[str, Any]:
        """What came through, in figures."""
        seen = self.recorder.exchanges
        return {
            "origin": self.origins.remote(self.origins.path),
            "requests": len(seen),
            "bytes": sum(each.size for each in seen),
            "kinds": dict(Counter(each.kind for each in seen)),
            "errors": dict(Counter(each.error or str(each.status) for each in seen if _failed(each))),
            "with_cmcd": sum(1 for each in seen if each.cmcd),
            "rules": len(self.faults.rules),
            "tried_rules": len(self.tried),
            "seconds": round(self._clock.monotonic() - self._began_s, 1),
        }

    def client_data(self) -> list[dict[str, Any]]:
        """The client data that players sent (CMCD, CTA-5004), request by request."""
        return [
            {"at_s": round(each.at_s - self._began_s, 3), "kind": each.kind, "cmcd": unquote(each.cmcd)}
            for each in self.recorder.exchanges
            if each.cmcd
        ]

    # --- one connection

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = current_task()
        self._open[task] = writer
        wire = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
        try:
            while True:
                asked = await asyncio.wait_for(_request(wire, reader), _IDLE_S)
                if asked is None:
                    return
                await self._answer(_ProxyAnswer(wire, writer), *asked)
                if wire.our_state is h11.MUST_CLOSE or wire.states != {
                    h11.CLIENT: h11.DONE,
                    h11.SERVER: h11.DONE,
                }:
                    return
                wire.start_next_cycle()
        except (h11.ProtocolError, OSError, TimeoutError, _BrokenOffError):
            writer.transport.abort()
        finally:
            del self._open[task]
            writer.close()

    async def _answer(self, answer: _ProxyAnswer, asked: h11.Request, body: bytes) -> None:
        target = asked.target.decode("ascii", "replace")
        method = asked.method.decode("ascii", "replace")
        path = urlsplit(target).path
        if path.startswith(_CONTROL):
            await self._control(answer, method, path.removeprefix(_CONTROL), body)
        elif path.startswith("/files/"):
            await self._file(answer, path.removeprefix("/files/"))
        elif (url := self.origins.remote(target)) is not None and method in ("GET", "HEAD", "POST", "OPTIONS"):
            await self._forward(answer, method, url, asked, body)
        else:
            await answer.whole(404, b"There is nothing here. The control page is /-/.\n", "text/plain")

    async def _forward(self, answer: _ProxyAnswer, method: str, url: str, asked: h11.Request, body: bytes) -> None:
        """Fetch what a player wants. What the faults break is broken for it as well."""
        request = _as_request(method, url, asked, body)
        try:
            async with self._transport.open(request) as found:
                await self._pass_on(answer, found, request)
        except NetError as error:
            raise _BrokenOffError from error
        finally:
            self._note()

    def _note(self) -> None:
        """Tell of the exchange that is over, and forget the oldest ones of very many."""
        if len(self.recorder.exchanges) > _MOST_KEPT:
            del self.recorder.exchanges[: _MOST_KEPT // 10]
        if self.on_exchange is not None and self.recorder.exchanges:
            self.on_exchange(self.recorder.exchanges[-1])

    async def _pass_on(self, answer: _ProxyAnswer, found: Body, request: Request) -> None:
        headers = [(name, value) for name, value in found.headers.items() if name not in _HOP_BY_HOP]
        path, content_type = urlsplit(request.url).path, found.headers.get("content-type", "")
        if request.method == "GET" and found.status < 300 and is_manifest(path, content_type):
            content = bytearray()
            async with contextlib.aclosing(found.chunks()) as source:
                async for chunk in source:
                    content += chunk
                    if len(content) > _MOST_MANIFEST:
                        raise _BrokenOffError
            await answer.all_of(found.status, headers, self.origins.rewritten(bytes(content), found.url))
            return
        await answer.start(found.status, headers, found.total)
        if request.method != "HEAD":
            async with contextlib.aclosing(found.chunks()) as source:
                async for chunk in source:
                    await answer.data(chunk)
        await answer.end()

    async def _file(self, answer: _ProxyAnswer, name: str) -> None:
        found = self._files.get(name)
        if found is None:
            await answer.whole(404, b"There is no such file.\n", "text/plain")
            return
        body = found if isinstance(found, bytes) else await asyncio.to_thread(found.read_bytes)
        kind = "text/html; charset=utf-8" if name.endswith(".html") else "text/javascript"
        await answer.whole(200, body, kind)

    async def _control(self, answer: _ProxyAnswer, method: str, name: str, body: bytes) -> None:
        """The control page, and what it stands on."""
        if name == "faults" and method in ("PUT", "DELETE"):
            try:
                self.set_faults(FaultPlan() if method == "DELETE" else FaultPlan.parse(json.loads(body)))
            except (InputError, ValueError) as error:
                told = error.sentence if isinstance(error, InputError) else "This is not a JSON document."
                await answer.whole(422, f"{told}\n".encode(), "text/plain")
                return
        documents: Mapping[str, Callable[[], object]] = {
            "state": self.state,
            "faults": self.state,
            "har": self.log,
            "cmcd": self.client_data,
        }
        if name == "" and method == "GET":
            await answer.whole(200, page(self.state(), self.recorder.exchanges).encode(), "text/html; charset=utf-8")
        elif name in documents:
            await answer.whole(200, json.dumps(documents[name](), indent=1).encode(), "application/json")
        else:
            await answer.whole(404, b"There is no such page.\n", "text/plain")


class _BrokenOffError(Exception):
    """The answer ends here, and with it the connection."""


class _ProxyAnswer:
    """One answer on a connection."""

    def __init__(self, wire: h11.Connection, writer: asyncio.StreamWriter) -> None:
        self._wire = wire
        self._writer = writer
        self.begun = False

    async def start(self, status: int, headers: list[tuple[str, str]], length: int | None) -> None:
        self.begun = True
        framing = [] if length is None else [("content-length", str(length))]
        await self._send(h11.Response(status_code=status, headers=[*headers, *framing]))

    async def data(self, chunk: bytes) -> None:
        await self._send(h11.Data(data=chunk))

    async def end(self) -> None:
        await self._send(h11.EndOfMessage())

    async def all_of(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        await self.start(status, headers, len(body))
        await self.data(body)
        await self.end()

    async def whole(self, status: int, body: bytes, content_type: str) -> None:
        kept = [("content-type", content_type), ("cache-control", "no-store")]
        await self.all_of(status, kept, body)

    async def _send(self, event: h11.Response | h11.Data | h11.EndOfMessage) -> None:
        data = self._wire.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()


async def _request(wire: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes] | None:
    """The next request and its body; None where the client has gone. Raises h11.ProtocolError."""
    asked: h11.Request | None = None
    body = bytearray()
    while True:
        event = wire.next_event()
        if event is h11.NEED_DATA:
            wire.receive_data(await reader.read(65536))
        elif isinstance(event, h11.Request):
            asked = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MOST_REQUEST:
                raise h11.RemoteProtocolError("the request is too large")
        elif isinstance(event, h11.EndOfMessage) and asked is not None:
            return asked, bytes(body)
        else:
            return None


def _as_request(method: str, url: str, asked: h11.Request, body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in asked.headers}
    return Request(
        _kind(method, url),
        url,
        method=method,
        byte_range=_range(headers.get("range", "")),
        headers={name: value for name, value in headers.items() if name not in _HOP_BY_HOP},
        body=body or None,
        pathway=host_of(url),
    )


def _kind(method: str, url: str) -> RequestKind:
    """What a request is for, as far as its address tells."""
    path = urlsplit(url).path.lower()
    if method == "POST":
        return RequestKind.LICENCE
    for endings, kind in _KINDS:
        if path.endswith(endings):
            return kind
    return RequestKind.INIT if "init" in path.rpartition("/")[2] else RequestKind.SEGMENT


def _range(value: str) -> ByteRange | None:
    """A single range of bytes (RFC 9110 14.2); anything else is asked for as a whole."""
    unit, _, span = value.partition("=")
    first, dash, last = span.partition("-")
    if unit.strip() != "bytes" or not dash or not first.isdigit() or not (last.isdigit() or not last):
        return None
    return ByteRange(int(first), None if not last else max(0, int(last) - int(first) + 1))


def _failed(each: Exchange) -> bool:
    return bool(each.error) or each.status is None or each.status >= 400


@asynccontextmanager
async def running(proxy: Proxy, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """The proxy while it runs; the address of the manifest."""
    address = await proxy.start(host, port)
    try:
        yield address
    finally:
        await proxy.close()
