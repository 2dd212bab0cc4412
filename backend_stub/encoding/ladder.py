"""Which qualities a source gets. Pure: values in, values out.

The ladder runs in the usual steps from 240p to the source's own size. It never exceeds the source in height, frame
rate or bit rate. The number before "p" is the shorter side, so that upright films get the same steps as lying ones. A
film that is simple to code gets every other step: the ones between would hardly differ.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from backend_stub.encoding.probe import AudioInfo, SourceInfo

STEPS = (240, 360, 480, 720, 1080, 1440, 2160)
MAX_FPS = Fraction(60)
# A step this near to the source's size would only repeat the source's own rung.
_NEAREST_STEP = 0.85
_FULL_HD_PIXELS = 1920 * 1080
_FULL_HD_BITRATE = 5_000_000
_USUAL_FPS = 30
_MIN_BITRATE = 40_000
_STEREO_BITRATE = 128_000
_SURROUND = 6  # channels: 5.1
_MIN_AUDIO_BITRATE = 24_000  # AAC-LC makes no sense below, whatever the source had
#: A film whose pictures take less than this part of the usual bits is simple.
SIMPLE = 0.3


class TargetCodec(StrEnum):
    """What a ladder may be coded in. H.264 is always there, the others are for those that ask for them."""

    H264 = "h264"
    HEVC = "hevc"
    AV1 = "av1"


#: Bits for about the same picture, against H.264.
_THRIFT = {TargetCodec.H264: 1.0, TargetCodec.HEVC: 0.7, TargetCodec.AV1: 0.6}


class KeyLabel(StrEnum):
    """What one content key opens; a licence can give the lower ones only."""

    AUDIO = "AUDIO"
    SD = "SD"
    HD = "HD"
    UHD = "UHD"


@dataclass(frozen=True, slots=True)
class VideoRung:
    """One quality of the pictures: even ``width`` x ``height``, peak bit/s."""

    name: str
    width: int
    height: int
    bitrate: int
    label: KeyLabel
    codec: TargetCodec = TargetCodec.H264


@dataclass(frozen=True, slots=True)
class AudioRung:
    """One AAC rendition of the source's audio track ``position``; bit/s. ``described``: a voice tells what is to be
    seen."""

    name: str
    position: int
    language: str
    channels: int
    bitrate: int
    described: bool = False


@dataclass(frozen=True, slots=True)
class EncodingLadder:
    """All renditions of a title, video by codec and from the lowest up; all pictures have the same frame rate."""

    fps: Fraction
    video: tuple[VideoRung, ...]
    audio: tuple[AudioRung, ...]

    @property
    def labels(self) -> tuple[KeyLabel, ...]:
        """The key labels in use, each once."""
        used = {rung.label for rung in self.video} | ({KeyLabel.AUDIO} if self.audio else set())
        return tuple(label for label in KeyLabel if label in used)

    @property
    def codecs(self) -> tuple[TargetCodec, ...]:
        return tuple(dict.fromkeys(rung.codec for rung in self.video))

    def of(self, codec: TargetCodec) -> tuple[VideoRung, ...]:
        return tuple(rung for rung in self.video if rung.codec is codec)


def build_ladder(source: SourceInfo, codecs: Collection[TargetCodec] = (), detail: float = 1.0) -> EncodingLadder:
    """The ladder of a source in H.264 and in ``codecs``; ``detail`` is the bits it needs against the usual."""
    fps = min(source.fps, MAX_FPS)
    short = _even(min(source.width, source.height))
    sizes = [step for step in STEPS if step <= short * _NEAREST_STEP] + [short]
    if detail < SIMPLE:
        sizes = sizes[::-1][::2][::-1]
    top = usual_bitrate(source.width * source.height, fps)
    # One factor for the whole ladder keeps its steps apart when the source itself has few bits.
    factor = min(1.0, source.bitrate / top) if source.bitrate else 1.0
    wanted = [codec for codec in TargetCodec if codec is TargetCodec.H264 or codec in codecs]
    rungs = tuple(_video_rung(source, size, fps, factor, codec) for codec in wanted for size in sizes)
    return EncodingLadder(fps, rungs, _audio_rungs(source.audio))


def _video_rung(source: SourceInfo, short: int, fps: Fraction, factor: float, codec: TargetCodec) -> VideoRung:
    smaller = min(source.width, source.height)
    scale = 1.0 if short == _even(smaller) else short / smaller
    width = min(_even(round(source.width * scale)), _even(source.width))
    height = min(_even(round(source.height * scale)), _even(source.height))
    bitrate = int(usual_bitrate(width * height, fps) * factor * _THRIFT[codec])
    floor = min(_MIN_BITRATE, source.bitrate or _MIN_BITRATE)
    name = f"{short}p" if codec is TargetCodec.H264 else f"{codec}-{short}p"
    return VideoRung(name, width, height, max(bitrate, floor), _label(short), codec)


def _label(short: int) -> KeyLabel:
    if short <= 576:
        return KeyLabel.SD
    return KeyLabel.HD if short <= 1080 else KeyLabel.UHD


def usual_bitrate(pixels: int, fps: Fraction) -> int:
    """Bit/s for moving pictures of this size: 5 Mbit/s at 1080p30, growing slower than pixels and frames do."""
    return int(_FULL_HD_BITRATE * (pixels / _FULL_HD_PIXELS) ** 0.8 * min(2.0, (float(fps) / _USUAL_FPS)) ** 0.6)


def _even(pixels: int) -> int:
    """The even number at or below: 4:2:0 pictures have no odd sides."""
    return pixels - pixels % 2


def _audio_rungs(tracks: tuple[AudioInfo, ...]) -> tuple[AudioRung, ...]:
    names: set[str] = set()
    rungs = []
    for track in tracks:
        name = track.language if track.language not in names else f"{track.language}-{track.position}"
        names.add(name)
        channels = _SURROUND if track.channels >= _SURROUND else min(max(track.channels, 1), 2)
        usual = _STEREO_BITRATE * channels // 2
        bitrate = max(min(usual, track.bitrate or usual), _MIN_AUDIO_BITRATE)
        rungs.append(AudioRung(name, track.position, track.language, channels, bitrate, track.described))
    return tuple(rungs)
