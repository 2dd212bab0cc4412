"""The machine's clocks, also where somebody has set the one that counts from boot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
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


def in_time_namespace(boottime_s: int, *more: str) -> Reading:
    """What a process reads for which CLOCK_BOOTTIME was set ``boottime_s`` further, without any rights of root."""
    command = [
        "unshare", "--user", "--map-root-user", "--time", "--boottime", str(boottime_s), *more, "--fork",
        sys.executable, "-c", _READ,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    if done.returncode != 0 and "unshare" in done.stderr:
        pytest.skip(f"no time namespaces here: {done.stderr.strip()}")
    return Reading(*json.loads(done.stdout))


@pytest.fixture
def _unshare() -> None:
    if shutil.which("unshare") is None:
        pytest.skip("unshare (util-linux) is not here")


@pytest.mark.usefixtures("_unshare")
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


def test_where_the_kernel_cannot_be_asked_its_files_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_process: int) -> int:
        raise OSError

    monkeypatch.setattr(os, "pidfd_open", refuse, raising=False)
    assert has_the_machines_boot_clock()
    monkeypatch.setattr(os_clock, "_FIRST_TIME_NAMESPACE", 1)
    assert has_the_machines_boot_clock() is not Path("/proc/self/ns/time").exists()
    assert read_clocks().boot_id.startswith("process-") is Path("/proc/self/ns/time").exists()
