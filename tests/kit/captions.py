"""Pictures with CEA-608 captions inside, made on the fly: H.264 in a transport stream, one pop-on caption."""

from __future__ import annotations

import io

import av
import numpy as np

FPS = 25
_LOAD, _ERASE, _SHOW = (0x14, 0x20), (0x14, 0x2E), (0x14, 0x2F)  # resume caption loading, erase, end of caption
_LAST_ROW = (0x14, 0x70)
_START_CODE = b"\0\0\0\1"


def captioned(words: str, *, seconds: int = 3, size: tuple[int, int] = (320, 180)) -> bytes:
    """A transport stream of black pictures (width, height) in which ``words`` are sent again each second."""
    out = io.BytesIO()
    pairs = dict(enumerate(_commands(words)))
    with av.open(out, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "bf": "0", "g": str(FPS)})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        black = np.zeros((size[1], size[0], 3), np.uint8)
        pictures = [av.VideoFrame.from_ndarray(black, format="rgb24") for _ in range(seconds * FPS)]
        packets = [packet for picture in pictures for packet in stream.encode(picture)] + list(stream.encode())
        for number, packet in enumerate(packets):
            sei = _sei(*pairs.get(number % FPS, (0, 0)))
            changed = av.Packet(_before_slice(bytes(packet), sei))
            changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
            changed.is_keyframe, changed.stream = packet.is_keyframe, stream
            container.mux(changed)
    return out.getvalue()


def _commands(words: str) -> list[tuple[int, int]]:
    """Byte pairs, one for each picture; commands are sent twice (CEA-608-E, 6.4.2)."""
    text = words + " " * (len(words) % 2)
    letters = [(ord(text[at]), ord(text[at + 1])) for at in range(0, len(text), 2)]
    return [_LOAD, _LOAD, _ERASE, _ERASE, _LAST_ROW, _LAST_ROW, *letters, _SHOW, _SHOW]


def _odd(byte: int) -> int:
    return byte | (0x80 if byte.bit_count() % 2 == 0 else 0)


def _sei(first: int, second: int) -> bytes:
    """A supplemental enhancement of ATSC A/53 part 4, 6.2.3: one pair of the first field."""
    data = bytes([0xFC, _odd(first), _odd(second)])
    payload = b"\xb5\x00\x31GA94\x03" + bytes([0x40 | 1, 0xFF]) + data + b"\xff"
    return _START_CODE + b"\x06\x04" + bytes([len(payload)]) + payload + b"\x80"


def _before_slice(data: bytes, sei: bytes) -> bytes:
    """The packet with the unit in front of its first slice (NAL types 1 and 5)."""
    place = data.find(b"\0\0\1")
    while data[place + 3] & 31 not in (1, 5):
        place = data.find(b"\0\0\1", place + 3)
    start = place - 1 if place and data[place - 1] == 0 else place
    return data[:start] + sei + data[start:]
