"""Segment sequences (ISO/IEC 23009-1 5.3.9.6, S@k): what is played or stored sees each of their segments."""

from __future__ import annotations

import pytest

from player.base.errors import ErrorCode, ManifestError
from player.manifest import parse, refresh
from player.manifest.dump import to_json
from player.manifest.edit import iter_renditions
from player.manifest.model import Presentation, SegmentIndex

URL = "https://example.org/live/x.mpd"
NOW_S = 1_000.0
BY_SUB_NUMBER = "$Number$.$SubNumber$.m4s"


def mpd(timeline: str, *, media: str = BY_SUB_NUMBER, kind: str = "static", start_number: int = 1) -> str:
    return (
        f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="{kind}" availabilityStartTime="1970-01-01T00:00:00Z" '
        'minimumUpdatePeriod="PT2S"><Period id="p" start="PT0S" duration="PT12S"><AdaptationSet mimeType="video/mp4">'
        f'<SegmentTemplate startNumber="{start_number}" media="{media}"><SegmentTimeline>{timeline}</SegmentTimeline>'
        '</SegmentTemplate><Representation id="v" bandwidth="1000"/></AdaptationSet></Period></MPD>'
    )


def segments(presentation: Presentation) -> SegmentIndex:
    found = next(iter_renditions(presentation))[2].segments
    assert isinstance(found, SegmentIndex)
    return found


def test_each_segment_of_a_sequence_is_a_segment() -> None:
    index = segments(parse(mpd('<S t="0" d="4" k="2" r="1"/><S d="2"/><S d="2" k="4"/>'), URL))
    assert [(item.url.rpartition("/")[2], item.start_s, item.duration_s) for item in index] == [
        ("1.0.m4s", 0.0, 2.0),
        ("1.1.m4s", 2.0, 2.0),
        ("2.0.m4s", 4.0, 2.0),
        ("2.1.m4s", 6.0, 2.0),
        ("3.0.m4s", 8.0, 2.0),
        ("4.0.m4s", 10.0, 0.5),
        ("4.1.m4s", 10.5, 0.5),
        ("4.2.m4s", 11.0, 0.5),
        ("4.3.m4s", 11.5, 0.5),
    ]
    assert not any(item.parts for item in index)


def test_the_index_answers_by_position_and_by_time() -> None:
    index = segments(parse(mpd('<S t="0" d="4" k="2" r="1"/><S d="2"/><S d="2" k="4"/>'), URL))
    listed = list(index)
    assert [index[position] for position in range(len(index))] == listed
    assert index[-1] == listed[-1]
    assert [index.position_at(item.start_s + item.duration_s / 2) for item in listed] == list(range(len(listed)))
    assert (index.position_at(-5.0), index.position_at(99.0)) == (0, len(listed) - 1)
    with pytest.raises(IndexError):
        index[len(listed)]


def test_sequences_of_one_length_stand_on_the_template() -> None:
    """SegmentTemplate@k with @duration (6th edition)."""
    text = (
        '<MPD mediaPresentationDuration="PT15S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="v" '
        f'bandwidth="1"><SegmentTemplate duration="6" k="3" media="{BY_SUB_NUMBER}"/></Representation>'
        "</AdaptationSet></Period></MPD>"
    )
    presentation = parse(text, URL)
    found = [(item.url.rpartition("/")[2], item.start_s, item.duration_s) for item in segments(presentation)]
    assert found[:4] == [("1.0.m4s", 0, 2), ("1.1.m4s", 2, 2), ("1.2.m4s", 4, 2), ("2.0.m4s", 6, 2)]
    assert [name for name, _, _ in found[6:]] == ["3.0.m4s", "3.1.m4s"]  # the period ends in the middle of the third
    shown = to_json(presentation)["periods"][0]["renditions"][0]["segments"]
    assert [(item["number"], item["duration"], len(item["parts"])) for item in shown] == [
        (1, 6, 3),
        (2, 6, 3),
        (3, 3, 3),
    ]


def test_by_time_alone_each_segment_has_its_own() -> None:
    index = segments(parse(mpd('<S t="0" d="4" k="2"/>', media="t$Time$.m4s"), URL))
    assert [item.url.rpartition("/")[2] for item in index] == ["t0.m4s", "t2.m4s"]


def test_without_an_address_for_its_segments_a_sequence_is_one() -> None:
    index = segments(parse(mpd('<S t="0" d="4" k="2" r="1"/>', media="$Number$.m4s"), URL))
    assert [(item.url.rpartition("/")[2], item.duration_s) for item in index] == [("1.m4s", 4.0), ("2.m4s", 4.0)]


def test_segments_keep_their_identity_over_a_refresh() -> None:
    old = parse(mpd('<S t="0" d="4" k="2" r="1"/>', kind="dynamic"), URL, now_s=NOW_S)
    text = mpd('<S t="4" d="4" k="2" r="1"/>', kind="dynamic", start_number=2)
    new, changes = refresh(old, text, URL, NOW_S)
    before = {item.url: item.number for item in segments(old)}
    after = {item.url: item.number for item in segments(new)}
    assert {url: before[url] for url in before.keys() & after.keys()} == {
        url: after[url] for url in before.keys() & after.keys()
    }
    assert len(changes.renditions[0].added) == len(changes.renditions[0].removed) == 2
    assert not changes.broken


def test_segments_by_time_keep_their_identity_too() -> None:
    by_time = "t$Time$.m4s"
    old = parse(mpd('<S t="0" d="4" k="2" r="1"/>', media=by_time, kind="dynamic"), URL, now_s=NOW_S)
    new, _ = refresh(old, mpd('<S t="4" d="4" k="2" r="1"/>', media=by_time, kind="dynamic"), URL, NOW_S)
    numbers = {item.url: item.number for item in segments(old)}
    assert [numbers.get(item.url, item.number) for item in segments(new)] == [i.number for i in segments(new)]


def test_inspect_shows_a_sequence_with_its_parts() -> None:
    rows = to_json(parse(mpd('<S t="0" d="4" k="2"/>'), URL))["periods"][0]["renditions"][0]["segments"]
    assert [(row["number"], row["duration"], len(row["parts"])) for row in rows] == [(1, 4, 2)]


def test_the_length_of_a_sequence_is_bounded() -> None:
    with pytest.raises(ManifestError) as caught:
        parse(mpd('<S t="0" d="4" k="999999999"/>'), URL)
    assert caught.value.code is ErrorCode.MANIFEST_LIMIT


def test_a_timeline_that_ends_before_its_sequences_begin_is_empty() -> None:
    text = mpd('<S t="0" d="4" k="2"/>').replace("startNumber", 'endNumber="0" startNumber')
    assert len(segments(parse(text, URL))) == 0
