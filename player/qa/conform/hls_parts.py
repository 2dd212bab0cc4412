"""The rules of RFC 8216bis on low latency: parts, hold back, delta updates, hints. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from player.qa.conform.hls_checks import needs
from player.qa.conform.hls_samples import NINE, PARTS, swapped
from player.qa.conform.model import BIS, Check, ConformanceRule, must, should
from player.qa.conform.playlist import number, playlist

_SHORTEST = 0.85
_ROUNDING_S = 0.0011
_OF_PARENT = ("EXT-X-DISCONTINUITY", "EXT-X-KEY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME")
_TARGET, _PART = ("EXT-X-TARGETDURATION", ""), ("EXT-X-PART-INF", "PART-TARGET")


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
            free = free or line.attributes.get("GAP") == "YES"
            if not free and target_s and duration_s is not None and duration_s < _SHORTEST * target_s - _ROUNDING_S:
                yield f"A part of {duration_s:g} s is shorter than 85 % of the part target of {target_s:g} s."
            waiting = line.attributes
        elif line.tag in ("", "EXTINF", "EXT-X-DISCONTINUITY"):
            waiting = None


def _part_tags(text: str) -> Iterator[str]:
    """What stands between the parts of a segment and its address applies to the segment."""
    parts, late = False, ""
    for line in playlist(text).lines:
        if line.tag == "EXT-X-PART":
            parts = True
        elif line.tag in _OF_PARENT and parts:
            late = late or line.tag
        elif not line.tag:
            if late:
                yield f"{late} stands behind the first part of the segment {line.value[:60]}."
            parts, late = False, ""


def _part_range(text: str) -> Iterator[str]:
    before: dict[str, str] = {}
    for line in playlist(text).lines:
        if line.tag == "EXT-X-PART":
            each = line.attributes
            told = each.get("BYTERANGE", "")
            if told and "{$" not in told and not re.fullmatch(r"\d+(@\d+)?", told):
                yield f"BYTERANGE of a part is not LENGTH[@OFFSET]: {told[:40]}"
            elif told.isdigit() and (before.get("URI") != each.get("URI") or "BYTERANGE" not in before):
                yield f"The range of a part has no offset, and no part of that file is before it: {told[:40]}"
            before = each
        elif not line.tag:
            before = {}


def _hint_after_end(text: str) -> Iterator[str]:
    if playlist(text).has("EXT-X-ENDLIST") and playlist(text).has("EXT-X-PRELOAD-HINT"):
        yield "A playlist has ended and hints at what is to come."


def _report_relative(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-RENDITION-REPORT"):
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", each.get("URI", "")):
            yield "The URI of an EXT-X-RENDITION-REPORT is not relative."


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


def _preload_twice(text: str) -> Iterator[str]:
    for kind, count in Counter(each.get("TYPE", "") for each in playlist(text).lists("EXT-X-PRELOAD-HINT")).items():
        if count > 1:
            yield f"There are {count} EXT-X-PRELOAD-HINT of the type {kind[:40]}."


def _skip_dateranges(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-SERVER-CONTROL"):
        if each.get("CAN-SKIP-DATERANGES") == "YES" and "CAN-SKIP-UNTIL" not in each:
            yield "CAN-SKIP-DATERANGES stands without CAN-SKIP-UNTIL."


_LOW = (
    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n"
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=2.0,HOLD-BACK=12,CAN-SKIP-UNTIL=24\n"
    '#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-MAP:URI="i.mp4"\n#EXT-X-PART:DURATION=0.85,URI="1.0.m4s"\n'
    '#EXT-X-PART:DURATION=1,URI="1.1.m4s"\n#EXT-X-PART:DURATION=0.2,URI="1.2.m4s"\n#EXTINF:2,\n1.m4s\n'
)


RULES: tuple[ConformanceRule, ...] = (
    must(
        "hls.part_inf",
        f"{BIS} 4.4.3.7",
        "A playlist with parts has EXT-X-PART-INF.",
        _part_inf,
        swapped(_LOW, "#EXT-X-PART-INF:PART-TARGET=1\n", ""),
        _LOW,
    ),
    must(
        "hls.part_target",
        f"{BIS} 4.4.3.7",
        "An EXT-X-PART-INF has a PART-TARGET.",
        needs("EXT-X-PART-INF", "PART-TARGET"),
        swapped(_LOW, "PART-TARGET=1", "X=1"),
        _LOW,
    ),
    must(
        "hls.part",
        f"{BIS} 4.4.4.9",
        "An EXT-X-PART has URI and DURATION.",
        needs("EXT-X-PART", "URI", "DURATION"),
        swapped(_LOW, "DURATION=0.2,", ""),
        _LOW,
    ),
    must(
        "hls.part_long",
        f"{BIS} 4.4.4.9",
        "No part is longer than the part target.",
        _part_duration,
        swapped(_LOW, "DURATION=1,", "DURATION=1.1,"),
        _LOW,
    ),
    must(
        "hls.part_short",
        f"{BIS} 4.4.4.9",
        "A part lasts 85 % of the part target, but the last of a segment, one at a gap, one with INDEPENDENT=YES.",
        _part_short,
        swapped(_LOW, "DURATION=0.85", "DURATION=0.8"),
        swapped(_LOW, "DURATION=0.85", "INDEPENDENT=YES,DURATION=0.8"),
    ),
    must(
        "hls.part_tags",
        f"{BIS} 4.4.4.9",
        "What applies to a segment stands before its first part.",
        _part_tags,
        swapped(_LOW, "#EXTINF", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXTINF"),
        swapped(_LOW, "#EXT-X-PART:", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXT-X-PART:"),
    ),
    should(
        "hls.part_range",
        f"{BIS} 4.4.4.9",
        "The range of a part without an offset follows a part of the same file and segment.",
        _part_range,
        swapped(_LOW, '1.0.m4s"', '1.m4s",BYTERANGE="9"'),
        swapped(_LOW, '1.0.m4s"', '1.1.m4s",BYTERANGE="9@0"').replace('1.1.m4s"\n', '1.1.m4s",BYTERANGE="9"\n'),
    ),
    must(
        "hls.part_hold_back",
        f"{BIS} 4.4.3.8",
        "A playlist with EXT-X-PART-INF has a PART-HOLD-BACK.",
        _part_hold_back_there,
        swapped(_LOW, "PART-HOLD-BACK=2.0,", ""),
        _LOW,
    ),
    must(
        "hls.part_hold_back_short",
        f"{BIS} 4.4.3.8",
        "PART-HOLD-BACK is twice the part target or more.",
        _multiple("EXT-X-SERVER-CONTROL", "PART-HOLD-BACK", 2, _PART),
        swapped(_LOW, "PART-HOLD-BACK=2.0", "PART-HOLD-BACK=1.9"),
        _LOW,
    ),
    should(
        "hls.part_hold_back_advised",
        f"{BIS} 4.4.3.8",
        "PART-HOLD-BACK is three times the part target or more.",
        _multiple("EXT-X-SERVER-CONTROL", "PART-HOLD-BACK", 3, _PART),
        _LOW,
        swapped(_LOW, "PART-HOLD-BACK=2.0", "PART-HOLD-BACK=3"),
    ),
    must(
        "hls.hold_back_short",
        f"{BIS} 4.4.3.8",
        "HOLD-BACK is three times the target duration or more.",
        _multiple("EXT-X-SERVER-CONTROL", "HOLD-BACK", 3, _TARGET),
        swapped(_LOW, ",HOLD-BACK=12", ",HOLD-BACK=11"),
        _LOW,
    ),
    must(
        "hls.skip_boundary",
        f"{BIS} 4.4.3.8",
        "CAN-SKIP-UNTIL is six times the target duration or more.",
        _multiple("EXT-X-SERVER-CONTROL", "CAN-SKIP-UNTIL", 6, _TARGET),
        swapped(_LOW, "UNTIL=24", "UNTIL=23"),
        _LOW,
    ),
    must(
        "hls.skip",
        f"{BIS} 4.4.5.2",
        "An EXT-X-SKIP says how many segments it stands for.",
        needs("EXT-X-SKIP", "SKIPPED-SEGMENTS"),
        swapped(NINE, "#EXTINF", "#EXT-X-SKIP:X=1\n#EXTINF"),
        swapped(NINE, "#EXTINF", "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF"),
    ),
    must(
        "hls.preload_hint",
        f"{BIS} 4.4.5.3",
        "An EXT-X-PRELOAD-HINT has TYPE and URI.",
        needs("EXT-X-PRELOAD-HINT", "TYPE", "URI"),
        _LOW + "#EXT-X-PRELOAD-HINT:TYPE=PART\n",
        _LOW + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="2.0.m4s"\n',
    ),
    must(
        "hls.hint_after_end",
        f"{BIS} 4.4.5.3",
        "A playlist that has ended has no EXT-X-PRELOAD-HINT.",
        _hint_after_end,
        _LOW + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="2.0.m4s"\n#EXT-X-ENDLIST\n',
        _LOW + "#EXT-X-ENDLIST\n",
    ),
    must(
        "hls.report_relative",
        f"{BIS} 4.4.5.4",
        "The URI of an EXT-X-RENDITION-REPORT is relative.",
        _report_relative,
        _LOW + '#EXT-X-RENDITION-REPORT:URI="https://a.test/a.m3u8",LAST-MSN=1\n',
        _LOW + '#EXT-X-RENDITION-REPORT:URI="../a.m3u8?b=c:d",LAST-MSN=1\n',
    ),
    must(
        "hls.rendition_report",
        f"{BIS} 4.4.5.4",
        "An EXT-X-RENDITION-REPORT has a URI.",
        needs("EXT-X-RENDITION-REPORT", "URI"),
        _LOW + "#EXT-X-RENDITION-REPORT:LAST-MSN=1\n",
        _LOW + '#EXT-X-RENDITION-REPORT:URI="a.m3u8",LAST-MSN=1\n',
    ),
    should(
        "hls.preload_hint_twice",
        f"{BIS} 6.2.6",
        "There is one EXT-X-PRELOAD-HINT of a type.",
        _preload_twice,
        PARTS + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="3.ts"\n',
        PARTS + '#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="i.mp4"\n',
    ),
    must(
        "hls.skip_dateranges",
        f"{BIS} 4.4.3.8",
        "A server that can skip date ranges says how far it can skip.",
        _skip_dateranges,
        PARTS.replace("CAN-SKIP-UNTIL=24,", ""),
        PARTS,
    ),
)
