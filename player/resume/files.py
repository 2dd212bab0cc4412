"""The viewer's own files that were opened last, and where each was left, in ``files.json`` of the profile.

A file is known by what it contains (:func:`player.title.media_file.identity_of`), so it goes on under another name
too. One that has changed behind its start, as a recording that grows, is known by its place and that start. It is a
convenience: where the file cannot be read or written, files begin at their start.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from player.base.files import is_newer, kept_json, write_whole
from player.resume.merge import is_finished

_log = logging.getLogger(__name__)

_VERSION = 1
_MOST = 200
_MAX_BYTES = 512 * 1024
_LONGEST = 4096
_MOST_BOOKMARKS = 100
_WORTH_S = 5.0  # whoever stops before has seen nothing


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """``place`` is its path, or its address without anything that may be signed. Times are seconds; ``opened_at`` is
    since 1970. ``start`` stands for the bytes at its start. ``audio`` and ``text`` are the chosen tracks, empty for
    none chosen, "off" for no subtitles."""

    identity: str
    place: str
    name: str
    position_s: float = 0.0
    duration_s: float = 0.0
    opened_at: float = 0.0
    audio: str = ""
    text: str = ""
    bookmarks: tuple[float, ...] = ()
    start: str = ""

    @property
    def resume_s(self) -> float:
        """Where to go on; 0 for one that was seen, and where the start was hardly left."""
        done = is_finished(self.position_s, self.duration_s)
        return 0.0 if done or self.position_s < _WORTH_S else self.position_s


class FileMemory:
    """The files at ``path``, the one opened last first. Methods block for the disk and may be called from any
    thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="files")
        self._files: dict[str, OpenedFile] | None = None

    def of(self, identity: str, place: str = "", start: str = "") -> OpenedFile | None:
        """What is remembered of a file, or of the one that it has grown out of in the same place."""
        with self._lock:
            files = self._read()
            if identity not in files and start:
                before = [file for file in files.values() if (file.place, file.start) == (place, start)]
                if before:
                    grown = max(before, key=lambda file: file.opened_at)
                    del files[grown.identity]
                    # A file without a length is kept as long as it was played: it has another end now.
                    length_s = 0.0 if grown.position_s >= grown.duration_s else grown.duration_s
                    files[identity] = replace(grown, identity=identity, duration_s=length_s)
            return files.get(identity)

    def last(self, most: int = 40) -> tuple[OpenedFile, ...]:
        """What was opened last, newest first. In one place there is one file: the one before it has been replaced."""
        with self._lock:
            newest = sorted(self._read().values(), key=lambda file: file.opened_at)
        here = {file.place or file.identity: file for file in newest}
        return tuple(sorted(here.values(), key=lambda file: -file.opened_at)[:most])

    def keep(self, identity: str, **changes: Any) -> None:  # noqa: ANN401  (fields of OpenedFile)
        """Remember more of a file; its ``place`` and ``name`` come with the first call."""
        with self._lock:
            files = self._read()
            known = files.get(identity) or OpenedFile(identity, "", "")
            files[identity] = replace(known, **changes)
            if len(files) > _MOST:
                oldest = min(files.values(), key=lambda file: file.opened_at)
                del files[oldest.identity]
            self._write(files)

    def keep_soon(self, identity: str, **changes: Any) -> None:  # noqa: ANN401
        """As :meth:`keep`, on a thread of its own and in order. Returns at once."""
        self._worker.submit(self.keep, identity, **changes)

    def close(self) -> None:
        """Wait for what is still being written."""
        self._worker.shutdown()

    def forget(self, identity: str | None = None) -> None:
        """Forget a file, or all of them."""
        with self._lock:
            files = {} if identity is None else self._read()
            files.pop(identity or "", None)
            self._files = files
            self._write(files)

    def _read(self) -> dict[str, OpenedFile]:
        if self._files is None:
            content = kept_json(self._path, _MAX_BYTES)
            listed = (
                content.get("files") if isinstance(content, dict) and content.get("version") == _VERSION else None
            )
            found = (_file(each) for each in (listed if isinstance(listed, list) else [])[:_MOST])
            self._files = {file.identity: file for file in found if file is not None}
        return self._files

    def _write(self, files: Mapping[str, OpenedFile]) -> None:
        if is_newer(kept_json(self._path, _MAX_BYTES), _VERSION):
            _log.warning("the files that were opened are not kept: a newer version of Matinee wrote the list")
            return
        document = {"version": _VERSION, "files": [asdict(file) for file in files.values()]}
        try:
            write_whole(self._path, json.dumps(document).encode())
        except OSError as error:
            _log.warning("the files that were opened are not kept: %s", error.strerror)


def _file(members: object) -> OpenedFile | None:
    """One file out of the list; None for what makes no sense."""
    if not isinstance(members, dict):
        return None
    texts = [members.get(name, "") for name in ("identity", "place", "name", "audio", "text", "start")]
    times = [members.get(name, 0.0) for name in ("position_s", "duration_s", "opened_at")]
    marks = members.get("bookmarks", [])
    if not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts) or not texts[0]:
        return None
    if not all(map(_is_time, times)) or not isinstance(marks, list) or not all(map(_is_time, marks)):
        return None
    identity, place, name, audio, text, start = texts
    position_s, duration_s, opened_at = map(float, times)
    bookmarks = tuple(float(mark) for mark in marks[:_MOST_BOOKMARKS])
    return OpenedFile(identity, place, name, position_s, duration_s, opened_at, audio, text, bookmarks, start)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
