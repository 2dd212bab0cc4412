"""A link of a given speed: bandwidth and latency after a trace.

The rule: one round trip for each new connection, one more for TLS, one for each request, then the bytes of all
responses together at the trace's bandwidth. A trace is a JSON list of
``{"duration_ms", "bandwidth_kbps", "latency_ms"}`` and is repeated for ever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Protocol

from player.base.clock import Clock
from player.net.document import JsonFields, read_json, refuse
from player.net.model import Body, Request, Transport
from player.net.wrapped_body import BodyAround

_MAX_PERIODS = 200_000
_PACED_BYTES = 16 * 1024  # so many bytes go over the link at once


@dataclass(frozen=True, slots=True)
class TracePeriod:
    """A stretch of a trace."""

    duration_s: float
    bps: float
    latency_s: float


class LinkTrace:
    """Bandwidth and latency over time; time 0 is the start of the first period."""

    def __init__(self, periods: Sequence[TracePeriod]) -> None:
        if not periods or not any(period.bps > 0 for period in periods):
            raise refuse("A trace needs at least one period with a bandwidth above 0.")
        self.periods = tuple(periods)
        self._ends = list(accumulate(period.duration_s for period in periods))

    @classmethod
    def constant(cls, bps: float, latency_s: float = 0.0) -> LinkTrace:
        """A link that never changes."""
        return cls([TracePeriod(3600.0, bps, latency_s)])

    @classmethod
    def parse(cls, document: object, place: str = "The trace") -> LinkTrace:
        """A trace from its JSON document. Raises InputError naming what is wrong."""
        if not isinstance(document, list) or not document or len(document) > _MAX_PERIODS:
            raise refuse(f"{place} must be a list of 1 to {_MAX_PERIODS} periods.")
        return cls([_period(item, f"period {number} of the trace") for number, item in enumerate(document, 1)])

    def at(self, time_s: float) -> TracePeriod:
        """The period at ``time_s``."""
        return self.periods[self._index(time_s)[0]]

    def sent_at(self, start_s: float, size: int) -> float:
        """The time at which ``size`` bytes have gone over the link, begun at ``start_s``."""
        bits, now = size * 8.0, start_s
        while True:
            index, left_s = self._index(now)
            bps = self.periods[index].bps
            if bits <= bps * left_s:
                return now + (bits / bps if bits else 0.0)
            bits -= bps * left_s
            now += left_s

    def _index(self, time_s: float) -> tuple[int, float]:
        """The number of the period at ``time_s``, and the seconds left in it."""
        place = time_s % self._ends[-1]
        index = min(bisect_right(self._ends, place), len(self._ends) - 1)
        # Rounding may leave nothing of a period; a sliver more than that keeps the sum moving on.
        return index, max(self._ends[index] - place, 1e-9)


def load_trace(path: Path) -> LinkTrace:
    """A trace from a file. Raises InputError."""
    return LinkTrace.parse(read_json(path, "The trace file"))


class Link:
    """A trace in use: whatever is sent shares it, in the order of asking."""

    def __init__(self, trace: LinkTrace, clock: Clock) -> None:
        self._trace = trace
        self._clock = clock
        self._start_s = clock.monotonic()
        self._free_at = 0.0

    async def wait_round_trips(self, number: int) -> None:
        """Wait for ``number`` round trips at the present latency."""
        await self._clock.sleep(number * self._trace.at(self._now()).latency_s)

    async def send(self, size: int) -> None:
        """Wait until ``size`` bytes have gone over the link."""
        self._free_at = self._trace.sent_at(max(self._now(), self._free_at), size)
        wait_s = self._free_at - self._now()
        if wait_s > 0:
            await self._clock.sleep(wait_s)

    def _now(self) -> float:
        return self._clock.monotonic() - self._start_s


class ShapedTransport:
    """Another transport as it would be over a link with this trace. The trace starts now."""

    def __init__(self, inner: Transport, clock: Clock, trace: LinkTrace) -> None:
        self._inner = inner
        self._link = Link(trace, clock)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The inner transport's response, later and slower."""
        async with self._inner.open(request) as body:
            trips = 1 if not body.new_connection else 3 if body.url.startswith("https:") else 2
            await self._link.wait_round_trips(trips)
            yield PacedBody(body, self._link)

    async def close(self) -> None:
        await self._inner.close()


class Pace(Protocol):
    """What may hold bytes up: a link, or a limit."""

    async def send(self, size: int) -> None:
        """Wait until ``size`` bytes have gone."""
        ...


class PacedBody(BodyAround):
    """A body that arrives over a link."""

    def __init__(self, body: Body, link: Pace) -> None:
        super().__init__(body)
        self._link = link

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        async with aclosing(self._body.chunks()) as source:
            async for chunk in source:
                for start in range(0, len(chunk), _PACED_BYTES):
                    piece = chunk[start : start + _PACED_BYTES]
                    await self._link.send(len(piece))
                    yield piece


def _period(value: object, place: str) -> TracePeriod:
    fields = JsonFields(value, place)
    duration_s = fields.required("duration_ms", above=0) / 1000
    bps = fields.required("bandwidth_kbps") * 1000
    latency_s = (fields.number("latency_ms", 0.0) or 0.0) / 1000
    fields.end()
    return TracePeriod(duration_s, bps, latency_s)
