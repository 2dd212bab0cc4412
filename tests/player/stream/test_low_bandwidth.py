"""The streaming on a link below 1 Mbit/s: a deeper buffer, and the sound before the picture."""

from __future__ import annotations

from itertools import pairwise

from abr.model import Estimate
from player.reporting.events import SegmentDone
from player.stream.main_track import SOUND_AHEAD_S
from tests.kit.streaming import StreamingBench, title
from tests.kit.transport import Act
from tests.player.stream.conftest import Make

SLOW, FAST = (Estimate(mean_bps=bps, low_bps=bps, remembered=True) for bps in (8e5, 4e6))


async def watched(make: Make, estimate: Estimate) -> StreamingBench:
    """A title of 100 s of which all that may be fetched is there; the playhead stands at the start."""
    bench = make(title(25), buffer_s=20.0, estimate=estimate)
    await bench.start()
    bench.playhead.started, bench.playhead.starving = True, False
    await bench.clock.advance(10.0)
    return bench


def ends(bench: StreamingBench, *, sound: bool) -> list[float]:
    """Where the segments of a track end, in the order in which they came."""
    done = [event for event in bench.of(SegmentDone) if (event.track != "main") is sound]
    return [event.media_s + event.duration_s for event in done]


async def test_the_buffer_is_deeper(make: Make) -> None:
    assert max(ends(await watched(make, FAST), sound=False)) == 20.0
    slow = await watched(make, SLOW)
    assert max(ends(slow, sound=False)) == max(ends(slow, sound=True)) == 40.0
    assert slow.streaming.low_bandwidth


async def test_no_picture_is_fetched_whose_sound_is_not_there(make: Make) -> None:
    bench = await watched(make, SLOW)
    sound_s, late = 0.0, []
    for event in bench.of(SegmentDone):
        end_s = event.media_s + event.duration_s
        if event.track != "main":
            sound_s = max(sound_s, end_s)
        elif end_s > SOUND_AHEAD_S + event.duration_s and end_s > sound_s:
            late.append(end_s)
    assert late == []


async def test_the_picture_does_not_wait_for_sound_that_cannot_be_had(make: Make) -> None:
    bench = make(title(10), buffer_s=20.0, estimate=SLOW)
    bench.transport.always("http://a.test/en-6", Act(status=404))
    await bench.start()
    bench.playhead.started, bench.playhead.starving = True, False
    await bench.clock.advance(60.0)
    assert max(ends(bench, sound=False)) == 40.0


async def test_the_begin_is_as_on_any_link(make: Make) -> None:
    """With nothing in hand the picture does not wait: that would be a stall."""
    bench = make(title(10), buffer_s=20.0, estimate=SLOW)
    bench.transport.always("http://a.test/en-2", Act(rate_bps=500.0, chunk=50))
    await bench.start()
    bench.playhead.started, bench.playhead.starving = True, False
    await bench.clock.advance(0.5)
    pictures = ends(bench, sound=False)
    assert pictures[:2] == [4.0, 8.0]
    assert all(later > earlier for earlier, later in pairwise(pictures))
