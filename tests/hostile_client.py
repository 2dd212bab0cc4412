"""A client with a Basic plan (one screen, 576 lines, one device with downloads) that wants more than it pays for.

``python -m tests.hostile_client`` prints the table of ``docs/security.md``; ``tests/test_attacks.py`` holds the two
against each other. An attack answers whether the service held.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import cbor2
from cwt import COSE, COSEKey
from joserfc import jwt
from joserfc.jwk import OctKey

from backend_stub.services.content_keys import PlainKey
from backend_stub.services.entitlement import ContractTerms
from backend_stub.services.publishing import unpublish
from backend_stub.signing import EdgeGrant, UrlSigner
from tests.kit.rights import INFO, KIDS, LADDER, Service, SigningDevice, publish_ladder, service, sign

AUDIO, SD, HD, UHD = KIDS
RUNGS = (480, 1080, 2160)
DAY = 86400.0


def ladder(first: int) -> tuple[PlainKey, ...]:
    """The keys of another title."""
    return tuple(PlainKey(key.label, bytes([number]) * 16, key.key) for number, key in enumerate(LADDER, first))


OTHER_LADDER = ladder(60)
_MASTER = "#EXTM3U\n" + "".join(f"#EXT-X-STREAM-INF:BANDWIDTH={rung}\nvideo/{rung}p/index.m3u8\n" for rung in RUNGS)
_SETS = "".join(
    f'<AdaptationSet><Representation id="{rung}"><BaseURL>video/{rung}p/</BaseURL></Representation></AdaptationSet>'
    for rung in RUNGS
)


@dataclass
class Ground:
    """A service with two titles (``film``, and ``other`` for premium viewers in France), the client that lies, and a
    viewer with the best plan."""

    bench: Service
    mine: str  # the account
    device: SigningDevice
    victim: SigningDevice

    def second(self) -> SigningDevice:
        """Another device of the same account."""
        return self.bench.device(self.mine)

    def wait(self, seconds: float) -> None:
        self.bench.clock.step(seconds)

    def opens(self, url: str) -> bool:
        """Whether an edge gives this file, once it has forgotten what it knew."""
        self.wait(6)
        return self.bench.fetch(url).status_code == 200

    def licence(self, session_id: str, device: SigningDevice | None = None, **changed: object) -> Any:
        return (device or self.device).acquire(session_id, **{"type": "streaming", **changed})


Try = Callable[[Ground], bool]


@dataclass(frozen=True, slots=True)
class Attack:
    wants: str
    how: str
    try_: Try


def folder(play: dict[str, Any]) -> str:
    return str(play["manifests"][0]["hls"]).rpartition("/")[0] + "/"


def segment(play: dict[str, Any], rung: int = 480) -> str:
    return f"{folder(play)}video/{rung}p/1.m4s"


def token_in(url: str) -> str:
    return url.split("/s/")[1].split("/")[0]


def refused(answer: Any) -> bool:
    return 400 <= answer.status_code < 500


def at(name: str) -> Try:
    """Ask for a file of 1080 lines by this path below the manifest's folder."""

    def attack(ground: Ground) -> bool:
        play = ground.device.play().json()
        return ground.opens(segment(play)) and not ground.opens(folder(play) + name)

    return attack


def changed_token(change: Callable[[str, Ground], str]) -> Try:
    """Ask for a file of 1080 lines with a token that was changed."""

    def attack(ground: Ground) -> bool:
        url = segment(ground.device.play().json(), 1080)
        return not ground.opens(url.replace(token_in(url), change(token_in(url), ground)))

    return attack


def _without_limit(token: str, ground: Ground) -> str:
    """The same claims without the height, under a key of the attacker's own."""
    grant = ground.bench.context.url_signer.verify(token, ground.bench.clock.now())
    assert grant is not None
    return UrlSigner([b"x" * 32]).sign(EdgeGrant(grant.title_id, grant.session_id, grant.expires_at, grant.place))


