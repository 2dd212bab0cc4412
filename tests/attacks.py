"""Tries every promise of ``docs/security.md`` about rights as somebody would who wants more than he has.

``python -m tests.attacks`` prints the table that stands there; ``tests/test_attacks.py`` holds the two against each
other. An attack answers whether the promise held; those that cannot hold in software say so beforehand.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from downloads import service
from downloads.checking import prepare_repair
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.service import note_licence
from downloads.store import Store
from drm_client import os_clock, passphrase
from drm_client.device import DeviceIdentities
from drm_client.errors import DrmError
from drm_client.keys import KeyRing
from drm_client.keystore import FileKeyStore, KeyStore
from drm_client.rights import RightsState
from drm_client.signed import DEVICE
from drm_client.upkeep import KeptLicenceUpkeep
from drm_client.vault import ANCHOR_ENTRY, FILE_NAME, Vault
from player.base.errors import ErrorCode, MatineeError, ServiceError
from player.licensing.device_rights import DeviceRights, register
from player.service.address import PLAIN_HTTP, service_address
from player.service.client import ServiceClient
from tests.drm_client.offline_kit import ORDER, Desk, MemoryKeyStore
from tests.drm_client.test_issuers import FIVE_YEARS, OTHER, TwoServices
from tests.drm_client.test_os_clock import in_covered_time_namespace, in_time_namespace, read_by
from tests.drm_client.test_upgrade import Upgraded
from tests.kit.downloads import Shelf, noise_download, noise_title, run
from tests.kit.fileserver import FileServer
from tests.kit.licence_server import ADDRESS, DAY, HOUR, START, LicenceServer, Terms

Try = Callable[[Path], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Attack:
    """``try_`` answers whether ``promise`` held. ``limit`` says what stops it where it is not promised to hold."""

    name: str
    promise: str
    try_: Try
    limit: str = ""


def plays(desk: Desk, licence_id: str) -> bool:
    """Whether a playback begins."""
    try:
        desk.licences.open(licence_id, KeyRing())
    except DrmError:
        return False
    return True


def refusal(action: Callable[[], object]) -> tuple[str, object]:
    """The code of the error that an action ends in, and the part or entry that it names; empty texts without one."""
    try:
        action()
    except (DrmError, MatineeError) as error:
        named = [error.fields[name] for name in ("entry", "part", "item") if error.fields.get(name) is not None]
        return str(error.code), named[0] if named else ""
    return "", ""


async def refusal_of(action: Awaitable[object]) -> str:
    """The code of the error that something on the network ends in; an empty text without one."""
    try:
        await action
    except (DrmError, MatineeError) as error:
        return str(error.code)
    return ""


def stands(desk: Desk, licence_id: str, state: RightsState) -> bool:
    """Whether a licence does not play, and for this reason alone."""
    return desk.licences.standing(licence_id).state is state and not plays(desk, licence_id)


def opens(folder: Path, keys: KeyStore, desk: Desk) -> str:
    """Open a vault and close it; the code of the error, an empty text without one."""
    return refusal(lambda: Vault(folder, keys, desk.device.device_id).close())[0]


async def keep_up(desk: Desk) -> None:
    await KeptLicenceUpkeep(desk.vault, desk.licences, desk.service).run()


async def _played_out(folder: Path, *, files: bool, online: bool = False) -> tuple[Desk, str, Path]:
    """A device whose rental has been watched to its end (``online``: as the service knows), and a copy of its folder
    from before."""
    here, copy = folder / "here", folder / "copy"
    keys = FileKeyStore(here, b"m") if files else MemoryKeyStore()
    desk = Desk(here, Terms(play_s=2 * HOUR, rental=True, renew_after_s=None), keys)
    licence_id = await desk.kept()
    await keep_up(desk)
    shutil.copytree(here, copy)
    if isinstance(keys, MemoryKeyStore):
        desk.saved = dict(keys.kept)  # type: ignore[attr-defined]
    assert plays(desk, licence_id)
    if online:
        await keep_up(desk)
    desk.machine.run(3 * HOUR)
    assert not plays(desk, licence_id)
    desk.vault.close()
    shutil.copy(copy / FILE_NAME, here / FILE_NAME)
    return desk, licence_id, copy


def old_vault(*, files: bool, anchor: bytes | str | None) -> Try:
    """Put an older vault back; ``anchor``: "kept", None for deleted, or what it is overwritten with."""

    async def attack(folder: Path) -> bool:
        desk, licence_id, _ = await _played_out(folder, files=files)
        if anchor is None:
            desk.keys.delete(ANCHOR_ENTRY)
        elif isinstance(anchor, bytes):
            desk.keys.put(ANCHOR_ENTRY, anchor)
        desk._open()
        waits = stands(desk, licence_id, RightsState.UNCONFIRMED)
        await keep_up(desk)
        return waits and desk.licences.standing(licence_id).state is not RightsState.UNCONFIRMED

    return attack


async def copy_after_a_renewal(folder: Path) -> bool:
    """The service was told of the first play by a renewal alone."""
    here, copy = folder / "here", folder / "copy"
    desk = Desk(here, Terms(play_s=2 * HOUR, rental=True), FileKeyStore(here, b"m"))
    licence_id = await desk.kept()
    await keep_up(desk)
    desk.vault.close()
    shutil.copytree(here, copy)
    desk._open()
    assert plays(desk, licence_id)
    await desk.licences.renew(licence_id)
    desk.vault.close()
    shutil.copytree(copy, here, dirs_exist_ok=True)
    desk._open()
    desk.machine.run(3 * HOUR)
    await keep_up(desk)
    return stands(desk, licence_id, RightsState.PLAYED_OUT)


async def preloaded(folder: Path) -> bool:
    """Set every clock of the C library back by a library that is loaded before it."""
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not here")
    now = os_clock.read_clocks()
    there = read_by("faketime", "3 years ago")
    return there.boot_id == now.boot_id and 0.0 <= there.boottime_s - now.boottime_s < 60.0


def whole_copy(*, files: bool, contact: bool) -> Try:
    """Put vault and key store back as they were; with ``contact`` the service is heard before it plays."""

    async def attack(folder: Path) -> bool:
        desk, licence_id, copy = await _played_out(folder, files=files, online=contact)
        if isinstance(desk.keys, MemoryKeyStore):
            desk.keys.kept = dict(desk.saved)  # type: ignore[attr-defined]
        else:
            shutil.copytree(copy, desk.folder, dirs_exist_ok=True)
        desk._open()
        if not contact:
            return not plays(desk, licence_id)
        desk.machine.run(HOUR)
        await keep_up(desk)
        return desk.licences.standing(licence_id).state is RightsState.PLAYED_OUT

    return attack


def ended_at_the_service(how: str) -> Try:
    """Bring a licence back that was given back, or withdrawn, by an older copy of the whole folder, and go online."""

    async def attack(folder: Path) -> bool:
        here, copy = folder / "here", folder / "copy"
        desk = Desk(here, keys=FileKeyStore(here, b"m"))
        licence_id = await desk.kept()
        shutil.copytree(here, copy)
        if how == "released":
            desk.licences.remove(licence_id)
        else:
            desk.server.revoked.add(licence_id)
        await keep_up(desk)
        desk.vault.close()
        shutil.copytree(copy, here, dirs_exist_ok=True)
        desk._open()
        assert licence_id in desk.licences.store.ids(), "the copy has it"
        await keep_up(desk)
        if how == "released":
            return refusal(lambda: desk.licences.open(licence_id, KeyRing())) == ("drm.no_licence", "")
        return stands(desk, licence_id, RightsState.REVOKED)

    return attack


async def two_services(folder: Path) -> bool:
    desk = TwoServices(folder)
    licence_id = await desk.kept()
    desk.other_server.time.at_s += FIVE_YEARS
    await desk.others.acquire(ORDER)
    return plays(desk, licence_id) and desk.clock.now().at_s == desk.machine.real.at_s


async def another_services_list(folder: Path) -> bool:
    desk = TwoServices(folder)
    licence_id = await desk.kept()
    await desk.others.acquire(ORDER)
    desk.other_server.revoked = {licence_id}
    desk.other_server.revoked_titles = [{"title_id": "the-film", "at": desk.machine.real.at_s}]
    await desk.others.check_revocations()
    return plays(desk, licence_id)


async def lies_about_a_copy(folder: Path) -> bool:
    """A service says that it has seen far more of this vault, whatever it is told."""
    desk = TwoServices(folder)
    licence_id = await desk.kept()
    await desk.others.acquire(ORDER)
    await keep_up(desk)
    for generation in (2**52, 2**53 - 1):
        desk.other_server.generation = generation
        with contextlib.suppress(DrmError):
            await desk.others.confirm_states()
        if not plays(desk, licence_id):
            return False
    await keep_up(desk)
    return desk.server.requests[-1]["generation"] < 2**30 and plays(desk, licence_id)


class _TakesAway:
    """A service, or somebody between, that says at once that it has removed the device."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def register_device(self, *_given: object, **_named: object) -> str:
        raise ServiceError(
            ErrorCode.SERVICE_NOT_ENTITLED, "This device was removed.", problem="device_revoked", status=403
        )


