"""Splice information (SCTE 35) and cue tags in one list; stretches that failed (FailoverContent)."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.manifest import parse, refresh
from player.manifest.dump import to_json
from player.manifest.model import Presentation
from player.manifest.scte35 import Splice, SpliceError, of_bytes, of_text
from player.manifest.scte35_xml import of_xml
from player.manifest.timed_events import splice_of, timed_events

URL = "https://example.org/a/x"
# The examples of ANSI/SCTE 35 14.1 and 14.2.
TIME_SIGNAL = "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg=="
INSERT = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo="


@pytest.mark.parametrize("hexadecimal", [False, True])
def test_a_time_signal_with_its_segmentation(hexadecimal: bool) -> None:
    text = "0x" + base64.b64decode(TIME_SIGNAL).hex() if hexadecimal else TIME_SIGNAL
    splice = of_text(text)
    assert splice.command == "time_signal"
    assert splice.time_s == pytest.approx(21388.766756, abs=1e-5)
    (segmentation,) = splice.descriptors
    assert (segmentation.event_id, segmentation.type_id) == (0x4800008E, 0x34)
    assert segmentation.duration_s == pytest.approx(307.0)
    assert (segmentation.upid_type, segmentation.upid) == (8, "000000002ca0a18a")
    assert segmentation.number == (2, 0)


def test_a_splice_insert() -> None:
    splice = of_text(INSERT)
    assert (splice.command, splice.event_id, splice.out_of_network) == ("splice_insert", 0x4800008F, True)
    assert splice.time_s == pytest.approx(21514.559088, abs=1e-5)
    assert splice.duration_s == pytest.approx(60.293566, abs=1e-5)
    assert splice.auto_return is True
    assert [item.kind for item in splice.descriptors] == ["avail"]


XML = (
    '<s:SpliceInfoSection xmlns:s="http://www.scte.org/schemas/35" ptsAdjustment="90000">{}'
    '<s:SegmentationDescriptor segmentationEventId="7" segmentationTypeId="52" segmentationDuration="2700000" '
    'segmentNum="1" segmentsExpected="2"><s:SegmentationUpid segmentationUpidType="9">abc</s:SegmentationUpid>'
    "</s:SegmentationDescriptor></s:SpliceInfoSection>"
)


def test_the_xml_form() -> None:
    signal = of_xml(XML.format('<s:TimeSignal><s:SpliceTime ptsTime="180000"/></s:TimeSignal>'))
    assert (signal.command, signal.time_s) == ("time_signal", 3.0)
    assert (signal.descriptors[0].duration_s, signal.descriptors[0].upid) == (30.0, "abc")
    insert = of_xml(
        XML.format(
            '<s:SpliceInsert spliceEventId="5" outOfNetworkIndicator="1"><s:Program><s:SpliceTime ptsTime="0"/>'
            '</s:Program><s:BreakDuration autoReturn="true" duration="900000"/></s:SpliceInsert>'
        )
    )
    assert (insert.command, insert.event_id, insert.duration_s, insert.auto_return) == (
        "splice_insert",
        5,
        10.0,
        True,
    )
    binary = f'<s:Signal xmlns:s="urn:x"><s:Binary>{INSERT}</s:Binary></s:Signal>'
    assert of_xml(binary) == of_text(INSERT)


@given(st.binary(max_size=80))
def test_no_bytes_are_more_than_an_error(data: bytes) -> None:
    for candidate in (data, b"\xfc\x30" + data, base64.b64decode(INSERT)[: len(data)] + data):
        with contextlib.suppress(SpliceError):
            assert isinstance(of_bytes(candidate), Splice)


@given(st.text(max_size=60))
def test_no_text_is_more_than_an_error(text: str) -> None:
    for read in (of_text, of_xml):
        with contextlib.suppress(SpliceError):
            assert isinstance(read(text), Splice)


# -- in playlists --------------------------------------------------------------------------------------------------


def playlist(*tags: str, first: int = 0, end: bool = True) -> str:
    """Four segments of 4 s; ``tags`` stand before each of them in turn."""
    rows = "".join(f"{tag}#EXTINF:4,\n{first + number}.ts\n" for number, tag in enumerate(tags))
    tail = "#EXT-X-ENDLIST\n" if end else ""
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{first}\n{rows}{tail}"


def shown(presentation: Presentation) -> list[tuple[str, float | None, float | None]]:
    return [(event.scheme, event.start_s, event.duration_s) for event in timed_events(presentation)]


@pytest.mark.parametrize(
    ("tag", "duration"),
    [("#EXT-X-CUE-OUT:8\n", 8.0), ("#EXT-X-CUE-OUT:DURATION=8.5\n", 8.5), ("#EXT-X-CUE-OUT\n", None)],
)
def test_cues_have_the_times_of_their_segments(tag: str, duration: float | None) -> None:
    presentation = parse(playlist("", tag, "#EXT-X-CUE-OUT-CONT:4/8\n", "#EXT-X-CUE-IN\n"), URL)
    assert shown(presentation) == [
        ("EXT-X-CUE-OUT", 4.0, duration),
        ("EXT-X-CUE-OUT-CONT", 8.0, 8.0),
        ("EXT-X-CUE-IN", 12.0, None),
    ]
    assert not presentation.unused


@pytest.mark.parametrize(
    "tags",
    [
        f"#EXT-OATCLS-SCTE35:{INSERT}\n#EXT-X-CUE-OUT:60.293\n",
        f'#EXT-X-SCTE35:CUE="{INSERT}",ID="5",TIME=4\n',
        f"#EXT-X-CUE-OUT-CONT:ElapsedTime=2,Duration=60,SCTE35={INSERT}\n",
    ],
)
def test_what_a_cue_carries_is_decoded(tags: str) -> None:
    (event,) = timed_events(parse(playlist("", tags), URL))
    splice = splice_of(event)
    assert isinstance(splice, Splice)
    assert splice.event_id == 0x4800008F


def test_a_refresh_keeps_the_cues_and_does_not_double_them() -> None:
    old = parse(playlist("", "#EXT-X-CUE-OUT:8\n", "", end=False), URL)
    new, _ = refresh(old, playlist("#EXT-X-CUE-OUT:8\n", "", "#EXT-X-CUE-IN\n", first=1, end=False), URL)
    assert shown(new) == [("EXT-X-CUE-OUT", 4.0, 8.0), ("EXT-X-CUE-IN", 12.0, None)]


def test_date_ranges_and_event_streams_are_in_the_same_list() -> None:
    dated = (
        '#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:00Z\n#EXT-X-DATERANGE:ID="a",START-DATE="2024-01-01T00:00:02Z",'
        f"SCTE35-OUT=0x{base64.b64decode(INSERT).hex()}\n"
    )
    presentation = parse(playlist(dated, "#EXT-X-CUE-IN\n"), URL)
    assert [event.start_s for event in timed_events(presentation)] == [2.0, 4.0]
    row = to_json(presentation)["timed_events"][0]
    assert (row["splice"]["command"], row["splice"]["out_of_network"]) == ("splice_insert", True)
    bad = parse(playlist(dated.replace("0xfc", "0x00")), URL)
    assert "cannot be read" in to_json(bad)["timed_events"][0]["problem"]


MPD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT20S"><Period>{}'
    '<AdaptationSet mimeType="video/mp4"><SegmentTemplate media="$Number$.m4s" timescale="10" duration="50">{}'
    '</SegmentTemplate><Representation id="v" bandwidth="1"/></AdaptationSet></Period></MPD>'
)


@pytest.mark.parametrize(
    ("year", "payload"),
    [
        ("2013:bin", INSERT),
        ("2014:xml+bin", f'<Signal xmlns="http://www.scte.org/schemas/35"><Binary>{INSERT}</Binary></Signal>'),
    ],
)
def test_an_event_stream_is_decoded(year: str, payload: str) -> None:
    inside = f'<Event presentationTime="3">{payload}</Event>'
    stream = f'<EventStream schemeIdUri="urn:scte:scte35:{year}">{inside}</EventStream>'
    (event,) = timed_events(parse(MPD.format(stream, ""), URL))
    splice = splice_of(event)
    assert isinstance(splice, Splice)
    assert (event.start_s, splice.event_id) == (3.0, 0x4800008F)


def test_a_cue_keeps_what_its_tag_says() -> None:
    """No silent loss: identity and attributes, beside the splice information."""
    text = (
        '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-CUE-OUT:DURATION=4,BREAKID=7,Campaign="x"\n#EXTINF:4,\n1.ts\n'
        f'#EXT-X-SCTE35:ID="9",CUE="{INSERT}",CUE-OUT=YES\n#EXTINF:4,\n2.ts\n#EXT-X-ENDLIST\n'
    )
    out, splice = to_json(parse(text, URL))["timed_events"]
    assert (out["id"], out["attributes"]["Campaign"]) == ("7", "x")
    assert (splice["id"], splice["attributes"]["CUE-OUT"]) == ("9", "YES")
    assert "CUE" not in splice["attributes"]
    assert splice["splice"]["command"] == "splice_insert"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('contentEncoding="base64">aGVsbG8=</Event>', "hello"),
        ('contentEncoding="base64" messageData="aGVs bG8="/>', "hello"),
        ('contentEncoding="base64">/wAB</Event>', "/wAB"),
        ('contentEncoding="base64">no base64</Event>', "no base64"),
        (">aGVsbG8=</Event>", "aGVsbG8="),
    ],
)
def test_text_in_base64_is_decoded(written: str, shown: str) -> None:
    """5.10.2.2: Event@contentEncoding."""
    stream = f'<EventStream schemeIdUri="urn:x"><Event presentationTime="3" {written}</EventStream>'
    presentation = parse(MPD.format(stream, ""), URL)
    assert [event.payload for event in presentation.periods[0].events] == [shown]
    assert not presentation.unused


# -- failover content ----------------------------------------------------------------------------------------------


def gaps(inside: str) -> list[bool]:
    presentation = parse(MPD.format("", inside), URL)
    assert not presentation.unused
    return [item.gap for item in presentation.periods[0].tracks[0].renditions[0].segments]  # type: ignore[union-attr]


def test_failed_stretches_are_gaps() -> None:
    assert gaps('<FailoverContent valid="false"><FCS t="50" d="100"/></FailoverContent>') == [
        False,
        True,
        True,
        False,
    ]
    assert gaps('<FailoverContent valid="false"><FCS t="100"/></FailoverContent>') == [False, False, True, True]


def test_stretches_may_overlap_and_stand_in_any_order() -> None:
    """Each segment is looked up once, however many stretches there are."""
    found = gaps(
        '<FailoverContent valid="false"><FCS t="150" d="50"/><FCS t="0" d="50"/><FCS t="0" d="20"/></FailoverContent>'
    )
    assert found == [True, False, False, True]


def test_replacement_media_is_played() -> None:
    assert not any(gaps('<FailoverContent valid="true"><FCS t="50" d="100"/></FailoverContent>'))
    assert not any(gaps('<FailoverContent><FCS t="50" d="100"/></FailoverContent>'))
