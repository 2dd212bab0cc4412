"""What is done about kept licences whenever their service can be reached: one pass, the same for every program.

The time where it is doubtful, what became of the licences here (so an older copy of the vault is found, and confirmed
or corrected), withdrawals, renewals that are due, receipts. Each step stands alone: one that fails leaves the others.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.offline import OfflineLicences, Renewals
from drm_client.refusals import RefusedError
from drm_client.rights import RightsState
from drm_client.trusted_service import TrustedService
from drm_client.vault import Vault

DAILY_S = 86_400.0
LEAST_S = 3600.0
SOON_S = 1200.0
"""So long until the next pass where something is unsettled: the time is doubtful, or a licence unconfirmed."""
RETRY_S = 600.0
WARN_S = 43_200.0
"""The viewer is told so long before a title ends that cannot be renewed by itself."""

PASS_S = 120.0
"""So long another program leaves a pass to the one that has begun it."""

_T = TypeVar("_T")
_UPKEEP = "upkeep"
_NOT_THERE = 404


@dataclass(frozen=True, slots=True)
class EndingTitle:
    """A title whose time is nearly over; ``remaining_s`` seconds are left."""

    licence_id: str
    title_id: str
    remaining_s: float
    sentence: str


@dataclass(frozen=True, slots=True)
class UpkeepReport:
    """What a pass did: IDs of licences, the number of receipts, the steps that failed and why. ``released``: they
    were given back before, and had come back with an older copy. ``next_s``: seconds until the next pass is worth
    it. ``service`` is the address of the one it was made with."""

    confirmed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    given_back: int = 0
    ending: tuple[EndingTitle, ...] = ()
    failed: dict[str, Exception] = field(default_factory=dict)
    next_s: float = DAILY_S
    service: str = ""

    def sentences(self) -> tuple[str, ...]:
        """What to tell a viewer, if anything."""
        told = []
        if self.renewed:
            told.append(f"{_titles(len(self.renewed))} renewed.")
        if self.withdrawn:
            told.append(f"The service has withdrawn {_titles(len(self.withdrawn))}.")
        if self.released:
            told.append(f"{_titles(len(self.released))} had been given back before.")
        if self.given_back:
            told.append(f"{_titles(self.given_back)} given back.")
        return tuple(told)


class KeptMedia(Protocol):
    """What the licences are kept for, on the event loop of upkeep."""

    async def finish_removals(self) -> None:
        """Finish the removals that a program was killed in."""

    async def replace(self, address: str, forgotten: Collection[str]) -> Renewals:
        """Have new licences in the place of those that the service at ``address`` signs to know nothing of."""


class KeptLicenceUpkeep:
    """The passes for one service. Belongs to one event loop."""

    def __init__(self, vault: Vault, licences: OfflineLicences, service: TrustedService) -> None:
        self._vault = vault
        self._licences = licences
        self._service = service
        self._running = asyncio.Lock()

    def due_s(self) -> float:
        """Return the seconds until the next pass is due, as the last one said. 0 if an older copy was found since, or
        the clock is in doubt. Raises as the vault does."""
        kept = self._vault.note(_UPKEEP, self._service.address)
        if kept is None:
            return 0.0
        at_s, next_s, *rest = json.loads(kept)
        if not any(rest) and self._look()[0]:
            return 0.0
        passed_s = self._service.clock.issuer_now() - at_s
        return 0.0 if passed_s < 0.0 else max(0.0, next_s - passed_s)

    def claim(self) -> float:
        """As :meth:`due_s`; where it is due it is this program's to make, and no other's for a while."""
        with self._vault.exclusive():
            due_s = self.due_s()
            if due_s == 0.0 and self._has_work():
                self._put(PASS_S, unsettled=True)
            return due_s

    def look(self) -> UpkeepReport:
        """What is nearly over now, without asking anybody: titles are played between two passes, and another program
        may have made the last one. Raises as the vault does."""
        return UpkeepReport(ending=self._look()[1], service=self._service.address)

    async def run(self, media: KeptMedia | None = None) -> UpkeepReport:
        """One pass; licences that the service forgot are replaced for ``media``. Raises only where the vault does not
        open; what the service or the network refuse is in the report."""
        async with self._running:
            if not await asyncio.to_thread(self._has_work):
                return UpkeepReport()
            return await self._run(media)

    async def _run(self, media: KeptMedia | None) -> UpkeepReport:
        licences, failed, address = self._licences, dict[str, Exception](), self._service.address
        next_list_s = DAILY_S
        if await asyncio.to_thread(self._service.clock.is_doubtful):
            await _step(failed, "time", self._service.ask_time)
        states = await _step(failed, "state", licences.confirm_states)
        listed = await _step(failed, "revocations", licences.check_revocations)
        forgotten = () if states is None or media is None else states.forgotten
        replaced = None
        if media is not None and forgotten:
            replaced = await _step(failed, "forgotten", lambda: media.replace(address, forgotten))
        renewals = await _step(failed, "renewals", lambda: licences.renew_all(due_only=True, but=forgotten))
        sent = await _step(failed, "receipts", licences.send_receipts)
        if listed is not None:
            next_list_s = min(max(licences.next_list_s, LEAST_S), DAILY_S)
        unsettled, ending, warn_in_s = await asyncio.to_thread(self._look)
        refused = {
            one: error for some in (replaced, renewals) if some is not None for one, error in some.failed.items()
        }
        report = UpkeepReport(
            confirmed=() if states is None else states.confirmed,
            withdrawn=tuple(sorted({*(() if states is None else states.withdrawn), *(listed or ())})),
            released=() if states is None else states.released,
            renewed=tuple(one for some in (replaced, renewals) if some is not None for one in some.renewed),
            given_back=sent or 0,
            ending=ending,
            failed=failed | refused,
            next_s=RETRY_S if failed else SOON_S if unsettled else min(next_list_s, warn_in_s),
            service=self._service.address,
        )
        await asyncio.to_thread(self._note, report, unsettled)
        return report

    def _has_work(self) -> bool:
        store, address = self._licences.store, self._service.address
        return bool(store.issued_by(address)) or any(one.is_for(address) for one in store.receipts())

    def _look(self) -> tuple[bool, tuple[EndingTitle, ...], float]:
        """Whether something must be settled soon, what is nearly over, and seconds until the next title is."""
        unsettled, ending, warn_in_s = self._service.clock.is_doubtful(), [], DAILY_S
        for licence_id in self._licences.store.issued_by(self._service.address):
            try:
                standing, title_id = self._licences.standing(licence_id), self._licences.title_of(licence_id)
            except DrmError as error:
                if error.code is not DrmErrorCode.NO_LICENCE:
                    raise
                continue  # removed meanwhile
            unsettled = unsettled or standing.state is RightsState.UNCONFIRMED
            if not standing.may_start or standing.remaining_s is None:
                continue
            if standing.remaining_s > WARN_S:
                warn_in_s = min(warn_in_s, standing.remaining_s - WARN_S + 1.0)
            else:
                ending.append(EndingTitle(licence_id, title_id, standing.remaining_s, standing.sentence))
        return unsettled, tuple(ending), warn_in_s

    def _note(self, report: UpkeepReport, unsettled: bool) -> None:
        self._put(report.next_s, unsettled=unsettled)

    def _put(self, next_s: float, *, unsettled: bool) -> None:
        document = [self._service.clock.issuer_now(), next_s, unsettled]
        self._vault.put(_UPKEEP, self._service.address, json.dumps(document).encode())


async def _step(failed: dict[str, Exception], name: str, step: Callable[[], Awaitable[_T]]) -> _T | None:
    """What a step brought; None where it failed, or where the service does not know it (an older one)."""
    try:
        return await step()
    except RefusedError as error:
        if error.fields.get("status") != _NOT_THERE:
            failed[name] = error
    except Exception as error:  # noqa: BLE001  (the caller's network has errors of its own; the report has them)
        failed[name] = error
    return None


def _titles(count: int) -> str:
    return "1 licence" if count == 1 else f"{count} licences"
