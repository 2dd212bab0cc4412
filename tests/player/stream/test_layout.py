"""Byte positions of the virtual file."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.stream import layout
from player.stream.layout import BASE, CUE_LEAD, STRIDE, Spot, chunk_count, chunk_of, cue_position, locate

SEGMENTS = st.integers(0, 20_000)


@given(SEGMENTS, st.integers(0, CUE_LEAD - 1))
def test_locate_is_the_inverse_of_the_position(segment: int, offset: int) -> None:
    assert locate(layout.segment_position(segment) + offset) == Spot(segment, offset)


@given(SEGMENTS)
def test_a_cue_is_a_place_of_its_own_before_its_segment(segment: int) -> None:
    assert locate(cue_position(segment)) == Spot(segment, 0, cue=True)
    after = locate(cue_position(segment) + 1)
    assert after == Spot(segment - 1, STRIDE - CUE_LEAD + 1)


@given(st.integers(0, 1 << 60))
def test_every_position_from_the_first_cue_on_is_a_place(position: int) -> None:
    spot = locate(position)
    if position < BASE - CUE_LEAD:
        assert spot is None
    else:
        assert spot is not None
        start = cue_position(spot.segment) if spot.cue else layout.segment_position(spot.segment)
        assert start + spot.offset == position


def test_regions_do_not_overlap_and_end_before_the_next_cue() -> None:
    starts = []
    for chunk in range(layout.MAX_CHUNKS):
        starts += [layout.track_offset(chunk, number) for number in range(layout.MAX_TRACK + 1)]
        starts.append(layout.video_offset(chunk))
    assert starts == sorted(set(starts))
    assert min(b - a for a, b in pairwise(starts)) >= layout.TRACK
    assert starts[-1] + layout.VIDEO <= CUE_LEAD


@pytest.mark.parametrize("number", [-1, layout.MAX_TRACK + 1])
def test_a_track_beyond_the_layout_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        layout.track_offset(0, number)


@given(st.floats(0, 40_000), st.floats(0, 10_000), st.floats(-10, 50_000))
def test_a_sample_stands_in_one_of_the_segments_chunks(start: float, duration: float, time: float) -> None:
    chunks = chunk_count(duration)
    assert 1 <= chunks <= layout.MAX_CHUNKS
    assert 0 <= chunk_of(time, start, duration, chunks) < chunks


@given(st.floats(0, 1000), st.floats(0.1, 20), st.lists(st.floats(0, 1), min_size=2, max_size=50))
def test_later_samples_stand_in_later_chunks(start: float, duration: float, parts: list[float]) -> None:
    times = [start + part * duration for part in sorted(parts)]
    chunks = [chunk_of(time, start, duration, chunk_count(duration)) for time in times]
    assert chunks == sorted(chunks)
