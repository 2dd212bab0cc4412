"""Bad input gets one clear sentence; good input is described as it is shown."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest

from backend_stub.encoding.errors import BadInputError
from backend_stub.encoding.probe import probe
from tests.backend_stub.encoding.conftest import ffmpeg
from tests.kit import media


def refusal(path: Path) -> str:
    with pytest.raises(BadInputError) as caught:
        probe(path)
    sentence = caught.value.sentence
    assert sentence.endswith(".")
    assert path.name in sentence
    assert "\n" not in sentence
    return sentence


def test_a_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.mp4") == "none.mp4 does not exist."


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert refusal(tmp_path / "empty.mp4") == "empty.mp4 is empty."


def test_a_pipe_that_nobody_fills_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert refusal(tmp_path / "pipe.mp4") == "pipe.mp4 is a pipe or a device, not a file."


@pytest.mark.parametrize("name", ["notes.txt", "notes.mp4", "notes.nfo"])
def test_text_is_not_media(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Dear diary, today I watched no film at all.\n" * 200)
    assert "is not a media file" in refusal(tmp_path / name)


def test_a_playlist_is_not_a_film(tmp_path: Path) -> None:
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:4,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    assert "is not a media file" in refusal(tmp_path / "list.m3u8")


def test_noise_is_not_media(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(bytes((i * 7919) % 251 for i in range(50_000)))
    assert "is not a media file" in refusal(tmp_path / "noise.mp4")


def test_sound_alone(tmp_path: Path) -> None:
    assert refusal(media.elementary(8) / "en.m4a") == "en.m4a has no video, only sound."


def test_sound_with_a_cover_picture_is_still_sound(tmp_path: Path) -> None:
    cover, song = tmp_path / "cover.jpg", tmp_path / "song.m4a"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-frames:v", 1, "-pix_fmt", "yuvj420p", "-f", "mjpeg", cover)
    covered = ["-map", 0, "-map", 1, "-c", "copy", "-disposition:v:0", "attached_pic"]
    ffmpeg("-i", media.elementary(8) / "en.m4a", "-i", cover, *covered, song)
    assert "only sound" in refusal(song)


def test_a_still_picture(tmp_path: Path) -> None:
    picture = tmp_path / "still.jpg"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-frames:v", 1, "-pix_fmt", "yuvj420p", "-f", "mjpeg", picture
    )
    assert "still picture" in refusal(picture)


def test_a_file_without_its_index(tmp_path: Path) -> None:
    whole = (media.elementary(8) / "v0.mp4").read_bytes()  # its moov stands at the end
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    assert "beginning or end is missing" in refusal(tmp_path / "half.mp4")


def test_a_film_is_described(barcoded: Path) -> None:
    film = probe(barcoded)
    assert (film.width, film.height, film.fps) == (640, 360, Fraction(25))
    assert film.duration_s == pytest.approx(8.0, abs=0.05)
    assert film.bitrate is not None
    assert 200_000 < film.bitrate < 1_000_000
    assert [(track.language, track.channels) for track in film.audio] == [("eng", 1), ("fra", 1)]


def test_a_film_that_lacks_a_frame_keeps_its_rate(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    pictures = ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=4", "-vf", "select='not(eq(n,40))'"]
    ffmpeg(*pictures, "-fps_mode", "vfr", "-preset", "ultrafast", film)
    assert probe(film).fps == 25


def test_the_mean_of_a_rate_that_changes_is_a_fraction_of_small_numbers(tmp_path: Path) -> None:
    """Files whose clock ticks thirteen million times a second began before zero, and could not be packaged."""
    film = tmp_path / "film.mp4"
    pictures = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=64x36:r=30:d=4",
        "-vf",
        "settb=1/90000,setpts=3597*N+200*mod(N*N\\,7)",
    ]
    ffmpeg(
        *pictures,
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "1/90000",
        "-video_track_timescale",
        "90000",
        "-preset",
        "ultrafast",
        film,
    )
    rate = probe(film).fps
    assert 24 < rate < 26
    assert rate.denominator <= 1001


def test_a_turned_film_has_its_sides_swapped(barcoded: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", 90, "-i", barcoded, "-c", "copy", turned)
    film = probe(turned)
    assert (film.width, film.height) == (360, 640)


def test_pixels_that_are_not_square(barcoded: Path, tmp_path: Path) -> None:
    wide = tmp_path / "wide.mkv"
    ffmpeg("-i", barcoded, "-map", "0:v", "-c", "copy", "-aspect", "2.39", wide)
    film = probe(wide)
    assert film.height == 360
    assert film.width == pytest.approx(860, abs=2)


def test_a_bare_elementary_stream_has_its_frames_counted(tmp_path: Path) -> None:
    bare = tmp_path / "bare.h264"
    ffmpeg("-i", media.elementary(8) / "v0.mp4", "-c", "copy", bare)
    assert probe(bare).duration_s == pytest.approx(8.0, abs=0.1)


def test_a_name_that_looks_like_an_address(barcoded: Path, tmp_path: Path) -> None:
    odd = tmp_path / "http:film, 50%d.mp4"
    odd.write_bytes(barcoded.read_bytes())
    assert probe(odd).height == 360


def test_how_far_the_sound_is_from_the_pictures(barcoded: Path, tmp_path: Path) -> None:
    late = tmp_path / "late.mkv"
    ffmpeg("-itsoffset", "0.3", "-i", barcoded, "-i", barcoded, "-map", "1:v", "-map", "0:a:0", "-c", "copy", late)
    (track,) = probe(late).audio
    assert track.offset_s == pytest.approx(0.3, abs=0.05)
