"""Faults of rights in use: other devices, several programs and services, full disks, moved folders."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from backend_stub.services.rights import state, time_guard
from backend_stub.services.rights.time_guard import BootClock, Mark
from downloads import errors, folder, quota, removal, request, store
from downloads.model import DownloadSummary, State
from downloads.queue import Queue
from downloads.request import DownloadRequest
from downloads.store import Store
from drm_client import clock, passphrase, rights, vault, whole_files
from drm_client.licence_store import KeptLicence, LicenceStore, Removal
from drm_client.offline import Confirmations, OfflineLicences
from drm_client.signed_licences import IssuedLicence, LicenceStates
from drm_client.upkeep import KeptLicenceUpkeep
from player.base.errors import ANY_ERROR, ErrorCode
from player.service import client
from tests.backend_stub.rights import test_states
from tests.faults.model import Fault
from ui.app.downloads import card, titles
from ui.app.ports.downloads import KeptTitle
from ui.cli import download_actions, download_rights, download_work


def an_older_copy_waits_for_the_next_pass(patch: pytest.MonkeyPatch) -> None:
    async def ask(
        self: OfflineLicences, licence_ids: Collection[str], given_back: Collection[str] = ()
    ) -> LicenceStates:
        return (await self._ask_part(tuple(licence_ids), tuple(given_back)))[0]

    patch.setattr(OfflineLicences, "_ask_states", ask)


def what_was_given_back_counts_as_withdrawn(patch: pytest.MonkeyPatch) -> None:
    confirm = OfflineLicences.confirm_states

    async def together(self: OfflineLicences) -> Confirmations:
        found = await confirm(self)
        return Confirmations(found.confirmed, found.withdrawn + found.released)

    patch.setattr(OfflineLicences, "confirm_states", together)


def each_device_rents_for_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(state, "rented_since", lambda *_given: None)


def an_app_gives_up_like_a_command(patch: pytest.MonkeyPatch) -> None:
    made = Queue.__init__

    def impatient(self: Queue, *given: object, **more: object) -> None:
        made(self, *given, **{**more, "tries": 5})  # type: ignore[arg-type]

    patch.setattr(Queue, "__init__", impatient)


def one_fault_ends_the_queue(patch: pytest.MonkeyPatch) -> None:
    ended = Queue._ended

    def as_before(self: Queue, download_id: str, task: asyncio.Task[State]) -> None:
        error = task.exception()
        if error is not None and not isinstance(error, ANY_ERROR):
            raise error
        ended(self, download_id, task)

    patch.setattr(Queue, "_ended", as_before)


def time_goes_beyond_what_any_clock_shows(patch: pytest.MonkeyPatch) -> None:
    advance = clock.advance

    def as_before(state: clock.ClockState, reading: clock.Reading) -> clock.ClockState:
        later = advance(state, reading)
        if reading.boot_id == state.reading.boot_id:
            return later
        at_s = state.time.at_s + max(0.0, reading.wall_s - state.reading.wall_s)
        return replace(later, time=replace(later.time, at_s=at_s))

    patch.setattr(clock, "advance", as_before)


def what_is_removed_meanwhile_breaks_a_list(patch: pytest.MonkeyPatch) -> None:
    def every(self: LicenceStore) -> tuple[KeptLicence, ...]:
        return tuple(self.get(licence_id) for licence_id in self.ids())

    patch.setattr(LicenceStore, "all", every)


def half_of_a_download_is_left(patch: pytest.MonkeyPatch) -> None:
    class KeepsAll:
        @staticmethod
        def rmtree(*_given: object, **_more: object) -> None:
            """What could not be made stays."""

    patch.setattr("downloads.folder.shutil", KeepsAll)


def a_download_without_its_request_is_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(request, "DownloadError", ZeroDivisionError)


def what_took_no_note_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    lacks = Queue._lacks_room
    patch.setattr(Queue, "_lacks_room", lambda queue, item: item.state != "queued" and lacks(queue, item))


def a_large_file_is_a_full_disk(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(errors, "_FULL", errors._FULL | {errno.EFBIG})


def key_stores_need_links(patch: pytest.MonkeyPatch) -> None:
    def create(path: Path, content: bytes) -> None:
        (path.parent / "new").write_bytes(content)
        os.link(path.parent / "new", path)

    patch.setattr(passphrase, "create_whole", create)


def one_mark_of_time_for_all_machines(patch: pytest.MonkeyPatch) -> None:
    def newest(now: float, boot: BootClock, marks: Sequence[Mark], newest_licence_at: float) -> bool:
        return time_guard.is_good(now, boot, max(marks, key=lambda mark: mark.at, default=None), newest_licence_at)

    patch.setattr(time_guard, "agrees", newest)


def what_a_full_disk_did_not_take_is_left(patch: pytest.MonkeyPatch) -> None:
    def leave(path: Path, content: bytes) -> Path:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fsync(file.fileno())
        return Path(name)

    patch.setattr(whole_files, "_temporary_beside", leave)


def tokens_that_are_not_kept_are_not_used(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(client, "DrmError", ZeroDivisionError)


def sealed_files_are_never_full(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(removal, "_FULL", frozenset({"SQLITE_FULL"}))


def both_of_two_programs_renew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OfflineLicences, "_is_newer", lambda _self, _licence: False)


def the_last_answer_is_kept(patch: pytest.MonkeyPatch) -> None:
    def keep(self: OfflineLicences, issued: IssuedLicence) -> KeptLicence:
        now = self.store.get(issued.policy.licence_id)
        now.clear()
        return self._keep(issued, rights.renewed(now.rights, issued.policy))

    patch.setattr(OfflineLicences, "_keep_renewed", keep)


def both_of_two_programs_make_the_pass(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(KeptLicenceUpkeep, "claim", KeptLicenceUpkeep.due_s)


def version_0_1_0_finds_another_anchor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(vault, "ANCHOR_ENTRY", vault.FIRST_ANCHOR_ENTRY)


def every_namespace_is_the_machine(patch: pytest.MonkeyPatch) -> None:
    read = (
        "from backend_stub.services.rights import time_guard as guard; "
        "guard._FIRST_TIME_NAMESPACE = guard.Path('/proc/self/ns/time').stat().st_ino; "
        "b = guard.read_boot_clock(); print(b.boot_id, b.boottime_s)"
    )
    patch.setattr(test_states, "_READ", read)


def what_was_moved_is_gone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Store, "_adopt", lambda *_given: False)


def sizes_are_told_in_megabytes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(download_work, "shown_bytes", lambda count: f"{count / 1e6:.0f} MB")


_KEYS = "tests/drm_client/test_keystore.py"
_TAMPERING = "tests/downloads/test_tampering.py"
_STORE = "tests/downloads/test_store.py"
_REMOVALS = "tests/downloads/test_removals.py"
_FULL = "tests/downloads/test_full_disk.py"
_UPKEEP = "tests/drm_client/test_upkeep.py"


def an_unplugged_disk_hides_all(patch: pytest.MonkeyPatch) -> None:
    shown = titles.KeptTitles._shown

    def first_found(
        self: titles.KeptTitles, store: Store, item: DownloadSummary, licences: OfflineLicences | None
    ) -> KeptTitle | None:
        store.find(item.id)
        return shown(self, store, item, licences)

    patch.setattr(titles.KeptTitles, "_shown", first_found)


def an_unplugged_disk_ends_smart_downloads(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(titles, "_card_of", lambda store, item: card.read(store.find(item.id), rated=True))


def a_disk_that_goes_ends_a_queue(patch: pytest.MonkeyPatch) -> None:
    async def asked_first(self: Queue, listed: Iterable[DownloadSummary]) -> list[str]:
        if self.has_room is None:
            return []
        return [item.id for item in listed if not self.has_room(item)]

    patch.setattr(Queue, "_without_room", asked_first)


def what_is_not_noted_has_no_licence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(removal, "_used_by", lambda *_given: ())
    patch.setattr(removal, "_of_its_title", lambda *_given: ())


def a_queued_download_has_its_titles_licence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(removal, "_may_have_one", lambda _folder: True)


def one_removal_holds_all_back(patch: pytest.MonkeyPatch) -> None:
    finish = removal._finish

    def fatal(store: Store, planned: Removal, licences: OfflineLicences, *, is_there: bool) -> None:
        try:
            finish(store, planned, licences, is_there=is_there)
        except errors.DownloadError as error:
            raise OSError(error.sentence) from error

    patch.setattr(removal, "_finish", fatal)


def the_app_tidies_once(patch: pytest.MonkeyPatch) -> None:
    tidy = titles.KeptTitles._tidy

    async def once(self: titles.KeptTitles, store: Store, licences: OfflineLicences) -> None:
        await tidy(self, store, licences)
        self._tidied = True

    patch.setattr(titles.KeptTitles, "_tidy", once)


def links_are_read(patch: pytest.MonkeyPatch) -> None:
    def followed(path: Path, _longest: int, _what: str, *, item: int | None = None) -> bytes:
        return path.read_bytes()

    patch.setattr(folder, "read_kept", followed)


def a_move_copies_what_links_lead_to(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(store, "open_kept", os.open)


def a_move_that_was_cut_off_is_refused(patch: pytest.MonkeyPatch) -> None:
    def refuse(_store: Store, place: Path) -> None:
        raise errors.DownloadError(ErrorCode.INPUT_USAGE, f"The download is at {place.parent} already.")

    patch.setattr(Store, "_rest_at", refuse)


def what_is_removed_meanwhile_is_listed(patch: pytest.MonkeyPatch) -> None:
    ids, first = Store.ids, Store.list

    def listed(self: Store) -> tuple[DownloadSummary, ...]:
        known = self.ids()
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(Store, "ids", lambda _store: known)
            return first(self)

    patch.setattr(Store, "list", listed)
    patch.setattr(Store, "ids", ids)


def limits_without_end_break_the_list(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quota, "OverflowError", KeyError, raising=False)


def a_licence_that_went_ends_all_renewals(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(download_rights, "ANY_ERROR", (KeyError,))


def a_title_without_a_service_is_queued(patch: pytest.MonkeyPatch) -> None:
    wanted = download_actions.wanted_of

    def of_any(args: argparse.Namespace) -> DownloadRequest:
        return wanted(argparse.Namespace(**{**vars(args), "service": args.service or "https://nowhere.test"}))

    patch.setattr(download_actions, "wanted_of", of_any)


FAULTS = [
    Fault(
        "rights-an-app-gives-up-like-a-command",
        "tests/downloads/test_queue.py::test_an_app_goes_on_by_itself_however_long_the_service_was_away",
        an_app_gives_up_like_a_command,
    ),
    Fault(
        "rights-one-fault-ends-the-queue",
        "tests/downloads/test_queue.py::test_a_fault_of_the_program_ends_one_download_and_not_the_others",
        one_fault_ends_the_queue,
    ),
    Fault(
        "rights-time-goes-beyond-what-any-clock-shows",
        "tests/drm_client/test_clock.py::test_a_clock_that_lagged_and_is_right_again_takes_nothing_away",
        time_goes_beyond_what_any_clock_shows,
    ),
    Fault(
        "rights-every-namespace-is-the-machine",
        "tests/backend_stub/rights/test_states.py::test_a_service_in_a_time_namespace_is_another_machine",
        every_namespace_is_the_machine,
    ),
    Fault(
        "rights-what-was-moved-is-gone",
        "tests/downloads/test_store.py::test_a_home_that_was_renamed_takes_its_downloads_along",
        what_was_moved_is_gone,
    ),
    Fault(
        "rights-version-0-1-0-finds-another-anchor",
        "tests/drm_client/test_upgrade.py::test_version_0_1_0_would_find_a_newer_file_and_no_damage[sealed files]",
        version_0_1_0_finds_another_anchor,
    ),
    Fault(
        "rights-both-of-two-programs-renew",
        f"{_UPKEEP}::test_two_programs_renew_a_licence_once",
        both_of_two_programs_renew,
    ),
    Fault(
        "rights-the-last-answer-is-kept",
        f"{_UPKEEP}::test_two_programs_renew_a_licence_once",
        the_last_answer_is_kept,
    ),
    Fault(
        "rights-both-of-two-programs-make-the-pass",
        f"{_UPKEEP}::test_of_two_programs_one_makes_the_pass",
        both_of_two_programs_make_the_pass,
    ),
    Fault(
        "rights-one-mark-of-time-for-all-machines",
        "tests/backend_stub/rights/test_states.py"
        "::test_of_several_machines_one_that_is_wrong_makes_no_other_unsure[33696000.0]",
        one_mark_of_time_for_all_machines,
    ),
    Fault(
        "rights-what-a-full-disk-did-not-take-is-left",
        f"{_KEYS}::test_a_full_disk_is_named_and_nothing_is_left_of_what_it_did_not_take",
        what_a_full_disk_did_not_take_is_left,
    ),
    Fault(
        "rights-tokens-that-are-not-kept-are-not-used",
        "tests/player/service/test_service.py::test_tokens_that_a_full_disk_does_not_take_are_used_and_kept_later",
        tokens_that_are_not_kept_are_not_used,
    ),
    Fault(
        "rights-sealed-files-are-never-full",
        "tests/downloads/test_repairs.py::test_on_a_full_disk_a_download_can_be_removed[ENOSPC-True]",
        sealed_files_are_never_full,
    ),
    Fault(
        "rights-half-of-a-download-is-left",
        f"{_FULL}::test_a_download_that_could_not_be_made_is_not_listed[its journal]",
        half_of_a_download_is_left,
    ),
    Fault(
        "rights-a-download-without-its-request-is-left",
        f"{_FULL}::test_a_download_that_could_not_be_made_is_not_listed[its request]",
        a_download_without_its_request_is_left,
    ),
    Fault(
        "rights-a-disk-without-room-for-a-note",
        f"{_FULL}::test_a_disk_that_takes_no_note_of_it_is_waited_for_all_the_same",
        what_took_no_note_is_forgotten,
    ),
    Fault(
        "rights-a-large-file-is-a-full-disk",
        f"{_FULL}::test_a_file_that_is_too_large_for_its_disk_is_not_called_a_full_disk",
        a_large_file_is_a_full_disk,
    ),
    Fault(
        "rights-key-stores-need-links",
        f"{_FULL}::test_a_profile_may_lie_on_a_disk_without_links",
        key_stores_need_links,
    ),
    Fault(
        "rights-an-older-copy-waits-for-the-next-pass",
        "tests/drm_client/test_offline.py::test_what_finds_an_older_copy_confirms_the_rest_at_once",
        an_older_copy_waits_for_the_next_pass,
    ),
    Fault(
        "rights-what-was-given-back-counts-as-withdrawn",
        "tests/drm_client/test_upkeep.py::test_an_older_copy_is_found_and_heals_at_the_next_contact",
        what_was_given_back_counts_as_withdrawn,
    ),
    Fault(
        "rights-each-device-rents-for-itself",
        "tests/backend_stub/rights/test_states.py"
        "::TestStates::test_of_a_rental_a_device_learns_when_another_one_played_it[True]",
        each_device_rents_for_itself,
    ),
    Fault(
        "rights-sizes-are-told-in-megabytes",
        "tests/ui/cli/test_download_command.py::test_a_full_disk_names_what_could_go",
        sizes_are_told_in_megabytes,
    ),
    Fault(
        "rights-what-is-removed-meanwhile-breaks-a-list",
        "tests/drm_client/test_upkeep.py::test_what_another_removes_meanwhile_is_no_failure",
        what_is_removed_meanwhile_breaks_a_list,
    ),
    Fault(
        "rights-an-unplugged-disk-hides-all",
        "tests/ui/app/test_kept_titles.py"
        "::test_a_title_that_goes_while_it_is_looked_at_hides_no_other_title[removed]",
        an_unplugged_disk_hides_all,
    ),
    Fault(
        "rights-an-unplugged-disk-ends-smart-downloads",
        "tests/ui/app/test_kept_titles.py::test_a_disk_that_goes_ends_neither_smart_downloads_nor_the_next_episode",
        an_unplugged_disk_ends_smart_downloads,
    ),
    Fault(
        "rights-a-disk-that-goes-ends-a-queue",
        "tests/downloads/test_store.py::test_a_disk_that_goes_while_room_is_looked_for_ends_no_queue",
        a_disk_that_goes_ends_a_queue,
    ),
    Fault(
        "rights-what-is-not-noted-has-no-licence",
        f"{_REMOVALS}::test_the_licence_of_a_download_of_a_newer_version_is_given_back[newer]",
        what_is_not_noted_has_no_licence,
    ),
    Fault(
        "rights-a-queued-download-has-its-titles-licence",
        f"{_REMOVALS}::test_a_download_that_never_asked_for_a_licence_takes_none_of_its_title",
        a_queued_download_has_its_titles_licence,
    ),
    Fault(
        "rights-one-removal-holds-all-back",
        f"{_REMOVALS}::test_a_disk_that_is_not_connected_holds_no_other_removal_back",
        one_removal_holds_all_back,
    ),
    Fault(
        "rights-the-app-tidies-once",
        "tests/ui/app/test_kept_titles.py"
        "::test_removals_that_cannot_be_finished_yet_are_tried_again_and_hide_nothing",
        the_app_tidies_once,
    ),
    Fault(
        "rights-links-are-read",
        f"{_TAMPERING}::test_what_is_no_file_of_the_download_is_neither_read_nor_waited_for[items/000002-link]",
        links_are_read,
    ),
    Fault(
        "rights-a-move-copies-what-links-lead-to",
        f"{_TAMPERING}::test_a_move_copies_nothing_that_a_link_leads_to",
        a_move_copies_what_links_lead_to,
    ),
    Fault(
        "rights-a-move-that-was-cut-off-is-refused",
        f"{_STORE}::test_a_move_that_was_cut_off_before_it_was_noted_can_be_made_again",
        a_move_that_was_cut_off_is_refused,
    ),
    Fault(
        "rights-what-is-removed-meanwhile-is-listed",
        f"{_STORE}::test_a_title_that_is_removed_while_it_is_listed_is_not_listed",
        what_is_removed_meanwhile_is_listed,
    ),
    Fault(
        "rights-limits-without-end-break-the-list",
        'tests/downloads/test_quota.py::test_limits_that_are_no_numbers_are_none[{"total": 1e999}]',
        limits_without_end_break_the_list,
    ),
    Fault(
        "rights-a-licence-that-went-ends-all-renewals",
        "tests/ui/cli/test_download_rights.py"
        "::test_a_licence_that_is_removed_while_it_is_renewed_is_told_like_any_failure",
        a_licence_that_went_ends_all_renewals,
    ),
    Fault(
        "rights-a-failed-download-stands-for-its-title",
        "tests/downloads/test_store.py::test_of_several_of_one_title_the_complete_one_is_meant",
        lambda patch: patch.setattr(store, "max", lambda titles, key: titles[0], raising=False),
    ),
    Fault(
        "rights-a-title-without-a-service-is-queued",
        "tests/ui/cli/test_download_command.py::test_a_title_without_a_service_is_refused_and_leaves_nothing",
        a_title_without_a_service_is_queued,
    ),
]
