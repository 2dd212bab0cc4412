"""Locks between processes. The system gives a lock back when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
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
else:
    import fcntl

    def _take(file: IO[bytes], *, wait: bool, shared: bool) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))

    def _give_back(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextlib.contextmanager
def held(path: Path, *, wait: bool = True, shared: bool = False) -> Iterator[None]:
    """Hold the lock that ``path`` stands for. Raises BlockingIOError when it is taken and ``wait`` is false."""
    with path.open("ab") as file:
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
    if not path.exists():
        return False
    try:
        with held(path, wait=False):
            return False
    except BlockingIOError:
        return True
