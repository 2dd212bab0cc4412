"""The simulator beside the player: the same title over the same links, and what either makes of them.

The player is the real one: ``matinee play --headless --trace`` with libmpv, in real time, a file server on loopback
and a few playbacks at once. The simulator is shown the same link and the sizes of the files, in each segment its
share of the sound.

Run: ``python -m tests.bench.bench_calibration [--virtual] [at once] [link ...]``; links are named as ``drift-2``.
With ``--virtual`` the real session plays in virtual time, with everything but libmpv and the processor's speed; that
takes seconds and is the same every time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from abr import registry
from abr.model import Policy, Rung
from abr.simulator import synthetic
from abr.simulator.formats import Ladder, Trace
from abr.simulator.metrics import score
from abr.simulator.session import Options, simulate
from player.net.shaping import LinkTrace as LinkTrace
from player.playback.settings import PlaybackSettings
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate as play_virtually
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer

SECONDS = 96
BUFFER_S = 20.0
LIMIT = 0.05
LATENCY_S = 0.04
PLAYER_LIMIT_S = 400.0


@dataclass(frozen=True, slots=True)
class Title:
    """The test title as both see it. ``sound_bps`` is what its sound takes of the link, ``told_bps`` what the
    manifest says of that."""

    what: media.TestMedia
    ladder: Ladder
    sound_bps: float
    told_bps: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Linear quality of experience per segment in Mbit/s (:class:`abr.simulator.metrics.Score`), and its parts."""

    qoe: float
    mbps: float
    waited_s: float
    stalled_s: float


def title(seconds: int = SECONDS) -> Title:
    """The title, with the ladder of its manifest and the sizes of its files."""
    made = media.ffmpeg_dash(seconds)
    with FileServer(made.folder) as server:
        report = play_virtually(
            _spec(server.url("manifest.mpd"), LinkTrace.constant(50e6, 0.01)), _bench(made.folder)
        )
    bps = [rung["bitrate_bps"] for rung in report["rungs"]]
    rows = zip(*(_sizes(made.folder, number) for number in range(len(bps))), strict=True)
    rungs = tuple(Rung(str(number), each) for number, each in enumerate(bps))
    sound = _sizes(made.folder, len(bps))
    ladder = Ladder("test title", float(made.segment_s), rungs, tuple(rows))
    told_bps = int(report["decisions"][0]["inputs"]["audio_bps"])
    return Title(made, ladder, sum(sound) * 8 / made.seconds, told_bps)


def links() -> list[Trace]:
    """Twelve links: the four kinds, each with the means of a thin, a middling and a good one for the title."""
    return [
        synthetic.trace(kind, mean_kbps=mean, duration_s=150.0, latency_s=LATENCY_S, seed=seed)
        for seed, mean in ((1, 1600.0), (2, 2200.0), (3, 3500.0))
        for kind in synthetic.KINDS
    ]


def predicted(what: Title, link: Trace, policy: Policy | None = None) -> Outcome:
    """What the simulator says."""
    sound = round(what.sound_bps * what.ladder.segment_s / 8)
    ladder = replace(what.ladder, sizes=tuple(tuple(size + sound for size in row) for row in what.ladder.sizes))
    # Before the first segment the player fetches the manifest, and makes two connections.
    manifest_bits = (what.what.folder / "manifest.mpd").stat().st_size * 8
    start_s = 3 * link.latency_s(0.0) + manifest_bits / link.bps(0.0)
    options = Options(
        buffer_max_s=BUFFER_S, as_player=True, sizes_known=False, start_s=start_s, audio_bps=what.told_bps
    )
    session = simulate(policy or registry.create(), ladder, link, options)
    found = score(session, what.ladder)
    return Outcome(found.qoe, found.mbps, found.startup_s + found.stalled_s, found.stalled_s)


def observed(what: Title, report: Mapping[str, Any]) -> Outcome:
    """What a report says. Raises ValueError where not all was played."""
    rungs = {each["position"]: each["rung"] for each in report["segments"] if each["track"] == "main"}
    if not report["result"]["played_to_end"] or len(rungs) != what.ladder.segments:
        raise ValueError(f"the title was not played to its end: {report['result']}")
    quality = [what.ladder.mbps[rung] for _, rung in sorted(rungs.items())]
    change = sum(abs(later - earlier) for earlier, later in pairwise(quality))
    first_request_s = min(each["at_s"] for each in report["requests"] if each["kind"] == "segment")
    stalled_s = report["summary"]["stalled_s"]
    waited_s = report["startup"]["first_frame_s"] - first_request_s + stalled_s
    qoe = (sum(quality) - what.ladder.mbps[-1] * waited_s - change) / len(quality)
    return Outcome(qoe, sum(quality) / len(quality), waited_s, stalled_s)


