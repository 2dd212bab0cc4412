"""The streaming without libmpv: at which rung segments are fetched, and what is done when one is not available."""

from __future__ import annotations

import asyncio

import pytest

from abr.model import Estimate
from drm_client.errors import DrmError
from player.base.errors import ErrorCode, MediaError, NetError
from player.manifest.model import ListedIndex
from player.reporting.events import ErrorRaised, Note, RungDecided, SegmentAbandoned, SegmentDone
from player.stream.layout import cue_position
from tests.kit.presentations import (
    presentation,
    rendition,
    segments,
    video_track,
)
from tests.kit.streaming import names, reading, title
from tests.kit.transport import Act
from tests.player.stream.conftest import Make

GONE = Act(status=404)
KID = bytes(15) + b"\x01"


async def test_abr_is_asked_for_every_segment_and_told_the_state(make: Make) -> None:
    bench = make(title())
    bench.policy.rung = 1
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(5.0)
    assert bench.rungs() == [1] * 5
    assert [event.position for event in bench.of(RungDecided)] == [0, 1, 2, 3, 4]
    last = bench.policy.snapshots[-1]
    assert (last.buffer_s, last.segment_s, last.remaining_s, last.current) == (16.0, 4.0, 4.0, 1)
    done = [event for event in bench.of(SegmentDone) if event.track == "main"]
    assert [(event.position, event.rung, event.media_s) for event in done] == [(n, 1, 4.0 * n) for n in range(5)]


async def test_a_fixed_rung_replaces_what_nobody_has_read(make: Make) -> None:
    bench = make(title())
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(5.0)
    entry = bench.store.peek("main", 1)
    assert entry is not None
    bench.store.pin(entry)
    bench.streaming.set_manual(2)
    await bench.clock.advance(5.0)
    assert bench.rungs() == [0, 0, 2, 2, 2]
    bench.streaming.set_manual(None)
    await bench.clock.advance(5.0)
    assert bench.rungs() == [0, 0, 2, 2, 2]


async def test_a_shown_segment_is_fetched_again_at_the_same_rung(make: Make) -> None:
    bench = make(title())
    bench.policy.rung = 2
    await bench.start()
    await bench.clock.advance(5.0)
    entry = bench.store.peek("main", 1)
    assert entry is not None
    bench.store.pin(entry)
    bench.store.discard(entry)
    bench.policy.rung = 0
    bench.streaming.poke()
    await bench.clock.advance(5.0)
    assert bench.rungs()[1] == 2
    bench.streaming.cached([(12.0, 18.0)])
    assert bench.store.pinned_rung("main", 1) is None


async def test_a_segment_that_libmpv_may_have_begun_keeps_its_rung(make: Make) -> None:
    """libmpv's ranges end with the last whole group of pictures, so the next segment may be in its cache in part."""
    bench = make(title())
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(5.0)
    for position in range(5):
        entry = bench.store.peek("main", position)
        assert entry is not None
        bench.store.pin(entry)
    bench.streaming.cached([(4.0, 7.96)])
    assert [bench.store.pinned_rung("main", position) for position in range(5)] == [0, 0, 0, None, None]


async def test_a_slow_segment_is_given_up_for_a_lower_rung(make: Make) -> None:
    bench = make(title())
    await bench.start()
    bench.playhead.started, bench.playhead.starving, bench.playhead.playing = True, False, True
    bench.policy.rung = 2
    bench.policy.abandon = lambda progress: 0 if progress.rung == 2 and progress.elapsed_s > 0.3 else None
    bench.transport.always("http://a.test/r2-2", Act(rate_bps=1000.0, chunk=20))
    await bench.clock.advance(1.0)
    (given_up,) = bench.of(SegmentAbandoned)
    assert (given_up.position, given_up.rung, given_up.to_rung) == (1, 2, 0)
    assert given_up.wasted_bytes > 0
    assert bench.rungs()[1] == 0
    assert bench.transport.open_now == 0


async def test_what_is_shown_already_is_not_given_up(make: Make) -> None:
    bench = make(title(), estimate=Estimate(mean_bps=1e6, low_bps=1e6, remembered=True))
    bench.policy.rung = 2
    bench.policy.abandon = lambda progress: 0
    bench.transport.always("http://a.test/r2-1", Act(rate_bps=1000.0, chunk=10))
    await bench.start()
    await bench.clock.advance(2.0)
    assert bench.of(SegmentAbandoned) == []
    assert not any(progress.replaceable for progress in bench.policy.progress)


