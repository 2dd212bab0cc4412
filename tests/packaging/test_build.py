"""A build of packages that was broken off is no build."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_BUILD = Path(__file__).parents[2] / "packaging" / "build.py"


def test_the_sums_of_an_earlier_build_do_not_outlive_one_that_fails(tmp_path: Path) -> None:
    """``make test-packages`` goes by them."""
    sums = tmp_path / "SHA256SUMS"
    sums.write_text("of before\n")
    command = [sys.executable, str(_BUILD), "--out", str(tmp_path), "--ref", "no-such-commit"]
    assert subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 1
    assert not sums.exists()
