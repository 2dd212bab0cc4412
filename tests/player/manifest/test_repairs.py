"""What is wrong in MPDs and playlists of the field, and is mended or passed over so that the rest plays."""

from __future__ import annotations

import pytest

from player.base.errors import ErrorCode, ManifestError
from player.manifest import parse
from player.manifest.model import Presentation, TrackType, loaded_segments
from player.tracks.selection import select

URL = "https://example.org/a/x"
SET = (
    '<AdaptationSet mimeType="video/mp4" codecs="avc1.4d401f"><SegmentTemplate media="$Number$.m4s" duration="5"/>'
    '<Representation id="{}" bandwidth="{}"/></AdaptationSet>'
)


def mpd(periods: str, duration: str = "PT60S") -> str:
    return f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="{duration}">{periods}</MPD>'


def codes(presentation: Presentation) -> set[str]:
    return {item.code for item in presentation.warnings}


def count(presentation: Presentation, period: int = 0) -> int:
    return len(presentation.periods[period].tracks[0].renditions[0].segments)  # type: ignore[arg-type]


@pytest.mark.parametrize("start", ["PT60S", "PT456789S"])
def test_a_first_period_that_starts_after_the_end_starts_at_zero(start: str) -> None:
    presentation = parse(mpd(f'<Period start="{start}">{SET.format("v", 1)}</Period>'), URL)
    assert presentation.periods[0].start_s == 0
    assert presentation.duration_s == 60
    assert count(presentation) == 12
    assert "dash.period_start" in codes(presentation)


def test_the_periods_after_it_move_with_it() -> None:
    first = f'<Period start="PT1000S" duration="PT30S">{SET.format("v", 1)}</Period>'
    second = f'<Period start="PT1030S">{SET.format("v", 1)}</Period>'
    presentation = parse(mpd(first + second), URL)
    assert [(period.start_s, period.duration_s) for period in presentation.periods] == [(0, 30), (30, 30)]
    assert [count(presentation, number) for number in (0, 1)] == [6, 6]


def test_a_later_period_after_the_end_makes_the_presentation_longer() -> None:
    first = f'<Period start="PT0S">{SET.format("v", 1)}</Period>'
    second = f'<Period start="PT100S" duration="PT50S">{SET.format("v", 1)}</Period>'
    presentation = parse(mpd(first + second), URL)
    assert presentation.duration_s == 150
    assert [count(presentation, number) for number in (0, 1)] == [20, 10]
    assert "dash.short_duration" in codes(presentation)


def test_a_start_inside_of_the_presentation_is_believed() -> None:
    presentation = parse(mpd(f'<Period start="PT20S">{SET.format("v", 1)}</Period>'), URL)
    assert presentation.periods[0].start_s == 20
    assert count(presentation) == 8
    assert not presentation.warnings


# -- variants for other devices --------------------------------------------------------------------------------------


def variants(*attributes: str) -> Presentation:
    lines = "".join(f"#EXT-X-STREAM-INF:{item}\n{number}.m3u8\n" for number, item in enumerate(attributes))
    return parse(f"#EXTM3U\n{lines}", URL)


FLAT = 'BANDWIDTH=1000,CODECS="avc1.4d401f,mp4a.40.2"'
RICH = 'BANDWIDTH=9000,CODECS="avc1.4d401f,mp4a.40.2"'


def played(presentation: Presentation) -> list[int]:
    video = select(presentation).video
    assert video is not None
    return [rendition.bandwidth_bps for rendition in video.first.renditions]


@pytest.mark.parametrize(
    "restriction",
    [
        'REQ-VIDEO-LAYOUT="CH-STEREO"',
        'REQ-VIDEO-LAYOUT="CH-STEREO,CH-MONO"',
        'REQ-VIDEO-LAYOUT="CH-MONO/PROJ-EQUI"',
        'REQ-VIDEO-LAYOUT="CH-STEREO/PROJ-HEQU"',
        'ALLOWED-CPC="com.example.drm:SMART-TV/PC"',
        'ALLOWED-CPC="com.example.drm:"',
    ],
)
def test_a_variant_for_other_devices_is_not_chosen(restriction: str) -> None:
    presentation = variants(FLAT, f"{RICH},{restriction}")
    assert played(presentation) == [1000]
    assert "hls.restricted" in codes(presentation)
    shown = select(presentation).unsupported_rungs
    assert [item.rendition.bandwidth_bps for item in shown] == [9000]
    assert restriction.partition("=")[0] in shown[0].reason


