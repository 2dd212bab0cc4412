"""The kiosk's process edge, over small programs in place of what draws."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from player.errors import InputError
from ui.kiosk.process import EXIT_ANEW, EXIT_LEAVE
from ui.kiosk.provisioning import load
from ui.kiosk.supervisor import Place, Supervisor, read_or_last_good
from ui.kiosk.watchdog import Limits

FILE = 'format = 1\nname = "test"\n[health]\nport = 0\n[[entry]]\nurl = "https://a.test/"\n'
# Beats with a moving picture until it is told otherwise; "{part}.pid" tells that it has begun.
SCREEN = """
import json, os, pathlib, sys, time
folder, part, entry = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
begun = folder / f"begun.{os.getpid()}"
begun.write_text(str(os.getpid()))
begun.replace(folder / f"{part}.pid")
frames = 0
while True:
    frames += 1
    if (folder / "die").exists():
        sys.exit(1)
    for code in (10, 11):
        if part == "screen" and (folder / f"exit-{code}").exists():
            (folder / f"exit-{code}").unlink()
            sys.exit(code)
    moving = not (folder / "frozen").exists()
    beat = {"frames": frames if moving else 1, "due": True, "wanted": True, "entry": entry, "name": "a"}
    print(json.dumps(beat), flush=True)
    time.sleep(0.02)
"""
QUICK = Limits(silent_s=1.5, frozen_s=3.0, healthy_s=0.5, ending_s=0.5, delays_s=(0.05,))


class Kiosk:
    """A supervisor in the test's own loop, and a look at what it does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "state").mkdir()
        self.place = Place(folder / "kiosk.toml", folder / "state")
        self.place.file.write_text(FILE)
        self.supervisor = Supervisor(self.place, load(self.place.file), "1.0", QUICK, self.command, {})

    def command(self, part: str, entry: int) -> list[str]:
        return [sys.executable, "-c", SCREEN, str(self.folder), part, str(entry)]

    def pid(self, part: str = "screen") -> int:
        file = self.folder / f"{part}.pid"
        return int(file.read_text()) if file.exists() else 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[int]]:
        task = asyncio.create_task(self.supervisor.run())
        await self.until(lambda: self.supervisor.health().healthy)
        yield task
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(task, 30)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.02)

    async def anew(self, before: int) -> None:
        """Until another screen is well."""
        await self.until(lambda: self.pid() != before and self.supervisor.health().healthy)


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    return Kiosk(tmp_path)


async def test_a_killed_and_a_stopped_screen_are_begun_anew(kiosk: Kiosk) -> None:
    async with kiosk.running():
        for number in (signal.SIGKILL, signal.SIGSTOP):
            before = kiosk.pid()
            os.kill(before, number)
            await kiosk.anew(before)
        restarts = kiosk.supervisor.health().restarts
    assert {"died", "silent"} <= set(restarts)


async def test_a_frozen_picture_is_begun_anew(kiosk: Kiosk) -> None:
    async with kiosk.running():
        before = kiosk.pid()
        (kiosk.folder / "frozen").touch()
        await kiosk.until(lambda: kiosk.pid() != before)
        (kiosk.folder / "frozen").unlink()
        await kiosk.anew(before)
        assert kiosk.supervisor.health().restarts["frozen"] >= 1


async def test_a_crash_loop_shows_the_plain_picture_until_the_screen_is_back(kiosk: Kiosk) -> None:
    async with kiosk.running():
        (kiosk.folder / "die").touch()
        await kiosk.until(lambda: kiosk.supervisor.health().shows_fallback)
        (kiosk.folder / "die").unlink()
        await kiosk.until(lambda: kiosk.pid("fallback"))
        await kiosk.until(lambda: kiosk.supervisor.health().healthy)
        await kiosk.until(lambda: not kiosk.supervisor.health().shows_fallback)


async def test_the_operator_begins_it_anew_and_leaves(kiosk: Kiosk) -> None:
    async with kiosk.running() as task:
        before = kiosk.pid()
        (kiosk.folder / f"exit-{EXIT_ANEW}").touch()
        await kiosk.anew(before)
        assert kiosk.supervisor.health().restarts["asked"] == 1
        (kiosk.folder / f"exit-{EXIT_LEAVE}").touch()
        assert await asyncio.wait_for(task, 30) == EXIT_LEAVE


async def test_a_new_file_is_taken_and_one_with_a_mistake_is_not(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ui.kiosk.supervisor._LOOK_AT_FILE_S", 0.05)
    async with kiosk.running():
        before = kiosk.pid()
        kiosk.place.file.write_text(FILE.replace('"test"', '"other"'))
        await kiosk.anew(before)
        assert kiosk.supervisor.health().screen == "other"
        kiosk.place.file.write_text("format = 9\n")
        await kiosk.until(lambda: "is not taken" in caplog.text)
        assert kiosk.supervisor.health().screen == "other"
        assert kiosk.supervisor.health().healthy
    assert read_or_last_good(kiosk.place).name == "other"


async def test_nothing_is_left_when_it_ends(kiosk: Kiosk) -> None:
    async with kiosk.running() as task:
        pid = kiosk.pid()
    assert task.result() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_the_screens_power_is_switched(kiosk: Kiosk) -> None:
    mark = kiosk.folder / "switched"
    kiosk.place.file.write_text(FILE.replace("[health]", f'[screen]\nswitch_on = ["/bin/mkdir", "{mark}"]\n[health]'))
    kiosk.supervisor = Supervisor(kiosk.place, load(kiosk.place.file), "1.0", QUICK, kiosk.command, {})
    async with kiosk.running():
        await kiosk.until(mark.is_dir)


def test_without_a_good_file_there_is_no_kiosk(kiosk: Kiosk) -> None:
    kiosk.place.file.write_text("format = 9\n")
    with pytest.raises(InputError, match="update the program"):
        read_or_last_good(kiosk.place)
