"""Live programmes over a scripted network in fast time: restarts, late segments, the end of the event."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from player.base.errors import ErrorCode
from player.net.failures import failure
from player.net.suspend import Sleep
from player.reporting.events import LatencySampled, Note
from player.stream.layout import cue_position, segment_position
from tests.kit.broadcast import BASE, SEGMENT_S, Broadcast, Viewing, open_demuxer
from tests.kit.clock import FakeClock
from tests.kit.transport import Act


@pytest.fixture(params=["hls", "dash"])
def broadcast(request: pytest.FixtureRequest) -> Broadcast:
    return Broadcast(FakeClock(), request.param)


@pytest.fixture
async def viewing(broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Viewing]:
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    made = Viewing(broadcast)
    await broadcast.clock.run(made.begin())
    yield made
    await made.close()


def shown_without_gap(viewing: Viewing) -> float:
    """All pictures from the first to the last have been shown; the last one's time."""
    times = sorted(viewing.sink.shown)
    assert times == [times[0] + 0.5 * number for number in range(len(times))]
    return times[-1]


async def test_five_minutes(viewing: Viewing) -> None:
    begin_s = viewing.sink.position_s
    await viewing.run(300.0)
    assert not viewing.sink.stalls
    assert not viewing.failures
    assert shown_without_gap(viewing) > begin_s + 295
    samples = [event for event in viewing.events if isinstance(event, LatencySampled)]
    assert samples[0].target_s == 12.0
    assert max(abs(sample.latency_s - sample.target_s) for sample in samples[20:]) < 0.2
    assert viewing.monitor.state.live
    view = viewing.monitor.state.live_view
    assert view is not None
    assert view.following
    assert 24 <= view.end_s - view.start_s <= 40


async def test_a_manifest_is_not_asked_for_more_often_than_it_changes(viewing: Viewing, broadcast: Broadcast) -> None:
    await viewing.run(200.0)
    seconds = 200.0 / (SEGMENT_S if broadcast.form == "hls" else broadcast.minimum_update_s)
    for name in ("v0.m3u8", "en.m3u8") if broadcast.form == "hls" else ("a.mpd",):
        assert len(viewing.asked(name)) == pytest.approx(seconds, abs=4)


async def test_segments_that_a_cdn_does_not_have_yet_are_waited_for(viewing: Viewing, broadcast: Broadcast) -> None:
    broadcast.late = dict.fromkeys(range(9, 60), 2.5)
    await viewing.run(120.0)
    shown_without_gap(viewing)
    assert not viewing.sink.stalls
    assert not viewing.failures


async def test_an_origin_that_is_away_for_a_while(viewing: Viewing) -> None:
    """What was buffered is played, then it is waited; when the origin is back, playback goes on without a loss."""
    await viewing.run(20.0)
    refused = failure(ErrorCode.NET_REFUSED, "{host} does not answer.", BASE)
    viewing.transport.always(BASE, Act(error=refused))
    await viewing.run(25.0)
    viewing.transport._always.clear()
    await viewing.run(100.0)
    assert not viewing.failures
    assert shown_without_gap(viewing) > 100
    assert sum(length_s for _, length_s in viewing.sink.stalls) < 25


async def test_a_source_that_is_gone_for_good_ends_the_playback(viewing: Viewing) -> None:
    """After everything that there was of it, and some minutes of waiting."""
    await viewing.run(20.0)
    refused = failure(ErrorCode.NET_REFUSED, "{host} does not answer.", BASE)
    viewing.transport.always(BASE, Act(error=refused))
    last_s = viewing.streaming.timeline.end_s
    await viewing.run(250.0)
    assert not [error for error in viewing.failures if viewing.sink.position_s < last_s - 12.5]
    await viewing.run(250.0)
    assert viewing.failures
    assert viewing.failures[-1].code is ErrorCode.NET_REFUSED


