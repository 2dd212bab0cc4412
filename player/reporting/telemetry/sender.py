"""Gathers events, keeps them on disk, and delivers them in batches; a service that is away costs only patience.

Exactly once: an event keeps its id until the service has said that it has it, and the service counts each id once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sqlite3
import uuid
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import partial
from random import Random
from typing import TypeVar

from player.base.clock import Clock
from player.base.errors import ErrorCode, MatineeError, NetError
from player.net.model import RequestKind
from player.reporting.events import BufferSampled, Event, Observer, PhaseReached, StatusChanged
from player.reporting.qoe import QoeMeter
from player.reporting.state import NOT_PLAYING, PlaybackState
from player.reporting.telemetry.quality import QualityEvents
from player.reporting.telemetry.queue import EventQueue, NewerQueueError, Queued
from player.reporting.telemetry.schema import TelemetryEvent, Value, described, quality
from player.transfer.recovery import retry_after_s
from player.transfer.retry import pause_s

KEEP_EVERY_S = 2.0
SEND_EVERY_S = 10.0
QUALITY_EVERY_S = 30.0
BATCH_EVENTS = 200
BATCH_BYTES = 256 * 1024
LONGEST_PAUSE_S = 600.0
_MOST_IN_MEMORY = 5000
_MALFORMED = frozenset({400, 413, 422})  # statuses: the receiver will never take what it was sent

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

Deliver = Callable[[bytes], Awaitable[frozenset[str]]]
"""Sends a JSON document; the ids of the events in it that the receiver has now. Raises MatineeError."""


class Form(Enum):
    """What events are delivered, and the document around a batch of them."""

    EVENTS = (b'{"schema":1,"events":[', b"]}")  # all of the schema, for a collector
    QUALITY = (b'{"items":[', b"]}")  # what the service counts


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What is said of a playback at its start; see the event ``session``. ``device_id`` is for the service alone."""

    title: str = ""
    variant: str = ""
    policy: str = ""
    client: str = ""
    system: str = ""
    device_id: Callable[[], str | None] = lambda: None

    def as_dict(self) -> dict[str, Value]:
        """The fields of the event ``session``."""
        return {
            "title": self.title,
            "variant": self.variant,
            "policy": self.policy,
            "client": self.client,
            "system": self.system,
        }


