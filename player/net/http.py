"""HTTP on httpx. Connections are kept and shared, redirects are followed here, environment proxies are not used.

httpx's transports are used without its client: cookies, environment proxies and automatic decoding are not
wanted, and the first byte comes a little earlier.
"""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import anyio.lowlevel
import httpcore
import httpx

from player.base.errors import ErrorCode, InputError, NetError
from player.net.cleanup import to_its_end
from player.net.decoding import decoded
from player.net.failures import connect_failure, failure, leads_inside
from player.net.interfaces import local_address
from player.net.local_network import LocalServers, is_local, is_loopback
from player.net.model import Body, ConnectionTiming, Request, RequestKind
from player.net.stale_connections import SILENT_S, RenewedTransport
from player.net.web_options import WebOptions

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-admin-token"})
_COMPRESSED_KINDS = frozenset(
    {RequestKind.MANIFEST, RequestKind.STEERING, RequestKind.TEXT, RequestKind.API, RequestKind.TIME}
)
_OF_THE_SERVICE = frozenset({RequestKind.API, RequestKind.TELEMETRY})
_MAX_PORT = 65535
_REPEATABLE = frozenset({"GET", "HEAD"})
_SIGNS_OF_AN_END = ("disconnected", "closed connection", "connectionterminated", "streamreset")
_SMALL_REDIRECT_BODY = 65536  # read to the end, so that the connection can be used again
_READ_BYTES = 256 * 1024
"""At most so much is read at once without TLS: as much as the event loop takes from a socket. httpcore's own 64 KiB
cut that in four, and each piece passes through all layers."""


