"""An edge on another machine: it announces itself to the service by heartbeats, and fetches what it is asked for."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx

from backend_stub.clock import Clock, SystemClock
from backend_stub.edge.app import EdgeApp
from backend_stub.edge.cache import DEFAULT_CACHE_BYTES, ObjectStore
from backend_stub.edge.cached import CachedSource
from backend_stub.edge.gate import RemoteGate
from backend_stub.edge.meter import EdgeMeter
from backend_stub.edge.upstream import Upstream
from backend_stub.http_server import HttpServer, Tick, listen, reachable_at
from backend_stub.services.edge_beats import BEAT_S
from backend_stub.signing import UrlSigner

_logger = logging.getLogger(__name__)
_TIMEOUT_S = 5.0
_ASK_EVERY_S = 1.0
_pause = asyncio.sleep


class AnnounceError(Exception):
    """The service cannot be reached, or does not take this edge; the message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class RemoteEdgeOptions:
    """``api_url`` is the service's (``.../api/v1``), ``token`` that of its edges. ``public_url`` is how clients reach
    this edge (made of ``host`` and the port when empty), ``origin`` where it fetches (what the service says when
    empty). ``countries`` are those it stands near to, none for everywhere."""

    name: str
    api_url: str
    token: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    public_url: str = ""
    origin: str = ""
    cache_bytes: int = DEFAULT_CACHE_BYTES
    countries: Sequence[str] = ()


class RemoteEdge:
    """Use as a context manager, or :meth:`start` and :meth:`stop`."""

    def __init__(self, options: RemoteEdgeOptions, clock: Clock | None = None) -> None:
        self._options = options
        self._clock = clock or SystemClock()
        # Nothing is signed with this: until the service has told its keys no address is good.
        self._signer = UrlSigner([secrets.token_bytes(32)])
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = float("-inf")
        self._meter: EdgeMeter | None = None
        self._server: HttpServer | None = None
        self.url = ""

    def start(self) -> Self:
        """Announce the edge and serve.

        Raises :class:`AnnounceError`, OSError when the host cannot be bound, RuntimeError when the server fails.
        """
        options = self._options
        listener, _ = listen(options.host, options.port)
        try:
            self.url = options.public_url or f"http://{reachable_at(options.host)}:{listener.getsockname()[1]}"
            origins = self.announce()
            if not (options.origin or origins):
                raise AnnounceError("The service has no edge of its own to fetch from.")
        except BaseException:
            listener.close()
            raise
        upstream = Upstream((options.origin or origins[0]).rstrip("/"))
        store = ObjectStore(options.cache_bytes)
        source = CachedSource(options.name, upstream, store, self._clock, lambda _outcome: None)
        gate = RemoteGate(options.api_url, self._clock)
        app = EdgeApp(options.name, source, self._signer, gate, self._clock, self._ask_for_keys)
        self._meter = EdgeMeter(app, self._clock)
        tick = Tick(BEAT_S, self._beat)
        self._server = HttpServer(options.name, self._meter, listener, None, tick, app.close)
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop serving; the service notices by the silence."""
        if self._server is not None:
            self._server.request_stop()
            self._server.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def announce(self, *, measured: bool = True) -> list[str]:
        """Tell the service how this edge is, and take its keys; where files come from. Without ``measured`` it gets
        the last answer again. Raises AnnounceError."""
        body: dict[str, object] = {"name": self._options.name, "base_url": self.url}
        body["countries"] = list(self._options.countries)
        if self._meter is not None:
            work = self._meter.take() if measured else self._meter.last
            body |= {"load": work.load, "healthy": work.healthy, "bits_per_s": work.bits_per_s}
        try:
            answer = httpx.post(
                f"{self._options.api_url}/edges/beats",
                json=body,
                headers={"X-Edge-Token": self._options.token},
                timeout=_TIMEOUT_S,
                trust_env=False,
            )
            if answer.status_code != 200:
                raise AnnounceError(f"The service does not take this edge: {_sentence(answer)}")
            welcome = answer.json()
            self._signer.use([bytes.fromhex(key) for key in welcome["keys"]])
            return [str(origin) for origin in welcome["origins"]]
        except httpx.HTTPError as error:
            raise AnnounceError(f"The service cannot be reached ({type(error).__name__}).") from error
        except (ValueError, KeyError, TypeError) as error:
            raise AnnounceError("What answers there is no such service.") from error

    async def _ask_for_keys(self) -> None:
        """Ask the service: somebody came with an address by a key that is unknown here. It is asked once for all who
        come meanwhile. Such an address is easily made up, so all wait until a second after the last question. What is
        measured stays for the next beat: else made-up addresses would hide that this edge is failing."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        await asyncio.shield(self._asking)

    async def _ask(self) -> None:
        try:
            await _pause(max(0.0, self._asked_at + _ASK_EVERY_S - self._clock.monotonic()))
            self._asked_at = self._clock.monotonic()
            await asyncio.to_thread(self._beat, measured=False)
        finally:
            self._asking = None

    def _beat(self, *, measured: bool = True) -> None:
        try:
            self.announce(measured=measured)
        except AnnounceError as error:  # the edge goes on with the keys that it has
            _logger.warning("%s", error)


def _sentence(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["title"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}."
