"""Where the live edge is: by the source's clock, and by what is seen of its playlists."""

from __future__ import annotations

import pytest

from player.live.edge import DatedEdge, Lag, ObservedEdge, ServerClock


def publish(edge: ObservedEdge, from_s: float, to_s: float, *, late_s: float = 0.0, rate: float = 1.0) -> None:
    """A segment of 4 s is seen every 4 s, ``late_s`` after it was whole; the encoder's clock runs at ``rate``."""
    now_s = from_s
    while now_s <= to_s:
        edge.published(now_s * rate - late_s, now_s)
        now_s += 4.0


def test_the_edge_moves_on_from_the_first_playlist() -> None:
    edge = ObservedEdge()
    edge.published(120.0, 1000.0)
    assert edge.at(1000.0) == 120.0
    assert edge.at(1003.5) == 123.5


def test_a_playlist_seen_earlier_or_later_does_not_move_it() -> None:
    edge = ObservedEdge()
    edge.published(120.0, 1000.0)
    edge.published(124.0, 1002.5)
    edge.published(128.0, 1009.0)
    assert edge.at(1010.0) == pytest.approx(130.0)


def test_an_encoder_whose_clock_runs_slower_is_followed_slowly() -> None:
    edge = ObservedEdge()
    publish(edge, 0.0, 1800.0, rate=0.999)
    drifted_s = edge.at(1800.0) - 1800.0
    assert drifted_s == pytest.approx(-1.8, abs=0.2)
    assert edge.at(1801.0) - edge.at(1800.0) == pytest.approx(1.0, abs=0.0021)


def test_how_late_playlists_are_seen_moves_nothing() -> None:
    """After a restart of the origin each one is seen three seconds later than before."""
    edge = ObservedEdge()
    for number in range(200):
        now_s = 4.0 * number
        edge.published(now_s - (3.0 if number > 50 else 0.0), now_s, segment_s=4.0)
    assert edge.at(800.0) == pytest.approx(800.0)


def test_dates_tell_how_the_timeline_moves() -> None:
    """Durations are rounded up, and then nothing is sent for half a minute: the timeline runs beside the clock."""
    edge = ObservedEdge()
    for number in range(100):
        edge.published(4.1 * number, 4.0 * number + 2.0, segment_s=4.1, date_s=4.0 * number)
    assert edge.at(398.0) - 398.0 == pytest.approx(-2.0 + 0.1 * 99)
    edge.published(4.1 * 100, 432.0, segment_s=4.1, date_s=430.0)
    assert edge.at(432.0) == pytest.approx(410.0)


def test_an_encoder_that_stood_still_is_waited_for() -> None:
    """After half a minute without anything new its programme is half a minute later than it was."""
    edge = ObservedEdge()
    publish(edge, 0.0, 300.0)
    for now_s in range(304, 304 + 30 + 90, 4):
        edge.published(now_s - 30.0, float(now_s))
    assert edge.at(430.0) == pytest.approx(400.0, abs=0.1)


def test_a_source_that_began_anew_is_learned_anew() -> None:
    edge = ObservedEdge()
    publish(edge, 0.0, 100.0)
    edge.start_over()
    edge.published(40.0, 104.0)
    assert edge.at(105.0) == 41.0


def test_the_shortest_exchange_tells_the_time_best() -> None:
    clock = ServerClock(wall_s=1_700_000_000.0, now_s=50.0)
    assert clock.at(51.0) == 1_700_000_001.0
    clock.told(1_700_000_010.0, 60.0, 61.0)
    clock.told(1_700_000_012.0, 62.0, 62.2)
    clock.told(1_700_000_099.0, 63.0, 69.0)
    assert clock.at(62.1) == pytest.approx(1_700_000_012.0)


@pytest.mark.parametrize(("off_s", "believed"), [(1.0, False), (-1.5, False), (3600.0, True), (-90.0, True)])
def test_a_date_in_whole_seconds_only_counts_against_a_clock_that_is_plainly_wrong(
    off_s: float, believed: bool
) -> None:
    clock = ServerClock(wall_s=1000.0, now_s=0.0)
    clock.told_coarsely(1000.0 + off_s, 0.0, 0.0)
    assert (abs(clock.at(0.0) - 1000.0 - off_s) < 1.0) is believed or not believed
    assert (clock.at(0.0) != 1000.0) is believed
    clock.told(2000.0, 0.0, 0.1)
    clock.told_coarsely(9000.0, 0.2, 0.2)
    assert clock.at(0.05) == pytest.approx(2000.0)


def test_a_dated_edge_is_the_clock_less_the_availability_start() -> None:
    clock = ServerClock(wall_s=1_700_000_000.0, now_s=50.0)
    assert DatedEdge(clock, 1_699_999_000.0).at(60.0) == 1010.0


def test_the_worst_lag_of_late_counts() -> None:
    lag = Lag()
    assert lag.worst_s == 0.0
    lag.seen(7.0, 0.0)
    lag.seen(4.0, 60.0)
    assert lag.worst_s == 7.0
    lag.seen(5.0, 121.0)
    assert lag.worst_s == 5.0
