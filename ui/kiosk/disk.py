"""Bounds on what a kiosk writes: its log, and what is left lying about in its folder."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from player.net.redact import redact_line
from ui.kiosk.provisioning import Provisioning

_FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LOG_FILES = 4
_ASIDE_KEPT = 3
_log = logging.getLogger(__name__)


class BoundedLog(RotatingFileHandler):
    """A log file that is turned over. A full disk costs lines, and nothing else."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A line that cannot be written is left out; the stream is opened again for the next one."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def start_log(state: Path, limit_bytes: int, level: int = logging.INFO) -> BoundedLog | None:
    """Write the log of this process to ``logs/kiosk.log``, at most ``limit_bytes`` with the older ones."""
    folder = state / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = BoundedLog(
            folder / "kiosk.log", maxBytes=limit_bytes // _LOG_FILES, backupCount=_LOG_FILES - 1, encoding="utf-8"
        )
    except OSError as error:
        _log.warning("there is no log file: %s", error.strerror)
        return None
    handler.setFormatter(logging.Formatter(_FORM))
    logging.getLogger().addHandler(handler)
    logging.getLogger("ui.kiosk").setLevel(level)
    return handler


def bound_log(limit_bytes: int) -> None:
    """What the log of this process may take from now on."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, BoundedLog):
            handler.maxBytes = limit_bytes // _LOG_FILES


def tidy(state: Path, provisioning: Provisioning) -> None:
    """Take away what has piled up: old logs beyond their bound, damaged files set aside. Never a download, a setting
    or a key."""
    logs = _by_age(state.glob("logs/*"))
    while logs and sum(_size(path) for path in logs) > provisioning.logs_bytes:
        _remove(logs.pop(0))
    aside = _by_age(state.glob("profile/*.damaged.json"))
    for path in aside[:-_ASIDE_KEPT]:
        _remove(path)


def _by_age(paths: Iterable[Path]) -> list[Path]:
    """Files, the oldest first."""
    found = []
    for path in paths:
        try:
            found.append((path.stat().st_mtime, path))
        except OSError:
            continue
    return [path for _, path in sorted(found)]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        _log.warning("%s stays: %s", path.name, error.strerror)


def log_tail(state: Path, most_bytes: int) -> bytes:
    """The newest lines of the log, as UTF-8, without anything that opens a door."""
    lines: list[str] = []
    size = 0
    for path in sorted(state.glob("logs/kiosk.log*")):  # the numbered ones are older
        skipped = max(0, _size(path) - most_bytes)
        try:
            with path.open("rb") as file:
                file.seek(skipped)
                found = file.read(most_bytes).decode("utf-8", "replace").splitlines()
        except OSError:
            continue
        del found[: skipped > 0]  # what is cut through is not known for what it is
        for line in reversed(found):
            shown = redact_line(line)
            size += len(shown.encode()) + 1
            if size > most_bytes:
                return "".join(f"{each}\n" for each in reversed(lines)).encode()
            lines.append(shown)
    return "".join(f"{each}\n" for each in reversed(lines)).encode()
