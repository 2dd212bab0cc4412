"""``matinee recommend``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ui.cli.main import main


def test_without_the_library_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "implicit.cpu.als", None)
    assert main(["recommend", "--data", str(tmp_path)]) == 0
    assert "genre alone" in capsys.readouterr().out
    assert main(["recommend", "--json", "--data", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"method": "genres", "viewers": 0, "titles": 0}
