"""Days of a kiosk's upkeep in seconds: outages, suspend, wrong wall clocks, restarts of the machine and of the
program, and of the service under another key. The real upkeep, vault and licences; time alone is made up.

``python -m tests.kit.upkeep_days DAYS [SEED]`` lives so many days.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import cast

from drm_client.keystore import FileKeyStore
from drm_client.rights import RightsState
from drm_client.upkeep import KeptLicenceUpkeep, UpkeepReport
from drm_client.vault import FILE_NAME
from player.licensing.device_rights import DeviceRights
from player.licensing.upkeep import LicenceUpkeep
from tests.drm_client.offline_kit import ORDER, Desk
from tests.kit.clock import FakeClock
from tests.kit.licence_server import DAY, HOUR, START, RealTime, Terms

LICENCE_DAYS = 5
_KINDS = ("licence", "receipt", "removal", "use", "clock", "clock-audit", "trust", "upkeep", "revocations")


class ClockedTime(RealTime):
    """The time of a test's clock, and what passed while the machine was asleep or off."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._beside_s = START - clock.monotonic()

    @property
    def at_s(self) -> float:  # type: ignore[override]
        return self._clock.monotonic() + self._beside_s

    @at_s.setter
    def at_s(self, value: float) -> None:
        self._beside_s = value - self._clock.monotonic()


@dataclass
class Rights:
    """As :class:`DeviceRights`, as far as upkeep looks."""

    desk: Desk

    @property
    def service(self) -> object:
        return self.desk.service

    @property
    def upkeep(self) -> KeptLicenceUpkeep:
        return KeptLicenceUpkeep(self.desk.vault, self.desk.licences, self.desk.service)


class Kiosk:
    """One machine on which the program runs, and is ended and begun again."""

    def __init__(self, folder: Path, clock: FakeClock) -> None:
        self.clock = clock
        self.folder = folder
        self.desk = Desk(
            folder, Terms(licence_s=LICENCE_DAYS * DAY, renew_after_s=4 * DAY), FileKeyStore(folder, b"m")
        )
        self.desk.machine.real = self.desk.server.time = ClockedTime(clock)
        self.reports: list[UpkeepReport] = []
        self.program: LicenceUpkeep | None = None

    async def begin(self) -> None:
        async def rights() -> Sequence[DeviceRights]:
            return [cast(DeviceRights, Rights(self.desk))]

        self.program = LicenceUpkeep(self.folder, rights, self.clock, self.reports.append)
        self.program.start()

    async def end(self) -> None:
        if self.program is not None:
            assert len(self.program._tasks) <= 2, "tasks pile up"
            await self.program.close()
        self.program = None

    async def restart(self, off_s: float) -> None:
        await self.end()
        self.desk.machine.restart(off_s)
        self.desk.reopen()
        await self.begin()


def live(days: int, seed: int) -> str:
    """What was done in so many days; AssertionError with what did not come, or piled up."""
    memory = Path("/dev/shm")  # each change of a vault waits for the disk
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        return asyncio.run(_live(Path(folder), days, seed))


async def _live(tmp_path: Path, days: int, seed: int) -> str:
    random = Random(seed)
    clock = FakeClock(waits_for_threads=True)
    kiosk = Kiosk(tmp_path, clock)
    desk, server = kiosk.desk, kiosk.desk.server
    renewable = [
        (await desk.licences.acquire(replace(ORDER, session_id=f"download-{number}"))).licence_id
        for number in range(3)
    ]
    desk.server.terms = Terms(licence_s=days / 2 * DAY, renew_after_s=None)
    ends = (await desk.licences.acquire(replace(ORDER, session_id="ends"))).licence_id
    desk.server.terms = Terms(licence_s=LICENCE_DAYS * DAY, renew_after_s=4 * DAY)
    entries, calls, outage_left = 0, Counter[str](), 0.0
    await kiosk.begin()
    for day in range(days):
        before = len(server.calls)
        for _ in range(24):
            trouble = random.choice(["none"] * 8 + ["outage", "suspend", "restart", "program", "clock", "service"])
            calls[trouble] += 1
            if trouble == "outage" and outage_left <= 0:
                outage_left = random.choice([1, 5, 30]) * HOUR
            elif trouble == "suspend":
                desk.machine.run(random.random() * 6 * HOUR)
            elif trouble == "restart":
                await kiosk.restart(random.random() * 6 * HOUR)
            elif trouble == "program":
                await kiosk.end()
                desk.reopen()
                await kiosk.begin()
            elif trouble == "clock":
                desk.machine.wall_error_s = random.choice([0.0, 0.0, 3600.0, -3600.0, 900 * DAY, -900 * DAY])
            elif trouble == "service" and len(server.signers) < 40:
                server.rotate()
            server.online = outage_left <= 0
            outage_left -= HOUR
            await clock.advance(HOUR)
        assert len(server.calls) - before < 24 * 60, f"day {day}: the service is asked too often"
        if outage_left < -3 * HOUR:  # the network has been back for hours
            for licence_id in renewable:
                standing = desk.licences.standing(licence_id)
                assert standing.may_start, f"seed {seed}, day {day}: {standing}"
        size = len(desk.vault.check()), sum(len(desk.vault.names(kind)) for kind in _KINDS)
        entries = entries or size[1]
        assert size[0] == 0
        assert size[1] <= entries + 3, "the vault grows"
    server.online = True
    desk.machine.wall_error_s = 0.0
    await clock.advance(6 * HOUR)
    await kiosk.end()
    for licence_id in renewable:
        standing = desk.licences.standing(licence_id)
        assert standing.may_start, standing
        assert desk.licences.store.get(licence_id).rights.policy.sequence >= days // (LICENCE_DAYS + 2)
    assert desk.licences.standing(ends).state is RightsState.EXPIRED
    told = [report for report in kiosk.reports if ends in {one.licence_id for one in report.ending}]
    assert told, "nobody was told that a title ends"
    assert (tmp_path / FILE_NAME).stat().st_size < 400_000
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "files are left"
    desk.vault.close()
    assert days < 6 or set(calls) >= {"outage", "suspend", "restart", "program", "clock", "service"}
    renewed = sum(len(report.renewed) for report in kiosk.reports)
    return f"{days} days: {len(kiosk.reports)} passes and notices, {renewed} licences renewed, {dict(calls)}"


if __name__ == "__main__":
    began = time.perf_counter()
    print(
        live(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1), f"({time.perf_counter() - began:.0f} s)"
    )
