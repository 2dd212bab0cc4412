"""The store: who works on what, moving, removing, an older or newer program, a disk that is full or gone."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from downloads import checking, index, ledger, quota, smart
from downloads import queue as queue_module
from downloads.downloader import Access, Downloader
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import DownloadChoice, DownloadSummary, PlanItem, State
from downloads.presence import playing, somebody_plays
from downloads.queue import Queue
from downloads.quota import StorageLimits
from downloads.schedule import QueueConditions, WaitReason
from downloads.settings import DownloadSettings
from downloads.store import Store
from drm_client.refusals import RefusedError
from player.base.clock import SystemClock
from player.base.errors import ErrorCode, MatineeError
from player.net.gate import Gate
from player.net.model import Body, Request, RequestKind
from player.net.routing import RoutingTransport
from tests.kit.downloads import CutTransport, Shelf, SmallDisk, noise_download, noise_title, run
from tests.kit.downloads import shelf as new_shelf
from tests.kit.fileserver import FileServer
from tests.kit.waiting import until, until_in_loop


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Shelf, DownloadFolder, FileServer]]:
    with noise_download(tmp_path) as made:
        yield made


def code_of(caught: pytest.ExceptionInfo[MatineeError]) -> ErrorCode:
    return caught.value.code


def test_of_several_of_one_title_the_complete_one_is_meant(tmp_path: Path) -> None:
    store = new_shelf(tmp_path).store
    failed, complete, begun = (store.create("Film", "film") for _ in range(3))
    failed.note(ledger.changed(State.FAILED, ErrorCode.INPUT_USAGE, "Which service?"))
    complete.note(ledger.changed(State.COMPLETE))
    for name in ("film", complete.id):
        assert store.get(name).id == store.find(name).id == complete.id
    assert store.get(begun.id).id == begun.id


def test_one_process_at_a_time_works_on_a_download(kept: tuple[Shelf, DownloadFolder, FileServer]) -> None:
    shelf, folder, _ = kept
    with folder.running():
        other = shelf.again().get(folder.id)
        assert other.is_running
        with pytest.raises(DownloadError) as caught:
            run(other)
        assert code_of(caught) is ErrorCode.DOWNLOAD_BUSY
        with pytest.raises(DownloadError):
            shelf.again().remove(folder.id)
    assert not shelf.again().get(folder.id).is_running


def test_a_store_and_a_download_of_a_newer_program_are_left_alone(
    kept: tuple[Shelf, DownloadFolder, FileServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, folder, _ = kept
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    monkeypatch.setattr(ledger, "FORMAT", ledger.FORMAT + 1)
    newer = shelf.store.create("From the future").id
    monkeypatch.undo()
    with pytest.raises(DownloadError) as caught:
        shelf.again().get(newer)
    assert code_of(caught) is ErrorCode.DOWNLOAD_NEWER
    assert {item.id: item.code for item in shelf.again().list()} == {folder.id: "", newer: "download.newer"}
    path = shelf.store.root / "format.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(DownloadError) as caught:
        shelf.again()
    assert code_of(caught) is ErrorCode.DOWNLOAD_NEWER
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("format_", [1, ledger.FORMAT])
def test_what_lies_there_as_it_arrived_is_checked_in_downloads_of_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: int
) -> None:
    monkeypatch.setattr(ledger, "FORMAT", format_)
    folder = new_shelf(tmp_path).store.create("Of another version")
    monkeypatch.undo()
    item = PlanItem(3, RequestKind.SEGMENT, 0, "https://cdn.test/3", (), sealed=False)
    body = bytes(range(200))
    folder.note(ledger.kept(3, folder.keep(item, memoryview(body))))
    assert folder.item_path(3).read_bytes() == folder.read(item) == body
    for changed in (body[:-1], body + b"x", bytes([body[0] ^ 1]) + body[1:]):
        folder.item_path(3).write_bytes(changed)
        with pytest.raises(DownloadError) as caught:
            folder.read(item)
        assert code_of(caught) is ErrorCode.DOWNLOAD_DAMAGED


def test_moving_to_another_disk_and_back(kept: tuple[Shelf, DownloadFolder, FileServer], tmp_path: Path) -> None:
    shelf, folder, _ = kept
    place = shelf.store.move(folder.id, tmp_path / "disk")
    assert not folder.path.exists()
    moved = shelf.again()
    assert moved.get(folder.id).path == place.resolve()
    assert checking.verify(moved.find(folder.id)).sound
    assert moved.list()[0].folder == str(place.resolve())
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    (listed,) = shelf.again().list()
    assert listed.code == "download.store_gone"
    with pytest.raises(DownloadError, match="disk"):
        shelf.again().get(folder.id)
    (tmp_path / "unplugged").rename(tmp_path / "disk")
    pointer = shelf.store.root / f"{folder.id}.moved"
    written = pointer.read_bytes()
    pointer.write_bytes(written.replace(b"disk", b"dusk", 1))
    with pytest.raises(DownloadError) as caught:
        shelf.again().get(folder.id)
    assert code_of(caught) is ErrorCode.DOWNLOAD_DAMAGED
    pointer.write_bytes(written)
    shelf.again().move(folder.id, shelf.store.root)
    assert shelf.again().get(folder.id).path.parent == shelf.store.root
    assert not pointer.exists()


def test_damage_is_not_carried_to_another_disk(
    kept: tuple[Shelf, DownloadFolder, FileServer], tmp_path: Path
) -> None:
    shelf, folder, _ = kept
    folder.item_path(1).write_bytes(b"other")
    with pytest.raises(DownloadError, match="Part 1"):
        shelf.store.move(folder.id, tmp_path / "disk")
    assert shelf.again().get(folder.id).path == folder.path


def test_what_a_removal_left_behind_is_cleared_at_the_next_start(
    kept: tuple[Shelf, DownloadFolder, FileServer],
) -> None:
    shelf, folder, _ = kept
    folder.path.rename(folder.path.with_name(f".removed-{folder.id}"))
    assert shelf.again().ids() == ()
    assert not list(shelf.store.root.glob(".removed-*"))


def test_a_store_whose_disk_is_gone_says_so(kept: tuple[Shelf, DownloadFolder, FileServer]) -> None:
    shelf, folder, _ = kept
    shutil.rmtree(shelf.store.root)
    with pytest.raises(DownloadError) as caught:
        shelf.store.list()
    assert code_of(caught) is ErrorCode.DOWNLOAD_STORE_GONE
    with pytest.raises(DownloadError) as caught:
        folder.note(ledger.urgency(1))
    assert code_of(caught) is ErrorCode.DOWNLOAD_STORE_GONE


def test_a_full_disk_ends_the_run_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    noise_title(tmp_path / "title", 8)
    with FileServer(tmp_path / "title") as server:
        shelf = new_shelf(tmp_path)
        download = shelf.add(server.url("media.m3u8"))
        full = DownloadFolder(download.path, shelf.store.sealer, SmallDisk(15_000))
        with pytest.raises(DownloadError) as caught:
            run(full)
        assert code_of(caught) is ErrorCode.DISK_FULL
        again = shelf.again().get(download.id)
        assert (again.ledger.state, again.ledger.code) == (State.FAILED, "disk.full")
        assert 0 < len(again.ledger.stored) < 9
        addresses = {item.index: urlsplit(item.url).path for item in again.plan().items}
        done = set(again.ledger.stored)
        until(lambda: server.idle)  # what was asked for as the disk was full has been answered, or given up
        asked = len(server.requests)
        again.note(ledger.changed(State.QUEUED))
        assert run(again) is State.COMPLETE
        fetched = {request.path for request in server.requests[asked:]}
        assert fetched == {path for index, path in addresses.items() if index not in done}


def test_a_download_that_waits_for_room_goes_on_when_there_is_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "ROOM_LOOK_S", 0.0)
    noise_title(tmp_path / "title", 3)
    with FileServer(tmp_path / "title") as server:
        shelf = new_shelf(tmp_path)
        store, download = shelf.store, shelf.add(server.url("media.m3u8"))
        quota.write(store.root, StorageLimits(total=1000))
        codes: list[str] = []
        seconds = itertools.count(0, 20)
        looks = iter([None, None, None])

        def has_room(item: DownloadSummary) -> bool:
            if next(looks, download) is not None:  # somebody allows more while it waits
                quota.write(store.root, StorageLimits())
            return quota.has_room(store, item, 0)

        async def work() -> None:
            gate = Gate(RoutingTransport(), SystemClock())
            settings = DownloadSettings(reserve_bytes=0)
            downloader = Downloader(gate, SystemClock(), Access(), settings, room=partial(quota.room_for, store))
            queue = Queue(
                store,
                downloader,
                settings,
                lambda: QueueConditions(next(seconds), 0),
                on_error=lambda _id, error: codes.append(str(getattr(error, "code", error))),
                has_room=has_room,
            )
            await asyncio.wait_for(queue.run(), 30)
            await gate.close()

        asyncio.run(work())
        assert codes == ["disk.limit"], "it was tried again only when there was room"
        assert store.get(download.id).ledger.state is State.COMPLETE
        assert next(looks, None) is None


def test_a_disk_that_goes_while_room_is_looked_for_ends_no_queue(tmp_path: Path) -> None:
    store = new_shelf(tmp_path).store
    (tmp_path / "usb").mkdir()
    folder = store.create("Film", place=tmp_path / "usb" / "Matinee")
    folder.note(ledger.changed(State.FAILED, str(ErrorCode.DISK_FULL), "The disk is full."))
    (item,) = store.list()
    (tmp_path / "usb").rename(tmp_path / "away")

    async def look() -> list[str]:
        gate = Gate(RoutingTransport(), SystemClock())
        settings = DownloadSettings()
        queue = Queue(
            store,
            Downloader(gate, SystemClock(), Access(), settings),
            settings,
            lambda: QueueConditions(0, 0),
            has_room=lambda one: quota.has_room(store, one, 0),
        )
        try:
            return await queue._without_room([item])
        finally:
            await gate.close()

    assert asyncio.run(look()) == [folder.id]


def test_too_little_room_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    noise_title(tmp_path / "title", 3)
    with FileServer(tmp_path / "title") as server:
        download = new_shelf(tmp_path).add(server.url("media.m3u8"))

        async def work() -> None:
            gate = Gate(RoutingTransport(), SystemClock())
            settings = DownloadSettings(reserve_bytes=1 << 60)
            try:
                await Downloader(gate, SystemClock(), Access(), settings).run(download, asyncio.Event())
            finally:
                await gate.close()

        with pytest.raises(DownloadError) as caught:
            asyncio.run(work())
        assert code_of(caught) is ErrorCode.DISK_FULL
        assert caught.value.fields["needed"]
        assert [request.path for request in server.requests] == ["/media.m3u8"]


def test_a_live_programme_is_refused(tmp_path: Path) -> None:
    playlist = noise_title(tmp_path / "title", 3)
    text = playlist.read_text()
    playlist.write_text(text.replace("#EXT-X-ENDLIST\n", "").replace("#EXT-X-PLAYLIST-TYPE:VOD\n", ""))
    with FileServer(tmp_path / "title") as server:
        download = new_shelf(tmp_path).add(server.url("media.m3u8"))
        with pytest.raises(DownloadError) as caught:
            run(download)
        assert code_of(caught) is ErrorCode.DOWNLOAD_IMPOSSIBLE
        assert download.ledger.state is State.FAILED


def test_a_last_segment_that_no_server_has_is_let_go_but_not_many(tmp_path: Path) -> None:
    noise_title(tmp_path / "title", 6)
    (tmp_path / "title" / "5.ts").unlink()
    with FileServer(tmp_path / "title") as server:
        shelf = new_shelf(tmp_path)
        one = shelf.add(server.url("media.m3u8"))
        assert run(one) is State.COMPLETE
        assert one.ledger.missing == {6}
        (tmp_path / "title" / "4.ts").unlink()
        two = shelf.add(server.url("media.m3u8"))
        with pytest.raises(MatineeError) as caught:
            run(two)
        assert code_of(caught) is ErrorCode.HTTP_NOT_FOUND


def test_a_pause_by_another_process_stops_the_run(tmp_path: Path) -> None:
    noise_title(tmp_path / "title", 8)
    with FileServer(tmp_path / "title") as server:
        shelf = new_shelf(tmp_path)
        download = shelf.add(server.url("media.m3u8"))

        async def work() -> State:
            gate = Gate(CutTransport(RoutingTransport(), 4), SystemClock())  # then it waits for the network
            settings = DownloadSettings(reserve_bytes=0)
            running = asyncio.create_task(
                Downloader(gate, SystemClock(), Access(), settings).run(download, asyncio.Event())
            )
            other = shelf.again()
            await until_in_loop(lambda: other.get(download.id).ledger.stored)
            other.get(download.id).note(ledger.changed(State.PAUSED))
            try:
                return await asyncio.wait_for(running, 60)
            finally:
                await gate.close()

        assert asyncio.run(work()) is State.PAUSED
        again = shelf.again().get(download.id)
        asked = len(server.requests)
        kept = len(again.ledger.stored)
        again.note(ledger.changed(State.QUEUED))
        assert run(again) is State.COMPLETE
        assert len(server.requests) - asked == again.ledger.items - kept


def test_the_queue_runs_by_priority_and_tells_why_it_waits(tmp_path: Path) -> None:
    noise_title(tmp_path / "title", 3)
    with FileServer(tmp_path / "title") as server:
        shelf = new_shelf(tmp_path)
        late = shelf.add(server.url("media.m3u8"), priority=0)
        first = shelf.add(server.url("media.m3u8"), priority=9)
        broken = shelf.add(server.url("nothing.m3u8"), DownloadChoice(), priority=-1)
        began: list[str] = []
        waits: list[set[WaitReason]] = []
        playing = iter([True])

        def conditions() -> QueueConditions:
            return QueueConditions(asyncio.get_running_loop().time(), 0, playing=next(playing, False))

        async def work() -> Queue:
            gate = Gate(RoutingTransport(), SystemClock())
            settings = DownloadSettings(reserve_bytes=0)
            downloader = Downloader(
                gate, SystemClock(), Access(), settings, on_item=lambda folder, _: began.append(folder.id)
            )
            queue = Queue(
                shelf.store, downloader, settings, conditions, on_wait=lambda w: waits.append(set(w.values()))
            )
            await queue.run()
            await gate.close()
            return queue

        queue = asyncio.run(work())
        assert list(dict.fromkeys(began)) == [first.id, late.id]
        assert waits[0] == {WaitReason.PLAYBACK}
        assert list(queue.errors) == [broken.id]
        states = {item.id: item.state for item in shelf.store.list()}
        assert states == {first.id: State.COMPLETE, late.id: State.COMPLETE, broken.id: State.FAILED}
        assert smart.eviction_preview(shelf.store.list(), {}, 1)


def test_what_is_queued_while_the_queue_ends_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look that finds nothing has begun before it was queued."""
    noise_title(tmp_path / "title", 3)
    with FileServer(tmp_path / "title") as server:
        shelf, added = new_shelf(tmp_path), list[DownloadFolder]()
        listing = shelf.store.list

        async def work() -> None:
            gate = Gate(RoutingTransport(), SystemClock())
            settings = DownloadSettings(reserve_bytes=0)
            queue = Queue(
                shelf.store,
                Downloader(gate, SystemClock(), Access(), settings),
                settings,
                lambda: QueueConditions(asyncio.get_running_loop().time(), 0),
            )

            def meanwhile() -> object:
                found = listing()
                if not added:
                    added.append(shelf.add(server.url("media.m3u8")))
                    queue.wake()
                return found

            monkeypatch.setattr(shelf.store, "list", meanwhile)
            await queue.run()
            await gate.close()

        asyncio.run(work())
        assert [item.state for item in listing()] == [State.COMPLETE]


