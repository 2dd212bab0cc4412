"""Tells the service while a title plays, and that it plays no more (docs/protocol.md, Streams).

:class:`HeartbeatSchedule` decides what follows an answer; :class:`Heartbeats` does it, on the engine's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from drm_client.errors import DrmError
from player.base.clock import Clock
from player.base.errors import ANY_ERROR, ErrorCode, MatineeError, ServiceError
from player.net.model import RequestKind
from player.service.client import ServiceClient
from player.service.model import SESSION_OVER
from player.title.renewal import Renewal
from player.transfer.recovery import retry_after_s
from player.transfer.retry import pause_s

_log = logging.getLogger(__name__)

BEAT_S = 30.0
"""Until the service has said when it wants the next one."""
FAREWELL_S = 1.0
"""So long the end of a playback waits for the service to hear of it; where it does not, the place falls free by
itself a while later."""
_MOST_RENEWALS = 2  # with no heartbeat taken in between: this service wants none


class HeartbeatAction(Enum):
    """What follows: another heartbeat, a new play session, the end of the playback, or silence from now on."""

    BEAT = auto()
    RENEW = auto()
    END = auto()
    QUIET = auto()


@dataclass(frozen=True, slots=True)
class NextHeartbeat:
    """Do ``answer`` in ``in_s`` seconds."""

    answer: HeartbeatAction
    in_s: float = 0.0


class HeartbeatSchedule:
    """Pure. ``first_s`` is when the first heartbeat is due, in seconds from now."""

    def __init__(self, first_s: float = BEAT_S) -> None:
        self.first = NextHeartbeat(HeartbeatAction.BEAT, first_s)
        self._every_s = BEAT_S
        self._failures = 0
        self._renewals = 0

    def after_success(self, next_in_s: float) -> NextHeartbeat:
        """The service has taken a heartbeat and wants the next one in so many seconds."""
        self._every_s, self._failures, self._renewals = next_in_s, 0, 0
        return NextHeartbeat(HeartbeatAction.BEAT, next_in_s)

    def after_renewal(self) -> NextHeartbeat:
        """There is a new play session, which counts from its start as one that was just heard of."""
        self._failures = 0
        self._renewals += 1
        return NextHeartbeat(HeartbeatAction.BEAT, self._every_s)

    def after_failure(self, error: MatineeError | DrmError, *, renewing: bool = False) -> NextHeartbeat:
        """A heartbeat, or the new play session (``renewing``), was not had. A refusal ends the playback; a play
        session that is over is followed by another one; anything else passes, as the error matrix has it."""
        if is_refusal(error):
            return NextHeartbeat(HeartbeatAction.END)
        if not renewing and _is_over(error):
            return (
                NextHeartbeat(HeartbeatAction.RENEW)
                if self._renewals < _MOST_RENEWALS
                else NextHeartbeat(HeartbeatAction.QUIET)
            )
        retry_s = pause_s(RequestKind.API, error, self._failures, seed=self._failures)
        self._failures += 1
        if retry_s is None:
            retry_s = max(self._every_s, retry_after_s(error) or 0.0)
        return NextHeartbeat(HeartbeatAction.RENEW if renewing else HeartbeatAction.BEAT, retry_s)


def is_refusal(error: MatineeError | DrmError) -> bool:
    """Whether it is the service itself that says that this viewer may not go on; what stands between says no, too,
    but names no reason that we know."""
    if not isinstance(error, ServiceError):
        return False
    name = error.fields.get("problem")
    if name in SESSION_OVER:
        return False
    if error.code is ErrorCode.SERVICE_SIGN_IN or name == "title_not_found":
        return True
    return bool(name) and error.fields.get("status") in (401, 403)


def _is_over(error: MatineeError | DrmError) -> bool:
    return error.fields.get("problem") in SESSION_OVER or error.fields.get("status") in (404, 410)


class NoHeartbeats:
    """Where no service gave the addresses, there is nobody to tell."""

    async def close(self) -> None:
        """Nothing runs."""


class Heartbeats:
    """One for each playback whose addresses the service gave. ``renewal`` knows the play session, also when others
    have renewed it; ``place`` tells the position (s) and whether it moves; ``on_end`` hears the refusal that ends the
    playback. Made on the engine's loop, where it runs until :meth:`close`."""

    def __init__(
        self,
        service: ServiceClient,
        renewal: Renewal,
        place: Callable[[], tuple[float, bool]],
        on_end: Callable[[MatineeError | DrmError], None],
        clock: Clock,
        first_s: float = BEAT_S,
    ) -> None:
        self._service = service
        self._renewal = renewal
        self._place = place
        self._on_end = on_end
        self._clock = clock
        self._schedule = HeartbeatSchedule(first_s)
        self._running = asyncio.get_running_loop().create_task(self._run(), name="heartbeats")

    async def close(self, patience_s: float = FAREWELL_S) -> None:
        """Tell the service that the playback is over, as far as that can be done in ``patience_s`` seconds."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._service.end_play(self._renewal.session_id)
        except ANY_ERROR as error:
            _log.info("the service was not told of the end: %s", error.code)

    async def _run(self) -> None:
        following = self._schedule.first
        while following.answer is not HeartbeatAction.QUIET:
            await self._clock.sleep(following.in_s)
            renewing = following.answer is HeartbeatAction.RENEW
            try:
                following = await (self._renew() if renewing else self._beat())
            except ANY_ERROR as error:
                following = self._schedule.after_failure(error, renewing=renewing)
                if following.answer is HeartbeatAction.END:
                    self._on_end(error)
                    return
                _log.info("the service did not take a heartbeat: %s", error.code)

    async def _beat(self) -> NextHeartbeat:
        session_id = self._renewal.session_id
        position_s, moving = self._place()
        try:
            return self._schedule.after_success(await self._service.heartbeat(session_id, position_s, playing=moving))
        except ServiceError as error:
            if _is_over(error) and session_id != self._renewal.session_id:
                return self._schedule.after_renewal()  # new addresses came meanwhile, with a session of their own
            raise

    async def _renew(self) -> NextHeartbeat:
        await self._renewal.renew()
        return self._schedule.after_renewal()
