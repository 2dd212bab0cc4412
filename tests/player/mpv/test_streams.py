"""What libmpv is answered where a stream fails: a number, and one line in the log."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Sequence

import pytest

from player.mpv.readahead import ReadAhead
from player.mpv.streams import _Streams


class Failing:
    """A stream of which nothing works."""

    def __init__(self, error: Exception, total: int = 10) -> None:
        self.total = total
        self._error = error

    def opened_on(self, thread: int) -> None:
        """It does not matter."""

    def read(self, length: int) -> Sequence[memoryview]:
        raise self._error

    def seek(self, position: int) -> int:
        raise self._error

    def cancel(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.logs_errors
@pytest.mark.parametrize("error", [OSError("net.length"), ValueError("a fault of ours")], ids=["disk", "fault"])
def test_a_stream_that_fails_writes_no_traceback(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    streams = _Streams(lambda _url: Failing(error), ReadAhead())
    cookie = streams.open(b"matinee://1.mkv")
    assert cookie is not None
    buffer = ctypes.create_string_buffer(16)
    assert streams.read(cookie, ctypes.pointer(buffer), 16) < 0
    assert streams.seek(cookie, 5) < 0
    assert [record.exc_info for record in caplog.records] == [None, None]
    shown = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert bool(shown) is isinstance(error, ValueError), "the viewer is told of the other one"


@pytest.mark.logs_errors
def test_a_stream_that_does_not_open_writes_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def fails(_url: str) -> Failing:
        raise ValueError("a fault of ours")

    assert _Streams(fails, ReadAhead()).open(b"matinee://1.mkv") is None
    assert [record.exc_info for record in caplog.records] == [None]


def test_a_length_that_no_file_has_is_none() -> None:
    streams = _Streams(lambda _url: Failing(OSError(), 1 << 70), ReadAhead())
    cookie = streams.open(b"matinee://1.mkv")
    assert cookie is not None
    assert streams.size(cookie) == -1
