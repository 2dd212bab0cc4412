"""Reading the machine's clocks for :mod:`drm_client.clock`: which boot this is, time within it, the wall clock."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import sys
import time
import uuid
from pathlib import Path

from drm_client.clock import Reading

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE_FILE = Path("/proc/self/ns/time")
_UPTIME = Path("/proc/uptime")
_DIFFER_S = 1.0
_LONGEST_UP_S = 20 * 365 * 86_400.0
_MAX_BOOT_ID_BYTES = 64
_PROCESS_ID = f"process-{uuid.uuid4()}"
_FIRST_TIME_NAMESPACE = 0xEFFFFFFA  # PROC_TIME_INIT_INO of include/linux/proc_ns.h
_OLDEST, _TIME_NAMESPACES_SINCE = (3, 0), (5, 6)
_PIDFD_GET_TIME_NAMESPACE = 0xFF07  # include/uapi/linux/pidfd.h, since Linux 6.11


def read_clocks() -> Reading:
    """The clocks now.

    Linux: the kernel's boot ID and CLOCK_BOOTTIME. macOS: the boot session's UUID and CLOCK_MONOTONIC, which counts
    during sleep there. Elsewhere each run of the program counts as a boot, with the monotonic clock. So it does in a
    time namespace, whose creator can set CLOCK_BOOTTIME (time_namespaces(7)).
    """
    boot_id = _boot_id()
    if boot_id is None or not has_the_machines_boot_clock():
        return Reading(_PROCESS_ID, time.monotonic(), time.time())
    return Reading(boot_id, _boottime_s(), time.time())


def has_the_machines_boot_clock() -> bool:
    """Whether CLOCK_BOOTTIME is the machine's own here, and not one that was set for a time namespace.

    Where nothing says which namespace this is (/proc is covered, a filter forbids to ask), it may be any.
    """
    if not sys.platform.startswith("linux"):
        return True
    namespace = _time_namespace()
    return namespace == _FIRST_TIME_NAMESPACE or (namespace is None and not _may_have_time_namespaces())


def _may_have_time_namespaces() -> bool:
    """Whether this kernel may have them: Linux has since 5.6. One below 3.0 only calls itself so (personality(2))."""
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return version is None or not _OLDEST <= (int(version[1]), int(version[2])) < _TIME_NAMESPACES_SINCE


def _time_namespace() -> int | None:
    """The inode of this process's time namespace, None where nothing says it.

    The kernel is asked directly where it can be: files in /proc may be covered by others in a mount namespace.
    """
    import fcntl

    with contextlib.suppress(OSError, AttributeError):
        process = os.pidfd_open(os.getpid())
        try:
            namespace = fcntl.ioctl(process, _PIDFD_GET_TIME_NAMESPACE)
        finally:
            os.close(process)
        try:
            return os.fstat(namespace).st_ino
        finally:
            os.close(namespace)
    with contextlib.suppress(OSError):
        return _NAMESPACE_FILE.stat().st_ino
    return None


def _boot_id() -> str | None:
    if sys.platform == "darwin":
        return _darwin_boot_session()
    with contextlib.suppress(OSError):
        return _BOOT_ID.read_text().strip()[:_MAX_BOOT_ID_BYTES] or None
    return None


def _boottime_s() -> float:
    """CLOCK_BOOTTIME, held against the kernel's file: a preloaded library (libfaketime) can answer for the C library.
    Of a container the file may say less (LXCFS), so the later one counts, unless no machine is up for so long."""
    said = time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    with contextlib.suppress(OSError, ValueError, IndexError):
        kernel = float(_UPTIME.read_text().split()[0])
        if kernel - said > _DIFFER_S or said > _LONGEST_UP_S:
            return kernel
    return said


def _darwin_boot_session() -> str | None:
    """``sysctl kern.bootsessionuuid``."""
    buffer = ctypes.create_string_buffer(_MAX_BOOT_ID_BYTES)
    size = ctypes.c_size_t(_MAX_BOOT_ID_BYTES)
    with contextlib.suppress(OSError, AttributeError):
        if ctypes.CDLL(None).sysctlbyname(b"kern.bootsessionuuid", buffer, ctypes.byref(size), None, 0) == 0:
            return buffer.value.decode("ascii") or None
    return None
