"""Whether a file that becomes longer is loaded again, and when. The disk is real, the time is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from player.playback import file_growth
from player.playback.file_growth import FileGrowth
from player.title.media_file import inspect
from tests.kit.clock import FakeClock

HEAD = b"\x47" + bytes(200_000)


class Recorder(FakeClock):
    """Writes as many bytes as ``each`` says with each wait, and counts the waits."""

    def __init__(self, path: Path, each: Callable[[int], int]) -> None:
        super().__init__()
        self.path, self.each, self.waits = path, each, 0

    async def sleep(self, seconds: float) -> None:
        with self.path.open("ab") as file:
            file.write(bytes(self.each(self.waits)))
        self.waits += 1
        await super().sleep(seconds)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(function: Callable[..., Any], *values: object) -> object:
        return function(*values)

    monkeypatch.setattr(file_growth, "apart", at_once)


def grown(path: Path, each: Callable[[int], int]) -> tuple[FileGrowth, Recorder]:
    path.write_bytes(HEAD)
    clock = Recorder(path, each)
    return FileGrowth(path, inspect(path), clock), clock


def test_a_file_as_it_was_when_it_was_opened_ends_at_once(tmp_path: Path) -> None:
    growth, clock = grown(tmp_path / "film.ts", lambda _wait: 0)
    assert not asyncio.run(growth.may_come())
    assert clock.waits == 0


def test_much_that_has_come_is_not_waited_for(tmp_path: Path) -> None:
    growth, clock = grown(tmp_path / "film.ts", lambda _wait: 0)
    with clock.path.open("ab") as file:
        file.write(bytes(1 << 20))
    assert asyncio.run(growth.has_come())
    assert clock.waits == 0


def test_a_few_bytes_with_each_second_load_the_file_seldom(tmp_path: Path) -> None:
    growth, clock = grown(tmp_path / "film.ts", lambda _wait: 10)
    assert asyncio.run(clock.run(growth.has_come()))
    assert clock.monotonic() == 1012.0, "not sooner, and not later"


def test_each_length_is_loaded_once(tmp_path: Path) -> None:
    growth, clock = grown(tmp_path / "film.ts", lambda wait: 10 if wait == 0 else 0)

    async def play() -> tuple[bool, bool, bool]:
        first = await growth.has_come()
        await growth.open_again()
        return first, await growth.may_come(), await growth.has_come()

    assert asyncio.run(clock.run(play())) == (True, True, False)


def test_another_file_of_the_same_name_is_not_taken_for_it(tmp_path: Path) -> None:
    growth, clock = grown(tmp_path / "film.ts", lambda _wait: 0)
    clock.path.write_bytes(b"\x47other" + bytes(400_000))
    assert asyncio.run(growth.more()) == 0


def test_a_file_that_is_gone_does_not_grow(tmp_path: Path) -> None:
    growth, clock = grown(tmp_path / "film.ts", lambda _wait: 0)
    clock.path.unlink()
    assert asyncio.run(growth.more()) == 0
