"""Faults of rights while something else is under way: other programs, late answers, answers that break off."""

from __future__ import annotations

import contextlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from backend_stub.services.rights.revocation import Revocations
from downloads import removal, service
from downloads.folder import DownloadFolder
from downloads.service import ServiceAccess
from downloads.store import Store
from downloads.upkeep import KeptDownloads
from drm_client import keystore, locks, passphrase, rights, trusted_service, vault
from drm_client.errors import DrmError
from drm_client.keystore import FileKeyStore, SystemKeyStore
from drm_client.licence_store import LicenceStore, Removal
from drm_client.limited_calls import LimitedCalls
from drm_client.offline import OfflineLicences, Renewals
from drm_client.trusted_service import TrustedService
from drm_client.upkeep import KeptLicenceUpkeep
from drm_client.vault import Vault
from player.licensing import upkeep
from tests.faults.model import Fault
from ui.app.system import beside
from ui.cli import download_actions

T = TypeVar("T")

_KEYSTORE = "tests/drm_client/test_keystore.py"
_MEANWHILE = "tests/drm_client/test_meanwhile.py"
_LOCKS = "tests/drm_client/test_locks.py"
_PASSPHRASE = "tests/drm_client/test_passphrase.py"
_VAULT = "tests/drm_client/test_vault.py"
_UPKEEP = "tests/downloads/test_upkeep.py"
_REMOVALS = "tests/downloads/test_removals.py"


def rewritten(owner: type, name: str, now: str, then: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Compile a method again with one of its texts replaced by what it was."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        source = textwrap.dedent(inspect.getsource(getattr(owner, name)))
        if source.count(now) != 1:
            raise ValueError(f"{owner.__name__}.{name} has no single {now!r}")
        names = dict(vars(sys.modules[owner.__module__]))
        exec("from __future__ import annotations\n" + source.replace(now, then), names)
        patch.setattr(owner, name, names[name])

    return apply


def damaged_keys_are_not_forgotten(kept: Vault, address: str) -> bool:
    known = kept.get("trust", address) is not None
    kept.delete("trust", address)
    return known


def nothing_is_replaced(patch: pytest.MonkeyPatch) -> None:
    async def replace(_media: KeptDownloads, _address: str, _forgotten: object) -> Renewals:
        return Renewals((), {})

    patch.setattr(KeptDownloads, "replace", replace)


def a_first_play_is_carried_as_settled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rights, "carried_over", lambda old, new: rights.with_first_play(new, rights.first_play_at(old)))


def no_removal_is_finished_by_upkeep(patch: pytest.MonkeyPatch) -> None:
    async def nothing(_media: KeptDownloads) -> None:
        pass

    patch.setattr(KeptDownloads, "finish_removals", nothing)


def only_media_makes_room(folder: DownloadFolder, ours: Removal, licences: OfflineLicences) -> Removal:
    folder.drop_media()
    return licences.store.plan_removal(ours)


