"""What a cache keeps: objects that may still be arriving, in a store bounded in bytes. For one event loop each."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from backend_stub.edge.answer import ServedFile

DEFAULT_CACHE_BYTES = 256 << 20
_LARGEST_SHARE = 4  # an object larger than this part of the cache would drive everything else out of it


@dataclass
class CacheCounts:
    """How requests were answered.

    ``hit``: from the cache. ``miss``: after fetching. ``joined``: by a running fetch for another request.
    ``revalidated``: the server above said that nothing changed. ``stale``: the server above did not answer.
    ``passed``: too large to keep. ``failed``: not at all.
    """

    hit: int = 0
    miss: int = 0
    joined: int = 0
    revalidated: int = 0
    stale: int = 0
    passed: int = 0
    failed: int = 0


@dataclass
class CachedObject:
    """One file. ``facts`` and ``via`` are known from the start; bytes follow. Times are monotonic seconds: ``as_of``
    is when the server above would have answered it afresh, which ``Age`` counts from."""

    facts: ServedFile
    max_age_s: float
    as_of: float
    via: str = ""
    body: bytearray = field(default_factory=bytearray, repr=False)
    failed: bool = False
    _waiting: list[asyncio.Future[None]] = field(default_factory=list, repr=False)

    @property
    def whole(self) -> bool:
        return len(self.body) == self.facts.size

    def age_s(self, now: float) -> float:
        return max(0.0, now - self.as_of)

    def fresh(self, now: float) -> bool:
        return self.age_s(now) < self.max_age_s

    def add(self, piece: bytes) -> None:
        """More of the body has come."""
        self.body += piece
        self._wake()

    def fail(self) -> None:
        """The rest will not come."""
        self.failed = True
        self._wake()

    async def beyond(self, position: int) -> bool:
        """Wait for bytes from ``position`` on; False when there will be none."""
        while len(self.body) <= position:
            if self.failed or self.whole:
                return False
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        return True

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)


class ObjectStore:
    """Objects by name, at most ``limit`` bytes of them: the one that was not asked for the longest goes first."""

    def __init__(self, limit: int = DEFAULT_CACHE_BYTES) -> None:
        self.limit = limit
        self.held = 0
        self._objects: OrderedDict[str, CachedObject] = OrderedDict()

    def __len__(self) -> int:
        return len(self._objects)

    def takes(self, size: int) -> bool:
        """Whether an object of this size is kept at all."""
        return size * _LARGEST_SHARE <= self.limit

    def get(self, name: str) -> CachedObject | None:
        found = self._objects.get(name)
        if found is not None:
            self._objects.move_to_end(name)
        return found

    def put(self, name: str, made: CachedObject) -> None:
        self.drop(name)
        self._objects[name] = made
        self.held += made.facts.size
        while self.held > self.limit:
            _, dropped = self._objects.popitem(last=False)
            self.held -= dropped.facts.size

    def drop(self, name: str) -> None:
        dropped = self._objects.pop(name, None)
        if dropped is not None:
            self.held -= dropped.facts.size
