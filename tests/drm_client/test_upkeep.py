"""One pass of upkeep: what is due is done, what is wrong heals, each step by itself."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from drm_client import trusted_service
from drm_client.errors import DrmError
from drm_client.keys import KeyRing
from drm_client.keystore import FileKeyStore
from drm_client.keysystem import LicenceCall
from drm_client.licence_store import LICENCE, Removal
from drm_client.offline import OfflineLicences, Renewals
from drm_client.refusals import LicenceReply
from drm_client.rights import LicenceJudgement, RightsState
from drm_client.trusted_clock import TrustedClock
from drm_client.trusted_service import TrustedService
from drm_client.upkeep import DAILY_S, LEAST_S, PASS_S, RETRY_S, SOON_S, KeptLicenceUpkeep
from drm_client.vault import ANCHOR_ENTRY, FILE_NAME, Vault
from tests.drm_client.offline_kit import Desk
from tests.kit.licence_server import ADDRESS, DAY, HOUR, Offline, RealTime, Terms
from tests.kit.waiting import until_in_loop


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def upkeep(desk: Desk) -> KeptLicenceUpkeep:
    return KeptLicenceUpkeep(desk.vault, desk.licences, desk.service)


@pytest.mark.parametrize("renewable", [True, False])
async def test_a_licence_that_a_list_named_wrongly_is_had_again(tmp_path: Path, *, renewable: bool) -> None:
    """A title was withdrawn while its service's clock was ahead, and given back; this is read after that time."""
    desk = Desk(tmp_path, Terms(renew_after_s=DAY if renewable else None))
    desk.server.goes_on = True
    kept = await desk.kept()
    desk.server.revoked_titles.append({"title_id": "the-film", "at": desk.machine.real.at_s + HOUR})
    desk.machine.run(2 * HOUR)
    assert (await upkeep(desk).run()).withdrawn == (kept,)
    healing = upkeep(desk)
    with patch.object(OfflineLicences, "renew_all", return_value=Renewals((), {})):  # its service goes away meanwhile
        for _ in range(2):
            await healing.run()
            assert desk.licences.standing(kept).state is RightsState.UNCONFIRMED, "it has no keys yet"
    assert (await healing.run()).renewed == (kept,)
    desk.licences.open(kept, KeyRing())


async def test_a_pass_renews_what_is_due_gives_back_and_learns_of_withdrawals(desk: Desk) -> None:
    due, withdrawn, removed = await desk.kept(), await desk.kept(), await desk.kept()
    desk.machine.run(30 * HOUR)
    fresh = await desk.kept()
    desk.licences.remove(removed)
    desk.server.revoked.add(withdrawn)
    report = await upkeep(desk).run()
    assert (report.renewed, report.withdrawn, report.given_back) == ((due,), (withdrawn,), 1)
    assert (report.failed, report.next_s) == ({}, DAILY_S)
    assert set(report.confirmed) == {due, fresh}
    assert report.sentences() == (
        "1 licence renewed.",
        "The service has withdrawn 1 licence.",
        "1 licence given back.",
    )
    assert desk.licences.standing(withdrawn).state is RightsState.REVOKED
    assert desk.licences.store.get(withdrawn).keys == ()
    again = await upkeep(desk).run()
    assert (again.renewed, again.withdrawn, again.given_back) == ((), (), 0)


def damage(desk: Desk, kind: str) -> None:
    changed = desk.vault._database.execute(
        "UPDATE entries SET sealed = zeroblob(60) WHERE kind = ? RETURNING name", (kind,)
    )
    assert changed.fetchall()


