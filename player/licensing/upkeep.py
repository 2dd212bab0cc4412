"""Upkeep of kept licences in the background of every program that has an engine: at the start, when the service can
be reached again, and as often as the last pass said, at least daily."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from drm_client.errors import DrmError
from drm_client.upkeep import KeptMedia, UpkeepReport
from drm_client.vault import FILE_NAME
from player.base.clock import Clock
from player.licensing.device_rights import DeviceRights

FIRST_S = 5.0
"""The start of the program, and of a playback, goes first."""
RETRY_S = 60.0
LOOK_S = 600.0
_log = logging.getLogger(__name__)

Rights = Callable[[], Awaitable[Sequence[DeviceRights]]]


class LicenceUpkeep:
    """Runs :class:`drm_client.upkeep.KeptLicenceUpkeep` for each service that licences are kept of, on the engine's
    loop. ``on_report`` hears of every pass that was made, and in between of what is nearly over. Each service by
    itself: one that does not answer holds up no other. ``media`` is what the licences are kept for."""

    def __init__(
        self,
        profile: Path,
        rights: Rights,
        clock: Clock,
        on_report: Callable[[UpkeepReport], None] = lambda _: None,
        media: KeptMedia | None = None,
    ) -> None:
        self._vault = profile / FILE_NAME
        self._rights = rights
        self._clock = clock
        self._on_report = on_report
        self._media = media
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin; to be called on the loop."""
        self._tasks[""] = asyncio.get_running_loop().create_task(self._run(), name="licence upkeep")

    async def close(self) -> None:
        """End the passes that run, and begin no other."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def run_now(self, service: str | None = None) -> tuple[UpkeepReport, ...]:
        """One pass with each service, or with the one at ``service``, due or not; none where nothing is kept. Raises
        DrmError where the vault does not open."""
        found = await self._open()
        await self._tidy()
        wanted = [rights for rights in found if service is None or rights.service.address == service.rstrip("/")]
        return tuple(await asyncio.gather(*map(self._pass, wanted)))

    async def _open(self) -> Sequence[DeviceRights]:
        return await self._rights() if await asyncio.to_thread(self._vault.exists) else ()

    async def _tidy(self) -> None:
        """Before a pass, so that it sends the receipts too. What cannot be finished now holds no pass up."""
        if self._media is not None and await asyncio.to_thread(self._vault.exists):
            with _outliving():
                await self._media.finish_removals()

    async def _pass(self, rights: DeviceRights) -> UpkeepReport:
        report = await rights.upkeep.run(self._media)
        self._on_report(report)
        for name, error in report.failed.items():
            _log.info("upkeep of licences, %s: %s", name, getattr(error, "code", type(error).__name__))
        return report

    async def _run(self) -> None:
        """Look which services there are."""
        await self._clock.sleep(FIRST_S)
        while True:
            await self._tidy()
            with _outliving():
                for rights in await self._open():
                    address = rights.service.address
                    if address not in self._tasks:
                        self._tasks[address] = asyncio.ensure_future(self._keep_up(rights))
            await self._clock.sleep(LOOK_S)

    async def _keep_up(self, rights: DeviceRights) -> None:
        """Make the passes with one service when they are due; after a failure soon, then less often."""
        retry_s = RETRY_S
        while True:
            wait_s = LOOK_S
            with _outliving():
                due_s = await asyncio.to_thread(rights.upkeep.claim)
                if due_s > 0.0 and retry_s == RETRY_S:
                    wait_s = min(due_s, LOOK_S)
                    seen = await asyncio.to_thread(rights.upkeep.look)
                    if seen.ending:
                        self._on_report(seen)
                elif (await self._pass(rights)).failed:
                    wait_s = retry_s = min(2 * retry_s, LOOK_S)
                else:
                    retry_s = RETRY_S
            await self._clock.sleep(wait_s)


@contextlib.contextmanager
def _outliving() -> Iterator[None]:
    """Upkeep goes on whatever breaks a look or a pass: without it a device would renew nothing until its next start.
    What is wrong with the vault is said by whoever needs it."""
    try:
        yield
    except DrmError as error:
        _log.info("upkeep of licences waits: %s", error.code)
    except Exception:  # noqa: BLE001 - whatever it was, the next look may go well
        _log.warning("upkeep of licences broke off", exc_info=True)
