"""Black and frozen stretches of a film, noticed while it is coded. Finding them is FFmpeg's, joining them is ours."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

# Shorter ones are found, so that stretches that run over the end of a chunk are not missed.
_SHORTEST_S = 0.4
#: What is worth telling people.
WORTH_TELLING_S = 2.0
_GAP_S = 0.25
WATCH_FILTERS = (
    "scale=96:54:flags=fast_bilinear,format=yuv420p,"
    f"blackdetect=d={_SHORTEST_S}:pix_th=0.06,freezedetect=n=0.001:d={_SHORTEST_S}"
)

Intervals = tuple[tuple[float, float], ...]


def read_watch(path: Path, begin_s: float, end_s: float) -> tuple[Intervals, Intervals]:
    """The black and the frozen stretches of a chunk from ``begin_s`` to ``end_s``, out of what the filters said."""
    lines = path.read_text(encoding="ascii", errors="replace").splitlines() if path.exists() else []
    return (
        _stretches(lines, "lavfi.black_start", "lavfi.black_end", begin_s, end_s),
        _stretches(lines, "lavfi.freezedetect.freeze_start", "lavfi.freezedetect.freeze_end", begin_s, end_s),
    )


def merge(stretches: Iterable[tuple[float, float]]) -> Intervals:
    """Stretches of all chunks joined where they touch; those that are worth telling."""
    joined: list[tuple[float, float]] = []
    for begin, end in sorted(stretches):
        if joined and begin - joined[-1][1] <= _GAP_S:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple((round(begin, 2), round(end, 2)) for begin, end in joined if end - begin >= WORTH_TELLING_S)


def _stretches(lines: Iterable[str], start: str, stop: str, begin_s: float, end_s: float) -> Intervals:
    found: list[tuple[float, float]] = []
    since: float | None = None
    for line in lines:
        name, _, value = line.partition("=")
        if name == start:
            since = _number(value)
        elif name == stop and since is not None:
            found.append((since, _number(value)))
            since = None
    if since is not None:
        found.append((since, end_s))
    return tuple((max(begin_s, begin), min(end_s, end)) for begin, end in found if end > begin)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
