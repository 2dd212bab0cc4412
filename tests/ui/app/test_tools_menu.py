"""What the lines of the player's tools offer."""

from __future__ import annotations

from dataclasses import replace

from player.reporting.state import FileFacts, TrackChoice
from tests.kit.fake_client import playing

TEXTS = tuple(TrackChoice(f"t{n}", f"Language {n}", "") for n in (1, 2, 3))
OWN = TrackChoice("own/0", "dropped.srt", "")


def second(stage) -> dict[str, bool]:
    """The lines of the second subtitles, and whether they can be chosen."""
    tools = stage.app.player.property("tools")
    tools.open()
    tools.choose("subtitles")
    tools.choose("second")
    return {line.key: line.available for line in tools.options.records}


def test_subtitles_that_are_shown_cannot_be_the_second_as_well(stage):
    shown = (TEXTS[0], replace(TEXTS[1], selected=True), TEXTS[2])
    stage.play(playing(text_tracks=shown, media=FileFacts("mkv", 1)))
    assert second(stage) == {"off": True, "t1": True, "t2": False, "t3": True}


def test_of_a_stream_only_ones_own_files_can_be_the_second(stage):
    """Its other subtitles are no tracks of libmpv's."""
    session = stage.play(playing(text_tracks=TEXTS))
    tools = stage.app.player.property("tools")
    tools.choose("subtitles")
    assert not next(line.available for line in tools.options.records if line.key == "second")
    session.publish(playing(text_tracks=(*TEXTS, OWN)))
    stage.until(lambda: len(stage.app.player.textTracks.records) == 5)
    assert second(stage) == {"off": True, "own/0": True}


def test_the_sleep_timer_shows_what_was_chosen(stage):
    stage.play(playing())
    tools = stage.app.player.property("tools")
    for minutes in ("30", "0"):
        tools.open()
        tools.choose("playback")
        tools.choose("sleep")
        tools.choose(minutes)
        assert [line.key for line in tools.options.records if line.chosen] == [minutes]
    tools.choose("30")
    tools._sleep.stop()
    tools._sleep_now()
    tools._refresh()
    assert [line.key for line in tools.options.records if line.chosen] == ["0"], "it has run out"
