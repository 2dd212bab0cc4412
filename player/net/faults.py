"""Faults on purpose: the fault document of ``docs/faults.md`` over any transport.

:class:`FaultRules` is the pure part (which faults does this request take, at this time); :class:`FaultyTransport`
carries them out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from player.base.clock import Clock
from player.base.errors import ErrorCode, NetError
from player.net.document import JsonFields, read_json, refuse
from player.net.failures import failure
from player.net.lies import Flipped, LyingHeaders, NotCompressed, OtherRange, Trickling, other_url
from player.net.local import MemoryBody
from player.net.model import Body, Request, RequestKind, Transport
from player.net.redact import host_of
from player.net.shaping import Link, LinkTrace, PacedBody
from player.net.wrapped_body import BodyAround

_MAX_RULES = 1000
_MAX_OFFSET = 1_000_000
_PAGE = "<!doctype html><html><body>Sign in to the network.</body></html>"
_SIGNATURE = re.compile(r"^/s/[^/]+(?=/)")


class FaultType(StrEnum):
    DELAY = "delay"
    BANDWIDTH = "bandwidth"
    STATUS = "status"
    CUT = "cut"
    TRUNCATE = "truncate"
    CORRUPT = "corrupt"
    STALL = "stall"
    REFUSE = "refuse"
    RESET = "reset"
    GOAWAY = "goaway"
    DNS = "dns"
    TLS = "tls"
    OTHER = "other"
    BODY = "body"
    FLIP = "flip"
    TRICKLE = "trickle"
    HEADERS = "headers"
    GZIP = "gzip"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong. Only the members of its type are set; bytes count in the response's body."""

    type: FaultType
    seconds: float = 0.0
    trace: LinkTrace | None = None
    status: int = 0
    retry_after_s: float | None = None
    after_bytes: int = 0
    at_byte: int = 0
    length: int = 16
    offset: int | None = None
    swap: tuple[str, str] | None = None
    content_type: str = ""
    text: str = field(default="", repr=False)
    count: int = 0
    bytes_per_s: float = 0.0
    change: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()
    shift: int = 0


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Which requests take ``fault``; see ``docs/faults.md``."""

    fault: Fault
    name: str = ""
    path: str | None = None
    pathway: str | None = None
    kind: RequestKind | None = None
    skip: int = 0
    count: int | None = None
    from_s: float = 0.0
    until_s: float | None = None
    probability: float = 1.0

    def matches(self, request: Request) -> bool:
        """Whether the rule's ``match`` members hold for ``request``."""
        parts = urlsplit(request.url)
        if self.path is not None and not fnmatchcase(_SIGNATURE.sub("", parts.path), self.path):
            return False
        if self.pathway is not None and self.pathway not in (request.pathway, host_of(parts)):
            return False
        return self.kind is None or self.kind is request.kind


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """A whole fault document."""

    rules: tuple[FaultRule, ...] = ()
    seed: int = 0

    @classmethod
    def parse(cls, document: object) -> FaultPlan:
        """The plan in a JSON document. Raises InputError naming the member that is wrong or unknown."""
        fields = JsonFields(document, "The fault document")
        if fields.whole("version") != 1:
            raise refuse('The fault document must have "version" 1.')
        seed = fields.whole("seed", 0) or 0
        rules = fields.take("rules")
        fields.end()
        if not isinstance(rules, list) or len(rules) > _MAX_RULES:
            raise refuse(f'"rules" in the fault document must be a list of at most {_MAX_RULES} rules.')
        return cls(tuple(rule_of(item, f"fault rule {number}") for number, item in enumerate(rules, 1)), seed)


def load_faults(path: Path) -> FaultPlan:
    """The plan in a file. Raises InputError."""
    return FaultPlan.parse(read_json(path, "The fault file"))


@dataclass(slots=True)
class _Count:
    seen: int = 0
    taken: int = 0


