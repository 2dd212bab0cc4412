from __future__ import annotations

from backend_stub.config import RateLimit
from backend_stub.services.rate_limit import SlidingWindow


def test_the_window_slides() -> None:
    window = SlidingWindow(RateLimit(attempts=2, window_s=10))
    assert window.attempt("a", 0) is None
    assert window.attempt("a", 4) is None
    assert window.attempt("a", 5) == 5
    assert window.attempt("b", 5) is None
    assert window.attempt("a", 10) is None
    assert window.attempt("a", 11) == 3


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
