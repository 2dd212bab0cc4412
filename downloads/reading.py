"""Reads what lies in a download's folder: follows no link, waits for no pipe, and takes no more than may be there."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from downloads.errors import damaged
from player.base.files import open_regular

_NO_FILE = frozenset({errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EINVAL})
"""What the system says of a link, a socket and a pipe, that were put there a moment ago."""


def open_kept(path: str, flags: int) -> int:
    """An ``opener`` for :func:`open` that takes regular files alone. Raises OSError, also for a link."""
    if Path(path).is_symlink():  # where the system has no flag for it
        raise OSError(errno.ELOOP, "a link is in the place of a file")
    return open_regular(path, flags | getattr(os, "O_NOFOLLOW", 0))


def read_kept(path: Path, longest: int, what: str, *, start: int = 0, item: int | None = None) -> bytes:
    """The bytes of a file from ``start`` on. Raises DownloadError ``download.damaged``, naming ``what``, for a link,
    a pipe, a device, and for more than ``longest`` bytes; else OSError."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise damaged(what, item=item)
    try:
        with open(path, "rb", opener=open_kept) as file:
            file.seek(start)
            data = file.read(longest + 1)
    except OSError as error:
        if error.errno in _NO_FILE:
            raise damaged(what, item=item) from error
        raise
    if len(data) > longest:
        raise damaged(what, item=item)
    return data


def drop_foreign(path: Path) -> None:
    """Delete what is at ``path`` where it is no regular file, such as a link or a pipe: it is none of ours. Raises
    OSError."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            path.unlink()
