"""Descriptors (ISO/IEC 23009-1 5.8.2): scheme and value pairs, and what the well-known ones mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from player.manifest.dash import query
from player.manifest.dash.schemes import folded
from player.manifest.dash.xml import Element, attribute, children, decimal, integer, line_of, local

TRICK_MODE = "http://dashif.org/guidelines/trickmode"
THUMBNAILS = frozenset({"http://dashif.org/guidelines/thumbnail_tile", "http://dashif.org/thumbnail_tile"})
CONTINUITY = {
    "urn:mpeg:dash:period-continuity:2015": "period-continuity",
    "urn:mpeg:dash:period-connectivity:2015": "period-connectivity",
}
SWITCHING = frozenset(
    {"urn:mpeg:dash:adaptation-set-switching:2016", "http://dashif.org/guidelines/adaptationsetswitching"}
)
LAST_NUMBER = "http://dashif.org/guidelines/last-segment-number"
FONTS = "urn:dvb:dash:fontdownload:2014"
SCORE = "urn:matinee:score"
PROJECTION = "urn:mpeg:mpegi:omaf:2017:pf"
TRANSFER = "urn:mpeg:mpegb:cicp:transfercharacteristics"
_UNDERSTOOD_ESSENTIAL = frozenset(
    {
        "urn:mpeg:mpegb:cicp:transfercharacteristics",
        "urn:mpeg:mpegb:cicp:colourprimaries",
        "urn:mpeg:mpegb:cicp:matrixcoefficients",
        "urn:mpeg:mpegb:cicp:videofullrangeflag",
        "urn:mpeg:dash:preselection:2016",
        "urn:mpeg:dash:pattern:2024",  # that SegmentTimelines have Patterns
        "urn:mpeg:dash:ssr:2023",  # that all segments are in segment sequences (S@k)
        FONTS,  # subtitles are drawn with fonts of ours
    }
)
_CICP_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 7, 8, 24, 8, 12, 10, 12, 14, 12, 14)
# Dolby's mask, most significant bit first: bits that stand for a pair of loudspeakers count twice.
_DOLBY_BITS = (1, 1, 1, 1, 1, 2, 2, 1, 1, 2, 2, 2, 1, 2, 1, 1)


class Descriptor(NamedTuple):
    """@schemeIdUri, @value and @id of a descriptor, where it stands, and the names of the elements in it."""

    scheme: str
    value: str
    id: str | None
    line: int | None
    contents: tuple[str, ...] = ()

    @property
    def known(self) -> str:
        """The scheme as known ones are compared with it."""
        return folded(self.scheme)

    def shown(self) -> str:
        return f"{self.scheme}={self.value}" if self.value else self.scheme


def read(elements: Iterable[Element]) -> tuple[Descriptor, ...]:
    return tuple(
        Descriptor(
            (attribute(element, "schemeIdUri") or "").strip(),
            (attribute(element, "value") or "").strip(),
            element.get("id"),
            line_of(element),
            tuple(local(item) for item in element),
        )
        for element in elements
    )


def named(levels: Sequence[Element], name: str) -> tuple[Descriptor, ...]:
    """The descriptors called ``name`` of several levels, outermost level first."""
    return tuple(item for level in levels for item in read(children(level, name)))


def essential_understood(descriptor: Descriptor) -> bool:
    """Whether we know what an EssentialProperty asks for; others make the element unusable (5.8.4.8)."""
    scheme = descriptor.known
    return (
        scheme == TRICK_MODE
        or scheme in THUMBNAILS
        or scheme in SWITCHING
        or scheme in CONTINUITY
        or _is_known_query(descriptor)
        or scheme in _UNDERSTOOD_ESSENTIAL
    )


def misunderstood(essential: Sequence[Descriptor]) -> list[Descriptor]:
    """Those of an element's EssentialProperties that make it unusable: of several with one @id one that is understood
    is enough (5.8.4.8)."""
    known = {item.id for item in essential if item.id is not None and essential_understood(item)}
    return [item for item in essential if not essential_understood(item) and item.id not in known]


def last_number(properties: Iterable[Descriptor]) -> int | None:
    """The number of the last segment, told early at the end of a live period (DASH-IF IOP 4.3, 4.4.3)."""
    return next((integer(item.value) for item in properties if item.known == LAST_NUMBER), None)


def _is_known_query(descriptor: Descriptor) -> bool:
    """Parameters of requests (Annex I) that we can make: those of HTTP headers are not."""
    if descriptor.known not in query.SCHEMES:
        return False
    wanted = query.SCHEMES[descriptor.known]
    return descriptor.contents == () if wanted is None else set(descriptor.contents) == {wanted}


def tiles(properties: Iterable[Descriptor]) -> tuple[int, int] | None:
    """Columns and rows of a thumbnail sheet (DASH-IF IOP 6.2.6)."""
    for item in properties:
        if item.known in THUMBNAILS:
            columns, _, rows = item.value.lower().partition("x")
            across, down = integer(columns), integer(rows)
            if across and down and 0 < across <= 1000 and 0 < down <= 1000:
                return across, down
    return None


def video_range(properties: Iterable[Descriptor]) -> str | None:
    """SDR, PQ or HLG from the CICP transfer characteristics (ISO/IEC 23091-2 8.2)."""
    for item in properties:
        if item.known == TRANSFER:
            code = integer(item.value)
            if code == 16:
                return "PQ"
            if code == 18:
                return "HLG"
            if code in (1, 6, 13, 14, 15):
                return "SDR"
    return None


def score(properties: Iterable[Descriptor]) -> float | None:
    """How good it looks, as HLS has it in SCORE (more is better). @qualityRanking (5.3.5.2) is none: it is a place in
    an order, the first being the best."""
    return next((decimal(item.value) for item in properties if item.known == SCORE), None)


def channels(configurations: Iterable[Descriptor]) -> str | None:
    """The number of channels of the first AudioChannelConfiguration that can be read."""
    for item in configurations:
        count = _channel_count(item.known, item.value)
        if count:
            return str(count)
    return None


def _channel_count(scheme: str, value: str) -> int | None:
    if "outputchannelpositionlist" in scheme:
        return len(value.split()) or None
    if "mpegb:cicp:channelconfiguration" in scheme:
        code = integer(value)
        return _CICP_CHANNELS[code] if code is not None and 0 < code < len(_CICP_CHANNELS) else None
    if "dolby.com,2015" in scheme:
        return _dolby_ac4_channels(value)
    if "dolby" in scheme:
        return _dolby_channels(value)
    if "dts.com,2018:uhd" in scheme:
        mask = _hexadecimal(value)
        return None if mask is None else mask.bit_count()
    return integer(value)


def _hexadecimal(value: str) -> int | None:
    try:
        return int(value, 16) if len(value) <= 16 else None
    except ValueError:
        return None


def _dolby_channels(value: str) -> int | None:
    mask = _hexadecimal(value)
    if mask is None or mask > 0xFFFF:
        return None
    return sum(weight for bit, weight in enumerate(_DOLBY_BITS) if mask & (0x8000 >> bit))


def _dolby_ac4_channels(value: str) -> int | None:
    """AC-4 (ETSI TS 103 190-2 G.3): a 24-bit mask of loudspeaker groups, least significant bit first."""
    mask = _hexadecimal(value)
    if mask is None or mask > 0xFFFFFF:
        return None
    weights = (2, 1, 2, 2, 2, 2, 1, 2, 2, 1, 1, 1, 1, 2, 1, 1, 2, 2)
    return sum(weight for bit, weight in enumerate(weights) if mask & (1 << bit)) or None
