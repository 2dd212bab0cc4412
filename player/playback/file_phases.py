"""A playback of a media file that libmpv opens by itself: ``Requested -> OpeningFile -> PlayingFile``, beside the
phases of what is streamed (:mod:`player.playback.phases`). Everything runs on the engine's loop.

A local file is opened by libmpv itself, behind the doors of :mod:`player.mpv.file_options`; of a file of the web it
reads what :mod:`player.stream.remote_file` loads.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from player.base.apart import apart
from player.base.errors import ErrorCode, InputError, MatineeError, MediaError
from player.manifest.chapters import Chapter
from player.media.attachments import attached_bytes
from player.mpv.adjustments import ROTATIONS
from player.mpv.control import MpvControl
from player.mpv.file_options import MOST_FONT_BYTES, file_options
from player.mpv.model import MediaPlayer
from player.playback.embedded_lines import EmbeddedLines
from player.playback.file_growth import FileGrowth
from player.playback.file_progress import FileProgress
from player.playback.file_tracks import FileTracks
from player.playback.own_subtitles import OwnSubtitles, is_own
from player.playback.parts import PlaybackParts
from player.playback.phases import Requested
from player.playback.stalls import KnownCause, StallCause
from player.reporting.events import Sought
from player.reporting.state import FileFacts, PlaybackState, PlaybackStatus, SourceForm
from player.resume.files import FileMemory, OpenedFile
from player.resume.tracker import ProgressTracker
from player.stream.remote_file import RemoteFile, first_bytes
from player.text.subtitle_files import SubtitleLine, SubtitlePlace, beside
from player.thumbnails import FilmPictures, Picture
from player.title.media_file import (
    Inspected,
    MediaFile,
    MediaFileKind,
    address_identity,
    checked,
    inspect,
    is_indexed,
    is_media_head,
    kind_of,
    may_be_media,
    public_address,
    says_length,
)
from player.title.opening import begin_at
from player.tracks.series import series_of_file

_UNKNOWN_FORMAT, _NOTHING_TO_PLAY = -17, -16  # mpv_error, include/mpv/client.h
_MOST_CHAPTERS = 2000
_LONGEST = 200
_CALM = (PlaybackStatus.PLAYING, PlaybackStatus.PAUSED, PlaybackStatus.ENDED)
_EARLY_S = 5.0  # files often end a little before the duration that they claim
_EARLY_SHARE = 0.02
_DISK_S = 1.5  # no disk that spins up answers a playback that is left
_END_S = 0.1  # an exact seek to the very end shows the last picture

OnProperty = Callable[[str, Any], None]
OnEvent = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, eq=False)
class OpeningFile(Requested):
    """libmpv opens the file. ``settled`` is set once it has it, or has refused it."""

    media: MediaFile
    identity: str
    size: int
    remembered: OpenedFile | None
    control: MpvControl
    url: str
    remote: RemoteFile | None
    settled: asyncio.Event
    growth: FileGrowth
    options: Mapping[str, str]
    lavf: Mapping[str, str]
    tells_length: bool  # else libmpv takes for the length what it has read
    others: list[float | None]  # where to begin with FFmpeg's demuxer, after libmpv's own has refused the file

    def player_event(self, name: str) -> None:
        if name == "file-loaded":
            self.settled.set()
            self.growth.loaded.set()

    def refusal(self, data: Mapping[str, Any]) -> MatineeError | None:
        if self.others and not self.parts.monitor.first_frame_shown:
            self.control.post(self.parts.player.load, self.url, self.others.pop(), self.lavf)
            return None
        self.settled.set()
        self.growth.loaded.set()
        code = data.get("error", data.get("file_error"))
        if code in (_UNKNOWN_FORMAT, "unrecognized file format"):
            sentence = "libmpv does not know what kind of file this is."
        elif code in (_NOTHING_TO_PLAY, "no audio or video data played"):
            return _nothing_to_play()
        else:
            sentence = "This file cannot be played: it is damaged, or libmpv does not know its format."
        return MediaError(ErrorCode.MEDIA_UNSUPPORTED, sentence)

    async def close(self) -> None:
        await super().close()
        if self.remote is not None:
            self.remote.close()
        path = self.media.path
        await self.control.leave(self.url, None if path is None else partial(until_hanging, path))


@dataclass(frozen=True, eq=False)
class PlayingFile(OpeningFile):
    """libmpv has the file, and can be commanded."""

    tracks: FileTracks
    progress: FileProgress
    own: OwnSubtitles
    embedded: EmbeddedLines
    drawn: list[FilmPictures]  # one once it is known that there are pictures to draw
    jumps: list[_Jump]  # the last one

    @property
    def buffer_s(self) -> float:
        return self.progress.buffer_s

    async def seek(self, target_s: float) -> None:
        """An exact seek, at most to the end. For a time behind the known end of a file that has grown, the file is
        loaded again first."""
        parts = self.parts
        parts.ending.failure = None
        async with self.growth.loading:
            pass  # libmpv would refuse it
        if target_s > self._last_s and await self.growth.is_longer():
            parts.controls.restore_pause()
            await self.load_again(self._last_s)
        target_s = max(0.0, min(target_s, self._last_s))
        if not math.isfinite(target_s):
            return
        if parts.monitor.ended:
            parts.controls.restore_pause()
        parts.observe(Sought(parts.clock.monotonic(), parts.playhead.position_s, target_s))
        self.jumps[:] = [_Jump(target_s, parts.clock.monotonic())]
        parts.monitor.start_seek(target_s)
        await self.control.run(self.control.player.seek, target_s)

    @property
    def _last_s(self) -> float:
        """The last time that can be sought."""
        duration_s = self.parts.monitor.state.duration_s
        return math.inf if duration_s is None else max(0.0, duration_s - _END_S)

    async def load_again(self, at_s: float) -> None:
        """Load the file, which has become longer, again at this time: with the same tracks, and all that libmpv
        keeps from one file to the next."""
        growth, tracks = self.growth, self.tracks
        async with growth.loading:
            self.parts.monitor.start_seek(at_s)
            audio, text, second = tracks.chosen
            await growth.open_again()
            options = self.options if self.others else self.lavf
            await self.control.run(self.control.player.load, self.url, at_s, options)
            await growth.loaded.wait()
            if self.parts.monitor.ended:
                return  # libmpv has refused it
            self.own.forgotten()
            await self.describe()
            await tracks.choose_again(audio, text, second)

    async def thumbnail(self, time_s: float) -> Picture | None:
        return await self.drawn[0].at(time_s) if self.drawn else None

    async def choose_audio(self, track_id: str) -> None:
        await self.tracks.choose_audio(track_id)
        self._remember(audio=track_id)

    async def choose_text(self, track_id: str | None) -> None:
        await self.tracks.choose_text(track_id)
        self._remember(text=self.tracks.key(track_id))

    def _remember(self, **chosen: Any) -> None:  # noqa: ANN401  (fields of OpenedFile)
        if self.parts.services.files is not None:
            self.parts.services.files.keep_soon(self.identity, **chosen)

    async def choose_second_text(self, track_id: str | None) -> None:
        await self.tracks.choose_second(track_id)

    async def add_subtitles(self, path: Path) -> None:
        await self.tracks.add(path)
        await self._remember_shown_text()

    async def show_chosen_subtitles(self) -> None:
        """Show those that the viewer chose together with the file."""
        if await self.tracks.add_all(self.parts.source.subtitles):
            await self._remember_shown_text()

    async def _remember_shown_text(self) -> None:
        if shown := await self.tracks.chosen_text():
            self._remember(text=self.tracks.key(shown))

    async def subtitle_lines(self) -> tuple[SubtitleLine, ...]:
        chosen = await self.tracks.chosen_text()
        if is_own(chosen) or not chosen or self.media.path is None:
            return self.own.lines(chosen)
        return await self.embedded.of(self.media.path, int(chosen.rpartition("/")[2]) - 1)

    def keep_bookmarks(self, marks_s: tuple[float, ...]) -> None:
        super().keep_bookmarks(marks_s)
        self._remember(bookmarks=marks_s)

    async def command(self, *words: str) -> bool:
        return await self.control.run(self.control.player.command, *words)

    def player_event(self, name: str) -> None:
        super().player_event(name)
        if name == "file-loaded" and not self.growth.loading.locked():
            self.parts.tasks.do(self.describe)  # as the other demuxer has it
        if name == "playback-restart":
            facts = self.parts.monitor.state.media
            if facts is not None and facts.video and not facts.pixels:
                self.parts.tasks.do(self.describe)  # the first picture has been decoded
            self.parts.tasks.do(self.look_for_end)

    def player_property(self, name: str, value: Any) -> None:  # noqa: ANN401
        if name == "eof-reached" and value:
            self.parts.tasks.do(self.look_for_end)
        if name == "pause" and value:
            self.parts.tasks.do(self.tracks.read_if_unread)

    async def describe(self) -> None:
        """Report what libmpv has found in the file."""
        found = await self.control.run(_read, self.parts.player)
        self.parts.monitor.update(
            title=found.title or self.media.stem,
            duration_s=None if self.progress.grows else found.duration_s,
            chapters=found.chapters,
            form=SourceForm("", found.pictures, found.sound),
            media=found.facts(self.size),
        )
        self.parts.commands.turn(found.rotation)
        await self.tracks.read()
        self._draw_pictures(found)

    def _draw_pictures(self, found: _Found) -> None:
        """Draw small pictures of a local film in the background, where somebody can see them."""
        parts, cache = self.parts, self.parts.services.film_cache
        if cache is None or self.media.path is None or self.drawn or not found.pictures or not found.duration_s:
            return
        if self.progress.grows:
            return
        pictures = FilmPictures(self.media.path, found.duration_s, cache, parts.clock, self._is_busy)
        self.drawn.append(pictures)
        parts.monitor.update(thumbnails=True)
        parts.tasks.spawn(pictures.run)

    def _is_busy(self) -> bool:
        return self.parts.monitor.state.status not in _CALM

    async def close(self) -> None:
        for pictures in self.drawn:
            await pictures.close()
        await self.embedded.close()
        await super().close()

    async def look_for_end(self) -> None:
        """See whether libmpv has come to the end."""
        if await self.control.run(self.control.player.read, "eof-reached"):
            await self.progress.read_position()
            self.progress.sample()
            monitor = self.parts.monitor
            if monitor.ended or monitor.is_seeking or self.growth.awaited:
                return
            if await self._goes_on():
                self.parts.tasks.do(self.look_for_end)  # what libmpv told meanwhile was not heeded
                return
            if not monitor.first_frame_shown:
                self.parts.ending.fail(_nothing_to_play())
            elif self.parts.ending.failure is not None:  # of a read: libmpv takes it for the end
                self.parts.ending.fail(self.parts.ending.failure)
            elif await self._has_gone():
                sentence = "The film breaks off: its file has become shorter, or its disk has gone."
                self.parts.ending.fail(InputError(ErrorCode.INPUT_FILE, sentence))
            elif self._breaks_off():
                sentence = "The film stops here: a part of its file is missing."
                self.parts.ending.fail(MediaError(ErrorCode.MEDIA_INCOMPLETE, sentence))
            else:
                monitor.finish_at(at_end=True)

    async def _goes_on(self) -> bool:
        """At the end of what libmpv has: whether the file has become longer, and playback goes on. Where little has
        come yet, more is waited for."""
        growth, monitor = self.growth, self.parts.monitor
        growth.awaited = True
        try:
            if not monitor.first_frame_shown or not await growth.may_come():
                return False
            monitor.set_standing(standing=True)
            has_come = await growth.has_come()
            at_end = await self.control.run(self.control.player.read, "eof-reached")
            if monitor.ended or monitor.is_seeking or not at_end:
                return True  # the viewer has jumped meanwhile
            if has_come:
                await self.load_again(self.parts.playhead.position_s)
            return has_come
        finally:
            growth.awaited = False
            monitor.set_standing(standing=False)

    def _breaks_off(self) -> bool:
        """Whether the film says that it is longer than what there is of it. What music says is often a guess."""
        state = self.parts.monitor.state
        if state.duration_s is None or not state.form.pictures:
            return False
        return self.parts.playhead.position_s < state.duration_s - max(_EARLY_S, _EARLY_SHARE * state.duration_s)

    async def _has_gone(self) -> bool:
        """Whether libmpv came to an end that is none, because there is less of the file than there was."""
        path, duration_s, playhead = self.media.path, self.parts.monitor.state.duration_s, self.parts.playhead
        if path is None or duration_s is None:
            return False
        missed_s = self._missed_s()
        if missed_s is None and playhead.position_s > duration_s - _EARLY_S:
            return False
        if not await apart(_is_shorter, path, self.size):
            return False
        if missed_s is not None:
            self.parts.monitor.set_position(missed_s)  # there the viewer goes on once the file is whole
            self.progress.sample()
        return True

    def _missed_s(self) -> float | None:
        """Where the viewer has jumped to, if libmpv has gone on to the end instead; else None."""
        playhead, now_s = self.parts.playhead, self.parts.clock.monotonic()
        for jump in self.jumps:
            played_s = (now_s - jump.at_s) * max(1.0, playhead.speed)
            if playhead.position_s > jump.target_s + played_s + _EARLY_S:
                return jump.target_s
        return None


async def media_of_address(parts: PlaybackParts) -> MediaFile | None:
    """The media file at an address that does not tell by its name what it leads to; None for everything else. Where
    nothing answers, the playback of a manifest says why."""
    source = parts.source
    if not source.url or source.folder is not None or source.licence_url or not may_be_media(source.url):
        return None
    try:
        head = await first_bytes(source.url, parts.services.gate)
    except MatineeError:
        return None
    return MediaFile(url=source.url) if is_media_head(head) else None


async def open_file(
    requested: Requested, media: MediaFile, on_property: OnProperty, on_event: OnEvent
) -> OpeningFile:
    """Look at the file and let libmpv open it. Raises InputError, MediaError or NetError."""
    parts = requested.parts
    memory = parts.services.files
    look, remote = await _first_look(parts, media)
    found, remembered, matroska = look.found, look.remembered, look.found.kind is MediaFileKind.MATROSKA
    identity = found.identity
    control = MpvControl(parts.player, on_property, on_event)
    url = str(media.path) if remote is None else parts.player.offer(remote.stream)
    languages = parts.services.learning.preferences.audio_languages
    options = file_options(matroska=matroska, fonts=look.fonts, indexed=found.indexed, audio_languages=languages)
    start_s = _start_s(parts, remembered)
    if memory is not None:
        _remember(parts, media, found, memory)
    begin_s = start_s if start_s > 0 else None
    control.post(parts.player.load, url, begin_s, options)
    lavf = file_options(matroska=False, fonts=look.fonts, indexed=found.indexed, audio_languages=languages)
    others = [begin_s] if matroska else []
    settled = asyncio.Event()
    growth = FileGrowth(media.path, found, parts.clock)
    return OpeningFile(
        parts,
        media,
        identity,
        found.size,
        remembered,
        control,
        url,
        remote,
        settled,
        growth,
        options,
        lavf,
        found.tells_length,
        others,
    )


def _remember(parts: PlaybackParts, media: MediaFile, found: Inspected, memory: FileMemory) -> None:
    """Keep that the file was opened and where it is left, as soon as something of it has been played."""
    place = str(media.path) if media.path is not None else public_address(media.url)
    what: dict[str, Any] = {"place": place, "name": media.stem, "opened_at": parts.clock.wall(), "start": found.start}

    def keep(position_s: float, _urgent: object) -> None:
        duration_s = _known_s(parts.monitor.state, position_s)
        memory.keep_soon(found.identity, **what, position_s=position_s, duration_s=duration_s)

    parts.observe.add(ProgressTracker(keep))


def _known_s(state: PlaybackState, position_s: float) -> float:
    """How long a file is; 0 where that is not known. Its end says it of one that does not."""
    if state.duration_s is None and state.status is PlaybackStatus.ENDED and not state.cut_short:
        return position_s
    return state.duration_s or 0.0


async def file_loaded(opening: OpeningFile) -> PlayingFile:
    """Wait for libmpv, and see what there is to play. Raises InputError for a start that the file does not have."""
    parts, control = opening.parts, opening.control
    path = opening.media.path
    listing = asyncio.ensure_future(apart(beside, path) if path is not None else _none_beside())
    await opening.settled.wait()
    if path is not None:
        parts.monitor.stalls = KnownCause(StallCause.FILE)
    own = OwnSubtitles(path)
    tracks = FileTracks(parts, control, own)
    progress = FileProgress(parts, control, tracks, opening.growth)
    progress.grows = not opening.tells_length
    playing = PlayingFile(
        **vars(opening), tracks=tracks, progress=progress, own=own, embedded=EmbeddedLines(), drawn=[], jumps=[]
    )
    progress.load_again = playing.load_again
    if parts.monitor.ended:
        return playing  # libmpv has refused it
    for place in await listing:
        own.add(place)
    remembered = opening.remembered
    parts.monitor.update(bookmarks=() if remembered is None else remembered.bookmarks)
    await playing.describe()
    duration_s = parts.monitor.state.duration_s
    if duration_s is not None:
        begin_at(_start_s(parts, remembered), duration_s, asked_for=parts.settings.start_s is not None)
    await tracks.begin(*(("", "") if remembered is None else (remembered.audio, remembered.text)))
    if parts.settings.play_for_s is not None:
        playing.progress.stop_at_s = _start_s(parts, remembered) + parts.settings.play_for_s
    parts.tasks.do(playing.show_chosen_subtitles)
    parts.tasks.do(playing.look_for_end)  # it may have come to its end by now
    target_s, parts.controls.early_seek_s = parts.controls.early_seek_s, None
    if target_s is not None:
        await playing.seek(target_s)
    return playing


async def until_hanging(path: Path) -> None:
    """Return once the disk of a file does not answer. The file is opened each time: what is cached tells nothing."""
    with contextlib.suppress(TimeoutError):
        while True:
            async with asyncio.timeout(_DISK_S):
                await apart(_opens, path)
            await asyncio.sleep(_DISK_S)


@contextlib.asynccontextmanager
async def watched_disk(parts: PlaybackParts, media: MediaFile) -> AsyncIterator[None]:
    """While a local file is opened: report that its disk does not answer, until it does."""
    watching = None if media.path is None else asyncio.ensure_future(_report_hanging(parts, media.path))
    try:
        yield
    finally:
        if watching is not None:
            watching.cancel()
            if parts.monitor.state.status is PlaybackStatus.LOADING:
                parts.monitor.update(stall="")


async def _report_hanging(parts: PlaybackParts, path: Path) -> None:
    await asyncio.sleep(_DISK_S)  # most files are there before: each thread is time before the first picture
    await until_hanging(path)
    parts.monitor.update(stall=str(StallCause.FILE))


def _opens(path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
    except OSError:
        return False
    return True


def _is_shorter(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size < size
    except OSError:
        return True


async def _none_beside() -> tuple[SubtitlePlace, ...]:
    return ()


def _nothing_to_play() -> MediaError:
    return MediaError(
        ErrorCode.MEDIA_UNSUPPORTED, "There is neither picture nor sound in this file that can be decoded here."
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What libmpv tells of its file."""

    title: str
    artist: str
    album: str
    duration_s: float | None
    chapters: tuple[Chapter, ...]
    container: str
    tracks: tuple[Mapping[str, Any], ...]
    decoder: str
    pixels: Mapping[str, Any]

    @property
    def pictures(self) -> bool:
        return any(one.get("type") == "video" and not one.get("albumart") for one in self.tracks)

    @property
    def sound(self) -> bool:
        return any(one.get("type") == "audio" for one in self.tracks)

    @property
    def rotation(self) -> int:
        """How far the picture is to be turned clockwise, in degrees."""
        video = next((one for one in self.tracks if one.get("type") == "video" and one.get("selected")), {})
        turned = int(video.get("demux-rotation") or 0) % 360
        return turned if turned in ROTATIONS else 0

    def facts(self, size: int) -> FileFacts:
        video = next((one for one in self.tracks if one.get("type") == "video" and one.get("selected")), {})
        audio = next((one for one in self.tracks if one.get("type") == "audio" and one.get("selected")), {})
        return FileFacts(
            self.container,
            size,
            str(video.get("codec") or ""),
            int(video.get("demux-w") or 0),
            int(video.get("demux-h") or 0),
            float(video.get("demux-fps") or 0.0),
            str(audio.get("codec") or ""),
            "" if self.decoder in ("", "no") else self.decoder,
            str(self.pixels.get("hw-pixelformat") or self.pixels.get("pixelformat") or ""),
            str(self.pixels.get("gamma") or ""),
            int(audio.get("demux-channel-count") or 0),
            int(audio.get("demux-samplerate") or 0),
            self.artist,
            self.album,
        )


