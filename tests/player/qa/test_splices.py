"""Advertisements between discontinuities and periods: what one of them lacks is missed, in runs and by the ladder."""

from __future__ import annotations

import re
import shutil
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from player.playback.settings import PlaybackSettings
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from ui.cli.main import main

PICTURE = ("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p", "-g", "50")
SOUND = ("-c:a", "aac", "-b:a", "48k")
FILM, ADVERTISEMENT = "film", "advertisement"


def encoded(folder: Path, name: str, seconds: float, *more: str, audio_s: float, late_s: float = 0.0) -> None:
    """A transport stream; of ``audio_s`` seconds of audio (0: none), which begins ``late_s`` behind the video."""
    command = ["-v", "error", "-nostdin", "-f", "lavfi", "-i", f"testsrc2=s=160x90:r=25:d={seconds}"]
    if audio_s:
        command += ["-itsoffset", str(late_s), "-f", "lavfi", "-i", f"sine=d={audio_s}:r=48000"]
    command += [*PICTURE, *(SOUND if audio_s else ()), "-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod"]
    run_tool(
        [tools.locate().ffmpeg, *command, *more, "-hls_segment_filename", f"{name}%d.ts", f"{name}.m3u8"], cwd=folder
    )


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pieces")
    encoded(folder, FILM, 8, audio_s=8)
    encoded(folder, ADVERTISEMENT, 4, audio_s=4)
    encoded(folder, "silent", 4, audio_s=0)
    encoded(folder, "late", 4, audio_s=3.6, late_s=0.4)
    encoded(folder, "short", 2.4, audio_s=2.4)
    return folder


def playlist(*names: str) -> str:
    """Segments of 4 s; ``|`` is a discontinuity."""
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXT-X-PLAYLIST-TYPE:VOD"]
    for name in names:
        lines += ["#EXT-X-DISCONTINUITY"] if name == "|" else ["#EXTINF:4.000,", f"{name}.ts"]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def continuity(url: str, tmp_path: Path) -> dict[str, Any]:
    report = simulate(
        RunSpec(Labels("splices"), PlaybackSource(url=url), PlaybackSettings(start_s=0.0)), Bench(tmp_path)
    )
    assert report["result"]["status"] == "ended", report["errors"]
    found: dict[str, Any] = report["continuity"]
    return found


def laddered(url: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    code = main(["qa", "ladder", url, "--no-decode", *more])
    return code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "least_s"),
    [
        (("film0", "|", "advertisement0", "|", "film1"), 0.0),
        (("silent0", "|", "silent0"), 0.0),  # nobody says that there is any
        (("film0", "|", "silent0", "|", "film1"), 3.9),
        (("silent0", "|", "film0", "film1"), 3.9),
        (("film0", "film1", "|", "silent0"), 3.9),
        (("film0", "|", "late0", "|", "film1"), 0.3),
        (("film0", "|", "short0", "|", "film1"), 1.5),
    ],
)
def test_what_an_advertisement_lacks_is_missed(
    names: Sequence[str], least_s: float, pieces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pieces / "spliced.m3u8").write_text(playlist(*names), encoding="utf-8")
    with FileServer(pieces) as server:
        lost = continuity(server.url("spliced.m3u8"), tmp_path)["lost_s"]
        code, told = laddered(server.url("spliced.m3u8"), capsys)
    assert least_s <= lost["audio"] <= least_s + 0.3, lost
    assert code == bool(least_s), told


def test_audio_that_is_declared_and_in_no_segment_is_lost(pieces: Path, tmp_path: Path) -> None:
    (pieces / "v.m3u8").write_text(playlist("silent0"), encoding="utf-8")
    rung = '#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.42c00b{}"\nv.m3u8\n'
    (pieces / "told.m3u8").write_text("#EXTM3U\n" + rung.format(",mp4a.40.2"), encoding="utf-8")
    (pieces / "untold.m3u8").write_text("#EXTM3U\n" + rung.format(""), encoding="utf-8")
    with FileServer(pieces) as server:
        assert continuity(server.url("told.m3u8"), tmp_path)["lost_s"]["audio"] == pytest.approx(4, abs=0.1)
        assert continuity(server.url("untold.m3u8"), tmp_path)["lost_s"]["audio"] == 0


def moved(data: bytes, seconds: float, timescale: int) -> bytes:
    """A fragment whose decode time is later."""
    at = data.index(b"tfdt") + 4
    form, first = (">Q", at + 4) if data[at] else (">I", at + 4)
    time = struct.unpack_from(form, data, first)[0] + round(seconds * timescale)
    return data[:first] + struct.pack(form, time) + data[first + struct.calcsize(form) :]


def test_audio_that_begins_behind_the_first_segments_is_lost_until_then(tmp_path: Path) -> None:
    film = shutil.copytree(media.ffmpeg_dash().folder, tmp_path / "film")
    for path in (*film.glob("seg-3-*.m4s"), *film.glob("seg-4-*.m4s")):
        path.write_bytes(moved(path.read_bytes(), 10, 48000))
    with FileServer(film) as server:
        found = continuity(server.url("master.m3u8"), tmp_path)
    assert found["lost_s"]["audio"] == pytest.approx(10, abs=0.2), found


