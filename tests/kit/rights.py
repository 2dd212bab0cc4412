"""A service without servers and a device that signs: for tests of rights, at a time that the test sets."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from joserfc import jws
from joserfc.jwk import ECKey

from backend_stub.app import create_app
from backend_stub.config import Settings
from backend_stub.context import ServiceContext, open_context
from backend_stub.edge.app import EdgeApp
from backend_stub.edge.disk import DiskSource
from backend_stub.edge.gate import OwnGate
from backend_stub.services.addresses import Edge
from backend_stub.services.content_keys import PlainKey
from backend_stub.services.publishing import PublishedTitle, publish
from tests.kit.backend import open_licence_jwe, stage_title

START = 1_800_000_000.0
LADDER = tuple(
    PlainKey(label, bytes([number]) * 16, bytes([number + 100]) * 16)
    for number, label in enumerate(("AUDIO", "SD", "HD", "UHD"), 1)
)
KIDS = [key.kid.hex() for key in LADDER]
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
INFO = {"name": "Desk", "platform": "linux", "app_version": "1", "hdcp": "none"}


class SettableClock:
    """A :class:`backend_stub.clock.Clock` that the test moves."""

    def __init__(self, now: float = START) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def step(self, seconds: float) -> None:
        self.time += seconds


def sign(key: ECKey, typ: str, payload: dict[str, object], **header: str) -> str:
    """A compact JWS as ``docs/protocol.md`` wants it; ``header`` changes members of its header."""
    protected = {"alg": "ES256", "typ": typ, "kid": key.thumbprint(), **header}
    return jws.serialize_compact(protected, json.dumps({"v": 2, **payload}), key, algorithms=[protected["alg"]])


def read_jws(compact: str, jwk: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the payload of a JWS by this key."""
    opened = jws.deserialize_compact(compact, ECKey.import_key(jwk), algorithms=["ES256"])
    return dict(opened.headers()), json.loads(opened.payload)


@dataclass
class Caller:
    """Calls the API without a server, from one network address, with these headers."""

    app: FastAPI
    runner: asyncio.Runner
    host: str
    headers: dict[str, str]

    def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        """``path`` is below ``/api/v1``, or a whole address that an answer gave."""
        url = f"http://testserver/api/v1{path}" if path.startswith("/") else path
        return self._send(method, url, **({} if body is None else {"json": body}))

    def send_form(self, url: str, form: bytes) -> httpx.Response:
        return self._send("POST", url, content=form)

    def _send(self, method: str, url: str, **body: Any) -> httpx.Response:
        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.host, 1))
            async with httpx.AsyncClient(transport=transport, headers=self.headers) as client:
                return await client.request(method, url, **body)

        return self.runner.run(exchange())

    def get(self, path: str) -> httpx.Response:
        return self.call("GET", path)

    def post(self, path: str, body: object) -> httpx.Response:
        return self.call("POST", path, body)


@dataclass
class SigningDevice:
    """A device at work for one account."""

    client: Caller
    clock: SettableClock
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    @property
    def device_id(self) -> str:
        return self.key.thumbprint()

    @property
    def jwk(self) -> dict[str, Any]:
        return {str(name): value for name, value in self.key.as_dict(private=False).items()}

    def post(self, path: str, body: object) -> httpx.Response:
        return self.client.post(path, body)

    def register(self, name: str = "Desk") -> httpx.Response:
        challenge = self.post("/devices/challenge", {}).json()["challenge"]
        proof = sign(self.key, "matinee-device+jws", {"challenge": challenge, "device_id": self.device_id})
        return self.post("/devices", {"name": name, "public_key": self.jwk, "proof": proof})

    def play(self, title_id: str = "film", variant: str = "encrypted", **body: object) -> httpx.Response:
        return self.post(f"/play/{title_id}", {"device_id": self.device_id, "variant": variant, **body})

    def beat(self, session_id: str) -> httpx.Response:
        return self.post(f"/play/{session_id}/heartbeat", {"position_s": 1.0, "state": "playing"})

    def download(self, title_id: str = "film", variant: str = "encrypted", **body: object) -> httpx.Response:
        return self.post(f"/download/{title_id}", {"device_id": self.device_id, "variant": variant, **body})

    def request(self, **changed: object) -> dict[str, object]:
        """The payload of a licence request."""
        return {
            "type": "persistent",
            "device_id": self.device_id,
            "kids": KIDS,
            "pssh": None,
            "nonce": secrets.token_urlsafe(16),
            "issued_at": self.clock.now(),
            "info": INFO,
            **changed,
        }

    def acquire(self, session_id: str, **changed: object) -> httpx.Response:
        payload = self.request(session_id=session_id, **changed)
        return self.post("/licences", {"request": sign(self.key, "matinee-licence-request+jws", payload)})

    def renew(self, licence: dict[str, Any], **changed: object) -> httpx.Response:
        payload = {
            "licence_id": licence["licence_id"],
            "device_id": self.device_id,
            "sequence": licence["sequence"],
            "kids": KIDS,
            "nonce": secrets.token_urlsafe(16),
            "issued_at": self.clock.now(),
            "first_play_at": None,
            "info": INFO,
            **changed,
        }
        url = f"/licences/{licence['licence_id']}/renewal"
        return self.post(url, {"request": sign(self.key, "matinee-renewal+jws", payload)})

    def receipt(self, licence: dict[str, Any], **changed: object) -> str:
        payload = {
            "licence_id": licence["licence_id"],
            "device_id": self.device_id,
            "sequence": licence["sequence"],
            "released_at": self.clock.now(),
            "reason": "removed",
            "first_play_at": None,
            "nonce": secrets.token_urlsafe(16),
            **changed,
        }
        return sign(self.key, "matinee-release+jws", payload)

    def state(self, generation: int, *licences: dict[str, Any], **changed: object) -> httpx.Response:
        """Ask what became of licences."""
        held = [
            {name: one[name] for name in ("licence_id", "sequence")} | {"first_play_at": one.get("first_play_at")}
            for one in licences
        ]
        payload = {
            "device_id": self.device_id,
            "nonce": secrets.token_urlsafe(16),
            "issued_at": self.clock.now(),
            "generation": generation,
            "before": generation - 1,
            "licences": held,
            **changed,
        }
        return self.post("/licences/state", {"request": sign(self.key, "matinee-state-request+jws", payload)})

    def keys_in(self, response: httpx.Response) -> list[str]:
        """The ids (hex) of the keys in an answer that this device opens."""
        _, key_set = open_licence_jwe(response.json()["jwe"], self.key)
        return [_hex(key["kid"]) for key in key_set["keys"]]  # type: ignore[attr-defined]


