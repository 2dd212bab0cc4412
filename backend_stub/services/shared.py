"""What several API processes share through Redis: counted attempts, and what players report of edges.

Redis holds nothing that must not be lost. While it is away each process goes on with what it counted itself.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from backend_stub.config import RateLimit
from backend_stub.services.rate_limit import CountingWindow, SlidingWindow
from backend_stub.services.reports import MEMORY_S, MOST_VOICES, Counts, Outcome, Reports, ReportsInMemory

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")
_logger = logging.getLogger(__name__)
_PREFIX = "matinee"
_TIMEOUT_S = 0.5
_AWAY_S = 3.0  # no call waits for Redis again so soon after it did not answer
_ASKED_EVERY_S = 1.0
# KEYS: the window. ARGV: its length in s, the most attempts in it, the name of these attempts, how many they are. By
# the clock of Redis, the only one that all processes have.
_WINDOW = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.6f', now - ARGV[1]))
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  local first = redis.call('ZRANGE', KEYS[1], -ARGV[2], -ARGV[2], 'WITHSCORES')
  return string.format('%.6f', first[2] + ARGV[1] - now)
end
for number = 1, tonumber(ARGV[4]) do
  redis.call('ZADD', KEYS[1], string.format('%.6f', now), ARGV[3] .. number)
end
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[1] * 1000))
return ''
"""


class SharedStore:
    """One Redis. Raises ValueError with a sentence for an address that cannot be used."""

    def __init__(self, url: str) -> None:
        try:
            from redis import Redis
            from redis.exceptions import RedisError
        except ImportError as error:
            raise ValueError("Sharing limits needs redis: pip install 'matinee[redis]'.") from error
        if not url.startswith(("redis://", "rediss://")):
            raise ValueError("Limits are shared through redis:// or rediss:// addresses.")
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, decode_responses=True
        )
        self._errors = RedisError
        self._away_until = 0.0

    def ask(self, call: Callable[[Redis], T]) -> T | None:
        """What ``call`` answers, or None while Redis is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return call(self._redis)
        except self._errors:
            self._away_until = time.monotonic() + _AWAY_S
            _logger.warning("Redis does not answer; limits count in this process alone")
            return None

    def close(self) -> None:
        self._redis.close()


class SharedWindow:
    """A sliding window that all processes count in. Its keys are hashed: they name people."""

    def __init__(self, store: SharedStore, name: str, limit: RateLimit) -> None:
        self._store = store
        self._name = name
        self._limit = limit
        self._own = SlidingWindow(limit)  # for while Redis is away

    def attempt(self, key: str, now: float, count: int = 1) -> float | None:
        own = self._own.attempt(key, now, count)
        return self._answer(key, count, own)

    def wait(self, key: str, now: float) -> float | None:
        return self._answer(key, 0, self._own.wait(key, now))

    def give_back(self, key: str) -> None:
        self._own.give_back(key)
        self._store.ask(lambda redis: redis.zpopmax(self._key(key)))

    def forgive(self, key: str) -> None:
        self._own.forgive(key)
        self._store.ask(lambda redis: redis.delete(self._key(key)))

    def _answer(self, key: str, count: int, own: float | None) -> float | None:
        words = (str(self._limit.window_s), str(self._limit.attempts), secrets.token_hex(8), str(count))
        answer = self._store.ask(lambda redis: str(redis.eval(_WINDOW, 1, self._key(key), *words)))
        if answer is None:
            return own
        return float(answer) if answer else None

    def _key(self, key: str) -> str:
        return f"{_PREFIX}:limit:{self._name}:{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"


class SharedReports:
    """Reports of players, two sorted sets for each edge: the accounts that reported, and those whose newest word was
    a failure. What is asked for often is answered out of memory."""

    def __init__(self, store: SharedStore) -> None:
        self._store = store
        self._own = ReportsInMemory()
        self._lock = threading.Lock()
        self._known: dict[str, Counts] = {}
        self._asked = (float("-inf"), frozenset[str]())

    def add(self, outcomes: Sequence[Outcome], now: float) -> None:
        self._own.add(outcomes, now)

        def tell(redis: Redis) -> None:
            pipe = redis.pipeline()
            for pathway, failed, account_id in outcomes:
                heard, failures = self._keys(pathway)
                pipe.zadd(heard, {account_id: now})
                if failed:
                    pipe.zadd(failures, {account_id: now})
                else:
                    pipe.zrem(failures, account_id)
                for key in (heard, failures):
                    pipe.zremrangebyrank(key, 0, -MOST_VOICES - 1)
                    pipe.expire(key, 2 * int(MEMORY_S))
            pipe.execute()

        self._store.ask(tell)

    def counts(self, pathways: Sequence[str], now: float) -> dict[str, Counts]:
        wanted = frozenset(pathways)
        with self._lock:
            asked_at, asked = self._asked
            if wanted == asked and 0 <= now - asked_at < _ASKED_EVERY_S:
                return {pathway: self._known.get(pathway, Counts(0, 0)) for pathway in pathways}
            self._asked = (now, wanted)  # others go by what was known meanwhile

        def read(redis: Redis) -> list[int]:
            pipe = redis.pipeline(transaction=False)
            for pathway in pathways:
                for key in self._keys(pathway):
                    pipe.zcount(key, now - MEMORY_S, "+inf")
            found: list[int] = pipe.execute()
            return found

        found = self._store.ask(read)
        if found is None:
            known = self._own.counts(pathways, now)
        else:
            pairs = zip(found[::2], found[1::2], strict=True)
            known = {pathway: Counts(*pair) for pathway, pair in zip(pathways, pairs, strict=True)}
        with self._lock:
            self._known = known
        return known

    def _keys(self, pathway: str) -> tuple[str, str]:
        return f"{_PREFIX}:heard:{pathway}", f"{_PREFIX}:failures:{pathway}"


def open_windows(store: SharedStore | None) -> Callable[[str, RateLimit], CountingWindow]:
    """What makes a window of a name: shared where there is a store."""

    def make(name: str, limit: RateLimit) -> CountingWindow:
        return SharedWindow(store, name, limit) if store is not None else SlidingWindow(limit)

    return make


def open_reports(store: SharedStore | None) -> Reports:
    return SharedReports(store) if store is not None else ReportsInMemory()
