"""Playing what is kept: every form of title, and one that is still on its way."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from downloads import checking, request
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import DownloadChoice, DownloadOrigin, State
from downloads.offline import SCHEME, OfflineTransport, presentation_of, source_of
from downloads.service import ServiceAccess
from downloads.store import Store
from drm_client.base64url import encode_base64url
from drm_client.clearkey import decode_base64url
from drm_client.errors import DrmError
from drm_client.keysystem import LicenceCall
from player.base.errors import ErrorCode
from player.manifest.model import TrackType
from tests.kit.downloads import Shelf, run
from tests.kit.downloads import shelf as new_shelf
from tests.kit.fileserver import FileServer
from tests.kit.media import (
    TestMedia,
    dash_on_demand,
    ffmpeg_hls_ts,
    packager_cbcs,
    packager_cenc,
    packager_clear,
)
from tests.kit.playback import Run, engine, null_player, play
from tests.kit.waiting import PATIENCE_S, until

SMALL = DownloadChoice(max_height=180, subtitles=("*",))


def play_offline(folder: Path, store: Store, download_id: str) -> Run:
    """Play with an engine that has no network to use."""
    schemes = {SCHEME: lambda clock: OfflineTransport(store.get, clock)}
    with engine(folder / "profile", schemes=schemes) as made, null_player(untimed=True) as player:
        source = made.submit(source_of(store.get(download_id))).result(PATIENCE_S)
        return play(made, source, player)


def downloaded(folder: Path, media: TestMedia, manifest: str) -> tuple[Shelf, DownloadFolder]:
    with FileServer(media.folder) as server:
        shelf = new_shelf(folder)
        download = shelf.add(server.url(manifest), SMALL)
        request.note_keys(download, [(bytes.fromhex(kid), bytes.fromhex(key)) for kid, key in media.keys.values()])
        assert run(download) is State.COMPLETE
        assert sum(each.sent for each in server.requests) == download.ledger.fetched
    return shelf, download


@pytest.mark.parametrize(
    ("make", "manifest"),
    [
        (packager_clear, "manifest.mpd"),
        (packager_cenc, "master.m3u8"),
        (packager_cbcs, "manifest.mpd"),
        (ffmpeg_hls_ts, "master.m3u8"),
        (dash_on_demand, "manifest.mpd"),
    ],
)
def test_a_download_plays_to_its_end_without_its_server(
    tmp_path: Path, make: Callable[[], TestMedia], manifest: str
) -> None:
    media = make()
    shelf, download = downloaded(tmp_path, media, manifest)
    assert checking.verify(download).sound
    media_parts = [part for part in download.plan().parts if part.type is not TrackType.TEXT]
    assert all(part.sealed == (not media.keys) for part in media_parts)
    if media.keys:  # what came encrypted lies there as it came
        item = next(item for item in download.plan().items if not item.sealed and item.duration_s)
        name = item.addresses[0][1].split("/", 3)[3]
        assert download.item_path(item.index).read_bytes() == (media.folder / name).read_bytes()
    played = play_offline(tmp_path, shelf.again(), download.id)
    assert played.status == "ended"
    assert played.report["result"]["position_s"] > media.seconds - 1


def test_an_encrypted_title_that_nobody_licenses_for_keeping_is_told_before_anything_is_fetched(
    tmp_path: Path,
) -> None:
    media = packager_cenc()
    with FileServer(media.folder) as server:
        download = new_shelf(tmp_path).add(server.url("manifest.mpd"), SMALL)
        with pytest.raises(DownloadError, match="can only be streamed") as caught:
            run(download)
        assert caught.value.code is ErrorCode.DOWNLOAD_IMPOSSIBLE
        assert not any(each.path.endswith(".m4s") for each in server.requests)


@pytest.mark.parametrize("type_", ["persistent-license", "temporary"])
def test_a_clearkey_server_may_permit_keeping_its_keys(tmp_path: Path, type_: str) -> None:
    media = packager_cenc()
    keys = {bytes.fromhex(kid): bytes.fromhex(key) for kid, key in media.keys.values()}
    asked: list[dict[str, Any]] = []

    async def answer(call: LicenceCall) -> bytes:
        asked.append(json.loads(call.body or b""))
        kids = [decode_base64url(kid) for kid in asked[-1]["kids"]]
        jwks = [{"kty": "oct", "kid": encode_base64url(kid), "k": encode_base64url(keys[kid])} for kid in kids]
        return json.dumps({"keys": jwks, "type": type_}).encode()

    async def no_device() -> str | None:
        return None

    async def no_licences() -> None:
        return None

    shelf = new_shelf(tmp_path)
    with FileServer(media.folder) as server:
        download = shelf.store.create("Test")
        origin = DownloadOrigin(url=server.url("manifest.mpd"), licence_url="https://keys.test/clearkey")
        request.write(download, request.DownloadRequest(origin, SMALL))
        access = ServiceAccess(None, no_device, no_licences, answer)
        if type_ == "temporary":
            with pytest.raises(DrmError, match="streaming alone"):
                run(download, access=access)
            return
        assert run(download, access=access) is State.COMPLETE
    assert [each["type"] for each in asked] == ["persistent-license"]
    assert set(request.keys_of(download)) <= set(keys.items())
    on_disk = b"".join(path.read_bytes() for path in download.path.rglob("*") if path.is_file())
    assert not any(key in on_disk for key in keys.values())
    assert play_offline(tmp_path, shelf.again(), download.id).status == "ended"


def test_only_what_was_chosen_is_offered(tmp_path: Path) -> None:
    _, download = downloaded(tmp_path, packager_clear(), "manifest.mpd")
    presentation = asyncio.run(presentation_of(download))
    (video,) = presentation.tracks(TrackType.VIDEO)
    assert [rendition.height for rendition in video.renditions] == [180]
    assert [track.language for track in presentation.tracks(TrackType.AUDIO)] == ["en"]
    assert [track.language for track in presentation.tracks(TrackType.TEXT)] == ["en"]
    assert "127.0.0.1" not in repr([rendition.segments for rendition in video.renditions])


def test_a_title_plays_while_it_is_downloaded(tmp_path: Path) -> None:
    media = packager_clear()
    with FileServer(media.folder, mbps=6) as server:
        shelf = new_shelf(tmp_path)
        download = shelf.add(server.url("manifest.mpd"), SMALL)
        ended: list[State] = []
        downloading = threading.Thread(target=lambda: ended.append(run(download, parallel=1)))
        downloading.start()
        store = shelf.again()
        until(lambda: store.get(download.id).ledger.stored)
        assert store.get(download.id).ledger.state is not State.COMPLETE
        played = play_offline(tmp_path, store, download.id)
        downloading.join(60)
    assert ended == [State.COMPLETE]
    assert played.status == "ended"
    assert played.report["result"]["position_s"] > media.seconds - 1


def test_what_is_not_there_yet_is_named(tmp_path: Path) -> None:
    media = packager_clear()
    with FileServer(media.folder) as server:
        shelf = new_shelf(tmp_path)
        empty = shelf.add(server.url("manifest.mpd"), SMALL)
        with pytest.raises(DownloadError) as caught:
            asyncio.run(source_of(empty))
        assert caught.value.code is ErrorCode.DOWNLOAD_INCOMPLETE
        run(empty)
    lines = (empty.path / "journal").read_bytes().splitlines(keepends=True)
    (empty.path / "journal").write_bytes(b"".join(lines[: len(lines) // 2]))  # as if it had been killed here
    played = play_offline(tmp_path, shelf.again(), empty.id)
    assert played.report["result"]["error"]["code"] == "download.incomplete"


def test_keys_of_whole_segments_are_kept_sealed(tmp_path: Path) -> None:
    media, key = ffmpeg_hls_ts(), bytes(range(16))
    title = tmp_path / "title"
    title.mkdir()
    (title / "film.key").write_bytes(key)
    playlist = min(media.folder.glob("*/index.m3u8"))
    text = playlist.read_text()
    assert "#EXT-X-MEDIA-SEQUENCE:0" in text
    tag = '#EXT-X-KEY:METHOD=AES-128,URI="film.key"'
    (title / "media.m3u8").write_text(text.replace("#EXTINF", f"{tag}\n#EXTINF", 1))
    for number, path in enumerate(sorted(playlist.parent.glob("*.ts"))):
        padder = PKCS7(128).padder()
        encryptor = Cipher(AES(key), CBC(number.to_bytes(16, "big"))).encryptor()
        padded = padder.update(path.read_bytes()) + padder.finalize()
        (title / path.name).write_bytes(encryptor.update(padded) + encryptor.finalize())
    with FileServer(title) as server:
        shelf = new_shelf(tmp_path)
        download = shelf.add(server.url("media.m3u8"))
        assert run(download) is State.COMPLETE
    assert not any(part.sealed for part in download.plan().parts)
    assert not any(key in path.read_bytes() for path in download.path.rglob("*") if path.is_file())
    assert play_offline(tmp_path, shelf.again(), download.id).status == "ended"


def test_a_segment_that_one_cdn_lacks_comes_from_one_with_a_playlist_of_its_own(tmp_path: Path) -> None:
    media = ffmpeg_hls_ts()
    one, other = tmp_path / "one", tmp_path / "other"
    for place in (one, other):
        shutil.copytree(min(media.folder.glob("*/index.m3u8")).parent, place)
    with FileServer(one) as first, FileServer(other) as second:
        tag = '#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="avc1.4d400c,mp4a.40.2",RESOLUTION=320x180'
        variants = "\n".join(f"{tag}\n{server.url('index.m3u8')}" for server in (first, second))
        (one / "master.m3u8").write_text(f"#EXTM3U\n{variants}\n")
        lost = max(one.glob("*.ts"))
        lost.unlink()
        shelf = new_shelf(tmp_path)
        download = shelf.add(first.url("master.m3u8"))
        assert run(download) is State.COMPLETE
        assert not download.ledger.missing
        assert f"/{lost.name}" in [request.path for request in second.requests]
    assert play_offline(tmp_path, shelf.again(), download.id).status == "ended"
