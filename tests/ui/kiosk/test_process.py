"""The line between the kiosk and what draws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage

from ui.kiosk.process import MAX_LINE, own_command, own_environment, read_beat, read_wish, write_beat, write_wish
from ui.kiosk.screen.beats import write_picture
from ui.kiosk.watchdog import Beat

BEAT = Beat(12, due=True, wanted=True, entry=3, name="Welcome", status="playing", position_s=1.5)


def test_a_beat_comes_out_as_it_went_in() -> None:
    line = write_beat(BEAT)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert read_beat(line) == BEAT


def test_a_name_without_end_does_not_stop_the_beats() -> None:
    line = write_beat(Beat(12, name="a" * 10_000))
    assert len(line) <= MAX_LINE
    assert read_beat(line) == Beat(12)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b'{"frames": "1"}', b'{"frames": true}', b"\xff", b"[" * 4000])
def test_other_words_are_no_beat(line: bytes) -> None:
    assert read_beat(line) is None


@given(st.binary(max_size=200))
def test_whatever_comes_nothing_breaks(line: bytes) -> None:
    read_beat(line)


def test_the_program_can_begin_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [*own_command(), "--version"],
        env=own_environment(),
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith(b"matinee ")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's own calls")
def test_what_draws_leaves_no_core_dump() -> None:
    script = (
        "import resource, ctypes; from ui.kiosk.process import harden; harden();"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run([sys.executable, "-c", script], env=own_environment(), capture_output=True, check=True)
    assert done.stdout.split() == [b"(0,", b"0)", b"0"]


def test_a_wish_is_read_as_it_was_written() -> None:
    path = Path("/var/lib/kiosk/commands/picture.jpg")
    assert read_wish(write_wish(path).strip()) == path
    for line in (b"", b"[]", b"{}", b'{"picture": 1}', b'{"picture": "near.jpg"}', b"[" * 5000):
        assert read_wish(line) is None


def test_a_picture_is_bounded_and_whole(qapp: object, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    image = QImage(2560, 1440, QImage.Format.Format_RGB32)
    image.fill(0x336699)
    write_picture(image, path)
    kept = QImage(str(path))
    assert (kept.width(), kept.height()) == (1280, 720)
    assert path.read_bytes().startswith(b"\xff\xd8\xff")
    write_picture(QImage(), path)
    assert path.read_bytes() == b""
    assert list(tmp_path.iterdir()) == [path]
