"""Events inside media segments: emsg boxes (ISO/IEC 23009-1 5.10.3.3, versions 0 and 1), and in transport streams ID3
(RFC 8216bis 3.1.4: stream type 0x15) and splice information (ANSI/SCTE 35 8.1: stream type 0x86). Pure and bounded;
encrypted samples are not touched."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from player.base.errors import MediaError
from player.manifest.model import Container, Segment, TimedEvent
from player.manifest.scte35 import PTS_HZ, Splice, SpliceError, of_bytes
from player.media import fmp4, id3, sniff, ts
from player.media.model import ByteSource, EventMessage
from player.media.timestamps import TICKS_PER_SECOND
from player.media.track import Fmp4Init

ID3_SCHEMES = frozenset({"https://aomedia.org/emsg/id3", "https://developer.apple.com/streaming/emsg-id3"})
ID3_IN_TS = "ID3"
SPLICE_SCHEME = "urn:scte:scte35:2013:bin"
MAX_EVENTS = 200  # of one segment
_MAX_TEXT = 64 * 1024
_METADATA = 0x15
_SPLICES = 0x86
_VIDEO_TYPES = frozenset({0x01, 0x02, 0x1B, 0x24})
_WRAP = 1 << 33

FirstTime = Callable[[], float | None]
"""The media time of a segment's first presentation, in seconds; None where it cannot be told."""


def events_of(source: ByteSource, segment: Segment, init: Fmp4Init | None = None) -> tuple[TimedEvent, ...]:
    """The events in a segment that is there as a whole, on the presentation timeline. Damage ends the reading: what
    was found before it counts. ``init`` is the segment's own where it is fragmented MP4."""
    length = source.wait(1 << 40)
    head = bytes(source.view(0, min(length, sniff.SNIFF_BYTES)))
    kind = sniff.sniff(head)
    found: list[TimedEvent] = []
    try:
        if kind is Container.FMP4:
            for message in fmp4.event_messages(source):
                event = _of_message(message, segment, lambda: _first_time_s(source, init))
                if event is not None and len(found) < MAX_EVENTS:
                    found.append(event)
        elif kind is Container.TS:
            data = bytes(source.view(0, length))
            for offset_s, tag in islice(id3_in_transport_stream(data), MAX_EVENTS):
                start_s = segment.start_s + offset_s
                found.append(TimedEvent("", ID3_IN_TS, start_s, attributes=id3.frames(tag), origin="media"))
            for offset_s, section in islice(splices_in_transport_stream(data), MAX_EVENTS - len(found)):
                found.append(_of_section(section, segment.start_s + offset_s))
    except MediaError:
        pass
    return tuple(found)


def _first_time_s(source: ByteSource, init: Fmp4Init | None) -> float | None:
    return None if init is None else fmp4.first_time_s(init, source)


def _of_message(message: EventMessage, segment: Segment, first_time_s: FirstTime) -> TimedEvent | None:
    """An emsg on the presentation timeline: version 0 counts from the segment's start, version 1 is media time."""
    if message.relative:
        start_s = segment.start_s + message.time_s
    elif segment.media_offset_s is not None:
        start_s = message.time_s + segment.media_offset_s
    else:
        first_s = first_time_s()
        if first_s is None:
            return None
        start_s = segment.start_s + message.time_s - first_s
    return TimedEvent(
        str(message.id),
        message.scheme,
        round(start_s, 6),
        message.duration_s,
        value=message.value,
        payload="" if message.scheme.lower() in ID3_SCHEMES else _shown(message.payload, message.scheme),
        attributes=id3.frames(message.payload) if message.scheme.lower() in ID3_SCHEMES else {},
        origin="media",
    )


def _of_section(section: bytes, start_s: float) -> TimedEvent:
    splice = _splice(section)
    number = None if splice is None else splice.event_id
    return TimedEvent(
        "" if number is None else str(number),
        SPLICE_SCHEME,
        round(start_s, 6),
        None if splice is None else splice.duration_s,
        payload=base64.b64encode(section).decode(),
        origin="media",
    )


def _splice(section: bytes) -> Splice | None:
    try:
        return of_bytes(section)
    except SpliceError:
        return None


