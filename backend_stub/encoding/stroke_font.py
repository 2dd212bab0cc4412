"""Lettering for posters and time codes: capitals, digits and signs drawn as strokes with round ends.

The bundled FFmpeg has no text filter and the backend has no graphics library, so the letters are our own. Each glyph
is a few polylines on a grid 4 wide and 6 high, written as pairs of digits (x, then y from the top).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_GRID_WIDTH = 4
_GRID_HEIGHT = 6
_NARROW = {" ": 2.0, ".": 0.6, ",": 0.6, ":": 0.6, "!": 0.6, "'": 0.6, "I": 0.6, "1": 2.0, "-": 3.0}
_SPACING = 1.7  # between two glyphs, in grid units
_STROKE = 0.42  # half a stroke's width, in grid units

_GLYPHS = {
    "A": "06 04 20 44 46|04 44",
    "B": "00 30 41 42 33 03|33 44 45 36 06 00",
    "C": "41 30 10 01 05 16 36 45",
    "D": "00 20 42 44 26 06 00",
    "E": "40 00 06 46|03 33",
    "F": "40 00 06|03 33",
    "G": "41 30 10 01 05 16 36 45 43 23",
    "H": "00 06|40 46|03 43",
    "I": "00 06",
    "J": "40 45 36 16 05 04",
    "K": "00 06|40 03 46",
    "L": "00 06 46",
    "M": "06 00 23 40 46",
    "N": "06 00 46 40",
    "O": "10 30 41 45 36 16 05 01 10",
    "P": "06 00 30 41 42 33 03",
    "Q": "10 30 41 45 36 16 05 01 10|24 46",
    "R": "06 00 30 41 42 33 03|23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05",
    "T": "00 40|20 26",
    "U": "00 05 16 36 45 40",
    "V": "00 26 40",
    "W": "00 16 23 36 40",
    "X": "00 46|40 06",
    "Y": "00 23 40|23 26",
    "Z": "00 40 06 46",
    "0": "10 30 41 45 36 16 05 01 10|05 41",
    "1": "01 20 26",
    "2": "01 10 30 41 42 06 46",
    "3": "01 10 30 41 42 33 13|33 44 45 36 16 05",
    "4": "30 04 44|30 36",
    "5": "40 00 02 32 43 45 36 06",
    "6": "40 20 02 05 16 36 45 44 33 03",
    "7": "00 40 16",
    "8": "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33",
    "9": "43 13 02 01 10 30 41 44 26 06",
    ".": "06 06",
    ",": "05 07",
    ":": "02 02|05 05",
    "-": "03 33",
    "'": "00 02",
    "!": "00 04|06 06",
    "?": "01 10 30 41 42 23 24|26 26",
    "&": "46 11 10 30 31 04 05 16 26 44",
    "/": "06 40",
    " ": "",
}


def plain(text: str) -> str:
    """``text`` in the glyphs there are: capitals without accents; what has no glyph is left out."""
    folded = unicodedata.normalize("NFKD", text).upper()
    return " ".join("".join(character for character in folded if character in _GLYPHS).split())


def text_width(text: str, height: float) -> float:
    """Pixels that ``text`` takes at capitals ``height`` pixels high."""
    units = sum(_advance(character) for character in text) - _SPACING if text else 0.0
    return (max(0.0, units) + 2 * _STROKE) * height / _GRID_HEIGHT


def draw(text: str, height: int) -> NDArray[np.float32]:
    """``text`` at capitals ``height`` pixels high, as coverage from 0 to 1, shape (rows, columns)."""
    unit = height / _GRID_HEIGHT
    margin = _STROKE * unit
    rows = round(height + 2 * margin + unit) + 2  # commas reach one unit lower
    ink = np.zeros((rows, max(1, round(text_width(text, height)) + 2)), np.float32)
    left = margin
    for character in text:
        for (x0, y0), (x1, y1) in _strokes(character):
            start = (left + x0 * unit, margin + y0 * unit)
            _draw_stroke(ink, start, (left + x1 * unit, margin + y1 * unit), margin)
        left += _advance(character) * unit
    return ink


def wrap(text: str, height: float, width: float) -> list[str]:
    """``text`` in lines that fit ``width`` pixels; a longer word keeps a line of its own."""
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, height) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def _advance(character: str) -> float:
    return _NARROW.get(character, _GRID_WIDTH) + _SPACING


def _strokes(character: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for line in filter(None, _GLYPHS.get(character, "").split("|")):
        points = [(int(pair[0]), int(pair[1])) for pair in line.split()]
        yield from pairwise(points)


def _draw_stroke(
    ink: NDArray[np.float32], start: tuple[float, float], end: tuple[float, float], radius: float
) -> None:
    """Add one straight stroke with round ends: coverage falls over one pixel around its edge."""
    reach = radius + 1
    left, right = int(max(0, min(start[0], end[0]) - reach)), int(max(start[0], end[0]) + reach) + 1
    top, bottom = int(max(0, min(start[1], end[1]) - reach)), int(max(start[1], end[1]) + reach) + 1
    part = ink[top:bottom, left:right]
    ys, xs = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]].astype(np.float32)
    along = (end[0] - start[0], end[1] - start[1])
    length2 = along[0] ** 2 + along[1] ** 2
    share = ((xs - start[0]) * along[0] + (ys - start[1]) * along[1]) / length2 if length2 else np.zeros_like(xs)
    share = np.clip(share, 0, 1)
    distance = np.hypot(xs - start[0] - share * along[0], ys - start[1] - share * along[1])
    np.maximum(part, np.clip(radius + 0.5 - distance, 0, 1), out=part)
