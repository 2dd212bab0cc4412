"""Runs FFmpeg and the packager: niced, cancellable, with the end of their complaints kept for the error."""

from __future__ import annotations

import ctypes
import errno
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from backend_stub.encoding.errors import CancelledError, ToolFailedError

_KEPT_LINES = 40
_KILL_AFTER_S = 3.0
_CANCEL_POLL_S = 0.1
_DISK_FULL = os.strerror(errno.ENOSPC)
_LONGEST_S = 12 * 3600.0  # of any tool
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000  # unshare(2)
_PR_SET_PDEATHSIG = 1  # prctl(2)
if sys.platform == "linux":
    import resource

    _OF_ALL = ((resource.RLIMIT_AS, 24 << 30), (resource.RLIMIT_CORE, 0))
    _LIMITS = (*_OF_ALL, (resource.RLIMIT_CPU, 48 * 3600), (resource.RLIMIT_FSIZE, 256 << 30))
    _LIVE_LIMITS = (*_OF_ALL, (resource.RLIMIT_FSIZE, 0))  # it runs for months, and writes into pipes
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here: nothing may be loaded after a fork


def disk_full() -> OSError:
    """The error of a full disk, where it was told in other words."""
    return OSError(errno.ENOSPC, _DISK_FULL)


def run_tool(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
    feed: bytes | None = None,
    longest_s: float = _LONGEST_S,
) -> None:
    """Run ``command`` to its end at low priority; each line of its stdout goes to ``on_line``, ``feed`` to its stdin.

    Raises :class:`ToolFailedError` with the tool's last line when it fails, or when it takes longer than
    ``longest_s``, OSError when the disk is full, :class:`CancelledError` when ``cancel`` is set meanwhile. The
    process never outlives this call, whatever exception ends it (Ctrl-C included); on Linux it does not outlive this
    program's being killed either.
    """
    nice = shutil.which("nice")
    full = [*([nice, "-n", "10"] if nice else []), *map(str, command)]
    process = subprocess.Popen(
        full,
        cwd=cwd,
        stdin=subprocess.PIPE if feed is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches us alone; we end the tool ourselves
        preexec_fn=confined(os.getpid()),  # noqa: PLW1509  (two system calls)
    )
    complaints: deque[str | None] = deque(maxlen=_KEPT_LINES)
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threads = [
        threading.Thread(target=_read_lines, args=(process.stderr, complaints.append), daemon=True),
        threading.Thread(target=_read_lines, args=(process.stdout, lines.put), daemon=True),
    ]
    if feed is not None:
        threads.append(threading.Thread(target=_feed, args=(process.stdin, feed), daemon=True))
    try:
        for thread in threads:
            thread.start()
        _follow(lines, on_line, cancel, time.monotonic() + longest_s)
        process.wait()
    finally:
        _end(process)
        for thread in threads:
            thread.join()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    if process.returncode != 0:
        name = Path(command[0]).name.split("-", 1)[0]
        why = next((_plain(line) for line in reversed(complaints) if line and line.strip()), "it gave no reason")
        if _DISK_FULL in why:  # that is not the film's fault
            raise disk_full()
        raise ToolFailedError(f"{name} failed: {why}")


def ends_with_parent(parent: int) -> Callable[[], None] | None:
    """Return what a new process must call first, so that the system kills it when its parent thread ends. None if the
    system cannot. It survives exec."""
    if _LIBC is None:
        return None
    libc = _LIBC

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was killed before we asked
            os._exit(1)

    return ask


def confined(parent: int) -> Callable[[], None] | None:
    """:func:`ends_with_parent`, for what reads a stranger's film."""
    ends, libc = ends_with_parent(parent), _LIBC
    if ends is None or libc is None:
        return None

    def ask() -> None:
        ends()
        # Neither network nor endless time, memory or files. Where the system grants no network of its own
        # (containers), the tool runs with that of the service.
        libc.unshare(_NEW_NETWORK if os.geteuid() == 0 else _NEW_NETWORK | _NEW_USER)
        for limit, most in _LIMITS:
            resource.setrlimit(limit, (most, most))

    return ask


def confined_live(parent: int) -> Callable[[], None] | None:
    """:func:`ends_with_parent`, for what encodes a stranger's stream as long as it comes, also from the network."""
    ends = ends_with_parent(parent)
    if ends is None:
        return None

    def ask() -> None:
        ends()
        for limit, most in _LIVE_LIMITS:
            resource.setrlimit(limit, (most, most))

    return ask


# "E1121 10:19:28.910567 26988 packager_main.cc:678] " and "[mov,mp4 @ 0x55d0] "
_LOG_PREFIX = re.compile(r"^(?:[A-Z]\d{4} [\d:.]+ +\d+ \S+:\d+\]|\[[^\]]* @ 0x[0-9a-f]+\]) *")


def _plain(line: str) -> str:
    return _LOG_PREFIX.sub("", line.strip())


def _follow(
    lines: queue.SimpleQueue[str | None],
    on_line: Callable[[str], None] | None,
    cancel: threading.Event | None,
    until_s: float,
) -> None:
    """Hand the tool's lines on, in the caller's thread, until its stdout closes."""
    while True:
        if cancel is not None and cancel.is_set():
            raise CancelledError
        if time.monotonic() > until_s:
            raise ToolFailedError("the tool took too long")
        with suppress(queue.Empty):
            line = lines.get(timeout=_CANCEL_POLL_S)
            if line is None:
                return
            if on_line is not None:
                on_line(line)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_KILL_AFTER_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _read_lines(pipe: IO[bytes], sink: Callable[[str | None], None]) -> None:
    """Each line to ``sink``, then None."""
    for raw in pipe:
        sink(raw.decode("utf-8", "replace").rstrip("\r\n"))
    sink(None)


def _feed(pipe: IO[bytes], data: bytes) -> None:
    with suppress(BrokenPipeError):  # the tool ended early; its own exit code tells why
        pipe.write(data)
        pipe.close()
