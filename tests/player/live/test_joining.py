"""Joining a DASH programme on a machine that stands still meanwhile: the MPD is old when it is read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from player.live.edge import ServerClock
from tests.kit.broadcast import BASE, SEGMENT_S, WINDOW, Broadcast, Viewing, open_demuxer
from tests.kit.clock import FakeClock
from tests.kit.transport import Act
from tests.player.live.test_playback import shown_without_gap

IN_PERIOD = 2  # segments
STILL_S = 4.5


class Loops(Broadcast):
    """A new period starts every eight seconds and the old ones leave; ``source`` is where the date comes from."""

    def __init__(self, more: int, source: str) -> None:
        super().__init__(FakeClock(), "dash")
        self.begun_s -= more * SEGMENT_S
        self.source = source

    def get(self, url: str) -> bytes | None:
        return self._now().encode() if url == f"{BASE}time" else super().get(url)

    def _mpd(self) -> str:
        head, _, rest = super()._mpd().partition("<Period ")
        body = rest.partition(">")[2].partition("</Period>")[0]
        periods = ""
        for number in range(max(0, self.whole - WINDOW) // IN_PERIOD, (self.whole - 1) // IN_PERIOD + 1):
            begin_s = number * IN_PERIOD * SEGMENT_S
            first = f'startNumber="{number * IN_PERIOD}" presentationTimeOffset="{begin_s:.0f}"'
            sets = body.replace('startNumber="0"', first)
            periods += f'<Period id="{number}" start="PT{begin_s:.0f}S">{sets}</Period>'
        value = self._now() if self.source == "direct" else f"{BASE}time"
        scheme = "direct" if self.source == "direct" else "http-iso"
        timing = f'<UTCTiming schemeIdUri="urn:mpeg:dash:utc:{scheme}:2014" value="{value}"/>'
        return f"{head}{periods}{timing}</MPD>"

    def _now(self) -> str:
        return datetime.fromtimestamp(self.clock.wall(), UTC).isoformat()


@pytest.mark.parametrize("more", [2, 3])
@pytest.mark.parametrize(("source", "what"), [("direct", "a.mpd"), ("asked", "a.mpd"), ("asked", "time")])
async def test_a_channel_is_joined_though_the_machine_stands_still(
    source: str, what: str, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A period leaves meanwhile in one of the two cases."""
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    broadcast = Loops(more, source)
    viewing = Viewing(broadcast)
    size = len(broadcast.get(BASE + what) or b"")
    viewing.transport.plan(BASE + what, Act(rate_bps=size * 8 / STILL_S))
    await broadcast.clock.run(viewing.begin())
    await viewing.run(40.0)
    assert not viewing.failures
    assert not viewing.sink.stalls
    shown_without_gap(viewing)
    view = viewing.monitor.state.live_view
    assert view is not None
    assert view.edge_s == pytest.approx(broadcast.clock.monotonic() - broadcast.begun_s, abs=0.6)
    await viewing.close()


def test_a_date_that_came_slowly_is_no_sign_of_a_wrong_clock() -> None:
    clock = ServerClock(wall_s=1000.0, now_s=0.0)
    clock.told_coarsely(1000.0, 0.0, 6.0)
    assert clock.at(0.0) == 1000.0
    clock.told_coarsely(1010.0, 0.0, 6.0)
    assert clock.at(6.0) > 1010.0
