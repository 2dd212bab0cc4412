"""The video, chunk by chunk: one FFmpeg run makes a piece of the source into that piece of every rung of one codec.

The same piece always gives the same bytes, whoever makes it and however often. A chunk starts at a frame at which a
segment starts, on the timeline of the whole film. It is written as a CMAF track file whose first fragment can follow
another chunk's last, so joining a rung is putting its chunks in a row.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.black_frames import WATCH_FILTERS, Intervals, read_watch
from backend_stub.encoding.boxes import count_samples, first_fragment, with_edit
from backend_stub.encoding.errors import BadInputError, ToolFailedError
from backend_stub.encoding.ladder import EncodingLadder, TargetCodec, VideoRung
from backend_stub.encoding.picture_source import picture_stream, read_pictures
from backend_stub.encoding.probe import SourceInfo
from backend_stub.encoding.process import run_tool

SEGMENT_S = 4
_MOST_SEGMENTS = 15
# Of a short film, so that all processors have something to do; each costs a start, and what is decoded from the
# keyframe before it.
_CHUNKS_WANTED = 4
# A chunk is read from a little before its first frame, so that the frame on show there is known.
_RUN_UP_S = 1
# How much shorter than its header promises a source may turn out before it counts as cut off.
_TOLERATED_LOSS_S = 0.5
_HEAD_BYTES = 1 << 16
# With more, what x264 writes under a rate ceiling changes from run to run.
_THREADS = 1
# Frames by which pictures come later in the files than in the film, so that those which are coded before their turn
# have a time above zero. An edit list takes them back.
_DELAY = {TargetCodec.H264: 2, TargetCodec.HEVC: 3, TargetCodec.AV1: 0}
_META = "chunk.json"

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames ``first`` to before ``end`` of the film as it is coded; ``end`` None for the last chunk, which takes
    what comes. ``keyframes`` are the frames in it at which segments begin."""

    number: int
    first: int
    end: int | None
    keyframes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChunkReport:
    """What came out: frames, and where it is black or stands still, in seconds of the film."""

    frames: int
    black: Intervals = ()
    frozen: Intervals = ()


def split(picture_s: float, fps: Fraction) -> list[Chunk]:
    """The chunks of ``picture_s`` seconds: the same for the same film, whatever machine asks."""
    segments = max(1, math.ceil(picture_s / SEGMENT_S - 1e-9))
    if segments > 1 and picture_s - (segments - 1) * SEGMENT_S < _TOLERATED_LOSS_S:
        segments -= 1  # headers round up: a last chunk of so little might hold nothing
    per_chunk = min(_MOST_SEGMENTS, math.ceil(segments / _CHUNKS_WANTED))
    begins = range(0, segments, per_chunk)
    chunks = []
    for number, begin in enumerate(begins):
        last = begin + per_chunk >= segments
        # The last chunk may go on for longer than the pictures do: over sound that outlasts them.
        keyframes = tuple(_frame_of(one, fps) for one in range(begin, begin + per_chunk))
        chunks.append(Chunk(number, keyframes[0], None if last else _frame_of(begin + per_chunk, fps), keyframes))
    return chunks


