"""Small files that are there whole or not at all, with mode 0600."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Replace ``path`` at once by a file that is on the disk. Raises OSError."""
    temporary = _temporary_beside(path, content)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def create_whole(path: Path, content: bytes) -> None:
    """Create ``path`` at once, whole, unless it is there by now. Raises OSError."""
    temporary = _temporary_beside(path, content)
    try:
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError:  # FAT has no links
            with contextlib.suppress(FileExistsError), open(path, "xb", opener=_private) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
    finally:
        temporary.unlink(missing_ok=True)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def sync_folder(folder: Path) -> None:
    """Have a folder's names on the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _temporary_beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return Path(name)
