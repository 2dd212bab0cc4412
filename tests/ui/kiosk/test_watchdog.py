"""The watchdog as a pure state machine: each kind of death, the back-off, the plain picture."""

from __future__ import annotations

import pytest

from ui.kiosk.watchdog import Beat, Limits, RestartReason, ScreenOrder, ScreenPhase, ScreenWatchdog


class Scene:
    """A watchdog with a screen that does what a test wants, on a clock of its own."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.now = 1000.0
        self.dog = ScreenWatchdog(self.now, limits)
        self.orders: list[tuple[float, ScreenOrder]] = []
        self.frames = 0
        self.begins = 0

    def step(self, seconds: float, **beat: object) -> list[ScreenOrder]:
        """Time goes on, with two beats and four ticks a second while a screen runs and ``beat`` is given."""
        seen = []
        for number in range(round(seconds * 4)):
            self.now += 0.25
            if beat and number % 2 and self.dog.phase in (ScreenPhase.STARTING, ScreenPhase.RUNNING):
                self.frames += int(beat.get("moves", True))
                members = {"due": True, "wanted": True, "entry": 0, **beat}
                memory = int(members.pop("memory", 0))
                members.pop("moves", None)
                seen += self.take(self.dog.beat(self.now, Beat(self.frames, **members), memory))
            seen += self.take(self.dog.tick(self.now))
        return seen

    def take(self, orders: list[ScreenOrder]) -> list[ScreenOrder]:
        self.orders += [(self.now, order) for order in orders]
        if ScreenOrder.START in orders:
            self.frames = 0
            self.begins += 1
        return orders

    def plays(self, seconds: float = 2.0, **beat: object) -> list[ScreenOrder]:
        return self.step(seconds, moves=True, **beat)

    def dies(self) -> None:
        self.dog.exited(self.now)

    def until(self, order: ScreenOrder, within_s: float, **beat: object) -> float:
        """How long it takes until this order."""
        began = self.now
        while order not in self.step(0.5, **beat):
            assert self.now - began <= within_s, f"no {order} within {within_s} s"
        return self.now - began


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    assert ScreenOrder.START in made.step(0.5)
    made.plays()
    assert made.dog.phase is ScreenPhase.RUNNING
    return made


def test_a_screen_that_plays_is_left_alone(scene: Scene) -> None:
    assert scene.plays(7200) == []
    assert scene.dog.restarts.total() == 0


def test_a_dead_one_is_begun_anew_at_once(scene: Scene) -> None:
    scene.plays(120)
    scene.dies()
    assert scene.until(ScreenOrder.START, 2) <= 1.0
    assert scene.dog.restarts == {RestartReason.DIED: 1}


def test_a_silent_one_is_killed(scene: Scene) -> None:
    scene.plays(120)
    assert scene.until(ScreenOrder.KILL, 7) >= 4.0
    scene.dies()
    assert scene.dog.restarts == {RestartReason.SILENT: 1}
    assert scene.until(ScreenOrder.START, 2) <= 1.0


def test_a_frozen_picture_is_killed_although_the_process_talks(scene: Scene) -> None:
    scene.plays(120)
    assert scene.until(ScreenOrder.KILL, 8, moves=False) >= 5.0
    scene.dies()
    assert scene.dog.restarts == {RestartReason.FROZEN: 1}


def test_waiting_for_the_network_is_not_frozen(scene: Scene) -> None:
    assert scene.step(800, moves=False, due=False) == []
    assert scene.dog.without_picture_s(scene.now) > 700
    assert scene.until(ScreenOrder.END, 120, moves=False, due=False)
    scene.dies()
    assert scene.dog.restarts == {RestartReason.NO_PICTURE: 1}


def test_a_dark_screen_is_let_be(scene: Scene) -> None:
    assert scene.step(40_000, moves=False, due=False, wanted=False) == []
    assert scene.dog.without_picture_s(scene.now) < 1


def test_one_that_never_begins_is_killed() -> None:
    scene = Scene()
    scene.step(0.5)
    assert 19 <= scene.until(ScreenOrder.KILL, 25) <= 21
    scene.dies()
    assert scene.dog.restarts == {RestartReason.NO_START: 1}


def test_too_much_memory_is_asked_to_end_and_killed_if_it_does_not(scene: Scene) -> None:
    scene.dog.bound_memory(2_100_000_000)
    assert ScreenOrder.END not in scene.step(5, memory=2_000_000_000)
    scene.dog.bound_memory(1_500_000_000)
    assert scene.until(ScreenOrder.END, 1, memory=2_000_000_000)
    assert 2 <= scene.until(ScreenOrder.KILL, 5) <= 4
    scene.dies()
    assert scene.dog.restarts == {RestartReason.MEMORY: 1}
    assert scene.dog.failures == 0


def test_dead_sound_is_answered_once_an_hour(scene: Scene) -> None:
    assert 14 <= scene.until(ScreenOrder.END, 20, silent=True) <= 17
    scene.dies()
    scene.plays(3000)
    assert scene.step(500, silent=True, moves=True) == []
    assert scene.until(ScreenOrder.END, 200, silent=True)


def test_a_crash_loop_backs_off_and_shows_the_plain_picture(scene: Scene) -> None:
    waits = []
    for _ in range(10):
        scene.dies()
        waits.append(scene.until(ScreenOrder.START, 400))
    assert waits == sorted(waits)
    assert waits[0] <= 1.0
    assert 299 <= waits[-1] <= 301
    assert scene.dog.shows_fallback
    shown = next(at for at, order in scene.orders if order is ScreenOrder.SHOW_FALLBACK)
    third = [at for at, order in scene.orders if order is ScreenOrder.START][3]
    assert shown >= third
    assert [order for _, order in scene.orders].count(ScreenOrder.SHOW_FALLBACK) == 1


def test_a_picture_takes_the_plain_one_away_and_a_minute_makes_all_good(scene: Scene) -> None:
    for _ in range(6):
        scene.dies()
        scene.until(ScreenOrder.START, 100)
    assert scene.dog.shows_fallback
    assert ScreenOrder.HIDE_FALLBACK in scene.plays(3)
    assert scene.dog.failures > 0
    scene.plays(61)
    assert scene.dog.failures == 0
    scene.dies()
    assert scene.until(ScreenOrder.START, 2) <= 1.0


def test_an_entry_that_brings_it_down_twice_is_passed_over(scene: Scene) -> None:
    scene.plays(5, entry=3)
    scene.dies()
    assert scene.dog.begin_with == 3
    scene.until(ScreenOrder.START, 5)
    scene.plays(5, entry=3)
    scene.dies()
    assert scene.dog.begin_with == 4
    scene.until(ScreenOrder.START, 5)
    scene.plays(5, entry=4)
    assert scene.dog.begin_with == 4


def test_a_wish_to_begin_anew_is_no_failure(scene: Scene) -> None:
    assert scene.dog.restart(scene.now) == [ScreenOrder.END]
    assert scene.dog.restart(scene.now) == []
    scene.dies()
    assert scene.until(ScreenOrder.START, 2) <= 1.0
    assert scene.dog.failures == 0
    assert scene.dog.restarts == {RestartReason.ASKED: 1}


def test_a_wish_ends_the_wait_of_a_crash_loop(scene: Scene) -> None:
    for _ in range(9):
        scene.dies()
        scene.until(ScreenOrder.START, 400)
    scene.dies()
    scene.step(5)
    assert scene.dog.restart(scene.now) == []
    assert scene.until(ScreenOrder.START, 1) <= 0.5


def test_who_was_away_himself_blames_nobody(scene: Scene) -> None:
    scene.now += 600
    assert scene.take(scene.dog.tick(scene.now)) == []
    assert scene.plays(20) == []
