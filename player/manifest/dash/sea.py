"""DASH segment encryption (ISO/IEC 23009-4): segments encrypted as a whole, their keys and IVs told by the MPD."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeVar

from player.manifest.dash.schemes import folded
from player.manifest.dash.templates import UrlTemplate
from player.manifest.dash.xml import Element, children, integer, line_of
from player.manifest.model import IndexRef, KeyInfo, Segment, SegmentIndex, SourcePosition
from player.manifest.parser_notes import Notes

SEA = "urn:mpeg:dash:sea:2012"
_IV = re.compile(r"(?:0[xX])?([0-9a-fA-F]{1,32})")
_GCM_IV_DIGITS = 24
_ALL = 1 << 62
_Segments = TypeVar("_Segments", bound="SegmentIndex | IndexRef")


@dataclass(frozen=True, slots=True)
class CryptoPeriod:
    """``count`` segments from position ``first`` of the representation have one key and cipher. ``iv`` is that of the
    first of them; ``iv_step`` is added for each further one. None: the segment's number is the IV."""

    first: int
    count: int
    method: str
    key_url: UrlTemplate | None = field(repr=False)
    iv: bytes | None = field(repr=False)
    iv_step: int
    place: SourcePosition

    def key(self, position: int, number: int) -> KeyInfo:
        iv = self.iv
        if iv is not None and self.iv_step:
            value = int.from_bytes(iv, "big") + self.iv_step * (position - self.first)
            iv = (value % (1 << 8 * len(iv))).to_bytes(len(iv), "big")
        uri = None if self.key_url is None else self.key_url.url(number, 0)
        return KeyInfo(self.method, uri, iv, place=self.place)


_first = attrgetter("first")


@dataclass(frozen=True, slots=True)
class EncryptedIndex:
    """A segment index with the keys of the crypto periods, which are in the order of their starts."""

    inner: SegmentIndex
    periods: Sequence[CryptoPeriod]

    def __len__(self) -> int:
        return len(self.inner)

    def __getitem__(self, position: int, /) -> Segment:
        segment = self.inner[position]
        place = position + len(self.inner) if position < 0 else position
        period = self.periods[max(bisect_right(self.periods, place, key=_first) - 1, 0)]
        if not 0 <= place - period.first < period.count:
            return segment
        return segment._replace(keys=(period.key(place, segment.number),))

    def __iter__(self) -> Iterator[Segment]:
        return (self[position] for position in range(len(self.inner)))

    def position_at(self, time_s: float) -> int:
        return self.inner.position_at(time_s)


def with_segment_keys(
    segments: _Segments,
    levels: Sequence[Element],
    template: Callable[[str], UrlTemplate],
    notes: Notes,
    path: str,
) -> _Segments | EncryptedIndex:
    """``segments`` with the keys that the innermost SEA descriptor of ``levels`` gives them; ``template`` resolves a
    key's address. An index inside the media is left alone: it could not be read without its key."""
    descriptor = next((element for level in levels for element in _descriptors(level)), None)
    if descriptor is None or isinstance(segments, IndexRef):
        return segments
    periods = _periods(descriptor, template, notes, path)
    return EncryptedIndex(segments, periods) if periods else segments


def _descriptors(level: Element) -> Iterator[Element]:
    for element in children(level, "ContentProtection"):
        if folded(element.get("schemeIdUri")) == SEA:
            yield element


def _periods(
    descriptor: Element, template: Callable[[str], UrlTemplate], notes: Notes, path: str
) -> tuple[CryptoPeriod, ...]:
    cipher = next(iter(children(descriptor, "SegmentEncryption")), None)
    method = "" if cipher is None else (cipher.get("schemeIdUri") or cipher.get("encryptionSystemUri") or "")
    found: list[CryptoPeriod] = []
    following = 0
    for element in descriptor:
        kind = str(element.tag).rpartition("}")[2]
        if kind not in ("CryptoPeriod", "CryptoTimeline"):
            continue
        place = SourcePosition(line_of(element), path)
        url = element.get("keyUriTemplate")
        offset = element.get("firstStartOffset" if kind == "CryptoTimeline" else "startOffset")
        first = max(integer(offset) or 0, 0) if offset is not None else following
        count = integer(element.get("numSegments")) or _ALL
        periods = max(integer(element.get("numCryptoPeriods")) or 1, 1) if kind == "CryptoTimeline" else 1
        base = element.get("ivBase")
        iv = _iv(element.get("IV") or base, method)
        if iv is None and (element.get("IV") or base):
            notes.warn("dash.sea_iv", "A CryptoPeriod has an IV that is not one.", line=place.line, path=path)
            continue
        following = first + count * periods
        key_url = None if url is None else template(url)
        found.append(
            CryptoPeriod(first, min(count * periods, _ALL), method.lower(), key_url, iv, int(base is not None), place)
        )
    return tuple(sorted(found, key=_first))


def _iv(text: str | None, method: str) -> bytes | None:
    match = _IV.fullmatch((text or "").strip())
    if match is None:
        return None
    digits = match.group(1)
    width = _GCM_IV_DIGITS if "gcm" in method.lower() and len(digits) <= _GCM_IV_DIGITS else 32
    return bytes.fromhex(digits.zfill(width))
