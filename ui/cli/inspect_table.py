"""What ``inspect`` prints for people: a first screen, the segments on demand, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from drm_client.systems import system_name, system_of_keyformat
from player.manifest.changes import Changes
from player.manifest.model import (
    IndexRef,
    ManifestWarning,
    Period,
    PlaylistRef,
    Presentation,
    Rendition,
    Segment,
    TimedEvent,
    Track,
    TrackType,
    loaded_segments,
)
from player.manifest.sequences import whole_sequences
from player.manifest.timed_events import splice_of, timed_events

SHOWN_WARNING_ROWS = 6
SHOWN_PERIODS = 4
SHOWN_EVENTS = 4
SCREEN_COLUMNS, SCREEN_ROWS = 80, 23  # of a terminal of 24 rows, the last one is the shell's
LEAST_PERIOD_ROWS = 8  # however much there is to say above and below


def lines(presentation: Presentation, *, segments: bool = False, below: Sequence[str] = ()) -> Iterator[str]:
    """The presentation, one line after the other: what it is, its ladder, its other tracks, its problems. With
    ``segments`` nothing is cut short; without, it fits a terminal of 80 x 24 together with the lines ``below``."""
    head = [line if segments else _cut(line) for line in _head(presentation)]
    events = [line if segments else _cut(line) for line in _events(presentation, whole=segments)]
    tail = [*events, *_remarks(presentation, whole=segments), *below]
    yield from head
    if segments:
        yield from _periods(presentation.periods, segments=True)
    else:
        room = SCREEN_ROWS - _rows_of(head) - _rows_of(tail)
        yield from _cut_short(presentation, max(room, LEAST_PERIOD_ROWS))
    yield from tail


def _periods(periods: Iterable[Period], *, segments: bool) -> Iterator[str]:
    for period in periods:
        end = "open" if period.end_s is None else _seconds(period.end_s)
        yield ""
        yield f"period {period.id}  {_seconds(period.start_s)} to {end}"
        yield from _ladder(period.tracks)
        yield from _others(period.tracks)
        if segments:
            for track in period.tracks:
                for rendition in track.renditions:
                    yield f"    {track.type} {rendition.id}"
                    yield from _segments(rendition)


def _cut_short(presentation: Presentation, room: int) -> Iterator[str]:
    """As much of the periods as has room; what is left out is counted."""
    periods = presentation.periods
    rows = list(_periods(periods[:SHOWN_PERIODS], segments=False))
    more = len(periods) - SHOWN_PERIODS
    if more <= 0 and _rows_of(rows) <= room:
        yield from rows
        return
    shown: list[str] = []
    for row in rows:
        if _rows_of([*shown, row]) >= room:
            break
        shown.append(row)
    yield from shown
    said = [_counted(len(rows) - len(shown), "more line")] if len(rows) > len(shown) else []
    said += [_counted(more, "more period")] if more > 0 else []
    yield f"... {', '.join(said)} (--segments shows all)"


def _cut(line: str) -> str:
    """A line of a first screen: two rows at most."""
    most = 2 * SCREEN_COLUMNS
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _rows_of(shown: Iterable[str]) -> int:
    """The rows that lines take on a terminal, which breaks the long ones."""
    return sum(max(1, -(-len(line) // SCREEN_COLUMNS)) for line in shown)


def _head(presentation: Presentation) -> Iterator[str]:
    kind = "live" if presentation.live else "on demand"
    length = "" if presentation.duration_s is None else f", {_seconds(presentation.duration_s)}"
    form = "MPD" if presentation.kind == "mpd" else f"{presentation.kind} playlist"
    yield f"{presentation.protocol.upper()} {form}, {kind}{length}"
    profiles = str(presentation.extra.get("profiles") or "")
    if profiles:
        yield f"profiles: {profiles}"
    live = presentation.live_info
    if live is not None:
        facts = {
            "window": live.window_depth_s,
            "update": live.minimum_update_s,
            "delay": live.suggested_delay_s,
            "latency": live.target_latency_s,
            "part": live.part_target_s,
            "hold back": live.hold_back_s,
        }
        shown = [f"{name} {_seconds(value)}" for name, value in facts.items() if value is not None]
        if shown:
            yield "live: " + ", ".join(shown)
    if presentation.steering is not None:
        yield f"steering: default pathway {' '.join(presentation.steering.default_pathways) or '-'}"
    if presentation.following:
        yield f"goes on with: {presentation.following}"
    if presentation.fallbacks:
        yield f"where it fails: {' '.join(presentation.fallbacks)}"
    for name, value in presentation.variables.items():
        yield f"variable {name} = {value}"


def _ladder(tracks: Sequence[Track]) -> Iterator[str]:
    """The qualities of the video as a table, the lowest first."""
    rows = [_row(rendition) for track in tracks if track.type is TrackType.VIDEO for rendition in track.renditions]
    if rows:
        yield from _table(("  video", "kbit/s", "size", "fps", "codecs", "range", "media", ""), rows)


def _row(rendition: Rendition) -> tuple[str, ...]:
    size = f"{rendition.width}x{rendition.height}" if rendition.width and rendition.height else "-"
    rate = f"{rendition.frame_rate:g}" if rendition.frame_rate else "-"
    return (
        f"  {rendition.id}",
        f"{rendition.bandwidth_bps / 1000:.0f}" if rendition.bandwidth_bps else "-",
        size,
        rate,
        ",".join(rendition.codecs) or "-",
        rendition.video_range or "-",
        _media(rendition),
        _marks(rendition),
    )


def _media(rendition: Rendition) -> str:
    """Where the segments are, and how many."""
    if rendition.embedded:
        return "inside the variant's own segments"
    if isinstance(rendition.segments, PlaylistRef):
        return "playlist not loaded"
    if isinstance(rendition.segments, IndexRef):
        return f"index not loaded ({rendition.segments.byte_range.header()})"
    return f"{len(rendition.segments)} x {rendition.container}"


def _marks(rendition: Rendition) -> str:
    """Encryption, other places, and why it would not be played."""
    schemes = dict.fromkeys(item.scheme or "encrypted" for item in rendition.protections)
    names = dict.fromkeys(system_name(item.system_id) for item in rendition.protections if item.system_id)
    words = [" ".join((*schemes, *names))] if rendition.protections else _key_words(rendition)
    if len(rendition.locations) > 1:
        words.append("at " + " ".join(location.pathway for location in rendition.locations))
    if rendition.unusable is not None:
        words.append(f"not played: {rendition.unusable}")
    return ", ".join(words)


def _key_words(rendition: Rendition) -> list[str]:
    """How the first segment of an HLS rendition is encrypted, and for which key systems."""
    index = loaded_segments(rendition.segments)
    keys = index[0].keys if index else ()
    systems = (system_of_keyformat(key.keyformat) for key in keys if key.keyformat != "identity")
    names = dict.fromkeys(system_name(system) for system in systems if system is not None)
    return [" ".join((*dict.fromkeys(key.method for key in keys), *names))] if keys else []


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns in which no row says anything are left out: a first screen is 80 characters wide."""
    said = [column for column in range(len(head)) if any(row[column] not in ("", "-") for row in rows)]
    head, rows = [head[at] for at in said], [[row[at] for at in said] for row in rows]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _others(tracks: Iterable[Track]) -> Iterator[str]:
    """Sound, subtitles and pictures, a line for each track."""
    for track in tracks:
        if track.type is TrackType.VIDEO or not track.renditions:
            continue
        words = [track.language or "", track.name, " ".join(track.roles), "default" if track.default else ""]
        about = ", ".join(word for word in words if word)
        rates = sorted({rendition.bandwidth_bps // 1000 for rendition in track.renditions} - {0})
        first = track.renditions[0]
        facts = [
            ",".join(first.codecs),
            f"{first.channels} ch" if first.channels else "",
            f"{' '.join(map(str, rates))} kbit/s" if rates else "",
            _media(first),
            _marks(first),
        ]
        yield f"  {track.type} {track.id}" + (f" ({about})" if about else "") + "  " + ", ".join(filter(None, facts))


def _segments(rendition: Rendition) -> Iterator[str]:
    index = loaded_segments(rendition.segments)
    if index is None or rendition.embedded:
        yield f"      {_media(rendition)}"
        return
    for segment in whole_sequences(index):
        yield "      " + _segment(segment)


def _segment(segment: Segment) -> str:
    marks = []
    if segment.byte_range is not None:
        marks.append(segment.byte_range.header())
    if segment.keys:
        marks.append("+".join(key.method for key in segment.keys))
    if segment.gap:
        marks.append("gap")
    if segment.parts:
        marks.append(f"{len(segment.parts)} parts")
    about = f"  [{', '.join(marks)}]" if marks else ""
    return f"{segment.number:>6}  {segment.start_s:>10.3f}  {segment.duration_s:>8.3f}  {segment.url}{about}"


def _events(presentation: Presentation, *, whole: bool) -> Iterator[str]:
    events = timed_events(presentation)
    if events:
        yield ""
        yield "events"
    for event in events if whole else events[:SHOWN_EVENTS]:
        start = "   -" if event.start_s is None else f"{event.start_s:10.3f}"
        length = "" if event.duration_s is None else f"  {_seconds(event.duration_s)}"
        yield f"  {start}{length}  {event.id}  {event.scheme}{_splice(event)}{_said(event)}"
    if not whole and len(events) > SHOWN_EVENTS:
        yield f"  ... {len(events) - SHOWN_EVENTS} more"


def _said(event: TimedEvent) -> str:
    """What an event in the media says."""
    if event.origin != "media":
        return ""
    words = [f"{name}={value[:60]}" for name, value in event.attributes.items()]
    return "".join(f"  {word}" for word in (event.value, *words) if word)


def _splice(event: TimedEvent) -> str:
    splice = splice_of(event)
    if splice is None or isinstance(splice, str):
        return f"  ({splice})" if splice else ""
    words = [splice.command]
    if splice.out_of_network is not None:
        words.append("out" if splice.out_of_network else "in")
    words += [f"{item.kind} {item.type_id:#x}" for item in splice.descriptors if item.type_id is not None]
    return "  " + " ".join(words)


def _remarks(presentation: Presentation, *, whole: bool) -> Iterator[str]:
    rows = list(_warnings(presentation.warnings, whole=whole))
    shown = rows
    while not whole and len(shown) > 1 and _rows_of(shown) > SHOWN_WARNING_ROWS:
        shown = shown[:-1]
    if shown:
        yield ""
        yield "warnings"
    yield from shown
    if len(rows) > len(shown):
        yield f"  ... {len(rows) - len(shown)} more"
    if presentation.unused:
        yield ""
        yield "read and not used: " + ", ".join(presentation.unused)
    count = sum(len(track.renditions) for period in presentation.periods for track in period.tracks)
    yield ""
    yield ", ".join(
        _counted(number, word)
        for number, word in (
            (count, "rendition"),
            (len(presentation.periods), "period"),
            (len(presentation.warnings), "warning"),
        )
    )


def _warnings(warnings: Iterable[ManifestWarning], *, whole: bool) -> Iterator[str]:
    """A line for each warning; what is said several times stands once, with the first place, unless ``whole``."""
    grouped: dict[tuple[object, ...], list[ManifestWarning]] = {}
    for number, warning in enumerate(warnings):
        same = number if whole else None
        grouped.setdefault((warning.code, warning.sentence, warning.rendition, same), []).append(warning)
    for first, *others in grouped.values():
        where = f" of {first.rendition}" if first.rendition else ""
        place = f"line {first.place.line}{where}: " if first.place.line else ""
        times = f", {len(others) + 1} times" if others else ""
        yield f"  {place}{first.sentence} ({first.code}{times})"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def change_lines(changes: Changes) -> Iterator[str]:
    """What changed between two refreshes, and which rules that broke."""
    if not changes:
        yield "nothing changed"
    if changes.reset:
        yield "the sequence restarts"
    if changes.ended:
        yield "the presentation has ended"
    named = {
        "period added": changes.periods_added,
        "period removed": changes.periods_removed,
        "rendition added": changes.renditions_added,
        "rendition removed": changes.renditions_removed,
    }
    for what, names in named.items():
        for name in names:
            yield f"{what}: {name}"
    for item in changes.renditions:
        counts = {"added": item.added, "removed": item.removed, "changed": item.changed}
        shown = [f"{len(numbers)} {what} ({_span(numbers)})" for what, numbers in counts.items() if numbers]
        if item.missed:
            shown.append(f"{item.missed} never seen")
        yield f"{item.rendition_id}: {', '.join(shown)}"
    for rule in changes.broken:
        yield f"rule broken: {rule.sentence} ({rule.code}, {rule.clause})"


def _span(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{min(numbers)} to {max(numbers)}"


def _seconds(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") + " s"
