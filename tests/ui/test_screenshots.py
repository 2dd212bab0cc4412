"""Pictures of the app are made on a machine without a screen, and the guide shows those that are made."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage

from tests.ui.screenshots import GUIDE
from tests.ui.states import STATES

ROOT = Path(__file__).parents[2]
MOST_BYTES = 1_000_000


def test_a_state_is_pictured_at_a_desk_and_across_the_room(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QT_QPA")}
    subprocess.run(
        [sys.executable, "-m", "tests.ui.screenshots", str(tmp_path), "profiles"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=100,
        check=True,
    )
    desk, tv = QImage(str(tmp_path / "profiles-desk.png")), QImage(str(tmp_path / "profiles-tv.png"))
    assert (desk.width(), desk.height()) == (1280, 720)
    assert (tv.width(), tv.height()) == (1920, 1080)
    for image in (desk, tv):
        colours = {image.pixel(x, y) for x in range(0, image.width(), 4) for y in range(0, image.height(), 4)}
        assert len(colours) > 10, "something is drawn"


def test_the_guide_shows_what_is_made_and_nothing_else():
    pictures = ROOT / "docs" / "pictures" / "app"
    made = {f"{name}.png" for name, _state, _tv in GUIDE}
    assert {path.name for path in pictures.iterdir()} == made
    assert set(re.findall(r"pictures/app/([\w.-]+)", (ROOT / "docs" / "guide-viewer.md").read_text())) == made
    assert sum(path.stat().st_size for path in pictures.iterdir()) < MOST_BYTES
    assert {state for _name, state, _tv in GUIDE} <= set(STATES)
