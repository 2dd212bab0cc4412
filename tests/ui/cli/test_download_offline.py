"""What ``matinee download`` can do with a title of the service once the service cannot be reached any more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import delete

from backend_stub.db.models import Download, IssuedLicence
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from downloads import removal, rights
from drm_client.keystore import FileKeyStore
from tests.kit.backend import running_backend
from tests.kit.media import packager_cenc
from tests.kit.playback import publish_media
from ui.cli import download_actions
from ui.cli.main import main


class _KilledError(Exception):
    """The process was killed."""


def test_an_account_on_the_command_line_is_no_reason_to_need_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    with running_backend(tmp_path / "service") as group:
        publish_media(group, packager_cenc(), "film")
        common = ["--profile-dir", str(tmp_path / "profile"), "--key-store", "file", "--service", group.api.url]
        common += ["--email", DEMO_EMAIL, "--json"]
        assert main(["download", "add", "film", "--height", "180", *common]) == 0
        name = json.loads(capsys.readouterr().out)["downloads"][0]["id"]
    assert main(["download", "simulate-rights", name, "--at", "+1", *common]) == 0
    assert json.loads(capsys.readouterr().out)["moments"][0]["may_start"]
    play = ["play", name, "--offline", "--headless", "--speed", "max", "--duration", "1"]
    assert main([*play, *common]) == 0
    assert "not signed in" in capsys.readouterr().err
    assert main(["download", "renew", name, *common]) != 0  # that does need it
    capsys.readouterr()
    assert main(["download", "remove", name, *common]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"removed": name, "receipts_sent": 0}
    assert "given back later" in said.err


def test_a_download_whose_disk_is_lost_is_removed_and_its_licence_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The download itself says no more which service it is from."""
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    common = ["--profile-dir", str(tmp_path / "profile"), "--key-store", "file", "--json"]
    with running_backend(tmp_path / "service") as group:
        publish_media(group, packager_cenc(), "film")
        account = ["--service", group.api.url, "--email", DEMO_EMAIL]
        assert main(["download", "add", "film", "--height", "180", *account, *common]) == 0
        name = json.loads(capsys.readouterr().out)["downloads"][0]["id"]
        assert main(["download", "move", name, str(tmp_path / "usb"), *common]) == 0
        (tmp_path / "usb").rename(tmp_path / "away")
        assert main(["download", "list", *common]) == 0
        capsys.readouterr()
        assert main(["download", "remove", name, *common]) == 0
        assert json.loads(capsys.readouterr().out) == {"removed": name, "receipts_sent": 1}
    (tmp_path / "away").rename(tmp_path / "usb")
    assert main(["download", "list", *common]) == 0
    assert json.loads(capsys.readouterr().out)["downloads"] == []
    assert not list((tmp_path / "usb").iterdir())


@pytest.mark.parametrize("command", [["renew", "--all"], ["resume"], ["list"]])
def test_a_removal_that_was_cut_off_is_finished_by_the_next_command_that_asks_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    common = ["--profile-dir", str(tmp_path / "profile"), "--key-store", "file", "--json"]
    with running_backend(tmp_path / "service") as group:
        publish_media(group, packager_cenc(), "film")
        account = ["--service", group.api.url, "--email", DEMO_EMAIL]
        add = ["download", "add", "film", "--height", "180", *account, *common]
        assert main(add) == 0
        name = json.loads(capsys.readouterr().out)["downloads"][0]["id"]

        def killed(*_given: object) -> None:
            raise _KilledError

        with monkeypatch.context() as patch:
            patch.setattr(removal, "_give_back", killed)
            with pytest.raises(_KilledError):
                main(["download", "remove", name, *common])
        assert main([*add, "--later"]) == 0
        assert main(["download", *command, *account, *common]) == 0
    profile = tmp_path / "profile"
    with rights.kept_licences(profile, FileKeyStore(profile)) as licences:
        assert licences.store.removals() == ()


def test_a_repair_replaces_a_licence_that_its_service_has_forgotten_and_tells_of_one_that_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It said "0 damaged" of titles that did not play."""
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    common = ["--profile-dir", str(tmp_path / "profile"), "--key-store", "file"]
    with running_backend(tmp_path / "service") as group:
        publish_media(group, packager_cenc(), "film")
        account = ["--service", group.api.url, "--email", DEMO_EMAIL]
        assert main(["download", "add", "film", "--height", "180", *account, *common, "--json"]) == 0
        name = json.loads(capsys.readouterr().out)["downloads"][0]["id"]
        repair = ["download", "repair", name, *account, *common]
        with group.context.database.write() as session:
            session.execute(delete(IssuedLicence))
            session.execute(delete(Download))
        assert main(repair) == 0
        assert "there is a new one" in capsys.readouterr().err
        over = {"may_start": False, "sentence": "The licence for this title has run out."}
        monkeypatch.setattr(download_actions, "rights_of", lambda *_given: {name: over})
        assert main(repair) == 1
        said = capsys.readouterr()
    assert "has run out" in said.out
    assert "there is a new one" not in said.err
