"""Tells the service how far a title has been watched, so that another device can go on there."""

from __future__ import annotations

import logging
import uuid

from player.clock import Clock
from player.errors import MatineeError
from player.opening import DeviceId, Source
from player.service import ProgressItem, ServiceClient

INTERVAL_S = 30.0
_WORTH_TELLING_S = 1.0

_log = logging.getLogger(__name__)


class ProgressReporter:
    """One per playback of a title. A report that is lost is followed by the next one; nothing waits for it."""

    def __init__(self, service: ServiceClient, title_id: str, device_id: str, clock: Clock) -> None:
        self._service = service
        self._title_id = title_id
        self._device_id = device_id
        self._clock = clock
        self._last_s = clock.monotonic()
        self._told_s = -_WORTH_TELLING_S

    def is_due(self) -> bool:
        """Whether the interval has passed since the last report."""
        return self._clock.monotonic() - self._last_s >= INTERVAL_S

    async def report(self, position_s: float, duration_s: float) -> None:
        """Send the position now, unless it is the one the service knows."""
        self._last_s = self._clock.monotonic()
        if abs(position_s - self._told_s) < _WORTH_TELLING_S:
            return
        item = ProgressItem(
            str(uuid.uuid4()), self._title_id, position_s, duration_s, self._clock.wall(), self._device_id
        )
        try:
            await self._service.progress([item])
        except MatineeError as error:
            _log.info("the position could not be reported: %s", error.code)
        else:
            self._told_s = position_s


async def reporter_for(
    source: Source, service: ServiceClient | None, device_id: DeviceId | None, clock: Clock
) -> ProgressReporter | None:
    """A reporter for a title of a service; None for anything else."""
    if not source.title_id or service is None or device_id is None:
        return None
    device = await device_id()
    return None if device is None else ProgressReporter(service, source.title_id, device, clock)
