"""Commands from the operator, their results, and the journal that prevents running one twice."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from player.base.files import is_newer, kept_json, write_whole

KINDS = ("restart", "playlist", "screenshot", "logs")
TEXT, JPEG = "text/plain", "image/jpeg"
MAX_RESULT_BYTES = 512 * 1024
MAX_MESSAGE = 300
_KEPT = 200  # ids, the newest
_MAX_BYTES = 1_000_000
_VERSION = 1
_ID = re.compile(r"[0-9a-f]{32}")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OperatorCommand:
    """One command; ``kind`` is one of :data:`KINDS` or something that a newer service knows. ``good_for_s`` counts
    from when it arrived."""

    id: str
    kind: str
    good_for_s: float
    playlist: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What came of a command: a sentence, and a picture or a text where one was asked for."""

    command_id: str
    ok: bool
    message: str
    media_type: str | None = None
    data: bytes = field(default=b"", repr=False)


def newer_file() -> OSError:
    """For what a later version of this program wrote, which is left as it is."""
    return PermissionError(errno.EPERM, "a newer version of this program wrote the file, which is left as it is")


def is_id(text: object) -> bool:
    """Whether this can be the id of a command, and so a file's name."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


class CommandJournal:
    """Remembers which commands were begun, how they ended, and whether the service knows. A command is begun only
    once that is on the disk: what happens then, it is not begun again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "journal.json"
        self._lines: dict[str, dict[str, object]] = _read(self._path)
        self._newer = is_newer(kept_json(self._path, _MAX_BYTES), _VERSION)

    def knows(self, command_id: str) -> bool:
        """Whether it was begun before."""
        return command_id in self._lines

    def begin(self, command: OperatorCommand) -> None:
        """It is about to be carried out. Raises OSError: then it must not be."""
        self._set(command.id, {"kind": command.kind, "state": "begun"})

    def end(self, outcome: CommandOutcome) -> None:
        """It is over. Raises OSError."""
        if outcome.data:
            write_whole(self._folder / outcome.command_id, outcome.data)
        media_type = outcome.media_type if outcome.data else None
        line = {**self._lines.get(outcome.command_id, {}), "state": "over", "ok": outcome.ok}
        self._set(outcome.command_id, {**line, "message": outcome.message, "media_type": media_type})

    def told(self, command_id: str) -> None:
        """The service knows how it ended. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            (self._folder / command_id).unlink()
        self._set(command_id, {"kind": self._lines[command_id].get("kind"), "state": "told"})

    def unfinished(self) -> list[tuple[str, str]]:
        """Ids and kinds of those that were begun and have no end: the kiosk itself ended meanwhile."""
        return [(name, str(line.get("kind"))) for name, line in self._lines.items() if line.get("state") == "begun"]

    def untold(self) -> list[CommandOutcome]:
        """What the service does not know yet, the oldest first."""
        return [self._outcome(name, line) for name, line in self._lines.items() if line.get("state") == "over"]

    def _outcome(self, command_id: str, line: Mapping[str, object]) -> CommandOutcome:
        media_type = line.get("media_type")
        data = b""
        if isinstance(media_type, str):
            try:
                data = (self._folder / command_id).read_bytes()[:MAX_RESULT_BYTES]
            except OSError:
                return CommandOutcome(command_id, ok=False, message="What was made of it is lost.")
        kind = str(media_type) if data else None
        return CommandOutcome(command_id, line.get("ok") is True, str(line.get("message", "")), kind, data)

    def _set(self, command_id: str, line: dict[str, object]) -> None:
        if self._newer:
            raise newer_file()
        lines = {**self._lines, command_id: line}
        for name in list(lines)[:-_KEPT]:
            if lines[name].get("state") == "told":
                del lines[name]
        write_whole(self._path, json.dumps({"version": _VERSION, "commands": lines}).encode())
        _sync(self._path)
        self._lines = lines


def _read(path: Path) -> dict[str, dict[str, object]]:
    members = kept_json(path, _MAX_BYTES)
    lines = members.get("commands") if isinstance(members, dict) and members.get("version") == _VERSION else None
    if not isinstance(lines, dict):
        if path.exists():
            _log.warning("the journal of commands cannot be read")
        return {}
    return {name: line for name, line in lines.items() if is_id(name) and isinstance(line, dict)}


def _sync(path: Path) -> None:
    """Have a file and its name on the disk."""
    for each in (path, path.parent):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
