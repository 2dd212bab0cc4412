"""The rules of RFC 8216bis 3, 4.4.4.8 and 5 on the bytes of segments, of what initializes them, and of keys. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from player.base.errors import MediaError
from player.media import id3, ts
from player.media.boxes import Box, find, version_and_flags, walk
from player.qa.conform.model import BIS, ConformanceFinding, Severity
from player.qa.conform.playlist import Playlist, number

_FRAGMENTS = (b"styp", b"sidx", b"moof", b"emsg", b"prft")
_BRANDS = re.compile(rb"iso[6-9a-z]|cmf.|dash|ms[di][hx]")
_STAMP = "PRIV:com.apple.streaming.transportStreamTimestamp"
_PACKED = (".aac", ".mp3", ".ac3", ".ec3")
_TEXTS = (".vtt", ".webvtt")
_MAPPED = re.compile(r"X-TIMESTAMP-MAP=(?=.*\bLOCAL:(\d{2,}:)?\d\d:\d\d\.\d{3})(?=.*\bMPEGTS:\d+)\S+\s*")
_KEY_OCTETS: Mapping[str, int] = {"AES-128": 16, "SAMPLE-AES": 16, "AES-256-GCM": 32}
WHOLE = frozenset({"AES-128", "AES-256-GCM"})
"""The methods that encrypt a segment as a whole."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A segment as a playlist lists it. ``place`` is its range as in EXT-X-BYTERANGE, empty where it has none."""

    uri: str
    place: str = ""
    duration_s: float = 0.0
    bitrate_kbps: float | None = None
    map: Mapping[str, str] = field(default_factory=dict)
    key: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """The bytes of a segment; ``init`` are those of its EXT-X-MAP."""

    listed: Listed
    data: bytes
    init: bytes | None = None

    @property
    def path(self) -> str:
        return self.listed.uri.partition("?")[0].lower()

    @property
    def is_fragment(self) -> bool:
        return self.data[4:8] in _FRAGMENTS


@dataclass(frozen=True, slots=True)
class FileRule:
    """``check`` yields a sentence for each place of a segment that breaks the rule."""

    code: str
    clause: str
    severity: Severity
    text: str
    check: Callable[[SegmentFile], Iterator[str]]


def listed(found: Playlist) -> list[Listed]:
    """The segments of a media playlist, but for gaps."""
    rows: list[Listed] = []
    map_: Mapping[str, str] = {}
    key: Mapping[str, str] = {}
    bitrate: float | None = None
    place, duration_s, gap, end = "", 0.0, False, 0
    for line in found.lines:
        if line.tag == "EXT-X-MAP":
            map_ = line.attributes
        elif line.tag == "EXT-X-KEY" and (not key or line.attributes.get("KEYFORMAT", "identity") == "identity"):
            key = {} if line.attributes.get("METHOD") == "NONE" else line.attributes
        elif line.tag == "EXT-X-BITRATE":
            bitrate = number(line.value)
        elif line.tag == "EXT-X-BYTERANGE":
            length, _, start = line.value.strip().partition("@")
            end = (int(start) if start.isdigit() else end) + (int(length) if length.isdigit() else 0)
            place = f"{length}@{end - int(length)}" if length.isdigit() else ""
        elif line.tag == "EXTINF":
            duration_s = number(line.value.partition(",")[0].strip()) or 0.0
        elif line.tag == "EXT-X-GAP":
            gap = True
        elif not line.tag:
            if not gap:
                rows.append(Listed(line.value, place, duration_s, None if place else bitrate, map_, key))
            place, duration_s, gap = "", 0.0, False
    return rows


def judged(name: str, file: SegmentFile) -> Iterator[ConformanceFinding]:
    """What a segment breaks. Boxes that cannot be read are for ``segment.unreadable``."""
    for rule in RULES:
        try:
            sentences = list(rule.check(file))
        except MediaError:
            continue
        if sentences:
            yield ConformanceFinding(rule, name, len(sentences), f"{file.listed.uri[:60]}: {sentences[0]}")


def _ts_program(file: SegmentFile) -> Iterator[str]:
    if ts.looks_like_ts(file.data) and len(ts.programmes(file.data)) > 1:
        yield f"It has {len(ts.programmes(file.data))} programmes."


def _ts_tables(file: SegmentFile) -> Iterator[str]:
    if not ts.looks_like_ts(file.data) or file.init is not None:
        return
    tables = ts.programmes(file.data)
    if not any(ts.positions(file.data, 0)):
        yield "It has no Program Association Table."
    elif tables and next(ts.positions(file.data, tables[0]), None) is None:
        yield "It has no Program Map Table."


