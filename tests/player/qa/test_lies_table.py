"""A slice of the table of lies: no lie passes in silence, and the table in the documentation has them all."""

from __future__ import annotations

from pathlib import Path

from tests.lies import LIES, rows, table

DOC = Path(__file__).parents[3] / "docs" / "measurements" / "qa.md"
SLICE = ("the next segment",)


def test_a_slice_of_the_lies_does_not_pass_in_silence(tmp_path: Path) -> None:
    found = list(rows(tmp_path, SLICE))
    assert len(found) == 2 * 2 * len(SLICE)
    assert [row for row in found if row.silent] == []
    documented = DOC.read_text(encoding="utf-8")
    assert all(line in documented for line in table(found).splitlines())


def test_every_lie_stands_in_the_documentation() -> None:
    documented = DOC.read_text(encoding="utf-8")
    assert [each.name for each in LIES if f"\n| {each.name} |" not in documented] == []
    assert "0 silent passes" in documented
