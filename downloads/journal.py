"""The journal of one download: an append-only file of records, the truth from which everything else can be rebuilt.

A record is one line: a JSON object with its number, a space, and an HMAC over it and the download's id. It is on
the disk before anything rests on it, so a finished segment is never fetched twice, whenever the program dies. The
start of a record that was never finished is cut off by the next writer. Several processes may append; each reads
first what the others wrote.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from downloads.errors import DownloadError, damaged
from downloads.reading import read_kept
from drm_client.locks import held
from drm_client.sealing import Sealer
from player.base.files import sync_folder, write_whole

Body = dict[str, Any]
MAX_RECORD_BYTES = 64 * 1024
_LONGEST = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """One entry. ``type`` says what ``body`` holds (see :mod:`downloads.ledger`)."""

    number: int
    type: str
    body: Mapping[str, Any]


class Journal:
    """See the module. Not safe on several threads at once."""

    def __init__(self, path: Path, sealer: Sealer, download_id: str) -> None:
        self._path = path
        self._lock = path.with_name("journal.lock")
        self._sealer = sealer.child("journal")
        self._context = f"downloads/{download_id}/journal"
        self._offset = 0
        self._next = 0

    @property
    def size(self) -> int:
        """Bytes of the file now; 0 where there is none."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def refresh(self) -> list[Record]:
        """The records since the last call, whoever wrote them. Raises DownloadError ``download.damaged``."""
        try:
            data = read_kept(self._path, _LONGEST, "The download's journal", start=self._offset)
        except FileNotFoundError:
            return []
        records = []
        for line in self._lines(data):
            record = self._parse(line, self._next)
            if record is None:
                raise damaged(f"Entry {self._next} of the download's journal")
            records.append(record)
            self._offset += len(line) + 1
            self._next += 1
        return records

    def append(self, *entries: tuple[str, Body]) -> list[Record]:
        """Write entries (type, body) and return once they are on the disk; the records since the last call, these
        included. Raises OSError when the disk is full or gone: then none of them counts.
        """
        with held(self._lock):
            news = self.refresh()
            lines = [self._line(self._next + n, type_, body) for n, (type_, body) in enumerate(entries)]
            new_file = not self._path.exists()
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
            try:
                os.ftruncate(handle, self._offset)
                os.lseek(handle, self._offset, os.SEEK_SET)
                _write_all(handle, b"".join(lines))
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, self._offset)
                raise
            finally:
                os.close(handle)
            if new_file:
                sync_folder(self._path.parent)
            return news + self.refresh()

    def salvage(self) -> tuple[list[Record], list[str]]:
        """Every sound record, and the names of the damaged ones. Nothing is changed."""
        try:
            data = read_kept(self._path, _LONGEST, "The download's journal")
        except FileNotFoundError:
            data = b""
        except DownloadError:  # it is no file of ours
            return [], ["the journal"]
        records: list[Record] = []
        broken: list[str] = []
        for number, line in enumerate(self._lines(data)):
            record = self._parse(line, None)
            if record is None or (records and record.number <= records[-1].number):
                broken.append(f"entry {number} of the journal")
            else:
                records.append(record)
        return records, broken

    def rewrite(self, records: Sequence[Record]) -> None:
        """Replace the file by these records, numbered again: the end of a repair."""
        with held(self._lock):
            lines = [self._line(n, record.type, dict(record.body)) for n, record in enumerate(records)]
            write_whole(self._path, b"".join(lines), lasting=True)
        self._offset = self._next = 0

    def _lines(self, data: bytes) -> Iterator[bytes]:
        """The whole lines; of the rest only what is no torn record but one whose end was changed."""
        *lines, rest = data.split(b"\n")
        yield from lines
        if len(rest) > 1 and self._parse(rest[:-1], None) is not None:
            yield rest

    def _line(self, number: int, type_: str, body: Body) -> bytes:
        text = json.dumps({"n": number, "t": type_, **body}, separators=(",", ":"), sort_keys=True).encode()
        assert len(text) < MAX_RECORD_BYTES
        return text + b" " + self._code(text) + b"\n"

    def _code(self, text: bytes) -> bytes:
        return self._sealer.mac(text, self._context).hex().encode()

    def _parse(self, line: bytes, expected: int | None) -> Record | None:
        text, _, code = line.rpartition(b" ")
        if len(line) > MAX_RECORD_BYTES or code != self._code(text):
            return None
        body = json.loads(text)
        number, type_ = body.pop("n"), body.pop("t")
        if expected is not None and number != expected:
            return None
        return Record(number, type_, body)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
