"""Reading the machine's clocks for :mod:`drm_client.clock`: which boot this is, time within it, the wall clock."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import time
import uuid
from pathlib import Path

from drm_client.clock import Reading

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MAX_BOOT_ID_BYTES = 64
_PROCESS_ID = f"process-{uuid.uuid4()}"


def read_clocks() -> Reading:
    """The clocks now.

    Linux: the kernel's boot ID and CLOCK_BOOTTIME. macOS: the boot session's UUID and CLOCK_MONOTONIC, which goes on
    in sleep there. Elsewhere each run of the program counts as a boot, by the monotonic clock.
    """
    boot_id = _boot_id()
    if boot_id is None:
        return Reading(_PROCESS_ID, time.monotonic(), time.time())
    return Reading(boot_id, _boottime_s(), time.time())


def _boot_id() -> str | None:
    if sys.platform == "darwin":
        return _darwin_boot_session()
    with contextlib.suppress(OSError):
        return _BOOT_ID.read_text().strip()[:_MAX_BOOT_ID_BYTES] or None
    return None


def _boottime_s() -> float:
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _darwin_boot_session() -> str | None:
    """``sysctl kern.bootsessionuuid``."""
    buffer = ctypes.create_string_buffer(_MAX_BOOT_ID_BYTES)
    size = ctypes.c_size_t(_MAX_BOOT_ID_BYTES)
    with contextlib.suppress(OSError, AttributeError):
        if ctypes.CDLL(None).sysctlbyname(b"kern.bootsessionuuid", buffer, ctypes.byref(size), None, 0) == 0:
            return buffer.value.decode("ascii") or None
    return None