@pytest.mark.parametrize("kind", ["receipt", "removal", "use", "revocations", "generation-said", "upkeep"])
async def test_a_damaged_note_ends_no_upkeep(desk: Desk, kind: str) -> None:
    """One bad byte of the disk must not keep a device from its renewals and withdrawals for good."""
    kept, withdrawn, removed = await desk.kept(), await desk.kept(), await desk.kept()
    desk.server.revoked.add("f" * 32)
    assert (await upkeep(desk).run()).failed == {}
    store = desk.licences.store
    for licence_id in (kept, withdrawn, removed):
        store.note_use(licence_id, "download")
    store.plan_removal(Removal("download", (removed,), "removed", "/there", ("killed",)))
    desk.licences.remove(removed)
    damage(desk, kind)
    desk.server.revoked.add(withdrawn)
    desk.machine.run(30 * HOUR)
    assert upkeep(desk).due_s() == 0.0
    assert ADDRESS in store.services()
    report = await upkeep(desk).run()
    assert (report.failed, report.renewed, report.withdrawn) == ({}, (kept,), (withdrawn,))
    assert len(store.removals()) == (0 if kind == "removal" else 1)
    store.drop_use(kept, "download")
    desk.licences.give_back_unused(kept)
    assert kept not in store.ids()


async def test_damaged_keys_of_a_service_can_be_taken_again(desk: Desk) -> None:
    """By the viewer's order, which nothing else replaces."""
    await desk.kept()
    damage(desk, "trust")
    with pytest.raises(DrmError):
        await desk.service.ask_time()
    assert trusted_service.forget_keys(desk.vault, ADDRESS)
    await desk.service.ask_time()
    assert not trusted_service.forget_keys(desk.vault, "https://another.example")


async def test_where_nothing_is_kept_nobody_is_asked(desk: Desk) -> None:
    await upkeep(desk).run()
    assert desk.server.calls == []


async def test_it_is_due_when_the_last_pass_said(desk: Desk) -> None:
    await desk.kept()
    work = upkeep(desk)
    assert work.due_s() == 0.0
    await work.run()
    assert work.due_s() == DAILY_S
    desk.machine.run(DAY / 2)
    assert work.due_s() == pytest.approx(DAY / 2)
    desk.machine.run(DAY)
    assert work.due_s() == 0.0


@pytest.mark.parametrize("what", ["an older copy", "a clock that is wrong"])
async def test_what_became_unsettled_since_the_last_pass_makes_one_due(desk: Desk, what: str) -> None:
    """A vault that was put back minutes after a pass waited for a day, though its service was there."""
    licence_id = await desk.kept()
    work = upkeep(desk)
    await work.run()
    desk.machine.run(60)
    if what == "an older copy":
        desk.vault.begin_epoch()
        assert desk.licences.standing(licence_id).state is RightsState.UNCONFIRMED
    else:
        desk.machine.wall_error_s = -900 * DAY
    assert work.due_s() == 0.0
    desk.server.online = False
    await work.run()
    assert work.due_s() == RETRY_S  # not at once again
    desk.server.online = True
    await work.run()
    assert desk.licences.standing(licence_id).may_start
    assert work.due_s() == (DAILY_S if what == "an older copy" else SOON_S)


async def test_without_a_network_it_is_tried_again_soon(desk: Desk) -> None:
    await desk.kept()
    desk.server.online = False
    report = await upkeep(desk).run()
    assert {type(error) for error in report.failed.values()} == {Offline}
    assert report.next_s == RETRY_S


async def test_a_list_that_has_nothing_new_is_not_read_again(desk: Desk) -> None:
    await desk.kept()
    work = upkeep(desk)
    await work.run()
    signed: list[str] = []
    sign = desk.server.sign
    desk.server.sign = lambda typ, *rest: signed.append(typ) or sign(typ, *rest)  # type: ignore[method-assign]
    assert (await work.run()).failed == {}
    assert "matinee-revocations+jws" not in signed
    desk.server.revoked.add(await desk.kept())
    await desk.licences.check_revocations()
    assert "matinee-revocations+jws" in signed


async def test_a_service_that_knows_no_states_is_kept_up_with_all_the_same(desk: Desk) -> None:
    due = await desk.kept()
    desk.machine.run(30 * HOUR)
    answer = desk.server._answer
    desk.server._answer = lambda path, *rest: (  # type: ignore[method-assign]
        (404, {"code": "not_found"}) if path.endswith("/state") else answer(path, *rest)
    )
    report = await upkeep(desk).run()
    assert (report.renewed, report.failed) == ((due,), {})


