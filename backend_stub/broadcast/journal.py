"""The journal of a channel on disk: one line of JSON for each record, appended, and rewritten when it has grown.

A broadcaster that was killed leaves a whole journal and perhaps a torn last line. Readers in other processes follow
the file as it grows, and read it again when another one took its place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from backend_stub.broadcast.channel import BroadcastChannel, JournalError, Record, opened
from backend_stub.titles import LIVE

JOURNAL = "journal"
_LONGEST_DESCRIPTION = 1 << 20
_REWRITE_BYTES = 1 << 20  # what must have been appended at least before it is rewritten


class Journal:
    """The writer's side; ``channel`` is the state that all records make. One process writes at a time."""

    def __init__(self, folder: Path, channel: BroadcastChannel) -> None:
        self._path = folder / JOURNAL
        self.channel = channel
        self._rewrite()

    def write(self, record: Record) -> None:
        """Append a record and apply it. Raises OSError when the disk is full; then the journal and the channel stay
        as they were."""
        data = _line(record)
        end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        try:
            _write_all(self._descriptor, data)
        except OSError:
            os.ftruncate(self._descriptor, end)
            os.lseek(self._descriptor, end, os.SEEK_SET)
            raise
        self.channel.apply(record)
        self._bytes += len(data)
        if self._bytes > max(_REWRITE_BYTES, 3 * self._rewritten):
            os.close(self._descriptor)
            self._rewrite()

    def close(self) -> None:
        os.fsync(self._descriptor)
        os.close(self._descriptor)

    def _rewrite(self) -> None:
        draft = self._path.with_name(f".{JOURNAL}")
        self._descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        data = b"".join(map(_line, self.channel.records()))
        _write_all(self._descriptor, data)
        os.fsync(self._descriptor)
        draft.replace(self._path)
        self._bytes, self._rewritten = 0, len(data)


class JournalReader:
    """The reader's side. :meth:`read` touches the disk, :meth:`take` does not."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL
        self._known: tuple[int, int] | None = None  # device and inode
        self._offset = 0
        self.channel: BroadcastChannel | None = None

    def read(self) -> tuple[BroadcastChannel | None, list[Record]]:
        """A channel in place of the one that was known, if any, and what was appended since. Blocks.

        Raises OSError, :class:`JournalError`.
        """
        with self._path.open("rb") as file:
            facts = os.fstat(file.fileno())
            identity = facts.st_dev, facts.st_ino
            again = identity != self._known or facts.st_size < self._offset
            if not again and facts.st_size == self._offset:
                return None, []
            file.seek(0 if again else self._offset)
            records, used = _records(file.read())
        if not again:
            self._offset += used
            return None, records
        if not records:
            raise JournalError("an empty journal")
        channel = opened(records[0])
        for record in records[1:]:
            channel.apply(record)
        self._known, self._offset = identity, used
        return channel, []

    def take(self, news: tuple[BroadcastChannel | None, list[Record]]) -> bool:
        """Apply what :meth:`read` returned; whether anything was new."""
        replaced, records = news
        if replaced is not None:
            self.channel = replaced
        if self.channel is not None:
            for record in records:
                self.channel.apply(record)
        return replaced is not None or bool(records)


def is_broadcast(media_dir: Path, title_id: str) -> bool:
    """Whether the title is a broadcast channel."""
    return (media_dir / title_id / LIVE / JOURNAL).exists()


def read_channel(folder: Path) -> BroadcastChannel:
    """The state of a channel. Raises OSError, :class:`JournalError`."""
    channel, _ = JournalReader(folder).read()
    if channel is None:
        raise JournalError("an empty journal")
    return channel


def read_description(folder: Path) -> BroadcastChannel:
    """What the first record says of a channel. Raises OSError, :class:`JournalError`."""
    with (folder / JOURNAL).open("rb") as file:
        records, _ = _records(file.readline(_LONGEST_DESCRIPTION))
    if not records:
        raise JournalError("an empty journal")
    return opened(records[0])


def recovered(folder: Path) -> BroadcastChannel:
    """The state that a broadcaster left, killed or not, as the next one goes on with it.

    A segment that was being made ends with its last whole chunk. What the disk lost is forgotten, and files that
    nobody names are deleted. Raises OSError, :class:`JournalError`.
    """
    channel = read_channel(folder)
    for track in channel.tracks:
        home = folder / track.name
        home.mkdir(parents=True, exist_ok=True)
        while track.segments and not _settled(home, track.segments[-1].number, channel, track.name):
            track.segments.pop()
        named = {f"{segment.number}.m4s" for segment in track.segments}
        named |= {made.file for made in track.inits.values()}
        for file in home.iterdir():
            if file.name not in named:
                file.unlink()
    for run in channel.runs.values():
        run.over = True
    return channel


def _settled(home: Path, number: int, channel: BroadcastChannel, name: str) -> bool:
    """End the last segment of a track with what its file holds; False where that is nothing."""
    segment = next(track for track in channel.tracks if track.name == name).segments[-1]
    path = home / f"{number}.m4s"
    size = path.stat().st_size if path.exists() else 0
    while segment.chunks and segment.size > size:
        segment.chunks.pop()
    if not segment.chunks:
        path.unlink(missing_ok=True)
        return False
    if size > segment.size:
        os.truncate(path, segment.size)
    segment.whole = True
    return True


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _line(record: Record) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _records(data: bytes) -> tuple[list[Record], int]:
    """The whole lines of ``data`` as records, and how many bytes they take. Raises :class:`JournalError`."""
    used = data.rfind(b"\n") + 1
    lines: Iterable[bytes] = data[:used].splitlines()
    try:
        return [json.loads(line) for line in lines], used
    except ValueError as error:
        raise JournalError("a line of the journal is no JSON") from error
