"""Finding what is damaged in a download, its request and its licence, and mending it: only what is damaged is fetched
again. A new licence needs no new media."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from downloads import ledger, request, service
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import State
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.offline import OfflineLicences
from drm_client.rights import RightsState
from player.base.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class DamageFinding:
    """Something that is not as it was written. ``item`` is the item's number, None for another part."""

    what: str
    item: int | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found. ``checked`` counts the items that were read, ``left`` those not downloaded yet."""

    findings: tuple[DamageFinding, ...]
    checked: int = 0
    left: int = 0
    missing: int = 0

    @property
    def sound(self) -> bool:
        return not self.findings


REQUEST = "The request of the download"
KEYS = "The keys of the download"
LICENCE = "The licence of the download"
_OF_ANOTHER = (RightsState.WRONG_DEVICE,)  # a service that took this device away knows it as another one now


def verify(
    folder: DownloadFolder,
    on_item: Callable[[int], None] = lambda _index: None,
    licences: OfflineLicences | None = None,
) -> CheckResult:
    """Read everything and compare; with ``licences`` also whether the licence is there and whole. Changes nothing.

    Raises DownloadError where the store is gone or newer.
    """
    _, broken = folder.journal.salvage()
    if broken:
        return CheckResult(tuple(DamageFinding(what) for what in broken))
    return _checked(folder, on_item, licences, _OF_ANOTHER)


def _checked(
    folder: DownloadFolder,
    on_item: Callable[[int], None],
    licences: OfflineLicences | None,
    lost: Collection[RightsState],
) -> CheckResult:
    findings: list[DamageFinding] = []
    try:
        state = folder.refresh()
        findings += _beside(folder, licences, lost)
        if not folder.has_plan:
            return CheckResult(tuple(findings))
        plan = folder.plan()
    except DownloadError as error:
        return CheckResult((*findings, DamageFinding(_damaged_part(error))))
    for index in sorted(state.stored):
        try:
            folder.read(plan.items[index])
        except DownloadError as error:
            findings.append(DamageFinding(_damaged_part(error), index))
        on_item(index)
    return CheckResult(tuple(findings), len(state.stored), state.left, len(state.missing))


def prepare_repair(
    folder: DownloadFolder,
    on_item: Callable[[int], None] = lambda _index: None,
    licences: OfflineLicences | None = None,
) -> CheckResult:
    """Take everything damaged out of the journal, so that the next run fetches exactly that; what was found.

    A damaged plan is made again, and every item is fetched again. A request is made again from the plan. A licence
    that is damaged, gone or withdrawn is requested by the next run, as the service may have restored the title since.
    The media stays.
    """
    with folder.running():
        found = list(_mend_journal(folder))
        folder.refresh()
        if folder.has_plan:
            try:
                folder.plan()
            except DownloadError as error:
                found.append(DamageFinding(_damaged_part(error)))
                folder.note(ledger.unplanned())
        verdict = _checked(folder, on_item, licences, (*_OF_ANOTHER, RightsState.REVOKED))
        for finding in verdict.findings:
            _mend_beside(folder, finding.what)
        bad = [finding.item for finding in verdict.findings if finding.item is not None]
        again = [ledger.dropped(item) for item in (*bad, *sorted(folder.ledger.missing))]
        if found or again or verdict.findings:
            folder.note(*again, ledger.changed(State.QUEUED))
    return CheckResult((*found, *verdict.findings), verdict.checked, folder.ledger.left, len(folder.ledger.missing))


def _beside(
    folder: DownloadFolder, licences: OfflineLicences | None, lost: Collection[RightsState]
) -> list[DamageFinding]:
    """What is damaged of the small files beside the items, and of the licence."""
    findings = []
    for what, read in ((REQUEST, request.read), (KEYS, request.keys_of)):
        try:
            read(folder)
        except DownloadError as error:
            _damaged_part(error)
            findings.append(DamageFinding(what))
    if not service.awaits_licence(folder):
        try:
            licence_id = service.licence_of(folder)
            if licences is not None and licence_id is not None:
                gone = licences.standing(licence_id).state in lost
                findings += [DamageFinding(LICENCE)] if gone else []
        except DownloadError as error:
            _damaged_part(error)
            findings.append(DamageFinding(service.LICENCE_NOTE))
        except DrmError as error:
            if error.code not in (DrmErrorCode.STORE_DAMAGED, DrmErrorCode.NO_LICENCE):
                raise
            findings.append(DamageFinding(LICENCE))
    return findings


def _mend_beside(folder: DownloadFolder, what: str) -> None:
    if what == REQUEST and folder.has_plan:
        request.write(folder, request.DownloadRequest(folder.plan().origin))
    elif what == KEYS:
        request.forget_keys(folder)
    elif what in (LICENCE, service.LICENCE_NOTE):
        service.forget_licence_note(folder)


def _damaged_part(error: DownloadError) -> str:
    """What is damaged; any other error is raised again."""
    if error.code is not ErrorCode.DOWNLOAD_DAMAGED:
        raise error
    return str(error.fields["part"])


def _mend_journal(folder: DownloadFolder) -> list[DamageFinding]:
    if not folder.journal.salvage()[1]:
        return []
    return [DamageFinding(what) for what in folder.salvage()]
