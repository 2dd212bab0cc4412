"""The end of a process that reads a viewer's file: it is gone when whoever ends it returns."""

from __future__ import annotations

import asyncio
import sys

import pytest

from player.media.bounded import end_worker
from player.playback import embedded_lines
from player.playback.embedded_lines import EmbeddedLines
from player.thumbnails import films
from player.thumbnails.films import WorkerDrawer

_HANGS = [sys.executable, "-c", "import time; time.sleep(99)"]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.subprocess.Process]:
    """The processes that were started; each hangs."""
    found: list[asyncio.subprocess.Process] = []
    create = asyncio.create_subprocess_exec

    async def kept(*_command: str, **options: object) -> asyncio.subprocess.Process:
        found.append(await create(*_HANGS, **options))
        return found[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", kept)
    for module in (films, embedded_lines):
        monkeypatch.setattr(module, "worker_command", lambda _module: _HANGS)
    return found


async def cancelled_often(task: asyncio.Task[object]) -> None:
    """Cancel a task again and again while it ends."""
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        task.result()


async def until_one(started: list[asyncio.subprocess.Process]) -> None:
    while not started:
        await asyncio.sleep(0.01)
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_process_is_gone_however_often_its_end_is_cancelled():
    process = await asyncio.create_subprocess_exec(*_HANGS, stdout=asyncio.subprocess.PIPE)
    ending = asyncio.create_task(end_worker(process))
    await asyncio.sleep(0)
    await cancelled_often(ending)
    assert process.returncode is not None


async def test_a_process_is_gone_where_every_task_of_the_loop_is_cancelled():
    process = await asyncio.create_subprocess_exec(*_HANGS, stdout=asyncio.subprocess.PIPE)
    ending = asyncio.create_task(end_worker(process))
    for _ in range(3):
        await asyncio.sleep(0)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert process.returncode is not None


async def test_no_process_is_left_where_drawing_is_cancelled_twice(started, tmp_path):
    drawing = asyncio.create_task(WorkerDrawer(tmp_path).draw(0.0))
    await until_one(started)
    await cancelled_often(drawing)
    assert started[0].returncode is not None


async def test_no_process_is_left_where_reading_lines_is_cancelled_twice(started, tmp_path):
    lines = EmbeddedLines()
    asked = asyncio.create_task(lines.of(tmp_path, 0))
    await until_one(started)
    (reading,) = lines._reading.values()
    await cancelled_often(reading)
    assert started[0].returncode is not None
    assert await asked == ()


async def test_a_drawer_is_closed_while_it_draws(started, tmp_path):
    drawer = WorkerDrawer(tmp_path)
    drawing = asyncio.create_task(drawer.draw(0.0))
    await until_one(started)
    await drawer.close()
    assert started[0].returncode is not None
    with pytest.raises(OSError, match="IncompleteReadError"):
        await drawing
