"""What is damaged is found before it is published."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from backend_stub.encoding.errors import DamagedOutputError
from backend_stub.encoding.listing import read_dash, read_hls
from backend_stub.encoding.verify import Expected, verify_variant
from backend_stub.services.publishing import PublishedTitle

HEIGHTS = (240, 360)


@pytest.fixture
def expected(finished: PublishedTitle) -> Expected:
    return Expected(8.0, HEIGHTS, audio_tracks=2, sheets=1)


@pytest.fixture
def variant(finished: PublishedTitle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished.folder / "clear", tmp_path / "clear"))


def test_a_good_title_passes(finished: PublishedTitle, expected: Expected) -> None:
    assert verify_variant(finished.folder / "clear", expected).segments == 4 * 2 + 1  # a sheet of small pictures
    kids = [key.kid for key in finished.keys]
    sealed = Expected(8.0, HEIGHTS, audio_tracks=2, kids=kids, sheets=1)
    assert verify_variant(finished.folder / "encrypted", sealed).renditions == 4 + 1


def test_dash_and_hls_list_the_same_segments(finished: PublishedTitle) -> None:
    for name in ("clear", "encrypted"):
        dash = read_dash(finished.folder / name / "manifest.mpd")
        hls = read_hls(finished.folder / name / "master.m3u8")
        assert sorted(len(listing.segments) for listing in dash) == [1, 2, 2, 2, 2]
        paths = sorted(segment.path for listing in dash for segment in listing.segments)
        assert paths == sorted(segment.path for listing in hls for segment in listing.segments)
        assert all((finished.folder / name / path).is_file() for path in paths)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip_inside_a_picture(path: Path) -> None:
    data = bytearray(path.read_bytes())
    payload = data.index(b"mdat") + 4
    data[payload : payload + 4] = b"\xff\xff\xff\xff"  # the length of the first NAL unit
    path.write_bytes(data)


def append_rubbish(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0\0\0")


DAMAGE: list[tuple[str, str, Callable[[Path], None]]] = [
    ("video/240p/00002.m4s", "missing", Path.unlink),
    ("video/240p/init.mp4", "missing", Path.unlink),
    ("audio/fra/00001.m4s", "missing", Path.unlink),
    ("video/360p/00001.m4s", "damaged", cut_short),
    ("video/360p/00001.m4s", "damaged", flip_inside_a_picture),
    ("video/360p/00002.m4s", "damaged", append_rubbish),
    ("audio/eng/00002.m4s", "damaged", cut_short),
    ("video/240p/init.mp4", "damaged", cut_short),
]


@pytest.mark.parametrize(("name", "word", "harm"), DAMAGE)
def test_a_harmed_file_is_named(
    variant: Path, expected: Expected, name: str, word: str, harm: Callable[[Path], None]
) -> None:
    harm(variant / name)
    with pytest.raises(DamagedOutputError, match=word) as caught:
        verify_variant(variant, expected)
    assert name in caught.value.sentence


def test_segments_in_the_wrong_place(variant: Path, expected: Expected) -> None:
    folder = variant / "video" / "240p"
    (folder / "00001.m4s").write_bytes((folder / "00002.m4s").read_bytes())
    with pytest.raises(DamagedOutputError, match=r"00001\.m4s lies at 4\.000 s"):
        verify_variant(variant, expected)


def test_a_segment_that_does_not_begin_with_a_keyframe(variant: Path, expected: Expected) -> None:
    segment = variant / "video" / "240p" / "00002.m4s"
    data = bytearray(segment.read_bytes())
    header = data.index(b"mdat") + 4
    at, length = header, int.from_bytes(data[header : header + 4])
    while data[at + 4] & 0x1F != 5:
        at += 4 + length
        length = int.from_bytes(data[at : at + 4])
    data[at + 4] = data[at + 4] & 0xE0 | 1  # an ordinary slice instead of IDR
    segment.write_bytes(data)
    with pytest.raises(DamagedOutputError, match="not a keyframe"):
        verify_variant(variant, expected)


def test_manifests_that_disagree(variant: Path, expected: Expected) -> None:
    playlist = variant / "video" / "240p" / "index.m3u8"
    playlist.write_text(playlist.read_text().replace("00002.m4s", "00003.m4s"))
    with pytest.raises(DamagedOutputError, match="list different segments"):
        verify_variant(variant, expected)


@pytest.mark.parametrize("text", ["", "<html></html>", "<MPD", "http://127.0.0.1:9/x.mpd"])
def test_a_manifest_that_is_none(variant: Path, expected: Expected, text: str) -> None:
    (variant / "manifest.mpd").write_text(text)
    with pytest.raises(DamagedOutputError, match=r"manifest\.mpd"):
        verify_variant(variant, expected)


def test_a_length_other_than_the_sources(variant: Path) -> None:
    with pytest.raises(DamagedOutputError, match=r"last 8\.00 s, the source 8\.30 s"):
        verify_variant(variant, Expected(8.3, HEIGHTS, audio_tracks=2, sheets=1))


def test_a_quality_or_a_sound_track_too_few(variant: Path) -> None:
    with pytest.raises(DamagedOutputError, match="2 sound tracks"):
        verify_variant(variant, Expected(8.0, (240, 360, 480), audio_tracks=2, sheets=1))
    with pytest.raises(DamagedOutputError, match="2 sound tracks"):
        verify_variant(variant, Expected(8.0, HEIGHTS, audio_tracks=3, sheets=1))


def test_encrypted_as_it_should_be(finished: PublishedTitle, expected: Expected) -> None:
    with pytest.raises(DamagedOutputError, match="encrypted in the clear variant"):
        verify_variant(finished.folder / "encrypted", expected)
    with pytest.raises(DamagedOutputError, match="not encrypted under one of the title's keys"):
        verify_variant(finished.folder / "clear", Expected(8.0, HEIGHTS, 2, kids=[bytes(16)], sheets=1))
