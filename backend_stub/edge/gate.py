"""What an edge asks before it gives a file: whether what its token was given for still stands."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import NamedTuple, Protocol

import httpx

from backend_stub.clock import Clock
from backend_stub.services.edge_gate import AWAY_S, REMEMBERED_S, EdgeGate, unanswered
from backend_stub.signing import EdgeGrant

_MAX_AGE = re.compile(r"max-age=(\d+)")
_TIMEOUT_S = 2.0
_MOST_KEPT = 10_000
_Given = tuple[str, str, int | None, str, str]


class _Answer(NamedTuple):
    """That something stands: when it was asked about, and until when the answer counts (monotonic seconds)."""

    at: float
    until: float


class TokenGate(Protocol):
    async def stands(self, grant: EdgeGrant, token: str) -> bool:
        """Whether a file may be given for a token that is good by itself. Raises :class:`ProblemError` 503
        ``database_unavailable`` for one that nothing is known of while the service cannot be asked."""
        ...

    async def close(self) -> None: ...


class OwnGate:
    """Of an edge in a process of the service."""

    def __init__(self, gate: EdgeGate) -> None:
        self._gate = gate

    async def stands(self, grant: EdgeGrant, token: str) -> bool:  # noqa: ARG002 - of the protocol
        return await self._gate.answer(grant)

    async def close(self) -> None:
        pass


class RemoteGate:
    """Of an edge on another machine: asks the service (``/edge-check``) and keeps its answer as long as that says.
    While the service does not answer, what stood before goes on for ten minutes, and nothing else."""

    def __init__(self, api_url: str, clock: Clock) -> None:
        self._url = f"{api_url}/edge-check"
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._stood: OrderedDict[_Given, _Answer] = OrderedDict()  # renewed tokens are of the same session
        self._away_until = float("-inf")

    async def stands(self, grant: EdgeGrant, token: str) -> bool:
        given = grant.session_id or token, grant.family, grant.max_height, grant.title_id, grant.place
        known = self._stood.get(given)
        now = self._clock.monotonic()
        if known is not None and now < known.until:
            return True
        if now < self._away_until:
            return self._without_answer(known)
        if self._away_until > float("-inf"):
            self._away_until = now + AWAY_S  # one asks, the others do not wait with it
        if self._client is None:  # in the loop that uses it
            self._client = httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False)
        try:
            place = f"/{grant.title_id}/{grant.place}/"  # not what the client asks for: any text may stand there
            headers = {"X-Matinee-Token": token, "X-Matinee-Path": place}
            answer = await self._client.get(self._url, headers=headers)
            if answer.is_client_error:
                self._stood.pop(given, None)
                return False
            answer.raise_for_status()
        except httpx.HTTPError:
            self._away_until = self._clock.monotonic() + AWAY_S
            return self._without_answer(known)
        self._away_until = float("-inf")
        kept = _MAX_AGE.search(answer.headers.get("cache-control", ""))
        now = self._clock.monotonic()
        self._stood[given] = _Answer(now, now + (int(kept[1]) if kept else 0))
        self._stood.move_to_end(given)
        while len(self._stood) > _MOST_KEPT:
            self._stood.popitem(last=False)
        return True

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _without_answer(self, known: _Answer | None) -> bool:
        if known is None or self._clock.monotonic() - known.at >= REMEMBERED_S:
            raise unanswered()
        return True
