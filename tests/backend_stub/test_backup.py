"""Backups of the service: whole under writers, checked when put back, or refused with a sentence."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from backend_stub.backup import BackupError, back_up, restore
from backend_stub.config import Settings
from backend_stub.context import open_context

pytestmark = pytest.mark.skipif(
    os.environ.get("MATINEE_TEST_DATABASE") == "postgresql",
    reason="PostgreSQL has tools of its own for backups, which a sentence names",
)

EMAIL, PASSWORD = "viewer@example.org", "correct horse"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A service with one account and one title's files."""
    made = Settings(tmp_path / "data")
    context = open_context(made)
    context.accounts.register(EMAIL, "Viewer", PASSWORD)
    context.close()
    (made.media_dir / "title" / "clear").mkdir(parents=True)
    (made.media_dir / "title" / "clear" / "1.m4s").write_bytes(b"media")
    return made


def knows_the_viewer(settings: Settings) -> bool:
    context = open_context(settings)
    try:
        return context.accounts.authenticate(EMAIL, PASSWORD).email == EMAIL
    finally:
        context.close()


def test_what_was_saved_is_put_back(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "saved", media=True)
    other = Settings(tmp_path / "other")
    restore(other, tmp_path / "saved")
    assert knows_the_viewer(other)
    assert (other.media_dir / "title" / "clear" / "1.m4s").read_bytes() == b"media"
    kept = {path.name: path.read_bytes() for path in settings.secrets_dir.iterdir()}
    assert {path.name: path.read_bytes() for path in other.secrets_dir.iterdir()} == kept


def test_secrets_are_readable_by_their_owner_only(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "saved")
    other = Settings(tmp_path / "other")
    restore(other, tmp_path / "saved")
    for folder in (tmp_path / "saved" / "secrets", other.secrets_dir):
        assert folder.stat().st_mode & 0o077 == 0
        assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    assert (tmp_path / "saved" / "matinee.db").stat().st_mode & 0o077 == 0


def test_media_are_saved_only_when_asked_for(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "saved")
    assert not (tmp_path / "saved" / "media").exists()


def test_a_service_that_is_being_written_to_is_saved_whole(settings: Settings, tmp_path: Path) -> None:
    """Every account that was there when the backup began is in it, and none is there by half."""
    context = open_context(settings)
    stop = threading.Event()
    added: list[str] = []

    def register() -> None:
        while not stop.is_set():
            email = f"viewer-{len(added)}@example.org"
            context.accounts.register(email, "Viewer", PASSWORD)
            added.append(email)

    writer = threading.Thread(target=register)
    writer.start()
    try:
        while len(added) < 3:
            assert writer.is_alive()
        before = list(added)
        back_up(settings, tmp_path / "saved")
    finally:
        stop.set()
        writer.join()
        context.close()
    other = Settings(tmp_path / "other")
    restore(other, tmp_path / "saved")
    context = open_context(other)
    try:
        for email in before:
            assert context.accounts.authenticate(email, PASSWORD).email == email
    finally:
        context.close()


@pytest.mark.parametrize("name", ["matinee.db", "secrets/url-signing.key", "media/title/clear/1.m4s"])
def test_a_damaged_backup_is_not_put_back(settings: Settings, tmp_path: Path, name: str) -> None:
    back_up(settings, tmp_path / "saved", media=True)
    path = tmp_path / "saved" / name
    spoiled = bytearray(path.read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    path.write_bytes(spoiled)
    other = Settings(tmp_path / "other")
    with pytest.raises(BackupError, match=name):
        restore(other, tmp_path / "saved")
    assert not other.data_dir.exists()


def test_a_backup_names_no_file_outside_of_itself(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "saved")
    index = tmp_path / "saved" / "backup.json"
    document = json.loads(index.read_text())
    document["files"]["secrets/../../escaped"] = document["files"]["matinee.db"]
    index.write_text(json.dumps(document))
    with pytest.raises(BackupError, match="not a backup"):
        restore(Settings(tmp_path / "other"), tmp_path / "saved")


def test_a_newer_backup_is_refused(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "saved")
    index = tmp_path / "saved" / "backup.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"format": 2}))
    with pytest.raises(BackupError, match="newer"):
        restore(Settings(tmp_path / "other"), tmp_path / "saved")


def test_nothing_is_overwritten(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "saved")
    with pytest.raises(BackupError, match="already"):
        back_up(settings, tmp_path / "saved")
    with pytest.raises(BackupError, match="already"):
        restore(settings, tmp_path / "saved")


def test_an_empty_folder_holds_no_service(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no service"):
        back_up(Settings(tmp_path / "nowhere"), tmp_path / "saved")
    assert not (tmp_path / "saved").exists()
    with pytest.raises(BackupError, match="not a backup"):
        restore(Settings(tmp_path / "other"), tmp_path)


def test_another_database_has_its_own_tools(settings: Settings, tmp_path: Path) -> None:
    other = Settings(settings.data_dir, database_url="postgresql://localhost/matinee")
    with pytest.raises(BackupError, match="pg_dump"):
        back_up(other, tmp_path / "saved")


def test_a_backup_that_fails_leaves_nothing_behind(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copy2", full)
    folder = tmp_path / "backups"
    with pytest.raises(OSError, match="No space"):
        back_up(settings, folder / "saved")
    assert list(folder.iterdir()) == []


def test_the_log_of_a_database_that_is_gone_is_not_played_into_the_copy(settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "saved")
    log = settings.data_dir / "matinee.db-wal"
    context = open_context(settings)
    context.accounts.register("late@example.org", "Late", PASSWORD)
    written = log.read_bytes()
    context.close()
    (settings.data_dir / "matinee.db").unlink()
    log.write_bytes(written)
    with pytest.raises(BackupError, match="an empty folder"):
        restore(settings, tmp_path / "saved")
    log.unlink()
    restore(settings, tmp_path / "saved")
    assert knows_the_viewer(settings)
