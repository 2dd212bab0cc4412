"""A pytest plugin that puts one fault back: ``pytest -p tests.faults.plugin --fault NAME TEST``.

``--patience S``: a test that waits for something gives up after so many seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.model import CAUGHT, NOT_PUT_BACK, all_faults
from tests.kit import waiting


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault", help="the name of the fault that is put back")
    parser.addoption("--patience", type=float, default=waiting.PATIENCE_S, help="how long a test waits (s)")


def pytest_configure(config: pytest.Config) -> None:
    waiting.PATIENCE_S = config.getoption("--patience")


@pytest.fixture(scope="session", autouse=True)
def fault_put_back(request: pytest.FixtureRequest) -> Iterator[None]:
    """Apply the fault before the fixtures of any test."""
    with pytest.MonkeyPatch.context() as patch:
        try:
            all_faults()[request.config.getoption("--fault")].apply(patch)
        except Exception as error:  # noqa: BLE001  (whatever it is, no test has judged anything)
            pytest.exit(f"the fault cannot be put back: {error!r}", returncode=NOT_PUT_BACK)
        yield


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.TESTS_FAILED:
        session.exitstatus = CAUGHT
