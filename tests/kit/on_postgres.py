"""Fixtures: with ``MATINEE_TEST_DATABASE=postgresql`` every service of the tests that have these is on a PostgreSQL.

It is one of their own. A ``conftest.py`` that imports both gives them to the tests of its folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.kit.postgres import Cluster, postgres_cluster, service_on


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session", autouse=True)
def everything_on_postgres(request: pytest.FixtureRequest) -> Iterator[None]:
    if os.environ.get("MATINEE_TEST_DATABASE") != "postgresql":
        yield
        return
    with service_on(request.getfixturevalue("postgres")):
        yield
