"""Small real video files made on the fly, for tests that look at pixels."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

BARS = ((235, 30, 30), (30, 200, 30), (40, 60, 235), (230, 230, 230))
"""The colours of the vertical bars from left to right, RGB."""


def write_bars(path: Path, *, width: int = 320, height: int = 180, seconds: float = 4.0, fps: int = 25) -> Path:
    """A silent H.264 clip of still vertical colour bars."""
    picture = np.zeros((height, width, 3), np.uint8)
    for index, colour in enumerate(BARS):
        picture[:, index * width // len(BARS) : (index + 1) * width // len(BARS)] = colour
    return write_still(path, picture, seconds=seconds, fps=fps)


def write_still(path: Path, picture: np.ndarray, *, seconds: float, fps: int) -> Path:
    """A silent H.264 clip of one RGB picture, shape (height, width, 3), with a keyframe each second."""
    options = {"preset": "ultrafast", "crf": "12", "g": str(fps)}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options=options)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p"
        for _ in range(int(seconds * fps)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path
