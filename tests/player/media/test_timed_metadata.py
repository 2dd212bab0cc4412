"""Events in media segments: emsg boxes of both versions, ID3 in them and in transport streams."""

from __future__ import annotations

import base64
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.manifest.model import Segment, TimedEvent
from player.manifest.timed_events import identity, in_order, splice_of
from player.media import id3
from player.media.fmp4 import parse_init
from player.media.timed_metadata import events_of
from player.media.whole_segment import WholeSource
from player.reporting.events import TimedEventsSeen
from player.reporting.report import Recorder
from tests.kit import media

SPLICE = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo="
DASH = Segment(1, 20.0, 4.0, "s", media_offset_s=-100.0)
HLS = Segment(1, 20.0, 4.0, "s")


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def emsg(
    version: int, time: int, *, scheme: str = "urn:x", value: str = "1", number: int = 7, payload: bytes = b"hi"
) -> bytes:
    names = scheme.encode() + b"\0" + value.encode() + b"\0"
    if version:
        numbers = struct.pack(">IQII", 1000, time, 1500, number)
        return box(b"emsg", b"\1\0\0\0" + numbers + names + payload)
    return box(b"emsg", bytes(4) + names + struct.pack(">IIII", 1000, time, 0xFFFFFFFF, number) + payload)


def tag(*frames: tuple[bytes, bytes], version: int = 4) -> bytes:
    body = b"".join(name + bytes((0, 0, 0, len(data))) + b"\0\0" + data for name, data in frames)
    return b"ID3" + bytes((version, 0, 0, 0, 0, len(body) >> 7, len(body) & 0x7F)) + body


TXXX = tag((b"TXXX", b"\3key\0value"), (b"PRIV", b"com.x\0\1\2"), (b"TIT2", b"\3Title"))
FRAMES = {"TXXX:key": "value", "PRIV:com.x": "0102", "TIT2": "Title"}


def events(data: bytes, segment: Segment = DASH, init: bytes | None = None) -> tuple[TimedEvent, ...]:
    return events_of(WholeSource(data), segment, None if init is None else parse_init(init))


def test_version_0_counts_from_the_segment_and_version_1_is_media_time() -> None:
    data = box(b"styp", b"msdh") + emsg(0, 500) + emsg(1, 121_500) + box(b"mdat", b"x")
    zero, one = events(data)
    assert (zero.id, zero.scheme, zero.value, zero.start_s, zero.duration_s) == ("7", "urn:x", "1", 20.5, None)
    assert (one.start_s, one.duration_s, one.payload, one.origin) == (21.5, 1.5, "hi", "media")


def test_id3_and_splice_information_in_emsg_boxes_are_decoded() -> None:
    splice = base64.b64decode(SPLICE)
    data = emsg(1, 120_000, scheme="https://aomedia.org/emsg/ID3", payload=TXXX) + emsg(
        1, 121_000, scheme="urn:scte:scte35:2013:bin", payload=splice
    )
    tagged, cue = events(data)
    assert dict(tagged.attributes) == FRAMES
    assert splice_of(cue).command == "splice_insert"  # type: ignore[union-attr]


def test_hls_segments_place_media_time_by_their_first_sample() -> None:
    """RFC 8216bis 3: the first sample is where the playlist puts the segment."""
    title = media.ffmpeg_dash(8)
    init, first = (next(title.folder.glob(pattern)).read_bytes() for pattern in ("init-0.mp4", "seg-0-001.m4s"))
    (event,) = events(emsg(1, 1_250) + first, HLS, init)
    assert event.start_s == pytest.approx(21.25, abs=0.05)
    assert events(emsg(1, 1_250), HLS) == ()  # nothing to place it by
    assert [item.start_s for item in events(emsg(0, 250), HLS)] == [20.25]


def test_a_box_that_cannot_be_read_is_passed_over() -> None:
    assert len(events(box(b"emsg", b"\0\0\0\0no end") + emsg(0, 1) + b"\0\0\0\7cut!")) == 1


# -- transport streams ---------------------------------------------------------------------------------------------


