"""A segment that is still arriving, seen from the reader."""

from __future__ import annotations

import threading

import pytest

from player.base.errors import ErrorCode, NetError
from player.media.model import Interrupted
from player.stream.buffer import SegmentBuffer, Superseded
from player.stream.waiting import Waiting
from tests.kit.waiting import PATIENCE_S


def reading(buffer: SegmentBuffer, length: int) -> tuple[threading.Thread, list[object]]:
    """A thread that waits for ``length`` bytes, and where it puts the answer."""
    answers: list[object] = []

    def read() -> None:
        try:
            answers.append(buffer.wait(length))
        except (Interrupted, Superseded, NetError) as error:
            answers.append(type(error))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread, answers


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_a_complete_segment_can_be_read_in_any_order(waiting: Waiting) -> None:
    buffer = SegmentBuffer(waiting)
    buffer.begin(6)
    buffer.write(b"abc")
    buffer.write(b"def")
    buffer.complete()
    assert buffer.wait(4) == 6
    assert buffer.wait(100) == 6
    assert bytes(buffer.view(2, 5)) == b"cde"
    assert (buffer.total, buffer.received, len(buffer), buffer.is_complete) == (6, 6, 6, True)


def test_a_view_is_a_copy(waiting: Waiting) -> None:
    buffer = SegmentBuffer(waiting)
    buffer.write(b"abc")
    buffer.complete()
    buffer.view(0, 3)[0] = 0
    assert bytes(buffer.view(0, 3)) == b"abc"


def test_nothing_is_seen_before_the_release(waiting: Waiting) -> None:
    buffer = SegmentBuffer(waiting)
    buffer.write(b"abcdef")
    thread, answers = reading(buffer, 3)
    assert answers == []
    buffer.release()
    thread.join(PATIENCE_S)
    assert answers == [6]
    assert buffer.is_released


def test_a_released_segment_is_read_as_it_arrives(waiting: Waiting) -> None:
    buffer = SegmentBuffer(waiting)
    buffer.release()
    buffer.write(b"ab")
    thread, answers = reading(buffer, 3)
    buffer.write(b"c")
    thread.join(PATIENCE_S)
    assert answers == [3]


def test_a_reader_of_a_replaced_segment_gets_none_of_its_bytes(waiting: Waiting) -> None:
    buffer = SegmentBuffer(waiting)
    buffer.write(b"abcdef")
    buffer.fail(Superseded())
    with pytest.raises(Superseded):
        buffer.wait(3)


def test_a_released_segment_that_fails_gives_what_had_come(waiting: Waiting) -> None:
    buffer = SegmentBuffer(waiting)
    buffer.release()
    buffer.write(b"abc")
    buffer.fail(NetError(ErrorCode.NET_CUT, "cut"))
    assert buffer.wait(3) == 3
    with pytest.raises(NetError):
        buffer.wait(4)
    assert isinstance(buffer.failure, NetError)


def test_a_failure_wakes_a_reader(waiting: Waiting) -> None:
    buffer = SegmentBuffer(waiting)
    thread, answers = reading(buffer, 1)
    buffer.fail(NetError(ErrorCode.NET_CUT, "cut"))
    thread.join(PATIENCE_S)
    assert answers == [NetError]


def test_an_interrupt_ends_a_read(waiting: Waiting) -> None:
    buffer = SegmentBuffer(waiting)
    thread, answers = reading(buffer, 1)
    waiting.interrupt(waiting.generation)
    thread.join(PATIENCE_S)
    assert answers == [Interrupted]


def test_a_transform_changes_the_bytes_but_not_what_was_received(waiting: Waiting) -> None:
    buffer = SegmentBuffer(waiting, lambda chunk: b"!" if chunk is None else chunk[1:].upper())
    buffer.write(b"xabc")
    buffer.write(b"xde")
    buffer.complete()
    assert bytes(buffer.view(0, buffer.wait(99))) == b"ABCDE!"
    assert buffer.received == 7
