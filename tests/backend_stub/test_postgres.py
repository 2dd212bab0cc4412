"""The tests of the service once more, with PostgreSQL in SQLite's place: some of them here, all by ``make
test-postgres``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.postgres import installed

# Migrations and writers at once are tried on both wherever a server is installed; here is what is confirmed, counted
# and locked beside them. `make test-postgres` has all.
_PARTS = (
    "db/test_killed.py",
    "rights/test_licences.py::TestRefusedRequests::test_a_request_counts_once",
    "rights/test_licences.py::TestRenewal",
    "rights/test_licences.py::TestWithHeartbeats",
)


@pytest.mark.skipif("MATINEE_TEST_DATABASE" in os.environ, reason="this is that run")
def test_the_service_on_postgres() -> None:
    if not installed():
        pytest.skip("PostgreSQL is not installed")
    here = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "not soak"]
    environment = {**os.environ, "MATINEE_TEST_DATABASE": "postgresql"}
    ran = subprocess.run(
        [*command, *(str(here / part) for part in _PARTS)],
        cwd=here.parents[1],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert ran.returncode == 0, ran.stdout.decode(errors="replace")[-8000:]
