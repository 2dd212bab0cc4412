"""Keys in memory: a scan of the player's process finds each at most twice while it plays, and never afterwards."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from downloads import request
from downloads.model import DownloadChoice, DownloadOrigin, State
from downloads.request import DownloadRequest
from downloads.store import Store
from drm_client.keystore import FileKeyStore
from tests.downloads.test_service import Client
from tests.kit.backend import running_backend
from tests.kit.clearkey import ClearKeyServer
from tests.kit.downloads import run
from tests.kit.fileserver import FileServer
from tests.kit.media import ffmpeg_hls_ts, packager_cbcs, packager_cenc
from tests.kit.memory_scan import write_needles
from tests.kit.playback import publish_media, signed_in_engine
from tests.kit.slices import slice_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/mem")
_AT_MOST = 2
_SCAN = "from tests.kit.memory_scan import main\nmain()\n"

Job = dict[str, Any]
Keys = Mapping[str, tuple[str, str]]
Counts = dict[str, list[dict[str, int]]]


def scan(folder: Path, keys: Keys, job: Job) -> Counts:
    """Play in a process of its own."""
    needles = folder / "needles"
    write_needles(needles, [bytes.fromhex(key) for _, key in keys.values()])
    path = folder / "job.json"
    path.write_text(json.dumps({"needles": str(needles), "profile": str(folder / "profile"), **job}))
    done = subprocess.run(
        [sys.executable, "-c", _SCAN, str(path)],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: Counts = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def aes_128_title(folder: Path) -> Iterator[tuple[Job, Keys]]:
    """HLS whose segments are encrypted as a whole, with the key at an address of its own."""
    media, key = ffmpeg_hls_ts(), hashlib.sha256(b"film").digest()[:16]
    title = folder / "title"
    title.mkdir()
    (title / "film.key").write_bytes(key)
    playlist = min(media.folder.glob("*/index.m3u8"))
    tag = '#EXT-X-KEY:METHOD=AES-128,URI="film.key"'
    (title / "media.m3u8").write_text(playlist.read_text().replace("#EXTINF", f"{tag}\n#EXTINF", 1))
    for number, path in enumerate(sorted(playlist.parent.glob("*.ts"))):
        padder = PKCS7(128).padder()
        encryptor = Cipher(AES(key), CBC(number.to_bytes(16, "big"))).encryptor()
        padded = padder.update(path.read_bytes()) + padder.finalize()
        (title / path.name).write_bytes(encryptor.update(padded) + encryptor.finalize())
    with FileServer(title) as server:
        yield {"source": {"url": server.url("media.m3u8")}}, {"film": ("", key.hex())}


@contextmanager
def clearkey_title(scheme: str, manifest: str) -> Iterator[tuple[Job, Keys]]:
    media = packager_cenc() if scheme == "cenc" else packager_cbcs()
    with FileServer(media.folder) as server, ClearKeyServer(media.keys) as licences:
        yield {"source": {"url": server.url(manifest), "licence_url": licences.url}}, media.keys


@contextmanager
def service_title(folder: Path) -> Iterator[tuple[Job, Keys]]:
    media = packager_cenc()
    with running_backend(folder / "service") as group:
        publish_media(group, media, "film")
        with signed_in_engine(folder / "profile", group):
            pass
        yield {"source": {"title_id": "film"}, "service": group.api.url}, media.keys


@contextmanager
def kept_title(folder: Path) -> Iterator[tuple[Job, Keys]]:
    media = packager_cenc()
    with running_backend(folder / "service") as group:
        publish_media(group, media, "film")
        client = Client(folder, group)
        download = client.add()
        with signed_in_engine(client.profile, group) as made:
            assert client.run(made, download) is State.COMPLETE
    yield (
        {
            "store": str(folder / "store"),
            "download": download.id,
            "service": "http://127.0.0.1:9",
        },
        media.keys,
    )


@contextmanager
def kept_with_its_keys(folder: Path) -> Iterator[tuple[Job, Keys]]:
    """A download whose keys a plain ClearKey server permits to keep."""
    media = packager_cbcs()
    with FileServer(media.folder) as server:
        store = Store(folder / "store", FileKeyStore(folder / "profile"))
        download = store.create("film")
        request.write(
            download, DownloadRequest(DownloadOrigin(url=server.url("manifest.mpd")), DownloadChoice(max_height=180))
        )
        pairs = [(bytes.fromhex(kid), bytes.fromhex(key)) for kid, key in media.keys.values()]
        request.note_keys(download, pairs)
        assert run(download) is State.COMPLETE
    yield {"store": str(folder / "store"), "download": download.id}, media.keys


TITLES = {
    "hls-aes-128": aes_128_title,
    "hls-sample-aes": lambda _folder: clearkey_title("cbcs", "master.m3u8"),
    "dash-cenc": lambda _folder: clearkey_title("cenc", "manifest.mpd"),
    "dash-cbcs": lambda _folder: clearkey_title("cbcs", "manifest.mpd"),
    "service": service_title,
    "kept": kept_title,
    "kept-with-keys": kept_with_its_keys,
}


@pytest.mark.parametrize("name", slice_of(zip(TITLES), 3))
def test_a_key_is_found_at_most_twice_while_it_plays_and_never_afterwards(tmp_path: Path, name: str) -> None:
    with TITLES[name](tmp_path) as (job, keys):
        found = scan(tmp_path, keys, job)
    assert any(key["raw"] for key in found["playing"])  # else the scan sees nothing
    for counts in found["playing"]:
        assert sum(counts.values()) <= _AT_MOST, found
    for when in ("before", "stopped", "closed"):
        assert not any(sum(counts.values()) for counts in found[when]), (when, found)
