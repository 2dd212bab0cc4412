"""A title's pictures out of one telling frame: the poster, darkened towards its foot for the title, and others."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend_stub.encoding import focus, stroke_font, tools
from backend_stub.encoding.errors import BadInputError, ToolFailedError
from backend_stub.encoding.picture_source import picture_stream, read_pictures
from backend_stub.encoding.probe import SourceInfo, ffmpeg_url
from backend_stub.encoding.process import run_tool

WIDTH = 480
HEIGHT = 720
PICTURES = ("poster.jpg", "backdrop.jpg", "still.jpg")
FOCAL = "focal.json"  # what the eye is drawn to in the backdrop: [across, down]
_SHAPES = (("poster", WIDTH, HEIGHT), ("backdrop", 1280, 720), ("still", 640, 360))
_JPEG = ("-frames:v", "1", "-pix_fmt", "yuvj420p", "-q:v", "4", "-f", "mjpeg")
_MARGIN = 36
_LETTER_SIZES = (46, 38, 30, 24)
_MOST_LINES = 4
_LINE_SPACING = 1.55
_LOOK_AT = 0.3  # how far into the film the frame is taken
_CHOSEN_FROM = 40  # frames


def make_pictures(source: SourceInfo, title: str, folder: Path, *, cancel: threading.Event | None = None) -> None:
    """Write JPEGs out of one frame of the film: a poster (2:3) with the title on it, a backdrop and a still (16:9),
    under their names of :data:`PICTURES`, and :data:`FOCAL`. ``folder`` is theirs alone.

    Raises :class:`ToolFailedError`, :class:`CancelledError`; :class:`BadInputError` when no frame can be decoded.
    """
    # Of a file that was cut off, what stands at its start may be all there is.
    raw = _take_frame(source, source.picture_s * _LOOK_AT, folder, cancel) or _take_frame(source, 0.0, folder, cancel)
    if not raw:
        raise BadInputError(f"{source.path.name} holds no picture that can be decoded.")
    _write_poster(np.frombuffer(raw, np.uint8).reshape(HEIGHT, WIDTH, 3), title, folder / "poster.jpg", cancel)


def plain_poster(title: str, colour: Sequence[int], path: Path) -> None:
    """A poster of one colour (RGB) for what has no frame yet. Raises :class:`ToolFailedError`."""
    _write_poster(np.full((HEIGHT, WIDTH, 3), colour, np.uint8), title, path, None)


def _write_poster(picture: NDArray[np.uint8], title: str, path: Path, cancel: threading.Event | None) -> None:
    lettered = letter_poster(picture, title)
    run_tool(
        [
            *(tools.locate().ffmpeg, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"),
            *("-s", f"{WIDTH}x{HEIGHT}", "-i", "pipe:0", *_JPEG, ffmpeg_url(path)),
        ],
        feed=lettered.tobytes(),
        cancel=cancel,
    )


def _take_frame(source: SourceInfo, at_s: float, folder: Path, cancel: threading.Event | None) -> bytes:
    """One of the frames from ``at_s`` on, as the poster's RGB; the other pictures are written. Empty if none is."""
    raw = folder / "poster.rgb"
    small = folder / "focal.rgb"
    wanted = (*_SHAPES, ("focal", focus.COLUMNS, focus.ROWS))
    shapes = ";".join(f"[{name}]{_filled(width, height)}[{name}-out]" for name, width, height in wanted)
    names = "".join(f"[{name}]" for name, _, _ in wanted)
    graph = f"[{picture_stream(source)}]thumbnail={_CHOSEN_FROM},split={len(wanted)}{names};{shapes}"
    command: list[str | Path] = [tools.locate().ffmpeg, "-v", "error", "-nostdin", "-y", *read_pictures(source, at_s)]
    command += ["-filter_complex", graph]
    command += ["-map", "[poster-out]", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", ffmpeg_url(raw)]
    command += ["-map", "[backdrop-out]", *_JPEG, ffmpeg_url(folder / "backdrop.jpg")]
    command += ["-map", "[still-out]", *_JPEG, ffmpeg_url(folder / "still.jpg")]
    command += ["-map", "[focal-out]", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", ffmpeg_url(small)]
    try:
        run_tool(command, cancel=cancel)
    except ToolFailedError:  # FFmpeg may also fail where there is nothing to write
        if raw.exists() and raw.stat().st_size:
            raise
    rgb = raw.read_bytes() if raw.exists() else b""
    raw.unlink(missing_ok=True)
    if rgb and small.exists():
        seen = np.frombuffer(small.read_bytes(), np.uint8).reshape(focus.ROWS, focus.COLUMNS, 3)
        (folder / FOCAL).write_text(json.dumps(focus.focal_point(seen)), encoding="ascii")
    small.unlink(missing_ok=True)
    return rgb


def _filled(width: int, height: int) -> str:
    """The filters that fill a picture of this shape with a frame."""
    return f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height},setsar=1"


def letter_poster(picture: NDArray[np.uint8], title: str) -> NDArray[np.uint8]:
    """``picture`` (rows, columns, RGB) with ``title`` at its foot; unchanged when no letter of it can be drawn."""
    text = stroke_font.plain(title)
    if not text:
        return picture
    rows, columns = picture.shape[:2]
    size, lines = _fit(text, columns - 2 * _MARGIN)
    step = round(size * _LINE_SPACING)
    top = rows - _MARGIN - step * len(lines)
    canvas = picture.astype(np.float32) * _shade(rows, top - 2 * size)[:, None, None]
    for number, line in enumerate(lines):
        ink = stroke_font.draw(line, size)[:, : columns - 2 * _MARGIN]
        y = top + number * step
        part = canvas[y : y + ink.shape[0], _MARGIN : _MARGIN + ink.shape[1]]
        cover = ink[: part.shape[0], :, None]
        part += (255 - part) * cover
    lettered: NDArray[np.uint8] = np.clip(canvas, 0, 255).astype(np.uint8)
    return lettered


def _fit(text: str, width: int) -> tuple[int, list[str]]:
    """The largest letters in which ``text`` takes few enough lines, none too wide; else the smallest, cut short."""
    for size in _LETTER_SIZES:
        lines = stroke_font.wrap(text, size, width)
        if len(lines) <= _MOST_LINES and all(stroke_font.text_width(line, size) <= width for line in lines):
            return size, lines
    return _LETTER_SIZES[-1], stroke_font.wrap(text, _LETTER_SIZES[-1], width)[:_MOST_LINES]


def _shade(rows: int, top: int) -> NDArray[np.float32]:
    """Brightness by row: full above ``top``, falling to a quarter where the letters stand."""
    top = max(0, top)
    fall = np.clip((np.arange(rows) - top) / max(1.0, (rows - top) * 0.5), 0, 1)
    return (1 - 0.75 * fall).astype(np.float32)
