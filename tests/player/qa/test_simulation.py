"""Playbacks in virtual time: the same every time, and as a viewer would see them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from player.net.faults import FaultPlan
from player.net.shaping import LinkTrace, TracePeriod
from player.playback.settings import PlaybackSettings
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.script import Do, ScriptStep
from player.qa.simulation.loop import LoopClock, Stuck, VirtualLoop
from player.qa.simulation.run import simulate
from player.qa.thresholds import metrics_of
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer

FAST_THEN_SLOW = LinkTrace([TracePeriod(6, 1.2e6, 0.03), TracePeriod(60, 0.3e6, 0.05)])
BUFFER_10_S = PlaybackSettings(buffer_s=10)


def spec(url: str, **fields: object) -> RunSpec:
    values = {"network": FAST_THEN_SLOW, "settings": BUFFER_10_S, **fields}
    return RunSpec(Labels("test"), PlaybackSource(url=url), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("manifest", ["dash", "hls"])
def test_the_same_run_twice_gives_the_same_report(manifest: str, tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server:
        wanted = spec(server.url(getattr(title, manifest)), script=(ScriptStep(8, Do.SEEK, 2.0),))
        first, second = (simulate(wanted, Bench(tmp_path)) for _ in range(2))
    assert first == second
    assert first["result"]["played_to_end"]
    assert first["result"]["position_s"] == pytest.approx(24, abs=0.2)
    assert len({decision["rung"] for decision in first["decisions"]}) > 1, "the trace makes it adapt"


def test_a_run_that_was_to_stop_early_has_ended_but_not_played_to_the_end(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server:
        wanted = spec(server.url("manifest.mpd"), network=None, settings=replace(BUFFER_10_S, play_for_s=4.0))
        report = simulate(wanted, Bench(tmp_path))
    assert (report["result"]["status"], report["result"]["played_to_end"]) == ("ended", False)
    assert 4.0 <= report["result"]["position_s"] < 12.0
    assert metrics_of(report)["ended"] == 1.0


def test_a_title_that_changes_its_codec_is_played_on_in_another_file(tmp_path: Path) -> None:
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:4"]
    for part, title in {"a": media.ffmpeg_dash(8), "b": media.other_codec("hevc", 8)}.items():
        shutil.copytree(title.folder, tmp_path / part)
        lines += ["#EXT-X-DISCONTINUITY", f'#EXT-X-MAP:URI="{part}/init-0.mp4"']
        for number in (1, 2):
            lines += ["#EXTINF:4,", f"{part}/seg-0-{number:03}.m4s"]
    (tmp_path / "all.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]), encoding="utf-8")
    with FileServer(tmp_path) as server:
        report = simulate(spec(server.url("all.m3u8"), network=None), Bench(tmp_path))
    assert report["result"]["played_to_end"]
    assert (report["result"]["reloads"], report["result"]["position_s"]) == (1, pytest.approx(16, abs=0.2))
    assert sum(report["continuity"]["lost_s"].values()) == 0


def test_transport_streams_are_played_too(tmp_path: Path) -> None:
    title = media.ffmpeg_hls_ts()
    assert title.hls is not None
    with FileServer(title.folder) as server:
        report = simulate(spec(server.url(title.hls), network=None), Bench(tmp_path))
    assert report["result"]["played_to_end"]
    assert report["summary"]["stalls"] == 0


def test_a_link_that_is_too_slow_stalls(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server:
        report = simulate(
            spec(server.url("manifest.mpd"), network=LinkTrace.constant(150_000.0, 0.02)), Bench(tmp_path)
        )
    assert report["result"]["played_to_end"]
    assert report["summary"]["stalls"] >= 1
    assert report["stalls"][0]["duration_s"] > 0


def test_a_pause_takes_its_time_and_a_stop_ends(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    script = (ScriptStep(2, Do.PAUSE), ScriptStep(9, Do.PLAY), ScriptStep(12, Do.STOP))
    with FileServer(title.folder) as server:
        report = simulate(spec(server.url("manifest.mpd"), script=script), Bench(tmp_path))
    assert report["result"]["status"] == "idle"
    assert report["result"]["position_s"] < 6


def test_faults_take_their_place(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    rule = {"match": {"kind": "segment"}, "skip": 3, "count": 1, "fault": {"type": "status", "status": 503}}
    faults = FaultPlan.parse({"version": 1, "rules": [rule]})
    with FileServer(title.folder) as server:
        report = simulate(spec(server.url("manifest.mpd"), faults=faults), Bench(tmp_path))
    assert report["result"]["played_to_end"]
    assert [request["error"] for request in report["requests"] if request["error"]] == ["http.server"]


def test_a_source_that_is_not_there_fails(tmp_path: Path) -> None:
    with FileServer(tmp_path) as server:
        report = simulate(spec(server.url("nothing.mpd")), Bench(tmp_path))
    assert report["result"]["error"]["code"] == "http.not_found"


def test_time_jumps_and_outside_work_takes_none() -> None:
    loop = VirtualLoop()
    clock = LoopClock(loop, 1_700_000_000.0)
    order: list[str] = []
    gate = threading.Event()

    async def ask(name: str, work: concurrent.futures.Future[str]) -> None:
        order.append(await loop.outside(work))

    async def main(pool: concurrent.futures.Executor) -> float:
        first = pool.submit(lambda: "first" if gate.wait(30) else "")
        second = pool.submit(lambda: gate.set() or "second")
        began = clock.monotonic()
        await asyncio.gather(ask("a", first), ask("b", second), clock.sleep(3600))
        assert clock.wall() == 1_700_000_000.0 + 3600
        return clock.monotonic() - began

    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            assert loop.run_until_complete(main(pool)) == 3600
        assert order == ["first", "second"], "handed in as they were asked for, not as they came"
        with pytest.raises(Stuck):
            loop.run_until_complete(loop.create_future())
    finally:
        loop.close()
