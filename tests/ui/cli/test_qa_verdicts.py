"""What ``matinee qa run`` may never call green: what is worse than the baseline, what did not run, what a player has
no form for, and documents of an earlier run."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from player.base.errors import InputError
from player.qa.browser.forms import for_players
from player.qa.history.compare import changes, must_fit
from player.qa.history.kept import KeptOutcome, KeptRun
from player.qa.html_report import page
from player.qa.junit import junit
from player.qa.limit import is_unfinished
from player.qa.outcome import outcome_of
from player.qa.plan import QaPlan, load_plan
from player.qa.run_spec import Bench, Labels, RunResult, RunSpec
from player.qa.simulation.run import simulate
from player.reporting.report import Recorder
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from ui.cli import qa_run
from ui.cli.main import main
from ui.cli.play_report import write_report

PLAN = """version: 1
name: verdicts
sources: [{name: film, url: "${URL}"}]
networks: [{name: link, constant: {kbps: 8000, latency_ms: 20}}]
play: {duration_s: 6}
seeds: [1, 2]
"""
GOOD = (
    '{"version": 1, "plan": "verdicts", "mode": "virtual", "passed": true, '
    '"runs": [{"name": "film / link / seed 1", "passed": true, "metrics": {"stalls": 0}}]}'
)
DOCUMENTS = ("report.json", "junit.xml", "report.html")


@pytest.fixture(scope="module")
def server() -> Iterator[FileServer]:
    with FileServer(media.ffmpeg_dash().folder) as running:
        yield running


@pytest.fixture(scope="module")
def spoken() -> Iterator[FileServer]:
    """Sound in English and German, subtitles in English."""
    with FileServer(media.packager_clear().folder) as running:
        yield running


def call(folder: Path, url: str, *words: str, text: str = PLAN) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(text)
    return main(["qa", "run", str(folder / "plan.yaml"), "--set", f"URL={url}", "--jobs", "1", *words])


def documents(folder: Path) -> tuple[dict[str, Any], Xml.Element, str]:
    """The three documents of a run: the JSON one, the suite of the JUnit one, the HTML page."""
    suite = Xml.parse(folder / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    for kind in ("failure", "error", "skipped"):
        assert int(suite.get(f"{kind}s", suite.get(kind, "")) or 0) == len(suite.findall(f"testcase/{kind}"))
    assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
    return json.loads((folder / "report.json").read_text()), suite, (folder / "report.html").read_text()


def kept(*figures: dict[str, float | None], virtual: bool = True, passed: bool = True) -> KeptOutcome:
    runs = tuple(KeptRun(f"run {number}", passed, each) for number, each in enumerate(figures))
    return KeptOutcome("verdicts", 0.0, virtual, passed, runs)


def worse(before: KeptOutcome, after: KeptOutcome) -> list[str]:
    return [each.metric for each in changes(before, after) if each.worse]


@pytest.mark.parametrize(
    "figure",
    [
        *(
            "startup_s",
            "stalls",
            "stalled_s",
            "rebuffer_ratio",
            "switches",
            "path_switches",
            "errors",
            "failed_requests",
        ),
        *("failed", "unfinished", "lost_s", "lost_s.audio", "lost_s.subtitles", "repeated_s.video", "decode_errors"),
        *("corrupt_bytes", "cut_playlists", "av_offset_ms", "missing_s", "unjudged_s", "latency_drift_s"),
        *("errors.http.status", "cdn.edge-a.errors", "blockiness"),
    ],
)
def test_a_figure_that_grows_is_worse(figure: str) -> None:
    assert worse(kept({figure: 1.0}), kept({figure: 2.0})) == [figure]
    assert worse(kept({figure: 2.0}), kept({figure: 1.0})) == []


@pytest.mark.parametrize("figure", ["mean_bitrate_bps", "played_s", "ended", "vmaf_min", "mean_quality"])
def test_a_figure_that_shrinks_is_worse(figure: str) -> None:
    assert worse(kept({figure: 2.0}), kept({figure: 1.0})) == [figure]


def test_audio_that_is_early_is_as_wrong_as_audio_that_is_late() -> None:
    assert worse(kept({"av_offset_ms": 1.0}), kept({"av_offset_ms": -80.0})) == ["av_offset_ms"]


def test_a_run_that_lost_less_does_not_make_up_for_one_that_lost_more() -> None:
    before, after = kept({"lost_s": 4.0}, {"lost_s": 0.0}), kept({"lost_s": 0.0}, {"lost_s": 4.0})
    assert worse(before, after) == ["lost_s"]


def test_a_code_that_comes_up_is_worse() -> None:
    assert worse(kept({"stalls": 0.0}), kept({"stalls": 0.0, "errors.net.timeout": 1.0})) == ["errors.net.timeout"]


def test_a_figure_that_is_not_known_any_more_is_worse() -> None:
    (found,) = changes(kept({"vmaf_min": 90.0}), kept({"vmaf_min": None}))
    assert (found.worse, found.sentence) == (True, "vmaf_min is not known any more in 1 runs: worse.")


@pytest.mark.parametrize(
    ("baseline", "reason"),
    [
        (replace(kept({}), plan="another"), "of the plan"),
        (kept(), "has no run"),
        (kept({}, virtual=False), "real time"),
        (kept({}, passed=False), "failed"),
        (replace(kept({}), passed=False), "did not pass"),
        (replace(kept({}), runs=(KeptRun("seed 7", passed=True, figures={}),)), "does not have"),
    ],
)
def test_a_baseline_that_cannot_judge_is_refused(baseline: KeptOutcome, reason: str) -> None:
    must_fit(kept({}), "verdicts", ["run 0"], virtual=True)
    with pytest.raises(InputError, match=reason):
        must_fit(baseline, "verdicts", ["run 0"], virtual=True)


def test_too_few_runs_in_real_time_are_no_baseline() -> None:
    few, enough = kept({}, virtual=False), kept(*[{}] * 5, virtual=False)
    must_fit(enough, "verdicts", [run.name for run in enough.runs], virtual=False)
    with pytest.raises(InputError, match="5 runs tell a difference"):
        must_fit(few, "verdicts", ["run 0"], virtual=False)


def test_what_is_worse_than_the_baseline_is_red_in_each_document(tmp_path: Path, server: FileServer) -> None:
    url, now = server.url("manifest.mpd"), tmp_path / "now"
    assert call(tmp_path, url, "--out", str(tmp_path / "first")) == 0
    assert call(tmp_path, url, "--out", str(now), "--baseline", str(tmp_path / "first")) == 0
    document, suite, html = documents(now)
    assert (document["passed"], document["baseline"], suite.get("failures")) == (True, [], "0")
    assert "No figure differs from the baseline." in html
    slow = PLAN.replace("8000", "600")
    kept_in = tmp_path / "history"
    words = ("--out", str(now), "--baseline", str(tmp_path / "first"), "--history", str(kept_in))
    assert call(tmp_path, url, *words, text=slow) == 1
    document, suite, html = documents(now)
    named = [each["name"] for each in document["baseline"] if each["worse"]]
    assert "startup_s" in named
    assert document["passed"] is False
    failed = {case.get("name") for case in suite.findall("testcase[@classname='baseline']") if len(case)}
    assert failed == set(named)
    assert '<span class="verdict failed">' in html.split("</h1>")[0]
    (file,) = kept_in.glob("*.json")
    assert json.loads(file.read_text())["passed"] is False
    assert call(tmp_path, url, "--baseline", str(now)) == 2, "what failed is no baseline"


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            "no JSON",
            "[]",
            '{"version": 1}',
            GOOD.replace("true", "1"),
            GOOD.replace('"version": 1', '"version": true'),
        ),
        '{"version": 2, "plan": "verdicts", "mode": "virtual", "passed": true, "runs": []}',
        '{"version": 1, "plan": "verdicts", "mode": "virtual", "passed": true, "runs": []}',
        GOOD.replace("0}", "NaN}"),
    ],
)
def test_an_unfit_baseline_is_exit_code_2_and_leaves_no_documents(
    wrong: str, tmp_path: Path, server: FileServer, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in DOCUMENTS:
        (out / name).write_text("green")
    (tmp_path / "kept.json").write_text(wrong)
    words = ("--out", str(out), "--baseline", str(tmp_path / "kept.json"))
    assert call(tmp_path, server.url("manifest.mpd"), *words) == 2
    assert "matinee: " in capsys.readouterr().err
    assert list(out.iterdir()) == []


def test_the_baseline_is_not_overwritten(tmp_path: Path, server: FileServer) -> None:
    url, out = server.url("manifest.mpd"), tmp_path / "out"
    assert call(tmp_path, url, "--out", str(out)) == 0
    before = (out / "report.json").read_text()
    assert call(tmp_path, url, "--out", str(out), "--baseline", str(out)) == 2
    assert (out / "report.json").read_text() == before


def test_documents_of_an_earlier_run_go_when_one_starts(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in (*DOCUMENTS, "notes.txt"):
        (out / name).write_text("green")
    with socket.create_server(("127.0.0.1", 0)) as hangs:
        hangs.settimeout(120)
        (tmp_path / "plan.yaml").write_text(PLAN)
        url = f"http://127.0.0.1:{hangs.getsockname()[1]}/manifest.mpd"
        words = ["qa", "run", str(tmp_path / "plan.yaml"), "--set", f"URL={url}", "--out", str(out)]
        with (
            subprocess.Popen([sys.executable, "-m", "ui.cli.main", *words], stderr=subprocess.PIPE) as process,
            hangs.accept()[0],
        ):
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=120)
    assert [path.name for path in out.iterdir()] == ["notes.txt"]


def test_a_broken_plan_leaves_no_documents_of_an_earlier_one(tmp_path: Path, server: FileServer) -> None:
    url, out = server.url("manifest.mpd"), tmp_path / "out"
    assert call(tmp_path, url, "--out", str(out)) == 0
    assert call(tmp_path, url, "--out", str(out), text="version: 1\n") == 2
    assert list(out.iterdir()) == []


def test_documents_are_written_whole_or_not_at_all(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def full(path: Path, text: str, encoding: str) -> None:
        path.write_bytes(text.encode(encoding)[:100])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(
            Path, "write_text", lambda path, text, encoding="utf-8": _only_in(out, path, text, encoding, full)
        )
        assert call(tmp_path, server.url("manifest.mpd"), "--out", str(out)) == 5
    assert list(out.iterdir()) == []


def _only_in(folder: Path, path: Path, text: str, encoding: str, full: Any) -> None:
    if path.parent == folder:
        full(path, text, encoding)
    path.write_bytes(text.encode(encoding))


def test_runs_that_did_not_run_are_errors(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[RunSpec] = []

    def broken(spec: RunSpec, *rest: Any, **named: Any) -> Any:
        began.append(spec)
        if len(began) == 2:
            raise RuntimeError("a fault in the engine")
        return simulate(spec, *rest, **named)

    monkeypatch.setattr("player.qa.run.simulate", broken)
    out = tmp_path / "out"
    with pytest.raises(RuntimeError):
        call(tmp_path, server.url("manifest.mpd"), "--out", str(out))
    document, suite, html = documents(out)
    assert (suite.get("errors"), suite.get("skipped"), len(document["not_run"])) == ("1", "0", 1)
    assert "RuntimeError" in suite.findall("testcase/error")[0].get("message", "")
    assert document["passed"] is False
    assert "did not run" in html


def test_a_run_that_could_not_start_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "live.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n#EXTINF:4,\n2.ts\n")
    assert call(tmp_path, "live.m3u8", "--out", str(tmp_path / "out")) == 2
    document, suite, _ = documents(tmp_path / "out")
    assert (document["passed"], suite.get("errors"), suite.get("tests")) == (False, "2", "2")
    assert "mode: real" in document["ended_by"]


def plan_of(folder: Path, more: str = "", url: str = "http://a.test/x.mpd") -> QaPlan:
    (folder / "plan.yaml").write_text(PLAN + more)
    return load_plan(folder / "plan.yaml", {"URL": url})


@pytest.mark.parametrize(
    ("more", "member"),
    [
        ("policies: [bola]\n", "policies"),
        ("cdns: [{name: a, order: [edge-a]}]\n", "cdns"),
        ("cmcd: [{mode: query}]\n", "cmcd"),
        ("devices: [{name: tv, profile: box-720p}]\n", "devices"),
        ("devices: [{name: low, rung: 0}]\n", "devices"),
        ("script: [{at_s: 1, do: pause}]\n", "script"),
        ("judge: media\n", "judge: media"),
    ],
)
def test_what_a_browser_has_no_form_for_is_refused(more: str, member: str, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, more)
    assert for_players(plan, ["matinee"]).runs
    with pytest.raises(InputError, match=f"shaka has no form for {member}"):
        for_players(plan, ["matinee", "shaka"])


@pytest.mark.parametrize(
    ("play", "member"),
    [
        ("audio: de", "play.audio"),
        ("subtitles: de", "play.subtitles"),
        ("start_s: 3", "play.start_s"),
        ("state: kept", "play.s"),
    ],
)
def test_what_is_to_be_played_otherwise_is_refused(play: str, member: str, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN.replace("play: {", f"play: {{{play}, "))
    plan = load_plan(tmp_path / "plan.yaml", {"URL": "http://a.test/x.mpd"})
    with pytest.raises(InputError, match=member):
        for_players(plan, ["hlsjs", "shaka"])


def test_keys_are_refused_for_browsers(tmp_path: Path) -> None:
    text = PLAN.replace('"${URL}"', f'"${{URL}}", keys: ["{"0" * 32}:{"1" * 32}"]')
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(InputError, match="keys"):
        for_players(load_plan(tmp_path / "plan.yaml", {"URL": "http://a.test/x.mpd"}), ["shaka"])


def test_a_player_that_plays_nothing_of_the_plan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="hlsjs plays none"):
        for_players(plan_of(tmp_path), ["matinee", "shaka", "hlsjs"])


def test_what_is_left_out_or_not_applied_stands_in_each_document(tmp_path: Path, server: FileServer) -> None:
    two = PLAN.replace('url: "${URL}"}', 'url: "${URL}"}, {name: hls, url: "http://a.test/x.m3u8"}')
    (tmp_path / "plan.yaml").write_text(two + "devices: [{name: small, buffer_s: 10}]\n")
    url = server.url("manifest.mpd")
    plan = for_players(load_plan(tmp_path / "plan.yaml", {"URL": url}), ["matinee", "dashjs", "dashjs"])
    assert len(plan.runs) == 4 + 2
    assert [name for name, _ in plan.left_out] == [f"hls / link / small / dashjs / seed {seed}" for seed in (1, 2)]
    assert call(tmp_path / "one", url, "--out", str(tmp_path / "one")) == 0
    report = documents(tmp_path / "one")[0]["runs"][0]["report"]
    outcome = outcome_of(plan, [RunResult(spec.labels, report) for spec in plan.runs])
    assert not outcome.virtual, "browsers play in real time"
    qa_run.write(outcome, tmp_path / "one")
    document, suite, html = documents(tmp_path / "one")
    assert len(document["left_out"]) == 2
    assert suite.get("skipped") == "2"
    assert "buffer_s" in document["runs"][-1]["not_applied"][0]
    assert "Not applied: dashjs: " in html
    assert "Left out: hls / link / small / dashjs / seed 1" in html
    assert "Not applied: how much" in junit(outcome)
    assert page(outcome) == html


HELD = """version: 1
name: held
sources: [{name: film, url: "${URL}"}]
play: {duration_s: 6}
"""


def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())["runs"][0]["metrics"]
    return found


@pytest.mark.parametrize(
    "rule",
    [
        "{match: {pathway: egde-a}, fault: {type: refuse}}",
        "{match: {path: '*seg-*'}, from_s: 500, fault: {type: refuse}}",
        "{match: {path: '*seg-*'}, from_s: 0, until_s: 0, fault: {type: refuse}}",
        "{match: {path: '*seg-*'}, from_s: 9, until_s: 5, fault: {type: refuse}}",
        "{match: {path: '*seg-*'}, count: 0, fault: {type: refuse}}",
        "{match: {path: '*seg-*'}, skip: 1000, fault: {type: refuse}}",
        "{match: {path: '*seg-*'}, probability: 0, fault: {type: refuse}}",
    ],
)
def test_a_fault_that_meets_no_request_breaks_the_plan(
    rule: str, tmp_path: Path, server: FileServer, capsys: pytest.CaptureFixture[str]
) -> None:
    url, out = server.url("manifest.mpd"), tmp_path / "out"
    text = f"{HELD}faults: [{{name: outage, rules: [{rule}]}}]\n"
    assert call(tmp_path, url, "--out", str(out), text=text) == 1
    assert metrics(out)["unused_faults"] == 1
    assert "No request met these rules in their time: outage: rule 1." in capsys.readouterr().err
    assert call(tmp_path, url, text=f"{text}thresholds: [unused_faults <= 1]\n") == 0


def test_a_fault_that_one_run_of_the_plan_met_is_used(tmp_path: Path, server: FileServer) -> None:
    url = server.url("manifest.mpd")
    rule = "{match: {path: '*seg-0-001*'}, count: 1, fault: {type: delay, seconds: 0.1}}"
    devices = "devices: [{name: low, rung: 0}, {name: high, rung: 2}]"
    text = f"{HELD}{devices}\nfaults: [{{name: none, rules: []}}, {{name: slow, rules: [{rule}]}}]\n"
    assert call(tmp_path, url, text=text) == 0


def test_a_fault_that_chance_lets_pass_is_used(tmp_path: Path, server: FileServer) -> None:
    rule = "{match: {path: '*seg-*'}, probability: 0.000001, fault: {type: refuse}}"
    text = f"{HELD}faults: [{{name: rare, rules: [{rule}]}}]\n"
    assert call(tmp_path, server.url("manifest.mpd"), text=text) == 0


def test_a_step_that_does_not_take_place_breaks_the_plan(tmp_path: Path, server: FileServer) -> None:
    url, out = server.url("manifest.mpd"), tmp_path / "out"
    text = f"{HELD}script: [{{at_s: 1, do: rung, rung: 0}}, {{at_s: 500, do: seek, to_s: 2}}]\n"
    assert call(tmp_path, url, "--out", str(out), text=text) == 1
    assert metrics(out)["unused_steps"] == 1
    assert call(tmp_path, url, text=text.replace("500", "2")) == 0


@pytest.mark.parametrize("mode", ["virtual", "real"])
@pytest.mark.parametrize(("play", "unmet"), [("audio: de", "audio de"), ("subtitles: pt-BR", "subtitles pt-BR")])
def test_a_language_that_the_source_does_not_have_breaks_the_plan(
    play: str, unmet: str, mode: str, tmp_path: Path, spoken: FileServer, capsys: pytest.CaptureFixture[str]
) -> None:
    url, out = spoken.url("manifest.mpd"), tmp_path / "out"
    text = PLAN.replace("duration_s: 6", f"duration_s: 1, {play}").replace("[1, 2]", "[1]") + f"mode: {mode}\n"
    assert call(tmp_path, url, "--out", str(out), text=text) == 1
    assert metrics(out)["unmet_languages"] == 1
    report = json.loads((out / "report.json").read_text())["runs"][0]["report"]
    assert report["result"]["unmet_languages"] == [unmet]
    assert f"Not played in the language that was asked for: {unmet}" in capsys.readouterr().err
    met = text.replace("de}", "fr}").replace("pt-BR", "en")
    assert call(tmp_path, url, "--out", str(out), text=met) == 0
    report = json.loads((out / "report.json").read_text())["runs"][0]["report"]
    chosen = {
        medium: [each["language"] for each in tracks if each["chosen"]] for medium, tracks in report["tracks"].items()
    }
    assert chosen == (
        {"audio": ["fr"], "subtitles": []} if "audio" in play else {"audio": ["en"], "subtitles": ["en"]}
    )


def test_a_stall_that_the_end_of_the_run_ends_is_unfinished() -> None:
    """A live list that stops changing: the run is stopped while it waits, and libmpv says "playing" again."""
    spec = RunSpec(Labels("channel"), PlaybackSource(url="http://a.test/live.m3u8"), limit_s=30.0)
    statuses = [{"status": "playing", "at_s": 0.2}, {"status": "buffering", "at_s": 4.0}]
    ending = [{"status": "playing", "at_s": 30.05}, {"status": "idle", "at_s": 30.06}]
    report = {"result": {"status": "idle", "duration_s": None}, "live": {}, "statuses": [*statuses, *ending]}
    assert is_unfinished(report, spec)
    report["statuses"] = [*statuses, {"status": "playing", "at_s": 20.0}, ending[-1]]
    assert not is_unfinished(report, spec)


def test_two_runs_do_not_write_to_one_folder(
    tmp_path: Path, server: FileServer, capsys: pytest.CaptureFixture[str]
) -> None:
    out, url = tmp_path / "out", server.url("manifest.mpd")
    with qa_run._alone_in(out):
        assert call(tmp_path, url, "--out", str(out)) == 2
    assert "Another run writes to" in capsys.readouterr().err
    assert call(tmp_path, url, "--out", str(out)) == 0


def soak(url: str, out: Path, *words: str) -> int:
    times = ["--minutes", "0.05", "--duration", "1", "--every", "0.5"]
    return main(["qa", "soak", url, *times, "--out", str(out), *words])


def test_a_soak_that_loses_media_is_red(tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def lossy(spec: RunSpec, bench: Bench, _stop: object) -> dict[str, Any]:
        report = simulate(spec, bench)
        report["continuity"]["lost_s"]["audio"] = 4.0
        return report

    monkeypatch.setattr("player.qa.realtime_run.play", lossy)
    assert soak(server.url("manifest.mpd"), tmp_path) == 1
    document = json.loads((tmp_path / "soak.json").read_text())
    assert "lost_s is 4" in json.dumps(document)


def test_a_soak_that_is_interrupted_is_red_and_tells_what_there_was(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_spec: RunSpec, _bench: Bench, _stop: object) -> dict[str, Any]:
        raise KeyboardInterrupt

    monkeypatch.setattr("player.qa.realtime_run.play", interrupted)
    assert soak(server.url("manifest.mpd"), tmp_path) == 130
    document = json.loads((tmp_path / "soak.json").read_text())
    assert document["good"] is False
    assert "interrupted" in document["verdict"]
    assert (tmp_path / "soak.html").is_file()


@pytest.mark.parametrize(("stall_s", "code"), [(3.0, 0), (30.0, 1)])
def test_a_soak_that_hangs_when_its_time_is_up_is_red(
    stall_s: float, code: int, tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has died, and the player still hopes."""

    def hangs(spec: RunSpec, bench: Bench, is_over: Callable[[], bool]) -> dict[str, Any]:
        report = simulate(replace(spec, limit_s=60.0), bench)
        stands = [{"status": "buffering", "at_s": 60.0}, {"status": "idle", "at_s": 60.0 + stall_s}]
        report["statuses"] = [*(each for each in report["statuses"] if each["status"] != "ended"), *stands]
        report["result"] |= {"status": "idle", "unfinished": True}
        while not is_over():  # it is by now
            pass
        return report

    monkeypatch.setattr("player.qa.realtime_run.play", hangs)
    assert soak(server.url("manifest.mpd"), tmp_path, "--minutes", "0.001") == code


