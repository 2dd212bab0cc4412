"""The table of attacks in ``docs/security.md`` says what they do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drm_client.errors import DrmError, DrmErrorCode
from tests import attacks, hostile_client
from tests.kit.slices import slice_of

_PAGE = Path(__file__).parents[1] / "docs" / "security.md"


def test_the_page_says_what_each_attack_does() -> None:
    lines = attacks.table()
    assert not [line for line in lines if "NOTHING" in line], "a promise does not hold"
    page = _PAGE.read_text(encoding="utf-8")
    tried = [line for line in lines if not line.endswith(f"| {attacks.NOT_TRIED} |")]
    assert [line for line in tried if line not in page] == []
    assert len(lines) - len(tried) <= 3, "only time namespaces may be forbidden here, and faketime not installed"
    assert attacks.NOT_TRIED not in page, "an attack was never tried"


def test_an_attack_that_cannot_be_tried_is_not_said_to_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    async def skipped(_folder: Path) -> bool:
        pytest.skip("not here")

    monkeypatch.setattr(attacks, "ATTACKS", (attacks.Attack("one", "promise", skipped),))
    assert attacks.table()[2:] == ["| one | promise | not tried: this machine does not permit it |"]


@pytest.mark.parametrize("attack", [attacks.stolen, attacks.stolen_with_a_system_store])
def test_an_error_of_another_kind_is_no_defence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: attacks.Try
) -> None:
    """Such as a full disk, where a thief meets a vault that does not open."""

    def unusable(*_given: object) -> None:
        raise DrmError(DrmErrorCode.STORE_UNUSABLE, "The disk is full.")

    assert asyncio.run(attack(tmp_path / "as it is"))  # type: ignore[arg-type]
    monkeypatch.setattr(attacks, "Vault", unusable)
    assert not asyncio.run(attack(tmp_path / "full"))  # type: ignore[arg-type]


@pytest.mark.parametrize("attack", slice_of(zip(hostile_client.ATTACKS), 30, lambda attack: attack.how))
def test_a_client_that_lies_gets_no_more_than_its_plan(attack: hostile_client.Attack) -> None:
    assert hostile_client.holds(attack)


def test_the_page_names_each_way_that_is_tried() -> None:
    assert len(hostile_client.ATTACKS) >= 60
    page = _PAGE.read_text(encoding="utf-8")
    assert [one.how for one in hostile_client.ATTACKS if f"| {one.wants} | {one.how} | refused |" not in page] == []
