"""Requests, responses and timing records of the network gate. Values only; nothing here does I/O."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from player.manifest.model import ByteRange
from player.net.cmsd import Cmsd

USER_AGENT = "Matinee/0.1"


class RequestKind(StrEnum):
    """What a request is for; deadlines, retries, limits and reports go by it."""

    MANIFEST = "manifest"
    INIT = "init"
    SEGMENT = "segment"
    INDEX = "index"
    PART = "part"
    KEY = "key"
    LICENCE = "licence"
    STEERING = "steering"
    TEXT = "text"
    IMAGE = "image"
    TIME = "time"
    API = "api"
    TELEMETRY = "telemetry"


MEDIA_KINDS = frozenset({RequestKind.INIT, RequestKind.INDEX, RequestKind.SEGMENT, RequestKind.PART})
"""What a CDN serves of a title besides its manifests."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP exchange. ``deadline_s`` bounds the whole of it, ``first_byte_s`` the wait for the response,
    ``stall_s`` the silence between two reads of the body; None takes the kind's own default.

    ``url``, ``headers`` and ``body`` may hold secrets and never show in a repr. ``initiator`` is the address of the
    manifest that led to ``url`` (see :mod:`player.net.local_network`).
    """

    kind: RequestKind
    url: str = field(repr=False)
    method: str = "GET"
    byte_range: ByteRange | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    pathway: str = ""
    track: str = ""
    priority: int = 0  # a greater one goes first
    max_bytes: int | None = None
    deadline_s: float | None = None
    first_byte_s: float | None = None
    stall_s: float | None = None
    attempt: int = 1
    paced: bool = False  # the body is made while it is sent
    initiator: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Transfer:
    """The timing record of one exchange. Times are on the gate's monotonic clock; ``url`` is redacted."""

    id: int
    kind: RequestKind
    url: str
    pathway: str
    track: str
    start_s: float
    first_byte_s: float | None
    end_s: float
    status: int | None
    received: int
    attempt: int = 1
    http_version: str = ""
    new_connection: bool = False
    from_cache: bool = False
    error: str | None = None  # an ErrorCode
    aborted: bool = False
    queued_s: float = 0.0  # waited for a free place before ``start_s``
    cmsd: Cmsd | None = None  # what the CDN said of itself
    paced: bool = False  # the body was made while it was sent
    busy_s: float = 0.0  # of a paced body: how long its bursts took ...
    busy_bytes: int = 0  # ... and what came in that time
    beside: int | None = None  # bytes that other exchanges received while the body of this one came


@dataclass(frozen=True, slots=True)
class ConnectionTiming:
    """The connection of an exchange.

    ``tcp_s`` (with the name's lookup) and ``tls_s`` are the seconds that it took to make, None for one that existed
    already. Version and cipher of TLS are as OpenSSL names them, empty without TLS.
    """

    tcp_s: float | None = None
    tls_s: float | None = None
    tls: str = ""
    cipher: str = ""


class Body(Protocol):
    """An open response whose body is still arriving."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Keys in lower case."""
        ...

    @property
    def url(self) -> str:
        """The address after redirects."""
        ...

    @property
    def total(self) -> int | None:
        """Length of the body in bytes, where the server said it."""
        ...

    @property
    def http_version(self) -> str:
        """``HTTP/1.1`` or ``HTTP/2``; empty where no HTTP was spoken."""
        ...

    @property
    def new_connection(self) -> bool:
        """Whether a connection was made for this exchange."""
        ...

    @property
    def connection(self) -> ConnectionTiming | None:
        """None where there was none: a file, say."""
        ...

    def chunks(self) -> AsyncGenerator[bytes, None]: ...


@dataclass(frozen=True, slots=True)
class Response:
    """A finished exchange."""

    status: int
    headers: Mapping[str, str]
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    transfer: Transfer


class Transport(Protocol):
    """What really moves the bytes: the network, a recording, an offline store; faults and traces wrap another one."""

    def open(self, request: Request) -> AbstractAsyncContextManager[Body]: ...

    async def close(self) -> None: ...
