"""The downloader, killed 200 times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.downloads.test_crashes import crash_and_play
from tests.kit.media import packager_clear


@pytest.mark.soak
def test_two_hundred_kills(tmp_path: Path) -> None:
    crash_and_play(tmp_path, packager_clear(240), seed=1, kills=200, life_s=0.5, mbps=25)
