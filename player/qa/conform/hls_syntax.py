"""The rules of RFC 8216bis 4.1 and 4.2 on the text of any playlist: signs, whitespace, attribute lists. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from player.qa.conform.hls_samples import MASTER, MEDIA, NINE, STREAM, swapped
from player.qa.conform.model import BIS, ConformanceRule, must
from player.qa.conform.playlist import LISTS, OF_MEDIA, OF_MULTIVARIANT, OF_SEGMENTS, playlist

_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_PAIR = r'[A-Z0-9-]+\s*=\s*(?:"[^"]*"|[^",\s]+)'
_LIST = re.compile(rf"{_PAIR}(?:\s*,\s*{_PAIR})*")
_OF_ANY = frozenset({"EXTM3U", "EXT-X-VERSION", "EXT-X-INDEPENDENT-SEGMENTS"})
_KNOWN = LISTS | OF_MEDIA | OF_MULTIVARIANT | OF_SEGMENTS | _OF_ANY
_MAY_BE_EMPTY = frozenset({("EXT-X-DEFINE", "VALUE"), ("EXT-X-SKIP", "RECENTLY-REMOVED-DATERANGES")})


def _lines(text: str) -> Iterator[str]:
    return (line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n"))


def _control(text: str) -> Iterator[str]:
    """Tabs part the date ranges that an EXT-X-SKIP names (4.4.5.2)."""
    for line in _lines(text):
        told = line.replace("\t", "") if line.startswith("#EXT-X-SKIP:") else line
        for found in _CONTROL.finditer(told):
            yield f"There is the control character U+{ord(found[0]):04X}."


def _normal(text: str) -> Iterator[str]:
    for line in _lines(text):
        if not unicodedata.is_normalized("NFC", line):
            yield "A line is not in Unicode's normalization form NFC."


def _whitespace(text: str) -> Iterator[str]:
    """Free are comments, the titles of segments and the tags of others."""
    for line in _lines(text):
        tag, colon, value = line.strip().partition(":")
        if not line.strip():
            continue
        if not tag.startswith("#"):
            if re.search(r"\s", line):
                yield "A URI has whitespace in it or around it."
        elif tag[1:] == "EXTINF":
            if line[0].isspace() or re.search(r"\s", value.partition(",")[0]):
                yield "An EXTINF has whitespace before its title."
        elif tag[1:] in _KNOWN and (
            line != line.strip() or (tag[1:] not in LISTS and re.search(r"\s", colon + value))
        ):
            yield f"There is whitespace in {tag[1:]} or around it."


def _attribute_list(text: str) -> Iterator[str]:
    for line in playlist(text).lines:
        if line.tag in LISTS and not _LIST.fullmatch(line.value):
            start = _LIST.match(line.value)
            rest = line.value[start.end() if start else 0 :]
            yield f"The value of an {line.tag} is no attribute list from here on: {rest[:20]}"


def _empty(text: str) -> Iterator[str]:
    for line in playlist(text).lines:
        for name, value in line.pairs if line.tag in LISTS else ():
            if value == '""' and (line.tag, name) not in _MAY_BE_EMPTY and not name.startswith("X-"):
                yield f"{name} of an {line.tag} is empty."


RULES: tuple[ConformanceRule, ...] = (
    must(
        "hls.control",
        f"{BIS} 4.1",
        "A playlist has no control characters but line ends.",
        _control,
        swapped(MEDIA, "4.4,", "4.4,\t"),
        swapped(NINE, "#EXTINF", '#EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES="a\tb"\n#EXTINF'),
    ),
    must(
        "hls.normal",
        f"{BIS} 4.1",
        "Text is in Unicode's normalization form NFC.",
        _normal,
        swapped(MEDIA, "4.4,", "4.4,e\u0301"),
        swapped(MEDIA, "4.4,", "4.4,\u00e9"),
    ),
    must(
        "hls.whitespace_around",
        f"{BIS} 4.1",
        "There is no whitespace in URIs, before titles, and around tags.",
        _whitespace,
        swapped(MEDIA, "1.ts", "1 .ts"),
        swapped(MEDIA, "4.4,\n1.ts", "4.4, a title \n# a comment \n1.ts"),
    ),
    must(
        "hls.attribute_list",
        f"{BIS} 4.2",
        "An attribute list is names in capitals, each with a value, and commas between them.",
        _attribute_list,
        swapped(MASTER, 'CODECS="avc1.64001f"', 'CODECS="avc1.64001f'),
        swapped(MASTER, ",CODECS", ',X-A-1="a,b=c",CODECS'),
    ),
    must(
        "hls.attribute_empty",
        f"{BIS} 4.2",
        "A text in quotes is not empty, but where that is allowed.",
        _empty,
        swapped(MASTER, '"avc1.64001f"', '""'),
        STREAM + '#EXT-X-DEFINE:NAME="q",VALUE=""\n',
    ),
)
