"""Manifests that tell any player of all edges and of the steering server."""

from __future__ import annotations

import httpx

from backend_stub.services import steered_manifests
from player.manifest import parse
from player.manifest.model import TrackType
from tests.kit.backend import SignedInViewer

MASTER = """#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,URI="audio/eng/index.m3u8",GROUP-ID="default-audio",LANGUAGE="en",NAME="eng",DEFAULT=YES
#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="avc1.64000d,mp4a.40.2",RESOLUTION=426x240,AUDIO="default-audio",SCORE=61.00
video/240p/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,CODECS="avc1.64000d",URI="video/240p/iframes.m3u8"
"""
MPD = """<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static"
 mediaPresentationDuration="PT8S" minBufferTime="PT2S"><Period id="0"><AdaptationSet contentType="video"
 mimeType="video/mp4"><Representation id="0" bandwidth="300000" codecs="avc1.64000d" width="426" height="240">
<SegmentTemplate timescale="1" duration="4" startNumber="1" initialization="v/init.mp4" media="v/$Number$.m4s"/>
</Representation></AdaptationSet></Period></MPD>"""
PLACES = [
    steered_manifests.EdgeFolder("edge-b", "http://b/s/t.k/film/clear/"),
    steered_manifests.EdgeFolder("edge-a", "http://a/s/t.k/film/clear/"),
]
URL = "http://service/steering/1?token=a.b&c=d"


def test_hls_has_everything_once_for_each_pathway() -> None:
    text = steered_manifests.hls(MASTER, PLACES, URL)
    assert f'#EXT-X-CONTENT-STEERING:SERVER-URI="{URL}",PATHWAY-ID="edge-b"' in text
    assert text.count('GROUP-ID="default-audio.edge-a"') == text.count('AUDIO="default-audio.edge-a"') == 1
    presentation = parse(text.encode(), "http://service/master.m3u8")
    assert presentation.steering is not None
    assert (presentation.steering.server_uri, presentation.steering.default_pathways) == (URL, ("edge-b",))
    (video,) = [track for track in presentation.periods[0].tracks if track.type is TrackType.VIDEO]
    (rung,) = video.renditions
    assert [one.pathway for one in rung.locations] == ["edge-b", "edge-a"]
    assert rung.score == 61.0


def test_dash_has_a_base_for_each_service_location() -> None:
    presentation = parse(steered_manifests.dash(MPD, PLACES, URL).encode(), "http://service/manifest.mpd")
    assert presentation.steering is not None
    assert (presentation.steering.server_uri, presentation.steering.default_pathways) == (URL, ("edge-b",))
    (rung,) = presentation.periods[0].tracks[0].renditions
    assert [one.pathway for one in rung.locations] == ["edge-b", "edge-a"]


def test_a_play_session_has_them(viewer: SignedInViewer) -> None:
    pointer = viewer.play("noise", "clear")["steering"]
    assert isinstance(pointer, dict)
    with httpx.Client(trust_env=False) as anybody:
        hls, dash = anybody.get(pointer["hls"]), anybody.get(pointer["dash"])
        assert (hls.headers["content-type"], dash.headers["content-type"]) == (
            "application/vnd.apple.mpegurl",
            "application/dash+xml",
        )
        assert pointer["url"] in hls.text
        told = anybody.get(pointer["url"]).json()["PATHWAY-PRIORITY"]
        assert f'PATHWAY-ID="{told[0]}"' in hls.text
        assert all(f'serviceLocation="{pathway}"' in dash.text for pathway in told)
        assert anybody.get(pointer["hls"].split("?")[0], params={"token": "a.b"}).status_code == 403
    live = viewer.play("noise", "live")["steering"]
    assert isinstance(live, dict)
    assert (live["hls"], live["dash"]) == (None, None)
