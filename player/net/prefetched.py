"""Answers that were asked for before they are needed, in front of the network: each is given from memory, once."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from player.base.clock import Clock
from player.manifest.model import ByteRange
from player.net.model import Body, Request, RequestKind, Transport
from player.net.wrapped_body import BodyAround

MOST_BYTES = 4 * 1024 * 1024
OLDEST_S = 60.0
_KINDS = frozenset({RequestKind.MANIFEST, RequestKind.INIT, RequestKind.INDEX})
_CLIENT_DATA = re.compile(r"[?&]CMCD=[^&#]*")
_Key = tuple[str, ByteRange | None]
"""What is asked for: its address without what an address tells of this client (CTA-5004), and the part of it."""


@dataclass(frozen=True, slots=True)
class _KeptAnswer:
    """A whole answer, as long as it is good for something."""

    at_s: float
    status: int
    headers: dict[str, str] = field(repr=False)
    url: str = field(repr=False)
    content: bytes = field(repr=False)


class KeptAnswers:
    """A transport around another. What goes through :meth:`ahead` is kept, up to ``MOST_BYTES`` and for ``OLDEST_S``;
    the next request for the same manifest, index or init segment gets it. Runs on one loop."""

    def __init__(self, inner: Transport, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._kept: OrderedDict[_Key, _KeptAnswer] = OrderedDict()

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The response to ``request``. Raises NetError."""
        answer = self._kept.pop(_key(request), None) if _can_be_kept(request) else None
        if answer is not None and self._clock.monotonic() - answer.at_s <= OLDEST_S:
            yield KeptBody(answer)
            return
        async with self._inner.open(request) as body:
            yield body

    async def close(self) -> None:
        """Forget everything and close all connections."""
        self._kept.clear()
        await self._inner.close()

    def ahead(self) -> Transport:
        """The transport for requests whose answers are to be kept."""
        return _Ahead(self, self._inner)

    def keep(self, request: Request, body: Body, content: bytes) -> None:
        """Keep a whole answer; the oldest make room for it."""
        if not _can_be_kept(request) or body.status not in (200, 206) or len(content) > MOST_BYTES // 4:
            return
        now_s = self._clock.monotonic()
        self._kept[_key(request)] = _KeptAnswer(now_s, body.status, dict(body.headers), body.url, content)
        self._kept.move_to_end(_key(request))
        while sum(len(answer.content) for answer in self._kept.values()) > MOST_BYTES:
            self._kept.popitem(last=False)


class _Ahead:
    """Gives what the network gives, and keeps it."""

    def __init__(self, kept: KeptAnswers, inner: Transport) -> None:
        self._keeper = kept
        self._inner = inner

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        async with self._inner.open(request) as body:
            yield _CopiedBody(body, self._keeper, request)

    async def close(self) -> None:
        """The one around which this is made closes the connections."""


class _CopiedBody(BodyAround):
    """Keeps what has been read to its end."""

    def __init__(self, body: Body, keeper: KeptAnswers, request: Request) -> None:
        super().__init__(body)
        self._keeper = keeper
        self._request = request

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        parts = []
        async with aclosing(self._body.chunks()) as source:
            async for chunk in source:
                parts.append(chunk)
                yield chunk
        self._keeper.keep(self._request, self._body, b"".join(parts))


class KeptBody:
    """An answer out of memory."""

    http_version = ""
    new_connection = False
    connection = None

    def __init__(self, answer: _KeptAnswer) -> None:
        self.status = answer.status
        self.headers = {name: value for name, value in answer.headers.items() if name != "content-encoding"}
        self.url = answer.url
        self.total: int | None = len(answer.content)
        self._content = answer.content

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """All of it in one piece."""
        yield self._content


def _key(request: Request) -> _Key:
    return _CLIENT_DATA.sub("", request.url), request.byte_range


def _can_be_kept(request: Request) -> bool:
    return request.method == "GET" and request.kind in _KINDS
