"""The segments of one Representation (ISO/IEC 23009-1 5.3.9): templates, lists, one indexed file."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from player.manifest.dash.context import PeriodContext
from player.manifest.dash.failover import FailoverIndex, failures
from player.manifest.dash.indexes import CLIP_S, NumberIndex, SegmentMaker, TimelineIndex, presented, taken_apart
from player.manifest.dash.inherit import InheritedAddressing, byte_range
from player.manifest.dash.query import Queries
from player.manifest.dash.templates import UrlTemplate
from player.manifest.dash.timeline import Extent, SegmentTimeline, read_timeline
from player.manifest.dash.xml import Element, line_of, timescale_of
from player.manifest.limits import MAX_OPEN_WINDOW, MAX_SEGMENTS, limit_error
from player.manifest.model import (
    ByteRange,
    Container,
    IndexRef,
    InitSegment,
    ListedIndex,
    Segment,
    SegmentIndex,
    SourcePosition,
)
from player.manifest.urls import resolve

_ROUNDING_TICKS = 1e-3  # of a date in seconds since 1970 as ticks
JUMP_S = 0.001  # gaps and overlaps of a timeline up to this are rounding


@dataclass(frozen=True, slots=True)
class SegmentContext:
    """Where and what one Representation is, as far as its segments need to know."""

    period: PeriodContext
    addressing: InheritedAddressing | None
    base_url: str
    id: str
    bandwidth: int
    container: Container
    offset_s: float  # @availabilityTimeOffset of the BaseURLs
    place: SourcePosition
    queries: Queries
    resync: float | None = None  # the shortest Resync@dT, in the timescale

    def resync_s(self, timescale: float) -> float | None:
        return None if self.resync is None else self.resync / timescale

    def template(self, text: str, request: str = "segment") -> UrlTemplate:
        if ":" in text or text.startswith("//"):
            self.url(text)  # it names a server: the same one for all segments
        query = self.queries.query(request, resolve(self.base_url, text))
        template = self._template(text, query)
        if template.problem:
            self.warn("dash.template", template.problem)
        return template

    def key_address(self, text: str) -> UrlTemplate:
        """A key's address (ISO/IEC 23009-4), which may be on any server."""
        return self._template(text, "")

    def _template(self, text: str, query: str) -> UrlTemplate:
        return UrlTemplate(text, self.base_url, representation=self.id, bandwidth=self.bandwidth, query=query)

    def warn(self, code: str, sentence: str) -> None:
        self.period.mpd.notes.warn(code, sentence, line=self.place.line, path=self.place.path)

    def url(self, reference: str, request: str = "segment") -> str:
        url = resolve(self.base_url, reference)
        notes, place = self.period.mpd.notes, self.place
        notes.check_url(url, self.base_url, data_allowed=True, line=place.line, path=place.path)
        return self.queries.put(request, url)

    @property
    def file_url(self) -> str:
        """The base URL, where that is the media."""
        return self.queries.put("segment", self.base_url)


def build_segments(source: SegmentContext) -> tuple[SegmentIndex | IndexRef, InitSegment | None]:
    """The segments of a Representation and its initialisation segment."""
    segments, init = _segments(source)
    holes = [] if source.addressing is None else failures(source.addressing, source.period.start_s)
    if holes and not isinstance(segments, IndexRef):
        return FailoverIndex(segments, tuple(holes)), init
    return segments, init


def _segments(source: SegmentContext) -> tuple[SegmentIndex | IndexRef, InitSegment | None]:
    addressing = source.addressing
    if addressing is None:
        return _one_file(source, None, None), None
    if timescale_of(addressing.text("timescale")) is None:
        source.warn("dash.timescale", "@timescale is no whole number above 0; it is taken for 1.")
    init = _initialization(source, addressing)
    if addressing.kind == "SegmentTemplate" and addressing.text("media") is not None:
        return _template(source, addressing, init), init
    if addressing.kind == "SegmentList":
        return _list(source, addressing, init), init
    if addressing.kind == "SegmentTemplate":
        if addressing.text("index") is not None:
            return _indexed_template(source, addressing, source.file_url, init), init
        source.warn("dash.template_without_media", "A SegmentTemplate has no @media.")
    return _base(source, addressing, init), init


