"""The start of the file: which tracks it announces, with as few requests as possible."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import ListedIndex, Presentation, Rendition
from player.media.matroska import MatroskaTrack
from player.media.model import ByteSource, Codec, StreamConfig, StreamKind
from player.media.whole_segment import WholeSource
from player.stream import header as header_module
from player.stream.header import HeaderBuilder
from player.stream.layout import cue_position
from player.stream.timeline import build_timeline
from player.tracks.selection import select
from tests.kit.presentations import (
    AAC,
    H264,
    RecordDemuxer,
    audio_track,
    presentation,
    records,
    rendition,
    segments,
    video_track,
)

SURROUND = StreamConfig(StreamKind.AUDIO, Codec.AAC, b"\x11\xb0", sample_rate=48_000, channels=6)


class Late(RecordDemuxer):
    """Only the media tells what is inside."""

    def __init__(self, tells: dict[StreamKind, StreamConfig], *, damaged: int = 0) -> None:
        super().__init__({})
        self._tells = tells
        self._damaged = damaged  # segments, before the first good one

    def probe(self, source: ByteSource) -> dict[StreamKind, StreamConfig]:
        assert source.wait(1) > 0
        self._damaged -= 1
        if self._damaged >= 0:
            raise MediaError(ErrorCode.MEDIA_DAMAGED, "The segment is damaged.")
        self.configs = self._tells
        return self._tells


class Bench:
    """Builds headers; ``demuxers`` by rendition, everything else describes H.264 and AAC."""

    def __init__(self, what: Presentation, demuxers: dict[str, RecordDemuxer] | None = None) -> None:
        self.selection = select(what)
        self.demuxers = demuxers or {}
        self.opened: list[str] = []
        self.firsts: list[str] = []
        self.copies = 2  # that are available of a first segment
        self.tracks: list[MatroskaTrack] = []
        self.rest: dict[str, Any] = {}

    async def index(self, own: Rendition) -> Any:
        return own.segments

    async def demuxer(self, own: Rendition, _segment: Any) -> RecordDemuxer:
        self.opened.append(own.id)
        return self.demuxers.get(own.id) or RecordDemuxer({StreamKind.VIDEO: H264, StreamKind.AUDIO: AAC})

    async def first_main(self) -> ByteSource:
        self.firsts.append("main")
        return WholeSource(records(StreamKind.VIDEO, 0, 1, 0.5))

    async def first_audio(self, number: int) -> ByteSource:
        self.firsts.append(f"audio {number}")
        return WholeSource(records(StreamKind.AUDIO, 0, 1, 0.5))

    def again(self, _number: int | None, _error: MediaError) -> bool:
        self.copies -= 1
        return self.copies > 0

    async def build(self, chosen: int = 0) -> HeaderBuilder:
        main = self.selection.main.first.renditions[0]
        timeline = build_timeline([main.segments])  # type: ignore[list-item]
        builder = HeaderBuilder(self.selection, self, self.first_main, self.first_audio, self.again)  # type: ignore[arg-type]
        await builder.build(timeline, 0, timeline[0], chosen)
        return builder


@pytest.fixture(autouse=True)
def written(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments with which the header was written."""
    seen: dict[str, Any] = {}

    def header(tracks: list[MatroskaTrack], duration_s: float, cues: Any, *, cue_track: int) -> bytes:
        seen.update(tracks=tracks, duration_s=duration_s, cues=cues, cue_track=cue_track)
        return b"header"

    monkeypatch.setattr(header_module.matroska, "header", header)
    return seen


def ladder() -> tuple[Rendition, ...]:
    return tuple(rendition(f"r{n}", 1_000_000 * (n + 1), width=320 * (n + 1), height=180 * (n + 1)) for n in range(3))


async def test_the_manifest_is_enough_to_describe_the_picture(written: dict[str, Any]) -> None:
    bench = Bench(presentation(video_track(*ladder()), audio_track()))
    await bench.build()
    assert bench.opened == ["en"]
    video, audio = written["tracks"]
    assert (video.number, video.config.codec, video.config.width, video.config.height) == (1, Codec.H264, 960, 540)
    assert (audio.number, audio.language, audio.config, audio.default) == (2, "en", AAC, True)
    assert (written["duration_s"], written["cue_track"]) == (12.0, 1)


