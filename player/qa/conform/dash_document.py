"""The rules of ISO/IEC 23009-1 and DASH-IF IOP on the MPD as a whole and its Periods. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from lxml import etree

from player.qa.conform.dash_checks import seconds_of, unique_ids, whole_number
from player.qa.conform.dash_samples import HEAD, SET, SOUND, STATIC, changed, in_set
from player.qa.conform.document import MOST_BYTES, NAMESPACE, children, elements, mpd_root, name_of
from player.qa.conform.model import IOP, MPD, Check, ConformanceRule, must, should

_DURATION = re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_DURATIONS = (
    "mediaPresentationDuration", "minimumUpdatePeriod", "minBufferTime", "timeShiftBufferDepth",
    "suggestedPresentationDelay", "maxSegmentDuration", "maxSubsegmentDuration", "start",
)  # fmt: skip
_DATES = ("availabilityStartTime", "availabilityEndTime", "publishTime")
_SCHEMED = (
    "Role", "Accessibility", "Rating", "Viewpoint", "EssentialProperty", "SupplementalProperty", "ContentProtection",
    "AudioChannelConfiguration", "FramePacking", "UTCTiming", "EventStream", "InbandEventStream",
)  # fmt: skip


def _is_dynamic(text: str) -> bool:
    root = mpd_root(text)
    return root is not None and root.get("type") == "dynamic"


def _well_formed(text: str) -> Iterator[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    if len(text) > MOST_BYTES:
        return
    try:
        etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        yield f"The document is not well formed: {error.msg}"
    except ValueError:
        return


def _namespace(text: str) -> Iterator[str]:
    root = mpd_root(text)
    if root is not None and re.sub(r".*}", "", str(root.tag)) == "MPD" and root.tag != f"{NAMESPACE}MPD":
        yield "The MPD is not in the namespace urn:mpeg:dash:schema:mpd:2011."


def _type(text: str) -> Iterator[str]:
    root = mpd_root(text)
    if root is not None and root.get("type", "static") not in ("static", "dynamic"):
        yield f"MPD@type is {root.get('type', '')[:40]}."


def _of_mpd(name: str, *, dynamic: bool = False) -> Check:
    def check(text: str) -> Iterator[str]:
        root = mpd_root(text)
        if root is not None and root.get(name) is None and (not dynamic or root.get("type") == "dynamic"):
            yield f"The MPD has no @{name}."

    return check


def _durations(text: str) -> Iterator[str]:
    for each in elements(text, "MPD", "Period"):
        names = (*_DURATIONS, "duration") if name_of(each) == "Period" else _DURATIONS
        for name in names:
            told = each.get(name)
            if told is not None and not _DURATION.fullmatch(told.strip()):
                yield f"{name_of(each)}@{name} is no duration: {told[:40]}"


def _dates(text: str) -> Iterator[str]:
    root = mpd_root(text)
    for name in _DATES if root is not None else ():
        told = root.get(name) if root is not None else None
        if told is not None:
            try:
                datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", told.strip()))
            except ValueError:
                yield f"MPD@{name} is no date: {told[:40]}"


def _length(text: str) -> Iterator[str]:
    root, periods = mpd_root(text), list(elements(text, "Period"))
    if root is None or root.get("mediaPresentationDuration") or root.get("minimumUpdatePeriod"):
        return
    if not (periods and periods[-1].get("duration")):
        yield "An MPD without @minimumUpdatePeriod says nowhere how long it is."


def _static_update(text: str) -> Iterator[str]:
    root = mpd_root(text)
    if root is not None and root.get("type", "static") == "static" and root.get("minimumUpdatePeriod"):
        yield "A static MPD has @minimumUpdatePeriod."


def _periods(text: str) -> Iterator[str]:
    root = mpd_root(text)
    if root is not None and name_of(root) == "MPD" and next(elements(text, "Period"), None) is None:
        yield "The MPD has no Period."


def _period_order(text: str) -> Iterator[str]:
    before_s = 0.0
    for each in elements(text, "Period"):
        start_s = seconds_of(each.get("start"))
        if start_s is not None and start_s < before_s:
            yield f"A Period starts at {start_s:g} s, before the one in front of it ({before_s:g} s)."
        before_s = before_s if start_s is None else start_s


def _dynamic_period_id(text: str) -> Iterator[str]:
    for each in elements(text, "Period") if _is_dynamic(text) else ():
        if not each.get("id"):
            yield "A Period of a dynamic MPD has no @id."


def _schemes(text: str) -> Iterator[str]:
    for each in elements(text, *_SCHEMED):
        if not each.get("schemeIdUri") and not each.get("ref"):
            yield f"A {name_of(each)} has no @schemeIdUri."


def _utc_timing(text: str) -> Iterator[str]:
    if _is_dynamic(text) and next(elements(text, "UTCTiming"), None) is None:
        yield "A dynamic MPD says nowhere what time it is (UTCTiming)."


def _event_order(text: str) -> Iterator[str]:
    for stream in elements(text, "EventStream"):
        times = [whole_number(each.get("presentationTime") or "0") or 0 for each in children(stream, "Event")]
        if any(later < earlier for earlier, later in pairwise(times)):
            yield "The events of an EventStream do not stand in the order of their times."


def _event_id(text: str) -> Iterator[str]:
    for stream in elements(text, "EventStream"):
        told: dict[str, bytes] = {}
        for each in children(stream, "Event"):
            name = each.get("id")
            content = etree.tostring(each, method="c14n", with_comments=False)
            if name is not None and told.setdefault(name, content) != content:
                yield f"Two different events of an EventStream have the id {name[:40]}."


def _availability_end(text: str) -> Iterator[str]:
    root = mpd_root(text)
    start, end = (
        (None, None) if root is None else (root.get("availabilityStartTime"), root.get("availabilityEndTime"))
    )
    if start and end and start.endswith("Z") and end.endswith("Z") and end < start:
        yield "MPD@availabilityEndTime is before @availabilityStartTime."


def _period_length(text: str) -> Iterator[str]:
    periods = list(elements(text, "Period"))
    for before, after in pairwise(periods):
        start_s, length_s, next_s = (
            seconds_of(each) for each in (before.get("start"), before.get("duration"), after.get("start"))
        )
        if (
            start_s is not None
            and length_s is not None
            and next_s is not None
            and start_s + length_s > next_s + 0.001
        ):
            yield f"A Period lasts until {start_s + length_s:g} s, and the next one starts at {next_s:g} s."


_LIVE = (
    f'{HEAD}minBufferTime="PT2S" type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z" '
    f'minimumUpdatePeriod="PT2S" publishTime="2026-01-01T00:00:00Z"><Period id="1" start="PT0S">{SET}</Period>'
    '<UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="2026-01-01T00:00:00Z"/></MPD>'
)


def _event(second: str) -> str:
    return changed(
        '<Period id="p">',
        f'<Period id="p"><EventStream schemeIdUri="urn:x"><Event presentationTime="1" id="1">a</Event>{second}'
        "</EventStream>",
    )


RULES: tuple[ConformanceRule, ...] = (
    must(
        "dash.xml",
        f"{MPD} 5.2.1",
        "The MPD is well-formed XML.",
        _well_formed,
        STATIC.replace("</Period>", ""),
        STATIC,
    ),
    must(
        "dash.namespace",
        f"{MPD} 5.2.1",
        "The MPD is in the namespace of its schema.",
        _namespace,
        STATIC.replace("mpd:2011", "mpd:2010"),
        STATIC,
    ),
    must(
        "dash.type",
        f"{MPD} 5.3.1.2",
        "MPD@type is static or dynamic.",
        _type,
        STATIC.replace("profiles", 'type="live" profiles'),
        STATIC.replace("profiles", 'type="static" profiles'),
    ),
    must(
        "dash.profiles",
        f"{MPD} 5.3.1.2",
        "The MPD names its profiles.",
        _of_mpd("profiles"),
        STATIC.replace("profiles=", "x="),
        STATIC,
    ),
    must(
        "dash.min_buffer_time",
        f"{MPD} 5.3.1.2",
        "The MPD has @minBufferTime.",
        _of_mpd("minBufferTime"),
        STATIC.replace("minBufferTime", "x"),
        STATIC,
    ),
    must(
        "dash.durations",
        f"{MPD} 5.3.1.2",
        "Durations are those of XML schema.",
        _durations,
        STATIC.replace("PT4S", "4"),
        STATIC.replace("PT4S", "P0DT0H0M4.0S"),
    ),
    must(
        "dash.dates",
        f"{MPD} 5.3.1.2",
        "Dates are those of XML schema.",
        _dates,
        _LIVE.replace('publishTime="2026-01-01T00:00:00Z', 'publishTime="1.1.2026'),
        _LIVE,
    ),
    must(
        "dash.duration",
        f"{MPD} 5.3.1.2",
        "An MPD that is not updated says how long it is.",
        _length,
        STATIC.replace("mediaPresentationDuration", "x"),
        STATIC.replace("mediaPresentationDuration", "x").replace("<Period", '<Period duration="PT4S"'),
    ),
    must(
        "dash.static_update",
        f"{MPD} 5.3.1.2",
        "A static MPD has no @minimumUpdatePeriod.",
        _static_update,
        STATIC.replace("minBufferTime", 'minimumUpdatePeriod="PT2S" minBufferTime'),
        STATIC,
    ),
    must(
        "dash.availability_start",
        f"{MPD} 5.3.1.2",
        "A dynamic MPD has @availabilityStartTime.",
        _of_mpd("availabilityStartTime", dynamic=True),
        _LIVE.replace("availabilityStartTime", "x"),
        _LIVE,
    ),
    must(
        "dash.publish_time",
        f"{MPD} 5.3.1.2",
        "A dynamic MPD has @publishTime.",
        _of_mpd("publishTime", dynamic=True),
        _LIVE.replace("publishTime", "x"),
        _LIVE,
    ),
    must(
        "dash.period",
        f"{MPD} 5.3.1.2",
        "An MPD has a Period.",
        _periods,
        f'{HEAD}minBufferTime="PT2S" mediaPresentationDuration="PT4S"></MPD>',
        STATIC,
    ),
    must(
        "dash.period_order",
        f"{MPD} 5.3.2.1",
        "Periods stand in the order of their starts.",
        _period_order,
        STATIC.replace(f"<Period>{SET}", f'<Period start="PT2S">{SET}</Period><Period start="PT1S">{SET}'),
        STATIC.replace(f"<Period>{SET}", f'<Period start="PT0S">{SET}</Period><Period start="PT1S">{SET}'),
    ),
    must(
        "dash.period_id",
        f"{MPD} 5.3.2.2",
        "A Period of a dynamic MPD has an @id.",
        _dynamic_period_id,
        _LIVE.replace('<Period id="1"', "<Period"),
        _LIVE,
    ),
    must(
        "dash.unique_period",
        f"{MPD} 5.3.2.2",
        "No two Periods share an @id.",
        unique_ids("MPD", "Period"),
        STATIC.replace(f"<Period>{SET}", f'<Period id="1">{SET}</Period><Period id="1">{SET}'),
        STATIC.replace(f"<Period>{SET}", f'<Period id="1">{SET}</Period><Period id="2">{SET}'),
    ),
    must(
        "dash.scheme",
        f"{MPD} 5.8.2",
        "A descriptor has a @schemeIdUri.",
        _schemes,
        in_set('<Role value="main"/>'),
        in_set('<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>'),
    ),
    should(
        "dash.utc_timing",
        f"{IOP} 4.7.2",
        "A dynamic MPD has a UTCTiming.",
        _utc_timing,
        re.sub("<UTCTiming[^>]*>", "", _LIVE),
        _LIVE,
    ),
    must(
        "dash.event_order",
        f"{MPD} 5.10.2.2",
        "Events stand in the order of their times.",
        _event_order,
        _event('<Event presentationTime="0" id="2"/>'),
        _event('<Event presentationTime="1" id="2"/>'),
    ),
    must(
        "dash.event_id",
        f"{MPD} 5.10.2.2",
        "Events of one id and stream are the same.",
        _event_id,
        _event('<Event presentationTime="1" id="1">b</Event>'),
        _event('<Event presentationTime="1" id="1">a</Event>'),
    ),
    must(
        "dash.availability_end",
        f"{MPD} 5.3.1.2",
        "An MPD is not over before it starts.",
        _availability_end,
        changed(
            " minBufferTime",
            ' availabilityStartTime="2026-01-02T00:00:00Z" availabilityEndTime="2026-01-01T00:00:00Z" minBufferTime',
        ),
        changed(
            " minBufferTime",
            ' availabilityStartTime="2026-01-01T00:00:00Z" availabilityEndTime="2026-01-01T00:00:00Z" minBufferTime',
        ),
    ),
    must(
        "dash.period_length",
        f"{MPD} 5.3.2.1",
        "A Period ends before the next one starts.",
        _period_length,
        changed('<Period id="p">', '<Period id="p" start="PT0S" duration="PT5S">').replace(
            "</MPD>", f'<Period id="q" start="PT4S">{SOUND}</Period></MPD>'
        ),
        changed('<Period id="p">', '<Period id="p" start="PT0S" duration="PT4S">').replace(
            "</MPD>", f'<Period id="q" start="PT4S">{SOUND}</Period></MPD>'
        ),
    ),
)
