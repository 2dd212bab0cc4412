"""A removal gives the licence back whatever the download says of it, and holds no other removal back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from downloads import ledger, removal, request, service
from downloads import store as store_module
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import DownloadOrigin
from downloads.store import Store
from drm_client.keystore import FileKeyStore
from drm_client.licence_store import KeptLicence, LicenceStore, Removal
from player.base.errors import ErrorCode
from tests.drm_client.offline_kit import ORDER, Desk


class Killed(BaseException):
    """The process ended here."""


class Bench:
    """A device with licences and a store of downloads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk = Desk(folder / "profile")
        self.licences = self.desk.licences
        self.store = self.again()

    def add(self, place: Path | None = None) -> DownloadFolder:
        origin = DownloadOrigin(title_id=ORDER.title_id, service="https://tv.test")
        return request.make(self.store, "Film", request.DownloadRequest(origin), place=place)

    def plan(self, folder: DownloadFolder) -> None:
        """The plan was made: the licence comes next."""
        folder.note(ledger.planned("0" * 64, 1, 1, 1.0))

    def acquired(self) -> str:
        return asyncio.run(self.desk.kept())

    def plan_removal(self, folder: DownloadFolder, *licence_ids: str) -> None:
        place = str(self.store.root.resolve())
        self.licences.store.plan_removal(Removal(folder.id, licence_ids, "removed", place))

    def again(self) -> Store:
        """The next start."""
        return Store(self.folder / "store", FileKeyStore(self.folder / "keys"))

    def given_back(self) -> list[str]:
        return [one.licence_id for one in self.licences.store.receipts()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("used", [True, False], ids=["used", "not yet used"])
@pytest.mark.parametrize("journal", ["whole", "gone"])
def test_a_licence_that_was_not_noted_yet_is_given_back(bench: Bench, journal: str, *, used: bool) -> None:
    """The program died between the licence and its note."""
    folder = bench.add()
    bench.plan(folder)
    licence_id = bench.acquired()
    if used:
        bench.licences.store.note_use(licence_id, folder.id)
    if journal == "gone":
        (folder.path / "journal").write_bytes(b"")
    removal.remove(bench.store, folder.id, bench.licences)
    assert (bench.store.ids(), bench.licences.store.ids()) == ((), ())
    assert bench.given_back() == [licence_id]


@pytest.mark.parametrize("note", ["readable", "newer", "none"])
def test_the_licence_of_a_download_of_a_newer_version_is_given_back(bench: Bench, note: str) -> None:
    folder = bench.add()
    licence_id = bench.acquired()
    if note == "readable":
        service.note_licence(folder, licence_id)
    elif note == "newer":
        folder.write_secret("licence", b'{"licences": []}')
    with pytest.raises(DownloadError) as caught:
        folder.note(("of-a-newer-version", {}))
    assert caught.value.code is ErrorCode.DOWNLOAD_NEWER
    removal.remove(bench.store, folder.id, bench.licences)
    assert (bench.store.ids(), bench.licences.store.ids()) == ((), ())
    assert bench.given_back() == [licence_id]


def test_a_download_that_never_asked_for_a_licence_takes_none_of_its_title(bench: Bench) -> None:
    """Such as that of a download of an earlier version in another store."""
    folder, licence_id = bench.add(), bench.acquired()
    removal.remove(bench.store, folder.id, bench.licences)
    assert bench.licences.store.ids() == (licence_id,)
    other = bench.add()
    bench.plan(other)
    service.note_licence(other, None)
    removal.remove(bench.store, other.id, bench.licences)
    assert bench.licences.store.ids() == (licence_id,)


def test_of_two_downloads_that_do_not_say_whose_a_licence_is_the_last_gives_it_back(bench: Bench) -> None:
    folder, other = bench.add(), bench.add()
    for one in (folder, other):
        bench.plan(one)
    licence_id = bench.acquired()
    removal.remove(bench.store, folder.id, bench.licences)
    assert bench.licences.store.ids() == (licence_id,)
    removal.remove(bench.store, other.id, bench.licences)
    assert bench.given_back() == [licence_id]


def test_a_disk_that_is_not_connected_holds_no_other_removal_back(bench: Bench) -> None:
    (bench.folder / "usb").mkdir()
    folders = [bench.add(place=bench.folder / "usb" / "Matinee"), bench.add(), bench.add()]
    licence_id = bench.acquired()
    for folder in folders:
        service.note_licence(folder, licence_id)
        bench.plan_removal(folder)
    (bench.folder / "usb").rename(bench.folder / "away")
    assert removal.finish(bench.store, bench.licences) == 2
    assert bench.store.ids() == (folders[0].id,)
    assert [one.download_id for one in bench.licences.store.removals()] == [folders[0].id]
    (bench.folder / "away").rename(bench.folder / "usb")
    bench.plan_removal(folders[0], licence_id)
    assert removal.finish(bench.store, bench.licences) == 1
    assert (bench.store.ids(), bench.given_back()) == ((), [licence_id])


def lose_disk(bench: Bench, *, noted: bool = True) -> tuple[DownloadFolder, str]:
    """A download on a disk that is lost, and its licence."""
    (bench.folder / "usb").mkdir()
    folder = bench.add(place=bench.folder / "usb" / "Matinee")
    licence_id = bench.acquired()
    if noted:
        bench.licences.store.note_use(licence_id, folder.id)
    service.note_licence(folder, licence_id)
    (bench.folder / "usb").rename(bench.folder / "away")
    return folder, licence_id


@pytest.mark.parametrize("then", ["the next start", "upkeep"])
def test_a_download_whose_disk_is_lost_goes_with_its_licence(bench: Bench, then: str) -> None:
    """Removed means removed: should the disk come back, the files go."""
    folder, licence_id = lose_disk(bench)
    other = bench.add()
    removal.remove(bench.store, folder.id, bench.licences)
    assert (bench.store.ids(), bench.licences.store.removals()) == ((other.id,), ())
    assert bench.given_back() == [licence_id]
    assert [one.id for one in bench.again().list()] == [other.id]
    (bench.folder / "away").rename(bench.folder / "usb")
    assert folder.path.is_dir()
    if then == "upkeep":
        removal.finish(bench.store, bench.licences)
    else:
        bench.again()
    assert not list(folder.path.parent.iterdir())
    assert not list(bench.store.root.glob("*.gone"))
    assert bench.store.ids() == (other.id,)


@pytest.mark.parametrize("at", ["rename", "rmtree"])
def test_a_removal_from_another_disk_that_is_cut_off_is_finished(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    folder, licence_id = lose_disk(bench)
    (bench.folder / "away").rename(bench.folder / "usb")

    def die(*_arguments: object, **_named: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if at == "rename":
            patch.setattr(Path, "rename", die)
        else:
            patch.setattr(store_module.shutil, "rmtree", die)
        with pytest.raises(Killed):
            removal.remove(bench.store, folder.id, bench.licences)
    bench.store = bench.again()
    removal.finish(bench.store, bench.licences)
    assert (bench.store.ids(), bench.licences.store.removals()) == ((), ())
    assert bench.given_back() == [licence_id]
    assert not list(folder.path.parent.iterdir())


def test_a_download_whose_place_is_not_known_any_more_can_be_removed(bench: Bench) -> None:
    folder, licence_id = lose_disk(bench)
    (bench.store.root / f"{folder.id}.moved").write_text("damaged")
    with pytest.raises(DownloadError):
        bench.store.find(folder.id)
    removal.remove(bench.store, folder.id, bench.licences)
    assert (bench.store.ids(), bench.given_back()) == ((), [licence_id])
    assert not list(bench.again().root.glob(f"{folder.id}*"))


def test_a_note_of_what_was_removed_deletes_nothing_of_somebody_else(bench: Bench) -> None:
    """Who may write in the store's folder makes no such note, and a link in the place of the files stays."""
    folder, _ = lose_disk(bench)
    removal.remove(bench.store, folder.id, bench.licences)
    films = bench.folder / "films"
    films.mkdir()
    (bench.store.root / "0123456789ab.gone").write_text(json.dumps({"path": str(films)}) + "\n" + "0" * 64)
    folder.path.parent.mkdir(parents=True)
    folder.path.symlink_to(films)
    bench.again()
    assert films.is_dir()
    assert folder.path.is_symlink()


@pytest.mark.parametrize("at", ["before it looks", "after it looked"])
def test_two_programs_remove_a_download_at_once_and_one_is_killed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """The other one, or the next start, gives the licence back."""
    folder = bench.add()
    licence_id = bench.acquired()
    service.note_licence(folder, licence_id)

    def first() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(removal, "_give_back", die)
            with pytest.raises(Killed):
                removal.remove(other_program, folder.id, bench.licences)

    def die(*_arguments: object) -> None:
        raise Killed

    other_program = Store(bench.folder / "store", FileKeyStore(bench.folder / "keys"))
    find, licences_of = Store.locate, removal._licences_of

    def found(self: Store, name: str) -> DownloadFolder:
        here = find(self, name)
        if self is bench.store and at == "before it looks":
            first()
        return here

    def looked(store: Store, *given: object) -> tuple[str, ...]:
        here = licences_of(store, *given)  # type: ignore[arg-type]
        if store is bench.store and at == "after it looked":
            first()
        return here

    monkeypatch.setattr(Store, "locate", found)
    monkeypatch.setattr(removal, "_licences_of", looked)
    removal.remove(bench.store, folder.id, bench.licences)
    removal.finish(bench.store, bench.licences)
    assert (bench.store.ids(), bench.licences.store.ids(), bench.licences.store.removals()) == ((), (), ())
    assert bench.given_back() == [licence_id]


def test_a_removal_that_finds_the_download_busy_keeps_what_another_program_has_planned(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bench.add()
    licence_id = bench.acquired()
    service.note_licence(folder, licence_id)
    bench.plan_removal(folder, licence_id)
    monkeypatch.setattr(DownloadFolder, "is_running", False)
    with folder.running(), pytest.raises(DownloadError):
        removal.remove(bench.store, folder.id, bench.licences)
    assert [one.licence_ids for one in bench.licences.store.removals()] == [(licence_id,)]


def test_two_programs_that_remove_two_downloads_of_a_title_at_once_give_its_licence_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = bench.add(), bench.add()
    licence_id = bench.acquired()
    for one in (folder, other):
        service.note_licence(one, licence_id)
        bench.licences.store.note_use(licence_id, one.id)
    inspect, other_program = removal._licences_of_others, Store(bench.store.root, FileKeyStore(bench.folder / "keys"))

    def inspected(store: Store, download_id: str) -> set[str | None]:
        found = inspect(store, download_id)
        if store is bench.store:
            removal.remove(other_program, other.id, bench.licences)
        return found

    monkeypatch.setattr(removal, "_licences_of_others", inspected)
    removal.remove(bench.store, folder.id, bench.licences)
    assert (bench.licences.store.ids(), bench.given_back()) == ((), [licence_id])


@pytest.mark.parametrize("at", ["plans", "is refused"])
def test_of_two_programs_that_plan_a_removal_at_once_neither_plan_is_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """The other one is killed: what it has planned is finished later."""
    folder = bench.add()
    licence_id = bench.acquired()
    service.note_licence(folder, licence_id)
    plan, remove = LicenceStore.plan_removal, Store.remove
    other = Removal(folder.id, (licence_id,), "removed", str(bench.store.root.resolve()), ("another",))

    def planned(self: LicenceStore, one: Removal) -> Removal:
        if at == "plans":
            plan(self, other)
            (folder.path / "licence").unlink()
            one = replace(one, licence_ids=())  # it looked when the note was gone already
        return plan(self, one)

    def refused(store: Store, name: str) -> None:
        if at == "is refused":
            plan(bench.licences.store, other)
        raise DownloadError(ErrorCode.DOWNLOAD_BUSY, "Another program is working on it.")

    monkeypatch.setattr(LicenceStore, "plan_removal", planned)
    monkeypatch.setattr(Store, "remove", refused)
    with pytest.raises(DownloadError):
        removal.remove(bench.store, folder.id, bench.licences)
    assert bench.licences.store.removals() == (other,)
    monkeypatch.setattr(Store, "remove", remove)
    monkeypatch.setattr(LicenceStore, "plan_removal", plan)
    removal.finish(bench.store, bench.licences)
    assert (bench.store.ids(), bench.licences.store.removals()) == ((), ())
    assert bench.given_back() == [licence_id]


def test_a_licence_that_a_download_has_just_got_is_not_given_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program downloads the title again and has not noted the licence in its folder yet."""
    folder = bench.add()
    licence_id = bench.acquired()
    service.note_licence(folder, licence_id)
    inspect = removal._licences_of_others

    def inspected(store: Store, download_id: str) -> set[str | None]:
        found = inspect(store, download_id)
        bench.licences.store.note_use(licence_id, "another")
        return found

    monkeypatch.setattr(removal, "_licences_of_others", inspected)
    removal.remove(bench.store, folder.id, bench.licences)
    assert bench.licences.store.ids() == (licence_id,)


def test_whoever_gets_a_licence_has_it_from_that_moment_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two another program would give it back."""
    seen, put = [], LicenceStore.put

    def kept(self: LicenceStore, licence: KeptLicence) -> None:
        put(self, licence)
        seen.append(self.uses(licence.licence_id))

    monkeypatch.setattr(LicenceStore, "put", kept)
    asyncio.run(bench.licences.acquire(ORDER, "one")).clear()
    assert seen == [("one",)]
