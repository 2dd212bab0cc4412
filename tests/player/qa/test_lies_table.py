"""A slice of the table of lies: no lie passes in silence, and the table in the documentation has them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import lies
from tests.lies import LIES, rows, table

DOC = Path(__file__).parents[3] / "docs" / "measurements" / "qa.md"
SLICE = ("the next segment",)


def test_a_slice_of_the_lies_does_not_pass_in_silence(tmp_path: Path) -> None:
    found = list(rows(tmp_path, SLICE))
    assert len(found) == 2 * 2 * len(SLICE)
    assert [row for row in found if row.silent or row.crash] == []
    documented = DOC.read_text(encoding="utf-8")
    assert all(line in documented for line in table(found).splitlines())


def test_every_lie_stands_in_the_documentation() -> None:
    documented = DOC.read_text(encoding="utf-8")
    assert [each.name for each in LIES if f"\n| {each.name} |" not in documented] == []
    assert "0 silent passes" in documented


def row(**changes: Any) -> lies.Row:
    told = {"found": "nothing", "did": "played on", "verdict": "fails", "silent": False}
    return lies.Row("404", "video", "HLS", **{**told, **changes})


@pytest.mark.parametrize(
    ("made", "code"),
    [([row()], 0), ([], 1), ([row(), row(silent=True)], 1), ([row(crash="KeyError: 'x'"), row()], 1)],
)
def test_the_table_of_lies_is_green_only_where_each_row_was_judged(
    made: list[lies.Row], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lies, "rows", lambda _folder, _names: iter(made))
    assert lies.main() == code


def test_a_lie_that_is_not_here_is_no_success() -> None:
    assert lies.main(("no such lie",)) == 2


def test_a_crash_is_no_failure_that_the_lie_has_caused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once in the player, whose report says so, and once in what measures."""
    monkeypatch.setattr(lies, "MANIFESTS", {"HLS": "master.m3u8"})
    monkeypatch.setattr(lies, "FILES", {"video": lies.FILES["video"]})
    taped = lies._taped

    def broken(spec: Any, folder: Path) -> Any:
        report, path = taped(spec, folder)
        if spec.faults is not None:
            report["result"]["error"] = {"code": "internal", "sentence": "Something went wrong in the player."}
        return report, path

    monkeypatch.setattr(lies, "_taped", broken)
    assert [each.crash for each in rows(tmp_path, ("404",))] == ["Something went wrong in the player."]
    monkeypatch.setattr(lies, "_crash", lambda report: report["no such member"])
    assert [each.crash for each in rows(tmp_path, ("404",))] == ["KeyError: 'no such member'"]


def test_without_a_lie_the_title_is_played_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taped = lies._taped

    def cut(spec: Any, folder: Path) -> Any:
        report, path = taped(spec, folder)
        report["continuity"]["lost_s"]["audio"] = 4.0
        return report, path

    monkeypatch.setattr(lies, "_taped", cut)
    with pytest.raises(ValueError, match=r"4\.0 s of audio lost"):
        list(rows(tmp_path, SLICE))
