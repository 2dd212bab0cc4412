"""A look now and then at how a media file plays that libmpv opened by itself. Runs on the engine's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from player.base.errors import ErrorCode, MediaError
from player.mpv.control import MpvControl
from player.playback.file_growth import FileGrowth
from player.playback.file_tracks import FileTracks
from player.playback.parts import PlaybackParts

_TICK_S = 0.5
_CALM_TICKS = 4  # libmpv is asked every so often while all goes well: each question wakes its core
_ANSWER_S = 30.0
_GROWN_S = 1.0  # sound and picture end a little apart
_BACK_S = 1.0  # so far before the newest of a recording it goes on
_STEADY_S = 3.0  # libmpv reads no faster than the recording grows, from one look to the next
_LATE_LOOKS = 4  # a disk may be slow


@dataclass(slots=True)
class _LateSeek:
    """A seek that libmpv has not done yet, and the newest time that it has read. ``looks`` have seen it so."""

    target_s: float
    newest_s: float | None
    looks: int = 0


class FileProgress:
    """One for each playback. It ends at ``stop_at_s``, where that is set."""

    def __init__(
        self,
        parts: PlaybackParts,
        control: MpvControl,
        tracks: FileTracks,
        growth: FileGrowth,
    ) -> None:
        self._growth = growth
        self._loaded_for_s: float | None = None  # the seek for which the file was loaded again
        self.load_again: Callable[[float], Awaitable[None]] | None = None
        self._late: _LateSeek | None = None
        self._monitor = parts.monitor
        self._playhead = parts.playhead
        self._clock = parts.clock
        self._control = control
        self._tracks = tracks
        self._until_look = 0
        self._ranges: tuple[tuple[float, float], ...] = ()
        self._dropped = 0
        self.buffer_s = 0.0
        """Seconds of media that libmpv has read ahead."""
        self.grows = False
        """Whether the file tells no length that can be relied on: libmpv then counts what it has read."""
        self.stop_at_s: float | None = None

    async def tick(self, stopped: asyncio.Future[Literal[True]]) -> None:
        """Half a second, or less when ``stopped`` ends it. Raises MediaError where libmpv does not answer."""
        await asyncio.wait({stopped}, timeout=_TICK_S)
        moving = self._monitor.should_move and self.stop_at_s is None
        if not moving or self._until_look <= 0:
            self._until_look = _CALM_TICKS
            await self.inspect()
        else:
            self._until_look -= 1
            self._go_on()
            self.sample()

    async def inspect(self) -> None:
        """Ask libmpv how things stand. Raises MediaError where it does not answer."""
        player = self._control.player
        try:
            async with asyncio.timeout(_ANSWER_S):
                found = await self._control.run(player.measure)
                count = await self._control.run(player.read, "track-list/count", self._tracks.count)
                await self._compare_length()
                await self._look_at_seek()
        except TimeoutError:
            raise MediaError(ErrorCode.MEDIA_DECODER, "The decoder does not answer any more.") from None
        self._dropped, self._ranges, self.buffer_s = found.dropped, found.cached, found.held_s
        if not player.tells_position:
            self._monitor.set_position(found.position_s)
        if count != self._tracks.count:
            await self._tracks.read()  # captions were found inside the pictures, say
        self.sample()
        if self.stop_at_s is not None and self._monitor.has_reached(self.stop_at_s):
            self._monitor.stop_short()

    async def _compare_length(self) -> None:
        told_s = self._monitor.state.duration_s
        if told_s is None:
            return
        now_s = await self._control.run(self._control.player.read, "duration")
        if isinstance(now_s, int | float) and now_s > told_s + _GROWN_S:
            self.grows = True
            self._monitor.update(duration_s=None)

    async def _look_at_seek(self) -> None:
        """Cure a seek that libmpv does not do in a file that has grown.

        For a time behind the newest it would wait until the recording has grown as far: it is led to the newest. For
        one before it may wait for ever: the file is loaded again there, once for each seek."""
        target_s = self._monitor.state.position_s if self._monitor.is_seeking else None
        if target_s is None:
            self._late = None
            return
        newest_s = await self._control.run(self._control.player.read, "duration")
        late, self._late = self._late, _LateSeek(target_s, newest_s)
        if late is None or late.target_s != target_s or newest_s is None or late.newest_s is None:
            return
        self._late.looks = late.looks + 1
        if target_s <= newest_s:
            if self._late.looks >= _LATE_LOOKS and target_s != self._loaded_for_s and await self._growth.is_longer():
                self._late, self._loaded_for_s = None, target_s
                if self.load_again is not None:
                    await self.load_again(target_s)
            return
        if newest_s - late.newest_s > _STEADY_S or not await self._growth.is_longer():
            return
        written_s = await self._growth.newest_s()
        if target_s <= written_s:
            return  # libmpv reads up to there
        self._late = None
        newest_s = max(0.0, newest_s - _BACK_S, written_s - _BACK_S)
        if written_s > 0 and self.load_again is not None:
            await self.load_again(newest_s)  # libmpv reads for the target until the recording ends
            return
        self._monitor.start_seek(newest_s)
        await self._control.run(self._control.player.seek, newest_s)

    def _go_on(self) -> None:
        """Take it that playback has gone on since the last look."""
        position_s, duration_s = self._playhead.by_now_s(self._clock.monotonic()), self._monitor.state.duration_s
        self._monitor.set_position(position_s if duration_s is None else min(position_s, duration_s))

    async def read_position(self) -> None:
        """Ask where playback is: what libmpv tells by itself may come later than its end."""
        self._monitor.set_position(await self._control.run(self._control.player.read, "time-pos"))

    def sample(self) -> None:
        """Report where playback is."""
        self._monitor.sample(self._playhead.position_s + self.buffer_s, self._ranges, self._dropped)
