"""An accident at a service: its clock is five years ahead for an hour, and it signs all the same (an older one,
without ``backend_stub.services.rights.time_guard``). One simulated client at a time, with real vaults and licences,
those of another service that is right all the time among them.

``python -m tests.drm_client.wrong_hour CLIENTS [SEED]`` simulates so many.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from drm_client.errors import DrmError
from drm_client.keys import KeyRing
from drm_client.offline import OfflineLicences
from drm_client.rights import RightsState
from drm_client.upkeep import KeptLicenceUpkeep
from player.licensing.upkeep import LOOK_S
from tests.drm_client.offline_kit import ORDER
from tests.drm_client.test_issuers import TwoServices
from tests.kit.licence_server import DAY, HOUR, Offline, RealTime, Terms

FIVE_YEARS = 5 * 365 * DAY
STEP_S = 300.0
PLAY_S, LICENCE_S = 30 * HOUR, 90 * HOUR


@dataclass
class _Played:
    """A licence, who has it from which service, and when its title was first played by the real clock."""

    licences: OfflineLicences
    licence_id: str
    acquired_at: float
    played_at: float | None = None


class Client:
    """One device: its wall clock may be wrong, it may be off, without a network, or new during the accident."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        terms = Terms(licence_s=LICENCE_S, play_s=PLAY_S, rental=True, renew_after_s=10 * HOUR)
        self.desk = TwoServices(folder, terms)
        self.desk.server.goes_on = self.desk.other_server.goes_on = True
        self.desk.other_server.terms = terms
        self.desk.other_server.time = self.desk.machine.real
        self.machine = self.desk.machine
        self.wrong = False
        wall = self.random.random()
        if wall < 0.1:
            self.machine.wall_error_s = -self.machine.real.at_s  # an empty battery: 1970
        elif wall < 0.3:
            self.machine.wall_error_s = self.random.choice([-3, -0.5, 0.5, 3]) * self.random.random() * 300 * DAY
        self.kept: list[_Played] = []
        self.failures: list[str] = []

    async def live(self) -> list[str]:
        """Two hours before, the wrong hour, and the hour after; what is not whole then."""
        began = self.machine.real.at_s
        new = self.random.random() < 0.3
        if not new:
            await self._keep_one()
        while (now_s := self.machine.real.at_s - began) < 4 * HOUR:
            self._set_clock(wrong=2 * HOUR <= now_s < 3 * HOUR)
            for server in (self.desk.server, self.desk.other_server):
                server.online = self.random.random() < (0.9 if now_s < 3 * HOUR else 1.0)
            if now_s < 3 * HOUR or now_s >= 3 * HOUR + STEP_S:
                await self._do_something(after=now_s >= 3 * HOUR)
            self._pass_time(STEP_S)
        await self._upkeep()
        return [*self.failures, *(text for one in self.kept if (text := self._what_is_wrong(one)))]

    def _set_clock(self, *, wrong: bool) -> None:
        if wrong != self.wrong:
            self.wrong = wrong
            at_s = self.machine.real.at_s
            self.desk.server.time = RealTime(at_s + FIVE_YEARS) if wrong else self.machine.real

    def _pass_time(self, seconds: float) -> None:
        if self.random.random() < 0.05:
            self.machine.restart(seconds)
        else:
            self.machine.run(seconds)
        if self.wrong:
            self.desk.server.time.at_s += seconds

    async def _do_something(self, *, after: bool) -> None:
        await self._upkeep()
        chance = self.random.random()
        if chance < 0.04 and len(self.kept) < 4:
            await self._keep_one()
        elif chance < 0.10 and self.kept:
            self._play(self.random.choice(self.kept))
        elif chance < 0.16 and self.kept and not after:
            with contextlib.suppress(DrmError, Offline):
                one = self.random.choice(self.kept)
                (await one.licences.renew(one.licence_id)).clear()

    async def _upkeep(self) -> None:
        """As the background of a program does it: at least every ``LOOK_S`` it is seen whether a pass is due."""
        assert STEP_S <= LOOK_S
        for licences, service in (
            (self.desk.licences, self.desk.service),
            (self.desk.others, self.desk.other_service),
        ):
            work = KeptLicenceUpkeep(self.desk.vault, licences, service)
            if work.due_s() <= 0.0:
                await work.run()

    async def _keep_one(self) -> None:
        order = replace(ORDER, session_id=f"download-{len(self.kept) + 1}")
        licences = self.random.choice([self.desk.licences, self.desk.others])
        try:
            licence_id = (await licences.acquire(order)).licence_id
        except (DrmError, Offline):
            return
        self.kept.append(_Played(licences, licence_id, self.machine.real.at_s))

    def _play(self, one: _Played) -> None:
        ring = KeyRing()
        try:
            one.licences.open(one.licence_id, ring)
        except DrmError:
            return
        ring.clear()
        if one.played_at is None:
            one.played_at = self.machine.real.at_s

    def _what_is_wrong(self, one: _Played) -> str:
        standing = one.licences.standing(one.licence_id)
        now_s = self.machine.real.at_s
        if standing.state not in (RightsState.READY, RightsState.STARTED):
            return f"{standing.state}: {standing.sentence}"
        if standing.licence_s is None or standing.licence_s > LICENCE_S + 1:
            return f"won: the licence lasts {standing.licence_s} s"
        if standing.licence_s < LICENCE_S - (now_s - one.acquired_at) - 301:
            return f"lost: the licence lasts {standing.licence_s} s"
        if one.played_at is not None:
            true_s = PLAY_S - (now_s - one.played_at)
            # A wall clock that lags may date a first play too early, and a machine that was off while its service was
            # wrong too late: by what passed meanwhile.
            if standing.playback_s is None or not -1800 <= standing.playback_s - true_s <= 1800:
                return f"the playback clock says {standing.playback_s}, it is {true_s}"
        return ""


def simulate(clients: int, seed: int) -> list[str]:
    """What is not whole an hour after the mend, over so many clients. In memory where there is a file system for
    that: the disk is not what is tried here."""
    wrong, memory = [], Path("/dev/shm")
    for number in range(clients):
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
            client = Client(Path(folder), seed * 1_000_000 + number)
            try:
                wrong += [f"client {number}: {text}" for text in asyncio.run(client.live())]
            finally:
                client.desk.vault.close()
    return wrong


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    started = time.perf_counter()
    found = simulate(count, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print("\n".join(found))
    print(f"{count} clients, {len(found)} not whole an hour after the mend ({time.perf_counter() - started:.0f} s)")
    sys.exit(1 if found else 0)
