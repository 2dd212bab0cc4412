"""The date of a kiosk: what a wall clock says counts only where it can be believed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ui.kiosk.trusted_date import DATE_VARIABLE, OFFSET_VARIABLE, ScreenDate, SystemDate

NOW_S = 1_800_000_000.0


def local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()


@pytest.mark.parametrize("wall_s", [0.0, 1_500_000_000.0, 4e9, 1e12])
def test_a_clock_that_cannot_be_right_tells_no_date(wall_s: float) -> None:
    date = ScreenDate()
    assert date.at(wall_s, 10.0, synchronised=True) is None
    assert date.at(NOW_S, 11.0, synchronised=False) == local(NOW_S), "it has been set"
    assert date.at(wall_s, 12.0, synchronised=True) == local(NOW_S + 1)


@pytest.mark.parametrize("jump_s", [7200.0, -7200.0, 5 * 86_400.0])
def test_a_jump_is_believed_only_of_a_clock_that_is_kept(jump_s: float) -> None:
    date = ScreenDate()
    date.at(NOW_S, 0.0, synchronised=False)
    assert date.at(NOW_S + jump_s + 60, 60.0, synchronised=False) == local(NOW_S + 60)
    assert date.at(NOW_S + jump_s + 61, 61.0, synchronised=True) == local(NOW_S + jump_s + 61)
    assert date.at(NOW_S + jump_s + 62, 62.0, synchronised=False) == local(NOW_S + jump_s + 62)


def test_a_drift_is_followed() -> None:
    date = ScreenDate()
    for minute in range(600):  # a second of each minute: ten minutes in all
        found = date.at(NOW_S + minute * 61, minute * 60.0, synchronised=False)
    assert found == local(NOW_S + 599 * 61)


def test_the_next_process_knows_the_date_of_the_one_before(tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    moved = {OFFSET_VARIABLE: str(offset)}
    first = SystemDate(moved)
    before = first.now()
    assert before is not None
    offset.write_text("432000")
    still, told = first.now(), first.environment()
    assert still is not None
    assert (still - before).total_seconds() < 3600
    after, unaware = SystemDate(moved | told).now(), SystemDate(moved).now()
    assert after is not None
    assert unaware is not None
    assert (after - before).total_seconds() < 3600 < (unaware - before).total_seconds()
    assert SystemDate(moved | {DATE_VARIABLE: "nonsense"}).now() is not None
