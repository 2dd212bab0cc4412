"""The reverse proxy for other players: manifests led through it, faults in force, everything written down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from player.net.faults import FaultPlan
from player.net.routing import RoutingTransport
from player.playback.settings import PlaybackSettings
from player.qa.proxy.rewrite import MOST_ORIGINS, Origins, is_manifest
from player.qa.proxy.server import Proxy, running
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer

HLS = """#EXTM3U
#EXT-X-CONTENT-STEERING:SERVER-URI="/steer?x=1",PATHWAY-ID="a"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="https://b.test/audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1
//c.test/v.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2
low/v.m3u8
"""
DASH = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:xlink="http://www.w3.org/1999/xlink">
<BaseURL serviceLocation="a">https://b.test/film/?t=1&amp;u=2</BaseURL>
<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="https://time.test/now"/>
<EssentialProperty schemeIdUri="http://dashif.org/guidelines/trickmode" value="1"/>
<SegmentTemplate media="/v/$Number$.m4s" initialization="i.mp4"/></MPD>
"""


def test_addresses_of_an_hls_playlist_lead_through_the_proxy() -> None:
    origins = Origins("https://a.test/film/master.m3u8")
    text = origins.rewritten(HLS.encode(), "https://a.test/film/master.m3u8").decode()
    assert 'SERVER-URI="/o/0/steer?x=1"' in text
    assert 'URI="/o/1/audio.m3u8"' in text
    assert "\n/o/2/v.m3u8\n" in text
    assert "\nlow/v.m3u8\n" in text
    assert origins.remote("/o/1/audio.m3u8") == "https://b.test/audio.m3u8"
    assert origins.remote("/o/2/v.m3u8?x=1") == "https://c.test/v.m3u8?x=1"


def test_addresses_of_an_mpd_lead_through_the_proxy_and_names_stay() -> None:
    origins = Origins("https://a.test/film.mpd")
    text = origins.rewritten(DASH.encode(), "https://a.test/film.mpd").decode()
    assert ">/o/1/film/?t=1&amp;u=2</BaseURL>" in text
    assert 'value="/o/2/now"' in text
    assert 'media="/o/0/v/$Number$.m4s" initialization="i.mp4"' in text
    assert 'xmlns:xlink="http://www.w3.org/1999/xlink"' in text
    assert 'schemeIdUri="http://dashif.org/guidelines/trickmode"' in text


@pytest.mark.parametrize("target", ["/", "/o/1/x", "/o/x/y", "/o/99999999999/x", "//evil.test/", "/o/0"])
def test_only_origins_that_are_known_are_reached(target: str) -> None:
    found = Origins("https://a.test/film.mpd").remote(target)
    assert found in (None, "https://a.test/")


def test_a_manifest_cannot_name_origins_without_end() -> None:
    origins = Origins("https://a.test/film.mpd")
    text = "#EXTM3U\n" + "".join(f"https://h{number}.test/v.ts\n" for number in range(MOST_ORIGINS))
    with pytest.raises(ValueError, match="origins"):
        origins.rewritten(text.encode(), "https://a.test/v.m3u8")


def test_what_holds_addresses_is_told_by_name_or_type() -> None:
    assert is_manifest("/film.mpd", "")
    assert is_manifest("/film", "application/vnd.apple.mpegurl")
    assert not is_manifest("/1.m4s", "video/mp4")


@asynccontextmanager
async def proxied(*rules: dict) -> AsyncIterator[tuple[Proxy, str, httpx.AsyncClient]]:
    plan = FaultPlan.parse({"version": 1, "rules": list(rules)})
    with FileServer(media.ffmpeg_dash().folder) as server:
        proxy = Proxy(server.url("manifest.mpd"), RoutingTransport(), faults=plan)
        async with running(proxy) as address, httpx.AsyncClient(trust_env=False) as client:
            yield proxy, address.rpartition("/")[0], client


async def test_what_a_player_asks_for_comes_through_and_is_written_down() -> None:
    secret = {"Authorization": "Bearer abcdef-secret", "CMCD-Request": "bl=100", "Range": "bytes=0-99"}
    folder = media.ffmpeg_dash().folder
    async with proxied() as (proxy, base, client):
        assert (await client.get(f"{base}/manifest.mpd")).status_code == 200
        part = await client.get(f"{base}/seg-1-001.m4s", headers=secret)
        assert (part.status_code, part.content) == (206, (folder / "seg-1-001.m4s").read_bytes()[:100])
        assert (await client.get(f"{base}/nothing.m4s")).status_code == 404
        assert (await client.get(f"{proxy.address}/elsewhere")).status_code == 404
        state = (await client.get(f"{proxy.address}/-/state")).json()
        har = await client.get(f"{proxy.address}/-/har")
        page = (await client.get(f"{proxy.address}/-/")).text
    assert (state["requests"], state["with_cmcd"], state["errors"]) == (3, 1, {"404": 1})
    assert "abcdef-secret" not in har.text
    headers = {each["name"]: each["value"] for each in har.json()["log"]["entries"][1]["request"]["headers"]}
    assert (headers["authorization"], headers["cmcd-request"], headers["range"]) == ("***", "bl=100", "bytes=0-99")
    assert "seg-1-001.m4s" in page


async def test_faults_reach_the_player_and_may_be_changed_while_it_plays() -> None:
    reset = {"match": {"path": "*seg-1-003*"}, "fault": {"type": "reset", "after_bytes": 1000}}
    never = {"match": {"path": "*elsewhere*"}, "fault": {"type": "body"}}
    async with proxied(reset, never) as (proxy, base, client):
        with pytest.raises(httpx.HTTPError):
            await client.get(f"{base}/seg-1-003.m4s")
        assert (proxy.state()["rules"], proxy.state()["tried_rules"]) == (2, 1)
        page = {"version": 1, "rules": [{"fault": {"type": "body"}}]}
        assert (await client.put(f"{proxy.address}/-/faults", content=json.dumps(page))).status_code == 200
        assert (await client.get(f"{base}/seg-1-003.m4s")).headers["content-type"] == "text/html"
        wrong = await client.put(f"{proxy.address}/-/faults", content=b'{"version": 1, "rules": [{}]}')
        assert wrong.status_code == 422
        assert (await client.delete(f"{proxy.address}/-/faults")).status_code == 200
        assert (await client.get(f"{base}/seg-1-003.m4s")).headers["content-type"] != "text/html"


@pytest.mark.parametrize("manifest", ["manifest.mpd", "master.m3u8"])
async def test_our_own_player_plays_through_it(manifest: str, tmp_path: Path) -> None:
    import asyncio

    with FileServer(media.ffmpeg_dash().folder) as server:
        proxy = Proxy(server.url(manifest), RoutingTransport())
        async with running(proxy) as address:
            spec = RunSpec(Labels("proxy"), PlaybackSource(url=address), PlaybackSettings(start_s=0.0))
            report = await asyncio.to_thread(simulate, spec, Bench(tmp_path))
    assert report["result"]["played_to_end"]
    assert sum(report["continuity"]["lost_s"].values()) == 0
    assert proxy.state()["kinds"]["segment"] >= 6