async def test_cues_point_to_every_segment_a_little_early(written: dict[str, Any]) -> None:
    await Bench(presentation(video_track(*ladder()))).build()
    assert [position for _, position in written["cues"]] == [cue_position(n) for n in range(3)]
    assert [time_s for time_s, _ in written["cues"]] == pytest.approx([0.0, 3.999, 7.999])
    rough = tuple(rendition(f"r{n}", 10**6, segments(3, media_offset_s=None), width=9, height=9) for n in range(1))
    await Bench(presentation(video_track(*rough))).build()
    assert [time_s for time_s, _ in written["cues"]] == pytest.approx([0.0, 3.98, 7.98])


async def test_sounds_that_declare_the_same_share_one_description(written: dict[str, Any]) -> None:
    tracks = [audio_track(name, name) for name in ("en", "fr", "de")]
    bench = Bench(presentation(video_track(*ladder()), *tracks))
    await bench.build(chosen=1)
    assert bench.opened == ["fr"]
    assert [track.language for track in written["tracks"]] == ["und", "en", "fr", "de"]
    assert [track.default for track in written["tracks"][1:]] == [False, True, False]


async def test_a_sound_of_another_kind_is_looked_into_itself(written: dict[str, Any]) -> None:
    wide = audio_track(
        "wide",
        "fr",
        renditions=(rendition("wide", 300_000, codecs=("mp4a.40.2",), sample_rate=48_000, channels="6"),),
    )
    bench = Bench(
        presentation(video_track(*ladder()), audio_track(), wide),
        {"wide": Late({StreamKind.AUDIO: SURROUND}), "en": Late({StreamKind.AUDIO: AAC})},
    )
    await bench.build()
    assert bench.firsts == ["audio 0", "audio 1"]
    assert [track.config.channels for track in written["tracks"][1:]] == [2, 6]


async def test_where_only_the_media_tells_its_first_segment_is_read(written: dict[str, Any]) -> None:
    muxed = rendition("ts", codecs=(), muxed_audio=True)
    bench = Bench(
        presentation(video_track(muxed)), {"ts": Late({StreamKind.VIDEO: H264, StreamKind.AUDIO: SURROUND})}
    )
    await bench.build()
    assert bench.firsts == ["main"]
    assert [(track.number, track.config) for track in written["tracks"]] == [(1, H264), (2, SURROUND)]


async def test_a_damaged_first_segment_is_asked_for_anew(written: dict[str, Any]) -> None:
    muxed = presentation(video_track(rendition("ts", codecs=(), muxed_audio=True)))
    tells = {StreamKind.VIDEO: H264, StreamKind.AUDIO: AAC}
    bench = Bench(muxed, {"ts": Late(tells, damaged=1)})
    await bench.build()
    assert bench.firsts == ["main", "main"]
    assert [track.config for track in written["tracks"]] == [H264, AAC]
    with pytest.raises(MediaError) as caught:
        await Bench(muxed, {"ts": Late(tells, damaged=2)}).build()
    assert caught.value.code is ErrorCode.MEDIA_DAMAGED


async def test_a_muxed_title_without_sound_has_one_track(written: dict[str, Any]) -> None:
    muxed = rendition("ts", codecs=(), muxed_audio=True)
    await Bench(presentation(video_track(muxed)), {"ts": RecordDemuxer({StreamKind.VIDEO: H264})}).build()
    assert [track.number for track in written["tracks"]] == [1]


async def test_sound_alone(written: dict[str, Any]) -> None:
    await Bench(presentation(audio_track())).build()
    (track,) = written["tracks"]
    assert (track.number, track.config, track.language) == (2, AAC, "en")
    assert written["cue_track"] == 2


async def test_what_cannot_be_described_is_said() -> None:
    with pytest.raises(MediaError):
        await Bench(presentation(video_track(rendition("ts", codecs=()))), {"ts": Late({})}).build()
    empty = audio_track(renditions=(rendition("en", codecs=("mp4a.40.2",), segments=ListedIndex(())),))
    with pytest.raises(MediaError):
        await Bench(presentation(video_track(*ladder()), empty)).build()
    await asyncio.sleep(0)
