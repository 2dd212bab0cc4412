"""The rules of ISO/IEC 23009-1 on where segments are and how long. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lxml import etree

from player.manifest.dash.xml import timescale_of
from player.qa.conform.dash_checks import WHOLE, linked, seconds_of, whole_number
from player.qa.conform.dash_samples import REP, STATIC, TEMPLATE, WHOLE_MPD, changed, in_set
from player.qa.conform.document import children, elements, mpd_root, name_of
from player.qa.conform.model import MPD, ConformanceRule, must

_IDENTIFIER = re.compile(r"\$([^$]*)\$")
_KNOWN = re.compile(r"|RepresentationID|(Number|Bandwidth|Time|SubNumber)(%0\d+[diouxX])?")
_PLACES = ("SegmentBase", "SegmentList", "SegmentTemplate")
_LEVELS = ("Representation", "AdaptationSet", "Period")
_ROUNDING_S = 0.05  # audio ends with a whole frame
_LIVE_PROFILE = "urn:mpeg:dash:profile:isoff-live:2011"


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
        if not WHOLE.fullmatch((each.get("d") or "").strip()):
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
        if own and not linked(own[0]) and not children(own[0], "SegmentURL"):
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


def _levels(element: etree._Element) -> list[etree._Element]:
    """The element and those that it inherits from, innermost first."""
    return [each for each in (element, *element.iterancestors()) if name_of(each) in _LEVELS]


def _addressing(representation: etree._Element) -> list[etree._Element]:
    """What a Representation says of its segments, innermost first."""
    return [each for level in _levels(representation) for each in children(level, *_PLACES)]


def _inherited(found: list[etree._Element], name: str) -> str | None:
    return next((each.get(name) for each in found if each.get(name) is not None), None)


def _max_segment(text: str) -> Iterator[str]:
    root = mpd_root(text)
    most_s = None if root is None else seconds_of(root.get("maxSegmentDuration"))
    for representation in elements(text, "Representation") if most_s is not None else ():
        found = _addressing(representation)
        scale = whole_number(_inherited(found, "timescale")) or 1
        lengths = [whole_number(_inherited(found, "duration"))]
        timelines = [timeline for each in found for timeline in children(each, "SegmentTimeline")][:1]
        lengths += [
            (whole_number(run.get("d")) or 0) // (whole_number(run.get("k")) or 1)
            for timeline in timelines
            for run in children(timeline, "S")
        ]
        longest_s = max((each for each in lengths if each), default=0) / scale
        if most_s is not None and longest_s > most_s + _ROUNDING_S:
            yield f"A segment lasts {longest_s:g} s, more than MPD@maxSegmentDuration ({most_s:g} s)."


def _no_place(text: str) -> Iterator[str]:
    for each in elements(text, "Representation"):
        found = [place for place in _addressing(each) if place.attrib or len(place)]
        base = any(children(level, "BaseURL") for level in _levels(each)[:2])
        if not found and not base and children(each, *_PLACES):
            yield f"The Representation {(each.get('id') or '')[:40]} has neither segments nor a BaseURL."


def _template_media(text: str) -> Iterator[str]:
    for each in elements(text, "Representation"):
        found = [place for place in _addressing(each) if name_of(place) == "SegmentTemplate"]
        if found and _inherited(found, "media") is None:
            yield f"The SegmentTemplate of {(each.get('id') or '')[:40]} has no @media."


def _template_times(text: str) -> Iterator[str]:
    for each in elements(text, "Representation"):
        found = [place for place in _addressing(each) if name_of(place) == "SegmentTemplate"]
        media = _inherited(found, "media") or ""
        timed = _inherited(found, "duration") or any(children(place, "SegmentTimeline") for place in found)
        if ("$Number" in media or "$Time" in media) and not timed:
            yield f"The SegmentTemplate of {(each.get('id') or '')[:40]} has neither @duration nor a SegmentTimeline."


def _initialization(text: str) -> Iterator[str]:
    root = mpd_root(text)
    if root is None or _LIVE_PROFILE not in (root.get("profiles") or ""):
        return
    for each in elements(text, "Representation"):
        found = [place for place in _addressing(each) if name_of(place) == "SegmentTemplate"]
        levels = _levels(each)
        mime = _inherited(levels, "mimeType") or ""
        there = _inherited(found, "initialization") or any(children(place, "Initialization") for place in found)
        if found and mime in ("video/mp4", "audio/mp4") and not there:
            yield f"The segments of {(each.get('id') or '')[:40]} have no initialization segment."


_TIMELINE = (
    '<SegmentTemplate initialization="i" media="$Time$.m4s" timescale="1"><SegmentTimeline>{}</SegmentTimeline>'
    "</SegmentTemplate>"
)


def _inside(inner: str) -> str:
    """A static MPD with something in its Representation."""
    return STATIC.replace(REP, REP.replace("/>", f">{inner}</Representation>"))


def _timeline(rows: str) -> str:
    return in_set(_TIMELINE.format(rows))


RULES: tuple[ConformanceRule, ...] = (
    must(
        "dash.one_place",
        f"{MPD} 5.3.9.1",
        "A level has one of SegmentBase, SegmentList and SegmentTemplate.",
        _one_place,
        in_set('<SegmentBase/><SegmentTemplate initialization="i" media="$Number$.m4s" duration="4"/>'),
        in_set('<SegmentTemplate initialization="i" media="$Number$.m4s" duration="4"/>'),
    ),
    must(
        "dash.template",
        f"{MPD} 5.3.9.4.4",
        "A template counts segments or names their times, not both.",
        _template_both,
        in_set('<SegmentTemplate initialization="i" media="$Number$-$Time$.m4s" duration="4"/>'),
        in_set('<SegmentTemplate initialization="i" media="$Number$.m4s" duration="4"/>'),
    ),
    must(
        "dash.template_identifier",
        f"{MPD} 5.3.9.4.4",
        "A template has known identifiers only.",
        _template_known,
        in_set('<SegmentTemplate initialization="i" media="$Nummer$.m4s" duration="4"/>'),
        in_set('<SegmentTemplate initialization="i" media="$RepresentationID$/$$$Number%05d$.m4s" duration="4"/>'),
    ),
    must(
        "dash.template_initialization",
        f"{MPD} 5.3.9.4.2",
        "The address of an initialization segment counts nothing.",
        _template_init,
        in_set('<SegmentTemplate media="$Number$.m4s" initialization="$Number$.mp4" duration="4"/>'),
        in_set('<SegmentTemplate media="$Number$.m4s" initialization="$RepresentationID$.mp4" duration="4"/>'),
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
        "dash.max_segment",
        f"{MPD} 5.3.1.2",
        "No segment is longer than @maxSegmentDuration.",
        _max_segment,
        changed('duration="4"', 'duration="5"'),
        WHOLE_MPD,
    ),
    must(
        "dash.no_place",
        f"{MPD} 5.3.9.1",
        "A Representation says where its segments are.",
        _no_place,
        changed(TEMPLATE, "").replace('frameRate="25"/>', 'frameRate="25"><SegmentBase/></Representation>', 1),
        changed(TEMPLATE, "").replace(
            'frameRate="25"/>', 'frameRate="25"><BaseURL>v.mp4</BaseURL><SegmentBase/></Representation>', 1
        ),
    ),
    must(
        "dash.template_media",
        f"{MPD} 5.3.9.4.2",
        "A SegmentTemplate has a @media.",
        _template_media,
        changed(' media="$Number$.m4s"', ""),
        WHOLE_MPD,
    ),
    must(
        "dash.template_times",
        f"{MPD} 5.3.9.2.1",
        "Segments that are counted or named by time have @duration or a SegmentTimeline.",
        _template_times,
        changed(' duration="4"', ""),
        WHOLE_MPD,
    ),
    must(
        "dash.initialization",
        f"{MPD} 8.4.3",
        "The media segments of the live profile have an initialization segment.",
        _initialization,
        changed(' initialization="i.mp4"', ""),
        WHOLE_MPD,
    ),
)
