"""What a kiosk plays next."""

from __future__ import annotations

from datetime import UTC, datetime

from ui.kiosk.program import Play, Program, Stop
from ui.kiosk.provisioning import PlaylistEntry
from ui.kiosk.schedule import Hours, PlayTime

NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 16, 23, 0, tzinfo=UTC)


def entry(name: str, **members: object) -> PlaylistEntry:
    return PlaylistEntry(name, url="https://a.test/", **members)


def test_entries_follow_each_other_with_their_loops() -> None:
    program = Program([entry("a", loops=2), entry("b")])
    assert program.tick(0, NOON) == Play(0)
    assert program.ended(10, NOON) == Play(0)
    assert program.ended(20, NOON) == Play(1)
    assert program.ended(30, NOON) == Play(0)
    assert program.ended(40, NOON) == Play(0)


def test_a_time_ends_what_has_no_end() -> None:
    program = Program([entry("live", play_s=60), entry("b")])
    assert program.tick(0, NOON) == Play(0)
    for second in range(1, 60):
        program.moved(second)
        assert program.tick(second, NOON) is None
    assert program.tick(60, NOON) == Play(1)


def test_an_entry_ends_with_its_hours() -> None:
    program = Program([entry("day", slot=PlayTime(hours=Hours.parse("08:00", "20:00"))), entry("always")])
    assert program.tick(0, NOON) == Play(0)
    assert program.tick(1, NIGHT) == Play(1)
    program.moved(2)
    assert program.ended(3, NIGHT) == Play(1)
    assert program.ended(4, NOON) == Play(0)


def test_where_it_is_the_time_of_none_nothing_plays() -> None:
    program = Program([entry("day", slot=PlayTime(hours=Hours.parse("08:00", "20:00")))])
    assert program.tick(0, NIGHT) is None
    assert program.tick(1, NOON) == Play(0)
    assert program.tick(2, NIGHT) == Stop()
    assert program.tick(3, None) is None


def test_the_screen_goes_dark_and_comes_back() -> None:
    program = Program([entry("a"), entry("b")], Hours.parse("08:00", "20:00"))
    assert program.tick(0, NOON) == Play(0)
    assert program.tick(1, NIGHT) == Stop()
    assert not program.is_on
    assert program.tick(2, NIGHT) is None
    assert program.tick(3, NOON) == Play(1)


def test_an_entry_that_fails_is_passed_over_and_a_round_of_failures_pauses() -> None:
    program = Program([entry("a"), entry("b")])
    assert program.tick(0, NOON) == Play(0)
    assert program.failed(1, NOON) == Play(1)
    assert program.failed(2, NOON) == Stop()
    assert program.tick(2.5, NOON) is None
    assert program.tick(3.5, NOON) == Play(0)
    program.moved(4)
    assert program.failed(5, NOON) == Play(1)


def test_the_pauses_grow_to_ten_seconds_and_no_further() -> None:
    program = Program([entry("a")])
    now, pauses = 0.0, []
    assert program.tick(now, NOON) == Play(0)
    for _ in range(12):
        assert program.failed(now, NOON) == Stop()
        before = now
        while program.tick(now, NOON) is None:
            now += 0.5
        pauses.append(now - before)
    assert pauses[0] <= 1.0
    assert pauses[-1] == pauses[-2] == 10.0


def test_an_entry_that_stalls_gives_way() -> None:
    program = Program([entry("a"), entry("b")])
    program.tick(0, NOON)
    program.moved(10)
    assert program.tick(39, NOON) is None
    assert program.tick(41, NOON) == Play(1)


def test_it_begins_where_it_is_told_to() -> None:
    entries = [entry("a"), entry("b"), entry("c")]
    assert Program(entries, begin_with=1).tick(0, NOON) == Play(1)
    assert Program(entries, begin_with=3).tick(0, NOON) == Play(0)
    assert Program(entries, begin_with=0).tick(0, NOON) == Play(0)


def test_what_ends_when_nothing_plays_changes_nothing() -> None:
    program = Program([entry("a")])
    assert program.ended(0, NOON) is None
    assert program.failed(0, NOON) is None
