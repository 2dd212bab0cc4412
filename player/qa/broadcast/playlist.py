"""The media playlist of a whole title as a live one at a moment (RFC 8216bis 6.2.2). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from player.base.errors import ErrorCode, InputError

_ENTRY = re.compile(r"#EXT(?:INF|-X-(?:BYTERANGE|DISCONTINUITY|GAP|BITRATE|KEY|MAP|DATERANGE))(?::|$)")
_DROPPED = re.compile(
    r"#EXT(?:M3U|-X-(?:ENDLIST|PLAYLIST-TYPE|MEDIA-SEQUENCE|DISCONTINUITY-SEQUENCE|PROGRAM-DATE-TIME))"
)
_COUNT = re.compile(r"#EXT-X-(MEDIA|DISCONTINUITY)-SEQUENCE:\s*(\d+)")
_RANGE = re.compile(r"#EXT-X-BYTERANGE:\s*(\d+)(?:@(\d+))?")
_DISCONTINUITY = "#EXT-X-DISCONTINUITY"


@dataclass(frozen=True, slots=True)
class Entry:
    """A segment with the lines before it. ``keys`` and ``map`` are the lines that hold for it from before;
    ``offset`` is where it starts in its file."""

    uri: str
    lines: tuple[str, ...]
    start_s: float
    duration_s: float
    keys: tuple[str, ...]
    map: str
    offset: int | None

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class TitlePlaylist:
    """A media playlist of a whole title; ``head`` are the lines of the whole."""

    head: tuple[str, ...]
    entries: tuple[Entry, ...]
    sequence: int = 0
    discontinuities: int = 0


def read(text: str) -> TitlePlaylist | None:
    """The playlist of a text; None for a multivariant one. Raises InputError for one that still grows."""
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
        return None
    if "#EXT-X-ENDLIST" not in lines:
        raise InputError(
            ErrorCode.INPUT_USAGE, "A live script sends a whole title; this playlist has no EXT-X-ENDLIST."
        )
    counts = {found[1]: int(found[2]) for line in lines if (found := _COUNT.match(line))}
    head = tuple(
        line for line in lines if line.startswith("#EXT") and not _ENTRY.match(line) and not _DROPPED.match(line)
    )
    entries = tuple(_entries(lines))
    return TitlePlaylist(head, entries, counts.get("MEDIA", 0), counts.get("DISCONTINUITY", 0))


def _entries(lines: list[str]) -> Iterator[Entry]:
    own: list[str] = []
    keys: list[str] = []
    map_, start_s, duration_s, after = "", 0.0, 0.0, 0
    offset: int | None = None
    for line in lines:
        if not line.startswith("#"):
            yield Entry(line, tuple(own), start_s, duration_s, tuple(keys), map_, offset)
            start_s, own, offset = start_s + duration_s, [], None
        elif line.startswith("#EXT-X-KEY"):
            keys = [*keys, line] if own and own[-1].startswith("#EXT-X-KEY") else [line]
            own.append(line)
        elif line.startswith("#EXT-X-MAP"):
            map_ = line
            own.append(line)
        elif _ENTRY.match(line):
            own.append(line)
            if line.startswith("#EXTINF"):
                duration_s = float(re.split("[:,]", line)[1])
            elif (found := _RANGE.match(line)) is not None:
                offset = after if found[2] is None else int(found[2])
                after = offset + int(found[1])


def with_restarts(title: TitlePlaylist, restarts_s: Sequence[float]) -> TitlePlaylist:
    """The playlist with a discontinuity where its encoder restarts: before the first segment from that time on."""
    entries, left = [], sorted(restarts_s)
    for entry in title.entries:
        if left and entry.start_s >= left[0]:
            left = [each for each in left if each > entry.start_s]
            lines = entry.lines if _DISCONTINUITY in entry.lines else (_DISCONTINUITY, *entry.lines)
            entry = replace(entry, lines=lines)  # noqa: PLW2901  (the same segment)
        entries.append(entry)
    return replace(title, entries=tuple(entries))


def at(
    title: TitlePlaylist,
    sent_s: float,
    window_s: float,
    began_wall_s: float,
    late_s: Callable[[str], float],
    away_s: Callable[[float], float] = lambda _start_s: 0.0,
) -> str:
    """The playlist when ``sent_s`` of the title are sent. ``began_wall_s`` is the date of its first frame; ``late_s``
    says how much later than its end a segment is listed. It holds back those after it. ``away_s`` is how much later
    than by the title's time the segment of a start is sent. Raises InputError before the first segment."""
    whole = 0
    for entry in title.entries:
        if entry.end_s + late_s(entry.uri) > sent_s:
            break
        whole += 1
    if not whole:
        raise InputError(ErrorCode.INPUT_USAGE, "Nothing is sent yet: live.begun_s must be a segment or more.")
    over = whole == len(title.entries)
    listed = title.entries[:whole]
    first = next((n for n, each in enumerate(listed) if each.end_s > listed[-1].end_s - window_s), 0)
    dropped, listed = listed[:first], listed[first:]
    breaks = title.discontinuities + sum(_DISCONTINUITY in each.lines for each in dropped)
    lines = ["#EXTM3U", *title.head]
    lines += [f"#EXT-X-MEDIA-SEQUENCE:{title.sequence + first}"]
    lines += [f"#EXT-X-DISCONTINUITY-SEQUENCE:{breaks}"] if breaks else []
    for number, entry in enumerate(listed):
        lines += _written(_complete(entry) if not number else entry, began_wall_s + away_s(entry.start_s))
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if over else []), ""])


def _complete(entry: Entry) -> Entry:
    """The entry with what the ones before it said of it."""
    before = [line for line in (*entry.keys, entry.map) if line and line not in entry.lines]
    return replace(entry, lines=(*before, *entry.lines))


def _written(entry: Entry, began_wall_s: float) -> Iterator[str]:
    date = datetime.fromtimestamp(began_wall_s + entry.start_s, UTC).isoformat(timespec="milliseconds")
    yield f"#EXT-X-PROGRAM-DATE-TIME:{date}"
    for line in entry.lines:
        found = _RANGE.match(line)
        yield line if found is None else f"#EXT-X-BYTERANGE:{found[1]}@{entry.offset}"
    yield entry.uri
