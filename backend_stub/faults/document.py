"""The fault document of ``docs/faults.md`` as values, and its reader.

The reader refuses what it does not know with one sentence that names the place and the member.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

KINDS = (
    "manifest",
    "init",
    "segment",
    "index",
    "part",
    "key",
    "licence",
    "steering",
    "text",
    "image",
    "time",
    "api",
    "telemetry",
)
MAX_DOCUMENT_BYTES = 4 << 20
_MAX_RULES = 1000
_MAX_TRACE_ENTRIES = 200_000
_MAX_PATTERN_CHARS = 512
_MAX_INTEGER = 1 << 53
_MAX_OFFSET = 1_000_000
_PAGE = "<!doctype html><html><body>Sign in to the network.</body></html>"


class FaultDocumentError(ValueError):
    """The document is not one; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """For ``duration_ms`` the link carries ``bandwidth_kbps`` (kbit/s) with a round trip of ``latency_ms``."""

    duration_ms: float
    bandwidth_kbps: float
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Delay:
    seconds: float


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """A constant rate is a trace of one entry."""

    trace: tuple[TraceEntry, ...]


@dataclass(frozen=True, slots=True)
class StatusFault:
    status: int
    retry_after_s: float | None


@dataclass(frozen=True, slots=True)
class Cut:
    after_bytes: int


@dataclass(frozen=True, slots=True)
class Truncate:
    after_bytes: int


@dataclass(frozen=True, slots=True)
class Corrupt:
    at_byte: int
    length: int


@dataclass(frozen=True, slots=True)
class Stall:
    after_bytes: int


@dataclass(frozen=True, slots=True)
class Refuse:
    pass


@dataclass(frozen=True, slots=True)
class Kill:
    after_bytes: int


@dataclass(frozen=True, slots=True)
class Reset:
    after_bytes: int


@dataclass(frozen=True, slots=True)
class GoAway:
    pass


@dataclass(frozen=True, slots=True)
class Other:
    """Another file is served: the last number in its name moved by ``offset``, or a text in its path replaced."""

    offset: int | None
    swap: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class MadeBody:
    status: int
    content_type: str
    text: str


@dataclass(frozen=True, slots=True)
class Flip:
    """``count`` single bytes behind the head of a body are inverted."""

    count: int


@dataclass(frozen=True, slots=True)
class Trickle:
    after_bytes: int
    bytes_per_s: float


@dataclass(frozen=True, slots=True)
class Headers:
    """Names are in lower case."""

    change: tuple[tuple[str, str], ...]
    remove: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gzip:
    """A body that says that it is compressed, and is not."""


@dataclass(frozen=True, slots=True)
class OtherRange:
    """A body that says that it is another range than it is."""

    shift: int


Fault = (
    Delay
    | Bandwidth
    | StatusFault
    | Cut
    | Truncate
    | Corrupt
    | Stall
    | Refuse
    | Kill
    | Reset
    | GoAway
    | Other
    | MadeBody
    | Flip
    | Trickle
    | Headers
    | Gzip
    | OtherRange
)