def looked_at(chunks: Sequence[Chunk]) -> list[Chunk]:
    """The chunks by whose beginnings a rung is judged: the first, the one in the middle and the last."""
    return [chunks[number] for number in sorted({0, len(chunks) // 2, len(chunks) - 1})]


def _frame_of(segment: int, fps: Fraction) -> int:
    """The first frame of a segment."""
    return math.ceil(segment * SEGMENT_S * fps)


def encode_chunk(
    source: SourceInfo,
    ladder: EncodingLadder,
    codec: TargetCodec,
    chunk: Chunk,
    folder: Path,
    *,
    preset: str = "veryfast",
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> ChunkReport:
    """Make ``folder`` with a file for each rung of ``codec``; done already where it exists, which is all or nothing.

    Raises :class:`BadInputError` when the source cannot be decoded or ends before its header says,
    :class:`CancelledError` when ``cancel`` is set.
    """
    if folder.exists():
        return _read_report(folder)
    draft = folder.with_name(f".{folder.name}-{os.getpid()}-{threading.get_ident()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        report = _encode_into(draft, source, ladder, codec, chunk, preset, progress, cancel)
        (draft / _META).write_text(json.dumps([report.frames, report.black, report.frozen]), encoding="ascii")
        _move_whole(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return report


def rung_file(folder: Path, rung: VideoRung) -> Path:
    """Where :func:`encode_chunk` writes a rung."""
    return folder / f"{rung.name}.mp4"


def join(parts: Sequence[Path], target: Path, codec: TargetCodec, fps: Fraction) -> None:
    """Put the chunks of a rung in a row."""
    draft = target.with_name(f".{target.name}-{os.getpid()}-{threading.get_ident()}")
    with draft.open("wb") as out:
        for number, part in enumerate(parts):
            with part.open("rb") as piece:
                head = piece.read(_HEAD_BYTES)
                begin = first_fragment(head)
                if number == 0:
                    out.write(with_edit(head[:begin], _DELAY[codec] / fps))
                piece.seek(begin)
                shutil.copyfileobj(piece, out, 1 << 20)
    draft.replace(target)


def _move_whole(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:
        if not folder.exists():  # else somebody else was as far, with the same bytes
            raise


def _read_report(folder: Path) -> ChunkReport:
    frames, black, frozen = json.loads((folder / _META).read_text(encoding="ascii"))
    return ChunkReport(frames, _intervals(black), _intervals(frozen))


def _intervals(found: list[list[float]]) -> Intervals:
    return tuple((float(begin), float(end)) for begin, end in found)


def _encode_into(
    draft: Path,
    source: SourceInfo,
    ladder: EncodingLadder,
    codec: TargetCodec,
    chunk: Chunk,
    preset: str,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> ChunkReport:
    rungs = ladder.of(codec)
    begin_s = float(chunk.first / ladder.fps)
    end_s = float(chunk.end / ladder.fps) if chunk.end is not None else source.duration_s
    read_from_s = max(0.0, begin_s - _RUN_UP_S)
    watched = codec is TargetCodec.H264  # one look at the film is enough
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y", "-progress", "pipe:1", "-nostats"]
    command += ["-copyts", "-start_at_zero", *read_pictures(source, read_from_s)]
    command += ["-filter_complex", _graph(source, ladder, rungs, chunk, read_from_s, watched=watched)]
    for number, rung in enumerate(rungs):
        command += ["-map", f"[v{number}]", *_coding(rung, ladder.fps, chunk, preset), *_WHOLE]
        command += ["-output_ts_offset", f"{float(_DELAY[codec] / ladder.fps):.6f}", f"{rung.name}.mp4"]
    try:
        run_tool(command, cwd=draft, on_line=progress_reader(begin_s, end_s, progress), cancel=cancel)
    except ToolFailedError as error:
        if _made_nothing(draft, rungs):
            raise _ends_early(source, begin_s) from error
        raise BadInputError(f"{source.path.name} cannot be decoded ({error.sentence}).") from error
    frames = count_samples(rung_file(draft, rungs[-1]).read_bytes())
    _check_length(source, ladder.fps, chunk, frames)
    black, frozen = read_watch(draft / "watch.txt", begin_s, float((chunk.first + frames) / ladder.fps))
    (draft / "watch.txt").unlink(missing_ok=True)
    return ChunkReport(frames, black, frozen)


# Nothing of the source's titles, chapters or attachments goes into the renditions, nor the encoder's build.
_WHOLE = [
    *("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact+cgop"),
    *(
        "-f",
        "mp4",
        "-use_editlist",
        "0",
        "-avoid_negative_ts",
        "disabled",
        "-movflags",
        "+empty_moov+frag_keyframe+default_base_moof+frag_discont",
    ),
]


def _graph(
    source: SourceInfo,
    ladder: EncodingLadder,
    rungs: Sequence[VideoRung],
    chunk: Chunk,
    read_from_s: float,
    *,
    watched: bool,
) -> str:
    outlets = "".join(f"[s{number}]" for number in range(len(rungs))) + ("[w]" if watched else "")
    first = ",".join(frames_filters(source, ladder.fps, chunk.first, chunk.end, read_from_s))
    chains = [f"[{picture_stream(source)}]{first},split={len(rungs) + watched}{outlets}"]
    if watched:
        chains.append(f"[w]{WATCH_FILTERS},metadata=mode=print:file=watch.txt,nullsink")
    for number, rung in enumerate(rungs):
        chains.append(f"[s{number}]scale={rung.width}:{rung.height}:flags=bicubic,setsar=1,format=yuv420p[v{number}]")
    return ";".join(chains)


def frames_filters(source: SourceInfo, fps: Fraction, first: int, end: int | None, read_from_s: float) -> list[str]:
    """From the source's pictures to frames ``first`` to before ``end``, each at its number over ``fps`` seconds."""
    filters = ["bwdif"] if source.interlaced else []
    filters.append(f"fps={fps}:start_time={read_from_s:.6f}")
    missing_s = source.duration_s - source.picture_s
    if end is None and missing_s * fps >= 1:  # the sound is longer: hold the last picture
        filters.append(f"tpad=stop_mode=clone:stop_duration={missing_s:.6f}")
    filters.append(f"trim=start_pts={first}" + (f":end_pts={end}" if end is not None else ""))
    return filters


def _coding(rung: VideoRung, fps: Fraction, chunk: Chunk, preset: str) -> list[str]:
    group = math.ceil(SEGMENT_S * fps)
    # Half a frame early, so that rounding cannot put a keyframe behind its frame.
    keys = ",".join(f"{float((frame - Fraction(1, 2)) / fps):.6f}" for frame in chunk.keyframes if frame)
    common = [
        *("-enc_time_base", f"{fps.denominator}/{fps.numerator}", "-g", str(group), "-keyint_min", str(group)),
        *(("-force_key_frames", keys) if keys else ()),
    ]
    # Quality-driven up to the rung's rate, which a buffer of one second makes a real ceiling.
    ceiling = ["-maxrate", str(rung.bitrate), "-bufsize", str(rung.bitrate)]
    if rung.codec is TargetCodec.H264:
        coder = ["-c:v", "libx264", "-preset", preset, "-profile:v", "high", "-bf", "2", "-crf", "20", *ceiling]
        return [*coder, "-threads", str(_THREADS), "-sc_threshold", "0", "-forced-idr", "1", *common]
    if rung.codec is TargetCodec.HEVC:
        fixed = "log-level=error:pools=none:frame-threads=1:scenecut=0:open-gop=0:info=0"
        coder = ["-c:v", "libx265", "-preset", preset, "-tag:v", "hvc1", "-crf", "23", *ceiling]
        return [*coder, "-x265-params", fixed, "-forced-idr", "1", *common]
    fixed = "lp=1:scd=0:enable-force-key-frames=1"
    return ["-c:v", "libsvtav1", "-preset", _av1_preset(preset), "-crf", "32", "-svtav1-params", fixed, *common]


def _av1_preset(preset: str) -> str:
    return {"ultrafast": "12", "superfast": "11", "veryfast": "10", "faster": "9", "fast": "8"}.get(preset, "7")


def progress_reader(begin_s: float, end_s: float, progress: Progress | None) -> Callable[[str], None]:
    """A reader of FFmpeg's ``-progress`` lines that tells how far it is from ``begin_s`` to ``end_s``, 0 to 1."""

    def read(line: str) -> None:
        name, _, value = line.partition("=")
        if progress is not None and name == "out_time_us" and value.lstrip("-").isdigit():
            progress(min(1.0, max(0.0, (int(value) / 1e6 - begin_s) / (end_s - begin_s))))

    return read


def _made_nothing(draft: Path, rungs: Sequence[VideoRung]) -> bool:
    """FFmpeg fails where there is nothing to code, as behind the end of a file that was cut off."""
    files = [rung_file(draft, rung) for rung in rungs]
    return all(not file.exists() or count_samples(file.read_bytes()) == 0 for file in files)


def _check_length(source: SourceInfo, fps: Fraction, chunk: Chunk, frames: int) -> None:
    """FFmpeg ends in good order where a cut-off file ends."""
    if chunk.end is not None and frames == chunk.end - chunk.first:
        return
    reached_s = float((chunk.first + frames) / fps)
    if chunk.first == 0 and frames == 0:
        raise BadInputError(f"{source.path.name} holds no picture that can be decoded.")
    if chunk.end is not None or reached_s < source.duration_s - _TOLERATED_LOSS_S:
        raise _ends_early(source, reached_s)


def _ends_early(source: SourceInfo, reached_s: float) -> BadInputError:
    return BadInputError(
        f"{source.path.name} ends early: it promises {source.duration_s:.1f} s "
        f"but only {reached_s:.1f} s can be read."
    )
