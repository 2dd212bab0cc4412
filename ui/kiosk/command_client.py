"""What a kiosk and its service say to each other about commands. The device's own key signs every message, so that
this goes on for as long as the device is registered, signed in or not (docs/protocol.md, Commands to kiosks)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import logging
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from drm_client.device import DeviceIdentities, DeviceIdentity
from drm_client.keystore import open_key_store
from player.base.clock import Clock
from player.base.errors import ServiceError
from player.net.gate import Gate
from player.net.model import Request, RequestKind, Response
from player.net.routing import RoutingTransport
from player.service.reply import Members, problem
from ui.kiosk.commands import KINDS, MAX_MESSAGE, CommandOutcome, OperatorCommand, is_id
from ui.kiosk.health import Health
from ui.kiosk.provisioning import NetworkRules

_ASKED, _ANSWER = "matinee-commands+jws", "matinee-command-answer+jws"
_LEAST_S, _MOST_S = 1.0, 3600.0
_MAX_COMMANDS = 100
_DEADLINE_S = 60.0  # a picture goes up over a slow line
_TEXT = 200
_GONE = (404, 422)  # the service will never take this answer
_log = logging.getLogger(__name__)


class CommandClient:
    """``service_url`` is the service's address without ``/api/v1``. For the gate's own loop."""

    def __init__(self, gate: Gate, service_url: str, device: DeviceIdentity, clock: Clock) -> None:
        self._gate = gate
        self._base = f"{service_url.rstrip('/')}/api/v1/kiosk/commands"
        self._device = device
        self._clock = clock
        self._ahead_s = 0.0  # the service's clock before this machine's, which is not trusted

    async def ask(self, health: Health) -> tuple[list[OperatorCommand], float]:
        """What is to be done, in order, and in how many seconds to ask again. Raises ServiceError, NetError."""
        response = await self._send(_ASKED, {"status": _status(health)}, self._base, {})
        members = Members.of(response)
        commands = members.each("items", lambda item: _read(Members(item, "items")))
        known = [command for command in commands[:_MAX_COMMANDS] if command is not None]
        return known, min(max(members.number("ask_again_s"), _LEAST_S), _MOST_S)

    async def answer(self, outcome: CommandOutcome) -> None:
        """Tell what came of a command. Raises ServiceError, NetError."""
        digest = hashlib.sha256(outcome.data).hexdigest() if outcome.data else None
        payload = {
            "command_id": outcome.command_id,
            "ok": outcome.ok,
            "message": outcome.message[:MAX_MESSAGE],
            "media_type": outcome.media_type if outcome.data else None,
            "sha256": digest,
        }
        attachment = base64.b64encode(outcome.data).decode()
        url = f"{self._base}/{outcome.command_id}/answer"
        try:
            await self._send(_ANSWER, payload, url, {"attachment": attachment})
        except ServiceError as error:
            if error.fields.get("status") not in _GONE:
                raise
            _log.warning("the service does not take the answer to %s: %s", outcome.command_id[:8], error.code)

    async def _send(self, typ: str, payload: dict[str, object], url: str, beside: dict[str, object]) -> Response:
        response = await self._post(typ, payload, url, beside)
        ahead_s = _skew(response, self._clock.wall())
        if ahead_s is not None:
            self._ahead_s = ahead_s
            response = await self._post(typ, payload, url, beside)
        if response.status >= 300:
            raise problem(response)
        return response

    async def _post(self, typ: str, payload: dict[str, object], url: str, beside: dict[str, object]) -> Response:
        stamped = {
            **payload,
            "device_id": self._device.device_id,
            "nonce": secrets.token_urlsafe(16),
            "issued_at": self._clock.wall() + self._ahead_s,
        }
        # The first signature loads what signs, which takes longer than the watchdog may wait.
        signed = await asyncio.to_thread(self._device.sign, typ, stamped)
        body = json.dumps({"request": signed, **beside}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json, application/problem+json"}
        request = Request(RequestKind.API, url, method="POST", headers=headers, body=body, deadline_s=_DEADLINE_S)
        return await self._gate.fetch(request, check_status=False)


@contextlib.asynccontextmanager
async def open_client(
    profile: Path, service_url: str, rules: NetworkRules, clock: Clock
) -> AsyncIterator[CommandClient | None]:
    """Yield the client of the device whose key is in ``profile``, over the network that ``rules`` permit. None while
    the screen has not been signed in. Raises DrmError for a key that cannot be read."""
    device = await asyncio.to_thread(_identity, profile, service_url)
    if device is None:
        yield None
        return
    transport = RoutingTransport(ca_file=rules.ca_file, web=rules.web)
    await transport.warm()
    gate = Gate(transport, clock)
    try:
        yield CommandClient(gate, service_url, device, clock)
    finally:
        await gate.close()


def _identity(profile: Path, service_url: str) -> DeviceIdentity | None:
    """The identity as it is; none is made here."""
    return DeviceIdentities(open_key_store(profile, "file")).find(service_url.rstrip("/"))


def _read(item: Members) -> OperatorCommand | None:
    """One command. Raises ServiceError; None for one that cannot be remembered."""
    command_id, playlist = item.text("id"), item.optional_text("playlist")
    if not is_id(command_id):
        return None
    kind = item.text("kind")
    return OperatorCommand(
        command_id, kind if kind in KINDS else "unknown", item.number("expires_in_s"), playlist or ""
    )


def _skew(response: Response, wall_s: float) -> float | None:
    """By how much the service's clock is ahead, where it refuses for that."""
    if response.status != 403:
        return None
    try:
        members = Members.of(response)
        return members.number("now_at") - wall_s if members.optional_text("code") == "clock_skew" else None
    except ServiceError:
        return None


def _status(health: Health) -> dict[str, object]:
    """What the device page shows of a screen."""
    return {
        "name": health.screen[:_TEXT],
        "version": health.version[:_TEXT],
        "phase": health.phase[:_TEXT],
        "status": health.status[:_TEXT],
        "entry": health.entry[:_TEXT],
        "healthy": health.healthy,
        "screen_on": health.screen_on,
        "up_s": max(0.0, health.up_s),
        "without_picture_s": max(0.0, health.without_picture_s),
        "memory": float(health.memory),
        "disk_free": float(health.disk_free),
    }
