"""Patterns of a SegmentTimeline (ISO/IEC 23009-1 5.3.9.6, 6th edition): S@p and S@pE."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.base.errors import ErrorCode, ManifestError
from player.manifest import parse
from player.manifest.model import Presentation, Segment

URL = "https://example.org/a/film.mpd"
PATTERN = '<Pattern id="1"><P d="2"/><P d="3"/><P d="1"/></Pattern>'
LIVE = 'type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z" timeShiftBufferDepth="PT1H"'


def mpd(timeline: str, *, length: str = 'mediaPresentationDuration="PT18S"', media: str = "$Time$.m4s") -> str:
    return (
        f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" {length}><Period start="PT0S">'
        f'<AdaptationSet mimeType="audio/mp4"><SegmentTemplate media="{media}">'
        f"<SegmentTimeline>{timeline}</SegmentTimeline></SegmentTemplate>"
        '<Representation id="a" bandwidth="1"/></AdaptationSet></Period></MPD>'
    )


def segments(presentation: Presentation) -> list[Segment]:
    return list(presentation.periods[0].tracks[0].renditions[0].segments)  # type: ignore[arg-type]


def durations(text: str, now_s: float | None = None) -> list[float]:
    return [item.duration_s for item in segments(parse(text, URL, now_s=now_s))]


def codes(text: str) -> set[str]:
    return {item.code for item in parse(text, URL).warnings}


def test_a_repetition_repeats_the_whole_pattern() -> None:
    text = mpd(PATTERN + '<S t="0" d="6" r="2" p="1"/>')
    assert durations(text) == [2, 3, 1] * 3
    found = segments(parse(text, URL))
    assert [item.start_s for item in found] == [0, 2, 5, 6, 8, 11, 12, 14, 17]
    assert [item.url.rpartition("/")[2] for item in found][:4] == ["0.m4s", "2.m4s", "5.m4s", "6.m4s"]
    assert [item.number for item in found] == list(range(1, 10))
    assert not parse(text, URL).unused
    assert not parse(text, URL).warnings


def test_a_pattern_may_be_entered_in_its_middle() -> None:
    assert durations(mpd(PATTERN + '<S t="0" d="6" r="1" p="1" pE="2"/>')) == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize("duration", ["", 'd="9"'])
def test_without_the_length_of_the_pattern_segments_are_counted(duration: str) -> None:
    assert durations(mpd(PATTERN + f'<S t="0" {duration} r="3" p="1"/>')) == [2, 3, 1, 2]


def test_segments_are_counted_where_the_patterns_would_pass_the_live_edge() -> None:
    """As DASH-IF's live simulator writes it: @d is the pattern's length, @r counts segments."""
    text = mpd(PATTERN + '<S t="100" d="6" r="4" p="1" pE="1"/>', length=LIVE)
    assert durations(text, now_s=111.0) == [3, 1, 2, 3, 1]


def test_segments_are_counted_where_the_next_one_says_so() -> None:
    text = mpd(PATTERN + '<S t="0" d="6" r="2" p="1"/><S t="6" d="4" r="2"/>')
    assert durations(text) == [2, 3, 1, 4, 4, 4]


def test_an_open_pattern_goes_on_to_the_end_of_the_period() -> None:
    assert durations(mpd(PATTERN + '<S t="0" d="6" r="-1" p="1"/>')) == [2, 3, 1] * 3
    assert durations(mpd(PATTERN + '<S t="0" d="6" r="-1" p="1"/><S t="8" d="5" r="1"/>')) == [2, 3, 1, 2, 5, 5]
    assert durations(mpd(PATTERN + '<S t="0" d="6" r="-1" p="1"/>', length=LIVE), now_s=8.5) == [2, 3, 1, 2]


def test_equal_segments_of_a_pattern_are_one_p() -> None:
    text = mpd('<Pattern id="x"><P d="2" r="2"/><P d="3"/></Pattern><S t="0" d="9" r="1" p="x"/>')
    assert durations(text) == [2, 2, 2, 3] * 2


def test_a_missing_pattern_is_told_and_the_rest_is_read() -> None:
    text = mpd('<S t="0" d="6" r="2" p="9"/>')
    assert durations(text) == [6, 6, 6]
    assert "dash.bad_pattern" in codes(text)


@pytest.mark.parametrize(
    "timeline",
    [
        '<Pattern id="1"><P d="1"/></Pattern><S t="0" d="1" r="999999999999" p="1"/>',
        '<Pattern id="1"><P d="1" r="200000"/></Pattern><S t="0" d="200001" r="500000" p="1"/>',
        '<Pattern id="1"><P d="1"/></Pattern><S t="0" d="1" r="-1" p="1"/>',
    ],
)
def test_no_pattern_makes_more_segments_than_the_bound(timeline: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(mpd(timeline, length='mediaPresentationDuration="PT86400000S"'), URL)
    assert caught.value.code is ErrorCode.MANIFEST_LIMIT


@given(
    pattern=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    entry=st.integers(0, 12),
    repeat=st.integers(0, 8),
)
def test_a_pattern_is_the_s_elements_that_it_stands_for(pattern: list[int], entry: int, repeat: int) -> None:
    made = [pattern[(entry + position) % len(pattern)] for position in range(len(pattern) * (repeat + 1))]
    total, end = sum(pattern), sum(made)
    written = "".join(f'<P d="{item}"/>' for item in pattern)
    short = f'<Pattern id="p">{written}</Pattern><S t="0" d="{total}" r="{repeat}" p="p" pE="{entry}"/>'
    long = "".join(f'<S d="{item}"/>' for item in made)
    length = f'mediaPresentationDuration="PT{end}S"'
    assert segments(parse(mpd(short, length=length), URL)) == segments(parse(mpd(long, length=length), URL))


def test_a_pattern_that_is_too_long_is_refused_as_such() -> None:
    long = '<Pattern id="1"><P d="2" r="3"/><P d="2" r="99999999"/></Pattern>'
    with pytest.raises(ManifestError, match="a Pattern of a SegmentTimeline is too long") as caught:
        parse(mpd(long + '<S t="0" d="6" r="2" p="1"/>'), URL)
    assert caught.value.code is ErrorCode.MANIFEST_LIMIT
    assert durations(mpd(long + '<S t="0" d="6" r="2"/>')) == [6, 6, 6]  # nothing refers to it


def test_a_part_of_a_pattern_without_a_length_is_reported() -> None:
    text = mpd('<Pattern id="1"><P d="2"/><P d="3" r="-1"/><P/></Pattern><S t="0" r="2" p="1"/>')
    assert durations(text) == [2, 2, 2]
    assert codes(text) == {"dash.bad_pattern"}
