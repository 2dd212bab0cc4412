"""The runner of ``make test`` comes to its end whatever happens in a test, and says what that was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.children import lives
from tests.kit.waiting import until
from tests.run.part import ROOT, Limits, wait_for_end

# Three files: more than there are workers, so that what xdist puts back when one dies is seen by the other.
GOOD = "import time\n" + "".join(f"def test_{n}():\n    time.sleep(0.05)\n" for n in range(4))
ENOUGH_S = 200  # pytest ends a test after 240
# Without plugins that these tests have no use for: each of their processes would load them.
QUICK = dict(os.environ, PYTEST_ADDOPTS="-p no:hypothesispytest -p no:anyio -p no:platformdirs")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Inside the tree, so that pytest sees the settings of the suite, and not among its tests."""
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="suite-", dir=ROOT / "build") as name:
        for n in range(3):
            (Path(name) / f"test_good_{n}.py").write_text(GOOD)
        yield Path(name)


def command(folder: Path, *words: str) -> list[str]:
    """The runner over a folder's tests; ``words`` come last, so that they may say otherwise."""
    return [
        sys.executable,
        "-m",
        "tests.run",
        str(folder),
        "--logs",
        str(folder / "logs"),
        "--processes",
        "2",
        *words,
    ]


def run(folder: Path, *words: str, options: str = "") -> tuple[int, list[str]]:
    """The exit code and the lines of a run; ``options`` are pytest's."""
    done = subprocess.run(
        command(folder, *words),
        cwd=ROOT,
        env=dict(QUICK, PYTEST_ADDOPTS=f"{QUICK['PYTEST_ADDOPTS']} {options}"),
        stdout=subprocess.PIPE,
        text=True,
        timeout=ENOUGH_S,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def closing(lines: list[str]) -> str:
    return lines[-1].partition(" in ")[0]


def why_it_ended(lines: list[str]) -> str:
    told = [line for line in lines if line.startswith("THE RUN WAS ENDED")]
    assert len(told) == 1
    return told[0]


def test_a_good_run_tells_what_was_skipped_and_what_passed_at_the_second_try(folder: Path) -> None:
    (folder / "test_skipped.py").write_text(
        "import pytest\n@pytest.mark.realtime\ndef test_x():\n    pytest.skip('no machine for it')\n"
    )
    (folder / "test_rest.py").write_text("import pytest\n@pytest.mark.soak\ndef test_long():\n    assert False\n")
    (folder / "test_once.py").write_text(
        "from pathlib import Path\n"
        "def test_flag():\n"
        "    flag = Path(__file__).with_suffix('.flag')\n"
        "    had = flag.exists()\n"
        "    flag.touch()\n"
        "    assert had\n"
    )
    code, lines = run(folder)
    assert (code, closing(lines)) == (0, "13 passed, 0 failed, 1 skipped")
    place = lines.index("  1: no machine for it")
    assert lines[place + 1].endswith("test_skipped.py::test_x")
    told = lines[lines.index("failed at first (1):") + 1]
    assert told.endswith("test_once.py::test_flag -- at the second try: passed")
    assert len((folder / "logs" / "seconds.txt").read_text().splitlines()) == 14


def test_what_plays_runs_beside_the_rest_and_long_files_begin(folder: Path) -> None:
    """Each of the two waits for the other: neither ends where one comes after the other."""
    for name, mark, other in (("plays", "@pytest.mark.realtime", "rest"), ("rest", "", "plays")):
        (folder / f"test_{name}.py").write_text(
            "import pytest\n"
            "from pathlib import Path\n"
            "from tests.kit.waiting import until\n"
            "def test_first(): pass\n"
            f"{mark}\n"
            "def test_both():\n"
            f"    Path(__file__).with_name('{name}').touch()\n"
            f"    until(Path(__file__).with_name('{other}').exists)\n"
        )
    code, lines = run(folder)
    assert (code, closing(lines)) == (0, "16 passed, 0 failed, 0 skipped")


def test_what_fails_twice_fails_the_run(folder: Path) -> None:
    (folder / "test_bad.py").write_text("def test_bad():\n    assert False\n")
    code, lines = run(folder)
    assert (code, closing(lines)) == (1, "12 passed, 1 failed, 0 skipped")


def test_a_file_that_cannot_be_read_fails_the_run(folder: Path) -> None:
    (folder / "test_bad.py").write_text("import no_such_module\n")
    code, lines = run(folder)
    assert code == 1
    assert "test_bad.py" in why_it_ended(lines)


def test_a_worker_that_crashes_ends_the_run_with_its_stack(folder: Path) -> None:
    (folder / "test_a.py").write_text("import ctypes\ndef test_first(): pass\ndef test_dies(): ctypes.string_at(0)\n")
    code, lines = run(folder)
    assert code == 1
    assert "a test process died while running" in why_it_ended(lines)
    assert "test_a.py::test_dies" in why_it_ended(lines)
    assert any("Fatal Python error: Segmentation fault" in line for line in lines)
    assert any("in test_dies" in line for line in lines)


def test_a_worker_that_is_killed_ends_the_run_though_nobody_is_told_and_the_other_hangs(folder: Path) -> None:
    """A process that the worker leaves behind holds the pipe whose end would tell of its death."""
    (folder / "test_a.py").write_text(
        "import os, signal, time\n"
        "def test_first(): pass\n"
        "def test_dies():\n"
        "    os.fork() or time.sleep(10_000)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    (folder / "test_b.py").write_text("import time\ndef test_hangs(): time.sleep(10_000)\n")
    code, lines = run(folder, options="--grace 1")
    assert code == 1
    assert "test_a.py::test_dies" in why_it_ended(lines)
    assert any(line.startswith("left running by part together") for line in lines)


def test_a_process_that_dies_in_the_second_try_names_its_test(folder: Path) -> None:
    (folder / "test_dies.py").write_text(
        "import os\n"
        "from pathlib import Path\n"
        "def test_dies():\n"
        "    flag = Path(__file__).with_suffix('.flag')\n"
        "    flag.exists() and os._exit(0)\n"
        "    flag.touch()\n"
        "    assert False\n"
    )
    code, lines = run(folder)
    assert (code, closing(lines)) == (1, "12 passed, 1 failed, 0 skipped")
    assert "second-try" in why_it_ended(lines)
    assert "test_dies.py::test_dies" in why_it_ended(lines)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(whole_s=0.2, silent_s=3600), "it was not through after 0 minutes"),
        (Limits(whole_s=3600, silent_s=0.05), "nothing happened for 0 seconds"),
    ],
)
def test_what_hangs_is_ended_with_its_stacks(limits: Limits, why: str, tmp_path: Path) -> None:
    program = "import faulthandler, time; faulthandler.enable(); print('begun', flush=True); time.sleep(10_000)"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,  # its core is not one of the run
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert wait_for_end(process, tmp_path / "results.jsonl", limits) == why
        assert 'File "<string>", line 1 in <module>' in process.stdout.read()


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_the_tests_end_with_their_runner(folder: Path, by: signal.Signals) -> None:
    marks = folder / "marks"
    marks.mkdir()
    for name in "ab":
        (folder / f"test_{name}.py").write_text(
            "import os, time\n"
            f"def test_x():\n    open(r'{marks}/' + str(os.getpid()), 'w').close()\n    time.sleep(10_000)\n"
        )
    runner = subprocess.Popen(command(folder), cwd=ROOT, env=QUICK, stdout=subprocess.DEVNULL)
    workers = until(lambda: [int(path.name) for path in marks.iterdir()])
    runner.send_signal(by)
    runner.wait(ENOUGH_S)
    until(lambda: not any(lives(pid) for pid in workers))


def test_runs_in_a_row_are_counted(folder: Path) -> None:
    """One that passed at the second try only is not a good one."""
    (folder / "test_once.py").write_text(
        "from pathlib import Path\n"
        "def test_flag():\n"
        "    flag = Path(__file__).with_suffix('.flag')\n"
        "    had = flag.exists()\n"
        "    flag.touch()\n"
        "    assert had\n"
    )
    words = ["2", "--logs", str(folder / "runs"), "--processes", "2", str(folder / "test_once.py")]
    command = [sys.executable, "-m", "tests.run.repeat", *words]
    done = subprocess.run(command, cwd=ROOT, env=QUICK, capture_output=True, text=True, timeout=ENOUGH_S, check=False)
    first, second, last = done.stdout.splitlines()
    assert "1 passed, 0 failed, 0 skipped" in first
    assert "exit code 0, 1 second tries" in first
    assert "exit code 0, 0 second tries" in second
    assert (last, done.returncode) == ("1 of 2 runs were good", 1)
    assert "second try of 1" in (folder / "runs" / "1.log").read_text()
