"""The picture and sound verdict: what the player gave its decoder, taped, measured, and held against a reference."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from player.net.faults import FaultPlan
from player.net.shaping import LinkTrace
from player.playback.settings import PlaybackSettings
from player.qa.document import read
from player.qa.outcome import outcome_of
from player.qa.picture.compare import other_pictures, other_sounds
from player.qa.picture.judged import unseen
from player.qa.picture.marks import av_offset_ms, beeps, flashes, offset_ms
from player.qa.picture.measure import MediaFigures, measured
from player.qa.picture.tools import run
from player.qa.picture.verdict import document, together
from player.qa.plan import plan_of
from player.qa.run_spec import Bench, Labels, RunResult, RunSpec
from player.qa.script import Do, ScriptStep
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from ui.cli.main import main

SECONDS = 12
MESSAGES = """
[info]   Stream #0:0(eng): Video: h264 (High), yuv420p, 640x360, 25 fps
[info]   Stream #0:1(eng): Audio: aac (LC), 48000 Hz, stereo
[freezedetect @ 0x1] [info] lavfi.freezedetect.freeze_start: 4.04
[freezedetect @ 0x1] [info] lavfi.freezedetect.freeze_duration: 3.96
[freezedetect @ 0x1] [info] lavfi.freezedetect.freeze_end: 8
[blackdetect @ 0x2] [info] black_start:10 black_end:12.5 black_duration:2.5
[silencedetect @ 0x3] [info] silence_start: 20.5
[null @ 0x6] [error] Application provided invalid, non monotonically increasing dts to muxer in stream 0: 1 >= 1
[h264 @ 0x4] [error] error while decoding MB 3 4, bytestream -7
[info] frame=  600 fps=0.0 q=-0.0 Lsize=N/A time=00:00:24.00 bitrate=N/A speed= 100x
[Parsed_ebur128_1 @ 0x5] [info] Summary:
    I:         -23.1 LUFS
    Peak:        0.4 dBFS
