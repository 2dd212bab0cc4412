"""A kiosk whose screens are small programs: they tell that a picture moves, and do what files in their folder say."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.kit.waiting import until_in_loop
from ui.kiosk.folders import KioskFolders
from ui.kiosk.provisioning import load
from ui.kiosk.supervisor import Supervisor
from ui.kiosk.watchdog import Limits

FILE = 'format = 1\nname = "test"\n[health]\nport = 0\n[[entry]]\nurl = "https://a.test/"\n'
PICTURE = b"\xff\xd8\xff\xe0 what is drawn"
# Beats with a moving picture until it is told otherwise; "{part}.pid" tells that it has begun. A playlist with an
# entry that is "unplayable" shows nothing.
SCREEN = """
import json, os, pathlib, select, sys, time
folder, part, entry = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
begun = folder / f"begun.{os.getpid()}"
begun.write_text(str(os.getpid()))
begun.replace(folder / f"{part}.pid")
frames = 0
sent = folder / "state" / "playlist.json"
unplayable = "unplayable" in (json.loads(sent.read_text())["text"] if sent.exists() else "")
while True:
    frames += not unplayable
    if (folder / "die").exists():
        sys.exit(1)
    for code in (10, 11):
        if part == "screen" and (folder / f"exit-{code}").exists():
            (folder / f"exit-{code}").unlink()
            sys.exit(code)
    if select.select([0], [], [], 0)[0]:
        line = os.read(0, 4096)
        if not line:
            sys.exit(0)
        picture = pathlib.Path(json.loads(line)["picture"])
        picture.with_suffix(".part").write_bytes(bytes.fromhex("PICTURE"))
        picture.with_suffix(".part").replace(picture)
    moving = not (folder / "frozen").exists()
    beat = {"frames": frames if moving else 1, "due": not unplayable, "wanted": True, "entry": entry, "name": "a"}
    print(json.dumps(beat), flush=True)
    time.sleep(0.02)
""".replace("PICTURE", PICTURE.hex())
QUICK = Limits(silent_s=1.5, frozen_s=3.0, healthy_s=0.5, ending_s=0.5, delays_s=(0.05,))


class Kiosk:
    """A supervisor in the test's own loop, and a look at what it does."""

    def __init__(self, folder: Path, file: str = FILE) -> None:
        self.folder = folder
        (folder / "state").mkdir(exist_ok=True)
        self.place = KioskFolders(folder / "kiosk.toml", folder / "state")
        self.place.file.write_text(file)
        environ = {"RUNTIME_DIRECTORY": str(folder)}
        self.supervisor = Supervisor(self.place, load(self.place.file), "1.0", QUICK, self.command, environ)

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
        await asyncio.wait_for(task, 90)

    async def until(self, condition: Callable[[], object]) -> None:
        await until_in_loop(condition)

    async def anew(self, before: int) -> None:
        """Until another screen is well."""
        await self.until(lambda: self.pid() != before and self.supervisor.health().healthy)