@dataclass(frozen=True, slots=True)
class Match:
    """None matches anything."""

    path: str | None = None
    pathway: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Times are seconds since the document was set."""

    fault: Fault
    name: str = ""
    match: Match = Match()
    skip: int = 0
    count: int | None = None
    from_s: float = 0.0
    until_s: float = math.inf
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class FaultDocument:
    rules: tuple[FaultRule, ...] = ()
    seed: int = 0


def parse_faults(text: str | bytes) -> FaultDocument:
    """Read a document. Raises :class:`FaultDocumentError`."""
    if len(text) > MAX_DOCUMENT_BYTES:
        raise FaultDocumentError(f"The fault document is larger than {MAX_DOCUMENT_BYTES} bytes.")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FaultDocumentError(f"The fault document is not JSON: {error}.") from error
    members = _Members(value, "the document", ("version", "seed", "rules"))
    version = members.integer("version", default=None)
    if version != 1:
        raise FaultDocumentError('The fault document must say "version": 1.')
    rules = members.array("rules", _MAX_RULES)
    return FaultDocument(
        rules=tuple(_rule(rule, f"rules[{index}]") for index, rule in enumerate(rules)),
        seed=members.integer("seed", default=0) or 0,
    )


def _rule(value: object, where: str) -> FaultRule:
    members = _Members(value, where, ("name", "match", "skip", "count", "from_s", "until_s", "probability", "fault"))
    rule = FaultRule(
        name=members.text("name") or "",
        match=_match(members.get("match", {}), f"{where}.match"),
        skip=members.integer("skip", default=0) or 0,
        count=members.integer("count", default=None),
        from_s=members.number("from_s", default=0.0),
        until_s=members.number("until_s", default=math.inf),
        probability=members.number("probability", default=1.0, maximum=1.0),
        fault=_fault(members.get("fault", None), f"{where}.fault"),
    )
    if rule.until_s <= rule.from_s:
        raise FaultDocumentError(f'{where}: "until_s" must be later than "from_s".')
    return rule


def _match(value: object, where: str) -> Match:
    members = _Members(value, where, ("path", "pathway", "kind"))
    match = Match(path=members.text("path"), pathway=members.text("pathway"), kind=members.text("kind"))
    if match.kind is not None and match.kind not in KINDS:
        raise FaultDocumentError(f'{where}: unknown kind "{match.kind}"; there are {", ".join(KINDS)}.')
    return match


def _fault(value: object, where: str) -> Fault:
    if not isinstance(value, Mapping):
        raise FaultDocumentError(f'{where} must be an object with a "type".')
    kind = value.get("type")
    if kind in _CLIENTS_ONLY:
        raise FaultDocumentError(f"{where} is of the type {kind}, which only a client can do.")
    if not isinstance(kind, str) or kind not in _READERS:
        raise FaultDocumentError(f"{where}: unknown type {json.dumps(kind)}; there are {', '.join(_READERS)}.")
    members, reader = _READERS[kind]
    return reader(_Members(value, where, ("type", *members)))


def _bandwidth(members: _Members) -> Bandwidth:
    if ("kbps" in members) == ("trace" in members):
        raise FaultDocumentError(f'{members.where} needs either "kbps" or "trace".')
    if "kbps" in members:
        rate = members.number("kbps")
        if rate <= 0:
            raise FaultDocumentError(f'{members.where}: "kbps" must be above 0.')
        return Bandwidth(trace=(TraceEntry(duration_ms=1000, bandwidth_kbps=rate, latency_ms=0),))
    entries = members.array("trace", _MAX_TRACE_ENTRIES)
    trace = tuple(_trace_entry(entry, f"{members.where}.trace[{index}]") for index, entry in enumerate(entries))
    if not any(entry.duration_ms > 0 and entry.bandwidth_kbps > 0 for entry in trace):
        raise FaultDocumentError(f"{members.where}: a trace must carry something at some time.")
    return Bandwidth(trace=trace)


def _trace_entry(value: object, where: str) -> TraceEntry:
    members = _Members(value, where, ("duration_ms", "bandwidth_kbps", "latency_ms"))
    return TraceEntry(
        duration_ms=members.number("duration_ms"),
        bandwidth_kbps=members.number("bandwidth_kbps"),
        latency_ms=members.number("latency_ms", default=0.0),
    )


def _status(members: _Members) -> StatusFault:
    status = members.integer("status")
    if status is None or not 200 <= status <= 599:
        raise FaultDocumentError(f'{members.where}: "status" must be between 200 and 599.')
    retry_after = members.number("retry_after_s") if "retry_after_s" in members else None
    return StatusFault(status=status, retry_after_s=retry_after)


def _corrupt(members: _Members) -> Corrupt:
    return Corrupt(at_byte=members.integer("at_byte") or 0, length=members.integer("length", default=16) or 0)


def _other(members: _Members) -> Other:
    offset = members.get("offset", None)
    if offset is not None and (isinstance(offset, bool) or not isinstance(offset, int) or abs(offset) > _MAX_OFFSET):
        raise FaultDocumentError(f'{members.where}: "offset" must be a whole number of at most {_MAX_OFFSET}.')
    before, after = members.text("from"), members.text("to")
    if (offset is None) == (before is None) or (before is None) != (after is None):
        raise FaultDocumentError(f'{members.where} needs either "offset", or "from" and "to".')
    return Other(offset, None if before is None or after is None else (before, after))


def _made_body(members: _Members) -> MadeBody:
    status = members.integer("status", default=200)
    if status is None or not 200 <= status <= 599:
        raise FaultDocumentError(f'{members.where}: "status" must be between 200 and 599.')
    content_type, text = members.text("content_type"), members.text("text")
    return MadeBody(status, "text/html" if content_type is None else content_type, _PAGE if text is None else text)


def _trickle(members: _Members) -> Trickle:
    rate = members.number("bytes_per_s", default=4.0)
    if rate <= 0:
        raise FaultDocumentError(f'{members.where}: "bytes_per_s" must be above 0.')
    return Trickle(members.integer("after_bytes", default=0) or 0, rate)


def _headers(members: _Members) -> Headers:
    change, remove = members.get("set", {}), members.get("remove", [])
    if not isinstance(change, Mapping) or not isinstance(remove, list):
        raise FaultDocumentError(f'{members.where} needs "set" (names and texts) or "remove" (a list of names).')
    texts = [*change.keys(), *change.values(), *remove]
    if not all(isinstance(text, str) and text.isprintable() and text.isascii() for text in texts):
        raise FaultDocumentError(f"{members.where}: names and values of headers must be plain text.")
    return Headers(
        tuple((str(name).lower(), str(value)) for name, value in change.items()),
        tuple(str(name).lower() for name in remove),
    )


_CLIENTS_ONLY = ("dns", "tls")
_READERS: Mapping[str, tuple[tuple[str, ...], Callable[[_Members], Fault]]] = {
    "delay": (("seconds",), lambda members: Delay(members.number("seconds"))),
    "bandwidth": (("kbps", "trace"), _bandwidth),
    "status": (("status", "retry_after_s"), _status),
    "cut": (("after_bytes",), lambda members: Cut(members.integer("after_bytes") or 0)),
    "truncate": (("after_bytes",), lambda members: Truncate(members.integer("after_bytes") or 0)),
    "corrupt": (("at_byte", "length"), _corrupt),
    "stall": (("after_bytes",), lambda members: Stall(members.integer("after_bytes") or 0)),
    "refuse": ((), lambda _members: Refuse()),
    "kill": (("after_bytes",), lambda members: Kill(members.integer("after_bytes") or 0)),
    "reset": (("after_bytes",), lambda members: Reset(members.integer("after_bytes", default=0) or 0)),
    "goaway": ((), lambda _members: GoAway()),
    "other": (("offset", "from", "to"), _other),
    "body": (("status", "content_type", "text"), _made_body),
    "flip": (("count",), lambda members: Flip(members.integer("count", default=20) or 0)),
    "trickle": (("after_bytes", "bytes_per_s"), _trickle),
    "headers": (("set", "remove"), _headers),
    "gzip": ((), lambda _members: Gzip()),
    "range": (("shift",), lambda members: OtherRange(members.integer("shift", default=1000) or 0)),
}

_REQUIRED = object()


class _Members:
    """The members of one JSON object, read with their types. Unknown ones are refused at once."""

    def __init__(self, value: object, where: str, known: tuple[str, ...]) -> None:
        self.where = where
        if not isinstance(value, Mapping):
            raise FaultDocumentError(f"{where} must be a JSON object.")
        for member in value:
            if member not in known:
                raise FaultDocumentError(f'{where} has an unknown member "{member}"; it may have {", ".join(known)}.')
        self._value = value

    def __contains__(self, member: str) -> bool:
        return member in self._value

    def get(self, member: str, default: object) -> object:
        return self._value.get(member, default)

    def text(self, member: str) -> str | None:
        value = self._value.get(member)
        if value is not None and (not isinstance(value, str) or len(value) > _MAX_PATTERN_CHARS):
            raise FaultDocumentError(
                f'{self.where}: "{member}" must be text of at most {_MAX_PATTERN_CHARS} characters.'
            )
        return value

    def integer(self, member: str, default: object = _REQUIRED) -> int | None:
        """A whole number of 0 or more; None only where that is the default."""
        value = self._required(member, default)
        if value is None and default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_INTEGER:
            raise FaultDocumentError(f'{self.where}: "{member}" must be a whole number of 0 or more.')
        return value

    def number(self, member: str, default: object = _REQUIRED, maximum: float = math.inf) -> float:
        """A number from 0 to ``maximum``; a default is returned as it is."""
        value = self._required(member, default)
        if value is default and isinstance(value, float):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= min(maximum, 1e15):
            bound = "" if math.isinf(maximum) else f" and at most {maximum:g}"
            raise FaultDocumentError(f'{self.where}: "{member}" must be a number of 0 or more{bound}.')
        return float(value)

    def array(self, member: str, most: int) -> list[object]:
        value = self._required(member, _REQUIRED)
        if not isinstance(value, list) or len(value) > most:
            raise FaultDocumentError(f'{self.where}: "{member}" must be a list of at most {most} entries.')
        return value

    def _required(self, member: str, default: object) -> object:
        if member in self._value:
            return self._value[member]
        if default is _REQUIRED:
            raise FaultDocumentError(f'{self.where} needs "{member}".')
        return default
