"""What a server may put in the place of what was asked for: the content faults of ``docs/faults.md``, as bodies.

They look like proper answers. Whoever believes them plays the wrong thing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from random import Random
from urllib.parse import urlsplit

from player.base.clock import Clock
from player.net.decoding import decoded
from player.net.model import Body
from player.net.ranges import parse_content_range
from player.net.wrapped_body import BodyAround

_LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")
_UNKNOWN_BYTES = 65_536
_HEAD_SHARE = 0.1  # of a body is left whole, so that it is still taken for a segment


def other_url(url: str, offset: int | None, swap: tuple[str, str] | None) -> str:
    """The address of another file: the last number in its name moved by ``offset``, or a text in its path replaced.

    The address itself, where it has no such number or text, or the number would be negative.
    """
    parts = urlsplit(url)
    path = parts.path
    if swap is not None:
        path = path.replace(*swap, 1)
    if offset is not None:
        folder, slash, name = path.rpartition("/")
        stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
        path = f"{folder}{slash}{_LAST_NUMBER.sub(lambda match: _moved(match[1], offset), stem)}{dot}{ending}"
    return parts._replace(path=path).geturl()


def _moved(number: str, offset: int) -> str:
    value = int(number) + offset
    return number if value < 0 else f"{value:0{len(number)}}"


class LyingHeaders(BodyAround):
    """A body under headers that are not its own."""

    def __init__(self, body: Body, change: Mapping[str, str], remove: Sequence[str]) -> None:
        super().__init__(body)
        self._change = change
        self._remove = frozenset(remove)

    @property
    def headers(self) -> Mapping[str, str]:
        kept = {name: value for name, value in self._body.headers.items() if name not in self._remove}
        return {**kept, **self._change}

    def chunks(self) -> AsyncGenerator[bytes, None]:
        return self._body.chunks()


class OtherRange(BodyAround):
    """The bytes of a range as those of another one (RFC 9110 15.3.7)."""

    def __init__(self, body: Body, shift: int) -> None:
        super().__init__(body)
        self._shift = shift

    @property
    def status(self) -> int:
        return 206

    @property
    def headers(self) -> Mapping[str, str]:
        got = parse_content_range(self._body.headers.get("content-range", ""))
        length = self._body.total or 0
        start = (0 if got is None else got.start) + self._shift
        size = "*" if got is None or got.size is None else str(got.size)
        return {**self._body.headers, "content-range": f"bytes {start}-{start + max(length, 1) - 1}/{size}"}

    def chunks(self) -> AsyncGenerator[bytes, None]:
        return self._body.chunks()


class NotCompressed(BodyAround):
    """A body that says that it is compressed, and is not: undoing it fails."""

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """What undoing the compression gives. Raises NetError (``net.protocol``), for there is none."""
        async with aclosing(self._body.chunks()) as source:
            async for piece in decoded(source, "gzip", self.url):
                yield piece


class Flipped(BodyAround):
    """A body in which single bytes are inverted, behind its head and by a seed."""

    def __init__(self, body: Body, count: int, seed: int) -> None:
        super().__init__(body)
        total = body.total or _UNKNOWN_BYTES
        random = Random(f"{seed} {total}")
        places = range(int(total * _HEAD_SHARE), total)
        self._places = sorted(random.sample(places, min(count, len(places))))

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        position = 0
        async with aclosing(self._body.chunks()) as source:
            async for chunk in source:
                hit = [place - position for place in self._places if position <= place < position + len(chunk)]
                position += len(chunk)
                changed = bytearray(chunk)
                for place in hit:
                    changed[place] ^= 0xFF
                yield bytes(changed)


class Trickling(BodyAround):
    """A body that drips from a byte on."""

    def __init__(self, body: Body, after_bytes: int, bytes_per_s: float, clock: Clock) -> None:
        super().__init__(body)
        self._after = after_bytes
        self._pause_s = 1 / bytes_per_s
        self._clock = clock

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        position = 0
        async with aclosing(self._body.chunks()) as source:
            async for chunk in source:
                at_once = chunk[: max(0, self._after - position)]
                if at_once:
                    yield at_once
                for place in range(len(at_once), len(chunk)):
                    await self._clock.sleep(self._pause_s)
                    yield chunk[place : place + 1]
                position += len(chunk)
