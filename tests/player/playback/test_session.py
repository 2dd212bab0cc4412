"""A session from the request to the end, with a player that does only what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from player.base.errors import ErrorCode, NetError, ServiceError
from player.manifest.model import ByteRange, Container, IndexRef
from player.media.model import Interrupted
from player.mpv.adjustments import Adjustments
from player.playback.phases import Loaded, Opening, Playing, Ready, Requested
from player.playback.settings import PlaybackSettings
from player.reporting.events import RungDecided, Sought
from player.reporting.state import PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit.clock import settle
from tests.kit.playing import NonBlockingWaiting, SessionBench
from tests.kit.presentations import RecordDemuxer, presentation, rendition, video_track
from tests.kit.streaming import files_of, media, title
from tests.kit.transport import Act
from tests.kit.waiting import PATIENCE_S

MANIFEST = "http://a.test/title.mpd"
MPD = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT20S"><Period>
<AdaptationSet contentType="video" mimeType="video/mp4" codecs="avc1.64001f" width="640" height="360">
<SegmentTemplate duration="4" media="$RepresentationID$-$Number$" initialization="$RepresentationID$-init"/>
<Representation id="r0" bandwidth="1000000"/><Representation id="r1" bandwidth="2000000"/>
<Representation id="r2" bandwidth="3000000"/></AdaptationSet>
<AdaptationSet contentType="audio" mimeType="audio/mp4" codecs="mp4a.40.2" lang="en">
<SegmentTemplate duration="4" media="$RepresentationID$-$Number$" initialization="$RepresentationID$-init"/>
<Representation id="en" bandwidth="128000"/></AdaptationSet></Period></MPD>"""
FILES = files_of(title(), media) | {MANIFEST: MPD.encode()}
NEVER = Act(first_byte_s=1e6)
GONE = NetError(ErrorCode.HTTP_GONE, "It is gone.", status=410)

Make = Callable[..., SessionBench]


