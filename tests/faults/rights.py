"""Faults of rights: licences, trusted time, the vault, downloads."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from backend_stub.services import downloads as account_downloads
from backend_stub.services import licence_issuing
from backend_stub.services.rights import signatures, state, time_guard
from backend_stub.services.rights.revocation import Revocations
from backend_stub.services.tokens import TokenIssuer
from downloads import checking, downloader, index, item_writer, quota, removal, service
from downloads.folder import DownloadFolder
from downloads.item_writer import SystemFile
from downloads.queue import Queue
from downloads.store import Store
from drm_client import clock, device, keystore, offline, os_clock, passphrase, rights, vault
from drm_client.clock import ClockState, Reading, TrustedTime
from drm_client.device import DeviceIdentities
from drm_client.keystore import FileKeyStore
from drm_client.licence_store import LicenceStore
from drm_client.offline import Confirmations, OfflineLicences
from drm_client.rights import LicenceFacts, RightsState
from drm_client.trust import ServiceTrust
from drm_client.trusted_clock import TrustedClock
from drm_client.trusted_service import TrustedService
from drm_client.upkeep import KeptLicenceUpkeep, UpkeepReport
from drm_client.vault import ANCHOR_ENTRY, FILE_NAME, Vault
from player.licensing import device_rights, upkeep
from player.licensing.licences import PlaybackLicences
from player.licensing.upkeep import LicenceUpkeep
from player.net import http
from player.resume import journal
from player.service import address, reply
from player.service.tokens import TokenStore
from tests.drm_client.offline_kit import MemoryKeyStore
from tests.faults.model import Fault
from tests.faults.rights_meanwhile import rewritten
from ui.cli import devices, doctor, doctor_repair, download_rights


def one_clock_for_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TrustedClock, "of", lambda self, _issuer: self)
    time_never_goes_back(patch)


def time_never_goes_back(patch: pytest.MonkeyPatch) -> None:
    def hear(state: ClockState, reading: Reading, server_at_s: float) -> ClockState:
        certain_s = max(clock.advance(state, reading).time.certain_s, server_at_s)
        return ClockState(TrustedTime(certain_s, certain_s), reading, server_at_s, reading.boot_id)

    patch.setattr(clock, "hear", hear)


def forgotten_licences_are_kept(patch: pytest.MonkeyPatch) -> None:
    async def never(_licences: OfflineLicences, _licence_id: str) -> bool:
        return False

    patch.setattr(OfflineLicences, "is_forgotten", never)


def later_versions_are_unknown(patch: pytest.MonkeyPatch) -> None:
    for module in (licence_issuing, state):
        patch.setattr(module, "go_on_from", lambda licence, sequence: sequence <= licence.sequence)


def limits_of_downloads_have_no_sentence(patch: pytest.MonkeyPatch) -> None:
    others = {name: told for name, told in reply._BY_PROBLEM.items() if not name.startswith("download_")}
    patch.setattr(reply, "_BY_PROBLEM", others)


def any_service_withdraws(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OfflineLicences, "_is_ours", lambda _self, _licence: True)


def a_missing_anchor_counts_as_none_was_needed(patch: pytest.MonkeyPatch) -> None:
    def anchor(vault: Vault) -> int:
        try:
            return int(vault._keys.get(ANCHOR_ENTRY) or b"0")
        except ValueError:
            return 0

    patch.setattr(Vault, "_anchor", anchor)


def old_copies_stay_readable(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryKeyStore, "delete", lambda _self, _name: None)
    patch.setattr(FileKeyStore, "delete", lambda _self, _name: None)


def any_boot_clock_is_believed(patch: pytest.MonkeyPatch) -> None:
    from tests.drm_client import test_os_clock

    believe = "from drm_client import os_clock; os_clock.has_the_machines_boot_clock = lambda: True\n"
    patch.setattr(test_os_clock, "_READ", believe + test_os_clock._READ)


def who_is_silent_has_the_machines_boot_clock(patch: pytest.MonkeyPatch) -> None:
    from tests.drm_client import test_os_clock

    believe = "from drm_client import os_clock; os_clock._may_have_time_namespaces = lambda: False\n"
    patch.setattr(test_os_clock, "_READ", believe + test_os_clock._READ)


def doubt_is_for_all_services(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LicenceStore, "doubt", lambda store, _service: store._vault.begin_epoch())


def any_count_is_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(offline, "_MAX_COUNT", 2**53)


def the_c_library_is_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(os_clock, "_DIFFER_S", 1e12)
    patch.setattr(os_clock, "_LONGEST_UP_S", 1e12)


def only_confirmed_licences_learn(patch: pytest.MonkeyPatch) -> None:
    learn = rights.with_first_play

    def confirmed(facts: LicenceFacts, first_play_s: float | None) -> LicenceFacts:
        return replace(learn(facts, first_play_s), confirmed=True)

    patch.setattr(rights, "confirmed", confirmed)
    patch.setattr(rights, "with_first_play", lambda facts, _first_play_s: facts)


def rentals_begin_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(licence_issuing, "rented_since", lambda *_given: None)


def what_was_skipped_holds(patch: pytest.MonkeyPatch) -> None:
    from tests import attacks

    patch.setattr(attacks, "NOT_TRIED", "holds")


def verify_sees_items_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(checking, "_beside", lambda _folder, _licences: [])


def a_queued_download_should_have_a_licence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(service, "awaits_licence", lambda _folder: False)


def the_licence_goes_first(patch: pytest.MonkeyPatch) -> None:
    def remove(store: Store, name: str, licences: OfflineLicences, reason: str = "removed") -> None:
        folder = store.find(name)
        for licence_id in removal._licences_of(store, folder, licences):
            licences.remove(licence_id, reason)
        store.remove(folder.id)

    patch.setattr(removal, "remove", remove)


def plain_http_to_anybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(address, "is_loopback", lambda _host: True)


def one_sign_in_for_all_services(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TokenStore, "of", lambda self, _service: self)


def one_service_takes_the_device_from_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DeviceIdentities, "replace", lambda self, _service: self._store.delete(device.ENTRY))
    patch.setattr(device, "_entry", lambda _service: device.ENTRY)


def one_device_for_all_services(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(device, "_entry", lambda _service: device.ENTRY)


def only_the_engines_service_is_kept_up_with(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LicenceStore, "services", lambda _self: ())


def services_wait_for_each_other(patch: pytest.MonkeyPatch) -> None:
    async def ask_in_turn(self: LicenceUpkeep) -> None:
        await self._clock.sleep(upkeep.FIRST_S)
        opened = await self._open()
        for one in sorted(opened, key=lambda one: len(one.licences.store.issued_by(one.service.address))):
            await self._pass(one)

    patch.setattr(LicenceUpkeep, "_run", ask_in_turn)


def nobody_keeps_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LicenceUpkeep, "start", lambda _self: None)


def restored_vaults_are_believed(patch: pytest.MonkeyPatch) -> None:
    async def confirm(_licences: OfflineLicences) -> Confirmations:
        return Confirmations()

    patch.setattr(OfflineLicences, "confirm_states", confirm)


def the_service_believes_any_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(time_guard, "is_good", lambda *_given: True)


def a_wrong_hour_ends_sign_ins(patch: pytest.MonkeyPatch) -> None:
    kept = TokenIssuer.__init__

    def build(self: TokenIssuer, *given: Any) -> None:
        kept(self, *given[:4])

    patch.setattr(TokenIssuer, "__init__", build)


def a_wrong_hour_ends_plans(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(time_guard.TimeGuard, "when_sure", lambda _self, task: task)


def what_is_unsettled_waits_for_its_day(patch: pytest.MonkeyPatch) -> None:
    kept = KeptLicenceUpkeep.due_s

    def due_s(self: KeptLicenceUpkeep) -> float:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(KeptLicenceUpkeep, "_look", lambda _self: (False, (), 0.0))
            return kept(self)

    patch.setattr(KeptLicenceUpkeep, "due_s", due_s)


def nobody_is_asked_before_a_playback(patch: pytest.MonkeyPatch) -> None:
    async def ask_nobody(*_given: object) -> bool:
        return False

    patch.setattr(PlaybackLicences, "_settle", ask_nobody)


def media_makes_room_on_any_disk(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LicenceStore, "shares_disk", lambda *_given: True)


def refused_licences_leave_downloads_queued(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(downloader, "RefusedError", ZeroDivisionError)


def downloads_without_a_licence_keep_their_place(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(account_downloads, "UNLICENSED_S", 44 * 86_400.0)


def any_id_is_given_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(devices, "_known", lambda *_given: None)


def locked_stores_are_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keystore, "_lock_of", lambda _backend: lambda: False)


def bodies_are_read_in_small_pieces(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(http, "_READ_BYTES", 1 << 16)


def items_are_held_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(item_writer, "BUFFER_BYTES", 1 << 24)


def half_made_downloads_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Store, "_was_never_made", lambda _self, _entry: False)


def ciphers_outlive_their_keys(patch: pytest.MonkeyPatch) -> None:
    _in_the_player(patch, "from drm_client.cenc import SampleDecryptor as S; S.drop_ciphers = lambda self: None\n")


def withdrawn_licences_are_never_requested_again(patch: pytest.MonkeyPatch) -> None:
    checked = checking._checked

    def as_verify(
        folder: DownloadFolder,
        on_item: Callable[[int], None],
        licences: OfflineLicences | None,
        _lost: Collection[RightsState],
    ) -> checking.CheckResult:
        return checked(folder, on_item, licences, checking._OF_ANOTHER)

    patch.setattr(checking, "_checked", as_verify)


def copies_of_keys_stay(patch: pytest.MonkeyPatch) -> None:
    no_mask = "from drm_client import keys; keys.secrets = type('NoMask', (), {'token_bytes': staticmethod(bytes)})\n"
    _in_the_player(patch, no_mask)


def players_may_dump_core(patch: pytest.MonkeyPatch) -> None:
    from tests.player.licensing import test_no_core_dumps

    allow = "from drm_client import memory; memory.forbid_core_dumps = lambda: True\n"
    patch.setattr(test_no_core_dumps, "_WATCH", allow + test_no_core_dumps._WATCH)


def links_are_written_through(patch: pytest.MonkeyPatch) -> None:
    def open_file(file: SystemFile, path: Path) -> None:
        file._file = path.open("wb", buffering=0)

    patch.setattr(SystemFile, "__init__", open_file)


def positions_are_lost_with_the_power(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(journal, "_SYNCHRONOUS", "normal")


def the_first_service_renews_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(download_rights, "by_service", lambda args, folders: {args.service: list(folders)})


def limits_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quota, "room_for", lambda _store, _id: None)


def what_waits_for_room_waits_for_ever(patch: pytest.MonkeyPatch) -> None:
    async def nothing(_queue: Queue, _listed: object) -> list[str]:
        return []

    patch.setattr(Queue, "_without_room", nothing)


def refusals_take_licences_away(patch: pytest.MonkeyPatch) -> None:
    async def believe(self: OfflineLicences, licence_id: str) -> None:
        self._mark_revoked({licence_id})

    patch.setattr(OfflineLicences, "_hear_what_became_of", believe)


def refusals_take_the_device_away(patch: pytest.MonkeyPatch) -> None:
    async def believe(_rights: object) -> bool:
        return True

    patch.setattr(device_rights, "_is_removed", believe)


def any_answer_settles_a_receipt(patch: pytest.MonkeyPatch) -> None:
    class Any(frozenset[str]):
        def __contains__(self, _reason: object) -> bool:
            return True

    patch.setattr(offline, "_NEVER_TAKEN", Any())


def plain_http_settles_a_receipt(patch: pytest.MonkeyPatch) -> None:
    async def believe(_self: OfflineLicences, receipts: object) -> object:
        return receipts

    patch.setattr(OfflineLicences, "_settled_by_its_word", believe)


def other_names_of_a_service_are_strangers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TrustedService, "_here", lambda self, url: urljoin(f"{self.address}/", url))


def sixteen_links_of_a_chain(patch: pytest.MonkeyPatch) -> None:
    extended = ServiceTrust.extended

    def short(trust: ServiceTrust, document: Mapping[str, Any]) -> ServiceTrust:
        return extended(trust, {**document, "endorsements": document["endorsements"][-16:]})

    patch.setattr(ServiceTrust, "extended", short)


def only_passes_warn(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(KeptLicenceUpkeep, "look", lambda _self: UpkeepReport())


def a_folder_that_is_read_only_ends_everything(patch: pytest.MonkeyPatch) -> None:
    def connect(vault: Vault, folder: Path) -> sqlite3.Connection:
        (folder / FILE_NAME).touch(exist_ok=True)
        return connected(vault, folder)

    connected = Vault._connect
    patch.setattr(Vault, "_connect", connect)


def a_repair_that_opens_nothing_is_promised(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doctor_repair, "_KEYS_OF_THE_VAULT", frozenset())


def every_key_is_published(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(signatures, "MAX_KEYS", 1000)


def a_full_disk_is_damage(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(vault, "says_nothing_of_the_file", lambda _error: False)


def a_busy_index_ends_the_list(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(index.Index, "_do", index.Index._with_table)


def opening_a_vault_writes(patch: pytest.MonkeyPatch) -> None:
    migrate = Vault._migrate

    def write(self: Vault) -> int:
        version = migrate(self)
        self._database.execute("PRAGMA user_version = 2")
        return version

    patch.setattr(Vault, "_migrate", write)


def a_full_disk_keeps_what_it_has(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DownloadFolder, "drop_media", lambda _self: None)


def what_was_not_saved_was_not_played(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clock, "UNSAVED_S", 0.0)


def other_places_have_no_licences(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LicenceStore, "note_use", lambda _self, _licence_id, _download_id: None)


def every_removal_gives_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(removal, "_licences_of_others", lambda _store, _id: set())
    other_places_have_no_licences(patch)


def a_second_download_takes_the_keys_of_the_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OfflineLicences, "_kids_of", lambda _self, _session: [])


def the_key_store_of_the_moment(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keystore, "_began_with_files", lambda _folder: False)


def one_anchor_for_all_profiles(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keystore.SystemKeyStore, "entry_of", lambda _self, name, _folder: name)


def doctor_takes_no_passphrase(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doctor, "_unlock", lambda _args: None)


def any_passphrase_opens(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(passphrase, "_derive", lambda *_given: bytes(32))


def _in_the_player(patch: pytest.MonkeyPatch, statement: str) -> None:
    from tests.player.licensing import test_keys_in_memory

    patch.setattr(test_keys_in_memory, "_SCAN", statement + test_keys_in_memory._SCAN)


_ISSUERS = "tests/drm_client/test_issuers.py"
_REPAIRS = "tests/downloads/test_repairs.py"
_SERVICE = "tests/player/service/test_service.py"
_KILLS = "tests/downloads/test_rights_kills.py"
_VAULT = "tests/drm_client/test_vault.py"
_IN_MEMORY = (
    "tests/player/licensing/test_keys_in_memory.py::"
    "test_a_key_is_found_at_most_twice_while_it_plays_and_never_afterwards"
)
_ALL_SERVICES = "tests/player/licensing/test_upkeep.py::test_every_service_is_kept_up_with_and_none_holds_up_another"
FAULTS = [
    Fault(
        "rights-limits-of-downloads-have-no-sentence",
        "tests/player/service/test_service.py::test_whatever_our_service_forbids_is_told_by_its_reason",
        limits_of_downloads_have_no_sentence,
    ),
    Fault(
        "rights-a-chain-of-sixteen-keys",
        "tests/drm_client/test_offline.py::test_a_device_that_was_away_for_years_of_rotations_follows_the_chain",
        sixteen_links_of_a_chain,
    ),
    Fault(
        "rights-only-passes-warn",
        "tests/player/licensing/test_upkeep.py::"
        "test_what_is_nearly_over_is_told_though_another_program_made_the_pass",
        only_passes_warn,
    ),
    Fault(
        "rights-read-only-folder-ends-everything",
        f"{_VAULT}::test_a_folder_that_cannot_be_written_to_is_no_damage",
        a_folder_that_is_read_only_ends_everything,
    ),
    Fault(
        "rights-repair-that-opens-nothing",
        "tests/ui/cli/test_doctor.py::test_downloads_of_another_computer_are_not_promised_a_repair",
        a_repair_that_opens_nothing_is_promised,
    ),
    Fault(
        "rights-more-keys-than-a-client-reads",
        "tests/backend_stub/rights/test_taking_back.py::"
        "TestServiceKeys::test_no_more_keys_are_published_than_a_client_reads",
        every_key_is_published,
    ),
    Fault(
        "rights-other-names-of-a-service-are-strangers",
        "tests/drm_client/test_offline.py::test_a_service_that_signs_another_of_its_names_is_asked_where_it_was_found",
        other_names_of_a_service_are_strangers,
    ),
    Fault(
        "rights-one-clock-for-all-services",
        f"{_ISSUERS}::test_a_service_five_years_ahead_takes_nothing_of_another",
        one_clock_for_all,
    ),
    Fault(
        "rights-time-never-goes-back",
        f"{_ISSUERS}::test_a_first_contact_with_a_service_that_is_five_years_ahead_heals",
        time_never_goes_back,
    ),
    Fault(
        "rights-withdrawn-by-another-service",
        f"{_ISSUERS}::test_a_withdrawal_counts_for_licences_of_its_own_service_alone",
        any_service_withdraws,
    ),
    Fault(
        "rights-anchor-that-can-be-forgotten",
        f"{_VAULT}::test_without_an_anchor_of_its_own_a_vault_may_be_an_old_copy",
        a_missing_anchor_counts_as_none_was_needed,
    ),
    Fault(
        "rights-old-format-comes-back",
        "tests/drm_client/test_upgrade.py::test_a_copy_of_before_the_upgrade_opens_no_more",
        old_copies_stay_readable,
    ),
    Fault(
        "rights-boot-clock-of-a-time-namespace",
        "tests/drm_client/test_os_clock.py::test_a_boot_clock_that_was_set_in_a_time_namespace_hides_no_time",
        any_boot_clock_is_believed,
    ),
    Fault(
        "rights-silence-about-the-time-namespace",
        "tests/drm_client/test_os_clock.py::test_a_time_namespace_that_is_covered_hides_no_time",
        who_is_silent_has_the_machines_boot_clock,
    ),
    Fault(
        "rights-older-copy-for-all-services",
        f"{_ISSUERS}::test_a_service_that_calls_the_vault_an_older_copy_makes_its_own_licences_wait_alone",
        doubt_is_for_all_services,
    ),
    Fault(
        "rights-clock-forgotten-for-all-services",
        f"{_ISSUERS}::test_a_clock_that_begins_again_makes_the_licences_of_its_issuer_wait_alone[forgotten]",
        doubt_is_for_all_services,
    ),
    Fault(
        "rights-any-count-is-believed",
        f"{_ISSUERS}::test_a_service_cannot_have_seen_more_than_there_can_be",
        any_count_is_believed,
    ),
    Fault(
        "rights-the-c-library-is-believed",
        "tests/drm_client/test_os_clock.py::"
        "test_a_boot_clock_that_a_preloaded_library_set_is_held_against_the_kernels_file[set back]",
        the_c_library_is_believed,
    ),
    Fault(
        "rights-first-play-of-a-renewal-is-forgotten",
        "tests/drm_client/test_upkeep.py::test_an_older_copy_learns_of_a_first_play_that_only_a_renewal_told",
        only_confirmed_licences_learn,
    ),
    Fault(
        "rights-rentals-begin-again",
        "tests/backend_stub/rights/test_licences.py::TestRenewal::test_a_rental_goes_on_with_its_next_download[receipt]",
        rentals_begin_again,
    ),
    Fault(
        "rights-skipped-attacks-hold",
        "tests/test_attacks.py::test_an_attack_that_cannot_be_tried_is_not_said_to_hold",
        what_was_skipped_holds,
    ),
    Fault(
        "rights-verify-sees-items-alone",
        f"{_REPAIRS}::test_a_damaged_request_or_licence_is_found_and_mended_without_new_media",
        verify_sees_items_alone,
    ),
    Fault(
        "rights-queued-download-is-called-damaged",
        f"{_REPAIRS}::test_a_queued_download_has_no_licence_yet_and_is_not_damaged",
        a_queued_download_should_have_a_licence,
    ),
    Fault(
        "rights-licence-goes-before-its-files",
        f"{_REPAIRS}::test_a_removal_that_is_cut_off_is_finished_later",
        the_licence_goes_first,
    ),
    Fault(
        "rights-plain-http-to-anybody",
        f"{_SERVICE}::test_a_service_without_tls_is_spoken_to_when_its_host_is_named",
        plain_http_to_anybody,
    ),
    Fault(
        "rights-one-sign-in-for-all-services",
        f"{_SERVICE}::test_a_service_never_gets_the_tokens_of_another",
        one_sign_in_for_all_services,
    ),
    Fault(
        "rights-withdrawals-never-arrive",
        "tests/player/licensing/test_upkeep.py::test_a_withdrawn_title_is_withdrawn_without_anybody_asking",
        nobody_keeps_up,
    ),
    Fault(
        "rights-one-service-takes-the-device-from-all",
        "tests/player/licensing/test_device_rights.py::"
        "test_a_device_that_one_service_removed_is_another_one_there_and_the_same_elsewhere[one key for all]",
        one_service_takes_the_device_from_all,
    ),
    Fault(
        "rights-one-device-for-all-services",
        "tests/drm_client/test_keystore.py::test_each_service_has_a_device_of_its_own",
        one_device_for_all_services,
    ),
    Fault("rights-other-services-are-not-kept-up-with", _ALL_SERVICES, only_the_engines_service_is_kept_up_with),
    Fault("rights-a-silent-service-holds-up-the-others", _ALL_SERVICES, services_wait_for_each_other),
    Fault(
        "rights-restored-vaults-are-believed",
        "tests/drm_client/test_upkeep.py::test_an_older_copy_is_found_and_heals_at_the_next_contact",
        restored_vaults_are_believed,
    ),
    Fault(
        "rights-service-believes-any-clock",
        "tests/backend_stub/rights/test_states.py::"
        "test_a_service_that_is_five_years_ahead_signs_nothing_until_it_is_right",
        the_service_believes_any_clock,
    ),
    Fault(
        "rights-give-back-says-a-pattern",
        "tests/ui/cli/test_download_storage.py::test_a_season_comes_as_a_whole_and_is_given_back_from_another_device",
        any_id_is_given_back,
    ),
    Fault(
        "rights-locked-store-asks-the-user",
        "tests/drm_client/test_keystore.py::test_a_store_that_is_locked_while_the_program_runs_is_not_asked",
        locked_stores_are_asked,
    ),
    Fault(
        "rights-bodies-are-read-in-small-pieces",
        "tests/player/net/test_http.py::test_what_has_arrived_is_read_in_large_pieces",
        bodies_are_read_in_small_pieces,
    ),
    Fault(
        "rights-items-are-held-whole",
        "tests/downloads/test_item_writer.py::test_little_of_an_item_is_in_memory_while_it_arrives",
        items_are_held_whole,
    ),
    Fault(
        "rights-half-made-download-stays-damaged",
        f"{_KILLS}::test_a_download_that_was_killed_while_it_was_made_is_cleared_away",
        half_made_downloads_stay,
    ),
    Fault(
        "rights-wrong-hour-is-for-ever",
        f"{_KILLS}::test_clients_are_whole_an_hour_after_their_service_is_mended",
        time_never_goes_back,
    ),
    Fault("rights-ciphers-outlive-their-keys", f"{_IN_MEMORY}[dash-cenc]", ciphers_outlive_their_keys),
    Fault(
        "rights-links-are-written-through",
        "tests/downloads/test_tampering.py::test_a_link_in_the_place_of_a_part_is_never_written_through",
        links_are_written_through,
    ),
    Fault(
        "rights-any-passphrase-opens",
        "tests/drm_client/test_passphrase.py::test_without_the_passphrase_nothing_opens",
        any_passphrase_opens,
    ),
    Fault(
        "rights-refusals-take-licences-away",
        "tests/drm_client/test_offline.py::test_a_refusal_that_nobody_signed_takes_nothing_away[licence_revoked]",
        refusals_take_licences_away,
    ),
    Fault(
        "rights-refusals-take-the-device-away",
        "tests/test_attacks.py::test_the_page_says_what_each_attack_does",
        refusals_take_the_device_away,
    ),
    Fault(
        "rights-any-answer-settles-a-receipt",
        "tests/drm_client/test_offline.py::test_a_receipt_stays_until_its_service_has_heard_it",
        any_answer_settles_a_receipt,
    ),
    Fault(
        "rights-plain-http-settles-a-receipt",
        "tests/drm_client/test_offline.py::test_over_plain_http_a_receipt_stays_until_the_service_signs_it",
        plain_http_settles_a_receipt,
    ),
    Fault("rights-a-full-disk-is-damage", f"{_VAULT}::test_a_full_disk_is_no_damage", a_full_disk_is_damage),
    Fault(
        "rights-a-busy-index-ends-the-list",
        "tests/downloads/test_store.py::test_a_list_needs_no_index",
        a_busy_index_ends_the_list,
    ),
    Fault("rights-opening-a-vault-writes", f"{_VAULT}::test_reading_writes_nothing", opening_a_vault_writes),
    Fault(
        "rights-a-full-disk-keeps-what-it-has",
        f"{_REPAIRS}::test_on_a_full_disk_a_download_can_be_removed[SQLITE_FULL-True]",
        a_full_disk_keeps_what_it_has,
    ),
    Fault(
        "rights-what-was-not-saved-was-not-played",
        "tests/drm_client/test_offline.py"
        "::test_killing_the_program_and_setting_the_clock_back_hides_nothing_of_a_playback[30.0]",
        what_was_not_saved_was_not_played,
    ),
    Fault(
        "rights-other-places-have-no-licences",
        f"{_REPAIRS}::test_a_title_that_was_downloaded_twice_keeps_its_licence_until_both_are_removed[-two stores]",
        other_places_have_no_licences,
    ),
    Fault(
        "rights-every-removal-gives-back",
        f"{_REPAIRS}::test_a_title_that_was_downloaded_twice_keeps_its_licence_until_both_are_removed[-one store]",
        every_removal_gives_back,
    ),
    Fault(
        "rights-a-second-download-takes-the-keys",
        "tests/drm_client/test_offline.py::test_a_title_that_is_downloaded_twice_keeps_the_keys_of_both",
        a_second_download_takes_the_keys_of_the_first,
    ),
    Fault(
        "rights-the-key-store-of-the-moment",
        "tests/drm_client/test_keystore.py::test_a_profile_stays_with_the_sealed_files_it_began_with[vault-key-2]",
        the_key_store_of_the_moment,
    ),
    Fault(
        "rights-one-anchor-for-all-profiles",
        f"{_VAULT}::test_two_profiles_of_one_user_are_no_copies_of_each_other",
        one_anchor_for_all_profiles,
    ),
    Fault(
        "rights-doctor-takes-no-passphrase",
        "tests/ui/cli/test_doctor_rights.py::test_what_a_passphrase_protects_is_shown_and_repaired_with_it",
        doctor_takes_no_passphrase,
    ),
    Fault(
        "rights-positions-are-lost-with-the-power",
        "tests/player/resume/test_durability.py::test_a_position_is_on_the_disk_when_it_was_kept",
        positions_are_lost_with_the_power,
    ),
    Fault(
        "rights-first-service-renews-all",
        "tests/ui/cli/test_download_services.py::test_each_licence_is_renewed_by_its_own_service",
        the_first_service_renews_all,
    ),
    Fault(
        "rights-limits-are-not-looked-at",
        "tests/ui/cli/test_download_storage.py::test_downloads_stay_within_the_limits_that_were_set",
        limits_are_not_looked_at,
    ),
    Fault(
        "rights-what-waits-for-room-waits-for-ever",
        "tests/downloads/test_store.py::test_a_download_that_waits_for_room_goes_on_when_there_is_some",
        what_waits_for_room_waits_for_ever,
    ),
    Fault(
        "rights-withdrawn-licences-are-never-requested-again",
        "tests/downloads/test_repairs.py"
        "::test_a_title_that_was_withdrawn_and_given_back_is_repaired_without_new_media",
        withdrawn_licences_are_never_requested_again,
    ),
    Fault("rights-copies-of-keys-stay", f"{_IN_MEMORY}[service]", copies_of_keys_stay),
    Fault(
        "rights-players-may-dump-core",
        "tests/player/licensing/test_no_core_dumps.py::test_a_process_that_plays_can_leave_no_core_dump[headless]",
        players_may_dump_core,
    ),
    Fault(
        "rights-a-wrong-hour-ends-sign-ins",
        "tests/backend_stub/rights/test_states.py::test_a_wrong_hour_ends_no_sign_in_and_no_subscription",
        a_wrong_hour_ends_sign_ins,
    ),
    Fault(
        "rights-a-wrong-hour-ends-plans",
        "tests/backend_stub/rights/test_states.py::test_a_wrong_hour_ends_no_sign_in_and_no_subscription",
        a_wrong_hour_ends_plans,
    ),
    Fault(
        "rights-what-is-unsettled-waits-for-its-day",
        "tests/drm_client/test_upkeep.py::test_what_became_unsettled_since_the_last_pass_makes_one_due",
        what_is_unsettled_waits_for_its_day,
    ),
    Fault(
        "rights-nobody-is-asked-before-a-playback",
        "tests/player/licensing/test_lifetime.py::test_where_only_the_service_can_permit_playing_it_is_asked",
        nobody_is_asked_before_a_playback,
    ),
    Fault(
        "rights-media-goes-for-a-vault-on-another-disk",
        f"{_REPAIRS}::test_on_a_full_disk_a_download_can_be_removed[SQLITE_FULL-False]",
        media_makes_room_on_any_disk,
    ),
    Fault(
        "rights-refused-licences-leave-downloads-queued",
        "tests/downloads/test_store.py::test_a_download_whose_licence_is_refused_says_why",
        refused_licences_leave_downloads_queued,
    ),
    Fault(
        "rights-downloads-without-a-licence-keep-their-place",
        "tests/backend_stub/rights/test_account_downloads.py"
        "::test_a_download_that_never_got_its_licence_keeps_no_place",
        downloads_without_a_licence_keep_their_place,
    ),
    Fault(
        "rights-a-restored-service-renews-no-later-version",
        "tests/backend_stub/rights/test_licences.py"
        "::TestRenewal::test_a_service_with_an_older_memory_goes_on_from_what_the_device_holds",
        later_versions_are_unknown,
    ),
    Fault(
        "rights-a-restored-service-confirms-no-later-version",
        "tests/backend_stub/rights/test_states.py"
        "::TestStates::test_a_later_version_than_the_service_remembers_is_confirmed",
        later_versions_are_unknown,
    ),
    Fault(
        "rights-a-forgotten-licence-is-kept",
        f"{_REPAIRS}::test_a_licence_that_its_service_has_forgotten_is_replaced_without_new_media[repair]",
        forgotten_licences_are_kept,
    ),
    Fault(
        "rights-a-forgotten-licence-is-never-renewed",
        f"{_REPAIRS}::test_a_licence_that_its_service_has_forgotten_is_replaced_without_new_media[renew]",
        forgotten_licences_are_kept,
    ),
    Fault(
        "rights-a-shorter-list-is-not-read-again",
        "tests/drm_client/test_offline.py::test_a_list_that_is_shorter_than_what_was_read_is_read_from_its_beginning",
        rewritten(
            OfflineLicences,
            "check_revocations",
            'if serial < since or members.number_or_none("since_at") != since_at:',
            "if False:",
        ),
    ),
    Fault(
        "rights-a-shorter-list-repeats-what-was-asked",
        "tests/backend_stub/rights/test_taking_back.py::test_a_list_that_is_shorter_than_what_was_read_says_so",
        rewritten(Revocations, "signed_list", "min(since, last)", "since"),
    ),
    Fault(
        "rights-a-removal-waits-for-the-next-one",
        "tests/ui/cli/test_download_offline.py"
        "::test_a_removal_that_was_cut_off_is_finished_by_the_next_command_that_asks_the_service[command0]",
        lambda patch: patch.setattr(download_rights, "finish_removals", lambda _engine, _store: None),
    ),
    Fault(
        "rights-a-repair-asks-nobody-of-the-licence",
        "tests/ui/cli/test_download_offline.py"
        "::test_a_repair_replaces_a_licence_that_its_service_has_forgotten_and_tells_of_one_that_is_over",
        lambda patch: patch.setattr(download_rights, "replace_forgotten", lambda _args, _folder: False),
    ),
]