def test_playback_elsewhere_is_seen(kept: tuple[Shelf, DownloadFolder, FileServer]) -> None:
    root = kept[0].store.root
    assert not somebody_plays(root)
    with playing(root), playing(root):
        assert somebody_plays(root)
    assert not somebody_plays(root)
    with playing(root / "not" / "there"):
        assert not somebody_plays(root)


def test_a_list_needs_no_index(
    kept: tuple[Shelf, DownloadFolder, FileServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its disk may be full, or another program may hold it."""
    shelf, folder, _ = kept
    monkeypatch.setattr(index, "_BUSY_S", 0.0)
    store = shelf.again()
    with contextlib.closing(sqlite3.connect(store.root / "index.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert [item.id for item in store.list()] == [folder.id]
        assert [item.id for item in shelf.again().list()] == [folder.id]
    assert (store.root / "index.db").exists()


def test_an_older_index_is_made_anew(kept: tuple[Shelf, DownloadFolder, FileServer]) -> None:
    import sqlite3
    from contextlib import closing

    shelf, _, _ = kept
    listed = shelf.store.list()
    path = shelf.store.root / "index.db"
    path.unlink()
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE downloads (id TEXT PRIMARY KEY, title TEXT)")
        old.execute("INSERT INTO downloads VALUES ('x', 'y')")
        old.commit()
    assert shelf.again().list() == listed
    with closing(sqlite3.connect(path)) as future:
        future.execute("PRAGMA user_version = 99")
    with pytest.raises(DownloadError) as caught:
        shelf.again()
    assert code_of(caught) is ErrorCode.DOWNLOAD_NEWER


def test_every_request_says_which_manifest_led_to_it(tmp_path: Path) -> None:
    asked: list[Request] = []

    class Heard(RoutingTransport):
        def open(self, request: Request) -> AbstractAsyncContextManager[Body]:
            asked.append(request)
            return super().open(request)

    noise_title(tmp_path / "title", 2)
    with FileServer(tmp_path / "title") as server:
        run(new_shelf(tmp_path).add(server.url("media.m3u8")), transport=Heard())
        assert {request.initiator for request in asked} == {server.url("media.m3u8")}
    assert len(asked) > 2


@pytest.mark.parametrize(("status", "state"), [(403, State.FAILED), (503, State.QUEUED)])
def test_a_download_whose_licence_is_refused_says_why(tmp_path: Path, status: int, state: State) -> None:
    """It said “queued” for ever. Where the licence server only cannot answer now, it stays in the queue."""

    class Refusing(Access):
        async def prepare(self, *_given: object) -> None:
            raise RefusedError(status, {"code": "renewal_closed", "title": "It can no longer be renewed."})

    with noise_download(tmp_path) as (shelf, _, server):
        folder = shelf.add(server.url("media.m3u8"))
        with pytest.raises(RefusedError):
            run(folder, access=Refusing())
        (found,) = (one for one in shelf.again().list() if one.id == folder.id)
        assert (found.state, bool(found.code)) == (state, state is State.FAILED)


def test_a_home_that_was_renamed_takes_its_downloads_along(tmp_path: Path) -> None:
    """Those beside the profile are found at once; for one on another disk, or in another folder of that home, the
    sentence says what to do."""
    home = tmp_path / "old"
    home.mkdir()
    noise_title(tmp_path / "title", 3)
    with FileServer(tmp_path / "title") as server:
        made = new_shelf(home)
        stays, elsewhere = (made.add(server.url("media.m3u8")) for _ in range(2))
        for folder in (stays, elsewhere):
            run(folder)
        made.store.move(elsewhere.id, home / "Videos")
    home.rename(tmp_path / "new")
    moved = Shelf(tmp_path / "new", made.store).again()
    assert checking.verify(moved.get(stays.id)).sound
    with pytest.raises(DownloadError) as caught:
        moved.get(elsewhere.id)
    assert code_of(caught) is ErrorCode.DOWNLOAD_STORE_GONE
    assert f"`matinee download move {elsewhere.id} FOLDER`" in caught.value.sentence
    with pytest.raises(DownloadError):
        moved.move(elsewhere.id, tmp_path / "nowhere")
    shutil.copytree(moved.get(stays.id).path, tmp_path / "false" / elsewhere.id)
    with pytest.raises(DownloadError):
        moved.move(elsewhere.id, tmp_path / "false")  # another download in its place
    moved.move(elsewhere.id, tmp_path / "new" / "Videos")
    assert checking.verify(moved.get(elsewhere.id)).sound
    moved.move(elsewhere.id, tmp_path / "new" / "store")
    assert checking.verify(moved.get(elsewhere.id)).sound


def test_a_title_that_is_removed_while_it_is_listed_is_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = new_shelf(tmp_path)
    folder, kept, ids = made.store.create("Film"), made.store.create("Other"), Store.ids
    other = made.again()

    def then_removed(self: Store) -> tuple[str, ...]:
        found = ids(self)
        monkeypatch.setattr(Store, "ids", ids)
        other.remove(folder.id)
        return found

    monkeypatch.setattr(Store, "ids", then_removed)
    assert [item.id for item in made.store.list()] == [kept.id]


def test_a_move_that_was_cut_off_before_it_was_noted_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ended here."""

    def die(*_given: object) -> None:
        raise Killed

    made = new_shelf(tmp_path)
    folder = made.store.create("Film")
    with monkeypatch.context() as patch:
        patch.setattr(Store, "_point", die)
        with pytest.raises(Killed):
            made.store.move(folder.id, tmp_path / "usb")
    store = made.again()
    assert store.get(folder.id).path.parent == store.root
    store.get(folder.id).note(ledger.changed(State.PAUSED))  # what comes after the copy is not lost
    assert store.move(folder.id, tmp_path / "usb") == tmp_path / "usb" / folder.id
    assert made.again().get(folder.id).ledger.state is State.PAUSED
    with pytest.raises(DownloadError, match="already"):
        store.move(folder.id, tmp_path / "usb")


def test_a_move_replaces_nothing_that_is_no_rest_of_one(tmp_path: Path) -> None:
    store = new_shelf(tmp_path).store
    folder = store.create("Film")
    place = tmp_path / "usb" / folder.id
    place.mkdir(parents=True)
    (place / "letter").write_text("mine")
    with pytest.raises(DownloadError, match="already"):
        store.move(folder.id, place.parent)
    assert (place / "letter").read_text() == "mine"
