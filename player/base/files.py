"""Small files: written so that they are never half there, read with a bound."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, *, lasting: bool = False) -> None:
    """Replace ``path`` at once by a file that only this user may read. Raises OSError.

    ``lasting``: it is on the disk when this returns, whatever happens to the machine then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    if lasting:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names of new files in ``folder`` last (POSIX; elsewhere the file system does it)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_regular(path: str, flags: int) -> int:
    """An ``opener`` for :func:`open` that takes regular files alone, and never waits for a pipe's other end. Raises
    OSError, also for a pipe, a device or a folder."""
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "this is no regular file")
    return handle


def kept_json(path: Path, max_bytes: int) -> object:
    """What a JSON file holds; None where there is none, or one that is damaged or longer than ``max_bytes``."""
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
        found: object = json.loads(raw) if len(raw) <= max_bytes else None
    except (OSError, ValueError, RecursionError):
        return None
    return found


def is_newer(content: object, version: int) -> bool:
    """Whether what a JSON file holds says that a later version than this one wrote it: then it is left alone."""
    found = content.get("version") if isinstance(content, dict) else None
    return isinstance(found, int) and found > version
