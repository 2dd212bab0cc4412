"""Streams of ours in the real libmpv, without any picture."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from player.media.model import Interrupted
from player.mpv.calls import Calls
from player.mpv.model import PlayerSample
from player.mpv.player import MpvPlayer, OutputOptions
from tests.kit.waiting import PATIENCE_S, until

RATE = 8000


def wav(seconds: float = 1.0) -> bytes:
    """Silence that libmpv can open."""
    body = bytes(int(RATE * seconds) * 2)
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(body),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        RATE,
        RATE * 2,
        2,
        16,
        b"data",
        len(body),
    )
    return head + body


class Bytes:
    """A file in memory, handed out in two memory blocks; ``broken`` makes reads fail."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._place = 0
        self.broken = False
        self.closed = threading.Event()
        self.opened_by = 0

    total = None

    def opened_on(self, thread: int) -> None:
        self.opened_by = thread

    def read(self, length: int) -> Sequence[memoryview]:
        if self.broken:
            raise RuntimeError("a bug")
        part = self._data[self._place : self._place + length]
        self._place += len(part)
        return (part[: len(part) // 2], part[len(part) // 2 :])

    def seek(self, position: int) -> int:
        if position > len(self._data):
            return -1
        self._place = position
        return position

    def cancel(self) -> None: ...

    def close(self) -> None:
        self.closed.set()


class Watched:
    """A player, and what it says."""

    def __init__(self) -> None:
        self.player = MpvPlayer(OutputOptions(video="null", audio="null", untimed=True))
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        self.ended = threading.Event()
        self.at_end = threading.Event()
        self.player.listen(self._property, self._event)

    def _property(self, name: str, value: Any) -> None:
        if name == "eof-reached" and value:
            self.at_end.set()

    def _event(self, name: str, data: Mapping[str, Any]) -> None:
        self.events.append((name, data))
        if name == "end-file":
            self.ended.set()

    def reason(self) -> str:
        data = next(data for name, data in self.events if name == "end-file")
        return data["reason"].decode() if isinstance(data["reason"], bytes) else str(data["reason"])


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    yield made
    made.player.terminate()


def test_a_stream_is_played_to_its_end_and_closed(watched: Watched) -> None:
    stream = Bytes(wav())
    url = watched.player.offer(lambda: stream)
    watched.player.load(url, None)
    assert watched.at_end.wait(PATIENCE_S)
    assert stream.read(1) == (b"", b""), "all of it has been taken"
    watched.player.command("stop")
    assert watched.ended.wait(PATIENCE_S)
    assert stream.closed.wait(PATIENCE_S)
    assert watched.reason() == "stop"


def test_every_stream_has_an_address_of_its_own_until_it_is_withdrawn(watched: Watched) -> None:
    first, second = watched.player.offer(lambda: Bytes(wav())), watched.player.offer(lambda: Bytes(wav()))
    assert first != second
    watched.player.withdraw(first)
    watched.player.load(first, None)
    assert watched.ended.wait(PATIENCE_S)
    assert watched.reason() == "error"


@pytest.mark.logs_errors
def test_a_stream_that_cannot_be_opened_is_an_error(watched: Watched) -> None:
    def refuse() -> Bytes:
        raise RuntimeError("a bug")

    watched.player.load(watched.player.offer(refuse), None)
    assert watched.ended.wait(PATIENCE_S)
    assert watched.reason() == "error"


def test_a_stream_that_is_given_up_before_it_begins_is_no_fault(watched: Watched) -> None:
    def give_up() -> Bytes:
        raise Interrupted

    watched.player.load(watched.player.offer(give_up), None)
    assert watched.ended.wait(PATIENCE_S)


def test_the_late_end_of_a_file_is_not_told_to_who_comes_after_it(watched: Watched) -> None:
    """The thread that tells events may be behind by a whole playback."""
    caught_up = threading.Event()
    watched.player.listen(None, lambda _name, _data: caught_up.wait(30) and None)
    watched.player.load("nowhere://", None)
    until(lambda: watched.player.read("idle-active"))  # it has ended, and nobody has heard
    watched.player.listen(watched._property, watched._event)
    caught_up.set()
    watched.player.load(watched.player.offer(lambda: Bytes(wav())), None)
    assert watched.at_end.wait(PATIENCE_S)
    watched.player.command("stop")
    assert watched.ended.wait(PATIENCE_S)
    assert [data["reason"] for name, data in watched.events if name == "end-file"] in (["stop"], [b"stop"])


@pytest.mark.logs_errors
def test_a_stream_that_breaks_is_an_error(watched: Watched) -> None:
    stream = Bytes(wav())
    stream.broken = True
    watched.player.load(watched.player.offer(lambda: stream), None)
    assert watched.ended.wait(PATIENCE_S)
    assert watched.reason() == "error"
    assert stream.closed.wait(PATIENCE_S)


def test_how_things_stand_is_told_at_once(watched: Watched) -> None:
    watched.player.load(watched.player.offer(lambda: Bytes(wav())), None)
    assert watched.at_end.wait(PATIENCE_S)
    found = watched.player.measure()
    assert found.position_s == pytest.approx(watched.player.read("time-pos"), abs=1e-5)
    assert found.cached == pytest.approx(watched.player.cached_ranges())
    assert (found.dropped, found.every_s) == (0, 0.0), "there are no pictures"
    watched.player.command("stop")
    assert watched.ended.wait(PATIENCE_S)
    assert watched.player.measure() == PlayerSample(None, (), 0, None, 0.0)


def test_after_the_end_of_the_player_nothing_is_asked_of_it(watched: Watched) -> None:
    watched.player.terminate()
    watched.player.terminate()
    assert not watched.player.command("stop")
    assert not watched.player.seek(1.0)
    watched.player.set("pause", True)
    assert watched.player.read("volume", 7) == 7
    assert watched.player.cached_ranges() == ()
    assert watched.player.measure() == PlayerSample(None, (), 0, None, 0.0)


def test_the_player_is_freed_when_the_last_call_has_ended(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, freed = threading.Event(), threading.Event(), threading.Event()
    seen: list[bool] = []
    terminate = watched.player.handle.terminate

    def slow(*_words: object) -> None:
        if begun.is_set():
            return  # asked again before the end of the player had begun
        begun.set()
        assert go_on.wait(PATIENCE_S)
        seen.append(freed.is_set())

    def free() -> None:
        freed.set()
        terminate()

    monkeypatch.setattr(watched.player.handle, "command", slow)
    monkeypatch.setattr(watched.player.handle, "terminate", free)
    caller = threading.Thread(target=watched.player.command, args=("stop",))
    caller.start()
    assert begun.wait(PATIENCE_S)
    ender = threading.Thread(target=watched.player.terminate)
    ender.start()
    assert until(lambda: not watched.player.command("stop")), "nothing begins any more"
    assert not freed.wait(0.05)
    go_on.set()
    caller.join(PATIENCE_S)
    ender.join(PATIENCE_S)
    assert seen == [False]
    assert freed.is_set()


def test_a_call_that_does_not_end_keeps_libmpv() -> None:
    calls = Calls()
    with calls.call() as allowed:
        assert allowed
        assert not calls.close(0.01)
        with calls.call() as late:
            assert not late
    assert calls.close(0.01)


def test_what_libmpv_does_not_know_has_a_default(watched: Watched) -> None:
    assert watched.player.read("time-pos", -1.0) == -1.0
    assert watched.player.read("no-such-property", "x") == "x"
    assert watched.player.latest("eof-reached", False) is False
    assert not watched.player.command("no-such-command")
    watched.player.set("volume", 40)
    assert watched.player.read("volume") == 40.0
