"""Fixtures of the streaming's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from player.manifest.model import Presentation, TrackType
from tests.kit.presentations import RecordDemuxer
from tests.kit.streaming import StreamingBench, files_of, media

Make = Callable[..., StreamingBench]
MakeMedia = Callable[[TrackType, float, float, str], bytes]


@pytest.fixture
def record_demuxers(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[bytes, ...]]:
    """Segments are record segments; the answer maps an init segment to the key IDs its samples need."""
    kids: dict[str, tuple[bytes, ...]] = {}

    def opened(_container: object, init: bytes | None, **_options: object) -> RecordDemuxer:
        return RecordDemuxer(kids=kids.get((init or b"").decode(), ()))

    monkeypatch.setattr("player.stream.sources.open_demuxer", opened)
    return kids


@pytest.fixture
async def make(record_demuxers: dict[str, tuple[bytes, ...]]) -> AsyncIterator[Make]:
    """Benches of record titles; ``of`` makes their segments. They are closed at the end."""
    made: list[StreamingBench] = []

    def build(what: Presentation, *, of: MakeMedia = media, **options: Any) -> StreamingBench:
        bench = StreamingBench(what, files_of(what, of), **options)
        made.append(bench)
        return bench

    yield build
    for bench in made:
        await bench.streaming.close()
