"""Core dumps: switched off for a process that asks for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource
from drm_client.memory import forbid_core_dumps
print(forbid_core_dumps(), resource.getrlimit(resource.RLIMIT_CORE))
import os
os.abort()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_a_process_that_forbids_core_dumps_leaves_none(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-u", "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )  # fmt: skip
    assert run.stdout.strip() == "True (0, 0)"
    assert run.returncode < 0
    assert list(tmp_path.iterdir()) == []
