"""What is kept in memory, and at which rung."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from player.base.errors import ErrorCode, NetError
from player.stream.store import SegmentStore
from tests.kit.presentations import entry


def held_bytes(store: SegmentStore) -> int:
    return sum(len(each.buffer) for each in store._entries.values())


def never(_track: str, _position: int) -> bool:
    return False


def test_the_longest_unused_goes_first() -> None:
    store = SegmentStore(250)
    for position in range(3):
        store.put(entry(bytes(100), position=position))
    assert store.get("main", 0) is not None
    store.trim(never)
    assert [position for position in range(3) if store.peek("main", position)] == [0, 2]
    assert held_bytes(store) == 200


def test_a_peek_is_no_use() -> None:
    store = SegmentStore(150)
    store.put(entry(bytes(100), position=0))
    store.put(entry(bytes(100), position=1))
    store.peek("main", 0)
    store.trim(never)
    assert store.peek("main", 0) is None


def test_what_is_wanted_and_what_still_arrives_stays_over_the_bound() -> None:
    store = SegmentStore(10)
    store.put(entry(bytes(100), position=0))
    store.put(entry(bytes(100), position=1, complete=False))
    store.put(entry(bytes(100), position=2))
    store.trim(lambda track, position: (track, position) == ("main", 0))
    assert [position for position in range(3) if store.peek("main", position)] == [0, 1]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 8), st.integers(0, 50)), max_size=40))
def test_a_trimmed_store_holds_its_bound(puts: list[tuple[str, int, int]]) -> None:
    store = SegmentStore(100)
    for track, position, size in puts:
        store.put(entry(bytes(size), track=track, position=position))
        store.trim(never)
        assert held_bytes(store) <= 100
    if puts:
        track, position, _ = puts[-1]
        assert store.peek(track, position) is not None


def test_only_the_stored_copy_is_discarded() -> None:
    store = SegmentStore(1000)
    old, new = entry(b"old"), entry(b"new")
    store.put(old)
    store.put(new)
    store.discard(old)
    assert store.peek("main", 0) is new
    store.discard(new)
    assert store.peek("main", 0) is None


def test_a_shown_rung_is_remembered_until_libmpv_has_dropped_it() -> None:
    store = SegmentStore(1000)
    for position in range(3):
        store.pin(entry(b"x", position=position, rung=position))
    store.pin(entry(b"x", track="audio-0", position=9))
    store.unpin_all_but("main", {1})
    assert [store.pinned_rung("main", position) for position in range(3)] == [None, 1, None]
    assert store.pinned_rung("audio-0", 9) == 0


def test_a_new_rung_replaces_only_what_libmpv_has_not_read() -> None:
    store = SegmentStore(1000)
    for position in range(5):
        store.put(entry(b"x", position=position, complete=position != 4))
    store.put(entry(b"x", track="audio-0", position=3))
    store.pin(entry(b"x", position=2))
    store.discard_unread("main", 1)
    assert [position for position in range(5) if store.peek("main", position)] == [0, 1, 2, 4]
    assert store.peek("audio-0", 3) is not None


def test_a_segment_that_is_read_while_it_is_thrown_away_is_kept() -> None:
    store = SegmentStore(1000)
    read = entry(b"x", position=2)
    store.put(read)
    store.discard_unread("main", 1)
    store.pin(read)
    assert store.peek("main", 2) is read


def test_failures_can_be_forgotten() -> None:
    store = SegmentStore(1000)
    failed = entry(position=1)
    failed.failure = NetError(ErrorCode.NET_CUT, "cut")
    store.put(entry(position=0))
    store.put(failed)
    store.discard_failed()
    assert store.peek("main", 0) is not None
    assert store.peek("main", 1) is None


def test_an_entry_is_ready_when_it_can_be_read_or_never_will_be() -> None:
    waiting = entry()
    waiting.demuxer = None
    assert not waiting.ready
    waiting.gap = True
    assert waiting.ready
    assert entry().ready


def test_the_end_of_a_playback_empties_the_store() -> None:
    store = SegmentStore(1000)
    store.put(entry(b"x"))
    store.pin(entry(b"x"))
    store.clear()
    assert held_bytes(store) == 0
    assert store.pinned_rung("main", 0) is None


def test_a_better_rung_replaces_only_lower_ones() -> None:
    store = SegmentStore(1000)
    for position, rung in enumerate((0, 0, 1, 2, 1)):
        store.put(entry(b"x", position=position, rung=rung))
    store.discard_unread("main", 0, below=2)
    assert [position for position in range(5) if store.peek("main", position)] == [0, 3]
