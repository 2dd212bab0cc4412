"""How a playlist comes: each way that breaks a rule, and those that keep all."""

from __future__ import annotations

import pytest

from player.qa.conform.hls_served import Served, judged

TEXT = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n"
QUERY = b'#EXTM3U\n#EXT-X-VERSION:11\n#EXT-X-DEFINE:QUERYPARAM="q"\n'
AT = "http://a.test/"


def broken(url: str, kind: str, body: bytes, last_url: str = "") -> list[str]:
    return [each.rule.code for each in judged("it", Served(AT + url, AT + (last_url or url), kind, body))]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("a.m3u8?b", "text/plain"),
        ("a.M3U", ""),
        ("a", "application/vnd.apple.mpegurl"),
        ("a", "Audio/mpegurl; charset=utf-8"),
    ],
)
def test_a_playlist_is_known_by_path_or_type(url: str, kind: str) -> None:
    assert broken(url, kind, TEXT) == []


@pytest.mark.parametrize(
    ("url", "kind"), [("a", "text/plain"), ("a?b=.m3u8", ""), ("a.txt", "application/x-mpegurl")]
)
def test_a_playlist_that_nothing_tells_is_named(url: str, kind: str) -> None:
    assert broken(url, kind, TEXT) == ["served.identified"]


def test_bytes_that_are_no_utf8_are_named() -> None:
    assert broken("a.m3u8", "", TEXT + b"# \xe9\n") == ["served.utf8"]
    assert broken("a.m3u8", "", TEXT + "# \ufffd\n".encode()) == []


def test_a_variable_is_in_the_address_after_redirections() -> None:
    assert broken("a.m3u8", "", QUERY) == ["served.query"]
    assert broken("a.m3u8?q=", "", QUERY) == ["served.query"]
    assert broken("a.m3u8?q=%22", "", QUERY) == ["served.query"]
    assert broken("a.m3u8?q=1", "", QUERY) == []
    assert broken("a.m3u8", "", QUERY, "b.m3u8?q=1") == []


def test_an_mpd_is_no_playlist() -> None:
    assert broken("a", "text/plain", b"<MPD/>\xe9") == []
