"""How good each rung looks beside the source: VMAF where the FFmpeg at hand has it, else SSIM, on a scale to 100.

SSIM alone gives nearly 1 to all but the worst frames. It is therefore brought to the scale of opinions (20 bad, 40
poor, 60 fair, 80 good, 100 excellent), linearly between the bounds of Zinner, Hohlfeld, Abboud and Hossfeld (QoMEX
2010).

A few frames from three places are enough to tell rungs apart. Every rung is scaled to the size of the largest, as a
screen would do.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import av

from backend_stub.encoding import tools
from backend_stub.encoding.chunks import Chunk, frames_filters, rung_file
from backend_stub.encoding.errors import DamagedOutputError
from backend_stub.encoding.ladder import EncodingLadder, TargetCodec, VideoRung
from backend_stub.encoding.picture_source import picture_stream, read_pictures
from backend_stub.encoding.probe import SourceInfo, ffmpeg_url
from backend_stub.encoding.process import run_tool

_PICTURES = 12  # of each place
_RUN_UP_S = 1
#: SSIM and the opinion that it stands for.
_OPINIONS = ((0.0, 0.0), (0.5, 20.0), (0.88, 40.0), (0.95, 60.0), (0.99, 80.0), (1.0, 100.0))
_SSIM_LINE = re.compile(r"All:([0-9.]+)")


@dataclass(frozen=True, slots=True)
class QualityRating:
    """``score`` is 0 to 100; ``metric`` is ``vmaf`` or ``ssim``."""

    metric: str
    scores: Mapping[str, float]


@cache
def metric() -> str:
    """What the FFmpeg at hand can measure with."""
    return "vmaf" if " libvmaf " in _told_by_ffmpeg("-filters") else "ssim"


@cache
def _reads_av1() -> bool:
    """Whether the FFmpeg at hand can: its own decoder needs a graphics processor."""
    return any(f" {name} " in _told_by_ffmpeg("-decoders") for name in ("libdav1d", "libaom-av1", "libgav1"))


def _told_by_ffmpeg(option: str) -> str:
    command = [str(tools.measuring()), "-hide_banner", option]
    return subprocess.run(command, capture_output=True, check=False, text=True).stdout


def rate(
    source: SourceInfo,
    ladder: EncodingLadder,
    codec: TargetCodec,
    parts: Sequence[tuple[Chunk, Path]],
    *,
    cancel: threading.Event | None = None,
) -> QualityRating:
    """Look at the beginnings of chunks (with the folders that they are in) in every rung of ``codec``.

    Raises :class:`DamagedOutputError` when nothing could be compared, :class:`ToolFailedError`, CancelledError.
    """
    rungs = ladder.of(codec)
    found: dict[str, list[float]] = {rung.name: [] for rung in rungs}
    for chunk, folder in parts:
        for name, score in _look(source, ladder, rungs, chunk, folder, cancel).items():
            found[name].append(score)
    if not all(found.values()):
        raise DamagedOutputError("The rungs cannot be compared with the source.")
    return QualityRating(metric(), {name: round(fmean(scores), 2) for name, scores in found.items()})


def opinion(ssim: float) -> float:
    """SSIM (0 to 1) on the scale of opinions, 0 to 100."""
    for (low, worse), (high, better) in pairwise(_OPINIONS):
        if ssim <= high:
            return worse + max(0.0, ssim - low) / (high - low) * (better - worse)
    return _OPINIONS[-1][1]


def _look(
    source: SourceInfo,
    ladder: EncodingLadder,
    rungs: Sequence[VideoRung],
    chunk: Chunk,
    folder: Path,
    cancel: threading.Event | None,
) -> dict[str, float]:
    read_from_s = max(0.0, float(chunk.first / ladder.fps) - _RUN_UP_S)
    end = chunk.first + _PICTURES
    if chunk.end is not None:
        end = min(end, chunk.end)
    top = rungs[-1]
    filters = frames_filters(source, ladder.fps, chunk.first, end, read_from_s)
    shown = f"scale={top.width}:{top.height}:flags=bicubic,setsar=1,format=yuv420p,settb=1/25,setpts=N"
    graph = [f"[{picture_stream(source)}]{','.join(filters)},{shown},split={len(rungs)}" + _outlets("r", len(rungs))]
    command = [str(tools.measuring()), "-v", "error", "-nostdin", "-y", "-copyts", "-start_at_zero"]
    command += read_pictures(source, read_from_s)
    for number, rung in enumerate(rungs):
        graph.append(f"[{number + 1}:v]trim=end_frame={end - chunk.first},{shown}[d{number}]")
        sink = "[out]" if rung is top else ",nullsink"  # FFmpeg wants an output
        graph.append(f"[d{number}][r{number}]{_comparison(number)}{sink}")
    with TemporaryDirectory(dir=folder.parent) as work:
        for number, rung in enumerate(rungs):
            file = rung_file(folder, rung).resolve()
            if rung.codec is TargetCodec.AV1 and not _reads_av1():
                file = _decoded(file, Path(work) / f"{number}.y4m", end - chunk.first)
            command += ["-protocol_whitelist", "file", "-i", ffmpeg_url(file)]
        run_tool(
            [*command, "-filter_complex", ";".join(graph), "-map", "[out]", "-f", "null", "-"],
            cwd=Path(work),
            cancel=cancel,
        )
        scores = {rung.name: _score(Path(work) / f"{number}.log") for number, rung in enumerate(rungs)}
    return {name: score for name, score in scores.items() if score is not None}


def _decoded(part: Path, target: Path, pictures: int) -> Path:
    """The first pictures of a rung in a form that every FFmpeg reads, decoded by PyAV's (dav1d)."""
    with av.open(str(part)) as container, target.open("wb") as out:
        video = container.streams.video[0]
        out.write(f"YUV4MPEG2 W{video.width} H{video.height} F25:1 Ip A1:1 C420jpeg\n".encode())
        for frame in islice(container.decode(video), pictures):
            planes = frame.reformat(format="yuv420p").to_ndarray()
            out.write(b"FRAME\n" + planes.tobytes())
    return target


def _outlets(letter: str, count: int) -> str:
    return "".join(f"[{letter}{number}]" for number in range(count))


def _comparison(number: int) -> str:
    if metric() == "vmaf":
        return f"libvmaf=log_fmt=json:log_path={number}.log"
    return f"ssim=stats_file={number}.log"


def _score(log: Path) -> float | None:
    if not log.exists():
        return None
    text = log.read_text(encoding="utf-8")
    if metric() == "vmaf":
        return float(json.loads(text)["pooled_metrics"]["vmaf"]["mean"])
    values = [float(found) for found in _SSIM_LINE.findall(text)]
    return opinion(fmean(values)) if values else None
