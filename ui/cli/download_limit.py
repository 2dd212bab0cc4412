"""``matinee download limit``: how much downloads may take."""

from __future__ import annotations

import argparse

from downloads import quota
from player.base.errors import ErrorCode, ExitCode, InputError
from ui.cli.download_actions import storage_lines, storage_of
from ui.cli.download_store import open_store
from ui.cli.options import parsed_bytes
from ui.cli.output import print_json

_NONE = "none"


def limit(args: argparse.Namespace) -> int:
    """Set a limit where one is given, and say how it stands."""
    store = open_store(args)
    if args.size is not None:
        try:
            wanted = None if args.size == _NONE else parsed_bytes(args.size)
        except argparse.ArgumentTypeError as error:
            raise InputError(ErrorCode.INPUT_USAGE, f"A limit is a size such as 20G, or none: {error}.") from error
        quota.write(store.root, quota.read(store.root).with_limit(args.owner, wanted))
    storage = storage_of(store)
    if args.json:
        print_json(storage)
    else:
        print("\n".join(storage_lines(storage)) or "There is no limit.")
    return int(ExitCode.GOOD)