# -- one file ----------------------------------------------------------------------------------------------------


def _base(
    source: SegmentContext, addressing: InheritedAddressing, init: InitSegment | None
) -> SegmentIndex | IndexRef:
    url = source.file_url
    index = addressing.element("RepresentationIndex")
    index_range = byte_range(addressing.text("indexRange"))
    index_url = url
    if index is not None:
        index_range = byte_range(index.get("range")) or index_range
        index_url = source.url(index.get("sourceURL") or "", "init")
        index_range = index_range or (ByteRange(0) if index_url != url else None)
    if index_range is None:
        return _one_file(source, init, addressing)
    period = source.period
    return IndexRef(
        url=index_url,
        byte_range=index_range,
        container=source.container,
        init=init or InitSegment(url, ByteRange(0, index_range.start) if index_range.start else None),
        start_s=period.start_s,
        duration_s=period.duration_s,
        media_offset_s=period.start_s - addressing.presentation_time_offset / addressing.timescale,
        media_url=url,
        discontinuity=period.position,
    )


def _one_file(
    source: SegmentContext, init: InitSegment | None, addressing: InheritedAddressing | None
) -> ListedIndex:
    """A Representation that is the file at its base URL; nothing where there is no BaseURL and that is the MPD."""
    if source.base_url == source.period.mpd.url:
        source.warn("dash.no_segments", "A Representation names no segments and no BaseURL.")
        return ListedIndex(())
    return ListedIndex((_whole(source, source.file_url, init, addressing),))


def _whole(
    source: SegmentContext, url: str, init: InitSegment | None, addressing: InheritedAddressing | None
) -> Segment:
    """The one segment of a Representation that is a single file."""
    period = source.period
    offset = 0.0 if addressing is None else addressing.presentation_time_offset / addressing.timescale
    start = 1 if addressing is None else addressing.start_number
    return Segment(
        start,
        period.start_s,
        period.duration_s or 0.0,
        url,
        init=init,
        media_offset_s=period.start_s - offset,
        discontinuity=period.position,
        place=source.place,
    )


def _initialization(source: SegmentContext, addressing: InheritedAddressing) -> InitSegment | None:
    element = addressing.element("Initialization")
    if element is not None:
        reference = element.get("sourceURL")
        return InitSegment(source.url(reference or "", "init"), byte_range(element.get("range")))
    text = addressing.text("initialization") if addressing.kind == "SegmentTemplate" else None
    if text is None:
        return None
    template = source.template(text, "init")
    if template.varies:
        source.warn("dash.template", "@initialization must not depend on the segment.")
    return InitSegment(template.url(addressing.start_number, 0))


# -- templates -----------------------------------------------------------------------------------------------------


def _template(
    source: SegmentContext, addressing: InheritedAddressing, init: InitSegment | None
) -> SegmentIndex | IndexRef:
    period = source.period
    template = source.template(addressing.text("media") or "")
    source.url(template.url(addressing.start_number, 0))
    frame = SegmentMaker(
        template=template,
        init=init,
        period_start_s=period.start_s,
        period_end_s=period.end_s,
        offset=addressing.presentation_time_offset,
        timescale=addressing.timescale,
        discontinuity=period.position,
        place=source.place,
    )
    timeline = addressing.element("SegmentTimeline")
    if timeline is not None:
        return _timeline_index(source, addressing, frame, timeline)
    duration = addressing.decimal("duration")
    if duration is not None and duration > 0 and math.isfinite(duration):
        return _number_index(source, addressing, frame, duration)
    if not template.varies and addressing.text("index") is not None:
        return _indexed_template(source, addressing, template.url(addressing.start_number, 0), init)
    if template.varies:
        source.warn("dash.no_duration", "A SegmentTemplate has neither @duration nor a SegmentTimeline.")
    return ListedIndex((_whole(source, template.url(addressing.start_number, frame.offset), init, addressing),))


