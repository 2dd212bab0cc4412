"""One download on the disk: its journal, its sealed plan, and a file for each item.

``items/000012`` is item 12 as it was delivered where it came encrypted, else sealed by us. Only an item that the
journal lists exists; what else lies there is the rest of something that was interrupted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from downloads import ledger, planfile
from downloads.errors import DownloadError, damaged, storage_error, store_gone
from downloads.item_writer import DiskFile, HashCode, ItemWriter, SystemFile
from downloads.journal import Body, Journal
from downloads.ledger import Ledger
from downloads.model import DownloadPlan, DownloadSummary, PlanItem, Stored
from downloads.reading import read_kept
from drm_client.errors import DrmError
from drm_client.locks import held, is_held
from drm_client.sealing import TAG_BYTES, FingerprintStream, Sealer, SealingStream
from player.base.errors import ErrorCode
from player.base.files import sync_folder

_RUN_LOCK = "run.lock"
_WANTED = "wanted"
_SMALL_BYTES = 1024 * 1024
ITEMS = "items"
_WITH_CODES = 2  # the format from which on the journal has codes of what is not sealed, no hashes


class Disk(Protocol):
    """Makes files that last. A test's may be full, or gone."""

    def create(self, path: Path) -> DiskFile: ...


class SystemDisk:
    """The machine's own."""

    def create(self, path: Path) -> DiskFile:
        """Make or replace the file. Raises OSError."""
        return SystemFile(path)


