"""The tests of the service once more, with PostgreSQL in SQLite's place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.postgres import installed

pytestmark = pytest.mark.soak
ROOT = Path(__file__).resolve().parents[2]
PARTS = ("api", "rights", "services", "live", "faults", "edge")


@pytest.mark.parametrize("part", PARTS)
def test_the_service_on_postgres(part: str) -> None:
    if not installed():
        pytest.skip("PostgreSQL is not installed")
    command = [sys.executable, "-m", "pytest", "-m", "not soak", f"tests/backend_stub/{part}"]
    environment = {**os.environ, "MATINEE_TEST_DATABASE": "postgresql"}
    ran = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert ran.returncode == 0, ran.stdout.decode(errors="replace")[-8000:]