async def device_taken_away(folder: Path) -> bool:
    """One key for all services, as in profiles of 0.1.0: a second service takes the device away."""
    desk = TwoServices(folder)
    licence_id = await desk.kept()
    devices = DeviceIdentities(desk.keys)
    bound = devices.vault_id()
    desk.other_server.revoked_devices.append(desk.device.device_id)

    async def rights() -> DeviceRights:
        return cast(DeviceRights, SimpleNamespace(licences=desk.others))

    with contextlib.suppress(ServiceError):
        await register(cast(ServiceClient, _TakesAway(OTHER)), devices, rights)
    desk.vault.close()
    later = DeviceIdentities(desk.keys)
    desk._open()
    same = later.of(ADDRESS).device_id == desk.device.device_id == later.vault_id() == bound
    return same and later.of(OTHER).device_id != desk.device.device_id and plays(desk, licence_id)


def refused_in_its_name(problem: str) -> Try:
    """A proxy with a certificate that this machine trusts refuses in the service's name."""

    async def attack(folder: Path) -> bool:
        desk = Desk(folder, keys=FileKeyStore(folder, b"m"))
        devices = DeviceIdentities(desk.keys)
        licence_id, before = await desk.kept(), devices.of(ADDRESS).device_id
        desk.licences.remove(given_back := await desk.kept())
        through, desk.server._answer = desk.server._answer, lambda *_: (403, {"code": problem})  # type: ignore[method-assign]

        async def rights() -> DeviceRights:
            return cast(DeviceRights, SimpleNamespace(licences=desk.licences))

        told = "drm.no_licence" if problem == "licence_released" else "drm.licence_revoked"
        if await refusal_of(desk.licences.renew(licence_id)) != told:
            return False
        if (
            await refusal_of(register(cast(ServiceClient, _TakesAway(ADDRESS)), devices, rights))
            != "service.not_entitled"
        ):
            return False
        await keep_up(desk)
        desk.server._answer = through  # type: ignore[method-assign]
        await keep_up(desk)
        same = DeviceIdentities(desk.keys).of(ADDRESS).device_id == before
        return same and plays(desk, licence_id) and given_back in desk.server.released

    return attack


