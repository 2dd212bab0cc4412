"""The phases of a playback. Each is an immutable bundle of what there is by then, and has the methods that may be
called then; :mod:`player.playback.steps` leads from one to the next. Everything runs on the engine's loop.

``Requested -> Opening -> Loaded -> Ready -> Playing``: a later phase has all of the earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from player.base.errors import MatineeError, undecodable
from player.licensing.licences import PlaybackLicences
from player.manifest.model import Presentation
from player.mpv.control import MpvControl
from player.net.suspend import Sleep
from player.playback.live import LivePlayback
from player.playback.on_demand import RecordedPlayback
from player.playback.parts import PendingStream, PlaybackParts
from player.playback.previews import Previews
from player.playback.progress import PlaybackProgress
from player.playback.reload import Reloads
from player.playback.track_switching import TrackSwitch
from player.reporting.events import Sought
from player.stream.sources import Sources
from player.stream.streaming import Streaming
from player.text.subtitle_files import SubtitleLine
from player.thumbnails import Picture
from player.title.heartbeats import Heartbeats, NoHeartbeats
from player.title.opening import TitleAddresses
from player.tracks.selection import Selection, wanted_bps
from player.transfer.loader import Loader


@dataclass(frozen=True, eq=False)
class Requested:
    """Nothing is known of the title yet."""

    parts: PlaybackParts

    @property
    def buffer_s(self) -> float:
        """Seconds of media that are complete ahead of the position."""
        return 0.0

    def network_changed(self, sleep: Sleep) -> None:
        """The machine slept, and may have another network."""

    def player_event(self, name: str) -> None:
        """An event of libmpv's."""

    def player_property(self, name: str, value: Any) -> None:  # noqa: ANN401  (libmpv's values)
        """An observed property of libmpv's changed."""

    def refusal(self, data: Mapping[str, Any]) -> MatineeError | None:  # noqa: ARG002
        """Why libmpv gave up its file; ``data`` is its ``end-file`` event. None where it is given another try."""
        return undecodable()

    async def seek(self, target_s: float) -> None:
        """Jump to a time, as soon as there is something to jump in."""
        self.parts.controls.early_seek_s = target_s

    async def thumbnail(self, time_s: float) -> Picture | None:  # noqa: ARG002
        """The small picture of a time; None where there is none."""
        return None

    def set_rung(self, index: int | None) -> None:
        """Fix the quality, or None for Auto, where there are several."""

    def set_speed(self, speed: float) -> None:
        """The viewer chose a speed."""

    async def choose_audio(self, track_id: str) -> None:
        """The viewer chooses an audio track, where there is one by then."""

    async def choose_text(self, track_id: str | None) -> None:
        """The viewer chooses subtitles, or none, where there are some by then."""

    async def choose_second_text(self, track_id: str | None) -> None:
        """Show other subtitles at the top as well, or none. Raises NetError, InputError or MediaError."""

    async def add_subtitles(self, path: Path) -> None:
        """Show a subtitle file of the viewer's. Raises InputError or MediaError where it cannot be read."""

    def keep_bookmarks(self, marks_s: tuple[float, ...]) -> None:
        """The viewer's bookmarks, as they are now; they last where what plays is known again."""
        self.parts.monitor.update(bookmarks=marks_s)

    async def subtitle_lines(self) -> tuple[SubtitleLine, ...]:
        """What is said in the subtitles that are shown, as far as it is known."""
        return ()

    @property
    def is_protected(self) -> bool:
        """Whether pictures of this title may not be kept."""
        return False

    async def command(self, *words: str) -> bool:  # noqa: ARG002
        """Run a command of libmpv's; False where there is no file yet, or libmpv refuses it."""
        return False

    async def say_goodbye(self) -> None:
        """Tell the service that the playback is over."""

    async def close(self) -> None:
        """Let go of everything."""
        self.parts.waiting.end()


@dataclass(frozen=True, eq=False)
class Opening(Requested):
    """The addresses are known, and libmpv opens its file at ``url``: it waits in ``stream`` until there is one."""

    addresses: TitleAddresses
    loader: Loader
    licences: PlaybackLicences
    heartbeats: Heartbeats | NoHeartbeats
    control: MpvControl
    reloads: Reloads
    stream: PendingStream
    url: str

    @property
    def start_s(self) -> float:
        """Where playback is to begin: as the viewer asks for, else as it was left."""
        asked_s = self.parts.settings.start_s
        return self.addresses.resume_s if asked_s is None else asked_s

    def network_changed(self, sleep: Sleep) -> None:  # noqa: ARG002  (the loader begins again in any case)
        self.loader.network_changed()

    def player_event(self, name: str) -> None:
        """An event of libmpv's."""
        self.reloads.event(name)

    async def say_goodbye(self) -> None:
        await self.heartbeats.close()

    async def close(self) -> None:
        await super().close()
        self.reloads.close()
        await self.control.leave(self.url)
        await self.close_loading()

    async def close_loading(self) -> None:
        """libmpv reads no more: stop what loads, and forget the keys."""
        await self.loader.close()
        await self.licences.close()