def _indexed_template(
    source: SegmentContext, addressing: InheritedAddressing, media_url: str, init: InitSegment | None
) -> IndexRef:
    """One file for the period whose index stands in another one (@index, 5.3.9.4.2)."""
    period = source.period
    return IndexRef(
        url=source.template(addressing.text("index") or "").url(addressing.start_number, 0),
        byte_range=ByteRange(0),
        container=source.container,
        init=init,
        start_s=period.start_s,
        duration_s=period.duration_s,
        media_offset_s=period.start_s - addressing.presentation_time_offset / addressing.timescale,
        media_url=media_url,
        discontinuity=period.position,
    )


def _timeline_index(
    source: SegmentContext, addressing: InheritedAddressing, frame: SegmentMaker, element: Element
) -> SegmentIndex:
    timeline = _read_timeline(source, addressing, element)
    if not source.period.mpd.dynamic and timeline.count > MAX_SEGMENTS:
        raise limit_error("a SegmentTimeline has too many segments", MAX_SEGMENTS, path=source.place.path)
    end = None if frame.period_end_s is None else (frame.period_end_s - frame.period_start_s) * frame.timescale
    first, stop = presented(
        timeline,
        offset=frame.offset,
        end=None if end is None else end + frame.offset,
        tolerance=JUMP_S * frame.timescale,
    )
    outside = timeline.count - (stop - first)
    if outside:
        source.warn("dash.outside_period", f"{outside} segments of a SegmentTimeline lie outside their period.")
    if timeline.rows:
        offset_s = _availability_offset(source, addressing)
        source.period.early(timeline.rows[-1][1] / frame.timescale, offset_s, source.resync_s(frame.timescale))
    if timeline.open_end is not None:
        end_s = (timeline.open_end - frame.offset) / frame.timescale
        source.period.due(end_s, _availability_offset(source, addressing))
    index = taken_apart(_in_window(source, addressing, TimelineIndex(frame, timeline, first, stop)))
    if len(index) > MAX_SEGMENTS:
        raise limit_error("a SegmentTimeline has too many segments", MAX_SEGMENTS, path=source.place.path)
    return index


def _in_window(source: SegmentContext, addressing: InheritedAddressing, index: TimelineIndex) -> TimelineIndex:
    """A live timeline without what has left the time shift buffer (A.3.2: a segment is available until
    @timeShiftBufferDepth after its end). Where nothing would be left, a clock is wrong and the list is believed."""
    mpd = source.period.mpd
    depth = _window_depth(source, addressing)
    if not mpd.dynamic or mpd.now_s is None or not len(index):
        return index
    if depth is None:
        return _latest(source, index) if index.timeline.open_end is not None else index
    oldest = mpd.now_s - mpd.availability_start_s - depth
    if index[0].end_s > oldest:
        return index
    position = index.position_at(oldest)
    if index[position].end_s <= oldest:
        position += 1
    if position >= len(index):
        source.warn("dash.window_passed", "All segments of a live SegmentTimeline are older than the window.")
        return index
    return _latest(source, replace(index, first=index.first + position))


def _latest(source: SegmentContext, index: TimelineIndex) -> TimelineIndex:
    """A live timeline without the beginning of a window that is longer than anybody goes back."""
    count = len(index)
    if count <= MAX_OPEN_WINDOW or index.timeline.open_end is None:
        return index
    source.warn("dash.long_window", f"A live window holds {count} segments; the latest {MAX_OPEN_WINDOW} are listed.")
    return replace(index, first=index.stop - MAX_OPEN_WINDOW)


def _window_depth(source: SegmentContext, addressing: InheritedAddressing) -> float | None:
    return addressing.decimal("timeShiftBufferDepth") or source.period.mpd.window_depth_s


