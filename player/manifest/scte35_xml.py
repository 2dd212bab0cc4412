"""Splice information in its XML form (ANSI/SCTE 35 clause 11); apart, since playlists do without an XML reader."""

from __future__ import annotations

from player.base.errors import ManifestError
from player.manifest.dash.xml import Element, boolean, children, integer, local, parse_xml, text_of
from player.manifest.scte35 import PTS_HZ, Splice, SpliceDescriptor, SpliceError, of_text


def of_xml(text: str) -> Splice:
    """From the XML form, or from a Binary element in it (SCTE 214-1 6.8.4). Raises :class:`SpliceError`."""
    try:
        root = parse_xml(f"<event>{text}</event>")[0]
    except ManifestError:
        raise SpliceError("the XML cannot be read") from None
    sections = [item for item in root.iter() if local(item) in ("SpliceInfoSection", "Binary")]
    if not sections:
        raise SpliceError("no splice information in it")
    first = sections[0]
    return of_text(text_of(first)) if local(first) == "Binary" else _section(first)


def _section(element: Element) -> Splice:
    adjustment = integer(element.get("ptsAdjustment")) or 0
    descriptors = tuple(_xml_descriptor(item) for item in children(element, "SegmentationDescriptor"))
    for item in children(element, "SpliceInsert"):
        times = [found for found in item.iter() if local(found) == "SpliceTime"]
        breaks = children(item, "BreakDuration")
        return Splice(
            "splice_insert",
            _xml_time(times, adjustment),
            integer(item.get("spliceEventId")),
            boolean(item.get("outOfNetworkIndicator")),
            _ticks(breaks[0].get("duration")) if breaks else None,
            boolean(breaks[0].get("autoReturn")) if breaks else None,
            boolean(item.get("spliceEventCancelIndicator")) or False,
            descriptors=descriptors,
        )
    for item in children(element, "TimeSignal"):
        return Splice("time_signal", _xml_time(children(item, "SpliceTime"), adjustment), descriptors=descriptors)
    names = [local(item) for item in element if local(item) != "SegmentationDescriptor"]
    return Splice(names[0] if names else "splice_null", descriptors=descriptors)


def _xml_time(times: list[Element], adjustment: int) -> float | None:
    ticks = integer(times[0].get("ptsTime")) if times else None
    return None if ticks is None else ((ticks + adjustment) % (1 << 33)) / PTS_HZ


def _xml_descriptor(element: Element) -> SpliceDescriptor:
    upids = children(element, "SegmentationUpid")
    number, expected = integer(element.get("segmentNum")), integer(element.get("segmentsExpected"))
    return SpliceDescriptor(
        "segmentation",
        integer(element.get("segmentationEventId")),
        integer(element.get("segmentationTypeId")),
        _ticks(element.get("segmentationDuration")),
        integer(upids[0].get("segmentationUpidType")) if upids else None,
        text_of(upids[0]) if upids else "",
        boolean(element.get("segmentationEventCancelIndicator")) or False,
        None if number is None or expected is None else (number, expected),
    )


def _ticks(text: str | None) -> float | None:
    value = integer(text)
    return None if value is None else value / PTS_HZ
