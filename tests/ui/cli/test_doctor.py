"""What the doctor finds, on machines made up for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from drm_client.device import DeviceIdentity
from drm_client.keystore import FileKeyStore
from drm_client.vault import Vault
from tests.kit.fileserver import FileServer
from ui.cli import doctor
from ui.cli import doctor_machine as machine
from ui.cli.doctor_finding import how_to_install
from ui.cli.doctor_network import reach, way_out
from ui.cli.main import main

ALL = set(machine.ESSENTIAL) | set(machine.USUAL)


def test_decoders() -> None:
    assert machine.codecs(ALL).present
    some = machine.codecs(ALL - {"hevc"})
    assert (some.present, some.required, some.detail) == (False, False, "without HEVC")
    assert machine.codecs(ALL - {"h264"}).required


def test_graphics(tmp_path: Path) -> None:
    assert "software" in machine.hardware_decoding(tmp_path / "none").detail
    (tmp_path / "renderD128").touch()
    found = machine.hardware_decoding(tmp_path)
    assert found.present
    assert "renderD128" in found.detail


@pytest.mark.parametrize(
    ("script", "good", "words"),
    [
        ("print('drawn by opengl: a GPU')", True, "a GPU"),
        ("import os; os.abort()", False, "ended with code"),
        ("pass", False, "no answer"),
    ],
)
def test_a_driver_that_crashes_ends_only_the_probe(script: str, words: str, *, good: bool) -> None:
    found = machine.opengl([sys.executable, "-c", script], {})
    assert found.present is good
    assert words in found.detail
    assert found.remedy


def test_sound(tmp_path: Path) -> None:
    assert not machine.audio({}, tmp_path / "none").present
    (tmp_path / "pipewire-0").touch()
    (tmp_path / "pcmC0D0p").touch()
    assert machine.audio({"XDG_RUNTIME_DIR": str(tmp_path)}, tmp_path).detail == "PipeWire, ALSA"


def test_the_clock(tmp_path: Path) -> None:
    mark = tmp_path / "synchronized"
    assert not machine.clock(0.0, mark).present
    assert "cannot be right" in machine.clock(4_102_444_800.0, mark).detail
    assert not machine.clock(1_800_000_000.0, mark).present
    mark.touch()
    assert machine.clock(1_800_000_000.0, mark).present


def test_a_disk_with_too_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_LEAST_FREE", 1)
    assert machine.disk(tmp_path / "not" / "there").present
    monkeypatch.setattr(machine, "_LEAST_FREE", 10**18)
    assert not machine.disk(tmp_path).present


def test_a_way_out(tmp_path: Path) -> None:
    four, six = tmp_path / "route", tmp_path / "ipv6_route"
    four.write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t0000A8C0\t0\t1\t0\t0\t0\tFFFF\n"
    )
    assert not way_out((four, six)).present
    four.write_text(four.read_text() + "eth0\t00000000\t0100A8C0\t3\t0\t0\t0\t00000000\n")
    assert way_out((four, six)).detail == "a way out by IPv4"
    six.write_text(f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} 0 0 0 200200 lo\n")
    assert way_out((four, six)).detail == "a way out by IPv4"
    six.write_text(six.read_text() + f"{'0' * 32} 00 {'0' * 32} 00 fe80 0 0 0 1 eth0\n")
    assert way_out((four, six)).detail == "a way out by IPv4 and IPv6"


def test_addresses_are_asked(tmp_path: Path) -> None:
    (tmp_path / "master.m3u8").write_text("#EXTM3U\n")
    with FileServer(tmp_path) as server:
        there, gone = server.url("master.m3u8?token=hunter2"), server.url("gone.m3u8")
        found = reach(None, [there, gone], None)
        port = server.port
    refused = reach(f"http://127.0.0.1:{port}", [there], None)
    assert [each.present for each in found] == [True, True]
    assert "answers 200" in found[0].detail
    assert "answers 404" in found[1].detail
    assert [each.part for each in refused] == ["service", "CDN"]
    assert not any(each.present for each in refused)
    assert "hunter2" not in str(found) + str(refused)
    assert reach(None, [], None) == []


def test_everything_is_told_in_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["doctor", "--json", "--profile-dir", str(tmp_path), "--key-store", "file"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    parts = {each["part"] for each in findings}
    assert {"Matinee", "libmpv", "decoders", "graphics", "OpenGL", "display", "sound", "key store"} <= parts
    assert {"disk", "clock", "network"} <= parts
    assert all(each["remedy"] for each in findings if not each["present"])


def test_a_package_that_is_there_and_cannot_be_loaded_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_part.py").write_text("raise ImportError('libdrm.so.2: cannot open shared object file')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = doctor._package("Part", "broken_part", "playing", required=True)
    assert (found.present, found.required) == (False, True)
    assert "libdrm.so.2" in found.detail
    assert not doctor._package("Part", "part_that_is_nowhere", "playing").present


def test_a_damaged_key_store_is_repaired_and_what_is_lost_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = FileKeyStore(tmp_path)
    device = DeviceIdentity.load_or_create(keys)
    Vault(tmp_path, keys, device.device_id).close()
    keys.put("tokens", b"kept")
    (tmp_path / "device-key.sealed").write_bytes(b"rubbish")
    repair = ["doctor", "--repair-key-store", "--key-store", "file", "--profile-dir", str(tmp_path)]
    assert main(repair) == 0
    told = capsys.readouterr().out
    for words in ("device-key.sealed", "not deleted", "a new device to the service", "licences.db.damaged-1"):
        assert words in told
    assert "sign in" not in told
    assert (tmp_path / "device-key.sealed.damaged-1").read_bytes() == b"rubbish"
    assert keys.get("tokens") == b"kept"
    fresh = DeviceIdentity.load_or_create(keys)
    assert fresh.device_id != device.device_id
    Vault(tmp_path, keys, fresh.device_id).close()
    assert main(repair) == 0
    assert "Everything in the key store opens" in capsys.readouterr().out


def test_downloads_of_another_computer_are_not_promised_a_repair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("vault-key-2", "downloads-key"):
        (tmp_path / f"{name}.sealed").write_bytes(b"rubbish")
    assert main(["doctor", "--repair-key-store", "--key-store", "file", "--profile-dir", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "download the titles again" in told
    assert "download repair" not in told  # it opens nothing


def test_a_missing_part_is_got_the_way_the_program_was(monkeypatch: pytest.MonkeyPatch) -> None:
    of_debian = Path("/usr/lib/matinee/python/ui/cli/doctor_finding.py")
    assert how_to_install("backend") == "Install it with: pip install 'matinee[backend]'."
    assert how_to_install("backend", of_debian) == "Install it with: apt install matinee-backend."
    assert how_to_install("app", of_debian) == "Install it with: apt install --reinstall matinee."
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "archive" in how_to_install("app")