async def challenge_passed_on(_folder: Path) -> bool:
    """A service has this device sign the challenge that another one gave the attacker."""
    devices = DeviceIdentities(MemoryKeyStore())
    here, there = devices.of(ADDRESS), devices.of(OTHER)
    proof = jws.deserialize_compact(
        there.sign(DEVICE, {"challenge": "of the first", "device_id": there.device_id}),
        ECKey.import_key(there.public_jwk()),
        algorithms=["ES256"],
    )
    return here.device_id not in (proof.headers()["kid"], json.loads(proof.payload)["device_id"])


async def clock_forgotten(folder: Path) -> bool:
    """Forget one service's clock, as ``doctor --repair-clocks`` does, to play another's again."""
    desk = TwoServices(folder)
    mine, theirs = await desk.kept(), (await desk.others.acquire(ORDER)).licence_id
    desk.machine.run(49 * HOUR)
    desk.other_service.clock.forget()
    desk.machine.wall_error_s = -900 * DAY
    return stands(desk, mine, RightsState.EXPIRED) and stands(desk, theirs, RightsState.UNCONFIRMED)


async def wall_clock(folder: Path) -> bool:
    desk = Desk(folder)
    licence_id = await desk.kept()
    desk.machine.wall_error_s = -900 * DAY
    desk.machine.run(49 * HOUR)
    return stands(desk, licence_id, RightsState.EXPIRED)


