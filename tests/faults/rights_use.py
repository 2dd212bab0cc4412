"""Faults of rights in use: other devices, several programs and services, full disks, moved folders."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection
from pathlib import Path

import pytest

from backend_stub.services.rights import state
from downloads import errors, request
from downloads.queue import Queue
from drm_client import keystore
from drm_client.offline import Confirmations, OfflineLicences
from drm_client.signed_licences import LicenceStates
from tests.faults.model import Fault
from ui.cli import download_work


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

    patch.setattr(keystore, "create_whole", create)


def sizes_are_told_in_megabytes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(download_work, "shown_bytes", lambda count: f"{count / 1e6:.0f} MB")


_FULL = "tests/downloads/test_full_disk.py"
FAULTS = [
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
]
