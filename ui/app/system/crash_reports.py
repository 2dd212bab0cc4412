"""What a native crash leaves behind, for ``matinee doctor`` and for whoever is asked for help.

No Python runs any more when a library takes the process down. So what the report needs is on the disk before. The
versions are in the file that :mod:`faulthandler` writes the stacks of all threads into. The last lines of the log are
in a file that is written line by line: the system keeps them, whatever becomes of the process. (A mapped file would
take the process down on a full disk.) A run that ends well removes both. The next start
makes a report of what an earlier run left. It holds no secrets: lines are redacted again.
"""

from __future__ import annotations

import contextlib
import datetime
import faulthandler
import importlib.metadata
import logging
import os
import platform
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from player.base.files import write_whole
from player.net.redact import redact_line

FOLDER = "crashes"
LINES = 200
_LINE_BYTES = 512  # longer lines are cut off
_HEAD = struct.Struct("<Q")  # how many lines were written
_KEPT = 5
_FATAL = "Fatal Python error"
_FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_NATIVE = ("pyside6-essentials", "av", "python-mpv")  # what brings machine code of its own, or calls it
_STACKS, _LOG, _REPORT = ".stacks", ".lines", ".txt"
_MOST_BYTES = 4 << 20
_log = logging.getLogger(__name__)


class _LastLines(logging.Handler):
    """Keeps the last lines of the log in a file, which outlives the process."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter(_FORM))
        self._file = path.open("wb", buffering=0)
        self._count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging, one at a time."""
        try:
            line = redact_line(self.format(record)).replace("\n", " | ").encode("utf-8", "replace")
            begin = _HEAD.size + self._count % LINES * _LINE_BYTES
            os.pwrite(self._file.fileno(), line[:_LINE_BYTES].ljust(_LINE_BYTES, b"\0"), begin)
            self._count += 1
            os.pwrite(self._file.fileno(), _HEAD.pack(self._count), 0)
        except OSError:
            pass  # a full disk
        except Exception:  # noqa: BLE001 - logging's own rule: a line that cannot be kept disturbs nothing
            self.handleError(record)

    def close(self) -> None:
        """Give the file back."""
        super().close()
        self._file.close()


def _kept_lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes()[: _HEAD.size + LINES * _LINE_BYTES]
        (count,) = _HEAD.unpack_from(content)
    except (OSError, struct.error):
        return []
    places = range(max(0, count - LINES), count)
    begins = (_HEAD.size + place % LINES * _LINE_BYTES for place in places)
    return [content[begin : begin + _LINE_BYTES].rstrip(b"\0").decode("utf-8", "replace") for begin in begins]


@contextlib.contextmanager
def crashes_are_reported(profile: Path, versions: Sequence[str]) -> Iterator[str]:
    """While it is entered, a native crash leaves a report in ``profile``. Gives the path of the report of an earlier
    start that ended so and that nobody has been told of, or an empty text.

    A faulthandler that is at work already (``python -X faulthandler``) stays, and so does the place of its stacks.
    """
    folder = profile / FOLDER
    found = collect(profile)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{os.getpid()}-{time.time_ns()}"
        stacks = (folder / f"{name}{_STACKS}").open("w", encoding="utf-8")
        lines = _LastLines(folder / f"{name}{_LOG}")
    except OSError as error:
        _log.warning("a crash would leave no report: %s", error.strerror)
        yield found
        return
    with stacks:
        _lock(stacks)
        stacks.writelines(f"{line}\n" for line in (*versions, *_of_this_machine(), f"started {_now()}"))
        stacks.flush()
        ours = not faulthandler.is_enabled()
        if ours:
            faulthandler.enable(stacks)
        with _logged(lines):
            try:
                yield found
            finally:
                if ours:
                    faulthandler.disable()
    _remove(folder / f"{name}{_STACKS}", folder / f"{name}{_LOG}")


@contextlib.contextmanager
def _logged(lines: _LastLines) -> Iterator[None]:
    """Everything from INFO on goes to these lines; other handlers see no more than before."""
    root = logging.getLogger()
    before = root.level
    levels = {handler: handler.level for handler in root.handlers}
    for handler, level in levels.items():
        handler.setLevel(max(level, before))
    root.setLevel(min(before, logging.INFO))
    root.addHandler(lines)
    try:
        yield
    finally:
        root.removeHandler(lines)
        root.setLevel(before)
        for handler, level in levels.items():
            handler.setLevel(level)
        lines.close()


def _of_this_machine() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    yield platform.platform()
    for name in _NATIVE:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            yield f"{name} {importlib.metadata.version(name)}"


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def collect(profile: Path) -> str:
    """Make reports of what crashed processes left, and take away what ended otherwise; the newest report that was
    made now, or an empty text."""
    made = ""
    for stacks in sorted(_files(profile, _STACKS)):
        lines = stacks.with_suffix(_LOG)
        try:
            with stacks.open("r+", encoding="utf-8", errors="replace") as file:
                if not _lock(file):
                    continue  # its process runs
                said = file.read(_MOST_BYTES)
                if _FATAL in said:
                    when = datetime.datetime.fromtimestamp(stacks.stat().st_mtime, datetime.UTC)
                    report = stacks.with_name(f"crash-{when:%Y%m%d-%H%M%S}-{stacks.stem.split('-')[0]}{_REPORT}")
                    text = f"{said.rstrip()}\n\nthe last lines of the log:\n" + "\n".join(_kept_lines(lines)) + "\n"
                    write_whole(report, text.encode())
                    made = str(report)
        except OSError as error:
            _log.warning("what is left of an earlier start stays: %s", error.strerror)
            continue
        _remove(stacks, lines)
    for old in reports(profile)[_KEPT:]:
        _remove(old)
    return made


def reports(profile: Path) -> list[Path]:
    """The reports there are, the newest first."""
    return sorted(_files(profile, _REPORT), key=lambda path: path.name, reverse=True)


def _files(profile: Path, suffix: str) -> list[Path]:
    try:
        return [path for path in (profile / FOLDER).iterdir() if path.suffix == suffix]
    except OSError:
        return []


def _remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def _lock(file: IO[str]) -> bool:
    """Take hold of a file as long as it is open; False where a process that runs has it. Windows itself keeps others
    from removing a file that is open."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
