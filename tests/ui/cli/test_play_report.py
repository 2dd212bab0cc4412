"""Which playback without a window is red though nobody named a condition."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from player.qa.thresholds import parse
from tests.kit import media
from ui.cli.main import main
from ui.cli.play_report import verdict_of


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """That of a playback without a fault."""
    path = Path(tmp_path_factory.mktemp("report") / "report.json")
    title = media.ffmpeg_hls_ts(8)
    source = str(title.folder / "180p" / "index.m3u8")
    assert main(["play", source, "--headless", "--speed", "max", "--duration", "1", "--report", str(path)]) == 0
    return json.loads(path.read_text())  # type: ignore[no-any-return]


@pytest.mark.parametrize(("complaints", "code"), [(None, 0), (0, 0), (3, 1)])
def test_what_the_decoders_complain_about_is_red(
    report: dict[str, object], complaints: int | None, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    continuity = report["continuity"]
    assert isinstance(continuity, dict)
    told = {**report, "continuity": {**continuity, "decode_errors": complaints}}
    assert verdict_of(told, [], strict=True) == code
    assert ("decode_errors is 3" in capsys.readouterr().err) == bool(code)
    assert verdict_of(told, [], strict=False) == 0


def test_how_much_may_be_is_the_callers_to_say(report: dict[str, object]) -> None:
    continuity = report["continuity"]
    assert isinstance(continuity, dict)
    told = {**report, "continuity": {**continuity, "decode_errors": 3}}
    assert verdict_of(told, [parse("decode_errors <= 5")], strict=True) == 0
