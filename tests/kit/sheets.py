"""Sheets of small pictures, made on the fly: each tile has a brightness of its own."""

from __future__ import annotations

import io

import av
import numpy as np

STEP = 10
"""How much brighter each tile is than the one before."""


def sheet(columns: int, rows: int, *, first: int = 0, tile: tuple[int, int] = (64, 36), form: str = "png") -> bytes:
    """A picture file of ``columns`` x ``rows`` tiles of (width, height) ``tile``; number ``n`` has the brightness
    ``STEP * (first + n)``."""
    width, height = tile
    picture = np.zeros((rows * height, columns * width, 3), np.uint8)
    for number in range(columns * rows):
        row, column = divmod(number, columns)
        part = picture[row * height : (row + 1) * height, column * width : (column + 1) * width]
        part[:] = STEP * (first + number)
    out = io.BytesIO()
    with av.open(out, "w", format="image2pipe") as container:
        stream = container.add_stream(form, rate=1)
        stream.width, stream.height = picture.shape[1], picture.shape[0]
        stream.pix_fmt = "rgb24" if form == "png" else "yuvj420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()
