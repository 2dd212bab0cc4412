"""The file of a recorded session: a ZIP archive with two JSON documents and the bodies (``docs/recording.md``).

Reading is bounded: the file may have come from anywhere.
"""

from __future__ import annotations

import contextlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from player.base.errors import ErrorCode, InputError
from player.net.model import ConnectionTiming

FORMAT = "matinee-recording"
VERSION = 2
_READABLE = (1, VERSION)  # 1 knows nothing of connections
SUFFIX = ".mrec"
_DOCUMENT_BYTES = 512 * 1024 * 1024
_BODY_BYTES = 512 * 1024 * 1024
_MOST_ENTRIES = 200_000
_LEVEL = 1  # media do not shrink, manifests do in any case
_REPORT_ROWS = (  # list, its numbers, what else it has
    ("decisions", ("at_s", "position", "media_s"), ("rung", "sentence")),
    ("requests", ("at_s", "bytes"), ("kind", "url", "first_byte_s", "seconds")),
    ("abandoned", ("at_s", "rung"), ("to_rung", "sentence")),
    ("seeks", ("at_s", "to_s"), ()),
    ("statuses", ("at_s",), ("status",)),
)
_DATE = (1980, 1, 1, 0, 0, 0)  # the same session makes the same bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Times are seconds since the playback was asked for, ``chunks`` pairs of seconds
    since the answer began and bytes. ``body`` names an entry of the archive; empty where only the digest is kept.
    ``whole`` says that the body ended by itself, ``hung`` that the player gave up, and not the network."""

    kind: str
    url: str
    method: str
    range: tuple[int, int | None] | None
    pathway: str
    track: str
    attempt: int
    at_s: float
    first_byte_s: float | None
    seconds: float
    status: int | None
    headers: Mapping[str, str]
    http: str
    new_connection: bool
    size: int
    sha256: str
    body: str
    whole: bool
    chunks: tuple[tuple[float, int], ...] = ()
    error: str = ""
    error_sentence: str = ""
    hung: bool = False
    recoverable: bool = False
    cmcd: str = ""
    connection: ConnectionTiming | None = None
    request_headers: Mapping[str, str] = field(default_factory=dict)  # without secrets


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole session. ``facts`` holds what is needed to play it again: ``manifests`` (address by CDN), ``kids`` (of
    the keys, which are not there), ``start_s``, ``wall_s``, ``settings`` and ``source``."""

    facts: dict[str, Any]
    report: dict[str, Any]
    exchanges: tuple[Exchange, ...]
    path: Path = field(default=Path())

    def body(self, exchange: Exchange) -> bytes:
        """The body of an answer; empty where it was not kept. Raises InputError for a damaged file."""
        if not exchange.body:
            return b""
        try:
            with zipfile.ZipFile(self.path) as archive:
                return _entry(archive, exchange.body, _BODY_BYTES)
        except (OSError, zipfile.BadZipFile, zlib.error, KeyError, RuntimeError) as error:
            raise _damaged(self.path) from error

    @property
    def playable(self) -> bool:
        """Whether the media are there, and need no key that a playlist names: those are never recorded."""
        return self.with_media and not any(each.kind == "key" for each in self.exchanges)

    @property
    def with_media(self) -> bool:
        """Whether the bytes of the media are there, and not only their digests."""
        media = [each for each in self.exchanges if each.kind in ("segment", "init") and each.size]
        return all(each.body for each in media)


class ArchiveWriter:
    """Writes bodies as they come and the documents at the end. Where that fails (a full disk) nothing of it stays,
    the playback goes on, and the end says so."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self._archive = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._names: set[str] = set()
        self._failure: OSError | None = None

    def put(self, digest: str, body: bytes) -> str:
        """Keep a body; the name of its entry. The same bytes are kept once."""
        name = f"bodies/{digest}"
        if name not in self._names:
            self._names.add(name)
            self._write(name, body)
        return name

    def close(self, facts: Mapping[str, Any], report: Mapping[str, Any], exchanges: list[Exchange]) -> None:
        """Write the documents, and end. Raises OSError where anything could not be written."""
        head = {"format": FORMAT, "version": VERSION, **facts, "report": report}
        self._write("session.json", json.dumps(head, ensure_ascii=False).encode())
        rows = [
            asdict(
                each,
                dict_factory=lambda members: {name: value for name, value in members if value not in ("", None, ())},
            )
            for each in exchanges
        ]
        self._write("exchanges.json", json.dumps(rows, ensure_ascii=False).encode())
        try:
            if self._failure is None:
                self._archive.close()
                self._file.close()
        except OSError as error:
            self._give_up(error)
        if self._failure is not None:
            raise self._failure

    def _write(self, name: str, content: bytes) -> None:
        if self._failure is not None:
            return
        try:
            self._archive.writestr(_info(name), content)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """A torn recording is of no use to anybody."""
        self._failure = error
        with contextlib.suppress(OSError):
            self._archive.close()
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


def read_recording(path: Path) -> Recording:
    """The recording in a file. Raises InputError."""
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > _MOST_ENTRIES:
                raise _damaged(path)
            head = json.loads(_entry(archive, "session.json", _DOCUMENT_BYTES))
            rows = json.loads(_entry(archive, "exchanges.json", _DOCUMENT_BYTES))
    except OSError as error:
        raise InputError(ErrorCode.INPUT_FILE, f"{path.name} cannot be read: {error.strerror}.") from error
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError) as error:
        raise _damaged(path) from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise _damaged(path)
    if head.get("version") not in _READABLE:
        raise InputError(
            ErrorCode.INPUT_FILE,
            f"{path.name} is a recording of version {head.get('version')}; known are those up to {VERSION}.",
        )
    try:
        report = dict(head.pop("report"))
        _check_report(report)
        exchanges = tuple(_exchange(row) for row in rows)
        return Recording(head, report, exchanges, path)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path) from error


def _check_report(report: Mapping[str, Any]) -> None:
    """Raises KeyError, TypeError or ValueError for a report that lacks what a replay goes by."""
    for name, numbers, others in _REPORT_ROWS:
        for row in report[name]:
            for member in numbers:
                float(row[member])
            for member in others:
                _ = row[member]
    if report["startup"]["first_frame_s"] is not None:
        float(report["startup"]["first_frame_s"])
    _ = report["result"]["status"], report["title"]


def _exchange(row: Mapping[str, Any]) -> Exchange:
    values: dict[str, Any] = {
        "track": "",
        "pathway": "",
        "http": "",
        "sha256": "",
        "body": "",
        "status": None,
        "first_byte_s": None,
        "range": None,
        "headers": {},
        **row,
    }
    values["range"] = None if values["range"] is None else (int(values["range"][0]), values["range"][1])
    values["chunks"] = tuple((float(at_s), int(size)) for at_s, size in values.get("chunks", ()))
    if values.get("connection") is not None:
        values["connection"] = ConnectionTiming(**values["connection"])
    if values["body"] and not str(values["body"]).startswith("bodies/"):
        raise ValueError("a body that is none")
    return Exchange(**values)


def _entry(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    if archive.getinfo(name).file_size > most:
        raise zipfile.BadZipFile("an entry is too large")
    with archive.open(name) as entry:
        content = entry.read(most + 1)
    if len(content) > most:
        raise zipfile.BadZipFile("an entry is too large")
    return content


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _damaged(path: Path) -> InputError:
    return InputError(ErrorCode.INPUT_FILE, f"{path.name} is not a recording of a session, or it is damaged.")
