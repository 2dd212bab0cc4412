"""Streams whose tracks do not start together, and those in formats that nothing here reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from player.playback.settings import PlaybackSettings
from player.qa.explanations import why
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.qa.thresholds import metrics_of
from player.title.opening import PlaybackSource
from tests.kit.fileserver import FileServer
from tests.kit.reports import report
from ui.cli.main import main

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-fps_mode", "passthrough")


def played(folder: Path, *codecs: str, video_s: float = 0.0, audio_s: float = 0.0) -> dict[str, Any]:
    """Encode eight seconds whose tracks start at these times, and play them in virtual time."""
    command: list[object] = ["-v", "error", "-nostdin", "-itsoffset", video_s]
    command += ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=8", "-itsoffset", audio_s]
    command += ["-f", "lavfi", "-i", "sine=d=8:r=48000", *codecs, "-g", 25, "-strict", -2]
    name = "v%v.m3u8" if "-var_stream_map" in codecs else "v.m3u8"
    command += ["-f", "hls", "-hls_time", 4, "-hls_playlist_type", "vod", name]
    run_tool([tools.locate().ffmpeg, *map(str, command)], cwd=folder)
    with FileServer(folder) as server:
        source = PlaybackSource(url=server.url("v.m3u8"))
        return simulate(RunSpec(Labels("stream"), source, PlaybackSettings(start_s=0.0)), Bench(folder))


@pytest.mark.parametrize("codec", ["mpeg2video", "mpeg4"])
def test_video_that_nothing_here_reads_is_unsupported_and_not_damaged(codec: str, tmp_path: Path) -> None:
    report = played(tmp_path, "-c:v", codec, "-c:a", "aac")
    (error,) = report["errors"]
    assert (error["code"], report["result"]["status"]) == ("media.unsupported", "failed")
    assert error["sentence"] == f"The video is in a format that is not supported: {codec}."


def test_audio_that_nothing_here_reads_is_lost_and_the_video_plays(tmp_path: Path) -> None:
    report = played(tmp_path, *X264, "-c:a", "dca")
    assert report["result"]["status"] == "ended"
    assert report["continuity"]["lost_s"] == {"video": 0.0, "audio": 8.0, "subtitles": 0.0}


def test_audio_before_the_first_picture_is_told_and_no_video_is_lost(tmp_path: Path) -> None:
    """The audio ends a second before the video, which is lost at the end."""
    report = played(tmp_path, *X264, "-c:a", "aac", video_s=1.0)
    found = report["continuity"]
    assert found["lost_s"]["video"] == 0
    rows = [(row["media"], row["end_s"]) for row in found["breaks"] if row["kind"] == "early"]
    assert rows == [("audio", 0.0)]
    (told,) = [each for each in why(report) if "before the first picture" in each]
    assert "The audio from -1.0 to 0.0 s of the title stands before the first picture, and is not played" in told


APART = ("-var_stream_map", "v:0,agroup:a a:0,agroup:a,default:yes", "-master_pl_name", "v.m3u8")


@pytest.mark.parametrize(("late_s", "code"), [(1.0, 1), (0.4, 1), (0.1, 0)])
@pytest.mark.parametrize("form", [(), ("-hls_segment_type", "fmp4"), APART], ids=["ts", "fmp4", "apart"])
def test_audio_that_starts_behind_the_first_picture_is_lost(
    form: Sequence[str], late_s: float, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = played(tmp_path, *X264, "-c:a", "aac", *form, audio_s=late_s)
    assert report["continuity"]["lost_s"]["audio"] == pytest.approx(late_s * code, abs=0.05)
    assert report["continuity"]["lost_s"]["video"] == 0
    assert main(["qa", "ladder", str(tmp_path / "v.m3u8")]) == code, capsys.readouterr().out


def lost(media: str, start_s: float, end_s: float) -> dict[str, Any]:
    return {"kind": "lost", "media": media, "start_s": start_s, "end_s": end_s}


@pytest.mark.parametrize(
    ("breaks", "seconds"),
    [
        ([lost("video", 4.0, 8.0), lost("audio", 4.0, 8.0)], 4.0),
        ([lost("video", 4.0, 8.0), lost("audio", 6.0, 9.0)], 5.0),
        ([lost("video", 4.0, 8.0), lost("audio", 12.0, 13.0)], 5.0),
        ([lost("video", 4.0, 8.0), {**lost("audio", 6.0, 9.0), "kind": "early"}], 4.0),
    ],
)
def test_what_is_lost_of_several_media_at_once_counts_once(breaks: list[dict[str, Any]], seconds: float) -> None:
    told = report()
    by_media = {
        media: sum(row["end_s"] - row["start_s"] for row in breaks if (row["media"], row["kind"]) == (media, "lost"))
        for media in ("video", "audio", "subtitles")
    }
    told["continuity"] = {**told["continuity"], "lost_s": by_media, "breaks": breaks}
    figures = metrics_of(told)
    assert figures["lost_s"] == seconds
    assert figures["lost_s.video"] == 4.0