@dataclass(slots=True)
class FaultRules:
    """A plan in use: counts what passed by. Times are seconds since the rules were set. ``tried`` gets the numbers
    (from 0) of the rules that met a request in their time, also of one that chance let pass."""

    plan: FaultPlan
    tried: set[int] = field(default_factory=set)
    _counts: list[_Count] = field(init=False)
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._counts = [_Count() for _ in self.plan.rules]
        self._random = Random(self.plan.seed)

    def take(self, request: Request, since_s: float) -> list[tuple[int, Fault]]:
        """The faults that ``request`` takes, each with the number of its rule; the rules' counters move on."""
        taken = []
        for number, (rule, count) in enumerate(zip(self.plan.rules, self._counts, strict=True)):
            in_time = rule.from_s <= since_s and (rule.until_s is None or since_s < rule.until_s)
            if not in_time or not rule.matches(request):
                continue
            count.seen += 1
            if count.seen <= rule.skip or (rule.count is not None and count.taken >= rule.count):
                continue
            if rule.probability > 0:
                self.tried.add(number)
            if rule.probability < 1 and self._random.random() >= rule.probability:
                continue
            count.taken += 1
            taken.append((number, rule.fault))
        return taken


class FaultyTransport:
    """Another transport with a fault plan over it. The plan's time starts now. ``tried``: see
    :class:`FaultRules`."""

    def __init__(self, inner: Transport, clock: Clock, plan: FaultPlan, tried: set[int] | None = None) -> None:
        self._inner = inner
        self._clock = clock
        self._rules = FaultRules(plan, set() if tried is None else tried)
        self._start_s = clock.monotonic()
        self._links = {
            number: Link(rule.fault.trace, clock)
            for number, rule in enumerate(plan.rules)
            if rule.fault.trace is not None
        }

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The inner transport's response with the faults that ``request`` takes. Raises NetError."""
        taken = self._rules.take(request, self._clock.monotonic() - self._start_s)
        faults = [fault for _, fault in taken]
        await self._clock.sleep(sum(fault.seconds for fault in faults if fault.type is FaultType.DELAY))
        _raise_before_response(faults, request)
        status = next((fault for fault in faults if fault.type is FaultType.STATUS), None)
        if status is not None:
            yield _status_body(status, request)
            return
        made = next((fault for fault in faults if fault.type is FaultType.BODY), None)
        if made is not None:
            yield _made_body(made, request)
            return
        for fault in faults:
            if fault.type is FaultType.OTHER:
                request = replace(request, url=other_url(request.url, fault.offset, fault.swap))
        async with self._inner.open(request) as inner_body:
            body: Body = inner_body
            for fault in faults:
                body = self._lied(body, fault)
            for link in [self._links[number] for number, _ in taken if number in self._links]:
                await link.wait_round_trips(1)
                body = PacedBody(body, link)
            spoiling = [fault for fault in faults if fault.type in _SPOILERS]
            yield SpoiledBody(body, spoiling) if spoiling else body

    def _lied(self, body: Body, fault: Fault) -> Body:
        """The body with one lie in it."""
        match fault.type:
            case FaultType.FLIP:
                return Flipped(body, fault.count, self._rules.plan.seed)
            case FaultType.TRICKLE:
                return Trickling(body, fault.after_bytes, fault.bytes_per_s, self._clock)
            case FaultType.HEADERS:
                return LyingHeaders(body, dict(fault.change), fault.remove)
            case FaultType.GZIP:
                return NotCompressed(body)
            case FaultType.RANGE:
                return OtherRange(body, fault.shift)
        return body

    async def close(self) -> None:
        await self._inner.close()


_SPOILERS = frozenset({FaultType.CUT, FaultType.RESET, FaultType.TRUNCATE, FaultType.CORRUPT, FaultType.STALL})


