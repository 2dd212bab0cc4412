"""Why playback stands still, and a decoder that has stopped: as a rule, on a stand-in, and on the real libmpv."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from player.mpv.player import MpvPlayer
from player.playback.settings import PlaybackSettings
from player.playback.stalls import (
    FROZEN_S,
    GIVE_UP_S,
    RESTART_S,
    StallCause,
    StallDetector,
    StallFinding,
    StallObservation,
)
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.player import SimulatedPlayer
from player.qa.simulation.run import simulate
from player.reporting.events import Note, SegmentDone, StallEnded
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.playback import engine, null_player, opened

LOOK_S = 0.5
STANDS = StallObservation(0.0, 20.0, 1, wanted=True, media_ahead=True)
STARVES = replace(STANDS, media_ahead=False)


def looked(sense: StallDetector, look: StallObservation, seconds: float, from_s: float = 100.0) -> list[StallFinding]:
    """What is found twice a second while nothing changes."""
    steps = range(round(seconds / LOOK_S))
    return [sense.assess(replace(look, now_s=from_s + step * LOOK_S)) for step in steps]


def test_a_picture_that_moves_is_no_stall() -> None:
    sense = StallDetector()
    for step in range(100):
        moving = replace(STANDS, now_s=step * LOOK_S, picture=step)
        assert sense.assess(moving) == StallFinding()


def test_a_picture_that_stands_with_media_before_it_is_the_decoder_s() -> None:
    sense = StallDetector()
    found = looked(sense, STANDS, 60.0)
    assert sense.cause is StallCause.DECODER
    stands = [n * LOOK_S for n, each in enumerate(found) if each.stands]
    restarts = [n * LOOK_S for n, each in enumerate(found) if each.restart]
    hopeless = [n * LOOK_S for n, each in enumerate(found) if each.hopeless]
    begin_s = LOOK_S  # the first look sees that it is at this place at all
    assert stands[0] == begin_s + FROZEN_S
    assert restarts == [begin_s + RESTART_S], "once for a place"
    assert hopeless[0] == begin_s + RESTART_S + GIVE_UP_S


def test_another_place_has_its_own_restart() -> None:
    sense = StallDetector()
    assert [each.restart for each in looked(sense, STANDS, 10.0)].count(True) == 1
    far = replace(STANDS, position_s=200.0, picture=2)
    assert [each.restart for each in looked(sense, far, 10.0, from_s=110.0)].count(True) == 1


@pytest.mark.parametrize(
    "look",
    [
        replace(STANDS, wanted=False),
        replace(STANDS, media_ahead=False),
        replace(STANDS, licence_pending=True),
        replace(STANDS, every_s=40.0),
    ],
    ids=["paused", "a hole, the end, or nothing there", "no key", "slides"],
)
def test_nothing_is_begun_anew_without_reason(look: StallObservation) -> None:
    assert not any(each.restart or each.hopeless for each in looked(StallDetector(), look, 120.0))


def test_a_slow_machine_whose_pictures_come_now_and_then_is_not_given_up() -> None:
    """A picture each nine seconds: it was restarted once, and pictures have come since."""
    sense = StallDetector()
    found = [
        sense.assess(replace(STANDS, now_s=step * LOOK_S, picture=step // 18, position_s=20.0 + step / 100))
        for step in range(400)
    ]
    assert [each.restart for each in found].count(True) == 1
    assert not any(each.hopeless for each in found)
    assert any(each.hopeless for each in looked(sense, replace(STANDS, picture=9), 60.0, from_s=200.0))


def test_a_decoder_that_takes_in_more_is_slow_and_not_dead() -> None:
    """From a keyframe to the picture that is to be shown: a packet each two seconds."""
    sense = StallDetector()
    found = [sense.assess(replace(STANDS, now_s=step * LOOK_S, decoding=step % 4 == 0)) for step in range(240)]
    assert not any(each.restart or each.hopeless for each in found)
    assert found[-1].stands, "the viewer is told that it stands"
    assert sense.cause is StallCause.MACHINE
    dead = looked(sense, STANDS, 60.0, from_s=120.0)
    assert [each.restart for each in dead].count(True) == 1
    assert dead[-1].hopeless


def note(code: str) -> Note:
    return Note(99.0, "retry", "", code=code)


@pytest.mark.parametrize(
    ("look", "events", "cause"),
    [
        (STARVES, [], StallCause.NETWORK),
        (STARVES, [note("net.timeout")], StallCause.NETWORK),
        (STARVES, [note("net.cut"), note("http.not_found")], StallCause.SOURCE),
        (STARVES, [note("media.damaged")], StallCause.SOURCE),
        (STARVES, [note("http.server"), SegmentDone(99.5, "main", 1, 4.0, 4.0, 0, 1, "a")], StallCause.NETWORK),
        (replace(STARVES, beyond=True), [], StallCause.SOURCE),
        (replace(STARVES, licence_pending=True), [note("net.timeout")], StallCause.LICENCE),
        (STANDS, [], StallCause.DECODER),
        (STANDS, [note("media.decoder")], StallCause.DECODER),
        (replace(STANDS, starved=True), [], StallCause.NETWORK),  # and before anything has failed
        (STANDS, [note("net.refused")], StallCause.NETWORK),  # libmpv stops before the end of what it has
    ],
)
def test_the_cause_of_a_stall(look: StallObservation, events: list[Any], cause: StallCause) -> None:
    sense = StallDetector()
    for event in events:
        sense.event(event)
    looked(sense, look, 8.0)
    assert sense.cause is cause


def test_a_machine_that_does_not_let_us_look_is_the_cause_and_gets_time() -> None:
    sense = StallDetector()
    sense.assess(replace(STANDS, now_s=100.0))
    found = looked(sense, STANDS, 3.0, from_s=140.0)  # nobody looked for 40 s
    assert sense.cause is StallCause.MACHINE
    assert not any(each.restart for each in found)


class StuckPlayer(SimulatedPlayer):
    """Decodes no further than ``STUCK_S``, so many times."""

    STUCK_S = 6.0
    times = 1

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._stuck_left = self.times

    def load(self, url: str, start_s: float | None, options: Any = None) -> None:
        if start_s:  # restarted
            self._stuck_left -= 1
            assert self._task is not None
            self._task.cancel()
            self._reader, self._moving, self._read_until_s = None, True, 0.0
            self._event("start-file")
        super().load(url, start_s, options)

    def _go_on(self, seconds: float) -> None:
        if self._stuck_left <= 0 or self._position_s < self.STUCK_S:
            super()._go_on(seconds)


@pytest.mark.parametrize("times", [1, 9])
def test_a_decoder_that_stops_is_begun_anew_once(times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.qa.simulation.run.SimulatedPlayer", StuckPlayer)
    monkeypatch.setattr(StuckPlayer, "times", times)
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server:
        spec = RunSpec(Labels("test"), PlaybackSource(url=server.url("manifest.mpd")), PlaybackSettings())
        report = simulate(spec, Bench(tmp_path))
    restarts = [each for each in report["recoveries"] if each["kind"] == "restart"]
    assert report["stalls"][0]["cause"] == "decoder"
    assert len(restarts) == 1
    if times == 1:
        assert report["result"]["played_to_end"]
        assert report["stalls"][0]["duration_s"] == pytest.approx(RESTART_S - FROZEN_S, abs=1.5)
    else:
        assert report["result"]["error"]["code"] == "media.decoder"


def until_two_seconds(player: MpvPlayer) -> list[float | None]:
    """Let the player's first file give pictures up to there; where each file is begun."""
    begun: list[float | None] = []
    load = player.load

    def loading(url: str, start_s: float | None, options: Mapping[str, str] | None = None) -> None:
        begun.append(start_s)
        player.set("vf", r"lavfi=[select=lt(t\,2)]" if len(begun) == 1 else "")
        load(url, start_s, options)

    player.load = loading  # type: ignore[method-assign]
    return begun


@pytest.mark.realtime
def test_the_real_libmpv_goes_on_after_its_decoder_gave_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filter that swallows every picture from 2 s on stands for the decoder. The sound goes on all the while."""
    monkeypatch.setattr("player.playback.stalls.RESTART_S", 3.0)
    title = media.ffmpeg_dash()
    with engine(tmp_path) as made, null_player() as player:
        begun = until_two_seconds(player)
        with opened(made, title.folder, "manifest.mpd", player) as (session, recorder):
            while not recorder.of(StallEnded):
                assert not made.wait(session, 0.1), "it ended without having moved again"
    assert [each.kind for each in recorder.of(Note)].count("restart") == 1
    assert len(begun) == 2
    assert begun[1] is not None
    assert begun[1] > 1.8, "in its place: that of the last picture, or of the sound"
    (stall,) = recorder.of(StallEnded)
    assert stall.cause == StallCause.DECODER
