"""Counters of the service for Prometheus, kept by its own client library."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from backend_stub.asgi import App, Message, Receive, Scope, Send

CONTENT_TYPE = CONTENT_TYPE_LATEST
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}  # anybody may send any other
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
Sample = tuple[str, Mapping[str, str], float]


@dataclass(frozen=True, slots=True)
class Metric:
    """What a metric is, and the names of its labels."""

    help: str
    labels: tuple[str, ...] = ()


COUNTERS: Mapping[str, Metric] = {
    "matinee_requests_total": Metric(
        "Calls of the API, by the pattern of their route.", ("method", "route", "status")
    ),
    "matinee_request_seconds": Metric("How long calls of the API took, as a histogram."),
    "matinee_cache_answers_total": Metric(
        "Answers of the caches of edges: hit, miss and so on.", ("server", "outcome")
    ),
}
"""What this process has counted since it started."""
GAUGES: Mapping[str, Metric] = {
    "matinee_streams": Metric("Play sessions that run now."),
    "matinee_pathway_weight": Metric("Weight of an edge in the rotation; 0 takes it out.", ("pathway",)),
    "matinee_pathway_failing": Metric("1 while an edge fails.", ("pathway",)),
    "matinee_kiosks": Metric(
        "Kiosks by the state of their screen: devices that report, of accounts marked so.", ("state",)
    ),
    "matinee_commands_waiting": Metric("Commands that kiosks have not answered yet."),
    "matinee_playbacks": Metric("Playbacks of the last day.", ("pathway",)),
    "matinee_playback_errors": Metric("Errors of these playbacks.", ("pathway",)),
    "matinee_rebuffer_ratio": Metric("Their stalled time as a share of played and stalled time.", ("pathway",)),
    "matinee_bitrate_bits_per_second": Metric("Their mean bitrate.", ("pathway",)),
    "matinee_startup_seconds": Metric("Quantiles of the time to their first picture.", ("pathway", "quantile")),
}
"""What is measured when it is asked for."""


class Metrics:
    """How often each route was called, with which outcome and how long it took. Thread-safe."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        calls, took, cached = COUNTERS.items()
        self._calls = Counter(calls[0], calls[1].help, calls[1].labels, registry=self._registry)
        self._took = Histogram(took[0], took[1].help, registry=self._registry, buckets=_BUCKETS_S)
        self._cached = Counter(cached[0], cached[1].help, cached[1].labels, registry=self._registry)

    def count(self, method: str, route: str, status: int, took_s: float) -> None:
        self._calls.labels(method, route, str(status)).inc()
        self._took.observe(took_s)

    def count_cached(self, server: str, outcome: str) -> None:
        """An answer of a cache: ``hit``, ``miss`` and so on."""
        self._cached.labels(server, outcome).inc()

    def text(self, gauges: Iterable[Sample]) -> str:
        """Everything, with ``gauges`` (of :data:`GAUGES`) that were measured by others."""
        measured = CollectorRegistry()
        known: dict[str, Gauge] = {}
        for name, labels, value in gauges:
            if name not in known:
                about = GAUGES[name]
                known[name] = Gauge(name, about.help, about.labels, registry=measured)
            (known[name].labels(**labels) if labels else known[name]).set(value)
        return (generate_latest(self._registry) + generate_latest(measured)).decode()


class CountCalls:
    """ASGI middleware around the API; the route is named by its pattern, so that no id and no token gets in."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.count(method, route, status, time.perf_counter() - began)
