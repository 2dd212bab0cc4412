"""``matinee login``, ``logout`` and ``devices`` against the real service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from backend_stub.config import Settings
from backend_stub.http_server import TlsFiles
from backend_stub.server import ServerGroup, ServerOptions
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from player.engine import Engine, EngineSettings
from tests.kit.backend import running_backend
from tests.kit.waiting import PATIENCE_S
from ui.cli.main import main

Matinee = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerGroup]:
    with ServerGroup(Settings(tmp_path_factory.mktemp("service")), ServerOptions(edge_ports=(0,))) as group:
        group.context.accounts.ensure_demo_viewer()
        yield group


@pytest.fixture
def matinee(
    service: ServerGroup, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Matinee:
    """Runs a command with a profile of its own: exit code, output, errors."""
    monkeypatch.setenv("MATINEE_SERVICE", f"{service.api.url}/api/v1")
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)

    def run(*words: str) -> tuple[int, str, str]:
        code = main([*words, "--profile-dir", str(tmp_path), "--key-store", "file"])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def registered(service: ServerGroup, tmp_path: Path, matinee: Matinee) -> str:
    """The ID of this machine, registered in the account as a playback does it."""
    assert matinee("login", DEMO_EMAIL)[0] == 0
    engine = Engine(EngineSettings(tmp_path, service_url=service.api.url, key_store="file"))
    try:
        device_id = engine.submit(engine.device_id()).result(PATIENCE_S)
    finally:
        engine.close()
    assert device_id is not None
    return device_id


def test_a_sign_in_lasts_until_it_is_ended(matinee: Matinee) -> None:
    assert matinee("devices")[0] == 4
    code, said, _ = matinee("login", DEMO_EMAIL)
    assert code == 0
    assert DEMO_EMAIL in said
    assert matinee("devices")[0] == 0
    assert f"Signed out {DEMO_EMAIL}" in matinee("logout")[1]
    assert matinee("devices")[0] == 4
    assert matinee("logout")[:2] == (0, "Nobody was signed in.\n")


def test_a_damaged_sign_in_can_be_ended(matinee: Matinee, tmp_path: Path) -> None:
    assert matinee("login", DEMO_EMAIL)[0] == 0
    (kept,) = tmp_path.glob("tokens*.sealed")
    kept.write_bytes(kept.read_bytes()[:-1])
    code, _, complaint = matinee("devices")
    assert code != 0
    assert "drm.key_store" in complaint
    assert matinee("logout")[:2] == (0, "Nobody was signed in.\n")
    assert not kept.exists()


def test_a_wrong_password_signs_nobody_in(matinee: Matinee, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_PASSWORD", "guess")
    code, _, complaint = matinee("login", DEMO_EMAIL)
    assert code == 4
    assert "service.sign_in" in complaint
    assert matinee("devices")[0] == 4


def test_without_a_terminal_there_is_nobody_to_ask(matinee: Matinee, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MATINEE_PASSWORD")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    code, _, complaint = matinee("login", DEMO_EMAIL)
    assert code == 2
    assert "MATINEE_PASSWORD" in complaint


def test_an_account_or_a_code_must_be_named(matinee: Matinee) -> None:
    assert matinee("login")[0] == 2
    assert matinee("login", DEMO_EMAIL, "--code")[0] == 2


def test_no_service(matinee: Matinee, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MATINEE_SERVICE")
    code, _, complaint = matinee("devices")
    assert code == 2
    assert "--service" in complaint


def test_this_machine_is_named_among_the_devices(matinee: Matinee, registered: str) -> None:
    code, said, _ = matinee("devices", "--json")
    assert code == 0
    mine = [device for device in json.loads(said)["devices"] if device["this_one"]]
    assert [device["id"] for device in mine] == [registered]
    lines = [line for line in matinee("devices")[1].splitlines() if "(this one)" in line]
    assert [line.split()[0] for line in lines] == [registered]


def test_a_device_is_taken_off_the_account(matinee: Matinee, registered: str) -> None:
    code, said, _ = matinee("devices", "--remove", registered, "--json")
    assert code == 0
    assert registered not in [device["id"] for device in json.loads(said)["devices"]]
    code, _, complaint = matinee("devices", "--remove", "A" * 43)
    assert code == 2
    assert "The account has no device with this ID" in complaint


@pytest.mark.parametrize(("option", "what"), [("--remove", "device"), ("--give-back", "download")])
def test_an_id_that_begins_with_a_dash_is_one(matinee: Matinee, option: str, what: str) -> None:
    assert matinee("login", DEMO_EMAIL)[0] == 0
    code, _, complaint = matinee("devices", option, "-" + "A" * 42)
    assert code == 2
    assert f"The account has no {what} with this ID" in complaint


def test_a_service_with_an_authority_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate = authority.issue_cert("127.0.0.1")
    files = TlsFiles(str(tmp_path / "chain.pem"), str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(files.certificate)
    certificate.private_key_pem.write_to_path(files.key)
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    common = ["--profile-dir", str(tmp_path / "profile"), "--key-store", "file"]
    trusting = ["--ca-file", str(tmp_path / "ca.pem")]
    with running_backend(tmp_path / "data", tls=files) as group:
        common += ["--service", group.api.url]
        assert main(["login", DEMO_EMAIL, *common]) != 0
        assert "certificate" in capsys.readouterr().err
        for words in (["login", DEMO_EMAIL], ["devices"], ["plan"], ["logout"]):
            assert main([*words, *common, *trusting]) == 0, capsys.readouterr().err
