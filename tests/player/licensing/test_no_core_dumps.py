"""No process that plays leaves a core dump with keys in it: each is looked at while it runs, from inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.fileserver import FileServer
from tests.kit.media import ffmpeg_dash
from tests.kit.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc and prctl")
_ROOT = Path(__file__).resolve().parents[3]
# Runs at the start of every process of the tree, and notes how each stands once libmpv is loaded.
_WATCH = """
import ctypes, json, os, sys, threading
pause = threading.Event()
def watch():
    while True:
        pause.wait(0.05)
        try:
            with open("/proc/self/maps") as maps:
                loaded = "libmpv" in maps.read()
        except OSError:
            return
        if not loaded:
            continue
        with open(f"/proc/{os.getpid()}/limits") as limits:
            core = next(line.split()[4:6] for line in limits if line.startswith("Max core file size"))
        dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
        path = os.path.join(os.environ["WATCHED"], str(os.getpid()))
        with open(path + ".part", "w") as file:
            json.dump({"argv": sys.argv, "core": core, "dumpable": dumpable}, file)
        os.replace(path + ".part", path)
threading.Thread(target=watch, daemon=True).start()
"""
_KIOSK = 'format = 1\nname = "test"\n[health]\nport = 0\n[network]\nhosts = ["127.0.0.1"]\n[[entry]]\nurl = "{url}"\n'


@pytest.mark.parametrize("program", ["headless", "app", "kiosk"])
def test_a_process_that_plays_can_leave_no_core_dump(tmp_path: Path, program: str) -> None:
    watched, boot = tmp_path / "watched", tmp_path / "boot"
    for folder in (watched, boot):
        folder.mkdir()
    (boot / "sitecustomize.py").write_text(_WATCH)
    with FileServer(ffmpeg_dash().folder) as server:
        url = server.url("manifest.mpd")
        kiosk = tmp_path / "kiosk.toml"
        kiosk.write_text(_KIOSK.format(url=url))
        profile = str(tmp_path / "profile")
        words = {
            "headless": ["ui.cli.main", "play", url, "--headless", "--profile", profile, "--duration", "2"],
            "app": ["tests.kit.app_start", profile, "playing", "0", url],
            "kiosk": ["ui.cli.main", "kiosk", str(kiosk), "--state", profile],
        }[program]
        environ = {**os.environ, "PYTHONPATH": f"{boot}:{_ROOT}", "WATCHED": str(watched)}
        environ |= {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path)}
        run = subprocess.Popen([sys.executable, "-m", *words], cwd=_ROOT, env=environ, stderr=subprocess.PIPE)
        try:
            if program == "kiosk":
                until(lambda: [*watched.glob("[0-9]*[0-9]")], "no screen plays")
                run.terminate()
            _, errors = run.communicate(timeout=120)
        finally:
            run.kill()
    found = [json.loads(path.read_text()) for path in watched.glob("[0-9]*[0-9]")]
    assert found, errors.decode()
    for process in found:
        assert process["core"] == ["0", "0"], process
        assert process["dumpable"] == 0, process
