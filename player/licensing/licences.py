"""Keys for one playback: asks for a licence when samples need it, or before, tells what it cost in time, and ends the
playback when the licence ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.keysystem import KeyRequest, LicenceCall
from drm_client.licence import Licence, LicenceClient
from drm_client.offline import OfflineLicences
from player.base.clock import Clock
from player.base.errors import ANY_ERROR, ErrorCode, MatineeError
from player.licensing.lifetime import KeptLicenceInUse, LicenceInUse, StreamingLicenceInUse, watch
from player.manifest.model import Presentation, Protection
from player.net.model import Request, RequestKind
from player.reporting.events import Note, Observer, PhaseReached
from player.service.model import SESSION_OVER
from player.transfer.recovery import Action, Situation, Step
from player.transfer.retry import run

_MOST_KIDS = 64  # of one request (docs/protocol.md)
_SETTLE_S = 5.0
_MOST_TOGETHER = 16  # keys of all periods that are asked for at once


@dataclass(frozen=True, slots=True)
class LicenceOffer:
    """Where a licence is available, as the play session or the command line says; or the one that is kept here
    (``kept_id``)."""

    url: str = field(default="", repr=False)
    system: str | None = None
    session_id: str | None = None
    kids: tuple[bytes, ...] = ()
    title_id: str | None = None
    signed_url: str | None = field(default=None, repr=False)
    kept_id: str | None = None


Reoffer = Callable[[], Awaitable[LicenceOffer | None]]
"""Asks for another play session, whose licence goes on where the old one ends."""


OpenKept = Callable[[], Awaitable[OfflineLicences | None]]


def _ignore(_error: DrmError) -> None:
    """Nobody wants to know."""


class PlaybackLicences:
    """Fills the key ring of one playback. One exchange serves all who wait for it.

    ``kept`` opens the licences that are kept here. ``on_end`` is called when the licence ends while it is in use (its
    keys are gone then), or when a kept one permits no playing at all. ``initiator`` is the manifest's address, where
    that is what leads to the licence server.
    """

    def __init__(
        self,
        client: LicenceClient,
        ring: KeyRing,
        offer: LicenceOffer | None,
        clock: Clock,
        observe: Observer,
        *,
        kept: OpenKept | None = None,
        reoffer: Reoffer | None = None,
        on_end: Callable[[DrmError], None] = _ignore,
        initiator: str = "",
    ) -> None:
        self._client = client
        self._ring = ring
        self._offer = offer
        self._clock = clock
        self._observe = observe
        self._kept = kept
        self._reoffer = reoffer
        self._on_end = on_end
        self._initiator = initiator
        self._protections: tuple[tuple[Protection, ...], ...] = ()  # by period
        self._changes_keys = False  # from period to period, and there are too many for one licence
        self._running: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._renewed_for: set[bytes] = set()

    async def admit(self, presentation: Presentation) -> None:
        """Take in what the manifest says about protection, and check a kept licence.

        Returns once the licence that is kept here permits playback, if the title plays with one: a title without keys
        needs the right too. Raises DrmError.
        """
        self._knows(presentation)
        if self._offer is not None and self._offer.kept_id is not None and self._running is not None:
            await asyncio.shield(self._running)

    def prefetch(self) -> None:
        """Ask now for the keys that the offer names, while the manifest is still on its way."""
        if self._offer is None:
            return
        if self._offer.kept_id is not None or (self._offer.kids and self._ring.missing(self._offer.kids)):
            self._start(tuple(reversed(self._offer.kids)))  # a channel's newest keys come last

    async def ensure(self, kids: Sequence[bytes], _pssh: Sequence[bytes]) -> None:
        """Return when the ring holds ``kids``. Raises DrmError, or the network's own error."""
        if self._running is not None and not self._running.done():
            await asyncio.shield(self._running)
        if self._ring.missing(kids) and (self._offer is None or self._offer.kept_id is None):
            others = {kid for protection in self._around(kids) for kid in protection.default_kids} - set(kids)
            await asyncio.shield(self._start((*dict.fromkeys(kids), *others)))
        if self._ring.missing(kids):
            await self._renew_kept(kids)
        missing = self._ring.missing(kids)
        if missing:
            raise DrmError(
                DrmErrorCode.NO_KEY, "The licence holds no key for a part of this title.", kid=missing[0].hex()
            )

    @property
    def asking(self) -> bool:
        """Whether a licence is being asked for."""
        return self._running is not None and not self._running.done()

    async def close(self) -> None:
        """Give up what is still running and forget the keys."""
        tasks = [task for task in (self._running, self._watching) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._ring.clear()

    def _knows(self, presentation: Presentation) -> None:
        self._protections = tuple(
            tuple(
                protection
                for track in period.tracks
                for rendition in track.renditions
                for protection in rendition.protections
            )
            for period in presentation.periods
        )
        known = {kid for protection in chain.from_iterable(self._protections) for kid in protection.default_kids}
        several = len(presentation.periods) > 1
        self._changes_keys = several and (presentation.live or len(known) > _MOST_TOGETHER)

    def _around(self, kids: Sequence[bytes]) -> tuple[Protection, ...]:
        """Return what the manifest says of these keys, and of all others of the title if it never changes its keys.
        The past keys of a channel may be gone, and may be more than a licence holds."""
        if not self._changes_keys:
            return tuple(chain.from_iterable(self._protections))
        used = [each for each in self._protections if any(set(kids) & set(one.default_kids) for one in each)]
        return tuple(chain.from_iterable(used))

    def _start(self, kids: tuple[bytes, ...]) -> asyncio.Task[None]:
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._acquire(kids), name="licence")
            self._running.add_done_callback(_retrieved)
        return self._running

    async def _acquire(self, kids: tuple[bytes, ...]) -> None:
        if self._offer is not None and self._offer.kept_id is not None:
            holding: LicenceInUse = await self._open_kept(self._offer.kept_id)
        else:
            licence = await self._ask(kids)
            holding = StreamingLicenceInUse(licence, self._client.now, self._reacquire)
        self._observe(PhaseReached(self._clock.monotonic(), "licence"))
        self._watch(holding)

    async def _open_kept(self, licence_id: str) -> LicenceInUse:
        """Take the keys out of the kept licence; nobody may need them (a clear title), and the rights hold all the
        same. Where only the service can permit playing, it is asked once."""
        try:
            kept = None if self._kept is None else await self._kept()
            if kept is None:
                raise DrmError(DrmErrorCode.NO_LICENCE, "There is no licence for this title on this device.")
            try:
                opened = await asyncio.to_thread(kept.open, licence_id, self._ring)
            except DrmError as error:
                if not error.recoverable or "state" not in error.fields or not await self._settle(kept, licence_id):
                    raise
                opened = await asyncio.to_thread(kept.open, licence_id, self._ring)
        except DrmError as error:
            self._on_end(error)
            raise
        return KeptLicenceInUse(kept, licence_id, opened.since_s)

    async def _settle(self, kept: OfflineLicences, licence_id: str) -> bool:
        """Whether the service was heard about a licence within a few seconds."""
        try:
            await asyncio.wait_for(kept.settle(licence_id), _SETTLE_S)
        except (*ANY_ERROR, TimeoutError) as error:
            self._note("retry", "The service could not be asked about the licence.", error)
            return False
        return True

    async def _ask(self, kids: tuple[bytes, ...], *, fresh: bool = False) -> Licence:
        """A licence for ``kids``, the most needed first, asked for as the error matrix says. ``fresh``: not the one
        that is remembered.

        One that is refused because the play session is over is asked for with a new session, once; so is every
        ``fresh`` one.
        """
        began_s, rounds, reoffer = self._clock.monotonic(), 0, self._reoffer

        def situation(_error: MatineeError | DrmError) -> Situation:
            return Situation(rounds, waited_s=self._clock.monotonic() - began_s, under_way=bool(self._ring.kids()))

        async def take(step: Step, error: MatineeError | DrmError) -> bool:
            nonlocal rounds, reoffer
            if step.action in (Action.RETRY, Action.WAIT_FOR_NETWORK):
                self._note("retry", "The licence is requested again.", error)
                await self._clock.sleep(step.delay_s)
                rounds += 1
                return True
            offer = await reoffer() if reoffer is not None and (fresh or _is_about_session(error)) else None
            if offer is None:
                return False
            self._offer, reoffer = offer, None
            return True

        async def acquire() -> Licence:
            return await self._client.acquire(self._request(kids), self._ring, fresh=fresh)

        return await run(RequestKind.LICENCE, acquire, situation, take, lambda: 0, ANY_ERROR)

    async def _reacquire(self) -> Licence:
        """Another licence for all keys in use, the newest first: for the same session, or for a new one when that is
        over."""
        return await self._ask(tuple(reversed(self._ring.kids())), fresh=True)

    async def _renew_kept(self, kids: Sequence[bytes]) -> None:
        """The title has keys that the licence kept here does not know: renewed, it may have them. Without a network
        it stays as it is. One that has ended is not brought back."""
        licence_id = None if self._offer is None else self._offer.kept_id
        ended = self._watching is None or self._watching.done()
        if self._kept is None or licence_id is None or ended or self._renewed_for >= set(kids):
            return
        kept = await self._kept()
        if kept is None:
            return
        self._renewed_for |= set(kids)
        try:
            (await kept.renew(licence_id, kids)).clear()
            await asyncio.to_thread(kept.open, licence_id, self._ring)
        except ANY_ERROR as error:
            self._note("retry", "The licence could not be renewed yet.", error)
        else:
            self._note("licence", "The licence was renewed.")

    def _note(self, kind: str, sentence: str, error: Exception | None = None) -> None:
        self._observe(Note(self._clock.monotonic(), kind, sentence, code=str(getattr(error, "code", ""))))

    def _request(self, kids: tuple[bytes, ...]) -> KeyRequest:
        offer = self._offer or LicenceOffer()
        return KeyRequest(
            kids=tuple(sorted(kids[:_MOST_KIDS])),
            protections=self._around(kids[:1]),
            licence_url=offer.url or None,
            system=offer.system,
            session_id=offer.session_id,
            title_id=offer.title_id,
            signed_url=offer.signed_url,
            initiator=self._initiator,
        )

    def _watch(self, holding: LicenceInUse) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self._watching = asyncio.get_running_loop().create_task(self._follow(holding), name="licence watch")

    async def _follow(self, holding: LicenceInUse) -> None:
        ended = await watch(holding, self._clock, self._observe)
        self._ring.clear()
        self._on_end(ended)


def licence_request(call: LicenceCall) -> Request:
    """The exchange that a key system asks for, with a licence server that is not the service."""
    method = "GET" if call.body is None else "POST"
    return Request(
        RequestKind.LICENCE, call.url, method=method, headers=call.headers, body=call.body, initiator=call.initiator
    )


def _is_about_session(error: MatineeError | DrmError) -> bool:
    """Whether a licence was refused for its play session alone: it is over, or another one has taken its place."""
    return error.fields.get("reason") in SESSION_OVER or error.code is ErrorCode.SERVICE_EXPIRED


def _retrieved(task: asyncio.Task[None]) -> None:
    """A failure that nobody waited for has not been lost: whoever needs the keys asks again."""
    if not task.cancelled():
        task.exception()
