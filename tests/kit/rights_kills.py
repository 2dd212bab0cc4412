"""A device that is killed again and again while it downloads, renews, plays, removes and keeps up, at two services.

Each life is a forked process that works at random until SIGKILL; its services live here, answer through a pipe, and
may be cut off before or after they have done what was asked. Between lives everything is opened and held against what
the process had said is done: nothing may be lost, won or locked. Now and then somebody puts an older copy of the
folder back, with its key files or without: once the services were heard, nothing that they know may have come back.

``python -m tests.kit.rights_kills KILLS [SEED]`` kills so often.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from downloads import checking, ledger, removal, request, service
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import DownloadChoice, DownloadOrigin, DownloadPlan, PlanItem, State
from downloads.store import Store
from drm_client.clock import UNSAVED_S
from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError
from drm_client.keys import KeyRing
from drm_client.keystore import FileKeyStore
from drm_client.keysystem import LicenceCall
from drm_client.offline import OfflineLicences
from drm_client.refusals import LicenceReply
from drm_client.rights import MAY_PLAY, RightsState, first_play_at
from drm_client.signed_licences import LicenceOrder
from drm_client.trusted_clock import TrustedClock
from drm_client.trusted_service import TrustedService
from drm_client.upkeep import KeptLicenceUpkeep
from drm_client.vault import FILE_NAME, Vault
from player.net.model import RequestKind
from tests.drm_client.offline_kit import Machine
from tests.kit.downloads import SmallDisk
from tests.kit.licence_server import AUDIO, DAY, HOUR, SD, LicenceServer, Offline, Terms

SERVICES = ("https://one.example", "https://other.example")
TITLES = 3
ITEMS = 3
MOST_S = 0.2
"""At most so much of the processor's time is a life's: on a busy machine it does as much as on an idle one."""
_HANGS_S = 120.0
_LOOK_S = 0.002
_BINDING = b"kills"
_KEPT = ("profile", "store")


@dataclass
class Said:
    """What lives had done before they were killed."""

    played: dict[str, float] = field(default_factory=dict)  # licence -> first play
    renewed: dict[str, int] = field(default_factory=dict)  # licence -> sequence
    removed: set[str] = field(default_factory=set)  # licences
    withdrawn: set[str] = field(default_factory=set)  # licences that a pass has taken away
    complete: dict[str, str] = field(default_factory=dict)  # download -> licence


class Device:
    """What is on the disk, opened by one life or by who looks after it."""

    def __init__(self, folder: Path, machine: Machine, exchange: Any, room: int = 1 << 40) -> None:
        keys = FileKeyStore(folder / "profile", _BINDING)
        self.identity = DeviceIdentity.load_or_create(keys)
        self.machine = machine
        self.vault = Vault(folder / "profile", keys, self.identity.device_id)
        self.store = Store(folder / "store", keys, disk=SmallDisk(room))
        clock = TrustedClock(self.vault, SERVICES[0], machine.read)
        self.services = {
            address: TrustedService(address, self.vault, clock, lambda call, to=address: exchange(to, call))
            for address in SERVICES
        }
        self.licences = {
            address: OfflineLicences(self.vault, self.identity, one) for address, one in self.services.items()
        }

    def close(self) -> None:
        self.vault.close()


class Life:
    """Works at random, and says what is done."""

    def __init__(self, device: Device, seed: int, say: Any) -> None:
        self.device = device
        self.random = random.Random(seed)
        self.say = say

    async def work(self) -> None:
        while True:
            step = self.random.choice([self.download, self.download, self.renew, self.play, self.remove, self.upkeep])
            with contextlib.suppress(DrmError, DownloadError, Offline):
                await step()

    async def download(self) -> None:
        """Make a download, or go on with one; as :class:`downloads.downloader.Downloader` does it."""
        store = self.device.store
        unfinished = [one for one in map(store.get, store.ids()) if one.ledger.state is not State.COMPLETE]
        if not unfinished and len(store.ids()) >= TITLES:
            return
        address = self.random.choice(SERVICES)
        if unfinished:
            folder = self.random.choice(unfinished)
            try:
                address = request.read(folder).origin.service
            except DownloadError:  # killed before it was asked for anything
                store.remove(folder.id)
                return
        else:
            folder = store.create("the-film", "the-film")
            request.write(
                folder,
                request.DownloadRequest(DownloadOrigin(title_id="the-film", service=address), DownloadChoice()),
            )
        if not folder.has_plan:
            folder.write_plan(plan_of(folder, address))
        if not service.has_licence_note(folder):
            order = LicenceOrder("/api/v1/licences", folder.id, "the-film", (AUDIO, SD))
            kept = await self.device.licences[address].acquire(order)
            service.note_licence(folder, kept.licence_id)
        for item in folder.plan().items:
            if item.index not in folder.ledger.stored:
                folder.note(ledger.kept(item.index, folder.keep(item, body_of(item))))
        folder.note(ledger.changed(State.COMPLETE))
        self.say("complete", folder.id, service.licence_of(folder))

    async def renew(self) -> None:
        licences = self.device.licences[self.random.choice(SERVICES)]
        for licence_id in licences.find("the-film"):
            kept = await licences.renew(licence_id)
            self.say("renewed", licence_id, kept.rights.policy.sequence)

    async def play(self) -> None:
        licences = self.device.licences[self.random.choice(SERVICES)]
        for licence_id in licences.find("the-film"):
            ring = KeyRing()
            opened = licences.open(licence_id, ring)
            ring.clear()
            self.say("played", licence_id, opened.since_s)

    async def remove(self) -> None:
        store = self.device.store
        if not store.ids() or self.random.random() < 0.6:
            return
        folder = store.get(self.random.choice(store.ids()))
        try:
            licence_id = service.licence_of(folder)
        except DownloadError:
            licence_id = None
        removal.remove(store, folder.id, self.device.licences[SERVICES[0]])
        self.say("removed", folder.id, licence_id)

    async def upkeep(self) -> None:
        address = self.random.choice(SERVICES)
        licences = self.device.licences[address]
        removal.finish(self.device.store, licences)
        report = await KeptLicenceUpkeep(self.device.vault, licences, self.device.services[address]).run()
        for licence_id in report.withdrawn:
            self.say("withdrawn", licence_id, None)


def processor_s(pid: int) -> float:
    """The processor's time that another process has taken (Linux: the clock that ``clock_getcpuclockid`` names)."""
    return time.clock_gettime((~pid << 3) | 2)


