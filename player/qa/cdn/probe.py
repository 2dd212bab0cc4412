"""Fetches segments from several CDNs in turns, each over a fresh connection and over one that is open already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from player.base.clock import Clock, SystemClock
from player.base.errors import NetError
from player.manifest.model import Segment
from player.net.gate import Gate
from player.net.model import ConnectionTiming, Request, RequestKind, Transport
from player.qa.cdn.hosts import Places

Connect = Callable[[], Transport]
"""Makes a transport with connections of its own."""

_CACHE_HEADERS = ("age", "cache-control", "cache-status", "cf-cache-status", "via", "x-cache", "x-served-by")


@dataclass(frozen=True, slots=True)
class Probe:
    """One fetch. ``cold``: over a connection that was made for it. Seconds; ``first_byte_s`` counts from the request,
    the making of the connection included; ``bps`` is of the body alone, None for a body that came all at once."""

    host: str
    segment: int
    cold: bool
    size: int = 0
    tcp_s: float | None = None
    tls_s: float | None = None
    first_byte_s: float | None = None
    bps: float | None = None
    sha256: str = ""
    http: str = ""
    cache: dict[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def hit(self) -> bool | None:
        """Whether a cache had it; None where the headers do not say."""
        told = " ".join(self.cache.get(name, "") for name in ("x-cache", "cache-status", "cf-cache-status")).lower()
        if "hit" in told or "miss" in told:
            return "hit" in told
        age = self.cache.get("age", "")
        return int(age) > 0 if age.isdigit() else None


def turns(places: Places, repeats: int) -> Iterator[tuple[str, int, Segment]]:
    """Yield host, number and segment in the order of the requests. All hosts are asked for one segment, each time
    another one first, so that changes of the network favour none."""
    hosts = list(places)
    count = min(len(segments) for segments in places.values())
    for repeat in range(repeats):
        for number in range(count):
            first = (number + repeat) % len(hosts)
            for host in hosts[first:] + hosts[:first]:
                yield host, number, places[host][number]


async def compare(
    places: Places,
    connect: Connect,
    *,
    repeats: int = 1,
    on_probe: Callable[[Probe], None] = lambda _probe: None,
    led_by: str = "",
) -> list[Probe]:
    """Every probe, in order: for each turn a cold one and, over the open connection, a warm one. ``led_by`` is the
    manifest that names the places; empty where a person does."""
    clock = SystemClock()

    def line() -> _Connection:
        return _Connection(Gate(connect(), clock).led_by(led_by), clock)

    warm = {host: line() for host in places}
    found: list[Probe] = []
    try:
        for host, number, segment in turns(places, repeats):
            cold = line()
            try:
                found.append(await cold.probe(host, number, segment, cold=True))
            finally:
                await cold.close()
            on_probe(found[-1])
            if not warm[host].open:
                await warm[host].probe(host, number, segment, cold=False)
            found.append(await warm[host].probe(host, number, segment, cold=False))
            on_probe(found[-1])
    finally:
        for each in warm.values():
            await each.close()
    return found


class _Connection:
    """A gate with connections of its own."""

    def __init__(self, gate: Gate, clock: Clock) -> None:
        self._clock = clock
        self._gate = gate
        self.open = False

    async def probe(self, host: str, number: int, segment: Segment, *, cold: bool) -> Probe:
        """One fetch; an error is in the result."""
        request = Request(RequestKind.SEGMENT, segment.url, byte_range=segment.byte_range, pathway=host)
        begin_s = self._clock.monotonic()
        try:
            async with self._gate.open(request) as body:
                first_s = self._clock.monotonic()
                content = await body.read()
                end_s = self._clock.monotonic()
        except NetError as error:
            return Probe(host, number, cold, error=str(error.code))
        self.open = True
        made = body.connection or ConnectionTiming()
        return Probe(
            host,
            number,
            cold,
            len(content),
            made.tcp_s,
            made.tls_s,
            first_s - begin_s,
            len(content) * 8 / (end_s - first_s) if end_s > first_s else None,
            hashlib.sha256(content).hexdigest(),
            body.http_version,
            {name: body.headers[name] for name in _CACHE_HEADERS if name in body.headers},
        )

    async def close(self) -> None:
        await self._gate.close()


def hosts_of(probes: Sequence[Probe]) -> list[str]:
    """In the order in which they were asked first."""
    return list(dict.fromkeys(probe.host for probe in probes))
