"""One run of pytest in a process group of its own: shown, kept in a log, ended in time, and nothing left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.kit.children import ends_with_us
from tests.kit.slices import seed
from tests.run.results import Results, read

ROOT = Path(__file__).resolve().parent.parent.parent
_PR_SET_CHILD_SUBREAPER = 36
_STACKS_S = 10.0  # what processes have to write their stacks
_LOOK_EVERY_S = 0.5
_READING = 4  # times as long


@dataclass(frozen=True)
class Limits:
    """How long a part may take, and how long nothing at all may happen in it (a test has a shorter limit). It may
    be silent for longer until the first test begins: all files are read first, twice at once."""

    whole_s: float
    silent_s: float


@dataclass(frozen=True)
class Part:
    """What came of it. ``trouble`` says why it did not come to its end, or is empty."""

    name: str
    code: int
    results: Results
    trouble: str
    left: tuple[str, ...]


def adopt_orphans() -> None:
    """What a process of the run leaves behind becomes our child, so that we can end it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def run_part(name: str, words: Sequence[str], logs: Path, limits: Limits) -> Part:
    """Run pytest with these arguments."""
    file = logs / f"{name}.jsonl"
    file.unlink(missing_ok=True)
    # A second -q (pyproject.toml has one): the closing line is that of the whole run.
    command: list[object] = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "-q"]
    command += ["-p", "tests.run.plugin", "--results", file, *words]
    process = subprocess.Popen(
        ends_with_us(*command, by="KILL"),
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    log = logs / f"{name}.log"
    reader = threading.Thread(target=_show, args=(process, log), name="show")
    reader.start()
    try:
        trouble = wait_for_end(process, file, limits)
        left = () if trouble else _end_what_is_left()
    finally:
        _kill_group(process)
        _end_what_is_left()
        reader.join()
    results = read(file)
    return Part(name, process.returncode, results, trouble or _why(process.returncode, results), left)


def _environment() -> dict[str, str]:
    """It runs this tree, whatever the environment has installed; and modules are compiled once for all the processes
    that tests start (images of containers often turn that off)."""
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["MATINEE_TEST_SEED"] = str(seed())
    return environment


def _show(process: subprocess.Popen[bytes], log: Path) -> None:
    """Pass on what it prints as it comes, and keep it."""
    assert process.stdout is not None
    with log.open("wb") as kept:
        while piece := os.read(process.stdout.fileno(), 1 << 16):
            kept.write(piece)
            kept.flush()
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    process.stdout.close()


def wait_for_end(process: subprocess.Popen[Any], file: Path, limits: Limits) -> str:
    """Until it ends, or its time has run out; then the sentence that says so."""
    begun = heard = time.monotonic()
    size = -1
    while process.poll() is None:
        now = time.monotonic()
        newer = file.stat().st_size if file.exists() else 0
        if newer != size:
            size, heard = newer, now
        _bury(process.pid)
        if now - begun > limits.whole_s:
            return _cut_off(process, f"it was not through after {limits.whole_s / 60:.0f} minutes")
        patience_s = limits.silent_s * (1 if size > 0 else _READING)
        if now - heard > patience_s:
            return _cut_off(process, f"nothing happened for {patience_s:.0f} seconds")
        time.sleep(_LOOK_EVERY_S)
    return ""


def _bury(ours: int) -> None:
    """Take note of orphans that have ended: until somebody does they are still there for those who look."""
    while (dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and dead.si_pid != ours:
        os.waitpid(dead.si_pid, 0)


def _cut_off(process: subprocess.Popen[Any], why: str) -> str:
    """Have all its processes print their stacks (pytest's faulthandler does at SIGABRT), and end them."""
    os.killpg(process.pid, signal.SIGABRT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STACKS_S)
    return why


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _end_what_is_left() -> tuple[str, ...]:
    """End the processes that the part left running; their names."""
    left = []
    while children := psutil.Process().children(recursive=True):
        for child in children:
            try:
                if child.status() != psutil.STATUS_ZOMBIE:
                    left.append(f"{child.name()} ({child.pid})")
                    child.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(children)
    return tuple(dict.fromkeys(left))


def _why(code: int, results: Results) -> str:
    """What kept it from its end, by the exit code of pytest."""
    if results.deaths or results.crashed or code < 0:
        during = results.crashed or results.begun
        where = f" while running {', '.join(during)}" if during else ""
        return f"a test process died{where}"
    if code in (0, 1) and not results.begun:
        return ""
    if results.uncollected:
        return f"some tests could not be read: {', '.join(results.uncollected)}"
    where = f", in {', '.join(results.begun)}" if results.begun else ""
    return f"pytest ended with code {code}{where}"
