"""AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) and ADTS headers (1.A.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from player.media.boxes import damaged

SAMPLE_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
CHANNELS_BY_CONFIGURATION = (0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8)
SAMPLES_PER_FRAME = 1024

_EXPLICIT_RATE = 15
_SYNC_EXTENSION_BITS = 3 + 11 + 5 + 1 + 4  # with what stands before it of a GASpecificConfig
OBJECT_LC = 2
OBJECT_SBR = 5
_OBJECT_PS = 29
_OBJECT_ESCAPE = 31


@dataclass(frozen=True, slots=True)
class AudioSpecificConfig:
    """What an ASC says. ``sample_rate`` is the core's, ``output_rate`` the one after SBR, in hertz."""

    object_type: int
    sample_rate: int
    channels: int
    output_rate: int

    @property
    def sbr(self) -> bool:
        return self.output_rate != self.sample_rate


class _ConfigBits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self.left = len(data) * 8

    def take(self, count: int) -> int:
        if count > self.left:
            raise damaged("the AAC configuration is cut short")
        self.left -= count
        return (self._value >> self.left) & ((1 << count) - 1)

    def object_type(self) -> int:
        value = self.take(5)
        return 32 + self.take(6) if value == _OBJECT_ESCAPE else value

    def rate(self) -> int:
        index = self.take(4)
        if index == _EXPLICIT_RATE:
            return self.take(24)
        if index >= len(SAMPLE_RATES):
            raise damaged("the AAC configuration names no known sample rate")
        return SAMPLE_RATES[index]


def parse_asc(asc: bytes) -> AudioSpecificConfig:
    """Read an AudioSpecificConfig. Explicit SBR and PS signalling are read, implicit SBR shows only in the data.

    Raises ``MEDIA_DAMAGED``.
    """
    bits = _ConfigBits(asc[:64])
    object_type = bits.object_type()
    rate = bits.rate()
    configuration = bits.take(4)
    channels = CHANNELS_BY_CONFIGURATION[configuration] if configuration < len(CHANNELS_BY_CONFIGURATION) else 0
    output = rate
    if object_type in (OBJECT_SBR, _OBJECT_PS):
        output = bits.rate()
        if object_type == _OBJECT_PS:
            channels = 2
    elif bits.left >= _SYNC_EXTENSION_BITS:
        output = _backward_compatible_rate(bits, rate)
    if rate <= 0 or output <= 0:
        raise damaged("the AAC configuration has a sample rate of 0")
    return AudioSpecificConfig(object_type, rate, channels, output)


def _backward_compatible_rate(bits: _ConfigBits, rate: int) -> int:
    """The SBR rate in a sync extension (0x2b7) behind a GASpecificConfig without extras, else ``rate``."""
    if bits.take(3) != 0 or bits.take(11) != 0x2B7 or bits.object_type() != OBJECT_SBR or not bits.take(1):
        return rate
    return bits.rate()


def make_asc(object_type: int, sample_rate_index: int, channel_configuration: int) -> bytes:
    """The two-byte AudioSpecificConfig of plain AAC."""
    return (object_type << 11 | sample_rate_index << 7 | channel_configuration << 3).to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class AdtsHeader:
    """One ADTS frame header: its own size, that of the frame with it (bytes), and the configuration it implies."""

    header_size: int
    frame_size: int
    asc: bytes
    sample_rate: int
    channels: int


def parse_adts(data: bytes | bytearray | memoryview, start: int = 0) -> AdtsHeader | None:
    """The ADTS header at ``start``, or None where there is none (no sync word, or cut short)."""
    if start + 7 > len(data) or data[start] != 0xFF or data[start + 1] & 0xF6 != 0xF0:
        return None
    rate_index = data[start + 2] >> 2 & 15
    frame_size = (data[start + 3] & 3) << 11 | data[start + 4] << 3 | data[start + 5] >> 5
    header_size = 7 if data[start + 1] & 1 else 9
    if rate_index >= len(SAMPLE_RATES) or frame_size <= header_size:
        return None
    configuration = (data[start + 2] & 1) << 2 | data[start + 3] >> 6
    object_type = (data[start + 2] >> 6) + 1
    return AdtsHeader(
        header_size,
        frame_size,
        make_asc(object_type, rate_index, configuration),
        SAMPLE_RATES[rate_index],
        CHANNELS_BY_CONFIGURATION[configuration],
    )
