"""The meter of what came over the network, and when it warns."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta

from player.net.model import RequestKind, Transfer
from tests.ui.stage import FakeMeter
from ui.app.profile.data_use import DataMeter, DataUse, Network, NetworkKind
from ui.app.viewmodels.data_use import DataUseViewModel

MARCH = date(2026, 3, 20)


def transfer(received: int, url: str = "https://cdn.test/seg.m4s", *, from_cache: bool = False) -> Transfer:
    return Transfer(1, RequestKind.SEGMENT, url, "", "", 0.0, 0.1, 1.0, 200, received, from_cache=from_cache)


async def test_the_network_is_counted_by_day_and_kind_and_kept(tmp_path):
    today, now_s = [MARCH], [0.0]
    wireless = Network(NetworkKind.WIRELESS, metered=True)
    meter = DataMeter(tmp_path, lambda: wireless, lambda: today[0], lambda: now_s[0])

    async def receive(*transfers: Transfer) -> None:
        for each in transfers:
            meter.transferred(each)
            while meter._working is not None and not meter._working.done():
                await asyncio.sleep(0)

    await receive(transfer(1000))
    assert meter.network == wireless, "it has looked once something came"
    await receive(transfer(500), transfer(9, "file:///film.mp4"), transfer(7, from_cache=True))
    today[0] = MARCH + timedelta(days=1)
    now_s[0] = 40.0
    await receive(transfer(20))
    kept = DataMeter(tmp_path, lambda: wireless, lambda: today[0]).read()
    assert kept.days == {
        MARCH: {NetworkKind.UNKNOWN: 1000, NetworkKind.WIRELESS: 500},
        today[0]: {NetworkKind.WIRELESS: 20},
    }
    await receive(transfer(3))
    meter.close()
    assert json.loads((tmp_path / "data-use.json").read_text())["days"]["2026-03-21"] == {"wireless": 23}


def test_a_damaged_count_begins_anew(tmp_path):
    for text in ('{"format": 1, "days": {"2026-03-20": {"cable": -1}}}', '{"format": 1, "days": {"x": []}}', "{"):
        (tmp_path / "data-use.json").write_text(text)
        meter = DataMeter(tmp_path)
        assert meter.read() == DataUse()
        assert meter.set_aside is not None


def test_days_that_are_long_gone_are_dropped():
    use = DataUse()
    for ago in range(500):
        use.add(MARCH - timedelta(days=ago), NetworkKind.CABLE, 1)
    assert len(use.days) == 400
    assert min(use.days) == MARCH - timedelta(days=399)
    assert use.of_month(MARCH) == {NetworkKind.CABLE: 20}


def test_a_warning_comes_above_the_limit_and_on_a_metered_network_and_goes(qapp):
    meter = FakeMeter()
    view = DataUseViewModel(meter)
    meter.use.add(MARCH, NetworkKind.CABLE, 4_900_000_000)
    view.set_wishes(metered=False, limit_gb=5)
    assert (view.property("warning"), view.property("month")) == ("", "4.9 GB")
    meter.use.add(MARCH, NetworkKind.CABLE, 200_000_000)
    view.look()
    assert view.property("warning") == "5.1 GB used this month; your limit is 5 GB."
    assert view.property("share") == 1.0
    view._warning.stop()  # its time is over
    view.look()
    assert view.property("warning") == ""
    view.remind()
    assert view.property("warning")
    view.set_wishes(metered=False, limit_gb=0)
    assert view.property("warning") == ""
    meter.network = Network(NetworkKind.MOBILE, metered=True)
    view.look()
    assert "is metered" in view.property("warning")
    assert view.property("network") == "Mobile network, metered"


def test_of_a_network_of_which_nothing_is_known_nothing_is_said(qapp):
    meter = FakeMeter()
    meter.network = Network(NetworkKind.UNKNOWN)
    meter.use.add(MARCH, NetworkKind.UNKNOWN, 4_000_000)
    view = DataUseViewModel(meter)
    assert (view.property("month"), view.property("network"), view.kinds.rowCount()) == ("4.0 MB", "", 0)
    meter.use.add(MARCH, NetworkKind.WIRELESS, 1_000_000)
    view.look()
    assert view.kinds.rowCount() == 2, "beside another it has a name"
