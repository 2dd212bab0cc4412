"""Steering manifests and pathway clones (RFC 8216bis 7.2)."""

from __future__ import annotations

import json

import pytest

from player.base.errors import ManifestError
from player.manifest import parse
from player.manifest.model import PlaylistRef
from player.manifest.steering import Clone, parse_steering, resolved, with_clones

URL = "https://steer.example.org/x/steering.json"
MULTIVARIANT = (
    '#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="A"\n'
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",STABLE-RENDITION-ID="en",URI="https://a.example.org/en.m3u8"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID="A",STABLE-VARIANT-ID="low",AUDIO="a"\nhttps://a.example.org/low.m3u8?k=1&z=2\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=2,PATHWAY-ID="A",STABLE-VARIANT-ID="high",AUDIO="a"\nhttps://a.example.org:81/high.m3u8\n'
)


def steering(**members: object) -> bytes:
    return json.dumps({"VERSION": 1, "PATHWAY-PRIORITY": ["B", "A", "B"], **members}).encode()


def test_a_steering_manifest_is_read() -> None:
    read = parse_steering(steering(TTL=20, **{"RELOAD-URI": "next?a=1"}), URL)
    assert read.priority == ("B", "A")
    assert read.ttl_s == 20.0
    assert read.reload_url == "https://steer.example.org/x/next?a=1"
    assert parse_steering(steering(), URL).ttl_s == 300.0
    dash = json.dumps({"VERSION": 1, "SERVICE-LOCATION-PRIORITY": ["beta"]})
    assert parse_steering(dash, URL).priority == ("beta",)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"VERSION": 2, "PATHWAY-PRIORITY": []}',
        b'{"VERSION": 1}',
        b'{"VERSION": 1, "PATHWAY-PRIORITY": [1]}',
        steering(**{"RELOAD-URI": "file:///etc/passwd"}),
        steering(**{"PATHWAY-CLONES": [{"ID": "x"}]}),
        b" " * 1_000_000,
    ],
)
def test_bad_steering_is_an_error_of_the_family(body: bytes) -> None:
    with pytest.raises(ManifestError):
        parse_steering(body, URL)


def test_clones_change_host_parameters_and_single_playlists() -> None:
    """RFC 8216bis 7.2.1: HOST, PARAMS, PER-VARIANT-URIS and PER-RENDITION-URIS."""
    change = {
        "HOST": "b.example.org",
        "PARAMS": {"k": "9", "n": "x y"},
        "PER-VARIANT-URIS": {"high": "https://c.example.org/own.m3u8"},
        "PER-RENDITION-URIS": {"en": "https://c.example.org/en.m3u8"},
    }
    clones = parse_steering(
        steering(**{"PATHWAY-CLONES": [{"BASE-ID": "A", "ID": "B", "URI-REPLACEMENT": change}]}), URL
    ).clones
    presentation = with_clones(parse(MULTIVARIANT, "https://a.example.org/m.m3u8"), clones)
    urls = {
        rendition.id: [location.segments for location in rendition.locations if location.pathway == "B"]
        for track in presentation.periods[0].tracks
        for rendition in track.renditions
    }
    assert urls == {
        "low": [PlaylistRef("https://b.example.org/low.m3u8?z=2&k=9&n=x+y")],
        "high": [PlaylistRef("https://c.example.org/own.m3u8")],
        "en": [PlaylistRef("https://c.example.org/en.m3u8")],
    }
    assert with_clones(presentation, clones) == presentation


def test_clones_of_dash_service_locations_change_the_prefix() -> None:
    text = (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT4S">'
        '<BaseURL serviceLocation="A">https://a.example.org/x/</BaseURL><Period><AdaptationSet mimeType="video/mp4">'
        '<SegmentTemplate duration="4" media="$Number$"/><Representation id="v"/></AdaptationSet></Period></MPD>'
    )
    change = {"BASE-ID": "A", "ID": "B", "URI-REPLACEMENT": {"HOST": "b.example.org"}}
    clones = parse_steering(steering(**{"PATHWAY-CLONES": [change]}), URL).clones
    rendition = with_clones(parse(text, "https://m.example.org/m.mpd"), clones).periods[0].tracks[0].renditions[0]
    assert [location.base_url for location in rendition.locations] == [
        "https://a.example.org/x/",
        "https://b.example.org/x/",
    ]


def test_a_clone_of_a_clone_stands_behind_its_base_in_whatever_order_they_come() -> None:
    def clone(base: str, pathway: str) -> Clone:
        return Clone(base, pathway, host=f"{pathway.lower()}.example.org")

    listed = [clone("C", "D"), clone("B", "C"), clone("X", "Y"), clone("Y", "X"), clone("A", "B"), clone("D", "A")]
    assert [made.pathway for made in resolved(listed, ("A",))] == ["B", "C", "D"], (
        "cycles and taken names are left out"
    )
    assert resolved(listed, ()) == ()
    presentation = with_clones(parse(MULTIVARIANT, "https://a.example.org/m.m3u8"), tuple(listed))
    low = presentation.periods[0].tracks[0].renditions[0]
    assert [(place.pathway, place.segments) for place in low.locations[1:]] == [
        (name, PlaylistRef(f"https://{name.lower()}.example.org/low.m3u8?k=1&z=2")) for name in "BCD"
    ]
