"""The start of the virtual file: which tracks it has, and where its segments are. Runs on the engine's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import Rendition, SegmentIndex, TrackType
from player.media import matroska
from player.media.boxes import unsupported_format
from player.media.demux import Demuxer
from player.media.model import ByteSource, Codec, StreamConfig, StreamKind
from player.stream.access import may_enter
from player.stream.emitter import FIRST_AUDIO_TRACK, VIDEO_TRACK
from player.stream.layout import cue_position
from player.stream.setup import SDR, Setup
from player.stream.sources import Sources
from player.stream.timeline import Slot, Timeline, segment_for
from player.tracks.logical import LogicalTrack
from player.tracks.selection import Selection, audio_rendition, codec_family, rendition_of

# These go without CodecPrivate, so that the manifest is enough to describe them.
_SELF_DESCRIBING = {"h264": Codec.H264, "hevc": Codec.HEVC, "vp9": Codec.VP9}
_CUE_EARLY_S = 0.001  # a Cue a little late loses its segment; timestamps are rounded to 1 ms
_CUE_EARLY_INEXACT_S = 0.02
_LIVE_CUES = 4  # libmpv takes an index with fewer for a broken one

FirstMain = Callable[[], Awaitable[ByteSource]]
FirstAudio = Callable[[int], Awaitable[ByteSource]]
"""Await one whole segment of the main track, or of the audio track of this number; raise the error with which its
fetch ended."""
Again = Callable[[int | None, MediaError], bool]
"""Is told that such a segment cannot be read (of the main track: None); whether another copy can be awaited."""


class HeaderBuilder:
    """Gathers the track descriptions with as few requests as possible and writes the header.

    Tracks that declare the same codec, sample rate and channels as the chosen one share its description, so that only
    the chosen audio's init segment is waited for. ``audio`` holds what is known, by track index. ``first_main`` and
    ``first_audio`` give the first segment of each: in a transport stream only the media tells what is inside. One
    that is damaged is awaited again as long as ``again`` promises it. ``setup`` is what the last header declares.
    """

    def __init__(
        self, selection: Selection, sources: Sources, first_main: FirstMain, first_audio: FirstAudio, again: Again
    ) -> None:
        self._selection = selection
        self._sources = sources
        self._first_main = first_main
        self._first_audio = first_audio
        self._again = again
        self.audio: dict[int, StreamConfig] = {}
        self.setup = Setup()
        self._early_s = _CUE_EARLY_INEXACT_S
        self._rung = 0  # that playback began with

    async def build(self, timeline: Timeline, rung: int, first: Slot, audio: int) -> bytes:
        """The header. Raises NetError, MediaError or DrmError."""
        selection = self._selection
        self._rung = rung
        main = rendition_of(selection.main, rung, first.period)
        index = await self._sources.index(main)
        if selection.video is None:
            self.setup = Setup(audio={0: await self._main_config(main, index, first, StreamKind.AUDIO)})
        else:
            video = self._described(main)
            if video is None:
                wanted = [self._main_config(main, index, first, StreamKind.VIDEO)]
                if selection.audio:
                    wanted.append(self.audio_config(audio, first.period))
                video, *_ = await asyncio.gather(*wanted)
            elif selection.audio:
                await self.audio_config(audio, first.period)
            sounds = await self._muxed_audio(main, index, first) if selection.muxed_audio else {}
            await self._audio_configs(audio, first.period)
            self.setup = Setup(video, main.video_range or SDR, sounds or dict(self.audio))
        self._early_s = _CUE_EARLY_S if first_offset_known(index) else _CUE_EARLY_INEXACT_S
        return self._written(timeline, audio)

    def again(self, timeline: Timeline, found: Setup, audio: int) -> bytes:
        """The header of a file that goes on where media has been ``found`` which the one before cannot hold."""
        chosen, tracks = found.audio.get(audio), self._selection.audio
        if chosen is not None and self._selection.video is not None and tracks:
            alike = [n for n, track in enumerate(tracks) if _declared(track) == _declared(tracks[audio])]
            found = replace(found, audio={**dict.fromkeys(alike, chosen), **found.audio})
            self.audio.update(found.audio)
        self.setup = self.setup.changed_to(found)
        return self._written(timeline, audio)

    def _written(self, timeline: Timeline, audio: int) -> bytes:
        selection, setup = self._selection, self.setup
        tracks = [] if setup.video is None else [matroska.MatroskaTrack(VIDEO_TRACK, setup.video)]
        for number, config in sorted(setup.audio.items()):
            track = matroska.MatroskaTrack(FIRST_AUDIO_TRACK + number, config)
            if selection.video is None:
                track = replace(track, language=selection.main.language or "und")
            elif selection.audio:
                own = selection.audio[number]
                track = replace(track, language=own.language or "und", name=own.label, default=number == audio)
            tracks.append(track)
        if timeline.live:  # all seeks come to one place, and the stream leads on from there
            cues = [(0.0, cue_position(0))] * _LIVE_CUES
        else:
            cues = [
                (max(0.0, slot.start_s - self._early_s), cue_position(slot.number))
                for slot in timeline.slots
                if may_enter(rendition_of(selection.main, self._rung, slot.period), slot)
            ]
        cue_track = VIDEO_TRACK if selection.video is not None else FIRST_AUDIO_TRACK
        duration_s = None if timeline.live else timeline.end_s
        return matroska.header(tracks, duration_s, cues, cue_track=cue_track)

    async def audio_config(self, number: int, period: int = 0) -> StreamConfig:
        """The description of a separate audio track in a period, from its init segment or its first media."""
        if number not in self.audio:
            track = self._selection.audio[number]
            rendition = audio_rendition(track.per_period[period] or track.first)
            index = await self._sources.index(rendition)
            if not len(index):
                raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "This sound track has no segments.")
            demuxer = await self._sources.demuxer(rendition, index[0])
            if StreamKind.AUDIO not in demuxer.configs:
                await self._probe(demuxer, number)
            self.audio[number] = _config_of(demuxer, StreamKind.AUDIO)
        return self.audio[number]

    async def _audio_configs(self, chosen: int, period: int) -> None:
        audio = self._selection.audio
        for number, track in enumerate(audio):
            if _declared(track) == _declared(audio[chosen]):
                self.audio.setdefault(number, self.audio[chosen])
        unlike = [number for number in range(len(audio)) if number not in self.audio]
        if unlike:
            await asyncio.gather(*(self.audio_config(number, period) for number in unlike))

    def _described(self, main: Rendition) -> StreamConfig | None:
        """The description of the picture where the manifest is enough for it."""
        largest = self._selection.main.first.renditions[-1]
        codec = _SELF_DESCRIBING.get(codec_family(main.codecs, TrackType.VIDEO))
        if codec is not None and largest.width and largest.height:
            return StreamConfig(StreamKind.VIDEO, codec, width=largest.width, height=largest.height)
        return None

    async def _main_config(self, main: Rendition, index: SegmentIndex, first: Slot, kind: StreamKind) -> StreamConfig:
        demuxer = await self._sources.demuxer(main, segment_for(index, first))
        if kind not in demuxer.configs:
            await self._probe(demuxer, None)
        return _config_of(demuxer, kind)

    async def _muxed_audio(self, main: Rendition, index: SegmentIndex, first: Slot) -> dict[int, StreamConfig]:
        demuxer = await self._sources.demuxer(main, segment_for(index, first))
        if StreamKind.AUDIO not in demuxer.configs:
            await self._probe(demuxer, None)
        config = demuxer.configs.get(StreamKind.AUDIO)
        return {} if config is None else {0: config}

    async def _probe(self, demuxer: Demuxer, number: int | None) -> None:
        """Show the demuxer a segment of an audio track, or of the main track (None), that it can read."""
        while True:
            source = await (self._first_main() if number is None else self._first_audio(number))
            try:
                await asyncio.to_thread(demuxer.probe, source)
            except MediaError as error:
                if not self._again(number, error):
                    raise
            else:
                return


def first_offset_known(index: SegmentIndex) -> bool:
    """Whether the manifest says exactly when segments begin (DASH), or only rounded durations do (HLS)."""
    return len(index) > 0 and index[0].media_offset_s is not None


def _config_of(demuxer: Demuxer, kind: StreamKind) -> StreamConfig:
    config = demuxer.configs.get(kind)
    if config is None and kind in demuxer.unsupported:
        raise unsupported_format(kind, demuxer.unsupported[kind])
    if config is None:
        raise MediaError(ErrorCode.MEDIA_DAMAGED, f"The {kind} of this title could not be found in its segments.")
    return config


def _declared(track: LogicalTrack) -> tuple[object, ...]:
    rendition = audio_rendition(track.first)
    return rendition.codecs, rendition.sample_rate, rendition.channels
