"""Finding what is damaged in a download, and mending it: only what is damaged is fetched again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from downloads import ledger
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import State
from player.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written. ``item`` is the item's number, None for another part."""

    what: str
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. ``checked`` counts the items that were read, ``left`` those not downloaded yet."""

    findings: tuple[Finding, ...]
    checked: int = 0
    left: int = 0
    missing: int = 0

    @property
    def sound(self) -> bool:
        return not self.findings


def verify(folder: DownloadFolder, on_item: Callable[[int], None] = lambda _index: None) -> Verdict:
    """Read everything and compare. Changes nothing. Raises DownloadError where the store is gone or newer."""
    _, broken = folder.journal.salvage()
    if broken:
        return Verdict(tuple(Finding(what) for what in broken))
    try:
        state = folder.refresh()
        if not folder.has_plan:
            return Verdict(())
        plan = folder.plan()
    except DownloadError as error:
        if error.code is not ErrorCode.DOWNLOAD_DAMAGED:
            raise
        return Verdict((Finding(str(error.fields["part"])),))
    findings = []
    for index in sorted(state.stored):
        try:
            folder.read(plan.items[index])
        except DownloadError as error:
            if error.code is not ErrorCode.DOWNLOAD_DAMAGED:
                raise
            findings.append(Finding(str(error.fields["part"]), index))
        on_item(index)
    return Verdict(tuple(findings), len(state.stored), state.left, len(state.missing))


def prepare_repair(folder: DownloadFolder, on_item: Callable[[int], None] = lambda _index: None) -> Verdict:
    """Take everything damaged out of the journal, so that the next run fetches exactly that; what was found.

    A damaged plan loses the whole: it is made anew, and every item with it.
    """
    with folder.running():
        found = list(_mend_journal(folder))
        folder.refresh()
        if folder.has_plan:
            try:
                folder.plan()
            except DownloadError as error:
                if error.code is not ErrorCode.DOWNLOAD_DAMAGED:
                    raise
                found.append(Finding(str(error.fields["part"])))
                folder.note(ledger.unplanned())
        verdict = verify(folder, on_item)
        bad = [finding.item for finding in verdict.findings if finding.item is not None]
        again = [ledger.dropped(item) for item in (*bad, *sorted(folder.ledger.missing))]
        if found or again:
            folder.note(*again, ledger.changed(State.QUEUED))
    return Verdict((*found, *verdict.findings), verdict.checked, folder.ledger.left, len(folder.ledger.missing))


def _mend_journal(folder: DownloadFolder) -> list[Finding]:
    if not folder.journal.salvage()[1]:
        return []
    return [Finding(what) for what in folder.salvage()]