def _read_timeline(source: SegmentContext, addressing: InheritedAddressing, element: Element) -> SegmentTimeline:
    period = source.period
    limit_s, edge_s = period.duration_s, period.edge_s(_availability_offset(source, addressing))
    live = edge_s is not None and (limit_s is None or edge_s < limit_s)
    if live:
        limit_s = edge_s
    end = None
    if limit_s is not None:
        ticks = limit_s * addressing.timescale + addressing.presentation_time_offset
        end = math.floor(ticks + _ROUNDING_TICKS) if live else round(ticks)
    extent = Extent(
        start_number=addressing.start_number,
        end=end,
        whole_only=live or period.end_s is None,
        end_number=addressing.end_number,
        tolerance=JUMP_S * addressing.timescale,
        oldest=_oldest_ticks(source, addressing) if live else None,
    )
    return read_timeline(element, extent, period.mpd.notes, source.place.path or "", period.mpd.timelines)


def _oldest_ticks(source: SegmentContext, addressing: InheritedAddressing) -> int | None:
    """Where the window of a live period begins, in media time."""
    depth, edge_s = _window_depth(source, addressing), source.period.edge_s(0.0)
    if depth is None or edge_s is None:
        return None
    return math.floor((edge_s - depth) * addressing.timescale) + addressing.presentation_time_offset


def _availability_offset(source: SegmentContext, addressing: InheritedAddressing) -> float:
    return source.offset_s + (addressing.decimal("availabilityTimeOffset") or 0.0)


def _number_index(
    source: SegmentContext, addressing: InheritedAddressing, frame: SegmentMaker, duration: float
) -> SegmentIndex:
    """Simple addressing (5.3.9.5.3): all segments of a static MPD, the available ones of a dynamic one (A.3.2)."""
    period = source.period
    ticks = max(round(duration), 1)
    length_s = ticks / frame.timescale
    shift = addressing.number("eptDelta") or 0
    start, end_number = addressing.start_number, addressing.end_number
    first, stop = start, None
    if period.duration_s is not None:
        span = period.duration_s - shift / frame.timescale
        # What begins within a rounding of the end is the next period's first segment, and no other one.
        stop = start + max(math.ceil((span - JUMP_S) / length_s), int(span > 0))
    offset_s = _availability_offset(source, addressing)
    edge = period.edge_s(offset_s)
    if edge is not None:
        edge -= shift / frame.timescale
        available = start + max(math.floor(edge / length_s + 1e-9), 0)
        stop = available if stop is None else min(stop, available)
        depth = _window_depth(source, addressing)
        if depth is not None:
            ahead_s = offset_s if math.isfinite(offset_s) else 0.0  # INF in an open period counts as nothing (edge_s)
            oldest = edge - ahead_s - depth
            first = max(first, start + math.floor(oldest / length_s + 1e-9))
    if end_number is not None:
        stop = end_number + 1 if stop is None else min(stop, end_number + 1)
    period.early(length_s, offset_s, source.resync_s(frame.timescale))
    if edge is not None and stop is not None and (end_number is None or stop <= end_number):
        period.due((stop + 1 - start) * length_s + shift / frame.timescale, offset_s)
    if stop is None:
        source.warn(
            "dash.open_end", "The number of segments is not known: the period has no end and there is no clock."
        )
        stop = first
    count = max(stop - first, 0)
    if edge is not None and count > MAX_OPEN_WINDOW:
        source.warn(
            "dash.long_window", f"A live window holds {count} segments; the latest {MAX_OPEN_WINDOW} are listed."
        )
        first, count = stop - MAX_OPEN_WINDOW, MAX_OPEN_WINDOW
    if count > MAX_SEGMENTS:
        raise limit_error("a SegmentTemplate has too many segments", MAX_SEGMENTS, path=source.place.path)
    parts = addressing.number("k") or 1
    if "SubNumber" not in frame.template.uses or parts < 2 or count == 0:
        return NumberIndex(frame, first, count, ticks, start, shift)
    if count * parts > MAX_SEGMENTS:
        raise limit_error("a SegmentTemplate has too many segments", MAX_SEGMENTS, path=source.place.path)
    return taken_apart(NumberIndex(frame, first, count, ticks, start, shift, parts))