async def slices(folder: Path) -> bool:
    """Each piece in a time namespace, or with another boot's ID put over the kernel's; all begin at one wall time."""
    desk = Desk(folder, Terms(play_s=2 * HOUR))
    licence_id = await desk.kept()
    watched_s = 0.0
    while plays(desk, licence_id) and watched_s < 3 * HOUR:
        for _ in range(5):
            desk.machine.run(10.0)
            desk.licences.standing(licence_id)
        watched_s += 50.0
        desk.vault.close()
        desk.machine.restart()
        desk.machine.wall_error_s = START - desk.machine.real.at_s
        desk._open()
    return HOUR < watched_s <= 2 * HOUR and stands(desk, licence_id, RightsState.PLAYED_OUT)


async def wall_clock_at_boot(folder: Path) -> bool:
    desk = Desk(folder)
    licence_id = await desk.kept()
    desk.machine.wall_error_s = -900 * DAY
    desk.machine.restart(30 * DAY)
    return not plays(desk, licence_id)


async def time_namespace(_folder: Path) -> bool:
    return in_time_namespace(-50).boot_id.startswith("process-")


async def covered_time_namespace(_folder: Path) -> bool:
    return in_covered_time_namespace(-50).boot_id.startswith("process-")


async def snapshot(folder: Path) -> bool:
    desk = Desk(folder)
    licence_id = await desk.kept()
    desk.machine.run(HOUR)
    desk.clock.now()
    desk.machine.run(60)
    desk.clock.now()
    desk.machine.run(72 * HOUR)
    desk.machine.booted_at = desk.machine.real.at_s - 30.0  # the memory of the machine is that of before
    return stands(desk, licence_id, RightsState.EXPIRED)


async def stolen(folder: Path) -> bool:
    here, there = folder / "here", folder / "there"
    desk = Desk(here, keys=FileKeyStore(here, b"machine/1000"))
    await desk.kept()
    desk.vault.close()
    shutil.copytree(here, there)
    if opens(there, FileKeyStore(there, b"machine/1000"), desk):
        return False  # it is whole
    others = (b"machine/1001", b"another/1000")
    return all(opens(there, FileKeyStore(there, binding), desk) == "drm.key_store" for binding in others)


async def stolen_with_a_system_store(folder: Path) -> bool:
    desk = Desk(folder)
    await desk.kept()
    desk.vault.close()
    return opens(folder, MemoryKeyStore(), desk) == "drm.store_damaged" and not opens(folder, desk.keys, desk)


async def edited(folder: Path) -> bool:
    desk = Desk(folder)
    one, other = await desk.kept(), await desk.kept()
    desk.vault.close()
    with sqlite3.connect(folder / FILE_NAME) as database:
        swap = "UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE name = ?) WHERE name = ?"
        database.execute(swap, (other, one))
    database.close()
    desk._open()
    named = {(damage.kind, damage.name) for damage in desk.vault.check()}
    told = refusal(lambda: desk.licences.open(one, KeyRing()))[0]
    return {name for _, name in named} == {one} and told == "drm.store_damaged" and plays(desk, other)


async def recorded_time(folder: Path) -> bool:
    desk = Desk(folder)
    await desk.kept()
    old = desk.server.sign("matinee-time+jws", {"now_at": desk.machine.real.at_s, "nonce": "n" * 32})
    desk.machine.restart(40 * HOUR)
    answer = desk.server._answer
    desk.server._answer = lambda path, *rest: (  # type: ignore[method-assign]
        (200, {"token": old}) if path == "/time" else answer(path, *rest)
    )
    before = desk.clock.now()
    refused = await refusal_of(desk.service.ask_time()) == "drm.licence_untrusted" and desk.clock.now() == before
    desk.server._answer = answer  # type: ignore[method-assign]
    return refused and not await refusal_of(desk.service.ask_time())


