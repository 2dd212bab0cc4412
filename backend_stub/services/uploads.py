"""Resumable uploads by the tus protocol, version 1.0 (core, creation, checksum, termination): bytes on disk.

An upload is a folder below the data folder: what was said of it, and as many bytes as have come. What a call has
confirmed is on disk; what it has not, the client sends again from the offset it is told.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from backend_stub.clock import Clock
from backend_stub.problems import ProblemError

MAX_BYTES = 1 << 40
#: Names of tus's checksum extension, and hashlib's.
ALGORITHMS = ("sha1", "sha256", "sha512")
CHECKSUM_MISMATCH = 460
_FACTS, _PARTIAL = "upload.json", "partial"
_KEPT_S = 7 * 86400.0
_MAX_NAME_BYTES = 240


@dataclass(frozen=True, slots=True)
class Upload:
    """``name`` is the file's, ``length`` and ``offset`` count bytes."""

    id: str
    name: str
    length: int
    offset: int

    @property
    def complete(self) -> bool:
        return self.offset == self.length


class Uploads:
    """Uploads below ``folder``."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def create(self, length: int, name: str) -> Upload:
        """Make room for a file of ``length`` bytes. Raises :class:`ProblemError` 413 ``too_large``."""
        if length > MAX_BYTES:
            raise ProblemError(413, "too_large", "The file is too large.")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._forget_old()
        upload_id = secrets.token_hex(16)
        home = self._folder / upload_id
        home.mkdir(mode=0o700)
        (home / _PARTIAL).touch()
        facts = {"length": length, "name": file_name(name), "at": self._clock.now()}
        (home / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
        return self.get(upload_id)

    def get(self, upload_id: str) -> Upload:
        """Raises :class:`ProblemError` 404 ``upload_not_found``."""
        home = self._folder / upload_id
        try:
            facts = json.loads((home / _FACTS).read_text(encoding="utf-8"))
            return Upload(upload_id, facts["name"], facts["length"], (home / _PARTIAL).stat().st_size)
        except (OSError, ValueError) as error:  # ValueError: the service was killed while it wrote that down
            raise ProblemError(404, "upload_not_found", "There is no such upload.") from error

    def file(self, upload_id: str) -> Path:
        """The file of a complete upload, under its own name.

        Raises :class:`ProblemError` 404 ``upload_not_found``, 409 ``upload_incomplete``.
        """
        upload = self.get(upload_id)
        if not upload.complete:
            raise ProblemError(409, "upload_incomplete", "The upload is not complete.")
        named = self._folder / upload_id / upload.name
        if not named.exists():
            os.link(self._folder / upload_id / _PARTIAL, named)
        return named

    @contextmanager
    def appending(self, upload_id: str, offset: int, checksum: str) -> Iterator[Appender]:
        """Write behind ``offset``; what comes counts when the block ends and, if ``checksum`` is not empty, agrees.

        Raises :class:`ProblemError` 404 ``upload_not_found``, 409 ``wrong_offset``, 423 ``upload_busy``, 400
        ``bad_checksum``, 460 ``checksum_mismatch``.
        """
        upload = self.get(upload_id)
        expected = _read_checksum(checksum)
        with (self._folder / upload_id / _PARTIAL).open("r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ProblemError(423, "upload_busy", "Somebody else sends this upload.") from error
            if os.fstat(file.fileno()).st_size != offset:
                raise ProblemError(409, "wrong_offset", "The upload goes on at another offset.")
            file.seek(offset)
            appender = Appender(file, upload.length - offset, expected[0] if expected else "sha256")
            try:
                yield appender
                if expected is not None and appender.digest != expected[1]:
                    raise ProblemError(CHECKSUM_MISMATCH, "checksum_mismatch", "The bytes were changed on their way.")
            except BaseException:
                if expected is not None or appender.overflowed:
                    file.truncate(offset)
                raise
            finally:
                file.flush()
                os.fsync(file.fileno())

    def delete(self, upload_id: str) -> None:
        """Raises :class:`ProblemError` 404 ``upload_not_found``."""
        self.get(upload_id)
        shutil.rmtree(self._folder / upload_id, ignore_errors=True)

    def _forget_old(self) -> None:
        """Remove what nobody has touched for a week."""
        for home in self._folder.iterdir():
            with suppress(OSError):  # another call was faster
                if self._clock.now() - (home / _PARTIAL).stat().st_mtime > _KEPT_S:
                    shutil.rmtree(home, ignore_errors=True)


class Appender:
    """Takes at most ``room`` bytes."""

    def __init__(self, file: IO[bytes], room: int, algorithm: str) -> None:
        self._file = file
        self._room = room
        self._hash = hashlib.new(algorithm)
        self.overflowed = False

    @property
    def digest(self) -> bytes:
        return self._hash.digest()

    def write(self, piece: bytes) -> None:
        """Raises :class:`ProblemError` 413 ``too_large`` when more comes than was announced."""
        if len(piece) > self._room:
            self.overflowed = True
            raise ProblemError(413, "too_large", "More came than was announced.")
        self._room -= len(piece)
        self._hash.update(piece)
        self._file.write(piece)


def file_name(wanted: str) -> str:
    """A name that is safe in a folder of its own."""
    plain = "".join(letter for letter in Path(wanted.replace("\\", "/")).name if letter.isprintable()).lstrip(".")
    short = plain.encode()[-_MAX_NAME_BYTES:].decode(errors="ignore")
    return short if short and short not in {_FACTS, _PARTIAL} else "film"


def _read_checksum(text: str) -> tuple[str, bytes] | None:
    """``sha256 <base64>`` as in ``Upload-Checksum``. Raises :class:`ProblemError` 400 ``bad_checksum``."""
    if not text:
        return None
    algorithm, _, encoded = text.partition(" ")
    try:
        if algorithm in ALGORITHMS:
            return algorithm, base64.b64decode(encoded, validate=True)
    except binascii.Error:
        pass
    raise ProblemError(400, "bad_checksum", "The checksum is of no kind that is known here.")
