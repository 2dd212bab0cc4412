"""A licence server in memory for version 2 of the wire format (docs/protocol.md); it misbehaves on request."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwe, jws
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from drm_client.keysystem import LicenceCall
from drm_client.refusals import LicenceReply

ADDRESS = "https://service.example"
AUDIO, SD, HD = (bytes([n]) * 16 for n in (1, 2, 3))
KEYS = {AUDIO: bytes(range(16)), SD: bytes(range(16, 32)), HD: bytes(range(32, 48))}
HOUR, DAY = 3600.0, 86_400.0
START = 1_800_000_000.0

Payload = dict[str, Any]


@dataclass
class RealTime:
    """The time that really is; the service's clock shows it."""

    at_s: float = START


class Offline(Exception):  # noqa: N818  (what stands for a network error of the caller's)
    """The service is not reached."""


@dataclass
class Terms:
    """What the licences of this server say."""

    licence_s: float | None = 48 * HOUR
    play_s: float | None = None
    grace_s: float = 0.0
    renew_after_s: float | None = 24 * HOUR
    renew_until_s: float = 30 * DAY
    rental: bool = False
    withheld: dict[str, str] = field(default_factory=dict)


class LicenceServer:
    """``tamper`` may change the payload of a licence before it is signed, ``swap`` the whole answer after. Where it
    ``goes_on``, a second request for a session gets that session's licence, as of the real service."""

    def __init__(
        self, device_jwk: Mapping[str, str], time: RealTime | None = None, terms: Terms | None = None
    ) -> None:
        self.time = time or RealTime()
        self.terms = terms or Terms()
        self.device = ECKey.import_key(dict(device_jwk))
        self.signers = [ECKey.generate_key("P-256")]
        self.endorsements: list[str] = []
        self.online = True
        self.calls: list[str] = []
        self.requests: list[Payload] = []
        self.licences: dict[str, Payload] = {}
        self.released: dict[str, Payload] = {}
        self.revoked: set[str] = set()
        self.revoked_titles: list[Payload] = []
        self.revoked_devices: list[str] = []
        self.list_at: Callable[[int], float | None] = lambda serial: START + serial if serial else None
        self.skewed = False
        self.generation = 0
        self.goes_on = False
        self.tamper: Callable[[Payload], None] = lambda _payload: None
        self.swap: Callable[[Payload], Payload] = lambda answer: answer

    async def exchange(self, call: LicenceCall) -> LicenceReply:
        if not self.online:
            raise Offline
        parts = urlsplit(call.url)
        path = parts.path.removeprefix("/api/v1")
        self.calls.append(path)
        body = {} if call.body is None else json.loads(call.body)
        etag = f'"{self._serial()}-{self.list_at(self._serial())}"' if path == "/revocations" else ""
        if etag and call.headers.get("If-None-Match") == etag:
            return LicenceReply(304, b"", etag)
        status, answer = self._answer(path, parse_qs(parts.query), body)
        return LicenceReply(status, json.dumps(answer).encode(), etag)

    def _serial(self) -> int:
        return len(self.revoked) + len(self.revoked_titles) + len(self.revoked_devices)

    def rotate(self) -> None:
        """A new signing key, endorsed by the one before."""
        old, new = self.signers[0], ECKey.generate_key("P-256")
        jwk = new.as_dict(private=False)
        self.endorsements.append(self.sign("matinee-key+jws", {"jwk": jwk, "issued_at": self.time.at_s}, old))
        self.signers.insert(0, new)

    def sign(self, typ: str, payload: Payload, key: ECKey | None = None) -> str:
        signer = key or self.signers[0]
        header = {"alg": "ES256", "typ": typ, "kid": signer.thumbprint()}
        return jws.serialize_compact(header, json.dumps({"v": 2, **payload}), signer, algorithms=["ES256"])

    def _answer(self, path: str, query: Mapping[str, list[str]], body: Payload) -> tuple[int, Payload]:
        if path == "/keys":
            keys = [{**one.as_dict(private=False), "use": "sig"} for one in self.signers]
            return 200, {"keys": keys, "endorsements": self.endorsements}
        if path == "/time":
            nonce = query.get("nonce", [None])[0]
            return 200, {"token": self.sign("matinee-time+jws", {"now_at": self.time.at_s, "nonce": nonce})}
        if path == "/revocations":
            return 200, {"list": self._revocations(int(query["since"][0]))}
        if path == "/licences/state":
            return self._state(self._read(body["request"], "matinee-state-request+jws"))
        if path == "/licences":
            return self._issue(self._read(body["request"], "matinee-licence-request+jws"))
        licence_id, verb = path.removeprefix("/licences/").split("/")
        if verb == "release":
            payload = self._read(body["receipt"], "matinee-release+jws")
            self.released.setdefault(licence_id, payload)
            return 200, {"licence_id": licence_id, "released_at": self.time.at_s}
        return self._renew(licence_id, self._read(body["request"], "matinee-renewal+jws"))

    def _read(self, token: str, typ: str) -> Payload:
        opened = jws.deserialize_compact(token, self.device, algorithms=["ES256"])
        assert opened.headers()["typ"] == typ
        assert opened.headers()["kid"] == self.device.thumbprint()
        payload: Payload = json.loads(opened.payload)
        assert payload["v"] == 2
        self.requests.append(payload)
        return payload

    def _skew(self, asked: Payload) -> bool:
        self.skewed = abs(asked["issued_at"] - self.time.at_s) > 300
        return self.skewed

    def _issue(self, asked: Payload) -> tuple[int, Payload]:
        if self._skew(asked):
            return 403, {"code": "clock_skew", "title": "The clock is wrong."}
        for licence_id, held in self.licences.items():
            if self.goes_on and held["session_id"] == asked["session_id"]:
                if licence_id in self.revoked or licence_id in self.released:
                    return 403, {"code": "licence_revoked", "title": "The licence is over."}
                return self._answer_for(licence_id, held["sequence"] + 1, asked, {**held, **asked})
        licence_id = hashlib.sha256(asked["nonce"].encode()).hexdigest()[:32]
        return self._answer_for(licence_id, 1, asked, {"first_play_at": None, **asked})

    def _state(self, asked: Payload) -> tuple[int, Payload]:
        if self._skew(asked):
            return 403, {"code": "clock_skew", "title": "The clock is wrong."}
        restored = asked["before"] < self.generation
        known, self.generation = self.generation, max(self.generation, asked["generation"])
        answers = []
        for one in asked["licences"]:
            held = self.licences.get(one["licence_id"])
            state = "unknown" if held is None else "in_force"
            state = "revoked" if one["licence_id"] in self.revoked else state
            state = "released" if one["licence_id"] in self.released else state
            said = [at for at in (one["first_play_at"], (held or {}).get("first_play_at")) if at is not None]
            first = min(said, default=None)
            if held is not None:
                held["first_play_at"] = first
            sequence = 0 if held is None else held["sequence"]
            answers.append(
                {"licence_id": one["licence_id"], "state": state, "sequence": sequence, "first_play_at": first}
            )
        payload = {
            "device_id": asked["device_id"],
            "nonce": asked["nonce"],
            "issued_at": self.time.at_s,
            "generation": known,
            "restored": restored,
            "device": "revoked" if asked["device_id"] in self.revoked_devices else "in_use",
            "licences": answers,
        }
        return 200, {"state": self.sign("matinee-state+jws", payload)}

    def _renew(self, licence_id: str, asked: Payload) -> tuple[int, Payload]:
        if self._skew(asked):
            return 403, {"code": "clock_skew", "title": "The clock is wrong."}
        held = self.licences[licence_id]
        if licence_id in self.revoked:
            return 403, {"code": "licence_revoked", "title": "The licence was withdrawn."}
        if licence_id in self.released:
            return 403, {"code": "licence_released", "title": "The licence was given back."}
        if asked["sequence"] != held["sequence"]:
            return 409, {"code": "stale_sequence", "title": "Stale.", "sequence": held["sequence"]}
        said = [at for at in (asked["first_play_at"], held["first_play_at"]) if at is not None]
        first = min(said, default=None) if self.terms.rental else None
        return self._answer_for(licence_id, held["sequence"] + 1, asked, {**held, "first_play_at": first})

    def _answer_for(self, licence_id: str, sequence: int, asked: Payload, about: Payload) -> tuple[int, Payload]:
        terms, now = self.terms, self.time.at_s
        given = {kid: KEYS[bytes.fromhex(kid)] for kid in asked["kids"] if kid not in terms.withheld}
        token = self._wrap(given, about["session_id"]) if given else None
        renewal = None
        if terms.renew_after_s is not None:
            url = f"/api/v1/licences/{licence_id}/renewal"
            renewal = {"url": url, "from_at": now + terms.renew_after_s, "until_at": now + terms.renew_until_s}
        payload: Payload = {
            "licence_id": licence_id,
            "sequence": sequence,
            "type": about["type"],
            "session_id": about["session_id"],
            "device_id": asked["device_id"],
            "nonce": asked["nonce"],
            "account_id": "a1",
            "title_id": "the-film",
            "variant": "encrypted",
            "issued_at": now,
            "expires_at": None if terms.licence_s is None else now + terms.licence_s,
            "play_s": terms.play_s,
            "first_play_at": about["first_play_at"],
            "grace_s": terms.grace_s,
            "renewal": renewal,
            "release_url": f"/api/v1/licences/{licence_id}/release",
            "rental": terms.rental,
            "keys": {kid: {"label": "SD", "max_height": 576, "hdcp": "none"} for kid in given},
            "withheld": terms.withheld,
            "output": {"hdcp": "none", "analogue": True, "mirror": True},
            "plan": {"name": "Home", "max_height": 1080, "streams": 2},
            "jwe_sha256": None if token is None else _base64url(hashlib.sha256(token.encode()).digest()),
        }
        self.licences[licence_id] = dict(payload)
        self.tamper(payload)
        return 200, self.swap({"licence": self.sign("matinee-licence+jws", payload), "jwe": token})

    def _wrap(self, keys: Mapping[str, bytes], session_id: str) -> str:
        members = [
            {"kty": "oct", "kid": _base64url(bytes.fromhex(kid)), "k": _base64url(key)} for kid, key in keys.items()
        ]
        algorithms = ["ECDH-ES+A256KW", "A256GCM"]
        registry = jwe.JWERegistry(header_registry={"sid": HeaderParameter("", "str")}, algorithms=algorithms)
        header = {"alg": algorithms[0], "enc": algorithms[1], "sid": session_id}
        text = json.dumps({"keys": members, "type": "persistent-license"})
        return jwe.encrypt_compact(header, text, self.device, registry=registry)

    def _revocations(self, since: int) -> str:
        serial = self._serial()
        payload = {
            "issued_at": self.time.at_s,
            "next_at": self.time.at_s + DAY,
            "serial": serial,
            "at": self.list_at(serial),
            "since_at": self.list_at(since) if since <= serial else None,
            "more": False,
            "devices": self.revoked_devices if serial > since else [],
            "licences": sorted(self.revoked) if serial > since else [],
            "titles": self.revoked_titles if serial > since else [],
        }
        return self.sign("matinee-revocations+jws", payload)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
