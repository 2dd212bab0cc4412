"""A native crash leaves a report, an end of any other kind leaves nothing."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ui.app.composition import _told
from ui.app.profile.preferences import PreferenceStore
from ui.app.system.crash_reports import LINES, collect, crashes_are_reported, reports
from ui.cli.main import main

PROGRAM = """
import ctypes, logging, os, signal, sys
from pathlib import Path
from ui.app.composition import _told
from ui.app.profile.preferences import PreferenceStore
from ui.app.system.crash_reports import crashes_are_reported
logging.basicConfig(level="WARNING")
def deep_down():
    {end}
with crashes_are_reported(Path(sys.argv[1]), ["matinee 7.7"]):
    for n in range(300):
        logging.getLogger("ui.test").info("line %d", n)
    logging.getLogger("ui.test").warning("https://cdn.example.org/a.mpd?token=%s", "s" * 12)
    logging.getLogger("ui.test").info("x" * 2000)
    deep_down()
"""


def run(profile: Path, end: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(end=end), str(profile)], capture_output=True, text=True, check=False
    )


def test_a_crash_leaves_versions_stacks_and_the_last_lines_of_the_log(tmp_path: Path) -> None:
    done = run(tmp_path, "ctypes.string_at(0)")
    assert done.returncode == -signal.SIGSEGV
    assert "line 299" not in done.stderr, "the log on stderr is as bold as it was"
    with crashes_are_reported(tmp_path, ()) as found:
        (report,) = reports(tmp_path)
        assert found == str(report)
    text = report.read_text()
    assert text.startswith("matinee 7.7\nPython 3.")
    assert "Fatal Python error: Segmentation fault" in text
    assert "in deep_down" in text
    kept = text.partition("the last lines of the log:\n")[2].splitlines()
    assert len(kept) == LINES
    assert kept[0].endswith("line 102")
    assert kept[-3].endswith("line 299")
    assert "cdn.example.org" in kept[-2]
    assert "ssss" not in text
    assert report.stat().st_mode & 0o077 == 0, "for this user alone"
    assert [path.suffix for path in report.parent.iterdir()] == [".txt"], "nothing else is left"
    assert collect(tmp_path) == "", "it is told once"


@pytest.mark.parametrize("end", ["pass", "sys.exit(3)", "os.kill(os.getpid(), signal.SIGKILL)", "1 / 0"])
def test_no_other_end_is_a_crash(tmp_path: Path, end: str) -> None:
    run(tmp_path, end)
    assert collect(tmp_path) == ""
    assert list((tmp_path / "crashes").iterdir()) == []


FULL = """import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    logging.getLogger("ui.test").info("lost")"""
CUT = """for path in Path(sys.argv[1]).rglob("*.lines"):
        os.truncate(path, 0)
    logging.getLogger("ui.test").info("kept")"""


@pytest.mark.parametrize("end", [FULL, CUT], ids=["full", "cut"])
def test_a_full_disk_is_no_crash(tmp_path: Path, end: str) -> None:
    """A limit of the process stands for it, and a file that was cut for one whose blocks are not there."""
    done = run(tmp_path, end)
    assert done.returncode == 0
    assert "Error" not in done.stderr


def test_what_still_runs_is_left_alone(tmp_path: Path) -> None:
    with crashes_are_reported(tmp_path, ()):
        assert collect(tmp_path) == ""
        assert {path.suffix for path in (tmp_path / "crashes").iterdir()} == {".stacks", ".lines"}
        level = logging.getLogger().level
    assert logging.getLogger().level >= level
    assert list((tmp_path / "crashes").iterdir()) == []


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "crashes"
    folder.mkdir()
    for n in range(9):
        stacks = folder / f"{n}-1.stacks"
        stacks.write_text("Fatal Python error: Aborted\n")
        os.utime(stacks, (1_700_000_000 + n, 1_700_000_000 + n))
    (folder / "8-1.lines").write_bytes(b"\xff" * 20)  # damaged
    collect(tmp_path)
    found = reports(tmp_path)
    assert len(found) == 5
    assert found[0].name.endswith("-8.txt")


def test_a_profile_that_cannot_be_written_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with crashes_are_reported(tmp_path / "file" / "profile", ()) as found:
        assert found == ""


def test_the_doctor_names_the_newest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "os.abort()")
    main(["doctor", "--json", "--profile-dir", str(tmp_path)])
    findings = json.loads(capsys.readouterr().out)["findings"]
    (crashes,) = (finding for finding in findings if finding["part"] == "crash reports")
    (report,) = reports(tmp_path)
    assert crashes["detail"] == f"1, the newest is {report}"
    assert "Fatal Python error: Aborted" in report.read_text()


def test_the_app_says_one_sentence(tmp_path: Path) -> None:
    store = PreferenceStore(tmp_path)
    assert "“matinee doctor” names the report" in _told(store, "/a/report.txt")
    assert _told(store, "") == ""
