"""Loads the segments of a ladder and measures them, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from drm_client.errors import DrmError
from player.base.errors import MatineeError
from player.manifest.dates import parse_duration
from player.manifest.model import Presentation, Rendition, Segment, SegmentIndex, TrackType
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.qa.ladder.keys import SweepKeys
from player.qa.ladder.measure import Ruler, SegmentFacts, standing
from player.qa.ladder.rules import MeasuredRung
from player.qa.ladder.words import words_of

_AT_ONCE = 4
OnProgress = Callable[[str], None]


async def sweep(
    presentation: Presentation,
    gate: Gate,
    keys: SweepKeys,
    *,
    limit: int,
    decode: bool,
    on_progress: OnProgress = lambda _text: None,
) -> list[MeasuredRung]:
    """Measure every rendition of picture, sound and words in every period, ``limit`` segments of each (0: all)."""
    measured = []
    begin_after_s = parse_duration(str(presentation.extra.get("minBufferTime", ""))) or 0.0
    periods = [period for period in presentation.periods if period.tracks]
    for number, period in enumerate(periods, 1):
        offsets: dict[int, float] = {}
        for track in sorted(period.tracks, key=lambda track: track.type is TrackType.TEXT):
            if track.type not in (TrackType.VIDEO, TrackType.AUDIO, TrackType.TEXT):
                continue
            for rendition in track.renditions:
                if isinstance(rendition.segments, SegmentIndex):
                    on_progress(f"{track.type} {rendition.id}")
                    found = await _Sweeper(rendition, gate, keys, decode, offsets).measure(track.type, limit)
                    where = number if len(periods) > 1 else None
                    _learn(offsets, found)
                    measured.append(
                        replace(
                            found,
                            period=where,
                            begin_after_s=begin_after_s,
                            independent=presentation.independent_segments,
                            period_start_s=period.start_s,
                            period_end_s=period.end_s,
                            live=presentation.live,
                        )
                    )
    return measured


def _learn(offsets: dict[int, float], measured: MeasuredRung) -> None:
    """How far media time is from the time of the title, by discontinuity: the first that was measured tells it."""
    for facts in measured.facts:
        segment = measured.segments[facts.position]
        if facts.start_s is not None:
            offsets.setdefault(segment.discontinuity, segment.start_s - facts.start_s)


class _Sweeper:
    """Loads and measures one rendition. ``offsets`` are what is known by then of its period's media times."""

    def __init__(
        self, rendition: Rendition, gate: Gate, keys: SweepKeys, decode: bool, offsets: Mapping[int, float]
    ) -> None:
        self._offsets = offsets
        self._rendition = rendition
        self._gate = gate
        self._keys = keys
        self._ruler = Ruler(rendition, keys, decode=decode)
        self._inits: dict[object, bytes] = {}

    async def measure(self, type_: TrackType, limit: int) -> MeasuredRung:
        """What its segments are, and which were not available."""
        index = self._rendition.segments
        assert isinstance(index, SegmentIndex)
        await self._keys.prepare([kid for each in self._rendition.protections for kid in each.default_kids])
        segments = [index[number] for number in range(min(len(index), limit or len(index)))]
        kind = RequestKind.TEXT if type_ is TrackType.TEXT else RequestKind.SEGMENT
        facts: list[SegmentFacts] = []
        missing: list[tuple[int, str]] = []
        for first in range(0, len(segments), _AT_ONCE):
            group = [
                (position, segment)
                for position, segment in enumerate(segments[first : first + _AT_ONCE], first)
                if not segment.gap  # nobody may ask for it (RFC 8216bis 4.4.4.7)
            ]
            answers = await asyncio.gather(*(self._load(segment, kind) for _, segment in group))
            for (position, segment), answer in zip(group, answers, strict=True):
                if isinstance(answer, str):
                    missing.append((position, answer))
                else:
                    init, data = answer
                    facts.append(await asyncio.to_thread(self._measure, type_, position, segment, init, data))
        return MeasuredRung(type_, self._rendition, segments, standing(facts), missing)

    def _measure(
        self, type_: TrackType, position: int, segment: Segment, init: bytes | None, data: bytes
    ) -> SegmentFacts:
        if type_ is TrackType.TEXT:
            offset_s = segment.media_offset_s
            known_s = self._offsets.get(segment.discontinuity) if offset_s is None else offset_s
            return words_of(position, segment, init, data, known_s)
        return self._ruler.measure(position, segment, init, data)

    async def _load(self, segment: Segment, kind: RequestKind) -> tuple[bytes | None, bytes] | str:
        """Init segment and segment, decrypted where they are encrypted as a whole; or why they are not available."""
        init = segment.init
        try:
            if init is not None and init not in self._inits:
                request = Request(RequestKind.INIT, init.url, byte_range=init.byte_range)
                self._inits[init] = (await self._gate.fetch(request)).body
            request = Request(kind, segment.url, byte_range=segment.byte_range)
            data = await self._keys.whole(segment, (await self._gate.fetch(request)).body)
        except (MatineeError, DrmError) as error:
            return error.sentence
        return (None if init is None else self._inits[init]), data
