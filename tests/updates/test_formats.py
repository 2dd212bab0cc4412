"""Updates keep data: what every earlier version has written opens with all that it holds, and what a newer one has
written is refused with a sentence and left as it is."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from downloads import checking
from downloads.errors import DownloadError
from downloads.model import State
from downloads.store import Store
from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError
from drm_client.vault import Vault
from player.base.errors import InputError, MatineeError
from player.reporting.telemetry.queue import EventQueue, NewerQueueError
from player.resume.journal import ProgressJournal
from player.tracks.preference_store import TrackPreferenceStore
from tests.updates import profile as made
from ui.app.profile.data_use import DataMeter, DataUse, Network
from ui.app.profile.home_cache import HomeCache
from ui.app.profile.last_used import Memory
from ui.app.profile.preferences import Preferences, PreferenceStore
from ui.app.profile.storage import JsonFile
from ui.app.window.geometry import WindowPlace
from ui.kiosk import provisioning
from ui.kiosk.commands import CommandJournal
from ui.kiosk.folders import of_file
from ui.kiosk.playlist import PlaylistStore

ARCHIVES = sorted(made.FORMATS.glob("*.tar.gz"))


@pytest.fixture(params=ARCHIVES, ids=[path.name.removesuffix(".tar.gz") for path in ARCHIVES])
def profile(request: pytest.FixtureRequest) -> Iterator[Path]:
    with made.unpacked(request.param) as folder:
        yield folder


@pytest.fixture
def newest() -> Iterator[Path]:
    with made.unpacked(ARCHIVES[-1]) as folder:
        yield folder


def test_settings_and_the_windows_place(profile: Path) -> None:
    store = PreferenceStore(profile)
    assert store.set_aside is None
    assert store.preferences == made.CHOSEN
    place, aside = JsonFile(profile / "window.json", lambda members: WindowPlace(**members), lambda _place: {}).load()
    assert (place, aside) == (made.PLACE, None)


def test_positions_and_telemetry_that_were_not_sent(profile: Path) -> None:
    journal = ProgressJournal(profile / "resume.db")
    assert journal.unsent("account-1") == [made.WATCHED]
    journal.close()
    queue = EventQueue(profile / "telemetry.db")
    assert queue.batch(10, 10_000) == [("event-2", made.OldEvent().as_json())]
    queue.close()


def test_the_device_and_its_licences(profile: Path) -> None:
    keys = made.keys_of(profile)
    identity = hashes(profile / "keys")
    for name in [name for name in identity if name.startswith("vault-")]:
        del identity[name]  # the vault of an earlier format gets a key of its own at the first start
    kept = None
    for _start in range(2):
        DeviceIdentity.load_or_create(keys)
        vault = Vault(profile, keys, made.DEVICE)
        assert vault.get("licence", "one") == made.SECRET
        assert vault.check() == ()
        vault.close()
        found = hashes(profile / "keys")
        assert identity.items() <= found.items(), "the device has another key now"
        assert kept in (None, found), "the second start changes nothing"
        kept = found


def test_downloads(profile: Path) -> None:
    store = Store(profile / "downloads", made.keys_of(profile))
    (kept,) = store.list()
    assert (kept.name, kept.state, kept.code) == ("A film", State.COMPLETE, "")
    assert kept.items == kept.items_done
    assert checking.verify(store.get(kept.id)).findings == ()


def test_what_was_seen_counted_and_chosen(newest: Path) -> None:
    assert HomeCache(newest).load(made.HOME.owner) == made.HOME
    assert DataMeter(newest, Network).read() == made.USE
    assert Memory(newest).now == made.VIEWER
    tracks = TrackPreferenceStore(newest / "tracks.json")
    assert tracks.of("person-1") == tracks.in_series("person-1", "a-series") == made.WISHES
    assert made.networks_of(newest).current().recall(made.CDN) == made.LEARNED


def test_a_home_page_that_knew_less_of_its_titles_is_shown() -> None:
    with made.unpacked(made.FORMATS / "0.1.0_5.tar.gz") as folder:
        assert HomeCache(folder).load(made.HOME.owner) == made.HOME


def test_what_a_kiosk_keeps_beside_its_file(newest: Path) -> None:
    place = made.place_of(newest)
    assert CommandJournal(place.state / "commands").unfinished() == [(made.COMMAND.id, "restart")]
    (entry,) = PlaylistStore(place.state).over(provisioning.load(place.file)).entries
    assert entry.url == "https://streams.example.org/b.m3u8"
    place.file.write_text("a mistake")
    assert of_file(place).name == "foyer", "the last good file"


@pytest.mark.parametrize("name", ["home.json", "data-use.json", "tracks.json", "networks.json"])
def test_small_files_of_a_newer_version_are_left_alone(
    name: str, newest: Path, caplog: pytest.LogCaptureFixture
) -> None:
    members = json.loads((newest / name).read_text())
    number = "format" if "format" in members else "version"
    (newest / name).write_text(json.dumps({**members, number: members[number] + 1, "more": True}))
    before = hashes(newest)
    HomeCache(newest).keep(made.HOME)
    assert HomeCache(newest).load(made.HOME.owner) == (None if name == "home.json" else made.HOME)
    meter = DataMeter(newest, Network)
    assert meter.read() == (DataUse() if name == "data-use.json" else made.USE)
    if name == "data-use.json":
        meter._changed = True
        meter.close()
    TrackPreferenceStore(newest / "tracks.json").keep("person-1", made.WISHES)
    networks = made.networks_of(newest)
    networks.keep(made.NETWORK, {made.CDN: made.LEARNED})
    assert hashes(newest) == before
    assert "newer version of Matinee" in caplog.text


def test_what_a_newer_version_keeps_for_a_kiosk_is_refused_and_left_alone(newest: Path) -> None:
    place = made.place_of(newest)
    for path in (place.state / "playlist.json", place.state / "commands" / "journal.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "version": 99}))
    before = hashes(newest)
    journal, playlist = CommandJournal(place.state / "commands"), PlaylistStore(place.state)
    of_the_file = provisioning.load(place.file)
    assert playlist.over(of_the_file) == of_the_file
    for work in (lambda: journal.begin(made.COMMAND), lambda: playlist.begin_trial("x", made.PLAYLIST, of_the_file)):
        with pytest.raises(OSError, match="newer version"):
            work()
    assert hashes(newest) == before


def test_a_kiosks_file(profile: Path) -> None:
    found = provisioning.load(profile / "kiosk.toml")
    assert (found.name, found.entries[0].loops) == ("foyer", 2)


def test_newer_formats_are_refused_with_a_sentence_and_left_alone(profile: Path) -> None:
    keys = made.keys_of(profile)
    document = profile / "downloads" / "format.json"
    document.write_text(json.dumps({**json.loads(document.read_text()), "format": 99}))
    (profile / "kiosk.toml").write_text(made.KIOSK.replace("format = 1", "format = 99"))
    with closing(sqlite3.connect(profile / "licences.db")) as database:
        database.execute("PRAGMA user_version = 99")
    before = hashes(profile)
    for opening, family in (
        (lambda: Store(profile / "downloads", keys), DownloadError),
        (lambda: Vault(profile, keys, made.DEVICE), DrmError),
        (lambda: provisioning.load(profile / "kiosk.toml"), InputError),
    ):
        with pytest.raises(family) as refused:
            opening()
        assert "update" in refused.value.sentence
    after = hashes(profile)
    assert {name: value for name, value in after.items() if name in before} == before


def test_what_a_newer_version_keeps_for_itself_is_left_alone(profile: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("resume.db", "telemetry.db"):
        with closing(sqlite3.connect(profile / name)) as database:
            database.execute("PRAGMA user_version = 99")
    settings = json.loads((profile / "settings.json").read_text())
    newer = {**settings, "format": 99, "subtitle_size": 130, "speakers": "a choice of its own"}
    (profile / "settings.json").write_text(json.dumps(newer))
    before = hashes(profile)
    journal = ProgressJournal(profile / "resume.db")
    for work in (lambda: journal.put(made.WATCHED), lambda: journal.unsent("account-1")):
        with pytest.raises(MatineeError, match=r"newer version .* update"):
            work()
    queue = EventQueue(profile / "telemetry.db")
    for telling in (lambda: queue.put([made.OldEvent()]), lambda: queue.batch(10, 10_000)):
        with pytest.raises(NewerQueueError):
            telling()
    store = PreferenceStore(profile)
    assert store.set_aside is None
    assert store.preferences == Preferences()
    assert not store.save(made.CHOSEN)
    assert store.preferences == made.CHOSEN, "for this run"
    assert "newer version" in caplog.text
    assert hashes(profile) == before


def test_of_newer_settings_what_is_understood_counts(profile: Path) -> None:
    members = json.loads((profile / "settings.json").read_text())
    (profile / "settings.json").write_text(json.dumps({**members, "format": 2, "new": [1]}))
    assert PreferenceStore(profile).preferences == made.CHOSEN


def test_files_are_numbered(tmp_path: Path) -> None:
    made.write(tmp_path / "profile", tmp_path)
    assert json.loads((tmp_path / "profile" / "settings.json").read_text())["format"] == 1
    for name, number in (("resume.db", 2), ("telemetry.db", 1)):
        with closing(sqlite3.connect(tmp_path / "profile" / name)) as database:
            assert database.execute("PRAGMA user_version").fetchone() == (number,)


def test_what_the_present_code_writes_is_what_is_kept_of_it(tmp_path: Path) -> None:
    made.write(tmp_path / "profile", tmp_path)
    with made.unpacked(ARCHIVES[-1]) as newest:
        assert shape(tmp_path / "profile") == shape(newest), "a new format needs an archive of its own"


def shape(profile: Path) -> dict[str, object]:
    """What a format is: which files there are, and which tables they hold. JSON documents of the app may gain
    members, since what is not known is passed over; what lies within a download is the journal's own matter, and
    files that are only locked hold nothing."""
    found: dict[str, object] = {}
    for path in sorted(profile.rglob("*")):
        name = path.relative_to(profile).as_posix()
        if path.is_dir() or name.startswith("downloads/") or name.endswith(("-wal", "-shm", ".lock")):
            continue
        found[name] = tables(path) if path.suffix == ".db" else True
    return found


def tables(path: Path) -> object:
    with closing(sqlite3.connect(path)) as database:
        version = database.execute("PRAGMA user_version").fetchone()
        return version, database.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }
