"""Which small picture shows a time of a title, and where it stands on its sheet. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from player.manifest.model import ManifestProtocol, Presentation, Rendition, Segment, SegmentIndex, Track, TrackType

WIDE_ENOUGH = 320  # pixels; more is only fetched where there is nothing smaller
MOST_TILES = 100 * 100
_ROUNDING = 0.01  # of a tile: what durations are rounded by


@dataclass(frozen=True, slots=True)
class TileSpot:
    """One tile of one segment, counted from the upper left; a keyframe is a sheet of one tile. Times are seconds of
    the presentation."""

    segment: Segment
    column: int
    row: int
    columns: int
    rows: int
    start_s: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class TileSource:
    """Where the small pictures of a period are; ``keyframes`` where they are frames of a video."""

    start_s: float
    rendition: Rendition
    keyframes: bool


def sources_of(presentation: Presentation) -> tuple[TileSource, ...]:
    """The small pictures of each period that has any: sheets rather than keyframes, since one request brings many."""
    per_tile = presentation.protocol is ManifestProtocol.HLS
    found = []
    for period in presentation.periods:
        sheets = _usable(period.of(TrackType.IMAGE))
        frames = _usable(period.of(TrackType.TRICK))
        if sheets:
            found.append(TileSource(period.start_s, _narrowest(sheets, per_tile=per_tile), keyframes=False))
        elif frames:
            found.append(TileSource(period.start_s, frames[0], keyframes=True))
    return tuple(found)


def source_at(sources: Sequence[TileSource], time_s: float) -> TileSource | None:
    """The small pictures of the period that a time is in."""
    begun = [source for source in sources if source.start_s <= time_s]
    return begun[-1] if begun else sources[0] if sources else None


def _usable(tracks: Sequence[Track]) -> list[Rendition]:
    usable = [rendition for track in tracks for rendition in track.renditions if rendition.unusable is None]
    return sorted(usable, key=lambda rendition: (rendition.bandwidth_bps, rendition.width or 0))


def _narrowest(sheets: Sequence[Rendition], *, per_tile: bool) -> Rendition:
    """The smallest that is wide enough. HLS tells the width of a tile (``per_tile``), DASH that of the sheet."""

    def width(rendition: Rendition) -> float:
        columns = 1 if per_tile or rendition.tiles is None else max(1, rendition.tiles[0])
        return (rendition.width or 0) / columns

    return next((rendition for rendition in sheets if width(rendition) >= WIDE_ENOUGH), sheets[-1])


def spot_at(rendition: Rendition, index: SegmentIndex, time_s: float) -> TileSpot | None:
    """Where the picture of a time stands; None where there are no segments.

    A tile's duration is declared, or the share of a whole sheet (DASH-IF IOP 6.2.6); the last sheet may be cut short.
    """
    if not len(index):
        return None
    columns, rows = rendition.tiles or (1, 1)
    if not 0 < columns * rows <= MOST_TILES:
        return None
    segment = index[index.position_at(time_s)]
    tile_s = rendition.tile_duration_s or max(index[0].duration_s, segment.duration_s) / (columns * rows)
    if tile_s <= 0:
        return None
    last = max(0, min(columns * rows, math.ceil(segment.duration_s / tile_s - _ROUNDING)) - 1)
    number = max(0, min(last, int((time_s - segment.start_s) / tile_s)))
    row, column = divmod(number, columns)
    return TileSpot(segment, column, row, columns, rows, segment.start_s + number * tile_s, tile_s)
