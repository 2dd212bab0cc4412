"""The client's transport by the scheme of the address: the web, ``data:``, ``ntp:``, files of a local manifest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from player.base.errors import ErrorCode
from player.net.cleanup import to_its_end
from player.net.failures import failure
from player.net.local import DataTransport, LocalTransport
from player.net.model import Body, Request, Transport
from player.net.ntp import NtpTransport
from player.net.web_options import WebOptions

if TYPE_CHECKING:
    from player.net.http import HttpTransport


class _ClosedWhole:
    """An exchange whose end is not cut short where its task is cancelled at that very moment."""

    def __init__(self, exchange: AbstractAsyncContextManager[Body]) -> None:
        self._exchange = exchange

    async def __aenter__(self) -> Body:
        return await self._exchange.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await to_its_end(self._close(kind, error, trace))

    async def _close(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._exchange.__aexit__(kind, error, trace)


class RoutingTransport:
    """Sends each request where its scheme belongs.

    ``folder`` is the folder of a local manifest; without one (a manifest from the web) ``file:`` is refused, until
    :meth:`serve` names one.
    ``others`` are transports for schemes of this program's own, such as that of kept titles.
    httpx is loaded at the first address of the web, so that work on local files starts at once.
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        ca_file: Path | None = None,
        web: WebOptions | None = None,
        others: Mapping[str, Transport] | None = None,
    ) -> None:
        self._ca_file = ca_file
        self._options = web
        self._folder = folder
        self._local: LocalTransport | None = None
        self.serve(None)
        self._data = DataTransport()
        self._ntp = NtpTransport(web or WebOptions(), lambda: self._http().local_servers)
        self._others = dict(others or {})
        self._web: HttpTransport | None = None

    def serve(self, folder: Path | None) -> None:
        """From now on ``file:`` addresses lie in ``folder``; None: where they did at the beginning."""
        folder = folder or self._folder
        self._local = None if folder is None else LocalTransport(folder)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The response to ``request``. Raises NetError (``net.forbidden_url``) for a scheme that is not allowed."""
        transport = self._for(request.url)
        exchange = transport.open(request)
        # The web's ends its exchanges so by itself where that takes time.
        async with exchange if transport is self._web else _ClosedWhole(exchange) as body:
            yield body

    async def warm(self) -> None:
        """Load what the first request to the web will need."""
        await self._http().warm()

    def renew(self) -> None:
        """The machine slept, or the like: what is asked from now on goes over new connections."""
        if self._web is not None:
            self._web.renew()

    async def close(self) -> None:
        """Close all connections."""
        for other in self._others.values():
            await other.close()
        if self._web is not None:
            await self._web.close()

    def _for(self, url: str) -> Transport:
        scheme = url.partition(":")[0].lower()
        if scheme in ("http", "https"):
            return self._http()
        if scheme == "data":
            return self._data
        if scheme == "ntp":
            return self._ntp
        if scheme == "file" and self._local is not None:
            return self._local
        if scheme in self._others:
            return self._others[scheme]
        raise failure(
            ErrorCode.NET_FORBIDDEN_URL,
            "Matinee plays addresses that begin with https:// or http://. This is another one.",
            url,
            recoverable=False,
        )

    def _http(self) -> HttpTransport:
        if self._web is None:
            from player.net.http import HttpTransport

            self._web = HttpTransport(ca_file=self._ca_file, web=self._options)
        return self._web
