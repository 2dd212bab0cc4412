"""The kept licences of this device: acquired, judged, renewed, given back. What downloads rest their rights on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from drm_client import rights as rules
from drm_client import signed
from drm_client.clock import AGREE_S, TrustedTime
from drm_client.device import Identities
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.licence_store import KeptLicence, LicenceStore, Receipt
from drm_client.policy import LicencePolicy
from drm_client.refusals import RefusedError
from drm_client.rights import ForecastStep, LicenceFacts, LicenceJudgement, RightsState
from drm_client.signed import SignedFields, untrusted
from drm_client.signed_licences import (
    MAX_STATES,
    STALE,
    DeviceInfo,
    IssuedLicence,
    LicenceOrder,
    LicenceStates,
    SignedLicences,
    release_receipt,
)
from drm_client.trusted_service import EntityTag, TrustedService
from drm_client.vault import Vault

LICENCES_URL = "/api/v1/licences"
_SERIAL = "revocations"
_SAID = "generation-said"
_MAX_SAID = 16
_MARK_BITS = 20
_MAX_COUNT = 2**32
"""More changes of a vault than any device makes; a service that has seen more is wrong."""
_MAX_PARTS = 100
_RELEASED = "licence_released"
_IN_FORCE = "in_force"
_UNKNOWN = "unknown"
FORGOTTEN = "licence_not_found"
_NEVER_TAKEN = frozenset({FORGOTTEN, "bad_signed_request"})
_log = logging.getLogger(__name__)
_ENDED = {
    RightsState.REVOKED: DrmErrorCode.LICENCE_REVOKED,
    RightsState.EXPIRED: DrmErrorCode.LICENCE_EXPIRED,
    RightsState.PLAYED_OUT: DrmErrorCode.LICENCE_EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Renewals:
    """What ``renew_all`` brought: the IDs of the licences that are new, and the errors of those that are not."""

    renewed: tuple[str, ...]
    failed: dict[str, Exception]


@dataclass(frozen=True, slots=True)
class Confirmations:
    """What the service said of the licences here: the IDs of those that are good, and of those that it has withdrawn.
    The ``released`` were given back before; an older copy of the vault had them still. It knows none of the
    ``forgotten``: its operator has put a backup back."""

    confirmed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()

    def __add__(self, more: Confirmations) -> Confirmations:
        return Confirmations(
            self.confirmed + more.confirmed,
            self.withdrawn + more.withdrawn,
            self.released + more.released,
            self.forgotten + more.forgotten,
        )


@dataclass(frozen=True, slots=True)
class OpenedLicence:
    """A playback has begun: how the licence stands for it, and since when (trusted seconds since 1970)."""

    standing: LicenceJudgement
    since_s: float


class OfflineLicences:
    """See the module.

    All methods raise :class:`DrmError` as the vault does; those that ask the service also as
    :class:`TrustedService` does. Belongs to one event loop; what is not a coroutine is safe on any thread.
    """

    def __init__(
        self,
        vault: Vault,
        devices: Identities,
        service: TrustedService,
        info: DeviceInfo | None = None,
        account_id: str | None = None,
    ) -> None:
        self._vault = vault
        self._devices = devices
        self._service = service
        self._info = info
        self._account_id = account_id
        self._clock = service.clock
        self._signed = SignedLicences(service, devices.of(service.address), info)
        self._list_tag = EntityTag()
        self.next_list_s = 0.0
        """Seconds after which the list of withdrawals is worth asking for again, as the service last said."""
        self.store = LicenceStore(vault)

    def seen_by(self, account_id: str | None) -> OfflineLicences:
        """The same licences while this account is signed in: those of another account begin no playback. None where
        nobody is signed in; then the device alone decides."""
        return OfflineLicences(self._vault, self._devices, self._service, self._info, account_id)

    # --- without a network

    def standing(self, licence_id: str, *, watching_since_s: float | None = None) -> LicenceJudgement:
        """How a licence stands now. Raises ``drm.no_licence`` where there is none, ``drm.store_damaged`` by name."""
        licence, now = self._read(licence_id)
        licence.clear()
        return rules.judge(licence.rights, now, self._device_of(licence), watching_since_s=watching_since_s)

    def open(self, licence_id: str, ring: KeyRing) -> OpenedLicence:
        """Begin a playback: put the keys into ``ring``, and start the playback clock at the first one.

        Raises ``drm.licence_expired``, ``drm.licence_revoked`` or ``drm.no_licence`` with the state in ``fields``
        where no playback may begin now; then the ring gets nothing.
        """
        with contextlib.ExitStack() as unfinished:
            with self._vault.exclusive():
                licence, now = self._read(licence_id)
                unfinished.callback(licence.clear)
                self._check_account(licence)
                standing = rules.judge(licence.rights, now, self._device_of(licence))
                if not standing.may_start:
                    raise DrmError(
                        _ENDED.get(standing.state, DrmErrorCode.NO_LICENCE),
                        standing.sentence,
                        recoverable=_helps_to_connect(standing),
                        state=str(standing.state),
                    )
                self._clock.of(licence.service).note_playback()
                started = rules.start(licence.rights, now)
                if started is not licence.rights:
                    self.store.put(licence.with_rights(started))
            unfinished.pop_all()  # the change is in the vault, and the key store has counted it
        ring.update(licence.keys)
        running = rules.judge(started, now, self._device_of(licence), watching_since_s=now.at_s)
        return OpenedLicence(running, now.at_s)

    def simulate(
        self, licence_id: str, at: Iterable[float] = (), *, play_at_s: float | None = None
    ) -> tuple[ForecastStep, ...]:
        """What will happen to a licence when; see :func:`drm_client.rights.simulate`."""
        licence, now = self._read(licence_id)
        licence.clear()
        return rules.simulate(licence.rights, now, self._device_of(licence), at, play_at_s=play_at_s)

    def find(self, title_id: str) -> tuple[str, ...]:
        """The IDs of this service's licences for a title, the newest first."""
        found = []
        for licence in self.store.all():
            licence.clear()
            if self._is_ours(licence) and licence.rights.policy.title_id == title_id:
                found.append(licence)
        found.sort(key=lambda one: one.rights.policy.issued_at, reverse=True)
        return tuple(one.licence_id for one in found)

    def remove(self, licence_id: str, reason: str = "removed") -> None:
        """Forget a licence; the receipt that gives it back is kept until :meth:`send_receipts` has sent it. Needs no
        network, and works for a damaged licence, for which there is no receipt."""
        with self._vault.exclusive():  # so two programs do not leave a receipt each
            self._remove(licence_id, reason)

    def give_back_unused(self, licence_id: str, reason: str = "removed") -> None:
        """As :meth:`remove`, unless a download has this licence."""
        with self._vault.exclusive():
            if not self.store.uses(licence_id):
                self.remove(licence_id, reason)

    def _remove(self, licence_id: str, reason: str) -> None:
        try:
            licence = self.store.get(licence_id)
        except DrmError as error:
            if error.code is DrmErrorCode.NO_LICENCE:
                return
            if error.code is not DrmErrorCode.STORE_DAMAGED:
                raise
            self.store.release(licence_id, None)
            return
        licence.clear()
        now_s = self._clock.of(licence.service).issuer_now()
        device = self._devices.find(licence.service)
        gone = device is None or device.device_id != licence.rights.policy.device_id  # nobody would take its word
        receipt = None if device is None or gone else release_receipt(device, licence, reason, now_s)
        self.store.release(licence_id, receipt)

    # --- with the service

    async def acquire(self, order: LicenceOrder, download_id: str | None = None) -> KeptLicence:
        """Ask for a licence and keep it, for the download that is named. Its keys are in the vault when this returns;
        those returned are zeroed.

        The service goes on with the licence of the same download; the keys that it has here are asked for too."""
        kids = await asyncio.to_thread(self._kids_of, order.session_id)
        issued = await self._signed.request(replace(order, kids=tuple(dict.fromkeys((*order.kids, *kids)))))
        return await asyncio.to_thread(self._keep_issued, issued, download_id)

    async def renew(self, licence_id: str, kids: Iterable[bytes] = ()) -> KeptLicence:
        """Renew a licence, for its own keys and ``kids``; the media stays. Where the service refuses because the
        licence is over, it is asked for its signed word, and that alone takes the licence away."""
        licence = self.store.get(licence_id)
        licence.clear()
        if not self._is_ours(licence):
            raise DrmError(
                DrmErrorCode.LICENCE_REFUSED,
                "The licence for this title is of another service; only that one can renew it.",
                service=licence.service,
            )
        renewal = licence.rights.policy.renewal
        if renewal is None:
            raise DrmError(DrmErrorCode.LICENCE_REFUSED, "The licence for this title cannot be renewed.")
        wanted = tuple(dict.fromkeys((*licence.rights.policy.keys, *licence.rights.policy.withheld, *kids)))
        try:
            issued = await self._signed.renew(licence.rights, renewal.url, wanted, lambda: self._is_newer(licence))
        except RefusedError as error:
            if error.reason == STALE and self._is_newer(licence):  # another program has renewed it
                newer = self.store.get(licence_id)
                newer.clear()
                return newer
            if error.code is DrmErrorCode.LICENCE_REVOKED or error.reason == _RELEASED:
                await self._hear_what_became_of(licence_id)
            raise
        return await asyncio.to_thread(self._keep_renewed, issued)

    async def renew_all(self, *, due_only: bool = False, but: Collection[str] = ()) -> Renewals:
        """Renew every licence of this service that can be, or only those for which it is time; none of the IDs in
        ``but``. One that must be confirmed and cannot be renewed is requested again."""
        done, failed = [], dict[str, Exception]()
        kept = self.store.all()
        for licence in kept:  # all at once: no key waits in memory for the service's answers
            licence.clear()
        for licence in filter(self._is_ours, kept):
            if licence.licence_id in but:
                continue
            try:
                renewed = await self._renew_or_acquire(licence, due_only=due_only)
            except Exception as error:  # noqa: BLE001  (each licence by itself; the caller tells them all)
                if licence.licence_id in self.store.ids():  # it was not removed meanwhile
                    failed[licence.licence_id] = error
            else:
                done += [licence.licence_id] if renewed else []
        return Renewals(tuple(done), failed)

    async def _renew_or_acquire(self, licence: KeptLicence, *, due_only: bool) -> bool:
        """Whether it was for one of them."""
        standing, policy = self.standing(licence.licence_id), licence.rights.policy
        lost = _is_lost(standing, policy)
        if not lost and (policy.renewal is None or (due_only and not standing.renewal_due)):
            return False
        await (self._acquire_again(policy) if lost else self.renew(licence.licence_id))
        return True

    async def settle(self, licence_id: str) -> None:
        """Ask the service for what one licence waits for: its time, its word that the licence is good, a renewal.
        Nothing is asked about another service's."""
        licence = await asyncio.to_thread(self.store.get, licence_id)
        licence.clear()
        if not self._is_ours(licence):
            return
        await self._service.ask_time()
        await self.confirm_states()
        standing = await asyncio.to_thread(self.standing, licence_id)
        if _is_lost(standing, licence.rights.policy):
            (await self._acquire_again(licence.rights.policy)).clear()
        elif standing.renewal_due and not standing.may_start:
            (await self.renew(licence_id)).clear()

    async def _acquire_again(self, policy: LicencePolicy) -> KeptLicence:
        kids = tuple(dict.fromkeys((*policy.keys, *policy.withheld)))
        return await self.acquire(LicenceOrder(LICENCES_URL, policy.session_id, policy.title_id, kids))

    async def is_forgotten(self, licence_id: str) -> bool:
        """Whether its service signs that it knows no such licence: its operator has put a backup back."""
        licence = await asyncio.to_thread(self.store.get, licence_id)
        licence.clear()
        if not self._is_ours(licence):
            return False
        said = (await self._ask_states((licence_id,))).licences.get(licence_id)
        return said is not None and said.state == _UNKNOWN

    async def is_in_force(self, licence_id: str) -> bool:
        """Whether this service signs that a licence is in force, which may not be kept here."""
        said = (await self._ask_states((), (licence_id,))).licences.get(licence_id)
        return said is not None and said.state == _IN_FORCE

    def is_worth_replacing(self, licence_id: str) -> bool:
        """Return whether a licence that the service forgot may be replaced automatically: it has not expired, and
        belongs to the account that is signed in."""
        licence, now = self._read(licence_id)
        licence.clear()
        standing = rules.judge(licence.rights, now, self._device_of(licence))
        mine = self._account_id == licence.rights.policy.account_id
        return mine and (standing.may_start or _helps_to_connect(standing))

    def carry_over(self, old_id: str, new_id: str) -> None:
        """A licence takes the place of another: a rental's playback clock goes on. Before anything names the new one,
        so that whoever is killed meanwhile has won no time."""
        with self._vault.exclusive():
            old, new = self.store.get(old_id), self.store.get(new_id)
            old.clear()
            self.store.put(new.with_rights(rules.carried_over(old.rights, new.rights)))
            new.clear()

    def hand_over(self, old_id: str, new_id: str | None, download_id: str) -> None:
        """A download has another licence now; the old one goes, unless another download has it. What was played of
        it until now counts."""
        with self._vault.exclusive():
            if {old_id, new_id} <= set(self.store.ids()):
                self.carry_over(old_id, str(new_id))
            self.store.drop_use(old_id, download_id)
            self.give_back_unused(old_id)

    async def send_receipts(self) -> int:
        """Send what was given back to this service without a network; how many it has now settled. A receipt stays
        until the service has confirmed it, or says that it never will: whoever else answers knows of no licence.
        Over plain HTTP anybody can, so that the service's signed word is asked for besides."""
        settled: list[Receipt] = []
        refused: Exception | None = None
        for receipt in self.store.receipts():
            if not receipt.is_for(self._service.address):
                continue
            try:
                answer = await self._service.post(receipt.url, partial(_receipt_body, receipt.statement))
                if answer.get("licence_id") != receipt.licence_id:
                    raise untrusted("It confirms another licence.")
            except RefusedError as error:
                if error.recoverable:
                    refused = error
                    break  # the others would fare no better now
                if error.reason not in _NEVER_TAKEN:
                    refused = error
                    continue
            except DrmError as error:  # an odd answer to one keeps no other here
                refused = error
                continue
            except Exception as error:  # noqa: BLE001  (the network's; what was settled before is noted first)
                refused = error
                break
            settled.append(receipt)
        if settled and urlsplit(self._service.address).scheme != "https":
            settled = await self._settled_by_its_word(settled[:MAX_STATES])
        for receipt in settled:
            self.store.sent(receipt)
        if refused is not None:
            raise refused
        return len(settled)

    async def confirm_states(self) -> Confirmations:
        """Ask the service what became of its licences here. An older copy of the vault is found so, and what it
        brought back is confirmed or goes; what cannot be confirmed as it is is renewed later (:meth:`renew_all`)."""
        found = Confirmations()
        ids = await asyncio.to_thread(self.store.issued_by, self._service.address)
        for begin in range(0, max(1, len(ids)), MAX_STATES):
            _, some, _ = await self._ask_part(ids[begin : begin + MAX_STATES])
            found += some
        return found

    async def is_device_removed(self) -> bool:
        """Whether the service has signed that it takes this device no more; by its state, or by its list."""
        try:
            if (await self._ask_states(())).device_revoked:
                return True
        except RefusedError as error:
            if error.recoverable:
                raise
        since = 0
        for _ in range(_MAX_PARTS):
            answer = await self._service.get(f"/revocations?since={since}")
            members = SignedFields(await self._service.verify(answer.get("list"), signed.REVOCATIONS))
            if self._signed.device_id in members.items("devices"):
                return True
            before, since = since, members.count("serial")
            if not members.flag("more") or since <= before:
                break
        return False

    async def check_revocations(self) -> tuple[str, ...]:
        """Ask what this service has withdrawn since the last time; the IDs of its licences here that were."""
        service, hit = self._service, set[str]()
        tag, self._list_tag = self._list_tag, EntityTag()  # a list that is not read to its end is fetched again
        for _ in range(_MAX_PARTS):
            since, since_at = self._read_to()
            answer = await service.get(f"/revocations?since={since}", tag=tag)
            if answer is None:  # nothing new
                break
            payload = await service.verify(answer.get("list"), signed.REVOCATIONS)
            members = SignedFields(payload)
            self.next_list_s = members.number("next_at") - members.number("issued_at")
            hit |= await asyncio.to_thread(self._withdraw, members)
            serial = members.count("serial")
            if serial < since or members.number_or_none("since_at") != since_at:
                # Its operator has put a backup back: entries that are new have numbers that were read.
                self._vault.put(_SERIAL, service.address, b"[0, null]")
                continue
            if serial > since:
                place = json.dumps([serial, members.number_or_none("at")])
                self._vault.put(_SERIAL, service.address, place.encode())
            if not members.flag("more") or serial <= since:
                break
        self._list_tag = tag
        return tuple(sorted(hit))

    # --- inside

    def title_of(self, licence_id: str) -> str:
        """The title that a licence is for."""
        licence = self.store.get(licence_id)
        licence.clear()
        return licence.rights.policy.title_id

    async def _ask_states(self, licence_ids: Sequence[str], given_back: Sequence[str] = ()) -> LicenceStates:
        """What the service signs of some licences. Where that tells that the vault is an older copy, the others are
        confirmed at once: nobody may ask again for long."""
        states, _, doubted = await self._ask_part(licence_ids, given_back)
        if doubted:
            try:
                await self.confirm_states()
            except Exception as error:  # noqa: BLE001  (they wait for upkeep)
                _log.info("an older copy waits: %s", getattr(error, "code", type(error).__name__))
        return states

    async def _ask_part(
        self, licence_ids: Sequence[str], given_back: Sequence[str] = ()
    ) -> tuple[LicenceStates, Confirmations, bool]:
        """An answer about some licences, what it brought, and whether the vault was found to be an older copy."""
        held = await asyncio.to_thread(self._held, licence_ids)
        generation, before = await asyncio.to_thread(self._next_generation)
        states = await self._signed.states(generation, before, held, given_back)
        return states, *await asyncio.to_thread(self._take_states, states, held)

    async def _settled_by_its_word(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        """Those of the receipts whose licences the service signs to be over."""
        states = await self._ask_states((), [one.licence_id for one in receipts])
        said = {licence_id for licence_id, one in states.licences.items() if one.state != _IN_FORCE}
        return [one for one in receipts if one.licence_id in said]

    async def _hear_what_became_of(self, licence_id: str) -> None:
        """Do as the service signs. A refusal is not signed: whatever stands between can make one."""
        try:
            await self._ask_states((licence_id,))
        except Exception as error:  # noqa: BLE001  (the refusal is the caller's news; upkeep asks again)
            _log.info("a refusal could not be confirmed: %s", getattr(error, "code", type(error).__name__))

    def _read_to(self) -> tuple[int, float | None]:
        """The last entry of the service's list of withdrawals that was read: its serial, and its time (None where the
        service tells none). Both together name it: after a backup was put back others get the same serials."""
        kept = json.loads(self._vault.note(_SERIAL, self._service.address) or b"0")
        serial, at = kept if isinstance(kept, list) else (kept, None)
        return int(serial), at

    def _next_generation(self) -> tuple[int, int]:
        """What is told to the service of how far the vault has come: now, and the last time. It is kept that it was
        told; no copy of the vault ever says the same. Each service has a count of its own, so that none can move
        another's."""
        with self._vault.exclusive():
            before = max(self._said(), default=0)
            count = max(self._vault.generation, before >> _MARK_BITS) + 1
            generation = count << _MARK_BITS | secrets.randbits(_MARK_BITS)
            self._keep_said(generation)
        return generation, before

    def _said(self) -> list[int]:
        """The last generations that this vault told the service, or heard from it."""
        return list(json.loads(self._vault.note(_SAID, self._service.address) or b"[]"))

    def _keep_said(self, generation: int) -> None:
        said = [*self._said(), generation][-_MAX_SAID:]
        self._vault.put(_SAID, self._service.address, json.dumps(said).encode())

    def _kids_of(self, session_id: str) -> list[bytes]:
        """The keys, kept or withheld, of this service's licences for a session."""
        found: list[bytes] = []
        for licence in self.store.all():
            licence.clear()
            policy = licence.rights.policy
            if self._is_ours(licence) and policy.session_id == session_id:
                found += (*policy.keys, *policy.withheld)
        return found

    def _held(self, licence_ids: Iterable[str]) -> list[LicenceFacts]:
        found = []
        for licence in self.store.all():
            licence.clear()
            if licence.licence_id in licence_ids:
                found.append(licence.rights)
        return found

    def _take_states(self, states: LicenceStates, held: Iterable[LicenceFacts]) -> tuple[Confirmations, bool]:
        """Do as the service said of ``held``, and tell whether this vault is an older copy. What the service does not
        know stays as it is: its memory may be an older copy, too."""
        confirmed: list[str] = []
        withdrawn: list[str] = []
        released: list[str] = []
        forgotten: list[str] = []
        if states.generation >> _MARK_BITS > _MAX_COUNT:
            raise untrusted("It has seen more changes than there can be.")
        with self._vault.exclusive():
            # Of two programs that ask at once one may be overtaken: only what this vault never said makes it a copy.
            doubted = states.restored and states.generation not in self._said()
            if doubted:
                self._keep_said(states.generation)
                self.store.doubt(self._service.address)  # its word counts for its own licences alone
            for rights in held:
                licence_id = rights.policy.licence_id
                said = states.licences.get(licence_id)
                if said is None or licence_id not in self.store.ids():
                    continue
                if said.state == "revoked":
                    withdrawn += self._mark_revoked({licence_id})
                elif said.state == "released":
                    self.store.release(licence_id, None)
                    released.append(licence_id)
                elif said.state == _UNKNOWN:
                    forgotten.append(licence_id)
                elif said.state == _IN_FORCE:
                    licence = self.store.get(licence_id)
                    good = licence.rights
                    if (good.policy.sequence, good.revoked) != (rights.policy.sequence, rights.revoked):
                        pass  # it changed while this answer was under way, which speaks of the one before
                    elif good.revoked or len(licence.keys) < len(good.policy.keys):
                        # A list named it that should not have: its keys come with a renewal, it waits until then.
                        good = replace(good, revoked=False, confirmed=False)
                    elif said.sequence == good.policy.sequence:
                        good = rules.confirmed(good, said.first_play_at)
                        confirmed.append(licence_id)
                    elif good.policy.rental:  # it was renewed since: an older copy, or the answer was lost
                        good = rules.with_first_play(good, said.first_play_at)
                    if good != licence.rights:
                        self.store.put(licence.with_rights(good))
                    licence.clear()
        found = Confirmations(tuple(confirmed), tuple(withdrawn), tuple(released), tuple(forgotten))
        return found, doubted

    def _read(self, licence_id: str) -> tuple[KeptLicence, TrustedTime]:
        """A licence and the time of its issuer."""
        licence = self.store.get(licence_id)
        licence.clear()
        now = self._clock.of(licence.service).now()
        # Again: if the clock was tampered with, no licence is believed any more.
        return self.store.get(licence_id), now

    def _device_of(self, licence: KeptLicence) -> str:
        """The ID of this device at the service that issued a licence; empty where it has none there."""
        device = self._devices.find(licence.service)
        return "" if device is None else device.device_id

    def _is_ours(self, licence: KeptLicence) -> bool:
        """Whether this service issued a licence."""
        return licence.service == self._service.address

    def _check_account(self, licence: KeptLicence) -> None:
        if self._is_ours(licence) and self._account_id not in (None, licence.rights.policy.account_id):
            licence.clear()
            raise DrmError(
                DrmErrorCode.NO_LICENCE,
                "This title was downloaded with another account; sign in with that one to watch it.",
                state="wrong_account",
            )

    def _is_newer(self, licence: KeptLicence) -> bool:
        """Whether a later one than ``licence`` is kept now."""
        now = self.store.get(licence.licence_id)
        now.clear()
        return now.rights.policy.sequence > licence.rights.policy.sequence

    def _keep_issued(self, issued: IssuedLicence, download_id: str | None = None) -> KeptLicence:
        with self._vault.exclusive():  # a playback may begin meanwhile, and another download be removed
            if download_id is not None:
                self.store.note_use(issued.policy.licence_id, download_id)
            return self._keep(issued, self._rights_of(issued))

    def _keep_renewed(self, issued: IssuedLicence) -> KeptLicence:
        with self._vault.exclusive():
            now = self.store.get(issued.policy.licence_id)  # its first play may have been set right meanwhile
            now.clear()
            if now.rights.policy.sequence >= issued.policy.sequence:  # another program was faster
                for key in issued.keys:
                    key.clear()
                return now
            return self._keep(issued, rules.renewed(now.rights, issued.policy))

    def _keep(self, issued: IssuedLicence, rights: LicenceFacts) -> KeptLicence:
        licence = KeptLicence(self._service.address, rights, issued.document, issued.keys)
        self.store.put(licence)
        licence.clear()
        return licence

    def _rights_of(self, issued: IssuedLicence) -> LicenceFacts:
        """The service goes on with the licence of a title that was asked for before: so does its playback clock."""
        if issued.policy.licence_id not in self.store.ids():
            return LicenceFacts(issued.policy)
        try:
            earlier = self.store.get(issued.policy.licence_id)
        except DrmError as error:
            if error.code is not DrmErrorCode.STORE_DAMAGED:
                raise
            return LicenceFacts(issued.policy)
        earlier.clear()
        if not self._is_ours(earlier):
            raise untrusted("It has the ID of another service's licence.")
        if issued.policy.sequence <= earlier.rights.policy.sequence:
            raise untrusted("It is older than the one that is held.")
        return rules.renewed(earlier.rights, issued.policy)

    def _withdraw(self, members: SignedFields) -> set[str]:
        return self._mark_revoked(self._named(members))

    def _named(self, members: SignedFields) -> set[str]:
        """The IDs of this service's licences here that a list names, by themselves, by their title or by this device.
        Another service's titles may have the same IDs."""
        licences = {one for one in members.items("licences") if isinstance(one, str)}
        device = self._signed.device_id in members.items("devices")
        titles = [SignedFields(one) for one in members.items("titles") if isinstance(one, dict)]
        # A time that is yet to come was written under a wrong clock, and would name licences of after the title's
        # return. What it meant is in the signed answer about each licence.
        past_s = members.number("issued_at") + AGREE_S
        until = {one.text("title_id"): one.number("at") for one in titles if one.number("at") <= past_s}
        found = set()
        for licence in self.store.all():
            licence.clear()
            policy = licence.rights.policy
            if not self._is_ours(licence):
                continue
            if device or policy.licence_id in licences or policy.issued_at <= until.get(policy.title_id, -1.0):
                found.add(policy.licence_id)
        return found

    def _mark_revoked(self, licence_ids: set[str]) -> set[str]:
        """Mark licences as withdrawn and forget their keys; those that were not marked before."""
        marked = set()
        with self._vault.exclusive():
            for licence in self.store.all():
                if licence.licence_id in licence_ids and not licence.rights.revoked:
                    licence.clear()
                    self.store.put(replace(licence, rights=replace(licence.rights, revoked=True), keys=()))
                    marked.add(licence.licence_id)
                licence.clear()
        return marked


def _helps_to_connect(standing: LicenceJudgement) -> bool:
    """Whether the service may permit playing, where this device alone may not."""
    return standing.renewal_due or standing.provisional or standing.state is RightsState.UNCONFIRMED


def _is_lost(standing: LicenceJudgement, policy: LicencePolicy) -> bool:
    """Whether a licence can only be requested again: it must be confirmed, and cannot be renewed."""
    return policy.renewal is None and standing.state is RightsState.UNCONFIRMED


def _receipt_body(statement: str, _now_s: float) -> dict[str, Any]:
    return {"receipt": statement}
