"""The network of a recorded session, in virtual time: each answer as it was, arriving at the pace of then."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from player.base.clock import Clock
from player.base.errors import ErrorCode, InputError, NetError
from player.net.local import MemoryBody
from player.net.model import MEDIA_KINDS, Body, Request, RequestKind, Transfer
from player.qa.recording.archive import Exchange, Recording
from player.qa.recording.scrub import place_of
from player.qa.simulation.loop import VirtualLoop

_ABOUT_S = 0.25
_SAME_S = 0.05  # a request is counted from when it is asked for, an exchange from when it goes out
_ROUNDED_S = 1e-4  # of times in reports
_GROWING = frozenset({RequestKind.MANIFEST, RequestKind.STEERING, RequestKind.TIME})
_Fetch = tuple[str, str, int]  # kind, address, bytes
_Key = tuple[str, str, tuple[int, int | None] | None]


class ReplayTransport:
    """Answers as the recorded servers did, at the pace of then.

    The answers to the same question come in the order in which they came; another CDN's answer is taken where the one
    asked has none. Where none has, the file is missing; a ``strict`` one never answers then.
    """

    def __init__(self, recording: Recording, clock: Clock, *, strict: bool = False) -> None:
        self.left_s: float | None = None  # when something was asked for that is not there
        self.damage: InputError | None = None  # of the file: what is played then is not what was recorded
        self._strict = strict
        self._recording = recording
        self._clock = clock
        self._exact: defaultdict[_Key, list[Exchange]] = defaultdict(list)
        self._anywhere: defaultdict[_Key, list[Exchange]] = defaultdict(list)
        for each in with_work(as_measured(recording.exchanges, recording.report["requests"])):
            self._exact[each.method, each.url, each.range].append(each)
            self._anywhere[each.method, place_of(each.url), each.range].append(each)
        self._asked: Counter[_Key] = Counter()

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The recorded answer. Raises the recorded NetError, and InputError for a damaged body."""
        found = self._find(request)
        if found is None and self._strict and request.kind in MEDIA_KINDS:
            self.left_s = self.left_s or self._clock.monotonic() - VirtualLoop.BEGIN_S
            await asyncio.get_running_loop().create_future()
        if found is None:
            yield MemoryBody(request.url, 404, b"", None)
            return
        until_answer_s = found.first_byte_s if found.first_byte_s is not None else found.seconds
        await self._clock.sleep(self._late_s(found) + until_answer_s)
        if found.status is None:
            if not found.error or found.hung:
                await asyncio.get_running_loop().create_future()  # given up while nothing had come
            raise _error(found)
        try:
            content = self._recording.body(found)
        except InputError as error:
            self.damage = error
            raise
        yield _RecordedBody(found, found.status, request.url, content, self._clock)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _late_s(self, exchange: Exchange) -> float:
        """How much later this was asked for then, by a machine that had to work for it: which of two answers comes
        first is part of the session."""
        late_s = exchange.at_s - (self._clock.monotonic() - VirtualLoop.BEGIN_S)
        return late_s if 0 < late_s <= _ABOUT_S else 0.0

    def _find(self, request: Request) -> Exchange | None:
        wanted = None if request.byte_range is None else (request.byte_range.start, request.byte_range.length)
        for table, place in ((self._exact, request.url), (self._anywhere, place_of(request.url))):
            key = (request.method, place, wanted)
            if key in table:
                number = min(self._asked[key], len(table[key]) - 1)
                if request.kind in _GROWING:
                    number = self._nearest(table[key], number)
                self._asked[key] = number + 1
                return table[key][number]
        return None

    def _nearest(self, candidates: Sequence[Exchange], following: int) -> int:
        """Of what changes with time: the next answer where it was asked for about now, else that of the same time."""
        now_s = self._clock.monotonic() - VirtualLoop.BEGIN_S
        if abs(candidates[following].at_s - now_s) <= _ABOUT_S:
            return following
        return min(range(len(candidates)), key=lambda number: abs(candidates[number].at_s - now_s))


