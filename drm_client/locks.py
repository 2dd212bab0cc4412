"""Locks between processes. The system gives a lock back when its holder dies, however it dies.

Whoever may write in the folder may have put something else where a lock's file goes. A link is not followed, a pipe
is not waited for, and what is no file is deleted.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes], *, wait: bool, shared: bool) -> None:
        del shared  # there are none: readers exclude each other as well
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

    def _give_back(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

    def _open(path: Path) -> IO[bytes]:
        return path.open("ab")
else:
    import fcntl

    def _take(file: IO[bytes], *, wait: bool, shared: bool) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))

    def _give_back(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)

    _FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    _NO_FILE = frozenset({errno.ELOOP, errno.EISDIR, errno.ENXIO})  # a link, a folder, a socket
    _TRIES = 3

    def _open(path: Path) -> IO[bytes]:
        for _ in range(_TRIES):
            file = _open_once(path)
            if file is not None:
                return file
            _delete_what_is_no_file(path)
        raise OSError(errno.ELOOP, "somebody keeps putting something else where a lock goes", str(path))

    def _open_once(path: Path) -> IO[bytes] | None:
        """The lock's file; None where something else is there."""
        try:
            handle = os.open(path, _FLAGS, 0o600)
        except OSError as error:
            if error.errno in _NO_FILE:
                return None
            raise
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return os.fdopen(handle, "ab")
        os.close(handle)
        return None

    def _delete_what_is_no_file(path: Path) -> None:
        """One program at a time: else one could delete the file that another has just made and locked."""
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if stat.S_ISDIR(mode):
                    path.rmdir()
                elif not stat.S_ISREG(mode):
                    path.unlink()
        except OSError as error:
            if error.errno == errno.ENOTEMPTY:
                sentence = f"a folder is where a lock goes; move {path} away"
                raise OSError(errno.ENOTEMPTY, sentence, str(path)) from error
            raise
        finally:
            os.close(folder)


@contextlib.contextmanager
def held(path: Path, *, wait: bool = True, shared: bool = False) -> Iterator[None]:
    """Hold the lock that ``path`` stands for. Raises BlockingIOError when it is taken and ``wait`` is false.

    Raises OSError where its file cannot be made, such as where a folder with something in it is in its place.
    """
    with _open(path) as file:
        try:
            _take(file, wait=wait, shared=shared)
        except PermissionError as error:  # Windows' word for a lock that is taken
            raise BlockingIOError from error
        try:
            yield
        finally:
            _give_back(file)


def is_held(path: Path) -> bool:
    """Whether another process (or another holder in this one) has the lock now."""
    try:
        if path.is_symlink() or not path.is_file():  # nobody can hold what is no file
            return False
    except OSError:  # its disk does not answer
        return False
    try:
        with held(path, wait=False):
            return False
    except BlockingIOError:
        return True
