"""EXT-X-DATERANGE: merging of tags with one ID, and their place on the timeline (RFC 8216bis 4.4.5.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from player.manifest.dates import parse_date
from player.manifest.hls.findings import check_date_range
from player.manifest.hls.lexer import number
from player.manifest.model import Segment, SourcePosition, TimedEvent
from player.manifest.parser_notes import Notes

DATE_DIGITS = 6  # what a float keeps of the seconds since 1970


class DateRanges:
    """Collects the tags of one playlist; tags with the same ID are one range."""

    __slots__ = ("_by_id", "_lines", "_notes", "_unnamed", "_url")

    def __init__(self, notes: Notes, url: str) -> None:
        self._url = url
        self._by_id: dict[str, dict[str, str]] = {}
        self._lines: dict[str, int] = {}
        self._notes = notes
        self._unnamed = 0

    def add(self, attributes: Mapping[str, str], line: int) -> None:
        identity = attributes.get("ID", "")
        if not identity:
            self._notes.warn("hls.daterange_without_id", "An EXT-X-DATERANGE has no ID.", line=line)
            self._unnamed += 1
            identity = f"line-{line}"
        known = self._by_id.get(identity)
        if known is None:
            self._by_id[identity] = dict(attributes)
            self._lines[identity] = line
            return
        for name, value in attributes.items():
            if known.setdefault(name, value) != value:
                self._notes.warn(
                    "hls.daterange_conflict",
                    f"EXT-X-DATERANGE “{identity}” gives {name} two values; the first is kept.",
                    line=line,
                )

    def events(self, segments: Sequence[Segment]) -> tuple[TimedEvent, ...]:
        """The ranges in the order of their first tags, placed by the segments' dates where these are known."""
        dated = [segment for segment in segments if segment.program_date_time_s is not None]
        ranges = []
        for identity, attributes in self._by_id.items():
            event = self._event(identity, attributes, dated)
            if event is not None:
                ranges.append(event)
        return tuple(self._ended_by_next(ranges))

    def _event(self, identity: str, attributes: Mapping[str, str], dated: Sequence[Segment]) -> TimedEvent | None:
        line = self._lines[identity]
        date = attributes.get("START-DATE")
        start_date = parse_date(date) if date else None
        if start_date is None:
            self._notes.warn(
                "hls.daterange_without_start", f"EXT-X-DATERANGE “{identity}” has no usable START-DATE.", line=line
            )
        duration = number(attributes.get("DURATION"))
        end_date = parse_date(attributes["END-DATE"]) if "END-DATE" in attributes else None
        if start_date is not None and end_date is not None:
            if end_date < start_date:
                self._notes.warn(
                    "hls.daterange_backwards", f"EXT-X-DATERANGE “{identity}” ends before it starts.", line=line
                )
            elif duration is None:
                duration = round(end_date - start_date, DATE_DIGITS)
            elif abs(duration - (end_date - start_date)) > 1e-3:
                self._notes.warn(
                    "hls.daterange_duration",
                    f"DURATION and END-DATE of EXT-X-DATERANGE “{identity}” do not agree.",
                    line=line,
                )
        if duration is not None and duration < 0:
            self._notes.warn(
                "hls.daterange_backwards", f"EXT-X-DATERANGE “{identity}” has a negative DURATION.", line=line
            )
            duration = None
        check_date_range(identity, attributes, line, self._notes)
        return TimedEvent(
            id=identity,
            scheme=attributes.get("CLASS", ""),
            start_s=None if start_date is None else place_date(start_date, dated),
            duration_s=duration,
            start_date_s=start_date,
            attributes=attributes,
            base_url=self._url,
            place=SourcePosition(line),
        )

    @staticmethod
    def _ended_by_next(ranges: list[TimedEvent]) -> list[TimedEvent]:
        """END-ON-NEXT: a range ends where the next one of its CLASS starts."""
        result = []
        for event in ranges:
            later = [
                other.start_date_s
                for other in ranges
                if other.scheme == event.scheme
                and other.start_date_s is not None
                and event.start_date_s is not None
                and other.start_date_s > event.start_date_s
            ]
            ends = event.attributes.get("END-ON-NEXT") == "YES" and event.duration_s is None and later
            if ends and event.start_date_s is not None:
                result.append(replace(event, duration_s=round(min(later) - event.start_date_s, DATE_DIGITS)))
            else:
                result.append(event)
        return result


def place_date(date_s: float, dated: Sequence[Segment]) -> float | None:
    """The presentation time of a date; ``dated`` are the segments with a date, in the order of the playlist.

    The segment that covers the date tells, else the latest one that begins before it, else the first one (dates may
    jump back at a discontinuity, so they are not in order).
    """
    anchors = [(one.program_date_time_s, one) for one in dated if one.program_date_time_s is not None]
    if not anchors:
        return None
    before = [(begin_s, one) for begin_s, one in anchors if begin_s <= date_s]
    covering = ((begin_s, one) for begin_s, one in before if date_s < begin_s + one.duration_s)
    latest = max(enumerate(before), key=lambda each: (each[1][0], each[0]), default=(0, anchors[0]))[1]
    begin_s, anchor = next(covering, latest)
    return round(anchor.start_s + (date_s - begin_s), DATE_DIGITS)
