"""What every part of one playback shares, made when the playback is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from drm_client.keys import KeyRing
from player.base.clock import Clock
from player.mpv.model import MediaPlayer
from player.playback.controls import Controls
from player.playback.ending import PlaybackEnding
from player.playback.monitor import Monitor
from player.playback.settings import PlaybackServices, PlaybackSettings
from player.playback.tasks import PlaybackTasks
from player.reporting.events import EventHub
from player.stream.buffered import Playhead
from player.stream.throughput import Throughput
from player.stream.virtual import VirtualStream
from player.stream.waiting import Waiting
from player.title.opening import PlaybackSource
from player.transfer.pathways import Pathways


class PlaybackCommands(Protocol):
    """What the parts of a playback ask of their session."""

    @property
    def buffer_s(self) -> float:
        """Seconds of media that are complete ahead of the position."""
        ...

    def turn(self, degrees: int) -> None:
        """The file says that its picture is to be turned, clockwise."""
        ...

    def seek(self, position_s: float) -> None:
        """Jump to a time; see :meth:`player.playback.session.Session.seek`."""
        ...


@dataclass(frozen=True, slots=True)
class PlaybackParts:
    """See the module. ``commands`` is the session itself; ``observe`` hands each event to all who follow it."""

    source: PlaybackSource
    player: MediaPlayer
    services: PlaybackServices
    settings: PlaybackSettings
    commands: PlaybackCommands
    observe: EventHub
    monitor: Monitor
    playhead: Playhead
    waiting: Waiting
    keys: KeyRing
    paths: Pathways
    throughput: Throughput
    controls: Controls
    tasks: PlaybackTasks
    ending: PlaybackEnding

    @property
    def clock(self) -> Clock:
        return self.services.clock


class PendingStream:
    """The stream that libmpv opens while the manifest is still on its way: libmpv's thread waits for it."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._loop = asyncio.get_running_loop()
        self._asked = asyncio.Event()
        self._opener: Future[Callable[[], VirtualStream]] = Future()

    def open(self) -> VirtualStream:
        """On libmpv's own thread. Raises Interrupted when the playback ends before :meth:`provide`."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._asked.set)
        self._waiting.until(self._opener.done)
        return self._opener.result()()

    async def asked(self) -> None:
        """Until libmpv has begun with the file: before that it refuses the file's own options, and on a busy machine
        it begins some time after it was told to."""
        await self._asked.wait()

    def provide(self, opener: Callable[[], VirtualStream]) -> None:
        """There is something to read. On the loop, once."""
        self._opener.set_result(opener)
        self._waiting.wake()
