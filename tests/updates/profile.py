"""A profile with one of everything that the client keeps, as a version writes it.

``python -m tests.updates.profile tests/updates/formats/VERSION.tar.gz`` keeps that of the present code. It is run
once for each release whose formats differ from the ones before, and its file is never written again: the tests beside
it hold every later version to opening all of them.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from abr.model import NetworkMemory
from downloads import request
from downloads.model import DownloadChoice, DownloadOrigin
from downloads.store import Store
from drm_client.device import DeviceIdentity
from drm_client.keystore import FileKeyStore
from drm_client.vault import Vault
from player.playback.network_memory import NetworkStore
from player.reporting.telemetry.queue import EventQueue
from player.resume.journal import ProgressJournal, Watched
from player.service.model import Profile, Title, TitleRow
from player.tracks.preference_store import TrackPreferenceStore
from player.tracks.preferences import TrackPreferences
from tests.kit.downloads import noise_title, run
from tests.kit.fileserver import FileServer
from ui.app.profile.data_use import DataMeter, DataUse, Network, NetworkKind
from ui.app.profile.home_cache import HomeCache, KeptHome
from ui.app.profile.last_used import LastUse, Memory
from ui.app.profile.preferences import Preferences, PreferenceStore
from ui.app.profile.storage import JsonFile
from ui.app.window.geometry import WindowPlace
from ui.kiosk.commands import CommandJournal, OperatorCommand
from ui.kiosk.folders import KioskFolders, keep_good
from ui.kiosk.playlist import PlaylistStore
from ui.kiosk.provisioning import parse

FORMATS = Path(__file__).parent / "formats"
BINDING = b"a machine made for tests/1000"  # in place of what ties the keys to one machine and user
DEVICE = "device-1"
SECRET = b"what a licence holds"
SEGMENTS = 3
CHOSEN = Preferences(audio_language="fr", subtitle_size=130, high_contrast=True)
PLACE = WindowPlace(40, 60, 1280, 720)
WATCHED = Watched("account-1", "film", "event-1", 1234.5, 5400.0, DEVICE, "boot-1", 10.0, 1_790_000_000.0)
KIOSK = 'format = 1\nname = "foyer"\n[[entry]]\nurl = "https://streams.example.org/a.m3u8"\nloops = 2\n'
USE = DataUse({date(2026, 11, 20): {NetworkKind.WIRELESS: 1234}})
FILM = Title("film", "A film", "What happens in it.", 2026, 5400.0, "", (540, 1080), ("encrypted",))
HOME = KeptHome("viewer@example.org", (FILM,), (TitleRow("continue", (FILM,), ""),))
VIEWER = LastUse("viewer@example.org", Profile("person-1", "Anna", 12, has_pin=True), ("a film",))
WISHES = TrackPreferences(("fr",), ("de",), hard_of_hearing=True)
NETWORK, CDN = "eth0/192.0.2.1/02:00:00:00:00:01", "cdn-a"
LEARNED = NetworkMemory(5e6, 0.1, 0.04, 0.0)
SEEN_S = 1_790_000_000.0
COMMAND = OperatorCommand("0123456789abcdef0123456789abcdef", "restart", 60.0)
PLAYLIST = '[[entry]]\nurl = "https://streams.example.org/b.m3u8"\n'


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
        request.write(folder, request.DownloadRequest(DownloadOrigin(url=server.url("media.m3u8")), DownloadChoice()))
        run(folder)
    (profile / "kiosk.toml").write_text(KIOSK, encoding="utf-8")
    _write_learned(profile)
    _write_kiosk(place_of(profile))


def _write_learned(profile: Path) -> None:
    """What was seen, counted and chosen."""
    HomeCache(profile).keep(HOME)
    meter = DataMeter(profile, Network)
    meter._use, meter._changed = USE, True
    meter.close()
    memory = Memory(profile)
    memory.keep_person(VIEWER.viewer, VIEWER.person)
    memory.keep_search(*VIEWER.searches)
    TrackPreferenceStore(profile / "tracks.json").keep("person-1", WISHES, "a-series")
    networks_of(profile).keep(NETWORK, {CDN: LEARNED})


def _write_kiosk(place: KioskFolders) -> None:
    """What a kiosk keeps beside its file."""
    keep_good(place)
    CommandJournal(place.state / "commands").begin(COMMAND)
    playlist = PlaylistStore(place.state)
    playlist.begin_trial(COMMAND.id, PLAYLIST, parse(KIOSK))
    playlist.keep()


def place_of(profile: Path) -> KioskFolders:
    """The kiosk's file and folder."""
    return KioskFolders(profile / "kiosk.toml", profile / "kiosk")


def networks_of(profile: Path) -> NetworkStore:
    """What was learned of networks, at the moment at which it was."""
    return NetworkStore(profile / "networks.json", lambda: SEEN_S, lambda: NETWORK)


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
