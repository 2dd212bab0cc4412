"""What the Debian packages put into a system: units, scripts, descriptions for the desktop. Programs that look for
mistakes in them are asked where they are."""

import importlib
import os
import shutil
import subprocess
from collections.abc import Callable
from configparser import ConfigParser, SectionProxy
from pathlib import Path
from types import ModuleType

import pytest

from player.base.errors import ExitCode
from ui.kiosk import supervisor
from ui.kiosk.process import EXIT_LEAVE

PACKAGING = Path(__file__).parents[2] / "packaging"
KIOSK = PACKAGING / "systemd" / "matinee-kiosk.service"

Run = Callable[..., list[str]]


@pytest.fixture
def deb(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PACKAGING))
    return importlib.import_module("artefact_deb")


@pytest.fixture
def run(deb: ModuleType, tmp_path: Path) -> Run:
    """Runs a script of the player's package as dpkg does; what it asked of systemd."""
    libraries = tmp_path / "libraries"
    (libraries / "ui" / "__pycache__").mkdir(parents=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("systemctl", "systemd-sysusers", "python3"):
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/calls\nexit 1\n', encoding="utf-8")
        program.chmod(0o755)

    def call(name: str, *words: str) -> list[str]:
        script = tmp_path / name
        script.write_text(deb.scripts("matinee", str(libraries))[name], encoding="utf-8")
        environment = {"PATH": f"{programs}:/usr/bin:/bin"}
        subprocess.run(["sh", str(script), *words], env=environment, check=True)
        calls = tmp_path / "calls"
        return calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []

    return call


def test_a_kiosk_goes_on_while_a_new_version_is_installed(run: Run, tmp_path: Path) -> None:
    assert run("prerm", "upgrade", "0.2.0") == []
    assert not (tmp_path / "libraries/ui/__pycache__").exists()
    asked = run("postinst", "configure", "0.1.0")
    assert asked[-2:] == ["systemctl daemon-reload", "systemctl --no-block try-restart matinee-kiosk.service"]
    assert "systemd-sysusers matinee-kiosk.conf" in asked


def test_a_kiosk_ends_when_it_is_removed(run: Run) -> None:
    assert run("prerm", "remove") == ["systemctl stop matinee-kiosk.service"]


def test_the_service_has_no_kiosk(deb: ModuleType) -> None:
    made = deb.scripts("matinee-backend", "/usr/lib/matinee/backend")
    assert set(made) == {"postinst", "prerm"}
    assert not any("kiosk" in text or "@" in text for text in made.values())


def kiosk_service() -> SectionProxy:
    unit = ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(KIOSK, encoding="utf-8")
    return unit["Service"]


def test_the_kiosk_begins_anew_in_time() -> None:
    """What systemd waits for leaves more than half of 15 s to the start, whichever process fails."""
    service = kiosk_service()
    assert float(service["TimeoutStopSec"]) + float(service["RestartSec"]) < 7.5
    assert float(service["TimeoutStopSec"]) > supervisor._END_S
    assert supervisor._ALIVE_S < float(service["WatchdogSec"]) / 2 <= 5


def test_the_kiosk_reaches_its_sockets() -> None:
    """Those of the compositor lie in a folder of its own, those of X below /tmp."""
    service = kiosk_service()
    assert service["ProtectSystem"] == "strict"
    assert service["PrivateTmp"] == "yes"
    assert f"Environment=XDG_RUNTIME_DIR=/run/{service['RuntimeDirectory']}\n" in KIOSK.read_text(encoding="utf-8")


def test_the_unit_does_not_bring_an_operator_back_who_has_left() -> None:
    service = kiosk_service()
    assert service["ExecCondition"].endswith(f" ! -e /run/{service['RuntimeDirectory']}/{supervisor.LEFT}")
    assert service["RuntimeDirectoryPreserve"] == "restart", "the file is there until the unit has stopped"
    assert service["RestartPreventExitStatus"] == str(EXIT_LEAVE)


def test_systemd_keeps_hold_of_the_kiosk() -> None:
    """A session of logind's moves a unit's processes out of it: what they say of themselves is heard no more."""
    assert "PAMName" not in kiosk_service()
    assert "seatd.service" in KIOSK.read_text(encoding="utf-8").split("Wants=", 1)[1].splitlines()[0].split()


def test_a_box_without_a_network_plays_at_once() -> None:
    ordered = [
        line for line in KIOSK.read_text(encoding="utf-8").splitlines() if line.startswith(("After=", "Wants="))
    ]
    # Sessions of users are ordered behind the network.
    assert ordered
    assert not [line for line in ordered if "network" in line or "systemd-user-sessions" in line]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    units = [unit for kind in ("service", "socket") for unit in (PACKAGING / "systemd").glob(f"*.{kind}")]
    assert len(units) > 5
    for unit in units:
        text = unit.read_text(encoding="utf-8")
        # What is installed with them is not here.
        text = text.replace("/usr/bin/matinee", "/bin/true").replace("/usr/bin/cage", "/bin/true")
        (tmp_path / unit.name).write_text(text, "utf-8")
    copies = [str(tmp_path / unit.name) for unit in units]
    words = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *copies]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("appstreamcli") is None, reason="appstreamcli is not here")
