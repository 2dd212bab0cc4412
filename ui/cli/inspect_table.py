"""Tables for people: the same presentation that ``inspect --json`` prints, in lines."""

from __future__ import annotations

from collections.abc import Iterator

from player.manifest.changes import Changes
from player.manifest.edit import iter_renditions
from player.manifest.model import (
    IndexRef,
    PlaylistRef,
    Presentation,
    Rendition,
    Segment,
    Track,
)
from player.manifest.sequences import whole_sequences

SHOWN_SEGMENTS = 6


def lines(presentation: Presentation) -> Iterator[str]:
    """The presentation, one line after the other."""
    yield from _head(presentation)
    for period in presentation.periods:
        yield ""
        end = "open" if period.end_s is None else _seconds(period.end_s)
        yield f"period {period.id}  {_seconds(period.start_s)} to {end}"
        for track in period.tracks:
            yield from _track(track)
    yield from _events(presentation)
    yield from _remarks(presentation)


def _head(presentation: Presentation) -> Iterator[str]:
    kind = "live" if presentation.live else "on demand"
    length = "" if presentation.duration_s is None else f", {_seconds(presentation.duration_s)}"
    yield f"{presentation.protocol.upper()} {presentation.kind} manifest, {kind}{length}"
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
    for name, value in presentation.variables.items():
        yield f"variable {name} = {value}"


def _track(track: Track) -> Iterator[str]:
    words = [track.language or "", track.name, " ".join(track.roles), "default" if track.default else ""]
    about = ", ".join(word for word in words if word)
    yield f"  {track.type} {track.id}" + (f"  ({about})" if about else "")
    for rendition in track.renditions:
        yield "    " + _rendition(rendition)
        yield from _segments(rendition)


def _rendition(rendition: Rendition) -> str:
    words = [rendition.id]
    if rendition.bandwidth_bps:
        words.append(f"{rendition.bandwidth_bps / 1000:.0f} kbit/s")
    if rendition.width and rendition.height:
        words.append(f"{rendition.width}x{rendition.height}")
    if rendition.frame_rate:
        words.append(f"{rendition.frame_rate:g} fps")
    if rendition.codecs:
        words.append(",".join(rendition.codecs))
    if rendition.channels:
        words.append(f"{rendition.channels} ch")
    if rendition.video_range:
        words.append(rendition.video_range)
    words.append(str(rendition.container))
    words += [f"{item.scheme or 'encrypted'} {item.system_id or ''}".strip() for item in rendition.protections]
    if len(rendition.locations) > 1:
        words.append("at " + " ".join(location.pathway for location in rendition.locations))
    return "  ".join(words)


def _segments(rendition: Rendition) -> Iterator[str]:
    index = rendition.segments
    if rendition.embedded:
        yield "      inside the variant's own segments"
    elif isinstance(index, PlaylistRef):
        yield "      playlist not loaded"
    elif isinstance(index, IndexRef):
        yield f"      index not loaded ({index.byte_range.header()})"
    else:
        index = whole_sequences(index)
        count = len(index)
        head = count if count <= SHOWN_SEGMENTS else SHOWN_SEGMENTS - 1
        for position in range(head):
            yield "      " + _segment(index[position])
        if head < count:
            yield f"      ... {count - head - 1} more"
            yield "      " + _segment(index[count - 1])


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


def _events(presentation: Presentation) -> Iterator[str]:
    events = [event for period in presentation.periods for event in period.events]
    events += presentation.date_ranges
    if events:
        yield ""
        yield "events"
    for event in events:
        start = "   -" if event.start_s is None else f"{event.start_s:10.3f}"
        length = "" if event.duration_s is None else f"  {_seconds(event.duration_s)}"
        yield f"  {start}{length}  {event.id}  {event.scheme}"


def _remarks(presentation: Presentation) -> Iterator[str]:
    if presentation.warnings:
        yield ""
        yield "warnings"
    for warning in presentation.warnings:
        where = f" of {warning.rendition}" if warning.rendition else ""
        place = f"line {warning.place.line}{where}: " if warning.place.line else ""
        yield f"  {place}{warning.sentence} ({warning.code})"
    if presentation.unused:
        yield ""
        yield "read and not used: " + ", ".join(presentation.unused)
    count = sum(1 for _ in iter_renditions(presentation))
    yield ""
    yield f"{count} renditions, {len(presentation.periods)} periods, {len(presentation.warnings)} warnings"


def change_lines(changes: Changes) -> Iterator[str]:
    """What changed between two refreshes, and which rules that broke."""
    if not changes:
        yield "nothing changed"
    if changes.reset:
        yield "the sequence starts anew"
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
