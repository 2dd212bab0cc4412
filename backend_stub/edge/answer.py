"""What a request gets of a file: all of it, a part, or word that it has not changed (RFC 9110). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

from backend_stub.asgi import Scope, header
from backend_stub.edge.ranges import ByteSpan, UnsatisfiableRangeError, parse_range

_NOTHING = ByteSpan(0, 0)


@dataclass(frozen=True, slots=True)
class RequestConditions:
    """The request headers that decide what is sent."""

    byte_range: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_range: str | None = None


@dataclass(frozen=True, slots=True)
class ServedFile:
    """What is known of a file; ``modified_at`` is seconds since 1970. One made on demand has neither tag nor date."""

    size: int
    content_type: str
    cache_control: str
    etag: str | None = None
    modified_at: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers, and which bytes of the file make the body."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    span: ByteSpan = _NOTHING


def conditions_of(scope: Scope) -> RequestConditions:
    return RequestConditions(
        byte_range=header(scope, b"range"),
        if_none_match=header(scope, b"if-none-match"),
        if_modified_since=header(scope, b"if-modified-since"),
        if_range=header(scope, b"if-range"),
    )


def decide(facts: ServedFile, conditions: RequestConditions) -> Answer:
    """The answer to GET; that to HEAD is the same without its body."""
    headers = [(b"cache-control", facts.cache_control.encode()), (b"accept-ranges", b"bytes")]
    if facts.etag is not None:
        headers.append((b"etag", facts.etag.encode()))
    if facts.modified_at is not None:
        headers.append((b"last-modified", formatdate(facts.modified_at, usegmt=True).encode()))
    if _unchanged(conditions, facts):
        return Answer(304, headers)
    asked = conditions.byte_range if conditions.if_range in {None, facts.etag} else None
    try:
        span = parse_range(asked, facts.size)
    except UnsatisfiableRangeError:
        return Answer(416, [*headers, (b"content-range", b"bytes */%d" % facts.size), (b"content-length", b"0")])
    headers.append((b"content-type", facts.content_type.encode()))
    if span is None:
        span, status = ByteSpan(0, facts.size), 200
    else:
        status = 206
        last = span.start + span.length - 1
        headers.append((b"content-range", b"bytes %d-%d/%d" % (span.start, last, facts.size)))
    headers.append((b"content-length", str(span.length).encode()))
    return Answer(status, headers, span)


def _unchanged(conditions: RequestConditions, facts: ServedFile) -> bool:
    """Whether the client has it already, by the tag (weakly), else by the date (RFC 9110, section 13.2.2)."""
    if conditions.if_none_match is not None:
        given = [one.strip().removeprefix("W/") for one in conditions.if_none_match.split(",")]
        return "*" in given or facts.etag in given
    if conditions.if_modified_since is None or facts.modified_at is None:
        return False
    try:
        since = parsedate_to_datetime(conditions.if_modified_since)
        return int(facts.modified_at) <= since.timestamp()
    except (ValueError, OverflowError, OSError):
        return False  # a date that is none is left aside
