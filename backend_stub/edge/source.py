"""Where an edge has its files from, as its sources agree on it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from backend_stub.edge.answer import RequestConditions


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """A request whose signature was found good; ``path`` is what follows the token. ``query`` are the delivery
    directives of a live playlist, nothing for other files."""

    token: str
    title_id: str
    path: str
    conditions: RequestConditions
    head: bool
    query: str = ""

    @property
    def key(self) -> str:
        """What a cache keeps the answer under."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Pieces(Protocol):
    """A body as it comes."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None:
        """No more is wanted; also called when nothing was taken."""
        ...


@dataclass(frozen=True, slots=True)
class SourceReply:
    """``length`` bytes come out of ``pieces``, fewer where the source fails; None where it is still being made. It is
    closed in the end."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    length: int | None
    pieces: Pieces


class FileSource(Protocol):
    async def reply(self, request: SourceRequest) -> SourceReply:
        """Raises :class:`ProblemError` where there is no such file, or where it is not available."""
        ...

    def health(self) -> Mapping[str, object]:
        """What ``/health`` says besides the name."""
        ...

    async def close(self) -> None: ...


async def one_piece(piece: bytes) -> AsyncGenerator[bytes, None]:
    """A body that is there already."""
    if piece:
        yield piece
