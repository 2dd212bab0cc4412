"""Subtitles are swept like picture and sound: what is not there, cannot be read or is of another time is red."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from player.manifest.model import Segment
from player.qa.ladder.words import words_of
from tests.kit import media
from ui.cli.main import main

SECONDS = 4
FIRST_TICKS = 126_000  # where FFmpeg's transport streams begin


def words(number: int, *, ticks: int = FIRST_TICKS) -> str:
    at_s = number * SECONDS + 1
    return (
        f"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{ticks}\n\n"
        f"00:00:{at_s:02d}.000 --> 00:00:{at_s + 2:02d}.000\nLine {number}\n"
    )


@pytest.fixture
def title(tmp_path: Path) -> Path:
    """FFmpeg's video of 8 s with a list of subtitles beside it; its folder."""
    source = media.ffmpeg_hls_ts(8).folder / "180p"
    for each in source.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    for number in range(2):
        (tmp_path / f"words{number}.vtt").write_text(words(number))
    listed = "".join(f"#EXTINF:{SECONDS}.000,\nwords{number}.vtt\n" for number in range(2))
    (tmp_path / "words.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:{SECONDS}\n#EXT-X-PLAYLIST-TYPE:VOD\n{listed}#EXT-X-ENDLIST\n"
    )
    (tmp_path / "main.m3u8").write_text(
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",URI="words.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=2000000,SUBTITLES="s"\nindex.m3u8\n'
    )
    return tmp_path


def late(folder: Path) -> None:
    for number in range(2):
        (folder / f"words{number}.vtt").write_text(words(number, ticks=FIRST_TICKS + 900_000))


def short(folder: Path) -> None:
    whole = folder / "words.m3u8"
    whole.write_text(whole.read_text().replace(f"#EXTINF:{SECONDS}.000,\nwords1.vtt\n", ""))


@pytest.mark.parametrize("command", ["ladder", "conform"])
def test_good_subtitles_are_green(title: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["qa", command, str(title / "main.m3u8")]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        (lambda folder: (folder / "words1.vtt").unlink(), "segment.unavailable"),
        (lambda folder: (folder / "words1.vtt").write_text("<html>Not here</html>"), "segment.unreadable"),
        (lambda folder: (folder / "words1.vtt").write_text(""), "segment.unreadable"),
        (late, "segment.time"),
    ],
    ids=["away", "page", "empty", "late"],
)
def test_subtitles_that_no_viewer_sees_are_red(
    harm: Callable[[Path], object], rule: str, title: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    harm(title)
    for command in ("ladder", "conform"):
        assert main(["qa", command, str(title / "main.m3u8")]) == 1
        printed = capsys.readouterr().out
        assert rule in printed
        assert "text/s/English" in printed


def test_a_list_of_subtitles_that_ends_before_its_video_is_told(
    title: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short(title)
    assert main(["qa", "ladder", str(title / "main.m3u8")]) == 0  # within a target duration
    assert "warning ladder.length: text text/s/English: Its list ends at 4.000 s" in capsys.readouterr().out


def test_a_segment_without_words_is_no_fault() -> None:
    facts = words_of(0, Segment(0, 0.0, 4.0, "http://a.test/0.vtt"), None, b"WEBVTT\n\n", 0.0)
    assert (facts.samples, facts.trouble, facts.elsewhere_s) == (0, "", None)


def test_words_whose_place_is_not_known_are_not_judged_by_it() -> None:
    segment = Segment(0, 0.0, 4.0, "http://a.test/0.vtt")
    data = words(20).encode()
    assert words_of(0, segment, None, data, None).elsewhere_s is None
    assert words_of(0, segment, None, data, -1.4).elsewhere_s == pytest.approx(81.0)


def test_an_mpd_whose_media_end_before_it_does_is_red(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = media.ffmpeg_dash(8).folder
    whole = (folder / "manifest.mpd").read_text()
    assert main(["qa", "ladder", str(folder / "manifest.mpd")]) == 0
    for each in folder.iterdir():
        if each.suffix != ".mpd":
            (tmp_path / each.name).symlink_to(each)
    longer = tmp_path / "manifest.mpd"
    longer.write_text(whole.replace('mediaPresentationDuration="PT8.0S"', 'mediaPresentationDuration="PT16.0S"'))
    capsys.readouterr()
    assert main(["qa", "ladder", str(longer)]) == 1
    assert "8.000 s before its period" in capsys.readouterr().out


def test_subtitles_whose_initialisation_is_that_of_audio_are_red() -> None:
    init = media.packager_cenc(8).folder / "audio-en" / "init.mp4"
    text = Segment(0, 0.0, 4.0, "http://a.test/0.mp4")
    facts = words_of(0, text, init.read_bytes(), b"", 0.0)
    assert facts.trouble == "Its initialisation segment has no subtitles."
