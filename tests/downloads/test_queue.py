"""The queue while the world is away for long, and beside a fault of the program. Time goes by steps."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from downloads import ledger
from downloads import queue as queue_module
from downloads.folder import DownloadFolder
from downloads.model import State
from downloads.queue import Queue
from downloads.schedule import LONGEST_RETRY_S, QueueConditions
from downloads.settings import DownloadSettings
from player.base.errors import ErrorCode, NetError
from tests.kit.downloads import Shelf
from tests.kit.downloads import shelf as new_shelf

_AWAY_S = 2 * 3600.0  # twelve times the longest pause between two tries


class World:
    """A clock that only sleeping moves, and what each download meets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 0.0
        self.tried: list[float] = []
        self.meet: Callable[[DownloadFolder], None] = lambda _folder: None
        really = asyncio.sleep

        async def sleep(seconds: float) -> None:
            self.now_s += seconds
            await really(0)

        monkeypatch.setattr(queue_module.asyncio, "sleep", sleep)

    async def run(self, folder: DownloadFolder, _stop: asyncio.Event) -> State:
        """As a downloader does."""
        self.tried.append(self.now_s)
        self.meet(folder)
        folder.note(ledger.changed(State.COMPLETE))
        return State.COMPLETE

    def queue(self, shelf: Shelf, **more: float) -> Queue:
        settings = DownloadSettings(reserve_bytes=0)
        return Queue(shelf.store, self, settings, lambda: QueueConditions(self.now_s, 0), **more)  # type: ignore[arg-type]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def states(shelf: Shelf) -> list[State]:
    return sorted(item.state for item in shelf.store.list())


def test_an_app_goes_on_by_itself_however_long_the_service_was_away(world: World, tmp_path: Path) -> None:
    shelf = new_shelf(tmp_path)
    shelf.add("http://example.test/a.m3u8")

    def meet(_folder: DownloadFolder) -> None:
        if world.now_s < _AWAY_S:
            raise NetError(ErrorCode.NET_REFUSED, "Nobody answers.")

    world.meet = meet
    asyncio.run(world.queue(shelf, tries=math.inf).run())
    assert states(shelf) == [State.COMPLETE]
    assert world.now_s <= _AWAY_S + LONGEST_RETRY_S, "it is tried often enough to go on soon"
    assert len(world.tried) < _AWAY_S / 300, "and not so often that it disturbs"


def test_a_command_ends_after_some_tries(world: World, tmp_path: Path) -> None:
    shelf = new_shelf(tmp_path)
    shelf.add("http://example.test/a.m3u8")

    def meet(_folder: DownloadFolder) -> None:
        raise NetError(ErrorCode.NET_REFUSED, "Nobody answers.")

    world.meet = meet
    asyncio.run(world.queue(shelf).run())
    assert len(world.tried) == 5


@pytest.mark.logs_errors
@pytest.mark.parametrize("tries", [math.inf, 5])
def test_a_fault_of_the_program_ends_one_download_and_not_the_others(
    world: World, tmp_path: Path, tries: float
) -> None:
    shelf = new_shelf(tmp_path)
    broken = shelf.add("http://example.test/a.m3u8", priority=9)
    shelf.add("http://example.test/b.m3u8", priority=0)

    def meet(folder: DownloadFolder) -> None:
        if folder.id == broken.id:
            raise RuntimeError("nobody thought of this")

    world.meet = meet
    queue = world.queue(shelf, tries=tries)
    asyncio.run(queue.run())
    assert states(shelf) == [State.COMPLETE, State.QUEUED]
    assert [getattr(error, "code", "") for error in queue.errors.values()] == [ErrorCode.INTERNAL]
