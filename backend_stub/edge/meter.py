"""What an edge knows of its own work: answers at once, bits and failures since it was last asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from backend_stub.asgi import App, Message, Receive, Scope, Send
from backend_stub.clock import Clock

CAPACITY = 200  # answers at once that count as all an edge can do
_FAILING_SHARE = 0.25  # of the answers
_MIN_ANSWERS = 4


@dataclass(frozen=True, slots=True)
class Work:
    """``load`` is 0 for idle and 1 for all it can do; ``answers`` ended since the last look, ``failures`` of them
    with status 5xx or without any. What is refused (4xx) is neither: anybody can have as much of it as he likes."""

    load: float
    bits_per_s: float
    answers: int
    failures: int

    @property
    def healthy(self) -> bool:
        return self.answers < _MIN_ANSWERS or self.failures <= _FAILING_SHARE * self.answers


class EdgeMeter:
    """ASGI middleware outside of the faults, as it measures what clients see. Read from any thread."""

    def __init__(self, app: App, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._lock = threading.Lock()
        self._running = 0
        self._answers = self._failures = self._bytes = 0
        self._since = clock.monotonic()
        self.last = Work(0.0, 0.0, 0, 0)
        """What ``take`` gave last."""

    def take(self) -> Work:
        """The work since this was last called."""
        now = self._clock.monotonic()
        with self._lock:
            took_s = max(now - self._since, 1e-3)
            work = Work(self._running / CAPACITY, self._bytes * 8 / took_s, self._answers, self._failures)
            self._answers = self._failures = self._bytes = 0
            self._since = now
        self.last = work
        return work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = sent = 0

        async def noting(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            sent += len(message.get("body", b""))
            await send(message)

        with self._lock:
            self._running += 1
        try:
            await self._app(scope, receive, noting)
        finally:
            with self._lock:
                self._running -= 1
                failed = status == 0 or status >= 500
                self._failures += failed
                self._answers += failed or status < 400
                self._bytes += sent
