"""Copies of the service's state: made while it runs, checked when they are put back.

A backup is a folder: ``backup.json`` (what is in it, with a digest of each file), the database, the secrets, and the
media where they were asked for. It opens everything that the service opens: keep it as the secrets themselves.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from backend_stub.clock import Clock, SystemClock
from backend_stub.config import Settings

FORMAT = 1
_INDEX = "backup.json"
_DATABASE = "matinee.db"
_SECRETS = "secrets"
_MEDIA = "media"
_BLOCK = 1 << 20


class BackupError(Exception):
    """``str()`` is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup holds: number of files, and their size in bytes."""

    files: int
    size: int


def back_up(settings: Settings, target: Path, *, media: bool = False, clock: Clock | None = None) -> Copied:
    """Copy database and secrets, and with ``media`` the published titles, to the new folder ``target``.

    The database is copied as it stands at one moment, whoever writes to it meanwhile. The folder appears whole or not
    at all. Raises BackupError; OSError for a disk that is full or may not be written.
    """
    database = _sqlite_file(settings)
    if target.exists():
        raise BackupError(f"{target} is there already; a backup is a folder of its own.")
    if not database.is_file():
        raise BackupError(f"{settings.data_dir} holds no service.")
    with _drafted(target) as draft:
        _copy_database(database, draft / _DATABASE)
        _copy_folder(settings.secrets_dir, draft / _SECRETS, private=True)
        if media:
            _copy_folder(settings.media_dir, draft / _MEDIA, private=False)
        files = {name: _entry(draft / name) for name in _names(draft)}
        index = {"format": FORMAT, "made_at": (clock or SystemClock()).now(), "media": media, "files": files}
        (draft / _INDEX).write_text(json.dumps(index, indent=1), encoding="utf-8")
    return Copied(len(files), sum(int(entry["size"]) for entry in files.values()))


def restore(settings: Settings, source: Path) -> Copied:
    """Put a backup into an empty data folder, after every file of it has been held against its digest.

    Titles whose media are not in the backup must be published again. Raises BackupError; OSError as :func:`back_up`.
    """
    database = _sqlite_file(settings)
    draft = database.with_name(f"{database.name}.restoring")
    if _remains(database) - {draft}:
        raise BackupError(f"{settings.data_dir} holds a service already; a backup goes into an empty folder.")
    files = _checked(source)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for name in files:
        place = database if name == _DATABASE else settings.data_dir / name
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if name.startswith(_SECRETS) else 0o755)
        if name != _DATABASE:
            shutil.copy2(source / name, place)
    # Last: as long as it is not there, the folder still counts as empty, and restoring can be tried again.
    shutil.copy2(source / _DATABASE, draft)
    draft.replace(database)
    return Copied(len(files), sum((source / name).stat().st_size for name in files))


def _sqlite_file(settings: Settings) -> Path:
    url = make_url(settings.database)
    if not url.drivername.startswith("sqlite") or not url.database:
        raise BackupError(
            "The database is not SQLite: back it up with its own tools (pg_dump), and copy the secrets."
        )
    return Path(url.database)


def _remains(database: Path) -> set[Path]:
    """What is there of a database, also of one that is gone: SQLite would play its log into another of that name."""
    return {*database.parent.glob(f"{database.name}*")}


def _copy_database(database: Path, place: Path) -> None:
    """SQLite's own online copy: consistent under writers, and with what still stands in the write-ahead log."""
    with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(place)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        damage = copy.execute("PRAGMA quick_check").fetchone()[0]
    if damage != "ok":
        raise BackupError("The database is damaged; its copy was not kept.")
    place.chmod(0o600)


def _copy_folder(folder: Path, place: Path, *, private: bool) -> None:
    place.mkdir(mode=0o700 if private else 0o755)
    for path in sorted(folder.rglob("*")):
        copied = place / path.relative_to(folder)
        if path.is_dir():
            copied.mkdir(exist_ok=True)
        elif path.is_file():
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copied)


def _checked(source: Path) -> list[str]:
    """The names in a backup whose files are all there and unchanged."""
    try:
        index = json.loads((source / _INDEX).read_text(encoding="utf-8"))
        version, files = index["format"], dict(index["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{source} is not a backup.") from error
    if version != FORMAT:
        raise BackupError(f"{source} was made by a newer version (format {version}).")
    for name, entry in files.items():
        parts = Path(name).parts
        if Path(name).is_absolute() or ".." in parts or parts[0] not in (_DATABASE, _SECRETS, _MEDIA):
            raise BackupError(f"{source} is not a backup.")
        path = source / name
        if not path.is_file() or path.is_symlink() or _entry(path) != entry:
            raise BackupError(f"The backup is damaged: {name} is not what was saved.")
    if _DATABASE not in files:
        raise BackupError(f"{source} is not a backup.")
    return list(files)


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _entry(path: Path) -> dict[str, int | str]:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return {"size": path.stat().st_size, "sha256": digest.hexdigest()}


@contextmanager
def _drafted(target: Path) -> Iterator[Path]:
    """A folder that gets its name when the block ends well, and goes when it does not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield draft
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
