"""The same title from several edges, and references resolved as RFC 3986 has them."""

from __future__ import annotations

import pytest

from player.manifest import attach_playlist, located_segment, parse, segment_url, with_mirrors
from player.manifest.model import SegmentIndex, TrackType
from player.manifest.urls import folder_of, resolve

MPD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT4S"><Period><AdaptationSet '
    'mimeType="video/mp4">{base}<SegmentTemplate duration="4" media="v/$Number$.m4s" initialization="v/i.mp4"/>'
    '<Representation id="v" bandwidth="1"/></AdaptationSet></Period></MPD>'
)
MIRRORS = [("edge-a", "http://a.example.org/s/T1/t/manifest.mpd"), ("edge-b", "http://b.example.org:81/s/T2/t/m.mpd")]


def test_mirrors_replace_the_folder_of_the_manifest() -> None:
    presentation = with_mirrors(parse(MPD.format(base=""), MIRRORS[0][1]), MIRRORS)
    rendition = presentation.periods[0].tracks[0].renditions[0]
    first, second = rendition.locations
    assert (first.pathway, second.pathway) == ("edge-a", "edge-b")
    segment = rendition.segments[0]
    assert segment_url(rendition, segment, first) == "http://a.example.org/s/T1/t/v/1.m4s"
    moved = located_segment(rendition, segment, second)
    assert moved.url == "http://b.example.org:81/s/T2/t/v/1.m4s"
    assert moved.init.url == "http://b.example.org:81/s/T2/t/v/i.mp4"


def test_media_elsewhere_has_no_mirrors() -> None:
    text = MPD.format(base="<BaseURL>http://media.example.org/x/</BaseURL>")
    rendition = with_mirrors(parse(text, MIRRORS[0][1]), MIRRORS).periods[0].tracks[0].renditions[0]
    assert len(rendition.locations) == 1


def test_base_urls_are_locations() -> None:
    text = MPD.format(base="<BaseURL>http://x.example.org/1/</BaseURL><BaseURL>http://y.example.org/2/</BaseURL>")
    rendition = parse(text, MIRRORS[0][1]).periods[0].tracks[0].renditions[0]
    urls = [segment_url(rendition, rendition.segments[0], location) for location in rendition.locations]
    assert urls == ["http://x.example.org/1/v/1.m4s", "http://y.example.org/2/v/1.m4s"]


def test_redundant_variants_are_located_by_segment_number() -> None:
    """RFC 8216bis 7: the pathways' playlists have the same media sequence numbers."""
    text = (
        '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID="A"\nhttp://a/v.m3u8\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID="B"\nhttp://b/v.m3u8\n'
    )
    child = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXTINF:4,\n{}.ts\n#EXTINF:4,\n{}.ts\n"
    presentation = parse(text, "http://a/m.m3u8")
    (rendition,) = presentation.periods[0].tracks[0].renditions
    assert [location.pathway for location in rendition.locations] == ["A", "B"]
    presentation = attach_playlist(presentation, rendition, child.format(5, 5, 6), "http://a/v.m3u8")
    (rendition,) = presentation.periods[0].tracks[0].renditions
    with pytest.raises(LookupError):
        segment_url(rendition, rendition.segments[0], rendition.locations[1])
    presentation = attach_playlist(presentation, rendition, child.format(6, "x6", 7), "http://b/v.m3u8", pathway="B")
    (rendition,) = presentation.periods[0].tracks[0].renditions
    assert segment_url(rendition, rendition.segments[1], rendition.locations[1]) == "http://b/x6.ts"
    with pytest.raises(LookupError):
        segment_url(rendition, rendition.segments[0], rendition.locations[1])


def test_groups_of_redundant_variants_are_folded_only_when_they_hold_the_same() -> None:
    media = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{}",NAME="{}",URI="{}.m3u8"\n'
    variant = '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.4d401f,mp4a.40.2",AUDIO="{}"\n{}.m3u8\n'
    text = "#EXTM3U\n" + media.format("a", "x", "1") + media.format("b", "y", "2")
    tracks = parse(text + variant.format("a", "v1") + variant.format("b", "v2"), "http://h/m").periods[0].tracks
    assert [len(track.renditions) for track in tracks] == [2, 1, 1]
    shared = "#EXTM3U\n" + media.format("a", "x", "1") + media.format("b", "x", "1")
    kept = parse(shared + variant.format("a", "v1") + variant.format("b", "v2"), "http://h/m").periods[0].tracks
    assert [track.group for track in kept] == [None, "a", "b"]
    same = parse(text + variant.format("a", "v1") + variant.format("b", "v1"), "http://h/m").periods[0].tracks
    assert [rendition.audio_group for rendition in same[0].renditions] == ["a", "b"]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("http://x/../y", "http://x/y"),
        ("https://u:p@x/y", "https://x/y"),
    ],
)
def test_references_resolve_as_in_rfc_3986_5_4(reference: str, expected: str) -> None:
    assert resolve("http://a/b/c/d;p?q", reference) == expected


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("test:/master", "video", "test:/video"),
        ("dummy://foo", "1.mp4", "dummy://foo/1.mp4"),
        ("folder/m.m3u8", "../a.ts", "a.ts"),
        ("", "a.ts", "a.ts"),
        ("http://h/x", "data:text/plain,a/../b", "data:text/plain,a/../b"),
    ],
)
def test_bases_of_any_scheme_resolve(base: str, reference: str, expected: str) -> None:
    assert resolve(base, reference) == expected


def test_folder_of_a_url_without_a_path() -> None:
    assert folder_of("http://h?x=/") == "http://h/"


LIVE = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="2020-01-01T00:00:00Z"
minimumUpdatePeriod="PT2S"><Period id="0" start="PT0S"><AdaptationSet contentType="video" mimeType="video/mp4">
<SegmentTemplate media="../clear/$Number$.m4s" timescale="1"><SegmentTimeline><S t="0" d="4" r="5"/></SegmentTimeline>
</SegmentTemplate><Representation id="v" bandwidth="1000"/></AdaptationSet></Period></MPD>"""


def test_media_in_a_folder_beside_that_of_the_manifest_is_at_every_edge() -> None:
    edges = [("a", "http://a.test/s/1/t/live/m.mpd"), ("b", "http://b.test/s/2/t/live/m.mpd")]
    presentation = with_mirrors(parse(LIVE, edges[0][1], now_s=1.6e9), edges)
    rendition = presentation.tracks(TrackType.VIDEO)[0].renditions[0]
    assert isinstance(rendition.segments, SegmentIndex)
    found = [segment_url(rendition, rendition.segments[0], place) for place in rendition.locations]
    assert found == ["http://a.test/s/1/t/clear/1.m4s", "http://b.test/s/2/t/clear/1.m4s"]
