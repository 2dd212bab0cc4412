"""One immutable model for what an HLS playlist or a DASH MPD says.

Everything downstream (ABR, path choice, streaming, downloads, ``inspect``) sees this model and never the
protocol it came from. Times are seconds (float) on the presentation's own timeline, which starts at 0 for
VOD; bitrates are bit/s; byte offsets and sizes are bytes. Nothing here does I/O and nothing changes: a live
refresh or a newly loaded media playlist makes a new :class:`Presentation` that shares the unchanged parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol, runtime_checkable

from player.manifest.values import NOWHERE
from player.manifest.values import AccessPoints as AccessPoints
from player.manifest.values import ByteRange as ByteRange
from player.manifest.values import InitFacts as InitFacts
from player.manifest.values import InitializationSet as InitializationSet
from player.manifest.values import InitSegment as InitSegment
from player.manifest.values import KeyInfo as KeyInfo
from player.manifest.values import ManifestWarning as ManifestWarning
from player.manifest.values import OperatingRange as OperatingRange
from player.manifest.values import PartialSegment as PartialSegment
from player.manifest.values import Protection as Protection
from player.manifest.values import SourcePosition as SourcePosition


class ManifestProtocol(StrEnum):
    HLS = "hls"
    DASH = "dash"


class TrackType(StrEnum):
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    IMAGE = "image"
    TRICK = "trick"  # I-frame playlists and DASH trick-mode sets
    DATA = "data"


class Container(StrEnum):
    """How the bytes of a segment are packed; ``UNKNOWN`` is settled from the first bytes."""

    FMP4 = "fmp4"
    TS = "ts"
    PACKED_AUDIO = "packed_audio"
    WEBM = "webm"
    WEBVTT = "webvtt"
    TTML = "ttml"
    IMAGE = "image"
    UNKNOWN = "unknown"


class Segment(NamedTuple):
    """One media segment; a tuple because a manifest may hold tens of thousands of them.

    ``number`` is its identity inside the rendition: HLS media sequence number, DASH segment number. It never
    changes over live refreshes. ``start_s`` is its start on the presentation timeline. ``media_offset_s`` is
    what must be added to the media's own timestamps to reach the presentation timeline; None where only the
    media tells (HLS: the first sample of each discontinuity is put at its segment's ``start_s``).
    ``discontinuity`` counts discontinuities (HLS) or periods (DASH) before this segment. A new field also has its
    place in :mod:`player.manifest.dash.indexes`, which makes segments without the constructor.
    """

    number: int
    start_s: float
    duration_s: float
    url: str
    byte_range: ByteRange | None = None
    init: InitSegment | None = None
    keys: tuple[KeyInfo, ...] = ()
    media_offset_s: float | None = None
    discontinuity: int = 0
    gap: bool = False
    program_date_time_s: float | None = None  # seconds since 1970, UTC; declared, or worked out from neighbours
    title: str = ""
    bitrate_bps: int | None = None
    parts: tuple[PartialSegment, ...] = ()
    size_bytes: int | None = None  # known from a sidx or a byte range
    place: SourcePosition = NOWHERE

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s


@runtime_checkable
class SegmentIndex(Protocol):
    """A lazily expanded, ordered list of segments: a day-long window costs nothing until it is looked at."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int, /) -> Segment: ...

    def __iter__(self) -> Iterator[Segment]: ...

    def position_at(self, time_s: float) -> int:
        """Position of the segment that covers ``time_s``; clamped to the ends. IndexError when empty."""
        ...


@dataclass(frozen=True, slots=True)
class ListedIndex:
    """A segment index over segments that are already made. ``behind`` are those that begin at the period's end or
    later: they are listed, and nobody presents them."""

    segments: Sequence[Segment]
    behind: Sequence[Segment] = ()

    def __len__(self) -> int:
        return len(self.segments)

    def __getitem__(self, position: int, /) -> Segment:
        return self.segments[position]

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.segments)

    def position_at(self, time_s: float) -> int:
        if not self.segments:
            raise IndexError("no segments")
        low, high = 0, len(self.segments) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.segments[middle].start_s <= time_s:
                low = middle
            else:
                high = middle - 1
        return low


@dataclass(frozen=True, slots=True)
class PlaylistRef:
    """The segments stand in an HLS media playlist that has not been loaded yet."""

    url: str


