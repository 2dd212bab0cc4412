"""A stand-in for libmpv in virtual time: it reads the virtual file, lets time pass, and shows nothing. It tries a
keyframe and a frame of audio now and then (:mod:`player.qa.simulation.spot_check`), and decodes nothing else.

A playback cannot tell it from libmpv. It reads a few seconds ahead, its first frame needs the first packet, a stall
ends with half a second of media, and an exact seek goes to the Cue before its target.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any

from player.media.model import Codec, Interrupted, StreamConfig
from player.mpv.model import PlayerSample, Ranges
from player.mpv.streams import ByteStream
from player.qa.simulation.reader import FileReader
from player.qa.simulation.spot_check import SpotCheck, Stream
from player.stream.waiting import Waiting

STEP_S = 0.05
_READ_AHEAD_S = 4.0  # about what libmpv holds (player.mpv.readahead)
_RESTART_S = 0.5  # as cache_pause_wait there
_START = "file-local-options/start"
_START_OPTION = re.compile(r"(?:^|,)start=([\d.]+)")
_VIDEO_TRACK = 1
_DECLARED = ({"id": 1, "codec": "eia_608"},)  # nothing is decoded: captions that are declared are taken to be there
_END_S = 0.25  # the last packets may begin so long before the end


class StepWaiting(Waiting):
    """Never blocks: what is not there yet ends the read, and ``blocked`` tells so."""

    def __init__(self) -> None:
        super().__init__()
        self.blocked = False

    def until(self, ready: Callable[[], bool]) -> None:
        if not ready():
            self.blocked = True
            raise Interrupted


class _OnTheSpot(Executor):
    """Makes each call when it is submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:  # noqa: ANN401
        done: Future[Any] = Future()
        done.set_result(fn(*args, **named))
        return done