def _init_boxes(file: SegmentFile, *path: bytes) -> Iterator[Box]:
    """Every box at a path in what initializes."""
    if file.init is not None and file.is_fragment:
        yield from _at(file.init, 0, len(file.init), *path)


def _at(data: bytes, start: int, end: int, *path: bytes) -> Iterator[Box]:
    for box in walk(data, start, end):
        if box.type == path[0]:
            if len(path) == 1:
                yield box
            else:
                yield from _at(data, box.body, box.end, *path[1:])


def _init_samples(file: SegmentFile) -> Iterator[str]:
    if any(_init_boxes(file, b"moof")) or any(_init_boxes(file, b"mdat")):
        yield "What its EXT-X-MAP names has samples."


def _brand(file: SegmentFile) -> Iterator[str]:
    if file.init is None or not file.is_fragment:
        return
    box = next(_init_boxes(file, b"ftyp"), None)
    body = b"" if box is None else file.init[box.body : box.end]
    brands = [body[:4], *(body[at : at + 4] for at in range(8, len(body) - 3, 4))]
    if not any(_BRANDS.fullmatch(brand) for brand in brands):
        yield "What its EXT-X-MAP names has no ftyp with a brand of iso6 or later."


def _moov(file: SegmentFile) -> Iterator[str]:
    if file.init is not None and file.is_fragment:
        types = [box.type for box in walk(file.init, 0, len(file.init))]
        if b"moov" not in types[types.index(b"ftyp") if b"ftyp" in types else 0 :]:
            yield "What its EXT-X-MAP names has no moov behind its ftyp."


def _trafs(file: SegmentFile) -> Iterator[Box]:
    if file.is_fragment:
        yield from _at(file.data, 0, len(file.data), b"moof", b"traf")


def _tracks(file: SegmentFile) -> Iterator[str]:
    if file.init is None or not file.is_fragment:
        return
    known = set()
    for box in _init_boxes(file, b"moov", b"trak", b"tkhd"):
        at = box.body + (20 if file.init[box.body] else 12)
        known.add(file.init[at : at + 4])
    for traf in _trafs(file):
        head = find(file.data, traf.body, traf.end, b"tfhd")
        if head is not None and known and file.data[head.body + 4 : head.body + 8] not in known:
            yield "A track of it is not in what its EXT-X-MAP names."


def _sample_count(file: SegmentFile) -> Iterator[str]:
    table = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    for name, at in ((b"stsz", 8), (b"stz2", 8), (b"stts", 4)):
        for box in _init_boxes(file, *table, name):
            if file.init is not None and any(file.init[box.body + at : box.body + at + 4]):
                yield "A sample table of what its EXT-X-MAP names is not empty."


def _durations(file: SegmentFile) -> Iterator[str]:
    for path, short, long in (((b"moov", b"mvhd"), 16, 24), ((b"moov", b"trak", b"tkhd"), 20, 28)):
        for box in _init_boxes(file, *path):
            if file.init is not None:
                wide = file.init[box.body] == 1
                at, size = box.body + (long if wide else short), 8 if wide else 4
                if set(file.init[at : at + size]) - {0} and set(file.init[at : at + size]) != {0xFF}:
                    yield f"A {path[-1].decode()} of what its EXT-X-MAP names has a duration."


def _mvex(file: SegmentFile) -> Iterator[str]:
    if any(_init_boxes(file, b"moov")) and not any(_init_boxes(file, b"moov", b"mvex")):
        yield "What its EXT-X-MAP names has no mvex."


def _tfdt(file: SegmentFile) -> Iterator[str]:
    for traf in _trafs(file):
        if find(file.data, traf.body, traf.end, b"tfdt") is None:
            yield "A traf of it has no tfdt."


def _addressing(file: SegmentFile) -> Iterator[str]:
    """Without the flag default-base-is-moof, the second traf counts from the end of the first one's data."""
    for moof in _at(file.data, 0, len(file.data), b"moof") if file.is_fragment else ():
        heads = list(_at(file.data, moof.body, moof.end, b"traf", b"tfhd"))
        flags = [version_and_flags(file.data, head)[1] for head in heads]
        if any(each & 1 for each in flags) or any(not each & 0x020000 for each in flags[1:]):
            yield "A traf of it does not count from its moof."


