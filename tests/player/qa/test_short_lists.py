"""Films of which one quality's list ends long before the rest: they are played to their end, and never pass."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from player.playback.settings import PlaybackSettings
from player.qa.explanations import why
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.qa.thresholds import metrics_of
from player.title.opening import PlaybackSource
from tests.kit import media as media_kit
from tests.kit.fileserver import FileServer

_LAST_TWO = re.compile(r"(#EXTINF[^#]*(?:#EXT-X-PROG[^\n]*\n)?[^#\n]*\n){2}(?=#EXT-X-ENDLIST)")


@pytest.fixture
def shortened(tmp_path: Path) -> Callable[[int], Path]:
    """FFmpeg's film of 24 s of which the list of one quality leaves out the last two segments."""

    def make(rendition: int) -> Path:
        folder = tmp_path / "film"
        shutil.copytree(media_kit.ffmpeg_dash().folder, folder)
        path = folder / f"media_{rendition}.m3u8"
        text = _LAST_TWO.sub("", path.read_text())
        path.unlink()
        path.write_text(text)
        return folder

    return make


@pytest.mark.parametrize("rung", [0, 1, 2, None])
@pytest.mark.parametrize("rendition", [0, 1, 2])
def test_a_film_is_played_to_its_end_though_one_quality_ends_before(
    rendition: int, rung: int | None, shortened: Callable[[int], Path], tmp_path: Path
) -> None:
    with FileServer(shortened(rendition)) as server:
        spec = RunSpec(
            Labels("short"),
            PlaybackSource(url=server.url("master.m3u8")),
            PlaybackSettings(start_s=0.0, rung=rung),
        )
        report = simulate(spec, Bench(tmp_path))
    assert report["result"]["status"] == "ended"
    assert report["result"]["position_s"] == pytest.approx(24, abs=0.5), why(report)
    assert metrics_of(report)["lost_s"] == 0
    rungs = {row["rung"] for row in report["segments"] if row["track"] == "main"}
    if rung == rendition:
        assert rung in rungs, "what there is of the chosen quality is played"
    if rung in (rendition, None) and rendition in rungs:
        assert metrics_of(report)["cut_playlists"] >= 1, "the run says so, and fails"
