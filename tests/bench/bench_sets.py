"""The planner on public sets of traces, beside the published rules and the clairvoyant optimum.

``python -m tests.bench.bench_sets DIR`` (or ``MATINEE_ABR_SETS=DIR``), where DIR holds what an independent reference
simulator made: ``traces/SET.npz`` (``names``, ``off``, ``dur`` in seconds, ``kbps``, ``lat`` in seconds),
``movies/bbb.json`` and ``results/run_SET_TITLE_BUFFER.json`` with the scores of the published rules and of the
optimum on the named traces. Without DIR there is nothing to do. The sessions are of this project's own
simulator, which agrees with the reference.

Prints for each configuration:

- the gain over "always the lowest rung", as a share of what the optimum gains, in percent. It is given for the traces
  on which the lowest rung never stalls (with a 95 % bootstrap interval) and for all of them;
- the same for the best published rule;
- changes of rung over those of the optimum (geometric mean, at least one each).

Exit code 1 when a figure is below its bar.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from abr import registry
from abr.model import Rung
from abr.simulator.formats import Ladder, Trace, ladder_from_json
from abr.simulator.metrics import NO_STALL_S, gain_interval, score
from abr.simulator.session import Options, simulate

UHD_KBPS = (500, 1000, 2000, 4000, 8000, 25000)
TITLES = ("hsdpa3g_bbb", "hsdpa3g_uhd6", "lte4g_bbb", "lte4g_uhd6", "puffer21_bbb", "sabre_hd_uhd6", "sabre_sd_bbb")
BARS = {
    30: (79.0, 77.0, 98.5, 94.5, 81.0, 84.5, 86.0),
    60: (71.0, 40.0, 98.5, 95.5, 84.0, 87.0, 89.5),
}
NOT_RULES = ("lowest", "optimum", "optimum-log")


@dataclass(frozen=True, slots=True)
class Played:
    """One session: the linear QoE per segment, seconds of stall, changes of rung, mean Mbit/s."""

    qoe: float
    stalled_s: float
    changes: int
    mbps: float


@dataclass(frozen=True, slots=True)
class Row:
    """What one configuration came to. Gains are in percent; ``ok`` counts traces without a stall of the lowest."""

    name: str
    ok: tuple[float, float, float]
    every: float
    published: float
    published_by: str
    changes: float
    ok_count: int
    count: int


def uhd_ladder() -> Ladder:
    """A title of 150 segments whose bitrate varies by the complexity of the scene and by 5 % of each rung's own.

    All rungs share the complexity. It keeps 0.6 from a segment to the next and varies by 30 %.
    """
    draw, count, keep = np.random.default_rng(7), 150, 0.6
    noise = draw.standard_normal(count)
    scene = np.empty(count)
    scene[0] = noise[0]
    for index in range(1, count):
        scene[index] = keep * scene[index - 1] + math.sqrt(1 - keep**2) * noise[index]
    own = draw.standard_normal((count, len(UHD_KBPS)))
    factors = np.exp(math.sqrt(math.log(1 + 0.3**2)) * scene)[:, None] * np.exp(0.05 * own)
    factors = np.clip(factors, 0.4, 2.2)
    factors /= factors.mean(axis=0)
    sizes = factors * np.array(UHD_KBPS) * 1e3 * 4 / 8
    rungs = tuple(Rung(str(number), kbps * 1000) for number, kbps in enumerate(UHD_KBPS))
    return Ladder("uhd6", 4.0, rungs, tuple(tuple(int(size) for size in row) for row in sizes))


@lru_cache
def _ladder(folder: Path, title: str) -> Ladder:
    if title == "uhd6":
        return uhd_ladder()
    return ladder_from_json((folder / "movies" / f"{title}.json").read_text(), title)


@lru_cache
def _traces(folder: Path, name: str) -> Mapping[str, Trace]:
    with np.load(folder / "traces" / f"{name}.npz") as stored:
        names, begins = [str(each) for each in stored["names"]], stored["off"]
        seconds, kbps, latency = stored["dur"], stored["kbps"], stored["lat"]
    traces = {}
    for index, each in enumerate(names):
        rows = slice(int(begins[index]), int(begins[index + 1]))
        periods = zip(seconds[rows].tolist(), (kbps[rows] * 1e3).tolist(), strict=True)
        traces[each] = Trace(each, [(length, bps, float(latency[index])) for length, bps in periods])
    return traces


@lru_cache
def _reference(folder: Path, config: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((folder / "results" / f"run_{config}.json").read_text())
    return found


def names_of(folder: Path, config: str) -> list[str]:
    """The named traces of a configuration: nobody tunes on them."""
    return list(_reference(folder, config)["names"])


def play(folder: Path, config: str, name: str, policy: str) -> Played:
    """One session of ``policy`` on a named trace."""
    stored = _reference(folder, config)
    ladder = _ladder(folder, stored["movie"])
    trace = _traces(folder, stored["set"])[name]
    session = simulate(registry.from_spec(policy), ladder, trace, Options(buffer_max_s=float(stored["buffer"])))
    found = score(session, ladder)
    return Played(found.qoe, found.stalled_s, found.switches, found.mbps)


def row_of(folder: Path, config: str, names: Sequence[str], played: Sequence[Played]) -> Row:
    """The figures of a configuration from its sessions, beside those of the reference."""
    stored = _reference(folder, config)
    places = [list(stored["names"]).index(name) for name in names]

    def column(rule: str, key: str = "qoe_lin") -> list[float]:
        return [float(stored["per"][rule][place][key]) for place in places]

    ours, lowest, best = [each.qoe for each in played], column("lowest"), column("optimum")
    fine = [index for index, stalled in enumerate(column("lowest", "rebuf")) if stalled < NO_STALL_S]
    ok = gain_interval(*([values[index] for index in fine] for values in (ours, lowest, best)))
    rules = [rule for rule in stored["per"] if rule not in NOT_RULES]
    published, by = max((gain_interval(column(rule), lowest, best)[0], rule) for rule in rules)
    changes = [
        math.log(max(each.changes, 1) / max(theirs, 1))
        for each, theirs in zip(played, column("optimum", "switches"), strict=True)
    ]
    every = gain_interval(ours, lowest, best)[0]
    return Row(config, ok, every, published, by, math.exp(float(np.mean(changes))), len(fine), len(names))


def show(rows: Sequence[Row]) -> bool:
    """Print the table; whether every bar is held."""
    print(
        f"{'configuration':18s} {'ok':>6s} {'95 %':>15s} {'n':>3s} {'bar':>5s} {'all':>7s}"
        f" {'best published':>22s} chg"
    )
    held = True
    for row in rows:
        title, _, buffer = row.name.rpartition("_")
        bar = BARS[int(buffer)][TITLES.index(title)]
        fine = row.ok[0] >= bar and row.every >= row.published
        held = held and fine
        print(
            f"{row.name:18s} {row.ok[0]:6.1f} [{row.ok[1]:6.1f},{row.ok[2]:6.1f}] {row.ok_count:3d} {bar:5.1f}"
            f" {row.every:7.1f} {row.published:8.1f} {row.published_by:13s} {row.changes:4.2f}"
            f"{'' if fine else '  BELOW'}",
            flush=True,
        )
    print(f"median of the changes over the optimum's: {np.median([row.changes for row in rows]):.2f}")
    return held


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_sets")
    parser.add_argument("folder", nargs="?", default=os.environ.get("MATINEE_ABR_SETS"))
    parser.add_argument("--policy", default=registry.DEFAULT)
    parser.add_argument("--config", nargs="*", default=[f"{title}_{buffer}" for buffer in BARS for title in TITLES])
    parser.add_argument("--every", type=int, default=1, help="only every so many of the named traces")
    asked = parser.parse_args(arguments)
    if not asked.folder:
        print("no folder of reference sets was given: nothing to do")
        return 0
    folder = Path(asked.folder)
    jobs = [(config, name) for config in asked.config for name in names_of(folder, config)[:: asked.every]]
    configs, names = zip(*jobs, strict=True)
    with ProcessPoolExecutor(2) as pool:
        count = len(jobs)
        played = list(
            pool.map(play, [folder] * count, configs, names, [asked.policy] * count, chunksize=8),
        )
    rows = []
    for config in asked.config:
        mine = [index for index, each in enumerate(configs) if each == config]
        rows.append(row_of(folder, config, [names[index] for index in mine], [played[index] for index in mine]))
    return 0 if show(rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
