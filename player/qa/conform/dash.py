"""The rules of ISO/IEC 23009-1 and DASH-IF IOP that an MPD shows by itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from lxml import etree

from player.manifest.dash.xml import timescale_of
from player.qa.conform.document import MOST_BYTES, NAMESPACE, children, elements, mpd_root, name_of
from player.qa.conform.model import IOP, MPD, Check, ConformanceRule, must, should

_CENC = "{urn:mpeg:cenc:2013}"
_DURATION = re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_DURATIONS = (
    "mediaPresentationDuration", "minimumUpdatePeriod", "minBufferTime", "timeShiftBufferDepth",
    "suggestedPresentationDelay", "maxSegmentDuration", "maxSubsegmentDuration", "start",
)  # fmt: skip
_DATES = ("availabilityStartTime", "availabilityEndTime", "publishTime")
_IDENTIFIER = re.compile(r"\$([^$]*)\$")
_KNOWN = re.compile(r"|RepresentationID|(Number|Bandwidth|Time|SubNumber)(%0\d+[diouxX])?")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_WHOLE = re.compile(r"\d{1,20}")
_SCHEMED = (
    "Role", "Accessibility", "Rating", "Viewpoint", "EssentialProperty", "SupplementalProperty", "ContentProtection",
    "AudioChannelConfiguration", "FramePacking", "UTCTiming", "EventStream", "InbandEventStream",
)  # fmt: skip
_ROLES = frozenset(
    {
        "caption", "subtitle", "main", "alternate", "supplementary", "commentary", "dub", "description", "sign",
        "metadata", "enhanced-audio-intelligibility", "emergency", "forced-subtitle", "easyreader", "karaoke",
    }
)  # fmt: skip
_PLACES = ("SegmentBase", "SegmentList", "SegmentTemplate")


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


def _seconds(text: str | None) -> float | None:
    found = re.fullmatch(r"PT?(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", text or "")
    if found is None:
        return None
    days, hours, minutes, seconds = (float(each or 0) for each in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _period_order(text: str) -> Iterator[str]:
    before_s = 0.0
    for each in elements(text, "Period"):
        start_s = _seconds(each.get("start"))
        if start_s is not None and start_s < before_s:
            yield f"A Period starts at {start_s:g} s, before the one in front of it ({before_s:g} s)."
        before_s = before_s if start_s is None else start_s


def _unique(inside: str, name: str) -> Check:
    """A check that no two elements of a name inside one of another name share an @id."""

    def check(text: str) -> Iterator[str]:
        for outer in elements(text, inside):
            seen: set[str] = set()
            for each in outer.iter(f"{NAMESPACE}{name}", name):
                told = each.get("id")
                if told is not None and told in seen:
                    yield f'Two {name}s of one {inside} are called "{told[:40]}".'
                seen.add(told or "")

    return check


def _dynamic_period_id(text: str) -> Iterator[str]:
    for each in elements(text, "Period") if _is_dynamic(text) else ():
        if not each.get("id"):
            yield "A Period of a dynamic MPD has no @id."


def _linked(element: etree._Element) -> bool:
    return any(str(name).endswith("}href") for name in element.attrib)


def _empty_set(text: str) -> Iterator[str]:
    for each in elements(text, "AdaptationSet"):
        if not _linked(each) and not children(each, "Representation"):
            yield "An AdaptationSet has no Representation."


def _representations(name: str) -> Check:
    def check(text: str) -> Iterator[str]:
        for each in elements(text, "Representation"):
            if not each.get(name):
                yield f"A Representation has no @{name}."

    return check


def _id_space(text: str) -> Iterator[str]:
    for each in elements(text, "Representation"):
        if re.search(r"\s", each.get("id") or ""):
            yield f'Representation@id has whitespace: "{(each.get("id") or "")[:40]}"'


def _numbers(text: str) -> Iterator[str]:
    for each in elements(text, "Representation", "AdaptationSet"):
        for name in ("bandwidth", "width", "height", "minBandwidth", "maxBandwidth", "maxWidth", "maxHeight"):
            told = each.get(name)
            if told is not None and not _WHOLE.fullmatch(told.strip()):
                yield f"{name_of(each)}@{name} is no whole number: {told[:40]}"


def _frame_rate(text: str) -> Iterator[str]:
    for each in elements(text, "Representation", "AdaptationSet"):
        told = each.get("frameRate")
        if told is not None and not re.fullmatch(r"\d+(/[1-9]\d*)?", told.strip()):
            yield f"{name_of(each)}@frameRate is neither a whole number nor a fraction: {told[:40]}"


def _ratio(text: str) -> Iterator[str]:
    for each in elements(text, "Representation", "AdaptationSet"):
        for name in ("par", "sar"):
            told = each.get(name)
            if told is not None and not re.fullmatch(r"\d*:\d*", told.strip()):
                yield f"{name_of(each)}@{name} is not WIDTH:HEIGHT: {told[:40]}"


def _mime_type(text: str) -> Iterator[str]:
    for each in elements(text, "Representation"):
        parent = each.getparent()
        if each.get("initializationSetRef") or (parent is not None and parent.get("initializationSetRef")):
            continue
        if not each.get("mimeType") and (parent is None or not parent.get("mimeType")):
            yield "A Representation has no @mimeType, nor has its AdaptationSet."


def _language(text: str) -> Iterator[str]:
    for each in elements(text, "AdaptationSet"):
        told = each.get("lang")
        if told is not None and not _LANGUAGE.fullmatch(told.strip()):
            yield f"AdaptationSet@lang is no language: {told[:40]}"


def _one_place(text: str) -> Iterator[str]:
    for each in elements(text, "Period", "AdaptationSet", "Representation"):
        found = children(each, *_PLACES)
        if len(found) > 1:
            yield f"A {name_of(each)} has {' and '.join(name_of(place) for place in found)}."


def _templates(text: str) -> Iterator[tuple[etree._Element, str, str]]:
    for each in elements(text, "SegmentTemplate"):
        for name in ("media", "initialization", "index", "bitstreamSwitching"):
            told = each.get(name)
            if told is not None:
                yield each, name, told


def _template_both(text: str) -> Iterator[str]:
    for _, name, told in _templates(text):
        if name == "media" and "$Number" in told and "$Time" in told:
            yield "A SegmentTemplate@media has both $Number$ and $Time$."


def _template_known(text: str) -> Iterator[str]:
    for _, name, told in _templates(text):
        if told.count("$") % 2:
            yield f"SegmentTemplate@{name} has a $ without its other: {told[:60]}"
        else:
            for each in _IDENTIFIER.finditer(told):
                if not _KNOWN.fullmatch(each[1]):
                    yield f"SegmentTemplate@{name} has {each[0][:40]}, which stands for nothing."


def _template_init(text: str) -> Iterator[str]:
    for _, name, told in _templates(text):
        if name == "initialization" and ("$Number" in told or "$Time" in told):
            yield "A SegmentTemplate@initialization counts segments."


def _timed_twice(text: str) -> Iterator[str]:
    for each in elements(text, "SegmentTemplate", "SegmentList"):
        if each.get("duration") is not None and children(each, "SegmentTimeline"):
            yield f"A {name_of(each)} has both @duration and SegmentTimeline."


def _timescale(text: str) -> Iterator[str]:
    for each in elements(text, *_PLACES, "EventStream"):
        if timescale_of(each.get("timescale")) is None:
            yield f"{name_of(each)}@timescale is {each.get('timescale', '')[:40]}."


def _timeline_d(text: str) -> Iterator[str]:
    for each in elements(text, "S"):
        if not _WHOLE.fullmatch((each.get("d") or "").strip()):
            yield "An S of a SegmentTimeline has no @d."


def _timeline_order(text: str) -> Iterator[str]:
    for timeline in elements(text, "SegmentTimeline"):
        end: int | None = 0
        for each in children(timeline, "S"):
            told = {name: each.get(name) for name in ("t", "d", "r")}
            if any(value is not None and not re.fullmatch(r"-?\d{1,20}", value.strip()) for value in told.values()):
                break
            start = end if told["t"] is None else int(told["t"])
            if start is None or told["d"] is None:
                break
            if end is not None and start < end:
                yield f"An S of a SegmentTimeline begins at {start}, before the end of the one in front, {end}."
            repeats = int(told["r"] or 0)
            end = start + int(told["d"]) * (repeats + 1) if repeats >= 0 else None


def _timeline_open(text: str) -> Iterator[str]:
    """What repeats until the next @t needs a next @t, or to be the last."""
    for timeline in elements(text, "SegmentTimeline"):
        rows = children(timeline, "S")
        for row, following in pairwise(rows):
            if (row.get("r") or "0").strip().startswith("-") and following.get("t") is None:
                yield "An S repeats until the next one, which has no @t."


def _segment_list(text: str) -> Iterator[str]:
    for each in elements(text, "Representation"):
        own = children(each, "SegmentList")
        if own and not _linked(own[0]) and not children(own[0], "SegmentURL"):
            outer = each.getparent()
            inherited = [] if outer is None else children(outer, "SegmentList")
            if not any(children(place, "SegmentURL") for place in inherited):
                yield "A SegmentList has no SegmentURL."


def _ranges(text: str) -> Iterator[str]:
    places = (("Initialization", "range"), ("RepresentationIndex", "range"), ("SegmentURL", "mediaRange"))
    for name, attribute in (*places, *((each, "indexRange") for each in (*_PLACES, "SegmentURL"))):
        for each in elements(text, name):
            told = each.get(attribute)
            found = None if told is None else re.fullmatch(r"(\d+)-(\d*)", told.strip())
            if told is not None and (found is None or int(found[2] or found[1]) < int(found[1])):
                yield f"{name}@{attribute} is no range of bytes: {told[:40]}"


def _schemes(text: str) -> Iterator[str]:
    for each in elements(text, *_SCHEMED):
        if not each.get("schemeIdUri") and not each.get("ref"):
            yield f"A {name_of(each)} has no @schemeIdUri."


def _roles(text: str) -> Iterator[str]:
    for each in elements(text, "Role"):
        if each.get("schemeIdUri") == "urn:mpeg:dash:role:2011" and each.get("value") not in _ROLES:
            yield f'The Role "{(each.get("value") or "")[:40]}" is none of urn:mpeg:dash:role:2011.'


def _protection(text: str) -> Iterator[str]:
    for each in elements(text, "ContentProtection"):
        mp4 = (each.get("schemeIdUri") or "").lower() == "urn:mpeg:dash:mp4protection:2011"
        if mp4 and each.get("value") not in ("cenc", "cens", "cbc1", "cbcs"):
            yield f'ContentProtection@value "{(each.get("value") or "")[:40]}" is no scheme of ISO/IEC 23001-7.'


def _key_id(text: str) -> Iterator[str]:
    for each in elements(text, "ContentProtection"):
        told = each.get(f"{_CENC}default_KID")
        if told is not None and not all(_UUID.fullmatch(part) for part in told.split() or [""]):
            yield f"@cenc:default_KID is no UUID: {told[:40]}"


def _bitstream(text: str) -> Iterator[str]:
    for each in elements(text, "AdaptationSet", "Representation"):
        told = each.get("startWithSAP")
        if told is not None and told.strip() not in ("0", "1", "2", "3", "4", "5", "6"):
            yield f"@startWithSAP is {told[:40]}."


def _group_of_types(text: str) -> Iterator[str]:
    for each in elements(text, "AdaptationSet"):
        kinds = {
            (row.get("mimeType") or each.get("mimeType") or "").partition("/")[0]
            for row in children(each, "Representation")
        }
        kinds &= {"audio", "video", "text"}
        if len(kinds) > 1:
            yield f"An AdaptationSet has Representations of {' and '.join(sorted(kinds))}."


def _utc_timing(text: str) -> Iterator[str]:
    if _is_dynamic(text) and next(elements(text, "UTCTiming"), None) is None:
        yield "A dynamic MPD says nowhere what time it is (UTCTiming)."


def _aligned(text: str) -> Iterator[str]:
    for each in elements(text, "AdaptationSet"):
        video = (each.get("mimeType") or each.get("contentType") or "").startswith("video")
        several = len(children(each, "Representation")) > 1
        told = [each.get(name) for name in ("segmentAlignment", "subsegmentAlignment", "bitstreamSwitching")]
        if video and several and not any(value not in (None, "false", "0") for value in told):
            yield "An AdaptationSet with several qualities does not say that their segments are aligned."


def _codecs(text: str) -> Iterator[str]:
    for each in elements(text, "Representation"):
        parent = each.getparent()
        kind = each.get("mimeType") or (parent.get("mimeType") if parent is not None else None) or ""
        if (
            kind in ("video/mp4", "audio/mp4")
            and not each.get("codecs")
            and (parent is None or not parent.get("codecs"))
        ):
            yield "A Representation of an MP4 file names no @codecs."


_REP = '<Representation id="v" bandwidth="1" codecs="avc1.64001f"/>'
_SET = f'<AdaptationSet mimeType="video/mp4">{_REP}</AdaptationSet>'
_HEAD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" '
    'profiles="urn:mpeg:dash:profile:isoff-live:2011" '
)
_STATIC = f'{_HEAD}minBufferTime="PT2S" mediaPresentationDuration="PT4S"><Period>{_SET}</Period></MPD>'
_LIVE = (
    f'{_HEAD}minBufferTime="PT2S" type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z" '
    f'minimumUpdatePeriod="PT2S" publishTime="2026-01-01T00:00:00Z"><Period id="1" start="PT0S">{_SET}</Period>'
    '<UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="2026-01-01T00:00:00Z"/></MPD>'
)
_TIMELINE = (
    '<SegmentTemplate initialization="i" media="$Time$.m4s" timescale="1"><SegmentTimeline>{}</SegmentTimeline>'
    "</SegmentTemplate>"
)
_KID = "00000000-0000-0000-0000-000000000001"


def _with(inner: str) -> str:
    """A static MPD with something in its AdaptationSet, before the Representation."""
    return _STATIC.replace(_REP, inner + _REP)


def _inside(inner: str) -> str:
    """A static MPD with something in its Representation."""
    return _STATIC.replace(_REP, _REP.replace("/>", f">{inner}</Representation>"))


def _rep(attributes: str) -> str:
    """A static MPD whose Representation has more attributes."""
    return _STATIC.replace(_REP, _REP.replace("/>", f" {attributes}/>"))


def _timeline(rows: str) -> str:
    return _with(_TIMELINE.format(rows))


def _protected(attributes: str) -> str:
    return _with(f'<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" {attributes}/>')


RULES: tuple[ConformanceRule, ...] = (
    must(
        "dash.xml",
        f"{MPD} 5.2.1",
        "The MPD is well-formed XML.",
        _well_formed,
        _STATIC.replace("</Period>", ""),
        _STATIC,
    ),
    must(
        "dash.namespace",
        f"{MPD} 5.2.1",
        "The MPD is in the namespace of its schema.",
        _namespace,
        _STATIC.replace("mpd:2011", "mpd:2010"),
        _STATIC,
    ),
    must(
        "dash.type",
        f"{MPD} 5.3.1.2",
        "MPD@type is static or dynamic.",
        _type,
        _STATIC.replace("profiles", 'type="live" profiles'),
        _STATIC.replace("profiles", 'type="static" profiles'),
    ),
    must(
        "dash.profiles",
        f"{MPD} 5.3.1.2",
        "The MPD names its profiles.",
        _of_mpd("profiles"),
        _STATIC.replace("profiles=", "x="),
        _STATIC,
    ),
    must(
        "dash.min_buffer_time",
        f"{MPD} 5.3.1.2",
        "The MPD has @minBufferTime.",
        _of_mpd("minBufferTime"),
        _STATIC.replace("minBufferTime", "x"),
        _STATIC,
    ),
    must(
        "dash.durations",
        f"{MPD} 5.3.1.2",
        "Durations are those of XML schema.",
        _durations,
        _STATIC.replace("PT4S", "4"),
        _STATIC.replace("PT4S", "P0DT0H0M4.0S"),
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
        _STATIC.replace("mediaPresentationDuration", "x"),
        _STATIC.replace("mediaPresentationDuration", "x").replace("<Period", '<Period duration="PT4S"'),
    ),
    must(
        "dash.static_update",
        f"{MPD} 5.3.1.2",
        "A static MPD has no @minimumUpdatePeriod.",
        _static_update,
        _STATIC.replace("minBufferTime", 'minimumUpdatePeriod="PT2S" minBufferTime'),
        _STATIC,
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
        f'{_HEAD}minBufferTime="PT2S" mediaPresentationDuration="PT4S"></MPD>',
        _STATIC,
    ),
    must(
        "dash.period_order",
        f"{MPD} 5.3.2.1",
        "Periods stand in the order of their starts.",
        _period_order,
        _STATIC.replace(f"<Period>{_SET}", f'<Period start="PT2S">{_SET}</Period><Period start="PT1S">{_SET}'),
        _STATIC.replace(f"<Period>{_SET}", f'<Period start="PT0S">{_SET}</Period><Period start="PT1S">{_SET}'),
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
        _unique("MPD", "Period"),
        _STATIC.replace(f"<Period>{_SET}", f'<Period id="1">{_SET}</Period><Period id="1">{_SET}'),
        _STATIC.replace(f"<Period>{_SET}", f'<Period id="1">{_SET}</Period><Period id="2">{_SET}'),
    ),
    must(
        "dash.unique_set",
        f"{MPD} 5.3.3.2",
        "No two AdaptationSets of a Period share an @id.",
        _unique("Period", "AdaptationSet"),
        _STATIC.replace(_SET, (_SET + _SET.replace('"v"', '"w"')).replace("<AdaptationSet", '<AdaptationSet id="1"')),
        _STATIC.replace(_SET, _SET + _SET.replace('"v"', '"w"')),
    ),
    must(
        "dash.empty_set",
        f"{MPD} 5.3.3.2",
        "An AdaptationSet has a Representation.",
        _empty_set,
        _STATIC.replace(_REP, ""),
        _STATIC,
    ),
    must(
        "dash.representation_id",
        f"{MPD} 5.3.5.2",
        "A Representation has an @id.",
        _representations("id"),
        _STATIC.replace('id="v" ', ""),
        _STATIC,
    ),
    must(
        "dash.unique_id",
        f"{MPD} 5.3.5.2",
        "No two Representations of a Period share an @id.",
        _unique("Period", "Representation"),
        _STATIC.replace(_REP, _REP * 2),
        _STATIC.replace(_REP, _REP + _REP.replace('"v"', '"w"')),
    ),
    must(
        "dash.id_whitespace",
        f"{MPD} 5.3.5.2",
        "Representation@id has no whitespace.",
        _id_space,
        _STATIC.replace('id="v"', 'id="v 1"'),
        _STATIC.replace('id="v"', 'id="v_1"'),
    ),
    must(
        "dash.bandwidth",
        f"{MPD} 5.3.5.2",
        "A Representation has a @bandwidth.",
        _representations("bandwidth"),
        _STATIC.replace(' bandwidth="1"', ""),
        _STATIC,
    ),
    must(
        "dash.numbers",
        f"{MPD} 5.3.7.2",
        "Sizes and bandwidths are whole numbers.",
        _numbers,
        _STATIC.replace('bandwidth="1"', 'bandwidth="1.5"'),
        _rep('width="640" height="360"'),
    ),
    must(
        "dash.frame_rate",
        f"{MPD} 5.3.7.2",
        "@frameRate is a whole number or a fraction.",
        _frame_rate,
        _rep('frameRate="29.97"'),
        _rep('frameRate="30000/1001"'),
    ),
    must(
        "dash.ratio",
        f"{MPD} 5.3.7.2",
        "@par and @sar are two numbers with a colon.",
        _ratio,
        _rep('sar="1/1"'),
        _rep('sar="1:1"'),
    ),
    must(
        "dash.mime_type",
        f"{MPD} 5.3.7.2",
        "A Representation or its AdaptationSet has a @mimeType.",
        _mime_type,
        _STATIC.replace(' mimeType="video/mp4"', ""),
        _STATIC,
    ),
    must(
        "dash.sap",
        f"{MPD} 5.3.7.2",
        "@startWithSAP is 0 to 6.",
        _bitstream,
        _rep('startWithSAP="7"'),
        _rep('startWithSAP="1"'),
    ),
    must(
        "dash.language",
        f"{MPD} 5.3.3.2",
        "@lang is a language (BCP 47).",
        _language,
        _STATIC.replace("<AdaptationSet", '<AdaptationSet lang="en_US"'),
        _STATIC.replace("<AdaptationSet", '<AdaptationSet lang="en-US"'),
    ),
    must(
        "dash.one_type",
        f"{MPD} 5.3.3.1",
        "The Representations of an AdaptationSet are of one media type.",
        _group_of_types,
        _with(_REP.replace('"v"', '"a" mimeType="audio/mp4"')),
        _with(_REP.replace('"v"', '"w"')),
    ),
    must(
        "dash.one_place",
        f"{MPD} 5.3.9.1",
        "A level has one of SegmentBase, SegmentList and SegmentTemplate.",
        _one_place,
        _with('<SegmentBase/><SegmentTemplate initialization="i" media="$Number$.m4s" duration="4"/>'),
        _with('<SegmentTemplate initialization="i" media="$Number$.m4s" duration="4"/>'),
    ),
    must(
        "dash.template",
        f"{MPD} 5.3.9.4.4",
        "A template counts segments or names their times, not both.",
        _template_both,
        _with('<SegmentTemplate initialization="i" media="$Number$-$Time$.m4s" duration="4"/>'),
        _with('<SegmentTemplate initialization="i" media="$Number$.m4s" duration="4"/>'),
    ),
    must(
        "dash.template_identifier",
        f"{MPD} 5.3.9.4.4",
        "A template has known identifiers only.",
        _template_known,
        _with('<SegmentTemplate initialization="i" media="$Nummer$.m4s" duration="4"/>'),
        _with('<SegmentTemplate initialization="i" media="$RepresentationID$/$$$Number%05d$.m4s" duration="4"/>'),
    ),
    must(
        "dash.template_initialization",
        f"{MPD} 5.3.9.4.2",
        "The address of an initialization segment counts nothing.",
        _template_init,
        _with('<SegmentTemplate media="$Number$.m4s" initialization="$Number$.mp4" duration="4"/>'),
        _with('<SegmentTemplate media="$Number$.m4s" initialization="$RepresentationID$.mp4" duration="4"/>'),
    ),
    must(
        "dash.timed_twice",
        f"{MPD} 5.3.9.2.1",
        "Segments have @duration or a SegmentTimeline, not both.",
        _timed_twice,
        _timeline('<S t="0" d="4"/>').replace("timescale", 'duration="4" timescale'),
        _timeline('<S t="0" d="4"/>'),
    ),
    must(
        "dash.timescale",
        f"{MPD} 5.3.9.2.2",
        "@timescale is a whole number above 0.",
        _timescale,
        _timeline('<S t="0" d="4"/>').replace('timescale="1"', 'timescale="0"'),
        _timeline('<S t="0" d="4"/>'),
    ),
    must(
        "dash.timeline_duration",
        f"{MPD} 5.3.9.6.2",
        "An S has a @d.",
        _timeline_d,
        _timeline('<S t="0"/>'),
        _timeline('<S t="0" d="4"/>'),
    ),
    must(
        "dash.timeline_order",
        f"{MPD} 5.3.9.6.2",
        "No S begins before the one in front of it ends.",
        _timeline_order,
        _timeline('<S t="0" d="2" r="1"/><S t="3" d="2"/>'),
        _timeline('<S t="0" d="2" r="1"/><S t="4" d="2"/>'),
    ),
    must(
        "dash.timeline_open",
        f"{MPD} 5.3.9.6.2",
        "What follows an S that repeats until the next one has a @t.",
        _timeline_open,
        _timeline('<S t="0" d="2" r="-1"/><S d="2"/>'),
        _timeline('<S t="0" d="2" r="-1"/><S t="4" d="2"/>'),
    ),
    must(
        "dash.segment_list",
        f"{MPD} 5.3.9.3.2",
        "A SegmentList has a SegmentURL.",
        _segment_list,
        _inside('<SegmentList duration="4"/>'),
        _inside('<SegmentList duration="4"><SegmentURL media="1.m4s"/></SegmentList>'),
    ),
    must(
        "dash.range",
        f"{MPD} 5.3.9.2.2",
        "Ranges are FIRST-LAST, in bytes.",
        _ranges,
        _inside('<SegmentBase indexRange="900"/>'),
        _inside('<SegmentBase indexRange="0-899"/>'),
    ),
    must(
        "dash.scheme",
        f"{MPD} 5.8.2",
        "A descriptor has a @schemeIdUri.",
        _schemes,
        _with('<Role value="main"/>'),
        _with('<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>'),
    ),
    should(
        "dash.role",
        f"{MPD} 5.8.5.5",
        "A Role of urn:mpeg:dash:role:2011 is one that it has.",
        _roles,
        _with('<Role schemeIdUri="urn:mpeg:dash:role:2011" value="hero"/>'),
        _with('<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>'),
    ),
    must(
        "dash.protection",
        f"{MPD} 5.8.5.2",
        "A ContentProtection of MP4 names its scheme.",
        _protection,
        _protected('value="aes"'),
        _protected('value="cenc"'),
    ),
    must(
        "dash.key_id",
        "ISO/IEC 23001-7 11.2",
        "@cenc:default_KID is a UUID.",
        _key_id,
        _protected(f'value="cenc" cenc:default_KID="{_KID.replace("-", "")}"'),
        _protected(f'value="cenc" cenc:default_KID="{_KID}"'),
    ),
    should(
        "dash.utc_timing",
        f"{IOP} 4.7.2",
        "A dynamic MPD has a UTCTiming.",
        _utc_timing,
        re.sub("<UTCTiming[^>]*>", "", _LIVE),
        _LIVE,
    ),
    should(
        "dash.alignment",
        f"{IOP} 3.2.4",
        "The qualities of a video are aligned, and say so.",
        _aligned,
        _with(_REP.replace('"v"', '"w"')),
        _with(_REP.replace('"v"', '"w"')).replace("<AdaptationSet", '<AdaptationSet segmentAlignment="true"'),
    ),
    should(
        "dash.codecs",
        f"{IOP} 3.2.4",
        "A Representation of an MP4 file names its @codecs.",
        _codecs,
        _STATIC.replace(' codecs="avc1.64001f"', ""),
        _STATIC,
    ),
)
