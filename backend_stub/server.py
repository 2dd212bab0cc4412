"""The whole service in one process: the API and its edges, each on its own port."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

from sqlalchemy.exc import SQLAlchemyError
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from backend_stub.admin import PREFIX as CONSOLE
from backend_stub.api import PREFIX
from backend_stub.api.own_address import OwnAddress
from backend_stub.app import create_app
from backend_stub.asgi import App
from backend_stub.clock import Clock, SystemClock
from backend_stub.config import Settings
from backend_stub.context import ServiceContext, open_context
from backend_stub.db.database import AWAY, patiently
from backend_stub.edge.app import EdgeApp
from backend_stub.edge.cache import DEFAULT_CACHE_BYTES, ObjectStore
from backend_stub.edge.cached import CachedSource
from backend_stub.edge.disk import DiskSource
from backend_stub.edge.files import kind_of
from backend_stub.edge.gate import OwnGate
from backend_stub.edge.meter import EdgeMeter
from backend_stub.edge.source import FileSource
from backend_stub.edge.upstream import Upstream
from backend_stub.encoding.worker import LastStep
from backend_stub.faults.admin import FaultAdmin
from backend_stub.faults.control import FaultControl
from backend_stub.faults.middleware import FaultMiddleware
from backend_stub.http_server import HttpServer, Tick, TlsFiles, listen, reachable_at
from backend_stub.metrics import CountCalls
from backend_stub.services.addresses import Edge
from backend_stub.services.edge_beats import BEAT_S, EdgeReport

_logger = logging.getLogger(__name__)
API_PATHWAY = "api"
ORIGIN = "origin"
SHIELD = "shield"
_MOST_EDGES = 1000  # of all processes over one database


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where to listen. Port 0 means any free one; a wanted port that is taken is chosen again.

    ``public_host`` is the name clients reach this machine by, when it differs from ``host``; where that is all
    addresses and there is no such name, clients are told the one towards other machines. ``edge_countries`` says for
    each edge in turn near which countries it stands (ISO 3166-1 alpha-2); none, or no entry, is for everywhere.
    With ``shield`` the edges keep up to ``cache_bytes`` each of what they fetch from a shield, which has as much and
    fetches from the origin; without, each edge reads the files itself. Without an ``api_port`` there are edges alone.
    ``inherited`` are listeners that another process had before this one, by the port that was asked for.
    """

    host: str = "127.0.0.1"
    api_port: int | None = 0
    edge_ports: Sequence[int] = (0, 0)
    public_host: str | None = None
    shield: bool = False
    cache_bytes: int = DEFAULT_CACHE_BYTES
    edge_countries: Sequence[tuple[str, ...]] = ()
    tls: TlsFiles | None = None
    inherited: Mapping[int, socket.socket] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running server. ``wanted_port`` is set when that port was taken and another one chosen."""

    name: str
    url: str
    port: int
    wanted_port: int | None


class ServerGroup:
    """API and edges over one data folder. Use as a context manager, or :meth:`start` and :meth:`stop`.

    All servers share one set of faults.
    """

    def __init__(self, settings: Settings, options: ServerOptions | None = None, clock: Clock | None = None) -> None:
        self.settings = settings
        self.options = options or ServerOptions()
        self._clock = clock or SystemClock()
        self.faults = FaultControl(self._clock)
        self.api: Endpoint
        self.edges: list[Endpoint] = []
        self.above: list[Endpoint] = []
        self.context: ServiceContext
        self._servers: dict[str, HttpServer] = {}
        self._last_step: LastStep | None = None
        self._countries: dict[str, tuple[str, ...]] = {}
        self._handed_over = False

    def start(self) -> Self:
        """Start everything. Raises OSError when the host cannot be bound, RuntimeError when a server fails."""
        self.context = open_context(self.settings, self._ranked_edges, self._clock)
        self.edges, self.above = [], []
        try:
            self._start_servers()
            self.context.database.taken_back.start(self.settings.database)
            if self.options.api_port is not None:
                self.context.upkeep.start()
            if self.settings.store_url:
                self._last_step = LastStep(self.settings, self.context.jobs)
                self._last_step.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop everything; running responses are cut off."""
        if self._last_step is not None:
            self._last_step.stop()
            self._last_step = None
        for server in self._servers.values():
            server.request_stop()
        for server in self._servers.values():
            server.join()
        self._servers.clear()
        if not self._handed_over:
            with suppress(SQLAlchemyError):  # it is noticed by the silence
                self.context.edge_beats.leave()
        self.context.close()

    def drain(self, linger_s: float, most_s: float, *, handed_over: bool = False) -> None:
        """Begin to stop without cutting off what runs, and wait for it: :meth:`stop` then has little left to do.
        ``handed_over`` is for sockets, and so names of edges, that another process has by now."""
        self._handed_over = handed_over
        if not handed_over:
            with suppress(SQLAlchemyError):
                self.context.edge_beats.leave()
        for server in self._servers.values():
            server.request_drain(linger_s, most_s)
        for server in self._servers.values():
            server.join()

    def listeners(self) -> dict[int, socket.socket]:
        """The sockets of what clients reach, by the port that was asked for."""
        reached = [*self.edges, *([self.api] if self.options.api_port is not None else [])]
        return {one.wanted_port or one.port: self._servers[one.name].listener for one in reached}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def api_url(self) -> str:
        """The base of all API calls, such as ``http://127.0.0.1:8080/api/v1``."""
        return self.api.url + PREFIX

    @property
    def admin_token(self) -> str:
        """What ``X-Admin-Token`` must say."""
        return self.context.secrets.admin_token

    def alive(self, name: str) -> bool:
        """Whether the server of this name (``api``, ``edge-a``, ...) still serves."""
        return self._servers[name].alive

    def _start_servers(self) -> None:
        if self.options.shield:
            origin = self._serve_files(ORIGIN, self._disk(), self._listen(0))
            shield = self._cached(SHIELD, origin.url)
            self.above = [origin, self._serve_files(SHIELD, shield, self._listen(0))]
        for index, port in enumerate(self.options.edge_ports):
            place = self._listen(port)
            names = [edge_name(number) for number in range(index, _MOST_EDGES)]
            url = self._endpoint("", *place, self.options.tls).url
            claim = partial(self.context.edge_beats.claim, names, url)
            name = patiently(claim, self.settings.database_wait_s)
            self._countries[name] = tuple(dict(enumerate(self.options.edge_countries)).get(index, ()))
            source = self._cached(name, self.above[-1].url) if self.above else self._disk()
            self.edges.append(self._serve_files(name, source, place, is_edge=True))
        if self.options.api_port is not None:
            self._serve_api(self.options.api_port)

    def _serve_api(self, port: int) -> None:
        place = self._listen(port)
        own = self._endpoint("", *place, self.options.tls)
        app: App = CountCalls(create_app(self.context, self.faults), self.context.metrics)
        app = self._behind_proxies(OwnAddress(app, self.settings.public_url or own.url, own.port))
        self.api = self._serve(API_PATHWAY, app, place, self.options.tls, kind_of=api_kind_of)

    def _behind_proxies(self, app: App) -> App:
        """With the client's address, where a proxy that is trusted tells it."""
        if not self.settings.trusted_proxies:
            return app
        return cast("App", ProxyHeadersMiddleware(cast(Any, app), list(self.settings.trusted_proxies)))

    def _listen(self, port: int) -> tuple[socket.socket, int | None]:
        """A listener, and the wanted port where another one was taken."""
        if port in self.options.inherited:
            inherited = self.options.inherited[port]
            return inherited, port if inherited.getsockname()[1] != port else None
        listener, moved = listen(self.options.host, port)
        return listener, port if moved else None

    def _disk(self) -> FileSource:
        return DiskSource(self.settings.media_dir, self._clock, self.context.live_plans)

    def _cached(self, name: str, above: str) -> FileSource:
        count = partial(self.context.metrics.count_cached, name)
        return CachedSource(name, Upstream(above), ObjectStore(self.options.cache_bytes), self._clock, count)

    def _serve_files(
        self, name: str, source: FileSource, place: tuple[socket.socket, int | None], *, is_edge: bool = False
    ) -> Endpoint:
        """Only edges are for clients: they beat, and have TLS where it is wanted."""
        app = EdgeApp(name, source, self.context.url_signer, OwnGate(self.context.edge_gate), self._clock)
        tls = self.options.tls if is_edge else None
        served = self._behind_proxies(app) if is_edge else app
        return self._serve(name, served, place, tls, kind_of=kind_of, beats=is_edge, at_end=app.close)

    def _serve(
        self,
        name: str,
        app: App,
        place: tuple[socket.socket, int | None],
        tls: TlsFiles | None,
        *,
        kind_of: Callable[[str], str],
        beats: bool = False,
        at_end: Callable[[], Awaitable[None]] | None = None,
    ) -> Endpoint:
        endpoint = self._endpoint(name, *place, tls)
        faulty = FaultMiddleware(
            app,
            self.faults,
            self._clock,
            pathways=(name, endpoint.url.partition("://")[2]),
            kind_of=kind_of,
            on_kill=partial(self._kill, name),
            spared=None if beats else CONSOLE,
        )
        meter = EdgeMeter(faulty, self._clock)
        served = FaultAdmin(meter if beats else faulty, self.faults, self.admin_token)
        beat = Tick(BEAT_S, partial(self._beat, endpoint, meter)) if beats else None
        server = HttpServer(name, served, place[0], tls, beat, at_end)
        self._servers[name] = server
        server.start()
        return endpoint

    def _beat(self, edge: Endpoint, meter: EdgeMeter) -> None:
        work = meter.take()
        report = EdgeReport(
            pathway=edge.name,
            base_url=edge.url,
            load=work.load,
            healthy=work.healthy,
            bits_per_s=work.bits_per_s,
            countries=self._countries.get(edge.name, ()),
            announced=True,
        )
        try:
            self.context.edge_beats.beat(report)
        except AWAY as error:
            _logger.warning("%s cannot tell how it is: %s", edge.name, type(error).__name__)

    def _kill(self, name: str) -> None:
        self._servers[name].kill()

    def _endpoint(
        self, name: str, listener: socket.socket, wanted_port: int | None, tls: TlsFiles | None
    ) -> Endpoint:
        port: int = listener.getsockname()[1]
        host = reachable_at(self.options.public_host or self.options.host)
        scheme = "https" if tls else "http"
        return Endpoint(name, f"{scheme}://{host}:{port}", port, wanted_port)

    def _ranked_edges(self) -> list[Edge]:
        """The edges in their order of preference; those that were killed are not offered."""
        return [Edge(edge.name, edge.url) for edge in self.edges if self.alive(edge.name)]


def edge_name(index: int) -> str:
    """``edge-a``, ``edge-b``, ... ``edge-z``, ``edge-27``, ..."""
    return f"edge-{chr(ord('a') + index)}" if index < 26 else f"edge-{index + 1}"


def api_kind_of(path: str) -> str:
    """The request kind of an API path, as fault rules name it."""
    for part, kind in (
        ("/licences", "licence"),
        ("/clearkey/", "licence"),
        ("/posters/", "image"),
        ("/artwork/", "image"),
    ):
        if path.startswith(PREFIX + part):
            return kind
    return "time" if path == f"{PREFIX}/time" else "api"
