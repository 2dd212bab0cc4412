"""The service as far as its word is trusted: signed statements, its keys, its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urljoin

from drm_client import signed
from drm_client.clearkey import json_call
from drm_client.clock import TrustedTime
from drm_client.keysystem import LicenceCall
from drm_client.licence_store import LicenceStore
from drm_client.refusals import Exchange, RefusedError, accepted
from drm_client.rights import settle
from drm_client.signed import Fields, UnknownSignerError, untrusted
from drm_client.trust import ServiceTrust
from drm_client.trusted_clock import TrustedClock
from drm_client.vault import Vault

_API = "/api/v1"
_TRUST = "trust"
_CLOCK_SKEW = "clock_skew"


class TrustedService:
    """One service at ``address`` (without ``/api/v1``). Its keys are pinned in the vault at the first contact.

    Methods raise :class:`DrmError` (``drm.licence_untrusted``, :class:`RefusedError`, the vault's) or what
    ``exchange`` raises.
    """

    def __init__(self, address: str, vault: Vault, clock: TrustedClock, exchange: Exchange) -> None:
        self.address = address.rstrip("/")
        self.clock = clock
        self._vault = vault
        self._store = LicenceStore(vault)
        self._exchange = exchange

    async def get(self, path: str) -> dict[str, Any]:
        """The answer to a GET of a call of the service, such as ``/keys``."""
        return accepted(await self._exchange(LicenceCall(f"{self.address}{_API}{path}")))

    async def post(self, url: str, message: Callable[[float], dict[str, Any]]) -> dict[str, Any]:
        """The answer to a POST of ``message(now)``, where ``now`` is trusted seconds since 1970; ``url`` is absolute
        or from the service's root. Where the service finds the time wrong, it is asked for its own, and the message
        is made and sent again. ``message`` is called on a thread."""
        try:
            return await self._post_now(url, message)
        except RefusedError as error:
            if error.reason != _CLOCK_SKEW:
                raise
        await self.ask_time()
        return await self._post_now(url, message)

    async def _post_now(self, url: str, message: Callable[[float], dict[str, Any]]) -> dict[str, Any]:
        document = await asyncio.to_thread(lambda: message(self.clock.now().at_s))
        return accepted(await self._exchange(json_call(urljoin(f"{self.address}/", url), document)))

    async def verify(self, token: object, typ: str) -> dict[str, Any]:
        """The payload of a statement of the service. An unknown signer's key is asked for once."""
        trust = await asyncio.to_thread(self._trust)
        try:
            return await asyncio.to_thread(trust.verify, token, typ)
        except UnknownSignerError:
            document = await self.get("/keys")
            return await asyncio.to_thread(self._learn, trust, document, token, typ)

    def _learn(self, trust: ServiceTrust, document: dict[str, Any], token: object, typ: str) -> dict[str, Any]:
        """The payload of a statement by a key that ``document`` (an answer of ``GET /keys``) makes trusted."""
        extended = trust.extended(document) if trust.keys else ServiceTrust.pinned(document)
        payload = extended.verify(token, typ)
        self._vault.put(_TRUST, self.address, extended.as_json())
        return payload

    async def ask_time(self) -> TrustedTime:
        """The trusted time after the service was asked for it. A token without our nonce could be an old one."""
        nonce = signed.new_nonce()
        document = await self.get(f"/time?nonce={quote(nonce)}")
        payload = await self.verify(document.get("token"), signed.TIME)
        if payload.get("nonce") != nonce:
            raise untrusted("It is an older time.")
        return await asyncio.to_thread(self.hear, Fields(payload).number("now_at"))

    def hear(self, server_at_s: float) -> TrustedTime:
        """Take a fresh signed server time, which sets first plays right that were dated by a wrong clock. Writes to
        the disk, so it is for a thread."""
        with self._vault.exclusive():
            try:
                before, after = self.clock.hear(server_at_s)
            except ValueError as error:
                raise untrusted("Its time cannot be.") from error
            for licence in self._store.all():
                rights = settle(licence.rights, before, after)
                if rights is not licence.rights:
                    self._store.put(licence.with_rights(rights))
                licence.clear()
        return after

    def _trust(self) -> ServiceTrust:
        kept = self._vault.get(_TRUST, self.address)
        return ServiceTrust() if kept is None else ServiceTrust.from_json(kept)