def _read(player: MediaPlayer) -> _Found:
    duration_s = player.read("duration")
    chapters = player.read("chapter-list") or ()
    title, artist, album = (
        " ".join(str(player.read(f"metadata/by-key/{key}", "")).split())[:_LONGEST]
        for key in ("title", "artist", "album")
    )
    return _Found(
        title,
        artist,
        album,
        float(duration_s) if isinstance(duration_s, int | float) and duration_s > 0 else None,
        tuple(
            Chapter(float(one.get("time") or 0.0), " ".join(str(one.get("title") or "").split())[:_LONGEST])
            for one in chapters[:_MOST_CHAPTERS]
        ),
        str(player.read("file-format", "")),
        tuple(player.read("track-list") or ()),
        str(player.read("hwdec-current", "")),
        player.read("video-params") or {},
    )


@dataclass(frozen=True, slots=True)
class _Jump:
    """Where the viewer jumped to, and when by the monotonic clock (both s)."""

    target_s: float
    at_s: float


@dataclass(frozen=True, slots=True)
class _FirstLook:
    """What is known before libmpv has the file. ``fonts``: those inside it are used."""

    found: Inspected
    remembered: OpenedFile | None
    fonts: bool


async def _first_look(parts: PlaybackParts, media: MediaFile) -> tuple[_FirstLook, RemoteFile | None]:
    """All that waits for the disk at once: each turn on another thread is time before the first picture."""
    memory, path = parts.services.files, media.path
    if path is not None:
        return await apart(_look_at_disk, parts, path), None
    remote, head = await RemoteFile.open(
        media.url, parts.services.gate, parts.clock, parts.ending.fail_after_buffer, parts.settings.seed
    )
    identity, kind = address_identity(media.url), checked(kind_of(head), media.name)
    remembered = None if memory is None else await asyncio.to_thread(memory.of, identity)
    indexed, length = is_indexed(media.name, head), says_length(kind, head)
    found = Inspected(kind, identity, remote.size, indexed, tells_length=length)
    return _FirstLook(found, remembered, fonts=False), remote


def _look_at_disk(parts: PlaybackParts, path: Path) -> _FirstLook:
    memory, found = parts.services.files, inspect(path)
    remembered = None if memory is None else memory.of(found.identity, str(path), found.start)
    parts.services.learning.watch(series_of_file(path))
    fonts = found.kind is MediaFileKind.MATROSKA and attached_bytes(path) <= MOST_FONT_BYTES
    return _FirstLook(found, remembered, fonts)


def _start_s(parts: PlaybackParts, remembered: OpenedFile | None) -> float:
    """Where playback begins: as the viewer asks for, else as it was left."""
    asked_s = parts.settings.start_s
    if asked_s is not None:
        return asked_s
    return 0.0 if remembered is None else remembered.resume_s
