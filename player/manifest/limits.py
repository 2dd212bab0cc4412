"""Bounds on what a manifest may ask of us. Remote text is hostile until it has passed them."""

from __future__ import annotations

from player.base.errors import ErrorCode, ManifestError

MAX_TEXT_BYTES = 64 * 1024 * 1024
MAX_LINE_CHARACTERS = 256 * 1024  # a line carries at most a PSSH or a data: URI
MAX_SUBSTITUTED_CHARACTERS = 128 * 1024 * 1024  # what variables of a playlist may grow to, in all lines together
MAX_SEGMENTS = 400_000  # of one rendition: a week of two-second segments is 302,400
MAX_COUNTED_SEGMENTS = 10**12  # of a live SegmentTimeline before its window is cut out of it
MAX_SHOWN_SEGMENTS = 500_000  # of all renditions of a presentation together, where it is printed
MAX_OPEN_WINDOW = 50_000  # of a live SegmentTemplate: more than a day of two-second segments
MAX_RENDITIONS = 4_000
MAX_PERIODS = 10_000
MAX_ELEMENTS = 3_000_000
MAX_DEPTH = 64
MAX_DURATION_S = 10 * 366 * 86_400.0
MAX_TIMELINE_S = 10 * MAX_DURATION_S  # a programme's timeline may count from 1970, also once it is over
MAX_TEMPLATE_WIDTH = 32
MAX_URL_CHARACTERS = 256 * 1024
MAX_VARIABLES = 1_000
MAX_WARNINGS = 200  # of one manifest; the last one says how many more there were
MAX_REMOTE_LINKS = 100  # elements of an MPD that are loaded from elsewhere (xlink:href)
MAX_REMOTE_DEPTH = 5
MAX_REMOTE_BYTES = 4 * 1024 * 1024
MAX_INDEX_BYTES = 32 * 1024 * 1024
MAX_INDEX_DEPTH = 8
MAX_INDEX_PIECES = 500  # of one hierarchical index: as many sidx boxes elsewhere are loaded


def limit_error(what: str, limit: float, *, line: int | None = None, path: str | None = None) -> ManifestError:
    """The error for a manifest that goes past a bound."""
    return ManifestError(
        ErrorCode.MANIFEST_LIMIT,
        f"The manifest is refused: {what} (the limit is {limit:g}).",
        line=line,
        path=path,
    )
