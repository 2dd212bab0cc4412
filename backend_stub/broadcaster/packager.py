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

#: Files of segments that are no longer listed are still served for this time, or for the window if that is shorter.
LINGER_S = 300.0
#: So many segments ahead manifests name what the next crypto period needs.
_ANNOUNCED = 2


@dataclass(slots=True)
class _Making:
    """A track in the run that is made now."""

    place: int
    init: InitSegment | None = None
    waiting: list[Fragment] = field(default_factory=list)
    held: list[Fragment] = field(default_factory=list)  # not yet a chunk
    descriptor: int | None = None
    epoch: int = -1
    keys: dict[int, TrackKey] = field(default_factory=dict)  # of this epoch and of what is announced


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

    A segment holds what starts in its ``segment_s`` seconds of the run's timeline, so its number follows from the
    time. The encoder's fragments of audio are a few frames long, and several make a chunk: so audio is cut where
    video is, to the nearest of them. Else a Period of an MPD would begin without sound. A run begins when each track
    has its first chunk: then it is known when its second 0 was.
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
                if making.held:
                    self._flush(making, last=False)
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
        if making.held and self._index_of(track, making.held[0]) != self._index_of(track, fragment):
            self._flush(making, last=True)
        making.held.append(fragment)
        last = self._index_of(track, fragment, at_s=fragment.end_s) > self._index_of(track, fragment)
        long = fragment.end_s - making.held[0].start_s + fragment.duration_s / 2 > track.part_s
        if last or long or track.kind == "video":
            self._flush(making, last=last)

    def _index_of(self, track: Track, fragment: Fragment, at_s: float | None = None) -> int:
        """Which segment of its run a fragment is in, or one as long that starts ``at_s``."""
        start_s = fragment.start_s if at_s is None else at_s
        return self._channel.index_at(start_s if track.kind == "video" else start_s + fragment.duration_s / 2)

    def _flush(self, making: _Making, *, last: bool) -> None:
        """Make a chunk of what is held back, the ``last`` of its segment or not."""
        track = self._channel.tracks[making.place]
        held, making.held = making.held, []
        number = self._channel.runs[self._run].first + self._index_of(track, held[0])
        open_one = track.segments[-1] if making.descriptor is not None else None
        if open_one is not None and open_one.number != number:
            self._close(making)
            open_one = None
        if open_one is None:
            self._open(making, track, number, held[0])
        self._append(making, track.segments[-1], held, last=last)
        if last:
            self._close(making)

    def _open(self, making: _Making, track: Track, number: int, fragment: Fragment) -> None:
        epoch = self._channel.epoch_of(self._run, number)
        if making.epoch != epoch:
            self._begin_epoch(making, track, epoch)
        self._write_init(making, track, self._channel.epoch_of(self._run, number + _ANNOUNCED))
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

    def _begin_epoch(self, making: _Making, track: Track, epoch: int) -> None:
        self._write_init(making, track, epoch)
        making.epoch = epoch
        if self._stock is None:
            return
        making.keys = {of: key for of, key in making.keys.items() if of >= epoch}
        used = {made.kid for each in self._channel.tracks for made in each.inits.values()}
        self._beside.submit(self._stock.prepare, self._run, epoch + 1)
        if making.place == 0:
            self._beside.submit(self._stock.forget, used)

    def _write_init(self, making: _Making, track: Track, epoch: int) -> None:
        """Make the initialisation segment of an epoch, where there is none. Manifests name it before its epoch
        begins: a player that learns of it later has begun to load new segments with the old one, and opens them with
        the old key."""
        if (self._run, epoch) in track.inits:
            return
        if making.init is None:
            raise ValueError("a fragment without an initialisation segment")
        name, data, kid = f"init-{self._run}-{epoch}.mp4", making.init.data, ""
        if self._stock is not None:
            key = making.keys[epoch] = TrackKey(self._stock.keys(self._run, epoch)[track.label])
            data, kid = encrypted_init(data, key), key.key.kid.hex()
        (self._folder / track.name / name).write_bytes(data)
        made = InitFile(name, making.init.read.timescale, making.init.codecs, kid)
        self._journal.write(init_record(making.place, self._run, epoch, made))

    def _append(self, making: _Making, segment: Segment, made: Sequence[Fragment], *, last: bool) -> None:
        if making.descriptor is None:
            raise ValueError("no segment is open")
        pieces = [each.data for each in made]
        if making.init is not None and (key := making.keys.get(making.epoch)) is not None:
            pieces = [encrypted_fragment(each, making.init.read, key) for each in pieces]
        data = b"".join(pieces)
        left = memoryview(data)
        while left:
            left = left[os.write(making.descriptor, left) :]
        duration_s = made[-1].end_s - made[0].start_s
        chunk = CmafChunk(segment.size, len(data), round(duration_s, 6), made[0].independent)
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
