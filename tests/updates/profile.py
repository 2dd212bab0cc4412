"""A profile with one of everything that the client keeps, as a version writes it.

``python -m tests.updates.profile tests/updates/formats/VERSION.tar.gz`` keeps that of the present code. It is run
once for each release whose formats differ from the ones before, and its file is never written anew: the tests beside
it hold every later version to opening all of them.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from downloads import request
from downloads.model import Choice, Origin
from downloads.store import Store
from drm_client.device import DeviceIdentity
from drm_client.keystore import FileKeyStore
from drm_client.vault import Vault
from player.resume.journal import ProgressJournal, Watched
from player.telemetry.queue import EventQueue
from tests.kit.downloads import noise_title, run
from tests.kit.fileserver import FileServer
from ui.preferences import Preferences, PreferenceStore
from ui.storage import JsonFile
from ui.window_place import WindowPlace

FORMATS = Path(__file__).parent / "formats"
BINDING = b"a machine made for tests/1000"  # in place of what ties the keys to one machine and user
DEVICE = "device-1"
SECRET = b"what a licence holds"
SEGMENTS = 3
CHOSEN = Preferences(audio_language="fr", subtitle_size=130, high_contrast=True)
PLACE = WindowPlace(40, 60, 1280, 720)
WATCHED = Watched("account-1", "film", "event-1", 1234.5, 5400.0, DEVICE, "boot-1", 10.0, 1_790_000_000.0)
KIOSK = 'format = 1\nname = "foyer"\n[[entry]]\nurl = "https://streams.example.org/a.m3u8"\nloops = 2\n'


@dataclass(frozen=True)
class OldEvent:
    """A telemetry event that was never sent."""

    id: str = "event-2"
    at: float = 1_790_000_000.0

    def as_json(self) -> str:
        return '{"event_id": "event-2", "kind": "playback"}'


def keys_of(profile: Path) -> FileKeyStore:
    """The profile's key store."""
    return FileKeyStore(profile / "keys", BINDING)


def write(profile: Path, scratch: Path) -> None:
    """Write everything into ``profile``; ``scratch`` is for the title that is downloaded."""
    profile.mkdir()
    PreferenceStore(profile).save(CHOSEN)
    place: JsonFile[WindowPlace] = JsonFile(profile / "window.json", lambda _members: PLACE, _members_of)
    place.save(PLACE)
    journal = ProgressJournal(profile / "resume.db")
    journal.put(WATCHED)
    journal.close()
    queue = EventQueue(profile / "telemetry.db")
    queue.put([OldEvent()])
    queue.close()
    keys = keys_of(profile)
    DeviceIdentity.load_or_create(keys)
    vault = Vault(profile, keys, DEVICE)
    vault.put("licence", "one", SECRET)
    vault.close()
    noise_title(scratch / "title", SEGMENTS)
    with FileServer(scratch / "title") as server:
        folder = Store(profile / "downloads", keys).create("A film")
        request.write(folder, request.DownloadRequest(Origin(url=server.url("media.m3u8")), Choice()))
        run(folder)
    (profile / "kiosk.toml").write_text(KIOSK, encoding="utf-8")


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """A profile out of its archive, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder) / "profile"


def _members_of(place: WindowPlace) -> dict[str, object]:
    return {"x": place.x, "y": place.y, "width": place.width, "height": place.height, "maximised": place.maximised}


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profile"
        write(profile, Path(folder))
        with tarfile.open(target, "x:gz") as tar:
            tar.add(profile, "profile", filter=_nameless)


def _nameless(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info


if __name__ == "__main__":
    main(Path(sys.argv[1]))