async def test_the_viewer_is_warned_of_what_is_nearly_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Terms(renew_after_s=None))
    licence_id = await desk.kept()
    assert (await upkeep(desk).run()).ending == ()
    desk.machine.run(40 * HOUR)
    (ending,) = (await upkeep(desk).run()).ending
    assert (ending.licence_id, ending.title_id, ending.remaining_s) == (licence_id, "the-film", 8 * HOUR)
    assert ending.sentence == "You have 8 hours left to watch this."


async def test_what_is_nearly_over_is_known_between_two_passes(tmp_path: Path) -> None:
    """A first play starts a shorter clock than the last pass knew of."""
    desk = Desk(tmp_path, Terms(renew_after_s=None, play_s=10 * HOUR))
    licence_id = await desk.kept()
    assert (await upkeep(desk).run()).next_s == DAILY_S
    assert upkeep(desk).look().ending == ()
    desk.server.online = False
    desk.licences.open(licence_id, KeyRing())
    seen = upkeep(desk).look()
    assert [(one.licence_id, one.remaining_s) for one in seen.ending] == [(licence_id, 10 * HOUR)]
    assert (seen.service, upkeep(desk).due_s()) == (ADDRESS, DAILY_S)


@pytest.mark.parametrize("renewable", [True, False])
@pytest.mark.parametrize("how", ["no anchor", "old file", "whole folder"])
async def test_an_older_copy_is_found_and_heals_at_the_next_contact(
    tmp_path: Path, how: str, renewable: bool
) -> None:
    """What was given back or withdrawn stays so, what was played stays played, the rest plays on."""
    terms = Terms(play_s=6 * HOUR, renew_after_s=24 * HOUR if renewable else None)
    here, copy = tmp_path / "here", tmp_path / "copy"
    desk = Desk(here, terms, FileKeyStore(here, b"m"))
    good, played, released, revoked = [await desk.kept() for _ in range(4)]
    await upkeep(desk).run()
    desk.vault.close()
    shutil.copytree(here, copy)
    desk._open()
    desk.licences.open(played, KeyRing())
    desk.machine.run(HOUR / 4)
    desk.licences.remove(released)
    desk.server.revoked.add(revoked)
    await upkeep(desk).run()
    desk.vault.close()
    shutil.copy(copy / FILE_NAME, here / FILE_NAME)
    if how == "no anchor":
        desk.keys.delete(ANCHOR_ENTRY)
    elif how == "whole folder":
        shutil.copytree(copy, here, dirs_exist_ok=True)
    desk._open()
    offline = {one: desk.licences.standing(one).may_start for one in (good, played, released, revoked)}
    assert set(offline.values()) == {how == "whole folder"}  # what the file store cannot find out by itself
    desk.machine.run(HOUR)
    report = await upkeep(desk).run()
    assert report.failed == {}
    assert (report.withdrawn, report.released) == ((revoked,), (released,))
    assert report.sentences()[-2:] == (
        "The service has withdrawn 1 licence.",
        "1 licence had been given back before.",
    )
    assert desk.licences.standing(good).state is RightsState.READY
    assert desk.licences.standing(played).playback_s == 6 * HOUR - HOUR / 4 - HOUR
    assert released not in desk.licences.store.ids()
    assert desk.licences.standing(revoked).state is RightsState.REVOKED
    assert (await upkeep(desk).run()).next_s == DAILY_S


async def test_an_older_copy_learns_of_a_first_play_that_only_a_renewal_told(tmp_path: Path) -> None:
    """The service knows of no later count then, and has a later licence: its word on the first play counts."""
    here, copy = tmp_path / "here", tmp_path / "copy"
    desk = Desk(here, Terms(play_s=6 * HOUR, rental=True), FileKeyStore(here, b"m"))
    licence_id = await desk.kept()
    await upkeep(desk).run()
    desk.vault.close()
    shutil.copytree(here, copy)
    desk._open()
    desk.licences.open(licence_id, KeyRing())
    await desk.licences.renew(licence_id)
    desk.vault.close()
    shutil.copytree(copy, here, dirs_exist_ok=True)
    desk._open()
    desk.machine.run(HOUR)
    await upkeep(desk).run()
    assert desk.licences.standing(licence_id).playback_s == 5 * HOUR


