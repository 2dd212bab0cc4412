"""What a file of one's own costs over libmpv alone: the time to its first picture, and processor time while it plays.

Each plays the file in a process of its own, with null outputs at real speed, in turns. The start counts from the
moment at which the file is asked for, of an engine and a libmpv that are there. Processor time counts from the first
picture to the end.

Run: ``python -m tests.bench.bench_files [rounds] [seconds of film]``
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.kit.films import FILMS

START_TARGET, CPU_TARGET = 1.2, 1.15

OURS = """
import gc, json, sys, tempfile, threading, time
from pathlib import Path
from player.engine import Engine, EngineSettings
from player.mpv.player import MpvPlayer, OutputOptions
from player.title.opening import PlaybackSource
from tests.bench.plain_libmpv import cpu_s

begun = []
def hear(event):
    if getattr(event, "phase", "") == "first_frame":
        begun.append((time.perf_counter(), cpu_s()))

with tempfile.TemporaryDirectory() as profile:
    engine = Engine(EngineSettings(profile=Path(profile), key_store="file"))
    player = MpvPlayer(OutputOptions(video="null", audio="null"))
    gc.freeze()
    began = time.perf_counter()
    session = engine.open(PlaybackSource.of_file(Path(sys.argv[1])), player, lambda state: None, None, hear)
    engine.wait(session)
    assert session.state.failure is None, session.state.failure
    print(json.dumps([begun[0][0] - began, cpu_s() - begun[0][1]]))
    engine.close()
    player.terminate()
"""


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds to the first picture, and seconds of the processor."""
    done = subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True)
    first_s, spent_s = json.loads(done.stdout.splitlines()[-1])
    return first_s, spent_s


def main(rounds: int = 3, seconds: int = 20) -> int:
    """Print the table; 1 where a target is missed."""
    missed = False
    print(f"{'file':<14}{'start, ours':>14}{'libmpv':>10}{'ratio':>8}{'CPU, ours':>12}{'libmpv':>10}{'ratio':>8}")
    for name in ("h264.mp4", "h264.mkv"):
        film = next(one for one in FILMS if one.name == name)
        path: Path = replace(film, size="1920x1080", seconds=seconds).path()
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(measured(["-c", OURS, str(path)]))
            theirs.append(measured(["-m", "tests.bench.plain_libmpv", str(path)]))
        start, plain_start = (statistics.median(one[0] for one in each) for each in (ours, theirs))
        spent, plain_spent = (statistics.median(one[1] for one in each) for each in (ours, theirs))
        missed |= start > START_TARGET * plain_start or spent > CPU_TARGET * plain_spent
        print(
            f"{name:<14}{start:>12.3f} s{plain_start:>8.3f} s{start / plain_start:>8.2f}"
            f"{spent:>10.2f} s{plain_spent:>8.2f} s{spent / plain_spent:>8.2f}"
        )
    print(f"targets: start at most {START_TARGET} times libmpv's, processor time at most {CPU_TARGET} times")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