async def another_key(folder: Path) -> bool:
    desk = Desk(folder)
    await desk.kept()
    desk.server.signers = LicenceServer(desk.device.public_jwk()).signers
    return await refusal_of(desk.kept()) == "drm.licence_untrusted" and len(desk.licences.store.ids()) == 1


async def from_the_future(folder: Path) -> bool:
    """Keep what a service gave out while its clock was five years ahead."""
    desk = Desk(folder)
    await desk.service.ask_time()
    desk.server.time = type(desk.machine.real)(desk.machine.real.at_s + FIVE_YEARS)
    licence_id = await desk.kept()
    desk.server.online = False
    desk.machine.run(49 * HOUR)
    return desk.licences.standing(licence_id).state is RightsState.UNCONFIRMED


async def copy_of_0_1_0(folder: Path) -> bool:
    kept = Upgraded(folder)
    shutil.copy(kept.folder / FILE_NAME, folder / "copy")
    kept.open().remove(kept.facts["unplayed"])
    kept.vault.close()
    shutil.copy(folder / "copy", kept.folder / FILE_NAME)
    kept.keys.put(ANCHOR_ENTRY, b"1")
    return refusal(kept.open)[0] == "drm.store_damaged"


async def changed_download(folder: Path) -> bool:
    def attack() -> bool:
        with noise_download(folder) as (shelf, download, _):
            item = download.plan().items[2]
            path = download.item_path(2)
            data = bytearray(path.read_bytes())
            data[100] ^= 1
            path.write_bytes(data)
            kept, untouched = shelf.again().get(download.id), download.plan().items[1]
            whole = not refusal(lambda: kept.read(untouched))[0]
            return whole and refusal(lambda: kept.read(item)) == ("download.damaged", "Part 2 of the download")

    return await asyncio.to_thread(attack)  # it has a loop of its own


async def download_without_its_licence(folder: Path) -> bool:
    def attack() -> bool:
        with noise_download(folder) as (_, download, _server):
            download.ledger.title_id = "the-film"
            note_licence(download, "licence-1")
            there = service.licence_of(download) == "licence-1"
            (download.path / "licence").unlink()
            told = refusal(lambda: service.licence_of(download))
            return there and told == ("download.damaged", service.LICENCE_NOTE)

    return await asyncio.to_thread(attack)


def between_downloads(name: str) -> Try:
    """Put a file of one download into another: ``name`` in its folder."""

    async def attack(folder: Path) -> bool:
        def swap() -> bool:
            with two_downloads(folder) as (shelf, one, other):
                note_licence(one, "licence-1")
                note_licence(other, "licence-2")
                before = reads(shelf.again(), one.id)
                shutil.copy(other.path / name, one.path / name)
                return not before and reads(shelf.again(), one.id) == "download.damaged"

        return await asyncio.to_thread(swap)

    return attack


@contextlib.contextmanager
def two_downloads(folder: Path) -> Iterator[tuple[Shelf, DownloadFolder, DownloadFolder]]:
    """Two complete downloads of different noise."""
    noise_title(folder / "other", seed=2)
    with noise_download(folder) as (shelf, one, _), FileServer(folder / "other") as server:
        other = shelf.add(server.url("media.m3u8"))
        run(other)
        yield shelf, one, other


def reads(store: Store, download_id: str) -> str:
    """Read everything of a download, with its licence; the code of the error, an empty text without one."""

    def everything() -> None:
        folder = store.get(download_id)
        for item in folder.plan().items:
            folder.read(item)
        assert service.licence_of(folder) == "licence-1" or not service.has_licence_note(folder)

    return refusal(everything)[0]


