"""A picture of the timeline in letters: where each track has media, where it has holes, and what happens when."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from player.manifest.model import Presentation, Rendition, loaded_segments
from player.manifest.sequences import whole_sequences
from player.manifest.timed_events import timed_events

COLUMNS = 64  # with the names before them it fits a terminal of 80
_MEDIA, _HOLE, _UNKNOWN = "=", ".", "?"
MAX_TRACKS = 20
_ROUNDING_S = 1e-3
Column = Callable[[float], int]


def plot(presentation: Presentation, columns: int = COLUMNS) -> Iterator[str]:
    """One row for each track and one for the events, above them the periods (``|``) and the seconds."""
    start_s, end_s = _extent(presentation)
    if end_s <= start_s:
        yield "nothing to plot: no segments are known"
        return

    def column(time_s: float) -> int:
        share = (time_s - start_s) / (end_s - start_s)
        return min(max(int(share * columns), 0), columns - 1)

    borders = [" "] * columns
    for period in presentation.periods:
        borders[column(period.start_s)] = "|"
    yield f"{'periods':>14} {''.join(borders)}"
    for name, renditions in list(_rows(presentation).items())[:MAX_TRACKS]:
        cells = [" "] * columns
        for rendition in renditions:
            _draw(cells, rendition, column)
        yield f"{name[-14:]:>14} {''.join(cells)}"
    marks = [" "] * columns
    for event in timed_events(presentation):
        if event.start_s is not None and start_s <= event.start_s <= end_s:
            for place in range(column(event.start_s), column(event.start_s + (event.duration_s or 0.0)) + 1):
                marks[place] = "-" if marks[place] == " " else marks[place]
            marks[column(event.start_s)] = "^"
    if any(mark != " " for mark in marks):
        yield f"{'events':>14} {''.join(marks)}"
    first, last = f"{start_s:.3f}", f"{end_s:.3f} s"
    yield f"{'':>14} {first}{last:>{columns - len(first)}}"
    yield f"{'':>14} {_MEDIA} media   {_HOLE} hole or gap   {_UNKNOWN} not loaded   | period   ^ event"


def _rows(presentation: Presentation) -> dict[str, list[Rendition]]:
    """The lowest rendition of each track, by type and language: the same track goes on over the periods."""
    rows: dict[str, list[Rendition]] = {}
    for period in presentation.periods:
        for track in period.tracks:
            if track.renditions and not track.renditions[0].embedded:
                rows.setdefault(f"{track.type} {track.language or ''}".strip(), []).append(track.renditions[0])
    return rows


def _extent(presentation: Presentation) -> tuple[float, float]:
    starts: list[float] = []
    ends: list[float] = []
    for period in presentation.periods:
        ends += [] if period.end_s is None else [period.end_s]
        for track in period.tracks:
            for rendition in track.renditions:
                index = loaded_segments(rendition.segments)
                if index is not None and len(index):
                    starts.append(index[0].start_s)
                    ends.append(index[len(index) - 1].end_s)
    return min(starts, default=0.0), max(ends, default=0.0)


def _draw(cells: list[str], rendition: Rendition, column: Column) -> None:
    index = loaded_segments(rendition.segments)
    if index is None:
        cells[:] = [_UNKNOWN if cell == " " else cell for cell in cells]
        return
    end_s: float | None = None
    for segment in whole_sequences(index):
        if end_s is not None and segment.start_s > end_s + _ROUNDING_S:
            _fill(cells, column(end_s), column(segment.start_s), _HOLE)
        sign = _HOLE if segment.gap else _MEDIA
        _fill(cells, column(segment.start_s), column(max(segment.end_s - _ROUNDING_S, segment.start_s)), sign)
        end_s = segment.end_s


def _fill(cells: list[str], first: int, last: int, sign: str) -> None:
    """A hole is shown even where it is narrower than a column."""
    for place in range(first, last + 1):
        if cells[place] != _HOLE:
            cells[place] = sign
