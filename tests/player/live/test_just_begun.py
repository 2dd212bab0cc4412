"""Joining a programme whose first list has one segment, which may have been played before a second one is there."""

from __future__ import annotations

import pytest

from tests.kit.broadcast import SEGMENT_S, Broadcast, Viewing, watched
from tests.kit.clock import FakeClock
from tests.player.live.test_late_lists import Listed


class JustBegun(Broadcast):
    """A playlist that has had its first segment for ``old_s``; each is listed ``late_s`` after it is whole, and the
    second one ``more_s`` later than that. What is older than ``window`` segments leaves."""

    def __init__(self, old_s: float, late_s: float, more_s: float, window: int = 10) -> None:
        super().__init__(FakeClock(), "hls")
        self.begun_s = self.clock.monotonic() - SEGMENT_S - late_s - old_s
        self.late_s, self.more_s, self.window = late_s, more_s, window

    @property
    def whole(self) -> int:
        since_s = self.clock.monotonic() - self.begun_s - self.late_s
        late_s = self.more_s if 2 * SEGMENT_S <= since_s < 2 * SEGMENT_S + self.more_s else 0.0
        return int((since_s - late_s) // SEGMENT_S)

    def _listed(self) -> range:
        return range(max(0, self.whole - self.window), self.whole)


async def joined(monkeypatch: pytest.MonkeyPatch, made: Broadcast) -> tuple[Viewing, float]:
    """A playback of its first two minutes, and how long it took to begin."""
    asked_s = made.clock.monotonic()
    viewing = await watched(monkeypatch, made, 120.0)
    return viewing, viewing.begun_s - asked_s


@pytest.mark.parametrize("more_s", [0.0, 0.3])
@pytest.mark.parametrize("old_s", [0.01, 0.2, 2.0, 3.9])
async def test_the_first_segment_is_begun_late_enough_for_the_second(
    monkeypatch: pytest.MonkeyPatch, old_s: float, more_s: float
) -> None:
    """A playlist that is loaded a moment before its news is loaded again half a target duration later."""
    viewing, begun_s = await joined(monkeypatch, JustBegun(old_s, 0.1, more_s))
    assert not viewing.sink.stalls
    assert begun_s == pytest.approx(0.5 * SEGMENT_S + 0.5 + 0.1 * SEGMENT_S, abs=0.1)
    view = viewing.monitor.state.live_view
    assert view is not None
    assert view.target_s == 3 * SEGMENT_S, "and what the source asks for is aimed at once so much is listed"


async def test_a_window_of_one_segment_is_not_waited_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the time it would begin, its segment would have left."""
    made = JustBegun(100 * SEGMENT_S + 2.0, 0.1, 0.0, window=1)
    _viewing, begun_s = await joined(monkeypatch, made)
    assert begun_s < 0.1


async def test_an_mpd_that_lists_one_segment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Listed({"video": lambda _number: 0.1, "audio": lambda _number: 0.1})
    made.begun_s = made.clock.monotonic() - SEGMENT_S - 0.2
    viewing, begun_s = await joined(monkeypatch, made)
    assert not viewing.sink.stalls
    assert 3.0 < begun_s < 6.5
