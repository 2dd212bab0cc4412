"""Chapters out of an HLS chapters document; nonsense in it is passed over."""

from __future__ import annotations

import json

import pytest

from player.manifest import parse
from player.manifest.chapters import MAX_BYTES, Chapter, document_of, read_chapters

LISTED = [
    {"chapter": 2, "start-time": 60.5, "titles": [{"language": "en", "title": "The  sea"}]},
    {
        "chapter": 1,
        "start-time": 0,
        "duration": 60.5,
        "titles": [{"language": "en", "title": "Begin"}, {"language": "de", "title": "Anfang"}],
    },
    {"chapter": 3, "start-time": 99},
]


@pytest.mark.parametrize(
    ("languages", "first"), [((), "Begin"), (("de",), "Anfang"), (("fr", "de-AT"), "Anfang"), (("fr",), "Begin")]
)
def test_chapters_in_their_order_and_in_the_wanted_language(languages: tuple[str, ...], first: str) -> None:
    found = read_chapters(json.dumps(LISTED).encode(), languages)
    assert found == (Chapter(0.0, first), Chapter(60.5, "The sea"), Chapter(99.0))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        b"null",
        b" " * (MAX_BYTES + 1),
        b"\xff\xfe",
        b'[5, null, {}, {"start-time": "1"}, {"start-time": true}, {"start-time": -1}, {"start-time": NaN}]',
    ],
    ids=range(7),
)
def test_nonsense_gives_no_chapters(data: bytes) -> None:
    assert read_chapters(data) == ()


def test_titles_that_make_no_sense_are_left_out() -> None:
    entry = {"start-time": 1, "titles": [5, {"title": 6}, {"language": 7, "title": "x" * 9000}]}
    (chapter,) = read_chapters(json.dumps([entry]).encode(), ("en",))
    assert 0 < len(chapter.title) < 1000


def test_what_names_the_document() -> None:
    text = (
        "#EXTM3U\n"
        '#EXT-X-SESSION-DATA:DATA-ID="other",URI="other.json"\n'
        '#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.chapters",URI="chapters.json"\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"
    )
    assert document_of(parse(text, "http://a.test/t/m.m3u8")) == "http://a.test/t/chapters.json"
    assert document_of(parse("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n", "http://a.test/m.m3u8")) is None
