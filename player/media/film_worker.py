"""The process that draws small pictures of a media file: ``python -m player.media.film_worker PATH``.

It is bounded as :mod:`player.media.bounded` says.

On stdin come times in seconds, one a line. For each of them stdout gets four bytes of length (big endian) and a JPEG
of the nearest keyframe at or before it, or no bytes where there is none. The process ends with its stdin.
"""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from typing import Any

import av  # all that is needed is loaded before the first byte of the film
import numpy as np

from player.media.bounded import bound, open_nothing_more, open_regular
from player.media.demuxers import DEMUXERS

WIDTH = 240
MAX_PIXELS = 64 << 20  # 8K
_NO_PICTURE = bytes(4)
_MOST_PACKETS = 400
_QUARTER_TURNS = {90: 1, 180: 2, 270: 3}


def main(arguments: list[str]) -> int:
    """Serve one file until stdin ends. Exit code 1 where it cannot be opened, or has no pictures."""
    bound()
    try:
        with os.fdopen(open_regular(arguments[0]), "rb") as file:
            doors = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
            with av.open(file, "r", options=doors) as container:
                open_nothing_more()
                _serve(container)
    except (OSError, av.error.FFmpegError, IndexError, ValueError):
        return 1
    return 0


def _serve(container: Any) -> None:  # noqa: ANN401
    stream = container.streams.video[0]
    stream.thread_type = "NONE"
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    begin_s = (container.start_time or 0) / 1_000_000
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        picture = _picture(container, stream, begin_s + float(line))
        out.write(len(picture).to_bytes(4, "big") + picture if picture else _NO_PICTURE)
        out.flush()


def _picture(container: Any, stream: Any, time_s: float) -> bytes:  # noqa: ANN401
    """The keyframe at or before a time as a JPEG; nothing where it cannot be decoded."""
    try:
        container.seek(max(0, int(time_s * av.time_base)), backward=True)
        for number, packet in enumerate(container.demux(stream)):
            for frame in packet.decode():
                return _jpeg(frame, stream.sample_aspect_ratio)
            if number > _MOST_PACKETS:
                break
    except (av.error.FFmpegError, ValueError):
        pass
    return b""


def _jpeg(frame: Any, sample_aspect: Any) -> bytes:  # noqa: ANN401
    """A frame as it is to be seen: with square pixels, upright, and small."""
    if not 0 < frame.width * frame.height <= MAX_PIXELS:
        return b""
    aspect = frame.width / frame.height * float(sample_aspect or 1)
    turns = _QUARTER_TURNS.get(round(frame.rotation) % 360, 0)
    across = turns % 2  # its columns are rows of the screen
    other = max(2, min(4 * WIDTH, round(WIDTH * (aspect if across else 1 / aspect) / 2) * 2))
    pixels = frame.reformat(*((other, WIDTH) if across else (WIDTH, other)), "rgb24").to_ndarray()
    upright = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.rot90(pixels, turns)), "rgb24")
    upright = upright.reformat(format="yuvj420p")
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = upright.width, upright.height, "yuvj420p"
    encoder.time_base = upright.time_base = Fraction(1, 25)
    upright.pts = 0
    return b"".join(bytes(packet) for packet in (*encoder.encode(upright), *encoder.encode(None)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
