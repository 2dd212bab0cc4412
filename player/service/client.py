"""Talking to the service. Every call raises ServiceError (the service said no) or NetError (it was not reached)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from urllib.parse import quote, urlencode

from drm_client.errors import DrmError
from player.base.clock import Clock, SystemClock
from player.base.errors import ErrorCode, InputError, NetError, ServiceError
from player.manifest.urls import below
from player.net.gate import Gate
from player.net.model import Request, RequestKind, Response
from player.net.redact import host_of
from player.service.address import service_address
from player.service.billing import (
    Payment,
    Plan,
    Subscription,
    read_payments,
    read_plans,
    read_subscription,
)
from player.service.grants import DownloadGrant, read_grant
from player.service.machine import machine_name
from player.service.model import (
    EVERYTHING,
    Account,
    AccountDownloads,
    CatalogFilter,
    CatalogPage,
    Channel,
    Credits,
    DeviceCode,
    DeviceList,
    ManifestAddresses,
    PlaySession,
    Profile,
    ProgressItem,
    Recording,
    SearchPage,
    Season,
    Title,
    TitleRow,
    Tokens,
)
from player.service.reply import (
    Members,
    joined_seasons,
    problem,
    read_account_downloads,
    read_channels,
    read_credits,
    read_device_code,
    read_devices,
    read_history,
    read_manifests,
    read_my_list,
    read_next_in,
    read_page,
    read_play_session,
    read_profile,
    read_recordings,
    read_rows,
    read_search,
    read_seasons,
    read_title,
    read_tokens,
)
from player.service.tokens import TokenStore

API = "/api/v1"
_SLOWER_S = 5.0  # more between two questions after each "slow_down" (RFC 8628, section 3.5)
_MOST_PAGES = 100  # of the episodes of a series
_EARLY_S = 15.0  # an access token is renewed so long before it expires


class ServiceClient:
    """One account at one service. Belongs to the gate's event loop.

    ``base_url`` is the service's address without ``/api/v1``; plain HTTP as :mod:`player.service.address` permits it.
    An expired access token is renewed by itself, by one exchange for all calls that need it.
    """

    def __init__(self, gate: Gate, base_url: str, tokens: TokenStore, clock: Clock | None = None) -> None:
        self._gate = gate
        self._base = service_address(base_url)
        self._store = tokens.of(self._base)
        self._clock = clock or SystemClock()
        self._tokens: Tokens | None = None
        self._renewing = asyncio.Lock()
        self._unsaved = False

    @property
    def address(self) -> str:
        """The service's address, without ``/api/v1``."""
        return self._base

    @property
    def host(self) -> str:
        """The service's host, for people to read."""
        return host_of(self._base)

    @property
    def viewer(self) -> str:
        """The id of the profile that watches, as far as is known; empty for none."""
        return (self._tokens.profile or "") if self._tokens is not None else ""

    @property
    def audience(self) -> tuple[str, str]:
        """The ids of the account and of the profile that watch, as far as is known; empty for none."""
        return (self._tokens.account.id, self.viewer) if self._tokens is not None else ("", "")

    def owns(self, url: str) -> bool:
        """Whether ``url`` is a call of this service, which gets our access token."""
        return below(url, f"{self._base}{API}/") is not None

    # Sign-in

    async def account(self) -> Account | None:
        """The account that is signed in, as far as this machine knows; asks nobody."""
        tokens = await self._present()
        return None if tokens is None else tokens.account

    async def profile(self) -> str | None:
        """The id of the profile that watches, empty for none, None where this machine does not know; asks nobody."""
        tokens = await self._present()
        return None if tokens is None else tokens.profile

    async def login(self, email: str, password: str, device_name: str = "") -> Account:
        """Sign in. A wrong password raises ServiceError ``service.sign_in``."""
        document = {"email": email, "password": password, "device_name": device_name or machine_name()}
        return (await self._sign_in("/auth/login", document)).account

    async def register(self, email: str, name: str, password: str, device_name: str = "") -> Account:
        """Make an account on the free plan and sign in to it. Raises ServiceError where there is one already."""
        document = {
            "email": email,
            "name": name,
            "password": password,
            "device_name": device_name or machine_name(),
        }
        return (await self._sign_in("/auth/register", document)).account

    async def ask_for_reset(self, email: str) -> None:
        """Have the service mail a code for a new password; it answers the same where there is no such account."""
        await self._post("/auth/password-reset", {"email": email})

    async def reset_password(self, email: str, code: str, new_password: str, device_name: str = "") -> Account:
        """Set a new password by the mailed code and sign in with it; every other sign-in is over. A wrong code raises
        ServiceError ``service.not_found``."""
        document = {
            "email": email,
            "code": code,
            "new_password": new_password,
            "device_name": device_name or machine_name(),
        }
        return (await self._sign_in("/auth/password-reset/confirmation", document)).account

    async def refresh(self) -> Account:
        """Renew the tokens now. Raises ServiceError ``service.expired`` when a new sign-in is needed."""
        tokens = await self._present()
        if tokens is None:
            raise _signed_out()
        return (await self._renew(tokens)).account

    async def logout(self) -> Account | None:
        """Sign out here, and at the service where it can be reached. Who was signed in, as far as can be read."""
        try:
            tokens = await self._present()
        except DrmError:  # a damaged sign-in cannot be ended at the service, but it can go
            tokens = None
        await self._forget()
        if tokens is None:
            return None
        await self._post("/auth/logout", {"refresh_token": tokens.refresh})
        return tokens.account

    async def begin_device_sign_in(self, device_name: str = "") -> DeviceCode:
        """A code under which the viewer can sign this device in elsewhere (RFC 8628)."""
        return read_device_code(
            Members.of(await self._post("/auth/device", {"device_name": device_name or machine_name()}))
        )

    async def await_device_sign_in(self, code: DeviceCode) -> Account:
        """Ask until the viewer has approved. Raises ServiceError ``service.sign_in`` when that is refused,
        ``service.expired`` when the code is too old."""
        interval_s = code.interval_s
        until_s = self._clock.monotonic() + code.expires_in_s
        while True:
            await self._clock.sleep(interval_s)
            try:
                return (await self._sign_in("/auth/device/token", {"device_code": code.device_code})).account
            except ServiceError as error:
                if error.fields.get("problem") == "slow_down":
                    interval_s += _SLOWER_S
                elif error.fields.get("problem") != "authorization_pending":
                    raise
            except NetError as error:
                if not error.recoverable:
                    raise
            if self._clock.monotonic() >= until_s:
                raise ServiceError(ErrorCode.SERVICE_EXPIRED, "The code has expired.")

    async def logout_everywhere(self) -> None:
        """End every sign-in of the account, this one too."""
        await self._call("/auth/logout-everywhere", {})
        await self._forget()

    async def change_password(self, password: str, new_password: str, device_name: str = "") -> None:
        """Have another password; every other sign-in is over. A wrong one raises ServiceError ``service.sign_in``."""
        document = {"password": password, "new_password": new_password, "device_name": device_name or machine_name()}
        asked_at = self._clock.wall()
        tokens = _sign_in_of(await self._call("/auth/password", document), asked_at)
        self._tokens = tokens
        await asyncio.to_thread(self._store.save, tokens)

    async def email_verified(self) -> bool:
        """Whether the account's email address is confirmed."""
        return Members.of(await self._call("/account")).flag("email_verified")

    async def ask_for_verification(self) -> None:
        """Have the service mail a code to confirm the account's address."""
        await self._call("/auth/email-verification", {})

    async def verify_email(self, code: str) -> None:
        """Confirm the account's address. A wrong code raises ServiceError ``service.not_found``."""
        await self._call("/auth/email-verification/confirmation", {"code": code})

    # Plans

    async def plans(self) -> tuple[Plan, ...]:
        """What can be subscribed to."""
        return read_plans(Members.of(await self._call("/plans")))

    async def subscription(self) -> Subscription:
        """What the account has."""
        return read_subscription(Members.of(await self._call("/account/subscription")))

    async def subscribe(self, request_id: str, plan: str, card: str | None = None) -> Subscription:
        """Subscribe, change the plan, or take a cancellation back; ``card`` is a number, None for the one kept. An
        order that is sent again with the same ``request_id`` counts once. A declined card raises ServiceError."""
        document = {"request_id": request_id, "plan": plan, "card": card}
        return read_subscription(Members.of(await self._call("/account/subscription", document)))

    async def cancel_subscription(self) -> Subscription:
        """Let the plan run to the end of what is paid."""
        return read_subscription(Members.of(await self._call("/account/subscription", method="DELETE")))

    async def payments(self, limit: int = 20) -> tuple[Payment, ...]:
        """The newest payments; none for a profile with an age limit, which may not see them."""
        try:
            answer = await self._call(f"/account/payments?{urlencode({'limit': limit})}")
        except ServiceError as error:
            if error.code is not ErrorCode.SERVICE_NOT_ENTITLED:
                raise
            return ()
        return read_payments(Members.of(answer))

    # Profiles

    async def profiles(self) -> tuple[tuple[Profile, ...], str | None]:
        """The profiles of the household, and the id of the one that is selected."""
        members = Members.of(await self._call("/profiles"))
        current = members.optional_text("current")
        if self._tokens is not None:
            self._tokens = replace(self._tokens, profile=current or "")
        return members.each("items", lambda item: read_profile(Members(item, "items"))), current

    async def select_profile(self, profile_id: str, pin: str | None = None) -> Profile:
        """Watch as this profile from now on. A wrong PIN raises ServiceError ``service.not_entitled``."""
        path = f"/profiles/{quote(profile_id, safe='')}/selection"
        members = Members.of(await self._call(path, {"pin": pin}))
        profile = read_profile(members.inner("profile"))
        async with self._renewing:
            if self._tokens is None:
                raise _signed_out()
            expires_at = self._clock.wall() + members.number("expires_in_s")
            self._tokens = replace(
                self._tokens, access=members.text("access_token"), expires_at=expires_at, profile=profile.id
            )
            await asyncio.to_thread(self._store.save, self._tokens)
        return profile

    async def make_profile(self, name: str, maturity: int, ways: Mapping[str, object]) -> Profile:
        """Add a profile; ``ways`` are other members of a profile, and its ``pin``."""
        document = {"name": name, "maturity": maturity, **ways}
        return read_profile(Members.of(await self._call("/profiles", document)))

    async def change_profile(self, profile_id: str, changes: Mapping[str, object]) -> Profile:
        """Change members of a profile; a ``pin`` of None takes the PIN away."""
        path = f"/profiles/{quote(profile_id, safe='')}"
        return read_profile(Members.of(await self._call(path, dict(changes), method="PATCH")))

    async def remove_profile(self, profile_id: str) -> None:
        """Delete a profile with its list and its history."""
        await self._call(f"/profiles/{quote(profile_id, safe='')}", method="DELETE")

    # Catalogue and playback

    async def catalog(
        self,
        cursor: str | None = None,
        wanted: CatalogFilter = EVERYTHING,
        *,
        limit: int = 100,
    ) -> CatalogPage:
        """One page of titles; begin with no cursor and go on with the page's ``next_cursor``."""
        order = "title" if wanted.by_title else None
        known = {"cursor": cursor, "genre": wanted.genre, "person": wanted.person, "order": order}
        query = {"limit": str(limit)} | {name: value for name, value in known.items() if value}
        return read_page(Members.of(await self._call(f"/catalog?{urlencode(query)}")), self._base)

    async def genres(self) -> tuple[str, ...]:
        """The genres of what may be watched."""
        return Members.of(await self._call("/genres")).texts("items")

    async def rows(self) -> tuple[TitleRow, ...]:
        """What the service puts on the first screen, above the catalogue."""
        return read_rows(Members.of(await self._call("/rows")), self._base)

    async def channels(self) -> tuple[Channel, ...]:
        """The channels, and what is on."""
        members = Members.of(await self._call("/channels"))
        return read_channels(members, self._base, self._clock.wall())

    async def recordings(self) -> tuple[Recording, ...]:
        """The programmes that the viewer records, the newest first."""
        return read_recordings(Members.of(await self._call("/recordings")), self._base)

    async def record(self, channel_id: str, starts_at: float) -> None:
        """Record the programme of a channel that starts then, by the service's clock."""
        await self._call("/recordings", {"channel_id": channel_id, "starts_at": starts_at})

    async def remove_recording(self, title_id: str) -> None:
        """Record it no more, and delete what was recorded."""
        await self._call(f"/recordings/{quote(title_id, safe='')}", method="DELETE")

    async def title(self, title_id: str) -> Title:
        """One title. An unknown or unpublished one raises ServiceError ``service.not_found``."""
        response = await self._call(f"/catalog/{quote(title_id, safe='')}")
        return read_title(Members.of(response), self._base)

    async def credits(self, title_id: str) -> Credits:
        """The genres of a title, and who took part in it."""
        return read_credits(Members.of(await self._call(f"/catalog/{quote(title_id, safe='')}/credits")))

    async def seasons(self, series_id: str) -> tuple[Season, ...]:
        """The episodes of a series. An unknown one raises ServiceError ``service.not_found``."""
        path, pages = f"/catalog/{quote(series_id, safe='')}/episodes", list[tuple[Season, ...]]()
        further: str | None = path
        while further is not None and len(pages) < _MOST_PAGES:
            members = Members.of(await self._call(further))
            pages.append(read_seasons(members, self._base))
            after = members.optional_text("next_after")
            further = None if after is None else f"{path}?{urlencode({'after': after})}"
        return joined_seasons(pages)

    async def search(self, query: str, offset: int = 0, limit: int = 50) -> SearchPage:
        """Titles that fit the words of ``query``, the best first."""
        asked = urlencode({"q": query, "limit": str(limit), "offset": str(offset)})
        return read_search(Members.of(await self._call(f"/search?{asked}")), self._base)

    async def my_list(self) -> tuple[Title, ...]:
        """The titles that the viewer has put on the list."""
        return read_my_list(Members.of(await self._call("/list")), self._base)

    async def put_listed(self, title_id: str, *, listed: bool) -> bool:
        """Put a title on the list or take it off; whether it is there now."""
        change = {"listed": listed, "changed_at": self._clock.wall()}
        response = await self._call(f"/list/{quote(title_id, safe='')}", change, method="PUT")
        return Members.of(response).flag("listed")

    async def history(self) -> tuple[Title, ...]:
        """What the viewer has watched, the latest first."""
        return read_history(Members.of(await self._call("/history")), self._base)

    async def put_away(self, title_id: str) -> None:
        """Leave a title out of what is continued until it is watched again."""
        await self._call(f"/continue/{quote(title_id, safe='')}", method="DELETE")

    async def rate(self, title_id: str, thumb: str | None) -> None:
        """Say what the viewer thinks of a title: ``up``, ``down``, or None to take that back."""
        await self._call(f"/thumbs/{quote(title_id, safe='')}", {"thumb": thumb}, method="PUT")

    async def register_device(
        self,
        public_jwk: Mapping[str, object],
        name: str = "",
        prove: Callable[[str], str] | None = None,
    ) -> str:
        """The id under which the service knows the device with this public key (EC P-256).

        ``prove`` signs the service's challenge with the device's key; without it the device gets no signed licences.
        """
        document: dict[str, object] = {"name": name or machine_name(), "public_key": dict(public_jwk)}
        if prove is not None:
            challenge = Members.of(await self._call("/devices/challenge", {})).text("challenge")
            document["proof"] = prove(challenge)
        return Members.of(await self._call("/devices", document)).text("device_id")

    async def devices(self) -> DeviceList:
        """The machines that may play what the account has."""
        return read_devices(Members.of(await self._call("/devices")))

    async def remove_device(self, device_id: str) -> None:
        """Take a machine off the account. Raises ServiceError ``service.not_found`` where it is none of its."""
        await self._call(f"/devices/{quote(device_id, safe='')}", method="DELETE")

    async def downloads(self) -> AccountDownloads:
        """What the machines of the account keep."""
        return read_account_downloads(Members.of(await self._call("/downloads")))

    async def give_back_download(self, download_id: str) -> None:
        """End a download of the account, on whatever machine it is; that one learns so at its next contact. Raises
        ServiceError ``service.not_found`` where it is none of the account's."""
        await self._call(f"/downloads/{quote(download_id, safe='')}", method="DELETE")

    async def play(
        self, title_id: str, device_id: str | None, variant: str = "encrypted", *, ahead: bool = False
    ) -> PlaySession:
        """Start a play session of a title, ``encrypted`` or ``clear``. ``ahead``: it takes none of the plan's places
        yet."""
        if device_id is None:
            raise InputError(ErrorCode.INPUT_USAGE, "This device is not registered with the service yet.")
        document: dict[str, object] = {
            "device_id": device_id,
            "variant": variant,
            **({"ahead": True} if ahead else {}),
        }
        response = await self._call(f"/play/{quote(title_id, safe='')}", document)
        return read_play_session(Members.of(response), self._base)

    async def heartbeat(self, session_id: str, position_s: float, *, playing: bool) -> float:
        """The play session is still in use; seconds until the service wants to hear that again."""
        state = "playing" if playing else "paused"
        path = f"/play/{quote(session_id, safe='')}/heartbeat"
        response = await self._call(path, {"position_s": max(0.0, position_s), "state": state})
        return read_next_in(Members.of(response))

    async def addresses(self, session_id: str) -> tuple[ManifestAddresses, ...]:
        """New addresses of a play session that goes on."""
        response = await self._call(f"/play/{quote(session_id, safe='')}/addresses", {})
        return read_manifests(Members.of(response), self._base)

    async def end_play(self, session_id: str) -> None:
        """The play session is used no more: its place is free for another device."""
        await self._call(f"/play/{quote(session_id, safe='')}/end", {})

    async def download(
        self, title_id: str, device_id: str | None, variant: str = "encrypted", max_height: int | None = None
    ) -> DownloadGrant:
        """Return the grant to download a title; called again, the same grant with new addresses."""
        if device_id is None:
            raise InputError(ErrorCode.INPUT_USAGE, "This device is not registered with the service yet.")
        document = {"device_id": device_id, "variant": variant, "max_height": max_height}
        response = await self._call(f"/download/{quote(title_id, safe='')}", document)
        return read_grant(Members.of(response), self._base)

    async def licence(self, url: str, body: bytes) -> bytes:
        """The answer to a licence request at ``url``, which must be this service's (see :meth:`owns`)."""
        if not self.owns(url):
            raise InputError(ErrorCode.INPUT_USAGE, "This licence address belongs to another server.")
        return (await self._authorised(RequestKind.LICENCE, url, body)).body

    async def answer(self, url: str, body: bytes | None, headers: Mapping[str, str] | None = None) -> Response:
        """The answer to a call at ``url``, which must be this service's, whatever its status: GET, or POST of
        ``body``. Signed in or not, or no longer: the service decides what needs an account."""
        if not self.owns(url):
            raise InputError(ErrorCode.INPUT_USAGE, "This licence address belongs to another server.")
        tokens = await self._present()
        if tokens is not None and tokens.expires_at - _EARLY_S <= self._clock.wall():
            tokens = await self._renewed_or_none(tokens)
        response = await self._gate.fetch(_answered(url, body, tokens, headers), check_status=False)
        if response.status != 401 or tokens is None:
            return response
        renewed = await self._renew(tokens)
        return await self._gate.fetch(_answered(url, body, renewed, headers), check_status=False)

    async def _renewed_or_none(self, tokens: Tokens) -> Tokens | None:
        """The tokens renewed; None where the sign-in is over."""
        try:
            return await self._renew(tokens)
        except ServiceError:
            return None

    async def progress(self, items: Sequence[ProgressItem]) -> frozenset[str]:
        """Report positions; the ``event_id`` of those that the service has taken."""
        response = await self._call("/progress", {"items": [asdict(item) for item in items]})
        return frozenset(Members.of(response).texts("accepted"))

    async def forget_progress(self, title_id: str | None = None) -> None:
        """Have the service forget what the viewer has watched, or one title of it; without a profile, what the
        account has."""
        path = "/progress" if title_id is None else f"/progress/{quote(title_id, safe='')}"
        await self._call(path, method="DELETE")

    async def telemetry(self, body: bytes) -> frozenset[str]:
        """Deliver events (``docs/telemetry.md``); the ids of those that the service has now."""
        response = await self._authorised(RequestKind.TELEMETRY, f"{self._base}{API}/telemetry", body)
        return frozenset(Members.of(response).texts("accepted"))

    async def time(self) -> float:
        """The service's clock, seconds since 1970."""
        url = f"{self._base}{API}/time"
        return Members.of(await self._exchange(Request(RequestKind.TIME, url))).number("now_at")

    # The machinery behind the calls

    async def _call(self, path: str, document: object = None, *, method: str | None = None) -> Response:
        """GET, or POST of a JSON document, with the access token; or another ``method``."""
        body = None if document is None else json.dumps(document).encode()
        return await self._authorised(RequestKind.API, f"{self._base}{API}{path}", body, method)

    async def _authorised(
        self, kind: RequestKind, url: str, body: bytes | None, method: str | None = None
    ) -> Response:
        tokens = await self._present()
        if tokens is None:
            raise _signed_out()
        if tokens.expires_at - _EARLY_S <= self._clock.wall():
            tokens = await self._renew(tokens)
        try:
            return await self._exchange(_request(kind, url, body, tokens, method))
        except ServiceError as error:
            if error.fields.get("status") != 401:
                raise
        return await self._exchange(_request(kind, url, body, await self._renew(tokens), method))

    async def _post(self, path: str, document: object) -> Response:
        """POST without an access token."""
        body = json.dumps(document).encode()
        return await self._exchange(_request(RequestKind.API, f"{self._base}{API}{path}", body, None))

    async def _exchange(self, request: Request) -> Response:
        response = await self._gate.fetch(request, check_status=False)
        if response.status >= 300:
            raise problem(response, self._clock.wall())
        return response

    async def _present(self) -> Tokens | None:
        """None is looked up again: another program of this viewer may have signed in since."""
        if self._tokens is None:
            self._tokens = await asyncio.to_thread(self._store.load)
        elif self._unsaved:
            with contextlib.suppress(DrmError):
                await asyncio.to_thread(self._store.save, self._tokens)
                self._unsaved = False
        return self._tokens

    async def _renew(self, stale: Tokens) -> Tokens:
        """Tokens newer than ``stale``. Raises ServiceError ``service.expired`` when the service gives none."""
        async with self._renewing:
            if self._tokens is not None and self._tokens.access != stale.access:
                return self._tokens  # another call has renewed them meanwhile
            kept = await asyncio.to_thread(self._store.load)
            if kept is not None and kept.access != stale.access:  # another program of this viewer has
                self._tokens = kept
                return kept
            try:
                return await self._sign_in("/auth/refresh", {"refresh_token": stale.refresh})
            except DrmError:
                if self._tokens is None or self._tokens.access == stale.access:
                    raise
                self._unsaved = True  # the old ones are void: better unsaved for now than signed out
                return self._tokens
            except ServiceError as error:
                if error.code not in (ErrorCode.SERVICE_EXPIRED, ErrorCode.SERVICE_SIGN_IN):
                    raise
                await self._forget()
                raise

    async def _sign_in(self, path: str, document: Mapping[str, str]) -> Tokens:
        asked_at = self._clock.wall()
        tokens = _sign_in_of(await self._post(path, document), asked_at)
        self._tokens = tokens
        await asyncio.to_thread(self._store.save, tokens)
        return tokens

    async def _forget(self) -> None:
        try:
            await asyncio.to_thread(self._store.clear)
        finally:
            self._tokens = None


def _request(
    kind: RequestKind, url: str, body: bytes | None, tokens: Tokens | None, method: str | None = None
) -> Request:
    headers = {"Accept": "application/json, application/problem+json;q=0.9, */*;q=0.1"}
    if tokens is not None:
        headers["Authorization"] = f"Bearer {tokens.access}"
    if body is None:
        return Request(kind, url, method=method or "GET", headers=headers)
    headers["Content-Type"] = "application/json"
    return Request(kind, url, method=method or "POST", headers=headers, body=body)


def _answered(url: str, body: bytes | None, tokens: Tokens | None, headers: Mapping[str, str] | None) -> Request:
    request = _request(RequestKind.LICENCE, url, body, tokens)
    return replace(request, headers={**request.headers, **(headers or {})})


def _sign_in_of(response: Response, wall_s: float) -> Tokens:
    """The sign-in that a service gave, with the profile that is selected there."""
    members = Members.of(response)
    return replace(read_tokens(members, wall_s), profile=members.optional_text("profile_id") or "")


def _signed_out() -> ServiceError:
    return ServiceError(ErrorCode.SERVICE_SIGN_IN, "Please sign in first.")
