"""CMCD on the wire, per kind of request, and the reports of event mode; CMSD in answers."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from player.manifest.model import ByteRange
from player.net.cmsd import Cmsd, parse_cmsd
from player.net.gate import Gate
from player.net.model import Request, RequestKind, Transfer
from player.reporting import rows
from player.reporting.cmcd import (
    CmcdReporter,
    CmcdSettings,
    Mode,
    PlayerMoment,
    RequestMarker,
    TypedNumber,
    encode,
    moment_of,
)
from player.reporting.events import BufferSampled, ErrorRaised, PhaseReached, StatusChanged, TransferDone
from player.reporting.qoe import Qoe
from player.reporting.state import PlaybackState, PlaybackStatus, RungChoice, SourceForm, StatSample
from player.transfer.model import Coming
from tests.kit.clock import FakeClock
from tests.kit.transport import Act, ScriptedTransport

URL = "http://cdn.test/v/1.m4s?sig=x"
NOW = PlayerMoment(
    buffer_s=12.34, throughput_bps=5_432_100.0, top_bps=6_000_000, rung_bps=3_200_000, state="p", position_s=7.5
)


def marked(kind: RequestKind, settings: CmcdSettings, track: str = "main", now: PlayerMoment = NOW) -> Request:
    marker = RequestMarker(settings, "film", lambda: now)
    marker.session_id = "6e2fb550-c457-11e9-bb97-0800200c9a66"
    return marker(Request(kind, URL, track=track), 4.004)


def data_of(request: Request) -> str:
    return unquote(parse_qs(urlsplit(request.url).query)["CMCD"][0])


def test_version_1_of_a_segment_in_the_query() -> None:
    request = marked(RequestKind.SEGMENT, CmcdSettings())
    assert request.url.startswith(f"{URL}&CMCD=")
    assert data_of(request) == (
        'bl=12300,br=3200,cid="film",d=4004,dl=12300,mtp=5400,ot=v,rtp=16000,'
        'sid="6e2fb550-c457-11e9-bb97-0800200c9a66",st=v,tb=6000'
    )


def test_version_2_has_more_and_says_for_which_object_type() -> None:
    text = data_of(marked(RequestKind.SEGMENT, CmcdSettings(version=2)))
    assert "bl=(12300;v)" in text
    assert "br=(3200;v)" in text
    assert text.endswith("tb=(6000;v),v=2")
    assert "pt=7500" in text
    assert "sta=p" in text
    assert "sn=1" in text
    assert "ts=" not in text, "only in events"


@pytest.mark.parametrize(
    ("coming", "first", "second"),
    [
        (Coming("../a/2.m4s"), 'nor="..%2Fa%2F2.m4s"', 'nor=("..%2Fa%2F2.m4s")'),
        (Coming("v.mp4", ByteRange(100, 50)), 'nor="v.mp4",nrr="100-149"', 'nor=("v.mp4";r="100-149")'),
        (Coming("v.mp4", ByteRange(7)), 'nor="v.mp4",nrr="7-"', 'nor=("v.mp4";r="7-")'),
        (Coming("x" * 129), "", ""),
    ],
)
def test_what_comes_next_is_named(coming: Coming, first: str, second: str) -> None:
    for version, expected in ((1, first), (2, second)):
        marker = RequestMarker(CmcdSettings(version=version), "film", lambda: NOW)
        text = parse_qs(urlsplit(marker(Request(RequestKind.SEGMENT, URL), 4.0, coming).url).query)["CMCD"][0]
        assert (expected in text) if expected else ("nor" not in text)
        assert ("nrr" in text) is ("nrr" in expected)


def test_headers_are_sorted_into_shards() -> None:
    request = marked(RequestKind.SEGMENT, CmcdSettings(mode=Mode.HEADERS))
    assert request.url == URL
    assert dict(request.headers) == {
        "CMCD-Object": "br=3200,d=4004,ot=v,tb=6000",
        "CMCD-Request": "bl=12300,dl=12300,mtp=5400",
        "CMCD-Session": 'cid="film",sid="6e2fb550-c457-11e9-bb97-0800200c9a66",st=v',
        "CMCD-Status": "rtp=16000",
    }


@pytest.mark.parametrize(
    ("kind", "track", "token", "media"),
    [
        (RequestKind.MANIFEST, "", "m", False),
        (RequestKind.INIT, "main", "i", False),
        (RequestKind.KEY, "", "k", False),
        (RequestKind.TEXT, "", "c", False),
        (RequestKind.IMAGE, "", "o", False),
        (RequestKind.SEGMENT, "main", "v", True),
        (RequestKind.SEGMENT, "audio-0", "a", True),
    ],
)
def test_each_kind_has_its_keys(kind: RequestKind, track: str, token: str, media: bool) -> None:
    text = data_of(marked(kind, CmcdSettings(), track))
    keys = {part.partition("=")[0] for part in text.split(",")}
    assert f"ot={token}" in text
    assert {"cid", "sid", "st", "mtp"} <= keys
    assert ({"bl", "d", "dl"} <= keys) is media
    assert ("br" in keys) is (token == "v")


def test_a_start_and_a_stall_are_told_and_defaults_are_left_out() -> None:
    stalled = replace(NOW, starting=True, stalls=1, speed=1.5, live=True, protocol="h")
    text = data_of(marked(RequestKind.SEGMENT, CmcdSettings(), now=stalled))
    parts = text.split(",")
    assert {"su", "bs", "pr=1.5", "st=l", "sf=h"} <= set(parts)
    assert not any(part.startswith("dl") for part in parts)
    assert parts == sorted(parts, key=lambda part: part.partition("=")[0])


def test_off_is_off_and_only_the_web_is_told() -> None:
    assert marked(RequestKind.SEGMENT, CmcdSettings(mode=None)).url == URL
    marker = RequestMarker(CmcdSettings(), "film", lambda: NOW)
    local = Request(RequestKind.SEGMENT, "file:///x")
    assert marker(local) == local
    once = marker(Request(RequestKind.SEGMENT, URL))
    assert marker(once).url == once.url


def test_text_is_made_safe() -> None:
    assert encode({"cid": 'a"b\\cé' + "x" * 500}, 1) == 'cid="a\\"b\\\\c?' + "x" * 122 + '"'
    assert encode({"bl": TypedNumber(149.0, "v"), "pr": 1, "v": 1, "su": False}, 1) == "bl=100"
    assert encode({"ec": ["net.cut", "x"], "v": 2}, 2) == 'ec=("net.cut" "x"),v=2'


def test_the_moment_is_taken_from_the_visible_state() -> None:
    state = PlaybackState(
        status=PlaybackStatus.PLAYING,
        position_s=5.0,
        rungs=(RungChoice(0, "a", 240, 1000), RungChoice(1, "b", 480, 2000)),
        rung_loading=0,
        history=(StatSample(1.0, 5.0, 9.0, 4000.0, 0, 1000, "a"),),
        form=SourceForm("dash", sound=True),
        qoe=Qoe(stalls=2),
    )
    now = moment_of(state)
    assert (now.buffer_s, now.throughput_bps, now.top_bps, now.rung_bps, now.state) == (9.0, 4000.0, 2000, 1000, "p")
    assert not now.starting
    assert (now.protocol, now.main, now.stalls) == ("d", "av", 2)
    unknown = moment_of(PlaybackState(status=PlaybackStatus.LOADING))
    assert unknown.starting
    assert (unknown.protocol, unknown.main, unknown.stalls) == ("", "v", 0)
    assert moment_of(PlaybackState(form=SourceForm("hls", pictures=False, sound=True))).main == "a"


def test_what_the_main_track_carries_is_said_and_its_rate_with_it() -> None:
    for main in ("v", "av", "a"):
        text = data_of(marked(RequestKind.SEGMENT, CmcdSettings(), now=replace(NOW, main=main)))
        assert {f"ot={main}", "br=3200", "tb=6000"} <= set(text.split(","))


def test_a_stall_is_told_once_with_the_next_request_of_each_track() -> None:
    now = [NOW]
    marker = RequestMarker(CmcdSettings(), "film", lambda: now[0])

    def told(track: str) -> bool:
        return "bs" in data_of(marker(Request(RequestKind.SEGMENT, URL, track=track))).split(",")

    assert not told("main")
    now[0] = replace(NOW, stalls=1)
    assert [told("main"), told("main"), told("audio-0"), told("audio-0")] == [True, False, True, False]


async def test_event_mode_reports_lines_to_the_collector_and_drops_what_fails() -> None:
    clock = FakeClock()
    transport = ScriptedTransport(clock, {"http://collect.test/": b""})
    settings = CmcdSettings(mode=None, event_url="http://collect.test/")
    marker = RequestMarker(settings, "film", lambda: NOW)
    reporter = CmcdReporter(marker, Gate(transport, clock), clock, lambda: NOW)
    reporter(PhaseReached(0.0, "requested"))
    reporter(PhaseReached(0.8, "first_frame"))
    reporter(StatusChanged(1.0, "playing"))
    reporter(ErrorRaised(2.0, "net.cut", "It broke.", fatal=False))
    reporter(BufferSampled(3.0, 2.0, 9.0, None, 0))
    reporter(BufferSampled(4.0, 3.0, 9.0, None, 0))
    transfer = Transfer(1, RequestKind.SEGMENT, "http://cdn.test/1.m4s", "a", "main", 1.0, 1.1, 1.4, 200, 5)
    reporter(TransferDone(5.0, transfer))
    reporter(TransferDone(5.0, replace(transfer, kind=RequestKind.TELEMETRY)))
    await reporter.send()
    request = transport.requests[0]
    assert request.headers["Content-Type"] == "application/cmcd"
    assert request.body is not None
    lines = request.body.decode().split("\n")
    kinds = [next(part for part in line.split(",") if part.startswith("e=")) for line in lines]
    assert kinds == ["e=t", "e=ps", "e=e", "e=t", "e=rr"]
    assert "msd=800" in lines[0]
    assert "sta=p" in lines[1]
    assert 'ec=("net.cut")' in lines[2]
    assert "rc=200,sid=" in lines[4]
    assert "ttfb=100,ttlb=400" in lines[4]
    assert all("v=2" in line and f"ts={round(clock.wall() * 1000)}" in line for line in lines)
    transport.always("http://collect", Act(status=500))
    reporter(StatusChanged(6.0, "paused"))
    await reporter.send()
    await reporter.send()
    assert len(transport.requests) == 2


def test_cmsd_is_read() -> None:
    read = parse_cmsd(
        {
            "cmsd-static": 'ot=v,sf=h,st=v,d=5000,br=2000,n="OriginProvider, A"',
            "cmsd-dynamic": '"CDNB-3ak1";etp=96;rtt=8,"CDNB-w35k";etp=76.5;rtt=32;du',
        }
    )
    assert read == Cmsd(
        {"ot": "v", "sf": "h", "st": "v", "d": 5000, "br": 2000, "n": "OriginProvider, A"},
        (("CDNB-3ak1", {"etp": 96, "rtt": 8}), ("CDNB-w35k", {"etp": 76.5, "rtt": 32, "du": True})),
    )
    assert parse_cmsd({}) is None


def test_what_a_cdn_says_stands_in_the_report() -> None:
    said = parse_cmsd({"cmsd-static": "ot=v", "cmsd-dynamic": '"edge";etp=96;rtt=8'})
    transfer = Transfer(
        1, RequestKind.SEGMENT, "https://a.test/1.m4s", "a", "main", 0.0, 0.1, 0.2, 200, 10, cmsd=said
    )
    assert rows.request(transfer, 0.0)["cmsd"] == {
        "static": {"ot": "v"},
        "dynamic": [{"server": "edge", "etp": 96, "rtt": 8}],
    }
    assert "cmsd" not in rows.request(replace(transfer, cmsd=None), 0.0)


@pytest.mark.parametrize(
    "text", ['"', ";;;,,,", "=", '"a";etp=nan', "a" * 100_000, 'x="\\', ",".join("k=1" for _ in range(9999))]
)
def test_bad_cmsd_is_no_trouble(text: str) -> None:
    read = parse_cmsd({"cmsd-static": text, "cmsd-dynamic": text})
    assert read is not None
    assert len(read.static) <= 64
    assert len(read.dynamic) <= 64
