"""``matinee passphrase``: a passphrase before the secrets of this profile, where the system has no key store."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from ui.cli.options import add_profile_arguments, profile_folder

_VARIABLE, _FILE_VARIABLE = "MATINEE_PASSPHRASE", "MATINEE_PASSPHRASE_FILE"
_NEW_VARIABLE = "MATINEE_NEW_PASSPHRASE"
_LONGEST = 4096
_LOCKED = f"What is kept here has a passphrase: give it in {_VARIABLE} or {_FILE_VARIABLE}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee passphrase --help``."""
    add_profile_arguments(parser)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--remove", action="store_true", help="do without one again")
    group.add_argument("--status", action="store_true", help="only say whether there is one")
    group.add_argument(
        "--lost", action="store_true", help="it is lost: set aside what it protects, and begin without it"
    )


def run(args: argparse.Namespace) -> int:
    """Set a passphrase, or another one; see the options for the rest."""
    from drm_client import passphrase
    from drm_client.keystore import FileKeyStore, open_key_store
    from player.base.errors import ErrorCode, InputError

    folder = profile_folder(args)
    store = open_key_store(folder, args.key_store)
    if not isinstance(store, FileKeyStore):
        print("The secrets are in the system's key store; they need no passphrase of their own.")
        return 0
    if args.status:
        print(store.describe().sentence)
    elif args.lost:
        _start_anew(folder)
    elif args.remove:
        unlock(folder)
        passphrase.remove(folder)
        print("There is no passphrase any more.")
    else:
        unlock(folder)
        wanted = _given(_NEW_VARIABLE) or _ask("New passphrase: ", f"Give the new passphrase in {_NEW_VARIABLE}")
        if sys.stdin.isatty() and _given(_NEW_VARIABLE) is None and wanted != _ask("Again: "):
            raise InputError(ErrorCode.INPUT_USAGE, "These were two different passphrases.")
        passphrase.protect(folder, wanted)
        print("The passphrase is set. If you lose it, nobody can open what is kept here: not you, and not we.")
    return 0


def unlock(folder: Path) -> None:
    """Open the secrets of a profile that has a passphrase, which comes from the environment or the terminal.

    Raises DrmError ``drm.key_store`` for a wrong one, InputError where none is available.
    """
    from drm_client import passphrase

    if not passphrase.is_open(folder):
        passphrase.unlock(folder, from_environment() or _ask("Passphrase: "))


def from_environment() -> str | None:
    """The passphrase in MATINEE_PASSPHRASE, or in the file that MATINEE_PASSPHRASE_FILE names; None without. Raises
    InputError for a file that cannot be read."""
    from player.base.errors import ErrorCode, InputError

    given, file = _given(_VARIABLE), os.environ.get(_FILE_VARIABLE)
    if given is not None or not file:
        return given
    try:
        with Path(file).open(encoding="utf-8") as opened:
            return opened.read(_LONGEST).rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise InputError(ErrorCode.INPUT_FILE, "The file of the passphrase cannot be read.") from error


def _given(variable: str) -> str | None:
    return os.environ.get(variable) or None


def _ask(prompt: str, otherwise: str = _LOCKED) -> str:
    from player.base.errors import ErrorCode, InputError

    if not sys.stdin.isatty():
        raise InputError(ErrorCode.INPUT_USAGE, f"{otherwise}, or use a terminal.")
    return getpass.getpass(prompt)


def _start_anew(folder: Path) -> None:
    from drm_client import passphrase
    from ui.cli.doctor_repair import repair

    aside = passphrase.set_aside(folder)
    if aside is None:
        print("There is no passphrase.")
        return
    print(f"What the passphrase protects cannot be opened by anybody. It is set aside as {aside.name}.")
    repair(folder, "file")
