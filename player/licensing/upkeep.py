"""Upkeep of kept licences in the background of every program that has an engine: at the start, when the service can
be reached again, and as often as the last pass said, at least daily."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from drm_client.errors import DrmError
from drm_client.upkeep import DAILY_S, UpkeepReport
from drm_client.vault import FILE_NAME
from player.base.clock import Clock
from player.licensing.device_rights import DeviceRights

FIRST_S = 5.0
"""The start of the program, and of a playback, goes first."""
RETRY_S = 60.0
LOOK_S = 600.0
_log = logging.getLogger(__name__)

Rights = Callable[[], Awaitable[DeviceRights | None]]


class LicenceUpkeep:
    """Runs :class:`drm_client.upkeep.KeptLicenceUpkeep` on the engine's loop. ``on_report`` hears of
    every pass that was made."""

    def __init__(
        self, profile: Path, rights: Rights, clock: Clock, on_report: Callable[[UpkeepReport], None] = lambda _: None
    ) -> None:
        self._vault = profile / FILE_NAME
        self._rights = rights
        self._clock = clock
        self._on_report = on_report
        self._task: asyncio.Task[None] | None = None
        self._retry_s = RETRY_S

    def start(self) -> None:
        """Begin; to be called on the loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="licence upkeep")

    async def close(self) -> None:
        """End the pass that runs, and begin no other."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def run_now(self) -> UpkeepReport | None:
        """One pass, due or not; None where nothing is kept. Raises DrmError where the vault does not open."""
        if not await asyncio.to_thread(self._vault.exists):
            return None
        rights = await self._rights()
        if rights is None:
            return None
        report = await rights.upkeep.run()
        self._on_report(report)
        for name, error in report.failed.items():
            _log.info("upkeep of licences, %s: %s", name, getattr(error, "code", type(error).__name__))
        return report

    async def _run(self) -> None:
        await self._clock.sleep(FIRST_S)
        while True:
            wait_s = LOOK_S
            with contextlib.suppress(DrmError):  # whoever needs the vault says what is wrong with it
                wait_s = await self._pass_if_due()
            await self._clock.sleep(wait_s)

    async def _pass_if_due(self) -> float:
        """Seconds until the next look."""
        if not await asyncio.to_thread(self._vault.exists):
            return LOOK_S
        rights = await self._rights()
        if rights is None:
            return DAILY_S
        due_s = await asyncio.to_thread(rights.upkeep.due_s)
        if due_s > 0.0 and self._retry_s == RETRY_S:
            return min(due_s, LOOK_S)
        report = await self.run_now()
        if report is not None and report.failed:
            self._retry_s = min(2 * self._retry_s, LOOK_S)
            return self._retry_s
        self._retry_s = RETRY_S
        return LOOK_S
