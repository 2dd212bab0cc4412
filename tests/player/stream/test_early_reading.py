"""When a segment that is on its way may be read: the rule, the rate it rests on, and what it does on a thin link."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from abr import registry
from abr.early import ArrivalRate, Arriving, in_time
from abr.model import Estimate
from player.manifest.model import Presentation, TrackType
from player.net.shaping import LinkTrace, TracePeriod
from player.reporting.events import SegmentDone
from tests.kit.presentations import audio_track, presentation, rendition, segments, video_track
from tests.kit.streaming import title
from tests.kit.transport import Act
from tests.kit.viewer import Viewer
from tests.player.stream.conftest import Make

KNOWN = Estimate(mean_bps=1e6, low_bps=1e6, remembered=True)
PICTURE_BPS = {"low": 485_000, "middle": 870_000, "high": 1_600_000}
SOUND_BPS = 128_000
SEGMENTS = 15


def test_what_arrives_a_quarter_before_its_end_is_in_time() -> None:
    assert in_time([Arriving(2.9e6, 4.0)], 1e6)
    assert not in_time([Arriving(3.1e6, 4.0)], 1e6)
    assert in_time([Arriving(0.7e6, 1.0)], 1e6)
    assert not in_time([Arriving(0.8e6, 1.0)], 1e6)


def test_no_more_than_a_second_of_a_long_segment_is_kept_free() -> None:
    assert in_time([Arriving(8.9e6, 10.0)], 1e6)
    assert not in_time([Arriving(9.1e6, 10.0)], 1e6)


def test_what_travels_beside_it_takes_its_part_of_the_link() -> None:
    picture, sound = Arriving(2.4e6, 4.0), Arriving(0.5e6, 4.0)
    assert in_time([picture, sound], 1e6)
    assert not in_time([picture, sound, sound], 1e6)
    later = Arriving(3.0e6, 8.0)  # is not in the way of what is played before it
    assert in_time([later, picture, sound], 1e6)


def test_what_is_there_needs_no_link() -> None:
    assert in_time([Arriving(0.0, 0.0)], 1.0)
    assert in_time([], 1.0)
    assert not in_time([Arriving(8.0, 0.0)], 1e9)


def test_a_rate_needs_evidence_and_begins_with_the_first_bytes() -> None:
    rate = ArrivalRate()
    assert rate.bps(10.0) is None
    rate.add(10.0, 40_000)
    assert rate.bps(10.5) is None, "how long the first bytes took is not known"
    rate.add(10.5, 25_000)
    assert rate.bps(10.5) == pytest.approx(400_000.0)
    assert rate.bps(11.0) == pytest.approx(200_000.0), "silence counts"
    rate.add(13.0, 10_000)
    assert rate.bps(13.0) is None, "only the last seconds tell"


def test_a_rate_is_forgotten_after_a_jump() -> None:
    rate = ArrivalRate()
    rate.add(1.0, 50_000)
    rate.add(1.1, 50_000)
    rate.forget()
    rate.add(2.0, 50_000)
    assert rate.bps(2.0) is None


async def test_on_a_network_that_is_known_reading_begins_with_the_first_bytes(make: Make) -> None:
    bench = make(title(audio=False), estimate=KNOWN)
    bench.transport.always("http://a.test/r0-1", Act(rate_bps=2000.0, chunk=50))
    await bench.start()
    await bench.clock.advance(0.25)
    first = bench.store.peek("main", 0)
    assert first is not None
    assert first.buffer.is_released
    assert not first.buffer.is_complete


async def test_on_an_unknown_network_little_is_read_when_it_is_whole(make: Make) -> None:
    bench = make(title(audio=False))
    bench.transport.always("http://a.test/r0-1", Act(rate_bps=2000.0, chunk=50))
    await bench.start()
    await bench.clock.advance(0.25)
    first = bench.store.peek("main", 0)
    assert first is not None
    assert not first.buffer.is_released


async def test_the_picture_waits_with_the_sound_that_would_be_late(make: Make) -> None:
    bench = make(title(), estimate=KNOWN)
    bench.transport.always("http://a.test/r0-1", Act(rate_bps=1000.0, chunk=50))
    bench.transport.always("http://a.test/en-1", Act(body=bytes(500_000), rate_bps=1e6))
    await bench.start()
    await bench.clock.advance(0.5)
    first = bench.store.peek("main", 0)
    assert first is not None
    assert not first.buffer.is_released
    await bench.clock.advance(1.5)  # now what is left of the sound can be expected in time
    assert first.buffer.is_released


async def test_with_a_buffer_in_hand_segments_stay_replaceable_until_they_are_whole(make: Make) -> None:
    bench = make(title(audio=False), estimate=KNOWN)
    bench.transport.always("http://a.test/r0-3", Act(rate_bps=1000.0, chunk=20))
    await bench.start()
    bench.playhead.starving, bench.playhead.started = False, True
    await bench.clock.advance(1.0)
    third = bench.store.peek("main", 2)
    assert third is not None
    assert third.buffer.received > 0
    assert not third.buffer.is_released
    bench.playhead.position_s = 7.0  # a second before the end of the second one
    await bench.clock.advance(0.2)
    assert third.buffer.is_released


def ladder() -> Presentation:
    """What a link needs: 613 kbit/s for the lowest rung and the sound."""
    rungs = [rendition(name, bps, segments(SEGMENTS, name=name), width=640) for name, bps in PICTURE_BPS.items()]
    sound = rendition("en", SOUND_BPS, segments(SEGMENTS, name="en"), codecs=("mp4a.40.2",))
    return presentation(video_track(*rungs), audio_track(renditions=(sound,)))


def alternating(random: Random, rates_kbps: tuple[float, ...]) -> LinkTrace:
    first = random.randrange(len(rates_kbps))
    ordered = [rates_kbps[(first + number) % len(rates_kbps)] for number in range(40)]
    return LinkTrace([TracePeriod(random.uniform(1.0, 8.0), kbps * 1000, 0.04) for kbps in ordered])


@pytest.mark.parametrize("rates_kbps", [(700, 1500), (650,), (1000, 2500)], ids=str)
@pytest.mark.parametrize("seed", range(4))
async def test_a_link_that_carries_the_lowest_rung_never_stalls(
    make: Make, rates_kbps: tuple[float, ...], seed: int
) -> None:
    """One CDN, nothing known of the network, segments of changing size: from the first picture to the end."""
    random = Random(seed)

    def body(type_: TrackType, start_s: float, end_s: float, url: str) -> bytes:
        bps = PICTURE_BPS.get(url.rsplit("/")[-1].rsplit("-")[0], SOUND_BPS)
        share = 1.0 if type_ is TrackType.AUDIO else random.uniform(0.85, 1.0)
        return bytes(round(bps * share * (end_s - start_s) / 8))

    bench = make(
        ladder(),
        of=body,
        trace=alternating(random, rates_kbps),
        policy=registry.create(registry.DEFAULT),
        audio_bps=SOUND_BPS,
    )
    viewer = Viewer(bench)
    await bench.start()
    await viewer.watch(SEGMENTS * 4.0 - 0.1)
    assert viewer.stalls == []
    assert viewer.started_s is not None
    assert viewer.started_s < 2.0
    rungs = bench.rungs()
    assert rungs[0] == 0
    if rates_kbps[-1] > 2000:
        assert max(rung or 0 for rung in rungs) > 0, "caution ends"


async def test_a_link_that_is_too_slow_stalls_seldom(make: Make) -> None:
    """Whole segments of playback between the stalls, not fractions of a second."""

    def body(_type: TrackType, start_s: float, end_s: float, url: str) -> bytes:
        return bytes(round(PICTURE_BPS.get(url.rsplit("/")[-1].rsplit("-")[0], SOUND_BPS) * (end_s - start_s) / 8))

    bench = make(
        ladder(), of=body, trace=LinkTrace.constant(400_000.0, 0.04), policy=registry.create(registry.DEFAULT)
    )
    viewer = Viewer(bench)
    await bench.start()
    await viewer.watch(30.0)
    between = [later - earlier for (earlier, _), (later, _) in pairwise(viewer.stalls)]
    assert between
    assert min(between) > 3.0
    assert bench.of(SegmentDone)
