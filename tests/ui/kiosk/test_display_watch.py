"""A display server that stands still is noticed; one that lives, refuses or is not there is let be."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from pathlib import Path

import pytest

from ui.kiosk.display_watch import DisplayWatch


class Rounds:
    """Counts the pauses between two questions, and ends the watch after so many."""

    def __init__(self, most: int) -> None:
        self._left = most

    async def sleep(self, _seconds: float) -> None:
        self._left -= 1
        if not self._left:
            raise asyncio.CancelledError


async def stills(folder: Path, rounds: int) -> int:
    told: list[int] = []
    environ = {"XDG_RUNTIME_DIR": str(folder), "WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}
    with contextlib.suppress(asyncio.CancelledError):
        await DisplayWatch(environ, lambda: told.append(1)).run(Rounds(rounds).sleep)
    return len(told)


async def test_one_that_stands_still_is_told_after_three_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.kiosk.display_watch._ANSWER_S", 0.02)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "wayland-0"))
        listener.listen(20)  # the kernel takes the callers, as it does for a process that is stopped
        assert await stills(tmp_path, 2) == 0
        assert await stills(tmp_path, 7) == 2


async def test_one_that_answers_is_let_be(tmp_path: Path) -> None:
    asked: list[tuple[int, ...]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(struct.unpack("=III", await reader.readexactly(12)))
        writer.write(struct.pack("=III", 2, 12 << 16, 7))  # wl_callback.done
        writer.close()

    server = await asyncio.start_unix_server(answer, tmp_path / "wayland-0")
    assert await stills(tmp_path, 7) == 0
    server.close()
    assert asked == [(1, 12 << 16, 2)] * 7


async def test_one_that_is_gone_is_not_its_affair(tmp_path: Path) -> None:
    assert await stills(tmp_path, 7) == 0


@pytest.mark.parametrize("environ", [{}, {"DISPLAY": "far.example:0"}, {"DISPLAY": ":x"}])
async def test_without_a_server_of_this_machine_nobody_is_asked(environ: dict[str, str]) -> None:
    async with asyncio.timeout(60):
        await DisplayWatch(environ, pytest.fail).run()