class HttpTransport:
    """Speaks HTTP/1.1, and HTTP/2 where a server offers it over TLS.

    ``ca_file`` is a PEM file of further authorities to trust, ``web`` what a test bench wants besides. ``connect_s``
    bounds the making of a connection; the other waits are the gate's. ``silent_s``: see
    :class:`player.net.stale_connections.RenewedTransport`.
    """

    def __init__(
        self,
        *,
        ca_file: Path | None = None,
        connect_s: float = 4.0,
        max_redirects: int = 5,
        connections: int = 32,
        keepalive_s: float = 30.0,
        silent_s: float = SILENT_S,
        web: WebOptions | None = None,
    ) -> None:
        self._ca_file = ca_file
        self._timeouts = {"connect": connect_s, "read": None, "write": None, "pool": None}
        self._max_redirects = max_redirects
        self._limits = httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=keepalive_s
        )
        self._web = web or WebOptions()
        # Loading the authorities takes some 20 ms: only a title that needs TLS pays for them. A host whose address is
        # stated has connections of its own: those of another host at that address have another certificate.
        self._transports: dict[tuple[str, str], RenewedTransport] = {}
        self._silent_s = silent_s
        self._local = LocalServers(by_name=not self._web.proxy)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The response to ``request``, redirects followed. Raises NetError."""
        hop = _first_hop(request, self._web)
        outside = bool(request.initiator) and await self._local.leads_outside(request.initiator, request.url)
        for _ in range(self._max_redirects + 1):
            response, connection = await self._send(hop, outside=outside)
            target = _redirect_target(response)
            if target is None:
                try:
                    yield HttpBody(response, hop.url, connection)
                finally:
                    await _close(response)
                return
            await _drop(response)
            outside = outside or self._local.is_public(hop.url)
            hop = hop.redirected(target, response.status_code)
        raise failure(
            ErrorCode.NET_TOO_MANY_REDIRECTS, "{host} redirects in a circle.", request.url, recoverable=False
        )

    @property
    def local_servers(self) -> LocalServers:
        """What is known of the servers of the local network."""
        return self._local

    async def warm(self) -> None:
        """Load now what the first request would load: some 80 ms of imports, better spent beside other start-up."""
        await anyio.lowlevel.checkpoint()
        self._pool(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), http2=False)
        self._transport("http", "", "")

    def renew(self) -> None:
        """The machine slept, or the like: what is asked from now on goes over new connections."""
        self._local.forget()
        for transport in self._transports.values():
            transport.renew()

    async def close(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def _send(self, hop: _Hop, *, outside: bool) -> tuple[httpx.Response, ConnectionTiming]:
        """One exchange. ``outside``: it comes of a server that may not lead to the local network."""
        try:
            message = httpx.Request(
                hop.method, hop.url, headers=hop.headers, content=hop.body, extensions={"timeout": self._timeouts}
            )
        except (httpx.InvalidURL, httpx.LocalProtocolError, ValueError) as error:
            raise failure(
                ErrorCode.NET_FORBIDDEN_URL, "This address cannot be used.", hop.url, recoverable=False
            ) from error
        _refuse_impossible(message.url)
        if not self._web.allows(message.url.host):
            raise _unsafe(hop.url, "{host} is not one of the hosts that may be asked here.")
        name, host = message.url.host, _lead(message, self._web)
        watched = outside and not host and not self._web.hosts  # a host that was named by hand may be asked
        if watched and self._local.holds(name):
            raise leads_inside(hop.url)
        transport = self._transport(message.url.scheme, host, hop.url)
        try:
            while True:
                watch = _ConnectWatch(hop.url if watched and not self._web.proxy else "")
                message.extensions["trace"] = watch
                try:
                    response = await transport.handle_async_request(message)
                    if watch.address and not self._web.proxy:
                        self._local.connected(name, watch.address)
                    return response, watch.connection(response)
                except (httpx.ReadError, httpx.RemoteProtocolError):
                    # A server may close a kept connection just when it is used again. Requests that may be repeated
                    # are sent again on another one (RFC 9112, 9.3.1). The failed connection is dropped.
                    if watch.is_new or hop.method not in _REPEATABLE:
                        raise
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _connect_failure(error, hop.url) from error
        except (httpx.TransportError, OSError) as error:
            raise _broken(error, hop.url) from error

    def _transport(self, scheme: str, host: str, url: str) -> httpx.AsyncBaseTransport:
        """The connections for a scheme; those of ``host`` alone where it is named."""
        if scheme not in ("http", "https"):
            raise failure(
                ErrorCode.NET_FORBIDDEN_URL,
                "Matinee plays addresses that begin with https:// or http://. This is another one.",
                url,
                recoverable=False,
            )
        transport = self._transports.get((scheme, host))
        if transport is None:
            secure = scheme == "https"
            context = self._tls_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            make = functools.partial(self._pool, context, http2=secure and self._web.http2)
            transport = RenewedTransport(make, self._silent_s)
            self._transports[scheme, host] = transport
        return transport

    def _pool(self, verify: ssl.SSLContext, *, http2: bool) -> httpx.AsyncHTTPTransport:
        httpcore.AsyncHTTP11Connection.READ_NUM_BYTES = _READ_BYTES
        return httpx.AsyncHTTPTransport(
            verify=verify,
            trust_env=False,
            http2=http2,
            limits=self._limits,
            proxy=self._web.proxy or None,
            local_address=local_address(self._web.interface),
        )

    def _tls_context(self) -> ssl.SSLContext:
        """The authorities of httpx's own list and of this machine, and ``ca_file``'s."""
        context = httpx.create_ssl_context(trust_env=False)
        context.set_default_verify_paths()
        if self._ca_file is not None:
            try:
                context.load_verify_locations(self._ca_file)
            except (OSError, ssl.SSLError) as error:
                raise InputError(
                    ErrorCode.INPUT_FILE,
                    f"The file of certificate authorities {self._ca_file.name} cannot be read.",
                ) from error
        return context


class _ConnectWatch:
    """Listens to httpcore while it makes a connection (its ``trace`` extension). One into the local network is closed
    before anything is sent where ``outside_url`` is what asks for it: names may lead anywhere."""

    def __init__(self, outside_url: str) -> None:
        self._at_s: dict[str, float] = {}
        self._outside_url = outside_url
        self.address = ""

    async def __call__(self, name: str, info: Mapping[str, Any]) -> None:
        what = name.partition(".")[2]
        self._at_s[what] = time.perf_counter()
        if what == "connect_tcp.complete":
            stream = info["return_value"]
            peer = stream.get_extra_info("server_addr")
            self.address = str(peer[0]) if peer else ""
            if self._outside_url and is_local(self.address):
                await stream.aclose()
                raise leads_inside(self._outside_url)

    def connection(self, response: httpx.Response) -> ConnectionTiming:
        """What the answer came over."""
        stream = response.extensions.get("network_stream")
        tls = None if stream is None else stream.get_extra_info("ssl_object")
        if tls is None:
            return ConnectionTiming(self._took("connect_tcp"))
        cipher = tls.cipher()
        return ConnectionTiming(
            self._took("connect_tcp"), self._took("start_tls"), tls.version() or "", cipher[0] if cipher else ""
        )

    @property
    def is_new(self) -> bool:
        """Whether a connection was made for the exchange."""
        return "connect_tcp.started" in self._at_s

    def _took(self, what: str) -> float | None:
        begin_s, end_s = self._at_s.get(f"{what}.started"), self._at_s.get(f"{what}.complete")
        return None if begin_s is None or end_s is None else end_s - begin_s


class HttpBody:
    """The body of an HTTP response, decoded where the server compressed it."""

    def __init__(self, response: httpx.Response, url: str, connection: ConnectionTiming) -> None:
        self._response = response
        self._headers = {name.lower(): value for name, value in response.headers.items()}
        self._url = url
        self._connection = connection

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers

    @property
    def url(self) -> str:
        return self._url

    @property
    def total(self) -> int | None:
        length = self._headers.get("content-length", "")
        if self._encoding or not (length.isascii() and length.isdigit()):
            return None
        return int(length[:18])

    @property
    def http_version(self) -> str:
        return self._response.http_version

    @property
    def new_connection(self) -> bool:
        return self._connection.tcp_s is not None

    @property
    def connection(self) -> ConnectionTiming:
        return self._connection

    @property
    def _encoding(self) -> str:
        encoding = self._headers.get("content-encoding", "").strip().lower()
        return "" if encoding == "identity" else encoding

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives. Raises NetError when the connection breaks or the encoding is damaged."""
        raw = self._raw()
        async with aclosing(decoded(raw, self._encoding, self._url) if self._encoding else raw) as source:
            async for chunk in source:
                yield chunk

    async def _raw(self) -> AsyncGenerator[bytes, None]:
        stream = self._response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        try:
            async for chunk in stream:
                yield chunk
        except (httpx.TransportError, httpx.StreamError, OSError) as error:
            raise _broken(error, self._url) from error


