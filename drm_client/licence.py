"""Getting licences: chooses the key system, lets the caller make the exchange, fills the key ring.

The client knows no HTTP: ``post`` makes the exchange and raises its own errors for a failed one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from drm_client.clearkey import ClearKey
from drm_client.device import DeviceIdentity
from drm_client.device_clearkey import DeviceClearKey
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing, MaskedKey
from drm_client.keysystem import (
    KeyRequest,
    KeySystem,
    LicenceCall,
    LicenceGrant,
    StreamingTerms,
    choose_system,
    vendor_systems,
)
from drm_client.memory import scrub_freed_memory, wipe
from drm_client.signed_licences import SignedLicences

Post = Callable[[LicenceCall], Awaitable[bytes]]
"""Makes one exchange. The answer is overwritten once it was read: nobody else may keep it."""
MAX_CACHED = 64
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_Identity = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Licence:
    """What was granted: which system, the keys' IDs and the policy. ``from_cache`` where nothing was asked. ``grant``
    has no keys any more: they are in the ring."""

    system: str
    kids: tuple[bytes, ...]
    policy: StreamingTerms
    from_cache: bool = False
    grant: LicenceGrant = field(default_factory=LicenceGrant, repr=False)


@dataclass(frozen=True, slots=True)
class _Granted:
    """A grant of the key system ``name`` whose keys are masked."""

    name: str
    grant: LicenceGrant
    keys: tuple[MaskedKey, ...]


@dataclass(eq=False, slots=True)
class _Flight(Generic[_Value]):
    """A running exchange and how many wait for its answer."""

    answer: asyncio.Future[_Value]
    waiting: int = 0


class LicenceClient:
    """Gets licences and identity keys for playbacks, each only once.

    Belongs to one event loop. Requests for the same keys that meet share one exchange; a licence whose policy
    allows it (``streaming``) answers again from memory until it expires. ``now`` gives seconds since 1970, ``signed``
    what makes signed requests where the service takes them.
    """

    def __init__(
        self,
        post: Post,
        device: DeviceIdentity | None,
        *,
        now: Callable[[], float],
        vendors: Sequence[KeySystem] | None = None,
        signed: Callable[[], Awaitable[SignedLicences | None]] | None = None,
    ) -> None:
        own: list[KeySystem] = [DeviceClearKey(device)] if device is not None else []
        self._systems = (*own, *(vendor_systems() if vendors is None else vendors), ClearKey())
        self._post = post
        self.now = now
        self._signed = signed
        self._cached: dict[_Identity, _Granted] = {}
        self._flights: dict[_Identity, _Flight[Any]] = {}

    async def acquire(self, request: KeyRequest, ring: KeyRing, *, fresh: bool = False) -> Licence:
        """Fetch a licence for ``request`` and put its keys into ``ring``; ``fresh``: even if one is remembered.

        Raises :class:`DrmError` (``drm.key_system_unsupported``, ``drm.licence_*``) or what ``post`` raises.
        """
        identity: _Identity = (request.licence_url, request.system, request.session_id, *sorted(request.kids))
        remembered = None if fresh else self._remembered(identity)
        granted = remembered or await self._granted(identity, request)
        ring.update(key.unmasked() for key in granted.keys)
        kids = tuple(key.kid for key in granted.keys)
        return Licence(granted.name, kids, granted.grant.policy, remembered is not None, granted.grant)

    async def _granted(self, identity: _Identity, request: KeyRequest) -> _Granted:
        """A licence that was asked for now."""
        granted = await self._shared(identity, lambda: self._ask(request))
        self._check_expiry(granted.grant.policy)
        self._remember(identity, granted)
        return granted

    async def _ask(self, request: KeyRequest) -> _Granted:
        signed = None if self._signed is None or request.signed_url is None else await self._signed()
        if signed is not None and request.system == DeviceClearKey.name:
            return _masked(DeviceClearKey.name, await signed.grant(request))
        system = choose_system(self._systems, request)
        call = system.form_request(request)
        if call.url not in (request.licence_url, request.signed_url):
            call = replace(call, initiator=request.initiator)
        body = await self._post_once(call)
        try:
            return _masked(system.name, system.read_response(request, body))
        finally:
            if isinstance(system, (DeviceClearKey, ClearKey)):  # a vendor's module may have kept it
                wipe(body)
                scrub_freed_memory()

    def forget(self) -> None:
        """Zero and drop all that is kept in memory: signed out, or the program ends."""
        for key in (key for granted in self._cached.values() for key in granted.keys):
            key.clear()
        self._cached.clear()

    def _remembered(self, identity: _Identity) -> _Granted | None:
        kept = self._cached.get(identity)
        if kept is not None and (kept.grant.policy.expires_at or 0) <= self.now():
            del self._cached[identity]
            for key in kept.keys:
                key.clear()
            return None
        return kept

    def _remember(self, identity: _Identity, granted: _Granted) -> None:
        grant = granted.grant
        if grant.policy.type == "streaming" and grant.policy.expires_at is not None and grant.decryptor is None:
            self._cached[identity] = granted
            _drop_oldest(self._cached)

    def _check_expiry(self, policy: StreamingTerms) -> None:
        if policy.expires_at is not None and policy.expires_at <= self.now():
            raise DrmError(
                DrmErrorCode.LICENCE_EXPIRED,
                "The licence for this title has run out (or this computer's clock is wrong).",
                recoverable=True,
                expires_at=policy.expires_at,
            )

    async def _shared(self, identity: _Identity, ask: Callable[[], Awaitable[_Value]]) -> _Value:
        """One exchange for all who ask for the same at the same time; one who gives up does not stop the others, the
        last one does."""
        flight: _Flight[Any] | None = self._flights.get(identity)
        if flight is None:
            flight = self._flights[identity] = _Flight(asyncio.ensure_future(ask()))
        flight.waiting += 1
        try:
            answer: _Value = await asyncio.shield(flight.answer)
            return answer
        finally:
            flight.waiting -= 1
            if flight.waiting == 0:
                flight.answer.cancel()
            if flight.answer.done() or flight.waiting == 0:
                self._end(identity, flight)

    def _end(self, identity: _Identity, flight: _Flight[Any]) -> None:
        """Nobody joins ``flight`` any more."""
        if self._flights.get(identity) is flight:
            del self._flights[identity]

    async def _post_once(self, call: LicenceCall) -> bytes:
        try:
            return await self._post(call)
        except (OSError, TimeoutError) as error:
            raise DrmError(
                DrmErrorCode.LICENCE_UNREACHABLE, "The licence server cannot be reached.", recoverable=True
            ) from error


def _masked(name: str, grant: LicenceGrant) -> _Granted:
    keys = tuple(map(MaskedKey, grant.keys))
    for key in grant.keys:
        key.clear()
    return _Granted(name, replace(grant, keys=()), keys)


def _drop_oldest(kept: dict[_Key, _Value]) -> None:
    while len(kept) > MAX_CACHED:
        del kept[next(iter(kept))]