@dataclass(frozen=True, slots=True)
class IndexRef:
    """The segments stand in an index inside the media (sidx, WebM cues) that has not been loaded yet.

    ``url`` and ``byte_range`` are those of the index, ``media_url`` is the media's where that is another resource.
    ``start_s`` and ``media_offset_s`` are those of the period, to be given to the segments that the index holds.
    """

    url: str
    byte_range: ByteRange
    container: Container
    init: InitSegment | None = None
    start_s: float = 0.0
    duration_s: float | None = None
    media_offset_s: float = 0.0
    media_url: str | None = None
    discontinuity: int = 0


SegmentSource = SegmentIndex | PlaylistRef | IndexRef
"""A rendition's segments, or where they stand."""


def init_of(rendition: Rendition) -> InitSegment | None:
    """The init segment of a rendition, where it is known without loading anything and not encrypted as a whole."""
    segments = rendition.segments
    if isinstance(segments, PlaylistRef):
        return None
    init = segments.init if isinstance(segments, IndexRef) else segments[0].init if len(segments) else None
    return None if init is None or init.keys else init


def loaded_segments(source: SegmentSource) -> SegmentIndex | None:
    """The segments, where they are known; None where a playlist or an index is to be loaded first."""
    return None if isinstance(source, PlaylistRef | IndexRef) else source


@dataclass(frozen=True, slots=True)
class PreloadHint:
    """A resource that a live HLS playlist announces (RFC 8216bis 4.4.5.3); ``type`` is ``PART`` or ``MAP``."""

    type: str
    url: str
    byte_range: ByteRange | None = None
    init: InitSegment | None = None  # what a hinted part will need
    keys: tuple[KeyInfo, ...] = ()
    sequence: int | None = None  # media sequence number of the segment that a hinted part belongs to


@dataclass(frozen=True, slots=True)
class RenditionReport:
    """How far another rendition has come (RFC 8216bis 4.4.5.4)."""

    url: str
    last_sequence: int | None = None
    last_part: int | None = None


