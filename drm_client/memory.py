"""Keeping this process's memory, in which keys lie while a title plays, out of core dumps."""

from __future__ import annotations

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> bool:
    """Make the system write no core dump of this process; whether it could be done.

    On Linux the process is also marked as not dumpable, which keeps other programs of the same user (debuggers too)
    from reading its memory; one that is already attached, or runs as root, still can.
    """
    if sys.platform == "win32":
        return False
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        return False
    marked = 0
    if sys.platform == "linux":
        marked = int(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))
    return marked == 0
