"""What is in memory of a playback, as stretches of time."""

from __future__ import annotations

import math

import pytest

from player.reporting.events import MAIN
from player.stream.buffered import Buffered, Playhead
from player.stream.segment_line import LinePart, SegmentLine
from player.stream.store import SegmentStore
from player.stream.timeline import build_timeline
from tests.kit.presentations import entry, rendition, segments

SOUND = "audio-0"


@pytest.fixture
def store() -> SegmentStore:
    return SegmentStore(1 << 20)


def buffered(store: SegmentStore, *, sound: bool = True, count: int = 6) -> Buffered:
    made = Buffered(store, Playhead())
    made.timeline = build_timeline([segments(count)])
    if sound:
        made.audio = SegmentLine(SOUND, [LinePart(0, rendition("en"), part) for part in segments(count, 3.9)])
    return made


def put(store: SegmentStore, track: str, *positions: int, complete: bool = True) -> None:
    for position in positions:
        store.put(entry(b"x", track=track, position=position, complete=complete))


def test_whole_segments_that_follow_each_other_are_one_stretch(store: SegmentStore) -> None:
    put(store, MAIN, 0, 1, 4)
    put(store, MAIN, 2, complete=False)
    assert buffered(store, sound=False).ranges() == ((0.0, 8.0), (16.0, 20.0))


def test_only_what_every_track_has_counts(store: SegmentStore) -> None:
    put(store, MAIN, 0, 1, 2)
    put(store, SOUND, 1, 2, 3)
    assert buffered(store).ranges() == ((3.9, 12.0),)


def test_sound_may_end_before_the_picture(store: SegmentStore) -> None:
    put(store, MAIN, 4, 5)
    put(store, SOUND, 3, 4, 5)
    assert buffered(store).ranges() == ((16.0, 24.0),)


def test_nothing_is_in_memory_at_first(store: SegmentStore) -> None:
    assert buffered(store).ranges() == ()
    assert Buffered(store, Playhead()).ranges() == ()


def test_the_playhead_tells_when_it_comes_somewhere() -> None:
    assert Playhead(playing=True, speed=2.0).reaches_in_s(3.0) == 1.5
    assert Playhead(playing=False).reaches_in_s(0.01) == math.inf, "nobody need ask again at once"


def test_the_playhead_goes_on_between_two_looks() -> None:
    playhead = Playhead(10.0, playing=True, speed=2.0, starving=False, seen_at_s=100.0)
    assert playhead.by_now_s(100.25) == 10.5
    assert playhead.by_now_s(200.0) == 11.2, "no further than until the next look"
    assert Playhead(10.0, playing=True, starving=True, seen_at_s=100.0).by_now_s(100.25) == 10.0
    assert Playhead(10.0, playing=False, starving=False, seen_at_s=100.0).by_now_s(100.25) == 10.0
