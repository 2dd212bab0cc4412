"""``matinee kiosk``: what an operator does before the screen plays."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from drm_client.keystore import FileKeyStore
from player.service.tokens import TokenStore
from tests.kit.backend import running_backend
from ui.cli.main import main
from ui.kiosk.operator import CodeLock

ENTRY = '[[entry]]\nurl = "https://streams.test/a.m3u8"\n'


def file_of(folder: Path, text: str) -> Path:
    path = folder / "kiosk.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("first", ["kiosk", "--kiosk"])
def test_a_good_file_is_checked(first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([first, str(file_of(tmp_path, "format = 1\n" + ENTRY)), "--check"]) == 0
    told = capsys.readouterr().out
    assert "no mistakes; 1 entry" in told
    assert "no operator's code" in told


def test_a_playlist_that_waits_for_the_clock_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path, "format = 1\n" + ENTRY + 'days = ["mon"]\n')
    assert main(["kiosk", str(path), "--check"]) == 0
    assert "while the clock is not set" in capsys.readouterr().out


def test_a_mistake_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path, "format = 1\n" + ENTRY + "loops = 0\n")
    assert main(["kiosk", str(path), "--check"]) == 2
    assert "kiosk.toml, line 4: loops must be" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["kiosk"], ["kiosk", "--part", "screen"], ["kiosk", "--sign-in", "a@b.test"]])
def test_without_a_file_there_is_no_kiosk(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--state", str(tmp_path / "state"), str(tmp_path / "none.toml")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_new_code_is_printed_as_its_record(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("4711\n"))
    assert main(["kiosk", "--new-code"]) == 0
    line = capsys.readouterr().out
    assert "4711" not in line.split(":")
    assert CodeLock(line.split('"')[1]).open("4711", 0.0)
    monkeypatch.setattr(sys, "stdin", io.StringIO("12\n"))
    assert main(["kiosk", "--new-code"]) == 2


def test_a_screen_is_signed_in_once_and_keeps_its_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    with running_backend(tmp_path / "service") as service:
        path = file_of(tmp_path, f'format = 1\nname = "foyer"\n[service]\nurl = "{service.api.url}"\n' + ENTRY)
        monkeypatch.setenv("MATINEE_PASSWORD", "wrong")
        assert main(["kiosk", str(path), "--state", str(state), "--sign-in", DEMO_EMAIL]) == 4
        monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
        assert main(["kiosk", str(path), "--state", str(state), "--sign-in", DEMO_EMAIL]) == 0
    assert "foyer is signed in as" in capsys.readouterr().out
    tokens = TokenStore(FileKeyStore(state / "profile"), service.api.url).load()
    assert tokens is not None
    assert tokens.refresh


def test_a_file_without_a_service_has_nothing_to_sign_in_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(tmp_path, "format = 1\n" + ENTRY)
    assert main(["kiosk", str(path), "--state", str(tmp_path / "state"), "--sign-in", "a@b.test"]) == 2
    assert "names no [service]" in capsys.readouterr().err


def test_a_selftest_wants_to_know_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest"]) == 2
    assert "--focus" in capsys.readouterr().err
