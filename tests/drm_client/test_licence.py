"""Licences: ClearKey, the device-bound form, identity keys, sharing, caching, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from drm_client import keysystem, systems
from drm_client.base64url import encode_base64url
from drm_client.clearkey import ClearKey, decode_base64url
from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import ContentKey, KeyRing
from drm_client.keysystem import KeyRequest, LicenceCall, LicenceGrant, vendor_systems
from drm_client.licence import LicenceClient

KID, OTHER = b"k" * 16, b"o" * 16
KEY = bytes.fromhex("c0ffee00c0ffee00c0ffee00c0ffee00")
URL = "https://licence.example/api/v1/licence/s1?token=hush"
NOW = 1_700_000_000.0


@dataclass(frozen=True)
class Protection:
    system_id: str | None
    default_kids: tuple[bytes, ...] = (KID,)
    pssh: tuple[bytes, ...] = ()
    licence_urls: tuple[str, ...] = ()


@dataclass
class Server:
    """Answers every call with ``body`` (or raises it) and remembers the calls."""

    body: bytes | Exception
    calls: list[LicenceCall] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def post(self, call: LicenceCall) -> bytes:
        self.calls.append(call)
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(self.body, Exception):
            raise self.body
        return bytes(bytearray(self.body))  # whoever reads it overwrites it


def jwk_set(keys: Sequence[tuple[bytes, bytes]] = ((KID, KEY),)) -> dict[str, object]:
    members = [{"kty": "oct", "kid": encode_base64url(kid), "k": encode_base64url(key)} for kid, key in keys]
    return {"keys": members, "type": "temporary"}


def wrapped(device: DeviceIdentity, session: str = "s1", expires_at: float | None = NOW + 60) -> bytes:
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "sid": session}
    registry = jwe.JWERegistry(
        header_registry={"sid": HeaderParameter("session", "str")}, algorithms=["ECDH-ES+A256KW", "A256GCM"]
    )
    key = ECKey.import_key(device.public_jwk())
    compact = jwe.encrypt_compact(header, json.dumps(jwk_set()), key, registry=registry)
    policy = {} if expires_at is None else {"policy": {"type": "streaming", "expires_at": expires_at}}
    return json.dumps({"jwe": compact, **policy}).encode()


DEVICE = DeviceIdentity.create()
DEVICE_REQUEST = KeyRequest((KID,), licence_url=URL, system="matinee.clearkey", session_id="s1")
PLAIN_REQUEST = KeyRequest((KID,), (Protection(systems.CLEARKEY, licence_urls=(URL,)),))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def client(server: Server, clock: Clock | None = None, **options: object) -> LicenceClient:
    return LicenceClient(server.post, DEVICE, now=clock or Clock(), vendors=options.get("vendors", ()))  # type: ignore[arg-type]


async def test_a_device_bound_licence_fills_the_ring() -> None:
    server, ring = Server(wrapped(DEVICE)), KeyRing()
    licence = await client(server).acquire(DEVICE_REQUEST, ring)
    assert ring.get(KID).value == KEY
    assert (licence.system, licence.kids, licence.policy.expires_at) == ("matinee.clearkey", (KID,), NOW + 60)
    sent = json.loads(server.calls[0].body or b"")
    assert sent == {"kids": [encode_base64url(KID)], "type": "temporary", "device_id": DEVICE.device_id}
    assert server.calls[0].url == URL


async def test_a_plain_clearkey_server_is_taken_too() -> None:
    for request in (PLAIN_REQUEST, replace(DEVICE_REQUEST, session_id=None)):
        ring = KeyRing()
        await client(Server(json.dumps(jwk_set()).encode())).acquire(request, ring)
        assert ring.get(KID).value == KEY


async def test_a_licence_server_that_the_manifest_names_is_asked_for_the_manifest() -> None:
    for request, initiator in ((PLAIN_REQUEST, "http://a.test/m.mpd"), (replace(PLAIN_REQUEST, licence_url=URL), "")):
        server = Server(json.dumps(jwk_set()).encode())
        await client(server).acquire(replace(request, initiator="http://a.test/m.mpd"), KeyRing())
        assert [call.initiator for call in server.calls] == [initiator]


async def test_no_text_shows_secrets() -> None:
    server, ring = Server(wrapped(DEVICE)), KeyRing()
    licence = await client(server).acquire(DEVICE_REQUEST, ring)
    shown = repr([licence, licence.grant, server.calls, DEVICE_REQUEST, PLAIN_REQUEST, ring])
    for secret in (KEY.hex(), repr(KEY), encode_base64url(KEY), "hush", DEVICE.device_id):
        assert secret not in shown


async def test_a_licence_for_another_session_is_refused() -> None:
    ring = KeyRing()
    for session in (None, "s2", ""):
        with pytest.raises(DrmError) as caught:
            await client(Server(wrapped(DEVICE))).acquire(replace(DEVICE_REQUEST, session_id=session), ring)
        assert caught.value.code is DrmErrorCode.LICENCE_REFUSED
        assert caught.value.fields["reason"] == "session"
    assert KID not in ring


async def test_a_licence_for_another_device_does_not_open() -> None:
    with pytest.raises(DrmError) as caught:
        await client(Server(wrapped(DeviceIdentity.create()))).acquire(DEVICE_REQUEST, KeyRing())
    assert caught.value.code is DrmErrorCode.LICENCE_MALFORMED


async def test_an_altered_licence_does_not_open() -> None:
    document = json.loads(wrapped(DEVICE))
    parts = document["jwe"].split(".")
    for number in range(5):
        changed = list(parts)
        changed[number] = ("A" if changed[number][0] != "A" else "B") + changed[number][1:]
        body = json.dumps({**document, "jwe": ".".join(changed)}).encode()
        with pytest.raises(DrmError) as caught:
            await client(Server(body)).acquire(DEVICE_REQUEST, KeyRing())
        assert caught.value.code is DrmErrorCode.LICENCE_MALFORMED


async def test_other_algorithms_are_refused() -> None:
    header = {"alg": "dir", "enc": "A256GCM"}
    from joserfc.jwk import OctKey

    compact = jwe.encrypt_compact(header, b"{}", OctKey.generate_key(256), algorithms=["dir", "A256GCM"])
    with pytest.raises(DrmError) as caught:
        DEVICE.decrypt_jwe(compact)
    assert caught.value.code is DrmErrorCode.LICENCE_MALFORMED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"keys": 3}',
        b'{"keys": [3]}',
        b'{"keys": [{"kty": "RSA"}]}',
        b'{"keys": [{"kty": "oct", "kid": "AA", "k": "AA"}]}',
        b'{"keys": [{"kty": "oct", "kid": 5, "k": "AA"}]}',
        b'{"keys": [{"kty": "oct", "kid": "!!", "k": "AA"}]}',
        b'{"jwe": 7}',
        b'{"jwe": "a.b"}',
        b'{"jwe": ""}',
        b"[" * 100_000,
        b" " * (2 << 20),
    ],
)
async def test_answers_that_are_no_licence(body: bytes) -> None:
    with pytest.raises(DrmError) as caught:
        await client(Server(body)).acquire(DEVICE_REQUEST, KeyRing())
    assert caught.value.code is DrmErrorCode.LICENCE_MALFORMED


@pytest.mark.parametrize(
    "policy",
    [{"type": "forever"}, {"type": "streaming", "expires_at": "soon"}, {"type": "streaming", "expires_at": 1e999}, 5],
)
async def test_unknown_policies_are_refused(policy: object) -> None:
    document = json.loads(wrapped(DEVICE, expires_at=None)) | {"policy": policy}
    with pytest.raises(DrmError) as caught:
        await client(Server(json.dumps(document).encode())).acquire(DEVICE_REQUEST, KeyRing())
    assert caught.value.code is DrmErrorCode.LICENCE_MALFORMED


async def test_a_licence_without_the_wanted_key_is_a_refusal() -> None:
    with pytest.raises(DrmError) as caught:
        await client(Server(json.dumps(jwk_set([(OTHER, KEY)])).encode())).acquire(PLAIN_REQUEST, KeyRing())
    assert caught.value.code is DrmErrorCode.LICENCE_REFUSED


async def test_an_expired_licence_is_not_used() -> None:
    ring = KeyRing()
    with pytest.raises(DrmError) as caught:
        await client(Server(wrapped(DEVICE, expires_at=NOW - 1))).acquire(DEVICE_REQUEST, ring)
    assert caught.value.code is DrmErrorCode.LICENCE_EXPIRED
    assert KID not in ring


async def test_a_streaming_licence_answers_again_until_it_expires() -> None:
    server, clock = Server(wrapped(DEVICE)), Clock()
    licences = client(server, clock)
    first, second = KeyRing(), KeyRing()
    assert not (await licences.acquire(DEVICE_REQUEST, first)).from_cache
    first.clear()
    assert (await licences.acquire(DEVICE_REQUEST, second)).from_cache
    assert second.get(KID).value == KEY
    clock.now = NOW + 60
    server.body = wrapped(DEVICE, expires_at=NOW + 600)
    assert not (await licences.acquire(DEVICE_REQUEST, KeyRing())).from_cache
    assert len(server.calls) == 2
    licences.forget()
    await licences.acquire(DEVICE_REQUEST, KeyRing())
    assert len(server.calls) == 3


async def test_a_temporary_licence_is_asked_for_each_time() -> None:
    server = Server(json.dumps(jwk_set()).encode())
    licences = client(server)
    for _ in range(2):
        await licences.acquire(PLAIN_REQUEST, KeyRing())
    assert len(server.calls) == 2


async def test_requests_that_meet_share_one_exchange_and_giving_up_harms_nobody() -> None:
    server = Server(wrapped(DEVICE), gate=asyncio.Event())
    licences, rings = client(server), [KeyRing() for _ in range(3)]
    tasks = [asyncio.create_task(licences.acquire(DEVICE_REQUEST, ring)) for ring in rings]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    server.gate.set()  # type: ignore[union-attr]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert len(server.calls) == 1
    assert all(KID in ring for ring in rings[1:])


async def test_failures_are_named_and_not_kept() -> None:
    server = Server(ConnectionResetError())
    licences = client(server)
    with pytest.raises(DrmError) as caught:
        await licences.acquire(DEVICE_REQUEST, KeyRing())
    assert caught.value.code is DrmErrorCode.LICENCE_UNREACHABLE
    assert caught.value.recoverable
    server.body = LookupError("the caller's own")
    with pytest.raises(LookupError):
        await licences.acquire(DEVICE_REQUEST, KeyRing())
    server.body = wrapped(DEVICE)
    await licences.acquire(DEVICE_REQUEST, KeyRing())


@pytest.mark.parametrize(
    ("ids", "needed"),
    [
        ([systems.WIDEVINE], "Widevine"),
        ([systems.W3C_COMMON, systems.FAIRPLAY], "FairPlay"),
        ([systems.WIDEVINE, systems.PLAYREADY, systems.WIDEVINE], "Widevine or PlayReady"),
        (["12345678-1234-1234-1234-123456789abc"], "12345678-1234-1234-1234-123456789abc"),
    ],
)
async def test_what_a_title_needs_is_named(ids: list[str], needed: str) -> None:
    request = KeyRequest((KID,), tuple(Protection(id_) for id_ in ids))
    with pytest.raises(DrmError) as caught:
        await client(Server(b"")).acquire(request, KeyRing())
    assert caught.value.code is DrmErrorCode.KEY_SYSTEM_UNSUPPORTED
    assert f"needs {needed}," in caught.value.sentence


async def test_a_title_that_names_nothing() -> None:
    with pytest.raises(DrmError) as caught:
        await client(Server(b"")).acquire(KeyRequest((KID,)), KeyRing())
    assert caught.value.code is DrmErrorCode.KEY_SYSTEM_UNSUPPORTED


class VendorSystem:
    """A module of a vendor, as one would be plugged in."""

    name = "com.example.vendor"

    def recognises(self, request: KeyRequest) -> bool:
        return any(protection.system_id == systems.WIDEVINE for protection in request.protections)

    def form_request(self, request: KeyRequest) -> LicenceCall:
        return LicenceCall("https://vendor.example/", b"challenge")

    def read_response(self, request: KeyRequest, body: bytes) -> LicenceGrant:
        return LicenceGrant((ContentKey(KID, body),))


@dataclass(frozen=True)
class EntryPoint:
    name: str
    made: object

    def load(self) -> object:
        if isinstance(self.made, Exception):
            raise self.made
        return self.made


async def test_a_vendor_module_plugs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [EntryPoint("vendor", VendorSystem)]
    monkeypatch.setattr(keysystem, "entry_points", lambda *, group: found if group == "matinee.cdm" else [])
    request = KeyRequest((KID,), (Protection(systems.WIDEVINE),))
    server, ring = Server(KEY), KeyRing()
    licence = await client(server, vendors=vendor_systems()).acquire(request, ring)
    assert (licence.system, server.calls[0].body) == ("com.example.vendor", b"challenge")
    assert ring.get(KID).value == KEY
    found[0] = EntryPoint("vendor", ImportError("a library is missing"))
    with pytest.raises(DrmError, match="vendor is installed but does not start"):
        vendor_systems()


def test_clearkey_is_taken_by_its_ids_or_by_name() -> None:
    system = ClearKey()
    assert system.recognises(PLAIN_REQUEST)
    assert system.recognises(KeyRequest((KID,), licence_url=URL))
    assert system.recognises(KeyRequest((KID,), licence_url=URL, system="org.w3.clearkey"))
    assert not system.recognises(replace(PLAIN_REQUEST, system="com.widevine.alpha"))
    assert not system.recognises(KeyRequest((KID,), (Protection(systems.WIDEVINE, licence_urls=(URL,)),)))


def test_base64url_with_and_without_padding() -> None:
    for data in (b"", b"\xff", b"\xfb\xff", b"abc"):
        assert decode_base64url(encode_base64url(data)) == data
        assert decode_base64url(encode_base64url(data) + "=" * (-len(encode_base64url(data)) % 4)) == data
