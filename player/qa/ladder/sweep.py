"""Loads the segments of a ladder and measures them, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from player.errors import MatineeError
from player.manifest.model import Presentation, Rendition, Segment, SegmentIndex, TrackType
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.qa.ladder.measure import Ruler, SegmentFacts
from player.qa.ladder.rules import Measured

_AT_ONCE = 4
OnProgress = Callable[[str], None]


async def sweep(
    presentation: Presentation, gate: Gate, *, limit: int, decode: bool, on_progress: OnProgress = lambda _text: None
) -> list[Measured]:
    """Measure every rendition of sound and picture in the first period that has any, ``limit`` segments of each
    (0: all)."""
    measured = []
    for track in next((each.tracks for each in presentation.periods if each.tracks), ()):
        if track.type not in (TrackType.VIDEO, TrackType.AUDIO):
            continue
        for rendition in track.renditions:
            if isinstance(rendition.segments, SegmentIndex):
                on_progress(f"{track.type} {rendition.id}")
                measured.append(await _rendition(track.type, rendition, gate, limit, decode))
    return measured


async def _rendition(type_: TrackType, rendition: Rendition, gate: Gate, limit: int, decode: bool) -> Measured:
    index = rendition.segments
    assert isinstance(index, SegmentIndex)
    segments = [index[number] for number in range(min(len(index), limit or len(index)))]
    ruler = Ruler(rendition, decode=decode)
    inits: dict[object, bytes] = {}
    facts: list[SegmentFacts] = []
    missing: list[tuple[int, str]] = []
    for first in range(0, len(segments), _AT_ONCE):
        group = list(enumerate(segments[first : first + _AT_ONCE], first))
        answers = await asyncio.gather(*(_load(segment, gate, inits) for _, segment in group))
        for (position, segment), answer in zip(group, answers, strict=True):
            if isinstance(answer, MatineeError):
                missing.append((position, answer.sentence))
            else:
                init, data = answer
                facts.append(await asyncio.to_thread(ruler.measure, position, segment, init, data))
    return Measured(type_, rendition, segments, facts, missing)


async def _load(
    segment: Segment, gate: Gate, inits: dict[object, bytes]
) -> tuple[bytes | None, bytes] | MatineeError:
    """Init segment and segment, or why they cannot be had."""
    try:
        init = segment.init
        if init is not None and init not in inits:
            inits[init] = (await gate.fetch(Request(RequestKind.INIT, init.url, byte_range=init.byte_range))).body
        data = await gate.fetch(Request(RequestKind.SEGMENT, segment.url, byte_range=segment.byte_range))
    except MatineeError as error:
        return error
    return (None if init is None else inits[init]), data.body
