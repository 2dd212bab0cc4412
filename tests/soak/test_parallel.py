"""Runs of a plan beside each other: so much sooner, and each as good as alone."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from player.qa.run import default_jobs
from tests.kit import media
from tests.kit.fileserver import FileServer
from ui.cli.main import main

RUNS, ALONE, SECONDS = 20, 3, 60
FIGURES = ("startup_s", "mean_bitrate_bps", "switches", "stalls", "dropped_frames")
PLAN = """
version: 1
name: Beside each other
mode: real
sources: [{{name: d, url: "{url}"}}]
networks: [{{name: n, constant: {{kbps: 4000, latency_ms: 20}}}}]
repeats: {runs}
thresholds: [failed == 0]
"""


@pytest.mark.soak
def test_twenty_minutes_take_a_fraction_of_them(tmp_path: Path) -> None:
    jobs = default_jobs(RUNS, virtual=False)
    with FileServer(media.ffmpeg_dash(SECONDS).folder) as server:
        alone, _ = run(tmp_path / "alone", server, ALONE, 1)
        together, took_s = run(tmp_path / "together", server, RUNS, jobs)
    sys.stdout.write(f"\n{RUNS} runs of {SECONDS} s, {jobs} at once: {took_s:.1f} s\n")
    for name in FIGURES:
        values = [sorted(each[name] for each in found) for found in (alone, together)]
        sys.stdout.write(f"{name}: alone {values[0]}, together {values[1]}\n")
    assert took_s < RUNS * SECONDS / jobs * 1.25 + 30, "the start of each process is on top"
    assert [each["stalls"] for each in [*alone, *together]] == [0] * (ALONE + RUNS)
    usual = {name: median(each[name] for each in alone) for name in FIGURES}
    assert median(each["startup_s"] for each in together) == pytest.approx(usual["startup_s"], abs=0.5)
    for found in together:
        assert found["mean_bitrate_bps"] == pytest.approx(usual["mean_bitrate_bps"], rel=0.05)
        assert found["switches"] == pytest.approx(usual["switches"], abs=1)


def run(folder: Path, server: FileServer, runs: int, jobs: int) -> tuple[list[dict[str, Any]], float]:
    """The figures of all runs, and the seconds that they took."""
    folder.mkdir()
    (folder / "plan.yaml").write_text(PLAN.format(url=server.url("manifest.mpd"), runs=runs))
    begin_s = time.monotonic()
    assert main(["qa", "run", str(folder / "plan.yaml"), "--out", str(folder), "--jobs", str(jobs)]) == 0
    document = json.loads((folder / "report.json").read_text())
    return [each["metrics"] for each in document["runs"]], time.monotonic() - begin_s
