"""Tests beside the loading whether the preferred CDN has recovered, where no segment may be risked for that.

With enough in hand the next segment is the test (:meth:`player.transfer.pathways.Pathways.choose`). A live programme
near its edge, or a small buffer, never has so much. There the first bytes of a segment that has just come are
requested again, from the preferred CDN, and nothing waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from player.base.clock import Clock
from player.base.errors import NetError
from player.manifest.model import ByteRange
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.transfer.model import Resource
from player.transfer.pathways import Pathways
from player.transfer.recovery import retry_after_s

SAMPLE_BYTES = 256 * 1024
_AFTER_OTHERS = -20  # in urgency: whatever playback asks for goes first


class CdnProbe:
    """One per loader; at most one test runs. ``made`` finishes a request as the loader does with its own."""

    def __init__(self, gate: Gate, paths: Pathways, clock: Clock, made: Callable[[Request], Request]) -> None:
        self._gate = gate
        self._paths = paths
        self._clock = clock
        self._made = made
        self._task: asyncio.Task[None] | None = None

    def consider(self, loaded: Resource, urls: Mapping[str, str], buffer_s: float) -> None:
        """``loaded`` has come, which is available at ``urls`` (by pathway); ``buffer_s`` is the media time in
        hand."""
        if loaded.kind is not RequestKind.SEGMENT or self._is_under_way:
            return
        choice = self._paths.beside(self._clock.monotonic(), urls.keys(), buffer_s)
        if choice is None:
            return
        request = Request(
            loaded.kind,
            urls[choice.pathway],
            byte_range=_begin_of(loaded.byte_range),
            pathway=choice.pathway,
            track=loaded.track,
            priority=_AFTER_OTHERS,
        )
        self._task = asyncio.get_running_loop().create_task(self._test(self._made(request)))

    def cancel(self) -> None:
        """The network is another by now: what a test that runs would find says nothing of it."""
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """End a test that runs."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @property
    def _is_under_way(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _test(self, request: Request) -> None:
        try:
            async with self._gate.open(request) as body:
                first_byte_s = self._clock.monotonic()
                received = len(await body.read())
        except NetError as error:
            self._paths.failed(request.pathway, self._clock.monotonic(), error.code, retry_after_s(error))
        else:
            now_s = self._clock.monotonic()
            self._paths.finished(request.pathway, now_s, received, now_s - first_byte_s)
        finally:
            self._paths.left(request.pathway)


def _begin_of(whole: ByteRange | None) -> ByteRange:
    if whole is None:
        return ByteRange(0, SAMPLE_BYTES)
    length = SAMPLE_BYTES if whole.length is None else min(whole.length, SAMPLE_BYTES)
    return ByteRange(whole.start, length)