def test_appstream_understands_the_description(deb: ModuleType, tmp_path: Path) -> None:
    text = (PACKAGING / "desktop" / "matinee.metainfo.xml").read_text(encoding="utf-8")
    about = tmp_path / "matinee.metainfo.xml"
    text = text.replace("@ID@", deb.COMPONENT_ID).replace("@VERSION@", "0.1.0").replace("@DATE@", "2026-01-01")
    about.write_text(text, encoding="utf-8")
    done = subprocess.run(["appstreamcli", "validate", "--no-net", str(about)], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_the_publishers_domain_stands_in_one_place(deb: ModuleType) -> None:
    sources = [
        path for path in PACKAGING.rglob("*") if path.suffix in {".py", ".xml", ".desktop", ".service", ".spec"}
    ]
    assert len(sources) > 10
    naming = [path.name for path in sources if deb.COMPONENT_ID in path.read_text(encoding="utf-8")]
    assert naming == [], "publisher.py says it"


def test_manual_pages_name_every_action_and_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))
    pages = importlib.import_module("manpages").pages(PACKAGING.parent, "0.1.0", 0)
    assert "matinee\\-qa\\-cdn(1)" in pages["matinee-qa.1"]
    assert "matinee\\-kiosk(1)" in pages["matinee.1"]
    assert all(f"\\fB{code:d}\\fR" in pages["matinee-qa-run.1"] for code in ExitCode)


def test_the_page_of_commands_is_todays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))
    page = importlib.import_module("commands_page").page()
    now = "python packaging/commands_page.py > docs/commands.md"
    assert (PACKAGING.parent / "docs" / "commands.md").read_text(encoding="utf-8") == page, now


def test_every_command_and_each_of_its_arguments_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))
    page = importlib.import_module("commands_page").page()
    assert [line for line in page.splitlines() if line.endswith("|  |")] == []
    headed = [block.splitlines() for block in page.split("\n## matinee ")[1:]]
    headed += [block.splitlines() for block in page.split("\n### matinee ")[1:]]
    assert [lines[0] for lines in headed if len(lines) < 3 or not lines[2]] == []


def test_the_page_of_conformance_is_todays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))
    page = importlib.import_module("conformance_page").page()
    now = "python packaging/conformance_page.py > docs/conformance.md"
    assert (PACKAGING.parent / "docs" / "conformance.md").read_text(encoding="utf-8") == page, now


def test_the_pages_of_reference_are_todays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))
    made = importlib.import_module("reference_pages")
    assert made.variables() == made.CLIENT.keys() | made.SERVICE.keys(), "each variable says what it is"
    for name, page in made.pages().items():
        assert (PACKAGING.parent / "docs" / name).read_text(encoding="utf-8") == page, made.__doc__


def test_what_is_inside_others_has_its_licence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))
    described = tmp_path / "shiboken6-6.0.dist-info"
    described.mkdir()
    about = "Name: shiboken6\nVersion: 6.0\nLicense-Expression: LGPL-3.0-only\n"
    (described / "METADATA").write_text(about, encoding="utf-8")
    text = importlib.import_module("licences").collect(tmp_path, "our own words")
    assert "our own words" in text
    assert "shiboken6 6.0: LGPL-3.0-only" in text
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text
    assert text.count("GNU GENERAL PUBLIC LICENSE\n") == 1
