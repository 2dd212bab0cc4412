"""HTTP/1.1 without TLS, as a transport of httpx's on asyncio's own protocols.

httpx's usual transport takes a millisecond of the processor for each exchange: generators in generators, and locks
and time limits each of which lets the loop turn once more. On a fast link that is most of what a start takes. h11
reads and writes the messages here as it does there; what is left out, the gate does already: it bounds how many
exchanges there are at once, and how long each may take.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator
from itertools import chain, zip_longest
from typing import cast

import h11
import httpx

from player.net.renewing import SILENT_S
from player.net.web import is_address

_MAX_HEAD_BYTES = 100 * 1024
_MOST_UNREAD_BYTES = 1024 * 1024  # then the server is held back
_NEXT_ADDRESS_S = 0.25  # RFC 8305, 5: the delay between two attempts
_MOST_IN_A_ROW = 256  # parts of an answer before other tasks have their turn: they may be a byte each
_REPEATABLE = frozenset({"GET", "HEAD"})

_Origin = tuple[str, int]


class PlainTransport(httpx.AsyncBaseTransport):
    """Keeps as many connections as ``limits`` says, for as long as it says. Of the time limits in a request's
    extensions only ``connect`` is heeded. A wait of ``silent_s`` that was given up tells that the others may lead
    nowhere either (see :mod:`player.net.renewing`)."""

    def __init__(self, limits: httpx.Limits, silent_s: float = SILENT_S) -> None:
        self._silent_s = silent_s
        self._most_idle = limits.max_keepalive_connections or 0
        self._idle_s = limits.keepalive_expiry or 0.0
        self._idle: list[_Link] = []  # the one used last at the end
        self._busy: set[_Link] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response to ``request`` with its body still to come. Raises httpx.TransportError.

        A connection that was kept may be closed by the server at the very moment when it is used again: what may be
        asked twice is then asked on a new one (RFC 9112, 9.3.1).
        """
        # As it stands in the Host header: asyncio would make another name of the letters of some languages.
        origin = request.url.raw_host.decode("ascii"), 80 if request.url.port is None else request.url.port
        link = self._kept(origin)
        if link is not None:
            try:
                return await self._exchange(link, request)
            except (httpx.ReadError, httpx.RemoteProtocolError):
                if link.answering or request.method not in _REPEATABLE:
                    raise
        return await self._exchange(await _made(origin, request), request)

    def renew(self) -> None:
        """Close the connections that nothing goes over: they may lead nowhere any more."""
        for link in self._idle:
            link.abort()
        self._idle.clear()

    async def aclose(self) -> None:
        """Close all connections, also those in use."""
        for link in (*self._idle, *self._busy):
            link.abort()
        self._idle.clear()
        self._busy.clear()

    def release(self, link: _Link) -> None:
        """An exchange is over: keep its connection if it can be used again."""
        if not link.finish():
            self._give_up(link)
            return
        self._busy.discard(link)
        now_s = link.idle_since_s = asyncio.get_running_loop().time()
        self._idle.append(link)
        while self._idle and (len(self._idle) > self._most_idle or now_s - self._idle[0].idle_since_s > self._idle_s):
            self._idle.pop(0).abort()

    def _kept(self, origin: _Origin) -> _Link | None:
        """A connection to ``origin`` that is still good."""
        oldest_s = asyncio.get_running_loop().time() - self._idle_s
        for link in reversed(self._idle):
            if link.origin == origin and not link.ended and link.idle_since_s >= oldest_s:
                self._idle.remove(link)
                return link
        return None

    def _give_up(self, link: _Link) -> None:
        self._busy.discard(link)
        if link.silent_s() >= self._silent_s:
            self.renew()
        link.abort()

    async def _exchange(self, link: _Link, request: httpx.Request) -> httpx.Response:
        self._busy.add(link)
        try:
            link.ask(request)
            head = await link.head()
        except BaseException:
            self._give_up(link)
            raise
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=PlainStream(self, link),
            extensions={"http_version": b"HTTP/" + head.http_version},
            request=request,
        )


class PlainStream(httpx.AsyncByteStream):
    """The body of a response. To close it takes no time: it can be done at any moment, also in a task that ends."""

    def __init__(self, transport: PlainTransport, link: _Link) -> None:
        self._transport = transport
        self._link: _Link | None = link

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._link is not None:
            event = await self._link.event()
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)

    async def aclose(self) -> None:
        """Give the connection back, or close it where the body has not been read to its end."""
        link, self._link = self._link, None
        if link is not None:
            self._transport.release(link)


