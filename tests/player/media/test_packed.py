"""Packed audio: frames and times without a container."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import Container
from player.media.demux import open_demuxer, read_whole
from player.media.model import Codec, StreamKind
from player.media.packed import TIMESTAMP_OWNER, parse_id3_timestamp
from player.media.timestamps import WRAP
from tests.kit.segments import TricklingSource, encode_audio, packets
from tests.kit.waiting import at_most


def _id3(ticks: int, *, before: bytes = b"") -> bytes:
    priv = TIMESTAMP_OWNER + struct.pack(">Q", ticks)
    body = before + b"PRIV" + struct.pack(">I", len(priv)) + b"\0\0" + priv
    return b"ID3\4\0\0" + bytes((0, 0, len(body) >> 7, len(body) & 0x7F)) + body


_CASES = [
    ("aac", "adts", Codec.AAC, 44_100, "stereo"),
    ("aac", "adts", Codec.AAC, 48_000, "5.1"),
    ("ac3", "ac3", Codec.AC3, 48_000, "5.1"),
    ("ac3", "ac3", Codec.AC3, 44_100, "mono"),
    ("eac3", "eac3", Codec.EAC3, 48_000, "stereo"),
    ("libmp3lame", "mp3", Codec.MP3, 44_100, "stereo"),
    ("libmp3lame", "mp3", Codec.MP3, 22_050, "mono"),
]


@pytest.mark.parametrize(("encoder", "format_", "codec", "rate", "layout"), _CASES)
def test_frames_are_those_that_ffmpeg_finds(encoder: str, format_: str, codec: Codec, rate: int, layout: str) -> None:
    stream = encode_audio(encoder, format_, rate=rate, layout=layout)
    demuxer = open_demuxer(Container.PACKED_AUDIO)
    samples = read_whole(demuxer, _id3(10 * 90_000) + stream)
    config = demuxer.configs[StreamKind.AUDIO]
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    assert (config.codec, config.sample_rate, config.channels) == (codec, rate, channels)
    expected = [packet.data for packet in packets(stream, "audio", format_)]
    if codec is Codec.AAC:
        expected = [frame[7:] for frame in expected]
        assert len(config.private) == 2
    assert [bytes(sample.data) for sample in samples][-len(expected) :] == expected
    assert len(samples) - len(expected) in (0, 1)  # FFmpeg passes over the frame that holds a Xing header
    assert samples[0].pts_s == pytest.approx(10.0)
    for number, sample in enumerate(samples):
        assert sample.pts_s == pytest.approx(10.0 + number * samples[0].duration_s)
    assert len(samples) * samples[0].duration_s == pytest.approx(1.0, abs=0.1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=10))
def test_the_result_does_not_depend_on_the_chunks(chunks: list[int]) -> None:
    data = _id3(900_000) + encode_audio("aac", "adts", seconds=0.3)
    slowly = list(open_demuxer(Container.PACKED_AUDIO).samples(TricklingSource(data, chunks)))
    assert slowly == read_whole(open_demuxer(Container.PACKED_AUDIO), data)


def test_without_a_timestamp_the_given_time_counts() -> None:
    data = encode_audio("aac", "adts", seconds=0.2)
    samples = read_whole(open_demuxer(Container.PACKED_AUDIO), data, fallback_start_s=33.0)
    assert samples[0].pts_s == 33.0


def test_times_go_on_over_the_wrap_of_the_clock() -> None:
    demuxer = open_demuxer(Container.PACKED_AUDIO)
    data = encode_audio("aac", "adts", seconds=0.2)
    before = read_whole(demuxer, _id3(WRAP - 9000) + data)
    after = read_whole(demuxer, _id3(9000) + data)
    assert after[0].pts_s - before[0].pts_s == pytest.approx(0.2)


def test_junk_between_frames_is_passed_over_and_a_cut_frame_dropped() -> None:
    data = encode_audio("ac3", "ac3", seconds=0.5)
    whole = read_whole(open_demuxer(Container.PACKED_AUDIO), data)
    size = len(whole[0].data)
    damaged = data[: 2 * size] + b"\x0bjunk\xff\x00" + data[2 * size : -10]
    assert read_whole(open_demuxer(Container.PACKED_AUDIO), damaged) == whole[:-1]


def test_other_id3_frames_are_passed_over() -> None:
    other = b"TXXX" + struct.pack(">I", 4) + b"\0\0" + b"abcd"
    assert parse_id3_timestamp(_id3(1234, before=other)) == 1234
    assert parse_id3_timestamp(b"ID3\4\0\0\0\0\0\1\0") is None


@settings(max_examples=200)
@given(st.binary(max_size=3000), st.booleans())
def test_noise_is_an_error_and_never_a_crash(data: bytes, tagged: bool) -> None:
    try:
        with at_most(1.0):
            samples = read_whole(open_demuxer(Container.PACKED_AUDIO), (b"ID3" if tagged else b"") + data)
    except MediaError as error:
        good = error.code is ErrorCode.MEDIA_DAMAGED
    else:
        good = sum(len(sample.data) for sample in samples) <= len(data) + 3
    assert good
