"""``matinee doctor`` about rights: the clock of each service, and what the viewer may settle by an explicit word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.doctor_finding import PartFinding

if TYPE_CHECKING:
    from drm_client.trusted_clock import TrustedClock
    from drm_client.vault import Vault

_NEEDED = "watching without a network as long as the licences say"


def clocks(profile: Path, key_store: str) -> list[PartFinding]:
    """One finding for each service that ever said its time here. Nothing is asked of anybody, or changed."""
    from drm_client import passphrase
    from drm_client.errors import DrmError
    from drm_client.trusted_clock import TrustedClock
    from ui.cli.passphrase import from_environment

    try:
        given = None if passphrase.is_open(profile) else from_environment()
        if given is not None:
            passphrase.unlock(profile, given)
        with _vault(profile, key_store) as vault:
            if vault is None:
                return []
            return [_finding(TrustedClock(vault, issuer)) for issuer in TrustedClock(vault).issuers()]
    except DrmError as error:
        remedy = _REPAIR if passphrase.is_open(profile) else _UNLOCK
        return [PartFinding("licences", False, error.sentence, _NEEDED, required=False, remedy=remedy)]


_REPAIR = "matinee doctor --repair-key-store; what is lost is requested again by matinee download repair."
_UNLOCK = "Give the passphrase in MATINEE_PASSPHRASE or MATINEE_PASSPHRASE_FILE."


def repair_clocks(profile: Path, key_store: str) -> int:
    """Forget every clock that is in doubt: the service's next word is taken as it is, and its licences wait for
    it."""
    from drm_client.trusted_clock import TrustedClock

    with _vault(profile, key_store) as vault:
        doubtful = []
        if vault is not None:
            found = [TrustedClock(vault, issuer) for issuer in TrustedClock(vault).issuers()]
            doubtful = [clock for clock in found if clock.is_doubtful()]
        for clock in doubtful:
            clock.forget()
            print(f"The time of {clock.issuer} is requested again; its licences wait until you are online once.")
        if not doubtful:
            print("No service's time is in doubt; nothing was changed.")
    return 0


def trust_new_keys(profile: Path, key_store: str, service: str) -> int:
    """Forget the keys that a service signed with, so that those of the next contact are taken."""
    from drm_client.trusted_service import forget_keys

    with _vault(profile, key_store) as vault:
        forgotten = vault is not None and forget_keys(vault, service)
    known = "The keys are taken again at the next contact" if forgotten else "No keys were known here"
    print(f"{known}: {service}")
    return 0


@contextmanager
def _vault(profile: Path, key_store: str) -> Iterator[Vault | None]:
    from drm_client.device import DeviceIdentities
    from drm_client.keystore import open_key_store
    from drm_client.vault import FILE_NAME, Vault

    if not (profile / FILE_NAME).exists():
        yield None
        return
    keys = open_key_store(profile, key_store)
    vault = Vault(profile, keys, DeviceIdentities(keys).vault_id())
    try:
        yield vault
    finally:
        vault.close()


def _finding(clock: TrustedClock) -> PartFinding:
    now, heard = clock.now(), clock.heard_at()
    at = "not heard yet" if heard is None else f"heard at {_shown(heard)}"
    detail = f"{clock.issuer}: {_shown(now.at_s)}, {at}"
    lines = clock.audit()
    if lines:
        last = lines[-1]
        detail += f"; it once said {_shown(last.said_s)} where {_shown(last.before_s)} was expected"
    remedy = "Connect once. If it stays so and the service is right: matinee doctor --repair-clocks."
    return PartFinding("time of a service", not clock.is_doubtful(), detail, _NEEDED, required=False, remedy=remedy)


def _shown(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).astimezone().isoformat(sep=" ", timespec="minutes")
