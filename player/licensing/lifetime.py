"""A licence while it is in use: renewed in time, and the playback ended when its time is up."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.licence import Licence
from drm_client.offline import OfflineLicences
from drm_client.rights import RightsState
from player.base.clock import Clock
from player.base.errors import ANY_ERROR
from player.reporting.events import Note, Observer, RightsTold

CHECK_S = 15.0
RETRY_S = 60.0
_EARLY_SHARE = 0.1  # a streaming licence that names no renewal time is renewed in the last tenth of its life
_EARLY_MOST_S = 600.0


@dataclass(frozen=True, slots=True)
class LicenceStanding:
    """How a licence in use stands: ``remaining_s`` until playing must end (None: never), ``ended`` why it may not go
    on, None while it may. ``sentence`` is for the viewer."""

    remaining_s: float | None
    renewal_due: bool
    sentence: str = ""
    ended: DrmError | None = None


class LicenceInUse(Protocol):
    """A licence in use. ``standing`` raises DrmError where what is kept of it is damaged or gone."""

    async def standing(self) -> LicenceStanding: ...

    async def renew(self) -> None: ...


async def watch(holding: LicenceInUse, clock: Clock, observe: Observer) -> DrmError:
    """Keep a licence alive, and return why it ended. A renewal that fails is tried again; meanwhile playing goes on
    for as long as the licence permits."""
    tried_at, told = -math.inf, ""
    while True:
        try:
            held = await holding.standing()
        except DrmError as error:  # it was damaged or removed while it is in use
            return error
        if held.ended is not None:
            return held.ended
        if held.sentence != told:
            told = held.sentence
            observe(RightsTold(clock.monotonic(), told, held.remaining_s))
        if held.renewal_due and clock.monotonic() - tried_at >= RETRY_S:
            tried_at = clock.monotonic()
            await _renew(holding, clock, observe)
            continue
        left_s = CHECK_S if held.remaining_s is None else held.remaining_s
        await clock.sleep(min(CHECK_S, max(left_s, 0.25)))


async def _renew(holding: LicenceInUse, clock: Clock, observe: Observer) -> None:
    try:
        await holding.renew()
    except ANY_ERROR as error:
        observe(Note(clock.monotonic(), "retry", "The licence could not be renewed yet.", code=str(error.code)))
    else:
        observe(Note(clock.monotonic(), "licence", "The licence was renewed."))


class StreamingLicenceInUse:
    """A licence for a play session. ``reacquire`` gets another one; ``now`` gives seconds since 1970."""

    def __init__(
        self, licence: Licence, now: Callable[[], float], reacquire: Callable[[], Awaitable[Licence]]
    ) -> None:
        self._licence = licence
        self._began_at = now()
        self._now = now
        self._reacquire = reacquire

    async def standing(self) -> LicenceStanding:
        policy, now_s = self._licence.policy, self._now()
        if policy.expires_at is None:
            return LicenceStanding(None, renewal_due=False)
        remaining_s = policy.expires_at + policy.grace_s - now_s
        if remaining_s <= 0:
            return LicenceStanding(0.0, renewal_due=False, ended=_run_out())
        early_s = min((policy.expires_at - self._began_at) * _EARLY_SHARE, _EARLY_MOST_S)
        from_at = policy.expires_at - early_s if policy.renew_from_at is None else policy.renew_from_at
        return LicenceStanding(remaining_s, renewal_due=now_s >= from_at)

    async def renew(self) -> None:
        self._licence = await self._reacquire()
        self._began_at = self._now()


class KeptLicenceInUse:
    """A kept licence that a playback uses since ``since_s`` (trusted seconds since 1970)."""

    def __init__(self, licences: OfflineLicences, licence_id: str, since_s: float) -> None:
        self._licences = licences
        self._licence_id = licence_id
        self._since_s = since_s

    async def standing(self) -> LicenceStanding:
        standing = await asyncio.to_thread(self._licences.standing, self._licence_id, watching_since_s=self._since_s)
        ended = None
        if not standing.may_play:
            code = (
                DrmErrorCode.LICENCE_REVOKED
                if standing.state is RightsState.REVOKED
                else DrmErrorCode.LICENCE_EXPIRED
            )
            ended = DrmError(code, standing.sentence, state=str(standing.state))
        return LicenceStanding(standing.remaining_s, standing.renewal_due, standing.sentence, ended)

    async def renew(self) -> None:
        (await self._licences.renew(self._licence_id)).clear()


def _run_out() -> DrmError:
    return DrmError(DrmErrorCode.LICENCE_EXPIRED, "The licence for this title has run out.", recoverable=True)
