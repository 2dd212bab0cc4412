"""What a segment really holds: times, keyframes, size, and whether it can be decoded. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median_low
from typing import TYPE_CHECKING

from drm_client.errors import DrmError
from drm_client.scheme import SampleProtection
from player.base.errors import MediaError
from player.manifest.model import Rendition, Segment
from player.media.demux import Demuxer, open_demuxer
from player.media.h264_order import numbering
from player.media.model import Codec, Sample, StreamConfig, StreamKind
from player.media.timestamps import TimestampUnwrapper
from player.media.ts import leads_to
from player.media.whole_segment import WholeSource
from player.qa.ladder.keys import SweepKeys
from player.qa.ladder.packets import PacketFaults, packet_faults
from player.stream.continuity import Break, PictureFlow, heard_s

if TYPE_CHECKING:
    from av.frame import Frame

_HEVC_SKIPPED = frozenset({8, 9})  # RASL_N and RASL_R: skipped where decoding starts at the keyframe
_DECODERS = {Codec.AV1: "libdav1d"}  # FFmpeg's own needs hardware


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """A segment as it is. Times are seconds on the media's own timeline; ``start_s`` and ``end_s`` are None where
    nothing could be read, and ``trouble`` says why. ``decoded`` counts whole pictures or sound frames; None where
    nothing was decoded (encrypted without a key, or not asked for). ``borrowing`` of these are decoded only with the
    segment before: pictures that are shown before the first keyframe (open GOP, SAP type 3 of ISO/IEC 14496-12,
    Annex I). ``sound`` is the audio that is in the segment beside video; None where there is none.
    ``more_sounds`` are its further audio tracks. ``break_s`` is the largest distance between the end of a sample and
    the start of the next, negative for an overlap; 0 where that is not known. ``broken_at_s`` is where. ``packets``
    are the faults of a transport stream's packets. ``counters`` are those of its video, see ``Sample``. ``stands``
    are its pictures that stand though others should follow, that of the segment before at its end among them.
    ``decoded_s`` is where its decode times begin and end, if the container states how long samples last. Subtitles
    have cues for samples and no times; ``elsewhere_s`` is where the first cue is if none is of its segment's time."""

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
    borrowing: int = 0
    sound: SegmentFacts | None = None
    more_sounds: tuple[SegmentFacts | None, ...] = ()
    break_s: float = 0.0
    broken_at_s: float | None = None
    packets: PacketFaults | None = None
    counters: tuple[int, int] | None = None
    stands: tuple[Break, ...] = ()
    decoded_s: tuple[float, float] | None = None
    elsewhere_s: float | None = None

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
        self._audio_tracks = 0  # the most that a segment had beside video
        self._unwrapper = TimestampUnwrapper()
        self._pace = PictureFlow()
        self._before: tuple[int, int] | None = None  # position and discontinuity of the segment before
        self._last_group: tuple[int, StreamConfig, list[Sample]] | None = None  # with the position of its segment

    def measure(self, position: int, segment: Segment, init: bytes | None, data: bytes) -> SegmentFacts:
        """The facts of a segment; what cannot be read is in ``trouble``."""
        before, self._before = self._before, (position, segment.discontinuity)
        if before != (position - 1, segment.discontinuity):
            self._pace.start_over()
        return replace(self._measured(position, segment, init, data), packets=packet_faults(data))

    def _measured(self, position: int, segment: Segment, init: bytes | None, data: bytes) -> SegmentFacts:
        self._locked = False
        try:
            demuxer, samples = self._read(segment, init, data)
        except (MediaError, DrmError) as error:
            return SegmentFacts(position, len(data), trouble=error.sentence)
        main = next((kind for kind in StreamKind if any(each.kind is kind for each in samples)), None)
        if main is None:
            return SegmentFacts(position, len(data), trouble="there is nothing in it.")
        facts = self._facts(position, len(data), demuxer, [each for each in samples if each.kind is main])
        if main is not StreamKind.VIDEO:
            return facts
        self._audio_tracks = max(self._audio_tracks, demuxer.audio_tracks)
        more = tuple(self._other(position, segment, init, data, number) for number in range(1, self._audio_tracks))
        return replace(facts, sound=self._beside(position, demuxer, samples), more_sounds=more)

    def _read(
        self, segment: Segment, init: bytes | None, data: bytes, audio: int = 0
    ) -> tuple[Demuxer, list[Sample]]:
        container, times = self._rendition.container, self._unwrapper
        demuxer = open_demuxer(container, init, timestamps=times, decrypt=self._decrypt, audio=audio)
        return demuxer, list(demuxer.samples(WholeSource(data), fallback_start_s=segment.start_s))

    def _other(
        self, position: int, segment: Segment, init: bytes | None, data: bytes, number: int
    ) -> SegmentFacts | None:
        """The audio track of this number beside video."""
        try:
            return self._beside(position, *self._read(segment, init, data, number))
        except (MediaError, DrmError) as error:
            return SegmentFacts(position, len(data), trouble=error.sentence)

    def _beside(self, position: int, demuxer: Demuxer, samples: list[Sample]) -> SegmentFacts | None:
        beside = [each for each in samples if each.kind is StreamKind.AUDIO]
        if not beside:
            return None
        return self._facts(position, sum(len(each.data) for each in beside), demuxer, beside)

    def _facts(self, position: int, size: int, demuxer: Demuxer, own: list[Sample]) -> SegmentFacts:
        """The facts of the samples of one kind."""
        kind = own[0].kind
        config = demuxer.configs.get(kind)
        look = config is not None and self._decode and not self._locked
        decoded, trouble, borrowing = None, "", 0
        if look and config is not None:
            decoded, trouble = decoded_frames(config, own)
            if decoded is not None and not trouble and 0 < len(own) - decoded <= _leading(config.codec, own):
                borrowing = self._borrowing(position, config, own, len(own) - decoded)
                decoded += borrowing
            bare = config.codec is Codec.H264 and not config.private and numbering(bytes(own[0].data)) is None
            if trouble and bare:
                trouble = "it lacks SPS and PPS. Only who plays the segment before can decode it."
            if kind is not StreamKind.AUDIO:
                self._last_group = position, config, own[_last_key(own) :]
        stands: list[Break] = []
        if kind is StreamKind.VIDEO:
            shown = sorted((each.pts_s, each.duration_s) for each in own)
            stands = self._pace.take(shown, None, stated=demuxer.states_durations, spliced=False)
        break_s, broken_at_s = _break(own, told=demuxer.states_durations)
        return SegmentFacts(
            position,
            size,
            kind,
            "" if config is None else str(config.codec),
            0 if config is None else config.width,
            0 if config is None else config.height,
            min(each.pts_s for each in own),
            _end_s(own),
            len(own),
            own[0].key,
            decoded,
            trouble,
            borrowing,
            break_s=break_s,
            broken_at_s=broken_at_s,
            counters=None if any(each.counters is None for each in own) else own[0].counters,
            stands=tuple(stands),
            decoded_s=(own[0].dts_s, own[-1].dts_s + own[-1].duration_s) if demuxer.states_durations else None,
        )

    def _borrowing(self, position: int, config: StreamConfig, own: list[Sample], lost: int) -> int:
        """How many of the ``lost`` pictures come with the segment before. Where that was not looked into, all are
        taken to."""
        if position == 0:
            return 0
        if self._last_group is None or self._last_group[:2] != (position - 1, config):
            return lost
        before = self._last_group[2]
        (alone, _), (together, trouble) = decoded_frames(config, before), decoded_frames(config, [*before, *own])
        return lost if alone is not None and together == alone + len(own) and not trouble else 0

    def _decrypt(self, sample: bytearray, protection: SampleProtection) -> bytearray:
        """The sample in the clear; as it is where there is no key."""
        if self._keys is not None and self._keys.has(protection.kid):
            return self._keys.decrypt(sample, protection)
        self._locked = True
        return sample


