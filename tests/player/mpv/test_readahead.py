"""When libmpv may read on."""

from __future__ import annotations

import threading

from player.mpv.readahead import FAR_S, ReadAhead


def waits(ahead: ReadAhead) -> bool:
    """Whether a read has to wait; it does no more afterwards."""
    read = threading.Thread(target=ahead.wait)
    read.start()
    read.join(0.05)
    kept = ahead.hurry()
    read.join()
    return kept


def test_reads_wait_from_when_much_is_held_until_little_is() -> None:
    ahead = ReadAhead()
    assert not waits(ahead), "nothing is known yet"
    ahead.look(FAR_S / 2)
    assert not waits(ahead), "it has not come far yet"
    ahead.look(FAR_S)
    ahead.look(FAR_S / 2)
    assert waits(ahead)
    ahead.look(FAR_S)
    ahead.look(FAR_S / 4)
    assert not waits(ahead)


def test_a_read_waits_no_longer_than_what_is_held_lasts_though_nobody_looks() -> None:
    ahead = ReadAhead()
    ahead.look(FAR_S, speed=100.0)
    ahead.wait()
    assert not waits(ahead), "and the others of the burst do not wait"


def test_what_plays_as_fast_as_it_can_never_waits() -> None:
    ahead = ReadAhead(paced=False)
    ahead.look(FAR_S)
    assert not waits(ahead)


def test_a_held_read_waits_whoever_hurries() -> None:
    ahead = ReadAhead()
    ahead.hold()
    read = threading.Thread(target=ahead.wait)
    read.start()
    ahead.hurry()
    read.join(0.05)
    assert read.is_alive()
    ahead.release()
    read.join()
