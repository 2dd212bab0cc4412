"""One download on the disk: its journal, its sealed plan, and a file for each item.

``items/000012`` is item 12 as it was delivered where it came encrypted, else sealed by us. Only an item that the
journal lists exists; what else lies there is the rest of something that was interrupted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from downloads import ledger, planfile
from downloads.errors import DownloadError, damaged, storage_error, store_gone
from downloads.journal import Body, Journal
from downloads.ledger import Ledger
from downloads.locks import held, is_held
from downloads.model import Item, Plan, Snapshot, Stored
from drm_client.errors import DrmError
from drm_client.sealing import TAG_BYTES, Sealer
from player.errors import ErrorCode
from player.files import sync_folder

_WANTED = "wanted"
_ITEMS = "items"
_WITH_CODES = 2  # the format from which on the journal has codes of what is not sealed, no hashes


class Disk(Protocol):
    """Writes a file so that it lasts. A test's may be full, or gone."""

    def write(self, path: Path, data: bytes | memoryview) -> None: ...


class SystemDisk:
    """The machine's own."""

    def write(self, path: Path, data: bytes | memoryview) -> None:
        """Make or replace the file; its bytes are on the disk when this returns. Raises OSError."""
        with path.open("wb", buffering=0) as file:
            view = memoryview(data)
            while view:  # the system may take a part of it, as where the disk becomes full
                view = view[file.write(view) :]
            os.fsync(file.fileno())


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
        self._plan: Plan | None = None
        self._reading = threading.RLock()  # of the journal
        self._spare: list[bytearray] = []  # memory for what is sealed, one for each thread that stores at once

    @classmethod
    def create(cls, path: Path, sealer: Sealer, entry: tuple[str, Body], disk: Disk | None = None) -> DownloadFolder:
        """A new folder whose journal begins with ``entry``."""
        folder = cls(path, sealer, disk)
        with folder._storage():
            (path / _ITEMS).mkdir(parents=True, mode=0o700)
            sync_folder(path.parent)
            folder.note(entry)
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

    def plan(self) -> Plan:
        """The plan, read once. It must have been written (:attr:`has_plan`)."""
        if self._plan is None:
            with self._storage():
                try:
                    data = (self.path / "plan").read_bytes()
                except FileNotFoundError:
                    raise damaged("The plan of the download") from None
            if hashlib.sha256(data).hexdigest() != self.ledger.plan_sha256:
                raise damaged("The plan of the download")
            self._plan = planfile.decode(self._open(data, "plan", "The plan of the download"))
        return self._plan

    def write_plan(self, plan: Plan) -> None:
        """Keep the plan and note it."""
        data = self._sealer.seal(planfile.encode(plan), self._context("plan"))
        with self._storage():
            self._disk.write(self.path / "plan", data)
        self.note(ledger.planned(hashlib.sha256(data).hexdigest(), len(plan.items), plan.size, plan.duration_s))
        self._plan = plan

    # --- items

    def keep(self, item: Item, data: bytes | bytearray | memoryview) -> Stored:
        """Put an item's bytes on the disk. It counts only once :func:`downloads.ledger.kept` is noted."""
        if not item.sealed:
            return self._write_item(item, memoryview(data), len(data))
        memory = self._spare.pop() if self._spare else bytearray()
        try:
            with self._sealer.seal_into(data, self._context(f"item/{item.index}"), memory) as body:
                return self._write_item(item, body, len(data))
        finally:
            self._spare.append(memory)

    def _write_item(self, item: Item, body: memoryview, fetched: int) -> Stored:
        with self._storage():
            self._disk.write(self.item_path(item.index), body)
        return Stored(len(body), self._digest(body, item), fetched)

    def read(self, item: Item) -> bytes:
        """An item's bytes as they were fetched, checked. Raises DownloadError also for one that is not kept."""
        stored = self.ledger.stored.get(item.index)
        if stored is None:
            raise DownloadError(ErrorCode.DOWNLOAD_INCOMPLETE, "This part of the title has not been downloaded yet.")
        what = f"Part {item.index} of the download"
        with self._storage():
            try:
                data = self.item_path(item.index).read_bytes()
            except FileNotFoundError:
                raise damaged(what, item=item.index) from None
        if len(data) != stored.length or not self._is(data, item, stored.digest):
            raise damaged(what, item=item.index)
        return self._open(data, f"item/{item.index}", what) if item.sealed else data

    def item_path(self, index: int) -> Path:
        return self.path / _ITEMS / f"{index:06d}"

    # --- small secrets beside the items

    def write_secret(self, name: str, value: bytes) -> None:
        """Keep something small, sealed."""
        with self._storage():
            temporary = self.path / f"{name}.new"
            self._disk.write(temporary, self._sealer.seal(value, self._context(name)))
            temporary.replace(self.path / name)
            sync_folder(self.path)

    def read_secret(self, name: str) -> bytes | None:
        """What was kept under ``name``; None where there is nothing."""
        with self._storage():
            try:
                data = (self.path / name).read_bytes()
            except FileNotFoundError:
                return None
        return self._open(data, name, f"The file {name} of the download")

    # --- who works on it

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While this process works on the download. Raises DownloadError ``download.busy`` when another one does."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(held(self.path / "run.lock", wait=False))
            except BlockingIOError:
                raise DownloadError(
                    ErrorCode.DOWNLOAD_BUSY, "Another program is working on this download.", recoverable=True
                ) from None
            yield

    @property
    def is_running(self) -> bool:
        return is_held(self.path / "run.lock")

    def want(self, start_s: float) -> None:
        """Tell whoever downloads that this time is wanted first: somebody watches. A hint that may get lost."""
        with contextlib.suppress(OSError):
            temporary = self.path / f"{_WANTED}.{os.getpid()}"
            temporary.write_text(json.dumps({"start_s": start_s}))
            temporary.replace(self.path / _WANTED)

    def wanted_s(self) -> float:
        """The time that somebody wants first; 0 where nobody said."""
        try:
            value = json.loads((self.path / _WANTED).read_text()[:100])["start_s"]
            return float(value)
        except (OSError, ValueError, KeyError, TypeError):
            return 0.0

    def snapshot(self) -> Snapshot:
        """The download as a list shows it."""
        now = self.ledger
        return Snapshot(
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

    def _digest(self, body: bytes | memoryview, item: Item) -> str:
        """What the journal says of an item's file. The tag at the end of a sealed one pins every bit of it
        (:class:`Sealer`)."""
        if item.sealed:
            return bytes(body[-TAG_BYTES:]).hex()
        if self.ledger.format < _WITH_CODES:
            return hashlib.sha256(body).hexdigest()
        return self._sealer.fingerprint(body, self._context(f"item/{item.index}")).hex()

    def _is(self, body: bytes, item: Item, digest: str) -> bool:
        """Whether the file is the one that the journal means."""
        if item.sealed or self.ledger.format < _WITH_CODES:
            return self._digest(body, item) == digest
        return self._sealer.matches(bytes.fromhex(digest), body, self._context(f"item/{item.index}"))

    @contextlib.contextmanager
    def _storage(self) -> Iterator[None]:
        try:
            yield
        except (DownloadError, BlockingIOError):
            raise
        except OSError as error:
            raise storage_error(error, self.path.parent) from error