def packet(pid: int, body: bytes, *, start: bool = True) -> bytes:
    head = bytes((0x47, (0x40 if start else 0) | pid >> 8, pid & 0xFF))
    if len(body) == 184:
        return head + b"\x10" + body
    stuffing = 183 - len(body)
    return head + b"\x30" + bytes((stuffing,)) + (b"\0" + b"\xff" * (stuffing - 1) if stuffing else b"") + body


def section(body: bytes) -> bytes:
    return b"\0" + body[:1] + (0xB000 | len(body) - 3 + 4).to_bytes(2, "big") + body[3:] + bytes(4)


def pes(kind: int, ticks: int, body: bytes) -> bytes:
    pts = bytes(
        (
            0x21 | ticks >> 29 & 0x0E,
            ticks >> 22 & 0xFF,
            0x01 | ticks >> 14 & 0xFE,
            ticks >> 7 & 0xFF,
            0x01 | ticks << 1 & 0xFE,
        )
    )
    return b"\0\0\1" + bytes((kind,)) + (len(body) + 8).to_bytes(2, "big") + b"\x80\x80\x05" + pts + body


def transport_stream(*tags: tuple[int, bytes], video_at: int = 900_000) -> bytes:
    pat = section(b"\0\0\0" + b"\0\1\xc1\0\0" + b"\0\1\xf0\0")
    streams = b"\x1b\xe1\0\xf0\0" + b"\x15\xe1\1\xf0\0"
    pmt = section(b"\2\0\0" + b"\0\1\xc1\0\0" + b"\xe1\0\xf0\0" + streams)
    packets = [packet(0, pat), packet(0x1000, pmt), packet(0x100, pes(0xE0, video_at, b"frame"))]
    for ticks, body in tags:
        whole = pes(0xBD, ticks, body)
        pieces = [whole[place : place + 184] for place in range(0, len(whole), 184)]
        packets += [packet(0x101, piece, start=number == 0) for number, piece in enumerate(pieces)]
    return b"".join(packets)


def test_id3_in_a_transport_stream_is_placed_by_its_timestamp() -> None:
    long = tag((b"TXXX", b"\3long\0" + b"x" * 100), (b"TIT2", b"\3" + b"y" * 100))
    found = events(transport_stream((900_000 + 90_000, TXXX), (900_000 + 180_000, long)), HLS)
    assert [(item.scheme, item.start_s) for item in found] == [("ID3", 21.0), ("ID3", 22.0)]
    assert dict(found[0].attributes) == FRAMES
    assert found[1].attributes["TIT2"] == "y" * 100


def test_timestamps_that_wrap_are_beside_each_other() -> None:
    (event,) = events(transport_stream((45_000, TXXX), video_at=(1 << 33) - 45_000), HLS)
    assert event.start_s == 21.0


def test_real_transport_streams_without_metadata_have_no_events() -> None:
    path = next(media.ffmpeg_hls_ts().folder.rglob("*.ts"))
    assert events(path.read_bytes(), HLS) == ()


@given(st.binary(max_size=400), st.integers(0, 500))
def test_no_bytes_are_more_than_no_events(junk: bytes, cut: int) -> None:
    stream = transport_stream((900_000, TXXX))
    for data in (junk, stream[:188] + junk, stream[:cut] + junk + stream[cut:], emsg(1, 5) + junk, TXXX + junk):
        assert isinstance(events(data), tuple)
        assert isinstance(id3.frames(data), dict)


def test_id3_text_in_all_encodings_and_repeated_frames() -> None:
    texts = [
        (b"TIT2", b"\0\xe9t\xe9"),
        (b"TIT2", b"\1" + "été".encode("utf-16")),
        (b"TPE1", b"\2" + "ab".encode("utf-16-be")),
        (b"WXXX", b"\3name\0http://a.test"),
        (b"WOAR", b"http://b.test"),
        (b"APIC", b"\0\1"),
    ]
    assert id3.frames(tag(*texts)) == {
        "TIT2": "été",
        "TIT2#2": "été",
        "TPE1": "ab",
        "WXXX:name": "http://a.test",
        "WOAR": "http://b.test",
        "APIC": "0001",
    }
    assert id3.frames(tag(*texts, version=2)) == {}


