"""An edge or a shield that fetches what it is asked for from the server above and keeps it (RFC 9111)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Literal, Self

import httpx

from backend_stub.clock import Clock
from backend_stub.edge.answer import RequestConditions, decide
from backend_stub.edge.cache import CacheCounts, CachedObject, ObjectStore
from backend_stub.edge.files import parts_of
from backend_stub.edge.ranges import ByteSpan
from backend_stub.edge.source import SourceReply, SourceRequest, one_piece
from backend_stub.edge.upstream import Upstream, UpstreamAnswer, UpstreamError
from backend_stub.problems import ProblemError
from backend_stub.titles import LIVE, VARIANTS

CHUNK_BYTES = 256 << 10
STALE_S = 86400.0  # how long after its time an object still serves while the server above cannot be asked
_RETRY_S = 1.0  # a server that just failed is not asked again about what can be served without it
Outcome = Literal["hit", "miss", "joined", "revalidated", "stale", "passed", "failed"]


class _TooLargeError(Exception):
    """Not to be kept: each client fetches it through."""


class CachedSource:
    """``name`` is what ``Via`` calls this server. Requests for the same file that come at once make one fetch, and
    each is answered while the bytes arrive. ``count`` is told of every outcome."""

    def __init__(
        self, name: str, upstream: Upstream, store: ObjectStore, clock: Clock, count: Callable[[str], None]
    ) -> None:
        self._name = name
        self._upstream = upstream
        self._store = store
        self._clock = clock
        self._counted = count
        self._fetching: dict[str, asyncio.Task[tuple[CachedObject, Outcome]]] = {}
        self._filling: set[asyncio.Task[None]] = set()
        self._ask_again_at = 0.0
        self.counts = CacheCounts()

    async def reply(self, request: SourceRequest) -> SourceReply:
        parts_of(request.path, request.title_id, (*VARIANTS, LIVE))
        try:
            found, outcome = await self._find(request)
        except _TooLargeError:
            return await self._pass_through(request)
        except UpstreamError as error:
            raise self._unreachable() from error
        self._count(outcome)
        answer = decide(found.facts, request.conditions)
        headers = [
            *answer.headers,
            (b"age", str(int(found.age_s(self._clock.monotonic()))).encode()),
            (b"via", self._via(found.via)),
            (b"x-cache", outcome.upper().encode()),
        ]
        length = 0 if request.head else answer.span.length
        return SourceReply(answer.status, headers, length, _body(found, ByteSpan(answer.span.start, length)))

    def health(self) -> Mapping[str, object]:
        return {"cache": {"objects": len(self._store), "bytes": self._store.held, **asdict(self.counts)}}

    async def close(self) -> None:
        for task in (*self._fetching.values(), *self._filling):
            task.cancel()
        await asyncio.gather(*self._fetching.values(), *self._filling, return_exceptions=True)
        await self._upstream.close()

    async def _find(self, request: SourceRequest) -> tuple[CachedObject, Outcome]:
        now = self._clock.monotonic()
        kept = self._store.get(request.key)
        if kept is not None and kept.fresh(now):
            return kept, "hit"
        if kept is not None and now < self._ask_again_at and _serves_stale(kept, now):
            return kept, "stale"
        running = self._fetching.get(request.key)
        joined = running is not None
        if running is None:
            running = asyncio.create_task(self._fetch(request, kept))
            self._fetching[request.key] = running
            running.add_done_callback(partial(self._fetched, request.key))
        # Shielded: a client that leaves must not end it for the others.
        found, outcome = await asyncio.shield(running)
        return found, "joined" if joined and outcome == "miss" else outcome

    def _fetched(self, name: str, task: asyncio.Task[tuple[CachedObject, Outcome]]) -> None:
        self._fetching.pop(name, None)
        if not task.cancelled():
            task.exception()  # looked at, as those who wait for it may all have left

    async def _fetch(self, request: SourceRequest, kept: CachedObject | None) -> tuple[CachedObject, Outcome]:
        """Ask the server above; the body goes on arriving afterwards. Raises as :meth:`Upstream.ask`."""
        tag = kept.facts.etag if kept is not None else None
        try:
            answer = await self._upstream.ask(request, RequestConditions(if_none_match=tag))
        except UpstreamError:
            now = self._clock.monotonic()
            self._ask_again_at = now + _RETRY_S
            if kept is not None and _serves_stale(kept, now):
                return kept, "stale"
            raise
        except ProblemError:
            self._store.drop(request.key)
            raise
        try:
            if answer.status == 304 and kept is not None:
                now = self._clock.monotonic()
                kept.as_of, kept.max_age_s = now - answer.age_s, answer.max_age_s
                await answer.close()
                # A shield that could not ask either says how old its word is.
                return kept, "revalidated" if kept.fresh(now) else "stale"
            made = self._begun(answer)
        except BaseException:
            await answer.close()
            raise
        # Others find it at once, and follow its bytes as they come.
        self._store.put(request.key, made)
        filling = asyncio.create_task(self._fill(request.key, made, answer))
        self._filling.add(filling)
        filling.add_done_callback(self._filling.discard)
        return made, "miss"

    def _begun(self, answer: UpstreamAnswer) -> CachedObject:
        if answer.status != 200:
            raise UpstreamError(f"status {answer.status} for a whole file")
        if not answer.has_length:  # a segment that is being made
            raise _TooLargeError
        facts = answer.facts()
        if not self._store.takes(facts.size):
            raise _TooLargeError
        return CachedObject(facts, answer.max_age_s, self._clock.monotonic() - answer.age_s, answer.via)

    async def _fill(self, name: str, made: CachedObject, answer: UpstreamAnswer) -> None:
        try:
            async for piece in answer.response.aiter_raw():
                made.add(piece)
        except httpx.HTTPError:
            pass  # told by what is missing, below
        finally:
            if not made.whole:
                made.fail()
                if self._store.get(name) is made:
                    self._store.drop(name)
            await answer.close()

    async def _pass_through(self, request: SourceRequest) -> SourceReply:
        try:
            answer = await self._upstream.ask(request, request.conditions)
        except UpstreamError as error:
            raise self._unreachable() from error
        self._count("passed")
        kept = ("cache-control", "accept-ranges", "etag", "last-modified", "content-type", "content-range")
        received = answer.response.headers
        headers = [(name.encode(), received[name].encode()) for name in (*kept, "content-length") if name in received]
        headers += [(b"via", self._via(answer.via)), (b"x-cache", b"PASSED")]
        if request.head or answer.status in {304, 416}:
            await answer.close()
            return SourceReply(answer.status, headers, 0, one_piece(b""))
        size = answer.facts().size if answer.has_length else None
        return SourceReply(answer.status, headers, size, _Relayed(answer))

    def _count(self, outcome: Outcome) -> None:
        setattr(self.counts, outcome, getattr(self.counts, outcome) + 1)
        self._counted(outcome)

    def _unreachable(self) -> ProblemError:
        self._count("failed")
        return ProblemError(502, "origin_unreachable", "The server behind this one does not answer.")

    def _via(self, above: str) -> bytes:
        own = f"1.1 {self._name}"
        return (f"{above}, {own}" if above else own).encode()


def _serves_stale(kept: CachedObject, now: float) -> bool:
    return kept.whole and kept.age_s(now) < kept.max_age_s + STALE_S


async def _body(found: CachedObject, span: ByteSpan) -> AsyncGenerator[bytes, None]:
    position, end = span.start, span.start + span.length
    while position < end and await found.beyond(position):
        piece = bytes(found.body[position : min(position + CHUNK_BYTES, end)])
        position += len(piece)
        yield piece


class _Relayed:
    """A body passed on as it comes; one that breaks off is shorter than announced, which ends the connection."""

    def __init__(self, answer: UpstreamAnswer) -> None:
        self._answer = answer
        self._raw = answer.response.aiter_raw()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._raw)
        except httpx.HTTPError as error:
            raise StopAsyncIteration from error

    async def aclose(self) -> None:
        await self._answer.close()
