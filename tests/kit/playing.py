"""A whole session over a scripted network and a stepped clock, with a player that does only what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from types import SimpleNamespace
from typing import Any, cast

from drm_client.licence import LicenceClient
from player.media.model import Codec, Interrupted
from player.mpv.model import PlayerSample, Ranges
from player.mpv.streams import ByteStream
from player.net.gate import Gate
from player.net.model import Transfer
from player.playback.session import Session
from player.playback.settings import PlaybackServices, PlaybackSettings
from player.reporting.events import Event
from player.reporting.state import PlaybackState
from player.stream.waiting import Waiting
from player.title.opening import PlaybackSource
from tests.kit.clock import FakeClock, settle
from tests.kit.transport import ScriptedTransport
from tests.kit.waiting import PATIENCE_S


class InstantExecutor(Executor):
    """Makes each call when it is submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **named))
        except Exception as error:  # noqa: BLE001  (whoever awaits it gets it)
            done.set_exception(error)
        return done


class NonBlockingWaiting(Waiting):
    """What is not there yet ends the read: the test runs on one thread."""

    def until(self, ready: Callable[[], bool]) -> None:
        if not ready():
            raise Interrupted


class FakePlayer:
    """A :class:`player.mpv.model.MediaPlayer`. ``told`` lists what it was told to do; events are the test's."""

    tells_position = True

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.properties: dict[str, Any] = {"pause": False, "volume": 100, "mute": False, "speed": 1.0}
        self.cached: Ranges = ()
        self.openers: dict[str, Callable[[], ByteStream]] = {}
        self._on_property: Callable[[str, Any], None] = lambda _name, _value: None
        self._on_event: Callable[[str, Mapping[str, Any]], None] = lambda _name, _data: None

    # --- what the test does

    def open(self) -> ByteStream:
        """Open the file that was loaded last. Raises Interrupted while there is nothing to read."""
        url = next(values[0] for name, *values in reversed(self.told) if name == "load")
        return self.openers[url]()

    async def begin(self, position_s: float = 0.0) -> None:
        """Have the file, and show the first frame."""
        self.open()
        self.event("file-loaded")
        await self.arrive(position_s)

    async def arrive(self, position_s: float) -> None:
        """Show a frame after a seek."""
        self.event("playback-restart")
        self.property("time-pos", position_s)
        await settle()

    def event(self, name: str, **data: Any) -> None:
        self._on_event(name, data)

    def property(self, name: str, value: Any) -> None:
        self.properties[name] = value
        self._on_property(name, value)

    def done(self, name: str) -> list[Any]:
        """The first value of each command of that name."""
        return [values[0] for command, *values in self.told if command == name]

    # --- what the session does

    def worker(self) -> Executor:
        return InstantExecutor()

    def listen(self, on_property: Any, on_event: Any) -> None:
        self._on_property = on_property or (lambda _name, _value: None)
        self._on_event = on_event or (lambda _name, _data: None)

    def latest(self, name: str, default: Any = None) -> Any:
        return self.properties.get(name, default)

    def read(self, name: str, default: Any = None) -> Any:
        return self.properties.get(name, default)

    def decoders(self) -> frozenset[str]:
        return frozenset(str(codec) for codec in Codec)

    def cached_ranges(self) -> Ranges:
        return self.cached

    def measure(self) -> PlayerSample:
        return PlayerSample(None, self.cached, 0, object(), 0.04)

    def offer(self, open_stream: Callable[[], ByteStream]) -> str:
        url = f"fake://{len(self.openers) + 1}"
        self.openers[url] = open_stream
        return url

    def stop(self) -> None:
        self.command("stop")

    def leave_behind(self) -> None:
        self.told.append(("leave_behind",))

    def withdraw(self, url: str) -> None:
        self.told.append(("withdraw", url))

    def load(self, url: str, start_s: float | None, options: Mapping[str, str] | None = None) -> None:
        self.told.append(("load", url, start_s, options))

    def command(self, *words: str) -> bool:
        self.told.append(words)
        return True

    def seek(self, position_s: float, *, exact: bool = True) -> bool:
        assert exact
        self.told.append(("seek", position_s))
        self.event("seek")
        return True

    def seek_afresh(self, position_s: float) -> bool:
        self.told.append(("seek_afresh", position_s))
        self.event("seek")
        return True

    def set(self, name: str, value: Any) -> None:
        self.told.append(("set", name, value))


class SessionBench:
    """A session that runs as a task; make it inside of the loop."""

    def __init__(
        self,
        source: PlaybackSource,
        files: Mapping[str, bytes],
        settings: PlaybackSettings | None = None,
        service: object | None = None,
    ) -> None:
        self.clock = FakeClock(waits_for_threads=True)
        self.transport = ScriptedTransport(self.clock, files)
        self.player = FakePlayer()
        self.states: list[PlaybackState] = []
        self.events: list[Event] = []
        self.waiting = NonBlockingWaiting()
        services = PlaybackServices(
            asyncio.get_running_loop(),
            self.clock,
            Gate(self.transport, self.clock, self._transferred),
            cast("LicenceClient", SimpleNamespace(now=self.clock.wall)),
            cast("Any", service),
            waiting=lambda: self.waiting,
        )
        self.session = Session(
            source,
            self.player,
            services,
            settings or PlaybackSettings(),
            self.states.append,
            self.events.append,
        )
        self.running: asyncio.Task[None] | None = None

    def _transferred(self, transfer: Transfer) -> None:
        self.session.transferred(transfer)

    @property
    def state(self) -> PlaybackState:
        return self.session.state

    @property
    def asked(self) -> list[str]:
        """The last part of each address that was asked for, in order."""
        return [request.url.rsplit("/", 1)[-1] for request in self.transport.requests]

    async def open(self, seconds: float = 5.0) -> None:
        """Ask for the playback, and let so much time pass."""
        self.running = asyncio.ensure_future(self.session.run())
        await self.clock.advance(seconds)

    async def play(self, position_s: float = 0.0) -> None:
        """Open it, and play."""
        await self.open()
        await self.player.begin(position_s)
        await self.clock.advance(1.0)

    async def finish(self) -> None:
        """Wait until the session has closed everything."""
        assert self.running is not None
        async with asyncio.timeout(PATIENCE_S):
            await self.running

    async def stop(self) -> None:
        self.session.stop()
        await self.finish()