def play_in_virtual_time(what: Title, link: Trace) -> Outcome:
    """The real session over the link, in virtual time."""
    return observed(what, virtual_report(what, link))


def virtual_report(what: Title, link: Trace) -> dict[str, Any]:
    """The report of the real session over the link, in virtual time."""
    with FileServer(what.what.folder) as server:
        spec = _spec(server.url("manifest.mpd"), LinkTrace.parse(_periods(link)))
        return play_virtually(spec, _bench(what.what.folder))


def play_in_real_time(what: Title, link: Trace) -> Outcome:
    """The player as a process of its own."""
    with FileServer(what.what.folder) as server, tempfile.TemporaryDirectory() as folder:
        trace, report = Path(folder, "trace.json"), Path(folder, "report.json")
        trace.write_text(json.dumps(_periods(link)))
        words = [sys.executable, "-m", "ui.cli.main", "play", server.url("manifest.mpd"), "--headless"]
        words += ["--trace", str(trace), "--report", str(report), "--buffer", str(BUFFER_S), "--profile", folder]
        done = subprocess.run(words, capture_output=True, text=True, timeout=PLAYER_LIMIT_S, check=False)
        if done.returncode:
            raise RuntimeError(f"the player failed on {link.name}: {done.stderr[-2000:]}")
        return observed(what, json.loads(report.read_text()))


def deviation(what: Title, found: Outcome, expected: Outcome) -> float:
    """By how much the quality of experience differs, as a share of the top rung's Mbit/s."""
    return (found.qoe - expected.qoe) / what.ladder.mbps[-1]


def main() -> int:
    """Print the table; 0 when every link is within the limit."""
    virtual = "--virtual" in sys.argv
    at_once = next((int(word) for word in sys.argv[1:] if word.isdigit()), 3)
    what, play = title(), play_in_virtual_time if virtual else play_in_real_time
    named = {word for word in sys.argv[1:] if not word.isdigit() and not word.startswith("-")}
    chosen = [link for link in links() if not named or link.name in named]
    with ThreadPoolExecutor(1 if virtual else at_once) as pool:
        found = list(pool.map(lambda link: play(what, link), chosen))
    print("| link | predicted | player | off by | Mbit/s | waited | stalled | stalled at the lowest rung |")
    print("|---|---|---|---|---|---|---|---|")
    good = True
    for link, outcome in zip(chosen, found, strict=True):
        expected, lowest = predicted(what, link), predicted(what, link, registry.create("fixed"))
        off = deviation(what, outcome, expected)
        good = good and abs(off) <= LIMIT and (outcome.stalled_s == 0 or lowest.stalled_s > 0)
        print(
            f"| {link.name}, {link.mean_bps / 1e6:.1f} Mbit/s | {expected.qoe:.3f} | {outcome.qoe:.3f} |"
            f" {100 * off:+.1f} % | {expected.mbps:.2f} / {outcome.mbps:.2f} |"
            f" {expected.waited_s:.1f} / {outcome.waited_s:.1f} s | {expected.stalled_s:.1f} /"
            f" {outcome.stalled_s:.1f} s | {lowest.stalled_s:.1f} s |",
            flush=True,
        )
    return 0 if good else 1


def _periods(link: Trace) -> list[dict[str, float]]:
    return [
        {"duration_ms": seconds * 1000, "bandwidth_kbps": bps / 1000, "latency_ms": latency_s * 1000}
        for seconds, bps, latency_s in link.periods
    ]


def _sizes(folder: Path, representation: int) -> list[int]:
    return [path.stat().st_size for path in sorted(folder.glob(f"seg-{representation}-*.m4s"))]


def _spec(url: str, link: LinkTrace) -> RunSpec:
    return RunSpec(Labels("calibration"), PlaybackSource(url=url), PlaybackSettings(buffer_s=BUFFER_S), link)


def _bench(folder: Path) -> Bench:
    return Bench(folder)


if __name__ == "__main__":
    raise SystemExit(main())