def a_pass_ends_with_any_error(patch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def nothing() -> Iterator[None]:
        yield

    patch.setattr(upkeep, "_outliving", nothing)


def all_begin_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(FileKeyStore, "alone", lambda _self: contextlib.nullcontext())


def locks_take_what_is_there(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(locks, "_open", lambda path: path.open("ab"))


def locks_of_pipes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(locks.stat, "S_ISREG", lambda _mode: True)


def whatever_is_there_is_deleted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(locks, "_delete_what_is_no_file", lambda path: path.unlink())


def keys_of_an_upgrade_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(vault, "wipe", lambda _secret: None)


def the_last_key_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(passphrase, "create_whole", passphrase.write_whole)


def a_key_is_made_behind_a_passphrase(patch: pytest.MonkeyPatch) -> None:
    present_key = passphrase.present_key

    def careless(folder: Path) -> bytes:
        locked = passphrase.is_locked(folder)
        with pytest.MonkeyPatch.context() as unaware:
            unaware.setattr(passphrase, "is_locked", lambda _folder: locked)
            return present_key(folder)

    patch.setattr(passphrase, "present_key", careless)


def a_late_call_is_made_all_the_same(patch: pytest.MonkeyPatch) -> None:
    class Careless(LimitedCalls):
        def call(self, work: Callable[[], T]) -> T:
            return LimitedCalls(self.limit_s).call(work)

    patch.setattr(keystore, "LimitedCalls", Careless)


def files_for_who_needs_the_system_store(patch: pytest.MonkeyPatch) -> None:
    open_key_store = keystore.open_key_store

    def careless(folder: Path, preference: str = "auto") -> keystore.KeyStore:
        try:
            return open_key_store(folder, preference)
        except DrmError:
            return FileKeyStore(folder)

    patch.setattr(keystore, "open_key_store", careless)
    patch.setattr(sys.modules["tests.drm_client.test_keystore"], "open_key_store", careless)


def any_error_is_a_defence(patch: pytest.MonkeyPatch) -> None:
    from tests import attacks

    class AnyError(str):
        def __eq__(self, other: object) -> bool:
            return bool(self) == bool(other)

        __hash__ = str.__hash__

    opens = attacks.opens
    patch.setattr(
        attacks,
        "opens",
        lambda folder, keys, desk: AnyError((keys is not desk.keys and opens(folder, keys, desk)) or ""),
    )


def others_are_inspected_first(patch: pytest.MonkeyPatch) -> None:
    def give_back(store: Store, planned: Removal, licences: OfflineLicences) -> None:
        kept = removal._licences_of_others(store, planned.download_id)
        for licence_id in planned.licence_ids:
            licences.store.drop_use(licence_id, planned.download_id)
            if licence_id not in kept:
                licences.give_back_unused(licence_id, planned.reason)

    patch.setattr(removal, "_give_back", give_back)


FAULTS = [
    Fault(
        "rights-a-late-state-is-of-the-renewed-licence",
        f"{_MEANWHILE}::test_an_answer_about_a_licence_that_was_renewed_meanwhile_says_nothing_of_it",
        rewritten(
            OfflineLicences,
            "_take_states",
            "(good.policy.sequence, good.revoked) != (rights.policy.sequence, rights.revoked)",
            "said.sequence == rights.policy.sequence:\n"
            "                    good = rules.confirmed(good, said.first_play_at)\n"
            "                elif good is None",
        ),
    ),
    Fault(
        "rights-a-licence-that-comes-again-forgets-a-first-play",
        f"{_MEANWHILE}::test_a_playback_that_begins_while_a_licence_comes_again_has_begun",
        rewritten(OfflineLicences, "_keep_issued", "with self._vault.exclusive():", "if issued:"),
    ),
    Fault(
        "rights-answers-may-sleep",
        f"{_MEANWHILE}::test_an_answer_that_was_under_way_while_the_device_slept_is_not_taken",
        lambda patch: patch.setattr(trusted_service, "is_fresh", lambda *_readings: True),
    ),
    Fault(
        "rights-one-odd-answer-keeps-all-receipts",
        f"{_MEANWHILE}::test_one_odd_answer_keeps_no_other_receipt",
        rewritten(
            OfflineLicences, "send_receipts", "except DrmError as error:", "except ZeroDivisionError as error:"
        ),
    ),
    Fault(
        "rights-a-network-that-ends-keeps-settled-receipts",
        f"{_MEANWHILE}::test_a_network_that_ends_in_between_keeps_no_settled_receipt",
        rewritten(
            OfflineLicences, "send_receipts", "except Exception as error:", "except ZeroDivisionError as error:"
        ),
    ),
    Fault(
        "rights-keys-wait-for-the-service",
        f"{_MEANWHILE}::test_no_key_waits_in_memory_for_the_answers_of_a_service",
        rewritten(OfflineLicences, "renew_all", "for licence in kept:", "for licence in kept[:1]:"),
    ),
    Fault(
        "rights-a-playback-that-does-not-begin-leaves-keys",
        f"{_MEANWHILE}::test_a_playback_that_does_not_begin_leaves_no_key",
        rewritten(OfflineLicences, "open", "unfinished.callback(licence.clear)", "unfinished.callback(str)"),
    ),
    Fault(
        "rights-a-playback-that-is-not-written-leaves-keys",
        f"{_MEANWHILE}::test_a_playback_whose_begin_is_not_written_leaves_no_key",
        rewritten(OfflineLicences, "open", "\n        unfinished.pop_all()", "\n            unfinished.pop_all()"),
    ),
    Fault(
        "rights-a-copy-of-the-key-stays-beside-a-passphrase",
        f"{_PASSPHRASE}::test_no_copy_of_the_key_stays_beside_a_passphrase",
        lambda patch: patch.setattr(Path, "glob", lambda *_given: iter(())),
    ),
    Fault(
        "rights-uses-overwrite-each-other",
        f"{_MEANWHILE}::test_two_programs_that_note_a_use_at_once_lose_none",
        rewritten(LicenceStore, "note_use", "with self._vault.exclusive():", "if licence_id:"),
    ),
    Fault(
        "rights-a-licence-of-two-is-given-back-by-none",
        f"{_REMOVALS}::test_two_programs_that_remove_two_downloads_of_a_title_at_once_give_its_licence_back",
        others_are_inspected_first,
    ),
    Fault(
        "rights-a-plan-to-remove-overwrites-another",
        f"{_REMOVALS}::test_of_two_programs_that_plan_a_removal_at_once_neither_plan_is_lost[plans]",
        rewritten(LicenceStore, "plan_removal", "planned is not None and", "not planned and"),
    ),
    Fault(
        "rights-a-removal-knows-no-others-plan",
        f"{_REMOVALS}::test_a_removal_that_finds_the_download_busy_keeps_what_another_program_has_planned",
        rewritten(LicenceStore, "plan_removal", '(planned.programs or ("",))', "planned.programs"),
    ),
    Fault(
        "rights-a-refused-removal-ends-anothers",
        f"{_REMOVALS}::test_of_two_programs_that_plan_a_removal_at_once_neither_plan_is_lost[is refused]",
        rewritten(LicenceStore, "removed", "if left:", "if not planned:"),
    ),
    Fault(
        "rights-a-licence-just-got-is-given-back",
        f"{_REMOVALS}::test_a_licence_that_a_download_has_just_got_is_not_given_back",
        rewritten(OfflineLicences, "give_back_unused", "if not self.store.uses(licence_id):", "if licence_id:"),
    ),
    Fault(
        "rights-a-use-is-noted-later",
        f"{_REMOVALS}::test_whoever_gets_a_licence_has_it_from_that_moment_on",
        rewritten(OfflineLicences, "_keep_issued", "if download_id is not None:", "if not download_id:"),
    ),
    Fault(
        "rights-what-goes-is-looked-at",
        f"{_MEANWHILE}::test_what_goes_while_it_is_looked_at_is_not_looked_at",
        rewritten(
            KeptLicenceUpkeep,
            "_look",
            "if error.code is not DrmErrorCode.NO_LICENCE:",
            "if error.code:",
        ),
    ),
    Fault(
        "rights-the-last-pin-holds",
        f"{_MEANWHILE}::test_at_two_first_contacts_at_once_the_first_pin_holds",
        rewritten(TrustedService, "_learn", "if trust.keys else", "if not trust else"),
    ),
    Fault(
        "rights-two-programs-begin-as-two-devices",
        f"{_MEANWHILE}::test_of_two_programs_that_begin_at_once_both_are_one_device[file]",
        all_begin_at_once,
    ),
    Fault(
        "rights-locks-follow-links",
        f"{_LOCKS}::test_no_link_is_followed",
        locks_take_what_is_there,
    ),
    Fault(
        "rights-a-pipe-is-a-lock",
        f"{_LOCKS}::test_nobody_waits_for_a_pipe",
        locks_of_pipes,
    ),
    Fault(
        "rights-a-lock-of-another-program-is-deleted",
        f"{_LOCKS}::test_what_another_program_has_made_meanwhile_is_not_deleted",
        whatever_is_there_is_deleted,
    ),
    Fault(
        "rights-a-power-cut-takes-a-change-back",
        f"{_VAULT}::test_a_change_lasts_through_a_power_cut",
        rewritten(Vault, "_connect", "synchronous = EXTRA", "synchronous = FULL"),
    ),
    Fault(
        "rights-a-count-that-was-not-taken-stays-behind",
        f"{_VAULT}::test_a_count_that_the_key_store_did_not_take_is_told_again_at_the_next_start",
        rewritten(Vault, "_begin", "(stale or head.generation > (anchor or 0))", "stale"),
    ),
    Fault(
        "rights-a-vault-opens-only-where-its-count-is-taken",
        f"{_VAULT}::test_an_old_copy_can_be_inspected_where_the_key_store_takes_no_count",
        rewritten(Vault, "_begin", "except DrmError as error:", "except ZeroDivisionError as error:"),
    ),
    Fault(
        "rights-keys-of-an-upgrade-stay-in-memory",
        "tests/drm_client/test_upgrade.py::test_no_key_of_an_upgrade_stays_in_memory",
        keys_of_an_upgrade_stay,
    ),
    Fault(
        "rights-the-last-of-two-keys-wins",
        f"{_PASSPHRASE}::test_of_two_programs_that_make_the_key_at_once_neither_loses_what_it_sealed",
        the_last_key_wins,
    ),
    Fault(
        "rights-a-key-is-made-behind-a-passphrase",
        f"{_PASSPHRASE}::test_a_passphrase_that_another_program_sets_meanwhile_hides_no_secret",
        a_key_is_made_behind_a_passphrase,
    ),
    Fault(
        "rights-a-call-of-a-key-store-that-hangs-comes-late",
        f"{_KEYSTORE}::test_a_system_store_that_hangs_is_an_error_that_can_be_retried[put]",
        a_late_call_is_made_all_the_same,
    ),
    Fault(
        "rights-a-key-store-that-hangs-is-forgotten",
        f"{_KEYSTORE}::test_a_system_store_that_hangs_at_the_start_is_told_to_whoever_needs_it",
        files_for_who_needs_the_system_store,
    ),
    Fault(
        "rights-errors-of-the-bus-come-bare",
        f"{_KEYSTORE}::test_an_error_of_the_bus_is_told_as_one_of_the_store",
        rewritten(SystemKeyStore, "_ask", "except Exception as error:", "except ZeroDivisionError as error:"),
    ),
    Fault(
        "rights-a-download-on-a-lost-disk-stays",
        f"{_REMOVALS}::test_a_download_whose_disk_is_lost_goes_with_its_licence[upkeep]",
        lambda patch: patch.setattr(Store, "locate", Store.find),
    ),
    Fault(
        "rights-a-disk-that-comes-back-keeps-what-was-removed",
        f"{_REMOVALS}::test_a_download_whose_disk_is_lost_goes_with_its_licence[the next start]",
        lambda patch: patch.setattr(Store, "clear_removed", lambda _store: None),
    ),
    Fault(
        "rights-a-removal-from-another-disk-is-cut-off-for-good",
        f"{_REMOVALS}::test_a_removal_from_another_disk_that_is_cut_off_is_finished[rmtree]",
        rewritten(Store, "_clear", "if trash.is_dir() and not", "if path.is_dir() and not"),
    ),
    Fault(
        "rights-a-lost-disk-keeps-the-licence",
        "tests/ui/cli/test_download_offline.py"
        "::test_a_download_whose_disk_is_lost_is_removed_and_its_licence_given_back",
        lambda patch: patch.setattr(removal, "service_of", lambda *_given: None),
    ),
    Fault(
        "rights-any-error-is-a-defence",
        "tests/test_attacks.py::test_an_error_of_another_kind_is_no_defence[stolen_with_a_system_store]",
        any_error_is_a_defence,
    ),
    Fault(
        "rights-an-error-ends-upkeep",
        "tests/player/licensing/test_upkeep.py::test_upkeep_outlives_what_breaks_a_look_or_a_pass",
        a_pass_ends_with_any_error,
    ),
    Fault(
        "rights-upkeep-replaces-no-forgotten-licence",
        f"{_UPKEEP}::test_a_licence_that_its_service_has_forgotten_is_replaced_by_upkeep",
        nothing_is_replaced,
    ),
    Fault(
        "rights-a-restored-service-keeps-licences-it-forgot",
        f"{_UPKEEP}::test_after_a_backup_was_put_back_nothing_is_lost",
        nothing_is_replaced,
    ),
    Fault(
        "rights-a-replaced-rental-begins-again",
        f"{_UPKEEP}::test_the_first_play_of_a_rental_goes_on_in_the_licence_that_replaces_it",
        lambda patch: patch.setattr(rights, "carried_over", lambda _old, new: new),
    ),
    Fault(
        "rights-a-replaced-rental-is-dated-for-good",
        "tests/drm_client/test_rights.py::test_the_first_play_of_a_rental_goes_on_in_another_licence[old5-new5-first_play5]",
        a_first_play_is_carried_as_settled,
    ),
    Fault(
        "rights-a-replacement-that-was-cut-off-leaves-a-licence",
        f"{_UPKEEP}::test_a_replacement_that_was_cut_off_is_finished_by_upkeep[hand_over]",
        lambda patch: patch.setattr(OfflineLicences, "hand_over", lambda *_given: None),
    ),
    Fault(
        "rights-upkeep-finishes-no-removal",
        f"{_UPKEEP}::test_a_removal_that_was_cut_off_is_finished_by_upkeep",
        no_removal_is_finished_by_upkeep,
    ),
    Fault(
        "rights-a-list-shows-what-was-removed",
        "tests/ui/cli/test_download_offline.py"
        "::test_a_removal_that_was_cut_off_is_finished_by_the_next_command_that_asks_the_service[command2]",
        lambda patch: patch.setattr(download_actions, "_finish_removals", lambda _args, _store: None),
    ),
    Fault(
        "rights-a-list-that-has-grown-again-is-not-read",
        "tests/drm_client/test_offline.py"
        "::test_a_list_that_became_shorter_and_has_grown_again_is_read_from_its_beginning",
        rewritten(
            OfflineLicences,
            "check_revocations",
            ' or members.number_or_none("since_at") != since_at',
            "",
        ),
    ),
    Fault(
        "rights-a-list-does-not-name-its-entries",
        "tests/backend_stub/rights/test_taking_back.py::test_a_list_names_its_entries_by_their_times",
        rewritten(Revocations, "version", "-{last.at}", ""),
    ),
    Fault(
        "rights-a-list-that-was-not-noted-is-not-asked-for-again",
        "tests/drm_client/test_offline.py::test_a_list_that_could_not_be_noted_is_asked_for_again",
        rewritten(
            OfflineLicences,
            "check_revocations",
            "tag, self._list_tag = self._list_tag, EntityTag()",
            "tag = self._list_tag",
        ),
    ),
    Fault(
        "rights-an-account-gets-what-another-had-downloaded",
        f"{_UPKEEP}::test_upkeep_replaces_nothing_that_nobody_would_ask_for[another account]",
        rewritten(OfflineLicences, "is_worth_replacing", "mine and ", ""),
    ),
    Fault(
        "rights-what-was-withdrawn-is-had-again-by-upkeep",
        f"{_UPKEEP}::test_upkeep_replaces_nothing_that_nobody_would_ask_for[withdrawn]",
        lambda patch: patch.setattr(OfflineLicences, "is_worth_replacing", lambda *_given: True),
    ),
    Fault(
        "rights-a-first-play-of-a-licence-that-is-replaced-is-lost",
        f"{_UPKEEP}::test_a_first_play_while_a_licence_is_replaced_counts",
        rewritten(OfflineLicences, "hand_over", "self.carry_over(old_id, str(new_id))", "pass"),
    ),
    Fault(
        "rights-a-removal-leaves-the-licence-that-was-to-come",
        f"{_UPKEEP}::test_what_was_cut_off_while_its_licence_was_replaced_is_removed_whole",
        lambda patch: patch.setattr(removal, "_used_by", lambda _download_id, _licences: ()),
    ),
    Fault(
        "rights-a-download-goes-while-its-licence-is-replaced",
        f"{_UPKEEP}::test_a_removal_while_a_licence_is_replaced_is_refused",
        rewritten(ServiceAccess, "replace_forgotten", "with folder.running():", "if folder.id:"),
    ),
    Fault(
        "rights-a-damaged-note-ends-upkeep",
        "tests/drm_client/test_upkeep.py::test_a_damaged_note_ends_no_upkeep[receipt]",
        lambda patch: patch.setattr(Vault, "note", Vault.get),
    ),
    Fault(
        "rights-damaged-keys-of-a-service-stay",
        "tests/drm_client/test_upkeep.py::test_damaged_keys_of_a_service_can_be_taken_again",
        lambda patch: patch.setattr(trusted_service, "forget_keys", damaged_keys_are_not_forgotten),
    ),
    Fault(
        "rights-an-empty-download-stays-on-a-full-disk",
        "tests/downloads/test_full_disk.py"
        "::test_an_empty_download_can_be_removed_from_a_full_disk[without a licence]",
        lambda patch: patch.setattr(removal, "_plan_making_room", only_media_makes_room),
    ),
    Fault(
        "rights-the-window-waits-for-a-key-store",
        "tests/ui/app/test_passphrase.py::test_the_window_does_not_wait_for_a_key_store_that_hangs[system]",
        lambda patch: patch.setattr(beside, "answer_beside", lambda question: question()),
    ),
    Fault(
        "rights-a-list-withdraws-until-a-time-to-come",
        "tests/drm_client/test_offline.py"
        "::test_a_title_that_was_withdrawn_under_a_future_clock_withdraws_no_later_licence",
        rewritten(OfflineLicences, "_named", ' if one.number("at") <= past_s}', "}"),
    ),
    Fault(
        "rights-a-licence-that-the-vault-lost-stays-lost",
        f"{_UPKEEP}::test_a_licence_that_the_vault_lost_comes_back_with_a_renewal",
        lambda patch: patch.setattr(service, "_LOST", frozenset()),
    ),
    Fault(
        "rights-a-licence-that-was-given-back-comes-back",
        f"{_UPKEEP}::test_a_licence_that_the_vault_lost_comes_back_with_a_renewal",
        rewritten(OfflineLicences, "is_in_force", "said is not None and said.state == _IN_FORCE", "True"),
    ),
    Fault(
        "rights-a-title-given-back-is-withdrawn-until-a-time-to-come",
        "tests/backend_stub/rights/test_taking_back.py"
        "::TestRecall::test_a_title_taken_back_under_a_clock_that_was_ahead_takes_no_later_licences",
        rewritten(Revocations, "restore_title", "Revocation.at > now", "Revocation.at < 0"),
    ),
    Fault(
        "rights-what-a-list-named-wrongly-stays-withdrawn",
        "tests/drm_client/test_upkeep.py::test_a_licence_that_a_list_named_wrongly_is_had_again[False]",
        rewritten(
            OfflineLicences, "_take_states", "good.revoked or len(licence.keys) < len(good.policy.keys)", "False"
        ),
    ),
    Fault(
        "rights-a-lost-licence-comes-twice",
        f"{_UPKEEP}::test_a_lost_licence_that_another_program_has_again_is_not_had_twice",
        rewritten(
            ServiceAccess, "_acquire_in_place_of", "await asyncio.to_thread(licence_of, folder) != old_id", "False"
        ),
    ),
]
