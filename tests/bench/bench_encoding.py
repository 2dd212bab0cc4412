"""Encoding: the chunks of our graph beside one FFmpeg command that makes the same ladder, and where the rest goes.

``python -m tests.bench.bench_encoding [SECONDS [ROUNDS]]``; both run niced, in turn, on the same source. On a machine
that does other work too the processor's seconds say more than those on the wall.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from backend_stub.config import Settings
from backend_stub.encoding import audio, chunks, tools
from backend_stub.encoding.ladder import EncodingLadder, TargetCodec, build_ladder
from backend_stub.encoding.options import TitleOptions
from backend_stub.encoding.pipeline import publish_file
from backend_stub.encoding.probe import SourceInfo, probe
from backend_stub.encoding.process import run_tool
from backend_stub.encoding.samples import SAMPLES, make_source
from backend_stub.jobs.opening import open_jobs

PRESET = "veryfast"


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall and of the processors."""

    wall_s: float
    cpu_s: float


def cost(work: Callable[[], None]) -> Cost:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - begun, cpu_s)


def one_command(source: SourceInfo, ladder: EncodingLadder, folder: Path) -> None:
    """What one would type: every rung and sound track in one run, threads as FFmpeg chooses."""
    count = len(ladder.video)
    outlets = "".join(f"[s{number}]" for number in range(count))
    graph = [f"[0:{source.video_index}]fps={ladder.fps}:start_time=0,split={count}{outlets}"]
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y", "-i", str(source.path)]
    outputs: list[str] = []
    for number, rung in enumerate(ladder.video):
        graph.append(f"[s{number}]scale={rung.width}:{rung.height}:flags=bicubic,setsar=1,format=yuv420p[v{number}]")
        outputs += ["-map", f"[v{number}]", "-c:v", "libx264", "-preset", PRESET, "-profile:v", "high", "-bf", "2"]
        outputs += ["-crf", "20", "-maxrate", str(rung.bitrate), "-bufsize", str(rung.bitrate), "-sc_threshold", "0"]
        outputs += ["-force_key_frames", f"expr:gte(t,n_forced*{chunks.SEGMENT_S})", str(folder / f"{rung.name}.mp4")]
    for track in ladder.audio:
        outputs += ["-map", f"0:a:{track.position}", "-c:a", "aac", "-b:a", str(track.bitrate), "-ar", "48000"]
        outputs += [str(folder / f"{track.name}.mp4")]
    run_tool([*command, "-filter_complex", ";".join(graph), *outputs])


def in_chunks(source: SourceInfo, ladder: EncodingLadder, folder: Path) -> None:
    """The encode stage of the graph: chunks and sound in as many slots as there are processors, then joined."""
    parts = chunks.split(source.picture_s, ladder.fps)

    def chunk(one: chunks.Chunk) -> None:
        chunks.encode_chunk(
            source, ladder, TargetCodec.H264, one, folder / str(one.number), preset=PRESET, clear=True
        )

    with ThreadPoolExecutor(os.cpu_count()) as slots:
        work = [slots.submit(chunk, one) for one in parts]
        work += [
            slots.submit(audio.encode_sound, source, track, 0.0, folder / f"audio-{track.name}.mp4")
            for track in ladder.audio
        ]
        for one in work:
            one.result()
    for rung in ladder.video:
        files = [chunks.rung_file(folder / str(one.number), rung) for one in parts]
        chunks.join(files, folder / f"{rung.name}.mp4", TargetCodec.H264, ladder.fps)


def compare(source: SourceInfo, ladder: EncodingLadder, rounds: int) -> None:
    costs: dict[str, list[Cost]] = {"one command": [], "in chunks": []}
    for _ in range(rounds):
        for name, work in (("one command", one_command), ("in chunks", in_chunks)):
            with tempfile.TemporaryDirectory() as folder:
                costs[name].append(cost(lambda work=work, folder=folder: work(source, ladder, Path(folder))))
    medians = {
        name: Cost(statistics.median(one.wall_s for one in each), statistics.median(one.cpu_s for one in each))
        for name, each in costs.items()
    }
    for name, median in medians.items():
        print(f"{name:12} {median.wall_s:7.1f} s on the wall {median.cpu_s:7.1f} s of the processors")
    ours, theirs = medians["in chunks"], medians["one command"]
    print(
        f"in chunks / one command: {ours.wall_s / theirs.wall_s:.2f} wall, {ours.cpu_s / theirs.cpu_s:.2f} processors"
    )


def whole_title(path: Path, folder: Path) -> None:
    """Publishing as a person does it: the tasks by kind, and when the title could be played."""
    settings = Settings(folder)
    whole = cost(lambda: str(publish_file(settings, path, TitleOptions(title="Bench", preset=PRESET, clear=True))))
    with open_jobs(settings) as jobs:
        (job,) = jobs.page()
    by_kind: dict[str, float] = {}
    for task in job.tasks:
        assert task.started_at is not None
        assert task.finished_at is not None
        by_kind[task.kind] = by_kind.get(task.kind, 0.0) + task.finished_at - task.started_at
    for kind, seconds in sorted(by_kind.items(), key=lambda one: -one[1]):
        print(f"  {kind:10} {seconds:6.1f} s in its tasks")
    print(f"first playable after {whole.wall_s:.1f} s, with {whole.cpu_s:.1f} s of the processors")


def main(seconds: int = 40, rounds: int = 3) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source.mkv"
        make_source(replace(SAMPLES[0], seconds=seconds), path)
        source = probe(path)
        ladder = build_ladder(source)
        rungs = ", ".join(f"{rung.height}p" for rung in ladder.video)
        size = f"{source.width} x {source.height}"
        print(f"{seconds} s of {size} as {rungs}, {len(ladder.audio)} sound tracks, x264 {PRESET}")
        compare(source, ladder, rounds)
        whole_title(path, Path(folder) / "data")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