# -- lists ---------------------------------------------------------------------------------------------------------


def _list(source: SegmentContext, addressing: InheritedAddressing, init: InitSegment | None) -> SegmentIndex:
    """SegmentList (5.3.9.3): URLs one by one, times from @duration or a SegmentTimeline."""
    period = source.period
    entries = addressing.elements("SegmentURL")
    if len(entries) > MAX_SEGMENTS:
        raise limit_error("a SegmentList has too many segments", MAX_SEGMENTS, path=source.place.path)
    times = _list_times(source, addressing, len(entries))
    if len(times) < len(entries):
        source.warn("dash.list_without_times", f"{len(entries) - len(times)} SegmentURLs have no place in time.")
    elif len(times) > len(entries):
        source.warn("dash.timeline_without_urls", f"{len(times) - len(entries)} times have no SegmentURL.")
    offset_s = addressing.presentation_time_offset / addressing.timescale
    end_number = addressing.end_number
    segments: list[Segment] = []
    behind: list[Segment] = []
    outside = 0
    for entry, (number, start_s, duration_s) in zip(entries, times, strict=False):
        if end_number is not None and number > end_number:
            break
        kept = segments
        if _is_outside(period, start_s, duration_s):
            outside += 1
            if start_s < period.start_s:
                continue
            kept = behind
        range_ = byte_range(entry.get("mediaRange"))
        kept.append(
            Segment(
                number,
                start_s,
                duration_s,
                source.url(entry.get("media") or ""),
                range_,
                init,
                media_offset_s=period.start_s - offset_s,
                discontinuity=period.position,
                size_bytes=None if range_ is None else range_.length,
                place=SourcePosition(line_of(entry), source.place.path),
            )
        )
    if outside:
        source.warn("dash.outside_period", f"{outside} segments of a SegmentList lie outside their period.")
    return ListedIndex(tuple(segments), tuple(behind))


def _is_outside(period: PeriodContext, start_s: float, duration_s: float) -> bool:
    """Whether a segment has nothing in its period; one without a length has no end to go by."""
    if period.end_s is not None and start_s >= period.end_s - CLIP_S and start_s > period.start_s:
        return True
    return duration_s > 0 and start_s + duration_s <= period.start_s + CLIP_S


def _list_times(
    source: SegmentContext, addressing: InheritedAddressing, count: int
) -> list[tuple[int, float, float]]:
    """``(number, start, duration)`` on the presentation timeline for each entry of a SegmentList."""
    period, scale = source.period, addressing.timescale
    element = addressing.element("SegmentTimeline")
    if element is not None:
        offset = addressing.presentation_time_offset
        timeline = _read_timeline(source, addressing, element)
        if timeline.count > MAX_SEGMENTS:
            raise limit_error("a SegmentTimeline has too many segments", MAX_SEGMENTS, path=source.place.path)
        return [
            (
                run.number + step,
                period.start_s + (run.time + step * run.duration - offset) / scale,
                run.duration / scale,
            )
            for run in timeline
            for step in range(run.size)
        ]
    start = addressing.start_number
    duration = addressing.decimal("duration")
    length_s = duration / scale if duration and duration > 0 else (period.duration_s or 0.0) / max(count, 1)
    if not duration and count > 1:
        source.warn("dash.no_duration", "A SegmentList has neither @duration nor a SegmentTimeline.")
    result = []
    for position in range(count):
        begin = position * length_s
        end = begin + length_s
        if period.duration_s is not None and end > period.duration_s > begin:
            end = period.duration_s
        result.append((start + position, period.start_s + begin, end - begin))
    return result
