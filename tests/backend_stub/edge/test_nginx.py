"""nginx as an edge: what it answers is held against what our own edge answers to the same requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from backend_stub.edge.nginx import NginxEdge, configuration
from backend_stub.server import ServerGroup
from backend_stub.signing import EdgeGrant, UrlSigner
from tests.kit.backend import SignedInViewer
from tests.kit.nginx import nginx_process, running_nginx
from tests.kit.waiting import until

SAME_HEADERS = (
    "content-type",
    "content-length",
    "content-range",
    "cache-control",
    "access-control-allow-origin",
    "access-control-allow-methods",
)


@pytest.fixture(scope="module")
def nginx(group: ServerGroup, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_nginx(group, tmp_path_factory.mktemp("nginx")) as url:
        yield url


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as made:
        yield made


def signed_path(
    group: ServerGroup, path: str, *, title: str = "noise", lifetime_s: float = 600, key: bytes | None = None
) -> str:
    signer = UrlSigner([key or group.context.secrets.url_signing])
    return f"/s/{signer.sign(EdgeGrant(title, '', group.context.clock.now() + lifetime_s, path.split('/')[2]))}{path}"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/noise/clear/video/1.m4s", {}),
        ("/noise/clear/video/1.m4s", {"Range": "bytes=100-1999"}),
        ("/noise/clear/video/1.m4s", {"Range": "bytes=-7"}),
        ("/noise/clear/video/1.m4s", {"Range": "bytes=0-1,5-6"}),
        ("/noise/clear/manifest.mpd", {}),
        ("/noise/encrypted/master.m3u8", {}),
        ("/noise/clear/none.m4s", {}),
        ("/noise/clear/", {}),
        ("/noise/poster.jpg", {}),
        ("/noise/clear/%2e%2e/%2e%2e/%2e%2e/secrets/master.key", {}),
        ("/noise/clear/..%2f..%2f..%2fsecrets%2fmaster.key", {}),
    ],
)
def test_it_answers_as_our_edge_does(
    group: ServerGroup, nginx: str, client: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    signed = signed_path(group, path)
    for method in ("HEAD", "GET", "OPTIONS"):
        ours, theirs = (client.request(method, url + signed, headers=headers) for url in (group.edges[0].url, nginx))
        if ours.status_code in {403, 404}:
            assert theirs.status_code in {403, 404}
            return
        assert (theirs.status_code, theirs.content) == (ours.status_code, ours.content)
        if method != "OPTIONS":
            assert theirs.headers["x-edge"] == "edge-nginx"
        same = [name for name in SAME_HEADERS if name in ours.headers]
        assert {name: theirs.headers.get(name) for name in same} == {name: ours.headers[name] for name in same}


def test_conditional_requests(group: ServerGroup, nginx: str, client: httpx.Client) -> None:
    url = nginx + signed_path(group, "/noise/clear/video/2.m4s")
    first = client.get(url)
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(url, headers={"If-Modified-Since": modified}).status_code == 304
    assert client.get(url, headers={"Range": "bytes=0-0", "If-Range": etag}).status_code == 206
    assert client.get(url, headers={"Range": "bytes=0-0", "If-Range": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("lifetime_s", "key", "title"), [(-1, None, "noise"), (60, b"x" * 32, "noise"), (60, None, "other")]
)
def test_expired_forged_and_foreign_signatures(
    group: ServerGroup, nginx: str, client: httpx.Client, lifetime_s: float, key: bytes | None, title: str
) -> None:
    path = "/noise/clear/video/1.m4s"
    refused = client.get(nginx + signed_path(group, path, lifetime_s=lifetime_s, key=key, title=title))
    assert (refused.status_code, refused.json()["code"]) == (403, "bad_signature")
    assert refused.headers["content-type"] == "application/problem+json"
    for wrong in (
        "/noise/clear/video/1.m4s",
        "/s/x/noise/clear/video/1.m4s",
        "/check",
        "/problem/403",
        "/nginx.conf",
    ):
        assert client.get(nginx + wrong).status_code in {403, 404}


def test_a_token_opens_its_variant_alone_and_not_for_longer_than_its_session(
    group: ServerGroup, nginx: str, client: httpx.Client, viewer: SignedInViewer
) -> None:
    play = viewer.play("noise", "encrypted")
    path = play["manifests"][0]["hls"].removeprefix(group.edges[0].url)  # type: ignore[index]
    assert client.get(nginx + path).status_code == 200
    assert client.get(nginx + path.replace("/encrypted/", "/clear/")).status_code == 403
    assert viewer.client.post(f"/play/{play['session_id']}/end", json={}).status_code == 204
    until(lambda: client.get(nginx + path).status_code == 403)


@pytest.mark.parametrize(
    "name",
    [
        "a%0D%0AX-Matinee-Client: 192.0.2.7%0D%0AX-More: /1.m4s",
        "a%0D%0A%0D%0AGET /api/v1/time HTTP/1.1%0D%0AHost: x%0D%0A%0D%0A/1.m4s",
        "a%00/1.m4s",
        "1.m4s%0D%0A",
    ],
)
def test_no_name_says_more_to_the_service_than_a_name(
    group: ServerGroup, nginx: str, client: httpx.Client, name: str
) -> None:
    before = calls(group)
    assert client.get(nginx + signed_path(group, f"/noise/clear/{name}")).status_code in {400, 403, 404}
    assert calls(group) == before


def test_one_check_serves_many_requests(group: ServerGroup, nginx: str, client: httpx.Client) -> None:
    path = signed_path(group, "/noise/clear/video/3.m4s")
    before = checks(group)
    for _ in range(5):
        assert client.get(nginx + path).status_code == 200
    assert checks(group) == before + 1


def test_while_the_service_does_not_answer_what_stood_goes_on_and_nothing_else(
    group: ServerGroup, nginx: str, client: httpx.Client, tmp_path: Path
) -> None:
    answer, asked = 204, 0

    class Checks(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal asked
            asked += 1
            if answer:
                self.send_response(answer)
                self.send_header("Cache-Control", "max-age=1, stale-if-error=600")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    path = signed_path(group, "/noise/clear/video/1.m4s")
    with ThreadingHTTPServer(("127.0.0.1", 0), Checks) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{service.server_address[1]}"
        with nginx_process(NginxEdge(group.settings.media_dir, tmp_path, "", f"{url}/api/v1", url)) as edge:
            found = {client.get(edge + path).status_code}

            def goes_on_until(times: int) -> Callable[[], bool]:
                def went_on() -> bool:
                    found.add(client.get(edge + path).status_code)
                    return asked >= times

                return went_on

            answer = 0
            until(goes_on_until(asked + 3))
            assert found == {200}
            assert_unanswered(client.get(edge + path.replace("/clear/", "/clear/video/")))
            answer = 403
            assert client.get(edge + path).status_code == 403
            answer = 0
        service.shutdown()


def test_the_service_says_for_how_long_its_answer_counts(
    group: ServerGroup, client: httpx.Client, viewer: SignedInViewer
) -> None:
    for lifetime_s, caching in ((3600.0, "max-age=5, stale-if-error=595"), (0.9, "no-store")):
        token = signed_path(group, "/noise/clear/x", lifetime_s=lifetime_s).split("/")[2]
        headers = {"X-Matinee-Token": token, "X-Matinee-Path": "/noise/clear/"}
        assert client.get(f"{group.api_url}/edge-check", headers=headers).headers["cache-control"] == caching


def test_without_the_service_it_says_to_come_again(
    group: ServerGroup, client: httpx.Client, tmp_path: Path, nginx: str
) -> None:
    gone = "http://127.0.0.1:1"
    with nginx_process(NginxEdge(group.settings.media_dir, tmp_path, "", f"{gone}/api/v1", gone)) as alone:
        assert_unanswered(client.get(alone + signed_path(group, "/noise/clear/video/1.m4s")))
        assert_unanswered(client.get(alone + "/s/token/channel/live/manifest.mpd"))


def assert_unanswered(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["access-control-allow-origin"] == "*"


def checks(group: ServerGroup) -> float:
    return calls(group, "edge-check")


def calls(group: ServerGroup, route: str = "") -> float:
    """So many the service had, of a route where one is named."""
    lines = group.context.metrics.text([]).splitlines()
    counted = [line for line in lines if line.startswith("matinee_requests_total") and route in line]
    return sum(float(line.rpartition(" ")[2]) for line in counted)


def test_a_channel_comes_from_our_edge(group: ServerGroup, nginx: str, viewer: SignedInViewer) -> None:
    answer = httpx.get(nginx + signed_path(group, "/noise/live/none.mpd"), trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (404, "file_not_found")


@pytest.mark.parametrize("member", ["listen", "name"])
def test_what_would_break_out_of_the_configuration_is_refused(tmp_path: Path, member: str) -> None:
    members = {"listen": "127.0.0.1:1", "name": "edge-x", member: "x; return 200"}
    edge = NginxEdge(tmp_path, tmp_path, api_url="http://a/api/v1", edge_url="http://b", **members)
    with pytest.raises(ValueError, match=member):
        configuration(edge)
