"""Two services on one device: neither moves the other's clock, licences or withdrawals."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drm_client.errors import DrmError
from drm_client.keys import KeyRing
from drm_client.offline import OfflineLicences
from drm_client.rights import RightsState
from drm_client.trusted_service import TrustedService
from drm_client.vault import FILE_NAME
from tests.drm_client.offline_kit import ORDER, Desk
from tests.kit.licence_server import DAY, HOUR, LicenceServer, RealTime, Terms

OTHER = "https://other.example"
FIVE_YEARS = 5 * 365 * DAY


class TwoServices(Desk):
    """A desk with a second service, whose clock can be wrong."""

    def _open(self) -> None:
        super()._open()
        if not hasattr(self, "other_server"):
            self.other_server = LicenceServer(self.device.public_jwk(), RealTime(self.machine.real.at_s))
        self.other_service = TrustedService(OTHER, self.vault, self.clock, self.other_server.exchange)
        self.others = OfflineLicences(self.vault, self.device, self.other_service)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TwoServices]:
    made = TwoServices(tmp_path, Terms(play_s=6 * HOUR))
    yield made
    made.vault.close()


async def test_a_service_five_years_ahead_takes_nothing_of_another(desk: TwoServices) -> None:
    licence_id = await desk.kept()
    desk.licences.open(licence_id, KeyRing())
    desk.other_server.time.at_s += FIVE_YEARS
    await desk.others.acquire(ORDER)
    assert desk.licences.standing(licence_id).state is RightsState.STARTED
    desk.machine.restart(HOUR)
    assert desk.licences.standing(licence_id).playback_s == 5 * HOUR
    await desk.licences.renew(licence_id)
    assert not desk.server.skewed


async def test_a_service_that_was_five_years_ahead_for_an_hour_has_harmed_nothing(desk: TwoServices) -> None:
    """Also its own licences, those that it issued and renewed meanwhile included, are whole once it is mended."""
    before, renewed = await desk.kept(), await desk.kept()
    desk.licences.open(before, KeyRing())
    desk.machine.run(HOUR)
    desk.server.time = RealTime(desk.machine.real.at_s + FIVE_YEARS)
    await desk.licences.renew(renewed)
    during = await desk.kept()
    for _ in range(3):
        desk.machine.run(HOUR / 3)
        desk.server.time.at_s += HOUR / 3
        await desk.service.ask_time()
    assert desk.licences.standing(before).state is RightsState.STARTED  # nothing contradicts its own clock
    desk.server.time = desk.machine.real
    await desk.service.ask_time()
    for licence_id in (renewed, during):
        assert desk.licences.standing(licence_id).state is RightsState.UNCONFIRMED  # it says to last for five years
        await desk.licences.renew(licence_id)
        assert desk.licences.standing(licence_id).licence_s == 48 * HOUR
    assert desk.licences.standing(before).playback_s == 4 * HOUR


async def test_a_first_contact_with_a_service_that_is_five_years_ahead_heals(desk: TwoServices) -> None:
    """The wrong time is the first word and is taken; a first play that was dated by it is dated again."""
    desk.server.time = RealTime(desk.machine.real.at_s + FIVE_YEARS)
    licence_id = await desk.kept()
    desk.licences.open(licence_id, KeyRing())
    await desk.service.ask_time()
    desk.machine.run(HOUR)
    assert desk.clock.is_doubtful()
    desk.server.time = desk.machine.real
    await desk.service.ask_time()
    assert desk.clock.now().at_s == desk.machine.real.at_s
    await desk.licences.renew(licence_id)
    assert not desk.server.skewed
    assert [line.taken for line in desk.clock.audit()] == [True]
    assert not desk.clock.is_doubtful()


async def test_a_time_that_is_held_dates_no_first_play_anew(desk: TwoServices) -> None:
    """Also where part of ours rests on the wall clock."""
    licence_id = await desk.kept()
    desk.machine.restart(HOUR)
    desk.licences.open(licence_id, KeyRing())
    desk.server.time = RealTime(desk.machine.real.at_s + FIVE_YEARS)
    await desk.service.ask_time()
    desk.server.time = desk.machine.real
    await desk.service.ask_time()
    assert desk.licences.standing(licence_id).playback_s == 6 * HOUR


async def test_a_playback_clock_that_began_in_the_future_goes_on(desk: TwoServices) -> None:
    desk.server.terms.rental = True
    desk.server.time = RealTime(desk.machine.real.at_s + FIVE_YEARS)
    licence_id = await desk.kept()
    desk.licences.open(licence_id, KeyRing())
    desk.machine.run(HOUR)
    desk.server.time = desk.machine.real
    await desk.licences.renew(licence_id)
    assert desk.licences.standing(licence_id).playback_s == pytest.approx(5 * HOUR)


async def test_a_withdrawal_counts_for_licences_of_its_own_service_alone(desk: TwoServices) -> None:
    mine = await desk.kept()
    theirs = (await desk.others.acquire(replace(ORDER, session_id="download-9"))).licence_id
    now_s = desk.machine.real.at_s
    desk.other_server.revoked_titles = [{"title_id": "the-film", "at": now_s}]
    desk.other_server.revoked = {mine}
    assert await desk.others.check_revocations() == (theirs,)
    assert desk.licences.standing(mine).state is RightsState.READY
    desk.other_server.revoked_devices = [desk.device.device_id]
    assert await desk.others.check_revocations() == ()
    assert desk.licences.standing(mine).state is RightsState.READY


async def test_a_licence_is_renewed_by_its_own_service_alone(desk: TwoServices) -> None:
    mine = await desk.kept()
    with pytest.raises(DrmError, match="another service"):
        await desk.others.renew(mine)
    assert desk.other_server.requests == []
    assert (await desk.others.renew_all()).renewed == ()


async def test_a_receipt_goes_to_its_own_service_alone(desk: TwoServices) -> None:
    desk.licences.remove(await desk.kept())
    assert await desk.others.send_receipts() == 0
    assert await desk.licences.send_receipts() == 1


async def test_a_service_that_calls_the_vault_an_older_copy_makes_its_own_licences_wait_alone(
    desk: TwoServices,
) -> None:
    mine, theirs = await desk.kept(), (await desk.others.acquire(ORDER)).licence_id
    desk.other_server.generation = 2**50
    desk.other_server.licences.clear()  # it confirms none
    await desk.others.confirm_states()
    assert desk.licences.standing(theirs).state is RightsState.UNCONFIRMED
    assert desk.licences.standing(mine).state is RightsState.READY
    await desk.licences.confirm_states()
    assert desk.server.requests[-1]["generation"] < 2**30
    await desk.others.confirm_states()
    assert 2**50 < desk.other_server.requests[-1]["generation"] < 2**51
    assert desk.other_server.requests[-1]["before"] >= 2**50


async def test_a_service_cannot_have_seen_more_than_there_can_be(desk: TwoServices) -> None:
    theirs = (await desk.others.acquire(ORDER)).licence_id
    desk.other_server.generation = 2**53 - 1
    with pytest.raises(DrmError, match="more changes"):
        await desk.others.confirm_states()
    assert desk.licences.standing(theirs).state is RightsState.READY
    desk.other_server.generation = 0
    assert (await desk.others.confirm_states()).confirmed == (theirs,)


@pytest.mark.parametrize("how", ["forgotten", "damaged"])
async def test_a_clock_that_begins_again_makes_the_licences_of_its_issuer_wait_alone(
    desk: TwoServices, how: str
) -> None:
    mine, theirs = await desk.kept(), (await desk.others.acquire(ORDER)).licence_id
    if how == "forgotten":
        desk.other_service.clock.forget()
    else:
        sealed = "UPDATE entries SET sealed = zeroblob(64) WHERE kind = 'clock' AND name = ?"
        with sqlite3.connect(desk.folder / FILE_NAME) as database:
            database.execute(sealed, (OTHER,))
        database.close()
    assert desk.licences.standing(theirs).state is RightsState.UNCONFIRMED
    assert desk.licences.standing(mine).state is RightsState.READY
    await desk.others.confirm_states()
    assert desk.licences.standing(theirs).state is RightsState.READY
