"""Loading one resource to its end, whatever the CDNs do on the way.

The loader carries out what :mod:`player.transfer.pathways` and :mod:`player.transfer.recovery` decide: it chooses the
pathway of each attempt, goes on in mid-body where an attempt broke off, and reports what it did.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import TypeVar

from drm_client.errors import DrmError
from drm_client.memory import wipe
from player.base.clock import Clock
from player.base.errors import ANY_ERROR, ErrorCode, MatineeError, NetError
from player.manifest.model import ByteRange
from player.manifest.steering import Clone
from player.net.failures import failure
from player.net.gate import Gate, GateBody
from player.net.model import Request, RequestKind
from player.net.ranges import strong_etag
from player.net.retry_pauses import Pauses
from player.transfer.addressing import Addressing, Refresh
from player.transfer.cdn_probe import CdnProbe
from player.transfer.model import (
    BytesSink,
    Coming,
    LoadEvent,
    LoadOutcome,
    LoadProgress,
    LoadResult,
    LoadVerdict,
    Patience,
    Resource,
    RetryEvent,
    Sink,
)
from player.transfer.pathways import PathChoice, Pathways
from player.transfer.recovery import Action, Situation, Step, Trouble, retry_after_s, trouble_of
from player.transfer.retry import run

__all__ = [
    "BytesSink",
    "LoadEvent",
    "LoadOutcome",
    "LoadProgress",
    "LoadResult",
    "LoadVerdict",
    "Loader",
    "Resource",
    "RetryEvent",
    "Sink",
]

_T = TypeVar("_T")
Mark = Callable[[Request, float | None, Coming | None], Request]

TICK_S = 0.1
SESSION_REFRESHES = 2  # per resource
_NO_PATIENCE = Patience()
_RATE_WINDOW_S = 2.0
_PATIENCE_SHARE = 0.25  # of the buffer: so long a transfer may run before its rate is judged ...
_PATIENCE_MIN_S, _PATIENCE_MAX_S = 1.0, 4.0  # ... within these bounds


@dataclass(slots=True)
class _Job:
    """The state of one load over its attempts."""

    resource: Resource
    sink: Sink
    watch: Callable[[LoadProgress], LoadVerdict] | None
    rungs_left: int
    tried: set[str]
    start_s: float
    urls: Mapping[str, str] = field(default_factory=dict, repr=False)  # clones of pathways among them
    begun: bool = False
    total: int | None = None
    resource_size: int | None = None
    etags: dict[str, str] = field(default_factory=dict)  # the strong ones, by the pathway that began the body
    by_range: bool = True  # false once a server could not continue in mid-body
    attempts: int = 0
    rounds: int = 0
    refreshes: int = 0
    failed_s: float | None = None
    pathway: str = ""
    url: str = ""
    generation: int = 0  # of the addresses of the last attempt
    step: Step | None = None  # what the error matrix said last
    refused: MatineeError | None = None  # the service gave no new addresses
    missed: bool = False  # it was not there at some time

    def begin_anew(self) -> None:
        """Forget what was tried; what has been received stays."""
        self.tried.clear()
        self.rounds = 0
        self.failed_s = None


class _NetworkChanged(Exception):  # noqa: N818  (no error: the attempt is made again)
    """The network is another than when the attempt began."""


@dataclass(slots=True)
class _Attempt:
    """The running exchange of a job."""

    start_s: float
    epoch: int
    first_byte_s: float | None = None
    received: int = 0
    samples: deque[tuple[float, int]] = field(default_factory=deque)

    def rate_bps(self, now_s: float) -> float:
        """The rate over the last two seconds; notes the present moment as a sample."""
        self.samples.append((now_s, self.received))
        while len(self.samples) > 1 and self.samples[1][0] <= now_s - _RATE_WINDOW_S:
            self.samples.popleft()
        then_s, before = self.samples[0]
        since_s = max(then_s, self.start_s if self.first_byte_s is None else self.first_byte_s)
        return (self.received - before) * 8 / max(now_s - since_s, 0.001)


class Loader:
    """Loads resources through the gate.

    ``refresh`` asks the service for new signed addresses (after 401 and 403) and returns how to readdress; None
    where there is no service. ``on_event`` hears of retries and changes of pathway. ``mark`` may put data of ours on
    each request (with the media seconds it asks for, and what comes after it). One loader serves one playback or
    download.
    """

    def __init__(
        self,
        gate: Gate,
        paths: Pathways,
        clock: Clock,
        rng: Random,
        refresh: Refresh | None = None,
        *,
        patience: Patience = _NO_PATIENCE,
        on_event: Callable[[LoadEvent], None] | None = None,
        mark: Mark | None = None,
    ) -> None:
        self._gate = gate
        self._paths = paths
        self._clock = clock
        self._rng = rng
        self._addressing = Addressing(refresh, clock, rng)
        self._patience = patience
        self._on_event = on_event
        self._mark = mark
        self._pauses = Pauses(clock)
        self._probe = CdnProbe(gate, paths, clock, self._signed)
        self._epoch = 0  # how often the network may have become another
        self._worked = False
        self._told = len(paths.history)

    async def load(
        self,
        resource: Resource,
        sink: Sink,
        watch: Callable[[LoadProgress], LoadVerdict] | None = None,
        *,
        rungs_left: int = 0,
        avoid: Collection[str] = (),
    ) -> LoadResult:
        """Load ``resource`` into ``sink``.

        ``watch`` is asked every 100 ms whether to go on. ``rungs_left`` counts the rungs that the caller could take
        instead, ``avoid`` are pathways that gave it damaged. Network trouble never raises: it is in the result.
        """
        job = _Job(resource, sink, watch, rungs_left, set(avoid), self._clock.monotonic())
        try:
            abandoned = await run(
                resource.kind,
                partial(self._attempt, job),
                partial(self._situation, job),
                partial(self._take, job),
                self._seed,
                (NetError,),
            )
        except NetError as error:
            if job.refused is None:
                return self._result(job, LoadOutcome.FAILED, error, job.step)
            refused = job.refused  # the service gives no new addresses
            return self._result(job, LoadOutcome.FAILED, refused, Step(Action.FAIL, 0.0, refused.sentence))
        if abandoned:
            return self._result(job, LoadOutcome.ABANDONED)
        self._worked = True
        self._pauses.end()
        self._probe.consider(resource, job.urls, self._patience.buffer_s())
        return self._result(job, LoadOutcome.DONE)

    async def close(self) -> None:
        """End what runs beside the loads."""
        await self._probe.close()

    @property
    def clones(self) -> tuple[Clone, ...]:
        """The pathways that content steering has made of others."""
        return self._paths.clones

    def in_trouble(self, pathway: str) -> bool:
        """Whether ``pathway`` is out of use at this moment."""
        return self._paths.excluded(pathway, self._clock.monotonic())

    def network_changed(self) -> None:
        """The machine slept, or has another network: connections under way are dead, and what was learned of the CDNs
        is void. What runs restarts where it was, and nothing waits any longer."""
        self._epoch += 1
        self._probe.cancel()
        self._paths.forgive(self._clock.monotonic())
        self._pauses.end()

    async def load_bytes(self, resource: Resource) -> bytes:
        """The whole of a small resource. Raises the MatineeError with which the loading ended."""
        return (await self.load_whole(resource))[0]

    async def load_whole(self, resource: Resource, *, avoid: Collection[str] = ()) -> tuple[bytes, LoadResult]:
        """As :meth:`load_bytes`, with the result beside it (its ``url`` is the base of relative addresses).

        ``avoid`` as for :meth:`load`.
        """
        sink = BytesSink()
        result = await self.load(resource, sink, avoid=avoid)
        if result.error is not None:
            raise result.error
        body = bytes(sink.body)
        if resource.kind is RequestKind.KEY:
            wipe(sink.body)
        return body, result

    async def load_and_read(self, resource: Resource, read: Callable[[bytes, LoadResult], Awaitable[_T]]) -> _T:
        """What ``read`` makes of a small resource; one that it finds damaged is loaded again, elsewhere if possible.

        Raises as the loading and ``read`` do.
        """
        damaged_from: list[str] = []
        pathway = ""  # that it came from; none while it is not there

        async def load_and_read() -> _T:
            nonlocal pathway
            pathway = ""
            body, result = await self.load_whole(resource, avoid=damaged_from)
            pathway = result.pathway
            return await read(body, result)

        def situation(error: MatineeError | DrmError) -> Situation | None:
            damaged = trouble_of(error.code) in (Trouble.CORRUPT, Trouble.UNDECRYPTABLE)
            if not damaged or not pathway or pathway in damaged_from:
                return None
            damaged_from.append(pathway)
            return Situation(pathways_left=len(resource.urls.keys() - set(damaged_from)))

        async def take(step: Step, error: MatineeError | DrmError) -> bool:
            self._tell(RetryEvent(self._clock.monotonic(), resource.kind, resource.track, pathway, error, step))
            await self._clock.sleep(step.delay_s)
            return True

        return await run(resource.kind, load_and_read, situation, take, self._seed, ANY_ERROR)

    def _seed(self) -> int:
        return self._rng.getrandbits(32)

    async def _attempt(self, job: _Job) -> bool:
        """One attempt, begun again where the network changes; whether it was abandoned. Raises NetError when it
        failed."""
        while True:
            job.urls = self._paths.addresses(job.resource.kind, job.resource.urls)
            choice = self._paths.choose(
                self._clock.monotonic(), job.urls.keys(), job.tried, self._patience.buffer_s()
            )
            self._tell_switches()
            try:
                return await self._attempt_at(job, choice)
            except _NetworkChanged:
                job.begin_anew()

    async def _attempt_at(self, job: _Job, choice: PathChoice) -> bool:
        now = self._clock.monotonic()
        job.attempts += 1
        job.pathway = choice.pathway
        job.generation = self._addressing.generation
        attempt = _Attempt(now, self._epoch)
        try:
            if job.watch is None and len(job.urls) == 1:
                await self._stream(job, attempt)
                abandoned = False
            else:
                abandoned = await self._watched(job, attempt)
        except NetError as error:
            now = self._clock.monotonic()
            if error.code is ErrorCode.NET_SLOW:
                self._paths.slow(job.pathway, now, attempt.rate_bps(now))
            else:
                self._paths.failed(job.pathway, now, error.code, retry_after_s(error))
            raise
        finally:
            self._paths.left(job.pathway)
        return abandoned

    async def _watched(self, job: _Job, attempt: _Attempt) -> bool:
        """Stream with a look at the progress every 100 ms; whether the caller abandoned it."""
        stream = asyncio.create_task(self._stream(job, attempt))
        try:
            while True:
                tick = asyncio.create_task(self._clock.sleep(TICK_S))
                try:
                    await asyncio.wait({stream, tick}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    tick.cancel()
                if stream.done():
                    stream.result()
                    return False
                if attempt.epoch != self._epoch:
                    raise _NetworkChanged
                progress = self._progress(job, attempt)
                if job.watch is not None and job.watch(progress) is LoadVerdict.ABANDON:
                    return True
                self._raise_if_slow(job, progress)
        finally:
            if not stream.done():
                stream.cancel()
                await asyncio.wait({stream})
            if not stream.cancelled():
                stream.exception()  # looked at, so that a failure in the last moment is not reported as lost

    async def _stream(self, job: _Job, attempt: _Attempt) -> None:
        """One exchange: what the sink still lacks goes into it. Raises NetError."""
        if job.begun and job.sink.received == job.total:
            return  # the last attempt broke after the last byte
        request, skip = self._request(job)
        try:
            async with self._gate.open(request) as body:
                attempt.first_byte_s = last_byte_s = self._clock.monotonic()
                job.url = body.url
                self._check(job, body, request, skip)
                async for chunk in body.chunks():
                    attempt.received += len(chunk)
                    last_byte_s = self._clock.monotonic()
                    if skip < len(chunk):
                        job.sink.write(chunk[skip:] if skip else chunk)
                    skip = max(0, skip - len(chunk))
                if skip:
                    raise failure(ErrorCode.NET_LENGTH, "{host} has a shorter version of this file.", request.url)
        except NetError as error:
            if error.code is ErrorCode.HTTP_RANGE and job.sink.received:
                job.by_range = False
            raise
        self._paths.finished(job.pathway, last_byte_s, attempt.received, last_byte_s - attempt.first_byte_s)
        self._tell_switches()

    def _request(self, job: _Job) -> tuple[Request, int]:
        """The request of the next exchange, and how many bytes of its answer the sink has already."""
        resource, received = job.resource, job.sink.received
        wanted, skip = resource.byte_range, received
        if received and job.by_range and job.total is not None:
            start = 0 if wanted is None else wanted.start
            wanted, skip = ByteRange(start + received, job.total - received), 0
        request = Request(
            resource.kind,
            self._addressing.current(job.urls[job.pathway]),
            byte_range=wanted,
            pathway=job.pathway,
            track=resource.track,
            priority=resource.priority,
            first_byte_s=resource.first_byte_s,
            paced=resource.paced,
            attempt=job.attempts,
        )
        return request if self._mark is None else self._mark(request, resource.duration_s, resource.coming), skip

    def _signed(self, request: Request) -> Request:
        """A request that is none of a job's, as its own are made."""
        request = replace(request, url=self._addressing.current(request.url))
        return request if self._mark is None else self._mark(request, None, None)

    def _check(self, job: _Job, body: GateBody, request: Request, skip: int) -> None:
        """Whether ``body`` is (the rest of) the resource we know; tells the sink its length the first time."""
        have = 0 if skip else job.sink.received
        total = None if body.total is None else have + body.total
        expected = job.total if job.begun else job.resource.expected_size
        differs = total is not None and expected is not None and total != expected
        if have:  # continuing in mid-body: only the same file will do
            differs = differs or body.resource_size is None or body.resource_size != job.resource_size
        if job.sink.received and job.etags.get(job.pathway, strong_etag(body.headers)) != strong_etag(body.headers):
            raise failure(
                ErrorCode.NET_LENGTH, "{host} has replaced this file meanwhile.", request.url, replaced="yes"
            )
        if differs:
            job.by_range = job.by_range and not have
            raise failure(
                ErrorCode.NET_LENGTH,
                "{host} has a different version of this file.",
                request.url,
                expected=expected,
                received=total,
            )
        if not job.begun:
            job.begun = True
            job.total = total
            job.resource_size = body.resource_size
            job.etags = {job.pathway: strong_etag(body.headers)}
            job.sink.begin(total if total is not None else job.resource.expected_size)

    def _progress(self, job: _Job, attempt: _Attempt) -> LoadProgress:
        now = self._clock.monotonic()
        rate, received = attempt.rate_bps(now), job.sink.received
        total = job.total if job.total is not None else job.resource.expected_size
        remaining: float | None = None
        if rate <= 0:
            remaining = float("inf")
        elif total is not None:
            remaining = (total - received) * 8 / rate
        first_byte_s = None if attempt.first_byte_s is None else attempt.first_byte_s - attempt.start_s
        return LoadProgress(
            job.resource, job.pathway, received, total, now - attempt.start_s, first_byte_s, rate, remaining
        )

    def _raise_if_slow(self, job: _Job, progress: LoadProgress) -> None:
        """Raises NetError (``net.slow``) when the attempt should go on at another pathway."""
        buffer_s = self._patience.buffer_s()
        patience = min(max(buffer_s * _PATIENCE_SHARE, _PATIENCE_MIN_S), _PATIENCE_MAX_S)
        remaining_s = progress.remaining_s
        if remaining_s is None or progress.elapsed_s < patience:
            return
        held_back = job.resource.first_byte_s is not None and progress.first_byte_s is None
        if progress.of_real_time >= 1 or held_back:
            return
        untried = [name for name in job.urls if name not in job.tried]
        reason = self._elsewhere(job, progress, remaining_s, untried)
        if reason is not None:
            raise NetError(ErrorCode.NET_SLOW, reason, recoverable=True, rate_bps=progress.rate_bps)
        if progress.rate_bps <= 0:  # nothing comes at all: then a CDN that failed before is worth another try
            reason = self._elsewhere(job, progress, remaining_s, list(job.urls))
            if reason is not None:
                raise NetError(ErrorCode.NET_STALLED, reason, recoverable=True)

    def _elsewhere(self, job: _Job, progress: LoadProgress, remaining_s: float, among: Collection[str]) -> str | None:
        """Why the attempt should go on at one of ``among``; None when it should stay."""
        return self._paths.too_slow(
            job.pathway,
            self._clock.monotonic(),
            rate_bps=progress.rate_bps,
            remaining_s=remaining_s,
            buffer_s=self._patience.buffer_s(),
            among=among,
            of_real_time=progress.of_real_time,
        )

    def _situation(self, job: _Job, _error: MatineeError | DrmError) -> Situation:
        """What is left to try after a failed attempt."""
        now = self._clock.monotonic()
        job.failed_s = now if job.failed_s is None else job.failed_s
        job.tried.add(job.pathway)
        return Situation(
            rounds=job.rounds,
            refreshes_left=SESSION_REFRESHES - job.refreshes if self._addressing.can_renew else 0,
            pathways_left=len(set(self._paths.usable(job.urls.keys())) - job.tried),
            rungs_left=job.rungs_left,
            waited_s=now - job.failed_s,
            buffer_s=self._patience.buffer_s(),
            under_way=self._worked,
            patient=self._patience.is_patient(),
            may_skip=self._patience.may_skip,
            may_come=job.resource.may_come,
        )

    async def _take(self, job: _Job, step: Step, error: MatineeError | DrmError) -> bool:
        """Carry out a step; whether to try again. The other steps are the caller's."""
        kind, track = job.resource.kind, job.resource.track
        self._tell(RetryEvent(self._clock.monotonic(), kind, track, job.pathway, error, step))
        job.step = step
        job.missed = job.missed or trouble_of(error.code) is Trouble.NOT_FOUND
        if step.action in (Action.FAIL, Action.SKIP, Action.OTHER_RUNG, Action.REFRESH_LICENCE):
            return False
        if step.action is Action.REFRESH_SESSION:
            job.refreshes += 1
            job.tried.clear()
            try:
                await self._addressing.renew(job.generation)
            except MatineeError as refused:
                job.refused = refused
                return False
        elif step.action in (Action.RETRY, Action.WAIT_FOR_NETWORK):
            job.rounds += 1
            job.tried.clear()
        if step.action is Action.WAIT_FOR_NETWORK:
            await self._pauses.wait(step.delay_s)
        elif step.delay_s:
            await self._clock.sleep(step.delay_s)
        return True

    def _tell_switches(self) -> None:
        fresh, self._told = self._paths.history[self._told :], len(self._paths.history)
        for switch in fresh:
            self._tell(switch)

    def _tell(self, event: LoadEvent) -> None:
        if self._on_event is not None:
            self._on_event(event)

    def _result(
        self, job: _Job, outcome: LoadOutcome, error: MatineeError | None = None, step: Step | None = None
    ) -> LoadResult:
        seconds = self._clock.monotonic() - job.start_s
        return LoadResult(
            outcome,
            job.pathway,
            job.sink.received,
            seconds,
            job.attempts,
            url=job.url,
            error=error,
            step=step,
            asked_s=job.start_s,
            came_late=job.missed,
        )