class TelemetrySender:
    """One for each receiver, on the engine's loop. Without ``consent`` nothing is gathered, kept or sent.

    ``refused`` counts the events that the receiver will never take, which are dropped.
    """

    def __init__(
        self,
        queue: EventQueue,
        deliver: Deliver,
        clock: Clock,
        *,
        consent: bool,
        form: Form = Form.EVENTS,
        seed: int = 0,
    ) -> None:
        self._queue = queue
        self._deliver = deliver
        self._clock = clock
        self._consent = consent
        self._form = form
        self._rng = Random(seed)
        self._fresh: list[Queued] = []
        self._disk = ThreadPoolExecutor(1, "telemetry")
        self._failures = 0
        self._most = BATCH_EVENTS
        self.refused = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def consent(self) -> bool:
        return self._consent

    def start(self) -> None:
        """Begin to keep and to send."""
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._every(KEEP_EVERY_S, self.keep), name="telemetry keep"),
            loop.create_task(self._send_for_ever(), name="telemetry send"),
        ]

    async def set_consent(self, consent: bool) -> None:
        """The viewer's choice. What waits is forgotten when it is withdrawn."""
        self._consent = consent
        if not consent:
            self._fresh.clear()
            await self._on_disk(self._queue.clear)

    def session(self, facts: SessionFacts, state: Callable[[], PlaybackState]) -> Observer:
        """An observer of the events of one playback."""
        if self._form is Form.QUALITY:
            return QualityEvents(self._add, self._clock, facts.title, facts.client, facts.device_id, state)
        return _SessionEvents(self._add, self._clock, facts, state)

    async def keep(self) -> None:
        """Write what has been gathered to disk."""
        fresh, self._fresh = self._fresh, []
        if fresh and self._consent:
            await self._on_disk(partial(self._queue.put, fresh))

    async def send(self) -> bool:
        """Deliver one batch; whether more may wait. Raises MatineeError.

        One that is refused as malformed is sent again by halves, until the event is found that cannot be taken.
        """
        batch = await self._on_disk(partial(self._queue.batch, self._most, BATCH_BYTES)) if self._consent else None
        if not batch:
            return False
        head, tail = self._form.value
        body = head + ",".join(event for _, event in batch).encode() + tail
        try:
            accepted = await self._deliver(body)
        except MatineeError as error:
            if error.fields.get("status") not in _MALFORMED:
                raise
            await self._narrow([name for name, _ in batch], error)
            return False
        await self._on_disk(partial(self._queue.delivered, [name for name, _ in batch if name in accepted]))
        full = len(batch) == self._most
        self._most = min(2 * self._most, BATCH_EVENTS)
        return bool(accepted) and full

    async def _narrow(self, ids: list[str], error: MatineeError) -> None:
        """A batch was refused for what it holds: send less the next time, or drop the one event that it was."""
        if len(ids) > 1:
            self._most = len(ids) // 2
            return
        self.refused += 1
        _log.warning("an event of telemetry is refused and dropped (%s), %d so far", error.code, self.refused)
        await self._on_disk(partial(self._queue.delivered, ids))

    async def close(self, patience_s: float = 2.0) -> None:
        """Keep what is in memory, try a last time to deliver, and close the queue."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.keep()
        with contextlib.suppress(TimeoutError, MatineeError):
            async with asyncio.timeout(patience_s):
                await self.send()
        await self._on_disk(self._queue.close)
        self._disk.shutdown(wait=False)

    def _add(self, event: Queued) -> None:
        if self._consent and len(self._fresh) < _MOST_IN_MEMORY:
            self._fresh.append(event)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._clock.sleep(seconds)
            await work()

    async def _send_for_ever(self) -> None:
        while True:
            pause_s = SEND_EVERY_S
            try:
                while await self.send():
                    pass
                self._failures = 0
            except MatineeError as error:
                pause_s = self._pause_after(error)
                _log.info("telemetry is kept to be sent in %.0f s: %s", pause_s, error.code)
            await self._clock.sleep(pause_s)

    def _pause_after(self, error: MatineeError) -> float:
        """As the error matrix has it for telemetry; where that gives up this batch, longer and longer."""
        retry_s = pause_s(RequestKind.TELEMETRY, error, self._failures, self._rng.getrandbits(32))
        self._failures += 1
        if retry_s is not None:
            return retry_s
        longest = SEND_EVERY_S * 2.0 ** min(self._failures, 10)
        return max(min(longest, LONGEST_PAUSE_S) * (0.5 + 0.5 * self._rng.random()), retry_after_s(error) or 0.0)

    async def _on_disk(self, work: Callable[[], _T]) -> _T | None:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._disk, work)
        except (sqlite3.DatabaseError, OSError) as error:
            why = error if isinstance(error, NewerQueueError) else ErrorCode.DISK_FULL
            _log.warning("telemetry cannot be kept: %s (%s)", why, type(error).__name__)
            return None


class _SessionEvents:
    """Turns the events of one playback into those of telemetry."""

    def __init__(
        self,
        add: Callable[[TelemetryEvent], None],
        clock: Clock,
        facts: SessionFacts,
        state: Callable[[], PlaybackState],
    ) -> None:
        self._add = add
        self._clock = clock
        self._facts = facts
        self._state = state
        self._session = str(uuid.uuid4())
        self._meter = QoeMeter()
        self._number = 0
        self._began_s: float | None = None
        self._quality_s = float("-inf")
        self._summed_up = False

    def __call__(self, event: Event) -> None:
        if self._began_s is None:
            self._began_s = event.at_s
            self._tell("session", self._facts.as_dict(), event.at_s)
        self._meter(event)
        if isinstance(event, BufferSampled):
            if event.at_s - self._quality_s >= QUALITY_EVERY_S:
                self._quality_s = event.at_s
                self._tell("quality", quality(event, self._state().dropped_frames), event.at_s)
            return
        told = described(event)
        if told is not None:
            self._tell(*told, event.at_s)
        if isinstance(event, StatusChanged) and event.status in NOT_PLAYING and not self._summed_up:
            self._summed_up = True
            self._sum_up(event.at_s)
        elif isinstance(event, PhaseReached) and event.phase == "requested":
            self._summed_up = False

    def _sum_up(self, at_s: float) -> None:
        state = self._state()
        summary = self._meter.summary(tuple(rung.bitrate_bps for rung in state.rungs), state.dropped_frames)
        self._tell("summary", summary.as_dict(), at_s)

    def _tell(self, kind: str, data: Mapping[str, Value], at_s: float) -> None:
        self._number += 1
        since_s = at_s - (self._began_s or at_s)
        event_id = str(uuid.uuid4())
        self._add(TelemetryEvent(event_id, self._session, self._number, self._clock.wall(), since_s, kind, data))


def accepted_ids(body: bytes) -> frozenset[str]:
    """The ids in a receiver's answer ``{"accepted": [...]}``. Raises NetError (``net.protocol``) for another."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    found = document.get("accepted") if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise NetError(ErrorCode.NET_PROTOCOL, "The collector gave an answer that cannot be understood.")
    return frozenset(found)
