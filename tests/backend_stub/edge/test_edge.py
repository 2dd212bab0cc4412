"""The edge over loopback HTTP."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing
from pathlib import Path

import httpx
import pytest

from backend_stub.context import ServiceContext, open_context
from backend_stub.server import ServerGroup
from backend_stub.signing import EdgeGrant, UrlSigner
from tests.kit.backend import SEGMENT_BYTES, SignedInViewer

SEGMENT = "video/1.m4s"


@pytest.fixture
def url(viewer: SignedInViewer) -> str:
    return viewer.file_url("noise", SEGMENT)


@pytest.fixture
def on_disk(group: ServerGroup) -> bytes:
    return (group.settings.media_dir / "noise" / "clear" / SEGMENT).read_bytes()


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()}, trust_env=False)


def signed(
    group: ServerGroup, path: str, *, title: str = "noise", lifetime_s: float = 60, key: bytes | None = None
) -> str:
    signer = UrlSigner([key]) if key is not None else group.context.url_signer
    token = signer.sign(EdgeGrant(title, "", group.context.clock.now() + lifetime_s, "clear"))
    return f"{group.edges[0].url}/s/{token}{path}"


def open_again(group: ServerGroup) -> AbstractContextManager[ServiceContext]:
    return closing(open_context(group.settings))


def test_whole_file(url: str, on_disk: bytes) -> None:
    response = get(url)
    assert response.status_code == 200
    assert response.content == on_disk
    assert response.headers["content-length"] == str(SEGMENT_BYTES)
    assert response.headers["content-type"] == "video/iso.segment"
    assert response.headers["accept-ranges"] == "bytes"
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["x-edge"] == "edge-a"


def test_manifest_type_and_cache(viewer: SignedInViewer) -> None:
    response = get(viewer.file_url("noise", "manifest.mpd"))
    assert response.headers["content-type"] == "application/dash+xml"
    assert "immutable" not in response.headers["cache-control"]


def test_relative_reference_keeps_the_signature(viewer: SignedInViewer, on_disk: bytes) -> None:
    manifest = httpx.URL(viewer.file_url("noise", "master.m3u8", edge=1))
    response = get(str(manifest.join(SEGMENT)))
    assert response.content == on_disk
    assert response.headers["x-edge"] == "edge-b"


@pytest.mark.parametrize(
    ("asked", "part"),
    [("bytes=0-9", slice(0, 10)), ("bytes=299000-", slice(299_000, None)), ("bytes=-7", slice(-7, None))],
)
def test_part_of_a_file(url: str, on_disk: bytes, asked: str, part: slice) -> None:
    response = get(url, range=asked)
    assert response.status_code == 206
    assert response.content == on_disk[part]
    start, end, _ = part.indices(SEGMENT_BYTES)
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{SEGMENT_BYTES}"


def test_range_behind_the_end(url: str) -> None:
    response = get(url, range=f"bytes={SEGMENT_BYTES}-")
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{SEGMENT_BYTES}"
    assert response.content == b""


def test_unchanged_file_is_not_sent_again(url: str) -> None:
    etag = get(url).headers["etag"]
    for given in (etag, f'"other", W/{etag}', "*"):
        again = get(url, if_none_match=given)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert get(url, if_none_match='"other"').status_code == 200


def test_a_file_not_changed_since_then_is_not_sent_again(url: str) -> None:
    modified = get(url).headers["last-modified"]
    assert get(url, if_modified_since=modified).status_code == 304
    assert get(url, if_modified_since="Thu, 01 Jan 1970 00:00:00 GMT").status_code == 200
    assert get(url, if_modified_since="yesterday").status_code == 200
    assert get(url, if_modified_since=modified, if_none_match='"other"').status_code == 200  # the tag counts more


def test_if_range_takes_the_whole_of_a_changed_file(url: str) -> None:
    etag = get(url).headers["etag"]
    assert get(url, range="bytes=0-0", if_range=etag).status_code == 206
    assert get(url, range="bytes=0-0", if_range='"other"').status_code == 200


def test_head_has_the_headers_and_no_body(url: str) -> None:
    response = httpx.head(url, trust_env=False)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == str(SEGMENT_BYTES)


def test_preflight_and_other_methods(url: str) -> None:
    preflight = httpx.options(url, trust_env=False)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == "*"
    refused = httpx.post(url, trust_env=False)
    assert refused.status_code == 405
    assert "GET" in refused.headers["allow"]


def test_health(group: ServerGroup) -> None:
    assert get(f"{group.edges[1].url}/health").json() == {"status": "ok", "edge": "edge-b"}


def test_keep_alive_serves_many_requests_on_one_connection(url: str, on_disk: bytes) -> None:
    with httpx.Client(trust_env=False, limits=httpx.Limits(max_connections=1)) as client:
        ports = set()
        for _ in range(5):
            with client.stream("GET", url) as response:
                ports.add(response.extensions["network_stream"].get_extra_info("client_addr"))
                assert response.read() == on_disk
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("lifetime_s", "key", "title"), [(-1, None, "noise"), (60, b"x" * 32, "noise"), (60, None, "other")]
)
def test_expired_forged_and_foreign_signatures(
    group: ServerGroup, lifetime_s: float, key: bytes | None, title: str
) -> None:
    path = f"/noise/clear/{SEGMENT}"
    assert get(signed(group, path)).status_code == 200
    response = get(signed(group, path, lifetime_s=lifetime_s, key=key, title=title))
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "bad_signature"


def test_addresses_outlive_one_change_of_the_key_and_not_two(group: ServerGroup, viewer: SignedInViewer) -> None:
    before = viewer.file_url("noise", SEGMENT)
    first = group.context.signing_keys.rotate_urls(by=None)
    assert get(before).status_code == get(viewer.file_url("noise", SEGMENT)).status_code == 200
    with open_again(group) as again:  # the keys are those of the folder
        token = before.split("/s/")[1].split("/")[0]
        assert again.url_signer.verify(token, again.clock.now()) is not None
    assert group.context.signing_keys.rotate_urls(by=None) != first
    assert get(before).status_code == 403
    assert get(viewer.file_url("noise", SEGMENT)).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "x.y", "é.é", "a" * 5000, "eyJ9.AAAA"])
def test_malformed_tokens(group: ServerGroup, token: str) -> None:
    assert get(f"{group.edges[0].url}/s/{token}/noise/clear/{SEGMENT}").status_code == 403
    assert get(f"{group.edges[0].url}/noise/clear/{SEGMENT}").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/noise/clear/none.m4s",
        "/noise/clear/",
        "/noise/clear/video",
        "/noise/clear//manifest.mpd",
        "/noise/clear/%2e%2e/%2e%2e/%2e%2e/secrets/master.key",
        "/noise/clear/..%2f..%2f..%2fsecrets%2fmaster.key",
        "/noise/clear/%00",
        "/noise/clear/..%5cx",
    ],
)
def test_nothing_but_media_files_is_served(group: ServerGroup, path: str) -> None:
    response = get(signed(group, path))
    assert response.status_code == 404
    assert response.json()["code"] == "file_not_found"


@pytest.mark.parametrize("path", ["/noise/clear", "/noise/poster.jpg", "/noise/other/manifest.mpd"])
def test_nothing_outside_of_the_variant_is_served(group: ServerGroup, path: str) -> None:
    response = get(signed(group, path))
    assert (response.status_code, response.json()["code"]) == (403, "bad_signature")


def test_a_fifo_is_no_media_file(group: ServerGroup) -> None:
    import os

    fifo = Path(group.settings.media_dir / "noise" / "clear" / "pipe.m4s")
    os.mkfifo(fifo)
    try:
        assert get(signed(group, "/noise/clear/pipe.m4s")).status_code == 404
    finally:
        fifo.unlink()
