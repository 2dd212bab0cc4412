"""The rules of RFC 8216bis on how the tags of a playlist go together. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from player.qa.conform.model import BIS, ConformanceRule, must, should
from player.qa.conform.playlist import number, playlist

_STABLE = re.compile(r"[A-Za-z0-9+/=._-]+")
_PATHWAY = re.compile(r"[A-Za-z0-9._-]+")
_IDS = {"STABLE-VARIANT-ID": _STABLE, "STABLE-RENDITION-ID": _STABLE, "PATHWAY-ID": _PATHWAY}
_ENUMERATED = {
    "VIDEO-RANGE": frozenset({"SDR", "HLG", "PQ"}),
    "HDCP-LEVEL": frozenset({"NONE", "TYPE-0", "TYPE-1"}),
}
_YES_OR_NO = frozenset(
    {"DEFAULT", "AUTOSELECT", "FORCED", "INDEPENDENT", "GAP", "PRECISE", "CAN-BLOCK-RELOAD", "CAN-SKIP-DATERANGES"}
)
_NOT_OF_IFRAMES = ("FRAME-RATE", "AUDIO", "SUBTITLES", "CLOSED-CAPTIONS")
_OWN = ("URI", "CHANNELS", "BIT-DEPTH", "SAMPLE-RATE", "STABLE-RENDITION-ID", "GROUP-ID")
_WINDOW = 3  # target durations
_LENGTH_S = 0.1
_OVERLAP = timedelta(seconds=1)
_CLIENT = re.compile(r'"[^"]*"|0[xX][0-9A-Fa-f]+|-?\d+(\.\d*)?')


def _short_window(text: str) -> Iterator[str]:
    found = playlist(text)
    target_s = found.seconds("EXT-X-TARGETDURATION")
    first = found.seconds("EXT-X-MEDIA-SEQUENCE") or 0
    if target_s is None or found.has("EXT-X-ENDLIST", "EXT-X-PLAYLIST-TYPE", "EXT-X-SKIP") or not first:
        return
    length_s = sum(number(line.value.partition(",")[0].strip()) or 0 for line in found.all("EXTINF"))
    length_s += (
        sum(number(each.get("DURATION", "")) or 0 for each in found.lists("EXT-X-PART")) if not length_s else 0
    )
    if length_s < _WINDOW * target_s:
        yield f"A live playlist lists {length_s:g} s, less than three times its target duration of {target_s:g} s."


def _yes_or_no(text: str) -> Iterator[str]:
    for line in playlist(text).lines:
        for name, value in line.attributes.items() if line.tag.startswith("EXT-X-") else ():
            if name in _YES_OR_NO and value not in ("YES", "NO") and "{$" not in value:
                yield f"{name} of an {line.tag} is neither YES nor NO: {value[:40]}"


def _enumerated(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF"):
        for name, allowed in _ENUMERATED.items():
            value = line.attributes.get(name)
            if value is not None and value not in allowed and "{$" not in value:
                yield f"{name} is {value[:40]}, which is none of {', '.join(sorted(allowed))}."


def _ids(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-MEDIA"):
        for name, pattern in _IDS.items():
            value = line.attributes.get(name)
            if value is not None and not pattern.fullmatch(value) and "{$" not in value:
                yield f"{name} of an {line.tag} has other signs than it may: {value[:40]}"


def _iframe_attributes(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-I-FRAME-STREAM-INF"):
        for name in _NOT_OF_IFRAMES:
            if name in each:
                yield f"An EXT-X-I-FRAME-STREAM-INF has the attribute {name}."


def _groups(text: str) -> Iterator[tuple[tuple[str, frozenset[str]], str, dict[str, str]]]:
    """Type and pathways, group and attributes of each EXT-X-MEDIA: groups of different pathways may differ."""
    found = playlist(text)
    pathways: dict[tuple[str, str], set[str]] = defaultdict(set)
    for stream in found.lists("EXT-X-STREAM-INF"):
        for kind in ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"):
            if kind in stream:
                pathways[kind, stream[kind]].add(stream.get("PATHWAY-ID", "."))
    for each in found.lists("EXT-X-MEDIA"):
        kind, group = each.get("TYPE", ""), each.get("GROUP-ID", "")
        yield (kind, frozenset(pathways[kind, group])), group, each


def _group_members(text: str) -> Iterator[str]:
    kinds: dict[tuple[str, frozenset[str]], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for kind, group, each in _groups(text):
        kinds[kind][group].add(each.get("NAME", ""))
    for (type_, _), groups in kinds.items():
        first = next(iter(groups))
        for group, names in groups.items():
            if names != groups[first]:
                other = min(names ^ groups[first])
                yield f"The groups {first} and {group} of {type_} differ: only one of them has {other[:40]}."


def _group_attributes(text: str) -> Iterator[str]:
    told: dict[tuple[object, str], dict[str, str]] = {}
    for kind, _, each in _groups(text):
        own = {name: value for name, value in each.items() if name not in _OWN}
        before = told.setdefault((kind, each.get("NAME", "")), own)
        differs = sorted(name for name in before.keys() | own.keys() if before.get(name) != own.get(name))
        if differs:
            yield f"The {kind[0]} rendition {each.get('NAME', '')[:40]} has another {differs[0]} in another group."


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


def _preload_twice(text: str) -> Iterator[str]:
    for kind, count in Counter(each.get("TYPE", "") for each in playlist(text).lists("EXT-X-PRELOAD-HINT")).items():
        if count > 1:
            yield f"There are {count} EXT-X-PRELOAD-HINT of the type {kind[:40]}."


def _skip_dateranges(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-SERVER-CONTROL"):
        if each.get("CAN-SKIP-DATERANGES") == "YES" and "CAN-SKIP-UNTIL" not in each:
            yield "CAN-SKIP-DATERANGES stands without CAN-SKIP-UNTIL."


def _session_key_twice(text: str) -> Iterator[str]:
    rows = [tuple(sorted(each.items())) for each in playlist(text).lists("EXT-X-SESSION-KEY")]
    for row, count in Counter(rows).items():
        if count > 1:
            yield f"There are {count} EXT-X-SESSION-KEY for {dict(row).get('URI', '')[:60]}."


def _daterange_start(text: str) -> Iterator[str]:
    started = set()
    for each in playlist(text).lists("EXT-X-DATERANGE"):
        if "START-DATE" in each:
            started.add(each.get("ID"))
        elif each.get("ID") not in started:
            yield f"The date range {each.get('ID', '')[:40]} has no START-DATE."


def _daterange_same(text: str) -> Iterator[str]:
    told: dict[str, dict[str, str]] = {}
    for each in playlist(text).lists("EXT-X-DATERANGE"):
        before = told.setdefault(each.get("ID", ""), {})
        for name in each:
            if before.setdefault(name, each[name]) != each[name]:
                yield f"Two tags of the date range {each.get('ID', '')[:40]} have another {name}."


def _daterange_length(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-DATERANGE"):
        start, end = _date(each.get("START-DATE", "")), _date(each.get("END-DATE", ""))
        length_s = number(each.get("DURATION", ""))
        if start is None or end is None or length_s is None or (start.tzinfo is None) != (end.tzinfo is None):
            continue
        if abs(end - start - timedelta(seconds=length_s)) > timedelta(seconds=_LENGTH_S):
            yield f"The date range {each.get('ID', '')[:40]} does not end after its DURATION of {length_s:g} s."


def _daterange_client(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-DATERANGE"):
        for name, value in line.pairs:
            if name.startswith("X-") and not _CLIENT.fullmatch(value.strip()) and "{$" not in value:
                yield f"{name} of a date range is neither text in quotes nor a number: {value[:40]}"


def _date_overlap(text: str) -> Iterator[str]:
    """The end of what was dated before is later than a new date, by a second or more."""
    end: datetime | None = None
    for line in playlist(text).lines:
        if line.tag == "EXT-X-PROGRAM-DATE-TIME":
            start = _date(line.value.strip())
            if start is None or start.tzinfo is None:
                end = None
                continue
            if end is not None and end - start >= _OVERLAP:
                yield f"EXT-X-PROGRAM-DATE-TIME goes back by {(end - start).total_seconds():g} s: {line.value[:40]}"
            end = start
        elif line.tag == "EXTINF" and end is not None:
            end += timedelta(seconds=number(line.value.partition(",")[0].strip()) or 0)


def _date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


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


_LIVE = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n" + "".join(
    f"#EXTINF:4,\n{number}.ts\n" for number in (7, 8, 9)
)
_STREAM = '#EXTM3U\n#EXT-X-VERSION:12\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f"\nv.m3u8\n'
_IFRAMES = _STREAM + '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f",URI="i.m3u8"\n'
_GROUPS = (
    "#EXTM3U\n"
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",LANGUAGE="en",CHANNELS="2"\n'
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="x",LANGUAGE="en",CHANNELS="6"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f",AUDIO="a"\nv.m3u8\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=2,CODECS="avc1.64001f",AUDIO="b"\nw.m3u8\n'
)
_DATED = (
    "#EXTM3U\n#EXT-X-VERSION:12\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n"
    "#EXTINF:4,\n1.ts\n"
)
_BREAK = '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=4\n'
_PARTS = (
    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=1\n"
    "#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3,CAN-SKIP-UNTIL=24,CAN-SKIP-DATERANGES=YES\n#EXTINF:4,\n1.ts\n"
    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="2.ts"\n'
)
_KEY = '#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://k"\n'
_DEFINE = '#EXT-X-DEFINE:NAME="q",VALUE="1"\n'


RULES: tuple[ConformanceRule, ...] = (
    must(
        "hls.short_window",
        f"{BIS} 6.2.2",
        "A live playlist that has dropped segments lists three target durations.",
        _short_window,
        _LIVE.replace("#EXTINF:4,\n9.ts\n", ""),
        _LIVE,
    ),
    must(
        "hls.yes_or_no",
        f"{BIS} 4.2",
        "Attributes that are YES or NO are one of them.",
        _yes_or_no,
        _PARTS.replace("DATERANGES=YES", "DATERANGES=TRUE"),
        _PARTS.replace("DATERANGES=YES", "DATERANGES=NO"),
    ),
    must(
        "hls.enumerated",
        f"{BIS} 4.4.6.2",
        "VIDEO-RANGE and HDCP-LEVEL have one of their values.",
        _enumerated,
        _STREAM.replace("BANDWIDTH=1", "BANDWIDTH=1,VIDEO-RANGE=HDR"),
        _STREAM.replace("BANDWIDTH=1", "BANDWIDTH=1,VIDEO-RANGE=PQ,HDCP-LEVEL=TYPE-1"),
    ),
    must(
        "hls.stable_id",
        f"{BIS} 4.4.6.2",
        "Stable ids and pathways have letters, digits and few other signs.",
        _ids,
        _STREAM.replace("BANDWIDTH=1", 'BANDWIDTH=1,STABLE-VARIANT-ID="a b"'),
        _STREAM.replace("BANDWIDTH=1", 'BANDWIDTH=1,STABLE-VARIANT-ID="a/b="'),
    ),
    must(
        "hls.iframe_attributes",
        f"{BIS} 4.4.6.3",
        "An EXT-X-I-FRAME-STREAM-INF has no frame rate and no groups but that of the video.",
        _iframe_attributes,
        _IFRAMES.replace(',URI="i', ',FRAME-RATE=25,URI="i'),
        _IFRAMES,
    ),
    must(
        "hls.group_members",
        f"{BIS} 4.4.6.1.1",
        "Groups of one type have the same members, unless they are of different pathways.",
        _group_members,
        _GROUPS.replace('"b",NAME="x"', '"b",NAME="y"'),
        _GROUPS,
    ),
    must(
        "hls.group_attributes",
        f"{BIS} 4.4.6.1.1",
        "A rendition has the same attributes in each group, but for URI and what its encoding is.",
        _group_attributes,
        _GROUPS.replace('LANGUAGE="en",CHANNELS="6"', 'LANGUAGE="de",CHANNELS="6"'),
        _GROUPS,
    ),
    must(
        "hls.define_twice",
        f"{BIS} 4.4.2.3",
        "A variable is defined once.",
        _define_twice,
        _STREAM + _DEFINE + _DEFINE,
        _STREAM + _DEFINE + _DEFINE.replace('"q"', '"r"'),
    ),
    must(
        "hls.define_import",
        f"{BIS} 4.4.2.3",
        "A multivariant playlist imports no variables.",
        _define_import,
        _STREAM + '#EXT-X-DEFINE:IMPORT="q"\n',
        _STREAM + _DEFINE,
    ),
    should(
        "hls.preload_hint_twice",
        f"{BIS} 6.2.6",
        "There is one EXT-X-PRELOAD-HINT of a type.",
        _preload_twice,
        _PARTS + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="3.ts"\n',
        _PARTS + '#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="i.mp4"\n',
    ),
    must(
        "hls.skip_dateranges",
        f"{BIS} 4.4.3.8",
        "A server that can skip date ranges says how far it can skip.",
        _skip_dateranges,
        _PARTS.replace("CAN-SKIP-UNTIL=24,", ""),
        _PARTS,
    ),
    must(
        "hls.session_key_twice",
        f"{BIS} 4.4.6.5",
        "An EXT-X-SESSION-KEY stands there once.",
        _session_key_twice,
        _STREAM + _KEY + _KEY,
        _STREAM + _KEY + _KEY.replace("//k", "//l"),
    ),
    must(
        "hls.daterange_start",
        f"{BIS} 4.4.5.1",
        "The first tag of a date range has a START-DATE.",
        _daterange_start,
        _DATED + '#EXT-X-DATERANGE:ID="a",DURATION=4\n',
        _DATED + _BREAK + '#EXT-X-DATERANGE:ID="a",END-DATE="2026-01-01T00:00:04Z"\n',
    ),
    must(
        "hls.daterange_same",
        f"{BIS} 4.4.5.1",
        "The tags of one date range do not contradict each other.",
        _daterange_same,
        _DATED + _BREAK + _BREAK.replace("=4", "=5"),
        _DATED + _BREAK + _BREAK,
    ),
    must(
        "hls.daterange_length",
        f"{BIS} 4.4.5.1",
        "A date range with DURATION and END-DATE ends after its duration.",
        _daterange_length,
        _DATED + _BREAK.replace("DURATION=4", 'DURATION=4,END-DATE="2026-01-01T00:00:05Z"'),
        _DATED + _BREAK.replace("DURATION=4", 'DURATION=4,END-DATE="2026-01-01T00:00:04Z"'),
    ),
    must(
        "hls.program_date_time_overlap",
        f"{BIS} 6.2.1",
        "Dates of segments go back by less than a second.",
        _date_overlap,
        _DATED + "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:03Z\n#EXTINF:4,\n2.ts\n",
        _DATED + "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:03.001Z\n#EXTINF:4,\n2.ts\n",
    ),
    must(
        "hls.daterange_client",
        f"{BIS} 4.4.5.1",
        "Attributes of the client's own are text in quotes or numbers.",
        _daterange_client,
        _DATED + _BREAK.replace("DURATION=4", "DURATION=4,X-AD=YES"),
        _DATED + _BREAK.replace("DURATION=4", 'DURATION=4,X-AD="YES",X-NO=4'),
    ),
    must(
        "hls.version_service",
        f"{BIS} 8",
        "A SERVICE in INSTREAM-ID needs EXT-X-VERSION 7.",
        _version_service,
        _GROUPS.replace("#EXTM3U", "#EXTM3U\n#EXT-X-VERSION:6")
        + '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="c",INSTREAM-ID="SERVICE1"\n',
        _GROUPS.replace("#EXTM3U", "#EXTM3U\n#EXT-X-VERSION:7")
        + '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="c",INSTREAM-ID="SERVICE1"\n',
    ),
    must(
        "hls.version_queryparam",
        f"{BIS} 8",
        "QUERYPARAM needs EXT-X-VERSION 11.",
        _version_queryparam,
        _STREAM.replace("VERSION:12", "VERSION:10") + '#EXT-X-DEFINE:QUERYPARAM="q"\n',
        _STREAM.replace("VERSION:12", "VERSION:11") + '#EXT-X-DEFINE:QUERYPARAM="q"\n',
    ),
    must(
        "hls.version_required",
        f"{BIS} 8",
        "Attributes whose names start with REQ- need EXT-X-VERSION 12.",
        _version_required,
        _STREAM.replace("VERSION:12", "VERSION:11").replace(
            "BANDWIDTH=1", 'BANDWIDTH=1,REQ-VIDEO-LAYOUT="CH-STEREO"'
        ),
        _STREAM.replace("BANDWIDTH=1", 'BANDWIDTH=1,REQ-VIDEO-LAYOUT="CH-STEREO"'),
    ),
)