class SpoiledBody(BodyAround):
    """A body with faults in it. Of several ends (cut, stall, truncate) the first one counts."""

    def __init__(self, body: Body, faults: Sequence[Fault]) -> None:
        super().__init__(body)
        self._corrupt = [fault for fault in faults if fault.type is FaultType.CORRUPT]
        ends = [fault for fault in faults if fault.type is not FaultType.CORRUPT]
        self._end = min(ends, key=lambda fault: fault.after_bytes, default=None)

    @property
    def headers(self) -> Mapping[str, str]:
        headers = dict(self._body.headers)
        if self._truncated and self.total is not None:
            headers["content-length"] = str(self.total)
        return headers

    @property
    def total(self) -> int | None:
        total = self._body.total
        if total is None or not self._truncated or self._end is None:
            return total
        return min(total, self._end.after_bytes)

    @property
    def _truncated(self) -> bool:
        return self._end is not None and self._end.type is FaultType.TRUNCATE

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body, spoiled. Raises NetError (``net.cut``) where it is cut, and never ends where it stalls."""
        position = 0
        end = self._end
        async with aclosing(self._body.chunks()) as source:
            async for whole in source:
                chunk = whole if end is None else whole[: end.after_bytes - position]
                if chunk:
                    yield self._corrupted(chunk, position)
                position += len(chunk)
                if end is not None and position >= end.after_bytes:
                    break
        if end is None or position < end.after_bytes:
            return  # the body was shorter than the fault's place
        if end.type is FaultType.STALL:
            await asyncio.get_running_loop().create_future()
        if end.type in (FaultType.CUT, FaultType.RESET):
            raise _cut(self._body.url)

    def _corrupted(self, chunk: bytes, position: int) -> bytes:
        for fault in self._corrupt:
            first = max(fault.at_byte - position, 0)
            last = min(fault.at_byte + fault.length - position, len(chunk))
            if first < last:
                inverted = bytes(byte ^ 0xFF for byte in chunk[first:last])
                chunk = chunk[:first] + inverted + chunk[last:]
        return chunk


def _raise_before_response(faults: Sequence[Fault], request: Request) -> None:
    for fault in faults:
        if fault.type is FaultType.REFUSE:
            raise failure(ErrorCode.NET_REFUSED, "The server {host} refuses the connection.", request.url)
        if fault.type is FaultType.DNS:
            raise failure(ErrorCode.NET_DNS, "The server {host} cannot be found.", request.url)
        if fault.type is FaultType.TLS:
            sentence = "The certificate of {host} cannot be trusted: certificate has expired."
            raise failure(ErrorCode.NET_TLS, sentence, request.url, recoverable=False)
        broken = fault.type in (FaultType.CUT, FaultType.RESET) and fault.after_bytes == 0
        if broken or fault.type is FaultType.GOAWAY:
            raise _cut(request.url)


def _cut(url: str) -> NetError:
    return failure(ErrorCode.NET_CUT, "The connection to {host} broke.", url)


def _status_body(fault: Fault, request: Request) -> Body:
    body = MemoryBody(request.url, fault.status, b"fault on purpose\n", None)
    if fault.retry_after_s is not None:
        body.headers = {**body.headers, "retry-after": f"{fault.retry_after_s:.0f}"}
    return body


def _made_body(fault: Fault, request: Request) -> Body:
    body = MemoryBody(request.url, fault.status, fault.text.encode(), None)
    body.headers = {**body.headers, "content-type": fault.content_type}
    return body


def rule_of(value: object, place: str) -> FaultRule:
    """One rule of a fault document; errors call it ``place``. Raises InputError."""
    fields = JsonFields(value, place)
    name = fields.text("name") or ""
    if name:
        place = fields.place = f'{place} ("{name}")'
    match = JsonFields(fields.take("match") or {}, f'"match" of {place}')
    path, pathway, kind = match.text("path"), match.text("pathway"), match.text("kind")
    match.end()
    if kind is not None and kind not in set(RequestKind):
        raise refuse(f'"match" of {place} has an unknown kind "{kind}".')
    probability = fields.number("probability", 1.0)
    if probability > 1:
        raise refuse(f'"probability" in {place} must be at most 1.')
    rule = FaultRule(
        fault=_fault(fields.take("fault"), f'"fault" of {place}'),
        name=name,
        path=path,
        pathway=pathway,
        kind=None if kind is None else RequestKind(kind),
        skip=fields.whole("skip", 0) or 0,
        count=fields.whole("count"),
        from_s=fields.number("from_s", 0.0) or 0.0,
        until_s=fields.number("until_s"),
        probability=probability,
    )
    fields.end()
    return rule


def _fault(value: object, place: str) -> Fault:
    fields = JsonFields(value, place)
    name = fields.text("type")
    if name == "kill":
        raise refuse(f"{place} is of the type kill, which only an edge can do.")
    if name is None or name not in set(FaultType):
        raise refuse(f'{place} has an unknown type "{name}".')
    fault = _FAULTS[FaultType(name)](fields)
    fields.end()
    return fault


def _bandwidth(fields: JsonFields) -> Fault:
    trace, kbps = fields.take("trace"), fields.number("kbps", above=0)
    if (trace is None) == (kbps is None):
        raise refuse(f'{fields.place} needs either "kbps" or "trace".')
    if kbps is not None:
        return Fault(FaultType.BANDWIDTH, trace=LinkTrace.constant(kbps * 1000))
    return Fault(FaultType.BANDWIDTH, trace=LinkTrace.parse(trace, f'"trace" in {fields.place}'))


def _status(fields: JsonFields) -> Fault:
    status = fields.whole("status")
    if status is None or not 200 <= status <= 599:
        raise refuse(f'"status" in {fields.place} must be a number from 200 to 599.')
    return Fault(FaultType.STATUS, status=status, retry_after_s=fields.number("retry_after_s"))


def _after(fields: JsonFields, type_: FaultType) -> Fault:
    return Fault(type_, after_bytes=fields.whole("after_bytes", 0) or 0)


def _corrupt(fields: JsonFields) -> Fault:
    at_byte, length = fields.whole("at_byte", 0) or 0, fields.whole("length", 16) or 16
    return Fault(FaultType.CORRUPT, at_byte=at_byte, length=length)


def _other(fields: JsonFields) -> Fault:
    offset, before, after = fields.take("offset"), fields.text("from"), fields.text("to")
    if offset is not None and (isinstance(offset, bool) or not isinstance(offset, int) or abs(offset) > _MAX_OFFSET):
        raise refuse(f'"offset" in {fields.place} must be a whole number of at most {_MAX_OFFSET}, before or behind.')
    if (offset is None) == (before is None) or (before is None) != (after is None):
        raise refuse(f'{fields.place} needs either "offset", or "from" and "to".')
    swap = None if before is None or after is None else (before, after)
    return Fault(FaultType.OTHER, offset=offset, swap=swap)


def _body(fields: JsonFields) -> Fault:
    text, content_type = fields.text("text"), fields.text("content_type")
    status = fields.whole("status", 200)
    if status is None or not 200 <= status <= 599:
        raise refuse(f'"status" in {fields.place} must be a number from 200 to 599.')
    kind = "text/html" if content_type is None else content_type
    return Fault(FaultType.BODY, status=status, text=_PAGE if text is None else text, content_type=kind)


def _trickle(fields: JsonFields) -> Fault:
    rate = fields.number("bytes_per_s", 4.0, above=0)
    return Fault(FaultType.TRICKLE, after_bytes=fields.whole("after_bytes", 0) or 0, bytes_per_s=rate)


def _headers(fields: JsonFields) -> Fault:
    change, remove = fields.take("set") or {}, fields.take("remove") or []
    if (
        not isinstance(change, Mapping)
        or not all(isinstance(value, str) for value in change.values())
        or not isinstance(remove, list)
        or not all(isinstance(name, str) for name in remove)
    ):
        raise refuse(f'{fields.place} needs "set" (names and texts) or "remove" (a list of names).')
    changed = tuple((name.lower(), value) for name, value in change.items())
    return Fault(FaultType.HEADERS, change=changed, remove=tuple(name.lower() for name in remove))


_FAULTS: Mapping[FaultType, Callable[[JsonFields], Fault]] = {
    FaultType.DELAY: lambda fields: Fault(FaultType.DELAY, seconds=fields.required("seconds")),
    FaultType.BANDWIDTH: _bandwidth,
    FaultType.STATUS: _status,
    FaultType.CUT: lambda fields: _after(fields, FaultType.CUT),
    FaultType.TRUNCATE: lambda fields: _after(fields, FaultType.TRUNCATE),
    FaultType.CORRUPT: _corrupt,
    FaultType.STALL: lambda fields: _after(fields, FaultType.STALL),
    FaultType.REFUSE: lambda _: Fault(FaultType.REFUSE),
    FaultType.RESET: lambda fields: _after(fields, FaultType.RESET),
    FaultType.GOAWAY: lambda _: Fault(FaultType.GOAWAY),
    FaultType.DNS: lambda _: Fault(FaultType.DNS),
    FaultType.TLS: lambda _: Fault(FaultType.TLS),
    FaultType.OTHER: _other,
    FaultType.BODY: _body,
    FaultType.FLIP: lambda fields: Fault(FaultType.FLIP, count=fields.whole("count", 20) or 0),
    FaultType.TRICKLE: _trickle,
    FaultType.HEADERS: _headers,
    FaultType.GZIP: lambda _: Fault(FaultType.GZIP),
    FaultType.RANGE: lambda fields: Fault(FaultType.RANGE, shift=fields.whole("shift", 1000) or 0),
}
