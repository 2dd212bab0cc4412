"""The one gate to the network: every exchange of the client passes here.

For any transport, the gate queues each exchange (bounded, urgent ones first), sets limits of time and size, checks
the answer, and records its timing.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from urllib.parse import urlsplit

from player.base.clock import Clock
from player.base.errors import ErrorCode, NetError
from player.manifest.model import ByteRange
from player.net.cmsd import parse_cmsd
from player.net.failures import failure, status_failure
from player.net.model import Body, Request, Response, Transfer, Transport
from player.net.policy import KindPolicy, limits_of
from player.net.prefetched import KeptBody
from player.net.ranges import ContentRange, Cutter, parse_content_range
from player.net.redact import host_of, redact_url
from player.net.slots import Slots
from player.net.watchdog import WaitedTooLong, Watchdog
from player.net.wrapped_body import BodyAround

_TRICKLE_S = 10.0
_TRICKLE_BYTES_PER_S = 200.0  # the slowest phone networks give five times as much


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Exchanges at the same time. httpx slows down with many at once, so both stay small."""

    per_host: int = 6
    total: int = 16


@dataclass(slots=True)
class _Traffic:
    """What all exchanges of a gate have received from the network, in bytes."""

    received: int = 0


_CHUNK_BOXES = frozenset({b"moof", b"styp", b"prft", b"emsg", b"sidx"})
"""Boxes with which a CMAF chunk may begin (ISO/IEC 23000-19 7.3.2.3)."""


@dataclass(slots=True)
class _Bursts:
    """The share of a body that came at the link's own pace, if it is made while it is sent.

    The time before a new chunk is the encoder's; the time between two pieces of one chunk is the link's.
    """

    seconds: float = 0.0
    size: int = 0
    last_s: float | None = None

    def took(self, chunk: bytes, now_s: float) -> None:
        """A piece of the body has come."""
        if self.last_s is not None and bytes(chunk[4:8]) not in _CHUNK_BOXES:
            self.seconds += now_s - self.last_s
            self.size += len(chunk)
        self.last_s = now_s


@dataclass(slots=True)
class _Record:
    """What becomes the Transfer of one exchange. ``before``: what all had received when its body began, in bytes."""

    id: int
    request: Request
    limits: KindPolicy
    traffic: _Traffic
    queued_s: float
    start_s: float
    first_byte_s: float | None = None
    body: Body | None = None
    received: int = 0
    before: int = 0
    complete: bool = False
    error: str | None = None
    bursts: _Bursts = field(default_factory=_Bursts)

    def began(self, body: Body, now_s: float) -> None:
        """The answer has come, its body follows."""
        self.body, self.first_byte_s, self.before = body, now_s, self.traffic.received

    def took(self, size: int) -> None:
        """A piece of the body."""
        self.received += size
        if not self._from_memory:
            self.traffic.received += size

    @property
    def _from_memory(self) -> bool:
        return isinstance(self.body, KeptBody)

    def transfer(self, end_s: float) -> Transfer:
        request, body = self.request, self.body
        return Transfer(
            id=self.id,
            kind=request.kind,
            url=redact_url(request.url),
            pathway=request.pathway,
            track=request.track,
            start_s=self.start_s,
            first_byte_s=self.first_byte_s,
            end_s=end_s,
            status=None if body is None else body.status,
            received=self.received,
            attempt=request.attempt,
            http_version="" if body is None else body.http_version,
            new_connection=body is not None and body.new_connection,
            from_cache=self._from_memory,
            error=self.error,
            aborted=not self.complete and self.error is None,
            queued_s=self.queued_s,
            cmsd=None if body is None else parse_cmsd(body.headers),
            paced=request.paced,
            busy_s=self.bursts.seconds,
            busy_bytes=self.bursts.size,
            beside=None if self.first_byte_s is None else self._beside(),
        )

    def _beside(self) -> int:
        own = 0 if self._from_memory else self.received
        return self.traffic.received - self.before - own


class _Trickle:
    """Tells a body that only drips: a server that sends a byte now and then is as good as silent.

    Only the time spent waiting for the server counts, not that of a consumer that is slow.
    """

    def __init__(self) -> None:
        self._waited_s = 0.0
        self._received = 0

    def took(self, waited_s: float, size: int) -> bool:
        """Whether next to nothing has come in the last :data:`_TRICKLE_S` seconds of waiting."""
        self._waited_s += waited_s
        self._received += size
        if self._waited_s < _TRICKLE_S:
            return False
        drips = self._received < _TRICKLE_BYTES_PER_S * self._waited_s
        self._waited_s, self._received = 0.0, 0
        return drips


