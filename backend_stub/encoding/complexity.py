"""How many bits the pictures of a film need, from a few seconds of it, before its ladder is chosen."""

from __future__ import annotations

import threading
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from backend_stub.encoding import tools
from backend_stub.encoding.errors import ToolFailedError
from backend_stub.encoding.ladder import MAX_FPS, usual_bitrate
from backend_stub.encoding.picture_source import picture_stream, read_pictures
from backend_stub.encoding.probe import SourceInfo, ffmpeg_url
from backend_stub.encoding.process import run_tool

# A short film or a small one has few rungs anyway, and the look costs as much as it could save.
_SHORTEST_S = 120.0
_SMALLEST_SIDE = 720
_PLACES = (0.2, 0.5, 0.8)
_FRAMES = 25
_HEIGHT = 360
_TOO_LITTLE = 0.001


def detail_of(source: SourceInfo, *, cancel: threading.Event | None = None) -> float:
    """The bits that pictures of this film take at constant quality, against the usual; 1.0 where it is not worth
    looking, or where nothing could be seen. Raises :class:`CancelledError`."""
    if source.picture_s < _SHORTEST_S or min(source.width, source.height) < _SMALLEST_SIDE:
        return 1.0
    width = round(source.width * _HEIGHT / source.height / 2) * 2
    usual = usual_bitrate(width * _HEIGHT, min(source.fps, MAX_FPS))
    with TemporaryDirectory() as work:
        try:
            rates = [_rate(source, place, width, Path(work) / "look.h264", cancel) for place in _PLACES]
        except ToolFailedError:  # the film itself is coded next, and that error says more
            return 1.0
    detail = fmean(rates) / usual
    return round(detail, 4) if detail > _TOO_LITTLE else 1.0


def _rate(source: SourceInfo, place: float, width: int, target: Path, cancel: threading.Event | None) -> float:
    """Bit/s of one look."""
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y"]
    # From the keyframe before the place, so that nothing is decoded in vain.
    command += ["-noaccurate_seek", *read_pictures(source, source.picture_s * place)]
    command += [
        "-map",
        picture_stream(source),
        "-frames:v",
        str(_FRAMES),
        "-vf",
        f"scale={width}:{_HEIGHT},format=yuv420p",
    ]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-threads", "2", "-f", "h264"]
    run_tool([*command, ffmpeg_url(target)], cancel=cancel)
    return 8 * target.stat().st_size * float(source.fps) / _FRAMES
