"""Keeps an encoder running and packages what it makes, until the event is over."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from backend_stub.boxes import BoxError
from backend_stub.broadcast.channel import BroadcastChannel, Track
from backend_stub.broadcast.journal import JOURNAL, Journal, recovered
from backend_stub.broadcaster.encoder import SEGMENT_S, Encoder, EncoderInput
from backend_stub.broadcaster.fragments import FragmentReader
from backend_stub.broadcaster.packager import KeyStock, Packager
from backend_stub.clock import Clock, SystemClock
from backend_stub.encoding.errors import BadInputError

_logger = logging.getLogger(__name__)
_READ_BYTES = 1 << 20
_SILENT_S = 10.0  # an encoder that made something and then nothing for so long is started again
_AGAIN_S, _AGAIN_MOST_S = 0.5, 10.0
_STOP_S = 5.0


class EndedError(Exception):
    """The event is over already."""


class RunningEncoder(Protocol):
    """What :class:`~backend_stub.broadcaster.encoder.Encoder` is to a broadcaster."""

    @property
    def pipes(self) -> Sequence[int]: ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self) -> tuple[int, str]: ...


def open_channel(
    folder: Path, tracks: Sequence[Track], window_s: float, now: float, epoch_segments: int = 0
) -> BroadcastChannel:
    """The channel in ``folder``: as it was left there, with its own tracks and window, or a new one.

    Raises :class:`EndedError`, OSError, :class:`~backend_stub.broadcast.channel.JournalError`.
    """
    if not (folder / JOURNAL).exists():
        folder.mkdir(parents=True, exist_ok=True)
        return BroadcastChannel(SEGMENT_S, window_s, round(now, 3), list(tracks), epoch_segments=epoch_segments)
    channel = recovered(folder)
    if channel.ended_at is not None:
        raise EndedError("This event is over; its recording stays as it is.")
    return channel


class Broadcaster:
    """One channel. :meth:`run` blocks; :meth:`stop` may be called from anywhere, signal handlers too."""

    def __init__(
        self,
        folder: Path,
        channel: BroadcastChannel,
        source: EncoderInput,
        *,
        clock: Clock | None = None,
        stock: KeyStock | None = None,
        start: Callable[[EncoderInput, Sequence[Track]], RunningEncoder] = Encoder,
    ) -> None:
        self._source = source
        self._clock = clock or SystemClock()
        self._start = start
        self._packager = Packager(folder, Journal(folder, channel), self._clock, stock)
        self._channel = channel
        self._stopping = threading.Event()
        self._encoder: RunningEncoder | None = None

    def stop(self) -> None:
        """End what runs."""
        self._stopping.set()
        encoder = self._encoder
        if encoder is not None:
            encoder.stop()

    def run(self, *, ends_event: Callable[[], bool]) -> None:
        """Broadcast until :meth:`stop`, or until a file that plays once has ended. ``ends_event`` says then whether
        the event is over too; else a later broadcaster goes on with it.

        Raises OSError when the disk is full, BadInputError for an input of which nothing can be made;
        ToolMissingError as the encoder.
        """
        pause_s = _AGAIN_S
        try:
            while not self._stopping.is_set():
                made, status, words = self._one_run()
                if made and status == 0 and self._source.once:
                    self._packager.end()
                    return
                if self._stopping.is_set():
                    break
                if (
                    not made
                    and not self._source.listens
                    and not any(track.segments for track in self._channel.tracks)
                ):
                    raise BadInputError(f"{self._source.name} cannot be broadcast: {words or 'it holds nothing'}")
                _logger.warning("the encoder ended (%s): %s", status, words or "without a word")
                pause_s = _AGAIN_S if made else min(2 * pause_s, _AGAIN_MOST_S)
                self._stopping.wait(pause_s)
            if ends_event():
                self._packager.end()
        finally:
            self._packager.close()

    def _one_run(self) -> tuple[bool, int, str]:
        """From one start of the encoder to its end: whether it made anything, its status and its last words."""
        self._packager.begin_run()
        encoder = self._start(self._source, self._channel.tracks)
        self._encoder = encoder
        pieces: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
        threads = [
            threading.Thread(target=_read, args=(place, pipe, pieces), daemon=True)
            for place, pipe in enumerate(encoder.pipes)
        ]
        for thread in threads:
            thread.start()
        try:
            if self._stopping.is_set():  # while it was started
                encoder.stop()
            made = self._pump(encoder, pieces, len(threads))
        except BaseException:
            encoder.kill()
            raise
        finally:
            for thread in threads:
                thread.join()
            self._encoder = None
            status, words = encoder.wait()
            self._packager.end_run()
        return made, status, words

    def _pump(self, encoder: RunningEncoder, pieces: queue.SimpleQueue[tuple[int, bytes]], running: int) -> bool:
        """Package what comes until every pipe has ended; whether anything came."""
        readers = [FragmentReader() for _ in range(running)]
        made, broken = False, False
        while running:
            try:
                limit_s = _STOP_S if self._stopping.is_set() else _SILENT_S if made else None
                place, piece = pieces.get(timeout=limit_s)
            except queue.Empty:
                encoder.kill()
                continue
            if not piece:
                running -= 1
            elif not broken:
                try:
                    for each in readers[place].feed(piece):
                        made = True
                        self._packager.add(place, each)
                except BoxError as error:
                    _logger.warning("the encoder wrote what is no fragmented MP4: %s", error)
                    broken = True
                    encoder.kill()
        return made


def _read(place: int, pipe: int, pieces: queue.SimpleQueue[tuple[int, bytes]]) -> None:
    while piece := os.read(pipe, _READ_BYTES):
        pieces.put((place, piece))
    pieces.put((place, b""))
