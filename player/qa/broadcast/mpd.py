"""The MPD of a whole title as a dynamic one at a moment (ISO/IEC 23009-1 5.3.1). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from lxml import etree

from player.base.errors import ErrorCode, InputError
from player.manifest.dash.inherit import InheritedAddressing, merge
from player.manifest.dash.xml import Element, integer, local, parse_xml
from player.manifest.model import Presentation

_SPARE_S = 1e-6


def at(text: str, title: Presentation, sent_s: float, window_s: float, began_wall_s: float, update_s: float) -> str:
    """The MPD when ``sent_s`` of the title are sent. ``title`` is what it says of the whole; ``began_wall_s`` is the
    date of its first frame. Raises InputError for one that is not static, or that lists its segments otherwise than
    by templates."""
    root, _ = parse_xml(text)
    check(root)
    over = title.duration_s is not None and sent_s >= title.duration_s
    root.set("type", "dynamic")
    root.set("availabilityStartTime", _date(began_wall_s))
    root.set("publishTime", _date(began_wall_s + sent_s))
    root.set("timeShiftBufferDepth", f"PT{window_s:g}S")
    if not over:
        _drop(root, "mediaPresentationDuration")
        root.set("minimumUpdatePeriod", f"PT{update_s:g}S")
    for clock in [each for each in root if local(each) == "UTCTiming"]:
        root.remove(clock)  # the time of another day
    elements = [each for each in root if local(each) == "Period"]
    if len(elements) != len(title.periods):
        raise InputError(ErrorCode.INPUT_USAGE, "A live script sends MPDs whose Periods are all in them.")
    for element, period in zip(elements, title.periods, strict=True):
        if period.start_s > sent_s:
            root.remove(element)
            continue
        element.set("start", f"PT{period.start_s:.6f}S")
        if not over and (period.end_s is None or period.end_s > sent_s):
            _drop(element, "duration")
        if not over:
            _cut(element, period.start_s, sent_s)
    return etree.tostring(root, encoding="unicode")


def check(root: Element) -> None:
    """Raise InputError for an MPD of which no live one can be made."""
    if root.get("type", "static") != "static":
        raise InputError(ErrorCode.INPUT_USAGE, "A live script sends a whole title; this MPD is dynamic.")
    if next(root.iter("{*}SegmentList", "{*}SegmentBase"), None) is not None:
        raise InputError(ErrorCode.INPUT_USAGE, "A live script sends MPDs with SegmentTemplate, or HLS.")
    if next(root.iter("{*}SegmentTemplate"), None) is None:
        raise InputError(ErrorCode.INPUT_USAGE, "A live script sends MPDs with SegmentTemplate, or HLS.")


def _drop(element: Element, name: str) -> None:
    if name in element.attrib:
        del element.attrib[name]


def _cut(period: Element, start_s: float, sent_s: float) -> None:
    """Take what is not sent yet out of the timelines of a Period."""
    for timeline in period.iter("{*}SegmentTimeline"):
        addressing = merge([each for each in timeline.iterancestors() if local(each) != "SegmentTemplate"])
        if addressing is not None:
            _keep(timeline, addressing, sent_s - start_s)


def _keep(timeline: Element, addressing: InheritedAddressing, until_s: float) -> None:
    until = (until_s + _SPARE_S) * addressing.timescale + addressing.presentation_time_offset
    runs = list(_runs(timeline))
    for place, (element, start, length, repeats) in enumerate(runs):
        following = runs[place + 1][1] if place + 1 < len(runs) else None
        count = repeats + 1
        if repeats < 0:
            end = following if following is not None else until
            count = int((end - start) // length)
        sent = min(count, int((until - start) // length))
        if sent < 1:
            timeline.remove(element)
            continue
        element.set("t", str(start))
        element.set("r", str(sent - 1))


def _runs(timeline: Element) -> Iterator[tuple[Element, int, int, int]]:
    """The element, start, length and repeats of each S."""
    at_ = 0
    for element in [each for each in timeline if local(each) == "S"]:
        start = integer(element.get("t"))
        start = at_ if start is None else start
        length, repeats = max(1, integer(element.get("d")) or 1), integer(element.get("r")) or 0
        yield element, start, length, repeats
        at_ = start + length * (max(0, repeats) + 1)


def _date(wall_s: float) -> str:
    return datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
