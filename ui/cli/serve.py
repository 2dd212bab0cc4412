"""``matinee serve``: the bundled service, API and CDN edges, until it is interrupted."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ui.cli.backend import add_data_argument, add_worker_arguments, load, read_text, service_settings
from ui.cli.options import countries, port
from ui.kiosk.process import own_command, own_environment

LEAVE_AFTER_S = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee serve --help``."""
    add_data_argument(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (0.0.0.0: all)")
    parser.add_argument(
        "--public-host", metavar="NAME", help="by which clients reach this machine (default: its address)"
    )
    parser.add_argument("--port", type=port, default=8400, help="of the API; the edges take those after it (0: any)")
    parser.add_argument(
        "--edges", type=int, default=2, choices=range(1, 10), metavar="N", help="how many CDN edges (1 to 9)"
    )
    parser.add_argument(
        "--role",
        default="all",
        choices=("api", "edge", "all"),
        help="serve the API or the edges alone (default: all)",
    )
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="restart without refusing anybody: get the sockets of the service on this port, which then ends",
    )
    parser.add_argument(
        "--shield", action="store_true", help="the edges keep what they fetch from a shield, and that from an origin"
    )
    parser.add_argument(
        "--near",
        action="append",
        default=[],
        type=countries,
        metavar="DE,AT",
        help="near which countries the first edge stands; again for the next one (default: everywhere)",
    )
    add_worker_arguments(parser)
    parser.add_argument(
        "--workers",
        type=int,
        default=None,
        metavar="N",
        help="processes here that encode what is uploaded, at most (default: one per processor; none with --store)",
    )
    parser.add_argument(
        "--announce", action="store_true", help="let apps on this network find the service (multicast DNS)"
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="faults from the start (docs/faults.md)")
    parser.add_argument(
        "--admin", metavar="EMAIL", help="make this account one for the operator's pages (password: MATINEE_PASSWORD)"
    )
    parser.add_argument(
        "--confirm-clock",
        action="store_true",
        help="this machine's clock is right, although it contradicts what it was before (licences wait else)",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    from player.base.errors import ErrorCode, InputError

    service = load("backend_stub.cli")
    password = os.environ.get("MATINEE_PASSWORD", "")
    if args.admin is not None and not password:
        raise InputError(ErrorCode.INPUT_USAGE, "The password of that account must be in MATINEE_PASSWORD.")

    announcing = ExitStack()

    def announce(group: Any) -> None:  # noqa: ANN401 -- its class is loaded by name
        if args.admin is not None:
            service.ensure_admin(group, args.admin, password)
        if args.confirm_clock:
            service.confirm_clock(group)
        for line in service.describe(group):
            print(line, flush=True)
        if args.announce and group.options.api_port is not None:
            url = group.settings.public_url or group.api.url
            announcing.enter_context(load("backend_stub.announcement").announced(url))

    try:
        options = service.default_options(
            args.edges,
            args.port,
            args.host,
            shield=args.shield,
            edge_countries=args.near,
            public_host=args.public_host,
            role=args.role,
        )
        settings = service_settings(args)
        hired = hiring(settings, args.workers)
        with announcing:
            service.serve(settings, options, read_text(args.faults), announce, hired, take_over=args.take_over)
    except ValueError as error:
        raise InputError(ErrorCode.INPUT_FILE, str(error)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"matinee: the service cannot start: {error.strerror or error}", file=sys.stderr)
        return 4
    return 0


def hiring(settings: Any, workers: int | None) -> Any:  # noqa: ANN401 -- their classes are loaded by name
    """How the service begins workers: each takes one task at a time, and leaves when it found none for a while."""
    most = workers if workers is not None else 0 if settings.store_url else os.cpu_count() or 1
    command = [*own_command(), "worker", "--slots", "1", "--leave-after", str(LEAVE_AFTER_S)]
    environment = {
        **own_environment(),
        "MATINEE_WAKE_URL": settings.wake_url,
        "MATINEE_STORE_URL": settings.store_url,
    }
    data = str(settings.data_dir.absolute())
    return load("backend_stub.jobs.worker_pool").Hiring([*command, "--data", data], environment, max(0, most))
