"""Outcomes that are kept: trends, runs that waver, and baselines that judge."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from player.base.errors import InputError
from player.qa.history.compare import chance_of, changes, missing
from player.qa.history.kept import KeptOutcome, KeptRun, load, load_all
from player.qa.history.trends import histories, lines, page
from tests.kit import media
from tests.kit.fileserver import FileServer
from ui.cli.main import main

PLAN = """version: 1
name: kept
sources: [{name: film, url: "${URL}"}]
networks: [{name: link, constant: {kbps: KBPS, latency_ms: 20}}]
play: {duration_s: 8}
"""


def outcome(*startups_s: float, virtual: bool = False, passed: bool = True, wall_s: float = 0.0) -> KeptOutcome:
    runs = tuple(
        KeptRun(f"run {number}", passed, {"startup_s": value, "mean_bitrate_bps": 1e6 / value, "memory_mb": None})
        for number, value in enumerate(startups_s)
    )
    return KeptOutcome("plan", wall_s, virtual, passed, runs)


def worse(before: KeptOutcome, after: KeptOutcome) -> list[str]:
    return [each.metric for each in changes(before, after) if each.worse]


def test_in_virtual_time_what_is_worse_is_worse() -> None:
    before = outcome(1.0, 1.0, virtual=True)
    assert worse(before, outcome(1.0, 1.05, virtual=True)) == ["startup_s", "mean_bitrate_bps"]
    assert worse(before, outcome(1.0, 0.9, virtual=True)) == []
    assert changes(before, before) == []


def test_in_real_time_chance_is_let_pass_and_more_than_chance_is_not() -> None:
    random = Random(5)
    values = [random.uniform(0.9, 1.1) for _ in range(10)]
    jitter = [value + random.uniform(-0.05, 0.05) for value in values]
    assert worse(outcome(*values), outcome(*jitter)) == []
    assert "startup_s" in worse(outcome(*values), outcome(*[value + 0.2 for value in jitter]))


def test_few_runs_in_real_time_tell_nothing() -> None:
    (first, *_) = changes(outcome(1.0, 1.0), outcome(3.0, 3.0))
    assert (first.worse, first.chance) == (False, None)
    assert "too few" in first.sentence


def test_chance_is_that_of_flipped_signs() -> None:
    assert chance_of([1.0] * 5) == pytest.approx(1 / 32)
    assert chance_of([1.0, -1.0, 1.0, -1.0]) > 0.5
    assert chance_of([1.0] * 30) < 0.01


def test_runs_that_are_gone_are_named() -> None:
    assert missing(outcome(1.0, 1.0), outcome(1.0)) == ["run 1"]


def test_trends_and_flaky_runs() -> None:
    kept = [outcome(1.0 + number, passed=number != 2, wall_s=number) for number in range(4)]
    (found,) = histories(kept)
    assert (found.passed, found.flaky) == (3, (("run 0", 0.25),))
    assert found.trends[0].line == "▁▃▅█"
    text = "\n".join(lines(found))
    assert "3 of 4 passed" in text
    assert "flaky: run 0, 25%" in text
    html = page([found])
    assert "<polyline" in html
    assert "http" not in html.replace("http-equiv", "")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plan": "x", "runs": [{}]}', '{"version": 1, "runs": 3}'])
def test_what_is_no_outcome_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError):
        load(tmp_path / "x.json")
    with pytest.raises(InputError):
        load_all(tmp_path / "nowhere")


def test_a_plan_is_held_against_its_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, kept = tmp_path / "plan.yaml", tmp_path / "kept"
    with FileServer(media.ffmpeg_dash().folder) as server:

        def run(kbps: int, *more: str) -> int:
            plan.write_text(PLAN.replace("KBPS", str(kbps)))
            words = ["qa", "run", str(plan), "--set", f"URL={server.url('manifest.mpd')}", "--history", str(kept)]
            return main([*words, *more])

        assert run(8000, "--out", str(tmp_path / "out")) == 0
        assert run(8000, "--baseline", str(tmp_path / "out")) == 0
        (first, *_) = sorted(kept.glob("*.json"))
        assert run(600, "--baseline", str(first)) == 1
    assert "WORSE" in capsys.readouterr().err
    assert main(["qa", "history", str(kept), "--site", str(tmp_path / "site")]) == 0
    assert "kept: 2 of 3 passed" in capsys.readouterr().out
    assert (tmp_path / "site" / "index.html").stat().st_size > 1000
