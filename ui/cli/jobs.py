"""``matinee jobs``: what the workers do, and what they shall do."""

from __future__ import annotations

import argparse

from ui.cli.backend import add_data_argument, data_folder, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee jobs --help``."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--show", metavar="JOB", help="a job with its tasks, their logs and what was found")
    what.add_argument("--follow", metavar="JOB", help="its progress until it is over")
    what.add_argument("--cancel", metavar="JOB", help="stop it for good")
    what.add_argument("--retry", metavar="JOB", help="let what is parked begin again")
    what.add_argument("--priority", nargs=2, metavar=("JOB", "N"), help="higher ones first; 0 is usual")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="how many of the newest are listed")
    add_data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """List the newest jobs, or do one thing to one of them."""
    from player.base.errors import ErrorCode, InputError

    commands, folder = load("backend_stub.encoding.jobs_cli"), data_folder(args)
    if args.priority is not None:
        job_id, number = args.priority
        if not number.lstrip("-").isdigit():
            raise InputError(ErrorCode.INPUT_USAGE, "A priority is a whole number.")
        return int(commands.priority_command(folder, job_id, int(number)))
    for name in ("show", "follow", "cancel", "retry"):
        job_id = getattr(args, name)
        if job_id is not None:
            return int(getattr(commands, f"{name}_command")(folder, job_id))
    return int(commands.list_command(folder, args.limit))
