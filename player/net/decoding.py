"""Undoing HTTP content encodings (RFC 9110, 8.4.1) in bounded steps: a small body may hide a very large one."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterator

from player.base.errors import ErrorCode
from player.net.failures import failure

_STEP = 256 * 1024
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


async def decoded(source: AsyncIterator[bytes], encoding: str, url: str) -> AsyncGenerator[bytes, None]:
    """``source`` with ``gzip`` or ``deflate`` undone, in chunks of at most 256 KiB.

    Raises NetError (``net.protocol``) for other encodings and for damaged data, ``net.cut`` where the data end early.
    """
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise failure(ErrorCode.NET_PROTOCOL, "{host} compressed the file in a way we cannot read.", url)
    machine = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        async for chunk in source:
            waiting = chunk
            while waiting:
                piece = machine.decompress(waiting, _STEP)
                if piece:
                    yield piece
                if machine.eof:
                    return
                waiting = machine.unconsumed_tail
        rest = machine.flush()
    except zlib.error as error:
        raise failure(ErrorCode.NET_PROTOCOL, "What {host} sent is damaged.", url) from error
    if rest:
        yield rest
    if not machine.eof:
        raise failure(ErrorCode.NET_CUT, "{host} sent only a part of the file.", url)