async def test_the_end_of_the_event_makes_it_a_title_like_any_other(viewing: Viewing, broadcast: Broadcast) -> None:
    broadcast.end = 30
    await viewing.run(140.0)
    assert viewing.sink.over
    assert viewing.sink.at_end
    assert shown_without_gap(viewing) == 30 * SEGMENT_S - 0.5
    state = viewing.monitor.state
    assert not state.live
    assert state.live_view is None
    assert state.duration_s == pytest.approx(120.0)
    assert 0 < state.start_s == viewing.streaming.timeline.start_s, "what had left the window is not there"
    assert [event.kind for event in viewing.events if isinstance(event, Note)].count("live_end") == 1
    before = len(viewing.transport.requests)
    await viewing.run(60.0)
    assert len(viewing.transport.requests) == before


async def test_another_rung_is_listed_before_it_is_fetched(viewing: Viewing) -> None:
    await viewing.run(20.0)
    viewing.wishes.rung = 1
    await viewing.run(60.0)
    assert not viewing.failures
    assert not viewing.sink.stalls
    shown_without_gap(viewing)
    assert viewing.sink.shown[max(viewing.sink.shown)] == 1


@pytest.mark.parametrize("broadcast", ["hls"], indirect=True)
async def test_an_encoder_that_starts_anew(broadcast: Broadcast, viewing: Viewing) -> None:
    """Its numbers and timestamps begin at 0 again: the timeline goes on behind what there was."""
    broadcast.reset_at = 20
    await viewing.run(100.0)
    assert not viewing.failures
    timeline = viewing.streaming.timeline
    assert {slot.period for slot in timeline.slots} == {0, 1}
    starts = [slot.start_s for slot in timeline.slots]
    assert starts == [SEGMENT_S * number for number in range(len(starts))]
    assert len(starts) > 25
    entries = [viewing.streaming._store.peek("main", number) for number in range(20, 24)]
    assert all(entry is not None and entry.buffer.is_complete for entry in entries)
    assert [event.kind for event in viewing.events if isinstance(event, Note)].count("live_restart") >= 1


@pytest.mark.parametrize("broadcast", ["hls"], indirect=True)
async def test_delivery_directives_are_used_where_the_server_offers_them(
    broadcast: Broadcast, viewing: Viewing
) -> None:
    broadcast.head = "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES"
    await viewing.run(40.0)
    blocked = [name for name in viewing.asked("v0.m3u8") if "_HLS_msn=" in name]
    assert blocked
    numbers = [int(name.partition("_HLS_msn=")[2]) for name in blocked]
    assert numbers == sorted(numbers)
    assert len(blocked) < 40 / 0.5
    waits = [request.first_byte_s for request in viewing.transport.requests if "_HLS_msn=" in request.url]
    assert set(waits) == {18.0}
    assert not viewing.failures


async def test_a_jump_leads_to_the_slot_that_was_asked_for(viewing: Viewing) -> None:
    """All Cues of a live file lead to one place; where libmpv goes on from there the viewer's jump says."""
    await viewing.run(20.0)
    stream, streaming = viewing.streaming.open(), viewing.streaming
    place_s = streaming.aim(viewing.live.seek_target(streaming.timeline.start_s + 17.0))
    stream.seek(cue_position(0))
    (void,) = stream.read(64)
    target = cue_position(0) + len(void) + (int.from_bytes(void[1:9], "big") & ((1 << 56) - 1))
    assert target == segment_position(streaming.timeline.at(place_s).number)
    streaming.arrived()
    viewing.playhead.position_s = place_s + 9.0
    stream.seek(0)
    stream.seek(cue_position(0))
    (void,) = stream.read(64)
    target = cue_position(0) + len(void) + (int.from_bytes(void[1:9], "big") & ((1 << 56) - 1))
    assert target == segment_position(streaming.timeline.at(place_s + 8.0).number), "another sound track"


