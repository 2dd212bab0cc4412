"""What is to be played now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.kiosk.provisioning import PlaylistEntry
from ui.kiosk.schedule import DAYS, Hours, PlayTime, may_play, next_entry, screen_is_on

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def at(day: int, clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return MONDAY + timedelta(days=day, hours=int(hours), minutes=int(minutes))


@pytest.mark.parametrize(
    ("start", "end", "clock", "covered"),
    [
        ("08:00", "10:00", "08:00", True),
        ("08:00", "10:00", "09:59", True),
        ("08:00", "10:00", "10:00", False),
        ("22:00", "06:00", "23:00", True),
        ("22:00", "06:00", "05:59", True),
        ("22:00", "06:00", "06:00", False),
        ("08:00", "24:00", "23:59", True),
        ("00:00", "00:00", "12:00", True),
    ],
)
def test_hours(start: str, end: str, clock: str, *, covered: bool) -> None:
    assert Hours.parse(start, end).covers(at(0, clock)) is covered


def test_the_night_belongs_to_the_day_before() -> None:
    slot = PlayTime(frozenset({"fri"}), Hours.parse("20:00", "02:00"))
    assert slot.covers(at(4, "21:00"))
    assert slot.covers(at(5, "01:00"))
    assert not slot.covers(at(4, "01:00"))
    assert not slot.covers(at(5, "21:00"))


@given(st.integers(0, 1440), st.integers(0, 1440), st.integers(0, 7 * 1440 - 1))
def test_a_day_has_every_minute_in_the_span_or_in_the_rest(start: int, end: int, minute: int) -> None:
    moment = MONDAY + timedelta(minutes=minute)
    inside, outside = Hours(start, end), Hours(end, start)
    if start % 1440 == end % 1440:
        return
    assert inside.covers(moment) is not outside.covers(moment)


def entries(*slots: PlayTime) -> list[PlaylistEntry]:
    return [PlaylistEntry(f"entry {number}", url="https://a.test/", slot=slot) for number, slot in enumerate(slots)]


def test_the_next_entry_is_the_next_one_whose_time_it_is() -> None:
    morning, evening = PlayTime(hours=Hours.parse("06:00", "12:00")), PlayTime(hours=Hours.parse("18:00", "22:00"))
    listed = entries(morning, PlayTime(), evening)
    assert next_entry(listed, -1, at(0, "07:00")) == 0
    assert next_entry(listed, 0, at(0, "07:00")) == 1
    assert next_entry(listed, 1, at(0, "07:00")) == 0
    assert next_entry(listed, 1, at(0, "19:00")) == 2
    assert next_entry(listed, 1, at(0, "14:00")) == 1
    assert next_entry(entries(morning), -1, at(0, "14:00")) is None
    assert next_entry([], -1, None) is None


def test_without_a_clock_what_always_plays_does() -> None:
    timed = PlayTime(frozenset(DAYS), Hours.parse("00:00", "00:00"))
    assert may_play(PlayTime(), None)
    assert not may_play(timed, None)
    assert screen_is_on(Hours.parse("08:00", "09:00"), None)
