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
from player.errors import InputError, MatineeError
from player.resume.journal import ProgressJournal
from player.telemetry.queue import EventQueue, NewerQueueError
from tests.updates import profile as made
from ui.kiosk import provisioning
from ui.preferences import Preferences, PreferenceStore
from ui.storage import JsonFile
from ui.window_place import WindowPlace

ARCHIVES = sorted(made.FORMATS.glob("*.tar.gz"))


@pytest.fixture(params=ARCHIVES, ids=[path.name.removesuffix(".tar.gz") for path in ARCHIVES])
def profile(request: pytest.FixtureRequest) -> Iterator[Path]:
    with made.unpacked(request.param) as folder:
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
    before = hashes(profile / "keys")
    DeviceIdentity.load_or_create(keys)
    vault = Vault(profile, keys, made.DEVICE)
    assert vault.get("licence", "one") == made.SECRET
    assert vault.check() == ()
    vault.close()
    assert hashes(profile / "keys") == before, "the device has another key now"


def test_downloads(profile: Path) -> None:
    store = Store(profile / "downloads", made.keys_of(profile))
    (kept,) = store.list()
    assert (kept.name, kept.state, kept.code) == ("A film", State.COMPLETE, "")
    assert kept.items == kept.items_done
    assert checking.verify(store.get(kept.id)).findings == ()


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
    members, since what is not known is passed over; what lies within a download is the journal's own matter."""
    found: dict[str, object] = {}
    for path in sorted(profile.rglob("*")):
        name = path.relative_to(profile).as_posix()
        if path.is_dir() or name.startswith("downloads/") or name.endswith(("-wal", "-shm")):
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
