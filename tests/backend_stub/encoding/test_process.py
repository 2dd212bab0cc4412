"""Tools are run to their end, or ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from backend_stub.encoding import tools
from backend_stub.encoding.errors import CancelledError, ToolFailedError
from backend_stub.encoding.process import run_tool
from tests.kit.waiting import PATIENCE_S, until


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_lines_arrive_in_the_callers_thread() -> None:
    lines: list[tuple[str, threading.Thread]] = []
    run_tool(python("print('a'); print('b')"), on_line=lambda line: lines.append((line, threading.current_thread())))
    assert lines == [("a", threading.current_thread()), ("b", threading.current_thread())]


def test_input_is_fed() -> None:
    lines: list[str] = []
    run_tool(python("import sys; print(len(sys.stdin.buffer.read()))"), feed=b"x" * 300_000, on_line=lines.append)
    assert lines == ["300000"]


def test_a_tool_that_reads_nothing_of_its_input() -> None:
    run_tool(python("pass"), feed=b"x" * 3_000_000)


def test_the_last_complaint_is_the_reason_without_its_log_prefix() -> None:
    complaint = "E1121 10:19:28.910567 26988 packager_main.cc:678] The stream is odd"
    with pytest.raises(ToolFailedError, match=r"failed: The stream is odd$"):
        run_tool(python(f"import sys; print('first', file=sys.stderr); sys.exit('{complaint}')"))


def test_much_output_does_not_block() -> None:
    run_tool(python("import sys; sys.stderr.write('x\\n' * 300000); sys.stdout.write('y\\n' * 300000)"))


def test_cancelling_ends_the_tool() -> None:
    cancel = threading.Event()
    began = time.monotonic()
    with pytest.raises(CancelledError):
        run_tool(
            python("print('up', flush=True); import time; time.sleep(1000)"),
            cancel=cancel,
            on_line=lambda _: cancel.set(),
        )
    assert time.monotonic() - began < PATIENCE_S


def test_an_error_in_the_reader_ends_the_tool() -> None:
    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_tool(python("print('up', flush=True); import time; time.sleep(1000)"), on_line=interrupt)
    assert time.monotonic() - began < PATIENCE_S


def test_a_full_disk_is_not_the_films_fault() -> None:
    with pytest.raises(OSError, match="No space left on device"):
        run_tool(python("import sys; sys.exit('Error closing file: No space left on device')"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such wish of a process")
def test_ffmpeg_does_not_outlive_a_kill_that_nobody_can_catch() -> None:
    endless = [str(tools.locate().ffmpeg), "-re", "-f", "lavfi", "-i", "testsrc", "-progress", "-", "-f", "null", "-"]
    script = (
        "from backend_stub.encoding.process import run_tool\n"
        f"run_tool({endless!r}, on_line=lambda line: print(line, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline(), "FFmpeg did not begin"
        (ffmpeg,) = Path(f"/proc/{owner.pid}/task/{owner.pid}/children").read_text().split()
        assert runs(ffmpeg)
        owner.send_signal(signal.SIGKILL)
        owner.wait(60)
    until(lambda: not runs(ffmpeg), "FFmpeg still runs")


def runs(pid: str) -> bool:
    """Whether a process is there and does more than wait to be counted by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