def halves(manifest: str) -> str:
    """The MPD of 24 s as two periods of 12 s, of which the second lists the rest and lacks its offset."""
    start, end = manifest.index("<Period"), manifest.index("</Period>") + len("</Period>")
    body = re.sub(r"<Period[^>]*>", "", manifest[start:end])
    first = re.sub(r'd="51200" r="5"', 'd="51200" r="2"', body)
    second = re.sub(r't="0" d="51200" r="5"', 't="153600" d="51200" r="2"', body).replace(
        'startNumber="1"', 'startNumber="4"'
    )
    text_or_sound = r'(?s)<AdaptationSet id="[12]" contentType="audio".*?</AdaptationSet>'
    periods = ('<Period id="1" duration="PT12S">' + first, '<Period id="2">' + second)
    return manifest[:start] + "".join(re.sub(text_or_sound, "", each) for each in periods) + manifest[end:]


def test_a_period_none_of_whose_segments_is_of_its_time_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = shutil.copytree(media.ffmpeg_dash().folder, tmp_path / "film")
    manifest = film / "manifest.mpd"
    text = halves(manifest.read_text(encoding="utf-8"))
    right = text.replace('timescale="12800"', 'timescale="12800" presentationTimeOffset="153600"')
    right = text[: text.index('<Period id="2"')] + right[right.index('<Period id="2"') :]
    for told, lost_s in ((right, 0.0), (text, 12.0)):
        manifest.write_text(told, encoding="utf-8")
        with FileServer(film) as server:
            found = continuity(server.url("manifest.mpd"), tmp_path)
            code, out = laddered(server.url("manifest.mpd"), capsys)
        assert (found["lost_s"]["video"], code) == (pytest.approx(lost_s, abs=0.1), bool(lost_s)), out


def test_a_period_without_the_audio_that_others_have_and_one_too_late_are_errors_of_the_ladder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = shutil.copytree(media.ffmpeg_dash().folder, tmp_path / "film")
    manifest = film / "manifest.mpd"
    plain = manifest.read_text(encoding="utf-8")
    start, end = plain.index("<Period"), plain.index("</Period>") + len("</Period>")
    whole = re.sub(r"<Period[^>]*>", "", plain[start:end])
    no_audio = re.sub(r'(?s)<AdaptationSet id="[12]" contentType="audio".*?</AdaptationSet>', "", whole)

    def told(second: str, at_s: int) -> tuple[int, str]:
        periods = f'<Period id="1" duration="PT24S">{whole}<Period id="2" start="PT{at_s}S">{second}'
        text = plain[:start] + periods + plain[end:]
        manifest.write_text(re.sub(r'mediaPresentationDuration="[^"]*"', 'mediaPresentationDuration="PT60S"', text))
        text = manifest.read_text(encoding="utf-8").replace("PT60S", f"PT{at_s + 24}S")
        manifest.write_text(text, encoding="utf-8")
        with FileServer(film) as server:
            return laddered(server.url("manifest.mpd"), capsys, "--segments", "1")

    assert told(whole, 24)[0] == 0
    code, out = told(no_audio, 24)
    assert (code, "There is no audio in this period, and others have it." in out) == (1, True), out
    code, out = told(whole, 26)
    assert (code, "Nothing is between the period before it and this one for 2.000 s." in out) == (1, True), out


def test_an_mpd_that_ends_before_its_media_is_red(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, folder in (("timeline", media.ffmpeg_dash().folder), ("sidx", media.dash_on_demand().folder)):
        film = shutil.copytree(folder, tmp_path / name)
        manifest = film / "manifest.mpd"
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(re.sub(r'(mediaPresentationDuration)="[^"]*"', r'\1="PT12S"', text), encoding="utf-8")
        with FileServer(film) as server:
            found = continuity(server.url("manifest.mpd"), tmp_path)
            code, out = laddered(server.url("manifest.mpd"), capsys)
        assert (found["cut_playlists"], code) == (1, 1), out
        assert re.search(r"It lists \d+\.\d+ s of media behind the end of its period, which nobody plays.", out), out


@pytest.mark.parametrize(
    ("medium", "timescale", "offset", "red"),
    [
        ("audio", 48000, 14400, True),  # early by 0.3 s
        ("video", 12800, 6400, True),  # the audio is late by 0.5 s
        ("video", 12800, 1024, False),  # two pictures, as where they are reordered
    ],
)
def test_an_offset_that_puts_audio_apart_from_video_with_which_it_begins_is_red(
    medium: str, timescale: int, offset: int, red: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = shutil.copytree(media.ffmpeg_dash().folder, tmp_path / medium)
    manifest = film / "manifest.mpd"
    text, scale = manifest.read_text(encoding="utf-8"), f'timescale="{timescale}"'
    manifest.write_text(text.replace(scale, f'{scale} presentationTimeOffset="{offset}"'), encoding="utf-8")
    with FileServer(film) as server:
        lost = continuity(server.url("manifest.mpd"), tmp_path)["lost_s"]
        code, out = laddered(server.url("manifest.mpd"), capsys, "--segments", "1")
    assert (lost["audio"] > 0.2, code) == (red, int(red)), (lost, out)