def with_splices(*sections: bytes, video_at: int = 900_000, pieces: int = 184) -> bytes:
    pat = section(b"\0\0\0" + b"\0\1\xc1\0\0" + b"\0\1\xf0\0")
    streams = b"\x1b\xe1\0\xf0\0" + b"\x86\xe1\2\xf0\0"
    pmt = section(b"\2\0\0" + b"\0\1\xc1\0\0" + b"\xe1\0\xf0\0" + streams)
    packets = [packet(0, pat), packet(0x1000, pmt), packet(0x100, pes(0xE0, video_at, b"frame"))]
    for one in sections:
        whole = b"\0" + one  # the pointer: it begins at once
        parts = [whole[place : place + pieces] for place in range(0, len(whole), pieces)]
        packets += [packet(0x102, part, start=number == 0) for number, part in enumerate(parts)]
    return b"".join(packets)


def test_splice_information_in_a_transport_stream_is_placed_by_its_time() -> None:
    """ANSI/SCTE 35 8.1; the example of 14.2 splices at 0x07369C02E."""
    splice = base64.b64decode(SPLICE)
    at = splice_of(TimedEvent("", "urn:scte:scte35:2013:bin", 0.0, payload=SPLICE)).time_s  # type: ignore[union-attr]
    for data in (
        with_splices(splice, video_at=round(at * 90_000) - 180_000),
        with_splices(splice + b"\xff" * 20, video_at=round(at * 90_000) - 180_000, pieces=16),
    ):
        (event,) = events(data, HLS)
        found = splice_of(event)
        assert event.start_s == pytest.approx(22.0)
        assert found.command == "splice_insert"  # type: ignore[union-attr]
        assert (event.id, event.origin) == (str(found.event_id), "media")  # type: ignore[union-attr]
        assert event.duration_s == found.duration_s  # type: ignore[union-attr]
    heartbeat = base64.b64decode("/DARAAAAAAAAAP/wAAAAAHpPv/8=")
    assert events(with_splices(heartbeat), HLS) == ()
    assert events(with_splices(splice[:20]), HLS) == ()  # cut off


# -- one list ------------------------------------------------------------------------------------------------------


def test_the_report_has_each_event_once_by_its_time() -> None:
    recorder = Recorder()
    later, sooner = events(emsg(1, 122_000)), events(emsg(0, 500))
    manifest = (TimedEvent("ad", "EXT-X-CUE-OUT", 1.0),)
    for at_s, found in enumerate((later, sooner, manifest, later)):
        recorder(TimedEventsSeen(float(at_s), found))
    rows = recorder.report(source="s", policy="p")["timed_events"]
    assert [(row["start_s"], row["origin"]) for row in rows] == [(1.0, "manifest"), (20.5, "media"), (22.0, "media")]
    assert [row["payload"] for row in rows] == ["", "hi", "hi"]
    assert recorder.events == []
    assert all(one["start_s"] <= two["start_s"] for one, two in pairwise(rows))
    assert [event.start_s for event in in_order(manifest + later)] == [1.0, 22.0]
    assert identity(later[0]) != identity(sooner[0])


def test_the_report_shows_no_secret_of_an_address_in_an_event() -> None:
    recorder = Recorder()
    told = TimedEvent(
        "1",
        "urn:mpeg:dash:event:callback:2015",
        1.0,
        payload='<a uri="https://ads.test/s/0123456789abcdef0123/x?token=hush">HTTPS://b.test/y?key=hush</a>',
        attributes={"X-ASSET-URI": "https://ads.test/a.m3u8?sig=hush"},
    )
    recorder(TimedEventsSeen(0.0, (told,)))
    (row,) = recorder.report(source="s", policy="p")["timed_events"]
    assert "hush" not in str(row)
    assert "ads.test" in row["payload"]
    assert "ads.test" in row["attributes"]["X-ASSET-URI"]
