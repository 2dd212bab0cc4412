"""A sink in place of libmpv, for playbacks in fast time.

What it does of libmpv:

- It reads the virtual file from the first byte on, through the same stream object and with the same jumps over Void
  elements.
- It keeps a few seconds of packets ahead of the frame that is shown.
- Time goes on while there are frames for it. Else it stalls, and starts again when a second of them is there.
- Where a segment is left out, the video stands still for its length.
- The end of the file ends it. So does an error of the stream, once everything before it has been shown.

What it does not do: decode, show and seek.

It runs on the loop's own thread. :class:`StepWaiting` makes a read that would block come back with
:class:`NotYetError`; the sink reads again at its next step. Segments hold *checked records*: samples with their time,
their rung, filling and a checksum, so that any byte that is not as it was made is seen as damage.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence

from player.base.errors import ErrorCode, MediaError
from player.media.demux import Demuxer
from player.media.model import ByteSource, Interrupted, Sample, StreamKind
from player.stream.streaming import Streaming
from player.stream.virtual import VirtualStream
from player.stream.waiting import Waiting
from tests.kit.presentations import AAC, H264

STEP_S = 0.5
"""Time between two samples."""
READ_AHEAD_S = 4.0
RESTART_S = 1.0  # a stall ends when so much is there
_HEAD = struct.Struct(">2scddII")
_MAGIC = b"CR"
_SHOWN = re.compile(rb"<(\d)@(\d+\.\d{3})>")
_KINDS = {b"v": StreamKind.VIDEO, b"a": StreamKind.AUDIO}


class NotYetError(BaseException):
    """What is asked for has not arrived. Not an Exception: nothing on the way may take it for a failure."""


class StepWaiting(Waiting):
    """Never blocks."""

    def until(self, ready: Callable[[], bool]) -> None:
        if ready():
            return
        if self.ended or self._generation <= self._interrupted:
            raise Interrupted
        raise NotYetError


def checked_segment(kind: StreamKind, start_s: float, end_s: float, rung: int, size: int) -> bytes:
    """A segment of about ``size`` bytes."""
    letter = b"v" if kind is StreamKind.VIDEO else b"a"
    count = max(1, round((end_s - start_s) / STEP_S))
    filling = bytes(max(0, size // count - 40))
    parts = []
    for number in range(count):
        time_s = start_s + number * STEP_S
        mark = f"<{rung}@{time_s:.3f}>".encode() if letter == b"v" else b""
        data = mark + filling
        length_s = min(STEP_S, end_s - time_s)
        head = _HEAD.pack(_MAGIC, letter, time_s, length_s, len(data), zlib.crc32(data, zlib.crc32(letter)))
        parts.append(head + data)
    return b"".join(parts)


class CheckedDemuxer(Demuxer):
    """Reads checked records. ``broken(time_s)`` may raise what a decryptor would."""

    def __init__(
        self, init: bytes | None, kids: Sequence[bytes] = (), broken: Callable[[float], None] = lambda _time_s: None
    ) -> None:
        if init is not None and init != INIT:
            raise MediaError(ErrorCode.MEDIA_DAMAGED, "The initialisation segment is damaged.")
        self.configs = {StreamKind.VIDEO: H264, StreamKind.AUDIO: AAC}
        self.default_kids = tuple(kids)
        self._broken = broken

    def samples(self, source: ByteSource, *, fallback_start_s: float = 0.0) -> Iterator[Sample]:
        place = 0
        while source.wait(place + 1) > place:
            if source.wait(place + _HEAD.size) < place + _HEAD.size:
                raise _damaged()
            magic, letter, time_s, length_s, size, checksum = _HEAD.unpack(source.view(place, place + _HEAD.size))
            place += _HEAD.size
            if magic != _MAGIC or letter not in _KINDS or source.wait(place + size) < place + size:
                raise _damaged()
            data = source.view(place, place + size)
            if zlib.crc32(data, zlib.crc32(letter)) != checksum:
                raise _damaged()
            self._broken(time_s)
            place += size
            yield Sample(_KINDS[letter], time_s, time_s, length_s, True, data)


INIT = b"an initialisation segment" * 20


def _damaged() -> MediaError:
    return MediaError(ErrorCode.MEDIA_DAMAGED, "A segment of this title is damaged.")


class FastSink:
    """Shows what a :class:`Streaming` gives; call :meth:`step` as time goes on. The module says what it stands for.

    ``shown`` maps the time of each picture to its rung, ``stalls`` are (position, seconds) of those after the first
    picture, ``started_s`` is the time on the clock of the first picture.
    """

    def __init__(self, streaming: Streaming, start_s: float, end_s: float) -> None:
        self._streaming = streaming
        self._stream: VirtualStream = streaming.open()
        self._place = 0
        self._end_s = end_s
        self.position_s = start_s
        self.read_until_s = start_s
        self.shown: dict[float, int] = {}
        self.stalls: list[tuple[float, float]] = []
        self.started = False
        self.playing = False
        self.at_end = False
        self.stopped = False  # the stream gives nothing any more
        self._stalled_for_s = 0.0

    @property
    def over(self) -> bool:
        """Whether everything that came has been shown and nothing more comes."""
        return (self.at_end or self.stopped) and self.position_s >= min(self.read_until_s, self._end_s) - 1e-6

    @property
    def stalled_s(self) -> float:
        """Seconds in stalls, the one under way among them."""
        return sum(length for _, length in self.stalls) + self._stalled_for_s

    def step(self, seconds: float) -> None:
        """Let ``seconds`` pass on the screen."""
        self._read()
        ahead_s = self.read_until_s - self.position_s
        last = self.at_end or self.stopped
        if not self.playing:
            if ahead_s >= RESTART_S or (last and ahead_s > 0):
                self._go_on()
            elif self.started and not last:
                self._stalled_for_s += seconds
        if not self.playing:
            return
        if ahead_s < seconds and not last:
            self._stalled_for_s = seconds - ahead_s
            self.playing = False
        self.position_s += min(seconds, ahead_s)

    def _go_on(self) -> None:
        if self._stalled_for_s:
            self.stalls.append((self.position_s, self._stalled_for_s))
        self._stalled_for_s = 0.0
        self.started = self.playing = True

    def _read(self) -> None:
        while not self.stopped and not self.at_end and self.read_until_s - self.position_s < READ_AHEAD_S:
            try:
                data = b"".join(bytes(part) for part in self._stream.read(1 << 20))
            except NotYetError:
                self._stream._cursor = None  # its generator has been left by the exception
                return
            if not data:
                self.at_end = self._stream.at_end
                self.stopped = not self.at_end
                return
            self._place += len(data)
            for rung, time_s in _SHOWN.findall(data):
                self.shown[float(time_s)] = int(rung)
                self.read_until_s = max(self.read_until_s, float(time_s) + STEP_S)
            if data[-9:-8] == b"\xec" and not self._stream._queue:
                length = int.from_bytes(data[-8:], "big") & ((1 << 56) - 1)
                self._place = self._stream.seek(self._place + length)
