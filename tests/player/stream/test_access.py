"""Rungs change, and playback begins, only where the manifest allows it (Switching, RandomAccess)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from player.manifest.edit import map_renditions
from player.manifest.model import AccessPoints, ListedIndex, Presentation, TrackType
from player.reporting.events import RungDecided, SegmentAbandoned
from player.stream.access import entry, may_enter, may_switch_to
from player.stream.layout import cue_position
from player.stream.timeline import build_timeline
from tests.kit.presentations import rendition, segments
from tests.kit.streaming import title
from tests.kit.transport import Act
from tests.player.stream.conftest import Make

EVERY_THIRD = AccessPoints(12.0, 0.0, "media")


def restricted(count: int = 9, **points: AccessPoints) -> Presentation:
    """A title of segments of 4 s whose video has these points."""
    whole = title(count)
    video = {item.key for track in whole.tracks(TrackType.VIDEO) for item in track.renditions}
    return map_renditions(whole, lambda item: replace(item, **points) if item.key in video else item)


def test_points_are_whole_intervals_from_their_anchor() -> None:
    points = AccessPoints(4.0, 0.5, "media")
    assert [points.at(time_s) for time_s in (0.5, 2.5, 4.4996, 4.5, 8.5004, 6.0)] == [
        True,
        False,
        True,
        True,
        True,
        False,
    ]


def test_random_access_alone_counts_for_switching_too() -> None:
    timeline = build_timeline([ListedIndex(segments(6))])
    plain, both = rendition("v"), rendition("v", switching=AccessPoints(4.0, 0.0, "media"), random_access=EVERY_THIRD)
    only = rendition("v", random_access=EVERY_THIRD)
    assert all(may_switch_to(item, timeline[1]) for item in (plain, both))
    assert not may_switch_to(only, timeline[1])
    assert may_switch_to(only, timeline[3])
    assert [may_enter(only, slot) for slot in timeline.slots] == [True, False, False, True, False, False]
    assert [entry(timeline, number, lambda _period: only) for number in range(6)] == [0, 0, 0, 3, 3, 3]


async def test_a_better_rung_waits_for_a_switching_point(make: Make) -> None:
    bench = make(restricted(switching=EVERY_THIRD), buffer_s=60.0)
    bench.policy.rung = 0
    await bench.start()
    bench.policy.rung = 2
    bench.playhead.started = True
    await bench.clock.advance(20.0)
    rungs = bench.rungs()
    changes = [number for number in range(1, 9) if rungs[number] != rungs[number - 1]]
    assert rungs[-1] == 2
    assert changes
    assert all(number % 3 == 0 for number in changes)
    held = [event.decision for event in bench.of(RungDecided) if event.decision.rung == 0 and event.position > 0]
    assert "at a later segment" in held[-1].sentence


async def test_a_slow_segment_is_not_given_up_where_no_other_rung_may_follow(make: Make) -> None:
    bench = make(restricted(switching=EVERY_THIRD), buffer_s=60.0)
    bench.policy.rung = 2
    await bench.start()
    bench.playhead.started, bench.playhead.starving, bench.playhead.playing = True, False, True
    bench.policy.abandon = lambda progress: 0 if progress.elapsed_s > 0.3 else None
    for number in (2, 4):  # positions 1, which is no switching point, and 3, which is one
        bench.transport.always(f"http://a.test/r2-{number}", Act(rate_bps=1000.0, chunk=20))
    await bench.clock.advance(60.0)
    assert {event.position for event in bench.of(SegmentAbandoned)} == {3}
    assert bench.rungs()[:4] == [2, 2, 2, 0]


async def test_a_fixed_rung_waits_for_a_switching_point(make: Make) -> None:
    bench = make(restricted(switching=EVERY_THIRD), buffer_s=60.0)
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(20.0)
    bench.streaming.set_manual(1)
    await bench.clock.advance(20.0)
    assert bench.rungs() == [0, 0, 0, 1, 1, 1, 1, 1, 1]


async def test_jumps_lead_to_where_decoding_may_begin(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has Cues there only, and playback that begins elsewhere fetches from there on."""
    cues: list[tuple[float, int]] = []
    monkeypatch.setattr(
        "player.stream.header.matroska.header",
        lambda _tracks, _length_s, found, **_more: cues.extend(found) or b"head",
    )
    bench = make(restricted(random_access=EVERY_THIRD), buffer_s=60.0)
    await bench.start(start_s=21.0)
    await bench.clock.advance(20.0)
    assert bench.store.peek("main", 3) is not None
    assert bench.store.peek("main", 2) is None
    assert [position for _, position in cues] == [cue_position(number) for number in (0, 3, 6)]
