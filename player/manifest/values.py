"""Small values of the model: places, byte ranges, keys, protections. See :mod:`player.manifest.model`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """Where in the source something stands: a 1-based ``line``, and for an MPD its ``path`` (an XPath)."""

    line: int | None = None
    path: str | None = None


NOWHERE = SourcePosition()
_ROUNDING_S = 1e-3  # of times that were ticks


@dataclass(frozen=True, slots=True)
class ManifestWarning:
    """Something that was recovered from, or read and not used. ``code`` is stable, ``sentence`` is for people.
    ``rendition`` is the id of the one in whose own playlist the place is, None for the manifest itself."""

    code: str
    sentence: str
    place: SourcePosition = NOWHERE
    rendition: str | None = None


@dataclass(frozen=True, slots=True)
class ByteRange:
    """``length`` bytes from ``start``; ``length`` None means to the end of the resource."""

    start: int
    length: int | None = None

    @property
    def end(self) -> int | None:
        """First byte after the range, or None."""
        return None if self.length is None else self.start + self.length

    def header(self) -> str:
        """Value of an HTTP ``Range`` header (RFC 9110, 14.1.2)."""
        return f"bytes={self.start}-" if self.end is None else f"bytes={self.start}-{self.end - 1}"


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """How segments are encrypted as a whole or by sample (RFC 8216bis 4.4.4.4, ISO/IEC 23009-1 5.8.5).

    ``method`` is the HLS METHOD, or ``CENC`` forms for DASH SEA. ``iv`` is 16 bytes; None for an HLS identity
    key means "the media sequence number" (RFC 8216bis 5.2).
    """

    method: str
    uri: str | None = field(default=None, repr=False)
    iv: bytes | None = field(default=None, repr=False)
    keyformat: str = "identity"
    keyformat_versions: tuple[int, ...] = (1,)
    key_id: bytes | None = None  # KEYID, which several key systems add
    place: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class Protection:
    """One way in which a rendition's samples are protected (CENC; ISO/IEC 23001-7, DASH ContentProtection).

    ``system_id`` is the UUID in lower case, or None for the bare ``mp4protection`` descriptor. ``scheme`` is
    ``cenc``, ``cens``, ``cbc1`` or ``cbcs`` where the manifest says it. ``default_kids`` are 16-byte key IDs.
    """

    system_id: str | None = None
    scheme_id_uri: str = ""
    scheme: str | None = None
    default_kids: tuple[bytes, ...] = ()
    pssh: tuple[bytes, ...] = field(default=(), repr=False)
    licence_urls: tuple[str, ...] = field(default=(), repr=False)
    certificate_urls: tuple[str, ...] = ()
    pro: bytes | None = field(default=None, repr=False)  # PlayReady object
    robustness: str | None = None
    value: str | None = None
    place: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class InitSegment:
    """An initialisation segment: EXT-X-MAP, or DASH Initialization."""

    url: str
    byte_range: ByteRange | None = None
    keys: tuple[KeyInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class InitFacts:
    """What an init segment says of the media, where one was looked into; ``scheme`` is that of their encryption."""

    codecs: tuple[str, ...] = ()
    width: int | None = None
    height: int | None = None
    sample_rate: int | None = None
    channels: int | None = None
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class AccessPoints:
    """Which segments of a rendition may be entered (ISO/IEC 23009-1 5.3.5, Switching and RandomAccess): those that
    start a whole number of intervals of ``interval_s`` seconds after ``anchor_s`` on the presentation timeline.

    ``type`` is ``media`` or ``bitstream`` of a Switching element, ``closed``, ``open`` or ``gradual`` of a
    RandomAccess element.
    """

    interval_s: float
    anchor_s: float
    type: str

    def at(self, start_s: float) -> bool:
        """Whether a segment that starts at this time is one."""
        beyond_s = (start_s - self.anchor_s) % self.interval_s
        return min(beyond_s, self.interval_s - beyond_s) <= _ROUNDING_S


@dataclass(frozen=True, slots=True)
class OperatingRange:
    """What a service expects its players to use (ISO/IEC 23009-1 K.4.2): ``unit`` is ``bandwidth`` (bit/s) or
    ``quality`` (@qualityRanking), ``media`` is ``video``, ``audio``, ``any`` or ``all`` of them together."""

    unit: str
    media: str
    low: int | None = None
    high: int | None = None
    target: int | None = None


@dataclass(frozen=True, slots=True)
class InitializationSet:
    """Properties that AdaptationSets of several periods share (ISO/IEC 23009-1 5.3.12). ``in_all_periods``: every
    period has an AdaptationSet that refers to it."""

    id: str
    in_all_periods: bool = False
    content_type: str = ""
    mime_type: str = ""
    codecs: tuple[str, ...] = ()
    place: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class PartialSegment:
    """An HLS partial segment (RFC 8216bis 4.4.4.9)."""

    url: str
    duration_s: float
    byte_range: ByteRange | None = None
    independent: bool = False
    gap: bool = False
