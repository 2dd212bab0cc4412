"""The set-up's dealings with the package system, against programs of our own that stand in its place."""

import importlib.util
import stat
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

BOOTSTRAP = Path(__file__).parents[2] / "packaging" / "bootstrap.py"


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("matinee_bootstrap", BOOTSTRAP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a shell script of a name before all others on the path; each writes down how it was called."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("os.geteuid", lambda: 0)

    def make(name: str, body: str) -> None:
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/calls\n{body}\n', encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    return make


@pytest.mark.parametrize(
    ("status", "installed"),
    [
        ("install ok installed", True),
        ("hold ok installed", True),
        ("install ok triggers-awaited", True),
        ("install ok triggers-pending", True),
        ("install ok unpacked", False),
        ("install ok half-configured", False),
        ("install reinstreq half-installed", False),
        ("deinstall ok config-files", False),
        ("", False),
    ],
)
def test_a_package_counts_as_installed_once_it_is_configured(
    bootstrap: ModuleType, program: Program, status: str, installed: bool
) -> None:
    program("dpkg-query", f'printf "{status}"')
    assert bootstrap.is_installed("libmpv2") is installed


def test_an_installation_that_was_killed_is_finished_before_the_next_one(
    bootstrap: ModuleType, program: Program, tmp_path: Path
) -> None:
    """dpkg leaves a note of the kill, and apt-get refuses until somebody has called ``dpkg --configure -a``."""
    interrupted = tmp_path / "interrupted"
    interrupted.touch()
    program("dpkg-query", 'printf "install ok unpacked"')
    program("dpkg", f"rm -f {interrupted}")
    program("apt-cache", "echo Package: it")
    program("apt-get", f'[ "$1" = update ] || [ ! -e {interrupted} ]')
    bootstrap.ensure_system({"run"})
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert calls[-2] == "dpkg --configure -a"
    assert calls[-1].startswith("apt-get install ")


def test_what_apt_cannot_install_ends_with_the_command_to_run_by_hand(
    bootstrap: ModuleType, program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    program("dpkg-query", "exit 1")
    program("dpkg", "exit 1")
    program("apt-cache", "echo Package: it")
    program("apt-get", "exit 100")
    with pytest.raises(SystemExit):
        bootstrap.ensure_system({"run"})
    assert "sudo sh -c 'apt-get update && apt-get install" in capsys.readouterr().err


def test_components_that_cannot_be_had_stop_nothing_and_are_tried_once(
    bootstrap: ModuleType,
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bootstrap, "TRIED", tmp_path / "tried")
    program("dpkg-query", "exit 1")
    program("apt-cache", '[ "$3" = chromium ] || echo Package: it')
    program("apt-get", 'case "$*" in *jq*) exit 100;; esac')
    for name in ("service", "update-rc.d"):
        program(name, "exit 1")
    bootstrap.ensure_components({"components"})
    told = capsys.readouterr().err
    assert "chromium is not offered here" in told
    assert "jq could not be installed" in told
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert any(call.startswith("apt-get install") and call.endswith(" redis-tools") for call in calls)
    for daemon in ("nginx", "postgresql"):
        assert {f"service {daemon} stop", f"update-rc.d {daemon} disable"} <= set(calls)
    bootstrap.ensure_components({"components"})
    assert capsys.readouterr().err == ""


def test_components_take_no_root_that_is_not_there(
    bootstrap: ModuleType,
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bootstrap, "TRIED", tmp_path / "tried")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    program("dpkg-query", "exit 1")
    program("apt-cache", "echo Package: it")
    program("apt-get", "exit 100")
    program("sudo", "exit 1")
    bootstrap.ensure_components({"components"})
    assert "sudo sh -c 'apt-get update && apt-get install" in capsys.readouterr().err
