"""Secrets planted wherever there can be one, and looked for in everything that the commands leave or say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit import media
from tests.kit.bench import BenchServer
from tests.kit.clearkey import ClearKeyServer
from tests.kit.fileserver import FileServer
from ui.cli.main import main

ROOT = Path(__file__).parents[3]
TITLE = media.packager_cenc
PLANTED = {
    name: f"planted-{name}-5ecret"
    for name in (
        *("password", "signature", "query", "hmac", "base", "template", "header", "cookie", "proxy"),
        *("answer", "session", "licence", "variable"),
    )
}
KEYS = {f"key {label}": key for label, (_, key) in media.KEYS.items()}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BenchServer]:
    """A CDN below a signature whose manifest holds tokens, and whose answers do; it serves as the proxy, too."""
    place = tmp_path / "cdn" / "s" / PLANTED["signature"]
    shutil.copytree(TITLE(8).folder, place)
    manifest = place / "manifest.mpd"
    text = manifest.read_text().replace('.m4s"', f'.m4s?auth={PLANTED["template"]}"')
    head, period, rest = text.partition("<Period")
    manifest.write_text(f"{head}<BaseURL>?b={PLANTED['base']}</BaseURL>{period}{rest}")
    extra = {"set-cookie": f"id={PLANTED['answer']}", "x-session": PLANTED["session"]}
    with BenchServer(tmp_path / "cdn", extra=extra) as running:
        yield running


def contents(path: Path) -> bytes:
    """Everything in a file, unpacked."""
    if path.suffix != ".mrec":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(name.encode() + archive.read(name) for name in archive.namelist())


def test_no_secret_that_was_planted_is_found_in_anything(
    server: BenchServer, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    out = tmp_path / "out"
    out.mkdir()
    url = (
        f"http://viewer:{PLANTED['password']}@cdn.test:{server.port}/s/{PLANTED['signature']}/manifest.mpd"
        f"?token={PLANTED['query']}&hdnts=exp=1~hmac={PLANTED['hmac']}"
    )
    web = ["--header", f"X-Token: {PLANTED['header']}", "--cookie", f"a={PLANTED['cookie']}"]
    direct = [*web, "--resolve", "cdn.test:127.0.0.1"]
    web += ["--proxy", f"http://viewer:{PLANTED['proxy']}@127.0.0.1:{server.port}"]
    log = ["--log", "debug", "--log-json"]
    with ClearKeyServer(TITLE(8).keys) as licences:
        licence = ["--licence-url", f"{licences.url}?ticket={PLANTED['licence']}"]
        keys = [word for pair in TITLE(8).keys.values() for word in ("--key", ":".join(pair))]
        plan = tmp_path / "plan.yaml"
        plan.write_text(
            'version: 1\nname: R\nsources: [{name: d, url: "${URL}&v=${V}", keys: ["${SD}", "${HD}", "${AUDIO}"]}]\n'
            "faults: [{name: f, rules: [{match: {kind: segment}, skip: 2, count: 2,"
            " fault: {type: status, status: 403}}]}]\nthresholds: [failed <= 1, lost_s <= 60]\n"
        )
        filled = {"URL": url, "V": PLANTED["variable"]} | {
            label: ":".join(pair) for label, pair in TITLE(8).keys.items()
        }
        setting = [word for name, value in filled.items() for word in ("--set", f"{name}={value}")]
        kept = ["--record", str(out / "a.mrec"), "--har", str(out / "a.har"), "--report", str(out / "a.json")]
        play = ["play", url, "--headless", "--speed", "max", "--duration", "3", "--profile-dir", str(tmp_path / "p")]
        assert main([*log, *play, *kept, *licence, *direct, "--cmcd", "query"]) == 0
        assert main([*log, "qa", "run", str(plan), *setting, "--out", str(out), "--record", *web, "--json"]) == 0
        so_far = capfd.readouterr()
        assert main([*log, "inspect", url, *web]) == 0
        told_by_inspect = capfd.readouterr().err  # the addresses of the manifest are what it prints
        for told in (licence, [*keys, "--json"]):
            assert main([*log, "qa", "ladder", url, "--segments", "1", *direct, *told]) == 0
        assert main([*log, "qa", "ladder", url + "x", "--licence-url", "http://127.0.0.1:9/?t=" + PLANTED["licence"]])
        hosts = f"cdn.test:{server.port},http://viewer:{PLANTED['password']}@other.test:{server.port}"
        assert main([*log, "qa", "cdn", url, "--hosts", hosts, "--segments", "1", *web, "--json"]) == 0
        assert main([*log, "qa", "cdn", url, "--hosts", hosts, "--segments", "1", *web]) == 0
        assert main([*log, "qa", "soak", url, "--minutes", "0.005", *web, "--out", str(out)]) in (0, 1)
    asked = "\n".join(f"{each.target} {each.headers}" for each in server.heard)
    for name in ("signature", "query", "hmac", "template", "header", "cookie"):
        assert PLANTED[name] in asked, f"{name}: what is not sent cannot leak"
    printed = capfd.readouterr()
    told_there = {path.name: contents(path) for path in out.iterdir()}
    assert {"a.mrec", "a.har", "a.json", "report.json", "report.html", "junit.xml", "run-1.mrec"} <= set(told_there)
    said = so_far.err + told_by_inspect + printed.err
    told_there |= {
        "stdout": (so_far.out + printed.out).encode(),
        "stderr": said.encode(),
        "log": caplog.text.encode(),
    }
    leaks = [
        f"{name} in {place}: {content[max(0, content.find(secret.encode()) - 60) :][:120]!r}"
        for name, secret in {**PLANTED, **KEYS}.items()
        for place, content in told_there.items()
        if secret.encode() in content or (name in KEYS and bytes.fromhex(secret) in content)
    ]
    assert not leaks, "\n".join(leaks)


def test_a_playback_in_a_window_is_recorded_too(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("w.mrec", "w.har", "w.json")]
    with FileServer(media.ffmpeg_dash(8).folder) as server:
        words = ["play", server.url(f"manifest.mpd?t={PLANTED['query']}"), "--duration", "1"]
        words += ["--record", str(files[0]), "--har", str(files[1]), "--report", str(files[2])]
        done = subprocess.run(
            [sys.executable, "-m", "ui.cli.main", *words, "--profile-dir", str(tmp_path)],
            cwd=ROOT,
            env=dict(os.environ, QT_QPA_PLATFORM="offscreen"),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert all(PLANTED["query"].encode() not in contents(file) for file in files)
    assert main(["play", str(files[0]), "--replay"]) == 0
