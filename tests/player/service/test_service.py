"""The service client against a scripted service."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import ErrorCode, InputError, NetError, ServiceError
from player.net.gate import Gate
from player.net.model import Request, RequestKind, Response, Transfer
from player.service.address import PLAIN_HTTP, service_address
from player.service.client import ServiceClient
from player.service.model import Account, ProgressItem, Tokens
from player.service.reply import Members, problem, read_page, read_play_session, read_tokens
from player.service.tokens import TokenStore
from tests.kit.clock import FakeClock
from tests.kit.transport import Act, ScriptedTransport

BASE = "https://service.test"
API = f"{BASE}/api/v1"
TITLE = {
    "id": "t1",
    "title": "The Film",
    "synopsis": "It is about something.",
    "year": 2024,
    "duration_s": 600.0,
    "poster_url": "/api/v1/posters/t1.jpg",
    "heights": [240, 1080],
    "variants": ["encrypted", "clear"],
    "progress": {"position_s": 12.5, "duration_s": 600.0, "watched_at": 1.7e9},
    "published_at": 1.69e9,
}
PLAY = {
    "session_id": "SECRETSESSION",
    "title": TITLE,
    "manifests": [
        {"pathway": "edge-a", "dash": "http://a.test/s/SECRET/m.mpd", "hls": "http://a.test/s/SECRET/m.m3u8"},
        {"pathway": "edge-b", "dash": "http://b.test/s/SECRET/m.mpd", "hls": "http://b.test/s/SECRET/m.m3u8"},
    ],
    "expires_at": 1.8e9,
    "licence": {"url": f"{API}/licence/SECRETSESSION", "system": "matinee.clearkey", "kids": ["00" * 15 + "01"]},
    "resume_s": 12.5,
    "thumbnails": None,
}


def tokens(number: int, expires_in_s: float = 900.0) -> dict[str, Any]:
    return {
        "access_token": f"SECRET-access-{number}",
        "refresh_token": f"SECRET-refresh-{number}",
        "expires_in_s": expires_in_s,
        "account": {"id": "a1", "email": "viewer@example.org", "name": "Viewer"},
    }


def ok(document: object) -> Act:
    return Act(body=json.dumps(document).encode())


def refused(status: int, code: str, title: str = "No.") -> Act:
    return Act(status=status, body=json.dumps({"code": code, "title": title, "status": status}).encode())


class Bench:
    def __init__(self, store: TokenStore | None = None) -> None:
        self.clock = FakeClock()
        self.transport = ScriptedTransport(self.clock)
        self.store = (store or TokenStore()).of(BASE)
        self.client = ServiceClient(Gate(self.transport, self.clock), f"{BASE}/", self.store, self.clock)

    def plan(self, path: str, *acts: Act) -> None:
        self.transport.plan(f"{API}{path}", *acts)

    async def signed_in(self, expires_in_s: float = 900.0) -> None:
        self.plan("/auth/login", ok(tokens(1, expires_in_s)))
        await self.client.login("viewer@example.org", "pw")

    async def error(self, work) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            await work
        return caught.value

    def sent(self, number: int = -1) -> Any:
        body = self.transport.requests[number].body
        return None if body is None else json.loads(body)

    def bearers(self, path: str) -> list[str | None]:
        return [r.headers.get("Authorization") for r in self.transport.requests if r.url == f"{API}{path}"]


async def test_sign_in_is_kept_and_a_wrong_password_said() -> None:
    bench = Bench()
    bench.plan("/auth/login", refused(401, "wrong_credentials"))
    error = await bench.error(bench.client.login("viewer@example.org", "wrong"))
    assert error.code is ErrorCode.SERVICE_SIGN_IN
    assert "password" in error.sentence
    assert await bench.client.account() is None
    bench.plan("/auth/login", ok(tokens(1)))
    account = await bench.client.login("viewer@example.org", "right", "TV")
    assert account.name == "Viewer"
    assert bench.sent() == {"email": "viewer@example.org", "password": "right", "device_name": "TV"}
    again = Bench(bench.store)
    assert await again.client.account() == account
    assert again.transport.requests == []


async def test_calls_need_a_sign_in() -> None:
    bench = Bench()
    assert (await bench.error(bench.client.catalog())).code is ErrorCode.SERVICE_SIGN_IN
    assert bench.transport.requests == []


async def test_the_catalogue_is_paged() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/catalog?limit=2", ok({"items": [TITLE], "next_cursor": "a b"}))
    bench.plan("/catalog?limit=2&cursor=a+b", ok({"items": [], "next_cursor": None}))
    page = await bench.client.catalog(limit=2)
    assert page.items[0].poster_url == f"{API}/posters/t1.jpg"
    assert page.items[0].progress is not None
    assert page.items[0].progress.position_s == 12.5
    assert (await bench.client.catalog(page.next_cursor, limit=2)).next_cursor is None
    assert bench.bearers("/catalog?limit=2") == ["Bearer SECRET-access-1"]


async def test_a_play_session_and_its_licence() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/devices", ok({"device_id": "d1"}))
    bench.plan("/play/t%2F1", ok(PLAY))
    bench.plan("/licence/SECRETSESSION", Act(body=b"keys"))
    device = await bench.client.register_device({"kty": "EC", "crv": "P-256", "x": "x", "y": "y"})
    session = await bench.client.play("t/1", device, "encrypted")
    assert bench.sent() == {"device_id": "d1", "variant": "encrypted"}
    assert [m.pathway for m in session.manifests] == ["edge-a", "edge-b"]
    assert session.licence is not None
    assert session.licence.kids == (bytes(15) + b"\x01",)
    assert bench.client.owns(session.licence.url)
    assert await bench.client.licence(session.licence.url, b"ask") == b"keys"
    assert bench.transport.requests[-1].kind is RequestKind.LICENCE
    assert bench.transport.requests[-1].body == b"ask"
    assert "SECRET" not in repr(session)
    assert (session.resume_s, session.furthest_s) == (12.5, None)


def test_where_another_device_got_further() -> None:
    title = TITLE | {"progress": {"position_s": 12.5, "duration_s": 600.0, "watched_at": 1.7e9, "furthest_s": 400.0}}
    session = read_play_session(Members(PLAY | {"title": title, "furthest_s": 400.0}, "answer"), BASE)
    assert session.furthest_s == 400.0
    assert session.title.progress is not None
    assert session.title.progress.furthest_s == 400.0
    with pytest.raises(ServiceError):
        read_play_session(Members(PLAY | {"furthest_s": "far"}, "answer"), BASE)


async def test_the_access_token_goes_to_our_service_only() -> None:
    bench = Bench()
    await bench.signed_in()
    for url in ("https://elsewhere.test/api/v1/licence/x", f"{BASE}.evil.test/api/v1/licence/x", f"{BASE}/x"):
        assert not bench.client.owns(url)
        with pytest.raises(InputError):
            await bench.client.licence(url, b"")
    same = urlsplit(BASE)._replace(scheme=urlsplit(BASE).scheme.upper(), netloc=urlsplit(BASE).netloc.upper())
    # An origin has no letter case (RFC 3986, 6.2.2.1).
    assert bench.client.owns(f"{urlunsplit(same)}/api/v1/licence/x")


async def test_an_unpublished_title() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/catalog/t9", refused(404, "title_not_found"))
    bench.plan("/play/t9", refused(404, "title_not_found"))
    for work in (bench.client.title("t9"), bench.client.play("t9", "d1")):
        error = await bench.error(work)
        assert error.code is ErrorCode.SERVICE_NOT_FOUND
        assert error.sentence == "This title is not available."


async def test_progress() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/progress", ok({"accepted": ["e1"]}))
    item = ProgressItem("e1", "t1", 4.0, 600.0, 1.7e9, "d1")
    assert await bench.client.progress([item]) == {"e1"}
    assert bench.sent()["items"][0]["position_s"] == 4.0


# Tokens


async def test_an_expired_token_is_renewed_once_for_all_calls() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/catalog/t1", *[refused(401, "token_expired")] * 3, *[ok(TITLE)] * 3)
    bench.plan("/auth/refresh", ok(tokens(2)))
    titles = await asyncio.gather(*(bench.client.title("t1") for _ in range(3)))
    assert [title.id for title in titles] == ["t1"] * 3
    assert len(bench.bearers("/auth/refresh")) == 1
    assert bench.bearers("/catalog/t1")[3:] == ["Bearer SECRET-access-2"] * 3
    kept = bench.store.load()
    assert kept is not None
    assert kept.refresh == "SECRET-refresh-2"


async def test_a_token_about_to_expire_is_renewed_before_the_call() -> None:
    bench = Bench()
    await bench.signed_in(expires_in_s=60)
    await bench.clock.advance(50)
    bench.plan("/auth/refresh", ok(tokens(2)))
    bench.plan("/catalog/t1", ok(TITLE))
    await bench.client.title("t1")
    assert bench.bearers("/catalog/t1") == ["Bearer SECRET-access-2"]


async def test_tokens_that_another_program_renewed_are_taken_over() -> None:
    bench = Bench()
    await bench.signed_in()
    other = Bench(bench.store)
    other.plan("/auth/refresh", ok(tokens(2)))
    await other.client.refresh()
    bench.plan("/catalog/t1", refused(401, "token_expired"), ok(TITLE))
    await bench.client.title("t1")
    assert bench.bearers("/auth/refresh") == []
    assert bench.bearers("/catalog/t1")[-1] == "Bearer SECRET-access-2"


async def test_tokens_that_a_full_disk_does_not_take_are_used_and_kept_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The call failed with a sentence about the key store, though the service had answered."""
    bench = Bench()
    await bench.signed_in()
    bench.plan("/catalog/t1", refused(401, "token_expired"), ok(TITLE), ok(TITLE))
    bench.plan("/auth/refresh", ok(tokens(2)))

    def refuse(*_given: object) -> None:
        raise DrmError(DrmErrorCode.STORE_UNUSABLE, "Its disk is full.")

    with monkeypatch.context() as full:
        full.setattr(TokenStore, "save", refuse)
        assert (await bench.client.title("t1")).id == "t1"
    assert bench.store.load().access == "SECRET-access-1"  # type: ignore[union-attr]
    await bench.client.title("t1")
    assert bench.store.load().access == "SECRET-access-2"  # type: ignore[union-attr]


