"""``matinee publish``: video files become titles of the bundled service."""

from __future__ import annotations

import argparse
from pathlib import Path

from ui.cli.backend import add_data_argument, data_folder, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee publish --help``."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="anything FFmpeg can read")
    parser.add_argument("--title", help="the title's name (one file only; default: from the file's name)")
    parser.add_argument("--no-clear", action="store_true", help="publish the encrypted variant only")
    parser.add_argument("--no-encrypted", action="store_true", help="publish the clear variant only")
    add_data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Encode, package, check and publish; nothing is left behind of a file that fails."""
    from player.errors import ErrorCode, InputError

    if args.title is not None and len(args.files) > 1:
        raise InputError(ErrorCode.INPUT_USAGE, "--title goes with one file.")
    if args.no_clear and args.no_encrypted:
        raise InputError(ErrorCode.INPUT_USAGE, "--no-clear and --no-encrypted leave nothing to publish.")
    publisher = load("backend_stub.encoding.cli")
    pipeline = load("backend_stub.encoding.pipeline")
    options = pipeline.TitleOptions(title=args.title, clear=not args.no_clear, encrypted=not args.no_encrypted)
    return int(publisher.publish_command(data_folder(args), args.files, options))
