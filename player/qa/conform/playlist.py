"""A playlist as it was delivered: its lines, tags and attributes, with nothing forgiven. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_TAG = re.compile(r"#(EXT[A-Z0-9-]*)(?::(.*))?$", re.DOTALL)

LISTS = frozenset(
    {
        "EXT-X-DATERANGE", "EXT-X-DEFINE", "EXT-X-CONTENT-STEERING", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-KEY",
        "EXT-X-MAP", "EXT-X-MEDIA", "EXT-X-PART", "EXT-X-PART-INF", "EXT-X-PRELOAD-HINT", "EXT-X-RENDITION-REPORT",
        "EXT-X-SERVER-CONTROL", "EXT-X-SESSION-DATA", "EXT-X-SESSION-KEY", "EXT-X-SKIP", "EXT-X-START",
        "EXT-X-STREAM-INF",
    }
)  # fmt: skip
"""Tags whose value is an attribute list (RFC 8216bis 4.2)."""
OF_MEDIA = frozenset(
    {
        "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE", "EXT-X-ENDLIST",
        "EXT-X-PLAYLIST-TYPE", "EXT-X-I-FRAMES-ONLY", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL",
    }
)  # fmt: skip
"""Media Playlist tags (4.4.3)."""
OF_SEGMENTS = frozenset(
    {"EXTINF", "EXT-X-BYTERANGE", "EXT-X-DISCONTINUITY", "EXT-X-KEY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME"}
    | {"EXT-X-GAP", "EXT-X-BITRATE", "EXT-X-PART"}
)
"""Media Segment tags (4.4.4)."""
OF_MULTIVARIANT = frozenset(
    {
        "EXT-X-MEDIA", "EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-SESSION-DATA", "EXT-X-SESSION-KEY",
        "EXT-X-CONTENT-STEERING",
    }
)  # fmt: skip
"""Multivariant Playlist tags (4.4.6)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A tag with its value, or a URI (``tag`` is empty). Comments and empty lines are left out."""

    tag: str
    value: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The attributes as they stand there, quotes among them."""
        return _ATTRIBUTE.findall(self.value)

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes without quotes."""
        return {name: value[1:-1] if value[:1] == '"' else value.strip() for name, value in self.pairs}


@dataclass(frozen=True, slots=True)
class Playlist:
    lines: Sequence[Line]

    def all(self, *names: str) -> list[Line]:
        """Every line with one of these tags."""
        return [line for line in self.lines if line.tag in names]

    def lists(self, name: str) -> Iterator[dict[str, str]]:
        """The attributes of each tag of a name."""
        return (line.attributes for line in self.lines if line.tag == name)

    def has(self, *names: str) -> bool:
        return any(line.tag in names for line in self.lines)

    @property
    def is_multivariant(self) -> bool:
        return self.has(*OF_MULTIVARIANT)

    @property
    def is_media(self) -> bool:
        return self.has("EXTINF", "EXT-X-TARGETDURATION", "EXT-X-PART")

    @property
    def version(self) -> int:
        """As it says, or 1."""
        return max((int(line.value) for line in self.all("EXT-X-VERSION") if line.value.isdigit()), default=1)

    def seconds(self, tag: str, attribute: str = "") -> float | None:
        """The first number of a tag, or of one of its attributes."""
        for line in self.all(tag):
            found = number(line.attributes.get(attribute, "") if attribute else line.value)
            if found is not None:
                return found
        return None


@lru_cache(maxsize=4)
def playlist(text: str) -> Playlist:
    """Read a playlist."""
    found = []
    for raw in text.removeprefix("\ufeff").splitlines():
        line = raw.strip()
        tag = _TAG.match(line)
        if tag is not None:
            found.append(Line(tag[1], tag[2] or ""))
        elif line and not line.startswith("#"):
            found.append(Line("", line))
    return Playlist(found)


def number(text: str) -> float | None:
    """A decimal number; None for anything else."""
    return float(text) if re.fullmatch(r"-?\d{1,20}(\.\d*)?", text) else None
