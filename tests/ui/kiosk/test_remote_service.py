"""Kiosk and service on loopback: what the guide says is done, and an operator has the screen do things."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from backend_stub.server import ServerGroup
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from player.base.clock import SystemClock
from tests.kit.backend import running_backend
from tests.kit.clock import FakeClock
from tests.kit.kiosk_screen import PICTURE, Kiosk
from ui.cli.main import main
from ui.kiosk.command_client import open_client
from ui.kiosk.provisioning import NetworkRules

ROOT = Path(__file__).resolve().parents[3]
FILE = """format = 1
name = "foyer-1"
[service]
url = "{url}"
[health]
port = 0
[[entry]]
url = "http://a.test/own"
"""
SENT = '[[entry]]\nurl = "http://a.test/sent"\nname = "Sent"\n'


class Operator:
    """Calls the service as the guide's commands do."""

    def __init__(self, group: ServerGroup) -> None:
        account = group.context.accounts.register("root@matinee.local", "root", "secret-9", plan="free", role="admin")
        token = group.context.tokens.issue(account, "kiosk").access_token
        self.client = httpx.Client(
            base_url=group.api_url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60
        )
        group.context.accounts.change(group.context.accounts.ensure_demo_viewer().id, by=account.id, kiosks=True)
        self.device_id = group.context.device_commands.devices(10)[0].device.id

    @property
    def path(self) -> str:
        return f"/admin/devices/{self.device_id}/commands"

    def issue(self, kind: str, playlist: str = "") -> str:
        response = self.client.post(self.path, json={"kind": kind, "playlist": playlist})
        assert response.status_code == 200, response.text
        command_id: str = response.json()["id"]
        return command_id

    def state(self, command_id: str) -> dict[str, Any]:
        items: list[dict[str, Any]] = self.client.get(self.path).json()["items"]
        return next(one for one in items if one["id"] == command_id)

    def is_over(self, command_id: str) -> bool:
        return self.state(command_id)["state"] in ("done", "failed")


async def test_an_operator_looks_after_a_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend_stub.api.kiosk.ASK_AGAIN_S", 0.0)  # as soon as the kiosk will
    monkeypatch.setattr("ui.kiosk.command_client._LEAST_S", 0.1)
    monkeypatch.setattr("ui.kiosk.remote._LOOK_S", 0.1)
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    with running_backend(tmp_path / "service", edges=1) as group:
        kiosk = Kiosk(tmp_path, FILE.format(url=group.api.url))
        words = ["kiosk", str(kiosk.place.file), "--state", str(kiosk.place.state), "--sign-in", DEMO_EMAIL]
        async with open_client(kiosk.place.profile, group.api.url, NetworkRules(), SystemClock()) as client:
            assert client is None  # nobody has signed it in
        assert main(words) == 0
        wrong = FakeClock(wall_s=0.0)
        async with open_client(kiosk.place.profile, group.api.url, NetworkRules(("127.0.0.1",)), wrong) as client:
            assert client is not None
            assert await client.ask(kiosk.supervisor.health()) == ([], 0.1)
        (kiosk.place.state / "logs").mkdir()
        (kiosk.place.state / "logs" / "kiosk.log").write_text("asked http://a.test/x?token=hunter2\n")
        operator = Operator(group)
        with operator.client:
            async with kiosk.running():
                await _all_four(kiosk, operator)
                monkeypatch.setattr("ui.kiosk.playlist_trial.TRIAL_S", 0.5)
                await _one_that_cannot_play(kiosk, operator)
            known = group.context.device_commands.devices(10)[0]
        assert (known.status["name"], known.waiting) == ("foyer-1", 0)


async def _all_four(kiosk: Kiosk, operator: Operator) -> None:
    picture, logs, restart = (operator.issue(kind) for kind in ("screenshot", "logs", "restart"))
    before = kiosk.pid()
    await kiosk.until(lambda: operator.is_over(restart))
    assert [operator.state(one)["state"] for one in (picture, logs, restart)] == ["done"] * 3
    assert operator.client.get(f"/admin/commands/{picture}/result").content == PICTURE
    assert operator.client.get(f"/admin/commands/{logs}/result").text == "asked http://a.test/x?token=***\n"
    assert kiosk.pid() != before
    refused = operator.issue("playlist", "[[entry]]\nname = 1\n")
    await kiosk.until(lambda: operator.is_over(refused))
    assert operator.state(refused)["message"].startswith("Not taken: line 1")
    sent = operator.issue("playlist", SENT)
    await kiosk.until(lambda: operator.is_over(sent))
    assert operator.state(sent)["message"] == "The playlist was taken, and plays."


async def _one_that_cannot_play(kiosk: Kiosk, operator: Operator) -> None:
    broken = operator.issue("playlist", SENT.replace("Sent", "unplayable"))
    await kiosk.until(lambda: operator.is_over(broken))
    assert operator.state(broken)["state"] == "failed"
    await kiosk.until(lambda: kiosk.supervisor.health().healthy)
    assert "Sent" in (kiosk.place.state / "playlist.json").read_text()


def test_the_guides_commands_are_such_that_the_service_takes_them(tmp_path: Path) -> None:
    if shutil.which("curl") is None or shutil.which("jq") is None:
        pytest.skip("curl and jq are needed")
    guide = (ROOT / "docs" / "guide-kiosk.md").read_text(encoding="utf-8")
    chapter = guide.partition("\n## From the service's device page\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL)
    (tmp_path / "playlist.toml").write_text(SENT)
    with running_backend(tmp_path / "service", edges=1) as group:
        viewer = group.context.accounts.register("foyer@example.org", "foyer", "a long password")
        key = ECKey.generate_key("P-256").as_dict(private=False)
        device = group.context.devices.register(viewer.id, "foyer-1", {str(name): one for name, one in key.items()})
        group.context.accounts.register("root@example.org", "root", "a password", role="admin")
        values = {"SERVICE": group.api.url, "MATINEE_PASSWORD": "a password", "DEVICE": device.id}
        ran = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", block],
            env={"PATH": os.environ["PATH"], **values},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        commands = group.context.device_commands.of_device(device.id)
        account = group.context.accounts.get(viewer.id)
    assert ran.returncode == 0, ran.stderr
    assert account is not None
    assert account.kiosks
    assert sorted(one.kind for one in commands) == ["logs", "playlist", "restart", "screenshot"]
    assert next(one.playlist for one in commands if one.kind == "playlist") == SENT
    assert "queued" in ran.stdout