class DownloadFolder:
    """See the module. Safe on any thread.

    Methods raise DownloadError: ``download.damaged``, ``download.newer``, ``download.store_gone``, ``disk.full``.
    """

    def __init__(self, path: Path, sealer: Sealer, disk: Disk | None = None) -> None:
        self.id = path.name
        self.path = path
        self._sealer = sealer.child(f"downloads/{self.id}")
        self._disk = disk or SystemDisk()
        self.journal = Journal(path / "journal", sealer, self.id)
        self.ledger = Ledger()
        self._plan: DownloadPlan | None = None
        self._reading = threading.RLock()  # of the journal

    @classmethod
    def create(cls, path: Path, sealer: Sealer, entry: tuple[str, Body], disk: Disk | None = None) -> DownloadFolder:
        """A new folder whose journal begins with ``entry``."""
        folder = cls(path, sealer, disk)
        try:
            with folder._storage():
                (path / ITEMS).mkdir(parents=True, mode=0o700)
                sync_folder(path.parent)
                folder.note(entry)
        except DownloadError:
            shutil.rmtree(path, ignore_errors=True)  # half of one would be listed as damaged
            raise
        return folder

    # --- the journal

    def refresh(self) -> Ledger:
        """The present state, with what other processes wrote."""
        with self._storage(), self._reading:
            self.ledger.apply(self.journal.refresh())
        if not self.ledger.format:
            if not self.path.is_dir():
                raise store_gone(self.path)
            raise damaged(f"The journal of download {self.id}")
        return self.ledger

    def note(self, *entries: tuple[str, Body]) -> None:
        """Write records and wait until they are on the disk."""
        with self._storage(), self._reading:
            self.ledger.apply(self.journal.append(*entries))

    def salvage(self) -> list[str]:
        """Rebuild the journal from its sound records; the names of the damaged ones. Items whose records are lost are
        not kept any more."""
        records, broken = self.journal.salvage()
        if not records or records[0].type != "begin":
            raise damaged(f"The journal of download {self.id}, with all that it said,")
        with self._storage():
            self.journal.rewrite(records)
        self.ledger = Ledger()
        self._plan = None
        self.refresh()
        return broken

    # --- the plan

    @property
    def has_plan(self) -> bool:
        return bool(self.ledger.plan_sha256)

    def plan(self) -> DownloadPlan:
        """The plan, read once. It must have been written (:attr:`has_plan`)."""
        if self._plan is None:
            with self._storage():
                try:
                    data = read_kept(self.path / "plan", planfile.MAX_BYTES, "The plan of the download")
                except FileNotFoundError:
                    raise damaged("The plan of the download") from None
            if hashlib.sha256(data).hexdigest() != self.ledger.plan_sha256:
                raise damaged("The plan of the download")
            self._plan = planfile.decode(self._open(data, "plan", "The plan of the download"))
        return self._plan

    def write_plan(self, plan: DownloadPlan) -> None:
        """Keep the plan and note it."""
        data = self._sealer.seal(planfile.encode(plan), self._context("plan"))
        with self._storage():
            self._write(self.path / "plan", data)
        self.note(ledger.planned(hashlib.sha256(data).hexdigest(), len(plan.items), plan.size, plan.duration_s))
        self._plan = plan

    # --- items

    def writer(self, item: PlanItem) -> ItemWriter:
        """What puts an item's bytes on the disk while they arrive. It counts only once :func:`downloads.ledger.kept`
        is noted with what it gives at its end."""
        context = self._context(f"item/{item.index}")
        how: SealingStream | FingerprintStream | HashCode
        if item.sealed:
            how = self._sealer.stream(context)
        elif self.ledger.format < _WITH_CODES:
            how = HashCode()
        else:
            how = self._sealer.fingerprint_stream(context)
        return ItemWriter(lambda: self._disk.create(self.item_path(item.index)), how, self._guarded)

    def keep(self, item: PlanItem, data: bytes | memoryview) -> Stored:
        """Put an item that is here whole on the disk, as :meth:`writer`."""
        writer = self.writer(item)
        writer.write(data)
        return writer.finish()

    def read(self, item: PlanItem) -> bytes:
        """An item's bytes as they were fetched, checked. Raises DownloadError also for one that is not kept."""
        stored = self.ledger.stored.get(item.index)
        if stored is None:
            raise DownloadError(ErrorCode.DOWNLOAD_INCOMPLETE, "This part of the title has not been downloaded yet.")
        what = f"Part {item.index} of the download"
        with self._storage():
            try:
                if (self.path / ITEMS).is_symlink():
                    raise damaged(what, item=item.index)
                data = read_kept(self.item_path(item.index), stored.length, what, item=item.index)
            except FileNotFoundError:
                raise damaged(what, item=item.index) from None
        if len(data) != stored.length or not self._is(data, item, stored.digest):
            raise damaged(what, item=item.index)
        return self._open(data, f"item/{item.index}", what) if item.sealed else data

    def item_path(self, index: int) -> Path:
        return self.path / ITEMS / f"{index:06d}"

    # --- small secrets beside the items

    def write_secret(self, name: str, value: bytes | bytearray) -> None:
        """Keep something small, sealed."""
        with self._storage():
            temporary = self.path / f"{name}.new"
            self._write(temporary, self._sealer.seal(value, self._context(name)))
            temporary.replace(self.path / name)
            sync_folder(self.path)

    def read_secret(self, name: str) -> bytes | None:
        """What was kept under ``name``; None where there is nothing."""
        what = f"The file {name} of the download"
        with self._storage():
            try:
                data = read_kept(self.path / name, _SMALL_BYTES, what)
            except FileNotFoundError:
                return None
        return self._open(data, name, what)

    def drop_secret(self, name: str) -> None:
        """Forget what was kept under ``name``, readable or not."""
        with self._storage():
            (self.path / name).unlink(missing_ok=True)
            sync_folder(self.path)

    # --- who works on it

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While this process works on the download. Raises DownloadError ``download.busy`` when another one does, and
        ``download.store_gone`` or ``disk.full`` where that cannot be noted."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(held(self.path / _RUN_LOCK, wait=False))
            except BlockingIOError:
                raise DownloadError(
                    ErrorCode.DOWNLOAD_BUSY, "Another program is working on this download.", recoverable=True
                ) from None
            except OSError as error:
                raise storage_error(error, self.path) from error
            yield

    @property
    def is_running(self) -> bool:
        return is_held(self.path / _RUN_LOCK)

    def drop_media(self) -> None:
        """Delete the files of all items, without a note of it: for a removal."""
        shutil.rmtree(self.path / ITEMS, ignore_errors=True)  # follows no link

    def drop_files(self) -> None:
        """Delete all else that is in the folder, too. What is left of the download is listed as damaged."""
        self.drop_media()
        for path in self.path.iterdir():
            if path.name != _RUN_LOCK:
                with contextlib.suppress(OSError):
                    path.unlink()

    def want(self, start_s: float) -> None:
        """Tell whoever downloads that this time is wanted first: somebody watches. A hint that may get lost."""
        with contextlib.suppress(OSError):
            temporary = self.path / f"{_WANTED}.{os.getpid()}"
            temporary.write_text(json.dumps({"start_s": start_s}))
            temporary.replace(self.path / _WANTED)

    def wanted_s(self) -> float:
        """The time that somebody wants first; 0 where nobody said."""
        try:
            value = json.loads(read_kept(self.path / _WANTED, 100, "The hint of what is wanted"))["start_s"]
            return float(value)
        except (DownloadError, OSError, ValueError, OverflowError, KeyError, TypeError):
            return 0.0

    def snapshot(self) -> DownloadSummary:
        """The download as a list shows it."""
        now = self.ledger
        return DownloadSummary(
            id=self.id,
            name=now.name,
            title_id=now.title_id,
            state=now.state,
            running=self.is_running,
            priority=now.priority,
            created_at=now.created_at,
            items=now.items,
            items_done=len(now.stored),
            size=now.size,
            fetched=now.fetched,
            duration_s=now.duration_s,
            missing=len(now.missing),
            code=now.code,
            sentence=now.sentence,
            folder=str(self.path),
        )

    def _context(self, name: str) -> str:
        return f"downloads/{self.id}/{name}"

    def _open(self, data: bytes, name: str, what: str) -> bytes:
        try:
            return self._sealer.open(data, self._context(name))
        except DrmError as error:
            raise damaged(what) from error

    def _is(self, body: bytes, item: PlanItem, digest: str) -> bool:
        """Whether the file is the one that the journal means. The tag at the end of a sealed one pins every bit of it
        (:class:`Sealer`)."""
        if item.sealed:
            return body[-TAG_BYTES:].hex() == digest
        if self.ledger.format < _WITH_CODES:
            return hashlib.sha256(body).hexdigest() == digest
        return self._sealer.matches(bytes.fromhex(digest), body, self._context(f"item/{item.index}"))

    def _write(self, path: Path, data: bytes) -> None:
        """Make or replace a file; its bytes are on the disk when this returns. Raises OSError."""
        file = self._disk.create(path)
        try:
            file.write(data)
            file.sync()
        finally:
            file.close()

    def _guarded(self, work: Callable[[], None]) -> None:
        with self._storage():
            work()

    @contextlib.contextmanager
    def _storage(self) -> Iterator[None]:
        try:
            yield
        except (DownloadError, BlockingIOError):
            raise
        except OSError as error:
            raise storage_error(error, self.path.parent) from error