def _shown(payload: bytes, scheme: str) -> str:
    """Text as it is, everything else in base64."""
    payload = payload[:_MAX_TEXT]
    if not scheme.lower().endswith(":bin"):
        try:
            text = payload.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            if all(character.isprintable() or character.isspace() for character in text):
                return text
    return base64.b64encode(payload).decode()


# -- transport streams ---------------------------------------------------------------------------------------------


def id3_in_transport_stream(data: bytes) -> Iterator[tuple[float, bytes]]:
    """The ID3 tags of a transport stream segment: seconds from its first picture (else sound), and the tag."""
    streams = ts.streams(data)
    metadata = [pid for pid, kind in streams.items() if kind == _METADATA]
    if not metadata:
        return
    first = _first_pts(data, streams)
    if first is None:
        return
    for pid in metadata:
        for pts, body in _packets(data, pid):
            if pts is not None and body[:3] == b"ID3":
                yield _behind(first, pts), body


def splices_in_transport_stream(data: bytes) -> Iterator[tuple[float, bytes]]:
    """The splice_info_sections of a transport stream segment: seconds from its first picture (else sound) to the
    splice, 0 for an immediate one, and the section."""
    streams = ts.streams(data)
    cues = [pid for pid, kind in streams.items() if kind == _SPLICES]
    first = _first_pts(data, streams) if cues else None
    for pid in cues:
        for section in _sections(data, pid):
            splice = _splice(section)
            if splice is not None and splice.command == "splice_null" and not splice.descriptors:
                continue  # a heartbeat
            at_s = None if splice is None else splice.time_s
            yield 0.0 if at_s is None or first is None else _behind(first, round(at_s * PTS_HZ)), section


def _first_pts(data: bytes, streams: Mapping[int, int]) -> int | None:
    media = {pid: kind for pid, kind in streams.items() if kind not in (_METADATA, _SPLICES)}
    others = sorted((kind not in _VIDEO_TYPES, pid) for pid, kind in media.items())
    return next((pts for _, pid in others for pts, _ in _packets(data, pid) if pts is not None), None)


def _behind(first: int, pts: int) -> float:
    """Seconds from one timestamp to another, which may be on the other side of the wrap."""
    return ((pts - first + _WRAP // 2) % _WRAP - _WRAP // 2) / TICKS_PER_SECOND


def _sections(data: bytes, pid: int) -> Iterator[bytes]:
    """The sections with this PID (ISO/IEC 13818-1 2.4.4); those that are cut off are left out."""
    open_ = bytearray()
    for place in ts.positions(data, pid):
        body = ts.payload(data, place)
        if data[place + 1] & 0x40 and body:  # the pointer: where a section begins, behind the rest of the last one
            open_ += body[1 : 1 + body[0]]
            yield from _whole(open_)
            open_ = bytearray(body[1 + body[0] :])
        elif open_ and len(open_) < _MAX_TEXT:
            open_ += body
    yield from _whole(open_)


def _whole(data: bytearray) -> Iterator[bytes]:
    """The sections that ``data`` begins with, as far as they are whole; stuffing (0xFF) ends them."""
    place = 0
    while place + 3 <= len(data) and data[place] != 0xFF:
        end = place + 3 + (int.from_bytes(data[place + 1 : place + 3], "big") & 0xFFF)
        if end > len(data):
            return
        yield bytes(data[place:end])
        place = end


def _packets(data: bytes, pid: int) -> Iterator[tuple[int | None, bytes]]:
    """The PES packets with this PID: PTS in ticks of 90 kHz, and their contents."""
    whole = bytearray()
    for place in ts.positions(data, pid):
        if data[place + 1] & 0x40:
            if whole:
                yield _pes(bytes(whole))
            whole = bytearray()
            whole += ts.payload(data, place)
        elif whole and len(whole) < _MAX_TEXT:
            whole += ts.payload(data, place)
    if whole:
        yield _pes(bytes(whole))


def _pes(packet: bytes) -> tuple[int | None, bytes]:
    if len(packet) < 9 or packet[:3] != b"\0\0\1":
        return None, b""
    body = packet[9 + packet[8] :]
    if not packet[7] & 0x80 or len(packet) < 14:
        return None, body
    one, two, three = packet[9], int.from_bytes(packet[10:12], "big"), int.from_bytes(packet[12:14], "big")
    return (one >> 1 & 7) << 30 | two >> 1 << 15 | three >> 1, body
