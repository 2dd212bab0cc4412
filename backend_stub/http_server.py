"""One HTTP server in a thread of its own, with its own event loop: a slow one does not slow the others."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from uvicorn import Config, Server

from backend_stub.asgi import App, Message, Receive, Scope, Send
from backend_stub.connection import ConnectionProtocol, connection_of

_logger = logging.getLogger(__name__)
_BACKLOG = 1024
_START_TIMEOUT_S = 10
_STOP_TIMEOUT_S = 5
_ALL = frozenset({"0.0.0.0", "::"})  # noqa: S104  # as an operator asks for all addresses of the machine
_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # of nobody (RFC 5737, RFC 3849)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files of the server's certificate chain and its key."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class Tick:
    """What a server does by itself: ``call`` once it serves and every ``every_s`` seconds from then on, in a worker
    thread. A server that hangs or was killed does it no more."""

    every_s: float
    call: Callable[[], None]


def listen(host: str, port: int) -> tuple[socket.socket, bool]:
    """A listening socket on ``port``, or on a free one when that is taken; the second member says so.

    Port 0 means any. Raises OSError when not even a free port is available, as with a host that is not this
    machine's.
    """
    try:
        return _bound(host, port), False
    except OSError:
        if port == 0:
            raise
        return _bound(host, 0), True


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only for a named protocol. With it, each response of two writes waits 40 ms
    # for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def reachable_at(host: str) -> str:
    """How others reach a server that listens on ``host``: by that itself, or by this machine's own address where it
    listens on all (in brackets where an address needs them). Nothing is sent for it."""
    if host in _ALL:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            try:
                asking.connect((_ELSEWHERE[family], 9))
                host = asking.getsockname()[0]
            except OSError:  # no way out of this machine
                host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    return f"[{host}]" if ":" in host else host


class HttpServer:
    """Serves ``app`` on ``listener``, which it closes in the end; ``at_end`` is awaited in its own loop before."""

    def __init__(
        self,
        name: str,
        app: App,
        listener: socket.socket,
        tls: TlsFiles | None = None,
        tick: Tick | None = None,
        at_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.name = name
        self._tick = tick
        self._at_end = at_end
        self._listener = listener
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name=f"matinee-{name}", daemon=True)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._app = app
        self._draining = False
        self._wait_s: float = _STOP_TIMEOUT_S
        self._server = _AnnouncingServer(
            Config(
                self._closing,
                interface="asgi3",
                http=ConnectionProtocol,
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # a client's own claim of its address would get it around the limits
                backlog=_BACKLOG,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=1,
                ssl_certfile=tls.certificate if tls else None,
                ssl_keyfile=tls.key if tls else None,
            ),
            self._ready,
        )

    @property
    def listener(self) -> socket.socket:
        return self._listener

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and not self._server.should_exit

    def start(self) -> None:
        """Start serving; connections wait in the listener's queue until then. Raises RuntimeError when it fails."""
        self._thread.start()
        if not self._ready.wait(_START_TIMEOUT_S) or self._failure is not None:
            raise RuntimeError(f"The server {self.name} did not start.") from self._failure

    def request_stop(self) -> None:
        """Begin to stop: running responses are cut off. Any thread may call this."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.kill)

    def request_drain(self, linger_s: float, most_s: float) -> None:
        """Start to shut down without cutting anything off. No new connection is accepted. Open ones get answers for
        ``linger_s`` and are told to close. Running responses have ``most_s`` more. Any thread may call this."""
        if self._loop is not None and self._thread.is_alive():
            self._wait_s = linger_s + most_s + _STOP_TIMEOUT_S
            asyncio.run_coroutine_threadsafe(self._drain(linger_s, most_s), self._loop)

    def join(self) -> None:
        """Wait for the end."""
        if self._thread.is_alive():
            self._thread.join(self._wait_s)
        self._listener.close()

    async def _drain(self, linger_s: float, most_s: float) -> None:
        self._draining = True
        for listening in self._server.servers:
            listening.close()
        await asyncio.sleep(linger_s)
        self._server.config.timeout_graceful_shutdown = math.ceil(most_s)
        self._server.should_exit = True

    async def _closing(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application; while draining its answers say that the connection closes (RFC 9112, section 9.6)."""

        async def say_so(message: Message) -> None:
            if self._draining and message["type"] == "http.response.start":
                headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"connection"]
                message = {**message, "headers": [*headers, (b"connection", b"close")]}
            await send(message)

        try:
            await self._app(scope, receive, say_so)
        except asyncio.CancelledError:
            if not self._server.should_exit:
                raise
            if (connection := connection_of(scope)) is not None:  # the end cuts it off, which is no error of its own
                connection.abort()
                await connection.wait_closed(1.0)

    def kill(self) -> None:
        """Stop serving at once: no new connections, the open ones closed. Called in the server's own loop."""
        for listening in self._server.servers:
            listening.close()
        for protocol in list(self._server.server_state.connections):
            if not protocol.transport.is_closing():
                protocol.transport.abort()
        self._server.should_exit = True

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_new_loop) as runner:
                runner.run(self._serve())
        except BaseException as error:  # the starter reports it; a thread has nobody else to tell
            self._failure = error
            _logger.exception("server %s failed", self.name)
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        ticking = asyncio.create_task(self._go_on_ticking(self._tick)) if self._tick is not None else None
        try:
            await self._server.serve(sockets=[self._listener])
        finally:
            if ticking is not None:
                ticking.cancel()
            if self._at_end is not None:
                await self._at_end()

    async def _go_on_ticking(self, tick: Tick) -> None:
        while not self._server.should_exit:
            try:
                await asyncio.to_thread(tick.call)
            except Exception:  # the next one may go well again; the server itself needs none of them
                _logger.exception("server %s: its tick failed", self.name)
            await asyncio.sleep(tick.every_s)


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where there is one: it sends large bodies with less copying."""
    try:
        import uvloop
    except ImportError:  # not made for Windows
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


class _AnnouncingServer(Server):
    """Tells when it has started, instead of being asked."""

    def __init__(self, config: Config, started: threading.Event) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started.set()
