"""One FFmpeg run from the source to every rung of its ladder, keyframes aligned, ready to be cut into segments."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.errors import BadInputError, ToolFailedError
from backend_stub.encoding.ladder import AudioRung, Ladder, VideoRung
from backend_stub.encoding.probe import SourceInfo, ffmpeg_url, probe
from backend_stub.encoding.process import run_tool

SEGMENT_S = 4
SAMPLE_RATE = 48_000
# How much shorter than its header promises a source may turn out before it counts as cut off.
_TOLERATED_LOSS_S = 0.5

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class EncodedVideo:
    rung: VideoRung
    path: Path


@dataclass(frozen=True, slots=True)
class EncodedAudio:
    rung: AudioRung
    path: Path


@dataclass(frozen=True, slots=True)
class Encoded:
    """The renditions as whole MP4 files; ``duration_s`` is that of the pictures."""

    ladder: Ladder
    video: tuple[EncodedVideo, ...]
    audio: tuple[EncodedAudio, ...]
    duration_s: float


def encode(
    source: SourceInfo,
    ladder: Ladder,
    folder: Path,
    *,
    preset: str = "veryfast",
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Encoded:
    """Encode all rungs into ``folder`` in one pass; ``progress`` gets the fraction done, 0 to 1.

    Raises :class:`BadInputError` when the source cannot be decoded or ends before its header says,
    :class:`CancelledError` when ``cancel`` is set.
    """
    video = tuple(EncodedVideo(rung, folder / f"video-{rung.name}.mp4") for rung in ladder.video)
    audio = tuple(EncodedAudio(rung, folder / f"audio-{rung.name}.mp4") for rung in ladder.audio)
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y", "-progress", "pipe:1", "-nostats"]
    command += ["-protocol_whitelist", "file", "-i", ffmpeg_url(source.path)]
    command += ["-filter_complex", _filter_graph(source, ladder)]
    for number, encoded in enumerate(video):
        command += ["-map", f"[v{number}]", *_video_options(encoded.rung, ladder, preset), str(encoded.path)]
    for item in audio:
        command += ["-map", f"[a{item.rung.position}]", "-t", f"{source.duration_s:.6f}"]
        command += ["-c:a", "aac", "-b:a", str(item.rung.bitrate), *_CLEAN, str(item.path)]
    try:
        run_tool(command, on_line=progress_reader(source.duration_s, progress), cancel=cancel)
    except ToolFailedError as error:
        raise BadInputError(f"{source.path.name} cannot be decoded ({error.sentence}).") from error
    duration_s = _check_length(source, video[-1].path)
    return Encoded(ladder, video, audio, duration_s)


# Nothing of the source's titles, chapters or attachments goes into the renditions.
_CLEAN = ["-map_metadata", "-1", "-map_chapters", "-1"]


def _filter_graph(source: SourceInfo, ladder: Ladder) -> str:
    count = len(ladder.video)
    outlets = "".join(f"[s{number}]" for number in range(count))
    chains = [f"[0:{source.video_index}]{_common_filters(source, ladder)},split={count}{outlets}"]
    for number, rung in enumerate(ladder.video):
        chains.append(f"[s{number}]scale={rung.width}:{rung.height}:flags=bicubic,setsar=1,format=yuv420p[v{number}]")
    for sound in ladder.audio:
        layout = "mono" if sound.channels == 1 else "stereo"
        chains.append(
            # Sound begins with the picture and lasts as long: gaps are filled with silence.
            f"[0:a:{sound.position}]aresample={SAMPLE_RATE}:async=1:first_pts=0,"
            f"aformat=channel_layouts={layout},apad[a{sound.position}]"
        )
    return ";".join(chains)


def _common_filters(source: SourceInfo, ladder: Ladder) -> str:
    filters = ["bwdif"] if source.interlaced else []
    filters.append(f"fps={ladder.fps}:start_time=0")
    missing_s = source.duration_s - source.picture_s
    if missing_s * ladder.fps >= 1:  # the sound is longer: hold the last picture
        filters.append(f"tpad=stop_mode=clone:stop_duration={missing_s:.6f}")
    return ",".join(filters)


def _video_options(rung: VideoRung, ladder: Ladder, preset: str) -> list[str]:
    group = math.ceil(SEGMENT_S * ladder.fps)
    return [
        *("-c:v", "libx264", "-preset", preset, "-profile:v", "high", "-bf", "2"),
        # Quality-driven up to the rung's rate, which a buffer of one second makes a real ceiling.
        *("-crf", "20", "-maxrate", str(rung.bitrate), "-bufsize", str(rung.bitrate)),
        *("-g", str(group), "-keyint_min", str(group), "-sc_threshold", "0", "-flags", "+cgop", "-forced-idr", "1"),
        *("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_S})"),
        *_CLEAN,
    ]


def progress_reader(duration_s: float, progress: Progress | None) -> Callable[[str], None]:
    """A reader of FFmpeg's ``-progress`` lines that tells ``progress`` the fraction of ``duration_s`` done."""

    def read(line: str) -> None:
        name, _, value = line.partition("=")
        if progress is not None and name == "out_time_us" and value.lstrip("-").isdigit():
            progress(min(1.0, max(0.0, int(value) / 1e6 / duration_s)))

    return read


def _check_length(source: SourceInfo, top: Path) -> float:
    """The seconds of picture that came out. FFmpeg ends in good order where a cut-off file ends."""
    try:
        duration_s = probe(top).picture_s
    except BadInputError:
        raise BadInputError(f"{source.path.name} holds no picture that can be decoded.") from None
    if duration_s < source.duration_s - _TOLERATED_LOSS_S:
        raise BadInputError(
            f"{source.path.name} ends early: it promises {source.duration_s:.1f} s "
            f"but only {duration_s:.1f} s can be read."
        )
    return duration_s
