"""Pictures of the app are made on a machine without a screen, and the guide shows those that are made."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.packaging.xvfb import VirtualScreen
from tests.ui.photographer import PICTURES

ROOT = Path(__file__).parents[3]
MOST_BYTES = 1_500_000
FRAME = 48  # lines that are left to the frame of a window


def test_a_state_is_pictured_at_a_desk_and_across_the_room(tmp_path):
    desk, tv = pictured("profiles", tmp_path)
    assert (desk.width(), desk.height()) == (1280, 720)
    assert (tv.width(), tv.height()) == (1920, 1080)


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="there is no virtual screen")
def test_and_on_a_virtual_screen(tmp_path):
    with VirtualScreen() as screen:
        for image in pictured("no service", tmp_path, QT_QPA_PLATFORM="xcb", DISPLAY=screen.display):
            assert (image.width(), image.height()) == (1280, 720 - FRAME), "a window with its frame fits the screen"


def pictured(state: str, folder: Path, **variables: str) -> list[QImage]:
    """What is seen in a state in both sizes, made by a process of its own; something is drawn."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QT_QPA")} | variables
    subprocess.run(
        [sys.executable, "-m", "tests.ui.screenshots", str(folder), state],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=100,
        check=True,
    )
    images = [QImage(str(folder / f"{state.replace(' ', '-')}-{size}.png")) for size in ("desk", "tv")]
    for image in images:
        colours = {image.pixel(x, y) for x in range(0, image.width(), 4) for y in range(0, image.height(), 4)}
        assert len(colours) > 10, "something is drawn"
    return images


def test_the_guide_shows_what_is_made_and_nothing_else():
    pictures = ROOT / "docs" / "pictures" / "app"
    made = {f"{name}.png" for name in PICTURES}
    assert {path.name for path in pictures.iterdir()} == made
    assert set(re.findall(r"pictures/app/([\w.-]+)", (ROOT / "docs" / "guide-viewer.md").read_text())) == made
    assert sum(path.stat().st_size for path in pictures.iterdir()) < MOST_BYTES
    assert {path.stem: QImage(str(path)).width() for path in pictures.iterdir()} == PICTURES