def plan_of(folder: DownloadFolder, address: str) -> DownloadPlan:
    items = tuple(
        PlanItem(n, RequestKind.SEGMENT, None, f"https://cdn.example/{folder.id}/{n}", (), about=2000)
        for n in range(ITEMS)
    )
    return DownloadPlan(
        DownloadOrigin(title_id="the-film", service=address), "https://cdn.example/", (), (), items, 12.0, (AUDIO, SD)
    )


def body_of(item: PlanItem) -> bytes:
    return item.url.encode() * 40


class World:
    """The services, and what must hold between lives."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.machine = Machine()
        identity = DeviceIdentity.load_or_create(FileKeyStore(folder / "profile", _BINDING))
        self.servers = {}
        for address in SERVICES:
            terms = Terms(
                licence_s=40 * DAY, play_s=20 * DAY, rental=True, renew_after_s=HOUR, renew_until_s=90 * DAY
            )
            self.servers[address] = LicenceServer(identity.public_jwk(), self.machine.real, terms)
            self.servers[address].goes_on = True
        self.said = Said()
        self.kills = self.restores = 0
        self._epoch: int | None = 0
        self._copy: Said | None = None  # what was done when a copy of the folder was made

    def one_life(self) -> None:
        """Fork a life, kill it, and look."""
        ours, theirs = Pipe()
        room = self.random.choice([1 << 40, 1 << 40, 2000, 0])
        seed = self.random.randrange(1 << 30)
        child = os.fork()
        if child == 0:
            self._live(theirs, seed, room)  # never returns
        theirs.close()
        if self.random.random() < 0.9:  # the others are killed while they open what there is
            ours.poll(_HANGS_S)
        self._serve(ours, child, processor_s(child) + self.random.random() * MOST_S)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self._drain(ours)
        ours.close()
        self.kills += 1
        self._time_passes()
        self.look()
        chance = self.random.random()
        if chance < 0.08:
            self._make_copy()
        elif chance < 0.14 and self._copy is not None:
            self._restore(self._copy)

    def _make_copy(self) -> None:
        shutil.rmtree(self.folder / "copy", ignore_errors=True)
        for name in _KEPT:
            if (self.folder / name).exists():
                shutil.copytree(self.folder / name, self.folder / "copy" / name)
        self._copy = copy.deepcopy(self.said)

    def _restore(self, then: Said) -> None:
        """Put the copy back, with its key files or without, and let the services be heard. What they knew counts as
        before; of the rest, what was done since the copy was made is not known to anybody any more."""
        whole = self.random.random() < 0.5
        for name in _KEPT if whole else ("store",):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if (self.folder / "copy" / name).exists():
                shutil.copytree(self.folder / "copy" / name, self.folder / name)
        if not whole:
            shutil.copy(self.folder / "copy" / "profile" / FILE_NAME, self.folder / "profile" / FILE_NAME)
        self._epoch = None  # the file alone is found out when it is opened
        now = self.said
        issued = {name: held for server in self.servers.values() for name, held in server.licences.items()}
        released = {one for server in self.servers.values() for one in server.released}
        known = {one: at for one, at in now.played.items() if issued[one]["first_play_at"] is not None}
        self.said = Said(
            played={**then.played, **known},
            renewed=dict(then.renewed),
            removed=then.removed | (now.removed & released),
            withdrawn=set(now.withdrawn),
            complete=dict(then.complete),
        )
        self.restores += 1
        self.settle(released)
        self.look()

    def _live(self, pipe: Connection, seed: int, room: int) -> None:
        async def exchange(address: str, call: LicenceCall) -> LicenceReply:
            pipe.send(("call", address, (call.url, call.body, dict(call.headers))))
            answer = pipe.recv()
            if answer is None:
                raise Offline
            return LicenceReply(*answer)

        try:
            device = Device(self.folder, self.machine, exchange, room)
            pipe.send(("began",))
            life = Life(device, seed, lambda kind, *what: pipe.send((kind, *what)))
            asyncio.run(life.work())
        except BaseException as error:  # noqa: BLE001  (nothing of a life goes on as the one who looks)
            with contextlib.suppress(OSError):
                pipe.send(("failed", type(error).__name__, str(error)))
        finally:
            os._exit(1)

    def _serve(self, pipe: Connection, child: int, until_s: float) -> None:
        cut = self.random.random() < 0.2
        hangs_at_s = time.monotonic() + _HANGS_S
        while processor_s(child) < until_s:
            assert time.monotonic() < hangs_at_s, "a life hangs"
            if not pipe.poll(_LOOK_S):
                continue
            try:
                message = pipe.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                return
            if message[0] != "call":
                self._hear(message)
                continue
            answer = None
            if not cut:
                answer = self._answer(message[1], message[2])
                if self.random.random() < 0.05:
                    answer = None  # it was done, and the answer is lost
            with contextlib.suppress(OSError):
                pipe.send(answer)

    def _answer(self, address: str, call: tuple[str, bytes | None, dict[str, str]]) -> tuple[int, bytes, str]:
        server = self.servers[address]
        if server.licences and self.random.random() < 0.05:
            server.revoked.add(self.random.choice(sorted(server.licences)))
        reply = asyncio.run(server.exchange(LicenceCall(*call)))
        return reply.status, reply.body, reply.etag

    def _drain(self, pipe: Connection) -> None:
        """What it had said before the kill counts, what it asked does not."""
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while pipe.poll():
                message = pipe.recv()
                if message[0] != "call":
                    self._hear(message)

    def _hear(self, message: tuple[Any, ...]) -> None:
        if message[0] == "began":
            return
        kind, what, value = message
        if kind == "played":
            self.said.played.setdefault(what, value)
        elif kind == "renewed":
            self.said.renewed[what] = value
        elif kind == "complete":
            self.said.complete[what] = value
        elif kind == "withdrawn":
            self.said.withdrawn.add(what)
        elif kind == "removed":
            self.said.complete.pop(what, None)
            if value is not None:
                self.said.removed.add(value)
        else:
            raise AssertionError(f"a life failed: {what}: {value}")

    def _time_passes(self) -> None:
        if self.random.random() < 0.1:
            self.machine.restart(UNSAVED_S + self.random.random() * HOUR)  # so no time is put on top
        else:
            self.machine.run(self.random.random() * 600)

    def look(self) -> None:
        """Open everything, and hold it against what was said."""

        async def nobody(_address: str, _call: LicenceCall) -> LicenceReply:
            raise Offline

        device = Device(self.folder, self.machine, nobody)
        try:
            assert device.vault.check() == ()
            self._epoch = device.vault.epoch if self._epoch is None else self._epoch
            assert device.vault.epoch == self._epoch, "a kill made the vault look like an older copy"
            licences = device.licences[SERVICES[0]]
            planned = {one.download_id for one in licences.store.removals()}
            going = {licence for one in licences.store.removals() for licence in one.licence_ids}
            self._look_at_downloads(device.store, licences, planned)
            self._look_at_licences(licences, going)
        finally:
            device.close()

    def _look_at_licences(self, licences: OfflineLicences, going: set[str]) -> None:
        ids, said = licences.store.ids(), self.said
        released = {one for server in self.servers.values() for one in server.released}
        waiting = {one.licence_id for one in licences.store.receipts()}
        for licence_id in said.removed:
            assert licence_id not in ids, "a licence that was given back is here again"
            assert licence_id in released | waiting, "a licence is gone and was not given back"
        for licence_id in ids:
            standing = licences.standing(licence_id)
            rights = licences.store.get(licence_id).rights
            if licence_id in said.withdrawn:
                assert standing.state is RightsState.REVOKED, "a withdrawn licence plays again"
            elif licence_id not in going:
                # An older copy is found out when its service is heard. What was renewed since then waits for its own
                # renewal, which may be cut off, too; ``settle`` holds that it plays once it is not.
                waits = [RightsState.UNCONFIRMED] if self.restores else []
                assert standing.state in (*MAY_PLAY, RightsState.REVOKED, *waits), f"locked: {standing.state}"
            played, first = said.played.get(licence_id), first_play_at(rights)
            forgotten = played is not None and (first is None or first > played + 1.0)
            assert standing.state is RightsState.REVOKED or not forgotten, "a first play was forgotten"
            assert rights.policy.sequence >= said.renewed.get(licence_id, 0), "a renewal was lost"

    def _look_at_downloads(self, store: Store, licences: OfflineLicences, planned: set[str]) -> None:
        for download_id, licence_id in list(self.said.complete.items()):
            if download_id in planned:
                continue
            if download_id not in store.ids():  # killed before it could say that it had removed it, with its licence
                assert licence_id not in licences.store.ids(), "a download is gone, its licence is not"
                self.said.removed.add(self.said.complete.pop(download_id))
                continue
            folder = store.get(download_id)
            assert service.licence_of(folder) == licence_id
            found = checking.verify(folder, licences=licences)
            assert found.sound, found.findings

    def settle(self, released: Collection[str] = ()) -> None:
        """With both services there, everything is finished, and every download that is not withdrawn plays. Those of
        ``released`` licences, which an older copy brought back, are cleared away."""

        async def exchange(address: str, call: LicenceCall) -> LicenceReply:
            return await self.servers[address].exchange(call)

        async def work() -> None:
            for address in SERVICES:
                licences = device.licences[address]
                removal.finish(device.store, licences)
                report = await KeptLicenceUpkeep(device.vault, licences, device.services[address]).run()
                assert {type(error) for error in report.failed.values()} <= {type(None)}, report.failed

        device = Device(self.folder, self.machine, exchange)
        try:
            asyncio.run(work())
            licences = device.licences[SERVICES[0]]
            assert licences.store.removals() == ()
            revoked = {one for server in self.servers.values() for one in server.revoked}
            for download_id in device.store.ids():
                folder = device.store.get(download_id)
                licence_id = str(service.licence_of(folder)) if service.has_licence_note(folder) else ""
                if licence_id in released:
                    assert licence_id not in licences.store.ids(), "a copy brought back what was given back"
                    device.store.remove(download_id)
                    self.said.complete.pop(download_id, None)
                    continue
                if folder.ledger.state is not State.COMPLETE:
                    continue
                assert licences.standing(licence_id).may_start is (licence_id not in revoked)
        finally:
            device.close()


def kill(times: int, seed: int) -> World:
    """So many lives and their ends; raises AssertionError with what was lost, won or locked."""
    memory = Path("/dev/shm")  # a process that is killed leaves all that it wrote, wherever that lies
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        world = World(Path(folder), seed)
        for number in range(times):
            try:
                world.one_life()
                if number % 50 == 49:
                    world.settle()
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, kill {world.kills}: {error}") from error
        world.settle()
        said = world.said
        assert times < 100 or (said.played and said.renewed and said.removed), "the lives did nothing"
        return world


if __name__ == "__main__":
    began = time.perf_counter()
    done = kill(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    said = done.said
    revoked = sum(len(server.revoked) for server in done.servers.values())
    print(
        f"{done.kills} kills, {done.restores} older copies put back, nothing lost, won or locked: "
        f"{len(said.complete)} downloads complete at the end, "
        f"{len(said.removed)} removed, {len(said.played)} played, {len(said.renewed)} renewed, "
        f"{revoked} withdrawn ({time.perf_counter() - began:.0f} s)"
    )