class GateBody(BodyAround):
    """A response that has passed the gate's checks and whose body is still arriving.

    When a byte range was asked for, the body is exactly that range, also where the server sent the whole resource.
    """

    def __init__(self, body: Body, record: _Record, watchdog: Watchdog, clock: Clock) -> None:
        super().__init__(body)
        self._record = record
        self._watchdog = watchdog
        self._clock = clock
        self._cutter: Cutter | None = None
        self._total = body.total
        self._resource_size = body.total
        wanted = record.request.byte_range
        if wanted is not None and body.status < 300:
            self._fit_range(wanted)
        elif body.status == 206:
            self._refuse_a_part()

    @property
    def total(self) -> int | None:
        """Length in bytes of what :meth:`chunks` will give, where it is known."""
        return self._total

    @property
    def resource_size(self) -> int | None:
        """Length in bytes of the whole resource, of which the body may be a range; None where it is not known."""
        return self._resource_size

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives. Raises NetError when it stalls, breaks, grows too large, or has another length than
        the server said."""
        request, record, limits = self._record.request, self._record, self._record.limits
        if self._total is not None and self._total > limits.max_bytes:
            raise self._too_large()
        trickle = _Trickle()
        async with aclosing(self._body.chunks()) as source:
            while self._cutter is None or not self._cutter.done:
                asked_s = self._clock.monotonic()
                try:
                    chunk = await self._watchdog.guard(anext(source), limits.stall_s)
                except StopAsyncIteration:
                    break
                except WaitedTooLong as error:
                    raise _waited(error, request, ErrorCode.NET_STALLED, "{host} stopped sending.") from None
                if trickle.took(self._clock.monotonic() - asked_s, len(chunk)):
                    raise failure(ErrorCode.NET_TRICKLE, "{host} sends next to nothing.", request.url, phase="body")
                if self._cutter is not None:
                    chunk = self._cutter.cut(chunk)
                record.took(len(chunk))
                if request.paced:
                    record.bursts.took(chunk, self._clock.monotonic())
                if self._total is not None and record.received > self._total:
                    raise failure(ErrorCode.NET_LENGTH, "{host} sent more than it said.", request.url)
                if record.received > limits.max_bytes:
                    raise self._too_large()
                if chunk:
                    yield chunk
        if self._total is not None and record.received != self._total:
            raise failure(
                ErrorCode.NET_CUT,
                "{host} sent only a part of the file.",
                request.url,
                received=record.received,
                expected=self._total,
            )
        record.complete = True

    async def read(self) -> bytes:
        """The whole body. Raises NetError as :meth:`chunks` does."""
        parts = [chunk async for chunk in self.chunks()]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _fit_range(self, wanted: ByteRange) -> None:
        """Make the answer to a range request what was asked for. Raises NetError where that is impossible."""
        request = self._record.request
        if self._body.status == 206:
            got = parse_content_range(self._body.headers.get("content-range", ""))
            if got is None or not _answers(got, wanted.start, wanted.length):
                raise failure(ErrorCode.NET_PROTOCOL, "{host} sent another part than the one asked for.", request.url)
            self._total, self._resource_size = None if got.open else got.length, got.size
            return
        self._cutter = Cutter(wanted)
        if self._body.total is None:
            self._total = None
            return
        available = self._body.total - wanted.start
        if available <= 0:
            raise failure(ErrorCode.HTTP_RANGE, "{host} does not have this part of the file.", request.url)
        self._total = available if wanted.length is None else min(available, wanted.length)

    def _refuse_a_part(self) -> None:
        """A part of a resource that was asked for as a whole is of no use (RFC 9110 15.3.7). Raises NetError."""
        got = parse_content_range(self._body.headers.get("content-range", ""))
        if got is None or got.start != 0 or (got.size is not None and not got.open and got.length != got.size):
            sentence = "{host} sent a part of the file, which was asked for as a whole."
            raise failure(ErrorCode.NET_PROTOCOL, sentence, self._record.request.url)

    def _too_large(self) -> NetError:
        return failure(
            ErrorCode.NET_TOO_LARGE,
            "The answer of {host} is larger than such a file may be.",
            self._record.request.url,
            recoverable=False,
            limit=self._record.limits.max_bytes,
        )


class Gate:
    """Carries out requests through a transport. One instance serves a whole program; close it at the end."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        on_transfer: Callable[[Transfer], None] | None = None,
        limits: GateLimits | None = None,
    ) -> None:
        limits = limits or GateLimits()
        self._transport = transport
        self._clock = clock
        self._on_transfer = on_transfer
        self._slots = Slots(limits.per_host, limits.total)
        self._traffic = _Traffic()
        self._numbers = count(1)
        self._initiator = ""

    def led_by(self, url: str) -> Gate:
        """This gate, for what the manifest at ``url`` leads to."""
        other = copy.copy(self)
        other._initiator = url  # noqa: SLF001 (same class)
        return other

    def through(self, wrap: Callable[[Transport], Transport]) -> Gate:
        """This gate, for exchanges that go through ``wrap`` too. It shares the places of this one."""
        other = copy.copy(self)
        other._transport = wrap(self._transport)  # noqa: SLF001 (same class)
        return other

    @property
    def initiator(self) -> str:
        """The manifest whose requests pass here; empty where there is none, or one that the service named."""
        return self._initiator

    @property
    def busy(self) -> int:
        """Exchanges under way."""
        return self._slots.busy

    @asynccontextmanager
    async def open(self, request: Request, *, check_status: bool = True) -> AsyncIterator[GateBody]:
        """The response to ``request`` with its body still to come.

        Raises NetError: ``net.*`` when no usable answer came, ``http.*`` for a status of 400 or more unless
        ``check_status`` is false. Leaving the block early ends the exchange.
        """
        limits = limits_of(request)
        asked_s = self._clock.monotonic()
        number = next(self._numbers)
        if self._initiator and not request.initiator:
            request = replace(request, initiator=self._initiator)
        async with self._slots.hold(_host(request), limits.priority), AsyncExitStack() as stack:
            start_s = self._clock.monotonic()
            record = _Record(number, request, limits, self._traffic, start_s - asked_s, start_s)
            stack.callback(self._report, record)
            try:
                watchdog = await stack.enter_async_context(Watchdog(self._clock, limits.deadline_s))
                body = await self._start(record, watchdog, stack)
                if check_status and body.status >= 300:
                    raise status_failure(body.status, request.url, body.headers, self._clock.wall())
                yield body
                if body.total == 0:
                    record.complete = True
            except NetError as error:
                record.error = str(error.code)
                raise

    async def fetch(self, request: Request, *, check_status: bool = True) -> Response:
        """The whole answer to ``request``. Raises NetError as :meth:`open` does."""
        transfers: list[Transfer] = []
        async with self.open(request, check_status=check_status) as body:
            content = await body.read()
            transfers.append(body._record.transfer(self._clock.monotonic()))  # noqa: SLF001 (same module)
            return Response(body.status, body.headers, body.url, content, transfers[0])

    async def close(self) -> None:
        """Close the transport and its connections."""
        await self._transport.close()

    async def _start(self, record: _Record, watchdog: Watchdog, stack: AsyncExitStack) -> GateBody:
        request = record.request
        try:
            opening = stack.enter_async_context(self._transport.open(request))
            body = await watchdog.guard(opening, record.limits.first_byte_s)
        except WaitedTooLong as error:
            raise _waited(error, request, ErrorCode.NET_TIMEOUT, "{host} does not answer.") from None
        record.began(body, self._clock.monotonic())
        return GateBody(body, record, watchdog, self._clock)

    def _report(self, record: _Record) -> None:
        if self._on_transfer is not None:
            self._on_transfer(record.transfer(self._clock.monotonic()))


def _waited(error: WaitedTooLong, request: Request, code: ErrorCode, sentence: str) -> NetError:
    if error.overall:
        code, sentence = ErrorCode.NET_TIMEOUT, "{host} takes too long."
    phase = "deadline" if error.overall else "body" if code is ErrorCode.NET_STALLED else "first_byte"
    return failure(code, sentence, request.url, phase=phase)


def _answers(got: ContentRange, start: int, length: int | None) -> bool:
    """Whether a 206 answer is the range asked for: it may be shorter only where the resource ends."""
    if got.start != start:
        return False
    if length is None:
        return got.size is None or got.start + got.length == got.size
    return got.length == length or (got.length < length and got.size == got.start + got.length)


def _host(request: Request) -> str:
    try:
        parts = urlsplit(request.url)
    except ValueError:
        raise failure(
            ErrorCode.NET_FORBIDDEN_URL, "This address cannot be used.", request.url, recoverable=False
        ) from None
    return f"{parts.scheme}://{host_of(parts)}"