@dataclass
class Service:
    """The service's parts and a way to call it as one account or another."""

    context: ServiceContext
    clock: SettableClock
    app: FastAPI
    runner: asyncio.Runner

    def account(self, name: str, plan: str = "premium", role: str = "viewer") -> str:
        """The id of a new account."""
        accounts = self.context.accounts
        return accounts.register(f"{name}@matinee.local", name, "secret", plan=plan, role=role).id  # type: ignore[arg-type]

    def client(self, account_id: str | None, host: str = "192.0.2.1") -> Caller:
        """Calls as this account, from this network address."""
        account = self.context.accounts.get(account_id) if account_id else None
        headers = {}
        if account is not None:
            headers["Authorization"] = f"Bearer {self.context.tokens.issue(account, 'x').access_token}"
        return Caller(self.app, self.runner, host, headers)

    def device(self, account_id: str, host: str = "192.0.2.1") -> SigningDevice:
        """A proven device of this account."""
        device = SigningDevice(self.client(account_id, host), self.clock)
        registered = device.register()
        assert registered.status_code == 200, registered.text
        return device

    def fetch(self, url: str, host: str = "192.0.2.1", **headers: str) -> httpx.Response:
        """What an edge of this service answers to an address, to a client at a network address."""
        source = DiskSource(self.context.settings.media_dir, self.clock, self.context.live_plans)
        gate = OwnGate(self.context.edge_gate)
        edge = EdgeApp("edge-a", source, self.context.url_signer, gate, self.clock)

        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(edge, client=(host, 1))
            async with httpx.AsyncClient(transport=transport) as client:
                return await client.get(url, headers=headers)

        return self.runner.run(exchange())

    def service_key(self) -> dict[str, Any]:
        return dict(self.context.rights.signer.public_keys()[0])

    def licence(self, response: httpx.Response) -> dict[str, Any]:
        """The signed licence in an answer, its signature checked."""
        assert response.status_code == 200, response.text
        header, payload = read_jws(response.json()["licence"], self.service_key())
        assert header["typ"] == "matinee-licence+jws"
        return payload


@contextmanager
def service(data_dir: Path, **settings: Any) -> Iterator[Service]:
    """A service with one title, ``film``, that has a key for each label. There is one at a time."""
    clock = SettableClock()
    made = Settings(data_dir, access_token_s=1e9, **settings)
    if made.database.startswith("sqlite"):
        shutil.copytree(_template().name, data_dir, dirs_exist_ok=True)
    else:
        publish_ladder(made, "film")
    context = open_context(made, lambda: [Edge("edge-a", "http://edge")], clock)
    context.accounts._hasher = context.profiles._hasher = _QUICK  # there are no secrets here
    try:
        with asyncio.Runner() as runner:
            _app().state.context, _app().state.faults = context, None
            yield Service(context, clock, _app(), runner)
    finally:
        context.close()


@functools.cache
def _app() -> FastAPI:
    """One application for all: making its routes takes longer than most tests."""
    return create_app(cast(ServiceContext, None))


@functools.cache
def _template() -> tempfile.TemporaryDirectory[str]:
    """A data folder with the title, made once: migrating a database takes longer than most tests."""
    folder = tempfile.TemporaryDirectory()
    settings = Settings(Path(folder.name))
    publish_ladder(settings, "film")
    return folder


def publish_ladder(settings: Settings, title_id: str, keys: tuple[PlainKey, ...] = LADDER) -> None:
    """Publish a title of noise with one key for each label."""
    staged = stage_title(settings, name=title_id, segment_bytes=64)
    publish(
        settings,
        PublishedTitle(
            title=title_id.title(),
            folder=staged,
            duration_s=12.0,
            heights=(480, 1080, 2160),
            keys=keys,
            title_id=title_id,
        ),
    )


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def _hex(kid: str) -> str:
    return base64.urlsafe_b64decode(kid + "=" * (-len(kid) % 4)).hex()
