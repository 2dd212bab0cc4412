"""The table of attacks in ``docs/security.md`` says what they do."""

from __future__ import annotations

from pathlib import Path

from tests import attacks

_PAGE = Path(__file__).parents[1] / "docs" / "security.md"


def test_the_page_says_what_each_attack_does() -> None:
    lines = attacks.table()
    assert not [line for line in lines if "NOTHING" in line], "a promise does not hold"
    page = _PAGE.read_text(encoding="utf-8")
    assert [line for line in lines if line not in page] == []