def test_a_report_of_which_a_part_is_written_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"

    def half(self: Path, text: str, **_named: object) -> int:
        self.write_bytes(text.encode()[:10])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(KeyboardInterrupt):
        write_report(Recorder().report(source="s", policy="p"), argparse.Namespace(json=False, report=path))
    assert not path.exists()


def test_a_soak_whose_pictures_stand_is_red_unless_stills_are_allowed(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slides(spec: RunSpec, bench: Bench, _stop: object) -> dict[str, Any]:
        report = simulate(spec, bench)
        report["continuity"]["stands_s"] = 2.0
        return report

    monkeypatch.setattr("player.qa.realtime_run.play", slides)
    assert soak(server.url("manifest.mpd"), tmp_path) == 1
    assert "--stills" in capsys.readouterr().err
    assert soak(server.url("manifest.mpd"), tmp_path, "--stills") == 0


def test_a_soak_that_shows_nothing_is_red_and_leaves_nothing_of_yesterday(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def dark(spec: RunSpec, bench: Bench, _stop: object) -> dict[str, Any]:
        seen.append([path.name for path in tmp_path.iterdir()])
        report = simulate(spec, bench)
        report["summary"]["startup_s"] = None
        return report

    monkeypatch.setattr("player.qa.realtime_run.play", dark)
    (tmp_path / "soak.json").write_text("green")
    assert soak(server.url("manifest.mpd"), tmp_path) == 1
    assert seen[0] == []
    assert "No playback showed a picture." in (tmp_path / "soak.html").read_text()