"""


def test_what_ffmpeg_says_is_read() -> None:
    found = measured(MESSAGES)
    assert (found.has_video, found.has_audio, found.duration_s) == (True, True, 24.0)
    assert (found.frozen, found.black, found.silent) == (((4.04, 8.0),), ((10.0, 12.5),), ((20.5, 24.0),))
    assert (found.loudness_lufs, found.true_peak_dbfs, found.decode_errors) == (-23.1, 0.4, 1)


def test_what_the_reference_has_as_well_is_no_finding() -> None:
    own = MediaFigures(frozen=((4.0, 8.0), (12.0, 16.0)), silent=((0.0, 2.0),))
    wanted = MediaFigures(frozen=((11.5, 16.5),), silent=((0.0, 1.0),))
    found = document(own, wanted, None)
    assert [(each["kind"], each["start_s"]) for each in found["findings"]] == [("silent", 1.3), ("frozen", 4.0)]
    assert found["figures"]["frozen_s"] == 4.0
    twice = together([found, found])
    assert (twice["figures"]["frozen_s"], len(twice["findings"])) == (8.0, 4)


def test_pictures_are_alike_in_another_quality_and_not_where_they_are_others() -> None:
    random = np.random.default_rng(1)
    scene = random.uniform(0, 255, (8, 576)).astype(np.float32)
    softer = (scene * 0.9 + random.normal(0, 10, scene.shape)).astype(np.float32)
    assert other_pictures(softer, scene) == [False] * 8
    assert other_pictures(scene[::-1].copy(), scene).count(True) >= 6
    flat = np.full((2, 576), 16, np.float32)
    assert other_pictures(flat, flat) == [False, False]
    assert other_pictures(flat, scene[:2]) == [True, True]


def test_a_small_mark_before_a_still_scene_tells_pictures_apart() -> None:
    random = np.random.default_rng(3)
    scene = np.repeat(random.uniform(0, 255, (1, 576)), 6, axis=0).astype(np.float32)
    for number in range(6):
        scene[number, number * 40 : number * 40 + 40] = 255.0 * (number % 2)
    noisy = (scene + random.normal(0, 3, scene.shape)).astype(np.float32)
    assert other_pictures(noisy, scene) == [False] * 6
    assert other_pictures(scene[[3, 4, 5, 0, 1, 2]], scene) == [True] * 6


def test_sounds_are_alike_in_another_quality_and_not_where_they_are_others() -> None:
    random = np.random.default_rng(2)
    loudness = (random.uniform(0, 1, (200, 1)) ** 4 * 9000).astype(np.float32)
    pitches, others = random.uniform(0, 1, (2, 1, 81)).astype(np.float32) ** 8
    sound = loudness * pitches
    assert other_sounds(sound * 0.8, sound) == [False] * 4
    assert other_sounds(np.roll(sound, 77, axis=0), sound) == [True] * 4
    assert other_sounds(loudness * others, sound) == [True] * 4
    nothing = np.zeros((50, 81), np.float32)
    assert other_sounds(nothing, sound[:50]) == [True]
    assert other_sounds(nothing, nothing) == [False]


def test_marks_tell_how_far_sound_is_from_the_picture(tmp_path: Path) -> None:
    film = tmp_path / "marks.mkv"
    flash = "color=black:s=160x90:r=25:d=9,drawbox=t=fill:c=white:enable='lt(mod(t,2),0.1)'"
    beep = "aevalsrc='if(gte(t,0.12)*lt(mod(t-0.12,2),0.08),0.8*sin(2*PI*1000*t),0)':d=9"
    run(["-v", "error", "-f", "lavfi", "-i", flash, "-f", "lavfi", "-i", beep, "-c:a", "pcm_s16le", str(film)])
    assert av_offset_ms(film, 9.0) == pytest.approx(120, abs=20)


def test_without_marks_that_belong_together_nothing_is_told() -> None:
    seen = [2.0, 4.0, 6.0, 8.0]
    assert offset_ms(seen, [each - 0.08 for each in seen]) == -80.0
    assert offset_ms(seen, [1.0, 3.0, 5.0, 7.0]) is None
    assert offset_ms(seen, [2.0, 4.2, 5.7, 8.4]) is None, "they are scattered"
    assert offset_ms(seen[:2], seen[:2]) is None
    assert (flashes(np.zeros(0, np.float32)), beeps(np.zeros(0, np.float32))) == ([], [])
    assert flashes(np.repeat(np.float32([0, 200]), 100)) == [], "a bright scene is no flash"


def judged(tmp_path: Path, *rules: dict[str, Any], script: tuple[ScriptStep, ...] = ()) -> dict[str, Any]:
    faults = FaultPlan.parse({"version": 1, "rules": list(rules)}) if rules else None
    with FileServer(media.ffmpeg_dash(SECONDS).folder) as server:
        source = PlaybackSource(url=server.url("manifest.mpd"))
        settings = PlaybackSettings(start_s=0.0, rung=0)
        spec = RunSpec(Labels("judged"), source, settings, faults=faults, script=script, media=tmp_path / "media")
        return simulate(spec, Bench(tmp_path))


def passes(report: dict[str, Any], tmp_path: Path) -> bool:
    text = 'version: 1\nname: judged\njudge: media\nsources: [{name: film, url: "http://a.test/t.mpd"}]\n'
    plan = plan_of(read(text, "plan.yaml"), tmp_path, {})
    assert plan.judges_media
    return outcome_of(plan, [RunResult(Labels("film"), report)]).passed


def test_a_run_without_faults_is_as_its_reference(tmp_path: Path) -> None:
    report = judged(tmp_path)
    assert report["media"]["findings"] == []
    assert report["continuity"]["decode_errors"] == 0
    assert report["media"]["figures"]["vmaf_mean"] is None or report["media"]["figures"]["vmaf_mean"] > 80
    assert passes(report, tmp_path)


def test_what_was_fetched_beyond_the_end_of_a_run_is_not_judged(tmp_path: Path) -> None:
    """Video and sound reach differently far ahead when a run ends in mid-title."""
    with FileServer(media.ffmpeg_dash().folder) as server:
        settings = PlaybackSettings(start_s=0.0, rung=0, play_for_s=14.0)
        source = PlaybackSource(url=server.url("manifest.mpd"))
        link = LinkTrace.constant(8e6, 0.03)
        report = simulate(RunSpec(Labels("x"), source, settings, link, media=tmp_path / "media"), Bench(tmp_path))
    assert report["result"]["position_s"] < 15
    assert report["media"]["findings"] == []


def test_what_a_server_itself_mixes_up_is_found_against_one_that_is_right(tmp_path: Path) -> None:
    folder = tmp_path / "lying"
    shutil.copytree(media.ffmpeg_dash(SECONDS).folder, folder)
    for number in (3, 4):  # the other language under the right clock
        shutil.copy(folder / f"seg-4-{number:03}.m4s", folder / f"seg-3-{number:03}.m4s")
    with FileServer(folder) as liar, FileServer(media.ffmpeg_dash(SECONDS).folder) as right:
        url, reference = liar.url("manifest.mpd"), PlaybackSource(url=right.url("manifest.mpd"))
        settings = PlaybackSettings(start_s=0.0, rung=0)
        spec = RunSpec(Labels("lies"), PlaybackSource(url=url), settings, media=tmp_path / "media")
        assert passes(simulate(spec, Bench(tmp_path)), tmp_path), "nothing else tells what is right"
        report = simulate(replace(spec, reference=reference), Bench(tmp_path))
    assert {each["kind"] for each in report["media"]["findings"]} == {"wrong_sound"}
    assert not passes(report, tmp_path)


def test_what_a_viewer_jumps_over_is_not_judged_and_the_rest_is(tmp_path: Path) -> None:
    jump = (ScriptStep(2.0, Do.SEEK, 9.2),)
    assert judged(tmp_path, script=jump)["media"]["findings"] == []
    last = {"match": {"path": "*seg-0-003*"}, "fault": {"type": "other", "offset": -1}}
    report = judged(tmp_path, last, script=jump)
    assert not passes(report, tmp_path)


def test_what_a_viewer_never_saw_is_between_where_jumps_start_and_end() -> None:
    seeks = [{"from_s": 2.0, "to_s": 9.0}, {"from_s": 10.0, "to_s": 1.0}]
    report = {"seeks": seeks, "result": {"position_s": 4.0}}
    assert unseen(report, 0.0) == [(3.5, 9.5)]
    assert unseen({"seeks": [], "result": {"position_s": 4.0}}, 0.0) == []


def half(folder: Path) -> Path:
    """Rewrite a title of 12 s so that its manifest tells of eight."""
    mpd = (folder / "manifest.mpd").read_text(encoding="utf-8")
    (folder / "manifest.mpd").write_text(re.sub(r'="PT12[^"]*"', '="PT8S"', mpd), encoding="utf-8")
    return folder


def held_against_its_reference(folder: Path, reference: Path, tmp_path: Path) -> dict[str, Any]:
    with FileServer(folder) as liar, FileServer(reference) as right:
        sources = [PlaybackSource(url=server.url("manifest.mpd")) for server in (liar, right)]
        settings = PlaybackSettings(start_s=0.0, rung=0)
        spec = RunSpec(Labels("x"), sources[0], settings, media=tmp_path / "media", reference=sources[1])
        return simulate(spec, Bench(tmp_path))


def test_a_manifest_that_ends_early_is_found_against_one_that_does_not(tmp_path: Path) -> None:
    whole = media.ffmpeg_dash(SECONDS).folder
    shutil.copytree(whole, tmp_path / "half")
    report = held_against_its_reference(half(tmp_path / "half"), whole, tmp_path)
    assert report["media"]["figures"]["missing_s"] >= SECONDS - 8 - 1
    assert not passes(report, tmp_path)


def test_a_reference_that_does_not_play_judges_nothing_and_nothing_passes(tmp_path: Path) -> None:
    whole = media.ffmpeg_dash(SECONDS).folder
    (tmp_path / "empty").mkdir()
    report = held_against_its_reference(whole, tmp_path / "empty", tmp_path)
    assert report["media"]["figures"]["unjudged_s"] >= SECONDS - 1
    assert not passes(report, tmp_path)


@pytest.mark.parametrize(
    "fault",
    [{"type": "flip", "count": 20}, {"type": "other", "from": "seg-0-", "to": "seg-1-"}],
    ids=["flips", "rung"],
)
def test_wrong_bytes_in_the_right_place_are_found(fault: dict[str, Any], tmp_path: Path) -> None:
    report = judged(tmp_path, {"match": {"path": "*seg-0-003*"}, "fault": fault})
    assert sum(report["continuity"]["lost_s"].values()) == 0  # the clock of the media tells nothing
    assert report["continuity"]["decode_errors"] > 0
    assert not passes(report, tmp_path)


def test_a_picture_of_another_time_is_found_and_kept(tmp_path: Path) -> None:
    report = judged(tmp_path, {"match": {"path": "*seg-0-003*"}, "fault": {"type": "other", "offset": 1}})
    kinds = {each["kind"] for each in report["media"]["findings"]}
    assert "frozen" in kinds or "wrong_picture" in kinds
    clips = [each["clip"] for each in report["media"]["findings"] if each["clip"]]
    assert clips
    assert all((tmp_path / "media" / name).stat().st_size > 1000 for name in clips)
    assert not passes(report, tmp_path)


def test_a_stream_of_which_something_is_lost_is_red_whatever_its_pictures_are_like(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = shutil.copytree(media.ffmpeg_dash().folder, tmp_path / "film")
    words = ["qa", "picture", str(film / "manifest.mpd"), "--duration", "7", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["continuity"]["lost_s"]["audio"] == 0
    for language in ("3", "4"):
        (film / f"seg-{language}-002.m4s").unlink()
    assert main(words) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["continuity"]["lost_s"]["audio"] == pytest.approx(4, abs=0.3)
    assert "lost_s is" in told.err


def test_why_nothing_of_a_stream_came_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["qa", "picture", "http://127.0.0.1:1/film.mpd"]) == 4
    assert "net.refused" in capsys.readouterr().err
