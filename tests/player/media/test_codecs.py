"""AAC configurations, ADTS headers, parameter sets and Annex B, and telling containers apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import Container
from player.media.aac import AudioSpecificConfig, make_asc, parse_adts, parse_asc
from player.media.boxes import find, walk
from player.media.demux import open_demuxer
from player.media.model import Codec
from player.media.nal import NalConfig, parse_avcc, to_annex_b
from player.media.sniff import sniff
from tests.kit import media
from tests.kit.segments import box, encode_audio, encode_video

START = b"\0\0\0\1"
SPS, PPS, AUD, IDR, SLICE = b"\x67sps", b"\x68pps", b"\x09\xf0", b"\x65idr", b"\x41slice"
CONFIG = NalConfig(Codec.H264, 4, START + SPS + START + PPS)


@pytest.mark.parametrize(
    ("asc", "expected"),
    [
        ("1190", AudioSpecificConfig(2, 48000, 2, 48000)),
        ("1188", AudioSpecificConfig(2, 48000, 1, 48000)),
        ("11b0", AudioSpecificConfig(2, 48000, 6, 48000)),
        ("131056e59880", AudioSpecificConfig(2, 24000, 2, 48000)),  # backward compatible SBR
        ("131056e598", AudioSpecificConfig(2, 24000, 2, 48000)),  # the same in as few bytes as it takes
        ("131056e500", AudioSpecificConfig(2, 24000, 2, 24000)),  # there is none, it says
        ("2b118800", AudioSpecificConfig(5, 24000, 2, 48000)),  # explicit SBR
        ("eb098800", AudioSpecificConfig(29, 24000, 2, 48000)),  # explicit PS: mono core, stereo out
        ("17801f4010", AudioSpecificConfig(2, 16000, 2, 16000)),  # rate spelled out
    ],
)
def test_audio_specific_configs(asc: str, expected: AudioSpecificConfig) -> None:
    assert parse_asc(bytes.fromhex(asc)) == expected


@given(st.binary(max_size=12))
def test_any_bytes_are_a_config_or_damaged(data: bytes) -> None:
    try:
        good = parse_asc(data).sample_rate > 0
    except MediaError as error:
        good = error.code is ErrorCode.MEDIA_DAMAGED
    assert good


def test_adts_header_implies_its_config() -> None:
    header = parse_adts(encode_audio("aac", "adts", seconds=0.1, rate=32_000, layout="mono"))
    assert header is not None
    assert (header.header_size, header.asc, header.sample_rate, header.channels) == (7, make_asc(2, 5, 1), 32000, 1)
    assert parse_adts(b"\xff\xf1\x4c") is None
    assert parse_adts(b"not an adts header") is None


def _prefixed(*units: bytes, size: int = 4) -> bytearray:
    return bytearray(b"".join(len(unit).to_bytes(size, "big") + unit for unit in units))


@pytest.mark.parametrize("size", [1, 2, 4])
def test_parameter_sets_stand_before_keyframes_and_behind_the_delimiter(size: int) -> None:
    config = NalConfig(Codec.H264, size, CONFIG.parameter_sets)
    assert to_annex_b(_prefixed(SLICE, size=size), config, key=False) == START + SLICE
    with_sets = START + SPS + START + PPS + START + IDR
    assert to_annex_b(_prefixed(IDR, size=size), config, key=True) == with_sets
    assert to_annex_b(_prefixed(AUD, IDR, size=size), config, key=True) == START + AUD + with_sets


def test_in_band_parameter_sets_are_not_doubled() -> None:
    other = b"\x67other"
    data = _prefixed(AUD, other, PPS, IDR)
    assert to_annex_b(data, CONFIG, key=True) == START + AUD + START + other + START + PPS + START + IDR
    hevc = NalConfig(Codec.HEVC, 4, START + b"\x42\1sps")
    own = b"\x42\1own"
    assert to_annex_b(_prefixed(own, b"\x26\1idr"), hevc, key=True) == START + own + START + b"\x26\1idr"
    assert to_annex_b(_prefixed(b"\x26\1idr"), hevc, key=True) == START + b"\x42\1sps" + START + b"\x26\1idr"


def test_four_byte_lengths_are_changed_in_place() -> None:
    data = _prefixed(SLICE, SLICE)
    assert to_annex_b(data, CONFIG, key=False) is data


@pytest.mark.parametrize("data", [b"\0\0\0\x09short", b"\0\0\0", b"\xff\xff\xff\xffx"])
def test_lengths_that_do_not_add_up_are_damaged(data: bytes) -> None:
    for size in (4, 2):
        with pytest.raises(MediaError) as caught:
            to_annex_b(bytearray(data[4 - size :]), NalConfig(Codec.H264, size), key=False)
        assert caught.value.code is ErrorCode.MEDIA_DAMAGED


@pytest.mark.parametrize("record", [b"", b"\1\x64\0\x1f\xff\xe1\0\xff", b"\1\x64\0\x1f\xff\xe1\0\2ab\1"])
def test_cut_parameter_sets_are_damaged(record: bytes) -> None:
    with pytest.raises(MediaError):
        parse_avcc(record)


def test_box_walking_is_bounded() -> None:
    tree = box(b"aaaa", box(b"bbbb", b"x"), box(b"cccc", b"yz"))
    found = find(tree, 0, len(tree), b"aaaa", b"cccc")
    assert found is not None
    assert tree[found.body : found.end] == b"yz"
    assert find(tree, 0, len(tree), b"aaaa", b"dddd") is None
    for data in (box(b"free") * 5000, b"\0\0\0\x20free", b"\0\0\0\4free", b"\0\0\0\1free" + bytes(8)):
        with pytest.raises(MediaError):
            list(walk(data, 0, len(data)))


def test_sniffing_every_container() -> None:
    fmp4_title, ts_title = media.ffmpeg_dash(8), media.ffmpeg_hls_ts(8)
    heads = {
        (fmp4_title.folder / "init-0.mp4").read_bytes(): Container.FMP4,
        (fmp4_title.folder / "seg-0-001.m4s").read_bytes(): Container.FMP4,
        next((ts_title.folder / "180p").glob("*.ts")).read_bytes(): Container.TS,
        encode_video("libvpx-vp9", "webm", frames=2): Container.WEBM,
        encode_audio("aac", "adts", seconds=0.1): Container.PACKED_AUDIO,
        encode_audio("ac3", "ac3", seconds=0.1): Container.PACKED_AUDIO,
        b"ID3\4\0\0\0\0\0\0": Container.PACKED_AUDIO,
        b"\xef\xbb\xbfWEBVTT\n\n": Container.WEBVTT,
        b'<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml">': Container.TTML,
        b"\xff\xd8\xff\xe0": Container.IMAGE,
        b"<html><head></head>": Container.UNKNOWN,
        b"": Container.UNKNOWN,
    }
    for head, container in heads.items():
        assert sniff(head[:1024]) is container, head[:16]


@pytest.mark.parametrize("container", [Container.WEBVTT, Container.IMAGE, Container.TTML])
def test_what_holds_neither_picture_nor_sound_is_unsupported(container: Container) -> None:
    with pytest.raises(MediaError) as caught:
        open_demuxer(container)
    assert caught.value.code is ErrorCode.MEDIA_UNSUPPORTED
