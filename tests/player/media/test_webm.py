"""WebM segments as DASH has them: what we read must be what FFmpeg reads."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import Container
from player.media import webm
from player.media.demux import open_demuxer, read_whole
from player.media.model import Codec, StreamKind
from player.media.whole_segment import WholeSource
from tests.kit.segments import TricklingSource, encode_audio, encode_video, packets
from tests.kit.waiting import at_most

VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "10"}


def _split(clip: bytes) -> tuple[bytes, bytes]:
    """Initialisation segment and Clusters."""
    place = len(webm.leading_init(WholeSource(clip)))
    return clip[:place], clip[place:]


@pytest.mark.parametrize(
    ("codec", "expected", "options"),
    [
        ("libvpx-vp9", Codec.VP9, VP9),
        ("libvpx", Codec.VP8, {"deadline": "realtime", "cpu-used": "8"}),
        ("libsvtav1", Codec.AV1, {"preset": "12", "g": "10", "svtav1-params": "lp=1"}),
    ],
)
def test_video_is_what_ffmpeg_reads(codec: str, expected: Codec, options: dict[str, str]) -> None:
    clip = encode_video(codec, "webm", options=options)
    init, data = _split(clip)
    demuxer = open_demuxer(Container.WEBM, init)
    config = demuxer.configs[StreamKind.VIDEO]
    assert (config.codec, config.width, config.height) == (expected, 64, 64)
    samples, expected_packets = read_whole(demuxer, data), packets(clip)
    assert [(s.pts_s, s.key, bytes(s.data)) for s in samples] == [
        (pytest.approx(p.pts_s), p.key, p.data) for p in expected_packets
    ]
    assert len(samples) == 30


def test_opus_times_have_the_codec_delay_taken_off() -> None:
    clip = encode_audio("libopus", "webm")
    init, data = _split(clip)
    demuxer = open_demuxer(Container.WEBM, init)
    config = demuxer.configs[StreamKind.AUDIO]
    assert (config.codec, config.sample_rate, config.channels) == (Codec.OPUS, 48000, 2)
    assert config.private.startswith(b"OpusHead")
    samples, expected = read_whole(demuxer, data), packets(clip, "audio")
    assert [bytes(sample.data) for sample in samples] == [packet.data for packet in expected]
    assert [sample.pts_s for sample in samples] == [pytest.approx(packet.pts_s, abs=0.0011) for packet in expected]
    assert samples[0].pts_s == pytest.approx(-312 / 48000)


def test_a_segment_with_its_own_header_and_an_unknown_container() -> None:
    clip = encode_video("libvpx-vp9", "webm", options=VP9)
    demuxer = open_demuxer(Container.UNKNOWN)
    assert demuxer.configs == {}
    assert demuxer.probe(WholeSource(clip))[StreamKind.VIDEO].codec is Codec.VP9
    assert len(read_whole(demuxer, clip)) == 30


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=10))
def test_the_result_does_not_depend_on_the_chunks(chunks: list[int]) -> None:
    init, data = _split(_clip())
    demuxer = open_demuxer(Container.WEBM, init)
    assert list(demuxer.samples(TricklingSource(data, chunks))) == read_whole(demuxer, data)


_kept: list[bytes] = []


def _clip() -> bytes:
    if not _kept:
        _kept.append(encode_video("libvpx-vp9", "webm", frames=10, options=VP9))
    return _kept[0]


def test_a_block_group_without_a_reference_is_a_keyframe() -> None:
    init, _ = _split(_clip())
    block = b"\xa1" + bytes((0x80 | 7,)) + b"\x81" + struct.pack(">hB", 40, 0) + b"abc"
    group = block + b"\x9b\x81\x28"
    cluster = b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" + b"\xe7\x82\x03\xe8"
    cluster += b"\xa0" + bytes((0x80 | len(group),)) + group
    cluster += b"\xa0" + bytes((0x80 | (len(group) + 3),)) + group + b"\xfb\x81\x01"
    samples = read_whole(open_demuxer(Container.WEBM, init), cluster)
    assert [(s.pts_s, s.duration_s, s.key, s.data) for s in samples] == [
        (pytest.approx(1.04), pytest.approx(0.04), key, b"abc") for key in (True, False)
    ]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=8), st.integers(0, 20_000))
def test_damaged_files_are_an_error_and_never_a_crash(places: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(_clip())[:cut]
    for place, value in places:
        if data:
            data[place % len(data)] = value
    try:
        with at_most(1.0):
            samples = read_whole(open_demuxer(Container.WEBM), bytes(data))
    except MediaError as error:
        good = error.code in (ErrorCode.MEDIA_DAMAGED, ErrorCode.MEDIA_UNSUPPORTED, ErrorCode.MEDIA_NO_TRACKS)
    else:
        good = len(samples) <= 30
    assert good