async def test_a_rung_that_is_missing_is_replaced_by_the_next_lower_one(make: Make) -> None:
    bench = make(title())
    bench.policy.rung = 2
    bench.transport.always("http://a.test/r2-3", GONE)
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(10.0)
    assert bench.rungs() == [2, 2, 1, 2, 2]
    assert [note.kind for note in bench.of(Note)] == ["other_rung"]


async def test_a_segment_that_no_rung_has_is_left_out_but_not_three_in_a_row(make: Make) -> None:
    bench = make(title(8))
    for number in (3, 5, 6, 7):
        for rung in range(3):
            bench.transport.always(f"http://a.test/r{rung}-{number}", GONE)
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(60.0)
    entries = [bench.store.peek("main", position) for position in range(8)]
    assert [entry.gap for entry in entries if entry is not None] == [False, False, True, False, True, True, False]
    assert entries[7] is None
    assert entries[6] is not None
    assert isinstance(entries[6].failure, NetError)
    assert [(event.code, event.fatal) for event in bench.of(ErrorRaised)] == [("http.not_found", False)]


async def test_the_first_segment_is_never_left_out(make: Make) -> None:
    bench = make(title())
    bench.transport.always("http://a.test/r", GONE)
    bench.transport.plan("http://a.test/r0-init", Act())
    await bench.start()
    _, at_end = await reading(bench)
    assert not at_end
    assert [str(failure.code) for failure in bench.failures] == ["http.not_found"]


async def test_a_gap_of_the_source_is_not_asked_for(make: Make) -> None:
    what = title(4)
    holed = [
        rendition(r.id, r.bandwidth_bps, [s._replace(gap=n == 2) for n, s in enumerate(r.segments)])  # type: ignore[arg-type]
        for r in what.periods[0].tracks[0].renditions
    ]
    bench = make(presentation(video_track(*holed), what.periods[0].tracks[1]))
    await bench.start()
    got, at_end = await reading(bench)
    assert at_end
    assert not [name for name in bench.asked if name in ("r0-3", "r1-3", "r2-3")]
    assert names(got, "v") == [f"{n / 2:.3f}" for n in [*range(16), *range(24, 32)]]
    assert sorted(set(names(got, "a"))) == sorted(f"{n / 2:.3f}" for n in range(32))


async def test_sound_that_is_missing_does_not_end_the_playback(make: Make) -> None:
    bench = make(title(3))
    bench.transport.always("http://a.test/en-2", GONE)
    await bench.start()
    got, at_end = await reading(bench)
    assert at_end
    assert bench.failures == []
    assert names(got, "a") == [f"{n / 2:.3f}" for n in [*range(8), *range(16, 24)]]
    assert [event.code for event in bench.of(ErrorRaised)] == ["http.not_found"]


async def test_a_rung_without_a_key_is_not_used_again(make: Make, record_demuxers: dict) -> None:
    what = title()
    bench = make(what)
    record_demuxers["locked"] = (KID,)
    bench.transport.files["http://a.test/r2-init"] = b"locked"
    bench.policy.rung = 2
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(10.0)
    assert bench.rungs() == [1, 0, 0, 0, 0]
    assert bench.rate.caps.excluded == {2}
    assert bench.failures == []


async def test_no_key_for_any_rung_ends_the_playback(make: Make, record_demuxers: dict) -> None:
    bench = make(title())
    record_demuxers["init"] = (KID,)
    with pytest.raises(Exception, match="no key"):
        await bench.start()


async def test_a_rung_that_is_cut_elsewhere_is_not_switched_to(make: Make) -> None:
    what = title(4)
    odd = rendition("odd", 9_000_000, segments(8, 2.0, name="odd"))
    bench = make(presentation(video_track(*what.periods[0].tracks[0].renditions, odd)))
    bench.policy.rung = 0
    await bench.start()
    bench.policy.rung = 3
    bench.playhead.started = True
    await bench.clock.advance(10.0)
    assert bench.rate.caps.excluded == {3}
    assert not [name for name in bench.asked if name.startswith("odd-") and name != "odd-init"]


async def test_a_rung_without_segments_is_passed_over(make: Make) -> None:
    what = title(4)
    empty = rendition("none", 9_000_000, segments=ListedIndex(()))
    bench = make(presentation(video_track(*what.periods[0].tracks[0].renditions, empty)))
    await bench.start()
    bench.policy.rung = 3
    bench.playhead.started = True
    await bench.clock.advance(10.0)
    assert bench.rate.caps.excluded == {3}
    assert None not in bench.rungs()


