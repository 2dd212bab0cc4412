"""An ASGI layer that makes responses suffer their faults; without faults it only passes requests on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from backend_stub.asgi import App, Message, Receive, Scope, Send, respond_problem
from backend_stub.clock import Clock
from backend_stub.connection import Connection, connection_of
from backend_stub.faults.control import FaultControl
from backend_stub.faults.document import MadeBody
from backend_stub.faults.engine import RequestFacts
from backend_stub.faults.link import ShapedLink
from backend_stub.faults.plan import BodyEnding, ResponsePlan, plan_of
from backend_stub.problems import ProblemError
from backend_stub.signing import split_signed_path

_MAX_LAG_S = 0.1  # a sender this late was held up by its client, not by the scheduler: no catching up


class FaultMiddleware:
    """``pathways`` are the names the server goes by, ``kind_of`` tells a path's request kind and ``on_kill`` stops
    the whole server. Paths that begin with ``spared`` suffer nothing: there faults are ended."""

    def __init__(
        self,
        app: App,
        control: FaultControl,
        clock: Clock,
        *,
        pathways: Sequence[str],
        kind_of: Callable[[str], str],
        on_kill: Callable[[], None],
        spared: str | None = None,
    ) -> None:
        self._app = app
        self._spared = spared
        self._control = control
        self._clock = clock
        self._pathways = pathways
        self._kind_of = kind_of
        self._on_kill = on_kill

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = connection_of(scope) if scope["type"] == "http" else None
        if connection is None or (self._spared is not None and scope["path"].startswith(self._spared)):
            await self._app(scope, receive, send)
            return
        fresh, connection.fresh = connection.fresh, False
        path = split_signed_path(scope["path"])[1]
        taken = self._control.take(RequestFacts(path, self._pathways, self._kind_of(path)))
        if not taken:
            await self._app(scope, receive, send)
            return
        plan = plan_of(taken)
        wait_s = plan.delay_s + self._round_trips_s(plan, fresh, scope)
        if wait_s > 0 and await connection.wait_closed(wait_s):
            return
        if plan.refuse:
            connection.abort()
            await connection.wait_closed()
            return
        response = _FaultyResponse(plan, connection, send, self._clock, self._on_kill)
        with suppress(_ResponseOverError):
            if plan.status is not None:
                await respond_problem(response.send, _injected(plan.status.status, plan.status.retry_after_s))
            elif plan.made is not None:
                await _respond(response.send, plan.made)
            else:
                await self._app({**scope, "path": plan.path_of(scope["path"])}, receive, response.send)
        if connection.gone:
            await connection.wait_closed()  # else the server takes the unfinished response for a fault of ours

    def _round_trips_s(self, plan: ResponsePlan, fresh: bool, scope: Scope) -> float:
        """One round trip for the request, one for a new connection and one more for its TLS."""
        trips = 1 + (1 if fresh else 0) + (1 if fresh and scope.get("scheme") == "https" else 0)
        now = self._clock.monotonic()
        return trips * sum(link.latency_s(now) for link in plan.links)


class _ResponseOverError(Exception):
    """Stops the application: its response has ended, early or because the client left."""


class _FaultyResponse:
    """Stands between an application and its client. The start of a response is held back until the first body byte,
    so that a fault at byte 0 sends nothing at all."""

    def __init__(
        self, plan: ResponsePlan, connection: Connection, send: Send, clock: Clock, on_kill: Callable[[], None]
    ) -> None:
        self._plan = plan
        self._connection = connection
        self._send = send
        self._pacer = _Pacer(plan.links, clock)
        self._on_kill = on_kill
        self._start: Message | None = None
        self._sent = 0
        self._flips: list[int] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = self._shortened(self._told(message))
            return
        body = self._flipped(self._plan.corrupted(message.get("body", b""), self._sent))
        more = message.get("more_body", False)
        if self._plan.ending is not None and self._ends_within(len(body)):
            await self._pass_on(body[: self._plan.end_after - self._sent], more=True)
            await self._end(self._plan.ending)
        await self._pass_on(body, more=more)

    def _told(self, start: Message) -> Message:
        """The start of the answer with the lies that its headers tell."""
        length = next((int(value) for name, value in start["headers"] if name.lower() == b"content-length"), 0)
        self._flips = self._plan.flipped(length)
        status = 206 if self._plan.range_shift is not None and start["status"] == 200 else start["status"]
        return {**start, "status": status, "headers": self._plan.told(start["headers"])}

    def _flipped(self, body: bytes) -> bytes:
        hit = [place - self._sent for place in self._flips if self._sent <= place < self._sent + len(body)]
        if not hit:
            return body
        changed = bytearray(body)
        for place in hit:
            changed[place] ^= 0xFF
        return bytes(changed)

    def _ends_within(self, size: int) -> bool:
        """Whether the next ``size`` bytes pass the ending.

        A body that does not reach its ending stays whole; an ending at byte 0 needs no body.
        """
        return self._sent + size > self._plan.end_after or self._plan.end_after == 0

    async def _pass_on(self, body: bytes, *, more: bool) -> None:
        if self._start is not None and (body or not more):
            start, self._start = self._start, None
            await self._send(start)
        view = memoryview(body)
        while view:
            size = await self._dripped() or self._pacer.slice_bytes()
            piece, view = view[:size], view[size:]
            await self._pacer.until_sent(len(piece))
            if self._connection.gone:
                raise _ResponseOverError
            await self._send({"type": "http.response.body", "body": bytes(piece), "more_body": True})
            self._sent += len(piece)
        if not more:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _dripped(self) -> int:
        """How much to send at once of a body that drips; 0 where it does not, or not yet."""
        trickle = self._plan.trickle
        if trickle is None:
            return 0
        if self._sent < trickle.after_bytes:
            return trickle.after_bytes - self._sent
        await self._connection.wait_closed(1 / trickle.bytes_per_s)
        return 1

    async def _end(self, ending: BodyEnding) -> None:
        if ending is BodyEnding.TRUNCATE:
            await self._pass_on(b"", more=False)
        elif ending is BodyEnding.STALL:
            await self._connection.wait_closed()
        elif ending is BodyEnding.RESET:
            self._connection.abort()
            await self._connection.wait_closed()
        else:
            self._connection.close()
            if ending is BodyEnding.KILL:
                self._on_kill()
            await self._connection.wait_closed()
        raise _ResponseOverError

    def _shortened(self, start: Message) -> Message:
        """For a truncated body, a start that announces only what will come."""
        if self._plan.ending is not BodyEnding.TRUNCATE:
            return start
        return {**start, "headers": [self._shortened_header(name, value) for name, value in start["headers"]]}

    def _shortened_header(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        limit = self._plan.end_after
        if name.lower() == b"content-length":
            return name, str(min(int(value), limit)).encode()
        if name.lower() == b"content-range" and value.startswith(b"bytes ") and not value.startswith(b"bytes *"):
            span, _, total = value.removeprefix(b"bytes ").partition(b"/")
            first, _, last = span.partition(b"-")
            if limit > 0:
                last = str(min(int(last), int(first) + limit - 1)).encode()
            return name, b"bytes %s-%s/%s" % (first, last, total)
        return name, value


class _Pacer:
    """Sleeps to the absolute times at which the links have carried each piece."""

    def __init__(self, links: Sequence[ShapedLink], clock: Clock) -> None:
        self._links = links
        self._clock = clock
        self._due_s = 0.0

    def slice_bytes(self) -> int:
        """How much to send at once."""
        now = self._clock.monotonic()
        return min((link.slice_bytes(now) for link in self._links), default=1 << 20)

    async def until_sent(self, size: int) -> None:
        if not self._links:
            return
        now = self._clock.monotonic()
        earliest = self._due_s if now - self._due_s < _MAX_LAG_S else now
        self._due_s = max(link.reserve(size, earliest) for link in self._links)
        if self._due_s > now:
            await asyncio.sleep(self._due_s - now)


async def _respond(send: Send, made: MadeBody) -> None:
    body = made.text.encode()
    headers = [(b"content-type", made.content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": made.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _injected(status: int, retry_after_s: float | None) -> ProblemError:
    # Retry-After is whole seconds: RFC 9110, section 10.2.3.
    headers = {} if retry_after_s is None else {"Retry-After": f"{retry_after_s:.0f}"}
    return ProblemError(status, "injected_fault", "This answer was made by a fault rule.", headers)
