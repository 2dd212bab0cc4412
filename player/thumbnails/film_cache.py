"""Small pictures of the viewer's own films on disk: one ZIP of JPEGs a film, in a folder that stays within a bound.

It is a convenience: where the folder cannot be read or written, pictures are drawn again. Methods block for the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from player.base.files import write_whole

_log = logging.getLogger(__name__)

MOST_BYTES = 128 << 20
"""All films together."""
_MOST_FILM_BYTES = 16 << 20
_MOST_PICTURE_BYTES = 256 << 10
_MOST_PICTURES = 1000
_SUFFIX = ".pictures"


def film_key(path: Path) -> str:
    """What a film is kept under: its place, its size and when it was changed. Raises OSError."""
    found = path.stat()
    return hashlib.sha256(
        f"{path}\n{found.st_size}\n{found.st_mtime_ns}".encode(errors="surrogateescape")
    ).hexdigest()


class FilmCache:
    """The films in ``folder``; those that were looked at longest ago go first."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def load(self, key: str) -> dict[int, bytes]:
        """The JPEGs of a film by their number; none where nothing is kept, or it is damaged."""
        path = self._folder / f"{key}{_SUFFIX}"
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_FILM_BYTES + 1)
            os.utime(path)
            return _read(data)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            _log.info("kept pictures of a film cannot be used: %s", type(error).__name__)
            return {}

    def keep(self, key: str, pictures: Mapping[int, bytes]) -> None:
        """Keep these in place of what was kept of the film."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            for number, picture in sorted(pictures.items()):
                zipped.writestr(str(number), picture)
        if archive.tell() > _MOST_FILM_BYTES:
            return
        try:
            write_whole(self._folder / f"{key}{_SUFFIX}", archive.getvalue())
            self._trim()
        except OSError as error:
            _log.info("pictures of a film are not kept: %s", error.strerror)

    def forget(self, film: Path | None) -> None:
        """Remove the pictures of this film, or of all films. Those of a film that is gone go with the others."""
        try:
            wanted = "*" if film is None else film_key(film)
            for path in list(self._folder.glob(f"{wanted}{_SUFFIX}")):
                path.unlink(missing_ok=True)
        except OSError as error:
            _log.info("pictures of a film are kept: %s", error.strerror)

    def _trim(self) -> None:
        kept = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                found = path.stat()
                kept.append((found.st_mtime_ns, found.st_size, path))
        kept.sort()
        total = sum(size for _, size, _ in kept)
        for _, size, path in kept[:-1]:
            if total <= self._most_bytes:
                break
            path.unlink(missing_ok=True)
            total -= size


def _read(data: bytes) -> dict[int, bytes]:
    """Raises ValueError or BadZipFile for what is none of ours."""
    if len(data) > _MOST_FILM_BYTES:
        raise ValueError("too large")
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        listed = zipped.infolist()
        if len(listed) > _MOST_PICTURES or any(
            one.file_size > _MOST_PICTURE_BYTES or one.compress_type != zipfile.ZIP_STORED for one in listed
        ):
            raise ValueError("none of ours")
        return {int(one.filename): zipped.read(one) for one in listed}