async def test_two_programs_that_ask_at_once_are_no_older_copy(desk: Desk) -> None:
    """One's question overtakes the other's on the way."""
    licence_id = await desk.kept()
    answer = desk.server._answer

    def overtaken(path: str, *rest: Any) -> Any:
        if path == "/licences/state":
            desk.server.generation, _ = desk.licences._next_generation()
        return answer(path, *rest)

    desk.server._answer = overtaken  # type: ignore[method-assign]
    desk.server.licences.clear()  # it would confirm them
    await desk.licences.confirm_states()
    assert desk.licences.standing(licence_id).may_start


async def test_a_service_whose_memory_is_older_takes_nothing_away(desk: Desk) -> None:
    licence_id = await desk.kept()
    desk.server.licences.clear()
    await upkeep(desk).run()
    assert desk.licences.standing(licence_id).may_start


async def test_licences_of_a_wrong_hour_are_asked_for_anew(tmp_path: Path) -> None:
    """Also those that cannot be renewed."""
    desk = Desk(tmp_path, Terms(renew_after_s=None))
    desk.server.goes_on = True
    desk.server.time = RealTime(desk.machine.real.at_s + 5 * 365 * DAY)
    licence_id = await desk.kept()
    report = await upkeep(desk).run()
    assert report.next_s == SOON_S  # this machine's clock says another time
    desk.machine.run(SOON_S)
    desk.server.time = desk.machine.real
    report = await upkeep(desk).run()
    assert report.renewed == (licence_id,)
    standing = desk.licences.standing(licence_id)
    assert (standing.state, standing.licence_s) == (RightsState.READY, 48 * HOUR)
    assert report.next_s == DAILY_S


def test_a_pass_at_most_every_hour_and_at_least_daily() -> None:
    assert SOON_S < LEAST_S < DAILY_S


async def test_the_next_pass_comes_in_time_to_warn(desk: Desk) -> None:
    """A licence that ends before the daily pass after the next is looked at again twelve hours before its end."""
    await desk.kept()
    desk.machine.run(22 * HOUR)  # 26 hours are left, and nothing is due
    report = await upkeep(desk).run()
    assert report.ending == ()
    assert report.next_s == pytest.approx(14 * HOUR, abs=2.0)
    desk.server.online = False
    desk.machine.run(report.next_s)
    (ending,) = (await upkeep(desk).run()).ending
    assert ending.remaining_s == pytest.approx(12 * HOUR, abs=2.0)


