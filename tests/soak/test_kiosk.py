"""The kiosk for long: days of playlist in fast time, and two hours at real speed on the real libmpv.

``SOAK_KIOSK_MINUTES`` changes the length of the second one.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from tests.kit import media
from tests.kit.backend import running_backend
from tests.kit.kiosk_world import TROUBLES, World
from tests.packaging.xvfb import VirtualScreen
from ui.kiosk.disk import start_log
from ui.kiosk.schedule import Hours

DAYS = 10
LOG_BYTES = 16_384
MINUTES = float(os.environ.get("SOAK_KIOSK_MINUTES", "120"))
pytestmark = pytest.mark.soak


@pytest.mark.parametrize("seed", range(DAYS))
def test_a_day_in_fast_time(seed: int, tmp_path: Path) -> None:
    log = start_log(tmp_path, LOG_BYTES)
    assert log is not None
    logging.getLogger().removeHandler(log)
    world = World(seed, Hours.parse("07:00", "23:00") if seed % 2 else None, log=log)
    world.run(24)
    with suppress(OSError):  # the day may end while the disk is full
        log.close()
    print(f"seed {seed}: {dict(world.seen)}, {world.longest_s:.2f} s without a picture at the most")
    assert world.late == []
    assert world.seen.total() > 200
    assert set(world.seen) == set(TROUBLES)
    written = [path.stat().st_size for path in (tmp_path / "logs").iterdir()]
    assert len(written) > 1, "the log was turned over"
    assert sum(written) <= LOG_BYTES


@pytest.mark.realtime
def test_real_speed_on_the_real_libmpv(tmp_path: Path) -> None:
    faulthandler.cancel_dump_traceback_later()  # it takes as long as it is meant to
    report = tmp_path / "report.json"
    words = ["selftest", "--kiosk", str(MINUTES), "--state", str(tmp_path / "state"), "--json"]
    with VirtualScreen() as screen:
        environment = dict(os.environ, DISPLAY=screen.display, QT_QPA_PLATFORM="xcb")
        with report.open("wb") as out:
            done = subprocess.run(
                [sys.executable, "-m", "ui.cli.main", *words], env=environment, stdout=out, check=False
            )
    found = json.loads(report.read_text())
    assert done.returncode == 0, found
    assert found["troubles"], "nothing was tried"


class Kiosk:
    """``matinee kiosk`` on a virtual screen, over a service that may be gone."""

    def __init__(self, folder: Path, service_url: str, title: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.state = folder / "state"
        self.file = folder / "kiosk.toml"
        self.file.write_text(
            f'format = 1\n[service]\nurl = "{service_url}"\n[health]\nport = {self.port}\n'
            f'[[entry]]\ntitle = "{title}"\nkeep = true\n'
        )

    def words(self, *more: str) -> list[str]:
        return [sys.executable, "-m", "ui.cli.main", "kiosk", str(self.file), "--state", str(self.state), *more]

    @contextmanager
    def running(self) -> Iterator[None]:
        with VirtualScreen() as screen:
            environment = dict(os.environ, DISPLAY=screen.display, QT_QPA_PLATFORM="xcb")
            process = subprocess.Popen(self.words(), env=environment)
            try:
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)

    def health(self) -> Mapping[str, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)
        except OSError:
            return {}

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + 180
        while not condition():
            assert time.monotonic() < end, self.health()
            time.sleep(0.5)

    def is_kept(self) -> bool:
        words = ["download", "list", "--json", "--key-store", "file", "--profile-dir", str(self.state / "profile")]
        ended = subprocess.run([sys.executable, "-m", "ui.cli.main", *words], stdout=subprocess.PIPE, check=False)
        return b'"complete"' in ended.stdout


@pytest.mark.realtime
def test_a_kept_title_plays_when_the_service_is_gone(tmp_path: Path) -> None:
    faulthandler.cancel_dump_traceback_later()
    title = media.ffmpeg_dash(12)
    film = tmp_path / "film.mp4"
    source = title.folder / (title.hls or "")
    words = ["-v", "error", "-nostdin", "-i", str(source), "-c", "copy", str(film)]
    run_tool([tools.locate().ffmpeg, *words], cwd=tmp_path)
    data = tmp_path / "service"
    publish = ["publish", str(film), "--title", "Film", "--data", str(data)]
    subprocess.run([sys.executable, "-m", "ui.cli.main", *publish], check=True)
    with running_backend(data) as service:
        kiosk = Kiosk(tmp_path, service.api.url, "film")
        signed_in = dict(os.environ, MATINEE_PASSWORD=DEMO_PASSWORD)
        subprocess.run(kiosk.words("--sign-in", DEMO_EMAIL), env=signed_in, check=True)
        with kiosk.running():
            kiosk.until(kiosk.is_kept)
    with kiosk.running():
        kiosk.until(lambda: kiosk.health().get("status") == "playing" and kiosk.health()["position_s"] > 3)
