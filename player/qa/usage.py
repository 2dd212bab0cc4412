"""What this process holds at a moment: memory, handles, threads."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc/self")


@dataclass(frozen=True, slots=True)
class Usage:
    """``memory_bytes`` is what is resident, elsewhere than on Linux the most that ever was; 0, and ``handles`` None,
    where the system does not tell."""

    memory_bytes: int
    handles: int | None
    threads: int


def usage() -> Usage:
    """Now."""
    try:
        resident = int((_PROC / "statm").read_text().split()[1])
        import resource

        handles = sum(1 for _ in (_PROC / "fd").iterdir())
        return Usage(resident * resource.getpagesize(), handles, threading.active_count())
    except (OSError, ImportError, ValueError, IndexError):
        return Usage(peak_memory_bytes(), None, threading.active_count())


def peak_memory_bytes() -> int:
    """The most memory that this process has held; 0 on systems that do not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
