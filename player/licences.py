"""Keys for one playback: asks for a licence when samples need it, or before, and tells what it cost in time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.keysystem import KeyRequest
from drm_client.licence import LicenceClient
from player.clock import Clock
from player.errors import MatineeError
from player.events import Note, Observer, PhaseReached
from player.manifest.model import Presentation, Protection

_TRIES = 4
_BACKOFF_S = 0.5


@dataclass(frozen=True, slots=True)
class LicenceOffer:
    """Where a licence can be had, as the play session or the command line says."""

    url: str = field(repr=False)
    system: str | None = None
    session_id: str | None = None
    kids: tuple[bytes, ...] = ()


class LicenceDesk:
    """Fills the key ring of one playback. One exchange serves all who wait for it."""

    def __init__(
        self,
        client: LicenceClient,
        ring: KeyRing,
        offer: LicenceOffer | None,
        clock: Clock,
        observe: Observer,
    ) -> None:
        self._client = client
        self._ring = ring
        self._offer = offer
        self._clock = clock
        self._observe = observe
        self._protections: tuple[Protection, ...] = ()
        self._running: asyncio.Task[None] | None = None

    def knows(self, presentation: Presentation) -> None:
        """What the manifest says about protection."""
        self._protections = tuple(
            protection
            for period in presentation.periods
            for track in period.tracks
            for rendition in track.renditions
            for protection in rendition.protections
        )

    def prefetch(self) -> None:
        """Ask now for the keys that the offer names, while the manifest is still on its way."""
        if self._offer is not None and self._offer.kids and self._ring.missing(self._offer.kids):
            self._start(self._offer.kids)

    async def ensure(self, kids: Sequence[bytes], _pssh: Sequence[bytes]) -> None:
        """Return when the ring holds ``kids``. Raises DrmError, or the network's own error."""
        if self._running is not None and not self._running.done():
            await asyncio.shield(self._running)
        if self._ring.missing(kids):
            wanted = {*kids, *(kid for protection in self._protections for kid in protection.default_kids)}
            await asyncio.shield(self._start(tuple(sorted(wanted))))
        missing = self._ring.missing(kids)
        if missing:
            raise DrmError(
                DrmErrorCode.NO_KEY, "The licence holds no key for a part of this title.", kid=missing[0].hex()
            )

    async def close(self) -> None:
        """Give up what is still running and forget the keys."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        self._ring.clear()

    def _start(self, kids: tuple[bytes, ...]) -> asyncio.Task[None]:
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._acquire(kids), name="licence")
            self._running.add_done_callback(_retrieved)
        return self._running

    async def _acquire(self, kids: tuple[bytes, ...]) -> None:
        offer = self._offer
        request = KeyRequest(
            kids=kids,
            protections=self._protections,
            licence_url=None if offer is None else offer.url,
            system=None if offer is None else offer.system,
            session_id=None if offer is None else offer.session_id,
        )
        for attempt in range(1, _TRIES + 1):
            try:
                await self._client.acquire(request, self._ring)
            except (MatineeError, DrmError) as error:
                if not error.recoverable or attempt == _TRIES:
                    raise
                self._observe(
                    Note(self._clock.monotonic(), "retry", "The licence is asked for again.", code=str(error.code))
                )
                await self._clock.sleep(_BACKOFF_S * 2 ** (attempt - 1))
            else:
                self._observe(PhaseReached(self._clock.monotonic(), "licence"))
                return


def _retrieved(task: asyncio.Task[None]) -> None:
    """A failure that nobody waited for has not been lost: whoever needs the keys asks again."""
    if not task.cancelled():
        task.exception()