class _RecordedBody:
    """A recorded answer, arriving."""

    def __init__(self, exchange: Exchange, status: int, url: str, content: bytes, clock: Clock) -> None:
        self._exchange = exchange
        self._content = content
        self._clock = clock
        self.url = url
        self.status = status
        self.headers: Mapping[str, str] = exchange.headers
        self.http_version = exchange.http
        self.new_connection = exchange.new_connection
        self.connection = exchange.connection
        length = exchange.headers.get("content-length", "")
        encoded = exchange.headers.get("content-encoding", "identity") != "identity"
        same = len(content) == exchange.size  # a scrubbed manifest may have another length
        self.total = int(length) if length.isdigit() and not encoded and same else None

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body at the pace of then. Raises the recorded NetError, and never ends where it was given up."""
        exchange, begun_s, sent = self._exchange, self._clock.monotonic(), 0
        for at_s, size in exchange.chunks[:-1] if exchange.whole else exchange.chunks:
            await self._clock.sleep(max(0.0, begun_s + at_s - self._clock.monotonic()))
            yield self._content[sent : sent + size]
            sent += size
        if not exchange.whole:
            if not exchange.error or exchange.hung:
                await asyncio.get_running_loop().create_future()
            left_s = exchange.seconds - (exchange.first_byte_s or 0.0)
            await self._clock.sleep(max(0.0, begun_s + left_s - self._clock.monotonic()))
            raise _error(exchange)
        if exchange.chunks:
            await self._clock.sleep(max(0.0, begun_s + exchange.chunks[-1][0] - self._clock.monotonic()))
        if sent < len(self._content):
            yield self._content[sent:]
        left_s = exchange.seconds - (exchange.first_byte_s or 0.0)
        await self._clock.sleep(max(0.0, begun_s + left_s - self._clock.monotonic()))


class RecordedTimes:
    """When the transfers of a session took place, for those who learn from it. The estimate of the throughput is
    sensitive to milliseconds: where the same is fetched again, it is given the times of then."""

    def __init__(self, requests: Sequence[Mapping[str, Any]]) -> None:
        self._left: defaultdict[_Fetch, deque[Mapping[str, Any]]] = defaultdict(deque)
        for each in sorted(requests, key=lambda each: float(each["at_s"])):
            self._left[str(each["kind"]), str(each["url"]), int(each["bytes"])].append(each)

    def of(self, transfer: Transfer) -> Transfer:
        """The transfer, with the times that it had then if it was made then."""
        left = self._left[str(transfer.kind), transfer.url, transfer.received]
        if not left or transfer.first_byte_s is None or left[0]["first_byte_s"] is None:
            return transfer
        then = left.popleft()
        start_s = VirtualLoop.BEGIN_S + float(then["at_s"])
        return replace(
            transfer,
            start_s=start_s,
            first_byte_s=start_s + float(then["first_byte_s"]),
            end_s=start_s + float(then["seconds"]),
            beside=then.get("beside_bytes", transfer.beside),
        )


def as_measured(exchanges: Sequence[Exchange], requests: Sequence[Mapping[str, Any]]) -> list[Exchange]:
    """The exchanges with the times that the player measured of them, as far as the report's ``requests`` tell: what
    was slow between the network and the player was so for the rate adaptation, too."""
    by_time = sorted(requests, key=lambda each: float(each["at_s"]))
    times = [float(each["at_s"]) for each in by_time]
    found = []
    for exchange in exchanges:
        nearby = by_time[bisect_left(times, exchange.at_s - _SAME_S) : bisect_left(times, exchange.at_s + _ROUNDED_S)]
        same = [each for each in nearby if (each["kind"], each["bytes"]) == (exchange.kind, exchange.size)]
        found.append(_with_times(exchange, same[-1]) if same and exchange.whole else exchange)
    return found


def with_work(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Delay manifests before the first media as much as what was requested after them.

    The machine's work on them is part of the session: where a live programme is joined depends on when.
    """
    first_s = min((each.at_s for each in exchanges if each.kind in MEDIA_KINDS), default=0.0)
    return [
        replace(each, seconds=_until_asked_again(each, exchanges) - each.at_s)
        if each.kind == RequestKind.MANIFEST and each.whole and each.at_s + each.seconds <= first_s
        else each
        for each in exchanges
    ]


def _until_asked_again(exchange: Exchange, exchanges: Sequence[Exchange]) -> float:
    """When the next exchange began; the end of this one where another was under way: that may be what was awaited."""
    end_s = exchange.at_s + exchange.seconds
    if any(each.at_s < end_s < each.at_s + each.seconds for each in exchanges if each is not exchange):
        return end_s
    return min((each.at_s for each in exchanges if each.at_s >= end_s), default=end_s)


def _with_times(exchange: Exchange, request: Mapping[str, Any]) -> Exchange:
    first_byte_s, seconds = request["first_byte_s"], request["seconds"]
    if first_byte_s is None or seconds is None or seconds - exchange.seconds <= _ROUNDED_S:
        return exchange
    return replace(exchange, seconds=float(seconds))


def _error(exchange: Exchange) -> NetError:
    code = ErrorCode(exchange.error) if exchange.error in set(ErrorCode) else ErrorCode.NET_CUT
    return NetError(code, exchange.error_sentence or "The connection broke.", recoverable=exchange.recoverable)
