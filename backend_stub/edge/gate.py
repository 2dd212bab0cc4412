"""What an edge asks before it gives a file: whether what its token was given for still stands."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from typing import Protocol

import httpx

from backend_stub.clock import Clock
from backend_stub.services.edge_gate import EdgeGate
from backend_stub.signing import EdgeGrant

_MAX_AGE = re.compile(r"max-age=(\d+)")
_TIMEOUT_S = 2.0
_MOST_KEPT = 10_000


class TokenGate(Protocol):
    async def stands(self, grant: EdgeGrant, token: str) -> bool:
        """Whether a file may be given for a token that is good by itself."""
        ...

    async def close(self) -> None: ...


class OwnGate:
    """Of an edge in a process of the service."""

    def __init__(self, gate: EdgeGate) -> None:
        self._gate = gate

    async def stands(self, grant: EdgeGrant, token: str) -> bool:  # noqa: ARG002 - of the protocol
        return self._gate.known(grant) or await asyncio.to_thread(self._gate.stands, grant)

    async def close(self) -> None:
        pass


class RemoteGate:
    """Of an edge on another machine: asks the service (``/edge-check``) and keeps its answer as long as that says.
    While the service is not to be asked every token stands until it expires, which is minutes."""

    def __init__(self, api_url: str, clock: Clock) -> None:
        self._url = f"{api_url}/edge-check"
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._until: OrderedDict[str, float] = OrderedDict()

    async def stands(self, grant: EdgeGrant, token: str) -> bool:
        if self._clock.monotonic() < self._until.get(token, 0.0):
            return True
        if self._client is None:  # in the loop that uses it
            self._client = httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False)
        try:
            place = f"/{grant.title_id}/{grant.place}/"  # not what the client asks for: any text may stand there
            headers = {"X-Matinee-Token": token, "X-Matinee-Path": place}
            answer = await self._client.get(self._url, headers=headers)
        except httpx.HTTPError:
            return True
        if answer.status_code == 403:
            self._until.pop(token, None)
            return False
        kept = _MAX_AGE.search(answer.headers.get("cache-control", ""))
        self._until[token] = self._clock.monotonic() + (int(kept[1]) if kept else 0)
        while len(self._until) > _MOST_KEPT:
            self._until.popitem(last=False)
        return True

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
