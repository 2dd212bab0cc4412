"""The server above a cache, asked over HTTP with the token that the viewer has."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx

from backend_stub.edge.answer import RequestConditions, ServedFile
from backend_stub.edge.source import SourceRequest
from backend_stub.problems import ProblemError
from backend_stub.signing import PREFIX

_TIMEOUT = httpx.Timeout(10.0, connect=2.0)
_LIMITS = httpx.Limits(max_connections=256, max_keepalive_connections=64)
_MAX_AGE = re.compile(r"\bmax-age=(\d{1,9})\b")


class UpstreamError(Exception):
    """The server above cannot be asked, or its answer makes no sense."""


@dataclass
class UpstreamAnswer:
    """Status 200, 206, 304 or 416, with the body still to come; :meth:`close` gives the connection back."""

    response: httpx.Response
    _held: AsyncExitStack = field(repr=False)

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def age_s(self) -> float:
        return _number(self.response.headers.get("age", "0"))

    @property
    def via(self) -> str:
        return str(self.response.headers.get("via", ""))

    @property
    def max_age_s(self) -> float:
        found = _MAX_AGE.search(self.response.headers.get("cache-control", ""))
        return float(found.group(1)) if found else 0.0

    @property
    def has_length(self) -> bool:
        return "content-length" in self.response.headers

    def facts(self) -> ServedFile:
        """Raises UpstreamError where the answer does not say how long it is."""
        headers = self.response.headers
        if not self.has_length:
            raise UpstreamError("an answer without a length")
        return ServedFile(
            size=int(_number(headers["content-length"])),
            content_type=headers.get("content-type", "application/octet-stream"),
            cache_control=headers.get("cache-control", "no-store"),
            etag=headers.get("etag"),
            modified_at=_date(headers.get("last-modified")),
        )

    async def close(self) -> None:
        await self._held.aclose()


class Upstream:
    """``base_url`` is that of a shield or of the origin."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._client: httpx.AsyncClient | None = None

    async def ask(self, request: SourceRequest, conditions: RequestConditions) -> UpstreamAnswer:
        """GET the file of ``request`` under ``conditions``.

        Raises :class:`ProblemError` as the server above did (403, 404), UpstreamError where it cannot answer.
        """
        held = AsyncExitStack()
        try:
            # Encoded again: a name that says %31 would be another file above, and be kept under this one's name.
            asked = f"?{request.query}" if request.query else ""
            url = f"{self._base_url}{PREFIX}{request.token}{quote(request.path)}{asked}"
            made = self._opened().stream("GET", url, headers=_headers(conditions))
            response = await held.enter_async_context(made)
            refused = {400, 403, 404, 503} if request.query else {403, 404}
            if response.status_code in refused:
                raise _refusal(response.status_code)
            if response.status_code not in {200, 206, 304, 416}:
                raise UpstreamError(f"status {response.status_code}")
        except httpx.HTTPError as error:
            await held.aclose()
            raise UpstreamError(type(error).__name__) from error
        except BaseException:
            await held.aclose()
            raise
        return UpstreamAnswer(response, held)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:  # in the loop that uses it
            self._client = httpx.AsyncClient(
                timeout=_TIMEOUT, limits=_LIMITS, trust_env=False, headers={"Accept-Encoding": "identity"}
            )
        return self._client


def _headers(conditions: RequestConditions) -> dict[str, str]:
    named = {
        "Range": conditions.byte_range,
        "If-Range": conditions.if_range,
        "If-None-Match": conditions.if_none_match,
        "If-Modified-Since": conditions.if_modified_since,
    }
    return {name: value for name, value in named.items() if value is not None}


def _refusal(status: int) -> ProblemError:
    if status == 404:
        return ProblemError(404, "file_not_found", "There is no such file.")
    if status == 400:
        return ProblemError(400, "bad_directive", "The delivery directives do not fit the playlist.")
    if status == 503:
        return ProblemError(503, "not_made_in_time", "The server above has not had that in time.")
    return ProblemError(403, "bad_signature", "The address is not signed, or its signature has expired.")


def _number(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError as error:
        raise UpstreamError("a number that is none") from error


def _date(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None
