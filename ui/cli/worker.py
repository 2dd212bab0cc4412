"""``matinee worker``: make the titles that others asked for."""

from __future__ import annotations

import argparse

from ui.cli.backend import add_data_argument, add_worker_arguments, load, service_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee worker --help``."""
    parser.add_argument(
        "--slots", type=int, default=0, metavar="N", help="tasks at once (default: one per processor)"
    )
    parser.add_argument(
        "--leave-after",
        type=float,
        default=0.0,
        metavar="S",
        help="end when there was nothing to do for so many seconds (default: never)",
    )
    add_worker_arguments(parser)
    add_data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Work until Ctrl-C; what is unfinished then is left to others."""
    work = load("backend_stub.encoding.jobs_cli").worker_command
    return int(work(service_settings(args), max(0, args.slots), leave_after_s=max(0.0, args.leave_after)))
