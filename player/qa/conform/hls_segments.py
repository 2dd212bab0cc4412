"""The rules of RFC 8216bis on media playlists and their segments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from player.qa.conform.hls_checks import needs, whole_value
from player.qa.conform.hls_samples import FMP4, KEY, MEDIA, RANGED, swapped
from player.qa.conform.model import BIS, Check, ConformanceRule, must
from player.qa.conform.playlist import Line, number, playlist

_FRAGMENTED = (".m4s", ".cmfv", ".cmfa", ".m4v", ".m4a", ".mp4")
_RANGE = re.compile(r"(\d+)(?:@(\d+))?")
_OWN_IV = ("SAMPLE-AES-CTR", "AES-256-GCM")  # the media has it
_WINDOW = 3  # target durations


def _target(text: str) -> Iterator[str]:
    found = playlist(text)
    if found.is_media and not found.is_multivariant and not found.has("EXT-X-TARGETDURATION"):
        yield "A media playlist has no EXT-X-TARGETDURATION."


def _target_integer(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-TARGETDURATION"):
        if not re.fullmatch(r"\d{1,20}", line.value):
            yield f"The target duration is no whole number: {line.value[:40]}"


def _target_least(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-TARGETDURATION"):
        if line.value.isdigit() and int(line.value[:20]) < 1:
            yield "The target duration is 0."


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


def _extinf_comma(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXTINF"):
        if "," not in line.value:
            yield f"No comma ends the duration of an EXTINF: {line.value[:40]}"


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


def _endlist(text: str) -> Iterator[str]:
    found = playlist(text)
    recorded = any(line.value.strip() == "VOD" for line in found.all("EXT-X-PLAYLIST-TYPE"))
    if recorded and not found.has("EXT-X-ENDLIST"):
        yield "A playlist of type VOD, which may not change, has no EXT-X-ENDLIST."


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


def _key_no_iv(text: str) -> Iterator[str]:
    for each in (*playlist(text).lists("EXT-X-KEY"), *playlist(text).lists("EXT-X-SESSION-KEY")):
        if each.get("METHOD") in _OWN_IV and "IV" in each:
            yield f"An EXT-X-KEY of METHOD={each['METHOD']} has an IV."


def _key_versions(text: str) -> Iterator[str]:
    for each in (*playlist(text).lists("EXT-X-KEY"), *playlist(text).lists("EXT-X-SESSION-KEY")):
        told = each.get("KEYFORMATVERSIONS", "1")
        if not re.fullmatch(r"0*[1-9]\d*(/0*[1-9]\d*)*", told) and "{$" not in told:
            yield f"KEYFORMATVERSIONS is no list of whole numbers: {told[:40]}"


def _map_range(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MAP"):
        told = each.get("BYTERANGE", "1@0")
        if not re.fullmatch(r"\d+@\d+", told) and "{$" not in told:
            yield f"BYTERANGE of an EXT-X-MAP is not LENGTH@OFFSET: {told[:40]}"


def _iframe_range(text: str) -> Iterator[str]:
    """What initializes lies before the first I-frame of a file, or is where an EXT-X-MAP has it."""
    found = playlist(text)
    inits: dict[str, str] = {}
    ranges: list[str] = []
    for line in found.lines if found.has("EXT-X-I-FRAMES-ONLY") else ():
        if line.tag == "EXT-X-MAP":
            inits = line.attributes
        elif line.tag == "EXT-X-BYTERANGE":
            ranges.append(line.value.strip())
        elif not line.tag:
            place = _RANGE.fullmatch(ranges.pop()) if ranges else None
            if place is None or place[2] is None:
                continue
            init = _RANGE.fullmatch(inits.get("BYTERANGE", "")) if inits.get("URI") == line.value else None
            own = range(int(place[2]), int(place[2]) + int(place[1]))
            if init is not None and int(init[2] or 0) < own.stop and own.start < int(init[2] or 0) + int(init[1]):
                yield f"The range of an I-frame has bytes of the EXT-X-MAP: {line.value[:60]}"
            elif not inits and own.start == 0:
                yield f"The range of an I-frame starts where its file does, with what initializes: {line.value[:60]}"


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


_RANGED_IFRAMES = (
    "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-TARGETDURATION:4\n#EXT-X-I-FRAMES-ONLY\n"
    '#EXT-X-MAP:URI="a.mp4",BYTERANGE="100@0"\n#EXTINF:4,\n#EXT-X-BYTERANGE:50@100\na.mp4\n'
)
_KEYED = "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-TARGETDURATION:4\n" + KEY + "#EXTINF:4,\n1.ts\n"
_LIVE = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n" + "".join(
    f"#EXTINF:4,\n{number}.ts\n" for number in (7, 8, 9)
)


RULES: tuple[ConformanceRule, ...] = (
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
        swapped(MEDIA, "DURATION:4", "DURATION:4.5"),
        swapped(MEDIA, "DURATION:4", "DURATION:5"),
    ),
    must(
        "hls.target_least",
        f"{BIS} 4.4.3.1",
        "The target duration is 1 or more.",
        _target_least,
        "#EXTM3U\n#EXT-X-TARGETDURATION:0\n#EXTINF:0,\n1.ts\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0,\n1.ts\n",
    ),
    must(
        "hls.extinf",
        f"{BIS} 4.4.3.1",
        "No segment, rounded, is longer than the target duration.",
        _rounding,
        swapped(MEDIA, "4.4,", "4.5,"),
        swapped(MEDIA, "4.4,", "4.499,"),
    ),
    must(
        "hls.extinf_missing",
        f"{BIS} 4.4.4.1",
        "Every segment has an EXTINF.",
        _extinf_missing,
        MEDIA + "2.ts\n",
        MEDIA + "#EXTINF:1,\n# a comment\n\n2.ts\n",
    ),
    must(
        "hls.extinf_number",
        f"{BIS} 4.4.4.1",
        "An EXTINF has a duration.",
        _extinf_number,
        swapped(MEDIA, "4.4,", "four,"),
        swapped(MEDIA, "4.4,", "0,"),
    ),
    must(
        "hls.extinf_comma",
        f"{BIS} 4.4.4.1",
        "A comma follows the duration of an EXTINF.",
        _extinf_comma,
        swapped(MEDIA, "4.4,", "4.4"),
        swapped(MEDIA, "4.4,", "4.4,a,b"),
    ),
    must(
        "hls.media_sequence_place",
        f"{BIS} 4.4.3.2",
        "EXT-X-MEDIA-SEQUENCE stands before the first segment.",
        _before("EXT-X-MEDIA-SEQUENCE", ""),
        MEDIA + "#EXT-X-MEDIA-SEQUENCE:1\n",
        swapped(MEDIA, "#EXTINF", "#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF"),
    ),
    must(
        "hls.discontinuity_sequence_place",
        f"{BIS} 4.4.3.3",
        "EXT-X-DISCONTINUITY-SEQUENCE stands before the first segment and any EXT-X-DISCONTINUITY.",
        _before("EXT-X-DISCONTINUITY-SEQUENCE", "", "EXT-X-DISCONTINUITY"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXTINF"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-DISCONTINUITY\n#EXTINF"),
    ),
    must(
        "hls.media_sequence",
        f"{BIS} 4.4.3.2",
        "EXT-X-MEDIA-SEQUENCE is a whole number.",
        whole_value("EXT-X-MEDIA-SEQUENCE", r"\d{1,20}"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-MEDIA-SEQUENCE:-1\n#EXTINF"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF"),
    ),
    must(
        "hls.discontinuity_number",
        f"{BIS} 4.4.3.3",
        "EXT-X-DISCONTINUITY-SEQUENCE is a whole number.",
        whole_value("EXT-X-DISCONTINUITY-SEQUENCE", r"\d{1,20}"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-DISCONTINUITY-SEQUENCE:-1\n#EXTINF"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXTINF"),
    ),
    must(
        "hls.bitrate",
        f"{BIS} 4.4.4.8",
        "EXT-X-BITRATE is a whole number.",
        whole_value("EXT-X-BITRATE", r"\d{1,20}"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-BITRATE:1.5\n#EXTINF"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-BITRATE:2\n#EXTINF"),
    ),
    must(
        "hls.playlist_type",
        f"{BIS} 4.4.3.5",
        "EXT-X-PLAYLIST-TYPE is EVENT or VOD.",
        whole_value("EXT-X-PLAYLIST-TYPE", "EVENT|VOD"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-PLAYLIST-TYPE:LIVE\n#EXTINF"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF"),
    ),
    must(
        "hls.endlist",
        f"{BIS} 6.2.1",
        "A playlist with the last segment has EXT-X-ENDLIST.",
        _endlist,
        swapped(MEDIA, "#EXTINF", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF"),
        swapped(MEDIA, "#EXTINF", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF") + "#EXT-X-ENDLIST\n",
    ),
    must(
        "hls.byterange",
        f"{BIS} 4.4.4.2",
        "A range without an offset follows one of the same file.",
        _byterange,
        swapped(RANGED, "100@0", "100"),
        RANGED,
    ),
    must(
        "hls.key_method",
        f"{BIS} 4.4.4.4",
        "An EXT-X-KEY has a METHOD.",
        needs("EXT-X-KEY", "METHOD"),
        swapped(MEDIA, "#EXTINF", '#EXT-X-KEY:URI="k"\n#EXTINF'),
        swapped(MEDIA, "#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF'),
    ),
    must(
        "hls.key_uri",
        f"{BIS} 4.4.4.4",
        "An EXT-X-KEY that encrypts has a URI.",
        _key_uri,
        MEDIA + "#EXT-X-KEY:METHOD=AES-128\n",
        MEDIA + "#EXT-X-KEY:METHOD=NONE\n",
    ),
    must(
        "hls.key_none",
        f"{BIS} 4.4.4.4",
        "An EXT-X-KEY with METHOD=NONE has nothing else.",
        _key_none,
        MEDIA + '#EXT-X-KEY:METHOD=NONE,URI="k"\n',
        MEDIA + "#EXT-X-KEY:METHOD=NONE\n",
    ),
    must(
        "hls.key_iv",
        f"{BIS} 4.4.4.4",
        "An IV is a hexadecimal number of 128 bits.",
        _key_iv,
        MEDIA + swapped(KEY, "0x0", "0x00"),
        MEDIA + KEY,
    ),
    must(
        "hls.key_no_iv",
        f"{BIS} 4.4.4.4",
        "SAMPLE-AES-CTR and AES-256-GCM have no IV in the playlist.",
        _key_no_iv,
        swapped(_KEYED, "METHOD=AES-128", "METHOD=SAMPLE-AES-CTR"),
        swapped(_KEYED, "METHOD=AES-128", "METHOD=SAMPLE-AES"),
    ),
    must(
        "hls.key_versions",
        f"{BIS} 4.4.4.4",
        "KEYFORMATVERSIONS is whole numbers with / between them.",
        _key_versions,
        swapped(_KEYED, ",IV", ',KEYFORMATVERSIONS="1,2",IV'),
        swapped(_KEYED, ",IV", ',KEYFORMATVERSIONS="1/2",IV'),
    ),
    must(
        "hls.map_range",
        f"{BIS} 4.4.4.5",
        "A range of an EXT-X-MAP has its offset.",
        _map_range,
        swapped(_RANGED_IFRAMES, "100@0", "100"),
        _RANGED_IFRAMES,
    ),
    must(
        "hls.iframe_range",
        f"{BIS} 4.4.3.6",
        "The range of an I-frame has nothing of what initializes.",
        _iframe_range,
        swapped(_RANGED_IFRAMES, "50@100", "50@99"),
        _RANGED_IFRAMES,
    ),
    must(
        "hls.map",
        f"{BIS} 3.1.2",
        "Segments of fragmented MP4 have an EXT-X-MAP.",
        _map_there,
        swapped(FMP4, '#EXT-X-MAP:URI="i.mp4"\n', ""),
        FMP4,
    ),
    must(
        "hls.map_uri",
        f"{BIS} 4.4.4.5",
        "An EXT-X-MAP has a URI.",
        needs("EXT-X-MAP", "URI"),
        swapped(FMP4, 'URI="i.mp4"', 'BYTERANGE="1@0"'),
        FMP4,
    ),
    must(
        "hls.map_iv",
        f"{BIS} 4.4.4.5",
        "The key of an EXT-X-MAP that AES-128 encrypts has an IV.",
        _map_iv,
        swapped(FMP4, "#EXT-X-MAP", '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXT-X-MAP'),
        swapped(FMP4, "#EXT-X-MAP", KEY + "#EXT-X-MAP"),
    ),
    must(
        "hls.short_window",
        f"{BIS} 6.2.2",
        "A live playlist that has dropped segments lists three target durations.",
        _short_window,
        _LIVE.replace("#EXTINF:4,\n9.ts\n", ""),
        _LIVE,
    ),
)