async def symlinks(folder: Path) -> bool:
    """Put links to somebody's file in the place of a download's parts, and have it read, repaired and removed."""

    def attack() -> bool:
        treasure = folder / "treasure"
        treasure.mkdir()
        (treasure / "letter").write_text("mine")
        with noise_download(folder) as (shelf, download, _):
            path = download.item_path(2)
            path.unlink()
            path.symlink_to(treasure / "letter")
            again = shelf.again()
            told = reads(again, download.id) == "download.damaged"
            prepare_repair(again.get(download.id))
            run(again.get(download.id))
            healed = not reads(shelf.again(), download.id)
            shutil.rmtree(download.path / "items")
            (download.path / "items").symlink_to(treasure)
            told = told and reads(shelf.again(), download.id) == "download.damaged"
            prepare_repair(shelf.again().get(download.id))
            with contextlib.suppress(DownloadError):
                run(shelf.again().get(download.id))
            shelf.again().remove(download.id)
        untouched = [path.name for path in treasure.iterdir()] == ["letter"]
        return told and healed and untouched and (treasure / "letter").read_bytes() == b"mine"

    return await asyncio.to_thread(attack)


async def stolen_with_a_passphrase(folder: Path) -> bool:
    """The folder alone, on the same machine and by the same user."""
    FileKeyStore(folder).put("secret", b"42")
    passphrase.protect(folder, "a horse on a piano")
    passphrase.forget(folder)
    reasons = []
    for action in (
        lambda: passphrase.unlock(folder, "a horse on a violin"),
        lambda: FileKeyStore(folder).get("secret"),
    ):
        try:
            action()
        except DrmError as error:
            reasons.append(error.fields["reason"])
    passphrase.unlock(folder, "a horse on a piano")
    return reasons == [passphrase.WRONG, passphrase.LOCKED] and FileKeyStore(folder).get("secret") == b"42"


async def lies_about_its_time(folder: Path) -> bool:
    """A service takes its clock back by a year, again and again: nothing of another's comes back."""
    desk = TwoServices(folder)
    licence_id = await desk.kept()
    await desk.others.acquire(ORDER)
    desk.machine.run(49 * HOUR)
    for _ in range(5):
        desk.other_server.time.at_s = desk.machine.real.at_s - 365 * DAY
        with contextlib.suppress(DrmError):
            await desk.other_service.ask_time()
        desk.machine.run(HOUR)
    return not plays(desk, licence_id) and desk.clock.now().at_s == desk.machine.real.at_s


async def plain_http(_folder: Path) -> bool:
    address = "http://tv.lan:8400"
    refused = refusal(lambda: service_address(address, {}))[0] == "input.usage"
    return refused and service_address(address, {PLAIN_HTTP: "tv.lan"}) == address


