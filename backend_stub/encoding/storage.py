"""Where the files of unfinished jobs are, for all workers: a folder that they share, or a bucket by the S3 interface.

Each worker has a folder of its own view of them, the staging folder of its data folder. Over a shared folder that is
the place itself. Over a bucket it is a copy: what a task needs is brought there, and what it made goes to the bucket.
Each file or folder is one object there, so that it is complete or absent.
"""

from __future__ import annotations

import os
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from backend_stub.config import Settings
from backend_stub.encoding.errors import StorageError

if TYPE_CHECKING:
    from obstore.store import RetryConfig, S3Store

JOB_FOLDER = "job-"
_FOLDER = ".zip"  # how an object ends that is a folder
_PIECE_BYTES = 4 << 20
# What is younger may belong to a job that is being asked for at this moment.
_LEFT_ALONE = timedelta(hours=1)
_RETRIES = 5
_RETRY_FOR = timedelta(seconds=60)


def job_folder(job_id: str) -> str:
    """The folder of a job, which names of its files begin with."""
    return f"{JOB_FOLDER}{job_id}"


class Storage(Protocol):
    """Names are relative, with slashes, and begin with the folder of their job. All methods may be called by any
    thread, and raise :class:`StorageError` where the bucket cannot be reached, OSError for this machine's disk."""

    def bring(self, name: str, *, folder: bool = False) -> Path:
        """The file of this name (or the folder) on this machine. Raises StorageError where nothing was kept."""
        ...

    def keep(self, name: str) -> None:
        """What is at this name on this machine is there for all from now on."""
        ...

    def keep_first(self, name: str, data: bytes) -> bytes:
        """Keep ``data`` unless something was kept under this name before; what is there then."""
        ...

    def lend(self, source: Path, name: str) -> bool:
        """Let all workers have a file that lies elsewhere on this machine; False where they have it as it is."""
        ...

    def forget(self, job: str) -> None:
        """Remove the folder of a job, here and for all."""
        ...

    def jobs(self) -> set[str]:
        """The folders of jobs that are there, but for those that were made just now by others."""
        ...


def open_storage(settings: Settings) -> Storage:
    """The storage that ``settings`` name. Raises ValueError for an address that is none, or without the library."""
    if not settings.store_url:
        return FolderStorage(settings.staging_dir)
    if not settings.store_url.startswith("s3://"):
        raise ValueError("Files are kept in a bucket by an address of the form s3://BUCKET/PREFIX.")
    try:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store
    except ImportError as error:
        raise ValueError("A bucket needs the package obstore: install matinee[s3].") from error
    try:
        retry: RetryConfig = {"max_retries": _RETRIES, "retry_timeout": _RETRY_FOR}
        bucket = S3Store.from_url(settings.store_url, retry_config=retry)
    except BaseError as error:
        raise ValueError("The address of the bucket cannot be used.") from error
    return BucketStorage(settings.staging_dir, bucket)


class FolderStorage:
    """A folder that all workers share: what one makes is where the others look."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def bring(self, name: str, *, folder: bool = False) -> Path:  # noqa: ARG002
        return self._root / name

    def keep(self, name: str) -> None:
        pass

    def keep_first(self, name: str, data: bytes) -> bytes:
        place = self._root / name
        if not place.exists():
            with _draft(place) as draft:
                draft.write_bytes(data)
                with suppress(FileExistsError):
                    os.link(draft, place)  # unlike a rename it leaves what somebody else has put there meanwhile
        return place.read_bytes()

    def lend(self, source: Path, name: str) -> bool:  # noqa: ARG002
        return False

    def forget(self, job: str) -> None:
        shutil.rmtree(self._root / job, ignore_errors=True)

    def jobs(self) -> set[str]:
        return _job_folders(self._root)


class BucketStorage:
    """A bucket by the S3 interface, and a copy of what this machine needs of it in the folder ``root``."""

    def __init__(self, root: Path, bucket: S3Store) -> None:
        self._root = root
        self.bucket = bucket
        self._bringing = threading.Lock()  # several tasks of one worker may begin with the same film

    def bring(self, name: str, *, folder: bool = False) -> Path:
        place = self._root / name
        with self._bringing:
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                with _draft(place) as draft:
                    self._fetch(name + _FOLDER if folder else name, draft)
                    if folder:
                        _unpack(draft, place)
                    else:
                        draft.replace(place)
        return place

    def keep(self, name: str) -> None:
        place = self._root / name
        with _asking():
            if not place.is_dir():
                self.bucket.put(name, place)
                return
            with _draft(place) as draft:
                _pack(place, draft)
                self.bucket.put(name + _FOLDER, draft)

    def keep_first(self, name: str, data: bytes) -> bytes:
        from obstore.exceptions import AlreadyExistsError

        with _asking():
            try:
                self.bucket.put(name, data, mode="create")
            except AlreadyExistsError:
                return bytes(self.bucket.get(name).bytes())
        return data

    def lend(self, source: Path, name: str) -> bool:
        with _asking():
            self.bucket.put(name, source)
        return True

    def forget(self, job: str) -> None:
        shutil.rmtree(self._root / job, ignore_errors=True)
        with _asking():
            names = [item["path"] for page in self.bucket.list(job) for item in page]
            if names:
                self.bucket.delete(names)

    def jobs(self) -> set[str]:
        newest: dict[str, datetime] = {}
        with _asking():
            for page in self.bucket.list():
                for item in page:
                    job = item["path"].partition("/")[0]
                    newest[job] = max(item["last_modified"], newest.get(job, item["last_modified"]))
        before = datetime.now(UTC) - _LEFT_ALONE
        return {job for job, at in newest.items() if at < before} | _job_folders(self._root)

    def _fetch(self, name: str, target: Path) -> None:
        with _asking(), target.open("wb") as file:
            for piece in self.bucket.get(name).stream(min_chunk_size=_PIECE_BYTES):
                file.write(piece)


@contextmanager
def _asking() -> Iterator[None]:
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, FileNotFoundError) as error:  # the library's own message may hold addresses with signatures
        raise StorageError(f"The bucket did not do as asked ({type(error).__name__}).") from error


@contextmanager
def _draft(place: Path) -> Iterator[Path]:
    """A place of this thread alone beside ``place``, for a file."""
    draft = place.with_name(f".{place.name}-{os.getpid()}-{threading.get_ident()}.part")
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _pack(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder).as_posix())


def _unpack(archive: Path, place: Path) -> None:
    """The whole folder appears at once."""
    draft = archive.with_suffix(".folder")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(draft)  # never leaves the folder, whatever names there are
        draft.rename(place)
    except zipfile.BadZipFile as error:
        raise StorageError("What the bucket has is damaged.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _job_folders(root: Path) -> set[str]:
    return {folder.name for folder in root.glob(f"{JOB_FOLDER}*")}
