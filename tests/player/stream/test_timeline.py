"""Slots over all periods and discontinuities, and the segments of one track beside them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import ListedIndex, Segment
from player.stream.segment_line import LinePart, SegmentLine
from player.stream.timeline import Timeline, build_timeline, is_aligned, segment_for
from tests.kit.presentations import rendition, segments

DURATIONS = st.lists(st.floats(0.1, 12.0), min_size=1, max_size=40)


def index(durations: list[float], start_s: float = 0.0, discontinuities: list[int] | None = None) -> ListedIndex:
    found, time_s = [], start_s
    for number, duration_s in enumerate(durations):
        group = discontinuities[number] if discontinuities else 0
        found.append(Segment(number, time_s, duration_s, f"s{number}", discontinuity=group))
        time_s += duration_s
    return ListedIndex(found)


@given(DURATIONS, DURATIONS)
def test_slots_cover_the_time_of_a_group_without_hole_or_overlap(first: list[float], second: list[float]) -> None:
    one = index(first)
    two = index(second, start_s=one[len(one) - 1].end_s)
    timeline = build_timeline([one, two])
    assert [slot.number for slot in timeline.slots] == list(range(len(first) + len(second)))
    for before, after in zip(timeline.slots, timeline.slots[1:], strict=False):
        if before.group == after.group:
            assert before.until_s == after.start_s
            assert not before.last_of_group
            assert not after.first_of_group
        else:
            assert before.until_s == math.inf
            assert before.last_of_group
            assert after.first_of_group
    assert timeline.slots[0].first_of_group
    assert timeline.slots[-1].last_of_group
    assert timeline.slots[-1].until_s == math.inf


@given(DURATIONS, st.floats(-5, 500))
def test_the_slot_at_a_time_covers_it(durations: list[float], time_s: float) -> None:
    timeline = build_timeline([index(durations)])
    slot = timeline.at(time_s)
    assert slot.start_s <= time_s or slot.number == 0
    assert slot.number == len(timeline) - 1 or time_s < timeline[slot.number + 1].start_s


@given(DURATIONS)
def test_every_rung_fills_a_slot_with_its_own_segment(durations: list[float]) -> None:
    own = index(durations)
    timeline = build_timeline([own])
    assert [segment_for(own, slot).number for slot in timeline.slots] == [segment.number for segment in own]


def test_a_discontinuity_begins_a_group() -> None:
    timeline = build_timeline([index([4.0] * 4, discontinuities=[0, 0, 1, 1])])
    assert [slot.group for slot in timeline.slots] == [(0, 0), (0, 0), (0, 1), (0, 1)]
    assert [slot.first_of_group for slot in timeline.slots] == [True, False, True, False]
    assert [slot.last_of_group for slot in timeline.slots] == [False, True, False, True]


def test_one_segment_is_first_and_last() -> None:
    (slot,) = build_timeline([index([7.5])]).slots
    assert (slot.first_of_group, slot.last_of_group, slot.end_s, slot.middle_s) == (True, True, 7.5, 3.75)


def test_a_period_without_segments_is_passed_over() -> None:
    timeline = build_timeline([ListedIndex(()), index([4.0]), ListedIndex(())])
    assert [slot.period for slot in timeline.slots] == [1]
    assert timeline.end_s == 4.0


def test_nothing_to_play_is_said() -> None:
    with pytest.raises(MediaError) as caught:
        build_timeline([ListedIndex(())])
    assert caught.value.code is ErrorCode.MEDIA_NO_TRACKS
    assert Timeline(()).end_s == 0.0


def test_a_rung_without_segments_is_said() -> None:
    timeline = build_timeline([index([4.0])])
    with pytest.raises(MediaError):
        segment_for(ListedIndex(()), timeline[0])


@pytest.mark.parametrize(
    ("durations", "aligned"),
    [
        ([4.0, 4.0, 4.0, 2.0], True),
        ([4.01, 3.99, 4.02, 1.9], True),
        ([4.0, 4.0, 4.0], True),
        ([4.0, 4.0, 4.0, 2.0, 0.1], True),
        ([2.0, 2.0, 2.0, 2.0], False),
        ([8.0, 6.0], False),
        ([4.0, 4.0, 4.0, 1.0, 0.5, 0.5], False),
    ],
)
def test_rungs_that_are_cut_elsewhere_are_found_out(durations: list[float], aligned: bool) -> None:
    timeline = build_timeline([index([4.0, 4.0, 4.0, 2.0])])
    assert is_aligned(index(durations), timeline, 0) is aligned


def line(*lengths: int) -> SegmentLine:
    """Periods of so many 4 s segments each."""
    parts, time_s = [], 0.0
    for period, length in enumerate(lengths):
        own = rendition(f"p{period}")
        parts += [LinePart(period, own, segment) for segment in segments(length, start_s=time_s)]
        time_s += 4.0 * length
    return SegmentLine("audio-0", parts)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.floats(-1, 90), st.floats(0.001, 20))
def test_a_line_finds_what_overlaps(lengths: list[int], start_s: float, length_s: float) -> None:
    audio = line(*lengths)
    stop_s = start_s + length_s
    for period in range(len(lengths)):
        expected = [
            position
            for position, part in enumerate(audio.parts)
            if part.period == period and part.segment.end_s > start_s and part.segment.start_s < stop_s
        ]
        assert audio.overlapping(start_s, stop_s, (period, 0)) == expected


def test_positions_of_a_line_go_on_over_the_periods() -> None:
    audio = line(2, 3)
    assert len(audio) == 5
    assert audio.at(-1.0) == 0
    assert audio.at(8.0) == 2
    assert audio[2].period == 1
    assert audio.at(1e6) == 4
    assert line(0).at(5.0) == 0


# -- live


def live(*discontinuities: int, start_s: float = 0.0) -> list[tuple[int, Segment]]:
    return [
        (0, Segment(number, start_s + 4.0 * number, 4.0, f"s{number}", discontinuity=count))
        for number, count in enumerate(discontinuities)
    ]


def test_a_live_timeline_grows_at_its_end_and_its_slots_keep_their_numbers() -> None:
    timeline = Timeline(live=True)
    assert timeline.grow(live(0, 0, 0)) == 3
    before = list(timeline.slots[:2])
    assert not timeline.slots[2].last_of_group, "another one may follow"
    assert timeline.slots[2].until_s == 12.0
    assert timeline.grow(live(0, 0, 0, 0, 1)[1:]) == 2
    assert timeline.slots[:2] == before
    assert [slot.number for slot in timeline.slots] == [0, 1, 2, 3, 4]
    assert timeline.slots[3].last_of_group
    assert timeline.slots[3].until_s == math.inf
    assert timeline.slots[4].first_of_group
    assert timeline.grow(live(0, 0, 0, 0, 1)) == 0


def test_durations_that_are_rounded_make_no_slot_twice() -> None:
    timeline = Timeline(live=True)
    timeline.grow(live(0, 0, 0))
    assert timeline.grow([(0, Segment(2, 9.9, 4.0, "s2")), (0, Segment(3, 13.9, 4.0, "s3"))]) == 1
    assert timeline.slots[2].until_s == 13.9


def test_a_segment_that_turns_out_short_hides_none_behind_it() -> None:
    """How long a segment will be is not known while it is made: an encoder that is begun again ends it early."""
    timeline = Timeline(live=True)
    timeline.grow([(0, Segment(0, 0.0, 2.0, "")), (0, Segment(1, 2.0, 2.0, ""))])
    listed = [Segment(0, 0.0, 2.0, "a"), Segment(1, 2.0, 0.6, "b"), Segment(2, 2.6, 2.0, "", discontinuity=1)]
    assert timeline.grow((0, segment) for segment in listed) == 1
    assert [(slot.start_s, slot.duration_s) for slot in timeline.slots] == [(0.0, 2.0), (2.0, 0.6), (2.6, 2.0)]
    sound = SegmentLine("audio-0", [LinePart(0, rendition("a"), Segment(1, 2.0, 2.0, ""))], growing=True)
    sound.grow(LinePart(0, rendition("a"), segment) for segment in listed)
    assert [(part.segment.start_s, part.segment.duration_s) for part in sound.parts] == [(2.0, 0.6), (2.6, 2.0)]


def test_a_line_knows_how_long_its_last_segment_has_become() -> None:
    sound = SegmentLine("audio-0", [LinePart(0, rendition("a"), Segment(4, 8.0, 1.7, ""))], growing=True)
    sound.grow([LinePart(0, rendition("a"), Segment(4, 8.0, 2.05, "4.m4s"))])
    assert len(sound) == 1
    assert sound.overlapping(9.9, 12.0, (0, 0)) == [0]


def test_what_has_left_the_window_is_passed_over() -> None:
    timeline = Timeline(live=True)
    timeline.grow(live(0, 0, 0, 0))
    assert timeline.start_s == 0.0
    timeline.slide(8.0)
    assert (timeline.first, timeline.start_s) == (2, 8.0)
    timeline.slide(99.0)
    assert timeline.first == 3, "the last one stays"


def test_the_end_of_a_live_timeline_is_that_of_any() -> None:
    timeline = Timeline(live=True)
    timeline.grow(live(0, 0))
    timeline.end()
    assert not timeline.growing
    assert timeline.live
    assert timeline.slots == build_timeline([ListedIndex([each for _, each in live(0, 0)])]).slots


def test_a_line_of_sound_grows_too() -> None:
    parts = [LinePart(period, rendition("a"), segment) for period, segment in live(0, 0, 0)]
    line = SegmentLine("audio-0", parts[:2], growing=True)
    assert line.grow(parts) == 1
    assert line.grow(parts) == 0
    assert (len(line), line.at(9.0)) == (3, 2)
