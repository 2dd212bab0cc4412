"""The rules of RFC 8216bis, ISO/IEC 23009-1 and DASH-IF IOP that a manifest shows by itself. Pure.

Each rule reads the text as it was delivered, not what our parser made of it: a parser that forgives hides what breaks
others. ``breaks`` is a small manifest that breaks the rule and ``keeps`` one that just keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_NS = "{urn:mpeg:dash:schema:mpd:2011}"
_FRAGMENTED = (".m4s", ".mp4", ".cmfv", ".cmfa", ".m4v", ".m4a")
_MOST_BYTES = 64 * 1024 * 1024


class Severity(StrEnum):
    """``must``: the standard does not allow it. ``should``: it advises against it."""

    MUST = "must"
    SHOULD = "should"


@dataclass(frozen=True, slots=True)
class ConformanceRule:
    """``check`` yields a sentence for each place that breaks the rule; it gets the text of one manifest."""

    code: str
    clause: str
    severity: Severity
    text: str
    check: Callable[[str], Iterator[str]]
    breaks: str
    keeps: str

    @property
    def is_hls(self) -> bool:
        return self.code.startswith("hls.")


@dataclass(frozen=True, slots=True)
class ConformanceFinding:
    """A rule that a manifest breaks: ``name`` is the manifest, ``count`` the places, ``sentence`` tells the first."""

    rule: ConformanceRule
    name: str
    count: int
    sentence: str


def findings(manifests: Mapping[str, str]) -> list[ConformanceFinding]:
    """What the manifests (text by name) break, in the order of the rules."""
    found = []
    for rule in RULES:
        for name, text in manifests.items():
            if is_hls(text) is rule.is_hls or (rule.code == "hls.extm3u" and not is_dash(text)):
                sentences = list(rule.check(text))
                if sentences:
                    found.append(ConformanceFinding(rule, name, len(sentences), sentences[0]))
    return found


def is_hls(text: str) -> bool:
    """Whether a text is a playlist."""
    return text.lstrip("\ufeff \r\n\t").startswith("#EXTM3U")


def is_dash(text: str) -> bool:
    """Whether a text looks like an MPD."""
    return "<MPD" in text[:4096]


# --- HLS


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _tags(text: str, name: str) -> Iterator[dict[str, str]]:
    for line in _lines(text):
        if line.startswith(f"#{name}:"):
            yield {key: value.strip('"') for key, value in _ATTRIBUTE.findall(line.partition(":")[2])}


def _is_media(text: str) -> bool:
    return "#EXTINF" in text


def _is_multivariant(text: str) -> bool:
    return "#EXT-X-STREAM-INF" in text or "#EXT-X-MEDIA:" in text


def _extm3u(text: str) -> Iterator[str]:
    if not text.lstrip("\ufeff").startswith("#EXTM3U"):
        yield "The first line is not #EXTM3U."


def _target(text: str) -> Iterator[str]:
    if _is_media(text) and "#EXT-X-TARGETDURATION:" not in text:
        yield "A media playlist has no EXT-X-TARGETDURATION."


def _rounding(text: str) -> Iterator[str]:
    target = re.search(r"#EXT-X-TARGETDURATION:(\d+)", text)
    for duration in re.findall(r"#EXTINF:(\d+(?:\.\d+)?)", text):
        if target is not None and int(float(duration) + 0.5) > int(target[1]):
            yield f"A segment of {duration} s is longer than the target duration of {target[1]} s."


def _bandwidth(text: str) -> Iterator[str]:
    for each in _tags(text, "EXT-X-STREAM-INF"):
        if not each.get("BANDWIDTH", "").isdigit():
            yield "An EXT-X-STREAM-INF has no BANDWIDTH."


def _groups(text: str) -> Iterator[str]:
    known = {(each.get("TYPE", ""), each.get("GROUP-ID", "")) for each in _tags(text, "EXT-X-MEDIA")}
    for each in _tags(text, "EXT-X-STREAM-INF"):
        for kind in ("AUDIO", "VIDEO", "SUBTITLES"):
            if kind in each and (kind, each[kind]) not in known:
                yield f'There is no EXT-X-MEDIA of {kind} group "{each[kind]}".'


def _media_attributes(text: str) -> Iterator[str]:
    for each in _tags(text, "EXT-X-MEDIA"):
        missing = [name for name in ("TYPE", "GROUP-ID", "NAME") if name not in each]
        if missing:
            yield f"An EXT-X-MEDIA has no {missing[0]}."


def _autoselect(text: str) -> Iterator[str]:
    for each in _tags(text, "EXT-X-MEDIA"):
        if each.get("DEFAULT") == "YES" and each.get("AUTOSELECT", "YES") != "YES":
            yield f'The default rendition "{each.get("NAME", "")}" says AUTOSELECT=NO.'


def _map(text: str) -> Iterator[str]:
    uris = [line.partition("?")[0].lower() for line in _lines(text) if not line.startswith("#")]
    if _is_media(text) and any(uri.endswith(_FRAGMENTED) for uri in uris) and "#EXT-X-MAP:" not in text:
        yield "Segments of fragmented MP4 have no EXT-X-MAP."


def _key_uri(text: str) -> Iterator[str]:
    for each in _tags(text, "EXT-X-KEY"):
        if each.get("METHOD") != "NONE" and not each.get("URI"):
            yield "An EXT-X-KEY has no URI."


def _iframe_uri(text: str) -> Iterator[str]:
    for each in _tags(text, "EXT-X-I-FRAME-STREAM-INF"):
        if not each.get("URI"):
            yield "An EXT-X-I-FRAME-STREAM-INF has no URI."


def _codecs(text: str) -> Iterator[str]:
    for each in _tags(text, "EXT-X-STREAM-INF"):
        if not each.get("CODECS"):
            yield "An EXT-X-STREAM-INF names no CODECS."


def _once(text: str) -> Iterator[str]:
    for name in ("EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-VERSION", "EXT-X-PLAYLIST-TYPE"):
        if text.count(f"#{name}:") > 1:
            yield f"{name} stands here more than once."


def _mixed(text: str) -> Iterator[str]:
    if _is_media(text) and _is_multivariant(text):
        yield "A playlist is a media playlist and a multivariant playlist at once."


# --- DASH


def _root(text: str) -> etree._Element | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    if len(text) > _MOST_BYTES:
        return None
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None  # nothing in it can be read


def _all(text: str, name: str) -> Iterator[etree._Element]:
    root = _root(text)
    if root is not None:
        yield from root.iter(f"{_NS}{name}", name)


def _is_dynamic(text: str) -> bool:
    root = _root(text)
    return root is not None and root.get("type") == "dynamic"


def _of_mpd(name: str, *, dynamic: bool = False) -> Callable[[str], Iterator[str]]:
    def check(text: str) -> Iterator[str]:
        root = _root(text)
        if root is not None and root.get(name) is None and (not dynamic or root.get("type") == "dynamic"):
            yield f"The MPD has no @{name}."

    return check


def _static_duration(text: str) -> Iterator[str]:
    root, periods = _root(text), list(_all(text, "Period"))
    told = root is None or root.get("mediaPresentationDuration") or (periods and periods[-1].get("duration"))
    if not told and not _is_dynamic(text):
        yield "A static MPD says nowhere how long it is."


def _representations(name: str) -> Callable[[str], Iterator[str]]:
    def check(text: str) -> Iterator[str]:
        for each in _all(text, "Representation"):
            if not each.get(name):
                yield f"A Representation has no @{name}."

    return check


def _unique_ids(text: str) -> Iterator[str]:
    for period in _all(text, "Period"):
        seen: set[str] = set()
        for each in period.iter(f"{_NS}Representation", "Representation"):
            name = each.get("id") or ""
            if name in seen:
                yield f'Two Representations of a Period are called "{name}".'
            seen.add(name)


def _mime_type(text: str) -> Iterator[str]:
    for each in _all(text, "Representation"):
        parent = each.getparent()
        if not each.get("mimeType") and (parent is None or not parent.get("mimeType")):
            yield "A Representation has no @mimeType, nor has its AdaptationSet."


def _period_ids(text: str) -> Iterator[str]:
    for each in _all(text, "Period"):
        if _is_dynamic(text) and not each.get("id"):
            yield "A Period of a dynamic MPD has no @id."


def _template(text: str) -> Iterator[str]:
    for each in _all(text, "SegmentTemplate"):
        media = each.get("media") or ""
        if "$Number" in media and "$Time" in media:
            yield "A SegmentTemplate@media has both $Number$ and $Time$."


def _utc_timing(text: str) -> Iterator[str]:
    if _is_dynamic(text) and next(_all(text, "UTCTiming"), None) is None:
        yield "A dynamic MPD says nowhere what time it is (UTCTiming)."


_MEDIA = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.4,\n1.ts\n"
_MASTER = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f"\nv.m3u8\n'
_AUDIO = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x"\n'
_REP = '<Representation id="v" bandwidth="1"/>'
_SET = f'<AdaptationSet mimeType="video/mp4">{_REP}</AdaptationSet>'
_HEAD = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" '
_STATIC = f'{_HEAD}minBufferTime="PT2S" mediaPresentationDuration="PT4S"><Period>{_SET}</Period></MPD>'
_LIVE = (
    f'{_HEAD}minBufferTime="PT2S" type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z" '
    f'publishTime="2026-01-01T00:00:00Z"><Period id="1">{_SET}</Period>'
    '<UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="2026-01-01T00:00:00Z"/></MPD>'
)
_BIS, _MPD, _IOP = "RFC 8216bis", "ISO/IEC 23009-1", "DASH-IF IOP"
_MUST, _SHOULD = Severity.MUST, Severity.SHOULD


def _rule(
    code: str,
    clause: str,
    text: str,
    check: Callable[[str], Iterator[str]],
    breaks: str,
    keeps: str,
    severity: Severity = _MUST,
) -> ConformanceRule:
    return ConformanceRule(code, clause, severity, text, check, breaks, keeps)


RULES = (
    _rule("hls.extm3u", f"{_BIS} 4.4.1.1", "A playlist starts with #EXTM3U.", _extm3u, f"\n{_MEDIA}", _MEDIA),
    _rule(
        "hls.once", f"{_BIS} 4.4.3", "A tag of the whole playlist stands there once.",
        _once, _MEDIA + "#EXT-X-TARGETDURATION:4\n", _MEDIA,
    ),
    _rule(
        "hls.mixed", f"{_BIS} 4.1", "A playlist is a media playlist or a multivariant one.",
        _mixed, _MEDIA + '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f"\nv.m3u8\n', _MEDIA,
    ),
    _rule(
        "hls.target_duration", f"{_BIS} 4.4.3.1", "A media playlist has EXT-X-TARGETDURATION.",
        _target, "#EXTM3U\n#EXTINF:4,\n1.ts\n", _MEDIA,
    ),
    _rule(
        "hls.extinf", f"{_BIS} 4.4.3.1", "No segment, rounded, is longer than the target duration.",
        _rounding, _MEDIA.replace("4.4,", "4.5,"), _MEDIA,
    ),
    _rule(
        "hls.map", f"{_BIS} 3.1.2", "Segments of fragmented MP4 have an EXT-X-MAP.",
        _map, _MEDIA.replace("1.ts", "1.m4s"),
        _MEDIA.replace("#EXTINF", '#EXT-X-MAP:URI="i.mp4"\n#EXTINF').replace("1.ts", "1.m4s"),
    ),
    _rule(
        "hls.key_uri", f"{_BIS} 4.4.4.4", "An EXT-X-KEY that encrypts has a URI.",
        _key_uri, _MEDIA + "#EXT-X-KEY:METHOD=AES-128\n", _MEDIA + "#EXT-X-KEY:METHOD=NONE\n",
    ),
    _rule(
        "hls.bandwidth", f"{_BIS} 4.4.6.2", "An EXT-X-STREAM-INF has a BANDWIDTH.",
        _bandwidth, _MASTER.replace("BANDWIDTH=1,", ""), _MASTER,
    ),
    _rule(
        "hls.group", f"{_BIS} 4.4.6.2", "A group that a variant names is there.",
        _groups, _AUDIO + _MASTER[8:].replace("BANDWIDTH", 'AUDIO="b",BANDWIDTH'),
        _AUDIO + _MASTER[8:].replace("BANDWIDTH", 'AUDIO="a",BANDWIDTH'),
    ),
    _rule(
        "hls.media", f"{_BIS} 4.4.6.1", "An EXT-X-MEDIA has TYPE, GROUP-ID and NAME.",
        _media_attributes, _AUDIO.replace(',NAME="x"', ""), _AUDIO,
    ),
    _rule(
        "hls.autoselect", f"{_BIS} 4.4.6.1", "A default rendition may be chosen automatically.",
        _autoselect, _AUDIO.replace('"x"', '"x",DEFAULT=YES,AUTOSELECT=NO'),
        _AUDIO.replace('"x"', '"x",DEFAULT=YES,AUTOSELECT=YES'),
    ),
    _rule(
        "hls.iframe_uri", f"{_BIS} 4.4.6.3", "An EXT-X-I-FRAME-STREAM-INF has a URI.",
        _iframe_uri, _MASTER + "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1\n",
        _MASTER + '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"\n',
    ),
    _rule(
        "hls.codecs", f"{_BIS} 4.4.6.2", "An EXT-X-STREAM-INF names its CODECS.",
        _codecs, _MASTER.replace(',CODECS="avc1.64001f"', ""), _MASTER, _SHOULD,
    ),
    _rule(
        "dash.profiles", f"{_MPD} 5.3.1.2", "The MPD names its profiles.",
        _of_mpd("profiles"), _STATIC.replace("profiles=", "x="), _STATIC,
    ),
    _rule(
        "dash.min_buffer_time", f"{_MPD} 5.3.1.2", "The MPD has @minBufferTime.",
        _of_mpd("minBufferTime"), _STATIC.replace("minBufferTime", "x"), _STATIC,
    ),
    _rule(
        "dash.duration", f"{_MPD} 5.3.1.2", "A static MPD says how long it is.",
        _static_duration, _STATIC.replace("mediaPresentationDuration", "x"),
        _STATIC.replace("mediaPresentationDuration", "x").replace("<Period", '<Period duration="PT4S"'),
    ),
    _rule(
        "dash.availability_start", f"{_MPD} 5.3.1.2", "A dynamic MPD has @availabilityStartTime.",
        _of_mpd("availabilityStartTime", dynamic=True), _LIVE.replace("availabilityStartTime", "x"), _LIVE,
    ),
    _rule(
        "dash.publish_time", f"{_MPD} 5.3.1.2", "A dynamic MPD has @publishTime.",
        _of_mpd("publishTime", dynamic=True), _LIVE.replace("publishTime", "x"), _LIVE,
    ),
    _rule(
        "dash.period_id", f"{_MPD} 5.3.2.2", "A Period of a dynamic MPD has an @id.",
        _period_ids, _LIVE.replace('<Period id="1"', "<Period"), _LIVE,
    ),
    _rule(
        "dash.representation_id", f"{_MPD} 5.3.5.2", "A Representation has an @id.",
        _representations("id"), _STATIC.replace('id="v" ', ""), _STATIC,
    ),
    _rule(
        "dash.unique_id", f"{_MPD} 5.3.5.2", "No two Representations of a Period share an @id.",
        _unique_ids, _STATIC.replace(_REP, _REP * 2), _STATIC.replace(_REP, _REP + _REP.replace('"v"', '"w"')),
    ),
    _rule(
        "dash.bandwidth", f"{_MPD} 5.3.5.2", "A Representation has a @bandwidth.",
        _representations("bandwidth"), _STATIC.replace(' bandwidth="1"', ""), _STATIC,
    ),
    _rule(
        "dash.mime_type", f"{_MPD} 5.3.7.2", "A Representation or its AdaptationSet has a @mimeType.",
        _mime_type, _STATIC.replace(' mimeType="video/mp4"', ""), _STATIC,
    ),
    _rule(
        "dash.template", f"{_MPD} 5.3.9.4.4", "A template counts segments or names their times, not both.",
        _template, _STATIC.replace(_REP, f'<SegmentTemplate media="$Number$-$Time$.m4s"/>{_REP}'),
        _STATIC.replace(_REP, f'<SegmentTemplate media="$Number$.m4s"/>{_REP}'),
    ),
    _rule(
        "dash.utc_timing", f"{_IOP} 4.7.2", "A dynamic MPD has a UTCTiming.",
        _utc_timing, re.sub("<UTCTiming[^>]*>", "", _LIVE), _LIVE, _SHOULD,
    ),
)  # fmt: skip
