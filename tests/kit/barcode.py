"""A barcode in the pictures of the test media: which frame this is, and which rung of the ladder it came from.

The strip is the top eighth of the picture, 20 cells wide: white, black, 12 bits of the frame number (least
significant first), 3 bits of the rung, 1 parity bit (even), black, white. It survives scaling and lossy coding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CELLS = 20
FRAME_BITS = 12
RUNG_BITS = 3
_FRAME_AT = 2
_RUNG_AT = _FRAME_AT + FRAME_BITS
_PARITY_AT = _RUNG_AT + RUNG_BITS


@dataclass(frozen=True, slots=True)
class Mark:
    """What one decoded picture says of itself; ``frame`` is modulo 4096."""

    frame: int
    rung: int


def draw_filter(rung: int) -> str:
    """The FFmpeg filter chain that draws the barcode of ``rung`` onto each frame (``n`` is FFmpeg's frame count)."""
    parts = ["drawbox=x=0:y=0:w=iw:h=ih/8:color=black:t=fill"]
    lit = {0: "1", CELLS - 1: "1"}
    for bit in range(FRAME_BITS):
        lit[_FRAME_AT + bit] = _bit(bit)
    for bit in range(RUNG_BITS):
        lit[_RUNG_AT + bit] = str(rung >> bit & 1)
    ones = "+".join([*(_bit(bit) for bit in range(FRAME_BITS)), str(rung.bit_count())])
    lit[_PARITY_AT] = f"mod({ones},2)"
    parts += [
        f"drawbox=x=iw*{cell}/{CELLS}:y=0:w=iw/{CELLS}:h=ih/8:color=white:t=fill:enable='{when}'"
        for cell, when in lit.items()
        if when != "0"
    ]
    return ",".join(parts)


def _bit(bit: int) -> str:
    return f"mod(floor(n/{1 << bit}),2)"


def decode(picture: NDArray[np.uint8]) -> Mark | None:
    """The barcode of a picture, (height, width) luma or (height, width, channels) RGB; None when it has none."""
    luma = picture if picture.ndim == 2 else picture[:, :, 1]
    height, width = luma.shape
    centres = [int((cell + 0.5) * width / CELLS) for cell in range(CELLS)]
    lit = [bool(luma[height // 16, x] > 128) for x in centres]
    if not lit[0] or lit[1] or lit[-2] or not lit[-1]:
        return None
    if sum(lit[_FRAME_AT : _PARITY_AT + 1]) % 2:
        return None
    return Mark(_number(lit[_FRAME_AT:_RUNG_AT]), _number(lit[_RUNG_AT:_PARITY_AT]))


def _number(bits: list[bool]) -> int:
    return sum(1 << position for position, bit in enumerate(bits) if bit)
