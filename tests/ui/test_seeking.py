"""Steps add up to one seek."""

from __future__ import annotations

from ui.viewmodels.seeking import SeekIntent


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
