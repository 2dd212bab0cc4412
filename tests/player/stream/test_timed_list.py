"""A row of items forgets the oldest and keeps the numbers; timeline and line of a live playback stay bounded."""

from __future__ import annotations

import pytest

from player.manifest.model import Segment
from player.stream.segment_line import LinePart, SegmentLine
from player.stream.timed_list import TimedList
from player.stream.timeline import Timeline
from tests.kit.presentations import rendition

LENGTH_S = 60.0  # long segments: what counts is that they are many times the window
MONTH = 30 * 86_400 // int(LENGTH_S)


def test_numbers_stay_when_the_oldest_are_forgotten() -> None:
    row = TimedList(range(5000), float)
    row.append(5000)
    row.forget(900)
    assert len(row.items) == 5001, "a few are not worth it"
    row.forget(3000)
    assert (row.items[0], len(row), row[4000], row.at(4000.5)) == (3000, 5001, 4000, 4000)
    assert (row[12], row.at(-1.0), row.since(2)[0]) == (3000, 3000, 3000), "what is gone is the oldest that there is"
    assert row.since(4999) == [4999, 5000]
    row.change_last(5000)
    with pytest.raises(IndexError):
        row[5001]


def test_a_month_of_a_channel_takes_no_more_room_than_its_window() -> None:
    timeline, line, most = Timeline(live=True), SegmentLine("audio-0", (), growing=True), 0
    sound = rendition("a")
    for number in range(0, MONTH, 500):
        listed = [Segment(each, each * LENGTH_S, LENGTH_S, "") for each in range(number, number + 500)]
        timeline.grow((0, segment) for segment in listed)
        timeline.slide(listed[0].start_s)
        line.grow(LinePart(0, sound, segment) for segment in listed)
        line.slide(timeline.start_s)
        most = max(most, len(timeline.slots), len(line.parts))
    assert most < 4000
    assert len(timeline) == len(line) >= MONTH
    last = len(timeline) - 1
    assert (timeline[last].number, timeline.at(last * LENGTH_S + 1).number) == (last, last)
    assert (line.at(last * LENGTH_S + 1), line[last].segment.number) == (last, last)
    assert timeline[timeline.first].number == timeline.first
    assert timeline.start_s == timeline.first * LENGTH_S
    assert line.overlapping((last - 1.5) * LENGTH_S, last * LENGTH_S + 1, (0, 0)) == [last - 2, last - 1, last]