async def test_a_pause_until_the_window_has_passed(viewing: Viewing) -> None:
    await viewing.run(10.0)
    viewing.monitor.handle_property("pause", value=True)
    position_s = viewing.sink.position_s
    viewing.sink.step = lambda _seconds: None  # type: ignore[method-assign]
    await viewing.run(40.0)
    assert viewing.jumps
    assert viewing.jumps[0] > position_s
    assert "earliest" in viewing.monitor.state.notice


class Dated(Broadcast):
    """An HLS programme that says the date of its first segment."""

    def _playlist(self, track: str) -> str:
        date = datetime.fromtimestamp(1_600_000_000 + self._listed()[0] * SEGMENT_S, UTC).isoformat()
        return super()._playlist(track).replace("#EXTINF", f"#EXT-X-PROGRAM-DATE-TIME:{date}\n#EXTINF", 1)


@pytest.mark.parametrize("made", [Broadcast(FakeClock(), "hls"), Dated(FakeClock()), Broadcast(FakeClock(), "dash")])
async def test_after_a_sleep_of_the_machine_it_is_live_again(
    made: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The programme goes on for a quarter of an hour, the monotonic clock does not."""
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    viewing = Viewing(made)
    await made.clock.run(viewing.begin())
    await viewing.run(40.0)
    made.begun_s -= 1000.0
    made.clock.set_wall(made.clock.wall() + 1000.0)
    viewing.live.account_for_sleep(Sleep(1000.0, 1000.0))
    await viewing.run(10.0)
    view, edge_s = viewing.monitor.state.live_view, made.clock.monotonic() - made.begun_s
    assert not viewing.failures
    assert view is not None
    assert view.target_s == 12.0
    assert view.edge_s == pytest.approx(edge_s, abs=1.5 * SEGMENT_S)
    assert edge_s - 50.0 < viewing.jumps[-1] < edge_s
    await viewing.close()


@pytest.mark.parametrize("made", [Dated(FakeClock()), Broadcast(FakeClock(), "dash"), Broadcast(FakeClock(), "hls")])
async def test_what_is_on_the_timeline_has_its_date(made: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    viewing = Viewing(made)
    await made.clock.run(viewing.begin())
    await viewing.run(60.0)
    view = viewing.monitor.state.live_view
    assert view is not None
    date_s = view.dates.date_of(view.edge_s)
    if made.form == "dash":
        assert date_s == pytest.approx(made.clock.wall(), abs=1.5)
    elif isinstance(made, Dated):
        assert date_s == pytest.approx(1_600_000_000 + made.clock.monotonic() - made.begun_s, abs=SEGMENT_S)
    else:
        assert date_s is None
    assert date_s is None or view.dates.time_of(date_s) == pytest.approx(view.edge_s)
    await viewing.close()


@pytest.mark.parametrize("made", [Dated(FakeClock()), Broadcast(FakeClock(), "dash")])
@pytest.mark.parametrize(("back_s", "into_s"), [(30.0, None), (900.0, 4.0), (-900.0, None)])
async def test_playback_begins_at_a_date(
    made: Broadcast, back_s: float, into_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the window, before it (then with the earliest), or later than there is anything (then live)."""
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    since_s = made.clock.monotonic() - made.begun_s
    begun_at = made.clock.wall() - since_s if made.form == "dash" else 1_600_000_000
    viewing = Viewing(made)
    viewing.begin_at = begun_at + since_s - back_s
    begin_s = await made.clock.run(viewing.begin())
    await viewing.run(1.0)
    view = viewing.monitor.state.live_view
    assert view is not None
    date_s = view.dates.date_of(begin_s)
    assert date_s is not None
    if into_s is not None:
        assert begin_s - view.start_s == pytest.approx(into_s, abs=2.0)
    elif back_s > 0:
        assert date_s == pytest.approx(viewing.begin_at, abs=0.1)
        assert not view.following
    else:
        assert view.following
    await viewing.close()
