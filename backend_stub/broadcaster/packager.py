"""Cuts what an encoder makes into segments and chunks in the folder of a channel."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from backend_stub.broadcast.channel import CmafChunk, InitFile, Segment, Track, chunk_record, init_record
from backend_stub.broadcast.journal import Journal
from backend_stub.broadcaster.encryption import TrackKey, encrypted_fragment, encrypted_init
from backend_stub.broadcaster.fragments import Fragment, InitSegment
from backend_stub.clock import Clock
from backend_stub.services.content_keys import PlainKey

#: Files of segments that are listed no more are still served for so long, or for the window where that is shorter.
LINGER_S = 300.0


@dataclass(slots=True)
class _Making:
    """A track in the run that is made now."""

    place: int
    init: InitSegment | None = None
    waiting: list[Fragment] = field(default_factory=list)
    descriptor: int | None = None
    epoch: int = -1
    key: TrackKey | None = None


class KeyStock(Protocol):
    """Where the content keys of a channel come from."""

    def keys(self, run: int, epoch: int) -> Mapping[str, PlainKey]:
        """The keys of a crypto period, by label; viewers can have them from now on."""
        ...

    def prepare(self, run: int, epoch: int) -> None:
        """Make the keys of a crypto period that is to come. Blocks."""
        ...

    def forget(self, kids: Collection[str]) -> None:
        """Only these (hex) are in use still. Blocks."""
        ...


class Packager:
    """Writes the chunks of each run. A chunk is on disk before the journal names it.

    A segment holds the chunks that start in its ``segment_s`` seconds of the run's timeline, so its number follows
    from the time, and its audio does not end before its frames. A run begins when each track has its first chunk:
    then it is known when its second 0 was.
    """

    def __init__(self, folder: Path, journal: Journal, clock: Clock, stock: KeyStock | None = None) -> None:
        self._folder = folder
        self._stock = stock
        self._journal = journal
        self._clock = clock
        self._channel = journal.channel
        self._run = max(self._channel.runs, default=0)
        self._making: Sequence[_Making] = ()
        self._begun = False
        self._leaving: deque[tuple[float, Path]] = deque()
        self._beside = ThreadPoolExecutor(1, "broadcast-beside")
        for track in self._channel.tracks:
            (folder / track.name).mkdir(parents=True, exist_ok=True)

    def begin_run(self) -> None:
        """What comes now is from an encoder that was started just now."""
        self._run += 1
        if self._stock is not None:
            self._stock.prepare(self._run, 0)
        self._begun = False
        self._making = [_Making(place) for place in range(len(self._channel.tracks))]

    def add(self, place: int, made: InitSegment | Fragment) -> None:
        """Take what the encoder made for a track. Raises OSError when it cannot be stored."""
        making = self._making[place]
        if isinstance(made, InitSegment):
            making.init = made
        elif self._begun:
            self._store(making, made)
        else:
            making.waiting.append(made)
            if all(each.waiting for each in self._making):
                self._begin()

    def end_run(self) -> None:
        """The encoder is gone: its last segments end with what they have."""
        if self._begun:
            for making in self._making:
                self._close(making)
            self._journal.write({"is": "over", "run": self._run})
        self._making, self._begun = (), False

    def end(self) -> None:
        """The event is over."""
        self._journal.write({"is": "end", "at": round(self._clock.now(), 3)})

    def close(self) -> None:
        self._beside.shutdown()
        self._journal.close()

    def _begin(self) -> None:
        now = self._clock.now()
        at = max(now - each.waiting[-1].end_s for each in self._making)
        # A source that was ahead of its time does not go back in it.
        tracks = self._channel.tracks
        ends = [self._channel.date(track.segments[-1]) for track in tracks if track.segments]
        lengths = [track.segments[-1].duration_s for track in tracks if track.segments]
        at = max([at, *(date + length for date, length in zip(ends, lengths, strict=True))])
        numbers = [track.segments[-1].number for track in tracks if track.segments]
        first = max([*numbers, self._highest_first() - 1, 0]) + 1
        self._journal.write({"is": "run", "run": self._run, "at": round(at, 6), "first": first})
        self._begun = True
        for making in self._making:
            waiting, making.waiting = making.waiting, []
            for fragment in waiting:
                self._store(making, fragment)

    def _highest_first(self) -> int:
        return max((run.first for run in self._channel.runs.values()), default=0)

    def _store(self, making: _Making, fragment: Fragment) -> None:
        track = self._channel.tracks[making.place]
        index = self._channel.index_at(fragment.start_s)
        number = self._channel.runs[self._run].first + index
        open_one = track.segments[-1] if making.descriptor is not None else None
        if open_one is not None and open_one.number != number:
            self._close(making)
            open_one = None
        if open_one is None:
            self._open(making, track, number, fragment)
        last = self._channel.index_at(fragment.end_s) > index
        self._append(making, track.segments[-1], fragment, last=last)
        if last:
            self._close(making)

    def _open(self, making: _Making, track: Track, number: int, fragment: Fragment) -> None:
        epoch = self._channel.epoch_of(self._run, number)
        if making.epoch != epoch:
            self._write_init(making, track, epoch)
        path = self._folder / track.name / f"{number}.m4s"
        path.unlink(missing_ok=True)  # what a power failure left of it may be in a recording too
        making.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        before = track.segments[-1] if track.segments else None
        self._journal.write(
            {
                "is": "segment",
                "track": making.place,
                "number": number,
                "run": self._run,
                "epoch": epoch,
                "start": round(fragment.start_s, 6),
                "breaks": before is not None and before.run != self._run,
            }
        )

    def _write_init(self, making: _Making, track: Track, epoch: int) -> None:
        if making.init is None:
            raise ValueError("a fragment without an initialisation segment")
        name, data, kid = f"init-{self._run}-{epoch}.mp4", making.init.data, ""
        if self._stock is not None:
            making.key = TrackKey(self._stock.keys(self._run, epoch)[track.label])
            data, kid = encrypted_init(data, making.key), making.key.key.kid.hex()
            used = {made.kid for each in self._channel.tracks for made in each.inits.values()} | {kid}
            self._beside.submit(self._stock.prepare, self._run, epoch + 1)
            if making.place == 0:
                self._beside.submit(self._stock.forget, used)
        (self._folder / track.name / name).write_bytes(data)
        made = InitFile(name, making.init.read.timescale, making.init.codecs, kid)
        self._journal.write(init_record(making.place, self._run, epoch, made))
        making.epoch = epoch

    def _append(self, making: _Making, segment: Segment, fragment: Fragment, *, last: bool) -> None:
        if making.descriptor is None:
            raise ValueError("no segment is open")
        data = fragment.data
        if making.key is not None and making.init is not None:
            data = encrypted_fragment(data, making.init.read, making.key)
        left = memoryview(data)
        while left:
            left = left[os.write(making.descriptor, left) :]
        chunk = CmafChunk(segment.size, len(data), round(fragment.duration_s, 6), fragment.independent)
        # A playlist that hints at the next segment must list the end of this one.
        self._journal.write(chunk_record(making.place, chunk, last=last))

    def _close(self, making: _Making) -> None:
        descriptor, making.descriptor = making.descriptor, None
        if descriptor is None:
            return
        if not self._channel.tracks[making.place].segments[-1].whole:
            self._journal.write({"is": "whole", "track": making.place})
        # Beside the stream: a disk that is busy must not hold up the next chunk.
        self._beside.submit(_sync, descriptor)
        self._slide(making.place)

    def _slide(self, place: int) -> None:
        """Forget what is behind the window, and delete what nobody can be loading any more."""
        channel, now = self._channel, self._clock.now()
        if not channel.window_s:
            return
        track = channel.tracks[place]
        while len(track.segments) > 1:
            oldest = track.segments[0]
            if channel.date(oldest) + oldest.duration_s > now - channel.window_s:
                break
            files = {made.file for made in track.inits.values()}
            self._journal.write({"is": "drop", "track": place})
            files -= {made.file for made in track.inits.values()}
            goes_at = now + min(LINGER_S, channel.window_s)
            for name in (f"{oldest.number}.m4s", *files):
                self._leaving.append((goes_at, self._folder / track.name / name))
        while self._leaving and self._leaving[0][0] <= now:
            self._leaving.popleft()[1].unlink(missing_ok=True)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
