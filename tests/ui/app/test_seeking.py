"""Steps add up to one seek."""

from __future__ import annotations

from player.reporting.state import LiveView, PlaybackState
from ui.app.viewmodels.seeking import SeekIntent, stretch_of


def test_steps_count_from_the_target_not_from_the_position():
    intent = SeekIntent()
    for _ in range(3):
        intent.step(1, 100.0, 600.0)
    assert intent.commit() == 130.0
    assert intent.commit() is None, "sent once"


def test_many_steps_grow_longer():
    intent = SeekIntent()
    for _ in range(8):
        intent.step(1, 0.0, 6000.0)
    assert intent.commit() == 6 * 10 + 2 * 30


def test_steps_stay_inside():
    intent = SeekIntent()
    intent.step(-1, 4.0, 600.0)
    assert intent.commit() == 0.0
    intent = SeekIntent()
    intent.step(1, 595.0, 600.0)
    assert intent.commit() == 598.0
    intent = SeekIntent()
    intent.step(1, 599.5, 600.0)
    assert intent.commit() == 599.5, "a step forward never goes back"


def test_the_target_is_shown_until_playback_is_there():
    intent = SeekIntent()
    intent.step(1, 100.0, 600.0)
    intent.settle(110.0, seeking=False)
    assert intent.target_s == 110.0, "not sent yet"
    intent.commit()
    intent.settle(100.2, seeking=False)
    intent.settle(110.0, seeking=True)
    assert intent.target_s == 110.0
    intent.settle(110.1, seeking=False)
    assert intent.target_s is None


def test_a_seek_that_never_arrives_is_given_up():
    intent = SeekIntent()
    intent.aim(300.0)
    intent.commit()
    for _ in range(30):
        intent.settle(10.0, seeking=False)
    assert intent.target_s is None


LIVE = LiveView(start_s=1000.0, end_s=1100.0, edge_s=1112.0, latency_s=42.0, target_s=12.0, following=False)


def test_the_bar_of_a_live_programme_is_its_window() -> None:
    bar = stretch_of(PlaybackState(live=True, live_view=LIVE, position_s=1070.0))
    assert (bar.fraction(1000.0), bar.fraction(1070.0), bar.fraction(9999.0)) == (0.0, 0.7, 1.0)
    assert bar.at(0.25) == 1025.0
    assert (bar.words(1070.0), bar.words(1099.8)) == ("-0:30", "0:00")


def test_the_bar_of_a_title_is_all_of_it() -> None:
    bar = stretch_of(PlaybackState(duration_s=200.0))
    assert (bar.fraction(50.0), bar.at(0.5), bar.words(65.0)) == (0.25, 100.0, "1:05")
    over = stretch_of(PlaybackState(start_s=1.8e9, duration_s=1.8e9 + 3600.0))
    assert (over.words(1.8e9 + 90), over.words(1.8e9 + 3600), over.at(0.5)) == ("1:30", "1:00:00", 1.8e9 + 1800)
    assert not stretch_of(PlaybackState())
    assert stretch_of(PlaybackState()).fraction(5.0) == 0.0
