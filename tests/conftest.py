"""For every test: no window on anybody's screen, no file in anybody's home, no error that goes unnoticed."""

from __future__ import annotations

import ipaddress
import logging
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.kit.slices import seed
from tests.kit.symbols import foreign_symbols

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_home = Path(tempfile.mkdtemp(prefix="matinee-tests-"))
# Before anything is imported that asks for these once and keeps the answer.
os.environ["HOME"] = str(_home)
for _name in ("CONFIG", "DATA", "STATE", "CACHE"):
    os.environ[f"XDG_{_name}_HOME"] = str(_home / _name.lower())
for _name in [name for name in os.environ if name.startswith("MATINEE_") and not name.startswith("MATINEE_TEST_")]:
    del os.environ[_name]

_OURS = ("abr", "drm_client", "player", "downloads", "ui", "backend_stub", "asyncio")


def pytest_configure(config: pytest.Config) -> None:
    seed()  # before there are workers: all have the same
    # How long an example takes, to make or to try, says something of the machine only.
    settings.register_profile("matinee", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("matinee")
    config.addinivalue_line("markers", "logs_errors: this test provokes messages of level ERROR")


def pytest_report_header() -> str:
    return f"tables are played in slices, by the seed {seed()}"


def pytest_unconfigure() -> None:
    shutil.rmtree(_home, ignore_errors=True)


class _ErrorKeeper(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep messages of our own packages and of asyncio (a task's exception that nobody looked at)."""
        if record.name.partition(".")[0] in _OURS:
            self.messages.append(self.format(record))


@pytest.fixture(autouse=True)
def no_unexpected_errors(request: pytest.FixtureRequest) -> Iterator[None]:
    """An ERROR in the log means that something went wrong which no return value told."""
    keeper = _ErrorKeeper()
    root = logging.getLogger()
    root.addHandler(keeper)
    yield
    root.removeHandler(keeper)
    if keeper.messages and request.node.get_closest_marker("logs_errors") is None:
        pytest.fail("logged as an error: " + "\n".join(keeper.messages), pytrace=False)


@pytest.fixture(autouse=True)
def no_foreign_symbols() -> Iterator[None]:
    """What a library gives to all others, libmpv would call instead of its own."""
    yield
    found = foreign_symbols()
    if found:
        pytest.fail(f"loaded a library that hides others: {found}", pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def no_questions_to_the_world() -> Iterator[None]:
    """Names of other machines are unknown here at once: how soon a resolver says so is its own affair."""
    known = {"localhost", socket.gethostname()}
    asked = socket.getaddrinfo

    def here(host: str | bytes | None, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host or ""
        if not (name in known or name.endswith(".localhost") or _is_address(name)):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return asked(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", here)
        yield


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0] or "::")
    except ValueError:
        return False
    return True


@pytest.fixture(scope="session", autouse=True)
def patience_with_servers() -> Iterator[None]:
    """httpx waits five seconds unless it is told otherwise: on a busy machine a server that is well takes longer."""
    from httpx._config import DEFAULT_TIMEOUT_CONFIG

    with pytest.MonkeyPatch.context() as patch:
        for of in ("connect", "read", "write", "pool"):
            patch.setattr(DEFAULT_TIMEOUT_CONFIG, of, 60.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """Each client of httpx reads all certificates of this machine, of which plain HTTP needs none: here once."""
    from httpx import _config

    made = cache(_config.create_ssl_context)

    def context(*, verify: Any, cert: Any, trust_env: bool) -> Any:
        if trust_env or verify is not True or cert is not None:
            return _config.create_ssl_context(verify=verify, cert=cert, trust_env=trust_env)
        return made(verify=True, cert=None, trust_env=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", context)
        yield


def _has_read_the_service() -> bool:
    """Whether any test of this process has to do with it: to read it takes a second."""
    return "backend_stub.db.migrate" in sys.modules


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """To find out a password takes a tenth of a second of the processor by design; services in the process of a test
    do without."""
    if not _has_read_the_service():
        yield
        return
    from argon2 import PasswordHasher

    cheap = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("accounts", "profiles"):
            patch.setattr(f"backend_stub.services.{name}.PasswordHasher", cheap)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_schema() -> Iterator[None]:
    """Services begin with a schema that is made once."""
    if not _has_read_the_service():
        yield
        return
    from tests.kit.quick_schema import USERS, quick_upgrade

    upgrade = quick_upgrade()
    with pytest.MonkeyPatch.context() as patch:
        for name in USERS:
            patch.setattr(f"backend_stub.{name}.upgrade", upgrade)
        yield
