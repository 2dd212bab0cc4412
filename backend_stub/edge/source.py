"""Where an edge has its files from: the folder of published titles, or another server behind a cache."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from backend_stub.clock import Clock
from backend_stub.edge.answer import FileFacts, RequestConditions, decide
from backend_stub.edge.files import Reply, begin, locate
from backend_stub.live.faults import LivePlans
from backend_stub.live.files import live_file
from backend_stub.titles import LIVE

_LIVE_CACHE = "public, max-age=1"


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """A request whose signature was found good; ``path`` is what follows the token."""

    token: str
    title_id: str
    path: str
    conditions: RequestConditions
    head: bool


class Pieces(Protocol):
    """A body as it comes."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None:
        """No more is wanted; also called when nothing was taken."""
        ...


@dataclass(frozen=True, slots=True)
class SourceReply:
    """``length`` bytes come out of ``pieces``, fewer where the source fails; it is closed in the end."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    length: int
    pieces: Pieces


class FileSource(Protocol):
    async def reply(self, request: SourceRequest) -> SourceReply:
        """Raises :class:`ProblemError` where there is no such file, or where it is not available."""
        ...

    def health(self) -> Mapping[str, object]:
        """What ``/health`` says besides the name."""
        ...

    async def close(self) -> None: ...


class DiskSource:
    """The published titles in ``media_dir``, and channels over them."""

    def __init__(self, media_dir: Path, clock: Clock, live_plans: LivePlans) -> None:
        self._media_dir = media_dir
        self._live_plans = live_plans
        self._clock = clock

    async def reply(self, request: SourceRequest) -> SourceReply:
        channel_file = request.path.removeprefix(f"/{request.title_id}/{LIVE}/")
        if channel_file != request.path:
            return await self._live(request, channel_file)
        file = locate(self._media_dir, request.path, request.title_id)
        reply = await asyncio.to_thread(begin, file, request.conditions, head=request.head)
        left = reply.left if reply.descriptor is not None else 0
        return SourceReply(reply.status, reply.headers, len(reply.first) + left, _FilePieces(reply))

    def health(self) -> Mapping[str, object]:
        return {}

    async def close(self) -> None:
        pass

    async def _live(self, request: SourceRequest, name: str) -> SourceReply:
        now, faults = self._clock.now(), self._live_plans.of(request.title_id)
        body, kind = await asyncio.to_thread(live_file, self._media_dir, request.title_id, name, now, faults)
        answer = decide(FileFacts(len(body), kind, _LIVE_CACHE), request.conditions)
        part = body[answer.span.start : answer.span.start + answer.span.length] if not request.head else b""
        return SourceReply(answer.status, answer.headers, len(part), one_piece(part))


class _FilePieces:
    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._first = reply.first

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        piece, self._first = self._first, b""
        if piece:
            return piece
        if self._reply.descriptor is None or self._reply.left == 0:
            raise StopAsyncIteration
        return await asyncio.to_thread(self._reply.read_on)

    async def aclose(self) -> None:
        self._reply.close()


async def one_piece(piece: bytes) -> AsyncGenerator[bytes, None]:
    """A body that is there already."""
    if piece:
        yield piece
