"""All downloads of this machine's user: a folder with a folder for each, and an index over them.

A download may live on another disk; then ``<id>.moved`` says where. What is there is told by the folders; the index
only makes lists quick. The store's key comes from the key store, so a copy of the folder opens nowhere else.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from downloads import ledger
from downloads.errors import DownloadError, damaged, disk_full, not_found, storage_error, store_gone
from downloads.folder import ITEMS, Disk, DownloadFolder
from downloads.index import Index
from downloads.model import DownloadSummary, State
from downloads.reading import open_kept, read_kept
from drm_client.keystore import KeyStore
from drm_client.locks import held
from drm_client.sealing import KEY_BYTES, Sealer
from player.base.errors import ErrorCode
from player.base.files import sync_folder, write_whole

FORMAT = 1
KEY_ENTRY = "downloads-key"
_FORMAT_FILE = "format.json"
_TRASH = ".removed-"
_MOVED = ".moved"
_GONE = ".gone"
"""What the note of a place becomes when the download is removed: its files may be on a disk that is not connected."""
_ID_BYTES = 6
_SMALL_BYTES = 64 * 1024
_ID = re.compile(rf"[0-9a-f]{{{2 * _ID_BYTES}}}")
_AT_FIRST = {ITEMS, "journal", "journal.lock"}  # what a download has before it has a request


class Store:
    """See the module. Any number of processes may have the same store open.

    Raises DownloadError: ``download.newer`` for a store of a newer program, ``download.damaged`` when its key is not
    the one it was made with, ``download.store_gone``, ``disk.full``; and DrmError from the key store.
    """

    def __init__(self, root: Path, keys: KeyStore, *, disk: Disk | None = None) -> None:
        self.root = root
        self._disk = disk
        self._lock = root / "store.lock"
        with self._storage():
            root.mkdir(parents=True, mode=0o700, exist_ok=True)
            with held(self._lock):
                self.sealer = self._open(keys)
                self._empty_trash()
            self.clear_removed()
            self._index = Index(root / "index.db", self.sealer)
            self._index.check()

    @property
    def index_was_damaged(self) -> bool:
        """Whether the index had to be made again from the journals."""
        return self._index.repaired

    # --- finding downloads

    def ids(self) -> tuple[str, ...]:
        """The ids of all downloads, those on other disks included."""
        with self._storage():
            found = set()
            for entry in self.root.iterdir():
                if entry.name.endswith(_MOVED):
                    found.add(entry.name.removesuffix(_MOVED))
                elif entry.is_dir() and not entry.name.startswith("."):
                    found.add(entry.name)
            return tuple(sorted(found))

    def get(self, name: str) -> DownloadFolder:
        """A download by its id, the start of its id, or its title's id; its journal has been read.

        Of several of one title it is the complete one, else the one with most of it."""
        folder = self._folder(self._id(name))
        folder.refresh()
        return folder

    def find(self, name: str) -> DownloadFolder:
        """As :meth:`get`, but the journal has not been read yet: for a repair."""
        return self._folder(self._id(name))

    def locate(self, name: str) -> DownloadFolder:
        """As :meth:`find`, but its disk need not be connected, nor the note of its place be sound: for a removal."""
        download_id = self._id(name)
        return DownloadFolder(self._place(download_id), self.sealer, self._disk)

    def list(self) -> tuple[DownloadSummary, ...]:
        """Every download; one whose journal is damaged or whose disk is not there says so in its ``code``."""
        snapshots = []
        ids = self.ids()
        for download_id in ids:
            try:
                snapshots.append(self._snapshot(self._folder(download_id)))
            except DownloadError as error:
                if download_id in self.ids():  # else it was removed since
                    snapshots.append(_unreadable(download_id, error))
        self._index.keep_only(ids)
        return tuple(sorted(snapshots, key=lambda item: (-item.priority, item.created_at, item.id)))

    def rebuild(self) -> tuple[DownloadSummary, ...]:
        """The list, after the index was thrown away and made again from the journals."""
        with self._storage():
            (self.root / "index.db").unlink(missing_ok=True)
        return self.list()

    def _snapshot(self, folder: DownloadFolder) -> DownloadSummary:
        size = folder.journal.size
        known = self._index.get(folder.id, size) if size else None
        if known is not None and known.folder == str(folder.path):
            return _running(known, folder)
        folder.refresh()
        snapshot = folder.snapshot()
        self._index.put(snapshot, size)
        return snapshot

    def _id(self, name: str) -> str:
        ids = self.ids()
        if name in ids:
            return name
        starting = [known for known in ids if len(name) >= 4 and known.startswith(name)]
        if len(starting) == 1:
            return starting[0]
        titles = [item for item in self.list() if item.title_id and item.title_id == name]
        if not titles:
            raise not_found(name)
        return max(titles, key=lambda item: (item.state is State.COMPLETE, item.fetched)).id

    def _folder(self, download_id: str) -> DownloadFolder:
        pointer = self.root / f"{download_id}{_MOVED}"
        path = self.root / download_id
        if pointer.exists():
            path = self._read_pointer(pointer, download_id)
            if not path.is_dir():
                raise store_gone(path, download_id)
        return DownloadFolder(path, self.sealer, self._disk)

    # --- making, removing, moving

    def create(self, name: str, title_id: str = "", priority: int = 0, place: Path | None = None) -> DownloadFolder:
        """A new download; its plan is not made yet. ``place`` is a folder for it on another disk.

        Raises ``download.store_gone`` where that disk is not there.
        """
        entry = ledger.begin(name, title_id, time.time(), priority)
        download_id = secrets.token_hex(_ID_BYTES)
        if place is None:
            with self._storage(), held(self._lock):
                return DownloadFolder.create(self.root / download_id, self.sealer, entry, self._disk)
        if not place.parent.is_dir():
            raise store_gone(place)
        with self._storage():
            place.mkdir(mode=0o700, exist_ok=True)
            made = DownloadFolder.create(place / download_id, self.sealer, entry, self._disk)
            self._point(download_id, made.path)
        return made

    def remove(self, name: str) -> None:
        """Delete a download, readable or not. Where its disk is not connected its files go when it is
        (:meth:`clear_removed`). Raises ``download.busy`` while somebody downloads it."""
        download_id = self._id(name)
        pointer = self.root / f"{download_id}{_MOVED}"
        path = self._place(download_id)
        with self._storage():
            with contextlib.ExitStack() as working:
                if _is_folder(path):
                    working.enter_context(DownloadFolder(path, self.sealer, self._disk).running())
                if pointer.exists():
                    pointer.replace(self.root / f"{download_id}{_GONE}")
                if _is_folder(path) and path.parent == self.root:
                    path.rename(path.with_name(f"{_TRASH}{download_id}"))
                sync_folder(self.root)
            shutil.rmtree(self.root / f"{_TRASH}{download_id}", ignore_errors=True)
        self.clear_removed()

    def clear_removed(self) -> None:
        """Delete the files of removed downloads on other disks, as far as these are connected."""
        with self._storage():
            notes = [entry for entry in self.root.iterdir() if entry.name.endswith(_GONE)]
        for note in notes:
            with contextlib.suppress(OSError, DownloadError):  # at the next time
                self._clear(note, note.name.removesuffix(_GONE))

    def _clear(self, note: Path, download_id: str) -> None:
        try:
            path = self._read_pointer(note, download_id)
        except DownloadError as error:
            if error.code is ErrorCode.DOWNLOAD_DAMAGED:
                note.unlink(missing_ok=True)  # nothing else tells where the files are
            return
        trash = path.with_name(f"{_TRASH}{download_id}")
        if path.is_dir() and not path.is_symlink():
            with DownloadFolder(path, self.sealer, self._disk).running():
                path.rename(trash)
        if trash.is_dir() and not trash.is_symlink():
            shutil.rmtree(trash)
            note.unlink(missing_ok=True)

    def move(self, name: str, target: Path, on_bytes: Callable[[int], None] = lambda _n: None) -> Path:
        """Move a download into the folder ``target``, which may be on another disk; its new place.

        The old one is deleted only when everything is on the new disk and was checked there. Where somebody has moved
        it there already, it is found again.
        """
        if self._adopt(self._id(name), target):
            return target / self._id(name)
        folder = self.get(name)
        place = target / folder.id
        with self._storage(), folder.running():
            if place.exists() and place.resolve() != folder.path.resolve():
                self._rest_at(place)
            elif target.resolve() == folder.path.parent.resolve():
                raise DownloadError(ErrorCode.INPUT_USAGE, f"The download is at {target} already.")
            target.mkdir(parents=True, mode=0o700, exist_ok=True)
            _check_room(folder, target)
            staging = target / f".{folder.id}.part"
            shutil.rmtree(staging, ignore_errors=True)
            _copy(folder.path, staging, on_bytes)
            _check_copy(folder, staging)
            with held(self._lock):
                shutil.rmtree(place, ignore_errors=True)  # the rest of a move that was cut off
                staging.rename(place)
                sync_folder(target)
                self._point(folder.id, place)
            shutil.rmtree(folder.path, ignore_errors=True)
        return place

    def _rest_at(self, place: Path) -> None:
        """Raises DownloadError unless what is at ``place`` is the copy of a move that was cut off."""
        try:
            DownloadFolder(place, self.sealer, self._disk).refresh()
        except DownloadError as error:
            raise DownloadError(ErrorCode.INPUT_USAGE, f"Something else is at {place} already.") from error

    def _adopt(self, download_id: str, target: Path) -> bool:
        """Find a download again that somebody has moved with its folder; whether it is in ``target``."""
        pointer, place = self.root / f"{download_id}{_MOVED}", (target / download_id).resolve()
        if not pointer.exists() or self._read_pointer(pointer, download_id).is_dir() or not place.is_dir():
            return False
        DownloadFolder(place, self.sealer, self._disk).refresh()  # another store's does not open
        with self._storage(), held(self._lock):
            self._point(download_id, place)
        return True

    def _point(self, download_id: str, place: Path) -> None:
        """Remember where a download is; nothing is needed for one that is in the store's own folder."""
        pointer = self.root / f"{download_id}{_MOVED}"
        if place.parent.resolve() == self.root.resolve():
            pointer.unlink(missing_ok=True)
        else:
            text = json.dumps({"path": str(place.resolve())})
            code = self.sealer.mac(text.encode(), _pointer_context(download_id)).hex()
            write_whole(pointer, f"{text}\n{code}\n".encode(), lasting=True)

    def _place(self, download_id: str) -> Path:
        """Where a download is; its place in the store's own folder where the note of another one is damaged."""
        pointer = self.root / f"{download_id}{_MOVED}"
        if pointer.exists():
            try:
                return self._read_pointer(pointer, download_id)
            except DownloadError as error:
                if error.code is not ErrorCode.DOWNLOAD_DAMAGED:
                    raise
        return self.root / download_id

    def _read_pointer(self, pointer: Path, download_id: str) -> Path:
        with self._storage():
            what = f"The note where download {download_id} is"
            note = read_kept(pointer, _SMALL_BYTES, what).decode(errors="replace")
        text, _, code = note.rstrip("\n").partition("\n")
        if code != self.sealer.mac(text.encode(), _pointer_context(download_id)).hex():
            raise damaged(what)
        return Path(json.loads(text)["path"])

    # --- opening

    def _open(self, keys: KeyStore) -> Sealer:
        """Check the store's format and key, or make both."""
        path = self.root / _FORMAT_FILE
        key = keys.get(KEY_ENTRY)
        if not path.exists():
            if key is None:
                key = secrets.token_bytes(KEY_BYTES)
                keys.put(KEY_ENTRY, key)
            sealer = Sealer(key)
            write_whole(path, _format_document(sealer), lasting=True)
            return sealer
        if _format_of(path) > FORMAT:
            raise ledger.newer()
        if key is not None and len(key) == KEY_BYTES:
            sealer = Sealer(key)
            if read_kept(path, _SMALL_BYTES, "The store's description") == _format_document(sealer):
                return sealer
        raise DownloadError(
            ErrorCode.DOWNLOAD_DAMAGED,
            "These downloads belong to another computer or user, or their key was lost. Move their folder away "
            f"({self.root}) and download the titles again.",
            part="key",
        )

    def _empty_trash(self) -> None:
        """Finish what making, removing or moving a download left behind when the program died."""
        for entry in self.root.iterdir():
            if entry.name.startswith(_TRASH) or self._was_never_made(entry):
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name.endswith(_MOVED) and (old := self.root / entry.name.removesuffix(_MOVED)).is_dir():
                shutil.rmtree(old, ignore_errors=True)

    def _was_never_made(self, entry: Path) -> bool:
        """Whether the program died while it made this download: nothing is there yet, not even a first record."""
        if not _ID.fullmatch(entry.name) or not entry.is_dir():
            return False
        if {one.name for one in entry.iterdir()} - _AT_FIRST or any((entry / ITEMS).glob("*")):
            return False
        return not DownloadFolder(entry, self.sealer).journal.salvage()[0]

    @contextlib.contextmanager
    def _storage(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise storage_error(error, self.root) from error


def free_bytes(folder: Path) -> int:
    """Bytes that this user can still write where ``folder`` is. Raises DownloadError ``download.store_gone``."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise storage_error(error, folder) from error


def _is_folder(path: Path) -> bool:
    """False also on a disk that does not answer."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _running(snapshot: DownloadSummary, folder: DownloadFolder) -> DownloadSummary:
    return replace(snapshot, running=folder.is_running)


def _unreadable(download_id: str, error: DownloadError) -> DownloadSummary:
    return DownloadSummary(
        id=download_id,
        name=download_id,
        title_id="",
        state=State.FAILED,
        running=False,
        priority=0,
        created_at=0.0,
        items=0,
        items_done=0,
        size=0,
        fetched=0,
        duration_s=0.0,
        code=str(error.code),
        sentence=error.sentence,
    )


def _pointer_context(download_id: str) -> str:
    return f"downloads/{download_id}/place"


def _format_document(sealer: Sealer) -> bytes:
    """The store's format, and a code that only its key makes."""
    check = sealer.mac(str(FORMAT).encode(), "downloads/format").hex()
    return json.dumps({"format": FORMAT, "check": check}).encode()


def _format_of(path: Path) -> int:
    try:
        value = json.loads(read_kept(path, _SMALL_BYTES, "The store's description"))["format"]
        return int(value)
    except (ValueError, OverflowError, KeyError, TypeError):
        raise damaged("The store's description") from None


def _check_room(folder: DownloadFolder, target: Path) -> None:
    needed = sum(stored.length for stored in folder.ledger.stored.values())
    free = free_bytes(target)
    if needed > free:
        raise disk_full(target, needed, free)


def _copy(source: Path, target: Path, on_bytes: Callable[[int], None]) -> None:
    """Copy a download's folder so that it lasts."""
    for folder, _, names in os.walk(source):
        place = target / Path(folder).relative_to(source)
        place.mkdir(mode=0o700)
        for name in names:
            if name.endswith(".lock"):
                continue
            with open(Path(folder) / name, "rb", opener=open_kept) as old, (place / name).open("wb") as new:
                shutil.copyfileobj(old, new, 1024 * 1024)
                new.flush()
                os.fsync(new.fileno())
                on_bytes(new.tell())
        sync_folder(place)


def _check_copy(folder: DownloadFolder, copy: Path) -> None:
    """Raises DownloadError where the copy is not what the journal says: damage is not carried along unseen."""
    stored = folder.ledger.stored
    items = folder.plan().items if stored else ()
    for index in stored:
        folder.read(items[index])
        source = folder.item_path(index)
        if (copy / source.relative_to(folder.path)).read_bytes() != source.read_bytes():
            raise damaged(f"Part {index} of the download", item=index)