class _Link(asyncio.Protocol):
    """One connection; one exchange after another. ``ended``: nothing more will come. ``answering``: something has
    come of the present answer."""

    def __init__(self, origin: _Origin) -> None:
        self.origin = origin
        self.ended = False
        self.answering = False
        self.idle_since_s = 0.0
        self._asked = False
        self._error: Exception | None = None
        self._messages = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._unread: deque[bytes] = deque()
        self._unread_bytes = 0
        self._is_held_back = False
        self._in_a_row = 0
        self._waits_since_s: float | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None

    # --- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by descent

    def data_received(self, data: bytes) -> None:
        if not self._asked:  # nobody has: what comes cannot be told from the answer to what will be
            self.abort()
            return
        self.answering = True
        self._unread.append(data)
        self._unread_bytes += len(data)
        if self._unread_bytes > _MOST_UNREAD_BYTES and not self._is_held_back and self._transport is not None:
            self._is_held_back = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True
        self._error = error
        self._wake()

    # --- one exchange

    def ask(self, request: httpx.Request) -> None:
        """Send a request. Raises httpx.LocalProtocolError for one that cannot be sent, and httpx.ReadError where the
        connection has ended."""
        self._asked, self.answering = True, False
        try:
            message = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
            body = [h11.Data(data=request.content)] if request.content else []
            sent = [self._messages.send(event) or b"" for event in (message, *body, h11.EndOfMessage())]
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        if self.ended or self._transport is None or self._transport.is_closing():
            raise httpx.ReadError("The connection has ended.")
        self._transport.write(b"".join(sent))

    async def head(self) -> h11.Response:
        """The begin of the answer. Raises httpx.TransportError."""
        while True:
            event = await self.event()
            if isinstance(event, h11.Response):
                return event
            if (
                not isinstance(event, h11.InformationalResponse)
                or event.status_code == httpx.codes.SWITCHING_PROTOCOLS
            ):
                raise httpx.RemoteProtocolError("The server answers something else.")

    async def event(self) -> h11.Event:
        """The next part of the answer; after the last one its end again. Raises httpx.TransportError."""
        while True:
            self._in_a_row += 1
            if self._in_a_row % _MOST_IN_A_ROW == 0:
                await asyncio.sleep(0)
            try:
                event = self._messages.next_event()
                if event is h11.PAUSED:
                    return h11.EndOfMessage()
                if isinstance(event, h11.Event):
                    return event
                self._messages.receive_data(await self._arrived())
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(str(error)) from error

    def finish(self) -> bool:
        """End the exchange; whether another one can follow."""
        messages = self._messages
        done = messages.our_state is h11.DONE and messages.their_state is h11.DONE
        if self.ended or not done or self._unread or messages.trailing_data[0]:
            return False
        messages.start_next_cycle()
        self._asked = False
        return True

    def silent_s(self) -> float:
        """For how many seconds it has been waited in vain, up to now or until that was given up now."""
        since_s = self._waits_since_s
        return 0.0 if since_s is None else asyncio.get_running_loop().time() - since_s

    def abort(self) -> None:
        """Close the connection at once."""
        self.ended = True
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    async def _arrived(self) -> bytes:
        """What has come since the last call, or comes next; empty at the end of the connection."""
        while not self._unread and not self.ended:
            loop = asyncio.get_running_loop()
            self._waits_since_s, self._waiter = loop.time(), loop.create_future()
            await self._waiter
        self._waits_since_s = None
        data = self._unread[0] if len(self._unread) == 1 else b"".join(self._unread)
        self._unread.clear()
        self._unread_bytes = 0
        if self._is_held_back and self._transport is not None and not self._transport.is_closing():
            self._is_held_back = False
            self._transport.resume_reading()
        if not data and self._error is not None:
            raise httpx.ReadError(str(self._error)) from self._error
        if not data and self._messages.their_state is h11.SEND_RESPONSE:
            raise httpx.RemoteProtocolError("The server disconnected without an answer.")
        return data

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def _made(origin: _Origin, request: httpx.Request) -> _Link:
    """A new connection. Raises httpx.ConnectTimeout and httpx.ConnectError."""
    trace = request.extensions.get("trace")
    if trace is not None:
        await trace("plain.connect_tcp.started", {})
    limit_s = request.extensions.get("timeout", {}).get("connect")
    try:
        async with asyncio.timeout(limit_s) as limit:
            link = await _connected(origin)
    except (OSError, UnicodeError) as error:  # the name of a host may be none that DNS can have
        if limit.expired():
            raise httpx.ConnectTimeout("The server does not answer.") from error
        raise httpx.ConnectError(str(error)) from error
    if trace is not None:
        await trace("plain.connect_tcp.complete", {})
    return link


async def _connected(origin: _Origin) -> _Link:
    """A connection to the first address of a host that answers; the next one is tried beside one that does not
    (RFC 8305). Raises OSError, that of the first attempt."""
    host, port = origin
    if is_address(host):
        return await _connected_to(host, origin)
    waiting = await _addresses(host, port)
    attempts: list[asyncio.Task[_Link]] = []
    found: _Link | None = None
    try:
        while found is None:
            if waiting:
                attempts.append(asyncio.create_task(_connected_to(waiting.pop(0), origin)))
            running = [attempt for attempt in attempts if not attempt.done()]
            if not running:
                return attempts[0].result()
            await asyncio.wait(
                running, timeout=_NEXT_ADDRESS_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            links = (attempt.result() for attempt in attempts if attempt.done() and attempt.exception() is None)
            found = next(links, None)
        return found
    finally:
        for attempt in attempts:
            attempt.cancel()
            attempt.add_done_callback(lambda done: _give_up(done, found))


def _give_up(attempt: asyncio.Task[_Link], found: _Link | None) -> None:
    """Close what an attempt has made that is not needed any more."""
    if not attempt.cancelled() and attempt.exception() is None and attempt.result() is not found:
        attempt.result().abort()


async def _addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, those of both families in turn. Raises OSError where there are none."""
    entries = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    first = [str(entry[4][0]) for entry in entries if entry[0] == entries[0][0]]
    others = [str(entry[4][0]) for entry in entries if entry[0] != entries[0][0]]
    turns = chain.from_iterable(zip_longest(first, others))
    return list(dict.fromkeys(address for address in turns if address is not None))


async def _connected_to(address: str, origin: _Origin) -> _Link:
    loop = asyncio.get_running_loop()
    _, link = await loop.create_connection(lambda: _Link(origin), address, origin[1])
    return link
