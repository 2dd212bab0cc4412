"""One running service for the tests of a module that do not change it; each such test makes its own sessions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend_stub.server import ServerGroup
from tests.kit.backend import SignedInViewer, publish_noise, running_backend, signed_in_viewer
from tests.kit.on_postgres import everything_on_postgres, postgres

__all__ = ["everything_on_postgres", "postgres"]  # fixtures of these tests


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerGroup]:
    with running_backend(tmp_path_factory.mktemp("service")) as running:
        publish_noise(running.settings)
        yield running


@pytest.fixture
def viewer(group: ServerGroup) -> Iterator[SignedInViewer]:
    with signed_in_viewer(group) as signed_in:
        yield signed_in


@pytest.fixture(autouse=True)
def _no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "group" in request.fixturenames:
        running: ServerGroup = request.getfixturevalue("group")
        running.faults.clear()
