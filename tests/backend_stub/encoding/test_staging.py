"""Unfinished work does not stay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backend_stub.encoding.staging import staging_folder


def test_the_folder_goes_with_the_work(tmp_path: Path) -> None:
    with staging_folder(tmp_path) as folder:
        (folder / "half").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_the_folder_goes_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), staging_folder(tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_is_tidied_up_after(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib\n"
        "from backend_stub.encoding.staging import staging_folder\n"
        "with staging_folder(pathlib.Path(sys.argv[1])) as folder:\n"
        "    (folder / 'half').write_text('x')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, cwd=Path(__file__).parents[3])
    assert killed.returncode == -9
    assert len(list(tmp_path.iterdir())) == 1
    with staging_folder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]


def test_two_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    with staging_folder(tmp_path) as first, staging_folder(tmp_path) as second:
        assert first.is_dir()
        assert second.is_dir()
        assert first != second
