"""``matinee play --offline``: a download as the engine's source."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

from player.base.errors import ANY_ERROR, ExitCode
from ui.cli.download_store import open_store
from ui.cli.options import profile_folder

if TYPE_CHECKING:
    from downloads.folder import DownloadFolder
    from downloads.offline import OfflineTransport
    from player.base.clock import Clock
    from player.title.opening import PlaybackSource


def offline_source(args: argparse.Namespace) -> PlaybackSource:
    """The download that ``args`` names; tells the engine's settings where its bytes are and whose licence it has.

    Raises DownloadError, or DrmError from the key store.
    """
    from downloads import request
    from downloads.offline import SCHEME, OfflineTransport, source_of

    store = open_store(args)
    folder = store.get(args.source)

    def make(clock: Clock) -> OfflineTransport:
        transport = args.offline_transport = OfflineTransport(store.get, clock)
        return transport

    args.schemes = {SCHEME: make}
    if not args.service:
        args.service = request.read(folder).origin.service or None
    _tell_rights(args, folder)
    return asyncio.run(source_of(folder))


def _tell_rights(args: argparse.Namespace, folder: DownloadFolder) -> None:
    """How long the title may still be watched; what is wrong with its licence is told by the playback."""
    from downloads import rights
    from drm_client.keystore import open_key_store

    if not folder.ledger.title_id:
        return
    profile = profile_folder(args)
    with (
        contextlib.suppress(*ANY_ERROR),
        rights.kept_licences(profile, open_key_store(profile, args.key_store)) as licences,
    ):
        standing = rights.standing_of(folder, licences)
        if standing is not None:
            print(f"matinee: {standing.sentence}", file=sys.stderr)


def verdict(args: argparse.Namespace, code: int) -> int:
    """The exit code of an offline playback: whatever was played, a damaged download is a failure, and is named."""
    transport: OfflineTransport | None = getattr(args, "offline_transport", None)
    if transport is None or transport.damage is None:
        return code
    print(f"matinee: {transport.damage.sentence} ({transport.damage.code})", file=sys.stderr)
    return int(ExitCode.FAILED)
