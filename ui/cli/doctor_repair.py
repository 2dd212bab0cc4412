"""``matinee doctor --repair-key-store``: what does not open any more is set aside, and what is lost is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_DOWNLOADS = "downloads-key"
_KEYS_OF_THE_VAULT = frozenset({"vault-key", "vault-key-2"})
_LOST: Mapping[str, str] = {
    "tokens": "The sign-in is lost: sign in again (matinee login).",
    "device-key": (
        "This computer is a new device to the service: the old one can be taken off the account (matinee devices), "
        "and licences of kept titles are requested again."
    ),
    "vault-key": "The licences of kept titles are lost: get new ones online (matinee download repair).",
    "vault-key-2": "The licences of kept titles are lost: get new ones online (matinee download repair).",
    "vault-anchor-2": "The service must confirm the licences of kept titles: connect once.",
    _DOWNLOADS: "The downloads do not open any more: move their folder away, and download the titles again.",
}
_TIE_LICENCES = frozenset({"device-key", *_KEYS_OF_THE_VAULT})


def repair(profile: Path, key_store: str) -> int:
    """Set aside what does not open and print what is lost. The files stay beside, with ``.damaged-1`` behind their
    names. Raises DrmError ``drm.key_store`` where the folder cannot be written to."""
    from drm_client.keystore import FileKeyStore, open_key_store
    from drm_client.vault import set_aside

    store = open_key_store(profile, key_store)
    if not isinstance(store, FileKeyStore):
        print("The secrets are in the system's key store, which looks after itself; nothing was changed.")
        return 0
    lost = store.repair()
    if not lost:
        print("Everything in the key store opens; nothing more is lost.")
        return 0
    print(f"Set aside in {profile}, not deleted: {', '.join(f'{name}.sealed' for name in lost)}.")
    if _TIE_LICENCES.intersection(lost) and (aside := set_aside(profile)) is not None:
        print(f"The licences were tied to them and are set aside as {aside.name}.")
    for name in lost:
        kind = next((one for one in ("tokens", "device-key") if name.startswith(f"{one}-")), name)  # for each service
        opens_nothing = kind in _KEYS_OF_THE_VAULT and _DOWNLOADS in lost
        if kind in _LOST and not opens_nothing:
            print(_LOST[kind])
    return 0
