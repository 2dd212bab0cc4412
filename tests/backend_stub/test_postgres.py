"""The tests of the service once more, with PostgreSQL in SQLite's place: some of them here, all by ``make
test-postgres``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.postgres import installed

# Migrations, writers at once, and what is counted and locked; `make test-postgres` has all.
_PARTS = ("db", "services/test_concurrency.py", "rights/test_licences.py")


@pytest.mark.skipif("MATINEE_TEST_DATABASE" in os.environ, reason="this is that run")
@pytest.mark.parametrize("part", _PARTS)
def test_the_service_on_postgres(part: str) -> None:
    if not installed():
        pytest.skip("PostgreSQL is not installed")
    here = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "not soak", str(here / part)]
    environment = {**os.environ, "MATINEE_TEST_DATABASE": "postgresql"}
    ran = subprocess.run(
        command, cwd=here.parents[1], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert ran.returncode == 0, ran.stdout.decode(errors="replace")[-8000:]
