"""Downloads and their licences on a real disk that becomes full to its last byte, and has room again.

``python -m tests.kit.full_disk FOLDER`` does it on whatever ``FOLDER`` lies on, and fails with what was lost.
:func:`in_small_memory` runs it on a small tmpfs that needs no rights of root; ``tests.soak.disks`` on mounted images.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from downloads import checking, ledger, queue, quota, removal, service
from downloads.downloader import Access, Downloader
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import PlanItem, State
from downloads.queue import Queue
from downloads.schedule import QueueConditions, WaitReason
from downloads.settings import DownloadSettings
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import FileKeyStore
from drm_client.rights import RightsState
from drm_client.upkeep import KeptLicenceUpkeep
from player.base.clock import SystemClock
from player.base.errors import ErrorCode
from player.net.gate import Gate
from player.net.routing import RoutingTransport
from tests.drm_client.offline_kit import ORDER, Desk
from tests.kit.downloads import Shelf, noise_title, shelf
from tests.kit.fileserver import FileServer
from tests.kit.licence_server import HOUR
from tests.kit.waiting import until_in_loop

_SETTINGS = DownloadSettings(reserve_bytes=0, parallel=1)
_SEGMENTS = 24


def fill(folder: Path) -> Path:
    """Leave not one byte; the file that takes them."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
                    os.fsync(file.fileno())
    for number in range(64):  # where small files find a place of their own
        with contextlib.suppress(OSError):
            (folder / f"ballast-{number}").write_bytes(bytes(4096))
    return ballast


def has_room_again(folder: Path) -> None:
    for ballast in folder.glob("ballast*"):
        ballast.unlink()


