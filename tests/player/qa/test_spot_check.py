"""What no decoder takes is an error in virtual time too, though hardly anything is decoded there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from player.media.model import Codec
from player.playback.settings import PlaybackSettings
from player.qa.explanations import why
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.qa.simulation.spot_check import EVERY_S, SpotCheck, Stream
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer

H264 = Stream(Codec.H264)
SLICE = b"\0\0\1\x65 of a keyframe"


def played(folder: Path, tmp_path: Path) -> dict[str, Any]:
    with FileServer(folder) as server:
        source = PlaybackSource(url=server.url("manifest.mpd"))
        report = simulate(
            RunSpec(Labels("looked at"), source, PlaybackSettings(start_s=0.0, rung=1)), Bench(tmp_path)
        )
    assert report["result"]["status"] == "ended", report["errors"]
    return report


def of_another_title(folder: Path) -> None:
    """Packager wrote the initialisation segment of another rung."""
    shutil.copyfile(folder / "video-0" / "init.mp4", folder / "video-1" / "init.mp4")


def encrypted(folder: Path) -> None:
    """One segment, which was packed for another protection."""
    shutil.copyfile(media.packager_cbcs().folder / "video-1" / "3.m4s", folder / "video-1" / "3.m4s")


@pytest.mark.parametrize(("accident", "from_s"), [(of_another_title, 0.0), (encrypted, 8.0)])
def test_what_no_decoder_takes_is_an_error_in_virtual_time(
    accident: Callable[[Path], None], from_s: float, tmp_path: Path
) -> None:
    folder = shutil.copytree(media.packager_clear().folder, tmp_path / "film")
    whole = played(folder, tmp_path)["continuity"]
    accident(folder)
    report = played(folder, tmp_path)
    found = report["continuity"]
    assert (whole["decode_errors"], whole["complaints"]) == (0, [])
    assert found["decode_errors"] > 0
    assert from_s - 0.1 <= found["complaints"][0]["end_s"] <= from_s + 0.6, found["complaints"]
    assert any("The decoders complained" in each for each in why(report)), why(report)


def test_looks_are_rare_and_what_is_read_again_counts_once() -> None:
    check = SpotCheck()
    for at_s in (0.0, 0.5, EVERY_S, 0.0, EVERY_S):
        check.take(1, H264, at_s, SLICE, key=True)
    check.take(2, H264, 0.0, SLICE, key=False)
    assert (check.errors(0.0), check.errors(60.0)) == (1, 2)


def test_what_needs_more_than_one_sample_is_not_judged() -> None:
    check = SpotCheck()
    for stream in (Stream(Codec.H264), Stream(Codec.HEVC), Stream(Codec.AAC), Stream(Codec.MP3), Stream(Codec.OPUS)):
        check.take(1, stream, 0.0, b"\0\0\1\2 no keyframe", key=True)
        check = SpotCheck()
    assert check.errors(60.0) == 0