def _unsigned(token: str, _ground: Ground) -> str:
    data = cbor2.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    claims = cbor2.loads(data.value[2])
    claims.pop(-65537, None)
    bare = cbor2.CBORTag(data.tag, [data.value[0], data.value[1], cbor2.dumps(claims), b""])
    return base64.urlsafe_b64encode(cbor2.dumps(bare)).rstrip(b"=").decode()


def _other_algorithm(token: str, _ground: Ground) -> str:
    key = COSEKey.from_symmetric_key(b"x" * 32, alg="HS512")
    made = COSE.new(alg_auto_inclusion=True).encode_and_mac(cbor2.dumps({7: b"s"}), key)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _one_bit(token: str, _ground: Ground) -> str:
    data = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    data[len(data) // 2] ^= 1
    return base64.urlsafe_b64encode(bytes(data)).rstrip(b"=").decode()


def keys(**changed: object) -> Try:
    """Ask for keys; none above the plan may come."""

    def attack(ground: Ground) -> bool:
        session_id = ground.device.play().json()["session_id"]
        answer = ground.licence(session_id, **changed)
        return refused(answer) or set(ground.device.keys_in(answer)) <= {AUDIO, SD}

    return attack


def named_in(which: str) -> Try:
    """Read what a manifest names."""

    def attack(ground: Ground) -> bool:
        play = ground.device.play().json()
        if which in ("hls", "dash"):
            text = ground.bench.fetch(play["manifests"][0][which]).text
        else:
            text = ground.bench.client(None).get(play["steering"][which.removeprefix("steered ")]).text
        return "480p" in text and "1080p" not in text

    return attack


def big_download(ground: Ground) -> bool:
    grant = ground.device.download(max_height=2160).json()
    answer = ground.device.acquire(grant["download_id"])
    return not ground.opens(segment(grant, 1080)) and set(ground.device.keys_in(answer)) <= {AUDIO, SD}


def renewed_with_more_keys(ground: Ground) -> bool:
    grant = ground.device.download().json()
    licence = ground.bench.licence(ground.device.acquire(grant["download_id"]))
    ground.wait(25 * DAY)
    answer = ground.device.renew(licence, kids=[HD, UHD])
    return refused(answer) or not set(ground.device.keys_in(answer)) & {HD, UHD}


def nginx_is_lied_to(ground: Ground) -> bool:
    client = ground.bench.client(None)
    token = token_in(segment(ground.device.play().json()))
    answers = []
    for path in ("/film/encrypted/video/1080p/", "/film/encrypted/video/480p/../1080p/1.m4s", "/film/"):
        client.headers = {"X-Matinee-Token": token, "X-Matinee-Path": path}
        answers.append(client.get("/edge-check"))
    return refused(answers[0]) and refused(answers[2]) and refused(answers[1])


def after_a_smaller_plan(ground: Ground) -> bool:
    """A session that began on premium goes on after the plan became Basic."""
    before = ground.victim.play().json()
    account = ground.bench.context.accounts.find("victim@matinee.local")
    assert account is not None
    ground.bench.context.money.subscriptions.give(account.id, "basic")
    again = ground.victim.post(f"/play/{before['session_id']}/addresses", {}).json()
    answer = ground.licence(before["session_id"], ground.victim)
    fewer = set(ground.victim.keys_in(answer)) <= {AUDIO, SD} and not ground.opens(segment(again, 1080))
    for _ in range(21):
        ground.wait(30)
        ground.victim.beat(before["session_id"])
    return fewer and not ground.opens(segment(before, 1080))


def steered_token(ground: Ground, play: dict[str, Any]) -> str:
    """What a steered manifest's addresses carry: it is good for the whole session."""
    return token_in(ground.bench.client(None).get(play["steering"]["hls"]).text)


def steered_after_a_smaller_plan(ground: Ground) -> bool:
    """A session that began on premium, by the addresses of players that are told of no new ones."""
    play = ground.victim.play().json()
    url = segment(play, 1080)
    url = url.replace(token_in(url), steered_token(ground, play))
    before = ground.opens(url)
    account = ground.bench.context.accounts.find("victim@matinee.local")
    assert account is not None
    ground.bench.context.money.subscriptions.give(account.id, "basic")
    return before and not ground.opens(url)


# More screens


def second_screen(ground: Ground) -> bool:
    ground.device.play()
    return refused(ground.second().play())


def ahead_then_beat(ground: Ground) -> bool:
    ground.device.play()
    other = ground.second()
    return refused(other.beat(other.play(ahead=True).json()["session_id"]))


def ahead_and_silent(ground: Ground) -> bool:
    other = ground.second()
    ground.device.play()
    play = other.play(ahead=True).json()
    ground.wait(61)
    return refused(ground.licence(play["session_id"], other)) and not ground.opens(segment(play))


def ahead_again_and_again(ground: Ground) -> bool:
    """A session ahead each minute, none of which is ever claimed, on all devices of the account."""
    devices = [ground.second() for _ in range(3)]
    given = 0
    for minute in range(60):
        ground.wait(60)
        given += devices[minute % 3].play(ahead=True).status_code == 200
    return given <= 8


def many_ahead(ground: Ground) -> bool:
    plays = []
    for _ in range(5):
        ground.wait(1)
        plays.append(ground.device.play(ahead=True).json())
    taken_back = refused(ground.device.beat(plays[0]["session_id"]))
    ground.wait(61)
    return taken_back and not any(ground.opens(segment(play)) for play in plays)


def taking_turns(ground: Ground) -> bool:
    """Two devices end each session as soon as they have its keys, and begin when the other has ended: of an hour,
    both have keys for a few minutes."""
    devices, both_s, until = [ground.device, ground.second()], 0.0, [0.0, 0.0]
    for turn in range(90):
        device, now = devices[turn % 2], ground.bench.clock.now()
        play = device.play()
        if play.status_code == 200:
            answer = ground.licence(play.json()["session_id"], device)
            until[turn % 2] = ground.bench.licence(answer)["expires_at"]
            device.post(f"/play/{play.json()['session_id']}/end", {})
        both_s += max(0.0, min(*until, now + 40) - now)
        ground.wait(40)
    return both_s <= 600


def cloned_device(ground: Ground) -> bool:
    """Two machines with one device's key play one title."""
    first = ground.device.play().json()
    second = ground.device.play().json()
    for _ in range(4):
        ground.wait(30)
        ground.device.beat(second["session_id"])
    return not ground.opens(segment(first)) and refused(ground.licence(first["session_id"]))


def silent_then_back(ground: Ground) -> bool:
    first = ground.device.play().json()
    ground.wait(95)
    ground.second().play()
    return refused(ground.device.beat(first["session_id"]))


def ended_then_back(ground: Ground) -> bool:
    first = ground.device.play().json()
    ground.device.post(f"/play/{first['session_id']}/end", {})
    return refused(ground.device.beat(first["session_id"])) and refused(ground.licence(first["session_id"]))


def never_beats(ground: Ground) -> bool:
    play = ground.device.play().json()
    ground.wait(95)
    return not ground.opens(segment(play)) and refused(ground.licence(play["session_id"]))


def fifth_device(ground: Ground) -> bool:
    for _ in range(3):
        ground.second()
    return refused(SigningDevice(ground.bench.client(ground.mine), ground.bench.clock).register())


def second_downloader(ground: Ground) -> bool:
    ground.device.download()
    return refused(ground.second().download())


def sixteenth_download(ground: Ground) -> bool:
    context = ground.bench.context
    for number in range(15):
        publish_ladder(context.settings, f"more-{number}", ladder(100 + 10 * number))
    answers = [ground.device.download(f"more-{number}", variant="clear") for number in range(15)]
    return all(one.status_code == 200 for one in answers) and refused(ground.device.download("film"))


# More time


def old_address(ground: Ground) -> bool:
    play = ground.device.play().json()
    for _ in range(21):
        ground.wait(30)
        ground.device.beat(play["session_id"])
    return not ground.opens(segment(play))


def beyond_the_session(ground: Ground) -> bool:
    play = ground.device.play().json()
    for _ in range(6 * 72 + 1):
        ground.wait(50)
        ground.device.beat(play["session_id"])
    return refused(ground.device.post(f"/play/{play['session_id']}/addresses", {})) and refused(
        ground.licence(play["session_id"])
    )


def kept(ground: Ground) -> dict[str, Any]:
    """A download's licence."""
    licence: dict[str, Any] = ground.bench.licence(
        ground.device.acquire(ground.device.download().json()["download_id"])
    )
    return licence


def renewed_too_late(ground: Ground) -> bool:
    licence = kept(ground)
    ground.wait(60 * DAY)
    return refused(ground.device.renew(licence))


def renewed_by_an_old_sequence(ground: Ground) -> bool:
    licence = kept(ground)
    ground.wait(25 * DAY)
    return ground.device.renew(licence).status_code == 200 and refused(ground.device.renew(licence))


def rental_again(ground: Ground) -> bool:
    """A rental that was watched is renewed as if it had never been."""
    ground.bench.context.rights.contracts.set("film", ContractTerms(rental=True), by=None)
    licence = kept(ground)
    now = ground.bench.clock.now()
    if ground.device.renew(licence, first_play_at=now).status_code == 200:
        licence = {**licence, "sequence": licence["sequence"] + 1}
    ground.wait(3 * DAY)
    return refused(ground.device.renew(licence, first_play_at=None)) and refused(
        ground.device.acquire(licence["session_id"])
    )


def rental_downloaded_again(ground: Ground) -> bool:
    """A rental is given back when its hours are nearly over, and downloaded again."""
    ground.bench.context.rights.contracts.set("film", ContractTerms(rental=True), by=None)
    licence, began = kept(ground), ground.bench.clock.now()
    ground.wait(DAY)
    receipt = ground.device.receipt(licence, first_play_at=began)
    ground.device.post(f"/licences/{licence['licence_id']}/release", {"receipt": receipt})
    again = kept(ground)
    ground.wait(1.5 * DAY)
    return again["first_play_at"] == began and refused(ground.device.acquire(again["session_id"]))


def given_back_and_renewed(ground: Ground) -> bool:
    licence = kept(ground)
    released = ground.device.post(
        f"/licences/{licence['licence_id']}/release", {"receipt": ground.device.receipt(licence)}
    )
    return released.status_code == 200 and refused(ground.device.renew(licence))


def dated(by_s: float) -> Try:
    def attack(ground: Ground) -> bool:
        session_id = ground.device.play().json()["session_id"]
        return refused(ground.licence(session_id, issued_at=ground.bench.clock.now() + by_s))

    return attack


def replayed(ground: Ground) -> bool:
    payload = ground.device.request(type="streaming", session_id=ground.device.play().json()["session_id"])
    request = {"request": sign(ground.device.key, "matinee-licence-request+jws", payload)}
    return ground.device.post("/licences", request).status_code == 200 and refused(
        ground.device.post("/licences", request)
    )


def closed_window(ground: Ground) -> bool:
    play = ground.device.play().json()
    ground.bench.context.rights.contracts.set(
        "film", ContractTerms(available_until=ground.bench.clock.now() + 10), by=None
    )
    ground.wait(11)
    return refused(ground.device.play()) and refused(ground.device.beat(play["session_id"]))


def steered_beyond_the_window(ground: Ground) -> bool:
    """The window closes; the player keeps its place by asking where to load from, and sends no heartbeat."""
    play = ground.device.play().json()
    url = segment(play)
    url = url.replace(token_in(url), steered_token(ground, play))
    before = ground.opens(url)
    until = ground.bench.clock.now() + 10
    ground.bench.context.rights.contracts.set("film", ContractTerms(available_until=until), by=None)
    ground.wait(11)
    ground.bench.client(None).get(play["steering"]["url"])
    return before and not ground.opens(url)


def plan_is_over(ground: Ground) -> bool:
    play = ground.device.play().json()
    ground.bench.context.money.subscriptions.give(ground.mine, "free")
    return refused(ground.device.play()) and refused(ground.licence(play["session_id"]))


def recalled(ground: Ground) -> bool:
    play = ground.device.play().json()
    ground.bench.context.rights.revocations.revoke_title("film", "recalled", by="")
    return (
        refused(ground.device.play())
        and not ground.opens(segment(play))
        and refused(ground.licence(play["session_id"]))
    )


def signed_out(ground: Ground) -> bool:
    play = ground.device.play().json()
    ground.device.post("/auth/logout-everywhere", {})
    return refused(ground.device.client.get("/catalog")) and not ground.opens(segment(play))


# Other titles


def other_title(path: str) -> Try:
    def attack(ground: Ground) -> bool:
        url = segment(ground.device.play().json())
        return not ground.opens(url.replace("/film/encrypted/", path))

    return attack


def not_in_france(**headers: str) -> Try:
    def attack(ground: Ground) -> bool:
        ground.device.client.headers.update(headers)
        return (
            refused(ground.device.play("other"))
            and refused(ground.device.download("other"))
            and ground.device.client.get("/catalog/other").status_code in (200, 404)
        )

    return attack


def keys_of_another_title(ground: Ground) -> bool:
    session_id = ground.device.play().json()["session_id"]
    wanted = [key.kid.hex() for key in OTHER_LADDER]
    answer = ground.licence(session_id, kids=wanted)
    return refused(answer) or not ground.device.keys_in(answer)


def clear_variant(ground: Ground) -> bool:
    url = segment(ground.device.play().json())
    return not ground.opens(url.replace("/encrypted/", "/clear/"))


def grown_ups_only(ground: Ground) -> bool:
    client = ground.device.client
    ground.bench.context.rights.contracts.rate("film", 18, by=None)
    child = client.post("/profiles", {"name": "Kim", "maturity": 6, "pin": None}).json()
    adult = client.post("/profiles", {"name": "Ann", "maturity": 18, "pin": "9317"}).json()
    token = client.post(f"/profiles/{child['id']}/selection", {"pin": None}).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    guesses = [client.post(f"/profiles/{adult['id']}/selection", {"pin": f"{n:04}"}) for n in range(8)]
    return (
        refused(ground.device.play())
        and all(refused(one) for one in guesses)
        and guesses[-1].status_code == 429
        and refused(client.post("/profiles", {"name": "x", "maturity": 18, "pin": None}))
    )


def no_download_allowed(ground: Ground) -> bool:
    ground.bench.context.rights.contracts.set("film", ContractTerms(download=False), by=None)
    return refused(ground.device.download())


def unpublished(ground: Ground) -> bool:
    unpublish(ground.bench.context.settings, "film")
    return refused(ground.device.play()) and refused(ground.device.download())


# Other accounts


def on_their_session(call: str, body: dict[str, object]) -> Try:
    def attack(ground: Ground) -> bool:
        session_id = ground.victim.play().json()["session_id"]
        return refused(ground.device.post(f"/play/{session_id}/{call}", body))

    return attack


def keys_of_their_session(ground: Ground) -> bool:
    session_id = ground.victim.play().json()["session_id"]
    stolen = sign(
        ground.victim.key,
        "matinee-licence-request+jws",
        ground.victim.request(type="streaming", session_id=session_id),
    )
    return refused(ground.licence(session_id)) and refused(ground.device.post("/licences", {"request": stolen}))


def their_licence(ground: Ground) -> bool:
    licence = ground.bench.licence(ground.victim.acquire(ground.victim.download().json()["download_id"]))
    return refused(ground.device.renew(licence)) and refused(ground.device.acquire(licence["session_id"]))


def their_things(ground: Ground) -> bool:
    profile = ground.victim.post("/profiles", {"name": "V", "maturity": 18, "pin": None}).json()["id"]
    client = ground.device.client
    answers = [
        client.call("DELETE", f"/devices/{ground.victim.device_id}"),
        client.call("DELETE", f"/profiles/{profile}"),
        client.post(f"/profiles/{profile}/selection", {"pin": None}),
    ]
    return all(refused(one) for one in answers) and ground.victim.play().status_code == 200


def as_them(algorithm: str, key: bytes | None) -> Try:
    """An access token of the attacker's own making with the victim's account in it."""

    def attack(ground: Ground) -> bool:
        account = ground.bench.context.accounts.find("victim@matinee.local")
        assert account is not None
        claims = {"iss": "matinee", "sub": account.id, "fam": "0" * 32, "iat": 1.0, "exp": 9e9}
        if key is None:
            parts = [json.dumps({"alg": algorithm}), json.dumps(claims)]
            token = ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."
        else:
            token = jwt.encode({"alg": algorithm}, claims, OctKey.import_key(key), algorithms=[algorithm])
        ground.device.client.headers["Authorization"] = f"Bearer {token}"
        return ground.device.client.get("/account").status_code == 401

    return attack


def their_password(ground: Ground) -> bool:
    """Ask for a new password for the victim, and guess the code from many addresses."""
    ground.device.post("/auth/password-reset", {"email": "victim@matinee.local"})
    ground.bench.context.mail_codes.send_due()
    letters = "BCDFGHJKLMNPQRSTVWXZ"
    for number, (one, two) in enumerate(product(letters, letters)):
        if number == 200:
            break
        body = {
            "email": "victim@matinee.local",
            "code": f"BBBB-BB{one}{two}",
            "new_password": "a long and new one",
            "device_name": "x",
        }
        answer = ground.bench.client(None, f"192.0.2.{number}").post("/auth/password-reset/confirmation", body)
        if not refused(answer):
            return False
    return answer.status_code == 429


def guessed_password(ground: Ground) -> bool:
    body = {"email": "victim@matinee.local", "password": "wrong", "device_name": "x"}
    answers = [ground.bench.client(None, f"192.0.2.{n}").post("/auth/login", body) for n in range(30)]
    return all(refused(one) for one in answers) and answers[-1].status_code == 429


def their_steering(ground: Ground) -> bool:
    """Keep the victim's session in place, or read its manifests, with a token of one's own."""
    theirs, own = ground.victim.play().json(), ground.device.play().json()
    swapped = theirs["steering"]["url"].split("token=")[0] + "token=" + own["steering"]["url"].split("token=")[1]
    return refused(ground.bench.client(None).get(swapped))


def operators_calls(ground: Ground) -> bool:
    client = ground.device.client
    paths = ("/admin/accounts", "/admin/audit", "/admin/jobs", "/admin/steering")
    raised = client.call("PATCH", f"/admin/accounts/{ground.mine}", {"role": "admin"})
    return all(refused(client.get(path)) for path in paths) and refused(raised)


def export_of_others(ground: Ground) -> bool:
    ground.victim.play()
    text = ground.device.client.get("/account/export").text
    return ground.victim.device_id not in text and "victim" not in text


def refresh_twice(ground: Ground) -> bool:
    """A refresh token that was copied is used after its owner has used it, and what it gave."""
    account = ground.bench.context.accounts.find("victim@matinee.local")
    assert account is not None
    first = ground.bench.context.tokens.issue(account, "x").refresh_token
    second = ground.device.post("/auth/refresh", {"refresh_token": first}).json()["refresh_token"]
    third = ground.device.post("/auth/refresh", {"refresh_token": second}).json()["refresh_token"]
    return refused(ground.device.post("/auth/refresh", {"refresh_token": first})) and refused(
        ground.device.post("/auth/refresh", {"refresh_token": third})
    )


# Revoked devices


def revoked(what: str) -> Try:
    def attack(ground: Ground) -> bool:
        device = ground.device
        play, grant = device.play().json(), device.download().json()
        licence = ground.bench.licence(device.acquire(grant["download_id"]))
        assert device.client.call("DELETE", f"/devices/{device.device_id}").status_code == 204
        tried: dict[str, Callable[[], bool]] = {
            "play": lambda: refused(device.play()),
            "download": lambda: refused(device.download()),
            "heartbeat": lambda: refused(device.beat(play["session_id"])),
            "addresses": lambda: refused(device.post(f"/play/{play['session_id']}/addresses", {})),
            "key": lambda: refused(ground.licence(play["session_id"])),
            "download's key": lambda: refused(device.acquire(grant["download_id"])),
            "renewal": lambda: refused(device.renew(licence)),
            "registration": lambda: refused(device.register()),
            "file": lambda: not ground.opens(segment(play)),
            "download's file": lambda: not ground.opens(segment(grant)),
        }
        return tried[what]()

    return attack


def _many(wants: str, *attacks: tuple[str, Try]) -> Iterator[Attack]:
    for how, try_ in attacks:
        yield Attack(wants, how, try_)


_PLAYING: dict[str, object] = {"position_s": 1.0, "state": "playing"}
ATTACKS: tuple[Attack, ...] = (
    *_many(
        "more height",
        ("the file of 1080 lines beside the allowed one", at("video/1080p/1.m4s")),
        ("the same, percent-encoded", at("video/%31080p/1.m4s")),
        ("the same, through `..`", at("video/480p/../1080p/1.m4s")),
        ("the same, through an encoded `..`", at("video/480p/%2e%2e/1080p/1.m4s")),
        ("the same, with doubled slashes", at("video//1080p//1.m4s")),
        ("the same, in capitals", at("VIDEO/1080P/1.m4s")),
        ("the same, with a NUL and a backslash", at("video%5c1080p%5c1.m4s%00")),
        ("the clear variant in place of the encrypted", clear_variant),
        ("a token whose height was taken out, signed by its own key", changed_token(_without_limit)),
        ("a token without a signature", changed_token(_unsigned)),
        ("a token under another algorithm", changed_token(_other_algorithm)),
        ("a token with one bit changed", changed_token(_one_bit)),
        ("what the HLS manifest names", named_in("hls")),
        ("what the DASH manifest names", named_in("dash")),
        ("what the steered HLS manifest names", named_in("steered hls")),
        ("what the steered DASH manifest names", named_in("steered dash")),
        ("keys of HD and UHD by their ids", keys(kids=[HD, UHD])),
        ("all keys of the title", keys(kids=KIDS)),
        (
            "all keys, claiming protected outputs",
            keys(kids=KIDS, info={**INFO, "hdcp": "2.3"}),
        ),
        ("a download of 2160 lines", big_download),
        ("more keys with a renewal", renewed_with_more_keys),
        ("a lie to nginx about the path", nginx_is_lied_to),
        ("a session that began on a better plan", after_a_smaller_plan),
        ("a smaller plan, by a steered player's addresses", steered_after_a_smaller_plan),
    ),
    *_many(
        "more screens",
        ("a second device plays", second_screen),
        ("a session fetched ahead begins to play", ahead_then_beat),
        ("a session fetched ahead, silent for a minute", ahead_and_silent),
        ("a session ahead each minute, for an hour", ahead_again_and_again),
        ("five sessions ahead at once", many_ahead),
        ("two devices that take turns and keep the keys", taking_turns),
        ("two machines with one device's key", cloned_device),
        ("back after silence, the place taken", silent_then_back),
        ("back after the end", ended_then_back),
        ("never a heartbeat", never_beats),
        ("a fifth device", fifth_device),
        ("downloads on a second device", second_downloader),
        ("a sixteenth download", sixteenth_download),
    ),
    *_many(
        "more time",
        ("addresses of eleven minutes ago", old_address),
        ("a session beyond its six hours", beyond_the_session),
        ("a renewal long after the end", renewed_too_late),
        ("a renewal by an old sequence number", renewed_by_an_old_sequence),
        ("a watched rental as if it were not", rental_again),
        ("a rental given back and downloaded again", rental_downloaded_again),
        ("a licence that was given back", given_back_and_renewed),
        ("a request dated an hour ago", dated(-3600.0)),
        ("a request dated a year ahead", dated(365 * DAY)),
        ("a request sent twice", replayed),
        ("a title whose window has closed", closed_window),
        ("a closed window, by a steered player's addresses", steered_beyond_the_window),
        ("a plan that is over", plan_is_over),
        ("a title that was recalled", recalled),
        ("after signing out everywhere", signed_out),
    ),
    *_many(
        "other titles",
        ("another title's path under its token", other_title("/other/encrypted/")),
        ("the same, through `..`", other_title("/film/encrypted/../../other/encrypted/")),
        ("the same, through an encoded slash", other_title("/film/encrypted%2f..%2f..%2fother/encrypted/")),
        ("the folder of secrets", other_title("/../secrets/")),
        ("a title for another country", not_in_france()),
        ("the same, with `X-Forwarded-For`", not_in_france(**{"X-Forwarded-For": "198.51.100.7"})),
        ("keys of another title with its own session", keys_of_another_title),
        ("a title for grown-ups from a child's profile, guessing the PIN", grown_ups_only),
        ("a download of a title that permits none", no_download_allowed),
        ("a title that was withdrawn", unpublished),
    ),
    *_many(
        "other accounts",
        ("heartbeats for another's session", on_their_session("heartbeat", _PLAYING)),
        ("addresses of another's session", on_their_session("addresses", {})),
        ("the end of another's session", on_their_session("end", {})),
        ("keys of another's session, also by its recorded request", keys_of_their_session),
        ("another's licence renewed", their_licence),
        ("another's devices and profiles", their_things),
        ("an access token with algorithm `none`", as_them("none", None)),
        ("an access token by its own key", as_them("HS256", b"x" * 32)),
        ("another's steering with its own token", their_steering),
        ("another's password by 200 codes from as many addresses", their_password),
        ("another's password by 30 guesses from as many addresses", guessed_password),
        ("a copied refresh token", refresh_twice),
        ("another's data in its export", export_of_others),
        ("the operator's calls", operators_calls),
    ),
    *_many(
        "a revoked device",
        *(
            (f"its {what}", revoked(what))
            for what in (
                "play",
                "download",
                "heartbeat",
                "addresses",
                "key",
                "download's key",
                "renewal",
                "registration",
                "file",
                "download's file",
            )
        ),
    ),
)


@contextmanager
def ground(folder_: Path) -> Iterator[Ground]:
    with service(folder_, networks=(("198.51.100.0/24", "FR"),)) as bench:
        publish_ladder(bench.context.settings, "other", OTHER_LADDER)
        bench.context.rights.contracts.set("other", ContractTerms(countries=frozenset({"FR"})), by=None)
        for title, variant in product(("film", "other"), ("encrypted", "clear")):
            home = bench.context.settings.media_dir / title / variant
            (home / "manifest.mpd").write_text(f"<MPD><Period>{_SETS}</Period></MPD>")
            (home / "master.m3u8").write_text(_MASTER)
            for rung in RUNGS:
                (home / f"video/{rung}p").mkdir()
                (home / f"video/{rung}p/1.m4s").write_bytes(b"picture")
        mine = bench.account("mine", "basic")
        for account in (mine, victim := bench.account("victim", "premium")):
            bench.context.accounts.change(account, by=None, country="DE")
        yield Ground(bench, mine, bench.device(mine), bench.device(victim))


def holds(attack: Attack) -> bool:
    with tempfile.TemporaryDirectory() as name, ground(Path(name)) as made:
        return attack.try_(made)


IT_WORKS = "IT WORKS"


def table() -> list[str]:
    """Try everything; the lines of the table."""
    lines = ["| it wants | and tries | outcome |", "|---|---|---|"]
    lines += [f"| {one.wants} | {one.how} | {'refused' if holds(one) else IT_WORKS} |" for one in ATTACKS]
    return lines


def main() -> int:
    """Print the table; 1 where a client gets what it must not."""
    lines = table()
    print("\n".join(lines))
    return 1 if any(line.endswith(f"| {IT_WORKS} |") for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
