"""What is native is made and destroyed thousands of times in one process, beside busy processors."""

from __future__ import annotations

import faulthandler
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.children import ends_with_us
from tests.packaging.xvfb import VirtualScreen

ROOT = Path(__file__).resolve().parents[2]
CYCLES = int(os.environ.get("SOAK_CYCLES", "2000"))
SEED = os.environ.get("SOAK_SEED", "1")
# Freed memory is filled, by Python and by the C library, so that what is used after it was freed does not look alive.
STRICT = {"PYTHONMALLOC": "debug", "MALLOC_PERTURB_": "165", "PYTHONFAULTHANDLER": "1"}
BUSY = "while True: pass"
pytestmark = pytest.mark.soak


@pytest.fixture(autouse=True)
def busy() -> Iterator[None]:
    """As many busy loops as there are processors; and no limit for a single test."""
    faulthandler.cancel_dump_traceback_later()
    words = ends_with_us(sys.executable, "-c", BUSY, by="KILL")
    loops = [subprocess.Popen(words) for _ in range(os.cpu_count() or 1)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


def stress(kind: str, cycles: int, **environment: str) -> None:
    done = subprocess.run(
        ends_with_us(sys.executable, "-m", "tests.soak.stress", kind, cycles, SEED, by="KILL"),
        cwd=ROOT,
        env={**os.environ, **STRICT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stdout}{done.stderr[-20_000:]}"
    assert done.stdout.splitlines()[-1].startswith(f"{cycles} cycles of {kind}")
    print(done.stdout)


@pytest.mark.parametrize(("kind", "times"), [("scene", 1), ("surface", 10), ("session", 1)])
def test_drawn_into_memory(kind: str, times: int) -> None:
    stress(kind, times * CYCLES, QT_QPA_PLATFORM="offscreen", MATINEE_VIDEO="software")


@pytest.mark.parametrize(("kind", "times"), [("scene", 1), ("surface", 10)])
def test_drawn_by_opengl(kind: str, times: int) -> None:
    with VirtualScreen() as screen:
        stress(kind, times * CYCLES, DISPLAY=screen.display, QT_QPA_PLATFORM="xcb", MATINEE_VIDEO="opengl")