async def test_a_sign_in_by_another_program_is_seen() -> None:
    """Such as that of a kiosk, whose screen plays already."""
    bench = Bench()
    assert await bench.client.account() is None
    await Bench(bench.store).signed_in()
    assert await bench.client.account() is not None


async def test_an_expired_sign_in_asks_for_a_new_one_and_is_forgotten() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/catalog/t1", refused(401, "token_expired"))
    bench.plan("/auth/refresh", refused(401, "token_revoked"))
    error = await bench.error(bench.client.title("t1"))
    assert error.code is ErrorCode.SERVICE_EXPIRED
    assert "sign in again" in error.sentence
    assert bench.store.load() is None


async def test_a_service_that_is_down_does_not_sign_the_viewer_out() -> None:
    bench = Bench()
    await bench.signed_in()
    for act in (refused(503, "internal"), Act(error=NetError(ErrorCode.NET_REFUSED, "refused"))):
        bench.plan("/catalog/t1", refused(401, "token_expired"))
        bench.plan("/auth/refresh", act)
        with pytest.raises((ServiceError, NetError)):
            await bench.client.title("t1")
        assert await bench.client.account() is not None


async def test_sign_out_forgets_even_without_the_service() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/auth/logout", Act(error=NetError(ErrorCode.NET_REFUSED, "refused")))
    with pytest.raises(NetError):
        await bench.client.logout()
    assert await bench.client.account() is None
    assert bench.store.load() is None


