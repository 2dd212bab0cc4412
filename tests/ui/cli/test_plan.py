"""``matinee plan`` against the real service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend_stub.config import Settings
from backend_stub.payments.local import DECLINED_CARD, GOOD_CARD
from backend_stub.server import ServerGroup, ServerOptions
from ui.cli.main import main


def test_subscribing_changing_and_cancelling(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def matinee(*words: str) -> tuple[int, str]:
        code = main([*words, "--profile-dir", str(tmp_path / "profile"), "--key-store", "file"])
        return code, capsys.readouterr().out

    with ServerGroup(Settings(tmp_path / "service"), ServerOptions(edge_ports=())) as group:
        group.context.accounts.register("anna@example.org", "Anna", "a good secret", plan="free")
        monkeypatch.setenv("MATINEE_SERVICE", group.api_url)
        monkeypatch.setenv("MATINEE_PASSWORD", "a good secret")
        assert matinee("login", "anna@example.org")[0] == 0
        said = matinee("plan")[1]
        assert "no plan" in said
        assert "premium" in said
        assert matinee("plan", "basic", "--card", DECLINED_CARD)[0] == 4
        said = matinee("plan", "basic", "--card", GOOD_CARD)[1]
        assert "basic, renews as basic" in said
        assert "premium, renews" in matinee("plan", "premium")[1]
        assert "cancelled" in matinee("plan", "--cancel")[1]
        document = json.loads(matinee("plan", "--json")[1])
        assert document["subscription"]["state"] == "cancelled"
        assert [one["plan"] for one in document["payments"]] == ["premium", "basic", "basic"]
        group.context.money.subscriptions.give(group.context.accounts.find("anna@example.org").id, "unlimited")  # type: ignore[union-attr]
        assert "given by the operator" in matinee("plan")[1]
