"""Processes that read a media file of unknown origin in place of the app: what they may use, how they start.

Such a process can be ended at any time. Once its file is open it opens nothing else: no descriptor is left for it.
Its memory and its processor time are bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import sys
from collections.abc import Mapping

LIMITS: Mapping[str, int] = {"RLIMIT_AS": 3 << 30, "RLIMIT_CPU": 1800, "RLIMIT_FSIZE": 0, "RLIMIT_CORE": 0}
"""Bytes of address space, seconds of the processor, bytes of a file that it writes."""
OPTION = "--worker"
"""The first word by which an archive's program, which is no Python, runs one of :data:`WORKERS`."""
WORKERS = ("player.media.film_worker", "player.media.lines_worker")
_HELD_S = 5.0
_ENVIRONMENT = ("LD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "TMPDIR")


def worker_command(module: str) -> list[str]:
    """What runs one of :data:`WORKERS`. Raises ValueError for another module."""
    if module not in WORKERS:
        raise ValueError(module)
    if getattr(sys, "frozen", False):
        return [sys.executable, OPTION, module]
    return [sys.executable, "-m", module]


def worker_environment() -> dict[str, str]:
    """As little as a Python needs."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONSAFEPATH": "1"}


async def end_worker(process: asyncio.subprocess.Process) -> None:
    """Kill a process and wait until it is gone, however often the caller is cancelled meanwhile. Nothing else may be
    reading from it. One that a share holds is left after a while: it ends with its read."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    cancelled = False
    ending = asyncio.ensure_future(process.communicate())
    loop = asyncio.get_running_loop()
    until_s = loop.time() + _HELD_S
    while not ending.done() and (left_s := until_s - loop.time()) > 0:
        try:
            await asyncio.wait({ending}, timeout=left_s)
        except asyncio.CancelledError:
            cancelled = True
        if ending.cancelled():  # as all tasks of the loop are at its end
            cancelled, ending = True, asyncio.ensure_future(process.communicate())
    if ending.done():
        with contextlib.suppress(ConnectionError):
            ending.result()
    if cancelled:
        raise asyncio.CancelledError


# --- in the process


def bound(limits: Mapping[str, int] = LIMITS, niceness: int = 19) -> None:
    """Let others have the processor first, and take no more than ``limits``."""
    if hasattr(os, "nice"):
        os.nice(niceness)
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, most in limits.items():
        resource.setrlimit(getattr(resource, name), (most, most))


def open_nothing_more() -> None:
    """From here on no file and no connection can be opened."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def open_regular(path: str) -> int:
    """Open a regular file, and never wait for a pipe's other end. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("no regular file")
    return handle