async def test_tokens_on_disk_that_make_no_sense_are_no_sign_in() -> None:
    class Store:
        def __init__(self, content: bytes) -> None:
            self.content = content

        def get(self, name: str) -> bytes:
            return self.content

        def put(self, name: str, value: bytes) -> None: ...

        def delete(self, name: str) -> None: ...

    for content in (b"", b"{", b"[]", b'{"access": 1}', b"\xff"):
        assert TokenStore(Store(content)).load() is None


# Answers that are not as they should be


def response(status: int, body: bytes) -> Response:
    transfer = Transfer(1, RequestKind.API, "", "", "", 0.0, 0.0, 0.0, status, len(body))
    return Response(status, {}, "", body, transfer)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, b"", ErrorCode.SERVICE_EXPIRED),
        (403, b"<html>", ErrorCode.SERVICE_NOT_ENTITLED),
        (403, b'{"code": "session_expired"}', ErrorCode.SERVICE_EXPIRED),
        (403, b'{"code": "device_revoked"}', ErrorCode.SERVICE_NOT_ENTITLED),
        (404, b"[]", ErrorCode.SERVICE_NOT_FOUND),
        (429, b'{"code": "too_many_attempts"}', ErrorCode.HTTP_RATE_LIMITED),
        (500, b'{"title": "Traceback ..."}', ErrorCode.HTTP_SERVER),
        (422, b'{"title": "The device key is wrong."}', ErrorCode.SERVICE_REPLY),
        (302, b"", ErrorCode.SERVICE_REPLY),
    ],
)
def test_refusals_become_clear_sentences(status: int, body: bytes, code: ErrorCode) -> None:
    error = problem(response(status, body))
    assert error.code is code
    assert error.sentence.endswith(".")
    assert "Traceback" not in error.sentence
    assert "retry_after_s" not in error.fields


