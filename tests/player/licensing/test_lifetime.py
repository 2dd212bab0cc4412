"""A licence in use: renewed in time, tried again when that fails, and the playback ended when its time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.keysystem import LicenceCall, StreamingTerms
from drm_client.licence import Licence
from drm_client.refusals import LicenceReply
from player.base.errors import ErrorCode, NetError
from player.licensing.licences import LicenceOffer, PlaybackLicences
from player.licensing.lifetime import CHECK_S, RETRY_S, LicenceStanding, StreamingLicenceInUse, watch
from player.reporting.events import Event, Note, RightsTold
from tests.drm_client.offline_kit import ORDER, Desk
from tests.kit.clock import FakeClock
from tests.kit.licence_server import AUDIO, DAY, HD, HOUR, KEYS, SD, Terms
from tests.player.licensing.test_licences import Server

OUT = DrmError(DrmErrorCode.LICENCE_EXPIRED, "Over.")
LATE = NetError(ErrorCode.NET_TIMEOUT, "No answer.", recoverable=True)


class Scripted:
    """A licence for ``life_s`` that asks to be renewed in its last ``early_s``."""

    def __init__(self, clock: FakeClock, life_s: float, early_s: float, *failures: Exception) -> None:
        self.clock = clock
        self.life_s = life_s
        self.early_s = early_s
        self.failures = list(failures)
        self.ends_at = clock.monotonic() + life_s
        self.tried: list[float] = []

    async def standing(self) -> LicenceStanding:
        left_s = self.ends_at - self.clock.monotonic()
        return LicenceStanding(left_s, left_s <= self.early_s, ended=OUT if left_s <= 0 else None)

    async def renew(self) -> None:
        self.tried.append(self.clock.monotonic())
        if self.failures:
            raise self.failures.pop(0)
        self.ends_at = self.clock.monotonic() + self.life_s


async def passes(clock: FakeClock, seconds: float) -> None:
    """Time goes by in small steps."""
    for _ in range(int(seconds / 5)):
        await clock.advance(5)


async def test_a_licence_is_renewed_before_it_ends() -> None:
    clock, told = FakeClock(waits_for_threads=True), list[Event]()
    holding = Scripted(clock, 300.0, 60.0)
    watching = asyncio.ensure_future(watch(holding, clock, told.append))
    await passes(clock, 900)
    assert not watching.done()
    assert len(holding.tried) == 3
    assert all(isinstance(event, Note) and event.kind == "licence" for event in told)
    watching.cancel()


async def test_a_renewal_that_fails_is_tried_again_until_the_licence_ends() -> None:
    clock, told = FakeClock(waits_for_threads=True), list[Event]()
    holding = Scripted(clock, 300.0, 150.0, *[LATE] * 99)
    watching = asyncio.ensure_future(watch(holding, clock, told.append))
    await passes(clock, 400)
    assert watching.result() is OUT
    gaps = [later - earlier for earlier, later in zip(holding.tried, holding.tried[1:], strict=False)]
    assert len(holding.tried) == 3
    assert all(RETRY_S <= gap <= RETRY_S + CHECK_S + 10 for gap in gaps)


async def test_a_streaming_licence_without_a_renewal_time_is_renewed_in_its_last_tenth() -> None:
    now = [1000.0]
    holding = StreamingLicenceInUse(_licence(StreamingTerms("streaming", 2000.0)), lambda: now[0], _never)
    due = {}
    for seconds in (1000, 1890, 1901, 1999):
        now[0] = float(seconds)
        due[seconds] = (await holding.standing()).renewal_due
    assert due == {1000: False, 1890: False, 1901: True, 1999: True}
    now[0] = 2000.0
    assert (await holding.standing()).ended is not None


async def test_a_playback_may_outlive_a_streaming_licence_by_its_grace_time() -> None:
    policy = StreamingTerms("streaming", 2000.0, renew_from_at=1500.0, grace_s=300.0)
    holding = StreamingLicenceInUse(_licence(policy), lambda: 2100.0, _never)
    held = await holding.standing()
    assert (held.remaining_s, held.renewal_due, held.ended) == (200.0, True, None)


async def test_a_licence_without_an_end_is_left_alone() -> None:
    held = await StreamingLicenceInUse(_licence(StreamingTerms()), lambda: 9e9, _never).standing()
    assert (held.remaining_s, held.renewal_due, held.ended) == (None, False, None)


async def test_a_kept_licence_opens_a_playback_and_ends_it(tmp_path: Path) -> None:
    device = Desk(tmp_path, Terms(renew_after_s=None, grace_s=HOUR))
    licence_id = await device.kept()
    clock, told, ends, ring = FakeClock(waits_for_threads=True), list[Event](), list[DrmError](), KeyRing()

    async def kept() -> object:
        return device.licences

    licences = PlaybackLicences(
        Server(clock),  # type: ignore[arg-type]
        ring,
        LicenceOffer(kept_id=licence_id),
        clock,
        told.append,
        kept=kept,  # type: ignore[arg-type]
        on_end=ends.append,
    )
    licences.prefetch()
    await licences.ensure([AUDIO, SD], [])
    assert ring.get(SD).value == KEYS[SD]
    await _until(clock, lambda: any(isinstance(event, RightsTold) for event in told))
    (first,) = (event for event in told if isinstance(event, RightsTold))
    assert "left to watch" in first.sentence
    assert first.remaining_s == pytest.approx(49 * HOUR, abs=60.0)
    device.machine.run(48 * HOUR + 60)
    await passes(clock, 60)
    assert ends == []  # it may be finished
    device.machine.run(HOUR)
    await _until(clock, lambda: bool(ends))
    assert ends[0].code is DrmErrorCode.LICENCE_EXPIRED
    assert ring.kids() == ()
    await licences.close()


async def test_a_kept_licence_that_has_run_out_begins_nothing_also_for_a_clear_title(tmp_path: Path) -> None:
    device = Desk(tmp_path, Terms(renew_after_s=None))
    licence_id = await device.kept()
    device.machine.run(49 * HOUR)
    ends, clock = list[DrmError](), FakeClock(waits_for_threads=True)

    async def kept() -> object:
        return device.licences

    licences = PlaybackLicences(
        Server(clock),  # type: ignore[arg-type]
        KeyRing(),
        LicenceOffer(kept_id=licence_id),
        clock,
        lambda _event: None,
        kept=kept,  # type: ignore[arg-type]
        on_end=ends.append,
    )
    licences.prefetch()  # nobody needs a key, and the rights hold all the same
    await _until(clock, lambda: bool(ends))
    assert ends[0].code is DrmErrorCode.LICENCE_EXPIRED
    with pytest.raises(DrmError):
        await licences.ensure([SD], [])
    await licences.close()


def _restored(device: Desk) -> None:
    device.vault.begin_epoch()


def _clock_ahead(device: Desk) -> None:
    device.machine.wall_error_s = 900 * DAY
    device.machine.restart()


def _over(device: Desk) -> None:
    device.machine.run(49 * HOUR)


@pytest.mark.parametrize("reachable", [True, False], ids=["online", "offline"])
@pytest.mark.parametrize(
    ("waits", "terms"),
    [
        (_restored, Terms()),
        (_restored, Terms(renew_after_s=None)),
        (_clock_ahead, Terms(renew_after_s=None)),
        (_over, Terms()),
    ],
    ids=["an older copy", "an older copy that cannot be renewed", "a clock that ran ahead", "over, renewable"],
)
async def test_where_only_the_service_can_permit_playing_it_is_asked(
    tmp_path: Path, waits: Callable[[Desk], None], terms: Terms, *, reachable: bool
) -> None:
    """“Connect once” is no answer to somebody who is connected."""
    device = Desk(tmp_path, terms)
    licence_id = await device.kept()
    waits(device)
    ends, clock, ring, ask = list[DrmError](), FakeClock(waits_for_threads=True), KeyRing(), device.service._exchange

    async def exchange(call: LicenceCall) -> LicenceReply:
        if not reachable:
            raise LATE
        return await ask(call)

    device.service._exchange = exchange

    async def kept() -> object:
        return device.licences

    licences = PlaybackLicences(
        Server(clock),  # type: ignore[arg-type]
        ring,
        LicenceOffer(kept_id=licence_id),
        clock,
        lambda _event: None,
        kept=kept,  # type: ignore[arg-type]
        on_end=ends.append,
    )
    licences.prefetch()
    if reachable:
        await licences.ensure([AUDIO, SD], [])
        assert (ring.get(SD).value, ends) == (KEYS[SD], [])
    else:
        with pytest.raises(DrmError) as caught:
            await licences.ensure([AUDIO, SD], [])
        assert (ends, ring.kids()) == ([caught.value], ())
    await licences.close()


async def test_when_a_session_is_over_another_one_gives_the_licence() -> None:
    clock, ring = FakeClock(waits_for_threads=True), KeyRing()
    refused = DrmError(DrmErrorCode.LICENCE_REFUSED, "The session has expired.")
    server = Server(clock, grants=(SD,))
    server.policy = StreamingTerms("streaming", clock.wall() + 100.0)
    second = LicenceOffer("http://licences.test/2", "matinee.clearkey", "session-2", (SD,))

    async def reoffer() -> LicenceOffer:
        server.policy = StreamingTerms("streaming", clock.wall() + 9000.0)
        return second

    licences = PlaybackLicences(
        server,  # type: ignore[arg-type]
        ring,
        LicenceOffer("http://licences.test/1", "matinee.clearkey", "session-1", (SD,)),
        clock,
        lambda _event: None,
        reoffer=reoffer,
    )
    await clock.run(licences.ensure([SD], []))
    server._errors = [refused]
    await _until(clock, lambda: server.requests[-1].session_id == "session-2")
    await licences.close()


@pytest.mark.parametrize("gives_another", [True, False])
async def test_a_licence_that_came_too_late_for_its_session_is_asked_for_with_another(gives_another: bool) -> None:
    clock, ring = FakeClock(waits_for_threads=True), KeyRing()
    too_late = DrmError(DrmErrorCode.LICENCE_REFUSED, "The session has expired.", reason="session_expired")
    server = Server(clock, too_late, *([] if gives_another else [too_late]), grants=(SD,))
    offers: list[LicenceOffer] = []

    async def reoffer() -> LicenceOffer:
        offers.append(LicenceOffer("http://licences.test/2", "matinee.clearkey", "session-2", (SD,)))
        return offers[-1]

    licences = PlaybackLicences(
        server,  # type: ignore[arg-type]
        ring,
        LicenceOffer("http://licences.test/1", "matinee.clearkey", "session-1", (SD,)),
        clock,
        lambda _event: None,
        reoffer=reoffer,
    )
    if gives_another:
        await clock.run(licences.ensure([SD], []))
        assert ring.kids() == (SD,)
    else:
        with pytest.raises(DrmError) as caught:
            await clock.run(licences.ensure([SD], []))
        assert caught.value is too_late
    assert [request.session_id for request in server.requests] == ["session-1", "session-2"]
    assert len(offers) == 1
    await licences.close()


async def test_a_kept_licence_is_renewed_for_a_key_that_the_title_has_since(tmp_path: Path) -> None:
    device = Desk(tmp_path, Terms(withheld={HD.hex(): "plan"}))
    licence_id = (await device.licences.acquire(replace(ORDER, kids=(AUDIO,)))).licence_id
    clock, told, ring = FakeClock(waits_for_threads=True), list[Event](), KeyRing()

    async def kept() -> object:
        return device.licences

    licences = PlaybackLicences(
        Server(clock),  # type: ignore[arg-type]
        ring,
        LicenceOffer(kept_id=licence_id),
        clock,
        told.append,
        kept=kept,  # type: ignore[arg-type]
    )
    licences.prefetch()
    await licences.ensure([AUDIO], [])
    assert ring.kids() == (AUDIO,)
    await licences.ensure([SD], [])
    assert ring.get(SD).value == KEYS[SD]
    assert any(isinstance(event, Note) and event.sentence == "The licence was renewed." for event in told)
    for _ in range(2):
        with pytest.raises(DrmError) as caught:
            await licences.ensure([HD], [])
        assert caught.value.code is DrmErrorCode.NO_KEY
    assert sum(call.endswith("/renewal") for call in device.server.calls) == 2  # one for each key, no more
    await licences.close()


async def _until(clock: FakeClock, happened: object) -> None:
    """Let time pass until it has happened."""
    assert callable(happened)
    for _ in range(2000):
        if happened():
            return
        await passes(clock, 5)
    pytest.fail("it never happened")


def _licence(policy: StreamingTerms) -> Licence:
    return Licence("matinee.clearkey", (SD,), policy)


async def _never() -> Licence:
    raise AssertionError
