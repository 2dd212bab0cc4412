"""The downloader, killed 200 times: eight downloads, 25 times each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.downloads.test_crashes import crash_and_play
from tests.kit.media import packager_clear


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(8))
def test_two_hundred_kills(tmp_path: Path, seed: int) -> None:
    crash_and_play(tmp_path, packager_clear(120), seed, kills=25, life_s=0.4, mbps=40)
