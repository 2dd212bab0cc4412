"""Faults of rights in use: other devices, several programs and services, full disks, moved folders."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from backend_stub.services.rights import state
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


def sizes_are_told_in_megabytes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(download_work, "shown_bytes", lambda count: f"{count / 1e6:.0f} MB")


FAULTS = [
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
