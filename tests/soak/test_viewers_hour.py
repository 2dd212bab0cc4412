"""A viewer's hour by keys and by mouse, on both sizes, under a window manager and on Wayland; the service dies, comes
back and slows down.

``MATINEE_TEST_HOUR_MINUTES`` shortens it, ``MATINEE_TEST_HOUR_DATA`` names a folder of ``matinee demo`` to be used,
``MATINEE_TEST_HOUR_SHEETS`` where the contact sheets and words go, ``MATINEE_TEST_HOUR_SEED`` makes another hour.

Wayland's compositor shows itself in a window of X, so its keys and clicks are as real as a keyboard's."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from backend_stub.encoding.cli import features_command
from backend_stub.encoding.programme import FIRST, PROGRAMME
from tests.kit.children import ends_with_us
from tests.kit.evenings import ROOT
from tests.kit.waiting import until
from tests.packaging.xvfb import VirtualScreen
from tests.soak.viewers_hour import EMAIL, PASSWORD, PIN

pytestmark = [pytest.mark.soak, pytest.mark.realtime]

SEED = int(os.environ.get("MATINEE_TEST_HOUR_SEED", "1"))
MINUTES = float(os.environ.get("MATINEE_TEST_HOUR_MINUTES", "60"))
_STOPPED_S, _GOES_ON_S, _SLOW_TIMES = 2.5, 0.8, 5


class Service:
    """``matinee serve`` as a process that can be killed, stopped for moments, and started again on the same ports."""

    def __init__(self, data: Path) -> None:
        self._data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        words = ["-m", "ui.cli.main", "serve", "--data", str(self._data), "--port", str(self._port)]
        self._process = subprocess.Popen(
            ends_with_us(sys.executable, *words), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)

    def slow(self) -> None:
        """It answers late for a while."""
        for _ in range(_SLOW_TIMES):
            if self._process is None or self._process.poll() is not None:
                return
            self._process.send_signal(signal.SIGSTOP)
            time.sleep(_STOPPED_S)
            self._process.send_signal(signal.SIGCONT)
            time.sleep(_GOES_ON_S)

    def has_a_child(self) -> None:
        """The household has a grown-up, and a child out of whose profile a PIN leads."""
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=20) as client:
            sign_in = {"email": EMAIL, "password": PASSWORD, "device_name": "test"}
            token = client.post("/auth/login", json=sign_in).raise_for_status().json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            there = client.get("/profiles").raise_for_status().json()["items"]
            child = {"name": "Mia", "maturity": 6, "kids": True, "pin": PIN}
            for wanted in () if there else ({"name": "Ada", "maturity": 18}, child):
                client.post("/profiles", json=wanted).raise_for_status()

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v1/health", timeout=2).is_success
        except httpx.HTTPError:
            return False


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The titles: of a demonstration that there is, else the first ones, drawn here."""
    if "MATINEE_TEST_HOUR_DATA" in os.environ:
        return Path(os.environ["MATINEE_TEST_HOUR_DATA"])
    folder = tmp_path_factory.mktemp("demo")
    assert features_command(folder, PROGRAMME[:FIRST]) == 0
    return folder


@contextmanager
def under_x(screen: VirtualScreen) -> Iterator[Mapping[str, str]]:
    environment = {"DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}
    manager = subprocess.Popen(ends_with_us("openbox"), env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        yield environment
    finally:
        manager.terminate()
        manager.wait(20)


@contextmanager
def under_weston(screen: VirtualScreen, size: tuple[int, int]) -> Iterator[Mapping[str, str]]:
    with tempfile.TemporaryDirectory(prefix="matinee-") as runtime:  # a socket's path is short
        places = {"XDG_RUNTIME_DIR": runtime, "DISPLAY": screen.display}
        words = ["--backend=x11-backend.so", "--use-pixman", "--shell=kiosk-shell.so", "--no-config", "--idle-time=0"]
        words += [f"--width={size[0]}", f"--height={size[1]}", "--socket=wayland-test"]
        with (Path(runtime) / "weston.log").open("w") as log:
            compositor = subprocess.Popen(
                ends_with_us("weston", *words), env={**os.environ, **places}, stdout=log, stderr=log
            )
            try:
                until((Path(runtime) / "wayland-test").exists, "the compositor does not come up")
                pointed = ["xdotool", "mousemove", str(size[0] // 2), str(size[1] // 2)]  # keys go where it points
                subprocess.run(pointed, env={**os.environ, **places}, check=True)
                yield {**places, "WAYLAND_DISPLAY": "wayland-test", "QT_QPA_PLATFORM": "wayland"}
            finally:
                compositor.terminate()
                compositor.wait(20)


SIZES = {"desk": (1280, 800), "tv": (1920, 1080)}


@pytest.mark.parametrize("place", ["x", "wayland"])
@pytest.mark.parametrize("size", ["desk", "tv"])
@pytest.mark.parametrize("by", ["keys", "mouse"])
def test_nothing_goes_wrong_in_an_hour(tmp_path: Path, data: Path, by: str, size: str, place: str) -> None:
    for program in ("xdotool", "openbox" if place == "x" else "weston"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}")
    sheets = Path(os.environ.get("MATINEE_TEST_HOUR_SHEETS", tmp_path))
    sheets.mkdir(parents=True, exist_ok=True)
    service = Service(data)
    service.start()
    until(service.answers, "the service does not answer")
    service.has_a_child()
    words = ["-m", "tests.soak.viewers_hour", str(tmp_path / "profile"), service.url, "--by", by]
    words += ["--minutes", str(MINUTES), "--seed", str(SEED), "--sheet", str(sheets / f"{place}-{size}-{by}.png")]
    words += ["--tv"] if size == "tv" else []
    try:
        with (
            VirtualScreen(*SIZES[size]) as screen,
            under_x(screen) if place == "x" else under_weston(screen, SIZES[size]) as environment,
            (tmp_path / "errors").open("w") as errors,
        ):
            words.insert(4, str(screen.file))
            process = subprocess.Popen(
                ends_with_us(sys.executable, "-X", "faulthandler", *words),
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            last = ""
            assert process.stdout is not None
            with process:
                for line in process.stdout:
                    last = line
                    match line.strip():
                        case "service: kill":
                            service.kill()
                        case "service: start":  # here: it ends with the thread that started it
                            service.start()
                        case "service: slow":
                            threading.Thread(target=service.slow).start()
    finally:
        service.kill()
    said = (tmp_path / "errors").read_text()
    assert process.returncode == 0, last + said[-3000:]
    assert json.loads(last)["wrong"] == []
    assert not re.search("Traceback|TypeError|ReferenceError", said), said[-3000:]
