"""The whole app in the hands of a viewer who has keys only.

The viewer signs in, chooses who watches, searches, plays, seeks, changes the language and downloads. Then the network
is lost, playback goes on, the licence runs out and is renewed, and the title plays again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.children import ends_with_us
from tests.kit.evenings import ROOT, household_service, journey
from tests.kit.films import Film
from tests.kit.slices import slice_of

EVENING = Film(
    "evening.mkv",
    ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-c:s", "srt"),
    seconds=120,
    languages=("eng", "ger"),
    texts=("eng", "ger"),
    chapters=4,
)


@pytest.mark.realtime
@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_by_keys_only(tmp_path, tv):
    with household_service(tmp_path / "service") as service:
        journey(service, tmp_path / "profile", {"QT_QPA_PLATFORM": "offscreen"}, tv=tv)


@pytest.mark.realtime
@pytest.mark.parametrize("way", slice_of(zip(("keys", "remote", "mouse")), 1))
def test_each_function_of_ones_own_files(tmp_path: Path, way: str) -> None:
    """A key of its own, the six keys of a remote, the mouse alone: each does what it is for, in the real player."""
    films = [tmp_path / "one.mkv", tmp_path / "two.mkv"]
    for number, film in enumerate(films):
        shutil.copy(EVENING.path(), film)
        with film.open("ab") as file:
            file.write(b"\xec\x81" + bytes([number]))  # a Void element: it is another film
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.ui.files_journey", str(tmp_path / "profile")]
    done = subprocess.run(
        ends_with_us(*command, *map(str, films), way, by="KILL"),
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr
    assert f"all by {way}" in done.stdout
    assert "Traceback" not in done.stderr