async def test_after_a_failure_a_jump_beyond_it_plays_on(make: Make) -> None:
    bench = make(title(12))
    for rung in range(3):
        for number in (3, 4, 5):
            bench.transport.always(f"http://a.test/r{rung}-{number}", GONE)
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(60.0)
    assert bench.store.peek("main", 5) is None
    stream = bench.streaming.open()
    stream.seek(cue_position(8))
    bench.playhead.position_s = 32.0
    await asyncio.sleep(0)
    await bench.clock.advance(5.0)
    assert bench.rungs()[8:] == [0, 0, 0, 0]
    assert bench.store.peek("main", 4) is None, "a failure is forgotten when the viewer jumps"


async def test_a_damaged_segment_is_fetched_once_more(make: Make) -> None:
    bench = make(title(3))
    bench.transport.plan("http://a.test/r0-2", Act(body=b"?"))
    await bench.start()
    got, at_end = await reading(bench)
    assert at_end
    assert names(got, "v") == [f"{n / 2:.3f}" for n in range(24)]
    assert bench.asked.count("r0-2") == 2
    assert [note.kind for note in bench.of(Note)] == ["damaged"]


async def test_a_damaged_segment_whose_next_fetch_has_begun_is_not_asked_for_a_third_time(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that reads takes it out of the store, and the loop may see that before it is told."""
    bench = make(title(3))
    bench.transport.plan("http://a.test/r0-2", Act(body=b"?"), Act(first_byte_s=1.0))
    await bench.start()
    main, tasks = bench.streaming._main, []
    told = main.refetch_damaged

    async def tell_late(position: int, error: MediaError | DrmError) -> None:
        while bench.asked.count("r0-2") < 2 or bench.store.peek("main", 2) is None:
            main.lane.poke()
            await asyncio.sleep(0.0005)
        told(position, error)

    def later(position: int, error: MediaError | DrmError) -> None:
        tasks.append(asyncio.create_task(tell_late(position, error)))

    monkeypatch.setattr(main, "refetch_damaged", later)
    got, at_end = await reading(bench)
    assert at_end
    assert len(tasks) == 1
    assert names(got, "v") == [f"{n / 2:.3f}" for n in range(24)]
    assert bench.asked.count("r0-2") == 2


async def test_damage_is_seen_before_the_segment_is_whole(make: Make) -> None:
    """Then too it must be known which CDN gave it, so that another is asked."""
    bench = make(title(2), estimate=Estimate(mean_bps=1e6, low_bps=1e6, remembered=True))
    bench.transport.plan("http://a.test/r0-1", Act(body=b"?" + bytes(5000), rate_bps=4000.0, chunk=10))
    await bench.start()
    got, at_end = await reading(bench)
    assert at_end
    assert names(got, "v") == [f"{n / 2:.3f}" for n in range(16)]
    assert bench.streaming._main._damaged_from == {0: frozenset({"a.test"})}


async def test_a_segment_that_stays_damaged_ends_the_playback(make: Make) -> None:
    bench = make(title(3))
    bench.transport.always("http://a.test/r0-2", Act(body=b"?"))
    await bench.start()
    got, at_end = await reading(bench)
    assert not at_end
    assert names(got, "v") == [f"{n / 2:.3f}" for n in range(8)]
    assert [failure.code for failure in bench.failures] == [ErrorCode.MEDIA_DAMAGED]


@pytest.mark.logs_errors
async def test_a_bug_in_a_fetch_ends_the_playback_with_a_sentence(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make(title(4))
    await bench.start()

    async def broken(*_args: object, **_options: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(bench.streaming._fetcher, "fetch", broken)
    _, at_end = await reading(bench)
    assert not at_end
    assert {str(failure.code) for failure in bench.failures} == {"internal"}


async def test_after_a_jump_back_lower_rungs_are_replaced_where_the_link_carries_more(make: Make) -> None:
    bench = make(title(12, audio=False), buffer_s=60.0, estimate=Estimate(mean_bps=9e6, low_bps=8e6, remembered=True))
    await bench.start()
    await bench.clock.advance(5.0)
    bench.playhead.position_s, bench.policy.rung = 40.0, 2
    bench.rate.chosen(2)
    bench.streaming.cached([(40.0, 47.0)])
    bench.streaming._sought(1)
    bench.playhead.position_s = 4.0
    await bench.clock.advance(5.0)
    assert bench.rungs()[:10] == [0, 0, 0, 2, 2, 2, 2, 2, 2, 2]


async def test_after_a_jump_back_nothing_is_replaced_on_a_link_that_may_not_carry_it(make: Make) -> None:
    bench = make(title(12), buffer_s=60.0, estimate=Estimate(mean_bps=9e6, low_bps=2e6, remembered=True))
    await bench.start()
    await bench.clock.advance(5.0)
    bench.rate.chosen(2)
    bench.streaming._sought(1)
    await bench.clock.advance(5.0)
    assert bench.rungs() == [0] * 12