class _Hop:
    """One request on the way through redirects."""

    __slots__ = ("body", "headers", "method", "url")

    def __init__(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body

    def redirected(self, target: str, status: int) -> _Hop:
        """The request to make after a redirect (RFC 9110, 15.4). Raises NetError for one that is not safe."""
        before, after = urlsplit(self.url), _join(self.url, target)
        url = after.geturl()
        if after.scheme not in ("http", "https"):
            raise _unsafe(self.url, "{host} redirects to a place that is not on the web.")
        if before.scheme == "https" and after.scheme == "http" and not is_loopback(after.hostname or ""):
            raise _unsafe(self.url, "{host} redirects from a secure to an open connection.")
        method, body, headers = self.method, self.body, self.headers
        if method not in ("GET", "HEAD") and status in (301, 302, 303):
            method, body = "GET", None
            headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
        if (before.scheme, before.netloc) != (after.scheme, after.netloc):
            if body is not None:
                raise _unsafe(self.url, "{host} redirects what we send to another server.")
            headers = {name: value for name, value in headers.items() if name.lower() not in _CREDENTIALS}
        return _Hop(method, url, headers, body)


def _first_hop(request: Request, web: WebOptions) -> _Hop:
    headers = {"User-Agent": web.user_agent, "Accept": "*/*", "Accept-Encoding": "identity"}
    if request.kind in _COMPRESSED_KINDS and request.byte_range is None:
        headers["Accept-Encoding"] = "gzip, deflate"
    if request.byte_range is not None:
        headers["Range"] = request.byte_range.header()
    if request.kind not in _OF_THE_SERVICE:
        headers |= dict(web.headers)
    return _Hop(request.method, request.url, {**headers, **request.headers}, request.body)


def _refuse_impossible(url: httpx.URL) -> None:
    """Raise NetError for an address that no connection can be made to: one without a host, or with a port above
    65535, which httpx lets pass and the system's sockets answer with an OverflowError."""
    if not url.host or (url.port or 0) > _MAX_PORT:
        raise failure(ErrorCode.NET_FORBIDDEN_URL, "This address cannot be used.", str(url), recoverable=False)


def _lead(message: httpx.Request, web: WebOptions) -> str:
    """Lead a message to the stated address of its host; that host, or empty where none is stated."""
    host, port = message.url.host, message.url.port or (443 if message.url.scheme == "https" else 80)
    address = web.address_of(host, port)
    if address is None:
        return ""
    message.extensions["sni_hostname"] = host
    message.url = message.url.copy_with(host=address)  # the Host header is there already
    return host


def _redirect_target(response: httpx.Response) -> str | None:
    return response.headers.get("location") if response.status_code in _REDIRECTS else None


async def _close(response: httpx.Response) -> None:
    """End an exchange, also if its task is cancelled meanwhile. Otherwise httpx's pool would count the connection as
    busy for ever, and soon have none left."""
    await to_its_end(response.aclose())


async def _drop(response: httpx.Response) -> None:
    """Read a small body to its end, so that the connection can be used again, and leave a large one."""
    received = 0
    try:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for chunk in response.stream:
            received += len(chunk)
            if received > _SMALL_REDIRECT_BODY:
                break
    except httpx.TransportError:
        return  # nobody wanted it
    finally:
        await _close(response)


def _connect_failure(error: httpx.TransportError, url: str) -> NetError:
    if isinstance(error, httpx.ConnectTimeout):
        return failure(ErrorCode.NET_TIMEOUT, "The server {host} does not answer.", url, phase="connect")
    return connect_failure(error, url)


def _broken(error: Exception, url: str) -> NetError:
    if isinstance(error, httpx.RemoteProtocolError) and not _ended_early(error):
        return failure(ErrorCode.NET_PROTOCOL, "{host} does not speak proper HTTP.", url)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return failure(ErrorCode.NET_FORBIDDEN_URL, "This request cannot be made.", url, recoverable=False)
    return failure(ErrorCode.NET_CUT, "The connection to {host} broke.", url)


def _ended_early(error: Exception) -> bool:
    """httpcore tells a server that went away from one that talks nonsense only by its words."""
    words = str(error).lower()
    return not words or any(sign in words for sign in _SIGNS_OF_AN_END)


def _unsafe(url: str, sentence: str) -> NetError:
    return failure(ErrorCode.NET_FORBIDDEN_URL, sentence, url, recoverable=False)


def _join(url: str, target: str) -> SplitResult:
    try:
        return urlsplit(urljoin(url, target))
    except ValueError:
        raise _unsafe(url, "{host} redirects to an address that cannot be used.") from None