_KEEPS = "nothing is deleted, the next contact finds all as it was"
_WAITS = "waits until the service has confirmed it"
ATTACKS = (
    Attack("two services whose clocks are five years apart", "neither touches the other's licences", two_services),
    Attack("a service withdraws another's title", "nothing is withdrawn", another_services_list),
    Attack("a service calls the vault an older copy", "nothing of another's waits", lies_about_a_copy),
    Attack(
        "a service takes the device away", "it is the same at others, nothing of theirs is lost", device_taken_away
    ),
    Attack("a service passes another's challenge on", "it is not this device there", challenge_passed_on),
    Attack("refuse in the service's name: withdrawn", _KEEPS, refused_in_its_name("licence_revoked")),
    Attack("refuse in the service's name: given back", _KEEPS, refused_in_its_name("licence_released")),
    Attack("refuse in the service's name: device removed", _KEEPS, refused_in_its_name("device_revoked")),
    Attack("forget a service's clock and set the wall clock back", "its licences wait, others' end", clock_forgotten),
    Attack("keep what a service issued five years ahead", _WAITS, from_the_future),
    Attack("set the wall clock back while it runs", "the time counts", wall_clock),
    Attack(
        "play in pieces of 50 seconds, each in a boot of its own, the wall clock set back", "the time counts", slices
    ),
    Attack(
        "turn the boot clock back in a time namespace", "it is not believed, the wall clock counts", time_namespace
    ),
    Attack("the same, with /proc covered and system calls filtered", "it is not believed", covered_time_namespace),
    Attack("preload a library that sets all clocks back", "the time counts", preloaded),
    Attack("restore a snapshot of the machine, not of its disk", "what the wall clock gained counts", snapshot),
    Attack("replay a recorded time of the service", "refused", recorded_time),
    Attack("answer with another signing key", "refused", another_key),
    Attack("an older vault, system key store", _WAITS, old_vault(files=False, anchor="kept")),
    Attack("the same, anchor deleted", _WAITS, old_vault(files=False, anchor=None)),
    Attack("the same, anchor overwritten by 1", _WAITS, old_vault(files=False, anchor=b"1")),
    Attack("an older vault, sealed files", _WAITS, old_vault(files=True, anchor="kept")),
    Attack("the same, anchor deleted", _WAITS, old_vault(files=True, anchor=None)),
    Attack("the same, anchor overwritten by 1", _WAITS, old_vault(files=True, anchor=b"1")),
    Attack("a vault of 0.1.0 from before its upgrade", "does not open", copy_of_0_1_0),
    Attack(
        "a licence that was given back, from an older folder",
        "gone after a contact",
        ended_at_the_service("released"),
    ),
    Attack(
        "a licence that was withdrawn, from an older folder",
        "withdrawn after a contact",
        ended_at_the_service("revoked"),
    ),
    Attack(
        "an older folder, key files and all, then a contact",
        "found; first plays of which the service knows count",
        whole_copy(files=True, contact=True),
    ),
    Attack(
        "the same, where a renewal alone told of the first play",
        "the first play counts",
        copy_after_a_renewal,
    ),
    Attack(
        "an older vault and system key store, then a contact",
        "found; first plays of which the service knows count",
        whole_copy(files=False, contact=True),
    ),
    Attack("entries of the vault exchanged", "named, never used", edited),
    Attack("a stolen folder, sealed files, another user or machine", "does not open", stolen),
    Attack("a stolen folder, system key store", "does not open", stolen_with_a_system_store),
    Attack("a stolen folder with a passphrase, same user and machine", "does not open", stolen_with_a_passphrase),
    Attack("a service that lies about its time five times", "nothing of another's comes back", lies_about_its_time),
    Attack("one bit of a download changed", "named, never played", changed_download),
    Attack("a download without the note of its licence", "does not play", download_without_its_licence),
    Attack("another title's part in a download", "named, never played", between_downloads("items/000002")),
    Attack("another title's plan in a download", "named, never played", between_downloads("plan")),
    Attack("another title's journal in a download", "named, never played", between_downloads("journal")),
    Attack("another title's licence note in a download", "named, never played", between_downloads("licence")),
    Attack("links to other files in a download", "never read, never deleted, healed by a repair", symlinks),
    Attack("a service over plain HTTP in a network", "refused unless its host is named", plain_http),
    Attack(
        "set the wall clock back before each boot, stay offline",
        "time that the machine was off counts",
        wall_clock_at_boot,
        "the next contact, and one more play at most of what was left",
    ),
    Attack(
        "an older folder, key files and all, stay offline",
        "rights are as they were last",
        whole_copy(files=True, contact=False),
        "the next contact",
    ),
    Attack(
        "an older vault and system key store, stay offline",
        "rights are as they were last",
        whole_copy(files=False, contact=False),
        "the next contact",
    ),
)


NOT_TRIED = "not tried: this machine does not permit it"
NOTHING = "NOTHING"


def table() -> list[str]:
    """Try everything; the lines of the table."""
    lines = ["| somebody tries | promise | outcome |", "|---|---|---|"]
    for attack in ATTACKS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                held = asyncio.run(attack.try_(Path(folder)))
                outcome = "holds" if held else f"does not hold; what stops it: {attack.limit or NOTHING}"
            except pytest.skip.Exception:
                outcome = NOT_TRIED
        lines.append(f"| {attack.name} | {attack.promise} | {outcome} |")
    return lines


def main() -> int:
    """Print the table; 1 where a promise does not hold and nothing else stops it."""
    lines = table()
    print("\n".join(lines))
    return 1 if any(line.endswith(f"{NOTHING} |") for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
