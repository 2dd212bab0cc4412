"""The rules of RFC 8216bis that a playlist shows by itself. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from player.qa.conform.model import BIS, Check, ConformanceRule, must, should
from player.qa.conform.playlist import LISTS, OF_MEDIA, OF_MULTIVARIANT, OF_SEGMENTS, Line, number, playlist

_FRAGMENTED = (".m4s", ".cmfv", ".cmfa", ".m4v", ".m4a", ".mp4")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_QUOTED = re.compile(r'"[^"]*"')
_VARIABLE = re.compile(r"\{\$([A-Za-z0-9_-]+)\}")
_RANGE = re.compile(r"(\d+)(?:@(\d+))?")
_INSTREAM = re.compile(r"CC[1-4]|SERVICE([1-9]|[1-5]\d|6[0-3])")
_SHORTEST = 0.85
_ROUNDING_S = 0.0011
_KINDS = {
    "quoted": (re.compile(r'"[^"\r\n]*"'), "is not in quotes"),
    "word": (re.compile(r"[^\",\s]+"), "is in quotes, or has spaces"),
    "integer": (re.compile(r"\d{1,20}"), "is no whole number"),
    "decimal": (re.compile(r"\d{1,20}(\.\d*)?"), "is no number"),
    "size": (re.compile(r"\d{1,6}x\d{1,6}"), "is not WIDTHxHEIGHT"),
}
_TYPES = {
    **dict.fromkeys(("URI", "CODECS", "GROUP-ID", "NAME", "LANGUAGE", "AUDIO", "SUBTITLES", "KEYFORMAT"), "quoted"),
    **dict.fromkeys(("SUPPLEMENTAL-CODECS", "STABLE-VARIANT-ID", "PATHWAY-ID", "CHANNELS", "DATA-ID"), "quoted"),
    **dict.fromkeys(("TYPE", "METHOD", "DEFAULT", "AUTOSELECT", "FORCED", "VIDEO-RANGE", "HDCP-LEVEL"), "word"),
    **dict.fromkeys(("INDEPENDENT", "CAN-BLOCK-RELOAD", "GAP"), "word"),
    **dict.fromkeys(("BANDWIDTH", "AVERAGE-BANDWIDTH", "LAST-MSN", "LAST-PART", "SKIPPED-SEGMENTS"), "integer"),
    **dict.fromkeys(("FRAME-RATE", "PART-TARGET", "PART-HOLD-BACK", "HOLD-BACK", "CAN-SKIP-UNTIL"), "decimal"),
    "RESOLUTION": "size",
}


def _extm3u(text: str) -> Iterator[str]:
    if not re.match(r"\ufeff?#EXTM3U\s*(\r?\n|$)", text):
        yield "The first line is not #EXTM3U."


def _bom(text: str) -> Iterator[str]:
    if text.startswith("\ufeff"):
        yield "The playlist starts with a byte order mark."


def _control(text: str) -> Iterator[str]:
    for found in _CONTROL.finditer(text):
        yield f"There is the control character U+{ord(found[0]):04X}."


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
    for name, count in Counter(line.tag for line in playlist(text).lines if line.tag in names).items():
        if count > 1:
            yield f"{name} stands here {count} times."


def _mixed(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.is_multivariant and found.has(*OF_SEGMENTS - {"EXT-X-KEY"}):
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


def _target(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.has("EXTINF") and not found.has("EXT-X-TARGETDURATION"):
        yield "A media playlist has no EXT-X-TARGETDURATION."


def _target_integer(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-TARGETDURATION"):
        if not re.fullmatch(r"\d{1,20}", line.value):
            yield f"The target duration is no whole number: {line.value[:40]}"


def _rounding(text: str) -> Iterator[str]:
    found = playlist(text)
    target_s = found.seconds("EXT-X-TARGETDURATION")
    for line in found.all("EXTINF"):
        duration_s = number(line.value.partition(",")[0].strip())
        if target_s is not None and duration_s is not None and int(duration_s + 0.5) > target_s:
            yield f"A segment of {duration_s:g} s is longer than the target duration of {target_s:g} s."


def _extinf_missing(text: str) -> Iterator[str]:
    found = playlist(text)
    if not found.has("EXTINF", "EXT-X-TARGETDURATION") or found.is_multivariant:
        return
    told = False
    for line in found.lines:
        told = told or line.tag == "EXTINF"
        if not line.tag:
            if not told:
                yield f"The segment {line.value[:60]} has no EXTINF."
            told = False


def _extinf_number(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXTINF"):
        duration_s = number(line.value.partition(",")[0].strip())
        if duration_s is None or duration_s < 0:
            yield f"An EXTINF has no duration: {line.value[:40]}"


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


def _before(name: str, *others: str) -> Check:
    """A check that a tag stands before all others of some names, or before the first segment (an empty name)."""

    def check(text: str) -> Iterator[str]:
        seen = ""
        for line in playlist(text).lines:
            if line.tag in others and not seen:
                seen = line.tag or "the first segment"
            if line.tag == name and seen:
                yield f"{name} stands behind {seen}."

    return check


def _value(name: str, allowed: str) -> Check:
    """A check that a tag's whole value fits a pattern."""

    def check(text: str) -> Iterator[str]:
        for line in playlist(text).all(name):
            if not re.fullmatch(allowed, line.value.strip()):
                yield f"The value of {name} is none that it may have: {line.value[:40]}"

    return check


def _needs(name: str, *attributes: str) -> Check:
    """A check that every tag of a name has some attributes."""

    def check(text: str) -> Iterator[str]:
        for each in playlist(text).lists(name):
            for missing in attributes:
                if not each.get(missing):
                    yield f"An {name} has no {missing}."

    return check


def _endlist(text: str) -> Iterator[str]:
    found = playlist(text)
    recorded = any(line.value.strip() == "VOD" for line in found.all("EXT-X-PLAYLIST-TYPE"))
    if recorded and not found.has("EXT-X-ENDLIST"):
        yield "A playlist of type VOD, which may not change, has no EXT-X-ENDLIST."


