"""Media playlists (RFC 8216bis 4.4.3 to 4.4.5): lines in, segments and :class:`PlaylistInfo` out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from player.manifest.dates import parse_date
from player.manifest.hls.dateranges import DateRanges
from player.manifest.hls.findings import check_media, check_repeated
from player.manifest.hls.header import HeaderReader
from player.manifest.hls.keys import KeysInForce, read_key
from player.manifest.hls.lexer import attribute_list, check_header, integer, is_yes, number, resolution, split_lines
from player.manifest.hls.ranges import ByteRanges
from player.manifest.hls.tags import ONCE, TAGS, Scope
from player.manifest.hls.variables import Variables
from player.manifest.limits import MAX_DURATION_S, MAX_LINE_CHARACTERS, MAX_SEGMENTS, limit_error
from player.manifest.model import (
    InitSegment,
    ManifestWarning,
    PartialSegment,
    PlaylistInfo,
    PreloadHint,
    RenditionReport,
    Segment,
    SourcePosition,
    TimedEvent,
)
from player.manifest.parser_notes import Notes
from player.manifest.urls import Resolver

_SPLICE_DATA = frozenset({"CUE", "SCTE35"})  # attributes that hold SCTE 35
_WORD = re.compile(r"[A-Za-z]+$")  # what no packager calls a segment


@dataclass(frozen=True, slots=True)
class TileLayout:
    """The layout of an image playlist's sheets (EXT-X-TILES)."""

    columns: int
    rows: int
    width: int | None
    height: int | None
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class CueTag:
    """A tag of an advertisement break before the segment ``number``. ``data`` is SCTE 35 in base64, ``attributes``
    are the others of the tag, as they are written."""

    number: int
    tag: str
    duration_s: float | None = None
    elapsed_s: float | None = None
    data: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    place: SourcePosition = SourcePosition()  # noqa: RUF009  (it is immutable)


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """One media playlist as it stands, starting at 0."""

    info: PlaylistInfo
    segments: tuple[Segment, ...]
    date_ranges: tuple[TimedEvent, ...]
    tiles: TileLayout | None
    images_only: bool
    warnings: tuple[ManifestWarning, ...]
    unused: tuple[str, ...]
    cues: tuple[CueTag, ...] = ()

    @property
    def live(self) -> bool:
        """Whether the playlist may still change (RFC 8216bis 4.4.3.4, 4.4.3.5)."""
        return not self.info.ended and self.info.playlist_type != "VOD"


def parse_media(text: str, url: str, *, imported: Mapping[str, str] | None = None) -> MediaPlaylist:
    """Read a media playlist. ``imported`` are the variables of the multivariant playlist that led here.

    Raises :class:`ManifestError` where RFC 8216bis says that parsing must fail, or past a bound.
    """
    lines = split_lines(text)
    longest = max(map(len, lines))
    if longest > MAX_LINE_CHARACTERS:
        raise limit_error(f"a line has {longest} characters", MAX_LINE_CHARACTERS)
    playlist = MediaReader(url, imported, substitutes="{$" in text).read(lines)
    if not playlist.live or playlist.info.skipped:
        return playlist
    return replace(playlist, info=replace(playlist.info, text=text))  # what comes next is compared with it


