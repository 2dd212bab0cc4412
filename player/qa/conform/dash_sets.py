"""The rules of ISO/IEC 23009-1 and DASH-IF IOP on AdaptationSets and Representations. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from player.qa.conform.dash_checks import WHOLE, linked, unique_ids, whole_number
from player.qa.conform.dash_samples import REP, SET, STATIC, TEMPLATE, WHOLE_MPD, changed, in_set
from player.qa.conform.document import children, elements, name_of
from player.qa.conform.model import IOP, MPD, Check, ConformanceRule, must, should

_CENC = "{urn:mpeg:cenc:2013}"
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ROLES = frozenset(
    {
        "caption", "subtitle", "main", "alternate", "supplementary", "commentary", "dub", "description", "sign",
        "metadata", "enhanced-audio-intelligibility", "emergency", "forced-subtitle", "easyreader", "karaoke",
    }
)  # fmt: skip
_BOUNDS = {
    "maxWidth": ("width", True), "maxHeight": ("height", True), "maxBandwidth": ("bandwidth", True),
    "minWidth": ("width", False), "minHeight": ("height", False), "minBandwidth": ("bandwidth", False),
}  # fmt: skip
_SWITCHING = "urn:mpeg:dash:adaptation-set-switching:2016"


def _empty_set(text: str) -> Iterator[str]:
    for each in elements(text, "AdaptationSet"):
        if not linked(each) and not children(each, "Representation"):
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
            if told is not None and not WHOLE.fullmatch(told.strip()):
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


def _bounds(text: str) -> Iterator[str]:
    for adaptation in elements(text, "AdaptationSet"):
        for bound, (name, is_most) in _BOUNDS.items():
            limit = whole_number(adaptation.get(bound))
            for each in children(adaptation, "Representation") if limit is not None else ():
                value = whole_number(each.get(name))
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


def _frame_rate_there(text: str) -> Iterator[str]:
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


_KID = "00000000-0000-0000-0000-000000000001"


def _rep(attributes: str) -> str:
    """A static MPD whose Representation has more attributes."""
    return STATIC.replace(REP, REP.replace("/>", f" {attributes}/>"))


def _protected(attributes: str) -> str:
    return in_set(f'<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" {attributes}/>')


def _in_period(inner: str) -> str:
    return changed("</Period>", f"{inner}</Period>")


RULES: tuple[ConformanceRule, ...] = (
    must(
        "dash.unique_set",
        f"{MPD} 5.3.3.2",
        "No two AdaptationSets of a Period share an @id.",
        unique_ids("Period", "AdaptationSet"),
        STATIC.replace(SET, (SET + SET.replace('"v"', '"w"')).replace("<AdaptationSet", '<AdaptationSet id="1"')),
        STATIC.replace(SET, SET + SET.replace('"v"', '"w"')),
    ),
    must(
        "dash.empty_set",
        f"{MPD} 5.3.3.2",
        "An AdaptationSet has a Representation.",
        _empty_set,
        STATIC.replace(REP, ""),
        STATIC,
    ),
    must(
        "dash.representation_id",
        f"{MPD} 5.3.5.2",
        "A Representation has an @id.",
        _representations("id"),
        STATIC.replace('id="v" ', ""),
        STATIC,
    ),
    must(
        "dash.unique_id",
        f"{MPD} 5.3.5.2",
        "No two Representations of a Period share an @id.",
        unique_ids("Period", "Representation"),
        STATIC.replace(REP, REP * 2),
        STATIC.replace(REP, REP + REP.replace('"v"', '"w"')),
    ),
    must(
        "dash.id_whitespace",
        f"{MPD} 5.3.5.2",
        "Representation@id has no whitespace.",
        _id_space,
        STATIC.replace('id="v"', 'id="v 1"'),
        STATIC.replace('id="v"', 'id="v_1"'),
    ),
    must(
        "dash.bandwidth",
        f"{MPD} 5.3.5.2",
        "A Representation has a @bandwidth.",
        _representations("bandwidth"),
        STATIC.replace(' bandwidth="1"', ""),
        STATIC,
    ),
    must(
        "dash.numbers",
        f"{MPD} 5.3.7.2",
        "Sizes and bandwidths are whole numbers.",
        _numbers,
        STATIC.replace('bandwidth="1"', 'bandwidth="1.5"'),
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
        STATIC.replace(' mimeType="video/mp4"', ""),
        STATIC,
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
        STATIC.replace("<AdaptationSet", '<AdaptationSet lang="en_US"'),
        STATIC.replace("<AdaptationSet", '<AdaptationSet lang="en-US"'),
    ),
    must(
        "dash.one_type",
        f"{MPD} 5.3.3.1",
        "The Representations of an AdaptationSet are of one media type.",
        _group_of_types,
        in_set(REP.replace('"v"', '"a" mimeType="audio/mp4"')),
        in_set(REP.replace('"v"', '"w"')),
    ),
    should(
        "dash.role",
        f"{MPD} 5.8.5.5",
        "A Role of urn:mpeg:dash:role:2011 is one that it has.",
        _roles,
        in_set('<Role schemeIdUri="urn:mpeg:dash:role:2011" value="hero"/>'),
        in_set('<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>'),
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
        "dash.alignment",
        f"{IOP} 3.2.4",
        "The qualities of a video are aligned, and say so.",
        _aligned,
        in_set(REP.replace('"v"', '"w"')),
        in_set(REP.replace('"v"', '"w"')).replace("<AdaptationSet", '<AdaptationSet segmentAlignment="true"'),
    ),
    should(
        "dash.codecs",
        f"{IOP} 3.2.4",
        "A Representation of an MP4 file names its @codecs.",
        _codecs,
        STATIC.replace(' codecs="avc1.64001f"', ""),
        STATIC,
    ),
    must(
        "dash.bounds",
        f"{MPD} 5.3.3.2",
        "Representations keep within what their AdaptationSet says of all of them.",
        _bounds,
        changed('maxWidth="640"', 'maxWidth="639"'),
        WHOLE_MPD,
    ),
    must(
        "dash.dependency",
        f"{MPD} 5.3.5.2",
        "What a Representation depends on is another one of its Period.",
        _dependency,
        changed('id="w"', 'id="w" dependencyId="x"'),
        changed('id="w"', 'id="w" dependencyId="v"'),
    ),
    must(
        "dash.association",
        f"{MPD} 5.3.5.2",
        "What a Representation is associated with is another one of its Period.",
        _association,
        changed('id="w"', 'id="w" associationId="x"'),
        changed('id="w"', 'id="w" associationId="v"'),
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
        changed(TEMPLATE, f'<SupplementalProperty schemeIdUri="{_SWITCHING}" value="3"/>{TEMPLATE}'),
        changed(TEMPLATE, f'<SupplementalProperty schemeIdUri="{_SWITCHING}" value="2"/>{TEMPLATE}'),
    ),
    must(
        "dash.preselection",
        f"{MPD} 5.3.11",
        "A Preselection is made of components that are there.",
        _preselection,
        _in_period('<Preselection id="9" preselectionComponents="1 3"/>'),
        _in_period('<Preselection id="9" preselectionComponents="1 2"/>'),
    ),
    should(
        "dash.size",
        f"{IOP} 3.2.4",
        "Video names its width and height.",
        _size,
        changed(' height="360"', ""),
        WHOLE_MPD,
    ),
    should(
        "dash.frame_rate_there",
        f"{IOP} 3.2.4",
        "Video names its frame rate.",
        _frame_rate_there,
        changed(' frameRate="25"', ""),
        WHOLE_MPD,
    ),
    should(
        "dash.sampling_rate",
        f"{IOP} 3.2.4",
        "Audio names its sampling rate.",
        _sampling,
        changed(' audioSamplingRate="48000"', ""),
        WHOLE_MPD,
    ),
    should(
        "dash.channels",
        f"{IOP} 3.2.4",
        "Audio has an AudioChannelConfiguration.",
        _channels,
        changed('<AudioChannelConfiguration schemeIdUri="urn:x" value="2"/>', ""),
        WHOLE_MPD,
    ),
    should(
        "dash.audio_language",
        f"{IOP} 3.2.4",
        "Audio names its language.",
        _audio_language,
        changed(' lang="en"', ""),
        WHOLE_MPD,
    ),
)
