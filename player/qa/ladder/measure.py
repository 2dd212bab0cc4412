"""What a segment really holds: times, keyframes, size, and whether it can be decoded. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drm_client.errors import DrmError
from drm_client.scheme import SampleProtection
from player.base.errors import MediaError
from player.manifest.model import Rendition, Segment
from player.media.demux import open_demuxer
from player.media.model import Codec, Sample, StreamConfig, StreamKind
from player.media.timestamps import TimestampUnwrapper
from player.media.whole_segment import WholeSource
from player.qa.ladder.keys import SweepKeys

if TYPE_CHECKING:
    from av.frame import Frame

_DECODERS = {Codec.AV1: "libdav1d"}  # FFmpeg's own needs hardware


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """A segment as it is. Times are seconds on the media's own timeline; ``start_s`` and ``end_s`` are None where
    nothing could be read, and ``trouble`` says why. ``decoded`` counts whole pictures or sound frames; None where
    nothing was decoded (encrypted without a key, or not asked for)."""

    position: int
    size: int
    kind: StreamKind | None = None
    codec: str = ""
    width: int = 0
    height: int = 0
    start_s: float | None = None
    end_s: float | None = None
    samples: int = 0
    begins_with_key: bool = True
    decoded: int | None = None
    trouble: str = ""

    @property
    def duration_s(self) -> float | None:
        if self.start_s is None or self.end_s is None:
            return None
        return self.end_s - self.start_s


class Ruler:
    """Measures the segments of one rendition, in order. ``decode`` decodes each of them too, where ``keys`` has those
    that it needs."""

    def __init__(self, rendition: Rendition, keys: SweepKeys | None = None, *, decode: bool = True) -> None:
        self._rendition = rendition
        self._keys = keys
        self._decode = decode
        self._locked = False  # a sample of the segment could not be decrypted
        self._unwrapper = TimestampUnwrapper()

    def measure(self, position: int, segment: Segment, init: bytes | None, data: bytes) -> SegmentFacts:
        """The facts of a segment; what cannot be read is in ``trouble``."""
        self._locked = False
        try:
            demuxer = open_demuxer(
                self._rendition.container,
                init,
                timestamps=self._unwrapper,
                decrypt=self._decrypt,
            )
            samples = list(demuxer.samples(WholeSource(data), fallback_start_s=segment.start_s))
        except (MediaError, DrmError) as error:
            return SegmentFacts(position, len(data), trouble=error.sentence)
        main = next((kind for kind in StreamKind if any(each.kind is kind for each in samples)), None)
        if main is None:
            return SegmentFacts(position, len(data), trouble="there is nothing in it.")
        own = [each for each in samples if each.kind is main]
        config = demuxer.configs.get(main)
        look = config is not None and self._decode and not self._locked
        decoded, trouble = decoded_frames(config, own) if look and config else (None, "")
        return SegmentFacts(
            position,
            len(data),
            main,
            "" if config is None else str(config.codec),
            0 if config is None else config.width,
            0 if config is None else config.height,
            min(each.pts_s for each in own),
            _end_s(own),
            len(own),
            own[0].key,
            decoded,
            trouble,
        )

    def _decrypt(self, sample: bytearray, protection: SampleProtection) -> bytearray:
        """The sample in the clear; as it is where there is no key."""
        if self._keys is not None and self._keys.has(protection.kid):
            return self._keys.decrypt(sample, protection)
        self._locked = True
        return sample


def decoded_frames(config: StreamConfig, samples: Sequence[Sample]) -> tuple[int | None, str]:
    """How many frames come out of a decoder whole (it may make one up where bytes are damaged, and says so), and what
    went wrong."""
    import av

    if config.kind is StreamKind.TEXT:
        return None, ""
    count = 0
    try:
        context = av.CodecContext.create(_DECODERS.get(config.codec, str(config.codec)), "r")
        if config.private:
            context.extradata = bytes(config.private)
        for sample in samples:
            count += _whole(context.decode(av.Packet(bytes(sample.data))))  # type: ignore[attr-defined]
        count += _whole(context.decode(None))  # type: ignore[attr-defined]
    except av.codec.codec.UnknownCodecError:
        return None, ""  # this machine lacks the decoder, which says nothing about the media
    except (av.error.FFmpegError, ValueError) as error:
        return count, f"it cannot be decoded ({type(error).__name__})."
    return count, ""


def _whole(frames: Sequence[Frame]) -> int:
    return sum(not frame.is_corrupt for frame in frames)


def _end_s(samples: list[Sample]) -> float:
    last = max(samples, key=lambda each: each.pts_s)
    return last.pts_s + (last.duration_s or 0.0)
