from __future__ import annotations

from backend_stub.config import RateLimit
from backend_stub.services.rate_limit import SlidingWindow, subscriber_of


def test_the_window_slides() -> None:
    window = SlidingWindow(RateLimit(attempts=2, window_s=10))
    assert window.attempt("a", 0) is None
    assert window.attempt("a", 4) is None
    assert window.attempt("a", 5) == 5
    assert window.attempt("b", 5) is None
    assert window.attempt("a", 10) is None
    assert window.attempt("a", 11) == 3


def test_many_at_once_count_as_many() -> None:
    window = SlidingWindow(RateLimit(attempts=3, window_s=10))
    assert [window.attempt("a", 0, 2), window.attempt("a", 4, 3)] == [None, None]
    assert [window.wait("a", 5), window.wait("a", 14)] == [9, None]


def test_looking_counts_nothing() -> None:
    window = SlidingWindow(RateLimit(attempts=1, window_s=10))
    assert window.wait("a", 0) is None
    assert window.attempt("a", 0) is None
    assert [window.wait("a", 4), window.attempt("a", 4), window.wait("a", 10)] == [6, 6, None]


def test_success_forgives() -> None:
    window = SlidingWindow(RateLimit(attempts=1, window_s=10))
    assert window.attempt("a", 0) is None
    window.forgive("a")
    assert window.attempt("a", 1) is None


def test_the_newest_attempt_is_given_back() -> None:
    window = SlidingWindow(RateLimit(attempts=2, window_s=10))
    assert [window.attempt("a", 0), window.attempt("a", 4)] == [None, None]
    window.give_back("a")
    window.give_back("unknown")
    assert [window.attempt("a", 5), window.attempt("a", 6)] == [None, 4]


def test_the_addresses_of_one_line_count_together() -> None:
    """A line has 2**64 of IPv6."""
    line = {subscriber_of(host) for host in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1")}
    assert len(line) == 1
    assert subscriber_of("2001:db8:1:3::1") not in line
    assert subscriber_of("192.0.2.1") == subscriber_of("::ffff:192.0.2.1") != subscriber_of("192.0.2.2")
    assert subscriber_of("testclient") == "testclient"


def test_many_keys_do_not_push_out_one_that_is_near_its_limit() -> None:
    """An IPv6 /48 has 65,536 lines. What is over goes first, then what has the fewest attempts."""
    window = SlidingWindow(RateLimit(attempts=3, window_s=10))
    assert [window.attempt("victim", now) for now in (0, 1, 2)] == [None] * 3
    for number in range(25_000):
        assert window.attempt(f"line {number}", 3) is None
    assert window.wait("victim", 4) == 6
    assert len(window._attempts) <= 10_000
    assert [window.attempt("anna", now) for now in (100, 101)] == [None, None]
    for number in range(10_000):
        window.attempt(f"later {number}", 101)
    assert "victim" not in window._attempts
    assert "anna" in window._attempts
