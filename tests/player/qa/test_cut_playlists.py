"""Playlists of recordings that were cut off: they never pass, and another CDN's whole one is played."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from player.playback.settings import PlaybackSettings
from player.qa.document import read
from player.qa.explanations import why
from player.qa.outcome import outcome_of
from player.qa.plan import plan_of
from player.qa.run_spec import Bench, Labels, RunResult, RunSpec
from player.qa.simulation.run import simulate
from player.qa.thresholds import metrics_of
from player.title.opening import PlaybackSource
from tests.kit import media as media_kit
from tests.kit.fileserver import FileServer

VOD, END = "#EXT-X-PLAYLIST-TYPE:VOD\n", "#EXT-X-ENDLIST"
_LAST_TWO = re.compile(r"(#EXTINF[^#]*(?:#EXT-X-PROG[^\n]*\n)?[^#\n]*\n){2}" + END)


@pytest.fixture
def served(tmp_path: Path) -> Callable[[str, Callable[[str], str]], Path]:
    def make(name: str, change: Callable[[str], str]) -> Path:
        folder = tmp_path / name
        shutil.copytree(media_kit.ffmpeg_dash().folder, folder)
        for path in folder.glob("media_*.m3u8"):
            text = change(path.read_text().replace("#EXT-X-TARGETDURATION", f"{VOD}#EXT-X-TARGETDURATION", 1))
            path.unlink()
            path.write_text(text)
        return folder

    return make


def cut_off(text: str) -> str:
    """The playlist without its last two segments and its end."""
    return _LAST_TWO.sub("", text)


def unchanged(text: str) -> str:
    return text


def played(url: str, tmp_path: Path) -> dict[str, Any]:
    spec = RunSpec(Labels("cut"), PlaybackSource(url=url), PlaybackSettings(start_s=0.0, rung=0))
    return simulate(spec, Bench(tmp_path))


def passes(report: dict[str, Any]) -> bool:
    plan = plan_of(read("version: 1\nname: p\nsources: [{name: cut, url: 'http://a/b.m3u8'}]"), Path(), {})
    return outcome_of(plan, [RunResult(Labels("cut"), report)]).passed


@pytest.mark.parametrize("manifest", ["master.m3u8", "media_1.m3u8"])
def test_a_recording_whose_playlists_were_cut_off_does_not_pass(
    manifest: str, served: Callable[..., Path], tmp_path: Path
) -> None:
    with FileServer(served("cut", cut_off)) as server:
        report = played(server.url(manifest), tmp_path)
    assert report["result"]["status"] == "ended"  # a viewer sees what there is
    assert report["result"]["position_s"] == pytest.approx(16, abs=0.5)
    assert metrics_of(report)["cut_playlists"] >= 1
    assert not passes(report)
    assert any("EXT-X-ENDLIST" in sentence for sentence in why(report))


@pytest.mark.parametrize("manifest", ["master.m3u8", "media_1.m3u8"])
def test_a_whole_recording_passes(manifest: str, served: Callable[..., Path], tmp_path: Path) -> None:
    with FileServer(served("whole", unchanged)) as server:
        report = played(server.url(manifest), tmp_path)
    assert (metrics_of(report)["cut_playlists"], passes(report)) == (0, True), why(report)


@pytest.mark.parametrize("names", [["media_0"], ["media_3"], ["media_0", "media_1", "media_2"]])
def test_a_playlist_without_a_type_and_an_end_beside_whole_ones_was_cut_off(names: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "some"
    shutil.copytree(media_kit.ffmpeg_dash().folder, folder)
    for name in names:
        path = folder / f"{name}.m3u8"
        text = path.read_text().replace("#EXT-X-PLAYLIST-TYPE:VOD\n", "").replace(END, "")
        path.unlink()
        path.write_text(text)
    with FileServer(folder) as server:
        report = played(server.url("master.m3u8"), tmp_path)
    assert report["result"]["status"] == "ended"
    assert report["result"]["position_s"] == pytest.approx(24, abs=0.5)
    assert metrics_of(report)["cut_playlists"] == 1, "one of those that are played"
    assert not passes(report)


def test_a_playlist_that_one_cdn_cut_off_is_fetched_from_the_other(
    served: Callable[..., Path], tmp_path: Path
) -> None:
    with FileServer(served("cut", cut_off)) as liar, FileServer(served("whole", unchanged)) as honest:
        source = PlaybackSource(
            manifests={"liar": liar.url("master.m3u8"), "honest": honest.url("master.m3u8")}, name="cut"
        )
        report = simulate(RunSpec(Labels("cut"), source, PlaybackSettings(start_s=0.0, rung=0)), Bench(tmp_path))
    assert report["result"]["position_s"] == pytest.approx(24, abs=0.5)
    assert (metrics_of(report)["cut_playlists"], passes(report)) == (0, True), why(report)
    assert any("EXT-X-ENDLIST" in each["sentence"] for each in report["recoveries"])


def test_a_cut_off_playlist_is_played_where_the_other_cdn_has_none(
    served: Callable[..., Path], tmp_path: Path
) -> None:
    empty = served("empty", unchanged)
    for path in empty.glob("media_*.m3u8"):
        path.unlink()
    with FileServer(served("cut", cut_off)) as liar, FileServer(empty) as other:
        source = PlaybackSource(
            manifests={"liar": liar.url("master.m3u8"), "other": other.url("master.m3u8")}, name="cut"
        )
        report = simulate(RunSpec(Labels("cut"), source, PlaybackSettings(start_s=0.0, rung=0)), Bench(tmp_path))
    assert report["result"]["status"] == "ended", why(report)
    assert report["result"]["position_s"] == pytest.approx(16, abs=0.5)
    assert not passes(report)


def test_no_sentence_states_a_bitrate_that_nobody_told(served: Callable[..., Path], tmp_path: Path) -> None:
    with FileServer(served("whole", unchanged)) as server:
        report = played(server.url("media_1.m3u8"), tmp_path)
    assert report["rungs"][0]["label"] == "#1"
    assert not [sentence for sentence in why(report) if "0 kbit/s" in sentence or "0.00 Mbit/s" in sentence]
