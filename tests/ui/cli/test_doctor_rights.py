"""``matinee doctor`` about rights: each service's clock is shown; clocks and keys change by the viewer's word
alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drm_client import passphrase
from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError
from drm_client.keystore import FileKeyStore
from drm_client.offline import OfflineLicences
from drm_client.os_clock import read_clocks
from drm_client.rights import RightsState
from drm_client.trusted_clock import TrustedClock
from drm_client.trusted_service import TrustedService
from drm_client.vault import Vault
from tests.drm_client.offline_kit import ORDER
from tests.kit.licence_server import ADDRESS, DAY, LicenceServer, RealTime
from ui.cli.main import main


class Profile:
    """A profile that the command opens, with a service in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = FileKeyStore(folder)
        self.device = DeviceIdentity.load_or_create(self.keys)
        self.server = LicenceServer(self.device.public_jwk(), RealTime(read_clocks().wall_s))

    def open(self) -> OfflineLicences:
        self.vault = Vault(self.folder, self.keys, self.device.device_id)
        self.service = TrustedService(ADDRESS, self.vault, TrustedClock(self.vault, ADDRESS), self.server.exchange)
        return OfflineLicences(self.vault, self.device, self.service)

    def doctor(self, *words: str) -> int:
        return main(["doctor", "--profile-dir", str(self.folder), "--key-store", "file", *words])


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path)


async def test_the_clock_of_each_service_is_shown_and_repaired(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    profile.server.time.at_s += 900 * DAY
    licence_id = (await profile.open().acquire(ORDER)).licence_id
    profile.vault.close()
    profile.doctor("--json")
    findings = json.loads(capsys.readouterr().out)["findings"]
    (clock,) = [one for one in findings if one["part"] == "time of a service"]
    assert clock["detail"].startswith(f"{ADDRESS}: ")
    assert not clock["present"]
    assert profile.doctor("--repair-clocks") == 0
    assert "requested again" in capsys.readouterr().out
    licences = profile.open()
    assert licences.standing(licence_id).state is RightsState.UNCONFIRMED  # repairing lengthens nothing
    profile.server.time.at_s = read_clocks().wall_s
    await licences.renew(licence_id)
    assert licences.standing(licence_id).may_start
    profile.vault.close()
    assert profile.doctor("--repair-clocks") == 0
    assert "nothing was changed" in capsys.readouterr().out


async def test_what_a_passphrase_protects_is_shown_and_repaired_with_it(
    profile: Profile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passphrase, "_COST", {"iterations": 1, "lanes": 1, "memory_kib": 64})
    profile.server.time.at_s += 900 * DAY
    await profile.open().acquire(ORDER)
    profile.vault.close()
    passphrase.protect(profile.folder, "a horse on a piano")
    for given, parts in (
        (None, ["licences"]),
        ("a cow", ["licences"]),
        ("a horse on a piano", ["time of a service"]),
    ):
        passphrase.forget(profile.folder)
        if given is not None:
            monkeypatch.setenv("MATINEE_PASSPHRASE", given)
        profile.doctor("--json")
        findings = json.loads(capsys.readouterr().out)["findings"]
        found = [one for one in findings if one["part"] in ("licences", "time of a service")]
        assert [one["part"] for one in found] == parts
        assert "repair-key-store" not in found[0]["remedy"]  # nothing is broken
    for word in ("--repair-clocks", "--trust-new-keys", "--repair-key-store"):
        passphrase.forget(profile.folder)
        assert profile.doctor(word, "--service", ADDRESS) == 0
    told = capsys.readouterr().out
    for words in ("is requested again", "taken again", "Everything in the key store opens"):
        assert words in told


async def test_a_services_new_keys_are_trusted_by_the_viewers_word_alone(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    await profile.open().acquire(ORDER)
    profile.server.signers = LicenceServer(profile.device.public_jwk()).signers
    with pytest.raises(DrmError, match="--trust-new-keys"):
        await profile.service.ask_time()
    profile.vault.close()
    assert profile.doctor("--trust-new-keys") == 2
    assert profile.doctor("--trust-new-keys", "--service", ADDRESS) == 0
    assert "taken again" in capsys.readouterr().out
    profile.open()
    await profile.service.ask_time()
    profile.vault.close()
