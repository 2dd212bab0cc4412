"""docs/tolerance.md names findings that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_code_of_the_table_is_one_that_the_readers_give() -> None:
    named = set(
        re.findall(r"`((?:dash|hls)\.[a-z_]+)`", (ROOT / "docs" / "tolerance.md").read_text(encoding="utf-8"))
    )
    assert len(named) > 20
    given = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "player").rglob("*.py"))
    assert not [code for code in sorted(named) if f'"{code}"' not in given and code not in _FORMED]


_FORMED = {"dash.timeline_gap", "dash.timeline_overlap"}  # of one text with a part left open
