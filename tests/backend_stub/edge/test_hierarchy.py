"""Edges that keep what they fetch from a shield, which fetches from the origin."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from backend_stub.config import Settings
from backend_stub.server import ServerGroup, ServerOptions
from backend_stub.signing import EdgeGrant
from tests.kit.backend import SEGMENT_BYTES, fault_document, publish_noise
from tests.kit.rights import SettableClock

CACHE_BYTES = 5 * SEGMENT_BYTES  # three segments, the manifests, no more


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a title: making its database takes longer than most of these tests."""
    settings = Settings(tmp_path_factory.mktemp("published"))
    publish_noise(settings)
    return settings.data_dir


@pytest.fixture
def tiered(published: Path, tmp_path: Path, clock: SettableClock) -> Iterator[ServerGroup]:
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    with ServerGroup(Settings(tmp_path), ServerOptions(shield=True, cache_bytes=CACHE_BYTES), clock) as running:
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as made:
        yield made


def url(tiered: ServerGroup, name: str, edge: int = 0) -> str:
    token = tiered.context.url_signer.sign(EdgeGrant("noise", "", tiered.context.clock.now() + 1e6, "clear"))
    return f"{tiered.edges[edge].url}/s/{token}/noise/clear/{name}"


def on_disk(tiered: ServerGroup, name: str) -> bytes:
    return (tiered.settings.media_dir / "noise" / "clear" / name).read_bytes()


def counts(client: httpx.Client, base_url: str) -> dict[str, int]:
    found: dict[str, int] = client.get(f"{base_url}/health").json()["cache"]
    return found


def test_a_file_comes_down_once_and_is_kept_at_each_step(
    tiered: ServerGroup, client: httpx.Client, clock: SettableClock
) -> None:
    first = client.get(url(tiered, "video/1.m4s"))
    clock.step(7)
    again = client.get(url(tiered, "video/1.m4s"))
    other = client.get(url(tiered, "video/1.m4s", edge=1))
    assert first.content == again.content == other.content == on_disk(tiered, "video/1.m4s")
    assert [answer.headers["x-cache"] for answer in (first, again, other)] == ["MISS", "HIT", "MISS"]
    assert [answer.headers["age"] for answer in (first, again, other)] == ["0", "7", "7"]
    assert first.headers["via"] == "1.1 shield, 1.1 edge-a"
    assert other.headers["x-edge"] == "edge-b"
    assert "immutable" in other.headers["cache-control"]
    shield = counts(client, tiered.above[1].url)
    assert (shield["hit"], shield["miss"], shield["bytes"]) == (1, 1, SEGMENT_BYTES)
    assert 'matinee_cache_answers_total{outcome="hit",server="shield"} 1' in tiered.context.metrics.text([])


def test_parts_and_conditions_are_answered_from_what_is_kept(tiered: ServerGroup, client: httpx.Client) -> None:
    part = client.get(url(tiered, "video/1.m4s"), headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, on_disk(tiered, "video/1.m4s")[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{SEGMENT_BYTES}"
    tag = part.headers["etag"]
    assert client.get(url(tiered, "video/1.m4s"), headers={"If-None-Match": tag}).status_code == 304
    assert client.get(url(tiered, "video/1.m4s"), headers={"Range": f"bytes={SEGMENT_BYTES}-"}).status_code == 416
    head = client.head(url(tiered, "video/1.m4s"))
    assert (head.headers["content-length"], head.content) == (str(SEGMENT_BYTES), b"")
    assert counts(client, tiered.edges[0].url)["hit"] == 3


def test_a_name_that_is_encoded_twice_is_no_other_file(tiered: ServerGroup, client: httpx.Client) -> None:
    """What one with a better plan had fetched so would be given to those without."""
    home = tiered.settings.media_dir / "noise" / "clear" / "video" / "1080p"
    home.mkdir()
    (home / "1.m4s").write_bytes(b"picture")

    def status(name: str, most: int | None) -> int:
        expires_at = tiered.context.clock.now() + 1e6
        token = tiered.context.url_signer.sign(EdgeGrant("noise", "", expires_at, "clear", most))
        return client.get(f"{tiered.edges[0].url}/s/{token}/noise/clear/{name}").status_code

    assert [status("video/1080p/1.m4s", most) for most in (None, 576)] == [200, 403]
    assert [status("video/%2531080p/1.m4s", most) for most in (None, 576)] == [404, 404]
    assert [status("video/1.m4s%3Fx", most) for most in (None, 576)] == [404, 404]


def test_many_at_once_make_one_fetch(tiered: ServerGroup, client: httpx.Client) -> None:
    tiered.faults.set(fault_document({"match": {"pathway": "origin"}, "fault": {"type": "delay", "seconds": 0.5}}))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: httpx.get(url(tiered, "video/2.m4s"), trust_env=False), range(8)))
    assert {answer.content for answer in answers} == {on_disk(tiered, "video/2.m4s")}
    edge = counts(client, tiered.edges[0].url)
    assert (edge["miss"], edge["joined"] + edge["hit"]) == (1, 7)
    assert edge["joined"] > 0
    assert counts(client, tiered.above[1].url)["miss"] == 1