class SimulatedPlayer:
    """A :class:`player.mpv.model.MediaPlayer`; see the module. Everything runs on the loop that ``load`` is called
    on. No picture is shown before ``shown_from_s`` on the loop's clock. ``around`` may wrap what
    opens a stream."""

    def __init__(
        self,
        shown_from_s: float = 0.0,
        around: Callable[[Callable[[], ByteStream]], Callable[[], ByteStream]] = lambda opener: opener,
    ) -> None:
        self._around = around
        self._shown_from_s = shown_from_s
        self.waiting = StepWaiting()
        self._check = SpotCheck()
        self._furthest_s = 0.0
        self._openers: dict[str, Callable[[], ByteStream]] = {}
        self._names = itertools.count(1)
        self._on_property: Callable[[str, Any], None] | None = None
        self._on_event: Callable[[str, Mapping[str, Any]], None] | None = None
        self.tells_position = True
        self._properties: dict[str, Any] = {"pause": False, "volume": 100, "mute": False, "speed": 1.0}
        self._task: asyncio.Task[None] | None = None
        self._reader: FileReader | None = None
        self._position_s = 0.0
        self._read_until_s = 0.0
        self._started = False
        self._moving = True  # towards where the first picture, or a seek, is
        self._stalled = False
        self._nothing_more = False
        self._over = False
        self._following: list[tuple[str, float]] = []  # files that go on behind this one, and from when

    # --- what it is told and asked (MediaPlayer)

    def worker(self) -> Executor:
        return _OnTheSpot()

    def listen(
        self,
        on_property: Callable[[str, Any], None] | None,
        on_event: Callable[[str, Mapping[str, Any]], None] | None,
    ) -> None:
        self._on_property, self._on_event = on_property, on_event

    def latest(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        return self._properties.get(name, default)

    def read(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        if name == "track-list":
            return _DECLARED
        return self._over if name == "eof-reached" else self._properties.get(name, default)

    def decoders(self) -> frozenset[str]:
        return frozenset(str(codec) for codec in Codec)

    def cached_ranges(self) -> Ranges:
        return ((self._position_s, self._read_until_s),) if self._read_until_s > self._position_s else ()

    def measure(self) -> PlayerSample:
        position_s, wrong = self._position_s, self.decode_errors
        return PlayerSample(position_s, self.cached_ranges(), 0, position_s, STEP_S, complaints=wrong)

    def look(self, number: int, config: StreamConfig, pts_s: float, data: bytes) -> None:
        """A sample of the audio track of this number in the segments of a video, which is not played."""
        self._check.take(-1 - number, Stream(config.codec, config.private), pts_s, data, key=True)

    @property
    def decode_errors(self) -> int:
        """How many looks at what has been played so far found that no decoder takes it."""
        self._furthest_s = max(self._furthest_s, self._position_s)
        return self._check.errors(self._furthest_s)

    def offer(self, open_stream: Callable[[], ByteStream]) -> str:
        url = f"simulated://{next(self._names)}"
        self._openers[url] = self._around(open_stream)
        return url

    def stop(self) -> None:
        self.command("stop")

    def leave_behind(self) -> None:
        """Nothing here waits for a disk."""

    def withdraw(self, url: str) -> None:
        self._openers.pop(url, None)

    def load(self, url: str, start_s: float | None, options: Mapping[str, str] | None = None) -> None:
        del options  # there are none that matter where nothing is shown
        self._following.clear()
        if self._task is not None:
            self._task.cancel()
        self._begin(url, start_s or 0.0)

    def command(self, *words: str) -> bool:
        if words[0] == "stop" and self._task is not None:
            self._task.cancel()
        elif words[0] == "loadfile":
            _, url, _, options = words
            self._following.append((url, float(_START_OPTION.findall(options)[0])))
        elif words[0] == "playlist-clear":
            self._following.clear()
        return words[0] in ("stop", "loadfile", "playlist-clear", "sub-add", "sub-remove")

    def seek(self, position_s: float, *, exact: bool = True) -> bool:
        del exact
        if self._reader is None:
            return False
        if any(start <= position_s <= end for start, end in self.cached_ranges()):
            self._move(position_s)
            return True
        return self.seek_afresh(position_s)

    def seek_afresh(self, position_s: float) -> bool:
        if self._reader is None:
            return False
        self._move(position_s)
        self._nothing_more = False
        self._read_until_s = 0.0
        self._reader.seek(position_s)
        return True

    def _move(self, position_s: float) -> None:
        self._position_s, self._moving, self._over = position_s, True, False
        self._stall(stalled=False)
        self._event("seek")

    def set(self, name: str, value: Any) -> None:  # noqa: ANN401
        self._properties[name] = value
        self._tell(name, value)

    # --- its life

    def _begin(self, url: str, start_s: float) -> None:
        self._properties.pop(_START, None)  # of the file before
        self._position_s, self._read_until_s, self._reader = start_s, 0.0, None
        self._moving, self._nothing_more, self._over = True, False, False
        self._stall(stalled=False)
        self._event("start-file")
        self._task = asyncio.get_running_loop().create_task(self._play(self._openers[url]))

    async def _play(self, open_stream: Callable[[], ByteStream]) -> None:
        reader = None
        while reader is None:
            try:
                reader = self._reader = FileReader(open_stream(), self._check)
            except Interrupted:
                await asyncio.sleep(STEP_S)
        self._event("file-loaded")
        # The file leads to the segment that playback begins in; where in it may have become known since the load.
        self._position_s = float(self._properties.get(_START, self._position_s))
        while self._reader is reader:
            self._step(reader, STEP_S * float(self._properties["speed"]))
            await asyncio.sleep(STEP_S)

    def _step(self, reader: FileReader, seconds: float) -> None:
        self._read(reader)
        if self._over:
            return
        if self._moving:
            self._arrive()
        elif not self._properties["pause"]:
            self._go_on(seconds)

    def _arrive(self) -> None:
        """Show the picture at the target as soon as it is there."""
        there = self._read_until_s > self._position_s or self._nothing_more
        late_s = asyncio.get_running_loop().time() - self._shown_from_s
        if there and late_s >= 0:
            if not self._started:  # it was shown between two steps
                self._position_s += min(late_s, STEP_S) if self._shown_from_s else 0.0
            self._moving, self._started = False, True
            self._event("playback-restart")
            self._tell("time-pos", self._position_s)

    def _go_on(self, seconds: float) -> None:
        ahead_s = self._read_until_s - self._position_s
        if self._stalled and (ahead_s >= _RESTART_S or self._nothing_more):
            self._stall(stalled=False)
        if self._stalled:
            return
        self._position_s += max(0.0, min(seconds, ahead_s))
        self._tell("time-pos", self._position_s)
        if ahead_s > seconds:
            return
        if self._nothing_more and self._following:
            self._begin(*self._following.pop(0))
        elif self._nothing_more:
            self._over = True
            self._tell("eof-reached", True)
        else:
            self._stall(stalled=True)

    def _read(self, reader: FileReader) -> None:
        while not self._nothing_more and self._read_until_s - self._position_s < _READ_AHEAD_S:
            self.waiting.blocked = False
            packets = reader.read()
            if packets is None:
                self._nothing_more = not self.waiting.blocked
                if self._nothing_more and reader.duration_s is not None:
                    near = reader.duration_s - self._read_until_s <= _END_S
                    self._read_until_s = reader.duration_s if near else self._read_until_s
                return
            for packet in packets:
                if packet.track == _VIDEO_TRACK or not reader.has_video:
                    self._read_until_s = max(self._read_until_s, packet.pts_s)

    def _stall(self, *, stalled: bool) -> None:
        if stalled != self._stalled:
            self._stalled = stalled
            self._tell("paused-for-cache", stalled)

    def _tell(self, name: str, value: object) -> None:
        if self._on_property is not None:
            self._on_property(name, value)

    def _event(self, name: str) -> None:
        if self._on_event is not None:
            self._on_event(name, {})
