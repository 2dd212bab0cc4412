from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.rights import Service, SigningDevice, service


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    """A service that knows that 10.0.0.0/8 is in Germany."""
    with service(tmp_path, networks=(("10.0.0.0/8", "DE"),)) as made:
        yield made


@pytest.fixture
def device(running: Service) -> SigningDevice:
    return running.device(running.account("anna"))
