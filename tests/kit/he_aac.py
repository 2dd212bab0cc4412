"""HE-AAC out of AAC LC, since no encoder at hand makes it.

Spectral band replication (SBR) is signalled for frames at half the rate. A decoder then gives twice the samples at
twice the rate. Each frame has an SBR element without a header. Until a header comes a decoder only doubles the rate
(ISO/IEC 14496-3, 4.6.18.5). All decoders do that here; no band is replicated.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from player.media.aac import SAMPLE_RATES

_SBR, _LC = 5, 2
_END = 0b111, 3
# A fill element (110) of one byte: the extension EXT_SBR_DATA (1101), no header (0), nothing more.
_FILL = 0b110_0001_1101_0_000, 15


def explicit_asc(rate: int, channels: int) -> bytes:
    """The AudioSpecificConfig that says by its first words that there is SBR (1.6.2.1); ``rate`` is the core's."""
    fields = (
        (_SBR, 5),
        (SAMPLE_RATES.index(rate), 4),
        (channels, 4),
        (SAMPLE_RATES.index(2 * rate), 4),
        (_LC, 5),
        (0, 3),
    )
    return _packed(fields)


def compatible_asc(rate: int, channels: int) -> bytes:
    """The one that says so behind what an older decoder reads (1.6.6.1): by the sync extension 0x2b7."""
    head = ((_LC, 5), (SAMPLE_RATES.index(rate), 4), (channels, 4), (0, 3))
    return _packed((*head, (0x2B7, 11), (_SBR, 5), (1, 1), (SAMPLE_RATES.index(2 * rate), 4)))


def with_sbr(frame: bytes) -> bytes:
    """A raw_data_block with an SBR element before its end, which is marked by the last three bits that are set."""
    value, bits = int.from_bytes(frame, "big"), len(frame) * 8
    unused = (value & -value).bit_length() - 1
    value, bits = value >> unused + _END[1], bits - unused - _END[1]
    return _packed(((value, bits), _FILL, _END))


def convert(source: Path, target: Path, asc: bytes) -> None:
    """The MP4 file of AAC LC as one of HE-AAC, described by ``asc``; times and edit list stay."""
    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        stream = given.streams.audio[0]
        out = made.add_stream_from_template(stream, opaque=True)
        out.codec_context.extradata = asc
        for packet in given.demux(stream):
            if packet.size:
                changed = av.Packet(with_sbr(bytes(packet)))
                changed.pts, changed.dts, changed.duration = packet.pts, packet.dts, packet.duration
                changed.time_base = Fraction(packet.time_base)
                changed.is_keyframe = True
                changed.stream = out
                made.mux(changed)


def _packed(fields: tuple[tuple[int, int], ...]) -> bytes:
    value = bits = 0
    for field, width in fields:
        value, bits = value << width | field, bits + width
    padding = -bits % 8
    return (value << padding).to_bytes((bits + padding) // 8, "big")
