"""Which tasks make a title, and in which order. Pure.

::

    probe ─┬► video/<codec>/<chunk> ... ─┬► join/<codec> ─► tiles ─┐
           │                             └► rate/<codec> ──────────┤
           ├► audio/<track> ... ───────────────────────────────────┼► package/<variant> ─► check/<variant> ─┐
           ├► subtitles ───────────────────────────────────────────┘                                        ├► publish
           └► poster ───────────────────────────────────────────────────────────────────────────────────────┘
"""

from __future__ import annotations

from backend_stub.encoding.chunks import looked_at, split
from backend_stub.encoding.ladder import EncodingLadder, TargetCodec
from backend_stub.encoding.options import TitleOptions
from backend_stub.encoding.probe import SourceInfo
from backend_stub.jobs.model import NewTask

PROBE = NewTask("probe", "probe", weight=0.5)
# Work by codec against H.264, and the parts of other work, of 100 in all for a title in H.264 alone.
_EFFORT = {TargetCodec.H264: 85.0, TargetCodec.HEVC: 400.0, TargetCodec.AV1: 300.0}


def chunk_task(codec: TargetCodec, number: int) -> str:
    """The name of the task that makes a chunk."""
    return f"video/{codec}/{number:04d}"


def tasks_after_probe(source: SourceInfo, ladder: EncodingLadder, options: TitleOptions) -> list[NewTask]:
    """All tasks but the first."""
    chunks = split(source.picture_s, ladder.fps)
    tasks = [NewTask("poster", "poster", {}, ["probe"], 1.0)]
    tasks += [
        NewTask(f"audio/{rung.name}", "audio", {"rung": rung.name}, ["probe"], 2.0 / len(ladder.audio))
        for rung in ladder.audio
    ]
    if source.subtitles or options.sidecars:
        tasks.append(NewTask("subtitles", "subtitles", {}, ["probe"], 0.5))
    made = [task.name for task in tasks if task.name != "poster"]
    for codec in ladder.codecs:
        names = [chunk_task(codec, chunk.number) for chunk in chunks]
        effort = _EFFORT[codec] / len(chunks)
        tasks += [
            NewTask(name, "video", {"codec": str(codec), "chunk": number}, ["probe"], effort)
            for number, name in enumerate(names)
        ]
        seen = [chunk_task(codec, chunk.number) for chunk in looked_at(chunks)]
        tasks.append(NewTask(f"rate/{codec}", "rate", {"codec": str(codec)}, ["probe", *seen], 2.0))
        tasks.append(NewTask(f"join/{codec}", "join", {"codec": str(codec)}, ["probe", *names], 0.5))
        made += [f"rate/{codec}", f"join/{codec}"]
    tasks.append(NewTask("tiles", "tiles", {}, ["probe", f"join/{TargetCodec.H264}"], 0.5))
    made.append("tiles")
    for variant in options.variants:
        name = {"variant": variant}
        tasks.append(NewTask(f"package/{variant}", "package", name, ["probe", *made], 2.0))
        tasks.append(NewTask(f"check/{variant}", "check", name, ["probe", *made, f"package/{variant}"], 1.0))
    checks = [f"check/{variant}" for variant in options.variants]
    packages = [f"package/{variant}" for variant in options.variants]
    tasks.append(NewTask("publish", "publish", {}, ["probe", *made, *packages, *checks, "poster"], 0.5))
    return tasks
