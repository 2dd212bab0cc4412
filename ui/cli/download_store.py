"""The downloads of this user, for the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.options import profile_folder

if TYPE_CHECKING:
    from downloads.folder import DownloadFolder
    from downloads.store import Store


def store_folder(args: argparse.Namespace) -> Path:
    """Where the downloads are, whether there are any or not."""
    return Path(args.store) if args.store else profile_folder(args) / "downloads"


def open_store(args: argparse.Namespace) -> Store:
    """The downloads of this user. Raises DownloadError, or DrmError from the key store."""
    from downloads.store import Store
    from drm_client.keystore import open_key_store

    profile = profile_folder(args)
    store = Store(store_folder(args), open_key_store(profile, args.key_store))
    if store.index_was_damaged:
        print("matinee: the index was damaged; it has been made again from the journals", file=sys.stderr)
    return store


def by_service(args: argparse.Namespace, folders: Sequence[DownloadFolder]) -> dict[str | None, list[DownloadFolder]]:
    """Downloads by the service that each came from; where it names none, the one on the command line."""
    from downloads import request
    from downloads.errors import DownloadError

    found: dict[str | None, list[DownloadFolder]] = {}
    for folder in folders:
        try:
            service = request.read(folder).origin.service or args.service
        except DownloadError:
            service = args.service
        found.setdefault(service, []).append(folder)
    return found