# The licence protocol reads these itself (drm_client.refusals), or no viewer's program meets them.
ELSEWHERE = {
    *(
        "licence_not_open",
        "licence_revoked",
        "licence_released",
        "renewal_closed",
        "rental_over",
        "hdcp_too_low",
        "not_entitled",
    ),
    *("clock_skew", "device_unproven", "bad_signature", "edges_only", "stream_limit"),
    *("own_account", "admin_only", "role_missing"),
}


def test_whatever_our_service_forbids_is_told_by_its_reason() -> None:
    """What is none of these reads "Your account does not include this", which sends a viewer to the wrong place."""
    sources = (Path(__file__).parents[3] / "backend_stub").rglob("*.py")
    found = {code for path in sources for code in re.findall(r'ProblemError\(\s*403,\s*"(\w+)"', path.read_text())}
    assert len(found) > 20
    general = problem(response(403, b"")).sentence
    told = {code: problem(response(403, json.dumps({"code": code}).encode())).sentence for code in found - ELSEWHERE}
    assert [code for code, sentence in told.items() if sentence == general] == []


def test_a_service_that_asks_to_be_left_alone_for_a_while_is_heard() -> None:
    asked = replace(response(429, b""), headers={"retry-after": "40"})
    assert problem(asked).fields["retry_after_s"] == 40.0
    dated = replace(asked, headers={"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT"})
    assert problem(dated, 1_700_000_000.0).fields["retry_after_s"] == 10.0


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*TITLE, *PLAY, "items", "url", "system", "kids"]), inner, max_size=8)
    ),
    max_leaves=20,
)


@given(JSON, st.sampled_from([TITLE, PLAY, tokens(1), {"items": [TITLE], "next_cursor": "x"}]), st.data())
def test_any_answer_is_read_or_refused_by_our_own_error(value: object, document: dict, data: st.DataObject) -> None:
    """One member of a good document is replaced by anything; any other exception than ours fails the test."""
    damaged = {**document, data.draw(st.sampled_from(sorted(document))): value}
    for read in (
        lambda members: read_page(members, BASE),
        lambda members: read_play_session(members, BASE),
        lambda members: read_tokens(members, 0.0),
    ):
        for candidate in (value, damaged):
            with suppress(ServiceError):
                read(Members.of(response(200, json.dumps(candidate).encode())))


def test_no_json_at_all() -> None:
    for body in (b"", b"<html>", b"\xff\xfe", b"[" * 200_000):
        with pytest.raises(ServiceError) as caught:
            Members.of(response(200, body))
        assert caught.value.code is ErrorCode.SERVICE_REPLY


@pytest.mark.parametrize(
    "url", ["", "service.test", "ftp://service.test", "http://", "http://[", "http://service.test"]
)
def test_the_address_of_the_service_is_checked(url: str) -> None:
    clock = FakeClock()
    with pytest.raises(InputError):
        ServiceClient(Gate(ScriptedTransport(clock), clock), url, TokenStore())


@pytest.mark.parametrize("host", ["localhost:80", "tv.localhost", "127.0.0.7:8400", "[::1]:8400"])
def test_a_service_on_this_machine_needs_no_tls(host: str) -> None:
    assert service_address(f"http://{host}/", {}) == f"http://{host}"


def test_a_service_without_tls_is_spoken_to_when_its_host_is_named() -> None:
    with pytest.raises(InputError, match="not protected"):
        service_address("http://tv.lan:8400", {PLAIN_HTTP: "other.lan"})
    assert service_address("http://TV.lan:8400", {PLAIN_HTTP: "other.lan, tv.LAN"}) == "http://TV.lan:8400"
    assert service_address("https://tv.lan", {}) == "https://tv.lan"


def test_a_service_never_gets_the_tokens_of_another() -> None:
    kept, tokens = TokenStore(), Tokens("access", "refresh", 5.0, Account("a1", "a@example", "A"), None)
    one, other = kept.of("https://one.example"), kept.of("https://other.example")
    one.save(tokens)
    assert (one.load(), other.load()) == (tokens, None)
    other.clear()
    assert one.load() == tokens


def test_a_sign_in_of_version_0_1_0_stays() -> None:
    kept, tokens = TokenStore(), Tokens("access", "refresh", 5.0, Account("a1", "a@example", "A"), None)
    kept.save(tokens)
    assert kept.of("https://one.example").load() == tokens
    assert kept.of("https://other.example").load() is None
    assert kept.of("https://one.example").load() == tokens


def test_requests_hide_what_they_carry() -> None:
    assert "SECRET" not in repr(Request(RequestKind.API, "http://x/SECRET", headers={"A": "SECRET"}, body=b"SECRET"))
