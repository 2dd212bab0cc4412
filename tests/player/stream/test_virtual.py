"""The virtual file as libmpv reads it: any reads and seeks give the same bytes at the same positions."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import ErrorCode, MatineeError, MediaError, NetError
from player.manifest.model import ListedIndex
from player.media.model import Interrupted
from player.stream.emitter import Piece
from player.stream.layout import CHUNK, CUE_LEAD, VIDEO, cue_position, segment_position
from player.stream.timeline import Slot, build_timeline
from player.stream.virtual import VirtualStream
from player.stream.waiting import Waiting
from tests.kit.presentations import segments

HEADER = b"H" * 100
COUNT = 4
VOID = 9


def piece(offset: int, data: bytes) -> Piece:
    half = len(data) // 2
    return Piece(offset, [data[:half], bytearray(data[half:])], len(data))


def made(slot: Slot) -> list[Piece]:
    """What a slot is made of: two chunks, the picture of the second in three pieces one behind the other."""
    body = bytes((slot.number * 50 + place) % 200 for place in range(120))
    return [
        piece(0, body[:10]),
        piece(VIDEO, body[10:40]),
        piece(CHUNK, body[40:47]),
        piece(CHUNK + VIDEO, body[47:60]),
        piece(CHUNK + VIDEO + 13, body[60:61]),
        piece(CHUNK + VIDEO + 14, body[61:]),
    ]


class FakeEmitter:
    """Gives :func:`made`; ``troubles`` maps (slot, piece) to the errors raised there, one each time."""

    def __init__(self) -> None:
        self.troubles: dict[tuple[int, int], list[Exception]] = {}
        self.begun: list[int] = []

    def pieces(self, slot: Slot) -> Iterator[Piece]:
        self.begun.append(slot.number)
        for number, item in enumerate(made(slot)):
            errors = self.troubles.get((slot.number, number), [])
            if errors:
                raise errors.pop(0)
            yield item


class Bench:
    def __init__(self, first: int = 0, damage: bool = False) -> None:
        self.emitter = FakeEmitter()
        self.waiting = Waiting()
        self.seeks: list[int] = []
        self.failures: list[MatineeError | DrmError] = []
        self.damages: list[tuple[int, MediaError]] = []
        self._repair = damage
        self.stream = VirtualStream(
            HEADER,
            first,
            build_timeline([ListedIndex(segments(COUNT))]),
            self.emitter,  # type: ignore[arg-type]
            self.waiting,
            self,
        )

    def sought(self, stream: VirtualStream, segment: int) -> None:
        self.seeks.append(segment)

    def aimed_at(self) -> int:
        return 0

    def failed(self, error: MatineeError | DrmError) -> None:
        self.failures.append(error)

    def damaged(self, segment: int, error: MediaError) -> bool:
        self.damages.append((segment, error))
        return self._repair

    def changed(self, change: object, jumped: bool) -> None:
        raise AssertionError("the tracks stay the same")

    def closed(self, stream: VirtualStream) -> None:
        self.waiting.end()

    def read(self, length: int = 1 << 16) -> bytes:
        return b"".join(bytes(part) for part in self.stream.read(length))

    def play(self) -> bytes:
        """Read on as libmpv does, jumping over every Void; the media bytes up to the end."""
        media = b""
        while data := self.read():
            while data:
                if data[:1] == b"\xec" and len(data) >= VOID:
                    length = int.from_bytes(data[1:VOID], "big") & ((1 << 56) - 1)
                    position = self.stream._position - len(data) + VOID + length
                    assert self.stream.seek(position) == position
                    data = b""
                else:
                    media, data = media + data[:1], data[1:]
        return media


def media_of(*numbers: int) -> bytes:
    """The media bytes of some slots; the pattern holds no Void's first byte at a piece's begin."""
    timeline = build_timeline([ListedIndex(segments(COUNT))])
    return b"".join(bytes(part) for number in numbers for item in made(timeline[number]) for part in item.data)


def test_read_from_the_begin_to_the_end() -> None:
    bench = Bench()
    assert bench.play() == HEADER + media_of(*range(COUNT))
    assert bench.stream.at_end
    assert bench.emitter.begun == list(range(COUNT))
    assert bench.failures == []


def test_a_start_in_mid_title_touches_nothing_before() -> None:
    bench = Bench(first=2)
    assert bench.play() == HEADER + media_of(2, 3)
    assert bench.emitter.begun == [2, 3]


def test_a_seek_to_a_cue_plays_from_its_segment() -> None:
    bench = Bench()
    bench.read()
    assert bench.stream.seek(cue_position(1)) == cue_position(1)
    assert bench.seeks == [1]
    assert bench.play() == media_of(1, 2, 3)


def test_only_seeks_of_libmpvs_own_begin_a_generation() -> None:
    bench = Bench()
    bench.play()
    assert bench.waiting.generation == 0
    bench.stream.seek(cue_position(0))
    assert bench.waiting.generation == 1
    bench.play()
    assert bench.waiting.generation == 1
    bench.stream.seek(0)
    assert bench.waiting.generation == 2


def test_a_seek_to_where_it_stands_is_no_seek() -> None:
    bench = Bench()
    bench.stream.seek(cue_position(2))
    bench.stream.seek(cue_position(2))
    assert bench.waiting.generation == 1


def test_positions_that_do_not_exist() -> None:
    bench = Bench()
    assert bench.stream.seek(len(HEADER) + 500) == -1
    assert bench.read(10) == HEADER[:10]
    bench.stream.seek(len(HEADER) + VOID)
    assert bench.read() == b""
    bench.stream.seek(cue_position(COUNT + 5))
    assert bench.play() == b""


def test_the_header_can_be_read_again() -> None:
    bench = Bench()
    bench.play()
    bench.stream.seek(10)
    assert bench.read(20) == HEADER[10:30]
    assert not bench.stream.at_end


def test_behind_a_cue_a_reader_is_led_on_without_touching_the_segment_before() -> None:
    bench = Bench()
    bench.stream.seek(cue_position(0) + VOID + 3)
    assert bench.play() == media_of(*range(COUNT))
    bench = Bench()
    bench.stream.seek(segment_position(1) + CUE_LEAD + 77)
    assert bench.play() == media_of(2, 3)
    assert bench.emitter.begun == [2, 3]


def test_an_interrupted_read_is_an_end_and_can_be_taken_up_again() -> None:
    bench = Bench()
    bench.emitter.troubles[1, 2] = [Interrupted()]
    before = bench.play()
    assert not bench.stream.at_end
    assert before + bench.play() == HEADER + media_of(*range(COUNT))
    assert bench.failures == []


@pytest.mark.parametrize(
    "error",
    [NetError(ErrorCode.HTTP_NOT_FOUND, "gone"), DrmError(DrmErrorCode.NO_KEY, "no key")],
)
def test_a_failure_is_told_and_ends_the_read(error: MatineeError | DrmError) -> None:
    bench = Bench()
    bench.emitter.troubles[1, 0] = [error]
    assert bench.play() == HEADER + media_of(0)
    assert bench.failures == [error]
    assert not bench.stream.at_end


@pytest.mark.logs_errors
def test_a_bug_ends_the_playback_and_does_not_hang_it(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.emitter.troubles[0, 1] = [KeyError("bug")]
    bench.play()
    assert [str(failure.code) for failure in bench.failures] == ["internal"]
    assert "making the stream failed" in caplog.text


def test_a_damaged_segment_is_read_on_at_the_same_place() -> None:
    bench = Bench(damage=True)
    error = MediaError(ErrorCode.MEDIA_DAMAGED, "damaged")
    bench.emitter.troubles[1, 3] = [error]
    assert bench.play() == HEADER + media_of(*range(COUNT))
    assert bench.damages == [(1, error)]
    assert bench.failures == []


def test_damage_that_stays_is_a_failure() -> None:
    bench = Bench(damage=False)
    error = MediaError(ErrorCode.MEDIA_DAMAGED, "damaged")
    bench.emitter.troubles[0, 0] = [error]
    bench.play()
    assert bench.failures == [error]


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_after_the_end_nothing_is_read(end: str) -> None:
    bench = Bench()
    getattr(bench.stream, end)()
    assert bench.read() == b""
    assert bench.waiting.ended


class SameBytes(RuleBasedStateMachine):
    """Whatever is read and sought before, a position always holds the same byte."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.seen: dict[int, int] = {}
        self.places: list[int] = []

    @initialize()
    def places_of_elements(self) -> None:
        timeline = self.bench.stream._timeline
        for slot in timeline.slots:
            self.places.append(cue_position(slot.number))
            for item in made(slot):
                self.places.append(segment_position(slot.number) + item.offset)
        self.places += [0, 50, len(HEADER)]

    @rule(length=st.integers(1, 300))
    def read(self, length: int) -> None:
        position = self.bench.stream._position
        data = self.bench.read(length)
        assert len(data) <= length
        for place, value in enumerate(data, position):
            assert self.seen.setdefault(place, value) == value
        assert self.bench.stream._position == position + len(data)
        self.last: tuple[int, Sequence[int]] = (position, data)

    @precondition(
        lambda self: getattr(self, "last", None) and self.last[1][:1] == b"\xec" and len(self.last[1]) >= VOID
    )
    @rule()
    def jump(self) -> None:
        position, data = self.last
        target = position + VOID + (int.from_bytes(bytes(data[1:VOID]), "big") & ((1 << 56) - 1))
        if target in self.places or target >= segment_position(COUNT):
            assert self.bench.stream.seek(target) == target

    @rule(data=st.data())
    def seek(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(self.places))
        assert self.bench.stream.seek(place) == place

    @rule(segment=st.integers(0, COUNT - 1), part=st.integers(0, 5))
    def be_interrupted(self, segment: int, part: int) -> None:
        self.bench.emitter.troubles[segment, part] = [Interrupted()]

    @invariant()
    def nothing_failed(self) -> None:
        assert self.bench.failures == []


SameBytes.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSameBytes = SameBytes.TestCase


def test_to_the_thread_that_opens_it_the_file_ends_with_its_header_once() -> None:
    """libmpv looks for a picture before it has a decoder; it need not wait for one."""
    bench = Bench(first=1)
    bench.stream.opened_on(threading.get_native_id())
    assert bench.read().startswith(HEADER)
    bench.stream.seek(segment_position(1))
    assert bench.read() == b""
    assert bench.emitter.begun == []
    assert not bench.stream.at_end
    assert bench.play() == media_of(1, 2, 3)


def test_another_thread_than_the_one_that_opens_it_gets_the_media_at_once() -> None:
    bench = Bench()
    bench.stream.opened_on(threading.get_native_id() + 1)
    assert bench.play().removeprefix(HEADER) == media_of(*range(COUNT))
