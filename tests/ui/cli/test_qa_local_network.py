"""A manifest of the internet leads the tools of the QA lab to no server of the local network."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from player.net import http, local_network
from ui.cli.main import main

OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"


class Server(ThreadingHTTPServer):
    """One server at all addresses of this machine, one of which passes for an address of the internet."""

    def __init__(self) -> None:
        super().__init__(("0.0.0.0", 0), Handler)
        self.files: dict[str, str] = {}
        self.inside: list[str] = []  # paths that were requested of the local network

    def url(self, host: str, path: str) -> str:
        return f"http://{host}:{self.server_port}/{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.headers["host"].startswith(INSIDE):
            self.server.inside.append(self.path)
        body = self.server.files.get(self.path.strip("/"), "nothing").encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    def local(address: str) -> bool:
        return address.startswith("127.") and address != OUTSIDE

    monkeypatch.setattr(local_network, "is_local", local)
    monkeypatch.setattr(http, "is_local", local)
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()


def media(segment: str, end: str = "#EXT-X-ENDLIST") -> str:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{segment}\n{end}\n"


def multivariant(child: str, steering: str = "") -> str:
    first = f'#EXT-X-CONTENT-STEERING:SERVER-URI="{steering}"\n' if steering else ""
    return f"#EXTM3U\n{first}#EXT-X-STREAM-INF:BANDWIDTH=100000\n{child}\n"


def mpd(location: str) -> str:
    return (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" minimumUpdatePeriod="PT0.1S" minBufferTime="PT2S"'
        ' profiles="urn:mpeg:dash:profile:isoff-live:2011" availabilityStartTime="2026-01-01T00:00:00Z"'
        f' publishTime="2026-01-01T00:00:00Z"><Location>{location}</Location><Period id="1" start="PT0S">'
        '<AdaptationSet contentType="video">'
        '<SegmentTemplate media="$Number$.m4s" initialization="i.mp4" duration="2"/>'
        '<Representation id="a" bandwidth="100000" mimeType="video/mp4" codecs="avc1.64001e"/></AdaptationSet>'
        "</Period></MPD>"
    )


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (["ladder"], lambda inside: media(inside("a.ts"))),
        (["conform"], lambda inside: multivariant(inside("child.m3u8"))),
        (["cdn"], lambda inside: multivariant("child.m3u8", inside("steering.json"))),
        (["watch", "--for", "0.01", "--every", "0.1"], lambda inside: mpd(inside("later.mpd"))),
    ],
    ids=["ladder", "conform", "cdn", "watch"],
)
def test_a_manifest_of_the_internet_leads_to_no_local_server(words, made, server: Server) -> None:
    server.files = {"first": made(lambda path: server.url(INSIDE, path)), "child.m3u8": media("a.ts")}
    main(["qa", words[0], server.url(OUTSIDE, "first"), *words[1:]])
    assert server.inside == []


def test_a_server_that_a_person_names_may_be_local(server: Server) -> None:
    server.files = {"first": media("a.ts")}
    hosts = f"{INSIDE}:{server.server_port},{OUTSIDE}:{server.server_port}"
    assert main(["qa", "cdn", server.url(OUTSIDE, "first"), "--hosts", hosts, "--segments", "1"]) == 0
    assert server.inside