@dataclass(frozen=True, eq=False)
class Loaded(Opening):
    """The manifest is read, and its tracks are chosen."""

    presentation: Presentation
    selection: Selection
    sources: Sources
    streaming: Streaming
    tracks: TrackSwitch
    previews: Previews
    asked_s: float | None  # when the manifest was asked for; None: some time ago

    @property
    def buffer_s(self) -> float:
        return self.streaming.buffered_until() - self.parts.playhead.position_s

    def set_rung(self, index: int | None) -> None:
        """Fix the quality, or None for Auto."""
        self.streaming.set_manual(index)
        self.aim_at(index)

    def aim_at(self, rung: int | None) -> None:
        """Tell the choice of paths what rate playback would like to have."""
        self.parts.paths.wanted_bps = wanted_bps(self.selection.main, rung)

    async def thumbnail(self, time_s: float) -> Picture | None:
        """The small picture of a time; None where there is none."""
        return await self.previews.thumbnail(time_s)

    def player_event(self, name: str) -> None:
        tasks = self.parts.tasks
        if self.reloads.event(name):
            tasks.do(self.tracks.restore_text)  # libmpv forgets them with the file
        if name == "playback-restart":
            self.streaming.arrived()
            tasks.do(self.tracks.show_preferred_text)
            tasks.do(self.previews.load_chapters)

    def player_property(self, name: str, value: Any) -> None:  # noqa: ANN401, ARG002
        if name in ("pause", "paused-for-cache", "speed"):
            self.streaming.poke()  # the buffer has room sooner now, or later

    async def close_loading(self) -> None:
        await self.streaming.close()
        await super().close_loading()


@dataclass(frozen=True, eq=False)
class Ready(Loaded):
    """The segments are known, and those at the start are fetched."""

    title: LivePlayback | RecordedPlayback
    progress: PlaybackProgress

    def network_changed(self, sleep: Sleep) -> None:
        super().network_changed(sleep)
        self.title.account_for_sleep(sleep)

    def set_speed(self, speed: float) -> None:
        """The viewer chose a speed."""
        self.title.set_viewer_speed(speed)

    async def close(self) -> None:
        await self.title.close()
        await super().close()


@dataclass(frozen=True, eq=False)
class Playing(Ready):
    """libmpv has something to read, and can be commanded."""

    async def seek(self, target_s: float) -> None:
        """An exact seek that also ends a read that is blocked where nobody wants to read any more.

        libmpv does not seek before it has its file, or while it loads another one: then it seeks right after that.
        """
        parts, reloads = self.parts, self.reloads
        if not reloads.can_seek:
            parts.controls.early_seek_s = target_s
            return
        parts.ending.failure = None  # the viewer asks for another place, or for another try
        if parts.monitor.ended:
            parts.controls.restore_pause()
        target_s = self.streaming.aim(self.title.seek_target(target_s))
        parts.observe(Sought(parts.clock.monotonic(), parts.playhead.position_s, target_s))
        parts.monitor.start_seek(target_s)
        seek = parts.player.seek_afresh if reloads.jump() else parts.player.seek
        generation = parts.waiting.generation
        await self.control.run(seek, target_s)
        ranges = await self.control.run(parts.player.cached_ranges)
        if not any(start <= target_s <= end for start, end in ranges):
            parts.waiting.interrupt(generation)

    async def choose_audio(self, track_id: str) -> None:
        await self.tracks.choose_audio(track_id)

    async def choose_text(self, track_id: str | None) -> None:
        await self.tracks.choose_text(track_id)

    async def choose_second_text(self, track_id: str | None) -> None:
        await self.tracks.choose_second_text(track_id)

    async def add_subtitles(self, path: Path) -> None:
        await self.tracks.add_subtitles(path)

    async def subtitle_lines(self) -> tuple[SubtitleLine, ...]:
        return self.tracks.lines()

    @property
    def is_protected(self) -> bool:
        return self.addresses.offer is not None or bool(self.parts.source.keys)

    async def command(self, *words: str) -> bool:
        return await self.control.run(self.control.player.command, *words)

    def player_event(self, name: str) -> None:
        super().player_event(name)
        controls, tasks = self.parts.controls, self.parts.tasks
        if name == "file-loaded":
            target_s, controls.early_seek_s = controls.early_seek_s, None
            if target_s is not None:
                tasks.do(partial(self.seek, target_s))
        if name == "playback-restart":
            tasks.do(self.look_for_end)

    def player_property(self, name: str, value: Any) -> None:  # noqa: ANN401
        super().player_property(name, value)
        if name == "eof-reached" and value:
            self.parts.tasks.do(self.look_for_end)

    async def look_for_end(self) -> None:
        """See whether libmpv has come to the end of its file, and whether the title ends there."""
        if await self.control.run(self.parts.player.read, "eof-reached"):
            await self.progress.read_position()
            self._reached_end()

    def _reached_end(self) -> None:
        parts, streaming = self.parts, self.streaming
        if parts.monitor.ended or parts.monitor.is_seeking or parts.ending.following:
            return  # where a jump leads to is looked at when it has arrived
        if self.reloads.pending:
            return  # another file goes on
        if parts.ending.failure is not None:
            parts.ending.fail(parts.ending.failure)
            return
        stop_at_s = self.progress.stop_at_s
        if stop_at_s is not None and parts.monitor.near_end(stop_at_s):
            parts.monitor.stop_short()
            return
        at_end = streaming.at_end or parts.monitor.near_end(streaming.end_s)
        if at_end and self.title.following and parts.source.is_address:
            parts.ending.go_on(self.title.following)
            return
        if not parts.monitor.finish_at(at_end=at_end):
            # A read was interrupted although libmpv did not seek: any seek makes it read on.
            parts.tasks.do(lambda: self.seek(parts.playhead.position_s))
            parts.controls.restore_pause()
