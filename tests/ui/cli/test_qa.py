"""``matinee qa`` as one calls it: exit codes, documents, the bundled service, the same decisions again."""

from __future__ import annotations

import json
import logging
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from tests.kit import media
from tests.kit.backend import running_backend
from tests.kit.children import lives
from tests.kit.fileserver import FileServer
from tests.kit.playback import publish_media
from tests.kit.waiting import until
from ui.cli.log import JsonLines
from ui.cli.main import main

PLAN = """
version: 1
name: A slow link with errors
sources:
  - {name: dash, url: "${BASE}/manifest.mpd"}
seeds: [1, 2]
repeats: 2
networks:
  - {name: shaky, model: {kind: jumps, mean_kbps: 1500}}
faults:
  - name: errors
    rules: [{match: {kind: segment}, probability: 0.2, fault: {type: status, status: 503}}]
script: [{at_s: 8, do: seek, to_s: 2}]
thresholds:
  - startup_s p95 <= 2.5
  - ended == 1
"""


@pytest.fixture(scope="module")
def server() -> Iterator[FileServer]:
    with FileServer(media.ffmpeg_dash().folder) as running:
        yield running


def qa_run(folder: Path, server: FileServer, text: str, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON document of a plan; everything that the run leaves is in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(text)
    code = main(
        ["qa", "run", str(folder / "plan.yaml"), "--set", f"BASE={server.base}", "--out", str(folder), *words]
    )
    return code, json.loads((folder / "report.json").read_text())


def test_same_plan_and_seed_give_the_same_reports_however_many_run_at_once(
    tmp_path: Path, server: FileServer, capsys: pytest.CaptureFixture[str]
) -> None:
    code, alone = qa_run(tmp_path / "1", server, PLAN, "--jobs", "1")
    assert code == 0
    assert "[4/4]" in capsys.readouterr().err
    assert qa_run(tmp_path / "2", server, PLAN, "--jobs", "2")[0] == 0
    together = json.loads((tmp_path / "2" / "report.json").read_text())
    assert [run["report"] for run in alone["runs"]] == [run["report"] for run in together["runs"]]
    first, again, other = (alone["runs"][number]["report"] for number in (0, 1, 2))
    assert first == again, "a repeat is the same"
    assert first["requests"] != other["requests"], "another seed is not"
    assert {"junit.xml", "report.html", "report.json"} <= {path.name for path in (tmp_path / "1").iterdir()}


def test_a_broken_threshold_is_exit_code_1_and_a_broken_plan_2(
    tmp_path: Path, server: FileServer, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = PLAN.replace("repeats: 2", "repeats: 1").replace("ended == 1", "errors.http.server == 0")
    code, document = qa_run(tmp_path, server, strict, "--jobs", "1")
    assert (code, document["passed"]) == (1, False)
    assert "BROKEN  errors.http.server is" in capsys.readouterr().err
    (tmp_path / "plan.yaml").write_text(PLAN.replace("mean_kbps: 1500", "mean_kbps: fast"))
    assert main(["qa", "run", str(tmp_path / "plan.yaml"), "--set", f"BASE={server.base}"]) == 2
    assert "plan.yaml, line 9: networks[0].model.mean_kbps: this must be a number." in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_interrupt_ends_the_workers_without_a_traceback(number: signal.Signals, tmp_path: Path) -> None:
    waits_for_ever = socket.create_server(("127.0.0.1", 0))
    waits_for_ever.settimeout(120)
    url = f"http://127.0.0.1:{waits_for_ever.getsockname()[1]}/manifest.mpd"
    plan = f'version: 1\nname: p\nsources: [{{name: s, url: "{url}"}}]\nrepeats: 4\n'
    (tmp_path / "plan.yaml").write_text(plan)
    command = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "signal.signal(signal.SIGHUP, signal.SIG_DFL); "  # who was started by nohup ignores it
        "from ui.cli.main import entry; entry()"
    )
    words = [
        sys.executable,
        "-c",
        command,
        "qa",
        "run",
        str(tmp_path / "plan.yaml"),
        "--jobs",
        "2",
        "--out",
        str(tmp_path),
    ]
    with waits_for_ever, subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        asking = [waits_for_ever.accept()[0] for _ in range(2)]
        for connection in asking:
            connection.settimeout(120)
            assert connection.recv(65_536).startswith(b"GET ")
        process.send_signal(number)
        _, told = process.communicate(timeout=120)
        for connection in asking:
            with connection:
                assert connection.recv(65_536) == b"", "the worker is gone"
    assert process.returncode == 130
    assert "Traceback" not in told
    document = json.loads((tmp_path / "report.json").read_text())
    assert (document["passed"], document["runs"], len(document["not_run"])) == (False, [], 4)
    assert "no run was finished" in (tmp_path / "report.html").read_text()


def test_workers_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as waits_for_ever:
        waits_for_ever.settimeout(120)
        url = f"http://127.0.0.1:{waits_for_ever.getsockname()[1]}/manifest.mpd"
        plan = f'version: 1\nname: p\nsources: [{{name: s, url: "{url}"}}]\nrepeats: 4\n'
        (tmp_path / "plan.yaml").write_text(plan)
        words = [sys.executable, "-m", "ui.cli.main", "qa", "run", str(tmp_path / "plan.yaml"), "--jobs", "2"]
        with (
            subprocess.Popen(words, stderr=subprocess.DEVNULL) as process,
            waits_for_ever.accept()[0],
            waits_for_ever.accept()[0],
        ):
            workers = [each.pid for each in psutil.Process(process.pid).children(recursive=True)]
            process.kill()
            process.wait(120)
            until(lambda: not any(lives(each) for each in workers), "the workers stay")


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_finished_when_a_plan_is_ended_is_written(jobs: int, tmp_path: Path, server: FileServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hangs, socket.create_server(("127.0.0.1", 0)) as later:
        urls = {"good": server.url("manifest.mpd")}
        for name, waits_for_ever in (("hangs", hangs), ("later", later)):
            urls[name] = f"http://127.0.0.1:{waits_for_ever.getsockname()[1]}/manifest.mpd"
        sources = "[" + ", ".join(f'{{name: {name}, url: "{url}"}}' for name, url in urls.items()) + "]"
        (tmp_path / "plan.yaml").write_text(f"version: 1\nname: p\nsources: {sources}\nplay: {{duration_s: 1e0}}\n")
        words = ["qa", "run", str(tmp_path / "plan.yaml"), "--jobs", str(jobs), "--out", str(tmp_path)]
        with subprocess.Popen([sys.executable, "-m", "ui.cli.main", *words], stderr=subprocess.PIPE) as process:
            last = (hangs, later)[jobs - 1]
            last.settimeout(120)
            with last.accept()[0]:  # so the first run is over, however often the one that hangs has asked
                process.send_signal(signal.SIGTERM)
                told = process.communicate(timeout=120)[1].decode()
    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert "2 of 3 runs did not run" in told
    document = json.loads((tmp_path / "report.json").read_text())
    assert ([run["source"] for run in document["runs"]], document["passed"]) == (["good"], False)
    assert [name.split()[0] for name in document["not_run"]] == ["hangs", "later"]
    assert (tmp_path / "junit.xml").read_text().count("<error ") == 2
    assert "2 more did not run" in (tmp_path / "report.html").read_text()


def test_a_live_source_is_refused_in_virtual_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "live.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n#EXTINF:4,\n2.ts\n")
    for name in ("1.ts", "2.ts"):
        shutil.copy(min(media.ffmpeg_hls_ts(8).folder.rglob("*.ts")), tmp_path / name)
    (tmp_path / "plan.yaml").write_text("version: 1\nname: L\nsources: [{name: channel, url: live.m3u8}]\n")
    assert main(["qa", "run", str(tmp_path / "plan.yaml")]) == 2
    assert "channel is live: a plan with live sources needs mode: real." in capsys.readouterr().err


def test_check_and_schema_print_what_a_plan_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    words = ["qa", "check", str(tmp_path / "plan.yaml"), "--set", "BASE=http://a.test"]
    assert main(words) == 0
    assert "4 runs in virtual time" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["thresholds"] == ["startup_s p95 <= 2.5", "ended == 1"]
    assert main(["qa", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Matinee QA plan"
    assert main([*words[:3], "--set", "BASE"]) == 2


def test_a_real_run_is_on_libmpv(tmp_path: Path, server: FileServer) -> None:
    text = f'version: 1\nname: Real\nmode: real\nsources: [{{name: d, url: "{server.url("manifest.mpd")}"}}]\n'
    text += "play: {duration_s: 1}\nscript: [{at_s: 0.1, do: pause}, {at_s: 0.3, do: play}]\n"
    code, document = qa_run(tmp_path, server, text + "thresholds: [memory_mb > 10]\n", "--json")
    assert code == 0
    report = document["runs"][0]["report"]
    assert report["libmpv"].startswith(("mpv", "libmpv"))
    assert report["result"]["position_s"] == pytest.approx(1, abs=0.5)


def test_titles_of_the_service_play_in_virtual_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    with running_backend(tmp_path / "data") as group:
        title = publish_media(group, media.packager_cenc(), "film")
        (tmp_path / "plan.yaml").write_text(
            f"version: 1\nname: Title\nsources: [{{name: film, title: {title}}}]\n"
            "faults:\n  - name: one edge out\n    rules:\n"
            "      - {match: {pathway: edge-a, kind: segment}, skip: 2, fault: {type: refuse}}\n"
            "thresholds: [ended == 1, stalls == 0, path_switches >= 1, cdn.edge-b.share > 30%]\n"
        )
        words = ["--out", str(tmp_path), "--service", group.api.url, "--email", DEMO_EMAIL]
        assert main(["qa", "run", str(tmp_path / "plan.yaml"), *words]) == 0
        html = (tmp_path / "report.html").read_text()
        (tmp_path / "plan.yaml").write_text(
            f"version: 1\nname: CDNs\nsources: [{{name: film, title: {title}}}]\n"
            "cdns: [{name: b alone, order: [edge-b]}]\n"
            "thresholds: [ended == 1, cdn.edge-b.share == 1, cdn.edge-a.requests == 0]\n"
        )
        assert main(["qa", "run", str(tmp_path / "plan.yaml"), *words]) == 0
        text = (tmp_path / "plan.yaml").read_text().replace("[edge-b]", "[edge-x]")
        (tmp_path / "plan.yaml").write_text(text)
        assert main(["qa", "run", str(tmp_path / "plan.yaml"), *words]) == 1
        assert "No CDN is called edge-x" in (tmp_path / "report.html").read_text()
    assert "edge-b" in html
    assert DEMO_PASSWORD not in html


def test_a_service_that_refuses_the_account_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATINEE_PASSWORD", "wrong")
    (tmp_path / "plan.yaml").write_text("version: 1\nname: T\nsources: [{name: film, title: film}]\n")
    with running_backend(tmp_path / "data", edges=1) as group:
        for jobs in "1", "2":
            words = ["--jobs", jobs, "--service", group.api.url, "--email", DEMO_EMAIL]
            assert main(["qa", "run", str(tmp_path / "plan.yaml"), *words]) == 4
    assert "Traceback" not in capsys.readouterr().err


def test_play_and_inspect_take_the_options_of_a_test_bench(
    tmp_path: Path, server: FileServer, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://cdn.test:{server.port}/manifest.mpd"
    web = ["--resolve", "cdn.test:127.0.0.1", "--header", "X-Token: s3cret", "--cookie", "a=s3cret", "--http", "1.1"]
    play = ["play", url, "--headless", "--speed", "max", "--duration", "1", *web]
    assert main([*play, "--cmcd", "query", "--fail-on", "stalls>5", "--profile-dir", str(tmp_path)]) == 0
    marked = [request.path for request in server.requests if "CMCD=" in request.path]
    assert any("ot%3Dv" in path and "sf%3Dd" in path for path in marked), marked
    assert main([*play, "--fail-on", "bytes>0", "--json"]) == 1
    printed = capsys.readouterr()
    assert "matinee: bytes is" in printed.err
    assert "cdn.test" in printed.out
    assert "s3cret" not in printed.out + printed.err
    assert main(["inspect", url, *web]) == 0
    assert main(["inspect", url, *web, "--fail-on", "renditions<99", "--json"]) == 1
    assert main(["inspect", url, *web, "--fail-on", "stalls>0"]) == 2
    assert main(["inspect", url, "--header", "s3cret"]) == 2
    assert "s3cret" not in capsys.readouterr().err


def test_devices_decode_what_they_decode_and_client_data_are_sent_as_the_plan_says(
    tmp_path: Path, server: FileServer
) -> None:
    text = f"""
version: 1
name: Devices
sources: [{{name: d, url: "{server.url("manifest.mpd")}"}}]
devices:
  - {{name: small, decode: {{max_height: 360}}}}
  - {{name: no h264, codecs: [hevc, aac]}}
cmcd: [{{mode: query}}, {{mode: "off"}}]
thresholds: [failed <= 1]
"""
    before = len(server.requests)
    code, document = qa_run(tmp_path, server, text, "--jobs", "1")
    assert code == 0
    small, other = document["runs"][0]["report"], document["runs"][2]["report"]
    heights = [small["rungs"][each["rung"]]["height"] for each in small["decisions"]]
    assert max(heights) == 360
    assert other["result"]["error"]["code"] == "media.unsupported"
    assert [run["cmcd"] for run in document["runs"]] == ["CMCD query", "CMCD off"] * 2
    seen = server.requests[before:]
    assert 0 < sum("CMCD=" in request.path for request in seen) < len(seen)
    assert qa_run(tmp_path, server, text, "--jobs", "1", "--cmcd", "off")[0] == 0
    asked = server.requests[before + len(seen) :]
    assert asked
    assert not any("CMCD=" in request.path for request in asked), "the command line comes first"


def test_qa_run_fails_on_what_the_command_line_says(tmp_path: Path, server: FileServer) -> None:
    text = f'version: 1\nname: F\nsources: [{{name: d, url: "{server.url("manifest.mpd")}"}}]\n'
    assert qa_run(tmp_path, server, text, "--fail-on", "switches >= 0", "--cmcd", "headers")[0] == 1
    assert qa_run(tmp_path, server, text, "--fail-on", "switches < 0")[0] == 0


def test_the_log_as_json_has_a_line_for_each_message_and_no_secret() -> None:
    formatter = JsonLines()
    words = ("asked http://u:s3cret@a.test/s/s3cret/x?t=s3cret with Bearer s3cret",)
    try:
        raise ValueError("http://a.test/?t=s3cret")
    except ValueError:
        record = logging.LogRecord("player.x", logging.WARNING, "f", 1, "%s", words, sys.exc_info())
    line = formatter.format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["level"], found["logger"]) == ("warning", "player.x")
    assert "a.test" in found["message"]
    assert "s3cret" not in line
