"""Reading the pictures of a film from any position on, without losing one.

In a container without an index (MPEG-TS and -PS, FLV) FFmpeg lands between two keyframes, and what it then reads
before the next one cannot be decoded. The pictures of such a film are therefore copied once, as they are coded, into
a Matroska file, which has an index. Those of a bare elementary stream have no times and cannot be copied: they are
read from the beginning each time.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.errors import ToolFailedError
from backend_stub.encoding.probe import SourceInfo, ffmpeg_url
from backend_stub.encoding.process import run_tool

PICTURES_COPY = "pictures.mkv"


def copy_pictures(source: SourceInfo, target: Path, *, cancel: threading.Event | None = None) -> bool:
    """Write the pictures of ``source`` to ``target``, where they have an index; whether that was needed and possible.

    Raises :class:`CancelledError`, OSError when the disk is full.
    """
    if source.has_index:
        return False
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y", "-protocol_whitelist", "file"]
    command += ["-fflags", "+genpts", "-i", ffmpeg_url(source.path), "-map", picture_stream(source)]
    try:
        run_tool([*command, "-c", "copy", "-map_metadata", "-1", "-f", "matroska", ffmpeg_url(target)], cancel=cancel)
    except ToolFailedError:
        target.unlink(missing_ok=True)
        return False
    return True


def with_pictures(source: SourceInfo, pictures: Path) -> SourceInfo:
    """``source``, whose pictures are read from the copy at ``pictures``."""
    return replace(source, pictures_path=pictures)


def picture_stream(source: SourceInfo) -> str:
    """FFmpeg's name of the pictures in the first file that it reads."""
    return "0:0" if source.pictures_path is not None else f"0:{source.video_index}"


def read_pictures(source: SourceInfo, from_s: float) -> list[str]:
    """FFmpeg's options for a file read from ``from_s`` seconds on, or from its beginning where only that is exact."""
    file = source.pictures_path or source.path
    seek = ["-ss", f"{from_s:.6f}"] if source.has_index or source.pictures_path is not None else []
    return ["-protocol_whitelist", "file", *seek, "-i", ffmpeg_url(file.resolve())]
