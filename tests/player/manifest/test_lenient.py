"""What other players read although the standard has it otherwise."""

from __future__ import annotations

import pytest

from player.base.errors import ErrorCode, ManifestError
from player.manifest import attach_playlist, parse, refresh
from player.manifest.dump import Json, to_json

URL = "https://example.org/hls/media.m3u8"


def segments(text: str) -> tuple[list[Json], set[str]]:
    """The segments of a media playlist, and the codes of the warnings."""
    document = to_json(parse(text, URL))
    return document["periods"][0]["renditions"][0]["segments"], {w["code"] for w in document["warnings"]}


@pytest.mark.parametrize(
    "first",
    [
        "#EXT-X-VERSION:3\n",
        "",
        "\n#EXT-X-TARGETDURATION:9\n",
        "# made by hand\n#EXTM3U\n",
        "#ZEN-TOTAL-DURATION:18\n#EXT-X-TARGETDURATION:9\n",
    ],
)
def test_a_playlist_without_its_first_line_is_read(first: str) -> None:
    """RFC 8216bis 4.4.1.1 asks for #EXTM3U."""
    found, warnings = segments(first + "#EXTINF:9\na.ts\n#EXTINF:9\nb.ts\n#EXT-X-ENDLIST\n")
    assert [segment["url"][-4:] for segment in found] == ["a.ts", "b.ts"]
    assert "hls.no_header" in warnings


@pytest.mark.parametrize(
    "text", ["# nothing but words\n", "# words\nand more\n#EXTM3U\n", "#EXTMU3\n#EXTINF:9\na.ts\n"]
)
def test_what_begins_otherwise_is_no_playlist(text: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(text, URL)
    assert caught.value.code is ErrorCode.MANIFEST_NOT_RECOGNISED


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


def test_a_date_behind_all_segments_is_that_of_the_next() -> None:
    """RFC 8216bis 4.4.4.6: it applies to the segment that follows; those before count back from it (6.3.3)."""
    found, _ = segments(
        "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6\na.ts\n#EXTINF:4\nb.ts\n"
        "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:01:00Z\n"
    )
    assert [segment["program_date_time"] for segment in found] == [50_000, 56_000]


def test_the_text_does_not_lengthen_the_presentation() -> None:
    """A subtitle playlist is as long as the programme it was made for, or has no EXT-X-ENDLIST."""
    presentation = parse(
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="s",URI="s.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.4d401f",SUBTITLES="s"\nv.m3u8\n',
        URL,
    )
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n"
    texts = {"text": "#EXTINF:9\na.vtt\n#EXTINF:9\nb.vtt\n", "video": "#EXTINF:9\na.ts\n#EXT-X-ENDLIST\n"}
    for track in presentation.periods[0].tracks:
        body = head + texts[track.type.value]
        presentation = attach_playlist(presentation, track.renditions[0], body, URL)
    assert (presentation.duration_s, presentation.live) == (9, False)


MPD = """<MPD id="m" type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z" publishTime="1970-01-01T00:00:09Z">
<PatchLocation>patch.xml</PatchLocation><Period id="1"><AdaptationSet mimeType="video/mp4">
<Role schemeIdUri="urn:mpeg:DASH:role:2011" value="Main"/><Role schemeIdUri="urn:x" value="Main"/>
<SegmentTemplate media="$Number$.mp4"><SegmentTimeline><S d="1" t="0"/></SegmentTimeline></SegmentTemplate>
<Representation id="v" bandwidth="1"/></AdaptationSet></Period></MPD>"""


def patched(*operations: str) -> Json:
    presentation = parse(MPD, URL, now_s=100.0)
    for operation in operations:
        patch = f'<Patch mpdId="m" originalPublishTime="1970-01-01T00:00:09Z">{operation}</Patch>'
        presentation, _ = refresh(presentation, patch, URL, now_s=100.0)
    return to_json(presentation)


def test_what_a_patch_adds_after_s_comes_after_the_last() -> None:
    """RFC 5261 4.1 wants a selector to name one element; packagers write the path without a position."""
    path = "/MPD/Period[@id='1']/AdaptationSet/SegmentTemplate/SegmentTimeline/S"
    document = patched(*(f'<add sel="{path}" pos="after"><S d="3" t="{t}"/></add>' for t in (1, 4)))
    found = document["periods"][0]["renditions"][0]["segments"]
    assert [(segment["start"], segment["duration"]) for segment in found] == [(0, 1), (1, 3), (4, 3)]


def test_the_first_period_stays_where_it_is_when_one_without_a_start_is_added() -> None:
    """ISO/IEC 23009-1 5.3.2.1: early available periods stand behind all others."""
    document = patched('<add sel="/MPD"><Period id="2" duration="PT9S"/></add>')
    assert [(period["id"], period["start"]) for period in document["periods"]] == [("1", 0)]
    assert "dash.early_period" in {warning["code"] for warning in document["warnings"]}


def test_roles_of_the_standard_are_read_in_any_case() -> None:
    assert patched()["periods"][0]["renditions"][0]["roles"] == ["main", "Main"]