def _part_inf(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.has("EXT-X-PART") and not found.has("EXT-X-PART-INF"):
        yield "A playlist with EXT-X-PART has no EXT-X-PART-INF."


def _part_duration(text: str) -> Iterator[str]:
    found = playlist(text)
    target_s = found.seconds("EXT-X-PART-INF", "PART-TARGET")
    for each in found.lists("EXT-X-PART"):
        duration_s = number(each.get("DURATION", ""))
        if target_s is not None and duration_s is not None and duration_s > target_s + _ROUNDING_S:
            yield f"A part of {duration_s:g} s is longer than the part target of {target_s:g} s."


def _part_short(text: str) -> Iterator[str]:
    """Not the last part of a segment, nor the last one that is known: that may be the last of its segment."""
    found = playlist(text)
    target_s = found.seconds("EXT-X-PART-INF", "PART-TARGET")
    waiting: dict[str, str] | None = None
    for line in found.lines:
        if line.tag == "EXT-X-PART":
            duration_s = None if waiting is None else number(waiting.get("DURATION", ""))
            free = waiting is None or "YES" in (waiting.get("INDEPENDENT"), waiting.get("GAP"))
            if not free and target_s and duration_s is not None and duration_s < _SHORTEST * target_s - _ROUNDING_S:
                yield f"A part of {duration_s:g} s is shorter than 85 % of the part target of {target_s:g} s."
            waiting = line.attributes
        elif line.tag in ("", "EXTINF", "EXT-X-DISCONTINUITY"):
            waiting = None


def _part_hold_back_there(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.has("EXT-X-PART-INF") and found.seconds("EXT-X-SERVER-CONTROL", "PART-HOLD-BACK") is None:
        yield "A playlist with EXT-X-PART-INF has no PART-HOLD-BACK."


def _multiple(tag: str, attribute: str, least: int, unit: tuple[str, str]) -> Check:
    """A check that a time is no less than so many target durations (``unit``: tag and attribute of the target)."""

    def check(text: str) -> Iterator[str]:
        found = playlist(text)
        told_s, unit_s = found.seconds(tag, attribute), found.seconds(*unit)
        if told_s is not None and unit_s is not None and told_s < least * unit_s - _ROUNDING_S:
            yield f"{attribute} is {told_s:g} s, less than {least} times {unit[1] or unit[0]} ({unit_s:g} s)."

    return check


def _byterange(text: str) -> Iterator[str]:
    """The place of a range without an offset is that behind the one before it, of the same file."""
    pending: Line | None = None
    last = ""  # the file of the segment before, where that was a range
    for line in playlist(text).lines:
        if line.tag == "EXT-X-BYTERANGE":
            pending = line
            if not _RANGE.fullmatch(line.value.strip()):
                yield f"An EXT-X-BYTERANGE is not LENGTH[@OFFSET]: {line.value[:40]}"
                pending = None
        elif not line.tag:
            if pending is not None and "@" not in pending.value and last != line.value:
                yield f"The range of {line.value[:60]} has no offset, and no range of that file stands before it."
            last = line.value if pending is not None else ""
            pending = None


def _key_uri(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-KEY"):
        if each.get("METHOD") != "NONE" and not each.get("URI"):
            yield "An EXT-X-KEY has no URI."


def _key_none(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-KEY"):
        if each.get("METHOD") == "NONE" and len(each) > 1:
            yield f"An EXT-X-KEY with METHOD=NONE has {', '.join(sorted(set(each) - {'METHOD'}))} as well."


def _key_iv(text: str) -> Iterator[str]:
    for each in (*playlist(text).lists("EXT-X-KEY"), *playlist(text).lists("EXT-X-SESSION-KEY")):
        if "{$" not in each.get("IV", "{$") and not re.fullmatch(r"0[xX][0-9A-Fa-f]{1,32}", each["IV"]):
            yield f"An IV is no hexadecimal number of at most 128 bits: {each['IV'][:40]}"


def _map_there(text: str) -> Iterator[str]:
    mapped = False
    for line in playlist(text).lines:
        mapped = mapped or line.tag == "EXT-X-MAP"
        path = line.value.partition("?")[0].lower()
        if not line.tag and path.endswith(_FRAGMENTED) and not mapped and playlist(text).has("EXTINF"):
            yield f"No EXT-X-MAP applies to the segment {line.value[:60]} of fragmented MP4."


def _map_iv(text: str) -> Iterator[str]:
    key: dict[str, str] = {}
    for line in playlist(text).lines:
        if line.tag == "EXT-X-KEY":
            key = line.attributes
        elif line.tag == "EXT-X-MAP" and key.get("METHOD") == "AES-128" and "IV" not in key:
            yield "An EXT-X-MAP is encrypted with AES-128, and its EXT-X-KEY has no IV."


def _date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.strip()))
    except ValueError:
        return None


def _program_date_time(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-PROGRAM-DATE-TIME"):
        if _date(line.value) is None and not re.search(r"T24:|:60", line.value):
            yield f"An EXT-X-PROGRAM-DATE-TIME is no date by ISO 8601: {line.value[:40]}"


def _program_date_time_zone(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-PROGRAM-DATE-TIME"):
        told = _date(line.value)
        if told is not None and told.tzinfo is None:
            yield f"An EXT-X-PROGRAM-DATE-TIME names no time zone: {line.value[:40]}"


def _daterange_clock(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.has("EXT-X-DATERANGE") and found.has("EXTINF") and not found.has("EXT-X-PROGRAM-DATE-TIME"):
        yield "A playlist with EXT-X-DATERANGE has no EXT-X-PROGRAM-DATE-TIME."


def _daterange_duration(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-DATERANGE"):
        for name in ("DURATION", "PLANNED-DURATION"):
            if name in each and (number(each[name]) or 0.0) < 0:
                yield f"{name} of an EXT-X-DATERANGE is less than nothing: {each[name][:40]}"


def _daterange_end(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-DATERANGE"):
        start, end = _date(each.get("START-DATE", "")), _date(each.get("END-DATE", ""))
        if start and end and (start.tzinfo is None) == (end.tzinfo is None) and end < start:
            yield "An EXT-X-DATERANGE ends before it starts."


def _daterange_next(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-DATERANGE"):
        if each.get("END-ON-NEXT") == "YES" and ("CLASS" not in each or {"DURATION", "END-DATE"} & set(each)):
            yield "An EXT-X-DATERANGE with END-ON-NEXT has no CLASS, or an end of its own."


def _stream_uri(text: str) -> Iterator[str]:
    lines = [*playlist(text).lines, Line("end", "")]
    for line, following in pairwise(lines):
        if line.tag == "EXT-X-STREAM-INF" and following.tag:
            yield "No URI follows an EXT-X-STREAM-INF."


def _groups(text: str) -> Iterator[str]:
    found = playlist(text)
    known = {(each.get("TYPE", ""), each.get("GROUP-ID", "")) for each in found.lists("EXT-X-MEDIA")}
    for line in found.all("EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF"):
        for kind in ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"):
            value = dict(line.pairs).get(kind, "NONE")
            if value != "NONE" and (kind, value.strip('"')) not in known:
                yield f"There is no EXT-X-MEDIA of {kind} group {value}."


def _media_type(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MEDIA"):
        if "TYPE" in each and each["TYPE"] not in ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"):
            yield f"An EXT-X-MEDIA is of TYPE {each['TYPE'][:40]}."


def _media(kind: str, broken: str, **wanted: bool) -> Check:
    """A check of what an EXT-X-MEDIA of a type must have (True) or must not have (False)."""

    def check(text: str) -> Iterator[str]:
        for each in playlist(text).lists("EXT-X-MEDIA"):
            if (each.get("TYPE") == kind) and any(
                (name.replace("_", "-") in each) is not there for name, there in wanted.items()
            ):
                yield f'The rendition "{each.get("NAME", "")}" {broken}.'

    return check


def _instream_id(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MEDIA"):
        told = each.get("INSTREAM-ID")
        if each.get("TYPE") == "CLOSED-CAPTIONS" and not _INSTREAM.fullmatch(told or ""):
            yield f'The closed captions "{each.get("NAME", "")}" have no INSTREAM-ID that names them.'
        elif each.get("TYPE") in ("AUDIO", "VIDEO", "SUBTITLES") and told is not None and each["TYPE"] != "AUDIO":
            yield f'The rendition "{each.get("NAME", "")}" has an INSTREAM-ID and is no closed captions.'


def _forced(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MEDIA"):
        if "FORCED" in each and each.get("TYPE") != "SUBTITLES":
            yield f'The rendition "{each.get("NAME", "")}" says FORCED and has no subtitles.'


def _autoselect(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MEDIA"):
        if each.get("DEFAULT") == "YES" and each.get("AUTOSELECT", "YES") != "YES":
            yield f'The default rendition "{each.get("NAME", "")}" says AUTOSELECT=NO.'


def _group_name(text: str) -> Iterator[str]:
    """Renditions of several pathways stand there once for each (4.4.6.6 and its STABLE-RENDITION-ID)."""
    seen = Counter(
        (each.get("TYPE"), each.get("GROUP-ID"), each["NAME"], each.get("PATHWAY-ID", ""))
        for each in playlist(text).lists("EXT-X-MEDIA")
        if "NAME" in each
    )
    for (kind, group, name, _), count in seen.items():
        if count > 1:
            yield f'{count} renditions of the {kind} group "{group}" have the NAME "{name}".'


def _group_default(text: str) -> Iterator[str]:
    seen = Counter(
        (each.get("TYPE"), each.get("GROUP-ID"))
        for each in playlist(text).lists("EXT-X-MEDIA")
        if each.get("DEFAULT") == "YES"
    )
    for (kind, group), count in seen.items():
        if count > 1:
            yield f'{count} renditions of the {kind} group "{group}" are the default one.'


def _captions_none(text: str) -> Iterator[str]:
    told = [dict(line.pairs).get("CLOSED-CAPTIONS") for line in playlist(text).all("EXT-X-STREAM-INF")]
    if "NONE" in told and any(each != "NONE" for each in told):
        yield "Some variants say CLOSED-CAPTIONS=NONE and others do not."


def _session_value(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-SESSION-DATA"):
        if ("VALUE" in each) == ("URI" in each):
            yield f'The session data "{each.get("DATA-ID", "")}" have both VALUE and URI, or neither.'


def _session_twice(text: str) -> Iterator[str]:
    found = playlist(text).lists("EXT-X-SESSION-DATA")
    for (name, _), count in Counter((each.get("DATA-ID"), each.get("LANGUAGE")) for each in found).items():
        if count > 1:
            yield f'The session data "{name}" stand there {count} times in one language.'


def _session_key(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-SESSION-KEY"):
        if each.get("METHOD") == "NONE":
            yield "An EXT-X-SESSION-KEY has METHOD=NONE."


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


def _codecs(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-STREAM-INF"):
        if not each.get("CODECS"):
            yield "An EXT-X-STREAM-INF names no CODECS."


def _average(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-STREAM-INF"):
        peak, mean = number(each.get("BANDWIDTH", "")), number(each.get("AVERAGE-BANDWIDTH", ""))
        if peak is not None and mean is not None and mean > peak:
            yield f"AVERAGE-BANDWIDTH is {mean:.0f}, above BANDWIDTH, which is {peak:.0f}."


def _start_inside(text: str) -> Iterator[str]:
    found = playlist(text)
    offset_s = found.seconds("EXT-X-START", "TIME-OFFSET")
    durations = [number(line.value.partition(",")[0].strip()) or 0.0 for line in found.all("EXTINF")]
    if offset_s is not None and durations and abs(offset_s) > sum(durations):
        yield f"EXT-X-START leads to {offset_s:g} s, beyond the {sum(durations):g} s of the playlist."


_MEDIA = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.4,\n1.ts\n"
_NINE = _MEDIA.replace("VERSION:3", "VERSION:9")
_FMP4 = (
    '#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI="i.mp4"\n'
    "#EXTINF:4,\n1.m4s\n#EXTINF:4,\n2.m4s\n"
)
_LOW = (
    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n"
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=2.0,HOLD-BACK=12,CAN-SKIP-UNTIL=24\n"
    '#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-MAP:URI="i.mp4"\n#EXT-X-PART:DURATION=0.85,URI="1.0.m4s"\n'
    '#EXT-X-PART:DURATION=1,URI="1.1.m4s"\n#EXT-X-PART:DURATION=0.2,URI="1.2.m4s"\n#EXTINF:2,\n1.m4s\n'
)
_KEY = '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x00000000000000000000000000000001\n'
_DATED = _MEDIA.replace("#EXTINF", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n#EXTINF")
_RANGED = (
    "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n#EXT-X-BYTERANGE:100@0\na.ts\n"
    "#EXTINF:4,\n#EXT-X-BYTERANGE:100\na.ts\n"
)
_DATERANGE = '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=0\n'
_MASTER = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f"\nv.m3u8\n'
_AUDIO = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x"\n'
_IN_GROUP = _AUDIO + _MASTER[8:].replace("BANDWIDTH", 'AUDIO="a",BANDWIDTH')
_TEXT = _IN_GROUP.replace("TYPE=AUDIO", "TYPE=SUBTITLES").replace(",AUDIO=", ",SUBTITLES=").replace(
    ':AUDIO="a"', ':SUBTITLES="a"'
).replace('NAME="x"', 'NAME="x",URI="t.m3u8"')  # fmt: skip
_CAPTIONS = _TEXT.replace("SUBTITLES", "CLOSED-CAPTIONS").replace('URI="t.m3u8"', 'INSTREAM-ID="CC1"')
_SESSION = _MASTER + '#EXT-X-SESSION-DATA:DATA-ID="a.b",VALUE="c"\n'
_VARIABLES = (
    '#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-DEFINE:NAME="q",VALUE="1"\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts?q={$q}\n'
)
_TARGET, _PART = ("EXT-X-TARGETDURATION", ""), ("EXT-X-PART-INF", "PART-TARGET")


def _in(text: str, old: str, new: str) -> str:
    """``text`` with its first ``old`` replaced."""
    return text.replace(old, new, 1)


RULES: tuple[ConformanceRule, ...] = (
    must("hls.extm3u", f"{BIS} 4.4.1.1", "A playlist starts with #EXTM3U.", _extm3u, f"\n{_MEDIA}", _MEDIA),
    must("hls.bom", f"{BIS} 4.1", "A playlist has no byte order mark.", _bom, f"\ufeff{_MEDIA}", _MEDIA),
    must(
        "hls.control",
        f"{BIS} 4.1",
        "A playlist has no control characters but line ends and tabs.",
        _control,
        _in(_MEDIA, "4.4,", "4.4,\x01"),
        _in(_MEDIA, "4.4,", "4.4, a title"),
    ),
    must(
        "hls.whitespace",
        f"{BIS} 4.1",
        "There is no whitespace between attributes.",
        _whitespace,
        _in(_MASTER, ",CODECS", ", CODECS"),
        _in(_MASTER, "avc1.64001f", "avc1.64001f, mp4a.40.2"),
    ),
    must(
        "hls.attribute_twice",
        f"{BIS} 4.2",
        "An attribute list has each attribute once.",
        _attribute_twice,
        _in(_MASTER, "BANDWIDTH=1", "BANDWIDTH=1,BANDWIDTH=2"),
        _in(_MASTER, "BANDWIDTH=1", "BANDWIDTH=2,AVERAGE-BANDWIDTH=1"),
    ),
    must(
        "hls.attribute_value",
        f"{BIS} 4.2",
        "Attributes have values of their type.",
        _attribute_value,
        _in(_MASTER, '"avc1.64001f"', "avc1.64001f"),
        _in(_MASTER, ",CODECS", ",RESOLUTION=2x2,CODECS"),
    ),
    must(
        "hls.once",
        f"{BIS} 4.4.3",
        "A tag of the whole playlist stands there once.",
        _once,
        _MEDIA + "#EXT-X-TARGETDURATION:4\n",
        _MEDIA,
    ),
    must(
        "hls.mixed",
        f"{BIS} 4.1",
        "A playlist is a media playlist or a multivariant one.",
        _mixed,
        _MEDIA + _MASTER[8:],
        _MEDIA,
    ),
    must(
        "hls.media_tag",
        f"{BIS} 4.4.3",
        "A multivariant playlist has no tags of media playlists.",
        _media_tag,
        _MASTER + "#EXT-X-ENDLIST\n",
        _MASTER + "#EXT-X-INDEPENDENT-SEGMENTS\n",
    ),
    must(
        "hls.multivariant_tag",
        f"{BIS} 4.4.6",
        "A media playlist has no tags of multivariant playlists.",
        _multivariant_tag,
        _MEDIA + _SESSION[len(_MASTER) :],
        _MEDIA + "#EXT-X-INDEPENDENT-SEGMENTS\n",
    ),
    must(
        "hls.target_duration",
        f"{BIS} 4.4.3.1",
        "A media playlist has EXT-X-TARGETDURATION.",
        _target,
        "#EXTM3U\n#EXTINF:4,\n1.ts\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n",
    ),
    must(
        "hls.target_integer",
        f"{BIS} 4.4.3.1",
        "The target duration is a whole number.",
        _target_integer,
        _in(_MEDIA, "DURATION:4", "DURATION:4.5"),
        _in(_MEDIA, "DURATION:4", "DURATION:5"),
    ),
    must(
        "hls.extinf",
        f"{BIS} 4.4.3.1",
        "No segment, rounded, is longer than the target duration.",
        _rounding,
        _in(_MEDIA, "4.4,", "4.5,"),
        _in(_MEDIA, "4.4,", "4.499,"),
    ),
    must(
        "hls.extinf_missing",
        f"{BIS} 4.4.4.1",
        "Every segment has an EXTINF.",
        _extinf_missing,
        _MEDIA + "2.ts\n",
        _MEDIA + "#EXTINF:1,\n# a comment\n\n2.ts\n",
    ),
    must(
        "hls.extinf_number",
        f"{BIS} 4.4.4.1",
        "An EXTINF has a duration.",
        _extinf_number,
        _in(_MEDIA, "4.4,", "four,"),
        _in(_MEDIA, "4.4,", "0,"),
    ),
    must(
        "hls.version_iv",
        f"{BIS} 8",
        "An IV needs EXT-X-VERSION 2.",
        _version(2, "An IV", "EXT-X-KEY", attributes=("IV",)),
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + _KEY + "#EXTINF:4,\n1.ts\n",
        "#EXTM3U\n#EXT-X-VERSION:2\n#EXT-X-TARGETDURATION:4\n" + _KEY + "#EXTINF:4,\n1.ts\n",
    ),
    must(
        "hls.version_fraction",
        f"{BIS} 8",
        "Durations with fractions need EXT-X-VERSION 3.",
        _version_float,
        _in(_MEDIA, "VERSION:3", "VERSION:2"),
        _in(_in(_MEDIA, "VERSION:3", "VERSION:2"), "4.4,", "4,"),
    ),
    must(
        "hls.version_byterange",
        f"{BIS} 8",
        "EXT-X-BYTERANGE and I-frame playlists need EXT-X-VERSION 4.",
        _version(4, "EXT-X-BYTERANGE or EXT-X-I-FRAMES-ONLY", "EXT-X-BYTERANGE", "EXT-X-I-FRAMES-ONLY"),
        _in(_RANGED, "VERSION:4", "VERSION:3"),
        _RANGED,
    ),
    must(
        "hls.version_keyformat",
        f"{BIS} 8",
        "KEYFORMAT needs EXT-X-VERSION 5.",
        _version(5, "KEYFORMAT", "EXT-X-KEY", attributes=("KEYFORMAT", "KEYFORMATVERSIONS")),
        _in(_MEDIA, "#EXTINF", _in(_KEY, "URI", 'KEYFORMAT="identity",URI') + "#EXTINF"),
        _in(
            _in(_MEDIA, "VERSION:3", "VERSION:5"), "#EXTINF", _in(_KEY, "URI", 'KEYFORMAT="identity",URI') + "#EXTINF"
        ),
    ),
    must(
        "hls.version_map",
        f"{BIS} 8",
        "EXT-X-MAP needs EXT-X-VERSION 6 (5 in an I-frame playlist).",
        _version_map,
        _in(_FMP4, "VERSION:6", "VERSION:5"),
        _FMP4,
    ),
    must(
        "hls.version_define",
        f"{BIS} 8",
        "EXT-X-DEFINE needs EXT-X-VERSION 8.",
        _version(8, "EXT-X-DEFINE", "EXT-X-DEFINE"),
        _in(_VARIABLES, "VERSION:8", "VERSION:7"),
        _VARIABLES,
    ),
    must(
        "hls.version_skip",
        f"{BIS} 8",
        "EXT-X-SKIP needs EXT-X-VERSION 9.",
        _version(9, "EXT-X-SKIP", "EXT-X-SKIP"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF"),
        _in(_NINE, "#EXTINF", "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF"),
    ),
    must(
        "hls.media_sequence_place",
        f"{BIS} 4.4.3.2",
        "EXT-X-MEDIA-SEQUENCE stands before the first segment.",
        _before("EXT-X-MEDIA-SEQUENCE", ""),
        _MEDIA + "#EXT-X-MEDIA-SEQUENCE:1\n",
        _in(_MEDIA, "#EXTINF", "#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF"),
    ),
    must(
        "hls.discontinuity_sequence_place",
        f"{BIS} 4.4.3.3",
        "EXT-X-DISCONTINUITY-SEQUENCE stands before the first segment and any EXT-X-DISCONTINUITY.",
        _before("EXT-X-DISCONTINUITY-SEQUENCE", "", "EXT-X-DISCONTINUITY"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXTINF"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-DISCONTINUITY\n#EXTINF"),
    ),
    must(
        "hls.media_sequence",
        f"{BIS} 4.4.3.2",
        "EXT-X-MEDIA-SEQUENCE is a whole number.",
        _value("EXT-X-MEDIA-SEQUENCE", r"\d{1,20}"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-MEDIA-SEQUENCE:-1\n#EXTINF"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF"),
    ),
    must(
        "hls.playlist_type",
        f"{BIS} 4.4.3.5",
        "EXT-X-PLAYLIST-TYPE is EVENT or VOD.",
        _value("EXT-X-PLAYLIST-TYPE", "EVENT|VOD"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-PLAYLIST-TYPE:LIVE\n#EXTINF"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF"),
    ),
    must(
        "hls.version",
        f"{BIS} 4.4.1.2",
        "EXT-X-VERSION is a whole number.",
        _value("EXT-X-VERSION", r"\d{1,9}"),
        _MASTER + "#EXT-X-VERSION:6.0\n",
        _MASTER + "#EXT-X-VERSION:6\n",
    ),
    must(
        "hls.endlist",
        f"{BIS} 6.2.1",
        "A playlist with the last segment has EXT-X-ENDLIST.",
        _endlist,
        _in(_MEDIA, "#EXTINF", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF") + "#EXT-X-ENDLIST\n",
    ),
    must(
        "hls.part_inf",
        f"{BIS} 4.4.3.7",
        "A playlist with parts has EXT-X-PART-INF.",
        _part_inf,
        _in(_LOW, "#EXT-X-PART-INF:PART-TARGET=1\n", ""),
        _LOW,
    ),
    must(
        "hls.part_target",
        f"{BIS} 4.4.3.7",
        "An EXT-X-PART-INF has a PART-TARGET.",
        _needs("EXT-X-PART-INF", "PART-TARGET"),
        _in(_LOW, "PART-TARGET=1", "X=1"),
        _LOW,
    ),
    must(
        "hls.part",
        f"{BIS} 4.4.4.9",
        "An EXT-X-PART has URI and DURATION.",
        _needs("EXT-X-PART", "URI", "DURATION"),
        _in(_LOW, "DURATION=0.2,", ""),
        _LOW,
    ),
    must(
        "hls.part_long",
        f"{BIS} 4.4.4.9",
        "No part is longer than the part target.",
        _part_duration,
        _in(_LOW, "DURATION=1,", "DURATION=1.1,"),
        _LOW,
    ),
    must(
        "hls.part_short",
        f"{BIS} 4.4.4.9",
        "A part lasts 85 % of the part target, but the last of a segment, gaps and those with INDEPENDENT=YES.",
        _part_short,
        _in(_LOW, "DURATION=0.85", "DURATION=0.8"),
        _in(_LOW, "DURATION=0.85", "INDEPENDENT=YES,DURATION=0.8"),
    ),
    must(
        "hls.part_hold_back",
        f"{BIS} 4.4.3.8",
        "A playlist with EXT-X-PART-INF has a PART-HOLD-BACK.",
        _part_hold_back_there,
        _in(_LOW, "PART-HOLD-BACK=2.0,", ""),
        _LOW,
    ),
    must(
        "hls.part_hold_back_short",
        f"{BIS} 4.4.3.8",
        "PART-HOLD-BACK is twice the part target or more.",
        _multiple("EXT-X-SERVER-CONTROL", "PART-HOLD-BACK", 2, _PART),
        _in(_LOW, "PART-HOLD-BACK=2.0", "PART-HOLD-BACK=1.9"),
        _LOW,
    ),
    should(
        "hls.part_hold_back_advised",
        f"{BIS} 4.4.3.8",
        "PART-HOLD-BACK is three times the part target or more.",
        _multiple("EXT-X-SERVER-CONTROL", "PART-HOLD-BACK", 3, _PART),
        _LOW,
        _in(_LOW, "PART-HOLD-BACK=2.0", "PART-HOLD-BACK=3"),
    ),
    must(
        "hls.hold_back_short",
        f"{BIS} 4.4.3.8",
        "HOLD-BACK is three times the target duration or more.",
        _multiple("EXT-X-SERVER-CONTROL", "HOLD-BACK", 3, _TARGET),
        _in(_LOW, ",HOLD-BACK=12", ",HOLD-BACK=11"),
        _LOW,
    ),
    must(
        "hls.skip_boundary",
        f"{BIS} 4.4.3.8",
        "CAN-SKIP-UNTIL is six times the target duration or more.",
        _multiple("EXT-X-SERVER-CONTROL", "CAN-SKIP-UNTIL", 6, _TARGET),
        _in(_LOW, "UNTIL=24", "UNTIL=23"),
        _LOW,
    ),
    must(
        "hls.byterange",
        f"{BIS} 4.4.4.2",
        "A range without an offset follows one of the same file.",
        _byterange,
        _in(_RANGED, "100@0", "100"),
        _RANGED,
    ),
    must(
        "hls.key_method",
        f"{BIS} 4.4.4.4",
        "An EXT-X-KEY has a METHOD.",
        _needs("EXT-X-KEY", "METHOD"),
        _in(_MEDIA, "#EXTINF", '#EXT-X-KEY:URI="k"\n#EXTINF'),
        _in(_MEDIA, "#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF'),
    ),
    must(
        "hls.key_uri",
        f"{BIS} 4.4.4.4",
        "An EXT-X-KEY that encrypts has a URI.",
        _key_uri,
        _MEDIA + "#EXT-X-KEY:METHOD=AES-128\n",
        _MEDIA + "#EXT-X-KEY:METHOD=NONE\n",
    ),
    must(
        "hls.key_none",
        f"{BIS} 4.4.4.4",
        "An EXT-X-KEY with METHOD=NONE has nothing else.",
        _key_none,
        _MEDIA + '#EXT-X-KEY:METHOD=NONE,URI="k"\n',
        _MEDIA + "#EXT-X-KEY:METHOD=NONE\n",
    ),
    must(
        "hls.key_iv",
        f"{BIS} 4.4.4.4",
        "An IV is a hexadecimal number of 128 bits.",
        _key_iv,
        _MEDIA + _in(_KEY, "0x0", "0x00"),
        _MEDIA + _KEY,
    ),
    must(
        "hls.map",
        f"{BIS} 3.1.2",
        "Segments of fragmented MP4 have an EXT-X-MAP.",
        _map_there,
        _in(_FMP4, '#EXT-X-MAP:URI="i.mp4"\n', ""),
        _FMP4,
    ),
    must(
        "hls.map_uri",
        f"{BIS} 4.4.4.5",
        "An EXT-X-MAP has a URI.",
        _needs("EXT-X-MAP", "URI"),
        _in(_FMP4, 'URI="i.mp4"', 'BYTERANGE="1@0"'),
        _FMP4,
    ),
    must(
        "hls.map_iv",
        f"{BIS} 4.4.4.5",
        "The key of an EXT-X-MAP that AES-128 encrypts has an IV.",
        _map_iv,
        _in(_FMP4, "#EXT-X-MAP", '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXT-X-MAP'),
        _in(_FMP4, "#EXT-X-MAP", _KEY + "#EXT-X-MAP"),
    ),
    must(
        "hls.program_date_time",
        f"{BIS} 4.4.4.6",
        "EXT-X-PROGRAM-DATE-TIME is a date by ISO 8601.",
        _program_date_time,
        _in(_DATED, "2026-01-01T", "01/01/2026 "),
        _in(_DATED, ".000Z", "+01:00"),
    ),
    should(
        "hls.program_date_time_zone",
        f"{BIS} 4.4.4.6",
        "EXT-X-PROGRAM-DATE-TIME names its time zone.",
        _program_date_time_zone,
        _in(_DATED, "000Z", "000"),
        _DATED,
    ),
    must(
        "hls.daterange_id",
        f"{BIS} 4.4.5.1",
        "An EXT-X-DATERANGE has an ID.",
        _needs("EXT-X-DATERANGE", "ID"),
        _DATED + _in(_DATERANGE, 'ID="a",', ""),
        _DATED + _DATERANGE,
    ),
    must(
        "hls.daterange_clock",
        f"{BIS} 4.4.5.1",
        "A playlist with date ranges says what date its segments have.",
        _daterange_clock,
        _MEDIA + _DATERANGE,
        _DATED + _DATERANGE,
    ),
    must(
        "hls.daterange_duration",
        f"{BIS} 4.4.5.1",
        "A date range is not shorter than nothing.",
        _daterange_duration,
        _DATED + _in(_DATERANGE, "DURATION=0", "DURATION=-1"),
        _DATED + _DATERANGE,
    ),
    must(
        "hls.daterange_end",
        f"{BIS} 4.4.5.1",
        "A date range does not end before it starts.",
        _daterange_end,
        _DATED + _in(_DATERANGE, "DURATION=0", 'END-DATE="2025-12-31T23:59:59Z"'),
        _DATED + _in(_DATERANGE, "DURATION=0", 'END-DATE="2026-01-01T00:00:00Z"'),
    ),
    must(
        "hls.daterange_next",
        f"{BIS} 4.4.5.1",
        "END-ON-NEXT goes with a CLASS and without an end.",
        _daterange_next,
        _DATED + _in(_DATERANGE, "DURATION=0", "END-ON-NEXT=YES"),
        _DATED + _in(_DATERANGE, "DURATION=0", 'CLASS="c",END-ON-NEXT=YES'),
    ),
    must(
        "hls.skip",
        f"{BIS} 4.4.5.2",
        "An EXT-X-SKIP says how many segments it stands for.",
        _needs("EXT-X-SKIP", "SKIPPED-SEGMENTS"),
        _in(_NINE, "#EXTINF", "#EXT-X-SKIP:X=1\n#EXTINF"),
        _in(_NINE, "#EXTINF", "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF"),
    ),
    must(
        "hls.preload_hint",
        f"{BIS} 4.4.5.3",
        "An EXT-X-PRELOAD-HINT has TYPE and URI.",
        _needs("EXT-X-PRELOAD-HINT", "TYPE", "URI"),
        _LOW + "#EXT-X-PRELOAD-HINT:TYPE=PART\n",
        _LOW + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="2.0.m4s"\n',
    ),
    must(
        "hls.rendition_report",
        f"{BIS} 4.4.5.4",
        "An EXT-X-RENDITION-REPORT has a URI.",
        _needs("EXT-X-RENDITION-REPORT", "URI"),
        _LOW + "#EXT-X-RENDITION-REPORT:LAST-MSN=1\n",
        _LOW + '#EXT-X-RENDITION-REPORT:URI="a.m3u8",LAST-MSN=1\n',
    ),
    must(
        "hls.bandwidth",
        f"{BIS} 4.4.6.2",
        "An EXT-X-STREAM-INF has a BANDWIDTH.",
        _needs("EXT-X-STREAM-INF", "BANDWIDTH"),
        _in(_MASTER, "BANDWIDTH=1,", ""),
        _MASTER,
    ),
    must(
        "hls.stream_uri",
        f"{BIS} 4.4.6.2",
        "A URI follows each EXT-X-STREAM-INF.",
        _stream_uri,
        _in(_MASTER, "v.m3u8\n", ""),
        _MASTER,
    ),
    must(
        "hls.group",
        f"{BIS} 4.4.6.2",
        "A group that a variant names is there.",
        _groups,
        _in(_IN_GROUP, 'AUDIO="a"', 'AUDIO="b"'),
        _IN_GROUP,
    ),
    must(
        "hls.captions_none",
        f"{BIS} 4.4.6.2",
        "CLOSED-CAPTIONS=NONE stands in all variants or in none.",
        _captions_none,
        _MASTER + _in(_MASTER[8:], "CODECS", "CLOSED-CAPTIONS=NONE,CODECS"),
        _in(_MASTER, "CODECS", "CLOSED-CAPTIONS=NONE,CODECS"),
    ),
    must(
        "hls.media",
        f"{BIS} 4.4.6.1",
        "An EXT-X-MEDIA has TYPE, GROUP-ID and NAME.",
        _needs("EXT-X-MEDIA", "TYPE", "GROUP-ID", "NAME"),
        _in(_AUDIO, ',NAME="x"', ""),
        _AUDIO,
    ),
    must(
        "hls.media_type",
        f"{BIS} 4.4.6.1",
        "TYPE is AUDIO, VIDEO, SUBTITLES or CLOSED-CAPTIONS.",
        _media_type,
        _in(_AUDIO, "TYPE=AUDIO", "TYPE=TEXT"),
        _AUDIO,
    ),
    must(
        "hls.subtitles_uri",
        f"{BIS} 4.4.6.1",
        "Subtitles have a URI.",
        _media("SUBTITLES", "has subtitles and no URI", URI=True),
        _in(_TEXT, ',URI="t.m3u8"', ""),
        _TEXT,
    ),
    must(
        "hls.captions_uri",
        f"{BIS} 4.4.6.1",
        "Closed captions have no URI.",
        _media("CLOSED-CAPTIONS", "has closed captions and a URI", URI=False),
        _in(_CAPTIONS, 'NAME="x"', 'NAME="x",URI="c.m3u8"'),
        _CAPTIONS,
    ),
    must(
        "hls.instream_id",
        f"{BIS} 4.4.6.1",
        "Closed captions, and no subtitles or video, have an INSTREAM-ID.",
        _instream_id,
        _in(_CAPTIONS, "CC1", "CC5"),
        _in(_CAPTIONS, "CC1", "SERVICE63").replace("#EXTM3U", "#EXTM3U\n#EXT-X-VERSION:7"),
    ),
    must(
        "hls.forced",
        f"{BIS} 4.4.6.1",
        "Only subtitles are FORCED.",
        _forced,
        _in(_AUDIO, 'NAME="x"', 'NAME="x",FORCED=YES'),
        _in(_TEXT, 'NAME="x"', 'NAME="x",FORCED=YES'),
    ),
    must(
        "hls.autoselect",
        f"{BIS} 4.4.6.1",
        "A default rendition may be chosen automatically.",
        _autoselect,
        _in(_AUDIO, '"x"', '"x",DEFAULT=YES,AUTOSELECT=NO'),
        _in(_AUDIO, '"x"', '"x",DEFAULT=YES'),
    ),
    must(
        "hls.group_name",
        f"{BIS} 4.4.6.1.1",
        "The renditions of a group have different names.",
        _group_name,
        _AUDIO + _AUDIO[8:],
        _AUDIO + _in(_AUDIO[8:], '"x"', '"y"'),
    ),
    must(
        "hls.group_default",
        f"{BIS} 4.4.6.1.1",
        "A group has one default rendition at most.",
        _group_default,
        _in(_AUDIO, '"x"', '"x",DEFAULT=YES') + _in(_AUDIO[8:], '"x"', '"y",DEFAULT=YES'),
        _in(_AUDIO, '"x"', '"x",DEFAULT=YES') + _in(_AUDIO[8:], '"x"', '"y"'),
    ),
    must(
        "hls.iframe_uri",
        f"{BIS} 4.4.6.3",
        "An EXT-X-I-FRAME-STREAM-INF has BANDWIDTH and URI.",
        _needs("EXT-X-I-FRAME-STREAM-INF", "BANDWIDTH", "URI"),
        _MASTER + "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1\n",
        _MASTER + '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"\n',
    ),
    must(
        "hls.session_data",
        f"{BIS} 4.4.6.4",
        "An EXT-X-SESSION-DATA has a DATA-ID.",
        _needs("EXT-X-SESSION-DATA", "DATA-ID"),
        _in(_SESSION, 'DATA-ID="a.b",', ""),
        _SESSION,
    ),
    must(
        "hls.session_data_value",
        f"{BIS} 4.4.6.4",
        "Session data have a VALUE or a URI, not both.",
        _session_value,
        _in(_SESSION, 'VALUE="c"', 'VALUE="c",URI="d"'),
        _SESSION,
    ),
    must(
        "hls.session_data_twice",
        f"{BIS} 4.4.6.4",
        "Session data stand there once for a language.",
        _session_twice,
        _SESSION + _SESSION[len(_MASTER) :],
        _SESSION + _in(_SESSION[len(_MASTER) :], "VALUE", 'LANGUAGE="de",VALUE'),
    ),
    must(
        "hls.session_key",
        f"{BIS} 4.4.6.5",
        "An EXT-X-SESSION-KEY encrypts.",
        _session_key,
        _MASTER + "#EXT-X-SESSION-KEY:METHOD=NONE\n",
        _MASTER + '#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://k"\n',
    ),
    must(
        "hls.steering",
        f"{BIS} 4.4.6.6",
        "An EXT-X-CONTENT-STEERING has a SERVER-URI.",
        _needs("EXT-X-CONTENT-STEERING", "SERVER-URI"),
        _MASTER + '#EXT-X-CONTENT-STEERING:PATHWAY-ID="a"\n',
        _MASTER + '#EXT-X-CONTENT-STEERING:SERVER-URI="s"\n',
    ),
    must(
        "hls.start",
        f"{BIS} 4.4.2.2",
        "An EXT-X-START has a TIME-OFFSET.",
        _needs("EXT-X-START", "TIME-OFFSET"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-START:PRECISE=YES\n#EXTINF"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-START:TIME-OFFSET=0\n#EXTINF"),
    ),
    should(
        "hls.start_inside",
        f"{BIS} 4.4.2.2",
        "EXT-X-START leads into the playlist.",
        _start_inside,
        _in(_MEDIA, "#EXTINF", "#EXT-X-START:TIME-OFFSET=-9\n#EXTINF"),
        _in(_MEDIA, "#EXTINF", "#EXT-X-START:TIME-OFFSET=-4\n#EXTINF"),
    ),
    must(
        "hls.define",
        f"{BIS} 4.4.2.3",
        "An EXT-X-DEFINE has one of NAME (with VALUE), IMPORT and QUERYPARAM.",
        _define,
        _in(_VARIABLES, ',VALUE="1"', ""),
        _VARIABLES,
    ),
    must(
        "hls.variable",
        f"{BIS} 4.3",
        "A variable is defined before it is used.",
        _variables,
        _in(_VARIABLES, "{$q}", "{$r}"),
        _VARIABLES,
    ),
    should(
        "hls.codecs",
        f"{BIS} 4.4.6.2",
        "An EXT-X-STREAM-INF names its CODECS.",
        _codecs,
        _in(_MASTER, ',CODECS="avc1.64001f"', ""),
        _MASTER,
    ),
    should(
        "hls.average",
        f"{BIS} 4.4.6.2",
        "AVERAGE-BANDWIDTH is not above BANDWIDTH.",
        _average,
        _in(_MASTER, "BANDWIDTH=1", "BANDWIDTH=1,AVERAGE-BANDWIDTH=2"),
        _in(_MASTER, "BANDWIDTH=1", "BANDWIDTH=1,AVERAGE-BANDWIDTH=1"),
    ),
)
