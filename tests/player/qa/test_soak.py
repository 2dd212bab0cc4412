"""Long runs: growth is told from noise, and stops the run before the budget is gone."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from player.qa.soak import Budget, SoakSample, trend, trouble
from player.qa.soak_report import soak_page
from player.qa.usage import Usage, usage
from tests.kit import media
from tests.kit.fileserver import FileServer
from ui.cli.main import main

MIB = 2**20


def samples(count: int, growth_mib: float = 0.0, noise_mib: float = 5.0, seed: int = 1) -> list[SoakSample]:
    """A sample each minute: a jump at the start, then noise and growth (MiB each minute)."""
    rng = Random(seed)
    found = []
    for minute in range(count):
        held = 100 + min(minute, 3) * 30 + growth_mib * minute + rng.uniform(-noise_mib, noise_mib)
        found.append(SoakSample(minute * 60.0, minute + 1, Usage(round(held * MIB), 40, 12)))
    return found


def test_noise_is_no_trend_and_growth_is_one() -> None:
    for seed in range(8):
        flat = trend([(each.at_s, each.usage.memory_bytes / MIB) for each in samples(60, seed=seed)[12:]])
        grown = trend([(each.at_s, each.usage.memory_bytes / MIB) for each in samples(60, 1.0, seed=seed)[12:]])
        assert flat is not None
        assert grown is not None
        assert flat.low <= flat.slope <= flat.high
        assert grown.low > 0
        assert grown.slope * 60 == pytest.approx(1.0, abs=0.15)
    assert trend([(0.0, 1.0)]) is None


def test_a_run_stops_when_the_budget_is_gone_or_sure_to_be() -> None:
    day_s = 24 * 3600.0
    assert trouble(samples(200), Budget(250 * MIB, 60), day_s) is None
    growing = trouble(samples(60, 0.5), Budget(400 * MIB), day_s)
    assert growing is not None
    assert "more each hour; the budget of 400.0 MiB would be exceeded" in growing
    assert trouble(samples(60, 0.5), Budget(400 * MIB), 3700) is None, "it ends before that"
    assert "the budget is 150.0 MiB" in (trouble(samples(60), Budget(150 * MIB), day_s) or "")
    assert "Handles: 40" in (trouble(samples(5), Budget(None, 39), day_s) or "")
    assert trouble([], Budget(1, 1), day_s) is None


def test_this_process_can_be_looked_at() -> None:
    found = usage()
    assert found.memory_bytes > 10 * MIB
    assert found.threads >= 1


def test_a_soak_leaves_its_curves(tmp_path: Path) -> None:
    with FileServer(media.ffmpeg_dash(8).folder) as server:
        words = ["qa", "soak", server.url("manifest.mpd"), "--duration", "0.5", "--every", "0.2"]
        words += ["--out", str(tmp_path)]
        document = soaked(words, tmp_path)
        assert document["good"]
        assert document["samples"][-1]["round"] >= 1
        told = " ".join(document["playbacks"][0]["why"])
        assert "The first picture was there after" in told
        assert "the lowest rung" in told, "why this rung"
        assert "in hand" in told or "Mbit/s, in" in told, "why this CDN, in numbers"
        assert "The first picture was there after" in (tmp_path / "soak.html").read_text()
        assert main([*words, "--minutes", "5", "--memory", "1"]) == 1, "it stops at once"
        assert "the budget is 1.0 MiB" in (tmp_path / "soak.html").read_text()
        assert main([*words[:2], server.url("nothing.mpd"), "--minutes", "5"]) == 1, "and here"
    assert soak_page("<x>", samples(3), "<y>", good=True).count("polyline points") == 3


def soaked(words: list[str], folder: Path) -> dict[str, Any]:
    """What a long run wrote that had time for two playbacks on this machine, as busy as it is."""
    for minutes in ("0.03", "0.3", "3"):
        assert main([*words, "--minutes", minutes, "--handles", "5000"]) == 0
        document: dict[str, Any] = json.loads((folder / "soak.json").read_text())
        if len(document["playbacks"]) > 1:
            break
    return document
