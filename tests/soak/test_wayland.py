"""The viewer's evenings on Wayland, where there is a compositor."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.kit.evenings import household_service, journey, wayland

pytestmark = pytest.mark.soak


@pytest.mark.realtime
@pytest.mark.skipif(shutil.which("weston") is None, reason="there is no Wayland compositor")
@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_by_keys_only(tmp_path: Path, tv: bool) -> None:
    with household_service(tmp_path / "service") as service, wayland() as environment:
        journey(service, tmp_path / "profile", environment, tv=tv)