def _leading(codec: Codec, samples: Sequence[Sample]) -> int:
    """How many pictures are shown before the keyframe that the segment starts with. Those of HEVC say so themselves
    (ITU-T H.265, 7.4.2.2), which counts more than times: some packagers write two pictures at one time there."""
    if not samples[0].key:
        return 0
    if codec is Codec.HEVC:
        return sum(any(kind in _HEVC_SKIPPED for kind in _hevc_units(each.data)) for each in samples[1:])
    return sum(each.pts_s <= samples[0].pts_s for each in samples[1:])  # FFmpeg writes two at one time there


def _hevc_units(data: bytes | bytearray | memoryview) -> Iterator[int]:
    """The types of the units in an access unit of Annex B."""
    for unit in bytes(data).split(b"\0\0\1")[1:]:
        if unit:
            yield unit[0] >> 1 & 0x3F


def _last_key(samples: Sequence[Sample]) -> int:
    return next((at for at in reversed(range(len(samples))) if samples[at].key), 0)


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


def standing(facts: Sequence[SegmentFacts]) -> list[SegmentFacts]:
    """The facts, where the last picture of a segment lasts until the next segment's first if no packet is missing
    between the two."""
    found: list[SegmentFacts] = []
    for each in facts:
        before = found[-1] if found else None
        if before is not None and before.counters is not None and each.counters is not None:
            counted = leads_to(before.counters, each.counters) and each.position == before.position + 1
            if counted and before.end_s is not None and each.start_s is not None and each.start_s > before.end_s:
                found[-1] = replace(before, end_s=each.start_s)
        found.append(each)
    return found


def _break(samples: Sequence[Sample], *, told: bool) -> tuple[float, float | None]:
    """The largest break between one sample and the next, in seconds, and where it is. Decode times count: they follow
    each other whatever order frames are shown in. Where the container does not tell how long samples last
    (``told``), only audio is judged: its frames are all of one length, those of video need not be."""
    if samples[0].kind is not StreamKind.AUDIO and not told:
        return 0.0, None
    worst_s, at_s, lasts_s = 0.0, None, median_low(each.duration_s for each in samples)
    for before, after in pairwise(samples):
        lasts_s = before.duration_s if before.kind is not StreamKind.AUDIO else heard_s(before.duration_s, lasts_s)
        end_s = before.dts_s + lasts_s
        if abs(after.dts_s - end_s) > abs(worst_s):
            worst_s, at_s = after.dts_s - end_s, end_s
    return worst_s, at_s
