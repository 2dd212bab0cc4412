"""Rungs that this machine does not show in time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from abr.dropping import PATIENCE_S, WINDOW_S, WINDOWS, DropWatch, Look, is_steady

TOP = 3
ENOUGH_S = WINDOWS * WINDOW_S + 1.0


@dataclass
class Screen:
    """Looks twice a second; 50 pictures a second are due."""

    watch: DropWatch = field(default_factory=DropWatch)
    now_s: float = 100.0
    dropped: float = 0.0
    told: list[str] = field(default_factory=list)

    def show(self, rung: int | None, seconds: float, *, share: float = 0.0, steady: bool = True) -> int | None:
        for _ in range(round(seconds * 2)):
            self.now_s += 0.5
            self.dropped += 25 * share
            sentence = self.watch.look(Look(self.now_s, rung, int(self.dropped), steady, 50.0), TOP)
            self.told += [sentence] if sentence else []
        return self.watch.limit


def test_a_rung_that_drops_persistently_is_ruled_out() -> None:
    screen = Screen()
    assert screen.show(2, ENOUGH_S - 3.0, share=0.3) is None, "not yet"
    assert screen.show(2, 3.0, share=0.3) == 1
    (sentence,) = screen.told
    assert "30%" in sentence
    assert "rung 2" in sentence


@pytest.mark.parametrize("share", [0.0, 0.1, 0.97], ids=["none", "few", "hidden window"])
def test_other_shares_rule_nothing_out(share: float) -> None:
    assert Screen().show(3, 120.0, share=share) is None


def test_a_burst_rules_nothing_out() -> None:
    screen = Screen()
    for _ in range(6):
        screen.show(3, 8.0, share=0.5)
        screen.show(3, 8.0)
    assert screen.told == []


def test_the_lowest_rung_stays() -> None:
    assert Screen().show(0, 120.0, share=0.5) is None


def test_drops_that_say_nothing_of_the_machine() -> None:
    assert Screen().show(3, 120.0, share=0.5, steady=False) is None
    assert Screen().show(None, 120.0, share=0.5) is None
    assert is_steady(playing=True, speed=1.03)
    assert not is_steady(playing=True, speed=2.0)
    assert not is_steady(playing=False, speed=1.0)


def test_time_asleep_and_changes_of_rung_begin_anew() -> None:
    screen = Screen()
    for _ in range(4):
        screen.show(3, ENOUGH_S - 3.0, share=0.5)
        screen.now_s += 60.0
        screen.show(3, ENOUGH_S - 3.0, share=0.5)
        screen.show(2, 1.0, share=0.5)
    assert screen.told == []


def test_what_was_fetched_before_is_not_counted_again() -> None:
    screen = Screen()
    screen.show(3, 2 * ENOUGH_S, share=0.5)
    screen.show(2, ENOUGH_S, share=0.5)
    assert screen.watch.limit == 1
    assert screen.show(3, 2 * ENOUGH_S, share=0.5) == 1
    assert len(screen.told) == 2


def test_the_rung_is_tried_again_and_waits_twice_as_long_after_that() -> None:
    screen = Screen()
    screen.show(3, ENOUGH_S, share=0.4)
    assert screen.show(2, PATIENCE_S - WINDOW_S) == 2
    assert screen.show(2, 2 * WINDOW_S) is None
    assert screen.show(3, ENOUGH_S, share=0.4) == 2
    assert screen.show(2, PATIENCE_S + 2 * WINDOW_S) == 2, "once bitten"
    assert screen.show(2, PATIENCE_S) is None
    assert len(screen.told) == 4


def test_only_a_rung_at_the_limit_without_drops_leads_up() -> None:
    screen = Screen()
    screen.show(3, ENOUGH_S, share=0.4)
    assert screen.show(1, 4 * PATIENCE_S) == 2, "a lower rung proves nothing"
    assert screen.show(2, 4 * PATIENCE_S, share=0.08) == 2
    assert screen.show(2, PATIENCE_S + WINDOW_S + 1.0) is None


def test_of_several_rungs_one_after_the_other_is_allowed_again() -> None:
    screen = Screen()
    screen.show(3, ENOUGH_S, share=0.4)
    screen.show(2, ENOUGH_S, share=0.4)
    assert screen.watch.limit == 1
    assert screen.show(1, PATIENCE_S + WINDOW_S) == 2
    assert screen.show(2, PATIENCE_S + WINDOW_S) is None