class TwoPrograms:
    """The app and a kiosk, or a command, on one profile: each has opened the vault for itself."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.vault = Vault(desk.folder, desk.keys, desk.device.device_id)
        clock = TrustedClock(self.vault, ADDRESS, desk.machine.read)
        service = TrustedService(ADDRESS, self.vault, clock, desk.server.exchange)
        self.licences = OfflineLicences(self.vault, desk.device, service)
        self.upkeep = KeptLicenceUpkeep(self.vault, self.licences, service)


async def test_two_programs_renew_a_licence_once(desk: Desk) -> None:
    """One has asked, the other asks before the answer is kept: neither renews again, and the later answer stands."""
    other, licence_id = TwoPrograms(desk), await desk.kept()
    desk.machine.run(30 * HOUR)
    exchange, here = desk.server.exchange, asyncio.Event()

    async def slowly(call: LicenceCall) -> LicenceReply:
        reply = await exchange(call)
        if "renewal" in call.url:
            await here.wait()
        return reply

    desk.service._exchange = slowly
    first = asyncio.create_task(desk.licences.renew(licence_id))
    await until_in_loop(lambda: desk.server.licences[licence_id]["sequence"] == 2)
    second = await other.licences.renew(licence_id)  # its answer was not lost, but nobody knows that yet
    assert second.rights.policy.sequence == 3
    here.set()
    assert (await first).rights.policy.sequence == 3, "the older answer took the place of the newer one"
    assert other.licences.store.get(licence_id).rights.policy.sequence == 3
    stale = desk.licences.store.get(licence_id)
    await desk.licences.renew(licence_id)
    read = other.licences.store.get
    with patch.object(
        other.licences.store, "get", side_effect=itertools.chain([stale], iter(lambda: read(licence_id), 0))
    ):
        assert (await other.licences.renew(licence_id)).rights.policy.sequence == 4
    assert desk.server.licences[licence_id]["sequence"] == 4, "it was renewed twice"
    other.vault.close()


async def test_of_two_programs_one_makes_the_pass(desk: Desk) -> None:
    other = TwoPrograms(desk)
    await desk.kept()
    desk.machine.run(30 * HOUR)
    mine = upkeep(desk)
    assert (mine.claim(), other.upkeep.claim()) == (0.0, PASS_S)
    desk.machine.run(PASS_S)
    assert other.upkeep.claim() == 0.0  # the one that had begun it was killed
    await other.upkeep.run()
    assert mine.claim() == DAILY_S
    other.vault.close()


async def test_what_another_removes_meanwhile_is_no_failure(desk: Desk) -> None:
    """The licences are listed and then read, judged and renewed one by one: any of them may go in between."""
    other = TwoPrograms(desk)
    ids = sorted([await desk.kept() for _ in range(4)])
    desk.machine.run(30 * HOUR)
    read, judged, exchange = desk.vault.get, desk.licences.standing, desk.service._exchange
    gone: list[str] = []

    def remove(licence_id: str) -> None:
        if licence_id not in gone:
            gone.append(licence_id)
            other.licences.remove(licence_id)

    def get(kind: str, name: str) -> bytes | None:
        if (kind, name) == (LICENCE, ids[0]):
            remove(name)
        return read(kind, name)

    def standing(licence_id: str) -> LicenceJudgement:
        if licence_id == ids[1]:
            remove(licence_id)
        return judged(licence_id)

    async def slowly(call: LicenceCall) -> LicenceReply:
        reply = await exchange(call)
        if "renewal" in call.url:
            remove(ids[2])  # it is the first that is renewed
        return reply

    desk.service._exchange = slowly
    with patch.object(desk.vault, "get", get), patch.object(desk.licences, "standing", standing):
        renewals = await desk.licences.renew_all()
    assert set(gone) == set(ids[:3])
    assert renewals == Renewals((ids[3],), {})
    other.vault.close()


async def test_two_programs_at_once_lose_nothing(desk: Desk) -> None:
    """Passes, first plays and removals of both in any order: each is kept, and the vault is sound."""
    other = TwoPrograms(desk)
    ids = [await desk.kept() for _ in range(6)]
    desk.machine.run(30 * HOUR)

    async def play(licences: OfflineLicences, licence_id: str) -> None:
        await asyncio.to_thread(licences.open, licence_id, KeyRing())

    await asyncio.gather(
        upkeep(desk).run(), play(other.licences, ids[0]), asyncio.to_thread(other.licences.remove, ids[1]),
        play(desk.licences, ids[2]), other.upkeep.run(), asyncio.to_thread(desk.licences.remove, ids[3]),
    )  # fmt: skip
    await upkeep(desk).run()
    assert (desk.vault.check(), set(desk.server.released)) == ((), {ids[1], ids[3]})
    for licence_id in (ids[0], ids[2], ids[4], ids[5]):
        kept = other.licences.store.get(licence_id).rights
        assert other.licences.standing(licence_id).may_start
        assert kept.policy.sequence == desk.server.licences[licence_id]["sequence"]
    assert {one for one in ids if one in desk.licences.store.ids()} == {ids[0], ids[2], ids[4], ids[5]}
    assert desk.vault.epoch == 0, "one took the other for an older copy"
    other.vault.close()
