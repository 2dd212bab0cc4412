"""Players in a browser: what the page and the proxy saw becomes the report that our own player would write."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from player.base.errors import InputError
from player.net.faults import FaultPlan
from player.playback.settings import PlaybackSettings
from player.qa.browser.players import PLAYERS, library, page, plays
from player.qa.browser.run import play, report_of
from player.qa.outcome import outcome_of
from player.qa.plan import QaPlan
from player.qa.recording.archive import Exchange
from player.qa.run_spec import Bench, Labels, RunResult, RunSpec
from player.qa.thresholds import metrics_of
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.chromium import PROGRAM
from tests.kit.fileserver import FileServer

SPEC = RunSpec(Labels("film", player="shaka"), PlaybackSource(url="http://a.test/t.mpd"), PlaybackSettings())
PLAIN_PLAYER = """
window.Hls = class {
  static Events = {LEVEL_SWITCHED: 'a', ERROR: 'b', MANIFEST_PARSED: 'c'};
  constructor(config) {
    this.levels = [{bitrate: 200000}];
    this.heard = {};
    config.debug.warn('[mp4-remuxer]:', 'Injecting 47 audio frames @ 1.250s due to 1003 ms gap.');
  }
  on(name, call) { this.heard[name] = call; }
  loadSource(url) { this.url = url.replace('master.m3u8', 'film.mp4'); }
  attachMedia(v) {
    v.src = this.url;
    this.heard.c('', {});
    this.heard.a('', {level: 0});
  }
};
"""


def said(kind: str, at: float, position: float, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "at": at, "position": position, **more}


def exchange(at_s: float, status: int, error: str = "") -> Exchange:
    kind = "segment"
    return Exchange(
        kind, kind, "GET", None, "", "", 1, at_s, 0.1, 0.2, status, {}, "", True, 1, "", "", True, error=error
    )


def sample(at: float, position: float, bitrate: int) -> dict[str, Any]:
    rates = [200_000, 600_000]
    return said("sample", at, position, buffer=3.0, bitrates=rates, bitrate=bitrate, dropped=2, duration=24.0)


STORY = [
    said("first_frame", 0.5, 0.0),
    sample(1.0, 0.5, 200_000),
    sample(2.0, 1.5, 200_000),
    said("stands", 2.5, 2.0),
    said("moves", 4.0, 2.1, since=2.5),
    sample(5.0, 3.0, 600_000),
    said("jumped", 6.0, 7.5, **{"from": 4.0, "to": 7.5}),
    sample(7.0, 8.0, 600_000),
    said("ended", 8.0, 9.0),
]


def test_what_a_page_says_becomes_a_report() -> None:
    report = report_of(SPEC, "shaka", STORY, [], 0.0)
    found = metrics_of(report)
    assert (found["startup_s"], found["stalls"], found["stalled_s"]) == (0.5, 1.0, 1.5)
    assert (found["switches"], found["dropped_frames"], found["ended"]) == (1.0, 2.0, 1.0)
    assert found["lost_s.video"] == pytest.approx(3.5)
    assert report["policy"] == "shaka"
    assert 200_000 < (found["mean_bitrate_bps"] or 0) < 600_000
    plan = QaPlan("players", "", virtual=False, runs=(), thresholds=())
    assert not outcome_of(plan, [RunResult(SPEC.labels, {**report, "delivery": []})]).passed


def test_audio_that_a_player_fills_with_silence_is_lost() -> None:
    filled = [
        said("silence", 3.0, 2.0, **{"from": at_s, "to": at_s + long_s}) for at_s, long_s in ((4, 1.6), (7, 0.05))
    ]
    found = metrics_of(report_of(SPEC, "hlsjs", [*STORY[:3], *filled], [], 0.0))
    assert (found["lost_s.audio"], found["lost_s.video"]) == (pytest.approx(1.6), 0.0)


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        ("net", "http.status"),
        ("media", "media.decoder"),
        ("manifest", "manifest.unsupported"),
        ("drm", "drm.licence_refused"),
        ("", "internal"),
    ],
)
def test_a_player_that_gives_up_has_failed_where_it_says(stage: str, code: str) -> None:
    """Of the network the proxy knows what went wrong."""
    refused = exchange(2.0, status=503)
    later = exchange(9.0, status=200, error="net.cut")
    gave_up = said("failed", 3.0, 2.0, what="shaka 1002", stage=stage)
    report = report_of(SPEC, "shaka", [*STORY[:3], gave_up], [refused, later], 0.0)
    assert metrics_of(report)["failed"] == 1.0
    assert report["result"]["error"]["code"] == code
    assert report["result"]["error"]["sentence"] == "The player gave up: shaka 1002."


def test_a_player_that_loses_its_network_where_the_proxy_saw_nothing_has_no_way_to_it() -> None:
    report = report_of(SPEC, "hlsjs", [*STORY[:3], said("failed", 3.0, 2.0, what="x", stage="net")], [], 0.0)
    assert report["result"]["error"]["code"] == "net.unreachable"


def test_each_player_has_its_forms_and_its_page() -> None:
    assert [name for name in PLAYERS if plays(PLAYERS[name], "http://a.test/t.mpd?x=1")] == ["shaka", "dashjs"]
    assert [name for name in PLAYERS if plays(PLAYERS[name], "http://a.test/t.M3U8")] == ["shaka", "hlsjs"]
    assert all(each.script.strip().encode() in page(each) for each in PLAYERS.values())


def test_a_library_that_is_not_there_is_said_with_what_brings_it(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        library(PLAYERS["hlsjs"], tmp_path)
    assert "npm install" in caught.value.sentence


NPM = Path(__file__).parents[3] / ".cache" / "npm"


@pytest.mark.parametrize("name", PLAYERS)
def test_the_set_up_brings_the_library_of_each_player(name: str) -> None:
    named = (NPM.parents[1] / "packaging" / "npm-packages.txt").read_text(encoding="utf-8").splitlines()
    assert any(line.rpartition("@")[0] == PLAYERS[name].package for line in named)
    if not (NPM / "node_modules" / PLAYERS[name].package).is_dir():
        pytest.skip("npm has not installed it")
    assert library(PLAYERS[name], NPM).stat().st_size > 100_000


@pytest.mark.realtime
@pytest.mark.skipif(PROGRAM is None, reason="no chromium")
def test_a_player_in_a_browser_plays_through_faults_and_link(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    shutil.copy(media.elementary(media.SECONDS) / "v0.mp4", served / "film.mp4")
    (served / "master.m3u8").write_text("#EXTM3U\n")
    own = tmp_path / "node_modules" / "hls.js" / "dist" / "hls.min.js"
    own.parent.mkdir(parents=True)
    own.write_text(PLAIN_PLAYER)
    wait = {"match": {"path": "*film.mp4"}, "count": 1, "fault": {"type": "delay", "seconds": 1.0}}
    never = {"match": {"path": "*sound.mp4"}, "fault": {"type": "delay", "seconds": 1.0}}
    faults = FaultPlan.parse({"version": 1, "rules": [wait, never]})
    with FileServer(served) as server:
        source = PlaybackSource(url=server.url("master.m3u8"))
        settings = PlaybackSettings(start_s=0.0, play_for_s=2.0)
        spec = RunSpec(Labels("film", player="hlsjs"), source, settings, faults=faults, limit_s=60.0)
        report = play(spec, Bench(tmp_path), PLAYERS["hlsjs"], tmp_path)
    found = metrics_of(report)
    assert report["result"]["error"] is None
    assert found["lost_s.audio"] == pytest.approx(1.003)
    assert "unjudged" not in report["continuity"]
    assert (found["ended"], found["failed"]) == (1.0, 0.0)
    assert (found["startup_s"] or 0.0) >= 1.0
    assert (found["played_s"] or 0.0) >= 1.5
    assert any(each["kind"] == "segment" for each in report["requests"])
    assert report["result"]["tried_faults"] == [0], "the other rule met nothing: a plan says so"
