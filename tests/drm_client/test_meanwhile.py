"""What happens while something else is under way: another program, a service that answers late, a full disk."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from drm_client.clock import ANSWER_S
from drm_client.device import DeviceIdentities
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.keystore import FileKeyStore, KeyStore
from drm_client.keysystem import LicenceCall
from drm_client.licence_store import KeptLicence, LicenceStore
from drm_client.offline import OfflineLicences
from drm_client.refusals import LicenceReply
from drm_client.rights import LicenceFacts
from drm_client.signed_licences import IssuedLicence
from drm_client.trusted_clock import TrustedClock
from drm_client.trusted_service import TrustedService
from drm_client.vault import Vault
from tests.drm_client.offline_kit import ORDER, Desk, MemoryKeyStore
from tests.drm_client.test_upkeep import upkeep
from tests.kit.licence_server import ADDRESS, DAY, HOUR, LicenceServer, Terms
from tests.kit.waiting import until_in_loop

Exchange = Callable[[LicenceCall], Awaitable[LicenceReply]]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def live(licences: list[KeptLicence]) -> int:
    return sum(any(any(key.value) for key in one.keys) for one in licences)


def watched(patch_: pytest.MonkeyPatch) -> list[KeptLicence]:
    """Every licence that is read out of the vault from now on."""
    seen, read = list[KeptLicence](), LicenceStore.get

    def get(store: LicenceStore, licence_id: str) -> KeptLicence:
        seen.append(read(store, licence_id))
        return seen[-1]

    patch_.setattr(LicenceStore, "get", get)
    return seen


async def test_an_answer_about_a_licence_that_was_renewed_meanwhile_says_nothing_of_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Terms(play_s=48 * HOUR, licence_s=30 * DAY, renew_after_s=DAY, rental=False))
    licence_id = await desk.kept()
    desk.licences.open(licence_id, KeyRing())
    desk.machine.run(47 * HOUR)
    exchange = desk.server.exchange

    async def slowly(call: LicenceCall) -> LicenceReply:
        reply = await exchange(call)
        if call.url.endswith("/licences/state"):
            desk.service._exchange = exchange
            await desk.licences.renew(licence_id)
        return reply

    desk.service._exchange = slowly
    said = await desk.licences.confirm_states()
    assert said.confirmed == (), "it was asked about the one before"
    assert desk.licences.store.get(licence_id).rights.first_play is None
    desk.machine.run(2 * HOUR)
    assert desk.licences.standing(licence_id).may_start, "the playback clock of the one before counts no more"


async def test_a_playback_that_begins_while_a_licence_comes_again_has_begun(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Terms(play_s=48 * HOUR, licence_s=30 * DAY, rental=True))
    desk.server.goes_on = True
    licence_id = await desk.kept()
    other = Vault(desk.folder, desk.keys, desk.device.device_id)
    licences = OfflineLicences(other, desk.device, TrustedService(
        ADDRESS, other, TrustedClock(other, ADDRESS, desk.machine.read), desk.server.exchange
    ))  # fmt: skip
    begun, found = threading.Event(), OfflineLicences._rights_of
    playing = threading.Thread(target=lambda: (licences.open(licence_id, KeyRing()), begun.set()))

    def slowly(self: OfflineLicences, issued: IssuedLicence) -> LicenceFacts:
        rights = found(self, issued)
        playing.start()
        begun.wait(0.2)  # it comes in between, or waits for the vault
        return rights

    with patch.object(OfflineLicences, "_rights_of", slowly):
        await desk.licences.acquire(ORDER)
    await asyncio.to_thread(playing.join)
    assert desk.licences.store.get(licence_id).rights.first_play is not None
    other.close()


async def test_an_answer_that_was_under_way_while_the_device_slept_is_not_taken(desk: Desk) -> None:
    await desk.kept()
    exchange = desk.server.exchange

    async def late(call: LicenceCall) -> LicenceReply:
        reply = await exchange(call)
        desk.machine.run(ANSWER_S + 1.0)
        return reply

    before = desk.clock.now()
    for ask in (desk.service.ask_time, lambda: desk.licences.acquire(ORDER), desk.licences.confirm_states):
        desk.service._exchange = late
        with pytest.raises(DrmError, match="too long on its way") as refused:
            await ask()
        assert refused.value.recoverable
        desk.service._exchange = exchange
    now = desk.clock.now()
    assert now.at_s == pytest.approx(before.at_s + 3 * (ANSWER_S + 1.0), abs=0.1)
    assert now.certain_s == pytest.approx(now.at_s, abs=0.1)
    await desk.service.ask_time()


async def test_one_odd_answer_keeps_no_other_receipt(desk: Desk) -> None:
    for licence_id in [await desk.kept() for _ in range(3)]:
        desk.licences.remove(licence_id)
    first, odd, last = (receipt.licence_id for receipt in desk.licences.store.receipts())
    exchange = desk.server.exchange

    async def oddly(call: LicenceCall) -> LicenceReply:
        reply = await exchange(call)
        return LicenceReply(200, b"{}") if f"/licences/{odd}/release" in call.url else reply

    desk.service._exchange = oddly
    with pytest.raises(DrmError, match="confirms another"):
        await desk.licences.send_receipts()
    assert [receipt.licence_id for receipt in desk.licences.store.receipts()] == [odd]
    assert {first, last} <= set(desk.server.released)


async def test_a_network_that_ends_in_between_keeps_no_settled_receipt(desk: Desk) -> None:
    for licence_id in [await desk.kept() for _ in range(2)]:
        desk.licences.remove(licence_id)
    _, lost = (receipt.licence_id for receipt in desk.licences.store.receipts())
    exchange = desk.server.exchange

    async def ends(call: LicenceCall) -> LicenceReply:
        if f"/licences/{lost}/release" in call.url:
            raise ConnectionResetError
        return await exchange(call)

    desk.service._exchange = ends
    with pytest.raises(ConnectionResetError):
        await desk.licences.send_receipts()
    assert [receipt.licence_id for receipt in desk.licences.store.receipts()] == [lost]


async def test_no_key_waits_in_memory_for_the_answers_of_a_service(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the pass is given up halfway."""
    for _ in range(3):
        await desk.kept()
    desk.machine.run(30 * HOUR)
    seen, asked = watched(monkeypatch), asyncio.Event()

    async def never(_call: LicenceCall) -> LicenceReply:
        asked.set()
        return await asyncio.Future()

    desk.service._exchange = never
    renewing = asyncio.create_task(desk.licences.renew_all())
    await until_in_loop(asked.is_set)
    assert (len(seen) >= 3, live(seen)) == (True, 0)
    renewing.cancel()
    await asyncio.gather(renewing, return_exceptions=True)
    assert live(seen) == 0


