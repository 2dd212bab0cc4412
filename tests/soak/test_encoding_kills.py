"""Twenty kills of encoding workers at seeded moments: nothing that was finished is done again, nothing differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backend_stub.encoding.test_kills import check_kills

pytestmark = pytest.mark.soak


def test_twenty_kills(tmp_path: Path) -> None:
    check_kills(tmp_path, seconds=600, kills=20, seed=11, at_least=20)
