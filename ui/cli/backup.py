"""``matinee backup``: a copy of the bundled service's state, made while it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from ui.cli.backend import add_data_argument, data_folder, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee backup --help``."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder for the backup, or one to put back")
    parser.add_argument(
        "--media", action="store_true", help="with the published titles, not only what is known of them"
    )
    parser.add_argument("--restore", action="store_true", help="put the backup into an empty data folder")
    add_data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Copy, or put back. Raises InputError with the reason why not."""
    from player.base.errors import ErrorCode, InputError

    backup = load("backend_stub.backup")
    settings = load("backend_stub.config").Settings(data_folder(args))
    try:
        if args.restore:
            copied = backup.restore(settings, args.folder)
            print(f"Restored {copied.files} files ({copied.size / 1e6:.1f} MB) into {settings.data_dir}.")
        else:
            copied = backup.back_up(settings, args.folder, media=args.media)
            print(f"Saved {copied.files} files ({copied.size / 1e6:.1f} MB) in {args.folder}.")
            print("They hold the service's keys: keep them as safe as the service itself.")
    except backup.BackupError as error:
        raise InputError(ErrorCode.INPUT_FILE, str(error)) from error
    return 0
