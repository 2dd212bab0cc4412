"""The rules of ISO/IEC 23009-1 and DASH-IF IOP on how the parts of an MPD go together. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lxml import etree

from player.qa.conform.document import children, elements, mpd_root, name_of
from player.qa.conform.model import IOP, MPD, ConformanceRule, must, should

_DURATION = re.compile(r"PT?(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")
_PLACES = ("SegmentBase", "SegmentList", "SegmentTemplate")
_LEVELS = ("Representation", "AdaptationSet", "Period")
_EXACT_S = 0.001
_ROUNDING_S = 0.05  # audio ends with a whole frame
_BOUNDS = {
    "maxWidth": ("width", True), "maxHeight": ("height", True), "maxBandwidth": ("bandwidth", True),
    "minWidth": ("width", False), "minHeight": ("height", False), "minBandwidth": ("bandwidth", False),
}  # fmt: skip
_SWITCHING = "urn:mpeg:dash:adaptation-set-switching:2016"
_LIVE_PROFILE = "urn:mpeg:dash:profile:isoff-live:2011"


def _seconds(text: str | None) -> float | None:
    found = _DURATION.fullmatch((text or "").strip())
    if found is None or not text:
        return None
    days, hours, minutes, seconds = (float(each or 0) for each in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\s*\d{1,18}\s*", text) else None


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
    most_s = None if root is None else _seconds(root.get("maxSegmentDuration"))
    for representation in elements(text, "Representation") if most_s is not None else ():
        found = _addressing(representation)
        scale = _whole(_inherited(found, "timescale")) or 1
        lengths = [_whole(_inherited(found, "duration"))]
        timelines = [timeline for each in found for timeline in children(each, "SegmentTimeline")][:1]
        lengths += [
            (_whole(run.get("d")) or 0) // (_whole(run.get("k")) or 1)
            for timeline in timelines
            for run in children(timeline, "S")
        ]
        longest_s = max((each for each in lengths if each), default=0) / scale
        if most_s is not None and longest_s > most_s + _ROUNDING_S:
            yield f"A segment lasts {longest_s:g} s, more than MPD@maxSegmentDuration ({most_s:g} s)."


def _bounds(text: str) -> Iterator[str]:
    for adaptation in elements(text, "AdaptationSet"):
        for bound, (name, is_most) in _BOUNDS.items():
            limit = _whole(adaptation.get(bound))
            for each in children(adaptation, "Representation") if limit is not None else ():
                value = _whole(each.get(name))
                if limit is not None and value is not None and (value > limit if is_most else value < limit):
                    yield f"Representation@{name} is {value}, and AdaptationSet@{bound} is {limit}."


def _references(text: str, name: str) -> Iterator[str]:
    for period in elements(text, "Period"):
        ids = {each.get("id") for each in period.iter("{*}Representation", "Representation")}
        for each in period.iter("{*}Representation", "Representation"):
            for wanted in (each.get(name) or "").split():
                if wanted not in ids or wanted == each.get("id"):
                    yield f"Representation@{name} is {wanted[:40]}, which is no other Representation of its Period."


def _dependency(text: str) -> Iterator[str]:
    yield from _references(text, "dependencyId")


def _association(text: str) -> Iterator[str]:
    yield from _references(text, "associationId")


def _set_ids(period: etree._Element) -> set[str]:
    return {each.get("id") or "" for each in children(period, "AdaptationSet")}


def _subset(text: str) -> Iterator[str]:
    for period in elements(text, "Period"):
        for each in children(period, "Subset"):
            for wanted in (each.get("contains") or "").split():
                if wanted not in _set_ids(period):
                    yield f"Subset@contains names {wanted[:40]}, which is no AdaptationSet of its Period."


def _switching(text: str) -> Iterator[str]:
    for period in elements(text, "Period"):
        for adaptation in children(period, "AdaptationSet"):
            for each in children(adaptation, "SupplementalProperty", "EssentialProperty"):
                wanted = (each.get("value") or "").split(",") if each.get("schemeIdUri") == _SWITCHING else []
                for name in wanted:
                    if name.strip() not in _set_ids(period):
                        yield f"A set may be switched to {name[:40]}, which is no AdaptationSet of its Period."


def _preselection(text: str) -> Iterator[str]:
    for period in elements(text, "Period"):
        known = _set_ids(period) | {each.get("id") or "" for each in period.iter("{*}ContentComponent")}
        known |= {each.get("tag") or "" for each in period.iter("{*}Preselection")}
        for each in children(period, "Preselection"):
            for wanted in (each.get("preselectionComponents") or "").split():
                if wanted not in known:
                    yield f"Preselection@preselectionComponents names {wanted[:40]}, which is not there."


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


def _event_order(text: str) -> Iterator[str]:
    for stream in elements(text, "EventStream"):
        times = [_whole(each.get("presentationTime") or "0") or 0 for each in children(stream, "Event")]
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
            _seconds(each) for each in (before.get("start"), before.get("duration"), after.get("start"))
        )
        if (
            start_s is not None
            and length_s is not None
            and next_s is not None
            and start_s + length_s > next_s + 0.001
        ):
            yield f"A Period lasts until {start_s + length_s:g} s, and the next one starts at {next_s:g} s."


def _kind(adaptation: etree._Element, representation: etree._Element) -> str:
    mime = representation.get("mimeType") or adaptation.get("mimeType") or ""
    return str(adaptation.get("contentType") or mime.partition("/")[0])


def _rungs(text: str, kind: str) -> Iterator[tuple[etree._Element, etree._Element]]:
    for adaptation in elements(text, "AdaptationSet"):
        for each in children(adaptation, "Representation"):
            if _kind(adaptation, each) == kind:
                yield adaptation, each


def _size(text: str) -> Iterator[str]:
    for adaptation, each in _rungs(text, "video"):
        if any(each.get(name) is None and adaptation.get(name) is None for name in ("width", "height")):
            yield f"The video {(each.get('id') or '')[:40]} names no @width and @height."


def _frame_rate(text: str) -> Iterator[str]:
    for adaptation, each in _rungs(text, "video"):
        if each.get("frameRate") is None and adaptation.get("frameRate") is None:
            yield f"The video {(each.get('id') or '')[:40]} names no @frameRate."


def _sampling(text: str) -> Iterator[str]:
    for adaptation, each in _rungs(text, "audio"):
        if each.get("audioSamplingRate") is None and adaptation.get("audioSamplingRate") is None:
            yield f"The audio {(each.get('id') or '')[:40]} names no @audioSamplingRate."


def _channels(text: str) -> Iterator[str]:
    for adaptation, each in _rungs(text, "audio"):
        if not children(each, "AudioChannelConfiguration") and not children(adaptation, "AudioChannelConfiguration"):
            yield f"The audio {(each.get('id') or '')[:40]} has no AudioChannelConfiguration."


def _audio_language(text: str) -> Iterator[str]:
    for adaptation in elements(text, "AdaptationSet"):
        kinds = {_kind(adaptation, each) for each in children(adaptation, "Representation")}
        if "audio" in kinds and adaptation.get("lang") is None:
            yield "An AdaptationSet of audio names no @lang."


_VIDEO = (
    '<Representation id="v" bandwidth="5" codecs="avc1.64001f" width="640" height="360" frameRate="25"/>'
    '<Representation id="w" bandwidth="6" codecs="avc1.64001f" width="640" height="360" frameRate="25"/>'
)
_SOUND = (
    '<AdaptationSet id="2" lang="en" mimeType="audio/mp4"><AudioChannelConfiguration schemeIdUri="urn:x" value="2"/>'
    '<Representation id="a" bandwidth="1" codecs="mp4a.40.2" audioSamplingRate="48000"/></AdaptationSet>'
)
_TEMPLATE = '<SegmentTemplate media="$Number$.m4s" initialization="i.mp4" duration="4" timescale="1"/>'
_WHOLE_MPD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT2S"'
    ' mediaPresentationDuration="PT8S" maxSegmentDuration="PT4S"><Period id="p">'
    f'<AdaptationSet id="1" mimeType="video/mp4" segmentAlignment="true" maxWidth="640" maxBandwidth="6">{_TEMPLATE}'
    f"{_VIDEO}</AdaptationSet>{_SOUND}</Period></MPD>"
)


def _changed(old: str, new: str) -> str:
    assert old in _WHOLE_MPD, old
    return _WHOLE_MPD.replace(old, new, 1)


def _in_period(inner: str) -> str:
    return _changed("</Period>", f"{inner}</Period>")


def _event(second: str) -> str:
    return _changed(
        '<Period id="p">',
        f'<Period id="p"><EventStream schemeIdUri="urn:x"><Event presentationTime="1" id="1">a</Event>{second}'
        "</EventStream>",
    )


RULES: tuple[ConformanceRule, ...] = (
    must(
        "dash.max_segment",
        f"{MPD} 5.3.1.2",
        "No segment is longer than @maxSegmentDuration.",
        _max_segment,
        _changed('duration="4"', 'duration="5"'),
        _WHOLE_MPD,
    ),
    must(
        "dash.bounds",
        f"{MPD} 5.3.3.2",
        "Representations keep within what their AdaptationSet says of all of them.",
        _bounds,
        _changed('maxWidth="640"', 'maxWidth="639"'),
        _WHOLE_MPD,
    ),
    must(
        "dash.dependency",
        f"{MPD} 5.3.5.2",
        "What a Representation depends on is another one of its Period.",
        _dependency,
        _changed('id="w"', 'id="w" dependencyId="x"'),
        _changed('id="w"', 'id="w" dependencyId="v"'),
    ),
    must(
        "dash.association",
        f"{MPD} 5.3.5.2",
        "What a Representation is associated with is another one of its Period.",
        _association,
        _changed('id="w"', 'id="w" associationId="x"'),
        _changed('id="w"', 'id="w" associationId="v"'),
    ),
    must(
        "dash.subset",
        f"{MPD} 5.3.8",
        "A Subset contains AdaptationSets of its Period.",
        _subset,
        _in_period('<Subset contains="1 3"/>'),
        _in_period('<Subset contains="1 2"/>'),
    ),
    must(
        "dash.switching",
        f"{MPD} 5.3.3.5",
        "A set that may be switched to is one of its Period.",
        _switching,
        _changed(_TEMPLATE, f'<SupplementalProperty schemeIdUri="{_SWITCHING}" value="3"/>{_TEMPLATE}'),
        _changed(_TEMPLATE, f'<SupplementalProperty schemeIdUri="{_SWITCHING}" value="2"/>{_TEMPLATE}'),
    ),
    must(
        "dash.preselection",
        f"{MPD} 5.3.11",
        "A Preselection is made of components that are there.",
        _preselection,
        _in_period('<Preselection id="9" preselectionComponents="1 3"/>'),
        _in_period('<Preselection id="9" preselectionComponents="1 2"/>'),
    ),
    must(
        "dash.no_place",
        f"{MPD} 5.3.9.1",
        "A Representation says where its segments are.",
        _no_place,
        _changed(_TEMPLATE, "").replace('frameRate="25"/>', 'frameRate="25"><SegmentBase/></Representation>', 1),
        _changed(_TEMPLATE, "").replace(
            'frameRate="25"/>', 'frameRate="25"><BaseURL>v.mp4</BaseURL><SegmentBase/></Representation>', 1
        ),
    ),
    must(
        "dash.template_media",
        f"{MPD} 5.3.9.4.2",
        "A SegmentTemplate has a @media.",
        _template_media,
        _changed(' media="$Number$.m4s"', ""),
        _WHOLE_MPD,
    ),
    must(
        "dash.template_times",
        f"{MPD} 5.3.9.2.1",
        "Segments that are counted or named by time have @duration or a SegmentTimeline.",
        _template_times,
        _changed(' duration="4"', ""),
        _WHOLE_MPD,
    ),
    must(
        "dash.initialization",
        f"{MPD} 8.4.3",
        "The media segments of the live profile have an initialization segment.",
        _initialization,
        _changed(' initialization="i.mp4"', ""),
        _WHOLE_MPD,
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
        _changed(
            " minBufferTime",
            ' availabilityStartTime="2026-01-02T00:00:00Z" availabilityEndTime="2026-01-01T00:00:00Z" minBufferTime',
        ),
        _changed(
            " minBufferTime",
            ' availabilityStartTime="2026-01-01T00:00:00Z" availabilityEndTime="2026-01-01T00:00:00Z" minBufferTime',
        ),
    ),
    must(
        "dash.period_length",
        f"{MPD} 5.3.2.1",
        "A Period ends before the next one starts.",
        _period_length,
        _changed('<Period id="p">', '<Period id="p" start="PT0S" duration="PT5S">').replace(
            "</MPD>", f'<Period id="q" start="PT4S">{_SOUND}</Period></MPD>'
        ),
        _changed('<Period id="p">', '<Period id="p" start="PT0S" duration="PT4S">').replace(
            "</MPD>", f'<Period id="q" start="PT4S">{_SOUND}</Period></MPD>'
        ),
    ),
    should(
        "dash.size",
        f"{IOP} 3.2.4",
        "Video names its width and height.",
        _size,
        _changed(' height="360"', ""),
        _WHOLE_MPD,
    ),
    should(
        "dash.frame_rate_there",
        f"{IOP} 3.2.4",
        "Video names its frame rate.",
        _frame_rate,
        _changed(' frameRate="25"', ""),
        _WHOLE_MPD,
    ),
    should(
        "dash.sampling_rate",
        f"{IOP} 3.2.4",
        "Audio names its sampling rate.",
        _sampling,
        _changed(' audioSamplingRate="48000"', ""),
        _WHOLE_MPD,
    ),
    should(
        "dash.channels",
        f"{IOP} 3.2.4",
        "Audio has an AudioChannelConfiguration.",
        _channels,
        _changed('<AudioChannelConfiguration schemeIdUri="urn:x" value="2"/>', ""),
        _WHOLE_MPD,
    ),
    should(
        "dash.audio_language",
        f"{IOP} 3.2.4",
        "Audio names its language.",
        _audio_language,
        _changed(' lang="en"', ""),
        _WHOLE_MPD,
    ),
)
