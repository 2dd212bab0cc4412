"""Sign-in by code, profiles, search and list, against a scripted service."""

from __future__ import annotations

from typing import Any

import pytest

from player.base.errors import ErrorCode, NetError
from tests.kit.clock import FakeClock
from tests.kit.transport import Act
from tests.player.service.test_service import TITLE, Bench, ok, refused, tokens

CODE = {
    "device_code": "SECRETDEVICE",
    "user_code": "BCDF-GHJK",
    "verification_uri": "https://service.test/activate",
    "verification_uri_complete": "https://service.test/activate?user_code=BCDF-GHJK",
    "expires_in": 600,
    "interval": 5,
}


class HastyClock(FakeClock):
    """Whoever sleeps has slept already."""

    async def sleep(self, seconds: float) -> None:
        await self.advance(seconds)


class CodeBench(Bench):
    def __init__(self) -> None:
        super().__init__()
        self.clock = HastyClock()
        self.client._clock = self.clock


async def asking(bench: CodeBench, *acts: Act) -> Any:
    bench.plan("/auth/device", ok(CODE))
    code = await bench.client.begin_device_sign_in("TV")
    assert bench.sent() == {"device_name": "TV"}
    bench.plan("/auth/device/token", *acts)
    return await bench.client.await_device_sign_in(code)


async def test_a_code_is_asked_for_until_it_is_approved() -> None:
    bench = CodeBench()
    pending, slower = refused(400, "authorization_pending"), refused(400, "slow_down")
    before = bench.clock.monotonic()
    account = await asking(bench, pending, slower, pending, ok(tokens(1)))
    assert account.name == "Viewer"
    assert bench.clock.monotonic() - before == pytest.approx(5 + 5 + 10 + 10)
    assert await bench.client.account() == account


@pytest.mark.parametrize(
    ("problem", "code"),
    [("access_denied", ErrorCode.SERVICE_SIGN_IN), ("expired_token", ErrorCode.SERVICE_EXPIRED)],
)
async def test_a_code_may_be_refused_or_grow_old(problem: str, code: ErrorCode) -> None:
    bench = CodeBench()
    assert (await bench.error(asking(bench, refused(400, problem)))).code is code


async def test_nobody_asks_longer_than_a_code_lasts() -> None:
    bench = CodeBench()
    pending = [refused(400, "authorization_pending")] * 130
    assert (await bench.error(asking(bench, *pending))).code is ErrorCode.SERVICE_EXPIRED
    assert len(bench.bearers("/auth/device/token")) == 120


async def test_a_network_that_is_gone_for_a_moment_does_not_end_the_sign_in() -> None:
    bench = CodeBench()
    gone = NetError(ErrorCode.NET_UNREACHABLE, "service.test cannot be reached.", recoverable=True)
    assert (await asking(bench, Act(error=gone), ok(tokens(1)))).name == "Viewer"


async def test_the_secret_of_a_code_is_not_shown() -> None:
    bench = CodeBench()
    bench.plan("/auth/device", ok(CODE))
    assert "SECRET" not in repr(await bench.client.begin_device_sign_in())


async def test_a_profile_is_selected_with_its_pin_and_kept() -> None:
    bench = Bench()
    await bench.signed_in()
    ben = {"id": "p1", "name": "Ben", "maturity": 6, "has_pin": True}
    bench.plan("/profiles", ok({"items": [ben], "current": None}))
    found, current = await bench.client.profiles()
    assert ([one.name for one in found], current) == (["Ben"], None)
    bench.plan("/profiles/p1/selection", refused(403, "wrong_pin"))
    assert (await bench.error(bench.client.select_profile("p1", "0000"))).sentence == "The PIN is wrong."
    bench.plan(
        "/profiles/p1/selection", ok({"access_token": "SECRET-access-9", "expires_in_s": 900.0, "profile": ben})
    )
    assert bench.client.viewer == ""
    assert (await bench.client.select_profile("p1", "1234")).maturity == 6
    assert bench.client.viewer == "p1"
    assert bench.sent() == {"pin": "1234"}
    again = Bench(bench.store)
    again.plan("/list", ok({"items": []}))
    await again.client.my_list()
    assert again.bearers("/list") == ["Bearer SECRET-access-9"]


async def test_search_and_list() -> None:
    bench = Bench()
    await bench.signed_in()
    rated = {**TITLE, "maturity": 12}
    bench.plan("/search?q=a+film&limit=50&offset=0", ok({"items": [rated], "corrected": "the film", "more": False}))
    found = await bench.client.search("a film")
    assert (found.items[0].maturity, found.corrected, found.more) == (12, "the film", False)
    bench.plan("/list", ok({"items": [{"title": rated, "changed_at": 1.0}]}))
    assert [title.id for title in await bench.client.my_list()] == ["t1"]
    bench.plan("/list/t1", ok({"listed": False, "changed_at": 1.0}))
    assert await bench.client.put_listed("t1", listed=False) is False
    assert bench.transport.requests[-1].method == "PUT"
    assert bench.sent()["listed"] is False
    on_air = {"title": "A film", "starts_at": 1.0, "ends_at": 9.0}
    bench.plan("/channels", ok({"items": [{"title": rated, "programmes": [on_air]}], "now_at": 2.0}))
    (channel,) = await bench.client.channels()
    (programme,) = channel.programmes
    ahead_s = bench.client._clock.wall() - 2.0  # of this machine's clock before the service's
    assert (channel.title.id, programme.starts_at, programme.ends_at) == ("t1", 1.0 + ahead_s, 9.0 + ahead_s)
    because = {"id": "t2", "title": "B"}
    bench.plan("/rows", ok({"items": [{"row": "because", "because": because, "titles": [rated]}], "left_out": []}))
    (row,) = await bench.client.rows()
    assert (row.name, row.because, [title.id for title in row.titles]) == ("because", "B", ["t1"])
