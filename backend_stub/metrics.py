"""Counters of the service and their text form for Prometheus (exposition format 0.0.4)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping

from backend_stub.asgi import App, Message, Receive, Scope, Send

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[str, Mapping[str, str], float]


class Metrics:
    """How often each route was called, with which outcome and how long it took. Thread-safe."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str, int], int] = {}
        self._cached: dict[tuple[str, str], int] = {}
        self._buckets = [0] * len(_BUCKETS_S)
        self._count = 0
        self._total_s = 0.0
        self._lock = threading.Lock()

    def count(self, method: str, route: str, status: int, took_s: float) -> None:
        with self._lock:
            key = (method, route, status)
            self._calls[key] = self._calls.get(key, 0) + 1
            self._count += 1
            self._total_s += took_s
            for index, bound in enumerate(_BUCKETS_S):
                self._buckets[index] += took_s <= bound

    def count_cached(self, server: str, outcome: str) -> None:
        """An answer of a cache: ``hit``, ``miss`` and so on."""
        with self._lock:
            self._cached[server, outcome] = self._cached.get((server, outcome), 0) + 1

    def text(self, gauges: Iterable[Sample]) -> str:
        """Everything, with ``gauges`` that were measured by others."""
        with self._lock:
            lines = ["# TYPE matinee_requests_total counter"]
            for (method, route, status), number in sorted(self._calls.items()):
                labels = {"method": method, "route": route, "status": str(status)}
                lines.append(_line("matinee_requests_total", labels, number))
            lines += ["# TYPE matinee_cache_answers_total counter"] * bool(self._cached)
            for (server, outcome), number in sorted(self._cached.items()):
                lines.append(_line("matinee_cache_answers_total", {"server": server, "outcome": outcome}, number))
            lines.append("# TYPE matinee_request_seconds histogram")
            for bound, number in zip(_BUCKETS_S, self._buckets, strict=True):
                lines.append(_line("matinee_request_seconds_bucket", {"le": str(bound)}, number))
            lines.append(_line("matinee_request_seconds_bucket", {"le": "+Inf"}, self._count))
            lines.append(_line("matinee_request_seconds_sum", {}, self._total_s))
            lines.append(_line("matinee_request_seconds_count", {}, self._count))
        return "\n".join([*lines, *_gauges(gauges), ""])


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


def _gauges(samples: Iterable[Sample]) -> list[str]:
    """Samples of one name must stand together, after one line that says what they are."""
    by_name: dict[str, list[str]] = {}
    for name, labels, value in samples:
        by_name.setdefault(name, [f"# TYPE {name} gauge"]).append(_line(name, labels, value))
    return [line for lines in by_name.values() for line in lines]


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    text = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
    return f"{name}{{{text}}} {value}" if text else f"{name} {value}"


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
