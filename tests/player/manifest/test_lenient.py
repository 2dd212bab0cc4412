"""What other players read although the standard has it otherwise."""

from __future__ import annotations

import pytest

from player.manifest import parse
from player.manifest.dump import Json, to_json

URL = "https://example.org/hls/media.m3u8"


def segments(text: str) -> tuple[list[Json], set[str]]:
    """The segments of a media playlist, and the codes of the warnings."""
    document = to_json(parse(text, URL))
    return document["periods"][0]["renditions"][0]["segments"], {w["code"] for w in document["warnings"]}


@pytest.mark.parametrize("first", ["#EXT-X-VERSION:3\n", "", "\n#EXT-X-TARGETDURATION:9\n"])
def test_a_playlist_without_its_first_line_is_read(first: str) -> None:
    """RFC 8216bis 4.4.1.1 asks for #EXTM3U."""
    found, warnings = segments(first + "#EXTINF:9\na.ts\n#EXTINF:9\nb.ts\n#EXT-X-ENDLIST\n")
    assert [segment["url"][-4:] for segment in found] == ["a.ts", "b.ts"]
    assert "hls.no_header" in warnings


def test_the_first_of_two_byte_ranges_is_that_of_the_map_between_them() -> None:
    """RFC 8216bis 4.4.4.5 has it in the BYTERANGE of EXT-X-MAP."""
    found, _ = segments(
        '#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-BYTERANGE:200@100\n#EXT-X-MAP:URI="s.mp4"\n'
        "#EXTINF:5,\n#EXT-X-BYTERANGE:400\ns.mp4\n#EXTINF:5,\n#EXT-X-BYTERANGE:500\ns.mp4\n"
    )
    assert [segment["init"]["range"] for segment in found] == [{"start": 100, "end": 299, "length": 200}] * 2
    assert [segment["byte_range"]["start"] for segment in found] == [300, 700]


def test_one_byte_range_before_a_map_is_that_of_the_segment() -> None:
    found, warnings = segments(
        '#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-BYTERANGE:50@24\n#EXT-X-MAP:URI="s.mp4",BYTERANGE="24@0"\n'
        "#EXTINF:5,\ns.mp4\n#EXT-X-BYTERANGE:30\n#EXTINF:5,\ns.mp4\n"
    )
    assert [(s["byte_range"]["start"], s["byte_range"]["length"]) for s in found] == [(24, 50), (74, 30)]
    assert found[0]["init"]["range"] == {"start": 0, "end": 23, "length": 24}
    assert not warnings


def test_a_skip_without_a_number_skips_nothing() -> None:
    found, warnings = segments("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-SKIP:foo=bar\n#EXTINF:5,\na.ts\n")
    assert [segment["sequence"] for segment in found] == [0]
    assert "hls.bad_skip" in warnings


def _rendition(adaptation: str) -> Json:
    text = (
        f'<MPD mediaPresentationDuration="PT9S"><Period><AdaptationSet mimeType="video/mp4"{adaptation}'
        '<Representation id="a" bandwidth="1"><BaseURL>a.mp4</BaseURL></Representation></AdaptationSet>'
        "</Period></MPD>"
    )
    return to_json(parse(text, URL))["periods"][0]["renditions"][0]


def test_a_label_may_be_an_attribute() -> None:
    assert _rendition(' label="directors">')["label"] == "directors"
    assert _rendition(' label="directors"><Label>Director\'s cut</Label>')["label"] == "Director's cut"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (' value="CC1=eng;CC3=swe"', [("CC1", "eng"), ("CC3", "swe")]),
        (' value="CC1=lang:eng;3=lang:swe,war:1"', [("CC1", "eng"), ("CC3", "swe")]),
        (' value="eng;swe"', [(None, "eng"), (None, "swe")]),
        ("", [("CC1", "und")]),
    ],
)
def test_captions_are_announced_in_several_forms(value: str, expected: list[tuple[str | None, str]]) -> None:
    """DASH-IF IOP 6.4.3 has the form of CEA-708 for CEA-608 too."""
    found = _rendition(f'><Accessibility schemeIdUri="urn:scte:dash:cc:cea-608:2015"{value}/>')["captions"]
    assert [(item["channel"], item["lang"]) for item in found] == expected


@pytest.mark.parametrize(
    ("tail", "type_"),
    [("", "audio"), (",RESOLUTION=640x360", "video"), (',CODECS="avc1.64001f"', "video")],
)
def test_a_variant_that_is_a_file_of_sound_is_audio(tail: str, type_: str) -> None:
    text = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64000{tail}\nradio.mp3?session=1\n"
    assert to_json(parse(text, URL))["periods"][0]["renditions"][0]["type"] == type_
