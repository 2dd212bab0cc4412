"""The kiosk for long: days of playlist in fast time, and two hours at real speed on the real libmpv.

``SOAK_KIOSK_MINUTES`` changes the length of the second one.
"""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.kiosk_world import World
from tests.packaging.xvfb import VirtualScreen
from ui.kiosk.schedule import Hours

DAYS = 10
MINUTES = float(os.environ.get("SOAK_KIOSK_MINUTES", "120"))
pytestmark = pytest.mark.soak


@pytest.mark.parametrize("seed", range(DAYS))
def test_a_day_in_fast_time(seed: int) -> None:
    world = World(seed, Hours.parse("07:00", "23:00") if seed % 2 else None)
    world.run(24)
    assert world.late == []
    assert world.seen.total() > 200


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
