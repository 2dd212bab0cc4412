"""A share that hangs is in nobody's way who is to end."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.kit.hanging_share import HangingShare, can_mount, something_waits
from tests.kit.waiting import PATIENCE_S, until


@pytest.mark.skipif(not can_mount(), reason="nothing can be mounted here")
def test_who_waits_for_a_share_that_hangs_can_be_ended(tmp_path: Path) -> None:
    """However busy the share was. A process once stood for more than a minute, since its server had been stopped
    within a request."""
    folder, share = tmp_path / "folder", tmp_path / "share"
    folder.mkdir()
    with (folder / "large").open("wb") as file:
        file.truncate(1 << 33)
    with HangingShare(folder, share) as made:
        for number in range(5):
            words = ["dd", f"if={share / 'large'}", "of=/dev/null", "bs=1M", f"skip={1000 * number}"]
            reading = subprocess.Popen(words, stderr=subprocess.DEVNULL)
            until(lambda pid=reading.pid: something_waits(pid))  # type: ignore[misc]
            made.hang()
            try:
                until(lambda pid=reading.pid: something_waits(pid))  # type: ignore[misc]
                reading.kill()
                until(lambda one=reading: one.poll() is not None)  # type: ignore[misc]
            finally:
                made.answer()
                reading.wait(PATIENCE_S)
