"""Many viewers at once, cheaply: a bare HTTP client for loads on servers of our own, and a service with accounts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from backend_stub.config import Settings
from backend_stub.context import open_context
from backend_stub.db.models import Account, Device, Subscription

_BLOCK = 1 << 18


class Wire:
    """One connection that is kept open; bodies are read whole or counted and thrown away."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self.host, self.port = str(parts.hostname), int(parts.port or 80)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> int:
        """The length of the body. Raises AssertionError for any status but 200."""
        reader, size = await self._send("GET", path, b"", "")
        left = size
        while left > 0:
            left -= len(await reader.read(min(left, _BLOCK)))
        return size

    async def call(self, method: str, path: str, token: str, body: object = None) -> bytes:
        content = b"" if body is None else json.dumps(body).encode()
        lines = (
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        )
        reader, size = await self._send(method, path, content, lines)
        return await reader.readexactly(size)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()

    async def _send(self, method: str, path: str, content: bytes, lines: str) -> tuple[asyncio.StreamReader, int]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{lines}\r\n".encode() + content)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        size = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]) if b"content-length:" in head else 0
        assert status in {200, 204}, head.decode()
        return reader, size


@dataclass(frozen=True, slots=True)
class LoadViewer:
    """An account with one device, signed in."""

    token: str
    device_id: str


@dataclass
class Latencies:
    """Seconds of many calls."""

    taken: list[float] = field(default_factory=list)

    @contextmanager
    def timed(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.taken.append(time.perf_counter() - began)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.taken)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def make_viewers(data_dir: Path, number: int) -> list[LoadViewer]:
    """Accounts on the premium plan in the service of a data folder, written without passwords, which take long."""
    with closing(open_context(Settings(data_dir))) as context:
        now = context.clock.now()
        accounts = []
        with context.database.write() as session:
            for index in range(number):
                account = Account(
                    id=f"{index:032x}",
                    email=f"viewer-{index}@load.example",
                    name=f"Viewer {index}",
                    password_hash="none",
                    active=True,
                    created_at=now,
                    role="viewer",
                )
                accounts.append(account)
                plan = Subscription(id=f"{index:032x}", account_id=account.id, plan="premium", starts_at=now)
                device = Device(
                    account_id=account.id, id=device_id(index), name="Load", public_key={}, created_at=now
                )
                session.add_all([account, plan, device])
        return [
            LoadViewer(context.tokens.issue(account, "load").access_token, device_id(index))
            for index, account in enumerate(accounts)
        ]


def device_id(index: int) -> str:
    return f"{index:043d}"
