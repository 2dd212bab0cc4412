"""Joins live streams of other tools and watches them: ``python -m tests.soak.live_shapes [SECONDS] [NAME...]``.

One line for each: how long from Play to the first picture, and until the position moves, stalls with their seconds
and when after Play each came, how far behind it was, what went wrong. Exit code 1 where a stream could not be played,
stalled, or lost media.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from player.playback.settings import PlaybackSettings
from player.reporting.report import Recorder
from player.reporting.state import NOT_PLAYING, PlaybackState, PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit.live_shapes import SHAPES, Shape, running
from tests.kit.playback import engine, null_player


@dataclass(frozen=True, slots=True)
class Watched:
    """Seconds; ``wrong`` is empty where all went well."""

    picture_s: float
    join_s: float
    stalls: int
    stalled_s: float
    stalled_at_s: tuple[float, ...]
    target_s: float | None
    latency_s: float | None
    played_s: float
    wrong: str

    @property
    def good(self) -> bool:
        return not self.wrong and not self.stalls


def watch(shape: Shape, seconds: float) -> Watched:
    """Join a stream of this shape and stay for so long."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as profile,
        running(shape, Path(folder)) as stream,
        engine(Path(profile)) as made,
        null_player() as player,
    ):
        recorder = Recorder()
        begun_s = time.monotonic()
        source = PlaybackSource(url=stream.url, keys=shape.keys)
        session = made.open(source, player, recorder.see, PlaybackSettings(), recorder)
        restarted, joined_s = shape.restarted_s is None, None
        first_s = None
        while (passed_s := time.monotonic() - begun_s) < seconds and not is_over(session.state):
            state = session.state
            if state.status is PlaybackStatus.PLAYING and state.position_s:
                first_s = state.position_s if first_s is None else first_s
                if joined_s is None and state.position_s > first_s:
                    joined_s = passed_s
            if not restarted and passed_s > (shape.restarted_s or 0.0):
                stream.restart()
                restarted = True
            time.sleep(0.02)
        state = session.state
        session.stop()
        made.wait(session, 20.0)
        report = recorder.report(source=source.shown_name, policy="test")
    return judged(report, joined_s, state.position_s - (first_s or 0.0))


def is_over(state: PlaybackState) -> bool:
    """Whether it has ended or failed."""
    return state.status in NOT_PLAYING and state.status is not PlaybackStatus.IDLE


def judged(report: dict[str, Any], joined_s: float | None, played_s: float) -> Watched:
    """What the report of a playback says; ``joined_s`` is None where nothing was played."""
    live = report["live"] or {}
    wrong = [f"{error['code']}: {error['sentence']}" for error in report["errors"]]
    wrong += [f"lost {lost_s:.2f} s of {media}" for media, lost_s in report["continuity"]["lost_s"].items() if lost_s]
    if joined_s is None:
        wrong.append("never played")
    return Watched(
        report["startup"]["first_frame_s"] or 0.0,
        joined_s or 0.0,
        len(report["stalls"]),
        sum(stall["duration_s"] or 0.0 for stall in report["stalls"]),
        tuple(stall["at_s"] for stall in report["stalls"]),
        live.get("target_s"),
        live.get("mean_s"),
        played_s,
        "; ".join(wrong),
    )


def main() -> int:
    """See the module."""
    seconds = float((*sys.argv[1:2], "60")[0])
    names = sys.argv[2:] or [shape.name for shape in SHAPES]
    if unknown := set(names) - {shape.name for shape in SHAPES}:
        print(f"no shape is called {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    good = True
    for shape in (each for each in SHAPES if each.name in names):
        try:
            seen = watch(shape, seconds)
        except AssertionError as error:
            print(f"{shape.name:20} not made: {error}", flush=True)
            good = False
            continue
        good &= seen.good
        at = " at " + ", ".join(f"{at_s:.0f} s" for at_s in seen.stalled_at_s) if seen.stalls else ""
        latency = "-" if seen.latency_s is None else f"{seen.latency_s:.2f} of {seen.target_s:.2f}"
        print(
            f"{shape.name:20} picture {seen.picture_s:5.2f} s  join {seen.join_s:5.2f} s"
            f"  stalls {seen.stalls} ({seen.stalled_s:.1f} s{at})"
            f"  behind {latency} s  played {seen.played_s:.1f} s  {seen.wrong}",
            flush=True,
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
