"""Files out of the folder of published titles, and the channels that are made of them or broadcast into it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from backend_stub.broadcast.journal import is_broadcast
from backend_stub.clock import Clock
from backend_stub.edge.answer import ServedFile, decide
from backend_stub.edge.broadcasts import BroadcastFiles
from backend_stub.edge.files import Reply, begin, locate
from backend_stub.edge.source import SourceReply, SourceRequest, one_piece
from backend_stub.live.faults import LivePlans
from backend_stub.live.files import live_file
from backend_stub.titles import LIVE

_LIVE_CACHE = "public, max-age=1"


class DiskSource:
    """The published titles in ``media_dir``, and channels over them."""

    def __init__(self, media_dir: Path, clock: Clock, live_plans: LivePlans) -> None:
        self._media_dir = media_dir
        self._live_plans = live_plans
        self._clock = clock
        self._broadcasts = BroadcastFiles(media_dir, clock)

    async def reply(self, request: SourceRequest) -> SourceReply:
        channel_file = request.path.removeprefix(f"/{request.title_id}/{LIVE}/")
        if channel_file != request.path:
            if not await asyncio.to_thread(is_broadcast, self._media_dir, request.title_id):
                return await self._live(request, channel_file)
            reply_of_channel = await self._broadcasts.reply(request, channel_file)
            if reply_of_channel is not None:
                return reply_of_channel
        file = locate(self._media_dir, request.path, request.title_id)
        reply = await asyncio.to_thread(begin, file, request.conditions, head=request.head)
        left = reply.left if reply.descriptor is not None else 0
        return SourceReply(reply.status, reply.headers, len(reply.first) + left, _FilePieces(reply))

    def health(self) -> Mapping[str, object]:
        return {}

    async def close(self) -> None:
        await self._broadcasts.close()

    async def _live(self, request: SourceRequest, name: str) -> SourceReply:
        now, faults = self._clock.now(), self._live_plans.of(request.title_id)
        body, kind = await asyncio.to_thread(live_file, self._media_dir, request.title_id, name, now, faults)
        answer = decide(ServedFile(len(body), kind, _LIVE_CACHE), request.conditions)
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
