"""The machine's clocks, also where somebody has set the one that counts from boot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from drm_client import clock, os_clock
from drm_client.clock import Reading
from drm_client.os_clock import has_the_machines_boot_clock, read_clocks

_READ = """
import dataclasses, json
from drm_client.os_clock import read_clocks
print(json.dumps(dataclasses.astuple(read_clocks())))
"""


def in_time_namespace(boottime_s: int, *more: str, run: Sequence[str] = (), read: str = "") -> Reading:
    """What a process reads for which CLOCK_BOOTTIME was set ``boottime_s`` further, without any rights of root.
    ``run`` stands before its command."""
    command = [
        "unshare", "--user", "--map-root-user", "--time", "--boottime", str(boottime_s), *more, "--fork",
        *run, sys.executable, "-c", read or _READ,
    ]  # fmt: skip
    if shutil.which("unshare") is None:
        pytest.skip("unshare (util-linux) is not here")
    done = _run(command)
    if done.returncode != 0 and done.stderr.startswith(("unshare:", "mount:")):
        pytest.skip(f"no time namespaces here: {done.stderr.strip()}")
    return Reading(*json.loads(done.stdout))


def read_by(*command: str) -> Reading:
    """What a process reads that ``command`` starts."""
    return Reading(*json.loads(_run([*command, sys.executable, "-c", _READ]).stdout))


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)


def in_covered_time_namespace(boottime_s: int) -> Reading:
    """The same where nothing says so: its file is covered, a filter forbids to ask the kernel, and that calls itself
    an old one."""
    filtered = "import os\ndef refuse(_process): raise OSError\nos.pidfd_open = refuse\n" + _READ
    hide = 'mount -t tmpfs none /proc/$$/ns && exec setarch --uname-2.6 "$0" "$@"'
    return in_time_namespace(boottime_s, "--mount", run=["sh", "-c", hide], read=filtered)


def test_a_boot_clock_that_was_set_in_a_time_namespace_hides_no_time() -> None:
    """``unshare -U -r -T --boottime N``: the wall clock counts there, so what was played before stays played."""
    began = clock.hear(clock.begin(read_clocks()), read_clocks(), read_clocks().wall_s)
    later = clock.advance(began, read_clocks())
    set_back = in_time_namespace(-int(read_clocks().boottime_s) + 100)
    there = clock.advance(later, set_back)
    assert there.time.at_s >= later.time.at_s + max(0.0, set_back.wall_s - later.reading.wall_s) - 0.01
    assert there.time.certain_s == later.time.certain_s
    again = clock.advance(there, in_time_namespace(-int(read_clocks().boottime_s) + 100))
    assert again.reading.boot_id != there.reading.boot_id
    assert again.time.at_s > there.time.at_s
    ahead = clock.advance(again, in_time_namespace(10_000_000))
    assert ahead.time.at_s < later.time.at_s + 600
    back = clock.advance(ahead, read_clocks())
    assert back.time.at_s >= ahead.time.at_s
    assert back.time.at_s < later.time.at_s + 600


def test_this_machines_boot_clock_is_its_own() -> None:
    assert has_the_machines_boot_clock()
    assert not read_clocks().boot_id.startswith("process-")


class _Silent:
    """A /proc that another one covers, and a filter of system calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_process: int) -> int:
            raise OSError

        monkeypatch.setattr(os, "pidfd_open", refuse, raising=False)
        self._patch = monkeypatch

    def cover(self, release: str) -> None:
        self._patch.setattr(os_clock, "_NAMESPACE_FILE", Path("/nothing/here"))
        self._patch.setattr(os, "uname", lambda: os.uname_result(("Linux", "host", release, "", "x86_64")))


def test_where_the_kernel_cannot_be_asked_its_files_are(monkeypatch: pytest.MonkeyPatch) -> None:
    _Silent(monkeypatch)
    assert has_the_machines_boot_clock()
    monkeypatch.setattr(os_clock, "_FIRST_TIME_NAMESPACE", 1)
    assert has_the_machines_boot_clock() is not Path("/proc/self/ns/time").exists()
    assert read_clocks().boot_id.startswith("process-") is Path("/proc/self/ns/time").exists()


@pytest.mark.parametrize(
    ("release", "believed"),
    [
        ("5.6.0", False),
        ("6.18.44-arch1", False),
        ("2.6.60-arch1", False),
        ("nobody", False),
        ("5.5.19", True),
        ("4.18.0-553.el8", True),
    ],
)
def test_where_nothing_says_which_time_namespace_this_is_the_boot_clock_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, release: str, believed: bool
) -> None:
    """But on kernels that have none. ``setarch --uname-2.6`` makes any call itself 2.6."""
    _Silent(monkeypatch).cover(release)
    assert has_the_machines_boot_clock() is believed
    assert read_clocks().boot_id.startswith("process-") is not believed


def test_a_time_namespace_that_is_covered_hides_no_time() -> None:
    assert in_covered_time_namespace(-50).boot_id.startswith("process-")


@pytest.mark.parametrize(
    ("said", "kernel", "counts"),
    [(5000.0, 5000.4, 5000.0), (100.0, 5000.0, 5000.0), (1.7e9, 5000.0, 5000.0), (5000.0, 90.0, 5000.0)],
    ids=["agree", "set back", "faketime", "container"],
)
def test_a_boot_clock_that_a_preloaded_library_set_is_held_against_the_kernels_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: float, kernel: float, counts: float
) -> None:
    """The file of a container (LXCFS) counts from the container's own start, so it may say less."""
    (tmp_path / "uptime").write_text(f"{kernel} 1.0\n")
    monkeypatch.setattr(os_clock, "_UPTIME", tmp_path / "uptime")
    monkeypatch.setattr(time, "clock_gettime", lambda _clock: said)
    assert read_clocks().boottime_s == counts


def test_a_library_that_sets_all_clocks_hides_no_time() -> None:
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not here")
    before = read_clocks()
    for when in ("3 years ago", "60 days"):
        there = read_by("faketime", when)
        assert there.boot_id == before.boot_id
        assert 0.0 <= there.boottime_s - before.boottime_s < 60.0
