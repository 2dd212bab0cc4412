"""A passphrase before the sealed files: set, given, changed, removed, lost; anchors lie under it; kills between."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drm_client import passphrase
from drm_client.errors import DrmError
from drm_client.keystore import FileKeyStore
from drm_client.vault import ANCHOR_ENTRY, Vault
from tests.drm_client.test_upgrade import Upgraded

WORDS = "a horse on a piano"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "_COST", {"iterations": 1, "lanes": 1, "memory_kib": 64})


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    FileKeyStore(tmp_path).put("secret", b"42")
    yield tmp_path
    passphrase.forget(tmp_path)


def reason_of(action: object) -> str:
    with pytest.raises(DrmError) as caught:
        action()  # type: ignore[operator]
    return str(caught.value.fields["reason"])


def test_without_the_passphrase_nothing_opens(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    passphrase.protect(folder, WORDS)
    assert FileKeyStore(folder).get("secret") == b"42", "this process knows it"
    passphrase.forget(folder)
    stolen = tmp_path_factory.mktemp("stolen")
    shutil.copytree(folder, stolen, dirs_exist_ok=True)
    for place in (folder, stolen):
        assert passphrase.is_locked(place)
        assert reason_of(lambda place=place: FileKeyStore(place).get("secret")) == passphrase.LOCKED
        assert reason_of(lambda place=place: FileKeyStore(place).put("other", b"")) == passphrase.LOCKED
        assert reason_of(FileKeyStore(place).repair) == passphrase.LOCKED, "nothing is set aside"
        assert reason_of(lambda place=place: passphrase.unlock(place, WORDS + "!")) == passphrase.WRONG
    passphrase.unlock(folder, WORDS)
    assert FileKeyStore(folder).get("secret") == b"42"
    assert "passphrase" in FileKeyStore(folder).describe().sentence


def test_it_is_changed_and_removed(folder: Path) -> None:
    passphrase.protect(folder, WORDS)
    passphrase.protect(folder, "über den Wolken")
    passphrase.forget(folder)
    assert reason_of(lambda: passphrase.unlock(folder, WORDS)) == passphrase.WRONG
    assert reason_of(lambda: passphrase.remove(folder)) == passphrase.LOCKED
    passphrase.unlock(folder, "u\u0308ber den Wolken")  # as another keyboard writes it
    passphrase.remove(folder)
    passphrase.forget(folder)
    assert FileKeyStore(folder).get("secret") == b"42"
    assert reason_of(lambda: passphrase.protect(folder, "short")) == "too_short"


def test_a_lost_one_is_set_aside_and_a_new_store_begins(folder: Path) -> None:
    passphrase.protect(folder, WORDS)
    passphrase.forget(folder)
    aside = passphrase.set_aside(folder)
    assert aside is not None
    assert aside.exists()
    store = FileKeyStore(folder)
    assert store.repair() == ("secret",)
    assert store.get("secret") is None
    store.put("secret", b"43")
    assert store.get("secret") == b"43"


@pytest.mark.parametrize("change", ["protect", "remove"])
def test_a_kill_between_its_files_loses_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    if change == "remove":
        passphrase.protect(folder, WORDS)

    def die(_path: Path, *_more: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", die)
    with pytest.raises(KeyboardInterrupt):
        passphrase.protect(folder, WORDS) if change == "protect" else passphrase.remove(folder)
    monkeypatch.undo()
    passphrase.forget(folder)
    assert FileKeyStore(folder).get("secret") == b"42"


def test_no_copy_of_the_key_stays_beside_a_passphrase(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program was killed once while it made the key, and once while it wrote the key without the passphrase."""

    class Killed(BaseException):
        pass

    def die(*_arguments: object, **_named: object) -> None:
        raise Killed

    (folder / passphrase.KEY_FILE).unlink()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", die)
        with pytest.raises(Killed):
            FileKeyStore(folder).put("secret", b"42")
    passphrase.protect(folder, WORDS)
    key = passphrase.key_of(folder)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        with pytest.raises(Killed):
            passphrase.remove(folder)
    passphrase.protect(folder, WORDS)
    assert [path.name for path in folder.iterdir() if path.is_file() and key in path.read_bytes()] == []


def another_program(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, act: Callable[[], None]) -> None:
    """Let another program act once, when this one has come to ``owner.name``."""
    function = getattr(owner, name)

    def step(*args: object, **named: object) -> object:
        monkeypatch.setattr(owner, name, function)
        said = function(*args, **named)
        act()
        return said

    monkeypatch.setattr(owner, name, step)


def test_of_two_programs_that_make_the_key_at_once_neither_loses_what_it_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This one sets a passphrase, and has found no key."""
    another_program(monkeypatch, Path, "mkdir", lambda: FileKeyStore(tmp_path).put("secret", b"42"))
    passphrase.protect(tmp_path, WORDS)
    assert FileKeyStore(tmp_path).get("secret") == b"42"
    passphrase.forget(tmp_path)
    passphrase.unlock(tmp_path, WORDS)
    assert FileKeyStore(tmp_path).get("secret") == b"42"
    passphrase.forget(tmp_path)


def test_a_passphrase_that_another_program_sets_meanwhile_hides_no_secret(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This one has found no passphrase, and then finds no key either: it makes no new one."""

    def set_passphrase() -> None:
        passphrase.protect(folder, WORDS)
        passphrase.forget(folder)  # it is another process

    another_program(monkeypatch, passphrase, "is_locked", set_passphrase)
    assert reason_of(lambda: FileKeyStore(folder).put("other", b"43")) == passphrase.LOCKED
    passphrase.unlock(folder, WORDS)
    assert FileKeyStore(folder).get("secret") == b"42"
    passphrase.forget(folder)


@pytest.mark.parametrize(
    "members",
    [
        {"memory_kib": 1 << 40},
        {"iterations": 0},
        {"lanes": 999},
        {"salt": "AA=="},
        {"sealed": "?"},
        {"iterations": None},
    ],
)
def test_a_file_that_asks_for_the_impossible_is_damaged(folder: Path, members: dict[str, object]) -> None:
    passphrase.protect(folder, WORDS)
    passphrase.forget(folder)
    path = folder / passphrase.LOCKED_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))
    assert reason_of(lambda: passphrase.unlock(folder, WORDS)) == "damaged"


def test_a_profile_of_0_1_0_gets_one_and_its_anchor_lies_under_it(tmp_path: Path) -> None:
    kept = Upgraded(tmp_path)
    kept.open()
    kept.vault.close()
    passphrase.protect(kept.folder, WORDS)
    passphrase.forget(kept.folder)
    assert reason_of(lambda: kept.keys.get(ANCHOR_ENTRY)) == passphrase.LOCKED
    assert reason_of(lambda: Vault(kept.folder, kept.keys, kept.device.device_id)) == passphrase.LOCKED
    passphrase.unlock(kept.folder, WORDS)
    licences = kept.open()
    assert (kept.vault.check(), kept.vault.epoch) == ((), 0)
    assert licences.standing(kept.facts["played"]).may_start
    kept.vault.close()
    passphrase.forget(kept.folder)