def test_the_cache_is_bounded_and_large_files_pass_through(tiered: ServerGroup, client: httpx.Client) -> None:
    (tiered.settings.media_dir / "noise" / "clear" / "large.mp4").write_bytes(bytes(range(256)) * 2000)
    large = on_disk(tiered, "large.mp4")
    answer = client.get(url(tiered, "large.mp4"), headers={"Range": "bytes=100-299999"})
    assert (answer.status_code, answer.content) == (206, large[100:300_000])
    assert answer.headers["x-cache"] == "PASSED"
    assert client.head(url(tiered, "large.mp4")).headers["content-length"] == str(len(large))
    for number in range(20):
        name = f"video/copy-{number}.m4s"
        (tiered.settings.media_dir / "noise" / "clear" / name).write_bytes(on_disk(tiered, "video/1.m4s"))
        assert client.get(url(tiered, name)).headers["x-cache"] == "MISS"
    edge = counts(client, tiered.edges[0].url)
    assert edge["bytes"] <= CACHE_BYTES
    assert client.get(url(tiered, "video/copy-19.m4s")).headers["x-cache"] == "HIT"
    assert client.get(url(tiered, "video/copy-0.m4s")).headers["x-cache"] == "MISS"


def test_what_grew_old_is_asked_for_again_and_served_stale_without_an_origin(
    tiered: ServerGroup, client: httpx.Client, clock: SettableClock
) -> None:
    asked = [client.get(url(tiered, "manifest.mpd"))]
    clock.step(11)
    asked.append(client.get(url(tiered, "manifest.mpd")))
    tiered.faults.set(fault_document({"match": {"pathway": "origin"}, "fault": {"type": "refuse"}}))
    clock.step(11)
    asked.append(client.get(url(tiered, "manifest.mpd")))
    assert [one.headers["x-cache"] for one in asked] == ["MISS", "REVALIDATED", "STALE"]
    assert {one.content for one in asked} == {on_disk(tiered, "manifest.mpd")}
    refused = client.get(url(tiered, "video/3.m4s"))
    assert (refused.status_code, refused.json()["code"]) == (502, "origin_unreachable")
    tiered.faults.clear()
    clock.step(11)
    assert client.get(url(tiered, "manifest.mpd")).headers["x-cache"] == "REVALIDATED"
    clock.step(11)
    (tiered.settings.media_dir / "noise" / "clear" / "manifest.mpd").write_text("<MPD>changed</MPD>")
    changed = client.get(url(tiered, "manifest.mpd"))
    assert (changed.headers["x-cache"], changed.text) == ("MISS", "<MPD>changed</MPD>")


def test_a_fetch_that_breaks_off_is_no_whole_file(tiered: ServerGroup, client: httpx.Client) -> None:
    cut = {"type": "cut", "after_bytes": 100_000}
    tiered.faults.set(fault_document({"match": {"pathway": "origin"}, "count": 1, "fault": cut}))
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(url(tiered, "video/1.m4s"))
    assert client.get(url(tiered, "video/1.m4s")).content == on_disk(tiered, "video/1.m4s")


def test_what_is_not_there_and_what_is_not_signed(tiered: ServerGroup, client: httpx.Client) -> None:
    for name, status, code in (
        ("none.m4s", 404, "file_not_found"),
        ("%2e%2e/%2e%2e/x", 404, "file_not_found"),
        ("../../other/clear/manifest.mpd", 403, "bad_signature"),
    ):
        refused = client.get(url(tiered, name))
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert counts(client, tiered.edges[0].url)["objects"] == 0