def _external(file: SegmentFile) -> Iterator[str]:
    for dref in _init_boxes(file, b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        for entry in walk(file.init or b"", dref.body + 8, dref.end):
            if not version_and_flags(file.init or b"", entry)[1] & 1:
                yield "What its EXT-X-MAP names has a reference to other data."


def _map(file: SegmentFile) -> Iterator[str]:
    if file.is_fragment and file.init is None and any(_trafs(file)):
        yield "It is fragmented MP4 and has no EXT-X-MAP."


def _audio_timestamp(file: SegmentFile) -> Iterator[str]:
    if not file.path.endswith(_PACKED) or ts.looks_like_ts(file.data) or file.data[3:4] == b"\x02":
        return
    told = id3.frames(file.data).get(_STAMP)
    if told is None:
        yield "It does not start with an ID3 tag that has its timestamp."
    elif len(told) != 16 or int(told, 16) >> 33:
        yield "Its timestamp is no number of 33 bits in eight octets."


def _webvtt(file: SegmentFile) -> str:
    is_text = file.path.endswith(_TEXTS) or file.data.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT")
    return file.data.decode("utf-8-sig", "replace") if is_text else ""


def _webvtt_header(file: SegmentFile) -> Iterator[str]:
    text = _webvtt(file)
    if file.path.endswith(_TEXTS) and file.init is None and not re.match(r"WEBVTT(\s|$)", text):
        yield "It is WebVTT and does not start with WEBVTT."


def _webvtt_block(file: SegmentFile) -> Iterator[str]:
    head = re.split(r"(?:\r\n|\n|\r){2}", _webvtt(file), maxsplit=1)[0]
    if head.startswith("WEBVTT") and "X-TIMESTAMP-MAP" in head and "-->" in head:
        yield "No empty line ends the header of WebVTT."


def _timestamp_map(file: SegmentFile) -> Iterator[str]:
    for line in re.split(r"(?:\r\n|\n|\r){2}", _webvtt(file), maxsplit=1)[0].splitlines():
        if line.startswith("X-TIMESTAMP-MAP") and not _MAPPED.fullmatch(line):
            yield f"Its X-TIMESTAMP-MAP has not one LOCAL and one MPEGTS: {line[:60]}"


def _bitrate(file: SegmentFile) -> Iterator[str]:
    told, length_s = file.listed.bitrate_kbps, file.listed.duration_s
    if told is not None and length_s > 0 and file.data:
        has = len(file.data) * 8 / 1000 / length_s
        if not 0.9 * has - 1 <= told <= 1.1 * has + 1:
            yield f"It has {has:.0f} kbit/s; EXT-X-BITRATE says {told:g}."


def wrong_key(name: str, method: str, octets: int) -> Iterator[ConformanceFinding]:
    """What a key file of the format "identity" breaks by its length."""
    wanted = _KEY_OCTETS.get(method, octets)
    if octets != wanted:
        yield ConformanceFinding(KEY, name, 1, f"A key of METHOD={method} has {octets} octets, not {wanted}.")


def _must(clause: str, code: str, text: str, check: Callable[[SegmentFile], Iterator[str]]) -> FileRule:
    return FileRule(f"media.{code}", f"{BIS} {clause}", Severity.MUST, text, check)


KEY = _must("5.1", "key", "A key file has 16 octets, and 32 for AES-256-GCM.", lambda _file: iter(()))
RULES: tuple[FileRule, ...] = (
    _must("3.1", "init_samples", "What initializes has no samples.", _init_samples),
    _must("3.1.1", "ts_program", "A transport stream has one programme.", _ts_program),
    _must("3.1.1", "ts_tables", "A transport stream has PAT and PMT, or an EXT-X-MAP.", _ts_tables),
    _must("3.1.2", "brand", "What initializes fMP4 has an ftyp with a brand of iso6 or later.", _brand),
    _must("3.1.2", "moov", "A moov follows the ftyp.", _moov),
    _must("3.1.2", "track", "Each track of a fragment is in the moov.", _tracks),
    _must("3.1.2", "sample_table", "Sample tables of the moov are empty.", _sample_count),
    _must("3.1.2", "durations", "mvhd and tkhd have no durations.", _durations),
    _must("3.1.2", "mvex", "The moov has an mvex.", _mvex),
    _must("3.1.2", "tfdt", "Each traf has a tfdt.", _tfdt),
    _must("3.1.2", "addressing", "Places in a fragment count from its moof.", _addressing),
    _must("3.1.2", "external", "No data is elsewhere.", _external),
    _must("3.1.2", "map", "Fragmented MP4 has an EXT-X-MAP.", _map),
    _must("3.1.3", "audio_timestamp", "Packed audio starts with its timestamp in ID3.", _audio_timestamp),
    _must("3.1.4", "webvtt_header", "WebVTT starts with its header, or has an EXT-X-MAP.", _webvtt_header),
    _must("3.1.4", "webvtt_block", "An empty line ends the header of WebVTT.", _webvtt_block),
    _must("3.1.4", "timestamp_map", "X-TIMESTAMP-MAP has LOCAL and MPEGTS.", _timestamp_map),
    _must("4.4.4.8", "bitrate", "EXT-X-BITRATE is right within 10 %.", _bitrate),
)  # fmt: skip
