"""The player beside hls.js, dash.js and Shaka Player in headless Chromium, over the same links.

One title of 60 s (0.4, 0.8, 1.6, 3 and 6 Mbit/s, segments of 4 s, as DASH and as HLS), the links of :func:`links`,
and each player with its own settings. What a segment was shown at is read from the requests: the last file of a
segment that came whole. The quality of experience is linear, per segment, in Mbit/s: the rungs' rates, less the
changes, less the top rung's rate for each second of stall. How long the first picture took stands beside it.

Run: ``python -m tests.bench.bench_players [--virtual] [--libraries FOLDER] [--traces FILE ...] [link ...]``. It plays
in real time, one after another: four minutes a link; the machine must have nothing else to do. ``--virtual`` plays
ours alone, in virtual time. ``--traces`` adds links (JSON, as in ``docs/qa-plans.md``).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

from abr.simulator import synthetic
from player.net.shaping import LinkTrace
from player.playback.settings import PlaybackSettings
from player.qa.browser import run as browser
from player.qa.browser.players import PLAYERS
from player.qa.realtime_run import play
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit.fileserver import FileServer
from tests.kit.media import cached

OURS = "matinee"
KBPS = (400, 800, 1600, 3000, 6000)
SECONDS, SEGMENT_S = 60, 4
LIBRARIES = Path(__file__).parents[2] / ".cache" / "npm"
LATENCY_S = 0.03
LIMIT_S = 240.0
ENOUGH, BETTER = 0.97, 1.15  # of the best of the others: on each link, and in the mean


@dataclass(frozen=True, slots=True)
class Seen:
    """What a viewer saw: the first picture, in seconds; a rung for each segment; stalls."""

    first_s: float
    rungs: tuple[int, ...]
    stalls: int
    stalled_s: float

    @property
    def mbps(self) -> float:
        return mean(KBPS[rung] for rung in self.rungs) / 1000

    @property
    def changes(self) -> int:
        return sum(earlier != later for earlier, later in pairwise(self.rungs))

    @property
    def qoe(self) -> float:
        """Per segment, in Mbit/s (Yin et al., 2015, with the rates themselves as the quality)."""
        swung = sum(abs(KBPS[later] - KBPS[earlier]) for earlier, later in pairwise(self.rungs)) / 1000
        return self.mbps - (swung + KBPS[-1] / 1000 * self.stalled_s) / len(self.rungs)

    @property
    def row(self) -> str:
        rungs = "".join(map(str, self.rungs))
        stalled = f"{self.stalls}, {self.stalled_s:.1f} s"
        return f"{self.first_s:.2f} s | {stalled} | {self.mbps:.2f} | {self.changes} | {self.qoe:.2f} | {rungs}"


def title() -> Path:
    """The folder of the title: noise, so that each rung takes what it says."""

    def make(folder: Path) -> None:
        command: list[object] = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi"]
        command += ["-i", f"testsrc2=s=640x360:r=24:d={SECONDS},noise=alls=60:allf=t"]
        command += ["-f", "lavfi", "-i", f"sine=440:r=48000:d={SECONDS}"]
        command += ["-map", "1:a", "-c:a", "aac", "-b:a", "64k"]
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", 24 * SEGMENT_S]
        command += ["-keyint_min", 24 * SEGMENT_S, "-sc_threshold", 0, "-nal-hrd", "cbr"]
        for at, kbps in enumerate(KBPS):
            rate = f"{kbps}k"
            command += ["-map", "0:v", f"-b:v:{at}", rate, f"-minrate:v:{at}", rate]
            command += [f"-maxrate:v:{at}", rate, f"-bufsize:v:{at}", rate]
        command += ["-f", "dash", "-seg_duration", SEGMENT_S, "-use_template", 1, "-use_timeline", 1]
        command += ["-hls_playlist", 1, "-adaptation_sets", "id=0,streams=v id=1,streams=a"]
        command += ["-init_seg_name", "init-$RepresentationID$.mp4"]
        command += ["-media_seg_name", "seg-$RepresentationID$-$Number%03d$.m4s", "manifest.mpd"]
        subprocess.run([str(word) for word in command], cwd=folder, check=True)

    return cached("players", {"kbps": KBPS, "seconds": SECONDS}, make)


def links() -> dict[str, LinkTrace]:
    """Two steps, a square, a ramp, four constant links near a rung, and the four synthetic kinds."""
    steps: dict[str, Sequence[tuple[float, float]]] = {
        "gap": ((20, 6000), (25, 700), (300, 6000)),
        "fall": ((20, 5000), (300, 1200)),
        "rise": ((20, 1200), (300, 5000)),
        "square": ((10, 4000), (10, 1000)) * 15,
        "ramp": tuple((5, 500.0 * step) for step in (*range(1, 13), *range(12, 0, -1))) * 4,
        "at 900": ((300, 900),),
        "at 2000": ((300, 2000),),
        "at 3300": ((300, 3300),),
        "at 6200": ((300, 6200),),
    }
    found = {name: LinkTrace.parse(_periods(each)) for name, each in steps.items()}
    for kind, kbps in (("flicker", 2500.0), ("drift", 2500.0), ("jumps", 3500.0)):
        trace = synthetic.trace(kind, mean_kbps=kbps, duration_s=300.0, latency_s=LATENCY_S, seed=5)
        found[kind] = LinkTrace.parse(_periods([(seconds, bps / 1000) for seconds, bps, _latency in trace.periods]))
    return found


def seen(report: Mapping[str, Any]) -> Seen:
    """What a report says. Raises ValueError where not all was played."""
    if not report["result"]["played_to_end"]:
        raise ValueError(f"not played to its end: {report['result']}")
    rungs: dict[int, int] = {}
    for request in report["requests"]:
        found = re.search(r"seg-(\d+)-(\d+)\.m4s", request["url"])
        whole = found and request["status"] == 200 and not request["aborted"] and not request["error"]
        if found and whole and int(found[1]) > 0:  # the sound is stream 0
            rungs[int(found[2])] = int(found[1]) - 1
    if len(rungs) != SECONDS // SEGMENT_S:
        raise ValueError(f"{len(rungs)} segments came whole")
    summary = report["summary"]
    shown = tuple(rung for _number, rung in sorted(rungs.items()))
    return Seen(report["startup"]["first_frame_s"], shown, summary["stalls"], summary["stalled_s"])


def play_one(name: str, url: str, link: LinkTrace, libraries: Path, *, virtual: bool) -> Seen:
    """One player over one link."""
    spec = RunSpec(Labels("title", player=name), PlaybackSource(url=url), PlaybackSettings(), link, limit_s=LIMIT_S)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        if name != OURS:
            return seen(browser.play(spec, bench, PLAYERS[name], libraries))
        engine: Callable[[RunSpec, Bench], dict[str, Any]] = simulate if virtual else play
        return seen(engine(spec, bench))


def main() -> int:
    """Print the table; 0 where ours is as good as the best of the others on each link, and better in the mean."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_players", description=__doc__)
    parser.add_argument("links", nargs="*")
    parser.add_argument("--virtual", action="store_true")
    parser.add_argument("--libraries", type=Path, default=LIBRARIES)
    parser.add_argument("--traces", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    wanted = links() | {path.stem: LinkTrace.parse(json.loads(path.read_text())) for path in options.traces}
    chosen = {name: link for name, link in wanted.items() if not options.links or name in options.links}
    names = [OURS] if options.virtual else [OURS, *PLAYERS]
    print("| link | player | first picture | stalls | Mbit/s | changes | QoE | rungs |")
    print("|---|---|---|---|---|---|---|---|")
    table: dict[str, dict[str, Seen]] = {}
    with FileServer(title()) as server:
        for link, trace in chosen.items():
            row = table[link] = {}
            for name in names:
                url = server.url("master.m3u8" if name == "hlsjs" else "manifest.mpd")
                try:
                    one = row[name] = play_one(name, url, trace, options.libraries, virtual=options.virtual)
                except ValueError as error:
                    print(f"| {link} | {name} | {error} | | | | | |", flush=True)
                    continue
                print(f"| {link} | {name} | {one.row} |", flush=True)
    return 0 if options.virtual else _verdict(table)


def _verdict(table: Mapping[str, Mapping[str, Seen]]) -> int:
    good = True
    ratios = []
    for link, row in table.items():
        others = {name: one for name, one in row.items() if name != OURS}
        if OURS not in row or not others:
            good = False
            continue
        best = max(others.values(), key=lambda one: one.qoe)
        first_s = min((one.first_s for one in others.values() if not one.stalls), default=float("inf"))
        behind = row[OURS].qoe < ENOUGH * best.qoe if best.qoe > 0 else row[OURS].qoe < best.qoe
        if behind or row[OURS].first_s > first_s:
            print(f"{link}: {'behind' if behind else 'later'}")
            good = False
        ratios.append((row[OURS].qoe, best.qoe))
    ours, best_of_others = (mean(each[at] for each in ratios) for at in (0, 1)) if ratios else (0.0, 1.0)
    print(f"in the mean {ours:.2f}, the best of the others on each link {best_of_others:.2f}")
    for name in PLAYERS:
        told = [row[name].qoe for row in table.values() if name in row]
        print(f"{name}: {mean(told):.2f} over {len(told)} links" if told else f"{name}: nothing")
    return 0 if good and ours >= BETTER * best_of_others else 1


def _periods(rates: Sequence[tuple[float, float]]) -> list[dict[str, float]]:
    return [
        {"duration_ms": seconds * 1000, "bandwidth_kbps": kbps, "latency_ms": LATENCY_S * 1000}
        for seconds, kbps in rates
    ]


if __name__ == "__main__":
    raise SystemExit(main())
