"""What an MPD says of its live edge, its clocks and its service (ISO/IEC 23009-1 5.3.1.2, 5.8.4.11, Annex K)."""

from __future__ import annotations

from collections.abc import Iterator

from player.manifest.dash.query import Queries
from player.manifest.dash.schemes import folded
from player.manifest.dash.xml import (
    Element,
    attributes,
    boolean,
    child,
    children,
    decimal,
    integer,
    line_of,
    local,
    text_of,
)
from player.manifest.dates import parse_date, parse_duration
from player.manifest.limits import MAX_WARNINGS
from player.manifest.model import ContentSteering, LiveInfo, OperatingRange, SourcePosition
from player.manifest.parser_notes import Notes
from player.manifest.urls import resolve

HTTP_CLOCKS = "urn:mpeg:dash:utc:http-"
LOW_LATENCY_SCOPE = "urn:dvb:dash:lowlatency:scope:2019"


def date_attribute(root: Element, name: str, notes: Notes) -> float | None:
    """A dateTime attribute of MPD, seconds since 1970."""
    text = root.get(name)
    if text is None:
        return None
    seconds = parse_date(text)
    if seconds is None:
        notes.warn("dash.bad_date", f"MPD@{name} is not a date.", line=line_of(root), path="/MPD")
    return seconds


def duration_attribute(root: Element, name: str, notes: Notes) -> float | None:
    """A duration attribute of MPD, seconds."""
    text = root.get(name)
    if text is None:
        return None
    seconds = parse_duration(text)
    if seconds is None or seconds < 0:
        notes.warn("dash.bad_duration", f"MPD@{name} is not a duration.", line=line_of(root), path="/MPD")
        return None
    return seconds


def utc_timings(root: Element, base_url: str, notes: Notes) -> tuple[tuple[str, str], ...]:
    """``(scheme, value)`` of the UTCTiming elements, in the order of preference (5.8.4.11). The addresses of a server
    that is asked by HTTP are resolved (5.6.4)."""
    found: list[tuple[str, str]] = []
    for item in children(root, "UTCTiming"):
        scheme, value = (item.get("schemeIdUri") or "").strip(), (item.get("value") or "").strip()
        if folded(scheme).startswith(HTTP_CLOCKS):
            urls = [resolve(base_url, each) for each in value.split()]
            for url in urls:
                notes.check_url(url, base_url, line=line_of(item), path="/MPD/UTCTiming")
            value = " ".join(urls)
        found.append((scheme, value))
    return tuple(found)


def _services(root: Element) -> Iterator[Element]:
    yield from children(root, "ServiceDescription")
    for period in children(root, "Period"):
        yield from children(period, "ServiceDescription")


def _is_for_us(service: Element) -> bool:
    """Whether a ServiceDescription applies to any client, or to one of a scope that is understood (Annex K.4.2)."""
    scopes = [folded(scope.get("schemeIdUri")) for scope in children(service, "Scope")]
    return not scopes or LOW_LATENCY_SCOPE in scopes


def live_info(root: Element, base_url: str, notes: Notes) -> LiveInfo:
    """Window, delay and latency of an MPD; of a static one only the service description is filled. ``base_url`` is
    the one that MPD.BaseURL gives."""
    latency: Element | None = None
    rate: Element | None = None
    for service in filter(_is_for_us, _services(root)):
        latency = child(service, "Latency") if latency is None else latency
        rate = child(service, "PlaybackRate") if rate is None else rate
    return LiveInfo(
        availability_start_s=date_attribute(root, "availabilityStartTime", notes),
        availability_end_s=date_attribute(root, "availabilityEndTime", notes),
        publish_time_s=date_attribute(root, "publishTime", notes),
        minimum_update_s=duration_attribute(root, "minimumUpdatePeriod", notes),
        window_depth_s=duration_attribute(root, "timeShiftBufferDepth", notes),
        suggested_delay_s=duration_attribute(root, "suggestedPresentationDelay", notes),
        target_latency_s=_milliseconds(latency, "target"),
        min_latency_s=_milliseconds(latency, "min"),
        max_latency_s=_milliseconds(latency, "max"),
        min_rate=None if rate is None else decimal(rate.get("min")),
        max_rate=None if rate is None else decimal(rate.get("max")),
        utc_timings=utc_timings(root, base_url, notes),
    )


def latency_reference(root: Element) -> str | None:
    """Latency@referenceId: the ProducerReferenceTime against which the latency is measured (K.4.2.2)."""
    latency = next(
        (item for service in filter(_is_for_us, _services(root)) for item in children(service, "Latency")), None
    )
    return None if latency is None else latency.get("referenceId")


def operating(root: Element) -> tuple[OperatingRange, ...]:
    """The bandwidths and qualities that the service expects its players to use (K.4.2.4, K.4.2.5)."""
    found = []
    for service in filter(_is_for_us, _services(root)):
        for name, unit in (("OperatingBandwidth", "bandwidth"), ("OperatingQuality", "quality")):
            for item in children(service, name)[:MAX_WARNINGS]:
                low, high, target = (integer(item.get(key)) for key in ("min", "max", "target"))
                found.append(OperatingRange(unit, (item.get("mediaType") or "all").lower(), low, high, target))
    return tuple(found)


def client_data_reporting(root: Element) -> list[dict[str, object]]:
    """What the service asks to be told with requests (5.8.4.13: ClientDataReporting, with CMCDParameters)."""
    return [
        {
            "service_locations": (item.get("serviceLocations") or "").split(),
            "adaptation_sets": (item.get("adaptationSets") or "").split(),
            "systems": [{"system": local(system), **dict(attributes(system))} for system in item if local(system)],
        }
        for service in filter(_is_for_us, _services(root))
        for item in children(service, "ClientDataReporting")
    ]


def _milliseconds(element: Element | None, name: str) -> float | None:
    value = None if element is None else decimal(element.get(name))
    return None if value is None else value / 1000


def steering(root: Element, base_url: str, queries: Queries) -> ContentSteering | None:
    """ContentSteering (ETSI TS 103 998), which may stand in the MPD or in a ServiceDescription."""
    element = child(root, "ContentSteering")
    for service in _services(root):
        element = child(service, "ContentSteering") if element is None else element
    if element is None:
        return None
    return ContentSteering(
        server_uri=queries.put("steering", resolve(base_url, text_of(element))),
        default_pathways=tuple((element.get("defaultServiceLocation") or "").split()),
        query_before_start=boolean(element.get("queryBeforeStart")) or False,
        place=SourcePosition(line_of(element), "/MPD/ContentSteering"),
    )
