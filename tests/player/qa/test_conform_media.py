"""Segments, what initializes them, and keys: right ones of FFmpeg keep every rule, and each change breaks its own."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from player.media.boxes import need
from player.qa.conform.hls_media import KEY, RULES, Listed, SegmentFile, judged, listed, wrong_key
from player.qa.conform.playlist import playlist
from tests.kit import media
from ui.cli.main import main

STAMP = b"com.apple.streaming.transportStreamTimestamp\0"
CUES = b"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\n00:01.000 --> 00:02.000\nhello\n"


def fragment() -> SegmentFile:
    """A segment of FFmpeg's fMP4."""
    made = media.ffmpeg_dash()
    data = (made.folder / "seg-0-001.m4s").read_bytes()
    return SegmentFile(Listed("a.m4s", duration_s=4.0), data, (made.folder / "init-0.mp4").read_bytes())


def transport() -> SegmentFile:
    """A segment of FFmpeg's MPEG-TS."""
    (path, *_) = sorted(media.ffmpeg_hls_ts().folder.rglob("*.ts"))
    return SegmentFile(Listed("a.ts"), path.read_bytes())


def text(data: bytes = CUES) -> SegmentFile:
    return SegmentFile(Listed("a.vtt"), data)


def packed(payload: bytes = bytes(8), owner: bytes = STAMP) -> SegmentFile:
    body = owner + payload
    frame = b"PRIV" + struct.pack(">IH", len(body), 0) + body
    return SegmentFile(Listed("a.aac"), b"ID3\4\0\0" + bytes([0, 0, 0, len(frame)]) + frame + b"\xff\xf1")


def renamed(file: SegmentFile, old: bytes, new: bytes, *, init: bool) -> SegmentFile:
    """A box of the fragment, or of what initializes it, has another name."""
    if init:
        return replace(file, init=(file.init or b"").replace(old, new))
    return replace(file, data=file.data.replace(old, new))


def poked(file: SegmentFile, *path: bytes, at: int, value: bytes, init: bool = True) -> SegmentFile:
    """Some bytes of a box are others."""
    data = bytearray(file.init or b"") if init else bytearray(file.data)
    start = need(bytes(data), 0, len(data), *path).body + at
    data[start : start + len(value)] = value
    return replace(file, init=bytes(data)) if init else replace(file, data=bytes(data))


def several_programmes() -> SegmentFile:
    """A second programme stands in the table."""
    file = transport()
    data = bytearray(file.data)
    at = next(at for at in range(0, len(data), 188) if int.from_bytes(data[at + 1 : at + 3], "big") & 0x1FFF == 0)
    section = at + 5
    data[section + 2] += 4
    data[section + 12 : section + 16] = b"\0\2\xe1\0"
    return replace(file, data=bytes(data))


STSZ = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsz")
DREF = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")
TFHD = (b"moof", b"traf", b"tfhd")
BREAKS: dict[str, Callable[[], SegmentFile]] = {
    "media.init_samples": lambda: replace(fragment(), init=(fragment().init or b"") + b"\0\0\0\x08mdat"),
    "media.ts_program": several_programmes,
    "media.ts_tables": lambda: replace(transport(), data=transport().data[188 * 3 : 188 * 40]),
    "media.brand": lambda: renamed(fragment(), b"ftyp", b"free", init=True),
    "media.moov": lambda: renamed(fragment(), b"moov", b"free", init=True),
    "media.track": lambda: poked(fragment(), b"moov", b"trak", b"tkhd", at=12, value=b"\0\0\0\x09"),
    "media.sample_table": lambda: poked(fragment(), *STSZ, at=8, value=b"\0\0\0\1"),
    "media.durations": lambda: poked(fragment(), b"moov", b"mvhd", at=16, value=b"\0\0\0\1"),
    "media.mvex": lambda: renamed(fragment(), b"mvex", b"free", init=True),
    "media.tfdt": lambda: renamed(fragment(), b"tfdt", b"free", init=False),
    "media.addressing": lambda: poked(fragment(), *TFHD, at=1, value=b"\0\0\1", init=False),
    "media.external": lambda: poked(fragment(), *DREF, at=19, value=b"\0"),
    "media.map": lambda: replace(fragment(), init=None),
    "media.audio_timestamp": lambda: packed(bytes([1, *bytes(7)])),
    "media.webvtt_header": lambda: text(CUES.replace(b"WEBVTT\n", b"")),
    "media.webvtt_block": lambda: text(CUES.replace(b"\n\n", b"\n")),
    "media.timestamp_map": lambda: text(CUES.replace(b"LOCAL:00:00:00.000,", b"")),
    "media.bitrate": lambda: replace(fragment(), listed=Listed("a.m4s", "", 4.0, 1.0)),
}


def broken(file: SegmentFile) -> list[str]:
    return [each.rule.code for each in judged("it", file)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_segment_that_breaks_a_rule_is_named(rule) -> None:
    assert rule.code in broken(BREAKS[rule.code]())


@pytest.mark.parametrize("make", [fragment, transport, text, packed], ids=lambda make: make.__name__)
def test_a_right_segment_breaks_none(make: Callable[[], SegmentFile]) -> None:
    assert broken(make()) == []


def test_packed_audio_without_its_timestamp_is_named() -> None:
    assert broken(packed(owner=b"somebody\0")) == ["media.audio_timestamp"]
    assert broken(replace(packed(), data=b"\xff\xf1\x50\x80")) == ["media.audio_timestamp"]


@pytest.mark.parametrize(("method", "octets"), [("AES-128", 17), ("AES-128", 32), ("AES-256-GCM", 16)])
def test_a_key_of_another_length_is_named(method: str, octets: int) -> None:
    assert [each.rule for each in wrong_key("it", method, octets)] == [KEY]
    assert list(wrong_key("it", method, 32 if method == "AES-256-GCM" else 16)) == []


def test_segments_are_listed_with_what_applies_to_them() -> None:
    rows = listed(
        playlist(
            '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXT-X-MAP:URI="i"\n#EXT-X-BITRATE:9\n#EXTINF:4,\na\n'
            "#EXT-X-KEY:METHOD=NONE\n#EXT-X-GAP\n#EXTINF:4,\nb\n#EXT-X-BYTERANGE:5@3\n#EXTINF:3,\nc\n"
            "#EXT-X-BYTERANGE:5\n#EXTINF:2,\nc\n"
        )
    )
    assert [(each.uri, each.place, each.duration_s, each.bitrate_kbps) for each in rows] == [
        ("a", "", 4.0, 9.0),
        ("c", "5@3", 3.0, None),
        ("c", "5@8", 2.0, None),
    ]
    assert [each.key.get("URI") for each in rows] == ["k", None, None]


def test_a_key_and_a_segment_of_a_stream_are_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "k").write_bytes(bytes(17))
    (tmp_path / "1.ts").write_bytes(bytes(188))
    (tmp_path / "v.m3u8").write_text(
        '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:4,\n1.ts\n#EXT-X-ENDLIST\n'
    )
    assert main(["qa", "conform", str(tmp_path / "v.m3u8"), "--segments", "1", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert "media.key" in {each["code"] for each in told["findings"]}
    assert "the containers of 1 files that are encrypted as a whole" in told["not_judged"]
