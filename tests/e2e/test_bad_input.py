"""What goes wrong is told in one clear sentence, with the right exit code (docs: exit codes of the command line)."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest
import trustme

from backend_stub.config import Settings
from backend_stub.server import ServerGroup, ServerOptions
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from tests.e2e.cdns import SECOND, TwoCdns
from tests.kit import media
from tests.kit.backend import fault_document
from tests.kit.fileserver import FileServer
from tests.kit.playback import publish_media
from ui.cli.main import main

SECONDS = 8


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


Matinee = Callable[..., Said]


@pytest.fixture
def matinee(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Matinee:
    """Run a command in this process; whatever it says, it shows no traceback."""

    def run(*words: object) -> Said:
        line = [str(word) for word in words]
        if line[0] == "play":
            profile = ["--key-store", "file", "--profile-dir", str(tmp_path / "profile")]
            line[1:1] = ["--headless", "--speed", "max", *profile]
        try:
            code = main(line)
        except SystemExit as refused:  # the argument parser's own way
            code = int(refused.code or 0)
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Said(code, out, err)

    return run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileServer]:
    """A server with everything that is no manifest."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "notes.txt").write_text("Buy milk.\n")
    (folder / "page.mpd").write_text("<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>")
    (folder / "empty.m3u8").write_bytes(b"")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    (folder / "broken.mpd").write_text("<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><Period>")
    with FileServer(folder) as server:
        yield server


BAD_MANIFESTS = {
    "notes.txt": (2, "manifest.not_recognised"),
    "page.mpd": (2, "manifest.html"),
    "empty.m3u8": (2, "manifest.empty"),
    "picture.png": (2, "manifest.not_recognised"),
    "broken.mpd": (2, "manifest.syntax"),
    "missing.mpd": (4, "http.not_found"),
}


@pytest.mark.parametrize("command", ["play", "inspect"])
@pytest.mark.parametrize("name", BAD_MANIFESTS)
def test_what_is_no_manifest(matinee: Matinee, site: FileServer, command: str, name: str) -> None:
    code, error = BAD_MANIFESTS[name]
    said = matinee(command, site.url(name))
    assert said.code == code
    assert sentence(said, error)
    assert said.out == ""


@pytest.mark.parametrize("command", ["play", "inspect"])
def test_no_route(matinee: Matinee, site: FileServer, command: str, tmp_path: Path) -> None:
    with FileServer(tmp_path) as gone:
        address = gone.url("manifest.mpd")
    said = matinee(command, address)
    assert said.code == 4
    assert sentence(said, "net.refused")


class SelfSignedServer(FileServer):
    """Speaks TLS with a certificate that nobody vouches for."""

    def __enter__(self) -> Self:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        super().__enter__()
        return self

    @property
    def base(self) -> str:
        return super().base.replace("http:", "https:")


@pytest.mark.parametrize("command", ["play", "inspect"])
def test_a_certificate_that_nobody_vouches_for(matinee: Matinee, command: str, tmp_path: Path) -> None:
    with SelfSignedServer(tmp_path) as server:
        said = matinee(command, server.url("manifest.mpd"))
    assert said.code == 4
    assert sentence(said, "net.tls")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerGroup]:
    """A service with one title, ``bars``, and with sessions that end after a second."""
    data_dir = tmp_path_factory.mktemp("service")
    with ServerGroup(Settings(data_dir, play_session_s=1.0), ServerOptions(edge_ports=(0, 0))) as group:
        group.context.accounts.ensure_demo_viewer()
        publish_media(group, media.packager_cbcs(SECONDS), "Bars")
        yield group


