"""Small pictures out of what was fetched: tiles cut from a sheet (JPEG, PNG, WebP), keyframes decoded. For a worker
thread; PyAV does the decoding."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from player.base.errors import ErrorCode, MediaError
from player.media.demux import Demuxer
from player.media.model import Codec, StreamKind
from player.media.whole_segment import WholeSource
from player.thumbnails.layout import TileSpot

MAX_PIXELS = 32 << 20
MAX_WIDTH = 480
"""Widest picture that is given out; wider ones are made smaller."""

_DECODERS = {Codec.H264: "h264", Codec.HEVC: "hevc", Codec.VP9: "vp9", Codec.VP8: "vp8", Codec.AV1: "libdav1d"}


@dataclass(frozen=True, slots=True)
class Picture:
    """``rgb`` are rows of red, green and blue bytes without padding. Shown is what is to be seen for ``duration_s``
    from ``start_s`` on."""

    width: int
    height: int
    rgb: bytes = field(repr=False)
    start_s: float = 0.0
    duration_s: float = 0.0


def read_sheet(data: bytes) -> NDArray[np.uint8]:
    """A picture file as (rows, columns, 3). Raises ``MEDIA_DAMAGED``."""
    import av

    try:
        with av.open(io.BytesIO(data), "r") as container:
            stream = container.streams.video[0]
            _check(stream.codec_context.width, stream.codec_context.height)
            frame = next(container.decode(stream))
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    except (av.error.FFmpegError, ValueError, IndexError, StopIteration) as error:
        raise _unreadable() from error


def cut(sheet: NDArray[np.uint8], spot: TileSpot) -> Picture:
    """One tile of a sheet."""
    height, width = sheet.shape[0] // spot.rows, sheet.shape[1] // spot.columns
    if not height or not width:
        raise _unreadable()
    top, left = spot.row * height, spot.column * width
    tile = _narrowed(sheet[top : top + height, left : left + width])
    return Picture(tile.shape[1], tile.shape[0], tile.tobytes(), spot.start_s, spot.duration_s)


def cut_whole(sheet: NDArray[np.uint8]) -> Picture:
    """A sheet of one picture."""
    small = np.ascontiguousarray(_narrowed(sheet))
    return Picture(small.shape[1], small.shape[0], small.tobytes())


def read_keyframe(demuxer: Demuxer, data: bytes, spot: TileSpot) -> Picture:
    """The first picture of a segment. Raises MediaError, and DrmError where its key is missing."""
    import av

    sample = next((one for one in demuxer.samples(WholeSource(data)) if one.kind is StreamKind.VIDEO), None)
    config = demuxer.configs.get(StreamKind.VIDEO)
    if sample is None or config is None or config.codec not in _DECODERS:
        raise _unreadable()
    try:
        decoder = av.CodecContext.create(_DECODERS[config.codec], "r")
        assert isinstance(decoder, av.VideoCodecContext)
        decoder.thread_count = 1
        decoder.options = {"max_pixels": str(MAX_PIXELS)}
        frames = [*decoder.decode(av.Packet(bytes(sample.data))), *decoder.decode(None)]
        frame = frames[0]
        _check(frame.width, frame.height)
        width = min(frame.width, MAX_WIDTH)
        height = max(1, round(frame.height * width / frame.width))
        small = frame.reformat(width, height, "rgb24").to_ndarray()
    except (av.error.FFmpegError, ValueError, IndexError) as error:
        raise _unreadable() from error
    return Picture(width, height, small.tobytes(), spot.start_s, spot.duration_s)


def _check(width: int, height: int) -> None:
    if not 0 < width * height <= MAX_PIXELS:
        raise _unreadable()


def _narrowed(tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
    step = -(-tile.shape[1] // MAX_WIDTH)
    return tile[::step, ::step]


def _unreadable() -> MediaError:
    return MediaError(ErrorCode.MEDIA_DAMAGED, "A small picture of this title could not be read.")