@pytest.mark.parametrize("layout", ["CH-MONO", "CH-MONO/PROJ-RECT", "PROJ-RECT"])
def test_a_flat_layout_is_for_everybody(layout: str) -> None:
    presentation = variants(FLAT, f'{RICH},REQ-VIDEO-LAYOUT="{layout}"')
    assert played(presentation) == [1000, 9000]
    assert not presentation.warnings


def test_where_all_are_for_other_devices_they_are_played() -> None:
    presentation = variants(f'{FLAT},REQ-VIDEO-LAYOUT="CH-STEREO"', f'{RICH},REQ-VIDEO-LAYOUT="CH-STEREO"')
    assert played(presentation) == [1000, 9000]
    assert "hls.all_restricted" in codes(presentation)


def test_packed_frames_are_not_chosen() -> None:
    packed = SET.format("3d", 9000).replace(
        "<SegmentTemplate",
        '<FramePacking schemeIdUri="urn:mpeg:dash:14496:10:frame_packing_arrangement_type:2011" value="3"/>'
        "<SegmentTemplate",
    )
    presentation = parse(mpd(f"<Period>{SET.format('flat', 1000)}{packed}</Period>"), URL)
    assert played(presentation) == [1000]
    assert "dash.frame_packing" in codes(presentation)
    flat = packed.replace('value="3"', 'value="6"')
    assert not parse(mpd(f"<Period>{SET.format('flat', 1000)}{flat}</Period>"), URL).warnings
    only = parse(mpd(f"<Period>{packed}</Period>"), URL)
    assert played(only) == [9000]


@pytest.mark.parametrize("kind", ["Essential", "Supplemental"])
def test_a_sphere_is_not_chosen(kind: str) -> None:
    """OMAF's projection (ISO/IEC 23090-2 8.2.1), on one Representation of a set."""
    projected = f'<{kind}Property schemeIdUri="urn:mpeg:mpegI:omaf:2017:pf" value="0"/>'
    sphere = f'<Representation id="360" bandwidth="9000">{projected}</Representation></AdaptationSet>'
    text = mpd(f"<Period>{SET.format('flat', 1000).replace('</AdaptationSet>', sphere)}</Period>")
    presentation = parse(text, URL)
    assert played(presentation) == [1000]
    assert "dash.frame_packing" in codes(presentation)
    only = parse(
        text.replace('<Representation id="flat" bandwidth="1000"/>', "").replace("Essential", "Supplemental"), URL
    )
    assert played(only) == [9000]


# -- addresses that are refused --------------------------------------------------------------------------------------


def test_one_variant_that_names_a_local_file_is_left_out() -> None:
    text = (
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="bad",URI="file:///etc/passwd"\n'
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="good",URI="a.m3u8"\n'
        f'#EXT-X-STREAM-INF:{FLAT},AUDIO="a"\nv.m3u8\n#EXT-X-STREAM-INF:{RICH},AUDIO="a"\nfile:///etc/passwd\n'
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="file:///etc/passwd"\n'
    )
    presentation = parse(text, URL)
    assert played(presentation) == [1000]
    assert [track.name for track in presentation.tracks(TrackType.AUDIO)] == ["good"]
    assert not presentation.tracks(TrackType.TRICK)
    assert [item.code for item in presentation.warnings].count("hls.forbidden_rendition") == 3
    assert "passwd" not in repr(presentation)


def test_one_representation_that_names_a_local_file_is_left_out() -> None:
    bad = SET.format("bad", 9000).replace("$Number$", "file:///etc/$Number$")
    presentation = parse(mpd(f"<Period>{SET.format('good', 1000)}{bad}</Period>"), URL)
    assert played(presentation) == [1000]
    assert "dash.forbidden_representation" in codes(presentation)