class MediaReader:
    """State of one pass over the lines: what holds from here on, and what belongs to the next segment."""

    def __init__(self, url: str, imported: Mapping[str, str] | None, *, substitutes: bool) -> None:
        self.url = url
        self.resolve = Resolver(url)
        self.notes = Notes()
        self.variables = Variables(url, imported)
        self.substitutes = substitutes
        self.header = HeaderReader(url, self.resolve, self.variables, self.notes)
        self.ranges = DateRanges(self.notes, url)
        self.segments: list[Segment] = []
        self.tiles: TileLayout | None = None
        self.images_only = False
        # holds until it is replaced
        self.keys = KeysInForce()
        self.init: InitSegment | None = None
        self.bitrate: int | None = None
        self.sequence = 0
        self.discontinuity = 0
        self.time_s = 0.0
        self.clock_s: float | None = None  # date of the next segment, from the last PROGRAM-DATE-TIME on
        self.first_dated: int | None = None
        self.byte_ranges = ByteRanges(self.notes)
        # belongs to the next segment
        self.duration: float | None = None
        self.title = ""
        self.gap = False
        self.parts: list[PartialSegment] = []
        self.cues: list[CueTag] = []
        self.cue_data = ""  # EXT-OATCLS-SCTE35 stands before the EXT-X-CUE-OUT that it belongs to
        self.once: dict[str, int] = {}  # how often the tags stand that may stand once
        self.once_lines: dict[str, int] = {}
        self.handlers: dict[str, Callable[[str, int], None]] = {
            **self.header.handlers,
            "EXTM3U": self._ignore,
            "EXT-X-DEFINE": self.variables.define,
            "EXT-X-MEDIA-SEQUENCE": self._media_sequence,
            "EXT-X-DISCONTINUITY-SEQUENCE": self._discontinuity_sequence,
            "EXTINF": self._extinf,
            "EXT-X-BYTERANGE": self._byte_range,
            "EXT-X-DISCONTINUITY": self._discontinuity,
            "EXT-X-KEY": self._key,
            "EXT-X-MAP": self._map,
            "EXT-X-PROGRAM-DATE-TIME": self._date_time,
            "EXT-X-GAP": self._gap,
            "EXT-X-BITRATE": self._bitrate,
            "EXT-X-PART": self._part,
            "EXT-X-DATERANGE": self._date_range,
            "EXT-X-SKIP": self._skip,
            "EXT-X-IMAGES-ONLY": self._images_only,
            "EXT-X-TILES": self._tiles,
            "EXT-X-CUE-OUT": self._cue_out,
            "EXT-X-CUE-OUT-CONT": self._cue_cont,
            "EXT-X-CUE-IN": self._cue_in,
            "EXT-OATCLS-SCTE35": self._oatcls,
            "EXT-X-SCTE35": self._scte35,
        }

    # -- the pass ------------------------------------------------------------------------------------------------

    def read(self, lines: list[str]) -> MediaPlaylist:
        check_header(lines, self.notes)
        self.feed(lines, 1)
        return self.finish()

    def feed(self, lines: list[str], first: int) -> None:
        """Read lines of the playlist, of which ``first`` is the number of the first one."""
        handlers = self.handlers
        for line_number, raw in enumerate(lines, first):
            line = raw.strip()
            if not line:
                continue
            if line[0] != "#":
                self._uri(line, line_number)
            elif line.startswith("#EXT"):
                name, _, value = line[1:].partition(":")
                handler = handlers.get(name)
                if handler is not None:
                    handler(value, line_number)
                    if name in ONCE:
                        self.once[name] = self.once.get(name, 0) + 1
                        self.once_lines[name] = line_number
                else:
                    self._unknown(name.strip(), value, line_number)

    def go_on_behind(self, last: Segment) -> None:
        """What is read from here on stands behind the segment ``last``, which has no byte range."""
        self.keys.restore(last.keys)
        self.init, self.discontinuity, self.time_s = last.init, last.discontinuity, last.end_s
        self.sequence = last.number + 1
        date = last.program_date_time_s
        self.clock_s = None if date is None else date + last.duration_s
        self.first_dated = None if date is None else 0

    def _unknown(self, name: str, value: str, line: int) -> None:
        handler = self.handlers.get(name)
        if handler is not None:  # a space before the colon
            handler(value, line)
            return
        scope = TAGS.get(name, (None, ""))[0]
        if scope is Scope.MULTIVARIANT:
            self.notes.warn("hls.misplaced_tag", f"{name} belongs into a multivariant playlist.", line=line)
        self.notes.unused(name)

    def finish(self) -> MediaPlaylist:
        """The playlist as far as it was read."""
        info = self.header.info
        if info.target_duration_s is None:
            longest = max((segment.duration_s for segment in self.segments), default=0.0)
            self.notes.warn("hls.no_target_duration", "The playlist has no EXT-X-TARGETDURATION.")
            info = replace(info, target_duration_s=float(round(longest)) if self.segments else None)
        if self.duration is not None:
            self.notes.warn("hls.extinf_without_uri", "The last EXTINF is followed by no URI.")
        self._date_backwards()
        check_repeated(self.once, self.once_lines, self.notes)
        info = replace(
            info,
            trailing_parts=tuple(self.parts),
            trailing_init=self.init if self.parts else None,
            trailing_keys=self.keys.keys if self.parts else (),
            preload_hints=tuple(map(self._hinted, self.header.hints)),
            rendition_reports=self._reports(),
            variables=self.variables.values,
        )
        date_ranges = self.ranges.events(self._dated())
        check_media(info, self.segments, self.notes)
        return MediaPlaylist(
            info=info,
            segments=tuple(self.segments),
            date_ranges=date_ranges,
            tiles=self.tiles,
            images_only=self.images_only,
            warnings=self.notes.warnings,
            unused=self.notes.unused_names,
            cues=tuple(self.cues),
        )

    def _dated(self) -> list[Segment]:
        """The segments; and where there are only parts so far, the segment that they will make."""
        if self.segments or self.clock_s is None:
            return self.segments
        duration_s = sum(part.duration_s for part in self.parts)
        return [Segment(self.sequence, self.time_s, duration_s, "", program_date_time_s=self.clock_s)]

    def _hinted(self, hint: PreloadHint) -> PreloadHint:
        """A hinted part with the map and keys that are in force at the end of the playlist; a hinted map replaces the
        one (RFC 8216bis 4.4.5.3)."""
        if hint.type == "MAP":
            return replace(hint, keys=self.keys.keys)
        announced = next((item for item in self.header.hints if item.type == "MAP"), None)
        init = self.init if announced is None else InitSegment(announced.url, announced.byte_range, self.keys.keys)
        return replace(hint, init=init, keys=self.keys.keys, sequence=self.sequence)

    def _reports(self) -> tuple[RenditionReport, ...]:
        """What a report leaves out is the same as for this playlist (RFC 8216bis 4.4.5.4)."""
        last_part: int | None = None
        sequence = self.sequence - 1
        parts = len(self.segments[-1].parts) if self.segments else 0
        if self.parts:
            sequence, parts = self.sequence, len(self.parts)
        if self.header.info.part_target_s is not None and parts:
            last_part = parts - 1
        return tuple(
            replace(
                report,
                last_sequence=sequence if report.last_sequence is None else report.last_sequence,
                last_part=last_part if report.last_part is None else report.last_part,
            )
            for report in self.header.reports
        )

    def _date_backwards(self) -> None:
        """Segments before the first PROGRAM-DATE-TIME get their dates from it (RFC 8216bis 6.3.3); behind all of them
        it is the date of the segment to come."""
        first = self.first_dated
        date = self.clock_s if first is None else self.segments[first].program_date_time_s
        if date is None:
            return
        for position in range(len(self.segments) if first is None else first, 0, -1):
            segment = self.segments[position - 1]
            date -= segment.duration_s
            self.segments[position - 1] = segment._replace(program_date_time_s=date)

    # -- segments ------------------------------------------------------------------------------------------------

    def _uri(self, uri: str, line: int) -> None:
        if self.substitutes:
            uri = self.variables.substitute(uri, line)
        duration = self.duration
        if duration is None:
            if _WORD.match(uri):
                self.notes.warn("hls.junk_line", "A line is neither a tag nor the URI of a segment.", line=line)
                return
            duration = self._missing_duration(line)
        url = self.resolve(uri)
        if ":" in uri or uri.startswith("//"):
            self._check_url(url, line)
        segments = self.segments
        if len(segments) >= MAX_SEGMENTS:
            raise limit_error("the playlist has too many segments", MAX_SEGMENTS, line=line)
        byte_range_ = None
        pending = self.byte_ranges.pending
        if pending is not None:
            byte_range_ = self.byte_ranges.take(pending, url, line, segments[-1] if segments else None)
        date = self.clock_s
        if date is not None:
            if self.first_dated is None:
                self.first_dated = len(segments)
            self.clock_s = date + duration
        segments.append(
            Segment(
                self.sequence,
                self.time_s,
                duration,
                url,
                byte_range_,
                self.init,
                self.keys.keys,
                None,
                self.discontinuity,
                self.gap,
                date,
                self.title,
                self.bitrate if byte_range_ is None else None,
                tuple(self.parts) if self.parts else (),
                None if byte_range_ is None else byte_range_.length,
                SourcePosition(line),
            )
        )
        self.sequence += 1
        self.time_s += duration
        self.duration = None
        self.title = ""
        self.gap = False
        if self.parts:
            self.parts = []

    def _missing_duration(self, line: int) -> float:
        self.notes.warn(
            "hls.uri_without_extinf", "A segment has no EXTINF; it is taken to last the target duration.", line=line
        )
        return self.header.info.target_duration_s or 0.0

    def _check_url(self, url: str, line: int, *, data_allowed: bool = False) -> None:
        self.notes.check_url(url, self.url, data_allowed=data_allowed, line=line)

    def _extinf(self, value: str, line: int) -> None:
        comma = value.find(",")
        text = value if comma < 0 else value[:comma]
        try:
            duration = float(text)
        except ValueError:
            duration = self._odd_duration(text, line)
        if not 0.0 <= duration <= MAX_DURATION_S:
            duration = self._out_of_range(duration, line)
        self.duration = duration
        self.title = "" if comma < 0 else value[comma + 1 :].strip()

    def _odd_duration(self, text: str, line: int) -> float:
        duration = number(text)
        if duration is None:
            self.notes.warn("hls.bad_extinf", "An EXTINF has no duration.", line=line)
            return self.header.info.target_duration_s or 0.0
        self.notes.warn("hls.odd_extinf", "An EXTINF has something behind its duration.", line=line)
        return duration

    def _out_of_range(self, duration: float, line: int) -> float:
        if duration > MAX_DURATION_S:
            raise limit_error("a segment lasts too long", MAX_DURATION_S, line=line)
        self.notes.warn("hls.bad_extinf", "An EXTINF has a negative duration; it is taken as 0.", line=line)
        return 0.0

    def _byte_range(self, value: str, line: int) -> None:
        self.init = self.byte_ranges.read(value, line, self.init)

    def _discontinuity(self, _value: str, _line: int) -> None:
        self.discontinuity += 1

    def _key(self, value: str, line: int) -> None:
        attributes = self.variables.attributes(value, line)
        self.keys.take(read_key(attributes, self.resolve, self.notes, line))

    def _map(self, value: str, line: int) -> None:
        attributes = self.variables.attributes(value, line)
        uri = attributes.get("URI")
        if not uri:
            self.notes.warn("hls.map_without_uri", "An EXT-X-MAP has no URI.", line=line)
            self.init = None
            return
        url = self.resolve(uri)
        self._check_url(url, line, data_allowed=True)
        self.init = InitSegment(url, self.byte_ranges.of_map(attributes.get("BYTERANGE"), line), self.keys.keys)

    def _date_time(self, value: str, line: int) -> None:
        date = parse_date(value)
        if date is None:
            self.notes.warn("hls.bad_date", "An EXT-X-PROGRAM-DATE-TIME is not a date.", line=line)
            return
        self.clock_s = date

    def _gap(self, _value: str, _line: int) -> None:
        self.gap = True

    def _bitrate(self, value: str, line: int) -> None:
        kilobits = number(value)
        if kilobits is None or kilobits < 0:
            self.notes.warn("hls.bad_bitrate", "An EXT-X-BITRATE is not a number.", line=line)
            return
        self.bitrate = int(kilobits * 1000)

    def _part(self, value: str, line: int) -> None:
        attributes = self.variables.attributes(value, line)
        uri = attributes.get("URI")
        if not uri:
            self.notes.warn("hls.part_without_uri", "An EXT-X-PART has no URI.", line=line)
            return
        url = self.resolve(uri)
        self._check_url(url, line)
        duration = number(attributes.get("DURATION"))
        if duration is None or not 0 <= duration <= MAX_DURATION_S:
            self.notes.warn("hls.bad_part_duration", "An EXT-X-PART has no usable DURATION.", line=line)
            duration = self.header.info.part_target_s or 0.0
        part_range = self.byte_ranges.of_part(attributes.get("BYTERANGE"), url, line, first=not self.parts)
        if len(self.parts) >= MAX_SEGMENTS:
            raise limit_error("a segment has too many parts", MAX_SEGMENTS, line=line)
        self.parts.append(
            PartialSegment(
                url, duration, part_range, is_yes(attributes.get("INDEPENDENT")), is_yes(attributes.get("GAP"))
            )
        )

    # -- the playlist as a whole ---------------------------------------------------------------------------------

    def _ignore(self, _value: str, _line: int) -> None:
        """The header says nothing further."""

    def _media_sequence(self, value: str, line: int) -> None:
        sequence = integer(value)
        if sequence is None or sequence < 0:
            self.notes.warn("hls.bad_media_sequence", "EXT-X-MEDIA-SEQUENCE is not a number; 0 is taken.", line=line)
            return
        if self.segments:
            self.notes.warn(
                "hls.late_media_sequence", "EXT-X-MEDIA-SEQUENCE stands after the first segment.", line=line
            )
            shift = sequence - self.header.info.media_sequence
            self.segments[:] = [segment._replace(number=segment.number + shift) for segment in self.segments]
        self.sequence += sequence - self.header.info.media_sequence
        self.header.info = replace(self.header.info, media_sequence=sequence)

    def _discontinuity_sequence(self, value: str, line: int) -> None:
        sequence = integer(value)
        if sequence is None or sequence < 0:
            self.notes.warn(
                "hls.bad_discontinuity_sequence", "EXT-X-DISCONTINUITY-SEQUENCE is not a number.", line=line
            )
            return
        shift = sequence - self.header.info.discontinuity_sequence
        if self.segments:
            self.notes.warn(
                "hls.late_discontinuity_sequence",
                "EXT-X-DISCONTINUITY-SEQUENCE stands after the first segment.",
                line=line,
            )
            self.segments[:] = [item._replace(discontinuity=item.discontinuity + shift) for item in self.segments]
        self.discontinuity += shift
        self.header.info = replace(self.header.info, discontinuity_sequence=sequence)

    def _images_only(self, _value: str, _line: int) -> None:
        self.images_only = True

    def _tiles(self, value: str, line: int) -> None:
        attributes = attribute_list(value)
        columns, rows = resolution(attributes.get("LAYOUT"))
        if not columns or not rows:
            self.notes.warn("hls.bad_tiles", "An EXT-X-TILES has no usable LAYOUT.", line=line)
            return
        width, height = resolution(attributes.get("RESOLUTION"))
        self.tiles = TileLayout(columns, rows, width, height, number(attributes.get("DURATION")))
        self.images_only = True

    # -- advertisement breaks (no standard: AWS Elemental, Google DAI and Adobe write them) -----------------------

    def _cue(
        self,
        tag: str,
        line: int,
        attributes: Mapping[str, str],
        duration_s: float | None = None,
        elapsed_s: float | None = None,
    ) -> None:
        if len(self.cues) < MAX_SEGMENTS:
            others = {name: text for name, text in attributes.items() if name.upper() not in _SPLICE_DATA}
            place = SourcePosition(line)
            self.cues.append(CueTag(self.sequence, tag, duration_s, elapsed_s, self.cue_data, others, place))
        self.cue_data = ""

    def _cue_out(self, value: str, line: int) -> None:
        """``30``, ``DURATION=30`` or nothing."""
        attributes = attribute_list(value)
        if "CUE" in attributes:
            self.cue_data = attributes["CUE"]
        self._cue("EXT-X-CUE-OUT", line, attributes, number(attributes.get("DURATION") or value))

    def _cue_cont(self, value: str, line: int) -> None:
        """``8.3/30``, or ``ElapsedTime=8.3,Duration=30,SCTE35=...``."""
        written = attribute_list(value)
        attributes = {name.upper(): text for name, text in written.items()}
        elapsed, _, whole = value.partition("/")
        duration_s = number(attributes.get("DURATION") or whole)
        elapsed_s = number(attributes.get("ELAPSEDTIME") or elapsed)
        self.cue_data = attributes.get("SCTE35", self.cue_data)
        self._cue("EXT-X-CUE-OUT-CONT", line, written, duration_s, elapsed_s)

    def _cue_in(self, value: str, line: int) -> None:
        self._cue("EXT-X-CUE-IN", line, attribute_list(value))

    def _oatcls(self, value: str, _line: int) -> None:
        self.cue_data = value.strip()

    def _scte35(self, value: str, line: int) -> None:
        attributes = attribute_list(value)
        self.cue_data = attributes.get("CUE", "")
        self._cue(
            "EXT-X-SCTE35", line, attributes, number(attributes.get("DURATION")), number(attributes.get("TIME"))
        )

    def _date_range(self, value: str, line: int) -> None:
        self.ranges.add(self.variables.attributes(value, line), line)

    def _skip(self, value: str, line: int) -> None:
        attributes = self.variables.attributes(value, line)
        skipped = integer(attributes.get("SKIPPED-SEGMENTS"))
        if skipped is None or not 0 <= skipped <= MAX_SEGMENTS:
            self.notes.warn("hls.bad_skip", "An EXT-X-SKIP has no usable SKIPPED-SEGMENTS.", line=line)
            return
        removed = tuple(filter(None, attributes.get("RECENTLY-REMOVED-DATERANGES", "").split("\t")))
        self.sequence += skipped
        if self.segments:
            self.notes.warn("hls.late_skip", "EXT-X-SKIP stands after the first segment.", line=line)
        info = self.header.info
        self.header.info = replace(
            info, skipped=info.skipped + skipped, removed_date_ranges=info.removed_date_ranges + removed
        )
