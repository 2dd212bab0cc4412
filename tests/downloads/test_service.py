"""Titles of the service: the licence comes with the download, is judged when it plays, renewed, and given back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_stub.server import ServerGroup
from downloads import checking, request, rights, service
from downloads.downloader import Downloader
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import DownloadChoice, DownloadOrigin, State
from downloads.offline import SCHEME, OfflineTransport, source_of
from downloads.service import ServiceAccess
from downloads.settings import DownloadSettings
from downloads.store import Store
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import FileKeyStore
from drm_client.offline import OfflineLicences
from player.engine import Engine
from tests.kit.backend import fault_document, running_backend
from tests.kit.media import packager_cenc, packager_clear
from tests.kit.playback import engine, null_player, play, publish_media, signed_in_engine
from tests.kit.waiting import PATIENCE_S


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerGroup]:
    with running_backend(tmp_path_factory.mktemp("service")) as running:
        publish_media(running, packager_cenc(), "film", clear=packager_clear())
        yield running


class Client:
    """A profile with a store, over one engine at a time."""

    def __init__(self, folder: Path, group: ServerGroup) -> None:
        self.profile = folder / "profile"
        self.group = group
        self.store = Store(folder / "store", FileKeyStore(self.profile))

    def add(self, variant: str = "encrypted") -> DownloadFolder:
        folder = self.store.create("film", "film")
        origin = DownloadOrigin(title_id="film", variant=variant, service=self.group.api.url)
        request.write(folder, request.DownloadRequest(origin, DownloadChoice(max_height=360)))
        return folder

    def run(self, made: Engine, folder: DownloadFolder) -> State:
        async def work() -> State:
            access = ServiceAccess(made.service, made.device_id, lambda: licences_of(made))
            settings = DownloadSettings(reserve_bytes=0)
            return await Downloader(made.gate, made.clock, access, settings).run(folder, asyncio.Event())

        return made.submit(work()).result(60)

    def offline_engine(self):
        """An engine that was never signed in and whose service cannot be reached."""
        schemes = {SCHEME: lambda clock: OfflineTransport(self.store.get, clock)}
        return engine(self.profile, service_url="http://127.0.0.1:9", schemes=schemes)


async def licences_of(made: Engine) -> OfflineLicences | None:
    rights = await made.rights()
    return None if rights is None else rights.licences


def opened(made: Engine) -> OfflineLicences:
    found = made.submit(licences_of(made)).result(PATIENCE_S)
    assert found is not None
    return found


@pytest.mark.parametrize("variant", ["encrypted", "clear"])
def test_a_title_is_downloaded_with_its_licence_and_plays_without_the_service(
    tmp_path: Path, group: ServerGroup, variant: str
) -> None:
    client = Client(tmp_path, group)
    folder = client.add(variant)
    with signed_in_engine(client.profile, group) as made:
        assert client.run(made, folder) is State.COMPLETE
    assert folder.snapshot().name == "film"
    licence_id = service.licence_of(folder)
    assert licence_id is not None
    assert all(part.sealed == (variant == "clear") for part in folder.plan().parts)
    keys = FileKeyStore(client.profile)
    with rights.kept_licences(client.profile, keys) as licences:
        standing = rights.standing_of(client.store.get(folder.id), licences)
        assert standing is not None
        assert standing.may_start
        with pytest.raises(DrmError, match="another service"):
            asyncio.run(licences.renew(licence_id))
    with client.offline_engine() as made, null_player(untimed=True) as player:
        source = made.submit(source_of(client.store.get(folder.id))).result(PATIENCE_S)
        assert play(made, source, player).status == "ended"
        assert opened(made).standing(licence_id).playback_s is not None  # the playback clock has begun


def test_what_was_watched_of_a_kept_title_is_told_to_the_service(tmp_path: Path, group: ServerGroup) -> None:
    client = Client(tmp_path, group)
    folder = client.add("clear")
    schemes = {SCHEME: lambda clock: OfflineTransport(client.store.get, clock)}
    with signed_in_engine(client.profile, group, schemes=schemes) as made, null_player(untimed=True) as player:
        client.run(made, folder)
        source = made.submit(source_of(client.store.get(folder.id))).result(PATIENCE_S)
        assert source.title_id == "film"
        assert play(made, source, player).status == "ended"
    with signed_in_engine(client.profile, group) as made:
        assert made.service is not None
        progress = made.submit(made.service.title("film")).result(PATIENCE_S).progress
        assert progress is not None
        assert progress.position_s > 0


def test_a_licence_is_renewed_without_a_new_download_and_given_back_later(tmp_path: Path, group: ServerGroup) -> None:
    client = Client(tmp_path, group)
    folder = client.add()
    with signed_in_engine(client.profile, group) as made:
        client.run(made, folder)
        files = {path: path.stat().st_mtime_ns for path in (folder.path / "items").iterdir()}
        licence_id = made.submit(service.renew(folder, opened(made))).result(PATIENCE_S)
        assert {path: path.stat().st_mtime_ns for path in (folder.path / "items").iterdir()} == files
        assert licence_id == service.licence_of(folder)
    with client.offline_engine() as made:
        licences = opened(made)
        licences.remove(licence_id)
        client.store.remove(folder.id)
        assert len(licences.store.receipts()) == 1
        assert made.submit(licences.send_receipts()).result(60) == 0  # this is another service
        with pytest.raises(DrmError) as caught:
            licences.standing(licence_id)
        assert caught.value.code is DrmErrorCode.NO_LICENCE
    with signed_in_engine(client.profile, group) as made:
        assert made.submit(opened(made).send_receipts()).result(PATIENCE_S) == 1
        assert opened(made).store.receipts() == ()


def test_without_the_note_of_its_licence_or_with_another_a_title_does_not_play(
    tmp_path: Path, group: ServerGroup
) -> None:
    client = Client(tmp_path, group)
    folder = client.add("clear")
    with signed_in_engine(client.profile, group) as made:
        client.run(made, folder)
        note = folder.path / "licence"
        whole = note.read_bytes()
        for place in range(0, len(whole), 7):
            changed = bytearray(whole)
            changed[place] ^= 1
            note.write_bytes(changed)
            with pytest.raises(DownloadError, match="licence"):
                asyncio.run(source_of(client.store.get(folder.id)))
        note.unlink()
        with pytest.raises(DownloadError, match="licence"):
            asyncio.run(source_of(client.store.get(folder.id)))
        note.write_bytes(whole)
        opened(made).remove(service.licence_of(folder) or "")
    with client.offline_engine() as made, null_player(untimed=True) as player:
        source = made.submit(source_of(client.store.get(folder.id))).result(PATIENCE_S)
        played = play(made, source, player)
    assert played.report["result"]["error"]["code"] == "drm.no_licence"


def test_old_addresses_are_renewed_in_mid_download(tmp_path: Path, group: ServerGroup) -> None:
    client = Client(tmp_path, group)
    folder = client.add("clear")
    refused = {"match": {"kind": "segment"}, "skip": 2, "count": 3, "fault": {"type": "status", "status": 403}}
    with signed_in_engine(client.profile, group) as made:
        group.faults.set(fault_document(refused))
        try:
            assert client.run(made, folder) is State.COMPLETE
        finally:
            group.faults.clear()


def test_another_cdn_takes_over_where_one_fails(tmp_path: Path, group: ServerGroup) -> None:
    client = Client(tmp_path, group)
    folder = client.add("clear")
    sick = {"match": {"kind": "segment", "pathway": "edge-a"}, "fault": {"type": "cut", "after_bytes": 2000}}
    with signed_in_engine(client.profile, group) as made:
        group.faults.set(fault_document(sick))
        try:
            assert client.run(made, folder) is State.COMPLETE
        finally:
            group.faults.clear()
    assert checking.verify(client.store.get(folder.id)).sound
