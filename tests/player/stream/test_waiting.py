"""How a blocked reader is let go."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from player.media.model import Interrupted
from player.stream.waiting import Waiting

PATIENCE_S = 5.0


class Reader:
    """A thread in ``Waiting.until``; ``blocked`` is set once it has looked and found nothing."""

    def __init__(self, waiting: Waiting, ready: Callable[[], bool]) -> None:
        self.blocked = threading.Event()
        self.outcome: str | None = None
        self._waiting = waiting
        self._ready = ready
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self.blocked.wait(PATIENCE_S)

    def _look(self) -> bool:
        found = self._ready()
        self.blocked.set()
        return found

    def _run(self) -> None:
        try:
            self._waiting.until(self._look)
            self.outcome = "ready"
        except Interrupted:
            self.outcome = "interrupted"

    def result(self) -> str | None:
        self._thread.join(PATIENCE_S)
        return self.outcome


def test_what_is_there_is_not_waited_for() -> None:
    waiting = Waiting()
    waiting.interrupt(waiting.generation)
    waiting.end()
    waiting.until(lambda: True)


def test_a_wake_lets_a_reader_look_again() -> None:
    waiting, there = Waiting(), threading.Event()
    reader = Reader(waiting, there.is_set)
    there.set()
    waiting.wake()
    assert reader.result() == "ready"


def test_an_interrupt_ends_the_read_of_its_generation() -> None:
    waiting = Waiting()
    waiting.next_generation()
    reader = Reader(waiting, lambda: False)
    waiting.interrupt(1)
    assert reader.result() == "interrupted"


def test_an_interrupt_of_an_earlier_generation_leaves_a_reader_alone() -> None:
    waiting, there = Waiting(), threading.Event()
    before = waiting.generation
    waiting.next_generation()
    reader = Reader(waiting, there.is_set)
    waiting.interrupt(before)
    there.set()
    waiting.wake()
    assert reader.result() == "ready"


def test_reads_to_come_are_interrupted_until_the_seek_comes() -> None:
    waiting = Waiting()
    waiting.interrupt(waiting.generation)
    with pytest.raises(Interrupted):
        waiting.until(lambda: False)
    waiting.next_generation()
    there = threading.Event()
    reader = Reader(waiting, there.is_set)
    there.set()
    waiting.wake()
    assert reader.result() == "ready"


def test_an_older_interrupt_does_not_take_back_a_newer_one() -> None:
    waiting = Waiting()
    waiting.next_generation()
    waiting.interrupt(1)
    waiting.interrupt(0)
    with pytest.raises(Interrupted):
        waiting.until(lambda: False)


def test_the_end_lets_everyone_go_for_good() -> None:
    waiting = Waiting()
    readers = [Reader(waiting, lambda: False) for _ in range(3)]
    waiting.end()
    assert [reader.result() for reader in readers] == ["interrupted"] * 3
    waiting.next_generation()
    with pytest.raises(Interrupted):
        waiting.until(lambda: False)
    assert waiting.ended
