"""Programs that tests start: they end with the process that started them, however that ends."""

from __future__ import annotations

import shutil

import psutil

_SETPRIV = shutil.which("setpriv")  # util-linux: on every Debian


def ends_with_us(*words: object, by: str = "TERM") -> list[str]:
    """The command line of a program that gets the signal ``by`` once the thread that starts it has ended.

    Start it from a thread that lives as long as the program is wanted: the main one. A program that ends its own
    children at SIGTERM gets that; one that nobody asks anything of may be killed. On systems other than Linux the
    words are what they were.
    """
    command = [str(word) for word in words]
    return [_SETPRIV, "--pdeathsig", by, *command] if _SETPRIV else command


def lives(pid: int) -> bool:
    """Whether a process is there and does more than wait to be counted by its parent."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