def test_where_nothing_else_is_there_the_manifest_is_refused() -> None:
    bad = SET.format("bad", 9000).replace("$Number$", "file:///etc/$Number$")
    for text in (f"#EXTM3U\n#EXT-X-STREAM-INF:{FLAT}\nfile:///etc/passwd\n", mpd(f"<Period>{bad}</Period>")):
        with pytest.raises(ManifestError) as caught:
            parse(text, URL)
        assert caught.value.code is ErrorCode.MANIFEST_FORBIDDEN_URL


def test_a_programme_that_is_over_may_count_from_1970() -> None:
    """As DASH-IF's live simulator ends one: static, with the timeline that it had while it was live."""
    begin = 1_795_000_000
    body = (
        '<Period id="p0" start="PT0S"><AdaptationSet mimeType="video/mp4" codecs="avc1.4d401f">'
        f'<SegmentTemplate media="$Time$.m4s"><SegmentTimeline><S t="{begin}" d="4" r="4"/></SegmentTimeline>'
        '</SegmentTemplate><Representation id="v" bandwidth="1"/></AdaptationSet></Period>'
    )
    presentation = parse(mpd(body, f"PT{begin + 20}S"), URL)
    segments = list(presentation.periods[0].tracks[0].renditions[0].segments)  # type: ignore[arg-type]
    assert [item.start_s for item in segments] == [begin + 4 * n for n in range(5)]
    with pytest.raises(ManifestError) as refused:
        parse(mpd(body, "PT4000000000S"), URL)
    assert refused.value.code is ErrorCode.MANIFEST_LIMIT


TIMELINE = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT{}S">{}<Period><AdaptationSet '
    'mimeType="video/mp4"><SegmentTemplate media="$Number$.m4s"><SegmentTimeline>{}</SegmentTimeline>'
    '</SegmentTemplate><Representation id="v" bandwidth="1"/></AdaptationSet></Period></MPD>'
)


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        ('<S t="0" d="4" r="1"/><S t="0" d="4"/><S t="8" d="4"/>', [(0, "1"), (4, "2"), (8, "4")]),
        ('<S t="8" d="4"/><S t="4" d="4" r="2"/><S t="12" d="4"/>', [(8, "1"), (12, "5")]),
        ('<S t="4" d="4"/><S t="4" d="2"/>', [(4, "1")]),
        (
            '<Pattern id="p"><P d="1"/></Pattern><S t="4" d="4"/><S t="2" d="1" p="p"/><S t="8" d="4"/>',
            [(4, "1"), (8, "3")],
        ),
    ],
)
def test_time_does_not_go_back_in_a_timeline(timeline: str, expected: list[tuple[int, str]]) -> None:
    """An encoder that starts again in the middle of a period; numbers count on."""
    presentation = parse(TIMELINE.format(20, "", timeline), URL)
    segments = loaded_segments(presentation.periods[0].tracks[0].renditions[0].segments)
    assert segments is not None
    found = [(round(item.start_s), item.url.rsplit("/", 1)[1].removesuffix(".m4s")) for item in segments]
    assert found == expected
    assert "dash.timeline_back" in codes(presentation)


def test_a_repetition_that_has_no_room_is_reported() -> None:
    """Nothing of it is left, since the next one starts no later."""
    presentation = parse(TIMELINE.format(20, "", '<S t="5" d="5" r="-1"/><S t="0" d="5"/>'), URL)
    segments = loaded_segments(presentation.periods[0].tracks[0].renditions[0].segments)
    assert segments is not None
    assert [item.start_s for item in segments] == [0]
    assert codes(presentation) == {"dash.bad_s"}


def test_an_earlier_period_is_cut_where_the_next_one_starts() -> None:
    first = '<Period duration="PT12S"/>'
    text = TIMELINE.format(20, first, '<S t="0" d="4"/>').replace("</MPD>", '<Period start="PT16S" id="x"/></MPD>')
    presentation = parse(text.replace("<Period><Ad", '<Period start="PT8S"><Ad'), URL)
    assert [period.end_s for period in presentation.periods] == [8.0, 16.0, 20.0]
    assert "dash.period_overlap" in codes(presentation)


def test_a_playlist_without_a_target_duration_is_read() -> None:
    presentation = parse("#EXTM3U\n#EXTINF:4,\n1.ts\n#EXT-X-ENDLIST\n", URL)
    assert presentation.duration_s == 4.0
    assert "hls.no_target_duration" in codes(presentation)