@dataclass
class WorkingQueue:
    """The queue as the app runs it, with the disk in the hands of a test."""

    shelf: Shelf
    on_item: Callable[[DownloadFolder, PlanItem], None] = lambda _folder, _item: None
    waits: list[Mapping[str, WaitReason]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def make(self, gate: Gate) -> Queue:
        store = self.shelf.store
        return Queue(
            store,
            Downloader(gate, SystemClock(), Access(), _SETTINGS, on_item=self.on_item),
            _SETTINGS,
            lambda: QueueConditions(asyncio.get_running_loop().time(), 0),
            on_wait=self.waits.append,
            on_error=lambda _id, error: self.errors.append(error),
            has_room=lambda item: quota.has_room(store, item, 0),
        )

    async def run_while(self, work: Callable[[], object], until: Callable[[], bool]) -> None:
        """Run the queue; when ``until`` holds do ``work``, then let it come to its end."""
        gate = Gate(RoutingTransport(), SystemClock())
        running = asyncio.create_task(self.make(gate).run())
        try:
            await until_in_loop(lambda: until() or running.done(), 60.0)
            assert not running.done(), f"the queue gave up: {self.errors}"
            await asyncio.to_thread(work)
            await asyncio.wait_for(running, 120.0)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await gate.close()


def is_waiting(work: WorkingQueue) -> bool:
    """Whether a download waits for room."""
    return bool(work.waits) and WaitReason.ROOM in work.waits[-1].values()


def before_a_download(place: Path, media: Path) -> None:
    """It is refused with a sentence, leaves nothing that nobody can use, and comes by itself once there is room."""
    with FileServer(media) as server:
        made = shelf(place)
        kept = made.add(server.url("media.m3u8"))
        fill(place)
        with contextlib.suppress(DownloadError):  # a system may find a corner for one more small file
            made.add(server.url("media.m3u8"))
        for item in made.store.list():
            assert item.code in ("", "disk.full"), f"a download that was never made is listed: {item}"
        work = WorkingQueue(made)
        asyncio.run(work.run_while(lambda: has_room_again(place), lambda: is_waiting(work)))
        assert "disk is full" in str(work.errors[0])
        assert made.again().get(kept.id).ledger.state is State.COMPLETE
        assert checking.verify(made.again().get(kept.id)).sound


def during_a_download(place: Path, media: Path) -> None:
    """What is there is kept, the download waits, and goes on by itself."""
    with FileServer(media) as server:
        made = shelf(place)
        kept = made.add(server.url("media.m3u8"))

        def on_item(folder: DownloadFolder, _item: PlanItem) -> None:
            if len(folder.ledger.stored) >= 4 and not filled:
                filled.append(fill(place))

        filled: list[Path] = []
        work = WorkingQueue(made, on_item)
        fetched: list[int] = []

        def free() -> None:
            (item,) = made.again().list()
            fetched.append(item.items_done)
            assert item.items_done >= 4, "what was fetched is lost"
            has_room_again(place)

        asyncio.run(work.run_while(free, lambda: is_waiting(work)))
        assert {getattr(error, "code", None) for error in work.errors} == {ErrorCode.DISK_FULL}
        folder = made.again().get(kept.id)
        assert folder.ledger.state is State.COMPLETE
        assert checking.verify(folder).sound
        assert [one.status for one in server.requests if one.path.endswith("/0.ts")] == [200], "fetched twice"
        fill(place)
        made.again().remove(kept.id)
        assert made.again().list() == ()
        has_room_again(place)


def removing_what_is_empty(place: Path, _media: Path) -> None:
    """Downloads that failed before a byte was there can be removed, and their licences go back."""
    asyncio.run(_remove_empty(place))


async def _remove_empty(place: Path) -> None:
    desk = Desk(place, keys=FileKeyStore(place / "keys", b"m"))
    made = shelf(place)
    without, having = made.add("https://x/y"), made.add("https://x/z")
    licence_id = (await desk.licences.acquire(ORDER, having.id)).licence_id
    service.note_licence(having, licence_id)
    for folder in (without, having):
        folder.note(ledger.changed(State.FAILED, "net.unreachable", "It cannot be reached."))
    fill(place)
    for folder in (without, having):
        removal.remove(made.store, folder.id, desk.licences)
        assert folder.id not in made.store.ids()
    assert desk.licences.store.ids() == ()
    has_room_again(place)
    desk.reopen()
    removal.finish(made.store, desk.licences)
    assert desk.licences.store.removals() == ()
    assert await desk.licences.send_receipts() == 1
    assert set(desk.server.released) == {licence_id}
    desk.vault.close()


def during_upkeep(place: Path, _media: Path) -> None:
    """Renewals, withdrawals and receipts fail with the disk's sentence and come with the room; what is kept plays."""
    asyncio.run(_upkeep(place))


async def _upkeep(place: Path) -> None:
    desk = Desk(place, keys=FileKeyStore(place / "keys", b"m"))
    plays, due, goes, withdrawn = [await desk.kept() for _ in range(4)]
    work = KeptLicenceUpkeep(desk.vault, desk.licences, desk.service)
    assert (await work.run()).failed == {}
    desk.machine.run(30 * HOUR)
    desk.licences.remove(goes)
    desk.server.revoked.add(withdrawn)
    fill(place)
    assert await _refusal(work) in (DrmErrorCode.STORE_UNUSABLE, DrmErrorCode.KEY_STORE)
    desk.reopen()
    assert desk.vault.check() == ()
    assert desk.licences.standing(plays).may_start
    assert desk.licences.standing(due).may_start
    has_room_again(place)
    desk.reopen()
    report = await KeptLicenceUpkeep(desk.vault, desk.licences, desk.service).run()
    assert report.failed == {}, report.failed
    assert set(desk.server.released) == {goes}
    assert desk.licences.standing(withdrawn).state is RightsState.REVOKED
    assert desk.licences.standing(due).state is RightsState.READY
    assert desk.licences.store.get(due).rights.policy.sequence > 1
    desk.vault.close()


async def _refusal(work: KeptLicenceUpkeep) -> object:
    """What a pass fails with, whether it raises it or reports it."""
    try:
        errors = (await work.run()).failed.values()
    except DrmError as error:
        return error.code
    return next((getattr(error, "code", error) for error in errors), None)


CASES = {
    "before": before_a_download,
    "during": during_a_download,
    "empty": removing_what_is_empty,
    "upkeep": during_upkeep,
}


def in_small_memory(case: str, size: str = "3m") -> None:
    """One case in a process of its own, on a disk of so many bytes."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare (util-linux) is not here")
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as folder:
        mount = f'mount -t tmpfs -o size={size},nr_inodes=2000 none "$0" && exec "$@"'
        command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, folder]
        done = subprocess.run(
            [*command, sys.executable, "-m", "tests.kit.full_disk", folder, case],
            capture_output=True, text=True, timeout=300, check=False, cwd=root,
        )  # fmt: skip
    if done.returncode and done.stderr.startswith(("unshare:", "mount:")):
        pytest.skip(f"no small disks here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr[-3000:]


@contextlib.contextmanager
def impatient() -> Iterator[None]:
    """The queue looks for room at once, not in a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "ROOM_LOOK_S", 0.05)
        patch.setattr(queue, "ROOM_RETRY_S", 0.05)
        yield


def main(place: Path, *cases: str) -> None:
    with tempfile.TemporaryDirectory() as media, impatient():
        noise_title(Path(media), _SEGMENTS)
        for case in cases or CASES:
            folder = place / case
            folder.mkdir()
            assert os.statvfs(place).f_bavail, errno.ENOSPC
            CASES[case](folder, Path(media))
            has_room_again(folder)
            print(f"{case}: nothing lost, all as before")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