@pytest.fixture
def account(service: ServerGroup, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The arguments of the demo viewer; faults of the service end with the test."""
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    yield ["--service", service.api.url, "--email", DEMO_EMAIL]
    service.faults.set(fault_document())


def test_wrong_password(matinee: Matinee, account: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_PASSWORD", "guess")
    said = matinee("play", "bars", *account)
    assert said.code == 4
    assert "password" in sentence(said, "service.sign_in")


def test_unpublished_title(matinee: Matinee, account: list[str]) -> None:
    said = matinee("play", "no-such-title", *account)
    assert said.code == 4
    assert sentence(said, "service.not_found")


def test_a_title_without_an_account(matinee: Matinee, service: ServerGroup) -> None:
    said = matinee("play", "bars", "--service", service.api.url)
    assert said.code == 4
    assert "sign in" in sentence(said, "service.sign_in")


def test_no_service(matinee: Matinee) -> None:
    said = matinee("play", "no-such-title-and-no-file")
    assert said.code == 2
    assert "--service" in sentence(said, "input.usage")


def test_expired_links_are_renewed(
    matinee: Matinee, account: list[str], service: ServerGroup, tmp_path: Path
) -> None:
    """The addresses end with their play session after a second: a new one is asked for, and playback goes on."""
    slow = fault_document({"match": {"kind": "segment"}, "fault": {"type": "delay", "seconds": 0.7}})
    service.faults.set(slow)
    report = tmp_path / "report.json"
    said = matinee("play", "bars", *account, "--report", report)
    assert said.code == 0, said.err
    recoveries = json.loads(report.read_text())["recoveries"]
    assert any(recovery["kind"] == "refresh_session" and recovery["code"] for recovery in recoveries)


def test_links_that_stay_forbidden(matinee: Matinee, account: list[str], service: ServerGroup) -> None:
    forbidden = {"type": "status", "status": 403}
    service.faults.set(fault_document({"match": {"kind": "segment"}, "fault": forbidden}))
    said = matinee("play", "bars", *account)
    assert said.code == 4
    assert sentence(said, "http.forbidden")


@pytest.fixture
def two_servers(tmp_path: Path) -> Iterator[tuple[TwoCdns, Path, Path]]:
    """FFmpeg's DASH title on two servers, with a folder for each."""
    title = media.ffmpeg_dash(SECONDS)
    folders = tmp_path / "first", tmp_path / "second"
    with TwoCdns(title, *folders) as cdns:
        yield cdns, *folders


def damage(path: Path) -> None:
    """Invert the box sizes and the table of samples at the start of a media segment."""
    data = bytearray(path.read_bytes())
    data[40:400] = bytes(byte ^ 0xFF for byte in data[40:400])
    path.write_bytes(data)


def test_a_damaged_segment_is_had_from_the_other_cdn(
    matinee: Matinee, two_servers: tuple[TwoCdns, Path, Path], tmp_path: Path
) -> None:
    cdns, first, _ = two_servers
    for rung in range(3):
        damage(first / f"seg-{rung}-002.m4s")
    report = tmp_path / "report.json"
    said = matinee("play", cdns.url, "--report", report)
    assert said.code == 0, said.err
    written = json.loads(report.read_text())
    assert written["result"]["played_to_end"]
    assert {"damaged"} <= {recovery["kind"] for recovery in written["recoveries"]}
    main_segments = [segment for segment in written["segments"] if segment["track"] == "main"]
    assert [s["pathway"] for s in main_segments if s["position"] == 1][-1] == SECOND


def test_a_segment_that_is_damaged_everywhere_is_left_out(
    matinee: Matinee, two_servers: tuple[TwoCdns, Path, Path], tmp_path: Path
) -> None:
    cdns, first, second = two_servers
    for folder in (first, second):
        for rung in range(3):
            damage(folder / f"seg-{rung}-002.m4s")
    report = tmp_path / "report.json"
    said = matinee("play", cdns.url, "--report", report)
    assert said.code == 1, "a part of the video was lost"
    assert "lost_s is " in said.err
    recoveries = json.loads(report.read_text())["recoveries"]
    assert ("skipped", "media.damaged") in {(recovery["kind"], recovery["code"]) for recovery in recoveries}


def test_every_segment_damaged_is_an_end(matinee: Matinee, two_servers: tuple[TwoCdns, Path, Path]) -> None:
    cdns, first, second = two_servers
    for folder in (first, second):
        for path in folder.glob("seg-[012]-*.m4s"):
            damage(path)
    said = matinee("play", cdns.url)
    assert said.code == 1
    assert sentence(said, "media.damaged")


def test_a_title_whose_key_system_is_not_here(matinee: Matinee) -> None:
    title = media.packager_cenc(SECONDS)
    with FileServer(title.folder) as server:
        said = matinee("play", server.url(title.dash or ""))
    assert said.code == 1
    assert sentence(said, "drm.key_system_unsupported")


def test_bad_usage(matinee: Matinee, site: FileServer, tmp_path: Path) -> None:
    (tmp_path / "trace.json").write_text('[{"duration_ms": 1000, "bandwidth_kbps": "fast", "latency_ms": 1}]')
    (tmp_path / "faults.json").write_text("{")
    for option, value, hint in (
        ("--policy", "wishful", "wishful"),
        ("--key", "12:34", "KID:KEY"),
        ("--speed", "fast", "--speed"),
        ("--trace", tmp_path / "trace.json", "bandwidth_kbps"),
        ("--trace", tmp_path / "missing.json", "missing.json"),
        ("--faults", tmp_path / "faults.json", "JSON"),
    ):
        said = matinee("play", site.url("notes.txt"), option, value)
        assert said.code == 2, option
        assert said.out == ""
        assert hint in said.err.splitlines()[-1]


def test_json_is_alone_on_stdout(matinee: Matinee, site: FileServer) -> None:
    for name, error in (("notes.txt", "manifest.not_recognised"), ("missing.mpd", "http.not_found")):
        played = json.loads(matinee("play", site.url(name), "--json").out)
        assert played["result"]["error"]["code"] == error
        inspected = json.loads(matinee("inspect", site.url(name), "--json").out)
        assert inspected["error"]["code"] == error
    refused = json.loads(matinee("play", site.url("notes.txt"), "--policy", "wishful", "--json").out)
    assert refused["error"]["code"] == "input.usage"


WITHOUT_LIBMPV = """
import ctypes.util, sys
find = ctypes.util.find_library
ctypes.util.find_library = lambda name: None if "mpv" in name else find(name)
from ui.cli.main import entry
sys.argv = ["matinee", *sys.argv[1:]]
entry()
"""


@pytest.mark.parametrize("json_wanted", [False, True])
def test_missing_libmpv(site: FileServer, tmp_path: Path, json_wanted: bool) -> None:
    words = ["play", site.url("notes.txt"), "--headless", "--profile-dir", str(tmp_path), *["--json"] * json_wanted]
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBMPV, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 3
    assert "libmpv" in sentence(Said(ran.returncode, ran.stdout, ran.stderr), "component.libmpv")
    assert "Traceback" not in ran.stderr
    if json_wanted:
        assert json.loads(ran.stdout)["error"]["code"] == "component.libmpv"


def sentence(said: Said, code: str) -> str:
    """The sentence with which ``code`` was told; exactly one line has it."""
    lines = [line for line in said.err.splitlines() if line.endswith(f"({code})")]
    assert len(lines) == 1, said.err
    text = lines[0].removeprefix("matinee: ").removesuffix(f"({code})").strip()
    assert text.endswith(".")
    assert "http://" not in text
    return text
