"""Counters of the service for Prometheus, kept by its own client library."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from backend_stub.asgi import App, Message, Receive, Scope, Send

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
Sample = tuple[str, Mapping[str, str], float]


class Metrics:
    """How often each route was called, with which outcome and how long it took. Thread-safe."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        names = ("method", "route", "status")
        self._calls = Counter("matinee_requests", "Calls of the API.", names, registry=self._registry)
        self._took = Histogram(
            "matinee_request_seconds", "How long they took.", registry=self._registry, buckets=_BUCKETS_S
        )
        answers = ("server", "outcome")
        self._cached = Counter("matinee_cache_answers", "Answers of caches.", answers, registry=self._registry)

    def count(self, method: str, route: str, status: int, took_s: float) -> None:
        self._calls.labels(method, route, str(status)).inc()
        self._took.observe(took_s)

    def count_cached(self, server: str, outcome: str) -> None:
        """An answer of a cache: ``hit``, ``miss`` and so on."""
        self._cached.labels(server, outcome).inc()

    def text(self, gauges: Iterable[Sample]) -> str:
        """Everything, with ``gauges`` that were measured by others."""
        measured = CollectorRegistry()
        known: dict[str, Gauge] = {}
        for name, labels, value in gauges:
            if name not in known:
                known[name] = Gauge(name, name, tuple(labels), registry=measured)
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
            self._metrics.count(scope["method"], route, status, time.perf_counter() - began)
