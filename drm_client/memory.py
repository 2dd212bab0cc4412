"""Keys in this process's memory: kept out of core dumps, and overwritten when they are no longer needed."""

from __future__ import annotations

import ctypes
import json
import sys

_PR_SET_DUMPABLE = 4
_PYTHON_SIZES = range(15, 512, 16)  # one of each of the interpreter's size classes
_SYSTEM_SIZES = range(519, 2120, 16)  # and of the C library's


def forbid_core_dumps() -> bool:
    """Make the system write no core dump of this process; whether it could be done.

    On Linux the process is also marked as not dumpable. Other programs of the same user, debuggers too, then cannot
    read its memory. A debugger that is already attached, or runs as root, still can.
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


def wipe(secret: bytes | bytearray | str | None) -> None:
    """Overwrite a secret where it lies, so that it does not stay in memory until that is used again.

    Also ``bytes`` and ``str``, which Python calls immutable: the caller must be the last who has use for the object.
    What is shorter than two characters is shared by the interpreter and stays, and so does text beyond ASCII.
    """
    if isinstance(secret, bytearray):
        secret[:] = bytes(len(secret))
    elif secret is None or len(secret) < 2 or sys.implementation.name != "cpython":
        return
    elif isinstance(secret, bytes):
        ctypes.memset(id(secret) + bytes.__basicsize__ - 1, 0, len(secret))
    elif secret.isascii():
        ctypes.memset(id(secret) + sys.getsizeof(secret) - len(secret) - 1, 0, len(secret))


def read_secret_json(text: bytes | bytearray) -> object:
    """What a JSON text holds; no copy of the text stays. Raises ValueError or RecursionError for what is no JSON."""
    decoded = text.decode()
    try:
        document: object = json.loads(decoded)
        return document
    finally:
        wipe(decoded)


def scrub_freed_memory() -> None:
    """Overwrite small blocks that this thread freed of late: libraries that carried a secret have dropped their
    copies of it there. Takes about a millisecond."""
    blocks = [bytearray(size) for size in _PYTHON_SIZES for _ in range(16)]
    blocks += [bytearray(size) for size in _SYSTEM_SIZES for _ in range(6)]
    del blocks
