"""The pipe between the kiosk and the processes that draw. Each line is a JSON document.

The processes send beats, the kiosk sends commands. Also the set-up of those processes.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from dataclasses import asdict, fields
from pathlib import Path

from drm_client.memory import forbid_core_dumps
from ui.kiosk.watchdog import Beat

EXIT_LEAVE = 11  # the operator leaves: the kiosk ends with it as well
EXIT_ANEW = 10  # the operator wants a new one
MAX_LINE = 4096
_PR_SET_PDEATHSIG = 1
_TYPES = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}


def own_command() -> list[str]:
    """The command that starts this program, however it is installed; see :func:`own_environment`."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, "-c", "from ui.cli.main import entry; entry()"]


def own_environment() -> dict[str, str]:
    """The environment for it: this one, and where Python finds what is running."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONSAFEPATH": "1"}


def harden() -> None:
    """For the processes that draw: no core dumps, and no life without the process that began them."""
    forbid_core_dumps()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def write_beat(beat: Beat) -> bytes:
    """A beat as a line."""
    line = json.dumps(asdict(beat)).encode() + b"\n"
    return line if len(line) <= MAX_LINE else json.dumps(asdict(Beat(beat.frames))).encode() + b"\n"


def read_beat(line: bytes) -> Beat | None:
    """The beat in a line; None for anything else."""
    try:
        members = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, dict):
        return None
    for field in fields(Beat):
        value = members.get(field.name, field.default)
        if type(value) not in _TYPES[str(field.type)]:
            return None
    return Beat(**{field.name: members[field.name] for field in fields(Beat) if field.name in members})


def write_wish(picture: Path) -> bytes:
    """The one wish there is, as a line: have what is drawn written to this file."""
    return json.dumps({"picture": str(picture)}).encode() + b"\n"


def read_wish(line: bytes) -> Path | None:
    """The file that a wish names; None for anything else."""
    try:
        members = json.loads(line)
    except (ValueError, RecursionError):
        return None
    path = members.get("picture") if isinstance(members, dict) else None
    return Path(path) if isinstance(path, str) and Path(path).is_absolute() else None


def memory_of(pid: int) -> int:
    """The bytes that a process occupies in memory; 0 where that cannot be known."""
    try:
        with Path(f"/proc/{pid}/statm").open("rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
