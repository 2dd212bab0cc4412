"""The options of a test bench, as the servers see them: on ``play``, ``inspect`` and every action of ``qa``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.kit import media
from tests.kit.bench import BenchServer, Heard
from tests.kit.fileserver import FileServer
from ui.cli.main import main

ROOT = Path(__file__).parents[3]
LIVE = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:4,\n1.ts\n#EXTINF:4,\n2.ts\n"
PLAN = 'version: 1\nname: B\nsources: [{{name: d, url: "{}"}}]\nplay: {{duration_s: 2}}\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some media, and a live playlist."""
    place = tmp_path_factory.mktemp("bench") / "media"
    shutil.copytree(media.ffmpeg_dash(8).folder, place)
    (place / "live.m3u8").write_text(LIVE)
    return place


@pytest.fixture(scope="module")
def secured(folder: Path) -> Iterator[tuple[BenchServer, list[str]]]:
    """A server with TLS and HTTP/2, and the words that lead to it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder.parent / "ca.pem"))
    with BenchServer(folder, authority) as server:
        words = ["--ca-file", str(folder.parent / "ca.pem")]
        for host in ("cdn.test", "other.test"):
            words += ["--resolve", f"{host}:{server.port}:127.0.0.1"]
        words += ["--header", "X-Bench: 42", "--cookie", "a=1", "--cookie", "b=2", "--user-agent", "Bench/1"]
        yield server, [*words, "--interface", "127.0.0.2"]


def command(name: str, server: BenchServer, folder: Path) -> list[str]:
    url = server.url("manifest.mpd")
    (folder.parent / "plan.yaml").write_text(PLAN.format(url))
    return {
        "play": ["play", url, "--headless", "--speed", "max", "--duration", "1"],
        "inspect": ["inspect", url],
        "run": ["qa", "run", str(folder.parent / "plan.yaml"), "--jobs", "1"],
        "ladder": ["qa", "ladder", url, "--segments", "1", "--no-decode"],
        "watch": ["qa", "watch", server.url("live.m3u8"), "--for", "0.6", "--every", "0.5"],
        "cdn": ["qa", "cdn", url, "--hosts", f"cdn.test:{server.port},other.test:{server.port}", "--segments", "1"],
        "soak": ["qa", "soak", url, "--minutes", "0.01", "--every", "0.2"],
    }[name]


def codes_of(name: str) -> set[int]:
    """The live list of the bench brings nothing new, and does not pass. In half a second of soak a busy machine shows
    no picture."""
    return {"watch": {1}, "soak": {0, 1}}.get(name, {0})


@pytest.mark.parametrize("name", ["play", "inspect", "run", "ladder", "watch", "cdn", "soak"])
def test_servers_are_spoken_to_as_the_options_say(
    name: str, secured: tuple[BenchServer, list[str]], folder: Path
) -> None:
    server, words = secured
    seen: dict[str, list[Heard]] = {}
    for version, cmcd in (("2", "headers"), ("1.1", "query")):
        before = len(server.heard)
        asked = [*command(name, server, folder), *words, "--cmcd", cmcd, "--cmcd-version", "2"]
        assert main(asked if version == "2" else [*asked, "--http", version]) in codes_of(name)
        if name == "soak" and len(server.heard) == before:  # a busy machine asks for nothing in so short a time
            assert main([*asked, "--minutes", "0.5"]) in codes_of(name)
        seen[version] = server.heard[before:]
        if name == "soak":
            break  # once is enough of what takes its time
    for version, requests in seen.items():
        assert requests
        assert {each.version for each in requests} == {version}
        assert {each.peer for each in requests} == {"127.0.0.2"}
        for each in requests:
            assert (each.headers["x-bench"], each.headers["user-agent"]) == ("42", "Bench/1")
            assert "a=1" in each.headers["cookie"]
            assert "b=2" in each.headers["cookie"]
            assert each.headers["host"].partition(":")[0] in ("cdn.test", "other.test")
            marked = "CMCD=" in each.target if version == "1.1" else "cmcd-session" in each.headers
            assert marked, each
    if name == "cdn":
        assert {each.headers["host"].partition(":")[0] for each in seen["2"]} == {"cdn.test", "other.test"}


@pytest.mark.parametrize("name", ["play", "inspect", "run", "ladder", "watch"])
def test_a_proxy_is_asked(name: str, folder: Path) -> None:
    with BenchServer(folder) as server:
        words = ["--proxy", f"http://127.0.0.1:{server.port}"]
        assert main([*command(name, server, folder), *words]) in codes_of(name)
        assert server.heard
        assert all(each.target.startswith(f"http://cdn.test:{server.port}/") for each in server.heard)


def test_har_tells_what_each_connection_was(
    secured: tuple[BenchServer, list[str]], folder: Path, tmp_path: Path
) -> None:
    server, words = secured
    assert main([*command("play", server, folder), *words, "--har", str(tmp_path / "session.har")]) == 0
    entries = json.loads((tmp_path / "session.har").read_text())["log"]["entries"]
    assert {(each["_matinee"]["protocol"], each["_matinee"]["tls"]["version"]) for each in entries} == {
        ("HTTP/2", "TLSv1.3")
    }
    assert all(each["_matinee"]["tls"]["cipher"].startswith("TLS_") for each in entries)
    made, reused = ([each for each in entries if each["_matinee"]["new_connection"] is new] for new in (True, False))
    assert made
    assert reused
    for each in made:
        assert 0 < each["timings"]["ssl"] < each["timings"]["connect"] <= each["time"]
    assert {each["timings"]["connect"] for each in reused} == {-1}


def test_a_certificate_of_an_unknown_authority_is_refused(
    secured: tuple[BenchServer, list[str]], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server, words = secured
    without = [word for number, word in enumerate(words) if number > 1]
    for name in ("play", "inspect", "ladder"):
        assert main([*command(name, server, folder), *without]) != 0
        assert "certificate" in capsys.readouterr().err
    assert main([*command("run", server, folder), *without]) == 1


def test_a_profile_is_kept_where_one_is_named_and_else_thrown_away(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    (tmp_path / "temporary").mkdir()
    with FileServer(folder) as server:
        plan = tmp_path / "plan.yaml"
        text = PLAN.format(server.url("manifest.mpd"))
        plan.write_text(text.replace("name: B", "name: B\nmode: real").replace("duration_s: 2", "duration_s: 0.5"))
        play = ["play", server.url("manifest.mpd"), "--headless", "--speed", "max", "--duration", "1"]
        for words in (play, ["qa", "run", str(plan)]):
            kept = tmp_path / words[0]
            assert main([*words, "--profile-dir", str(kept)]) == 0
            assert list(kept.iterdir())
        plan.write_text(text)
        assert main(["qa", "run", str(plan)]) == 0
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not (tmp_path / "home" / "matinee").exists()


@pytest.mark.parametrize("words", [["inspect"], ["qa", "ladder", "--segments", "1", "--no-decode"]])
def test_the_log_is_json_on_every_line(words: list[str], folder: Path) -> None:
    command = [sys.executable, "-m", "ui.cli.main", "--log", "debug", "--log-json", *words]
    with FileServer(folder) as server:
        done = subprocess.run(
            [*command, server.url("manifest.mpd?t=s3cret")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines
    assert {"time", "level", "logger", "message"} <= set(lines[0])
    assert "s3cret" not in done.stderr + done.stdout
