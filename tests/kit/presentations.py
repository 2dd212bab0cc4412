"""Small presentations, segments and a made-up container for tests of the streaming: no real media, no network.

A *record* segment is a row of samples, each with its times and data in the open. :class:`RecordDemuxer` can return
them as they arrive, and a test can say exactly what is in a segment.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from player.base.errors import ErrorCode, MediaError
from player.manifest.edit import with_keys
from player.manifest.model import (
    Container,
    InitSegment,
    ListedIndex,
    ManifestProtocol,
    Period,
    Presentation,
    Rendition,
    Segment,
    Track,
    TrackType,
)
from player.media.demux import Demuxer
from player.media.model import ByteSource, Codec, Sample, StreamConfig, StreamKind
from player.stream.buffer import SegmentBuffer
from player.stream.store import StoredSegment
from player.stream.waiting import Waiting

_HEAD = struct.Struct(">cdddBI")
_KINDS = {b"v": StreamKind.VIDEO, b"a": StreamKind.AUDIO}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}
DAMAGE = b"?"

AAC = StreamConfig(StreamKind.AUDIO, Codec.AAC, b"\x11\x90", sample_rate=48_000, channels=2)
H264 = StreamConfig(StreamKind.VIDEO, Codec.H264, width=640, height=360)


def record(kind: StreamKind, pts_s: float, duration_s: float, data: bytes, *, key: bool = False) -> bytes:
    """One sample of a record segment; it is decoded when it is shown."""
    return _HEAD.pack(_LETTERS[kind], pts_s, pts_s, duration_s, key, len(data)) + data


def records(kind: StreamKind, start_s: float, end_s: float, step_s: float, mark: str = "") -> bytes:
    """Samples every ``step_s`` from ``start_s`` to before ``end_s``; the first is a keyframe, the data say which."""
    count = round((end_s - start_s) / step_s)
    times = [start_s + number * step_s for number in range(count)]
    return b"".join(
        record(kind, time_s, step_s, f"{kind[0]}{mark}{time_s:.3f};".encode(), key=number == 0)
        for number, time_s in enumerate(times)
    )


class RecordDemuxer(Demuxer):
    """Reads record segments; a ``?`` in place of a sample is damage."""

    def __init__(self, configs: Mapping[StreamKind, StreamConfig] | None = None, kids: Sequence[bytes] = ()) -> None:
        self.configs = dict(configs if configs is not None else {StreamKind.VIDEO: H264, StreamKind.AUDIO: AAC})
        self.default_kids = tuple(kids)

    def samples(self, source: ByteSource, *, fallback_start_s: float = 0.0) -> Iterator[Sample]:
        place = 0
        while source.wait(place + 1) > place:
            if source.view(place, place + 1) == DAMAGE:
                raise MediaError(ErrorCode.MEDIA_DAMAGED, "The segment is damaged.")
            if source.wait(place + _HEAD.size) < place + _HEAD.size:
                raise MediaError(ErrorCode.MEDIA_DAMAGED, "The segment is cut short.")
            letter, pts_s, dts_s, duration_s, key, size = _HEAD.unpack(source.view(place, place + _HEAD.size))
            place += _HEAD.size
            if source.wait(place + size) < place + size:
                raise MediaError(ErrorCode.MEDIA_DAMAGED, "The segment is cut short.")
            yield Sample(_KINDS[letter], pts_s, dts_s, duration_s, bool(key), source.view(place, place + size))
            place += size


def segments(
    count: int,
    duration_s: float = 4.0,
    *,
    start_s: float = 0.0,
    name: str = "v",
    base: str = "http://a.test/",
    **fields: Any,
) -> tuple[Segment, ...]:
    """Segments one after another from ``start_s`` on."""
    options = {"media_offset_s": 0.0, "init": InitSegment(f"{base}{name}-init"), **fields}
    return tuple(
        Segment(number + 1, start_s + number * duration_s, duration_s, f"{base}{name}-{number + 1}", **options)
        for number in range(count)
    )


def rendition(
    ident: str, bandwidth: int = 1_000_000, index: Sequence[Segment] | None = None, **fields: Any
) -> Rendition:
    """A rendition whose segments are known."""
    listed = segments(3, name=ident) if index is None else index
    options = {"container": Container.FMP4, "codecs": ("avc1.64001f",), **fields}
    return Rendition(ident, bandwidth, options.pop("segments", ListedIndex(tuple(listed))), **options)


def video_track(*renditions: Rendition, ident: str = "video", **fields: Any) -> Track:
    return Track(ident, TrackType.VIDEO, renditions, **fields)


def audio_track(ident: str = "en", language: str | None = "en", **fields: Any) -> Track:
    """An AAC track with one rendition of three segments, unless ``renditions`` says otherwise."""
    own = (rendition(ident, 128_000, codecs=("mp4a.40.2",), sample_rate=48_000, channels="2"),)
    return Track(ident, TrackType.AUDIO, fields.pop("renditions", own), language=language, **fields)


def presentation(*tracks: Track, more: Sequence[Sequence[Track]] = ()) -> Presentation:
    """A presentation of one period with ``tracks``, and a further period for each item of ``more``."""
    periods = tuple(
        Period(str(number), 12.0 * number, 12.0, tuple(own)) for number, own in enumerate([tracks, *more])
    )
    return with_keys(Presentation(ManifestProtocol.DASH, "mpd", "http://a.test/title.mpd", periods))


def entry(
    data: bytes = b"",
    *,
    track: str = "main",
    position: int = 0,
    segment: Segment | None = None,
    rung: int = 0,
    waiting: Waiting | None = None,
    demuxer: Demuxer | None = None,
    complete: bool = True,
) -> StoredSegment:
    """A stored record segment, whole unless ``complete`` is False."""
    buffer = SegmentBuffer(waiting or Waiting())
    buffer.begin(len(data))
    buffer.write(data)
    if complete:
        buffer.complete()
    own = segment or segments(position + 1)[position]
    return StoredSegment(track, position, rung, rendition("v"), own, buffer, demuxer or RecordDemuxer())
