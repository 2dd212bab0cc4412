"""The engine behind the app, where it cannot be made."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError
from drm_client.keystore import FileKeyStore
from player.engine import Engine
from ui.app.engine.client import EngineClient, EngineHost


def test_a_damaged_key_store_is_told_and_is_no_fault_of_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = FileKeyStore(tmp_path)
    DeviceIdentity.load_or_create(keys)
    (tmp_path / "device-key.sealed").write_bytes(b"rubbish")

    def make() -> Engine:
        DeviceIdentity.load_or_create(keys)
        raise AssertionError("it opened")

    async def look() -> None:
        raise AssertionError("there is no engine to run it")

    client = EngineClient(cast("EngineHost", SimpleNamespace(make_engine=make)))
    client.start()
    with pytest.raises(DrmError, match="doctor --repair-key-store"):
        client.submit(look()).result(60.0)
    client.close()
    assert [(record.levelno, record.exc_info) for record in caplog.records] == [(logging.WARNING, None)]
    assert "device-key.sealed" in caplog.text
