"""The rules of RFC 8216bis on the lines of any playlist: tags, attributes, variables, versions. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from player.qa.conform.hls_checks import needs, whole_value
from player.qa.conform.hls_samples import (
    FMP4,
    GROUPS,
    KEY,
    MASTER,
    MEDIA,
    NINE,
    PARTS,
    RANGED,
    SESSION,
    STREAM,
    swapped,
)
from player.qa.conform.model import BIS, Check, ConformanceRule, must, should
from player.qa.conform.playlist import LISTS, OF_MEDIA, OF_MULTIVARIANT, OF_SEGMENTS, number, playlist

_QUOTED = re.compile(r'"[^"]*"')
_VARIABLE = re.compile(r"\{\$([A-Za-z0-9_-]+)\}")
_KINDS = {
    "quoted": (re.compile(r'"[^"\r\n]*"'), "is not in quotes"),
    "word": (re.compile(r"[^\",\s]+"), "is in quotes, or has spaces"),
    "integer": (re.compile(r"\d{1,20}"), "is no whole number"),
    "decimal": (re.compile(r"\d{1,20}(\.\d*)?"), "is no number"),
    "signed": (re.compile(r"-?\d{1,20}(\.\d*)?"), "is no number"),
    "hexadecimal": (re.compile(r"0[xX][0-9A-Fa-f]+"), "is no hexadecimal number"),
    "size": (re.compile(r"\d{1,6}x\d{1,6}"), "is not WIDTHxHEIGHT"),
}
_TYPES = {
    **dict.fromkeys(("URI", "CODECS", "GROUP-ID", "NAME", "LANGUAGE", "AUDIO", "SUBTITLES", "KEYFORMAT"), "quoted"),
    **dict.fromkeys(("SUPPLEMENTAL-CODECS", "STABLE-VARIANT-ID", "PATHWAY-ID", "CHANNELS", "DATA-ID"), "quoted"),
    **dict.fromkeys(("STABLE-RENDITION-ID", "ASSOC-LANGUAGE", "CHARACTERISTICS", "INSTREAM-ID", "VIDEO"), "quoted"),
    **dict.fromkeys(("KEYFORMATVERSIONS", "BYTERANGE", "SERVER-URI", "ID", "CLASS", "START-DATE"), "quoted"),
    **dict.fromkeys(("END-DATE", "CUE", "VALUE", "IMPORT", "QUERYPARAM", "ALLOWED-CPC"), "quoted"),
    **dict.fromkeys(("REQ-VIDEO-LAYOUT", "RECENTLY-REMOVED-DATERANGES"), "quoted"),
    **dict.fromkeys(("TYPE", "METHOD", "DEFAULT", "AUTOSELECT", "FORCED", "VIDEO-RANGE", "HDCP-LEVEL"), "word"),
    **dict.fromkeys(("INDEPENDENT", "CAN-BLOCK-RELOAD", "GAP", "PRECISE", "CAN-SKIP-DATERANGES"), "word"),
    **dict.fromkeys(("FORMAT", "END-ON-NEXT"), "word"),
    **dict.fromkeys(("BANDWIDTH", "AVERAGE-BANDWIDTH", "LAST-MSN", "LAST-PART", "SKIPPED-SEGMENTS"), "integer"),
    **dict.fromkeys(("BIT-DEPTH", "SAMPLE-RATE", "BYTERANGE-START", "BYTERANGE-LENGTH"), "integer"),
    **dict.fromkeys(("FRAME-RATE", "PART-TARGET", "PART-HOLD-BACK", "HOLD-BACK", "CAN-SKIP-UNTIL"), "decimal"),
    **dict.fromkeys(("SCORE", "DURATION", "PLANNED-DURATION"), "decimal"),
    **dict.fromkeys(("SCTE35-CMD", "SCTE35-OUT", "SCTE35-IN"), "hexadecimal"),
    "TIME-OFFSET": "signed",
    "RESOLUTION": "size",
}
_YES_OR_NO = frozenset(
    {"DEFAULT", "AUTOSELECT", "FORCED", "INDEPENDENT", "GAP", "PRECISE", "CAN-BLOCK-RELOAD", "CAN-SKIP-DATERANGES"}
)


def _extm3u(text: str) -> Iterator[str]:
    if not re.match(r"\ufeff?#EXTM3U\s*(\r?\n|$)", text):
        yield "The first line is not #EXTM3U."


def _bom(text: str) -> Iterator[str]:
    if text.startswith("\ufeff"):
        yield "The playlist starts with a byte order mark."


def _whitespace(text: str) -> Iterator[str]:
    for line in playlist(text).lines:
        if line.tag in LISTS and re.search(r"\s", _QUOTED.sub("", line.value)):
            yield f"The attributes of an {line.tag} have whitespace between them."


def _attribute_twice(text: str) -> Iterator[str]:
    for line in playlist(text).lines:
        if line.tag in LISTS:
            for name, count in Counter(name for name, _ in line.pairs).items():
                if count > 1:
                    yield f"An {line.tag} has the attribute {name} twice."


def _attribute_value(text: str) -> Iterator[str]:
    for line in playlist(text).lines:
        if line.tag not in LISTS:
            continue
        for name, value in line.pairs:
            if name in _TYPES and "{$" not in value:
                pattern, wrong = _KINDS[_TYPES[name]]
                if not pattern.fullmatch(value.strip()):
                    yield f"{name} of an {line.tag} {wrong}: {value[:40]}"


def _once(text: str) -> Iterator[str]:
    names = OF_MEDIA | {"EXT-X-VERSION", "EXT-X-START", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-CONTENT-STEERING"}
    names |= {"EXT-X-SKIP"}
    for name, count in Counter(line.tag for line in playlist(text).lines if line.tag in names).items():
        if count > 1:
            yield f"{name} stands here {count} times."


def _mixed(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.is_multivariant and found.has(*OF_SEGMENTS):
        yield "A playlist is a media playlist and a multivariant playlist at once."


def _media_tag(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.is_multivariant:
        for line in found.all(*OF_MEDIA):
            yield f"A multivariant playlist has the tag {line.tag} of media playlists."


def _multivariant_tag(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.has("EXTINF"):
        for line in found.all(*OF_MULTIVARIANT):
            yield f"A media playlist has the tag {line.tag} of multivariant playlists."


def _version(least: int, what: str, *tags: str, attributes: tuple[str, ...] = ()) -> Check:
    """A check that a playlist with such tags (or such attributes of them) says a version that has them."""

    def check(text: str) -> Iterator[str]:
        found = playlist(text)
        used = [line for line in found.all(*tags) if not attributes or set(attributes) & set(line.attributes)]
        if used and found.version < least:
            yield f"{what} needs EXT-X-VERSION {least}; the playlist says {found.version}."

    return check


def _version_float(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.version < 3 and any("." in line.value.partition(",")[0] for line in found.all("EXTINF")):
        yield f"Durations with fractions need EXT-X-VERSION 3; the playlist says {found.version}."


def _version_map(text: str) -> Iterator[str]:
    found = playlist(text)
    least = 5 if found.has("EXT-X-I-FRAMES-ONLY") else 6
    if found.has("EXT-X-MAP") and found.version < least:
        yield f"EXT-X-MAP needs EXT-X-VERSION {least}; the playlist says {found.version}."


def _define(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-DEFINE"):
        ways = [name for name in ("NAME", "IMPORT", "QUERYPARAM") if name in each]
        if len(ways) != 1 or ("NAME" in each and "VALUE" not in each):
            yield "An EXT-X-DEFINE has not one of NAME (with a VALUE), IMPORT and QUERYPARAM."


def _variables(text: str) -> Iterator[str]:
    known: set[str] = set()
    for line in playlist(text).lines:
        if line.tag == "EXT-X-DEFINE":
            known |= {value for name, value in line.attributes.items() if name in ("NAME", "IMPORT", "QUERYPARAM")}
        elif playlist(text).has("EXT-X-DEFINE"):
            for name in _VARIABLE.findall(line.value):
                if name not in known:
                    yield f"The variable {name} is used, and no EXT-X-DEFINE before has it."


def _start_inside(text: str) -> Iterator[str]:
    found = playlist(text)
    offset_s = found.seconds("EXT-X-START", "TIME-OFFSET")
    durations = [number(line.value.partition(",")[0].strip()) or 0.0 for line in found.all("EXTINF")]
    if offset_s is not None and durations and abs(offset_s) > sum(durations):
        yield f"EXT-X-START leads to {offset_s:g} s, beyond the {sum(durations):g} s of the playlist."


def _yes_or_no(text: str) -> Iterator[str]:
    for line in playlist(text).lines:
        for name, value in line.attributes.items() if line.tag.startswith("EXT-X-") else ():
            if name in _YES_OR_NO and value not in ("YES", "NO") and "{$" not in value:
                yield f"{name} of an {line.tag} is neither YES nor NO: {value[:40]}"


def _define_name(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-DEFINE"):
        for name in ("NAME", "IMPORT", "QUERYPARAM"):
            if name in each and not re.fullmatch(r"[A-Za-z0-9_-]+", each[name]):
                yield f"The name of a variable has other signs than it may: {each[name][:40]}"


def _define_twice(text: str) -> Iterator[str]:
    names = [
        each.get("NAME") or each.get("IMPORT") or each.get("QUERYPARAM") or ""
        for each in playlist(text).lists("EXT-X-DEFINE")
    ]
    for name, count in Counter(names).items():
        if count > 1:
            yield f"The variable {name[:40]} is defined {count} times."


def _define_import(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.is_multivariant and any("IMPORT" in each for each in found.lists("EXT-X-DEFINE")):
        yield "A multivariant playlist imports a variable."


def _version_service(text: str) -> Iterator[str]:
    found = playlist(text)
    told = [each.get("INSTREAM-ID", "") for each in found.lists("EXT-X-MEDIA")]
    if found.version < 7 and any(each.startswith("SERVICE") for each in told):
        yield f"INSTREAM-ID has a SERVICE at version {found.version}."


def _version_queryparam(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.version < 11 and any("QUERYPARAM" in each for each in found.lists("EXT-X-DEFINE")):
        yield f"EXT-X-DEFINE has a QUERYPARAM at version {found.version}."


def _version_required(text: str) -> Iterator[str]:
    found = playlist(text)
    for line in found.lines if found.version < 12 else ():
        if line.tag.startswith("EXT-X-") and any(name.startswith("REQ-") for name in line.attributes):
            yield f"{line.tag} has an attribute REQ- at version {found.version}."


_VARIABLES = (
    '#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-DEFINE:NAME="q",VALUE="1"\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts?q={$q}\n'
)
_DEFINE = '#EXT-X-DEFINE:NAME="q",VALUE="1"\n'


RULES: tuple[ConformanceRule, ...] = (
    must("hls.extm3u", f"{BIS} 4.4.1.1", "A playlist starts with #EXTM3U.", _extm3u, f"\n{MEDIA}", MEDIA),
    must("hls.bom", f"{BIS} 4.1", "A playlist has no byte order mark.", _bom, f"\ufeff{MEDIA}", MEDIA),
    must(
        "hls.whitespace",
        f"{BIS} 4.1",
        "There is no whitespace between attributes.",
        _whitespace,
        swapped(MASTER, ",CODECS", ", CODECS"),
        swapped(MASTER, "avc1.64001f", "avc1.64001f, mp4a.40.2"),
    ),
    must(
        "hls.attribute_twice",
        f"{BIS} 4.2",
        "An attribute list has each attribute once.",
        _attribute_twice,
        swapped(MASTER, "BANDWIDTH=1", "BANDWIDTH=1,BANDWIDTH=2"),
        swapped(MASTER, "BANDWIDTH=1", "BANDWIDTH=2,AVERAGE-BANDWIDTH=1"),
    ),
    must(
        "hls.attribute_value",
        f"{BIS} 4.2",
        "Attributes have values of their type.",
        _attribute_value,
        swapped(MASTER, '"avc1.64001f"', "avc1.64001f"),
        swapped(MASTER, ",CODECS", ",RESOLUTION=2x2,CODECS"),
    ),
    must(
        "hls.once",
        f"{BIS} 4.4.3",
        "A tag of the whole playlist stands there once.",
        _once,
        MEDIA + "#EXT-X-TARGETDURATION:4\n",
        MEDIA,
    ),
    must(
        "hls.mixed",
        f"{BIS} 4.1",
        "A playlist is a media playlist or a multivariant one.",
        _mixed,
        MEDIA + MASTER[8:],
        MEDIA,
    ),
    must(
        "hls.media_tag",
        f"{BIS} 4.4.3",
        "A multivariant playlist has no tags of media playlists.",
        _media_tag,
        MASTER + "#EXT-X-ENDLIST\n",
        MASTER + "#EXT-X-INDEPENDENT-SEGMENTS\n",
    ),
    must(
        "hls.multivariant_tag",
        f"{BIS} 4.4.6",
        "A media playlist has no tags of multivariant playlists.",
        _multivariant_tag,
        MEDIA + SESSION[len(MASTER) :],
        MEDIA + "#EXT-X-INDEPENDENT-SEGMENTS\n",
    ),
    must(
        "hls.version_iv",
        f"{BIS} 8",
        "An IV needs EXT-X-VERSION 2.",
        _version(2, "An IV", "EXT-X-KEY", attributes=("IV",)),
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + KEY + "#EXTINF:4,\n1.ts\n",
        "#EXTM3U\n#EXT-X-VERSION:2\n#EXT-X-TARGETDURATION:4\n" + KEY + "#EXTINF:4,\n1.ts\n",
    ),
    must(
        "hls.version_fraction",
        f"{BIS} 8",
        "Durations with fractions need EXT-X-VERSION 3.",
        _version_float,
        swapped(MEDIA, "VERSION:3", "VERSION:2"),
        swapped(swapped(MEDIA, "VERSION:3", "VERSION:2"), "4.4,", "4,"),
    ),
    must(
        "hls.version_byterange",
        f"{BIS} 8",
        "EXT-X-BYTERANGE and I-frame playlists need EXT-X-VERSION 4.",
        _version(4, "EXT-X-BYTERANGE or EXT-X-I-FRAMES-ONLY", "EXT-X-BYTERANGE", "EXT-X-I-FRAMES-ONLY"),
        swapped(RANGED, "VERSION:4", "VERSION:3"),
        RANGED,
    ),
    must(
        "hls.version_keyformat",
        f"{BIS} 8",
        "KEYFORMAT needs EXT-X-VERSION 5.",
        _version(5, "KEYFORMAT", "EXT-X-KEY", attributes=("KEYFORMAT", "KEYFORMATVERSIONS")),
        swapped(MEDIA, "#EXTINF", swapped(KEY, "URI", 'KEYFORMAT="identity",URI') + "#EXTINF"),
        swapped(
            swapped(MEDIA, "VERSION:3", "VERSION:5"),
            "#EXTINF",
            swapped(KEY, "URI", 'KEYFORMAT="identity",URI') + "#EXTINF",
        ),
    ),
    must(
        "hls.version_map",
        f"{BIS} 8",
        "EXT-X-MAP needs EXT-X-VERSION 6 (5 in an I-frame playlist).",
        _version_map,
        swapped(FMP4, "VERSION:6", "VERSION:5"),
        FMP4,
    ),
    must(
        "hls.version_define",
        f"{BIS} 8",
        "EXT-X-DEFINE needs EXT-X-VERSION 8.",
        _version(8, "EXT-X-DEFINE", "EXT-X-DEFINE"),
        swapped(_VARIABLES, "VERSION:8", "VERSION:7"),
        _VARIABLES,
    ),
    must(
        "hls.version_skip",
        f"{BIS} 8",
        "EXT-X-SKIP needs EXT-X-VERSION 9.",
        _version(9, "EXT-X-SKIP", "EXT-X-SKIP"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF"),
        swapped(NINE, "#EXTINF", "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF"),
    ),
    must(
        "hls.version",
        f"{BIS} 4.4.1.2",
        "EXT-X-VERSION is a whole number.",
        whole_value("EXT-X-VERSION", r"\d{1,9}"),
        MASTER + "#EXT-X-VERSION:6.0\n",
        MASTER + "#EXT-X-VERSION:6\n",
    ),
    must(
        "hls.start",
        f"{BIS} 4.4.2.2",
        "An EXT-X-START has a TIME-OFFSET.",
        needs("EXT-X-START", "TIME-OFFSET"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-START:PRECISE=YES\n#EXTINF"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-START:TIME-OFFSET=0\n#EXTINF"),
    ),
    should(
        "hls.start_inside",
        f"{BIS} 4.4.2.2",
        "EXT-X-START leads into the playlist.",
        _start_inside,
        swapped(MEDIA, "#EXTINF", "#EXT-X-START:TIME-OFFSET=-9\n#EXTINF"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-START:TIME-OFFSET=-4\n#EXTINF"),
    ),
    must(
        "hls.define",
        f"{BIS} 4.4.2.3",
        "An EXT-X-DEFINE has one of NAME (with VALUE), IMPORT and QUERYPARAM.",
        _define,
        swapped(_VARIABLES, ',VALUE="1"', ""),
        _VARIABLES,
    ),
    must(
        "hls.variable",
        f"{BIS} 4.3",
        "A variable is defined before it is used.",
        _variables,
        swapped(_VARIABLES, "{$q}", "{$r}"),
        _VARIABLES,
    ),
    must(
        "hls.yes_or_no",
        f"{BIS} 4.2",
        "Attributes that are YES or NO are one of them.",
        _yes_or_no,
        PARTS.replace("DATERANGES=YES", "DATERANGES=TRUE"),
        PARTS.replace("DATERANGES=YES", "DATERANGES=NO"),
    ),
    must(
        "hls.define_twice",
        f"{BIS} 4.4.2.3",
        "A variable is defined once.",
        _define_twice,
        STREAM + _DEFINE + _DEFINE,
        STREAM + _DEFINE + _DEFINE.replace('"q"', '"r"'),
    ),
    must(
        "hls.define_name",
        f"{BIS} 4.4.2.3",
        "The name of a variable has letters, digits, - and _.",
        _define_name,
        STREAM + _DEFINE.replace('"q"', '"q.r"'),
        STREAM + _DEFINE.replace('"q"', '"Q-r_1"'),
    ),
    must(
        "hls.define_import",
        f"{BIS} 4.4.2.3",
        "A multivariant playlist imports no variables.",
        _define_import,
        STREAM + '#EXT-X-DEFINE:IMPORT="q"\n',
        STREAM + _DEFINE,
    ),
    must(
        "hls.version_service",
        f"{BIS} 8",
        "A SERVICE in INSTREAM-ID needs EXT-X-VERSION 7.",
        _version_service,
        GROUPS.replace("#EXTM3U", "#EXTM3U\n#EXT-X-VERSION:6")
        + '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="c",INSTREAM-ID="SERVICE1"\n',
        GROUPS.replace("#EXTM3U", "#EXTM3U\n#EXT-X-VERSION:7")
        + '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="c",INSTREAM-ID="SERVICE1"\n',
    ),
    must(
        "hls.version_queryparam",
        f"{BIS} 8",
        "QUERYPARAM needs EXT-X-VERSION 11.",
        _version_queryparam,
        STREAM.replace("VERSION:12", "VERSION:10") + '#EXT-X-DEFINE:QUERYPARAM="q"\n',
        STREAM.replace("VERSION:12", "VERSION:11") + '#EXT-X-DEFINE:QUERYPARAM="q"\n',
    ),
    must(
        "hls.version_required",
        f"{BIS} 8",
        "Attributes whose names start with REQ- need EXT-X-VERSION 12.",
        _version_required,
        STREAM.replace("VERSION:12", "VERSION:11").replace("BANDWIDTH=1", 'BANDWIDTH=1,REQ-VIDEO-LAYOUT="CH-STEREO"'),
        STREAM.replace("BANDWIDTH=1", 'BANDWIDTH=1,REQ-VIDEO-LAYOUT="CH-STEREO"'),
    ),
)