async def test_a_playback_that_does_not_begin_leaves_no_key(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    licence_id = await desk.kept()
    seen = watched(monkeypatch)

    def full(_clock: TrustedClock) -> None:
        raise DrmError(DrmErrorCode.STORE_UNUSABLE, "The disk is full.", recoverable=True)

    monkeypatch.setattr(TrustedClock, "note_playback", full)
    with pytest.raises(DrmError, match="full"):
        desk.licences.open(licence_id, KeyRing())
    assert live(seen) == 0


async def test_a_playback_whose_begin_is_not_written_leaves_no_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full, or the key store is locked, when everything is to be kept."""
    licence_id = await desk.kept()
    seen = watched(monkeypatch)

    def locked(_vault: Vault) -> None:
        raise DrmError(DrmErrorCode.KEY_STORE, "The key store is locked.", recoverable=True)

    monkeypatch.setattr(Vault, "_drop_anchor", locked)
    ring = KeyRing()
    with pytest.raises(DrmError, match="locked"):
        desk.licences.open(licence_id, ring)
    assert live(seen) == 0


async def test_two_programs_that_note_a_use_at_once_lose_none(desk: Desk) -> None:
    licence_id = await desk.kept()
    other = Vault(desk.folder, desk.keys, desk.device.device_id)
    stores, uses = (LicenceStore(desk.vault), LicenceStore(other)), LicenceStore.uses
    both = threading.Barrier(2)

    def slowly(store: LicenceStore, licence: str) -> tuple[str, ...]:
        found = uses(store, licence)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.2)  # each has read before either writes, where that can be
        return found

    with patch.object(LicenceStore, "uses", slowly):
        notes = [
            asyncio.to_thread(store.note_use, licence_id, name) for store, name in zip(stores, "ab", strict=True)
        ]
        await asyncio.gather(*notes)
    assert set(stores[0].uses(licence_id)) == {"a", "b"}
    other.close()


async def test_what_goes_while_it_is_looked_at_is_not_looked_at(desk: Desk) -> None:
    await desk.kept()
    gone, named = await desk.kept(), OfflineLicences.title_of

    def removed(licences: OfflineLicences, licence_id: str) -> str:
        if licence_id == gone:
            licences.store.release(gone, None)
        return named(licences, licence_id)

    with patch.object(OfflineLicences, "title_of", removed):
        upkeep(desk).look()
    assert gone not in desk.licences.store.ids()


async def test_at_two_first_contacts_at_once_the_first_pin_holds(desk: Desk) -> None:
    first = TrustedService(ADDRESS, desk.vault, desk.clock, desk.server.exchange)
    another = LicenceServer(desk.device.public_jwk(), desk.machine.real)

    async def slowly(call: LicenceCall) -> LicenceReply:
        reply = await another.exchange(call)
        if call.url.endswith("/keys"):
            await first.ask_time()
        return reply

    with pytest.raises(DrmError):
        await TrustedService(ADDRESS, desk.vault, desk.clock, slowly).ask_time()
    await first.ask_time()


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_of_two_programs_that_begin_at_once_both_are_one_device(tmp_path: Path, kind: str) -> None:
    """Each has looked before either has kept anything."""
    store: KeyStore = FileKeyStore(tmp_path) if kind == "file" else MemoryKeyStore()
    both, look = threading.Barrier(2), type(store).get
    found: list[tuple[str, str]] = []

    def slowly(self: KeyStore, name: str) -> bytes | None:
        kept = look(self, name)  # type: ignore[arg-type]
        if kept is None:
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(0.2)
        return kept

    def begin() -> None:
        devices = DeviceIdentities(store)
        found.append((devices.vault_id(), devices.of(ADDRESS).device_id))

    with patch.object(type(store), "get", slowly):
        threads = [threading.Thread(target=begin) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 2
    assert found[0] == found[1]
