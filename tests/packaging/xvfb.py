"""A virtual screen whose picture can be read: Xvfb keeps it in a file."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import numpy as np

from tests.kit.children import ends_with_us
from tests.kit.waiting import PATIENCE_S

WIDTH, HEIGHT = 1280, 720
_READY_S = 20.0


class VirtualScreen:
    """Use as a context manager; ``display`` is for DISPLAY, ``file`` for :func:`read_screen`."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self._size = f"{width}x{height}x24"

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="matinee-screen-"))
        self._process = subprocess.Popen(
            ends_with_us(
                *("Xvfb", "-noreset", "-displayfd", 1, "-nolisten", "tcp"),
                *("-screen", 0, self._size, "-fbdir", self._folder),
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.file = self._folder / "Xvfb_screen0"
        assert self._process.stdout is not None
        self.display = ":" + self._process.stdout.readline().decode().strip()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def picture(self) -> np.ndarray:
        """The screen as (height, width, 3) bytes."""
        return read_screen(self.file)

    def wait_for_moving_picture(self, timeout_s: float = 60.0) -> bool:
        """Whether a large part of the screen shows many colours and changes, as a film does."""
        end = time.monotonic() + timeout_s
        before = self.picture()
        while time.monotonic() < end:
            time.sleep(0.5)
            now = self.picture()
            moved = float((np.abs(now.astype(int) - before).max(axis=2) > 24).mean())
            if moved > 0.01 and float(now.std()) > 20:
                return True
            before = now
        return False


def read_screen(file: Path) -> np.ndarray:
    """What Xvfb keeps in ``file``, as (height, width, 3) bytes.

    The file has the form of ``xwd``, version 7: a header of 32-bit numbers, big-endian; then the colours, 12 bytes
    each; then the rows.
    """
    data = file.read_bytes()
    header = struct.unpack(">25I", data[:100])
    start, width, height, row, colours = header[0] + header[19] * 12, header[4], header[5], header[12], header[19]
    assert header[1] == 7, "another version of the format"
    assert colours >= 0
    pixels = np.frombuffer(data, np.uint8, row * height, start).reshape(height, row)
    return pixels[:, : width * 4].reshape(height, width, 4)[:, :, 2::-1]