@dataclass(frozen=True, slots=True)
class PlaylistInfo:
    """What one loaded HLS media playlist says of itself, beyond its segments. Times are seconds.

    ``skipped`` segments and ``removed_date_ranges`` belong to a delta update (RFC 8216bis 4.4.5.2); once it is merged
    into the earlier playlist nothing is missing any more. ``trailing_parts`` come after the last whole segment.
    """

    url: str
    version: int | None = None
    target_duration_s: float | None = None
    part_target_s: float | None = None
    media_sequence: int = 0
    discontinuity_sequence: int = 0
    playlist_type: str | None = None
    ended: bool = False
    iframes_only: bool = False
    independent_segments: bool = False
    start_offset_s: float | None = None
    start_precise: bool = False
    hold_back_s: float | None = None
    part_hold_back_s: float | None = None
    can_block_reload: bool = False
    can_skip_until_s: float | None = None
    can_skip_date_ranges: bool = False
    skipped: int = 0
    removed_date_ranges: tuple[str, ...] = ()
    trailing_parts: tuple[PartialSegment, ...] = ()
    trailing_init: InitSegment | None = None  # what the trailing parts need
    trailing_keys: tuple[KeyInfo, ...] = ()
    preload_hints: tuple[PreloadHint, ...] = ()
    rendition_reports: tuple[RenditionReport, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    text: str = field(default="", repr=False, compare=False)  # of a live one, to see what is new in the next

    @property
    def is_cut_off(self) -> bool:
        """Whether the end of a recording's playlist is not there (RFC 8216bis 4.4.3.5: such a one never changes)."""
        return self.playlist_type == "VOD" and not self.ended


@dataclass(frozen=True, slots=True)
class Location:
    """One place (CDN) that serves a rendition.

    There are two ways to a segment's URL here. If ``segments`` is None, replace the primary location's ``base_url``
    prefix by this one's (DASH BaseURL, mirrored manifests). Else this location has an index of its own (HLS redundant
    variants), aligned with the primary by segment number. ``attributes`` are those of the redundant variant's own
    tag, which may differ in its groups.
    """

    pathway: str
    base_url: str
    priority: int = 1
    weight: int = 1
    segments: SegmentIndex | PlaylistRef | None = None
    audio_group: str | None = None
    subtitle_group: str | None = None
    playlist: PlaylistInfo | None = None  # of this location's own playlist, once it is loaded
    attributes: Mapping[str, str] = field(default_factory=dict)
    place: SourcePosition = NOWHERE
    query: str = field(default="", repr=False)  # behind media addresses here, where it is not the same everywhere
    unnamed: bool = False  # ``pathway`` is our own name for it: the manifest gives none


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoding of a track: an HLS variant's stream or rendition, a DASH Representation. A rung of the ladder.

    ``bandwidth_bps`` is the declared peak (HLS BANDWIDTH, DASH @bandwidth); 0 where nothing is declared.
    ``codecs`` are RFC 6381 strings; empty where nothing is declared.
    """

    id: str
    bandwidth_bps: int
    segments: SegmentSource
    average_bandwidth_bps: int | None = None
    codecs: tuple[str, ...] = ()
    supplemental_codecs: tuple[str, ...] = ()
    container: Container = Container.UNKNOWN
    mime_type: str = ""
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    video_range: str | None = None  # SDR, HLG, PQ
    hdcp_level: str | None = None
    sample_rate: int | None = None
    channels: str | None = None  # HLS CHANNELS or DASH AudioChannelConfiguration value
    score: float | None = None
    stable_id: str | None = None
    audio_group: str | None = None
    subtitle_group: str | None = None
    muxed_audio: bool = False  # the segments carry audio as well as video
    media: InitFacts | None = None  # what its init segment says, where that was looked into
    unusable: str | None = None  # why a player must pass it over: an EssentialProperty that it does not understand
    embedded: bool = False  # it has no segments of its own: it is inside the variant's (EXT-X-MEDIA without URI)
    locations: tuple[Location, ...] = ()
    protections: tuple[Protection, ...] = ()
    tiles: tuple[int, int] | None = None  # columns, rows of a thumbnail sheet
    tile_duration_s: float | None = None  # of one thumbnail, where the manifest says it
    target_duration_s: float | None = None
    media_sequence: int | None = None
    discontinuity_sequence: int | None = None
    playlist: PlaylistInfo | None = None  # HLS, once its media playlist is loaded
    index: IndexRef | None = None  # where the segments came from, once an index inside the media is loaded
    inband_events: tuple[tuple[str, str], ...] = ()  # (scheme, value) of the emsg boxes to expect
    switching: AccessPoints | None = None  # where it may be switched to; None: at every segment
    random_access: AccessPoints | None = None  # where playback may begin; None: at every segment
    quality_ranking: int | None = None  # its place in an order of quality, the best one is the lowest
    components: tuple[Mapping[str, str], ...] = ()  # SubRepresentations: what is inside its segments
    attributes: Mapping[str, str] = field(default_factory=dict)
    key: str = ""  # its name in this presentation, the same over refreshes (player.manifest.edit.with_keys)
    place: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class Track:
    """Renditions that may be switched between at segment boundaries: one DASH AdaptationSet (or several merged),
    one HLS rendition, or the variants of one codec family. ``renditions`` ascend by bandwidth."""

    id: str
    type: TrackType
    renditions: tuple[Rendition, ...]
    language: str | None = None  # BCP 47
    name: str = ""
    label: str | None = None
    group: str | None = None
    roles: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    characteristics: tuple[str, ...] = ()
    default: bool = False
    autoselect: bool = False
    forced: bool = False
    instream_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    place: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """An event on the timeline: DASH EventStream, HLS DATERANGE (which keeps its attributes), a message in the media.

    ``start_s`` is None for a DATERANGE of a playlist that has no PROGRAM-DATE-TIME to place it by.
    """

    id: str
    scheme: str
    start_s: float | None
    duration_s: float | None = None
    start_date_s: float | None = None  # seconds since 1970, UTC
    value: str = ""
    payload: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    base_url: str = field(default="", repr=False)  # of the playlist or MPD, for URIs among the attributes
    origin: str = "manifest"  # or media: an emsg box, an ID3 tag
    place: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of the presentation with its own tracks. An HLS presentation is one period; its discontinuities
    stand in the segments."""

    id: str
    start_s: float
    duration_s: float | None
    tracks: tuple[Track, ...]
    asset: str | None = None
    continuity: str | None = None  # period-continuity or period-connectivity with the period of this id
    events: tuple[TimedEvent, ...] = ()
    subsets: tuple[frozenset[str], ...] = ()  # ids of AdaptationSets: what is active must be within one of them
    place: SourcePosition = NOWHERE

    @property
    def end_s(self) -> float | None:
        return None if self.duration_s is None else self.start_s + self.duration_s

    def of(self, type_: TrackType) -> tuple[Track, ...]:
        """The tracks of one type, in the manifest's order."""
        return tuple(track for track in self.tracks if track.type is type_)


@dataclass(frozen=True, slots=True)
class ContentSteering:
    """Content steering as the manifest declares it (RFC 8216bis 7, DASH-IF CTS)."""

    server_uri: str = field(repr=False)
    default_pathways: tuple[str, ...] = ()
    query_before_start: bool = False
    place: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class LiveInfo:
    """What is only true of a presentation that still grows; all in seconds."""

    availability_start_s: float | None = None  # seconds since 1970
    availability_end_s: float | None = None
    publish_time_s: float | None = None
    minimum_update_s: float | None = None
    window_depth_s: float | None = None
    suggested_delay_s: float | None = None
    target_latency_s: float | None = None
    min_latency_s: float | None = None
    max_latency_s: float | None = None
    min_rate: float | None = None
    max_rate: float | None = None
    utc_timings: tuple[tuple[str, str], ...] = ()  # (scheme, value); addresses are whole
    next_segment_s: float | None = None  # seconds since 1970, when a segment comes without a reload
    part_target_s: float | None = None
    hold_back_s: float | None = None
    part_hold_back_s: float | None = None
    can_block_reload: bool = False
    can_skip_until_s: float | None = None


@dataclass(frozen=True, slots=True)
class SessionKey:
    """HLS EXT-X-SESSION-KEY: a key the player may fetch before it needs it."""

    key: KeyInfo
    place: SourcePosition = NOWHERE


@dataclass(frozen=True, slots=True)
class SessionData:
    """HLS EXT-X-SESSION-DATA."""

    id: str
    value: str | None = None
    uri: str | None = None
    language: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Presentation:
    """Everything one manifest says. ``kind`` is ``multivariant``, ``media`` or ``mpd``."""

    protocol: ManifestProtocol
    kind: str
    url: str
    periods: tuple[Period, ...]
    live: bool = False
    duration_s: float | None = None
    version: str | None = None
    start_offset_s: float | None = None
    start_precise: bool = False
    playlist_type: str | None = None
    independent_segments: bool = False
    live_info: LiveInfo | None = None
    steering: ContentSteering | None = None
    session_keys: tuple[SessionKey, ...] = ()
    session_data: tuple[SessionData, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    operating: tuple[OperatingRange, ...] = ()
    initialization_sets: tuple[InitializationSet, ...] = ()
    date_ranges: tuple[TimedEvent, ...] = ()
    cues: tuple[TimedEvent, ...] = ()  # HLS tags of advertisement breaks: EXT-X-CUE-OUT and its kin
    media_events: tuple[TimedEvent, ...] = ()  # out of media segments that were looked into
    locations: tuple[str, ...] = ()  # where to refresh from
    patch_locations: tuple[tuple[str, float | None], ...] = ()  # (url, ttl in seconds)
    update_query: str = field(default="", repr=False)  # what requests for the MPD again get (Annex I)
    remote_links: tuple[str, ...] = field(default=(), repr=False)  # remote elements that are not loaded yet
    remotes: Mapping[str, bytes | None] = field(default_factory=dict, repr=False, compare=False)  # read with these
    resolved: str = field(default="", repr=False, compare=False)  # the MPD's text with them in their places
    fallbacks: tuple[str, ...] = field(default=(), repr=False)  # other MPDs, for whom cannot play this one
    following: str = field(default="", repr=False)  # the MPD of the presentation to go on with at the end of this one
    unused: tuple[str, ...] = ()  # tags and elements that were read over, each named once
    warnings: tuple[ManifestWarning, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)  # protocol details shown by inspect only
    source: str = field(
        default="", repr=False, compare=False
    )  # the MPD's text, kept of a live one: patches are for it, and it is read again as time goes on

    def tracks(self, type_: TrackType) -> tuple[Track, ...]:
        """The tracks of one type in all periods, in order."""
        return tuple(track for period in self.periods for track in period.of(type_))
