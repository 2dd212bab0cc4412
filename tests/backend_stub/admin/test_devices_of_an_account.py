"""An account with very many devices: its page in the console, and what its viewer is told."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from backend_stub.db.models import Device
from backend_stub.services.devices import DeviceRegistry
from tests.backend_stub.admin.test_lists import MANY, in_all_pages
from tests.backend_stub.admin.test_running import Console
from tests.kit.rights import START, service


def test_each_device_of_an_account_stands_on_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with service(tmp_path) as running:
        admin, wall = Console(running, running.account("root", role="admin")), running.account("wall")
        seen = {"public_key": {}, "created_at": START, "last_seen_at": START}
        with running.context.database.write() as session:
            for number in range(MANY):
                session.add(Device(account_id=wall, id=f"{number:043}", name=f"row-{number}", **seen))
        assert in_all_pages(admin, f"/accounts/{wall}") == Counter(range(MANY))
        viewer = running.client(wall)
        assert len(viewer.get("/devices").json()["items"]) == MANY
        monkeypatch.setattr(DeviceRegistry.of_account, "__defaults__", (None, 7))
        assert len(viewer.get("/devices").json()["items"]) == 7