@pytest.fixture
async def make(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Sessions that play record segments; they are stopped at the end."""
    monkeypatch.setattr("player.stream.sources.open_demuxer", lambda *_what, **_options: RecordDemuxer())
    made: list[SessionBench] = []

    def build(source: PlaybackSource | None = None, service: object | None = None, **settings: Any) -> SessionBench:
        bench = SessionBench(source or PlaybackSource(url=MANIFEST), FILES, PlaybackSettings(**settings), service)
        made.append(bench)
        return bench

    yield build
    for bench in made:
        if bench.running is not None:
            await bench.stop()


def phase(bench: SessionBench) -> type[Requested]:
    return type(bench.session._phase)


# --- open


async def test_libmpv_opens_its_file_while_the_manifest_is_on_its_way(make: Make) -> None:
    bench = make()
    bench.transport.plan(MANIFEST, Act(first_byte_s=3.0))
    await bench.open(2.0)
    assert phase(bench) is Opening
    assert len(bench.player.done("load")) == 1
    with pytest.raises(Interrupted):
        bench.player.open()
    assert not bench.state.rungs
    await bench.clock.advance(3.0)
    assert phase(bench) is Playing
    assert len(bench.state.rungs) == 3
    assert bench.state.duration_s == 20.0
    await bench.player.begin()
    assert bench.state.status is PlaybackStatus.PLAYING


async def test_every_request_says_which_manifest_led_to_it(make: Make) -> None:
    bench = make()
    await bench.open()
    assert len(bench.transport.requests) > 3
    assert {request.initiator for request in bench.transport.requests} == {MANIFEST}


async def test_what_the_viewer_set_before_is_set_when_there_is_a_file(make: Make) -> None:
    bench = make(start_paused=True)
    bench.transport.plan(MANIFEST, Act(first_byte_s=3.0))
    await bench.open(1.0)
    bench.session.set_volume(30)
    bench.session.set_speed(9.0)
    await settle()
    assert not bench.player.done("set") or "volume" not in bench.player.done("set")
    await bench.clock.advance(5.0)
    told = [what for what in bench.player.told if what[0] == "set"]
    assert {("set", "pause", True), ("set", "volume", 30), ("set", "speed", 4.0)} <= set(told)


async def test_playback_begins_where_it_was_asked_to(make: Make) -> None:
    bench = make(start_s=9.0)
    await bench.open()
    assert [what[2] for what in bench.player.told if what[0] == "load"] == [9.0]
    await bench.player.begin(9.0)
    assert bench.player.done("seek") == []
    assert {"en-3", "en-init"} <= set(bench.asked)
    assert "en-1" not in bench.asked


# --- seek


async def test_a_seek_before_anything_is_known_is_made_when_libmpv_has_its_file(make: Make) -> None:
    bench = make()
    bench.session.seek(13.0)
    await bench.open()
    assert phase(bench) is Playing
    assert bench.player.done("seek") == []
    await bench.player.begin()
    assert bench.player.done("seek") == [13.0]
    assert [event.to_s for event in bench.events if isinstance(event, Sought)] == [13.0]


@pytest.mark.parametrize("url", [MANIFEST, "http://a.test/en-init"])
async def test_of_the_seeks_while_a_title_opens_the_last_one_counts(make: Make, url: str) -> None:
    bench = make(rung=0)
    bench.transport.plan(url, Act(first_byte_s=3.0))
    await bench.open(1.0)
    assert phase(bench) is (Opening if url == MANIFEST else Ready)
    for target_s in (4.0, 9.0):
        bench.session.seek(target_s)
        await settle()
    await bench.clock.advance(5.0)
    await bench.player.begin()
    assert bench.player.done("seek") == [9.0]


async def test_a_seek_ends_a_read_that_waits_elsewhere(make: Make) -> None:
    bench = make()
    await bench.play()
    generation = bench.waiting.generation
    bench.player.cached = ((0.0, 8.0),)
    bench.session.seek(5.0)
    await settle()
    assert (bench.state.status, bench.state.position_s) == (PlaybackStatus.SEEKING, 5.0)
    assert bench.waiting._interrupted < generation, "it is in libmpv's cache: its read may go on"
    await bench.player.arrive(5.0)
    assert bench.state.status is PlaybackStatus.PLAYING
    bench.session.seek(18.0)
    await settle()
    assert bench.player.done("seek") == [5.0, 18.0]
    assert bench.waiting._interrupted == generation


async def test_a_jump_past_the_end_shows_the_last_frame(make: Make) -> None:
    bench = make()
    await bench.play()
    bench.session.go_live()
    await settle()
    assert bench.player.done("seek") == [pytest.approx(19.95)]


# --- rung


async def test_a_rung_that_is_fixed_before_the_start_is_the_first_one(make: Make) -> None:
    bench = make()
    bench.session.set_rung(2)
    await bench.open()
    assert bench.state.rung_manual == 2
    assert {name for name in bench.asked if name.startswith("r")} == {"r2-init", *(f"r2-{n}" for n in range(1, 6))}


async def test_a_rung_that_is_fixed_in_mid_title_is_that_of_the_next_segment(make: Make) -> None:
    bench = make(rung=0, buffer_s=6.0)
    await bench.play()
    before = len(bench.asked)
    bench.session.set_rung(1)
    await settle()
    assert bench.state.rung_manual == 1
    assert bench.session._parts.paths.wanted_bps == 2_000_000
    for position_s in (4.0, 6.0, 8.0):
        bench.player.property("time-pos", position_s)
        bench.player.property("pause", True)  # what changes the buffer's room makes it look again
        bench.player.property("pause", False)
        await bench.clock.advance(1.0)
    later = {name for name in bench.asked[before:] if name.startswith("r")}
    assert later >= {"r1-3"}
    assert not [name for name in later if name.startswith("r0")]
    bench.session.set_rung(None)
    await settle()
    assert bench.state.rung_manual is None
    assert [event for event in bench.events if isinstance(event, RungDecided)]


# --- the end


async def test_the_end_of_the_title_ends_the_session(make: Make) -> None:
    bench = make()
    await bench.play()
    bench.player.property("time-pos", 19.9)
    bench.player.property("eof-reached", True)
    await bench.finish()
    assert bench.state.status is PlaybackStatus.ENDED
    assert phase(bench) is Playing


async def test_the_end_is_where_libmpv_ended_and_not_where_it_was_looked_at_last(make: Make) -> None:
    """A fast playback comes to its end before libmpv has told of its last pictures."""
    bench = make()
    await bench.play()
    bench.player.property("time-pos", 17.5)
    bench.player.properties["time-pos"] = 19.96
    bench.player.property("eof-reached", True)
    await bench.finish()
    assert bench.state.status is PlaybackStatus.ENDED
    assert bench.state.position_s == 19.96


async def test_a_session_that_stays_at_the_end_goes_back(make: Make) -> None:
    bench = make(stay_at_end=True)
    await bench.play()
    bench.player.property("time-pos", 19.9)
    bench.player.property("eof-reached", True)
    await settle()
    assert bench.state.status is PlaybackStatus.ENDED
    assert not bench.running.done()  # type: ignore[union-attr]
    bench.player.properties["eof-reached"] = False
    bench.session.seek(3.0)
    await settle()
    assert bench.player.told[-2:] == [("seek", 3.0), ("set", "pause", False)], "libmpv pauses at its end"
    await bench.player.arrive(3.0)
    assert bench.state.status is PlaybackStatus.PLAYING


async def test_an_end_of_file_in_mid_title_is_read_on(make: Make) -> None:
    """libmpv takes an interrupted read for the end of its file."""
    bench = make()
    await bench.play(6.0)
    bench.player.property("eof-reached", True)
    await settle()
    assert bench.player.done("seek") == [6.0]
    assert bench.state.status is PlaybackStatus.SEEKING


FALLBACK = '<SupplementalProperty schemeIdUri="urn:mpeg:dash:fallback:2016" value="nowhere.mpd other.mpd"/></MPD>'
OTHER = "http://a.test/other.mpd"


async def test_what_fails_in_its_midst_goes_on_at_the_same_place_in_its_fallback(make: Make) -> None:
    """ISO/IEC 23009-1 5.11.3; what the viewer adjusted stays."""
    bench = make()
    bench.transport.files[MANIFEST] = MPD.replace("</MPD>", FALLBACK).encode()
    bench.transport.files[OTHER] = MPD.encode()
    await bench.play(9.0)
    bench.session.adjust(Adjustments(zoom=200))
    bench.session._parts.ending.fail(GONE)
    async with asyncio.timeout(PATIENCE_S):
        while len(bench.player.done("load")) < 3 or phase(bench) is not Playing:
            bench.waiting = NonBlockingWaiting()
            await bench.clock.advance(0.1)
    assert [what[2] for what in bench.player.told if what[0] == "load"] == [None, 9.0, 9.0]
    assert ("set", "video-zoom", 1.0) in bench.player.told[bench.player.told.index(("load", "fake://3", 9.0, None)) :]
    assert PlaybackStatus.FAILED not in [state.status for state in bench.states]
    await bench.player.begin(9.0)
    assert bench.state.status is PlaybackStatus.PLAYING
    bench.session._parts.ending.fail(GONE)
    await bench.finish()
    assert bench.state.status is PlaybackStatus.FAILED, "there is no further one"


async def test_a_viewer_who_stops_while_the_next_presentation_is_due_is_heard(make: Make) -> None:
    bench = make()
    bench.transport.files[MANIFEST] = MPD.replace("</MPD>", FALLBACK).encode()
    await bench.play(9.0)
    bench.session._parts.ending.fail(GONE)
    await bench.stop()
    assert OTHER not in bench.asked
    assert bench.state.status is PlaybackStatus.IDLE


# --- close and failure, in each phase


class Service:
    """Gives a play session never, or says no."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    async def play(self, *_what: object, **_how: object) -> object:
        if self.error is not None:
            raise self.error
        return await asyncio.get_running_loop().create_future()


def indexed() -> PlaybackSource:
    """A title whose segments stand in an index."""
    index = IndexRef("http://a.test/r0", ByteRange(0, 100), Container.FMP4)
    return PlaybackSource(kept=presentation(video_track(rendition("r0", segments=index))))


async def reach(make: Make, wanted: type[Requested], act: Act) -> SessionBench:
    """A session that is in a phase; the next thing that it needs of the network is answered with ``act``."""
    if wanted is Requested:
        bench = make(PlaybackSource(title_id="film"), Service(act.error))
    else:
        bench = make(indexed() if wanted is Loaded else None, rung=0)
    urls = {Opening: MANIFEST, Loaded: "http://a.test/r0", Ready: "http://a.test/en-init"}
    if wanted in urls:
        bench.transport.always(urls[wanted], act)
    await bench.open()
    if wanted is Playing:
        await bench.player.begin()
    return bench


PHASES = (Requested, Opening, Loaded, Ready, Playing)


@pytest.mark.parametrize("wanted", PHASES)
async def test_a_stop_closes_everything_in_each_phase(make: Make, wanted: type[Requested]) -> None:
    bench = await reach(make, wanted, NEVER)
    assert phase(bench) is wanted
    await bench.stop()
    assert bench.state.status is PlaybackStatus.IDLE
    assert bench.transport.open_now == 0
    assert bench.waiting.ended
    started = wanted is not Requested
    assert (("stop",) in bench.player.told, ("withdraw", "fake://1") in bench.player.told) == (started, started)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left


@pytest.mark.parametrize("wanted", PHASES)
async def test_a_failure_in_each_phase_ends_the_session_with_its_reason(make: Make, wanted: type[Requested]) -> None:
    error = ServiceError(ErrorCode.SERVICE_SIGN_IN, "Sign in first.") if wanted is Requested else GONE
    bench = await reach(make, wanted, Act(error=error))  # type: ignore[arg-type]
    if wanted is Playing:
        bench.player.event("end-file", reason="error")
    await bench.clock.advance(60.0)
    await bench.finish()
    codes = {Requested: ErrorCode.SERVICE_SIGN_IN, Playing: ErrorCode.MEDIA_DECODER}
    failure = bench.state.failure
    assert (bench.state.status, phase(bench)) == (PlaybackStatus.FAILED, wanted)
    assert failure is not None
    assert failure.code == codes.get(wanted, ErrorCode.HTTP_GONE)
    assert bench.transport.open_now == 0
    assert (("stop",) in bench.player.told) is (wanted is not Requested)


async def test_commands_that_a_phase_does_not_know_change_nothing(make: Make) -> None:
    bench = make()
    bench.transport.plan(MANIFEST, NEVER)
    await bench.open()
    bench.session.select_audio("en")
    bench.session.select_text(None)
    bench.session.set_speed(2.0)
    await settle()
    assert await asyncio.wrap_future(bench.session.thumbnail(3.0)) is None
    assert [name for name, *_ in bench.player.told] == ["set", "load"]
    assert bench.state.failure is None
