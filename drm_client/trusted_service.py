"""The service as far as its word is trusted: signed statements, its keys, its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, overload
from urllib.parse import quote, urljoin

from drm_client import signed
from drm_client.clearkey import json_call
from drm_client.clock import TrustedTime, is_fresh
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keysystem import LicenceCall
from drm_client.licence_store import LicenceStore
from drm_client.refusals import Exchange, LicenceReply, RefusedError, accepted
from drm_client.rights import settle
from drm_client.signed import SignedFields, UnknownSignerError, untrusted
from drm_client.trust import ServiceTrust
from drm_client.trusted_clock import TrustedClock
from drm_client.vault import Vault

_API = "/api/v1"
_TRUST = "trust"
_CLOCK_SKEW = "clock_skew"
_NOT_MODIFIED = 304
MAX_TAG_CHARS = 200


class EntityTag:
    """The ``ETag`` (RFC 9110, 8.8.3) of the last answer to one call."""

    def __init__(self) -> None:
        self._path = self._etag = ""

    def of(self, path: str) -> str:
        """The tag of the last answer to ``path``; empty where there is none."""
        return self._etag if path == self._path else ""

    def note(self, path: str, etag: str) -> None:
        """``path`` was answered."""
        self._path, self._etag = path, etag[:MAX_TAG_CHARS]


class TrustedService:
    """One service at ``address`` (without ``/api/v1``). Its keys are pinned in the vault at the first contact.

    Methods raise :class:`DrmError` (``drm.licence_untrusted``, :class:`RefusedError`, the vault's) or what
    ``exchange`` raises.
    """

    def __init__(self, address: str, vault: Vault, clock: TrustedClock, exchange: Exchange) -> None:
        self.address = address.rstrip("/")
        self.clock = clock.of(self.address)
        self._vault = vault
        self._store = LicenceStore(vault)
        self._exchange = exchange

    @overload
    async def get(self, path: str) -> dict[str, Any]: ...

    @overload
    async def get(self, path: str, tag: EntityTag) -> dict[str, Any] | None: ...

    async def get(self, path: str, tag: EntityTag | None = None) -> dict[str, Any] | None:
        """The answer to a GET of a call of the service, such as ``/keys``. With ``tag``, which remembers the answer
        of before: None where nothing is new."""
        headers = {"If-None-Match": tag.of(path)} if tag is not None and tag.of(path) else {}
        reply = await self._ask(LicenceCall(f"{self.address}{_API}{path}", headers=headers))
        if headers and reply.status == _NOT_MODIFIED:
            return None
        document = accepted(reply)
        if tag is not None:
            tag.note(path, reply.etag)
        return document

    async def post(self, url: str, message: Callable[[float], dict[str, Any]]) -> dict[str, Any]:
        """The answer to a POST of ``message(now)``, where ``now`` is the service's time in seconds since 1970 as far
        as this device knows it; ``url`` is absolute or from the service's root. Where the service finds the time
        wrong, it is asked for its own, and the message is made and sent again. ``message`` is called on a thread."""
        try:
            return await self._post_now(url, message)
        except RefusedError as error:
            if error.reason != _CLOCK_SKEW:
                raise
        await self.ask_time()
        return await self._post_now(url, message)

    async def _post_now(self, url: str, message: Callable[[float], dict[str, Any]]) -> dict[str, Any]:
        document = await asyncio.to_thread(lambda: message(self.clock.issuer_now()))
        return accepted(await self._ask(json_call(self._here(url), document)))

    async def _ask(self, call: LicenceCall) -> LicenceReply:
        """The answer, if it came soon: what is signed in it was true when it left. The network's own time limits do
        not count while the device sleeps."""
        asked = self.clock.reading()
        reply = await self._exchange(call)
        if not is_fresh(asked, self.clock.reading()):
            raise DrmError(
                DrmErrorCode.LICENCE_UNTRUSTED,
                "The service's answer was too long on its way, so it is not used. Please try again.",
                recoverable=True,
            )
        return reply

    def _here(self, url: str) -> str:
        named = urljoin(f"{self.address}/", url)
        _, api, call = named.partition(f"{_API}/")
        return f"{self.address}{api}{call}" if api else named

    async def verify(self, token: object, typ: str) -> dict[str, Any]:
        """The payload of a statement of the service. An unknown signer's key is asked for once."""
        trust = await asyncio.to_thread(self._trust)
        try:
            return await asyncio.to_thread(trust.verify, token, typ)
        except UnknownSignerError:
            document = await self.get("/keys")
            return await asyncio.to_thread(self._learn, document, token, typ)

    def _learn(self, document: dict[str, Any], token: object, typ: str) -> dict[str, Any]:
        """The payload of a statement by a key that ``document`` (an answer of ``GET /keys``) makes trusted."""
        with self._vault.exclusive():
            trust = self._trust()  # another program may have pinned or extended it meanwhile
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
        return await asyncio.to_thread(self.hear, SignedFields(payload).number("now_at"))

    def hear(self, server_at_s: float) -> TrustedTime:
        """Take a fresh signed server time, which sets first plays right that were dated by a wrong clock. Writes to
        the disk, so it is for a thread."""
        with self._vault.exclusive():
            try:
                before, after = self.clock.hear(server_at_s)
            except ValueError as error:
                raise untrusted("Its time cannot be.") from error
            if after is None:  # held: nothing is dated by it
                return before
            for licence in self._store.all():
                mine = licence.service == self.address
                rights = settle(licence.rights, before, after) if mine else licence.rights
                if rights is not licence.rights:
                    self._store.put(licence.with_rights(rights))
                licence.clear()
        return after

    def _trust(self) -> ServiceTrust:
        kept = self._vault.get(_TRUST, self.address)
        return ServiceTrust() if kept is None else ServiceTrust.from_json(kept)


def forget_keys(vault: Vault, address: str) -> bool:
    """The viewer says that the keys of the service at ``address`` may be others from now on; whether any were
    known."""
    name = address.rstrip("/")
    known = name in vault.names(_TRUST)  # damaged ones, too
    vault.delete(_TRUST, name)
    return known
