"""Every fault really injected, over loopback HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from backend_stub.faults.document import FaultDocumentError
from backend_stub.server import ServerGroup
from tests.kit.backend import (
    SEGMENT_BYTES,
    SignedInViewer,
    fault_document,
    publish_noise,
    running_backend,
    signed_in_viewer,
)
from tests.kit.waiting import least

TIMEOUT_S = 10
BUSY_S = 1.0  # what a busy machine may add to the least of several times


@pytest.fixture
def url(viewer: SignedInViewer) -> str:
    return viewer.file_url("noise", "video/1.m4s")


@pytest.fixture
def on_disk(group: ServerGroup) -> bytes:
    return (group.settings.media_dir / "noise" / "clear" / "video" / "1.m4s").read_bytes()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=TIMEOUT_S) as made:
        yield made


def set_fault(group: ServerGroup, match: dict[str, str] | None = None, **fault: object) -> None:
    group.faults.set(fault_document({"match": match or {"path": "*.m4s"}, "fault": fault}))


def received_before_the_end(client: httpx.Client, url: str) -> tuple[bytes, type[Exception] | None]:
    """The body bytes that came, and the error that ended them."""
    body = bytearray()
    try:
        with client.stream("GET", url) as response:
            for piece in response.iter_raw():
                body += piece
    except httpx.HTTPError as error:
        return bytes(body), type(error)
    return bytes(body), None


def test_delay(group: ServerGroup, client: httpx.Client, url: str, on_disk: bytes) -> None:
    set_fault(group, type="delay", seconds=0.3)

    def wait() -> float:
        started = time.monotonic()
        with client.stream("GET", url) as response:
            waited = time.monotonic() - started
            assert response.read() == on_disk
        return waited

    assert 0.3 <= least(wait, 0.3 + BUSY_S) < 0.3 + BUSY_S


def test_status(group: ServerGroup, client: httpx.Client, url: str) -> None:
    set_fault(group, type="status", status=503, retry_after_s=2)
    response = client.get(url)
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert response.json()["code"] == "injected_fault"
    assert client.get(url.replace("video/1.m4s", "manifest.mpd")).status_code == 200


def test_bodiless_status(group: ServerGroup, client: httpx.Client, url: str) -> None:
    set_fault(group, type="status", status=204)
    assert (client.get(url).status_code, client.get(url).content) == (204, b"")


@pytest.mark.parametrize("after", [1, 20_000, SEGMENT_BYTES - 1])
def test_cut_in_mid_body(group: ServerGroup, client: httpx.Client, url: str, on_disk: bytes, after: int) -> None:
    set_fault(group, type="cut", after_bytes=after)
    body, error = received_before_the_end(client, url)
    assert body == on_disk[:after]
    assert error is httpx.RemoteProtocolError


def test_cut_before_the_response(group: ServerGroup, client: httpx.Client, url: str) -> None:
    set_fault(group, type="cut", after_bytes=0)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        client.get(url)


def test_a_body_shorter_than_the_cut_stays_whole(group: ServerGroup, client: httpx.Client, url: str) -> None:
    set_fault(group, type="cut", after_bytes=SEGMENT_BYTES)
    assert len(client.get(url).content) == SEGMENT_BYTES


def test_refuse(group: ServerGroup, client: httpx.Client, url: str) -> None:
    set_fault(group, type="refuse")
    with pytest.raises(httpx.TransportError):
        client.get(url)
    group.faults.clear()
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("after", [0, 1000])
def test_truncated_response_is_well_formed(
    group: ServerGroup, client: httpx.Client, url: str, on_disk: bytes, after: int
) -> None:
    set_fault(group, type="truncate", after_bytes=after)
    response = client.get(url)
    assert (response.status_code, response.content) == (200, on_disk[:after])
    assert response.headers["content-length"] == str(after)


def test_truncated_part(group: ServerGroup, client: httpx.Client, url: str, on_disk: bytes) -> None:
    set_fault(group, type="truncate", after_bytes=10)
    response = client.get(url, headers={"range": "bytes=100-199"})
    assert (response.status_code, response.content) == (206, on_disk[100:110])
    assert response.headers["content-range"] == f"bytes 100-109/{SEGMENT_BYTES}"


def test_corrupt(group: ServerGroup, client: httpx.Client, url: str, on_disk: bytes) -> None:
    set_fault(group, type="corrupt", at_byte=262_140, length=8)  # across two pieces of the file
    body = client.get(url).content
    assert [place for place in range(SEGMENT_BYTES) if body[place] != on_disk[place]] == list(range(262_140, 262_148))
    assert body[262_140] == on_disk[262_140] ^ 0xFF


@pytest.mark.parametrize("after", [0, 5000])
def test_stall(group: ServerGroup, url: str, on_disk: bytes, after: int) -> None:
    set_fault(group, type="stall", after_bytes=after)
    with httpx.Client(trust_env=False, timeout=0.4) as impatient:
        tries = (received_before_the_end(impatient, url) for _ in range(50))  # even the first byte may come later
        body, error = next(found for found in tries if len(found[0]) >= after)
    assert body == on_disk[:after]
    assert error is httpx.ReadTimeout


def test_count_and_pathway(group: ServerGroup, viewer: SignedInViewer, client: httpx.Client) -> None:
    group.faults.set(
        fault_document(
            {"match": {"pathway": "edge-a", "kind": "segment"}, "skip": 1, "count": 1,
             "fault": {"type": "status", "status": 500}}
        )
    )  # fmt: skip
    urls = [viewer.file_url("noise", "video/1.m4s", edge=edge) for edge in (0, 1)]
    init = viewer.file_url("noise", "video/init.mp4")
    statuses = [client.get(one).status_code for one in (urls[0], urls[1], init, urls[0], urls[0])]
    assert statuses == [200, 200, 200, 500, 200]


def test_faults_of_the_licence_server(group: ServerGroup, viewer: SignedInViewer) -> None:
    set_fault(group, {"kind": "licence"}, type="status", status=502)
    licence = viewer.play("noise")["licence"]
    assert isinstance(licence, dict)
    assert viewer.client.post(licence["url"], json={}).status_code == 502


@pytest.mark.parametrize(("kbps", "length"), [(20_000, 300_000), (500, 40_000)])
def test_constant_rate(group: ServerGroup, client: httpx.Client, url: str, kbps: float, length: int) -> None:
    set_fault(group, type="bandwidth", kbps=kbps)
    client.get(url, headers={"range": "bytes=0-0"})  # the connection is open
    exact = length * 8 / kbps / 1000

    def fetch() -> float:
        started = time.monotonic()
        assert len(client.get(url, headers={"range": f"bytes=0-{length - 1}"}).content) == length
        return time.monotonic() - started

    assert 0.97 * exact <= least(fetch, 1.1 * exact + BUSY_S) <= 1.1 * exact + BUSY_S


def test_responses_share_the_link_across_edges(
    group: ServerGroup, viewer: SignedInViewer, client: httpx.Client
) -> None:
    urls = [viewer.file_url("noise", "video/1.m4s", edge=edge) for edge in (0, 1)]
    set_fault(group, type="bandwidth", kbps=10_000)

    def fetch(url: str) -> float:
        started = time.monotonic()
        assert len(client.get(url).content) == SEGMENT_BYTES
        return time.monotonic() - started

    exact = 2 * SEGMENT_BYTES * 8 / 10e6
    shares: dict[float, float] = {}

    def fetch_both() -> float:
        with ThreadPoolExecutor(2) as pool:
            first, last = sorted(pool.map(fetch, urls))
        shares[last] = first / last
        return last

    quickest = least(fetch_both, 1.1 * exact + BUSY_S)
    assert 0.97 * exact <= quickest <= 1.1 * exact + BUSY_S
    assert shares[quickest] > 0.6, "one after the other would make it half"


def test_a_client_that_leaves_frees_the_link(group: ServerGroup, client: httpx.Client, url: str) -> None:
    set_fault(group, type="bandwidth", kbps=800)
    exact = 10_000 * 8 / 800e3

    def fetch_after_a_leaver() -> float:
        with httpx.Client(trust_env=False) as leaver, leaver.stream("GET", url) as response:
            next(response.iter_raw())
        started = time.monotonic()
        client.get(url, headers={"range": "bytes=0-9999"})
        return time.monotonic() - started

    assert least(fetch_after_a_leaver, exact + BUSY_S) < exact + BUSY_S, (
        "the rest of what is left takes three seconds"
    )


def test_round_trips_of_a_shaped_link(group: ServerGroup, client: httpx.Client, url: str) -> None:
    trace = [{"duration_ms": 1000, "bandwidth_kbps": 100_000, "latency_ms": 80}]
    set_fault(group, type="bandwidth", trace=trace)

    def fetch() -> float:
        started = time.monotonic()
        client.get(url, headers={"range": "bytes=0-9"})
        return time.monotonic() - started

    assert fetch() >= 0.16, "the first has a connection to make"
    assert 0.08 <= least(fetch, 0.15, tries=50) < 0.15, "one round trip, and not two"


def test_kill_ends_the_edge_for_good(tmp_path: Path, client: httpx.Client) -> None:
    with running_backend(tmp_path) as group, signed_in_viewer(group) as viewer:
        publish_noise(group.settings)
        urls = [viewer.file_url("noise", "video/1.m4s", edge=edge) for edge in (0, 1)]
        set_fault(group, {"pathway": "edge-a"}, type="kill", after_bytes=5000)
        body, error = received_before_the_end(client, urls[0])
        assert (len(body), error) == (5000, httpx.RemoteProtocolError)
        with pytest.raises(httpx.ConnectError):
            client.get(urls[0])
        assert client.get(urls[1]).status_code == 200
        assert not group.alive("edge-a")
        manifests = viewer.play("noise")["manifests"]
        assert isinstance(manifests, list)
        assert [manifest["pathway"] for manifest in manifests] == ["edge-b"]


class TestAdmin:
    def test_only_with_the_token(self, group: ServerGroup, client: httpx.Client) -> None:
        for headers in ({}, {"X-Admin-Token": "guess"}):
            response = client.get(f"{group.edges[0].url}/admin/faults", headers=headers)
            assert (response.status_code, response.json()["code"]) == (403, "admin_only")

    def test_put_get_delete(self, group: ServerGroup, client: httpx.Client, url: str) -> None:
        client.headers["X-Admin-Token"] = group.admin_token
        admin = f"{group.edges[1].url}/admin/faults"
        text = fault_document({"fault": {"type": "status", "status": 500}})
        assert client.put(admin, content=text).status_code == 204
        assert client.get(f"{group.api.url}/admin/faults").text == text
        assert client.get(url).status_code == 500
        assert client.delete(admin).status_code == 204
        assert client.get(url).status_code == 200
        assert client.get(admin).json() == {"version": 1, "rules": []}

    @pytest.mark.parametrize("content", [b"{}", b"\xff", b'{"version": 1, "rules": [{"fault": {"type": "x"}}]}'])
    def test_a_bad_document_changes_nothing(self, group: ServerGroup, client: httpx.Client, content: bytes) -> None:
        client.headers["X-Admin-Token"] = group.admin_token
        admin = f"{group.edges[0].url}/admin/faults"
        text = fault_document({"fault": {"type": "refuse"}, "match": {"path": "never"}})
        client.put(admin, content=text)
        refused = client.put(admin, content=content)
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_faults")
        assert client.get(admin).text == text

    def test_other_methods_and_huge_bodies(self, group: ServerGroup, client: httpx.Client) -> None:
        client.headers["X-Admin-Token"] = group.admin_token
        admin = f"{group.edges[0].url}/admin/faults"
        assert client.post(admin).status_code == 405
        assert client.put(admin, content=b" " * (5 << 20)).status_code == 413


def test_another_file_is_served(group: ServerGroup, client: httpx.Client, url: str) -> None:
    two = client.get(url.replace("1.m4s", "2.m4s"))
    set_fault(group, {"path": "*/1.m4s"}, type="other", offset=1)
    found = client.get(url)
    assert (found.status_code, found.content) == (two.status_code, two.content)


def test_a_web_page_is_served(group: ServerGroup, client: httpx.Client, url: str) -> None:
    set_fault(group, type="body")
    found = client.get(url)
    assert (found.status_code, found.headers["content-type"]) == (200, "text/html")
    assert found.text.startswith("<!doctype html>")


def test_single_bytes_are_flipped(group: ServerGroup, client: httpx.Client, url: str, on_disk: bytes) -> None:
    set_fault(group, type="flip", count=20)
    found = client.get(url).content
    wrong = [place for place, (was, is_) in enumerate(zip(on_disk, found, strict=True)) if was != is_]
    assert len(wrong) == 20
    assert min(wrong) >= len(on_disk) // 10


def test_headers_lie(group: ServerGroup, client: httpx.Client, url: str, on_disk: bytes) -> None:
    set_fault(group, type="headers", set={"Content-Type": "text/plain"}, remove=["Access-Control-Allow-Origin"])
    found = client.get(url)
    assert (found.headers["content-type"], found.content) == ("text/plain", on_disk)
    assert "access-control-allow-origin" not in found.headers


def test_a_body_says_that_it_is_compressed(group: ServerGroup, client: httpx.Client, url: str) -> None:
    set_fault(group, type="gzip")
    with pytest.raises(httpx.DecodingError):
        client.get(url)


def test_a_range_is_another_one(group: ServerGroup, client: httpx.Client, url: str) -> None:
    set_fault(group, type="range", shift=100)
    found = client.get(url, headers={"range": "bytes=10-19"})
    assert found.status_code == 206
    assert found.headers["content-range"].startswith("bytes 110-119/")
    assert client.get(url).status_code == 206


def test_a_body_drips(group: ServerGroup, client: httpx.Client, url: str, on_disk: bytes) -> None:
    set_fault(group, type="trickle", after_bytes=len(on_disk) - 5, bytes_per_s=20)
    began = time.monotonic()
    assert client.get(url).content == on_disk
    assert time.monotonic() - began >= 0.2


def test_a_connection_is_reset(group: ServerGroup, client: httpx.Client, url: str) -> None:
    set_fault(group, type="reset", after_bytes=100)
    body, error = received_before_the_end(client, url)
    assert len(body) <= 100
    assert error is not None


def test_a_server_goes_away_after_its_answer(
    group: ServerGroup, client: httpx.Client, url: str, on_disk: bytes
) -> None:
    set_fault(group, type="goaway")
    found = client.get(url)
    assert (found.headers["connection"], found.content) == ("close", on_disk)


@pytest.mark.parametrize("kind", ["dns", "tls"])
def test_what_only_a_client_can_do_is_refused(group: ServerGroup, kind: str) -> None:
    with pytest.raises(FaultDocumentError, match="only a client"):
        set_fault(group, type=kind)
