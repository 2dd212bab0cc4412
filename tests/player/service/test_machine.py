"""The name of this machine among the account's."""

from __future__ import annotations

import platform

import pytest

from player.service.machine import machine_name


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("kitchen", "Matinee on kitchen"),
        ("kitchen.home.example", "Matinee on kitchen"),
        ("", "Matinee"),
        ("localhost", "Matinee"),
        ("\x1b[31mred\n", "Matinee on [31mred"),
        ("x" * 64, "Matinee on " + "x" * 40),
    ],
)
def test_a_machine_is_found_by_its_name(host: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: host)
    assert machine_name() == shown
