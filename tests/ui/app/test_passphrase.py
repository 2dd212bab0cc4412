"""The passphrase in front of the app and of the commands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest

from drm_client import keystore, passphrase
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import FileKeyStore
from tests.kit.waiting import PATIENCE_S
from ui.app import composition
from ui.app.composition import AppOptions
from ui.app.viewmodels.passphrase import PassphraseViewModel
from ui.app.window.scene import load_window
from ui.cli.main import main

WORDS = "a horse on a piano"


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(passphrase, "_COST", {"iterations": 1, "lanes": 1, "memory_kib": 64})
    for name in ("MATINEE_PASSPHRASE", "MATINEE_NEW_PASSPHRASE", "MATINEE_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    FileKeyStore(tmp_path).put("secret", b"42")
    yield tmp_path
    passphrase.forget(tmp_path)


def test_the_app_asks_for_it_until_it_is_right(profile: Path, qapp, qtbot) -> None:
    passphrase.protect(profile, WORDS)
    passphrase.forget(profile)
    asking = PassphraseViewModel(profile)
    engine, window = load_window(asking, "Passphrase.qml")
    for typed in ("a wrong one", WORDS):
        with qtbot.waitSignal(asking.changed):
            field = window.findChild(object, "passphrase")
            field.setProperty("text", typed)
            field.retype()
            QTest.keyClick(window, Qt.Key.Key_End)
            QTest.keyClick(window, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: not asking.property("busy"))
        wrong = typed != WORDS
        assert bool(window.findChild(object, "trouble").property("text")) is wrong
        assert passphrase.is_open(profile) is not wrong
    window.close()
    del engine


@pytest.mark.parametrize("answer", ["system", "none"])
def test_the_window_does_not_wait_for_a_key_store_that_hangs(
    profile: Path, qapp, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """It is asked whether the passphrase is needed at all; until it answers, Qt's loop goes on."""
    passphrase.protect(profile, WORDS)
    passphrase.forget(profile)
    qt_runs, asked = threading.Event(), list[str]()

    def ask_the_system(_folder: Path, _preference: str) -> object:
        asked.append(threading.current_thread().name)
        QTimer.singleShot(0, qapp, qt_runs.set)
        if not qt_runs.wait(PATIENCE_S):
            pytest.fail("Qt's loop stood still")
        if answer == "none":
            raise DrmError(DrmErrorCode.KEY_STORE, "It does not answer.", reason="no_answer")
        return object()

    monkeypatch.setattr(keystore, "open_key_store", ask_the_system)
    options = AppOptions(profile=profile, key_store="system")
    assert composition._is_open(qapp, options)
    assert asked
    assert threading.main_thread().name not in asked


def test_the_commands_about_it(
    profile: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--profile-dir", str(profile), "--key-store", "file"]

    def matinee(*words: str, **given: str) -> tuple[int, str]:
        passphrase.forget(profile)
        with monkeypatch.context() as patch:
            for name, value in given.items():
                patch.setenv(f"MATINEE_{name}", value)
            code = main([*words, *common])
        told = capsys.readouterr()
        return code, told.out + told.err

    assert matinee("passphrase", NEW_PASSPHRASE="short")[0] == 1
    code, told = matinee("passphrase", NEW_PASSPHRASE=WORDS)
    assert code == 0
    assert "nobody can open" in told
    assert not (profile / "keystore.key").exists()
    code, told = matinee("download", "list")
    assert code == 2
    assert "MATINEE_PASSPHRASE" in told
    assert matinee("download", "list", PASSPHRASE="wrong one")[0] == 1
    assert matinee("download", "list", PASSPHRASE=WORDS)[0] == 0
    file = profile / "phrase"
    file.write_text(WORDS + "\n")
    assert matinee("download", "list", PASSPHRASE_FILE=str(file))[0] == 0
    assert matinee("passphrase", "--remove", PASSPHRASE=WORDS)[0] == 0
    assert matinee("download", "list")[0] == 0
    matinee("passphrase", NEW_PASSPHRASE=WORDS)
    code, told = matinee("passphrase", "--lost")
    assert code == 0
    assert "cannot be opened by anybody" in told
    assert "The downloads do not open any more" in told
    (profile / "downloads").rename(profile / "lost")
    assert matinee("download", "list")[0] == 0
