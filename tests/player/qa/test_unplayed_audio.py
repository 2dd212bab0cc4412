"""Several audio tracks in the segments of a video: a run in virtual time judges those that it does not play too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from player.media import ts
from player.playback.settings import PlaybackSettings
from player.qa.explanations import why
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit.fileserver import FileServer

CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-bf", "2", "-g", "100", "-c:a", "aac")


def made(folder: Path, container: str, second: str = "anull") -> Path:
    """Three segments of 4 s with two audio tracks, the ``second`` one filtered."""
    sources = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=12", "-f", "lavfi", "-i", "sine=d=12:r=48000")
    tracks = f"[1:a]asplit=2[a][b];[b]{second}[c]"
    command = ["-v", "error", "-nostdin", *sources, "-filter_complex", tracks, "-map", "0:v", "-map", "[a]"]
    command += ["-map", "[c]", *CODED, "-b:a", "32k", "-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod"]
    run_tool([tools.locate().ffmpeg, *command, "-hls_segment_type", container, "v.m3u8"], cwd=folder)
    return folder


def played(folder: Path, tmp_path: Path) -> dict[str, Any]:
    with FileServer(folder) as server:
        source = PlaybackSource(url=server.url("v.m3u8"))
        report = simulate(RunSpec(Labels("two tracks"), source, PlaybackSettings(start_s=0.0)), Bench(tmp_path))
    assert report["result"]["status"] == "ended", report["errors"]
    return report


@pytest.mark.parametrize("container", ["mpegts", "fmp4"])
@pytest.mark.parametrize(
    ("second", "from_s", "until_s"),
    [
        ("anull", 0.0, 0.0),
        ("aselect='not(between(t,4,8.1))'", 4.0, 8.1),
        ("aselect='not(between(t,5,6))'", 5.0, 6.0),
        ("aselect='not(lt(t,1.5))'", 0.0, 1.5),
        ("aselect='not(gt(t,10))'", 10.0, 12.0),
    ],
    ids=["nothing", "a segment", "a second", "the beginning", "the end"],
)
def test_what_an_audio_track_lacks_that_is_not_played_is_lost(
    second: str, from_s: float, until_s: float, container: str, tmp_path: Path
) -> None:
    report = played(made(tmp_path, container, second), tmp_path / "profile")
    found = report["continuity"]
    assert found["decode_errors"] == found["lost_s"]["video"] == 0
    assert found["lost_s"]["audio"] == pytest.approx(until_s - from_s, abs=0.2), found["breaks"]
    assert found["repeated_s"] == {"video": 0.0, "audio": 0.0, "subtitles": 0.0}
    assert {each["unplayed"] for each in found["breaks"]} == ({2} if until_s else set())
    told = any("The audio track 2, which was not played, from" in each for each in why(report))
    assert told == bool(until_s), why(report)


def damaged(segment: Path) -> None:
    """Other bytes in the frames of the second audio track of a transport stream, whose headers are left alone."""
    data = bytearray(segment.read_bytes())
    pid = [number for number, kind in ts.streams(bytes(data)).items() if kind == 0x0F][1]
    for place in ts.positions(bytes(data), pid):
        data[place + 60 : place + 180] = bytes(each ^ 0x5A for each in data[place + 60 : place + 180])
    segment.write_bytes(data)


def test_damage_in_an_audio_track_that_is_not_played_is_seen(tmp_path: Path) -> None:
    folder = made(tmp_path, "mpegts")
    damaged(folder / "v1.ts")
    found = played(folder, tmp_path / "profile")["continuity"]
    lost = [each for each in found["breaks"] if each.get("unplayed") == 2]
    assert found["decode_errors"] or lost, found
