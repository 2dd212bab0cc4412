"""The rules of RFC 8216bis on dates and date ranges. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from player.qa.conform.hls_checks import needs
from player.qa.conform.hls_samples import MEDIA, swapped
from player.qa.conform.model import BIS, ConformanceRule, must, should
from player.qa.conform.playlist import number, playlist

_LENGTH_S = 0.1
_SPLICE_INSERT = 5
_OVERLAP = timedelta(seconds=1)
_CLIENT = re.compile(r'"[^"]*"|0[xX][0-9A-Fa-f]+|-?\d+(\.\d*)?')


def date_of(text: str) -> datetime | None:
    """A date by ISO 8601; None for anything else."""
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.strip()))
    except ValueError:
        return None


def _program_date_time(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-PROGRAM-DATE-TIME"):
        if date_of(line.value) is None and not re.search(r"T24:|:60", line.value):
            yield f"An EXT-X-PROGRAM-DATE-TIME is no date by ISO 8601: {line.value[:40]}"


def _program_date_time_zone(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-PROGRAM-DATE-TIME"):
        told = date_of(line.value)
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
        start, end = date_of(each.get("START-DATE", "")), date_of(each.get("END-DATE", ""))
        if start and end and (start.tzinfo is None) == (end.tzinfo is None) and end < start:
            yield "An EXT-X-DATERANGE ends before it starts."


def _daterange_next(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-DATERANGE"):
        if each.get("END-ON-NEXT") == "YES" and ("CLASS" not in each or {"DURATION", "END-DATE"} & set(each)):
            yield "An EXT-X-DATERANGE with END-ON-NEXT has no CLASS, or an end of its own."


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
        start, end = date_of(each.get("START-DATE", "")), date_of(each.get("END-DATE", ""))
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


def _daterange_yes(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-DATERANGE"):
        if each.get("END-ON-NEXT", "YES") != "YES":
            yield f"END-ON-NEXT is not YES: {each['END-ON-NEXT'][:40]}"


def _daterange_cue(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-DATERANGE"):
        if {"PRE", "POST"} <= set(each.get("CUE", "").split(",")):
            yield f"The date range {each.get('ID', '')[:40]} is to be played before and after."


def _ranges(text: str) -> Iterator[dict[str, str]]:
    """Each date range with what all its tags say."""
    told: dict[str, dict[str, str]] = {}
    for each in playlist(text).lists("EXT-X-DATERANGE"):
        told.setdefault(each.get("ID", ""), {}).update(each)
    return iter(told.values())


def _daterange_class(text: str) -> Iterator[str]:
    """Where a range ends on the next one of its class, none of that class overlap."""
    classes: dict[str, list[tuple[float, float]]] = {}
    ends_on_next = {each.get("CLASS") for each in _ranges(text) if each.get("END-ON-NEXT") == "YES"} - {None}
    for each in _ranges(text):
        start, end = date_of(each.get("START-DATE", "")), date_of(each.get("END-DATE", ""))
        if start is not None and start.tzinfo is not None and each.get("CLASS") in ends_on_next:
            start_s = start.timestamp()
            end_s = start_s + (number(each.get("DURATION", "")) or 0.0)
            end_s = end.timestamp() if end is not None and end.tzinfo is not None else end_s
            classes.setdefault(each["CLASS"], []).append((start_s, end_s))
    for name, ranges in classes.items():
        for (_, end_s), (start_s, _) in pairwise(sorted(ranges)):
            if end_s - start_s > _LENGTH_S:
                yield f"Date ranges of the class {name[:40]} overlap, and one of them ends on the next."


def _splice_side(text: str) -> Iterator[str]:
    for each in _ranges(text):
        for name, out in (("SCTE35-OUT", True), ("SCTE35-IN", False)):
            told = _leaves_network(each.get(name, ""))
            if told is not None and told is not out:
                yield f"{name} of the date range {each.get('ID', '')[:40]} has the other side of the splice."


def _leaves_network(value: str) -> bool | None:
    """The out_of_network_indicator of a splice_insert() (SCTE 35, 9.6 and 9.7.3); None where there is none."""
    try:
        section = bytes.fromhex(value[2:])
    except ValueError:
        return None
    if len(section) < 20 or section[0] != 0xFC or section[4] & 0x80 or section[13] != _SPLICE_INSERT:
        return None
    return None if section[18] & 0x80 else bool(section[19] & 0x80)


def _splice_end(text: str) -> Iterator[str]:
    tags = Counter(each.get("ID", "") for each in playlist(text).lists("EXT-X-DATERANGE"))
    for each in _ranges(text):
        both = "SCTE35-OUT" in each and "SCTE35-IN" in each and tags[each.get("ID", "")] > 1
        if both and not {"DURATION", "END-DATE"} & set(each):
            yield f"The splice {each.get('ID', '')[:40]} is over and has neither DURATION nor END-DATE."


def _date_overlap(text: str) -> Iterator[str]:
    """The end of what was dated before is later than a new date, by a second or more."""
    end: datetime | None = None
    for line in playlist(text).lines:
        if line.tag == "EXT-X-PROGRAM-DATE-TIME":
            start = date_of(line.value.strip())
            if start is None or start.tzinfo is None:
                end = None
                continue
            if end is not None and end - start >= _OVERLAP:
                yield f"EXT-X-PROGRAM-DATE-TIME goes back by {(end - start).total_seconds():g} s: {line.value[:40]}"
            end = start
        elif line.tag == "EXTINF" and end is not None:
            end += timedelta(seconds=number(line.value.partition(",")[0].strip()) or 0)


_DATED = MEDIA.replace("#EXTINF", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n#EXTINF")
_DATERANGE = '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=0\n'
_PLAIN_DATED = (
    "#EXTM3U\n#EXT-X-VERSION:12\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n"
    "#EXTINF:4,\n1.ts\n"
)
_BREAK = '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=4\n'
_SPLICE = "0xFC302000000000000000FFF00F0500000001{side}FFFE000000000001000000000000"
_OUT = _BREAK.replace("DURATION=4", f"SCTE35-OUT={_SPLICE.format(side='7FEF')}")
_IN = f'#EXT-X-DATERANGE:ID="a",DURATION=4,SCTE35-IN={_SPLICE.format(side="7F6F")}\n'
_FROM_NEXT = _BREAK.replace("DURATION=4", 'CLASS="c",END-ON-NEXT=YES')
_LATER = _BREAK.replace('"a"', '"b"').replace("00:00Z", "00:02Z").replace("DURATION=4", 'CLASS="c",DURATION=4')


RULES: tuple[ConformanceRule, ...] = (
    must(
        "hls.program_date_time",
        f"{BIS} 4.4.4.6",
        "EXT-X-PROGRAM-DATE-TIME is a date by ISO 8601.",
        _program_date_time,
        swapped(_DATED, "2026-01-01T", "01/01/2026 "),
        swapped(_DATED, ".000Z", "+01:00"),
    ),
    should(
        "hls.program_date_time_zone",
        f"{BIS} 4.4.4.6",
        "EXT-X-PROGRAM-DATE-TIME names its time zone.",
        _program_date_time_zone,
        swapped(_DATED, "000Z", "000"),
        _DATED,
    ),
    must(
        "hls.daterange_id",
        f"{BIS} 4.4.5.1",
        "An EXT-X-DATERANGE has an ID.",
        needs("EXT-X-DATERANGE", "ID"),
        _DATED + swapped(_DATERANGE, 'ID="a",', ""),
        _DATED + _DATERANGE,
    ),
    must(
        "hls.daterange_clock",
        f"{BIS} 4.4.5.1",
        "A playlist with date ranges says what date its segments have.",
        _daterange_clock,
        MEDIA + _DATERANGE,
        _DATED + _DATERANGE,
    ),
    must(
        "hls.daterange_duration",
        f"{BIS} 4.4.5.1",
        "A date range is not shorter than nothing.",
        _daterange_duration,
        _DATED + swapped(_DATERANGE, "DURATION=0", "DURATION=-1"),
        _DATED + _DATERANGE,
    ),
    must(
        "hls.daterange_end",
        f"{BIS} 4.4.5.1",
        "A date range does not end before it starts.",
        _daterange_end,
        _DATED + swapped(_DATERANGE, "DURATION=0", 'END-DATE="2025-12-31T23:59:59Z"'),
        _DATED + swapped(_DATERANGE, "DURATION=0", 'END-DATE="2026-01-01T00:00:00Z"'),
    ),
    must(
        "hls.daterange_next",
        f"{BIS} 4.4.5.1",
        "END-ON-NEXT goes with a CLASS and without an end.",
        _daterange_next,
        _DATED + swapped(_DATERANGE, "DURATION=0", "END-ON-NEXT=YES"),
        _DATED + swapped(_DATERANGE, "DURATION=0", 'CLASS="c",END-ON-NEXT=YES'),
    ),
    must(
        "hls.daterange_start",
        f"{BIS} 4.4.5.1",
        "The first tag of a date range has a START-DATE.",
        _daterange_start,
        _PLAIN_DATED + '#EXT-X-DATERANGE:ID="a",DURATION=4\n',
        _PLAIN_DATED + _BREAK + '#EXT-X-DATERANGE:ID="a",END-DATE="2026-01-01T00:00:04Z"\n',
    ),
    must(
        "hls.daterange_same",
        f"{BIS} 4.4.5.1",
        "The tags of one date range do not contradict each other.",
        _daterange_same,
        _PLAIN_DATED + _BREAK + _BREAK.replace("=4", "=5"),
        _PLAIN_DATED + _BREAK + _BREAK,
    ),
    must(
        "hls.daterange_length",
        f"{BIS} 4.4.5.1",
        "A date range with DURATION and END-DATE ends after its duration.",
        _daterange_length,
        _PLAIN_DATED + _BREAK.replace("DURATION=4", 'DURATION=4,END-DATE="2026-01-01T00:00:05Z"'),
        _PLAIN_DATED + _BREAK.replace("DURATION=4", 'DURATION=4,END-DATE="2026-01-01T00:00:04Z"'),
    ),
    must(
        "hls.program_date_time_overlap",
        f"{BIS} 6.2.1",
        "Dates of segments go back by less than a second.",
        _date_overlap,
        _PLAIN_DATED + "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:03Z\n#EXTINF:4,\n2.ts\n",
        _PLAIN_DATED + "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:03.001Z\n#EXTINF:4,\n2.ts\n",
    ),
    must(
        "hls.daterange_client",
        f"{BIS} 4.4.5.1",
        "Attributes of the client's own are text in quotes or numbers.",
        _daterange_client,
        _PLAIN_DATED + _BREAK.replace("DURATION=4", "DURATION=4,X-AD=YES"),
        _PLAIN_DATED + _BREAK.replace("DURATION=4", 'DURATION=4,X-AD="YES",X-NO=4'),
    ),
    must(
        "hls.daterange_yes",
        f"{BIS} 4.4.5.1",
        "END-ON-NEXT is YES.",
        _daterange_yes,
        _PLAIN_DATED + _BREAK.replace("DURATION=4", 'CLASS="c",END-ON-NEXT=NO'),
        _PLAIN_DATED + _FROM_NEXT,
    ),
    must(
        "hls.daterange_cue",
        f"{BIS} 4.4.5.1",
        "A CUE does not have both PRE and POST.",
        _daterange_cue,
        _PLAIN_DATED + _BREAK.replace("DURATION=4", 'CUE="PRE,POST"'),
        _PLAIN_DATED + _BREAK.replace("DURATION=4", 'CUE="PRE,ONCE"'),
    ),
    must(
        "hls.daterange_class",
        f"{BIS} 4.4.5.1",
        "Date ranges of a class with END-ON-NEXT do not overlap.",
        _daterange_class,
        _PLAIN_DATED + _FROM_NEXT + _LATER + _LATER.replace('"b"', '"d"').replace("00:02Z", "00:05Z"),
        _PLAIN_DATED + _FROM_NEXT + _LATER + _LATER.replace('"b"', '"d"').replace("00:02Z", "00:06Z"),
    ),
    must(
        "hls.splice_side",
        f"{BIS} 4.4.5.1.1",
        "SCTE35-OUT leaves the programme, SCTE35-IN comes back.",
        _splice_side,
        _PLAIN_DATED + _OUT.replace("SCTE35-OUT", "SCTE35-IN"),
        _PLAIN_DATED + _OUT + _IN,
    ),
    must(
        "hls.splice_end",
        f"{BIS} 4.4.5.1.1",
        "A splice that is over has its DURATION or END-DATE.",
        _splice_end,
        _PLAIN_DATED + _OUT + _IN.replace("DURATION=4,", ""),
        _PLAIN_DATED + _OUT + _IN,
    ),
)
