"""Whatever is changed on the disk is found, named, and not played."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from downloads import checking, quota
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.offline import OfflineTransport, address, presentation_of
from downloads.store import Store
from drm_client.errors import DrmError
from drm_client.keystore import FileKeyStore
from player.base.clock import SystemClock
from player.base.errors import ErrorCode, NetError
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from tests.kit.downloads import Shelf, noise_download, run, shelf
from tests.kit.fileserver import FileServer


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Shelf, DownloadFolder, FileServer]]:
    with noise_download(tmp_path) as made:
        yield made


def flip(path: Path, place: int, bit: int = 1) -> bytes:
    """Flip a bit; what was there before."""
    before = path.read_bytes()
    changed = bytearray(before)
    changed[place % len(before)] ^= bit
    path.write_bytes(changed)
    return before


def read_all(store: Store, download_id: str) -> list[bytes]:
    """Everything a playback would read, through the transport that it reads by."""

    async def read() -> list[bytes]:
        folder = store.get(download_id)
        presentation = await presentation_of(folder)
        gate = Gate(OfflineTransport(store.get, SystemClock()), SystemClock())
        (track,) = presentation.periods[0].tracks
        urls = [segment.url for segment in track.renditions[0].segments]  # type: ignore[union-attr]
        return [(await gate.fetch(Request(RequestKind.SEGMENT, url))).body for url in urls]

    return asyncio.run(read())


def test_what_is_kept_is_what_was_sent_and_lies_sealed_on_the_disk(
    kept: tuple[Shelf, DownloadFolder, FileServer], tmp_path: Path
) -> None:
    shelf, folder, _ = kept
    sent = [(tmp_path / "title" / f"{number}.ts").read_bytes() for number in range(6)]
    assert read_all(shelf.again(), folder.id) == sent
    on_disk = b"".join(path.read_bytes() for path in sorted(folder.path.rglob("*")) if path.is_file())
    assert not any(segment[:32] in on_disk for segment in sent)
    assert b"127.0.0.1" not in on_disk  # addresses may be signed


def test_every_flip_in_any_file_of_a_download_is_found_and_never_read(
    kept: tuple[Shelf, DownloadFolder, FileServer],
) -> None:
    shelf, folder, _ = kept
    good = read_all(shelf.again(), folder.id)
    rng = random.Random(5)
    files = [path for path in folder.path.rglob("*") if path.is_file() and path.stat().st_size]
    names = {path.name for path in files}
    assert {"journal", "plan", "request", "000000", "000006"} <= names
    for path in files:
        for place in {0, -1, *(rng.randrange(path.stat().st_size) for _ in range(12))}:
            before = flip(path, place, 1 << rng.randrange(8))
            if path.name not in ("request", "wanted"):  # these say what to fetch, not what is played
                verdict = checking.verify(shelf.again().find(folder.id))
                assert not verdict.sound, f"{path.name} at {place}"
                assert verdict.findings[0].what
                with pytest.raises((DownloadError, NetError)) as caught:
                    read_all(shelf.again(), folder.id)
                assert caught.value.code is ErrorCode.DOWNLOAD_DAMAGED
            else:
                assert read_all(shelf.again(), folder.id) == good
            path.write_bytes(before)
    assert read_all(shelf.again(), folder.id) == good


def test_parts_that_were_exchanged_lost_or_put_back_are_found(kept: tuple[Shelf, DownloadFolder, FileServer]) -> None:
    shelf, folder, _ = kept
    one, two = folder.item_path(1), folder.item_path(2)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert [finding.item for finding in checking.verify(shelf.again().find(folder.id)).findings] == [1, 2]
    one.write_bytes(first)
    two.unlink()
    assert [finding.item for finding in checking.verify(shelf.again().find(folder.id)).findings] == [2]


def test_nothing_more_is_served_once_damage_was_found(kept: tuple[Shelf, DownloadFolder, FileServer]) -> None:
    shelf, folder, _ = kept
    flip(folder.item_path(3), 10)
    transport = OfflineTransport(shelf.again().get, SystemClock())

    async def fetch(item: int) -> bytes:
        return (
            await Gate(transport, SystemClock()).fetch(Request(RequestKind.SEGMENT, address(folder.id, item)))
        ).body

    assert asyncio.run(fetch(2))
    for item in (3, 4):
        with pytest.raises(NetError, match="Part 3"):
            asyncio.run(fetch(item))


def test_repair_fetches_only_what_is_damaged(kept: tuple[Shelf, DownloadFolder, FileServer]) -> None:
    shelf, folder, server = kept
    good = read_all(shelf.again(), folder.id)
    flip(folder.item_path(2), 7)
    folder.item_path(5).unlink()
    asked = len(server.requests)
    mended = shelf.again().find(folder.id)
    assert [finding.item for finding in checking.prepare_repair(mended).findings] == [2, 5]
    run(mended)
    assert sorted(request.path for request in server.requests[asked:]) == ["/1.ts", "/4.ts"]
    assert checking.verify(shelf.again().find(folder.id)).sound
    assert read_all(shelf.again(), folder.id) == good


def test_a_damaged_journal_and_a_damaged_plan_are_mended(kept: tuple[Shelf, DownloadFolder, FileServer]) -> None:
    shelf, folder, server = kept
    good = read_all(shelf.again(), folder.id)
    journal = folder.path / "journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    flip(journal, len(b"".join(lines[:4])) + 9)
    asked = len(server.requests)
    mended = shelf.again().find(folder.id)
    assert checking.prepare_repair(mended).findings
    run(mended)
    assert len(server.requests) - asked <= 1
    flip(folder.path / "plan", 40)
    mended = shelf.again().find(folder.id)
    assert checking.prepare_repair(mended).findings[0].what == "The plan of the download"
    run(mended)
    assert read_all(shelf.again(), folder.id) == good


def test_every_flip_in_the_index_leaves_the_list_as_it_was(kept: tuple[Shelf, DownloadFolder, FileServer]) -> None:
    shelf, _, _ = kept
    listed = shelf.store.list()
    path = shelf.store.root / "index.db"
    rng = random.Random(3)
    written = path.read_bytes()
    text = written.index(b'"name"')
    for place in [0, 20, text, *(rng.randrange(len(written)) for _ in range(12))]:
        flip(path, place, 1 << rng.randrange(8))
        assert shelf.again().list() == listed
        path.write_bytes(written)
    flip(path, written.index(b"Test"), 1)
    again = shelf.again()
    assert again.list() == listed
    assert again.index_was_damaged
    path.unlink()
    assert shelf.again().list() == listed


def test_a_copy_opens_nowhere_else(kept: tuple[Shelf, DownloadFolder, FileServer], tmp_path: Path) -> None:
    shelf, _, _ = kept
    copy = tmp_path / "copy"
    shutil.copytree(shelf.folder / "store", copy / "store")
    with pytest.raises(DownloadError, match="another computer"):
        Store(copy / "store", FileKeyStore(copy / "new-keys"))
    shutil.copytree(shelf.keys, copy / "keys")
    with pytest.raises(DrmError):  # the profile was copied as well, to another machine or user
        Store(copy / "store", FileKeyStore(copy / "keys", binding=b"another machine"))


def test_a_link_in_the_place_of_a_part_is_never_written_through(
    kept: tuple[Shelf, DownloadFolder, FileServer], tmp_path: Path
) -> None:
    shelf, download, _ = kept
    letter = tmp_path / "letter"
    letter.write_text("mine")
    path = download.item_path(2)
    path.unlink()
    path.symlink_to(letter)
    assert checking.prepare_repair(download).findings
    assert run(download)
    assert checking.verify(shelf.again().get(download.id)).sound
    assert letter.read_text() == "mine"
    assert not path.is_symlink()


def put_in_place(path: Path, how: str, folder: Path) -> None:
    """Something that is no file of ours, in the place of one."""
    content = path.read_bytes() if path.exists() else b""
    path.unlink(missing_ok=True)
    if how == "pipe":
        os.mkfifo(path)
    elif how == "endless":
        path.symlink_to("/dev/zero")
    elif how == "link":  # to the very bytes
        (folder / "elsewhere").write_bytes(content)
        path.symlink_to(folder / "elsewhere")
    else:
        path.write_bytes(content)
        os.truncate(path, 1 << 40)  # takes no room


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")
@pytest.mark.parametrize("how", ["pipe", "endless", "link", "huge"])
@pytest.mark.parametrize("part", ["items/000002", "plan", "request", "journal", "wanted"])
def test_what_is_no_file_of_the_download_is_neither_read_nor_waited_for(
    kept: tuple[Shelf, DownloadFolder, FileServer], tmp_path: Path, part: str, how: str
) -> None:
    """It is named, and healed or removed like any damage. It would have taken all memory, or never ended."""
    shelf, folder, _ = kept
    put_in_place(folder.path / part, how, tmp_path)
    store = shelf.again()
    assert [item.id for item in store.list()] == [folder.id]
    assert store.find(folder.id).wanted_s() == 0.0
    if part in {"items/000002", "plan", "request"}:
        assert not checking.verify(store.find(folder.id)).sound
        checking.prepare_repair(store.find(folder.id))
        run(store.get(folder.id))
        assert checking.verify(store.find(folder.id)).sound
    elif part == "journal":
        assert not checking.verify(store.find(folder.id)).sound
    store.remove(folder.id)
    assert shelf.again().ids() == ()


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")
@pytest.mark.parametrize("how", ["pipe", "endless", "huge"])
def test_limits_and_the_notes_of_places_are_read_within_bounds(tmp_path: Path, how: str) -> None:
    kept = shelf(tmp_path)
    folder = kept.store.create("Film", place=tmp_path / "usb")
    put_in_place(kept.store.root / "limits.json", how, tmp_path)
    assert quota.read(kept.store.root) == quota.StorageLimits()
    put_in_place(kept.store.root / f"{folder.id}.moved", how, tmp_path)
    assert [item.code for item in kept.again().list()] == ["download.damaged"]
    put_in_place(kept.store.root / "format.json", how, tmp_path)
    with pytest.raises(DownloadError) as caught:
        kept.again()
    assert caught.value.code is ErrorCode.DOWNLOAD_DAMAGED


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")
def test_a_move_copies_nothing_that_a_link_leads_to(
    kept: tuple[Shelf, DownloadFolder, FileServer], tmp_path: Path
) -> None:
    shelf, folder, _ = kept
    put_in_place(folder.path / "card", "link", tmp_path)
    with pytest.raises(DownloadError):
        shelf.store.move(folder.id, tmp_path / "usb")
    assert checking.verify(shelf.again().find(folder.id)).sound
